/* What a static glibc program may load while it runs: modules of the name service switch
 * (libnss_*.so, for users, groups, hosts, services), conversions of iconv() and whatever it
 * passes to dlopen(). In an image without these files the calls fail, often in silence
 * (glibc manual, "NSS Basics"; the linker's warning "requires at runtime the shared
 * libraries from the glibc version used for linking").
 *
 * Containing is not using: locale code brings the loader of conversions, and with it the
 * dynamic loader, into every static program. A static linker takes a member of libc.a only
 * when something refers to it, so what tells is what a program that only prints has not:
 *
 *  - getaddrinfo(), getpwnam() and their kin bring nss_module.o with the patterns of library
 *    and symbol names, nss_database.o with /etc/nsswitch.conf, and the client of nscd;
 *  - iconv() brings iconv.o with an assertion whose text and file name are constants;
 *  - dlopen() itself is in every program since 2.34, where the loader's hooks point at it;
 *    there a call from code tells.
 *
 * With a symbol table the functions are named outright. One mark without its companions is
 * a contradiction: what it speaks for can then neither be affirmed nor excluded. So is a whole
 * glibc, known by its table of resolvers, without the texts that all of its programs have. */
#include "formats/elf/marks.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "formats/certain.h"

enum { SYMBOL_SIZE = 24, LINK_AT = 40 /* of sh_link in Elf64_Shdr */, NAME_MOST = 32 };

static const struct function {
    const char *name;
    enum latent kind;
} functions[] = {
    {"__nss_database_get", LATENT_NSS},
    {"__nss_lookup_function", LATENT_NSS},
    {"__nss_module_load", LATENT_NSS},
    {"dlmopen", LATENT_DLOPEN},
    {"dlopen", LATENT_DLOPEN},
    {"getaddrinfo", LATENT_NSS},
    {"getaliasbyname", LATENT_NSS},
    {"getgrent", LATENT_NSS},
    {"getgrgid", LATENT_NSS},
    {"getgrgid_r", LATENT_NSS},
    {"getgrnam", LATENT_NSS},
    {"getgrnam_r", LATENT_NSS},
    {"getgrouplist", LATENT_NSS},
    {"gethostbyaddr", LATENT_NSS},
    {"gethostbyaddr_r", LATENT_NSS},
    {"gethostbyname", LATENT_NSS},
    {"gethostbyname2", LATENT_NSS},
    {"gethostbyname_r", LATENT_NSS},
    {"getnameinfo", LATENT_NSS},
    {"getnetbyname", LATENT_NSS},
    {"getprotobyname", LATENT_NSS},
    {"getpwent", LATENT_NSS},
    {"getpwnam", LATENT_NSS},
    {"getpwnam_r", LATENT_NSS},
    {"getpwuid", LATENT_NSS},
    {"getpwuid_r", LATENT_NSS},
    {"getservbyname", LATENT_NSS},
    {"getservbyport", LATENT_NSS},
    {"getspnam", LATENT_NSS},
    {"iconv", LATENT_ICONV},
    {"iconv_open", LATENT_ICONV},
    {"initgroups", LATENT_NSS},
    {"innetgr", LATENT_NSS},
};

static int by_name(const void *key, const void *item)
{
    return strcmp(key, ((const struct function *)item)->name);
}

static void tell(struct image *image, enum latent kind, uint64_t offset, const char *text)
{
    struct named_list list = {.count = image->latent.count, .items = image->latent.evidence};
    named_add(&image->file->arena, &list, text, offset, kind);
    image->latent.count = list.count;
    image->latent.evidence = list.items;
}

/* Adds the latent functions that one symbol table defines; the first of each kind becomes evidence. */
static void take_symbols(struct image *image, struct view symbols, struct view names, uint64_t offset, unsigned *kinds)
{
    for (size_t at = 0; at + SYMBOL_SIZE <= symbols.size; at += SYMBOL_SIZE) {
        const uint8_t *symbol = symbols.data + at;
        unsigned type = symbol[4] & 15;
        struct view name;
        uint32_t where = load_le32(symbol);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || load_le16(symbol + 6) == SHN_UNDEF || where >= names.size)
            continue;
        uint64_t most = names.size - where < NAME_MOST ? names.size - where : NAME_MOST;
        if (NEVER(!view_sub(names, where, most, &name)) || view_string(name, 0) < 0)
            continue;
        const struct function *f =
            bsearch(name.data, functions, sizeof functions / sizeof *functions, sizeof *functions, by_name);
        if (f && !(*kinds & (unsigned)f->kind) && f->kind != LATENT_DLOPEN)
            tell(image, f->kind, offset + at,
                 arena_print(&image->file->arena,
                             "the symbol table defines %s(), which only a program that asks for it "
                             "has",
                             f->name));
        *kinds |= f ? (unsigned)f->kind : 0;
    }
}

