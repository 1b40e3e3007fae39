/* Every spelling of a target that users have, and what only looks like one. A row is what
 * was written and what it means: "os/arch", a variant and a C library behind blanks; NULL: nothing. */
#include "checks/expect.h" /* before cmocka.h, whose macro fail() it must not meet */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *text, *meaning;
};

static const struct row spellings[] = {
    {"linux/arm64", "linux/arm64"},
    {"linux/amd64", "linux/amd64"},
    {"linux/386", "linux/386"},
    {"linux/arm", "linux/arm"},
    {"darwin/arm64", "macos/arm64"},
    {"darwin/amd64", "macos/amd64"},
    {"macos/arm64", "macos/arm64"},
    {"android/arm64", "android/arm64"},
    {"freebsd/amd64", "freebsd/amd64"},
    {"netbsd/amd64", "netbsd/amd64"},
    {"openbsd/arm64", "openbsd/arm64"},
    {"ios/arm64", "ios/arm64"},
    {"Linux/ARM64", "linux/arm64"},
    {"Darwin/x86_64", "macos/amd64"},
    {"linux/amd64/v1", "linux/amd64 v1"},
    {"linux/amd64/v3", "linux/amd64 v3"},
    {"linux/arm64/v8", "linux/arm64 v8"},
    {"linux/arm64/v8.2", "linux/arm64 v8.2"},
    {"linux/arm64/v9.0,lse", "linux/arm64 v9.0,lse"},
    {"linux/arm64/v8.2,lse,crypto", "linux/arm64 v8.2,lse,crypto"},
    {"linux/arm/v7", "linux/arm v7"},
    {"linux_arm64", "linux/arm64"},
    {"linux_amd64_v1", "linux/amd64 v1"},
    {"darwin_arm64", "macos/arm64"},
    {"linux-arm64", "linux/arm64"},
    {"linux-x64", "linux/amd64"},
    {"darwin-x64", "macos/amd64"},
    {"linux-x86_64", "linux/amd64"},
    {"linux-x86-64", "linux/amd64"},
    {"macos-aarch64", "macos/arm64"},
    {"osx-arm64", "macos/arm64"},
    {"GOOS=linux GOARCH=arm64", "linux/arm64"},
    {"GOARCH=amd64 GOOS=darwin", "macos/amd64"},
    {"GOOS=linux GOARCH=amd64 GOAMD64=v3", "linux/amd64 v3"},
    {"GOOS=linux GOARCH=arm64 GOARM64=v8.0", "linux/arm64 v8.0"},
    {"goos=linux;goarch=amd64", "linux/amd64"},
    {"aarch64-unknown-linux-musl", "linux/arm64  musl"},
    {"x86_64-unknown-linux-musl", "linux/amd64  musl"},
    {"x86_64-unknown-linux-gnu", "linux/amd64  gnu"},
    {"aarch64-unknown-linux-gnu", "linux/arm64  gnu"},
    {"aarch64-linux-gnu", "linux/arm64  gnu"},
    {"x86_64-linux-gnu", "linux/amd64  gnu"},
    {"x86_64-linux-musl", "linux/amd64  musl"},
    {"aarch64-linux-musl", "linux/arm64  musl"},
    {"x86_64-pc-linux-gnu", "linux/amd64  gnu"},
    {"i686-unknown-linux-gnu", "linux/386  gnu"},
    {"armv7-unknown-linux-gnueabihf", "linux/arm  gnu"},
    {"armv7-unknown-linux-musleabihf", "linux/arm  musl"},
    {"aarch64-linux-android", "android/arm64"},
    {"x86_64-unknown-freebsd", "freebsd/amd64"},
    {"aarch64-apple-darwin", "macos/arm64"},
    {"x86_64-apple-darwin", "macos/amd64"},
    {"arm64-apple-darwin", "macos/arm64"},
    {"arm64-apple-darwin23.1.0", "macos/arm64"},
    {"arm64-apple-macos11", "macos/arm64"},
    {"arm64-apple-macos11.0", "macos/arm64"},
    {"x86_64-apple-macosx10.15", "macos/amd64"},
    {"x86_64-apple-macosx10.15.0", "macos/amd64"},
    {"arm64e-apple-darwin", "macos/arm64 arm64e"},
    {"aarch64-apple-ios", "ios/arm64"},
    {"aarch64-macos", "macos/arm64"},
    /* triples of LLVM, Rust and Zig for Apple's other systems */
    {"aarch64-apple-ios-sim", "iossimulator/arm64"},
    {"x86_64-apple-ios", "iossimulator/amd64"},
    {"aarch64-apple-ios-macabi", "maccatalyst/arm64"},
    {"arm64-apple-tvos", "tvos/arm64"},
    {"aarch64-apple-tvos-sim", "tvossimulator/arm64"},
    {"aarch64-apple-watchos", "watchos/arm64"},
    {"aarch64-watchos-simulator", "watchossimulator/arm64"},
    {"aarch64-apple-visionos", "visionos/arm64"},
    {"arm64-apple-xros-simulator", "visionossimulator/arm64"},
    {"arm64-apple-driverkit", "driverkit/arm64"},
    {"iossimulator/arm64", "iossimulator/arm64"},
    {"darwin/universal", "macos/universal"},
    {"darwin_all", "macos/universal"},
    {"macos/universal", "macos/universal"},
    {"macos-universal2", "macos/universal"},
    {"universal-apple-darwin", "macos/universal"},
    {"GOAMD64=v3 GOOS=linux GOARCH=amd64", "linux/amd64 v3"},
    {"GOARM64=v8.0,lse GOARCH=arm64 GOOS=linux", "linux/arm64 v8.0,lse"},
    {"linux/arm64/v9", "linux/arm64 v9"},
    {"linux/arm64/v9.5", "linux/arm64 v9.5"},
    {"linux/amd64/v3/v3", "linux/amd64 v3"},
    {"linux/arm64/lse", "linux/arm64 lse"},
    {"linux,arm64", "linux/arm64"},
    {"linux/arm64v8", "linux/arm64 v8"}, /* as repositories of images are called */
    {"linux/amd64v3", "linux/amd64 v3"},
    {"linux/arm32v7", "linux/arm v7"},
    {"linux/x86_64v2", "linux/amd64 v2"},
    {"armv8-unknown-linux-gnueabihf", "linux/arm  gnu"},
    {"armv7a-linux-androideabi", NULL},
    {"aarch64-linux-android21", "android/arm64"},
    {"x86_64-unknown-freebsd14", "freebsd/amd64"},
    {"arm64-iphonesimulator", "iossimulator/arm64"},
    {"manylinux2014_x86_64", "linux/amd64"},
    /* junk */
    {"", NULL},
    {"linux", NULL},
    {"arm64", NULL},
    {"/", NULL},
    {"linux/", NULL},
    {"/arm64", NULL},
    {"linux/armor", NULL},
    {"linux/arm64/v", NULL},
    {"linux/arm64/fast", NULL},
    {"linux/amd64/arm64", NULL},
    {"linux/darwin/arm64", NULL},
    {"darwin/intel", NULL}, /* words of names alone */
    {"darwin/m1", NULL},
    {"linux64", NULL},
    {"linux/64", NULL},
    {"linux/arm/64", NULL},
    {"aarch64_be-unknown-linux-gnu", NULL},
    {"x86_64-unknown-linux-gnux32", NULL},
    {"aarch64-unknown-linux-gnu_ilp32", NULL},
    {"linux/amd64v5", NULL},
    {"linux/amd64v", NULL},
    {"linux/v3", NULL},
    {"linux/foov3", NULL},
    {"darwin/amd64+arm64", NULL},
    {"darwin/sim/arm64", NULL},
    {"macos-arm64-macabi", NULL},
    {"tvos-arm64-maccatalyst", NULL},
    {"linux/universal", NULL},
    {"darwin/universal/arm64", NULL},
    {"darwin/arm64/universal", NULL},
    {"v3/linux/amd64x", NULL},
    {"linuxarm64", NULL},
    {"linux\\arm64", NULL},
    {"linux/arm64\n", NULL},
    {"linux/\x1b[31marm64", NULL},
    {"windows/amd64", NULL},
    {"linux/riscv64", NULL},
    {"linux/s390x", NULL},
    {"auto", NULL},
    {"none", NULL},
    {"GOOS= GOARCH=", NULL},
    {"linux/amd64/v1/v2/v3/v4/v5/v6/v7", NULL},
    {"linux/amd64/v0", NULL},
    {"linux/amd64/v5", NULL},
    {"linux/amd64/v8.2", NULL},
    {"linux/amd64/v1.2", NULL},
    {"linux/amd64/lse", NULL},
    {"linux/arm64/v3", NULL},
    {"linux/arm64/v9.6", NULL},
    {"linux/386/v1", NULL},
    {"darwin/universal/v3", NULL},
    {"linux/amd64/v2/v3", NULL},
    {"linux/arm64/lse,lse,lse,lse,lse", NULL},
    {"windows/linux/amd64", NULL},
    {"linux/mips/amd64", NULL},
    {"linux/amd64/all", NULL},
    {"all", NULL},
    {"darwin/all/arm64", NULL},
    {"aarch64-linux-gnu-gcc", NULL},
    {"linux/amd64/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    {"linux/amd64                                                                      ", NULL},
};

static const struct row names[] = {
    {"app-linux-arm64", "linux/arm64"},
    {"app-linux-amd64", "linux/amd64"},
    {"app_linux_amd64", "linux/amd64"},
    {"app_darwin_amd64_v1", "macos/amd64 v1"},
    {"app_linux_amd64_v3", "linux/amd64 v3"},
    {"app_linux_arm64_v8.0", "linux/arm64 v8.0"},
    {"app-v8.2-linux-arm64", "linux/arm64"},
    {"app-v1.2.3-linux-arm64", "linux/arm64"},
    {"app-v2-linux-amd64", "linux/amd64"},
    {"app_1.2.3_linux_amd64", "linux/amd64"},
    {"app_1.2.3_Linux_x86_64", "linux/amd64"},
    {"app_Darwin_all", "macos/universal"},
    {"app.linux.arm64", "linux/arm64"},
    {"app-linux-arm64.bin", "linux/arm64"},
    {"app-linux-arm64-v8.2", "linux/arm64 v8.2"},
    {"kubectl-darwin-arm64", "macos/arm64"},
    {"node-v20.1.0-linux-x64", "linux/amd64"},
    {"node-v20.1.0-darwin-arm64", "macos/arm64"},
    {"esbuild@0.19.0-linux-x64", "linux/amd64"},
    {"tool-1.2.3-x86_64-unknown-linux-musl", "linux/amd64  musl"},
    {"tool-aarch64-unknown-linux-gnu", "linux/arm64  gnu"},
    {"tool-aarch64-apple-darwin", "macos/arm64"},
    {"tool-x86_64-apple-darwin", "macos/amd64"},
    {"tool-x86-64-linux", "linux/amd64"},
    {"tool_macos_arm64", "macos/arm64"},
    {"tool_osx_x64", "macos/amd64"},
    {"tool-mac-arm64", "macos/arm64"},
    {"tool-macos11-arm64", "macos/arm64"},
    {"foo-macos-universal", "macos/universal"},
    {"foo-darwin-universal", "macos/universal"},
    {"foo_macos_universal2", "macos/universal"},
    /* what processors of a Mac are called */
    {"app-macos-intel", "macos/amd64"},
    {"app_mac_12_intel.bin", "macos/amd64"},
    {"app-macos-intel-x64", "macos/amd64"},
    {"app-macos-x86", "macos/amd64"},
    {"app-darwin-arm", "macos/arm64"},
    {"app-apple-silicon", "macos/arm64"},
    {"app-linux-x86", "linux/386"},
    {"intel-tool-linux-arm64", "linux/arm64"},
    {"sim-city-macos-arm64", "macos/arm64"},
    /* both */
    {"prebuilds/darwin-x64+arm64/node.napi.node", "macos/universal"},
    {"app.xcframework/macos-arm64_x86_64/app", "macos/universal"},
    {"app_darwin_amd64_arm64", "macos/universal"},
    /* Apple's other systems */
    {"prebuilds/ios-arm64-simulator/addon.bare", "iossimulator/arm64"},
    {"prebuilds/ios-x64-simulator/addon.bare", "iossimulator/amd64"},
    {"app-tvos-arm64", "tvos/arm64"},
    {"/usr/bin/app-linux-arm64", "linux/arm64"},
    {"./app-linux-arm64", "linux/arm64"},
    {"dist/app_linux_amd64_v1/app", "linux/amd64 v1"},
    {"dist/app_darwin_all/app", "macos/universal"},
    {"/b/dist/app_darwin_arm64/app", "macos/arm64"},
    {"dist/app_linux_amd64_v1/app-linux-arm64", "linux/arm64"},
    {"linux-arm64/app", "linux/arm64"},
    {"prebuilds/linux-x64/node.napi.node", "linux/amd64"},
    {"APP-LINUX-ARM64", "linux/arm64"},
    {"app linux arm64", "linux/arm64"},
    {"linux-arm-app", "linux/arm"},
    {"app-linux-386", "linux/386"},
    {"app-linux-i686", "linux/386"},
    {"app-linux-armv7", "linux/arm"},
    {"app-freebsd-amd64", "freebsd/amd64"},
    /* the version of the program, wherever it stands */
    {"app-linux-amd64-v1.2.3", "linux/amd64"},
    {"app-linux-amd64-v2.0", "linux/amd64"},
    {"app-linux-amd64-v5", "linux/amd64"},
    {"app-linux-amd64-v10", "linux/amd64"},
    {"app-linux-amd64-v3.exe", "linux/amd64 v3"},
    {"app-linux-arm64-v1", "linux/arm64"},
    {"app-linux-arm64-v1.12.0.bin", "linux/arm64"},
    {"app-linux-arm64-v8.2.1", "linux/arm64"},
    {"ffmpeg-macos-aarch64-v9.0", "macos/arm64"},
    {"app_darwin_arm64_v8.0", "macos/arm64 v8.0"},
    {"app-linux-arm64-v9.0", "linux/arm64 v9.0"},
    {"app-linux-arm64-v9.9", "linux/arm64"},
    {"app-darwin-arm64-v1.5", "macos/arm64"},
    {"app_linux_amd64_v1.10.2", "linux/amd64"},
    {"app-linux-386-v1", "linux/386"},
    {"app-darwin-universal-v2", "macos/universal"},
    {"linux/amd64/v0/app-v0.1.2-linux-amd64", "linux/amd64"},
    {"app-linux-arm-v7", "linux/arm v7"},
    {"x86_64-unknown-linux-musl-v1.2.3", "linux/amd64  musl"},
    {"crypto-tool-linux-amd64", "linux/amd64"},
    {"app-linux-amd64-crypto", "linux/amd64"},
    {"install-all-linux-amd64", "linux/amd64"},
    {"app_Linux_all_arm64", "linux/arm64"},
    {"ld-linux-x86-64.so.2", "linux/amd64"},
    {"/usr/lib/aarch64-linux-gnu/libz.so.1.2.13", "linux/arm64  gnu"},
    {"linux-x64/aarch64-linux-gnu-objdump", "linux/amd64"},
    /* what else says how many bits there are */
    {"app-linux64", "linux/amd64"},
    {"app-linux-64", "linux/amd64"},
    {"app_Linux_64bit", "linux/amd64"},
    {"app-linux-64-bit", "linux/amd64"},
    {"app-linux-x86-64bit", "linux/amd64"},
    {"app-linux32", "linux/386"},
    {"app-linux-32", "linux/386"},
    {"app-linux64-arm64", "linux/arm64"},
    {"app-arm64-linux64", "linux/arm64"},
    {"app-linux-arm_64", "linux/arm64"},
    {"protoc-3.25.0-linux-aarch_64.exe", "linux/arm64"},
    {"protoc-3.25.0-osx-aarch_64.exe", "macos/arm64"},
    {"protoc-3.25.0-linux-x86_32.exe", "linux/386"},
    {"protoc-3.25.0-linux-ppcle_64.exe", "foreign"},
    {"app-win64.exe", "foreign"},
    {"app-win-x64.exe", "foreign"},
    {"linux64/libapp.so", "linux/amd64"},
    {"/usr/bin/linux64", NULL}, /* programs of that name */
    {"/usr/bin/linux32", NULL},
    {"app-linux-64.0.1", NULL}, /* a version */
    {"app-64.linux", NULL},
    {"app-linux-riscv-64", NULL},
    {"app-macos-64", NULL},
    {"app-osx-64", NULL},
    {"app-freebsd-64", NULL},
    {"app-64-arm64-linux", "linux/arm64"},
    {"64-linux", NULL},
    {"app-win64", "foreign"},
    /* the architecture and its variant in one word, and other names of architectures */
    {"app-linux-amd64v3", "linux/amd64 v3"},
    {"app_linux_amd64v1", "linux/amd64 v1"},
    {"app-linux-x86_64v2", "linux/amd64 v2"},
    {"app-linux-arm64v8", "linux/arm64 v8"},
    {"app-linux-arm32v7", "linux/arm v7"},
    {"app-linux-amd64v7", "linux/amd64"},
    {"app-linux-armv8", "linux/arm64"},
    {"app-linux-armv8l", "linux/arm"},
    {"app-armv8-linux-gnueabihf", "linux/arm  gnu"},
    {"app-linux-armv6hf", "linux/arm"},
    {"app-linux-armel", "linux/arm"},
    {"app-linux-dev64v8", NULL},
    {"app-linux-v8", NULL},
    {"app-linux-ppc64el", "foreign"},
    {"app-linux-mips64r6el", "foreign"},
    {"app-linux-sparc64", "foreign"},
    {"app-linux-x32", "foreign"},
    {"x86_64-unknown-linux-gnux32/app", "foreign"},
    {"app-linux-aarch64_be", "foreign"},
    {"app-aarch64-linux-gnu_ilp32", "foreign"},
    {"app-linux-arm64-be", "linux/arm64"}, /* Belgium */
    {"app-linux-x86_64_be", "linux/amd64"},
    {"app-gnux32-linux", NULL},
    {"app-macos-m1", "macos/arm64"},
    {"app-apple-m2", "macos/arm64"},
    {"app-mac-applesilicon", "macos/arm64"},
    {"app-m1-linux-amd64", "linux/amd64"},
    /* distributions and releases of Linux, and of others */
    {"app-ubuntu-22.04-x64", "linux/amd64"},
    {"app-debian12-arm64", "linux/arm64"},
    {"app-alpine-amd64", "linux/amd64"},
    {"app-manylinux_2_17_aarch64", "linux/arm64"},
    {"app-musllinux_1_2_x86_64", "linux/amd64"},
    {"app-manylinux2014_x86_64", "linux/amd64"},
    {"app-freebsd14-amd64", "freebsd/amd64"},
    {"app-sunos-x64", "solaris/amd64"},
    {"app-android21-arm64", "android/arm64"},
    {"app-mac80211-arm64", NULL},
    {"app-apple2-arm64", NULL},
    {"app-linuxes5-arm64", NULL},
    {"app-linux20261127-arm64", NULL},
    {"app-ubuntu-darwin-arm64", NULL},
    /* folders */
    {"target/x86_64-unknown-linux-musl/release/app", "linux/amd64  musl"},
    {"target/aarch64-apple-darwin/release/app", "macos/arm64"},
    {"node-v20.1.0-linux-x64/bin/node", "linux/amd64"},
    {"runtimes/linux-x64/native/libapp.so", "linux/amd64"},
    {"runtimes/win-x64/native/app.dll", "foreign"},
    {"app-darwin-arm64/App.app/Contents/MacOS/App", "macos/arm64"},
    {"linux/amd64/app", "linux/amd64"},
    {"dist/./linux/amd64/./bin/app", "linux/amd64"},
    {"/linux/arm64/app", "linux/arm64"},
    {"/b/linux/arm64/v8/app", "linux/arm64 v8"},
    {"/b/darwin/universal/app", "macos/universal"},
    {"org/sqlite/native/Linux-Musl/x86_64/lib.so", "linux/amd64  musl"},
    {"windows/amd64/app", "foreign"},
    {"linux//amd64/app", "linux/amd64"},
    {"linux/src/amd64/app", NULL},
    {"linux/tool-amd64/app", NULL},
    {"my-linux/amd64/app", NULL},
    {"amd64/app", NULL},
    {"/amd64/app", NULL},
    {"linux/386/amd64/app", NULL},
    {"bin/app", NULL},
    {"/bin/app", NULL},
    {"linux-x64/b.app/app", "linux/amd64"},
    {"linux-x64/.app/app", NULL},
    {"/usr/aarch64-linux-gnu/bin/ld", NULL}, /* what builds for that */
    {"x/x86_64-apple-darwin22/bin/ld", NULL},
    {"linux-x64/bin/aarch64-linux-gnu-ld", "linux/amd64"},
    {"x86_64-apple-darwin22-clang", NULL},
    {"aarch64-linux-android21-clang", NULL},
    {"arm64-apple-ios-1.2", "ios/arm64"},
    /* no target */
    {"", NULL},
    {"/", NULL},
    {"app", NULL},
    {"/app", NULL},
    {"charm", NULL},
    {"charm-linux", NULL},
    {"alarm64", NULL},
    {"alarm64-linux", NULL},
    {"linuxify", NULL},
    {"linuxify-arm64", NULL},
    {"firearm-linux", NULL},
    {"arm64", NULL},
    {"linux", NULL},
    {"libc.so.6", NULL},
    {"libfoo-1.2.so", NULL},
    {"installer", NULL},
    {"machine-arm64", NULL},
    {"tool-x86_64", NULL},
    {"app.exe", NULL},
    {"app-windows-amd64.exe", "foreign"},
    {"app_windows_arm64.exe", "foreign"},
    {"win-x64", "foreign"},
    {"win-app-x64", NULL},
    {"x64-win", "foreign"},
    {"darwin-notes", NULL},
    {"linux-arm64-amd64", NULL},
    {"linux-amd64-to-arm64", NULL},
    {"linux-x64+arm64/node.napi.node", NULL},
    {"ios-arm64_x86_64-simulator/app", NULL},
    {"darwin-x64-arm64", NULL},
    {"arm64_tool_darwin_amd64", NULL},
    {"darwin_arm64_x86_64_arm64_x86_64", NULL},
    {"darwin_arm64e_x86_64", NULL},
    {"darwin_arm64_x86_64_v3", NULL},
    {"app-macos-intel-arm64", NULL},
    {"app-1.0-cp27-cp27m-macosx_10_6_intel", NULL},
    {"intel-app-macos", NULL}, /* the name of a maker */
    {"app-intel-linux", NULL},
    {"silicon-valley-darwin", NULL},
    {"app-linux-darwin-arm64", NULL},
    {"app-linux-universal", NULL},
    {"app-darwin-universal-arm64", NULL},
    {"qemu-aarch64-on-x86_64-linux", NULL},
    {"a/linux-arm64/b/app", NULL},
    {"x86", NULL},
    {"v8.2", NULL},
    {"win", NULL},
    {"linux-\x1b-\xff", NULL},
    {"aarch64-linux-gnu-objdump", NULL}, /* a cross tool: the triple is what it works for */
    {"/usr/bin/x86_64-linux-gnu-gcc-12", NULL},
    {"arm-linux-gnueabihf-ld.bfd", NULL},
    {"aarch64-linux-android-clang", NULL},
    {"app-windows-linux-amd64", NULL},
    {"app-linux-windows-amd64.exe", NULL},
    {"app-win-linux-x64", NULL},
    {"app-linux-riscv64", "foreign"},
    {"app-linux-ppc64le-amd64", NULL},
    {"app_darwin_ppc64/app", "foreign"},
    {"dragonfly-x86_64", NULL}, /* the name of a product */
    {"riscv64-linux-gnu-gcc", NULL},
    {"app-linux-amd64-s390x", NULL},
    {"app-darwin-all-arm64", NULL},
    {"all-arm64", NULL},
};

static void describe(const struct target *t, char *out, size_t size)
{
    if (t->foreign) {
        (void)snprintf(out, size, "foreign");
        return;
    }
    (void)snprintf(out, size, "%s/%s%s%s%s%s", os_name(t->os), t->universal ? "universal" : arch_name(t->arch),
                   *t->variant || *t->libc ? " " : "", t->variant, *t->libc ? " " : "", t->libc);
}

static void check_rows(bool (*parse)(const char *, struct target *), const struct row *rows, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct target target;
        char text[128] = "";
        bool found = parse(rows[i].text, &target);
        if (found)
            describe(&target, text, sizeof text);
        if (found != (rows[i].meaning != NULL) || (found && strcmp(text, rows[i].meaning) != 0)) {
            print_error("\"%s\": %s, expected %s\n", rows[i].text, found ? text : "nothing",
                        rows[i].meaning ? rows[i].meaning : "nothing");
            wrong++;
        }
        if (found)
            assert_true(strlen(target.spelling) > 0);
    }
    assert_int_equal(wrong, 0);
}

