/* Does code call dlopen(), and who calls iconv()? Since glibc 2.34 every static program contains dlopen(), for the
 * loader's own hook table points at it, so only a call tells. A stripped program has no
 * name for it; but its parts lead to each other (glibc dlfcn/dlopen.c):
 *
 *     "invalid mode parameter"  <- dlopen_doit(), which alone refers to that text
 *     dlopen_doit()             <- dlopen() and its twin for the hooks, which pass its
 *                                  address to _dlerror_run()
 *     dlopen()                  <- whoever calls it
 *
 * dlopen.o is some dozen instructions: dlopen_doit() and, behind it, the two that pass its
 * address. So what code refers to between the first reference and the last is dlopen().
 *
 * libstdc++ calls iconv() in one function, __narrow_multibyte_chars(), for the separators of
 * a named locale, and does without where that fails; every C++ program that prints has it.
 * iconv() is found by its assertion, and calls from one place alone are those of libstdc++. */
#include "formats/elf/marks.h"
#include "formats/elf/references.h"

#include "formats/certain.h"

enum {
    NEAR = 512, /* bytes that dlopen.o does not exceed: 0x160 on amd64, 0x180 on arm64; nor does what calls iconv() */
};

/* Whether one of the references leads to where a function begins, or where none is known; *place: from where the one to
 * the highest address comes. Others are bytes of other instructions. */
static bool enters(const struct image *image, const struct target *t, uint64_t *place)
{
    uint64_t highest = 0;
    struct frame frame;
    for (size_t i = 0; i < t->count && i < PLACES; i++)
        if (t->targets[i] > highest && (!frame_of(image, t->targets[i], &frame) || frame.low == t->targets[i])) {
            highest = t->targets[i];
            *place = t->places[i];
        }
    if (highest == 0)
        *place = t->place;
    return highest || t->count > PLACES;
}

/* Whether data points to a function that passes the address of dlopen_doit() on, beside the one that the loader's hooks
 * point to. Before 2.34 dlopen() was alone and had no hooks: then any pointer is the program's. */
static bool pointed(const struct image *image, const struct target *doit)
{
    uint64_t last = 0;
    size_t functions = 0, pointers = 0;
    for (size_t i = 0; i < doit->count && i < PLACES; i++) {
        struct frame frame;
        if (!frame_of(image, doit->places[i], &frame) || frame.low == last)
            continue;
        struct target at = {.low = frame.low, .high = frame.low + 1};
        last = frame.low;
        functions++;
        pointers += !point(image, &at) || at.count;
    }
    return functions > 1 ? pointers > 1 : pointers > 0;
}

enum answer dlopen_called(const struct image *image, uint64_t text, uint64_t *where)
{
    struct target string = {0}, doit = {0}, function = {.calls = true};
    struct frame frame;
    if (!address_of(image, text, &string.low))
        return ANSWER_UNKNOWN;
    string.high = string.low + 1;
    if (!refer(image, &string) || string.count != 1)
        return ANSWER_UNKNOWN;
    if (frame_of(image, string.place, &frame)) {
        doit.low = frame.low;
        doit.high = frame.low + 1;
    } else {
        doit.low = string.place - NEAR;
        doit.high = string.place;
    }
    if (NEVER(!refer(image, &doit)) || doit.count == 0 || doit.place < string.place ||
        doit.last_place - string.place > NEAR)
        return ANSWER_UNKNOWN;
    function.low = string.place + 4;
    function.high = function.ignore_end = doit.last_place;
    function.ignore = doit.highest;
    if (NEVER(!refer(image, &function))) /* what could be read once */
        return ANSWER_UNKNOWN;
    uint64_t place = 0;
    if (enters(image, &function, &place)) {
        if (!image_address(image, place, where))
            *where = text;
        return ANSWER_YES;
    }
    return pointed(image, &doit) ? ANSWER_UNKNOWN : ANSWER_NO;
}

bool iconv_is_of_libstdcxx(const struct image *image, uint64_t text)
{
    struct target string = {0};
    struct callers callers;
    if (!address_of(image, text, &string.low))
        return false;
    string.high = string.low + 1;
    if (!refer(image, &string) || string.count != 1 || !find_callers(image, string.place, &callers))
        return false;
    const struct target *calls = &callers.calls;
    return calls->count && callers.pointers.count == 0 && calls->last_place - calls->place <= NEAR;
}
