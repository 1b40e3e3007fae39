/* Which C library a program stands on. A dynamic one names it. A static one contains it,
 * and says so in several places that have nothing to do with each other:
 *
 *  - glibc: the ABI tag note of its start files (csu/abi-note.c), the variable that its
 *    tunables are read from (elf/dl-tunables.c) and the file list of its character set
 *    conversions (iconv/gconv_conf.c). All three are in every static program since 2.26.
 *  - musl: its start code (arch/x86_64/crt_arch.h, arch/aarch64/crt_arch.h), which Rust and
 *    Zig use as well, and its error texts, of which "No error information" is its own
 *    wording (src/errno/__strerror.h).
 *
 * One mark alone may be a text about a library; so a name takes the ABI tag and a string,
 * or two strings, or the start code. Where every loaded byte was searched and nothing
 * was found, there is none of these libraries. */
#include "formats/elf/marks.h"
#include "formats/elf/references.h"

#include <elf.h>
#include <string.h>

#include "formats/certain.h"
#include "formats/loaded.h"
#include "formats/needle.h"

enum { START = 32 }; /* bytes of start code that are compared */

static const char *const marks[MARK_COUNT] = {
    [MARK_TUNABLES] = "GLIBC_TUNABLES",
    [MARK_GCONV] = "gconv-modules",
    [MARK_MUSL_ERROR] = "No error information",
    [MARK_MUSL_PATH] = "/etc/ld-musl-",
    [MARK_MUSL_LOCALE] = "MUSL_LOCPATH",
    [MARK_NSS_LIBRARY] = "libnss_%s.so",
    [MARK_NSS_SYMBOL] = "_nss_%s_%s",
    [MARK_NSS_SWITCH] = "/etc/nsswitch.conf",
    [MARK_NSCD] = "/var/run/nscd/so",
    [MARK_ICONV] = "!\"Nothing like this should happen\"",
    [MARK_LIBSTDCXX] = "NSt6locale5facetE",
    [MARK_DLOPEN] = "invalid mode parameter",
    [MARK_DLMOPEN] = "invalid namespace",
    [MARK_CCS] = ",ccs=",
    [MARK_OPEN] = "invalid mode for dlopen()",
    [MARK_PROGRAM] = "\177ELF",
    [MARK_SELF_FD] = "/proc/self/fd",
    [MARK_DEV_FD] = "/dev/fd/",
    [MARK_NAMED_LOCALE] = "locale::locale null not valid",
    [MARK_LIBGFORTRAN] = "Fortran runtime error",
};

/* Whether a whole program that asks for a loader stands at `at`: its headers, and PT_INTERP among them. */
static bool is_dynamic_program(struct view v, uint64_t at)
{
    enum { HEADER = 64, PROGRAM_HEADER = 56 };
    struct view head, table;
    if (NEVER(!view_sub(v, at, v.size - at, &v)) || !view_sub(v, 0, HEADER, &head))
        return false;
    unsigned type = load_le16(head.data + 16), machine = load_le16(head.data + 18), count = load_le16(head.data + 56);
    if ((type != ET_EXEC && type != ET_DYN) || (machine != EM_X86_64 && machine != EM_AARCH64) ||
        !view_table(v, load_le64(head.data + 32), PROGRAM_HEADER, count, &table))
        return false;
    for (unsigned i = 0; i < count; i++)
        if (load_le32(table.data + (size_t)i * PROGRAM_HEADER) == PT_INTERP)
            return true;
    return false;
}

/* A constant of the C library stands alone, behind the NUL of the one before it or a byte of some table; a text that
 * speaks of it does not. Only the path of nscd's socket is also put together by code. A mode of fopen() is the
 * program's own where more than ",ccs=" is there, which fopen() itself looks for. */
static bool stands(struct view v, uint64_t at, enum mark mark)
{
    uint8_t before = at ? v.data[at - 1] : 0;
    bool text = before >= 0x20 && before < 0x7f;
    if (mark == MARK_PROGRAM)
        return is_dynamic_program(v, at);
    if (mark == MARK_CCS)
        return text && memchr("rwa+bxecm", before, 9);
    return !text || mark == MARK_NSCD;
}

static void take_mark(struct marks *found, enum mark mark, struct view v, uint64_t at, uint64_t offset)
{
    if (found->at[mark])
        return;
    if (stands(v, at, mark))
        found->at[mark] = offset + at;
    else if (found->inside[mark].count++ < INSIDE)
        found->inside[mark].at[found->inside[mark].count - 1] = offset + at;
}

