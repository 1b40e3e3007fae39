/* Makes, while the project is built, the lookup table that a64.c reads from the rows of a64.def: a word's bits 31..21
 * choose a page, bits 20..10 a cell of it, and a cell is a class or, where the low ten bits matter too, the number of a
 * list of (value, mask, class). Of several rows that match a word the one with the most fixed bits counts. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64_classes.h"

enum { TOP = 2048, CELLS = 2048, LOW_BITS = 10, LISTS = 2048, TESTS = 16384, FIRST_LIST = 256 };

struct row {
    uint32_t value, mask;
    unsigned char class, fixed;
};
struct test {
    uint16_t value, mask;
    unsigned char class;
};

static const struct {
    const char *bits;
    enum a64_class class;
} written[] = {
#define A64(bits, class, what) {bits, A64_##class},
#include "checks/code/a64.def"
#undef A64
};
enum { ROWS = sizeof written / sizeof written[0] };

static struct row rows[ROWS];
static struct test tests[TESTS];
static uint16_t list_start[LISTS], list_length[LISTS], pages[TOP][CELLS], top[TOP], some[TOP];
static unsigned test_count, list_count, page_count;

static void stop(const char *what, const char *which)
{
    fprintf(stderr, "make_a64: %s: %s\n", what, which);
    exit(1);
}

static struct row parse(const char *bits, enum a64_class class)
{
    struct row row = {.class = (unsigned char)class};
    unsigned seen = 0;
    for (const char *at = bits; *at; at++) {
        if (*at == ' ')
            continue;
        if (!strchr("01.", *at) || seen == 32)
            stop("a row is 32 of 0, 1 and .", bits);
        row.value = row.value << 1 | (*at == '1');
        row.mask = row.mask << 1 | (*at != '.');
        row.fixed = (unsigned char)(row.fixed + (*at != '.'));
        seen++;
    }
    if (seen != 32)
        stop("a row is 32 of 0, 1 and .", bits);
    return row;
}

static int by_fixed_bits(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    if (one->fixed != other->fixed)
        return one->fixed > other->fixed ? -1 : 1;
    if (one->value != other->value)
        return one->value < other->value ? -1 : 1;
    return one->mask < other->mask ? -1 : one->mask > other->mask;
}

/* Rows that overlap, are equally specific and disagree would make the answer depend on their order. */
static void check_ties(void)
{
    for (unsigned i = 0; i < ROWS; i++)
        for (unsigned j = i + 1; j < ROWS && rows[j].fixed == rows[i].fixed; j++)
            if (rows[i].class != rows[j].class && !((rows[i].value ^ rows[j].value) & rows[i].mask & rows[j].mask)) {
                fprintf(stderr, "make_a64: %08x/%08x and %08x/%08x tie\n", rows[i].value, rows[i].mask, rows[j].value,
                        rows[j].mask);
                exit(1);
            }
}

static uint16_t add_list(const struct test *list, unsigned length)
{
    for (unsigned i = 0; i < list_count; i++)
        if (list_length[i] == length && memcmp(&tests[list_start[i]], list, length * sizeof *list) == 0)
            return (uint16_t)(FIRST_LIST + i);
    if (list_count == LISTS || test_count + length > TESTS)
        stop("too many lists", "raise LISTS or TESTS");
    list_start[list_count] = (uint16_t)test_count;
    list_length[list_count] = (uint16_t)length;
    memcpy(&tests[test_count], list, length * sizeof *list);
    test_count += length;
    return (uint16_t)(FIRST_LIST + list_count++);
}

static uint16_t cell_of(uint32_t high, const struct row *const *near, unsigned count)
{
    static struct test list[ROWS + 1];
    const uint32_t low = (1u << LOW_BITS) - 1;
    unsigned length = 0;
    unsigned char last = A64_UNALLOCATED;
    for (unsigned i = 0; i < count; i++) {
        if ((near[i]->value ^ high) & near[i]->mask & ~low)
            continue;
        if (!(near[i]->mask & low)) {
            last = near[i]->class;
            break;
        }
        memset(&list[length], 0, sizeof list[length]);
        list[length].value = (uint16_t)(near[i]->value & low);
        list[length].mask = (uint16_t)(near[i]->mask & low);
        list[length++].class = near[i]->class;
    }
    while (length && list[length - 1].class == last)
        length--;
    if (!length)
        return last;
    memset(&list[length], 0, sizeof list[length]);
    list[length++].class = last;
    return add_list(list, length);
}

static void make_page(uint32_t index, uint16_t *page)
{
    static const struct row *near[ROWS];
    unsigned count = 0;
    for (unsigned i = 0; i < ROWS; i++)
        if (!((rows[i].value ^ index << 21) & rows[i].mask & 0xffe00000u))
            near[count++] = &rows[i];
    for (uint32_t cell = 0; cell < CELLS; cell++)
        page[cell] = cell_of(index << 21 | cell << LOW_BITS, near, count);
}

/* Whether a class asks something of a processor, by A64_CLASS(ident, streaming, needs…). */
static const char *const first_needs[] = {
#define A64_CLASS(ident, streaming, ...) #__VA_ARGS__,
#define X86_CLASS(...)
#include "checks/code/classes.def"
#undef A64_CLASS
#undef X86_CLASS
};

/* Whether some word with these bits 31..21 needs a feature. */
static bool needs_some(const uint16_t *page)
{
    for (unsigned cell = 0; cell < CELLS; cell++) {
        const struct test *test = page[cell] < FIRST_LIST ? NULL : &tests[list_start[page[cell] - FIRST_LIST]];
        if (!test && strcmp(first_needs[page[cell]], "NONE") != 0)
            return true;
        for (; test; test = test->mask ? test + 1 : NULL)
            if (strcmp(first_needs[test->class], "NONE") != 0)
                return true;
    }
    return false;
}

static void print(const char *type, const char *name, const uint16_t *values, unsigned count)
{
    printf("static const %s %s[%u] = {", type, name, count);
    for (unsigned i = 0; i < count; i++)
        printf("%s%u,", i % 24 ? "" : "\n", values[i]);
    printf("\n};\n");
}

int main(void)
{
    for (unsigned i = 0; i < ROWS; i++)
        rows[i] = parse(written[i].bits, written[i].class);
    qsort(rows, ROWS, sizeof rows[0], by_fixed_bits);
    check_ties();
    for (uint32_t i = 0; i < TOP; i++) {
        make_page(i, pages[page_count]);
        unsigned same = 0;
        while (memcmp(pages[same], pages[page_count], sizeof pages[0]) != 0)
            same++;
        top[i] = (uint16_t)same;
        page_count += same == page_count;
    }
    puts("/* Made by make_a64.c from a64.def. */");
    print("uint16_t", "a64_top", top, TOP);
    for (uint32_t i = 0; i < TOP; i++)
        some[i] = needs_some(pages[top[i]]);
    print("uint8_t", "a64_needs_some", some, TOP);
    print("uint16_t", "a64_cells", pages[0], page_count * CELLS);
    print("uint16_t", "a64_lists", list_start, list_count);
    printf("static const struct { uint16_t value, mask; uint8_t class; } a64_tests[%u] = {", test_count);
    for (unsigned i = 0; i < test_count; i++)
        printf("%s{%u,%u,%u},", i % 8 ? "" : "\n", tests[i].value, tests[i].mask, tests[i].class);
    printf("\n};\n");
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
