#include "checks/expect_words.h"
#include "formats/model.h"

#include <string.h>

/* In the order of strcmp(). */
static const struct word words[] = {
    {"32", WORD_BITS, 32, ""},
    {"32bit", WORD_BITS, 32, ""},
    {"386", WORD_ARCH, ARCH_386, ""},
    {"64", WORD_BITS, 64, ""},
    {"64bit", WORD_BITS, 64, ""},
    {"aarch", WORD_ARCH, ARCH_ARM, ""},
    {"aarch32", WORD_ARCH, ARCH_ARM, ""},
    {"aarch64", WORD_ARCH, ARCH_ARM64, ""},
    {"all", WORD_UNIVERSAL, 0, ""},
    {"alpine", WORD_OS, OS_LINUX, ""},
    {"amd64", WORD_ARCH, ARCH_AMD64, ""},
    {"android", WORD_OS, OS_ANDROID, ""},
    {"apple", WORD_OS, OS_MACOS, ""},
    {"applesilicon", WORD_CHIP, ARCH_ARM64, ""},
    {"appletvos", WORD_OS, OS_TVOS, ""},
    {"appletvsimulator", WORD_OS, OS_TVOS_SIMULATOR, ""},
    {"arm", WORD_ARCH, ARCH_ARM, ""},
    {"arm32", WORD_ARCH, ARCH_ARM, ""},
    {"arm64", WORD_ARCH, ARCH_ARM64, ""},
    {"arm64be", WORD_ARCH, ARCH_OTHER, ""},
    {"arm64e", WORD_ARCH, ARCH_ARM64, ""},
    {"armeb", WORD_ARCH, ARCH_OTHER, ""},
    {"armel", WORD_ARCH, ARCH_ARM, ""},
    {"armhf", WORD_ARCH, ARCH_ARM, ""},
    {"armhfp", WORD_ARCH, ARCH_ARM, ""},
    {"armv5", WORD_ARCH, ARCH_ARM, ""},
    {"armv5te", WORD_ARCH, ARCH_ARM, ""},
    {"armv5tel", WORD_ARCH, ARCH_ARM, ""},
    {"armv6", WORD_ARCH, ARCH_ARM, ""},
    {"armv6hf", WORD_ARCH, ARCH_ARM, ""},
    {"armv6l", WORD_ARCH, ARCH_ARM, ""},
    {"armv7", WORD_ARCH, ARCH_ARM, ""},
    {"armv7a", WORD_ARCH, ARCH_ARM, ""},
    {"armv7hf", WORD_ARCH, ARCH_ARM, ""},
    {"armv7hl", WORD_ARCH, ARCH_ARM, ""},
    {"armv7l", WORD_ARCH, ARCH_ARM, ""},
    {"armv8", WORD_ARCH, ARCH_ARM64, ""},
    {"armv8a", WORD_ARCH, ARCH_ARM64, ""},
    {"armv8l", WORD_ARCH, ARCH_ARM, ""},
    {"armv9", WORD_ARCH, ARCH_ARM64, ""},
    {"be", WORD_ABI, ARCH_ARM64, "aarch64_be"},
    {"centos", WORD_OS, OS_LINUX, ""},
    {"crypto", WORD_FEATURE, 0, ""},
    {"darwin", WORD_OS, OS_MACOS, ""},
    {"debian", WORD_OS, OS_LINUX, ""},
    {"dragonfly", WORD_OS, OS_UNKNOWN, ""},
    {"driverkit", WORD_OS, OS_DRIVERKIT, ""},
    {"fedora", WORD_OS, OS_LINUX, ""},
    {"freebsd", WORD_OS, OS_FREEBSD, ""},
    {"glibc", WORD_LIBC, 0, "gnu"},
    {"gnu", WORD_LIBC, 0, "gnu"},
    {"gnueabi", WORD_LIBC, 0, "gnu"},
    {"gnueabihf", WORD_LIBC, 0, "gnu"},
    {"gnux32", WORD_ABI, ARCH_AMD64, "x32"},
    {"goamd64", WORD_FILLER, 0, ""},
    {"goarch", WORD_FILLER, 0, ""},
    {"goarm64", WORD_FILLER, 0, ""},
    {"goos", WORD_FILLER, 0, ""},
    {"i386", WORD_ARCH, ARCH_386, ""},
    {"i486", WORD_ARCH, ARCH_386, ""},
    {"i586", WORD_ARCH, ARCH_386, ""},
    {"i686", WORD_ARCH, ARCH_386, ""},
    {"ia32", WORD_ARCH, ARCH_386, ""},
    {"illumos", WORD_OS, OS_UNKNOWN, ""},
    {"ilp32", WORD_ABI, ARCH_ARM64, "ilp32"},
    {"intel", WORD_CHIP, ARCH_AMD64, ""},
    {"ios", WORD_OS, OS_IOS, ""},
    {"iossimulator", WORD_OS, OS_IOS_SIMULATOR, ""},
    {"iphoneos", WORD_OS, OS_IOS, ""},
    {"iphonesimulator", WORD_OS, OS_IOS_SIMULATOR, ""},
    {"lin32", WORD_OS, OS_LINUX, "32"},
    {"lin64", WORD_OS, OS_LINUX, "64"},
    {"linux", WORD_OS, OS_LINUX, ""},
    {"linux32", WORD_OS, OS_LINUX, "32"},
    {"linux64", WORD_OS, OS_LINUX, "64"},
    {"loong64", WORD_ARCH, ARCH_OTHER, ""},
    {"loongarch64", WORD_ARCH, ARCH_OTHER, ""},
    {"lse", WORD_FEATURE, 0, ""},
    {"m1", WORD_CHIP, ARCH_ARM64, ""},
    {"m2", WORD_CHIP, ARCH_ARM64, ""},
    {"m3", WORD_CHIP, ARCH_ARM64, ""},
    {"m4", WORD_CHIP, ARCH_ARM64, ""},
    {"mac", WORD_OS, OS_MACOS, ""},
    {"macabi", WORD_KIND, OS_MACCATALYST, ""},
    {"maccatalyst", WORD_OS, OS_MACCATALYST, ""},
    {"macos", WORD_OS, OS_MACOS, ""},
    {"macosx", WORD_OS, OS_MACOS, ""},
    {"manylinux", WORD_OS, OS_LINUX, ""},
    {"mips", WORD_ARCH, ARCH_OTHER, ""},
    {"mips64", WORD_ARCH, ARCH_OTHER, ""},
    {"mips64el", WORD_ARCH, ARCH_OTHER, ""},
    {"mips64le", WORD_ARCH, ARCH_OTHER, ""},
    {"mips64r6el", WORD_ARCH, ARCH_OTHER, ""},
    {"mipsel", WORD_ARCH, ARCH_OTHER, ""},
    {"mipsle", WORD_ARCH, ARCH_OTHER, ""},
    {"musl", WORD_LIBC, 0, "musl"},
    {"musleabi", WORD_LIBC, 0, "musl"},
    {"musleabihf", WORD_LIBC, 0, "musl"},
    {"musllinux", WORD_OS, OS_LINUX, ""},
    {"muslx32", WORD_ABI, ARCH_AMD64, "x32"},
    {"netbsd", WORD_OS, OS_NETBSD, ""},
    {"none", WORD_FILLER, 0, ""},
    {"openbsd", WORD_OS, OS_OPENBSD, ""},
    {"osx", WORD_OS, OS_MACOS, ""},
    {"pc", WORD_FILLER, 0, ""},
    {"powerpc", WORD_ARCH, ARCH_OTHER, ""},
    {"powerpc64", WORD_ARCH, ARCH_OTHER, ""},
    {"powerpc64le", WORD_ARCH, ARCH_OTHER, ""},
    {"ppc64", WORD_ARCH, ARCH_OTHER, ""},
    {"ppc64el", WORD_ARCH, ARCH_OTHER, ""},
    {"ppc64le", WORD_ARCH, ARCH_OTHER, ""},
    {"ppcle", WORD_ARCH, ARCH_OTHER, ""},
    {"rhel", WORD_OS, OS_LINUX, ""},
    {"riscv64", WORD_ARCH, ARCH_OTHER, ""},
    {"riscv64gc", WORD_ARCH, ARCH_OTHER, ""},
    {"s390", WORD_ARCH, ARCH_OTHER, ""},
    {"s390x", WORD_ARCH, ARCH_OTHER, ""},
    {"silicon", WORD_CHIP, ARCH_ARM64, ""},
    {"sim", WORD_KIND, OS_IOS_SIMULATOR, ""},
    {"simulator", WORD_KIND, OS_IOS_SIMULATOR, ""},
    {"solaris", WORD_OS, OS_SOLARIS, ""},
    {"sparc64", WORD_ARCH, ARCH_OTHER, ""},
    {"sparcv9", WORD_ARCH, ARCH_OTHER, ""},
    {"sunos", WORD_OS, OS_SOLARIS, ""},
    {"tvos", WORD_OS, OS_TVOS, ""},
    {"tvossimulator", WORD_OS, OS_TVOS_SIMULATOR, ""},
    {"ubuntu", WORD_OS, OS_LINUX, ""},
    {"universal", WORD_UNIVERSAL, 0, ""},
    {"universal2", WORD_UNIVERSAL, 0, ""},
    {"unknown", WORD_FILLER, 0, ""},
    {"visionos", WORD_OS, OS_VISIONOS, ""},
    {"visionossimulator", WORD_OS, OS_VISIONOS_SIMULATOR, ""},
    {"wasip1", WORD_OS, OS_UNKNOWN, ""},
    {"wasm32", WORD_ARCH, ARCH_OTHER, ""},
    {"watchos", WORD_OS, OS_WATCHOS, ""},
    {"watchossimulator", WORD_OS, OS_WATCHOS_SIMULATOR, ""},
    {"watchsimulator", WORD_OS, OS_WATCHOS_SIMULATOR, ""},
    {"win", WORD_OS, OS_UNKNOWN, ""},
    {"win32", WORD_OS, OS_UNKNOWN, ""},
    {"win64", WORD_OS, OS_UNKNOWN, "64"},
    {"windows", WORD_OS, OS_UNKNOWN, ""},
    {"windows32", WORD_OS, OS_UNKNOWN, "32"},
    {"windows64", WORD_OS, OS_UNKNOWN, "64"},
    {"x32", WORD_ARCH, ARCH_OTHER, ""},
    {"x64", WORD_ARCH, ARCH_AMD64, ""},
    {"x86", WORD_ARCH, ARCH_386, ""},
    {"x86_64", WORD_ARCH, ARCH_AMD64, ""},
    {"x86_64bit", WORD_ARCH, ARCH_AMD64, ""},
    {"x86_64h", WORD_ARCH, ARCH_AMD64, ""},
    {"xros", WORD_OS, OS_VISIONOS, ""},
    {"xrsimulator", WORD_OS, OS_VISIONOS_SIMULATOR, ""},
};