/* Whether the symbol table could be read; its latent functions. */
static bool read_symbols(struct image *image, unsigned *kinds)
{
    bool good = false;
    uint64_t left = image->size; /* as in toolchain.c: bytes that are named again are not read again */
    *kinds = 0;
    for (size_t i = 0; image->symbols.known == KNOWN_COMPLETE && i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i], *strings;
        struct view link, symbols, names;
        if (s->type != SHT_SYMTAB || !s->has_bytes || s->size > left ||
            !file_view(image->file, s->header_offset + LINK_AT, 4, &link) ||
            load_le32(link.data) >= image->sections.count)
            continue;
        strings = &image->sections.items[load_le32(link.data)];
        if (!strings->has_bytes || !file_view(image->file, strings->offset, strings->size, &names) ||
            !file_view(image->file, s->offset, s->size, &symbols))
            continue;
        take_symbols(image, symbols, names, s->offset, kinds);
        left -= s->size;
        good = true;
    }
    return good;
}

/* The marks of one kind that were found, each told as evidence. */
static unsigned count_marks(struct image *image, const struct marks *marks, enum latent kind)
{
    static const struct {
        enum mark mark;
        enum latent kind;
        const char *text;
    } table[] = {
        {MARK_NSS_LIBRARY, LATENT_NSS, "the pattern of library names of nss_module.o, \"libnss_%s.so\""},
        {MARK_NSS_SYMBOL, LATENT_NSS, "the pattern of function names of nss_module.o, \"_nss_%s_%s\""},
        {MARK_NSS_SWITCH, LATENT_NSS, "the configuration that nss_database.o reads, \"/etc/nsswitch.conf\""},
        {MARK_NSCD, LATENT_NSS, "the socket of the name service cache, \"/var/run/nscd/socket\""},
        {MARK_CCS, LATENT_ICONV, "a mode of fopen() that asks for a character set, \"…,ccs=\""},
        {MARK_ICONV, LATENT_ICONV, "the assertion of iconv.o, \"Nothing like this should happen\""},
    };
    unsigned count = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].kind != kind || marks->at[table[i].mark] == 0)
            continue;
        if (table[i].mark == MARK_NSS_SWITCH && image->go)
            continue; /* Go's own resolver reads that file itself */
        tell(image, kind, marks->at[table[i].mark], table[i].text);
        count++;
    }
    return count;
}

/* Two marks, or one and a symbol, agree: used. A lone one, or a symbol that nothing bears
 * out (a program may define getpwnam() itself), leaves it open; a lone text in a program
 * whose symbols show no such function is the program's own. */
static void decide(struct image *image, const struct marks *marks, enum latent kind, bool readable, unsigned symbols)
{
    unsigned count = count_marks(image, marks, kind);
    bool defined = (symbols & (unsigned)kind) != 0;
    if (count + defined >= (kind == LATENT_ICONV ? 1U : 2U)) {
        image->latent.used |= (unsigned)kind;
    } else if (defined || (count == 1 && !readable)) {
        image->latent.possible |= (unsigned)kind;
        image->latent.known = KNOWN_BROKEN;
    }
}

/* `text`: where the error of dlopen() or dlmopen() stands. */
static void decide_dlopen(struct image *image, uint64_t text, const char *name, const char *error)
{
    struct arena *arena = &image->file->arena;
    uint64_t where = 0;
    if (text == 0)
        return;
    enum answer called = dlopen_called(image, text, &where);
    if (called == ANSWER_YES) {
        image->latent.used |= LATENT_DLOPEN;
        tell(image, LATENT_DLOPEN, where,
             arena_print(arena, "code calls the function that gives the error \"%s\", %s", error, name));
        return;
    }
    image->latent.possible |= LATENT_DLOPEN;
    if (called == ANSWER_NO)
        return;
    image->latent.known = KNOWN_BROKEN;
    tell(image, LATENT_DLOPEN, text,
         arena_print(arena,
                     "%s is contained, and data points to it or not all of its parts were found; whether code "
                     "calls it cannot be told",
                     name));
}