/* Linkers let a text that another one ends with stand there alone: code that refers to the middle of a text has its own in it. */
static void take_merged(const struct image *image, struct marks *found)
{
    for (size_t i = 0; i < MARK_PROGRAM; i++)
        for (size_t k = 0; i != MARK_CCS && found->at[i] == 0 && k < found->inside[i].count; k++) {
            struct target text = {0};
            if (k < INSIDE) {
                if (NEVER(!address_of(image, found->inside[i].at[k], &text.low)))
                    continue;
            }
            text.high = text.low + 1;
            if (k == INSIDE || !refer(image, &text) || text.count)
                found->at[i] = found->inside[i].at[k % INSIDE];
        }
}

static void gather(const struct image *image, struct marks *found)
{
    struct needle_set set;
    struct range *ranges;
    struct view v;
    size_t which = 0, count = loaded_ranges(image, &ranges, &found->complete);
    needle_prepare(&set, marks, MARK_COUNT);
    found->complete = found->complete && image->segments.known == KNOWN_COMPLETE;
    for (size_t i = 0; i < count; i++) {
        if (!file_view(image->file, ranges[i].offset, ranges[i].size, &v)) {
            found->complete = false;
            continue;
        }
        for (int64_t at = needle_find(&set, v, 0, &which); at >= 0; at = needle_find(&set, v, (uint64_t)at + 1, &which))
            take_mark(found, (enum mark)which, v, (uint64_t)at, ranges[i].offset);
        found->resolvers = found->resolvers || has_resolvers(image, v, ranges[i].offset);
    }
}

static bool is_musl_start(const struct image *image)
{
    /* xor %rbp,%rbp; mov %rsp,%rdi; lea _DYNAMIC(%rip),%rsi; and $-16,%rsp */
    static const uint8_t amd64[] = {0x48, 0x31, 0xed, 0x48, 0x89, 0xe7, 0x48, 0x8d, 0x35},
                         align[] = {0x48, 0x83, 0xe4, 0xf0};
    /* mov x29, #0; mov x30, #0; mov x0, sp; adrp x1; add x1; and sp, x0, #-16 */
    static const uint8_t arm64[] = {0x1d, 0, 0x80, 0xd2, 0x1e, 0, 0x80, 0xd2, 0xe0, 3, 0, 0x91},
                         last[] = {0x1f, 0xec, 0x7c, 0x92};
    struct view v;
    if (!image->entry.in_code || !file_view(image->file, image->entry.offset, START, &v))
        return false;
    if (image->arch == ARCH_AMD64)
        return memcmp(v.data, amd64, sizeof amd64) == 0 && memcmp(v.data + 13, align, sizeof align) == 0;
    return memcmp(v.data, arm64, sizeof arm64) == 0 && memcmp(v.data + 20, last, sizeof last) == 0;
}

/* What glibc alone has, and needs or has wherever it has the rest: without the marks that name it, they were taken away. */
static bool has_glibc_parts(const struct marks *found)
{
    return found->resolvers || found->at[MARK_NSS_LIBRARY] || found->at[MARK_NSS_SYMBOL] || found->at[MARK_ICONV] ||
           found->at[MARK_OPEN];
}