static const struct word *find(const char *text)
{
    size_t low = 0, high = sizeof words / sizeof *words;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const char *a = words[middle].text, *b = text;
        while (*a && *a == *b)
            a++, b++;
        if (*a == *b)
            return &words[middle];
        *((unsigned char)*a < (unsigned char)*b ? &low : &high) = middle + ((unsigned char)*a < (unsigned char)*b);
    }
    return NULL;
}

/* "macos11", "darwin23.1", "freebsd14", "manylinux2014": a system and its release. Names of two or three letters are those
 * of other things, too. */
static const struct word *with_release(const char *text)
{
    enum { LETTERS = 4, DIGITS = 4 };
    char letters[WORD_SIZE];
    size_t size = strcspn(text, "0123456789"), digits = strspn(text + size, "0123456789");
    if (size < LETTERS || digits == 0 || digits > DIGITS || size >= sizeof letters ||
        strspn(text + size, "0123456789.") != strlen(text + size))
        return NULL;
    memcpy(letters, text, size);
    letters[size] = 0;
    const struct word *found = find(letters);
    return found && found->sort == WORD_OS && strcmp(found->text, "apple") != 0 ? found : NULL;
}

const struct word *word_find(const char *text)
{
    const struct word *found = find(text);
    return found ? found : with_release(text);
}
