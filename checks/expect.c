/* Targets in the words of their users: Go's GOOS/GOARCH, OCI platforms, triples of LLVM and
 * Rust, the file names that goreleaser, cargo-dist and npm make. A text is cut into words,
 * and each word is an operating system, an architecture, a variant, a C library or nothing
 * of these; in a spelling every word must be known, in a file name only os and
 * architecture must, and must not contradict each other. Systems and architectures that
 * are not ours are words too: a name that has them as well as ours claims nothing, and one
 * that has them alone says that the file is none that we judge. */
#include "checks/expect.h"

#include <stdio.h>
#include <string.h>

enum sort { WORD_NONE, WORD_OS, WORD_ARCH, WORD_UNIVERSAL, WORD_FEATURE, WORD_LIBC, WORD_FILLER };

/* In the order of strcmp(). */
static const struct word {
    const char *text;
    enum sort sort;
    int value;
    const char *libc;
} words[] = {
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
    {"ios", WORD_OS, OS_IOS, ""},
    {"linux", WORD_OS, OS_LINUX, ""},
    {"loong64", WORD_ARCH, ARCH_OTHER, ""},
    {"loongarch64", WORD_ARCH, ARCH_OTHER, ""},
    {"lse", WORD_FEATURE, 0, ""},
    {"mac", WORD_OS, OS_MACOS, ""},
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
    {"solaris", WORD_OS, OS_SOLARIS, ""},
    {"universal", WORD_UNIVERSAL, 0, ""},
    {"universal2", WORD_UNIVERSAL, 0, ""},
    {"unknown", WORD_FILLER, 0, ""},
    {"wasip1", WORD_OS, OS_UNKNOWN, ""},
    {"wasm32", WORD_ARCH, ARCH_OTHER, ""},
    {"win", WORD_OS, OS_UNKNOWN, ""},
    {"win32", WORD_OS, OS_UNKNOWN, ""},
    {"win64", WORD_OS, OS_UNKNOWN, ""},
    {"windows", WORD_OS, OS_UNKNOWN, ""},
    {"x64", WORD_ARCH, ARCH_AMD64, ""},
    {"x86", WORD_ARCH, ARCH_386, ""},
    {"x86_64", WORD_ARCH, ARCH_AMD64, ""},
    {"x86_64h", WORD_ARCH, ARCH_AMD64, ""},
};

enum { WORD_SIZE = 32 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool looks_like_variant(const char *text)
{
    return text[0] == 'v' && is_digit(text[1]) &&
           (text[2] == 0 || (text[2] == '.' && is_digit(text[3]) && text[4] == 0));
}

/* v1 … v4 of GOAMD64, v8.0 … v9.5 of GOARM64, v8 of OCI, v5 … v7 of GOARM. What looks like one
 * and is none of these is the version of the program: app-linux-amd64-v1.2. */
static bool is_variant(enum arch arch, const char *text)
{
    if (!looks_like_variant(text))
        return false;
    switch (arch) {
    case ARCH_AMD64:
        return text[1] >= '1' && text[1] <= '4' && text[2] == 0;
    case ARCH_ARM64:
        return text[1] == '8' || (text[1] == '9' && (text[2] == 0 || text[3] <= '5'));
    case ARCH_ARM:
        return text[1] >= '5' && text[1] <= '8' && text[2] == 0;
    case ARCH_OTHER:
    case ARCH_386:
    case ARCH_COUNT:
        break;
    }
    return false;
}

static const struct word *word_find(const char *text)
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

/* "macos11" and "darwin23.1" are systems with a release. */
static const struct word *word_with_release(const char *text)
{
    char letters[WORD_SIZE];
    size_t size = strcspn(text, "0123456789");
    if (size < 5 || text[size] == 0 || size >= sizeof letters)
        return NULL;
    memcpy(letters, text, size);
    letters[size] = 0;
    const struct word *found = word_find(letters);
    return found && found->value == OS_MACOS && found->sort == WORD_OS ? found : NULL;
}

static const char *separators(bool dots)
{
    return dots ? "-_/.= ,;:+@" : "-_/= ,;";
}

/* The next word, lower case, and where it stands; NULL at the end. x86_64 and x86-64 are one word. */
static const char *next_word(const char **at, bool dots, char *out)
{
    const char *apart = separators(dots), *from = *at + strspn(*at, apart);
    size_t size = strcspn(from, apart);
    if (size == 3 && (from[0] | 32) == 'x' && from[1] == '8' && from[2] == '6' && (from[3] == '_' || from[3] == '-') &&
        from[4] == '6' && from[5] == '4')
        size = 6 + strcspn(from + 6, apart);
    /* "v8.2" and "v1.2.3" in a file name: the dots of a variant or version, not of an extension */
    if (dots && size > 1 && (from[0] | 32) == 'v' && is_digit(from[1]))
        while (from[size] == '.' && is_digit(from[size + 1]))
            size += 1 + strspn(from + size + 1, "0123456789");
    if (size == 0)
        return NULL;
    size_t kept = size < WORD_SIZE - 1 ? size : 0; /* a word that long is none that is known */
    for (size_t i = 0; i < kept; i++)
        out[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] + 32 : from[i]);
    out[kept] = 0;
    if (strncmp(out, "x86-64", 6) == 0)
        out[3] = '_';
    *at = from + size;
    return from;
}

