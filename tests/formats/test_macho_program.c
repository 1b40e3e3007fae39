/* What the kernel and dyld ask of a program over and above its format (formats/macho/program.c). Each case was first
 * told by the second reading of tests/oracle. */
#include "tests/formats/small_macho.h"

static void programs_of_both_cpus_are_taken(void **state)
{
    struct subject *s = *state;
    assert_clean(look(s));
    forget(s);
    begin(s, ARCH_AMD64);
    assert_clean(look(s));
}

static void the_page_at_address_0_is_given_up(void **state)
{
    struct subject *s = *state;
    make_macho_set64(make_macho_find_segment(&s->m, "__PAGEZERO"), 32, MAKE_MACHO_BASE - 0x4000);
    assert_only(look(s), macho_segment);
    forget(s);
    begin(s, ARCH_AMD64);
    make_macho_set64(make_macho_find_segment(&s->m, "__PAGEZERO"), 32, 0x1000);
    assert_clean(look(s));
    forget(s);
    begin(s, ARCH_AMD64);
    make_macho_set(make_macho_find_segment(&s->m, "__PAGEZERO"), 60, 1); /* readable: no page zero */
    assert_only(look(s), macho_segment);
}

/* vm_map_raise_min_offset: "a page zero over a segment", probe 101:213042 of the oracle, also where the page zero comes last. */
static void a_page_zero_lies_over_nothing(void **state)
{
    struct subject *s = *state;
    for (unsigned last = 0; last < 2; last++) {
        forget(s);
        begin(s, ARCH_ARM64);
        make_macho_set64(make_macho_find_segment(&s->m, "__PAGEZERO"), 32, MAKE_MACHO_BASE + 0x4000);
        const struct make_macho_command first = s->m.commands[0];
        s->m.commands[0] = s->m.commands[last];
        s->m.commands[last] = first;
        const struct image *image = look(s);
        bool told = false;
        for (size_t i = 0; i < image->defects.count; i++)
            told |= image->defects.items[i].id == DEFECT_ID_macho_segment;
        assert_true(told);
    }
}

static void segments_begin_at_pages_of_the_file(void **state)
{
    static const struct {
        enum arch arch;
        uint64_t offset;
        bool good;
    } cases[] = {{ARCH_AMD64, 0x1000, true}, {ARCH_AMD64, 0x1008, false}, {ARCH_ARM64, 0x1000, false}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        forget(s);
        begin(s, cases[i].arch);
        make_macho_segment(&s->m, "__DATA", MAKE_MACHO_BASE + 0x100000, 0x4000, cases[i].offset, 0, 3);
        assert_int_equal(look(s)->defects.total, cases[i].good ? 0 : 1);
    }
}

static void segments_do_not_meet_in_a_page(void **state)
{
    struct subject *s = *state;
    make_macho_segment(&s->m, "__DATA", MAKE_MACHO_BASE + 0x100000, 0x4001, 0, 0, 3);
    make_macho_segment(&s->m, "__MORE", MAKE_MACHO_BASE + 0x105000, 0x1000, 0, 0, 3);
    assert_only(look(s), macho_segment);
    forget(s);
    begin(s, ARCH_AMD64); /* whose pages are smaller */
    make_macho_segment(&s->m, "__DATA", MAKE_MACHO_BASE + 0x100000, 0x4001, 0, 0, 3);
    make_macho_segment(&s->m, "__MORE", MAKE_MACHO_BASE + 0x105000, 0x1000, 0, 0, 3);
    assert_clean(look(s));
}

static void addresses_are_those_of_a_process(void **state)
{
    struct subject *s = *state;
    make_macho_segment(&s->m, "__DATA", UINT64_C(1) << 47, 0x4000, 0, 0, 3);
    assert_only(look(s), macho_segment);
}

static void one_segment_is_made_read_only(void **state)
{
    struct subject *s = *state;
    for (unsigned i = 0; i < 2; i++) {
        assert_clean(look(s));
        forget(s);
        make_macho_set(
            make_macho_segment(&s->m, i ? "__B" : "__A", MAKE_MACHO_BASE + 0x100000 * (i + 1), 0x4000, 0, 0, 3), 68,
            0x10 /* SG_READ_ONLY */);
    }
    assert_only(look(s), macho_segment);
}

