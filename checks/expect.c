/* Targets in the words of their users: Go's GOOS/GOARCH, OCI platforms, triples of LLVM and
 * Rust, the file names that goreleaser, cargo-dist and npm make. A text is cut into words,
 * and each word is an operating system, an architecture, a variant, a C library or nothing
 * of these; in a spelling every word must be known, in a file name only os and
 * architecture must, and must not contradict each other. Systems and architectures that
 * are not ours are words too: a name that has them as well as ours claims nothing, and one
 * that has them alone says that the file is none that we judge. */
#include "checks/expect.h"
#include "checks/expect_words.h"

#include <stdio.h>
#include <string.h>

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
    bool says_all;              /* "universal" or "all" */
    bool vendor;                /* all that is known of the system is "apple" */
    bool both;                  /* amd64 and arm64 as one: arm64_x86_64, x64+arm64 */
    unsigned place, arch_place; /* of the word, and of the last one that is an architecture */
    bool arch_first;            /* the architecture is the first word: aarch64-linux-gnu-… */
    bool is_tool; /* and a name follows the triple, as of a cross compiler: the triple is what it works for */
    const char *os_word, *arch_word;
    char level[5], features[11]; /* of the variant: "v8.2" and "lse,crypto" */
};

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
}

/* Xcode's macos-arm64_x86_64 and prebuildify's darwin-x64+arm64 hold one slice for each. */
static bool is_pair(const struct parse *p, enum arch arch, char before)
{
    return p->is_name && p->arch_place + 1 == p->place && (before == '_' || before == '+') &&
           p->target.arch + arch == ARCH_AMD64 + ARCH_ARM64 && p->target.arch != arch && !p->both;
}

static void take_arch(struct parse *p, const struct word *word, char before)
{
    enum arch arch = (enum arch)word->value;
    if (is_pair(p, arch, before))
        p->both = true;
    else
        p->contradicts |= p->has_arch && p->target.arch != arch;
    p->has_arch = true;
    p->arch_place = p->place;
    p->target.arch = arch;
    p->arch_word = word->text;
    if (strcmp(word->text, "arm64e") == 0 || strcmp(word->text, "x86_64h") == 0)
        copy(p->features, sizeof p->features, word->text);
}

/* The systems whose names follow a broader one: aarch64-linux-android, arm64-apple-ios, ios-arm64-maccatalyst. */
static bool refines(const struct parse *p, enum os os)
{
    return (p->target.os == OS_LINUX && os == OS_ANDROID) || (p->vendor && os >= OS_MACOS) ||
           (p->target.os == OS_IOS && os == OS_MACCATALYST);
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

/* OS_UNKNOWN: there is none. */
static enum os simulator_of(enum os os)
{
    return os == OS_IOS        ? OS_IOS_SIMULATOR
           : os == OS_TVOS     ? OS_TVOS_SIMULATOR
           : os == OS_WATCHOS  ? OS_WATCHOS_SIMULATOR
           : os == OS_VISIONOS ? OS_VISIONOS_SIMULATOR
                               : OS_UNKNOWN;
}

/* arm64-apple-ios-simulator, ios-arm64_x86_64-simulator, aarch64-apple-ios-macabi; elsewhere the words mean nothing. */
static bool take_kind(struct parse *p, const struct word *word)
{
    enum os os = word->value == OS_MACCATALYST ? OS_MACCATALYST : simulator_of(p->target.os);
    if (os == OS_UNKNOWN || (os == OS_MACCATALYST && p->target.os != OS_IOS))
        return false;
    p->target.os = os;
    return true;
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
    enum word_sort sort = word ? word->sort : WORD_NONE;
    if (!word && looks_like_variant(text)) {
        take_level(p, text);
        return;
    }
    if (sort == WORD_CHIP) /* macosx_10_6_intel is Python's, for i386 and x86_64 in one file */
        sort = p->is_name && p->target.os == OS_MACOS && strcmp(p->os_word, "macosx") != 0 ? WORD_ARCH : WORD_NONE;
    if (sort == WORD_KIND && !take_kind(p, word))
        sort = WORD_NONE;
    switch (sort) {
    case WORD_OS:
        take_os(p, word);
        break;
    case WORD_ARCH:
        p->arch_first |= before == 0;
        take_arch(p, word, before);
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
    case WORD_KIND:
        break;
    case WORD_CHIP:
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

/* What words mean together. macOS never ran on 32-bit ARM, and has been for 64 bits alone since 10.15; of Apple's other
 * systems Intel processors run simulators (Rust's x86_64-apple-ios). */
static void settle_apple(struct parse *p)
{
    enum os simulator = simulator_of(p->target.os);
    bool plain = !*p->level && !*p->features;
    if (p->both) {
        p->contradicts |= p->target.os != OS_MACOS || !plain;
        p->target.universal = !p->contradicts;
        p->target.arch = ARCH_OTHER;
    }
    if (p->target.arch == ARCH_AMD64 && simulator != OS_UNKNOWN)
        p->target.os = simulator;
    if (!p->is_name || p->target.os != OS_MACOS || !p->arch_word)
        return;
    if (strcmp(p->arch_word, "x86") == 0)
        p->target.arch = ARCH_AMD64;
    if (strcmp(p->arch_word, "arm") == 0)
        p->target.arch = ARCH_ARM64;
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
    while ((from = next_word(&text, is_name, word))) {
        p.place++;
        take(&p, word, from > start ? from[-1] : 0);
    }
    take_all(&p);
    settle_apple(&p);
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
