#include <string.h>

#include "src/commands.h"
#include "src/gate_rules.h"
#include "src/report/escape.h"

enum { COLUMNS = 80, INDENT = 2 };

/* Words wrapped at COLUMNS. */
static void paragraph(const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t word = strcspn(text, " \n");
        if (column && column + 1 + word > COLUMNS - INDENT) {
            putchar('\n');
            column = 0;
        }
        printf("%s%.*s", column ? " " : "  ", (int)word, text);
        column += word + (column != 0);
        text += word;
        text += strspn(text, " \n");
    }
    putchar('\n');
}

static void fix(const char *toolchain, const char *text)
{
    if (text)
        printf("  %-12s %s\n", toolchain, text);
}

/* How many letters a rule's id and what was typed have in common from both ends. */
static size_t likeness(const char *id, const char *typed)
{
    size_t front = 0, back = 0, a = strlen(id), b = strlen(typed);
    while (id[front] && id[front] == typed[front])
        front++;
    while (back < a && back < b && id[a - 1 - back] == typed[b - 1 - back])
        back++;
    return front + back;
}

static int unknown_rule(const char *typed)
{
    const struct rule *nearest = any_rule(0);
    for (size_t i = 1; i < any_rule_count(); i++)
        if (likeness(any_rule(i)->id, typed) > likeness(nearest->id, typed))
            nearest = any_rule(i);
    fputs("assay: no rule is called ", stderr);
    escape_terminal(stderr, typed);
    fprintf(stderr, "; is %s meant? `assay rules` lists them\n", nearest->id);
    return 2;
}

int cmd_explain(const struct options *options)
{
    if (options->argument_count != 1) {
        fputs("assay: explain takes the name of one rule; `assay rules` lists them\n", stderr);
        return 2;
    }
    const struct rule *rule = any_rule_find(options->arguments[0]);
    if (!rule)
        return unknown_rule(options->arguments[0]);
    printf("%s  (%s in the profile release)\n\n", rule->id, level_name(rule->level));
    paragraph(rule->title);
    puts("\nWhy:");
    paragraph(rule->why);
    puts("\nFix:");
    fix("Go", rule->fix.go);
    fix("gcc, clang", rule->fix.c);
    fix("Rust", rule->fix.rust);
    puts("\nSources:");
    for (size_t i = 0; i < sizeof rule->refs / sizeof *rule->refs && rule->refs[i]; i++)
        printf("  %s\n", rule->refs[i]);
    return flush_or_complain(stdout, "standard output") ? 0 : 2;
}
