/* Entitlements in XML as codesign and people write it, and in DER: those of @azure/mcp, cmake and node for macOS look like that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/macho/macho.h"

enum { ROOM = 4096, HEADER = 8 };

struct read_back {
    struct file file;
    struct image image;
    struct macho_extra extra;
    uint8_t bytes[2 * ROOM];
};

static struct view blob(struct read_back *r, size_t at, const void *bytes, size_t size)
{
    memcpy(r->bytes + at + HEADER, bytes, size);
    return (struct view){r->bytes + at, size + HEADER};
}

/* Reads a form each; NULL: there is none. */
static void read_forms(struct read_back *r, const char *xml, const void *der, size_t der_size)
{
    static const uint8_t *const nothing = NULL;
    memset(r, 0, sizeof *r);
    struct macho_view view = {.file = &r->file, .image = &r->image, .extra = &r->extra};
    const struct view area = {r->bytes, sizeof r->bytes}, none = {nothing, 0};
    read_entitlements(&view, area, 0x100, xml ? blob(r, 0, xml, strlen(xml)) : none,
                      der ? blob(r, ROOM, der, der_size) : none);
}

static void done(struct read_back *r)
{
    arena_free(&r->file.arena);
}

#define HEAD                                                                                                           \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "              \
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n"

/* What is in it, "+name" for what is true; "?": not understood. */
static const struct {
    const char *xml, *found;
} lists[] = {
    {HEAD "<dict>\n\t<key>a</key>\n\t<true/>\n\t<key>b</key>\n\t<false/>\n</dict>\n</plist>\n", "+a -b"},
    {HEAD "<dict/></plist>", ""},
    {HEAD "<dict></dict></plist>\n\n", ""},
    {"<dict><key>a</key><true /></dict>", "+a"},
    {"<dict><!-- why --><key>a</key> <!-- it is there --> <true/></dict>", "+a"},
    {"<dict><key>a</key><true/><key>a</key><false/></dict>", "+a -a"},
    {"<dict><key>g</key><array><string>x</string><string/></array><key>a</key><true/></dict>", "-g +a"},
    {"<dict><key>d</key><dict><key>a</key><true/><key>e</key><array/></dict></dict>", "-d"},
    {"<dict><key>n</key><integer>1</integer><key>r</key><real>1</real><key>t</key><date>x</date><key>h</"
     "key><data>AA==</data>"
     "<key>s</key><string>x &amp y</string></dict>",
     "?"},
    {"<dict><key>n</key><integer>1</integer><key>r</key><real>1</real><key>t</key><date>x</date><key>h</"
     "key><data>AA==</data></dict>",
     "-n -r -t -h"},
    /* hidden, or meant to be */
    {"<dict><key>&#97;</key><true/></dict>", "?"},
    {"<dict><key><![CDATA[a]]></key><true/></dict>", "?"},
    {"<dict><!--> <key>a</key><true/> <!-- --></dict>", "?"},
    {"<dict><key>b</key><true/><!-- <key>a</key><true/> --></dict>", "?"},
    {HEAD "<dict/></plist><dict><key>a</key><true/></dict>", "?"},
    {"<!DOCTYPE plist [<!ENTITY a \"b\">]><dict/>", "?"},
    /* broken */
    {"", "?"},
    {"bplist00", "?"},
    {"<array/>", "?"},
    {"<dict>", "?"},
    {"<dict><key>a", "?"},
    {"<dict><key>a</key>", "?"},
    {"<dict><key>a</key><true>", "?"},
    {"<dict><key>a</key><true", "?"},
    {"<dict><key>a</key><maybe/></dict>", "?"},
    {"<dict><key>a</key><array><true/></dict>", "?"},
    {"<dict><true/></dict>", "?"},
    {"<dict><key/><true/></dict>", "?"},
    {"<dict><!-- </dict>", "?"},
    {"<dictionary/>", "?"},
    {"<dict>\001</dict>", "?"},
};