struct parse {
    struct target target;
    bool is_name; /* of a file: words that mean nothing are allowed */
    bool has_os, has_arch, contradicts, strange;
    bool says_all;   /* "universal" or "all" */
    bool vendor;     /* all that is known of the system is "apple" */
    bool arch_first; /* the architecture is the first word: aarch64-linux-gnu-… */
    bool is_tool;    /* and a name follows the triple, as of a cross compiler: the triple is what it works for */
    const char *os_word, *arch_word;
    char level[5], features[11]; /* of the variant: "v8.2" and "lse,crypto" */
};

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
}

static void take_arch(struct parse *p, const struct word *word)
{
    enum arch arch = (enum arch)word->value;
    p->contradicts |= p->has_arch && p->target.arch != arch;
    p->has_arch = true;
    p->target.arch = arch;
    p->arch_word = word->text;
    if (strcmp(word->text, "arm64e") == 0 || strcmp(word->text, "x86_64h") == 0)
        copy(p->features, sizeof p->features, word->text);
}

/* The systems whose triples name a broader one first: aarch64-linux-android, arm64-apple-ios. */
static bool refines(const struct parse *p, enum os os)
{
    return (p->target.os == OS_LINUX && os == OS_ANDROID) || (p->vendor && os == OS_IOS);
}

static void take_os(struct parse *p, const struct word *word)
{
    enum os os = (enum os)word->value;
    p->contradicts |= p->has_os && p->target.os != os && !refines(p, os);
    p->vendor = strcmp(word->text, "apple") == 0 && !p->has_os;
    p->has_os = true;
    p->target.os = os;
    p->os_word = word->text;
}

/* In a file's name, what comes before the architecture or does not fit it is a version. */
static void take_level(struct parse *p, const char *text)
{
    if (p->is_name && !is_variant(p->target.arch, text))
        return;
    p->contradicts |= *p->level && strcmp(p->level, text) != 0;
    snprintf(p->level, sizeof p->level, "%.4s", text);
}

static void take_feature(struct parse *p, const char *text)
{
    size_t used = strlen(p->features);
    if (p->is_name) /* crypto-tool-linux-arm64 */
        return;
    if (used + 1 + strlen(text) >= sizeof p->features) {
        p->contradicts = true; /* cut, it would be another */
        return;
    }
    if (used)
        p->features[used++] = ',';
    copy(p->features + used, sizeof p->features - used, text);
}

static void take_strange(struct parse *p, const char *text, char before)
{
    bool letter = text[0] >= 'a' && text[0] <= 'z', version = text[0] == 'v' && is_digit(text[1]);
    p->strange = true;
    p->is_tool |=
        p->arch_first && (*p->target.libc || p->target.os == OS_ANDROID) && before == '-' && letter && !version;
}

static void take(struct parse *p, const char *text, char before)
{
    const struct word *word = word_find(text);
    if (!word)
        word = word_with_release(text);
    if (!word && looks_like_variant(text)) {
        take_level(p, text);
        return;
    }
    switch (word ? word->sort : WORD_NONE) {
    case WORD_OS:
        take_os(p, word);
        break;
    case WORD_ARCH:
        p->arch_first |= before == 0;
        take_arch(p, word);
        break;
    case WORD_UNIVERSAL:
        p->says_all = true;
        break;
    case WORD_FEATURE:
        take_feature(p, text);
        break;
    case WORD_LIBC:
        copy(p->target.libc, sizeof p->target.libc, word->libc);
        break;
    case WORD_FILLER:
        break;
    case WORD_NONE:
        take_strange(p, text, before);
        break;
    }
}

