/* The rule about rules: every rule is complete and spelled like its symbol, its file and
 * its line in rules.def. */
#include "checks/rule.h" /* before cmocka.h, whose macro fail() it must not meet */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { TITLE = 60, WHY = 80 }; /* conventions: a title's most, and a paragraph's least characters */

static const struct {
    const char *family, *name;
} names[] = {
#define RULE(family, name) {#family, #name},
#include "checks/rules.def"
#undef RULE
};

static void dashes(char *text)
{
    for (; *text; text++)
        if (*text == '_')
            *text = '-';
}

/* Whether the rule's own file defines its symbol. */
static bool has_file(const char *family, const char *name)
{
    char path_name[512], symbol[128], line[512];
    bool found = false;
    (void)snprintf(path_name, sizeof path_name, "%s/checks/%s/%s.c", ASSAY_SOURCE_ROOT, family, name);
    (void)snprintf(symbol, sizeof symbol, "const struct rule rule_%s_%s = {", family, name);
    FILE *file = fopen(path_name, "r");
    while (file && fgets(line, sizeof line, file))
        found |= strncmp(line, symbol, strlen(symbol)) == 0;
    if (file)
        (void)fclose(file);
    return found;
}

static void every_rule_is_spelled_like_its_file(void **state)
{
    (void)state;
    assert_int_equal(rule_count, sizeof names / sizeof *names);
    for (size_t i = 0; i < rule_count; i++) {
        char id[128], sample[128];
        (void)snprintf(id, sizeof id, "%s/%s", names[i].family, names[i].name);
        (void)snprintf(sample, sizeof sample, "%s-%s", names[i].family, names[i].name);
        dashes(id);
        dashes(sample);
        assert_string_equal(rules[i]->id, id);
        assert_string_equal(rules[i]->example.fails, sample);
        assert_true(has_file(names[i].family, names[i].name));
        assert_ptr_equal(rule_find(id), rules[i]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(rules[k]->id, id);
    }
}

static void every_rule_explains_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < rule_count; i++) {
        const struct rule *r = rules[i];
        if (!r->title || !*r->title || strlen(r->title) > TITLE || r->title[strlen(r->title) - 1] == '.')
            fail_msg("%s: a title of at most 60 characters, without a full stop", r->id);
        if (!r->why || strlen(r->why) < WHY)
            fail_msg("%s: why is no paragraph", r->id);
        if (!(r->fix.go || r->fix.c || r->fix.rust) || !r->refs[0])
            fail_msg("%s: neither fix nor reference", r->id);
        if (!r->example.fails || !r->example.passes || !r->check || !r->applies)
            fail_msg("%s: no example, no check or nothing it applies to", r->id);
        assert_in_range(r->level, LEVEL_NOTE, LEVEL_ERROR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_is_spelled_like_its_file),
        cmocka_unit_test(every_rule_explains_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
