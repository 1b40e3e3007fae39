/* What the kernel made of a file, held against what the reader and five rules say of it. */
#ifndef ASSAY_TESTS_ORACLE_ELF_COMPARE_H
#define ASSAY_TESTS_ORACLE_ELF_COMPARE_H

#include "tests/oracle/kernel.h"

#define ELF_DIFFERENCES                                                                                                \
    DIFFERENCE(judged_static, "started through an interpreter, judged to be static")                                   \
    DIFFERENCE(no_interpreter_passes, "started through an interpreter, and linkage/no-interpreter passes")             \
    DIFFERENCE(interpreter, "the interpreter that was started is not the one that the reader names")                   \
    DIFFERENCE(interpreter_invented, "started without an interpreter, and the reader names one")                       \
    DIFFERENCE(write_xor_execute_passes, "memory is writable and executable, and hardening/write-xor-execute passes")  \
    DIFFERENCE(write_xor_execute_fails, "no memory is writable and executable, and hardening/write-xor-execute fails") \
    DIFFERENCE(stack_passes, "the stack is executable, and hardening/stack-not-executable passes")                     \
    DIFFERENCE(stack_fails, "the stack is not executable, and the reader says that it is asked for")                   \
    DIFFERENCE(entry_passes, "the entry is not in code of the file, and structure/entry-in-code passes")               \
    DIFFERENCE(entry_fails, "the entry is in code of the file, and the reader says that it is not")                    \
    DIFFERENCE(table, "the kernel read another program header table")                                                  \
    DIFFERENCE(access, "memory has another access than the reader says")                                               \
    DIFFERENCE(memory, "memory holds other bytes of the file than the reader says")                                    \
    DIFFERENCE(unclaimed, "bytes of the file are mapped where the reader maps none")                                   \
    DIFFERENCE(not_judged, "started, and the reader does not take it for a program or library of this machine")        \
    DIFFERENCE(refused, "the kernel refuses it, and the reader finds nothing wrong")

enum elf_difference {
#define DIFFERENCE(name, text) DIFFERENCE_##name,
    ELF_DIFFERENCES
#undef DIFFERENCE
        DIFFERENCE_COUNT
};

extern const char *const elf_difference_names[DIFFERENCE_COUNT];
extern const char *const elf_difference_texts[DIFFERENCE_COUNT];

/* The set of differences, one bit each; `start` is of these bytes, and a started program is still stopped. */
uint32_t elf_compare(const struct kernel *kernel, const struct launch *start, const uint8_t *bytes, size_t size);
/* The same for one file, which is started for it; none where this system lets nobody trace. */
uint32_t elf_differences(const uint8_t *bytes, size_t size);

#endif