/* "all" in a file's name is no target on systems without universal files: install-all-linux-amd64. */
static void take_all(struct parse *p)
{
    if (!p->says_all || (p->is_name && p->has_os && p->target.os != OS_MACOS))
        return;
    p->contradicts |= p->has_arch || (p->has_os && p->target.os != OS_MACOS);
    p->has_arch = p->target.universal = true;
}

/* The variant must be one of the architecture, which may stand behind it: GOAMD64=v3 GOARCH=amd64. */
static void settle_variant(struct parse *p)
{
    bool named = strcmp(p->features, "arm64e") == 0 || strcmp(p->features, "x86_64h") == 0;
    p->contradicts |= *p->level && !is_variant(p->target.arch, p->level);
    p->contradicts |= *p->features && !named && p->target.arch != ARCH_ARM64;
    if (!*p->level && !*p->features)
        return;
    snprintf(p->target.variant, sizeof p->target.variant, "%.4s%s%.10s", p->level, *p->level && *p->features ? "," : "",
             p->features);
}

static struct parse parse(const char *text, bool is_name)
{
    struct parse p = {.is_name = is_name};
    char word[WORD_SIZE] = "";
    const char *start = text, *from;
    while ((from = next_word(&text, is_name, word)))
        take(&p, word, from > start ? from[-1] : 0);
    take_all(&p);
    settle_variant(&p);
    return p;
}

static bool finish(struct parse *p, const char *spelling, struct target *out)
{
    copy(p->target.spelling, sizeof p->target.spelling, spelling);
    *out = p->target;
    return true;
}

static bool is_ours(const struct parse *p)
{
    return !p->contradicts && p->has_os && p->target.os != OS_UNKNOWN && p->has_arch &&
           (p->target.universal || p->target.arch != ARCH_OTHER);
}

/* app-linux-riscv64, app-windows-amd64. Of the systems that have no number here, only Windows: the others are names
 * of products, too. */
static bool is_foreign(const struct parse *p)
{
    if (p->contradicts || !p->has_os || !p->has_arch || p->target.universal)
        return false;
    return p->target.os == OS_UNKNOWN ? strncmp(p->os_word, "win", 3) == 0 && p->os_word[3] != 0
                                      : p->target.arch == ARCH_OTHER;
}

bool expect_target(const char *text, struct target *out)
{
    struct parse p = parse(text, false);
    if (strlen(text) >= sizeof p.target.spelling || p.strange || !is_ours(&p))
        return false;
    return finish(&p, text, out);
}

static bool name_says(const char *name, struct target *out)
{
    char spelling[sizeof out->spelling];
    struct parse p = parse(name, true);
    if (p.is_tool)
        return false;
    if (is_foreign(&p)) {
        p.target = (struct target){.foreign = true};
        snprintf(spelling, sizeof spelling, "%s/%s", p.os_word, p.arch_word);
        return finish(&p, spelling, out);
    }
    if (!is_ours(&p))
        return false;
    snprintf(spelling, sizeof spelling, "%s/%s%s%s", os_name(p.target.os),
             p.target.universal ? "universal" : arch_name(p.target.arch), *p.target.variant ? "/" : "",
             p.target.variant);
    return finish(&p, spelling, out);
}

bool expect_file_name(const char *path, struct target *out)
{
    char folder[256];
    const char *base = strrchr(path, '/');
    if (name_says(base ? base + 1 : path, out))
        return true;
    if (!base || base == path)
        return false;
    /* goreleaser's dist/app_linux_amd64_v1/app, cargo's target/aarch64-unknown-linux-musl/… */
    const char *start = base;
    while (start > path && start[-1] != '/')
        start--;
    size_t size = (size_t)(base - start);
    if (size == 0 || size >= sizeof folder)
        return false;
    memcpy(folder, start, size);
    folder[size] = 0;
    return name_says(folder, out);
}
