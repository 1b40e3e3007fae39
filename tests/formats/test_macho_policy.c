/* What dyld refuses by the SDK of an image, each once too new and once old enough. */
#include "tests/formats/small_macho.h"

enum {
    SDK = 16,
    INITPROT = 60,
    MACOS_10_14 = 0x000a0e00,
    MACOS_11 = 0x000b0000,
    MACOS_15 = 0x000f0000,
    MACOS_15_4 = 0x000f0400,
    MACOS_25 = 0x00190000,
    MACOS_26 = 0x001a0000
};

static struct make_macho *program(struct subject *s, uint32_t sdk)
{
    forget(s);
    begin(s, ARCH_ARM64);
    make_macho_set(make_macho_find(&s->m, LC_BUILD_VERSION), SDK, sdk);
    return &s->m;
}

static struct make_macho *library(struct subject *s, uint32_t sdk)
{
    program(s, sdk)->filetype = MH_DYLIB;
    make_macho_text(&s->m, LC_ID_DYLIB, "@rpath/a.dylib");
    return &s->m;
}

/* The defect is there, or nothing is. */
static void refused(struct subject *s, bool refused)
{
    assert_int_equal(look(s)->defects.total, refused);
    assert_int_equal(defects(s->reading.images, DEFECT_ID_macho_policy), refused);
}

static void names_stand_once(void **state)
{
    struct subject *s = *state;
    for (unsigned now = 0; now < 2; now++) {
        make_macho_text(program(s, now ? MACOS_26 : MACOS_25), LC_LOAD_DYLIB, "/usr/lib/libSystem.B.dylib");
        refused(s, now);
        program(s, now ? MACOS_26 : MACOS_25);
        make_macho_text(&s->m, LC_RPATH | MAKE_REQ_DYLD, "@loader_path/../lib");
        make_macho_text(&s->m, LC_RPATH | MAKE_REQ_DYLD, "@loader_path/../lib2");
        refused(s, false);
        program(s, now ? MACOS_26 : MACOS_25);
        make_macho_text(&s->m, LC_RPATH | MAKE_REQ_DYLD, "@loader_path/../lib");
        make_macho_text(&s->m, LC_RPATH | MAKE_REQ_DYLD, "@loader_path/../lib");
        refused(s, now);
    }
}

static void new_images_have_a_uuid(void **state)
{
    struct subject *s = *state;
    for (unsigned now = 0; now < 2; now++) {
        make_macho_remove(program(s, now ? MACOS_26 : MACOS_25), LC_UUID);
        refused(s, now);
        make_macho_remove(library(s, now ? 0x000c0000 : MACOS_11), LC_UUID);
        refused(s, now);
    }
}

static void segments_have_the_access_of_their_name(void **state)
{
    struct subject *s = *state;
    for (unsigned now = 0; now < 2; now++) {
        make_macho_set(make_macho_find_segment(program(s, now ? MACOS_26 : MACOS_25), "__LINKEDIT"), 56, 3);
        make_macho_set(make_macho_find_segment(&s->m, "__LINKEDIT"), INITPROT, 3);
        refused(s, now);
        make_macho_set(make_macho_find_segment(library(s, now ? MACOS_11 : 0x000a0a00), "__LINKEDIT"), INITPROT, 3);
        refused(s, now);
        make_macho_set(make_macho_find_segment(library(s, now ? MACOS_11 : MACOS_10_14), "__TEXT"), INITPROT, 4);
        refused(s, now);
        make_macho_segment(program(s, now ? MACOS_26 : MACOS_25), "__DATA", MAKE_MACHO_BASE + 0x100000, 0x4000, 0, 0,
                           1);
        refused(s, now);
    }
}

static void segments_stand_in_order_under_names_of_their_own(void **state)
{
    struct subject *s = *state;
    for (unsigned now = 0; now < 2; now++) {
        program(s, now ? MACOS_26 : MACOS_25);
        make_macho_segment(&s->m, "__A", MAKE_MACHO_BASE + 0x100000, 0x4000, 0, 0, 3);
        make_macho_segment(&s->m, "__A", MAKE_MACHO_BASE + 0x200000, 0x4000, 0, 0, 3);
        refused(s, now);
        program(s, now ? MACOS_26 : MACOS_25);
        make_macho_segment(&s->m, "__A", MAKE_MACHO_BASE + 0x200000, 0x4000, 0, 0, 3);
        make_macho_segment(&s->m, "__B", MAKE_MACHO_BASE + 0x100000, 0x4000, 0, 0, 3);
        refused(s, false); /* of the last one nobody asks */
        program(s, now ? MACOS_26 : MACOS_25);
        make_macho_segment(&s->m, "__A", MAKE_MACHO_BASE + 0x200000, 0x4000, 0, 0, 3);
        make_macho_segment(&s->m, "__B", MAKE_MACHO_BASE + 0x100000, 0x4000, 0, 0, 3);
        make_macho_segment(&s->m, "__C", MAKE_MACHO_BASE + 0x300000, 0x4000, 0, 0, 3);
        refused(s, now);
    }
}

static void a_new_program_links_with_something(void **state)
{
    struct subject *s = *state;
    for (unsigned now = 0; now < 2; now++) {
        make_macho_remove(program(s, now ? MACOS_15_4 : MACOS_15), LC_LOAD_DYLIB);
        refused(s, now);
    }
}

static void other_systems_are_not_asked(void **state)
{
    struct subject *s = *state;
    make_macho_remove(program(s, MACOS_26), LC_UUID);
    make_macho_set(make_macho_find(&s->m, LC_BUILD_VERSION), 8, 2); /* iOS, whose SDKs count otherwise */
    refused(s, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(names_stand_once),
        CASE(new_images_have_a_uuid),
        CASE(segments_have_the_access_of_their_name),
        CASE(segments_stand_in_order_under_names_of_their_own),
        CASE(a_new_program_links_with_something),
        CASE(other_systems_are_not_asked),
    };
    return cmocka_run_group_tests_name("test_macho_policy", tests, NULL, NULL);
}
