/* What the second reading says that XNU and dyld do with a file, held against the reader and its rules. */
#ifndef ASSAY_TESTS_ORACLE_MACHO_COMPARE_H
#define ASSAY_TESTS_ORACLE_MACHO_COMPARE_H

#include "tests/oracle/xnu.h"

#define MACHO_DIFFERENCES                                                                                              \
    DIFFERENCE(no_image, "XNU starts it, and the reader has no such image")                                            \
    DIFFERENCE(dylinker, "dyld is started, and the reader neither names it nor says that it could not read")           \
    DIFFERENCE(no_interpreter_passes, "dyld is started, and linkage/no-interpreter passes under profile static")       \
    DIFFERENCE(dylinker_invented, "started without dyld, and the reader names it")                                     \
    DIFFERENCE(dylib, "dyld loads a library that the reader neither names nor says that it could not read")            \
    DIFFERENCE(write_xor_execute_passes, "memory is writable and executable, and hardening/write-xor-execute passes")  \
    DIFFERENCE(entry_fails, "the kernel finds the entry in code, and the reader says that it is not")                  \
    DIFFERENCE(refused, "XNU refuses it, and the reader finds nothing wrong")                                          \
    DIFFERENCE(dyld_refuses, "dyld refuses it, and the reader finds nothing wrong")                                    \
    DIFFERENCE(called_broken, "XNU starts it and dyld takes it, and the reader calls it broken")

enum macho_difference {
#define DIFFERENCE(name, text) MACHO_DIFFERENCE_##name,
    MACHO_DIFFERENCES
#undef DIFFERENCE
        MACHO_DIFFERENCE_COUNT
};

extern const char *const macho_difference_names[MACHO_DIFFERENCE_COUNT];
extern const char *const macho_difference_texts[MACHO_DIFFERENCE_COUNT];

struct macho_verdict {
    uint32_t found;  /* the set of differences, one bit each */
    bool started;    /* by one of the two kernels at least */
    const char *why; /* of `refused`: the kernel's reason; of `called_broken`: the defect */
};

struct macho_verdict macho_compare(const uint8_t *bytes, size_t size);

#endif
