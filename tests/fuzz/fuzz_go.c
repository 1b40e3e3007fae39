/* Go's build information and function table, in a program that is one segment of data. */
#include "tests/fuzz/fuzz.h"

static void read_it(struct file *file)
{
    struct segment segment = {.name = "",
                              .address = 0x1000,
                              .memory_size = file->size,
                              .file_size = file->size,
                              .access = ACCESS_READ | ACCESS_WRITE,
                              .max_access = ACCESS_READ | ACCESS_WRITE};
    struct elf_extra extra = {.type = 2, .machine = 62};
    struct image image = {.file = file,
                          .size = file->size,
                          .name = "amd64",
                          .machine = "EM_X86_64",
                          .format = FORMAT_ELF,
                          .os = OS_LINUX,
                          .arch = ARCH_AMD64,
                          .bits = 64,
                          .kind = KIND_EXECUTABLE,
                          .judged = true,
                          .linkage = LINKAGE_STATIC,
                          .segments = {KNOWN_COMPLETE, 1, &segment},
                          .elf = &extra};
    read_go(&image, &(struct read_options){.code = true});
    read_static_libc(&image, &(struct read_options){.code = true});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    with_file(data, size, read_it);
    return 0;
}