static void spellings_are_understood(void **state)
{
    (void)state;
    check_rows(expect_target, spellings, sizeof spellings / sizeof *spellings);
}

static void file_names_are_understood(void **state)
{
    (void)state;
    check_rows(expect_file_name, names, sizeof names / sizeof *names);
}

/* A name that ends with a system, and has no architecture. */
static void a_name_that_ends_with_a_system_says_it(void **state)
{
    static const struct {
        const char *name;
        enum os os;
    } rows[] = {{"app-linux", OS_LINUX},
                {"dist/app_macos", OS_MACOS},
                {"app-osx.bin", OS_MACOS},
                {"app-macos13", OS_MACOS},
                {"app-linux-1.2.3", OS_LINUX},
                {"app-linux-v1.2", OS_LINUX},
                {"app-linux-musl.so", OS_LINUX},
                {"app-linux-static", OS_LINUX},
                {"sops-v3.8.1.darwin", OS_MACOS},
                {"a.cpython-312-darwin.so", OS_MACOS},
                {"app-darwin20", OS_MACOS},
                {"llvm-libtool-darwin", OS_UNKNOWN},
                {"app-linux-amd64", OS_UNKNOWN},
                {"linux", OS_UNKNOWN},
                {"linux-1.2.3", OS_UNKNOWN},
                {"linux-tool", OS_UNKNOWN},
                {"a-linux-to-macos", OS_UNKNOWN},
                {"app-mac", OS_UNKNOWN}, /* of a message, or of a card of the network */
                {"app-apple", OS_UNKNOWN},
                {"app-ios", OS_UNKNOWN},
                {"app-ubuntu", OS_UNKNOWN},
                {"app-linux/app", OS_UNKNOWN},
                {"", OS_UNKNOWN}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (expect_name_os(rows[i].name) != rows[i].os)
            fail_msg("\"%s\": %s", rows[i].name, os_name(expect_name_os(rows[i].name)));
}

/* What --target takes, it keeps word for word: that is what the report shows. */
static void a_spelling_is_kept(void **state)
{
    (void)state;
    struct target target;
    assert_true(expect_target("GOOS=linux GOARCH=arm64", &target));
    assert_string_equal(target.spelling, "GOOS=linux GOARCH=arm64");
    assert_true(expect_file_name("app_Darwin_x86_64", &target));
    assert_string_equal(target.spelling, "macos/amd64");
}

/* The spelling that is shown for a file name can be given to --target. */
static void a_shown_spelling_can_be_given_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct target first, second;
        if (!expect_file_name(names[i].text, &first) || first.foreign)
            continue;
        assert_true(expect_target(first.spelling, &second));
        assert_int_equal(first.os, second.os);
        assert_int_equal(first.arch, second.arch);
        assert_int_equal(first.universal, second.universal);
        assert_string_equal(first.variant, second.variant);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_are_understood),
        cmocka_unit_test(file_names_are_understood),
        cmocka_unit_test(a_name_that_ends_with_a_system_says_it),
        cmocka_unit_test(a_spelling_is_kept),
        cmocka_unit_test(a_shown_spelling_can_be_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
