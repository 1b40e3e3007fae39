/* The arena: memory that is zeroed, aligned and apart, sizes that overflow, and the escape. */
#include "formats/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A sanitizer must let malloc fail, as it does elsewhere. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* In the place of the C library's: no memory that is aligned to a huge page, where a test says so. */
static bool refuse_huge;
static unsigned huge;

void *aligned_alloc(size_t alignment, size_t size)
{
    void *memory = NULL;
    if (refuse_huge || posix_memalign(&memory, alignment, size) != 0)
        return NULL;
    huge++;
    return memory;
}

enum { LARGE = 100 * 1000 /* more than a block holds */ };

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena = {0};
    unsigned char *last = NULL;
    size_t last_size = 0;
    for (size_t size = 0; size < 600; size += 7) {
        unsigned char *memory = arena_alloc(&arena, size);
        assert_true((uintptr_t)memory % _Alignof(max_align_t) == 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xee, size);
        for (size_t i = 0; i < last_size; i++)
            assert_int_equal(last[i], 0xee);
        last = memory;
        last_size = size;
    }
    arena_free(&arena);
}

static void memory_is_zeroed_after_a_reset(void **state)
{
    (void)state;
    struct arena arena = {0};
    memset(arena_alloc(&arena, 1000), 0xee, 1000);
    memset(arena_alloc(&arena, LARGE), 0xee, LARGE);
    arena_reset(&arena);
    const unsigned char *again = arena_alloc(&arena, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(again[i], 0);
    arena_free(&arena);
    assert_null(arena.blocks);
    arena_free(&arena);
    arena_reset(&arena);
}

/* Tries one allocation that cannot be given; true where it came back by the escape. */
static bool escapes(size_t count, size_t size)
{
    struct arena arena = {0};
    jmp_buf escape;
    volatile bool escaped = true;
    char *kept = arena_copy(&arena, "kept", 4);
    arena.escape = &escape;
    if (setjmp(escape) == 0) {
        if (count == 1)
            arena_alloc(&arena, size);
        else
            arena_array(&arena, count, size);
        escaped = false;
    }
    assert_string_equal(kept, "kept"); /* nothing was lost on the way */
    arena.escape = NULL;
    assert_non_null(arena_alloc(&arena, 10));
    arena_free(&arena);
    return escaped;
}

static void sizes_that_overflow_escape(void **state)
{
    (void)state;
    assert_true(escapes(1, SIZE_MAX));
    assert_true(escapes(1, SIZE_MAX - 14)); /* rounds up to 0 */
    assert_true(escapes(1, SIZE_MAX - 16));
    assert_true(escapes(1, SIZE_MAX / 2));
    assert_true(escapes(SIZE_MAX / 8 + 2, 8)); /* wraps to 8 */
    assert_true(escapes(SIZE_MAX, SIZE_MAX));
    assert_true(escapes((size_t)1 << 32, (size_t)1 << 32));
    assert_false(escapes(0, SIZE_MAX));
    assert_false(escapes(SIZE_MAX, 0));
    assert_false(escapes(1, 1));
}

static void a_copy_ends_in_nul(void **state)
{
    (void)state;
    struct arena arena = {0};
    jmp_buf escape;
    static const char bytes[] = {'a', 0, 'b'};
    const char *copy = arena_copy(&arena, bytes, sizeof bytes);
    assert_memory_equal(copy, "a\0b", 4);
    assert_string_equal(arena_copy(&arena, NULL, 0), "");
    arena.escape = &escape;
    volatile bool escaped = true;
    if (setjmp(escape) == 0) {
        (void)arena_copy(&arena, bytes, SIZE_MAX);
        escaped = false;
    }
    assert_true(escaped);
    arena_free(&arena);
}

static void text_of_any_length_is_printed_whole(void **state)
{
    (void)state;
    struct arena arena = {0};
    static const int widths[] = {1, 254, 255, 256, 257, 5000, LARGE};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        const char *text = arena_print(&arena, "%*d", widths[i], 7);
        assert_int_equal(strlen(text), widths[i]);
        assert_int_equal(text[widths[i] - 1], '7');
    }
    assert_string_equal(arena_print(&arena, "no directive"), "no directive");
    assert_string_equal(arena_print(&arena, "100%%"), "100%");
    assert_string_equal(arena_print(&arena, "%%"), "%");
    arena_free(&arena);
}

static void a_growing_list_keeps_its_items(void **state)
{
    (void)state;
    struct arena arena = {0};
    uint32_t *items = NULL;
    for (uint32_t count = 0; count < 5000; count++) {
        items = arena_grow(&arena, items, count, sizeof *items);
        items[count] = count ^ 0x5a5a;
    }
    for (uint32_t i = 0; i < 5000; i++)
        assert_int_equal(items[i], i ^ 0x5a5a);
    arena_free(&arena);
}

/* A large arena takes memory by the huge page, and as before where there is none to be had. */
static void a_large_arena_does_without_huge_pages(void **state)
{
    (void)state;
    for (unsigned refused = 0; refused < 2; refused++) {
        struct arena arena = {0};
        refuse_huge = refused;
        huge = 0;
        while (arena.held < 1 << 20)
            arena_alloc(&arena, LARGE);
        assert_int_equal(huge, 0);
        size_t held = arena.held, left = arena.left;
        const unsigned char *memory = arena_alloc(&arena, left + 1);
        assert_int_equal(huge, !refused);
        assert_true(refused ? arena.held - held <= LARGE : arena.held - held > LARGE);
        for (size_t i = 0; i <= left; i++)
            assert_int_equal(memory[i], 0);
        assert_true(arena_holds(&arena, memory));
        arena_free(&arena);
    }
    refuse_huge = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(memory_is_zeroed_after_a_reset),
        cmocka_unit_test(sizes_that_overflow_escape),
        cmocka_unit_test(a_copy_ends_in_nul),
        cmocka_unit_test(text_of_any_length_is_printed_whole),
        cmocka_unit_test(a_growing_list_keeps_its_items),
        cmocka_unit_test(a_large_arena_does_without_huge_pages),
    };
    return cmocka_run_group_tests_name("test_arena", tests, NULL, NULL);
}