static void name_static(struct image *image, const struct marks *found)
{
    bool tunables = found->at[MARK_TUNABLES], gconv = found->at[MARK_GCONV];
    bool musl_text = found->at[MARK_MUSL_ERROR], start = is_musl_start(image);
    bool musl_path = found->at[MARK_MUSL_PATH] || found->at[MARK_MUSL_LOCALE];
    bool glibc = tunables + gconv + image->elf->abi_tag >= 2;
    bool musl = start || (musl_text && (musl_path || (!tunables && !gconv))), parts = has_glibc_parts(found);
    if (image->os == OS_ANDROID) {
        image->libc = LIBC_BIONIC;
        image->libc_evidence = (struct named){"the note \"Android\" of its start files", 0, 0};
    } else if (glibc && !start) {
        image->libc = LIBC_GLIBC;
        image->libc_evidence = (struct named){image->elf->abi_tag ? "the note NT_GNU_ABI_TAG and glibc's own strings"
                                                                  : "two strings of glibc",
                                              tunables ? found->at[MARK_TUNABLES] : found->at[MARK_GCONV], 0};
    } else if (musl && !glibc && !parts && !image->elf->abi_tag) {
        image->libc = LIBC_MUSL;
        image->libc_evidence = start ? (struct named){"the start code of musl at the entry", image->entry.offset, 0}
                                     : (struct named){"the error texts of musl", found->at[MARK_MUSL_ERROR], 0};
    } else if (found->complete && !musl && !tunables && !gconv && !musl_path && !parts) {
        image->libc = LIBC_NONE; /* Free Pascal writes the ABI tag, too, and has no libc */
        image->libc_evidence = (struct named){"no mark of a C library in all that is loaded", 0, 0};
    }
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What the version needs say. libgcc_s has symbols of GLIBC_2.0 of its own (__register_frame_info), beside any libc;
 * those of bionic are LIBC, LIBC_N and on. */
static enum libc libc_of_versions(const struct image *image)
{
    for (size_t i = 0; i < image->versions.count; i++) {
        const struct named *n = &image->versions.items[i];
        if (begins(n->text, "LIBC"))
            return LIBC_BIONIC;
        if (begins(n->text, "GLIBC_") && !n->detail)
            return LIBC_GLIBC;
    }
    return LIBC_UNKNOWN;
}

/* musl's libc.so is all of it, and has no versions. bionic's has parts beside it, which its compilers link to. */
static bool has_parts(const struct image *image)
{
    static const char *const parts[] = {"libm.so", "libdl.so", "liblog.so", "libc++_shared.so", "libandroid.so"};
    for (size_t i = 0; i < image->needed.count; i++)
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            if (strcmp(image->needed.items[i].text, parts[k]) == 0)
                return true;
    return false;
}

/* By the names that the dynamic loader will look for; musl and bionic both have a libc.so. */
static void name_dynamic(struct image *image)
{
    const char *loader = image->interpreter.text ? strrchr(image->interpreter.text, '/') : NULL;
    bool musl = loader && begins(loader, "/ld-musl-"), gnu = loader && begins(loader, "/ld-linux");
    bool android = image->os == OS_ANDROID || (loader && begins(loader, "/linker"));
    if (gnu || musl)
        image->libc_evidence = image->interpreter;
    bool plain = !image->interpreter.text && !android && image->os == OS_LINUX &&
                 image->needed.known == KNOWN_COMPLETE && image->versions.known != KNOWN_BROKEN && !has_parts(image);
    enum libc versions = libc_of_versions(image);
    image->libc = gnu ? LIBC_GLIBC : musl ? LIBC_MUSL : LIBC_UNKNOWN;
    for (size_t i = 0; i < image->needed.count && image->libc == LIBC_UNKNOWN; i++) {
        const char *name = image->needed.items[i].text;
        if (strcmp(name, "libc.so.6") == 0 || begins(name, "ld-linux"))
            image->libc = LIBC_GLIBC;
        else if (android && strcmp(name, "libc.so") == 0)
            image->libc = LIBC_BIONIC;
        else if (begins(name, "libc.musl-") || (plain && versions == LIBC_UNKNOWN && strcmp(name, "libc.so") == 0))
            image->libc = LIBC_MUSL;
        if (image->libc != LIBC_UNKNOWN)
            image->libc_evidence = image->needed.items[i];
    }
    if (image->libc == LIBC_UNKNOWN)
        image->libc = versions;
    if (image->libc == LIBC_UNKNOWN && image->needed.count == 0 && image->needed.known != KNOWN_BROKEN &&
        image->interpreter_known == KNOWN_ABSENT)
        image->libc = LIBC_NONE;
}

/* A library that needs no other, and that the kernel starts as it is: a static PIE with a name, perhaps. */
static bool stands_alone(const struct image *image)
{
    return image->kind == KIND_SHARED_LIBRARY && image->entry.in_code && image->interpreter_known == KNOWN_ABSENT &&
           image->needed.count == 0 && image->needed.known == KNOWN_COMPLETE;
}

void read_static_libc(struct image *image, const struct read_options *options)
{
    struct marks found = {0};
    bool is_static = image->linkage == LINKAGE_STATIC || image->linkage == LINKAGE_STATIC_PIE;
    bool packed = image->packer.text && !image->packer.detail;
    image->latent.known = KNOWN_ABSENT;
    if (image->kind == KIND_EXECUTABLE && (image->linkage == LINKAGE_UNKNOWN || (is_static && packed))) {
        image->latent.known = KNOWN_BROKEN; /* what is packed or torn does not show what it holds */
        image->latent.possible = LATENT_NSS | LATENT_ICONV | LATENT_DLOPEN;
        return;
    }
    if (!is_static && (!options->code || !stands_alone(image))) {
        name_dynamic(image);
        return;
    }
    if (!options->code) { /* texts are not looked at; the note of glibc's start files is all there is to go by */
        image->latent.known = image->elf->abi_tag ? KNOWN_BROKEN : KNOWN_ABSENT;
        image->latent.possible = image->elf->abi_tag ? LATENT_NSS | LATENT_ICONV | LATENT_DLOPEN : 0;
        read_latent_carried(image);
        return;
    }
    gather(image, &found);
    name_static(image, &found);
    if (image->libc == LIBC_GLIBC) {
        take_merged(image, &found);
        read_latent(image, &found);
    } else if (is_static && image->libc == LIBC_UNKNOWN &&
               (!found.complete || image->elf->abi_tag || found.at[MARK_TUNABLES] || found.at[MARK_GCONV] ||
                has_glibc_parts(&found))) {
        image->latent.known = KNOWN_BROKEN;
        image->latent.possible = LATENT_NSS | LATENT_ICONV | LATENT_DLOPEN;
    }
    if (is_static) {
        read_latent_program(image, &found);
        read_latent_carried(image);
    }
}
