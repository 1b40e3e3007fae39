/* What a text says of a target. It is cut into words, and each word is an operating system, an architecture, a variant,
 * a C library or nothing of these (expect_words.c); what they mean together is settled at the end. */
#include "checks/expect_parse.h"
#include "checks/expect_words.h"

#include <stdio.h>
#include <stdlib.h>
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
    p->is_triple |= p->vendor || os == OS_ANDROID;
    p->vendor = strcmp(word->text, "apple") == 0 && !p->has_os;
    p->has_os = true;
    p->target.os = os;
    p->os_word = word->text;
    p->os_place = p->place;
    p->bits = *word->detail ? (unsigned)strtoul(word->detail, NULL, 10) : p->bits;
}

/* "64" behind an architecture of 32 bits, as Maven writes aarch_64, or behind a system: linux-64, Linux_64bit. What
 * dots are about is a version. */
static bool take_bits(struct parse *p, const struct word *word, const char *from, size_t size)
{
    bool wide = word->value == 64;
    if (!p->is_name || p->place < 2) /* nothing stands before the first word */
        return false;
    if (from[-1] == '.' || (from[size] == '.' && is_digit(from[size + 1])))
        return false;
    if (p->has_arch && p->arch_place + 1 == p->place && wide && p->target.arch == ARCH_ARM) {
        p->target.arch = ARCH_ARM64;
        p->arch_word = "arm64";
    } else if (p->has_os && p->os_place + 1 == p->place) {
        p->bits = (unsigned)word->value;
    }
    return true;
}

/* Of an architecture that is named before it: another one, by its order of bytes (aarch64_be) or the size of its
 * pointers (x86_64-linux-gnux32). */
static bool take_abi(struct parse *p, const struct word *word, char before)
{
    bool behind = before == '_' && p->arch_place + 1 == p->place;
    if (!p->is_name || !p->has_arch || (int)p->target.arch != word->value || (strcmp(word->text, "be") == 0 && !behind))
        return false;
    p->target.arch = ARCH_OTHER;
    p->arch_word = word->detail;
    return true;
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

/* In a file's name, what comes before the architecture or does not fit it is a version; so is v9 in that of a program for
 * macOS, for which nobody builds by the levels of Armv9 (PyPI, imageio-ffmpeg 0.8.1: ffmpeg-macos-aarch64-v9.0). */
static void take_level(struct parse *p, const char *text)
{
    const bool of_apple = p->target.os == OS_MACOS && p->target.arch == ARCH_ARM64;
    if (p->is_name && (!is_variant(p->target.arch, text) || (of_apple && text[1] == '9')))
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
    p->is_tool |= p->arch_first && p->is_triple && before == '-' && letter && !version;
}

/* amd64v3, arm64v8: an architecture and its variant in one word. */
static bool take_glued(struct parse *p, const char *text)
{
    char arch[WORD_SIZE];
    const char *level = strrchr(text, 'v');
    if (!level || level == text || !looks_like_variant(level))
        return false;
    snprintf(arch, sizeof arch, "%.*s", (int)(level - text), text);
    const struct word *word = word_find(arch);
    if (!word || word->sort != WORD_ARCH)
        return false;
    take_arch(p, word, '-');
    take_level(p, level);
    return true;
}

/* armv8-linux-gnueabihf is code for 32 bits. */
static void take_libc(struct parse *p, const struct word *word)
{
    copy(p->target.libc, sizeof p->target.libc, word->detail);
    p->is_triple = true;
    if (p->target.arch == ARCH_ARM64 && strstr(word->text, "eabi"))
        p->target.arch = ARCH_ARM;
}

static void take(struct parse *p, const char *text, const char *from, size_t size, char before)
{
    const struct word *word = word_find(text);
    enum word_sort sort = word ? word->sort : WORD_NONE;
    if (!word && looks_like_variant(text)) {
        take_level(p, text);
        return;
    }
    if (!word && take_glued(p, text))
        return;
    if (sort == WORD_CHIP) /* macosx_10_6_intel is Python's, for i386 and x86_64 in one file */
        sort = p->is_name && p->target.os == OS_MACOS && strcmp(p->os_word, "macosx") != 0 ? WORD_ARCH : WORD_NONE;
    if ((sort == WORD_KIND && !take_kind(p, word)) || (sort == WORD_ABI && !take_abi(p, word, before)) ||
        (sort == WORD_BITS && !take_bits(p, word, from, size)))
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
        take_libc(p, word);
        break;
    case WORD_FILLER:
    case WORD_KIND:
    case WORD_ABI:
    case WORD_BITS:
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

/* Where 64 bits are all that is said, those of x86: linux64, linux-64, win64. A Mac has had others. */
static void settle_bits(struct parse *p)
{
    bool windows = p->has_os && p->target.os == OS_UNKNOWN;
    if (!p->is_name || p->has_arch || !p->bits || (p->target.os != OS_LINUX && !windows))
        return;
    p->has_arch = true;
    p->arch_place = p->os_place + 1;
    p->target.arch = p->bits == 64 ? ARCH_AMD64 : ARCH_386;
    p->arch_word = arch_name(p->target.arch);
}

/* Whether a name could end before this word, and say the same: app-linux-1.2.3, app-linux-musl.so */
static bool is_tail(const char *text)
{
    static const char *const words[] = {"bin", "bundle", "dylib", "exe", "jnilib", "node", "so", "static"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    const struct word *word = word_find(text);
    return is_digit(text[0]) || (text[0] == 'v' && is_digit(text[1])) || (word && word->sort == WORD_LIBC);
}

struct parse parse_target(const char *text, bool is_name)
{
    struct parse p = {.is_name = is_name};
    char word[WORD_SIZE] = "";
    bool numbers = false;
    const char *start = text, *from;
    while ((from = next_word(&text, is_name, word))) {
        const bool digits = strpbrk(word, "0123456789") != NULL;
        p.place++;
        take(&p, word, from, (size_t)(text - from), from > start ? from[-1] : 0);
        p.last = is_tail(word) ? p.last : p.place;
        p.numbered = p.os_place == p.place ? numbers || digits : p.numbered;
        numbers = digits;
    }
    settle_bits(&p);
    take_all(&p);
    settle_apple(&p);
    settle_variant(&p);
    return p;
}

bool parse_is_ours(const struct parse *p)
{
    return !p->contradicts && p->has_os && p->target.os != OS_UNKNOWN && p->has_arch &&
           (p->target.universal || p->target.arch != ARCH_OTHER);
}

/* app-linux-riscv64, app-windows-amd64. Of the systems that have no number here, only Windows: the others are names
 * of products, too, and so is "win" where no architecture stands beside it. */
bool parse_is_foreign(const struct parse *p)
{
    if (p->contradicts || !p->has_os || !p->has_arch || p->target.universal)
        return false;
    bool beside = p->os_place + 1 == p->arch_place || p->arch_place + 1 == p->os_place;
    return p->target.os == OS_UNKNOWN ? strncmp(p->os_word, "win", 3) == 0 && (p->os_word[3] != 0 || beside)
                                      : p->target.arch == ARCH_OTHER;
}
