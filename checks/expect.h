/* What a release claims about a file: the target it is for, and how literally
 * "static" is meant. `expect_target` takes every spelling that users already have. */
#ifndef ASSAY_CHECKS_EXPECT_H
#define ASSAY_CHECKS_EXPECT_H

#include "formats/model.h"

struct target {
    enum os os;        /* OS_UNKNOWN: not declared */
    enum arch arch;    /* ARCH_OTHER: not declared, or `universal` */
    bool universal;    /* exactly the slices amd64 and arm64 */
    char variant[16];  /* "v3", "v8.2", "lse"; "" none */
    char libc[8];      /* "musl", "gnu" from a triple; "" none */
    char spelling[64]; /* as the user or the file name gave it */
};

enum target_source { TARGET_UNDECLARED, TARGET_OPTION, TARGET_FILE_NAME, TARGET_BUILD_INFO };

struct expect {
    enum target_source source;
    struct target target;
    struct target name_target; /* what the file's name says, whatever --target says; os unknown: nothing */
    bool literal_static;       /* profile `static`: no dyld and no dylib either */
};

/* Parses one spelling: linux/arm64, linux/amd64/v3, linux_arm64, linux-arm64, "GOOS=linux GOARCH=arm64",
 * aarch64-unknown-linux-musl, arm64-apple-darwin, darwin/universal, macos/arm64. False: not one of them. */
bool expect_target(const char *text, struct target *out);
/* The target in a file's name (app-linux-arm64, app_darwin_amd64_v1, tool-x86_64-unknown-linux-musl); false: none. */
bool expect_file_name(const char *path, struct target *out);

#endif