/* Ways that lead to modules or libraries for some callers and some locales: not excluded, and not proved. */
static void doubt(struct image *image, enum latent kind, enum answer answer, uint64_t where, const char *text)
{
    if (answer == ANSWER_NO)
        return;
    image->latent.possible |= (unsigned)kind;
    image->latent.known = KNOWN_BROKEN;
    tell(image, kind, where,
         arena_print(&image->file->arena, "%s%s", text,
                     answer == ANSWER_YES ? "" : "; whether it is so was not found out"));
}

static void read_inner(struct image *image, const struct marks *marks)
{
    uint64_t where = marks->at[MARK_GCONV];
    if (!image->latent.used && marks->resolvers && (where == 0 || marks->at[MARK_OPEN] == 0))
        doubt(image, LATENT_DLOPEN, ANSWER_UNKNOWN, image->entry.offset,
              "texts that every static program of glibc has, and that its loader is known by, are missing");
    if (image->latent.used || where == 0)
        return; /* it is decided, or the loader of conversions is not there */
    enum answer locale = locale_chosen(image, marks, &where);
    doubt(
        image, LATENT_ICONV, locale, where,
        "code chooses a locale, setlocale() or newlocale(); character sets other than UTF-8 are converted by modules");
    where = marks->at[MARK_OPEN];
    enum answer loader = loader_called(image, marks, &where);
    doubt(image, LATENT_DLOPEN, loader, where, "code calls the loader of libraries round dlopen(), _dl_open()");
}

void read_latent(struct image *image, const struct marks *marks)
{
    unsigned symbols;
    image->latent.known = marks->complete ? KNOWN_COMPLETE : KNOWN_BROKEN;
    bool readable = read_symbols(image, &symbols);
    decide(image, marks, LATENT_NSS, readable, symbols);
    if (!marks->at[MARK_LIBSTDCXX] || !marks->at[MARK_ICONV] || !iconv_is_of_libstdcxx(image, marks->at[MARK_ICONV]))
        decide(image, marks, LATENT_ICONV, readable, symbols);
    if (marks->at[MARK_GCONV] && !(image->latent.used & LATENT_ICONV))
        image->latent.possible |= LATENT_ICONV; /* contained, as in every program */
    decide_dlopen(image, marks->at[MARK_DLOPEN], "dlopen()", "invalid mode parameter");
    decide_dlopen(image, marks->at[MARK_DLMOPEN], "dlmopen()", "invalid namespace");
    read_inner(image, marks);
}

/* That it is started cannot be told from texts, nor from the calls what it is. */
void read_latent_program(struct image *image, const struct marks *marks)
{
    uint64_t where = marks->at[MARK_PROGRAM];
    bool whole = where != 0, names = marks->at[MARK_SELF_FD] || marks->at[MARK_DEV_FD];
    if (!whole && !starts_from_memory(image, names, &where))
        return;
    image->latent.possible |= LATENT_PROGRAM;
    image->latent.known = KNOWN_BROKEN;
    tell(image, LATENT_PROGRAM, where,
         whole ? "a whole ELF program with PT_INTERP stands in the bytes"
               : "code calls memfd_create(), and execveat() or execve(): a program that is not seen is started");
}

/* What is taken out of a section that no loader maps is started, if it is a program, by its path (staticx: execv of the
 * file that it has written), and may be of any kind. */
void read_latent_carried(struct image *image)
{
    if (image->sections.known == KNOWN_BROKEN)
        image->latent.known = KNOWN_BROKEN;                  /* what they carry cannot be told */
    if (!image->packer.text || NEVER(!image->packer.detail)) /* of what is packed itself nothing is read */
        return;
    image->latent.possible |= LATENT_PROGRAM;
    image->latent.known = KNOWN_BROKEN;
    tell(image, LATENT_PROGRAM, image->packer.offset, "what a section carries that no loader maps may be a program");
}
