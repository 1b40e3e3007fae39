/* The two decoders, the tables that functions begin by, and the way from the entry to each instruction. The first byte
 * chooses the architecture; the others are a program of one segment that can be executed. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "checks/code/reach.h"
#include "checks/code/scan.h"

enum { AT = 0x1000 };

static void scan_it(struct file *file)
{
    struct segment segment = {.name = "",
                              .address = AT,
                              .memory_size = file->size,
                              .file_size = file->size,
                              .access = ACCESS_READ | ACCESS_EXECUTE,
                              .max_access = ACCESS_READ | ACCESS_EXECUTE};
    bool arm = file->bytes[0] & 1;
    struct elf_extra extra = {.type = 2, .machine = arm ? 183 : 62};
    struct image image = {.file = file,
                          .size = file->size,
                          .name = arm ? "arm64" : "amd64",
                          .machine = "",
                          .format = FORMAT_ELF,
                          .os = OS_LINUX,
                          .arch = arm ? ARCH_ARM64 : ARCH_AMD64,
                          .bits = 64,
                          .kind = KIND_EXECUTABLE,
                          .judged = true,
                          .linkage = LINKAGE_STATIC,
                          .entry = {.known = KNOWN_COMPLETE, .address = AT + file->size / 2, .in_code = true},
                          .segments = {KNOWN_COMPLETE, 1, &segment},
                          .elf = &extra};
    struct scan scan;
    struct ground ground;
    struct strays strays;
    struct reach_report report;
    if (!ground_make(&image, &file->arena, &ground))
        return;
    scan_code(&ground, true, &scan);
    ground_pointers(&ground);
    strays_find(&ground, &scan.begins, &strays);
    reach_program(&ground, &strays, &report);
    if (report.broken + report.understood > 3 * file->size)
        abort();
    scan_add(&ground, strays.first, &scan);
    for (unsigned i = 1; i < FEATURE_COUNT; i++)
        if (features_have(&scan.present, (enum feature)i) &&
            (scan.first[i] >= file->size || feature_arch((enum feature)i) != image.arch))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size)
        with_file(data, size, scan_it);
    return 0;
}
