#include "checks/expect_words.h"
#include "formats/model.h"

#include <string.h>

/* In the order of strcmp(). */
static const struct word words[] = {
    {"386", WORD_ARCH, ARCH_386, ""},
    {"aarch64", WORD_ARCH, ARCH_ARM64, ""},
    {"all", WORD_UNIVERSAL, 0, ""},
    {"amd64", WORD_ARCH, ARCH_AMD64, ""},
    {"android", WORD_OS, OS_ANDROID, ""},
    {"apple", WORD_OS, OS_MACOS, ""},
    {"arm", WORD_ARCH, ARCH_ARM, ""},
    {"arm64", WORD_ARCH, ARCH_ARM64, ""},
    {"arm64e", WORD_ARCH, ARCH_ARM64, ""},
    {"armeb", WORD_ARCH, ARCH_OTHER, ""},
    {"armhf", WORD_ARCH, ARCH_ARM, ""},
    {"armv6", WORD_ARCH, ARCH_ARM, ""},
    {"armv6l", WORD_ARCH, ARCH_ARM, ""},
    {"armv7", WORD_ARCH, ARCH_ARM, ""},
    {"armv7l", WORD_ARCH, ARCH_ARM, ""},
    {"crypto", WORD_FEATURE, 0, ""},
    {"darwin", WORD_OS, OS_MACOS, ""},
    {"dragonfly", WORD_OS, OS_UNKNOWN, ""},
    {"driverkit", WORD_OS, OS_DRIVERKIT, ""},
    {"freebsd", WORD_OS, OS_FREEBSD, ""},
    {"glibc", WORD_LIBC, 0, "gnu"},
    {"gnu", WORD_LIBC, 0, "gnu"},
    {"gnueabi", WORD_LIBC, 0, "gnu"},
    {"gnueabihf", WORD_LIBC, 0, "gnu"},
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
    {"intel", WORD_CHIP, ARCH_AMD64, ""},
    {"ios", WORD_OS, OS_IOS, ""},
    {"iossimulator", WORD_OS, OS_IOS_SIMULATOR, ""},
    {"linux", WORD_OS, OS_LINUX, ""},
    {"loong64", WORD_ARCH, ARCH_OTHER, ""},
    {"loongarch64", WORD_ARCH, ARCH_OTHER, ""},
    {"lse", WORD_FEATURE, 0, ""},
    {"mac", WORD_OS, OS_MACOS, ""},
    {"macabi", WORD_KIND, OS_MACCATALYST, ""},
    {"maccatalyst", WORD_OS, OS_MACCATALYST, ""},
    {"macos", WORD_OS, OS_MACOS, ""},
    {"macosx", WORD_OS, OS_MACOS, ""},
    {"mips", WORD_ARCH, ARCH_OTHER, ""},
    {"mips64", WORD_ARCH, ARCH_OTHER, ""},
    {"mips64le", WORD_ARCH, ARCH_OTHER, ""},
    {"mipsle", WORD_ARCH, ARCH_OTHER, ""},
    {"musl", WORD_LIBC, 0, "musl"},
    {"musleabi", WORD_LIBC, 0, "musl"},
    {"musleabihf", WORD_LIBC, 0, "musl"},
    {"netbsd", WORD_OS, OS_NETBSD, ""},
    {"none", WORD_FILLER, 0, ""},
    {"openbsd", WORD_OS, OS_OPENBSD, ""},
    {"osx", WORD_OS, OS_MACOS, ""},
    {"pc", WORD_FILLER, 0, ""},
    {"powerpc64le", WORD_ARCH, ARCH_OTHER, ""},
    {"ppc64", WORD_ARCH, ARCH_OTHER, ""},
    {"ppc64le", WORD_ARCH, ARCH_OTHER, ""},
    {"riscv64", WORD_ARCH, ARCH_OTHER, ""},
    {"riscv64gc", WORD_ARCH, ARCH_OTHER, ""},
    {"s390x", WORD_ARCH, ARCH_OTHER, ""},
    {"silicon", WORD_CHIP, ARCH_ARM64, ""},
    {"sim", WORD_KIND, OS_IOS_SIMULATOR, ""},
    {"simulator", WORD_KIND, OS_IOS_SIMULATOR, ""},
    {"solaris", WORD_OS, OS_SOLARIS, ""},
    {"tvos", WORD_OS, OS_TVOS, ""},
    {"tvossimulator", WORD_OS, OS_TVOS_SIMULATOR, ""},
    {"universal", WORD_UNIVERSAL, 0, ""},
    {"universal2", WORD_UNIVERSAL, 0, ""},
    {"unknown", WORD_FILLER, 0, ""},
    {"visionos", WORD_OS, OS_VISIONOS, ""},
    {"visionossimulator", WORD_OS, OS_VISIONOS_SIMULATOR, ""},
    {"wasip1", WORD_OS, OS_UNKNOWN, ""},
    {"wasm32", WORD_ARCH, ARCH_OTHER, ""},
    {"watchos", WORD_OS, OS_WATCHOS, ""},
    {"watchossimulator", WORD_OS, OS_WATCHOS_SIMULATOR, ""},
    {"win", WORD_OS, OS_UNKNOWN, ""},
    {"win32", WORD_OS, OS_UNKNOWN, ""},
    {"win64", WORD_OS, OS_UNKNOWN, ""},
    {"windows", WORD_OS, OS_UNKNOWN, ""},
    {"x64", WORD_ARCH, ARCH_AMD64, ""},
    {"x86", WORD_ARCH, ARCH_386, ""},
    {"x86_64", WORD_ARCH, ARCH_AMD64, ""},
    {"x86_64h", WORD_ARCH, ARCH_AMD64, ""},
    {"xros", WORD_OS, OS_VISIONOS, ""},
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

/* "macos11" and "darwin23.1". */
static const struct word *with_release(const char *text)
{
    char letters[WORD_SIZE];
    size_t size = strcspn(text, "0123456789");
    if (size < 5 || text[size] == 0 || size >= sizeof letters)
        return NULL;
    memcpy(letters, text, size);
    letters[size] = 0;
    const struct word *found = find(letters);
    return found && found->value == OS_MACOS && found->sort == WORD_OS ? found : NULL;
}

const struct word *word_find(const char *text)
{
    const struct word *found = find(text);
    return found ? found : with_release(text);
}
