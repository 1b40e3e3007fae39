/* Ways round dlopen() and iconv() to the loader that is in every static program of glibc (elf/dl-libc.c, dl-open.c;
 * locale/setlocale.c; iconv/gconv_dl.c).
 *
 *  - setlocale() and newlocale(), the readers of LOCPATH, choose a locale. Where its character set is neither ASCII
 *    nor UTF-8, mbrtowc(), fgetws(), regcomp() and their kin load a module of gconv for it.
 *  - _dl_open(), which gives the error "invalid mode for dlopen()", is called by dlopen_doit(), dlmopen_doit() and
 *    do_dlopen(). The last is passed on by __libc_dlopen_mode(), which __gconv_find_shlib() alone calls where nothing of
 *    the name service switch is. Whoever else calls one of them goes round.
 *
 * Functions are found by what they refer to, and their bounds by unwind information, which libc.a has of all. */
#include "formats/elf/marks.h"
#include "formats/elf/references.h"

#include <string.h>

#include "formats/certain.h"
#include "formats/loaded.h"

enum { OWN = 3 }; /* callers that _dl_open() has in every program since 2.34 */

struct chooser { /* setlocale() and newlocale() */
    size_t looked_at;
    size_t texts, listed; /* of them those in the list of unsecure variables, to which nobody refers */
    size_t functions, callers;
    uint64_t where; /* address of one that calls */
};

/* The functions that refer to one of the texts "LOCPATH". `merged`: it ends another text, which may be the program's own, or
 * that of setlocale(), since linkers put a text into the end of another. */
static bool take_text(const struct image *image, uint64_t offset, bool merged, struct chooser *chooser)
{
    enum { MOST = 8 }; /* one or two of the C library, and the list */
    struct target text = {0};
    struct callers callers;
    if (chooser->looked_at++ == MOST)
        return false;
    if (NEVER(!address_of(image, offset, &text.low))) /* it stands in a segment */
        return true;
    text.high = text.low + 1;
    if (!refer(image, &text))
        return false;
    chooser->texts += !merged || text.count;
    for (size_t i = 0; i < text.count && i < PLACES; i++) {
        if (!find_callers(image, text.places[i], &callers))
            return false;
        chooser->functions++;
        chooser->callers += callers.calls.count + callers.pointers.count;
        if (callers.calls.count || callers.pointers.count)
            chooser->where = callers.calls.count ? callers.calls.place : callers.pointers.place;
    }
    return text.count <= PLACES;
}

/* Whether the text stands in UNSECURE_ENVVARS, which every program has (glibc sysdeps/generic/unsecvars.h). Where
 * --gc-sections has left no function that reads LOCPATH, it is the only one. */
static bool is_listed(struct view v, const uint8_t *at)
{
    static const char before[] = "LOCALDOMAIN"; /* and a NUL */
    return (size_t)(at - v.data) > sizeof before && memcmp(at - sizeof before, before, sizeof before) == 0;
}

static bool is_printable(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f;
}

enum answer locale_chosen(const struct image *image, const struct marks *marks, uint64_t *where)
{
    static const char name[] = "LOCPATH"; /* and the NUL that ends it */
    /* locale::global() calls setlocale(), two functions call newlocale(); three do of libgfortran, for the locale "C" */
    enum { OF_LANGUAGE = 3 };
    struct chooser chooser = {0};
    struct range *ranges;
    struct view v;
    bool complete;
    size_t count = loaded_ranges(image, &ranges, &complete);
    for (size_t i = 0; i < count; i++) {
        if (!file_view(image->file, ranges[i].offset, ranges[i].size, &v))
            return ANSWER_UNKNOWN;
        for (const uint8_t *at = v.data;
             ALWAYS(at) && (at = memmem(at, v.size - (size_t)(at - v.data), name, sizeof name)); at++) {
            chooser.listed += is_listed(v, at);
            if (!take_text(image, ranges[i].offset + (uint64_t)(at - v.data), at > v.data && is_printable(at[-1]),
                           &chooser))
                return ANSWER_UNKNOWN;
        }
    }
    if (!complete || (chooser.texts > chooser.listed && chooser.functions == 0) ||
        (chooser.texts == 0 && marks->resolvers)) /* a whole glibc has the text */
        return ANSWER_UNKNOWN;
    bool language = (marks->at[MARK_LIBSTDCXX] && !marks->at[MARK_NAMED_LOCALE]) || marks->at[MARK_LIBGFORTRAN];
    if (chooser.callers <= (language ? OF_LANGUAGE : 0))
        return ANSWER_NO;
    if (!image_address(image, chooser.where, where))
        *where = 0;
    return ANSWER_YES;
}

/* Whether one of the functions that give the errors of dlopen() and dlmopen() holds the place. */
static bool is_own(const struct image *image, const struct marks *marks, uint64_t place)
{
    static const enum mark own[] = {MARK_DLOPEN, MARK_DLMOPEN};
    struct frame frame;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        struct target text = {0};
        if (marks->at[own[i]] == 0 || !address_of(image, marks->at[own[i]], &text.low))
            continue;
        text.high = text.low + 1;
        if (ALWAYS(refer(image, &text)) && text.count && frame_of(image, text.place, &frame) && place >= frame.low &&
            place < frame.high)
            return true;
    }
    return false;
}

/* do_dlopen() is passed on by __libc_dlopen_mode(), which one function calls, and to which the hooks point. */
static enum answer mode_called(const struct image *image, uint64_t place)
{
    struct frame frame;
    struct callers callers;
    if (!frame_of(image, place, &frame))
        return ANSWER_UNKNOWN;
    struct target passing = {.low = frame.low, .high = frame.low + 1};
    if (NEVER(!refer(image, &passing)) || passing.count == 0 || !find_callers(image, passing.place, &callers))
        return ANSWER_UNKNOWN;
    return passing.count > 1 || callers.calls.count > 1 || callers.pointers.count > 1 ? ANSWER_YES : ANSWER_NO;
}

enum answer loader_called(const struct image *image, const struct marks *marks, uint64_t *where)
{
    struct target text = {0};
    struct callers callers;
    if (marks->at[MARK_OPEN] == 0 || !address_of(image, marks->at[MARK_OPEN], &text.low))
        return ANSWER_NO;
    text.high = text.low + 1;
    if (!refer(image, &text) || text.count != 1 || !find_callers(image, text.place, &callers) ||
        callers.calls.count == 0)
        return ANSWER_UNKNOWN;
    *where = marks->at[MARK_OPEN];
    if (callers.calls.count > OWN || callers.pointers.count)
        return ANSWER_YES;
    for (size_t i = 0; i < callers.calls.count; i++) {
        if (is_own(image, marks, callers.calls.places[i]))
            continue;
        enum answer mode = mode_called(image, callers.calls.places[i]);
        if (mode != ANSWER_NO)
            return mode;
    }
    return ANSWER_NO;
}
