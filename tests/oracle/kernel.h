/* The kernel as a witness: what execve() makes of a file, without running any of it.
 *
 * A child asks to be traced and calls execveat(). Where the kernel takes the file, the child stops before its first
 * instruction: program and interpreter are mapped, the stack is set up, registers are loaded. Then /proc tells what was
 * mapped and the auxiliary vector what the kernel read, and SIGKILL ends it. */
#ifndef ASSAY_TESTS_ORACLE_KERNEL_H
#define ASSAY_TESTS_ORACLE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum fate {
    FATE_STARTED,
    FATE_REFUSED, /* execve() fails, and the caller lives on */
    FATE_KILLED,  /* past the point of no return: the old program is gone, the new one cannot be mapped */
};

enum mapped { MAPPED_PROGRAM, MAPPED_INTERPRETER, MAPPED_ANONYMOUS, MAPPED_STACK, MAPPED_SPECIAL };

struct mapping {
    uint64_t start, end, offset; /* offset: of the file */
    uint64_t inode;
    unsigned access; /* ACCESS_* of the model */
    enum mapped what;
};

enum { KERNEL_MAPPINGS = 4096 };

struct launch {
    enum fate fate;
    int error;                                /* errno of REFUSED, the signal of KILLED */
    uint64_t entry, base, phdr, phent, phnum; /* AT_ENTRY, AT_BASE, AT_PHDR, AT_PHENT, AT_PHNUM */
    const struct mapping *interpreter;        /* its first mapping; NULL: none was started */
    bool torn;                                /* not all of the mappings were kept */
    size_t count;
    struct mapping mappings[KERNEL_MAPPINGS]; /* ascending */
};

struct kernel {
    int program; /* a file of memory, written anew for each start */
    uint64_t inode;
    pid_t stopped; /* 0: none */
    int memory;    /* of the stopped process */
};

/* False, and errno, where this system has no such files. */
bool kernel_open(struct kernel *kernel);
/* Starts the bytes; a started program stays stopped until kernel_end(). False: the system failed (errno), not the file. */
bool kernel_start(struct kernel *kernel, const void *bytes, size_t size, struct launch *start);
/* Bytes of the stopped program's memory; false where it has none there. */
bool kernel_read(const struct kernel *kernel, uint64_t address, void *bytes, size_t size);
void kernel_end(struct kernel *kernel);
void kernel_close(struct kernel *kernel);

#endif
