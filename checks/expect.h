/* What a release claims about a file: the target it is for, and how literally
 * "static" is meant. `expect_target` takes every spelling that users already have. */
#ifndef ASSAY_CHECKS_EXPECT_H
#define ASSAY_CHECKS_EXPECT_H

#include "checks/code/isa.h"
#include "formats/model.h"

struct target {
    enum os os;        /* OS_UNKNOWN: not declared */
    enum arch arch;    /* ARCH_OTHER: not declared, or `universal` */
    bool universal;    /* exactly the slices amd64 and arm64 */
    bool foreign;      /* of a file's name: a system or architecture that is not judged, linux/riscv64 */
    char variant[16];  /* "v3", "v8.2", "lse"; "" none */
    char libc[8];      /* "musl", "gnu" from a triple; "" none */
    char spelling[64]; /* as the user or the file name gave it */
};

enum target_source { TARGET_UNDECLARED, TARGET_OPTION, TARGET_POLICY, TARGET_FILE_NAME, TARGET_BUILD_INFO };

enum { DEMANDED_CPUS = 2 /* one of each architecture that is judged */ };
struct demands { /* what is declared besides the target; zeros: nothing */
    size_t library_count;
    const char **libraries;    /* patterns of the libraries and loaders that may be needed */
    const char *glibc_floor;   /* "2.28": the oldest glibc that the program must start with */
    const char *macos_minimum; /* "11.0": the oldest macOS */
    uint64_t size_max;         /* bytes of a file */
    /* "x86-64-v2", "raspberry-pi-4": what the code may ask of the processor; NULL: not said */
    const char *cpus[DEMANDED_CPUS];
    unsigned abi_coverage; /* percent of the code that the rules of the family abi must follow; 0: not said */
    unsigned isa_coverage; /* the same of the family isa */
    bool cpu_strict;       /* code that may be reached counts as if it were */
    uint64_t neon_loops; /* instructions of Advanced SIMD arithmetic in loops that arm64 code must reach; 0: not said */
};

struct expect {
    enum target_source source;
    struct target target;
    struct target name_target; /* what the file's name says, whatever --target says; os unknown: nothing */
    enum os name_os;           /* where it says no target: the system that it ends with */
    bool literal_static;       /* profile `static`: no dyld and no dylib either */
    struct demands demands;
};

/* Whether the demands allow this library or loader: a pattern with a slash is held against the whole name, one without
 * against what follows its last slash. */
bool expect_allows(const struct demands *demands, const char *library);
/* Versions such as "2.9" and "2.28" in their order: below, at or above 0. A part that is missing is 0. */
int expect_compare(const char *a, const char *b);
/* Adds a CPU (checks/code/cpu.h). NULL: that was done, else what was expected instead. */
const char *expect_add_cpu(const char *cpus[DEMANDED_CPUS], const char *text);
/* The CPU that a program for `arch` must run on, by the words of whoever declared it, and what it has: that of the
 * demands, else the variant of the target (linux/amd64/v3). NULL: none is declared for `arch`. */
const char *expect_cpu(const struct expect *expect, enum arch arch, struct features *had);

/* Parses one spelling: linux/arm64, linux/amd64/v3, linux_arm64, linux-arm64, "GOOS=linux GOARCH=arm64",
 * aarch64-unknown-linux-musl, arm64-apple-darwin, darwin/universal, macos/arm64. False: not one of them. */
bool expect_target(const char *text, struct target *out);
/* The target in a file's name (app-linux-arm64, app_darwin_amd64_v1, tool-x86_64-unknown-linux-musl), also a foreign one,
 * or in that of its folder (target/aarch64-apple-darwin/release/app, linux/amd64/app); false: none. */
bool expect_file_name(const char *path, struct target *out);
/* The system that a file's name ends with, and no architecture: app-linux, app_macos, tool-1.2.darwin. OS_UNKNOWN: none. */
enum os expect_name_os(const char *path);

#endif