static void look(const struct read_back *r, char *out, size_t room)
{
    const struct named_list *list = &r->extra.entitlements;
    size_t at = 0;
    out[0] = 0;
    if (list->known == KNOWN_BROKEN) {
        (void)snprintf(out, room, "?");
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        at += (size_t)snprintf(out + at, room - at, "%s%s%s", i ? " " : "", list->items[i].detail ? "+" : "-",
                               list->items[i].text);
}

static void a_property_list_is_read_or_not_understood(void **state)
{
    struct read_back *r = *state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char found[256];
        read_forms(r, lists[i].xml, NULL, 0);
        look(r, found, sizeof found);
        if (strcmp(found, lists[i].found) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", lists[i].xml, found, lists[i].found);
        assert_int_equal(r->image.defects.total, 0);
        done(r);
    }
}

/* [APPLICATION 16] { INTEGER 1, [16] { SEQUENCE { UTF8String "a", BOOLEAN TRUE } } } */
static const uint8_t der_a[] = {0x70, 13, 2, 1, 1, 0xb0, 8, 0x30, 6, 0x0c, 1, 'a', 1, 1, 0xff};

static void where_a_key_stands_is_known(void **state)
{
    struct read_back *r = *state;
    read_forms(r, "<dict><key>a</key><true/></dict>", NULL, 0);
    assert_int_equal(r->extra.entitlements.items[0].offset, 0x100 + HEADER + strlen("<dict><key>"));
    done(r);
    read_forms(r, NULL, der_a, sizeof der_a);
    assert_int_equal(r->extra.entitlements.items[0].offset, 0x100 + ROOM + HEADER + 11);
    done(r);
}

static void zeros_may_stand_behind_it(void **state)
{
    static const char text[] = "<dict/>\0\0.";
    struct read_back *r = *state;
    for (size_t size = sizeof text - 2; size < sizeof text; size++) {
        memset(r, 0, sizeof *r);
        struct macho_view view = {.file = &r->file, .image = &r->image, .extra = &r->extra};
        const struct view area = {r->bytes, sizeof r->bytes}, none = {NULL, 0};
        read_entitlements(&view, area, 0, blob(r, 0, text, size), none);
        assert_int_equal(r->extra.entitlements.known, size == sizeof text - 2 ? KNOWN_COMPLETE : KNOWN_BROKEN);
        done(r);
    }
}

static void without_either_there_are_none(void **state)
{
    struct read_back *r = *state;
    read_forms(r, NULL, NULL, 0);
    assert_int_equal(r->extra.entitlements.known, KNOWN_ABSENT);
    assert_int_equal(r->extra.entitlements.count, 0);
    done(r);
}

/* As deep as it may be, and deeper; as many keys, and more; a key that is too long, and one with a NUL. */
static void what_is_too_much_is_not_understood(void **state)
{
    struct read_back *r = *state;
    static const char *const deep[][2] = {{"<array>", "</array>"}, {"<dict><key>b</key>", "</dict>"}};
    static const char *const innermost[] = {"<array/>", "<array></array>", "<dict/>", "<dict></dict>"};
    for (unsigned i = 0; i < 2 * 2 * 4; i++) {
        const unsigned kind = i % 2, depth = 15 + i / 2 % 2, inner = i / 4;
        char text[ROOM - HEADER] = "<dict><key>a</key>";
        for (unsigned k = 0; k < depth; k++)
            (void)strcat(text, deep[kind][0]);
        (void)strcat(text, innermost[inner]);
        for (unsigned k = 0; k < depth; k++)
            (void)strcat(text, deep[kind][1]);
        (void)strcat(text, "</dict>");
        read_forms(r, text, NULL, 0);
        assert_int_equal(r->extra.entitlements.known, depth == 15 ? KNOWN_COMPLETE : KNOWN_BROKEN);
        done(r);
    }
    for (size_t size = 255; size <= 256; size++) {
        char text[ROOM - HEADER], key[257] = "";
        memset(key, 'k', size);
        (void)snprintf(text, sizeof text, "<dict><key>%s</key><true/></dict>", key);
        read_forms(r, text, NULL, 0);
        assert_int_equal(r->extra.entitlements.known, size == 255 ? KNOWN_COMPLETE : KNOWN_BROKEN);
        done(r);
    }
}

static void der_is_read_in_both_of_its_shapes(void **state)
{
    static const uint8_t set[] = {0x31, 16, 0x30, 6, 0x0c, 1, 'a', 1, 1, 0xff, 0x30, 6, 0x0c, 1, 'b', 1, 1, 0};
    static const uint8_t text[] = {0x70, 0x81, 14, 2, 1, 1, 0xb0, 0x82, 0, 7, 0x30, 0x84, 0, 0, 0, 1, 0};
    static const uint8_t string[] = {0x70, 14, 2, 1, 1, 0xb0, 9, 0x30, 7, 0x0c, 1, 'a', 0x0c, 2, 'x', 'y'};
    static const uint8_t none[] = {0x70, 5, 2, 1, 1, 0xb0, 0},
                         both[] = {0x70, 14, 2, 1, 1, 0xb0, 9, 0x30, 7, 0x0c, 1, 'a', 1, 2, 0, 1};
    struct read_back *r = *state;
    char found[64];
    const struct {
        const uint8_t *bytes;
        size_t size;
        const char *found;
    } forms[] = {{der_a, sizeof der_a, "+a"},   {set, sizeof set, "+a -b"}, {text, sizeof text, "?"},
                 {string, sizeof string, "-a"}, {none, sizeof none, ""},    {both, sizeof both, "?"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        read_forms(r, NULL, forms[i].bytes, forms[i].size);
        look(r, found, sizeof found);
        assert_string_equal(found, forms[i].found);
        done(r);
    }
}

static void lengths_of_der_take_several_bytes(void **state)
{
    static const uint8_t wide[] = {0x70, 0x81, 17, 2, 1,    1, 0xb0, 0x82, 0, 10,  0x30,
                                   0x83, 0,    0,  6, 0x0c, 1, 'a',  1,    1, 0xff};
    struct read_back *r = *state;
    char found[64];
    uint8_t bytes[sizeof wide];
    memcpy(bytes, wide, sizeof wide);
    bytes[9] = 11;
    bytes[2] = 18;
    read_forms(r, NULL, bytes, sizeof bytes);
    look(r, found, sizeof found);
    assert_string_equal(found, "+a");
    done(r);
}

/* Each byte in turn becomes each other: what is still understood says nothing false of a key that is still there, and nothing
 * is understood that is cut short. */
static void damaged_der_is_not_understood(void **state)
{
    struct read_back *r = *state;
    for (size_t size = 0; size < sizeof der_a; size++) {
        read_forms(r, NULL, der_a, size);
        assert_int_equal(r->extra.entitlements.known, KNOWN_BROKEN);
        done(r);
    }
    static const size_t free_bytes[] = {4, 11, 14}; /* the version, the name, and what is true */
    for (size_t at = 0; at < sizeof der_a; at++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t bytes[sizeof der_a];
            memcpy(bytes, der_a, sizeof der_a);
            bytes[at] = (uint8_t)value;
            read_forms(r, NULL, bytes, sizeof bytes);
            bool may = value == der_a[at] || at == 12; /* what is no BOOLEAN is not true */
            for (size_t i = 0; i < sizeof free_bytes / sizeof *free_bytes; i++)
                may |= free_bytes[i] == at;
            if (at == 11 && value == 0)
                may = false;
            if ((r->extra.entitlements.known == KNOWN_COMPLETE) != may)
                fail_msg("byte %zu as %#x", at, value);
            done(r);
        }
}

static void the_two_forms_must_say_the_same(void **state)
{
    static const struct {
        const char *xml, *found, *told;
    } pairs[] = {{"<dict><key>a</key><true/></dict>", "+a", NULL},
                 {"<dict><key>a</key><false/></dict>", "-a +a", "a, not true, in one of them alone"},
                 {"<dict/>", "+a", "a, true, in one of them alone"},
                 {"<dict><key>a</key><true/><key>b</key><true/></dict>", "+a +b", "b, true, in one of them alone"},
                 {"<dict><key>b</key><true/></dict>", "+b +a", "b, true, in one of them alone"},
                 {"<dict>", "?", NULL}};
    struct read_back *r = *state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char found[64];
        read_forms(r, pairs[i].xml, der_a, sizeof der_a);
        look(r, found, sizeof found);
        assert_string_equal(found, pairs[i].found);
        assert_int_equal(r->image.defects.total, pairs[i].told != NULL);
        if (pairs[i].told) {
            assert_int_equal(r->image.defects.items[0].id, DEFECT_ID_macho_entitlements);
            assert_string_equal(r->image.defects.items[0].observed, pairs[i].told);
        }
        done(r);
    }
    read_forms(r, "<dict/>", der_a, 5);
    assert_int_equal(r->extra.entitlements.known, KNOWN_BROKEN);
    done(r);
}

static void a_thousand_keys_are_enough(void **state)
{
    enum { MANY = 1025, EACH = 5 };
    static char text[MANY * 30 + 20];
    struct read_back *r = *state;
    struct image image = {0};
    for (unsigned count = MANY - 1; count <= MANY; count++) {
        size_t at = (size_t)snprintf(text, sizeof text, "........<dict>");
        for (unsigned i = 0; i < count; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, "<key>%0*u</key><true/>", EACH, i);
        at += (size_t)snprintf(text + at, sizeof text - at, "</dict>");
        memset(&r->extra, 0, sizeof r->extra);
        struct macho_view view = {.file = &r->file, .image = &image, .extra = &r->extra};
        const struct view area = {(const uint8_t *)text, at};
        read_entitlements(&view, area, 0, area, (struct view){0});
        assert_int_equal(r->extra.entitlements.known, count == MANY ? KNOWN_BROKEN : KNOWN_COMPLETE);
        assert_int_equal(r->extra.entitlements.count, MANY - 1);
        done(r);
        memset(&r->file, 0, sizeof r->file);
    }
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct read_back));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_property_list_is_read_or_not_understood),
        cmocka_unit_test(where_a_key_stands_is_known),
        cmocka_unit_test(zeros_may_stand_behind_it),
        cmocka_unit_test(without_either_there_are_none),
        cmocka_unit_test(what_is_too_much_is_not_understood),
        cmocka_unit_test(der_is_read_in_both_of_its_shapes),
        cmocka_unit_test(lengths_of_der_take_several_bytes),
        cmocka_unit_test(damaged_der_is_not_understood),
        cmocka_unit_test(the_two_forms_must_say_the_same),
        cmocka_unit_test(a_thousand_keys_are_enough),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