static void no_unknown_bits_of_initprot(void **state)
{
    struct subject *s = *state;
    make_macho_set(make_macho_find_segment(&s->m, "__LINKEDIT"), 60, 9);
    assert_only(look(s), macho_segment);
}

static void dyld_looks_for_a_segment_of_this_name(void **state)
{
    struct subject *s = *state;
    make_macho_find_segment(&s->m, "__TEXT")->bytes[8] = 'x';
    assert_only(look(s), macho_segment);
}

static void the_file_holds_the_pages_of_the_commands(void **state)
{
    struct subject *s = *state;
    begin(s, ARCH_AMD64);
    seal(s);
    s->size = 0xfff;
    assert_true(defects(look(s), DEFECT_ID_macho_commands) == 1);
}

static void arm64_starts_no_static_program(void **state)
{
    struct subject *s = *state;
    s->m.flags &= ~(uint32_t)MH_DYLDLINK;
    assert_only(look(s), macho_header);
}

static void a_program_for_dyld_names_dyld(void **state)
{
    struct subject *s = *state;
    make_macho_remove(&s->m, LC_LOAD_DYLINKER);
    assert_only(look(s), macho_dylinker);
    forget(s);
    begin(s, ARCH_ARM64);
    make_macho_remove(&s->m, LC_LOAD_DYLINKER);
    make_macho_text(&s->m, LC_LOAD_DYLINKER, "/usr/lib/dyld2");
    assert_only(look(s), macho_dylinker);
}

static void a_command_with_the_wrong_bit_is_not_read(void **state)
{
    struct subject *s = *state;
    make_macho_set(make_macho_find(&s->m, LC_LOAD_DYLINKER), 0, LC_LOAD_DYLINKER | MAKE_REQ_DYLD);
    const struct image *image = look(s);
    assert_null(image->interpreter.text);
    assert_int_equal(defects(image, DEFECT_ID_macho_command_unknown), 1);
}

static void a_library_with_the_wrong_bit_is_named_and_so_is_what_dyld_implies(void **state)
{
    struct subject *s = *state;
    make_macho_set(make_macho_find(&s->m, LC_LOAD_DYLIB), 0, LC_LOAD_WEAK_DYLIB);
    const struct image *image = look(s);
    assert_only(image, macho_command_unknown);
    assert_int_equal(image->needed.count, 2);
    assert_int_equal(image->needed.items[1].detail, DEPENDENCY_IMPLIED);
}

static void commands_have_the_size_of_their_type(void **state)
{
    struct subject *s = *state;
    struct make_macho_command *c = make_macho_find(&s->m, LC_UUID);
    c->size = 32;
    make_macho_set(c, 4, 32);
    assert_only(look(s), macho_command);
}

static void a_thread_state_that_nobody_knows_is_refused(void **state)
{
    struct subject *s = *state;
    make_macho_remove(&s->m, LC_MAIN);
    make_macho_command(&s->m, LC_UNIXTHREAD, (const uint32_t[70]){6, 66}, 68);
    assert_only(look(s), macho_entry);
}

static void the_kernel_grades_no_other_subtypes(void **state)
{
    struct subject *s = *state;
    begin(s, ARCH_AMD64)->cpusubtype = 4; /* CPU_SUBTYPE_X86_ARCH1: of machines, not of programs */
    assert_only(look(s), macho_header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(programs_of_both_cpus_are_taken),
        CASE(the_page_at_address_0_is_given_up),
        CASE(a_page_zero_lies_over_nothing),
        CASE(segments_begin_at_pages_of_the_file),
        CASE(segments_do_not_meet_in_a_page),
        CASE(addresses_are_those_of_a_process),
        CASE(one_segment_is_made_read_only),
        CASE(no_unknown_bits_of_initprot),
        CASE(dyld_looks_for_a_segment_of_this_name),
        CASE(the_file_holds_the_pages_of_the_commands),
        CASE(arm64_starts_no_static_program),
        CASE(a_program_for_dyld_names_dyld),
        CASE(a_command_with_the_wrong_bit_is_not_read),
        CASE(a_library_with_the_wrong_bit_is_named_and_so_is_what_dyld_implies),
        CASE(commands_have_the_size_of_their_type),
        CASE(a_thread_state_that_nobody_knows_is_refused),
        CASE(the_kernel_grades_no_other_subtypes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
