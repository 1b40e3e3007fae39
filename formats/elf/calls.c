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

/* Whether data points to both functions that pass the address of dlopen_doit() on. The loader's hooks point to one, the
 * twin; a pointer to the other is the program's. */
static bool both_pointed(const struct image *image, uint64_t first, uint64_t second)
{
    struct frame a, b;
    if (!frame_of(image, first, &a) || !frame_of(image, second, &b) || a.low == b.low)
        return false;
    struct target at_a = {.low = a.low, .high = a.low + 1}, at_b = {.low = b.low, .high = b.low + 1};
    return point(image, &at_a) && at_a.count && ALWAYS(point(image, &at_b)) && at_b.count;
}

enum answer dlopen_called(const struct image *image, uint64_t text, uint64_t *where)
{
    struct target string = {0}, doit = {0}, function = {.calls = true};
    if (!address_of(image, text, &string.low))
        return ANSWER_UNKNOWN;
    string.high = string.low + 1;
    if (!refer(image, &string) || string.count != 1)
        return ANSWER_UNKNOWN;
    doit.low = string.place - NEAR;
    doit.high = string.place;
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
    return doit.count == 2 && both_pointed(image, doit.places[0], doit.places[1]) ? ANSWER_UNKNOWN : ANSWER_NO;
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
