/* Many strings searched for at once: what is found is what a search for each of them at each place finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "formats/needle.h"

static const char *const needles[] = {"/home/",     "/homes/",          "C:\\Users\\", "C:/Users/",
                                      "ab/home/cd", "\xff\xfe\xfd\xfc", "zzzz",        "/var/lib/jenkins/"};
enum { NEEDLES = sizeof needles / sizeof *needles };

static int64_t one_by_one(struct view v, uint64_t from, const char *const *sought, size_t count, size_t *which)
{
    for (size_t at = (size_t)from; at < v.size; at++)
        for (size_t i = 0; i < count; i++)
            if (v.size - at >= strlen(sought[i]) && memcmp(v.data + at, sought[i], strlen(sought[i])) == 0) {
                *which = i;
                return (int64_t)at;
            }
    return -1;
}

/* Bytes of which many begin a needle, `size` of them, exact, so that a sanitizer sees a read past the end. */
static uint8_t *bytes_of(size_t size, uint64_t *state)
{
    static const char letters[] = "/homesUr\\C:zab/home/\xff\xfe\xfd\xfc";
    uint8_t *bytes = malloc(size ? size : 1);
    for (size_t i = 0; i < size; i++) {
        *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        bytes[i] = (uint8_t)letters[(*state >> 33) % (sizeof letters - 1)];
    }
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    const char *needle = needles[(*state >> 33) % NEEDLES];
    if (size > strlen(needle))
        memcpy(bytes + (*state >> 40) % (size - strlen(needle) + 1), needle, strlen(needle));
    return bytes;
}

static void search(bool wide)
{
    struct needle_set set;
    uint64_t state = 1;
    size_t found = 0;
    needle_prepare(&set, needles, NEEDLES);
    set.wide = set.wide && wide;
    for (unsigned round = 0; round < 20000; round++) {
        size_t size = round % 300, ours = 0, expected = 0;
        struct view v = {bytes_of(size, &state), size};
        for (uint64_t from = 0; from <= size; from++) {
            int64_t at = needle_find(&set, v, from, &ours);
            assert_true(at == one_by_one(v, from, needles, NEEDLES, &expected));
            if (at < 0)
                break;
            assert_int_equal(ours, expected);
            from = (uint64_t)at;
            found++;
        }
        free((void *)(uintptr_t)v.data);
    }
    assert_true(found > 10000);
}

static void needles_are_found_one_place_after_another(void **state)
{
    (void)state;
    search(false);
}

static void needles_are_found_at_many_places_at_once(void **state)
{
    (void)state;
    search(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needles_are_found_one_place_after_another),
        cmocka_unit_test(needles_are_found_at_many_places_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
