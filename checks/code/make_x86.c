/* Makes, while the project is built, the tables that x86.c reads from the rows of x86.def: for each map, mandatory prefix
 * and opcode one form, or the start of a list of choices by ModRM, W and L. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/x86_classes.h"

enum { CELLS = MAP_COUNT * 4 * 256, FORMS = 256, CHOICES = 8192, PER_CELL = 32, FIRST_CHOICE = 256 };

static const struct {
    enum x86_map map;
    const char *prefixes, *w, *l, *modrm;
    enum x86_class class;
    const char *immediate, *opcodes;
} written[] = {
#define X86(map, prefixes, w, l, modrm, class, immediate, opcodes)                                                     \
    {map, prefixes, w, l, modrm, X86_##class, immediate, opcodes},
#include "checks/code/x86.def"
#undef X86
};

static struct x86_form forms[FORMS];
static unsigned form_count, choice_count;
static struct x86_choice cells[CELLS][PER_CELL], choices[CHOICES];
static unsigned char used[CELLS];

static void stop(const char *what, const char *which)
{
    fprintf(stderr, "make_x86: %s: %s\n", what, which);
    exit(1);
}

static uint8_t add_form(struct x86_form form)
{
    for (unsigned i = 0; i < form_count; i++)
        if (forms[i].class == form.class && forms[i].immediate == form.immediate && forms[i].modrm == form.modrm)
            return (uint8_t)i;
    if (form_count == FORMS)
        stop("too many forms", "raise FORMS");
    forms[form_count] = form;
    return (uint8_t)form_count++;
}

/* The digits after `mark` of `text`, as a mask of bits; all ones where there is no mark. */
static uint8_t digits(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);
    if (!at)
        return 0xff;
    uint8_t mask = 0;
    for (at += strlen(mark); *at >= '0' && *at <= '7'; at++)
        mask = (uint8_t)(mask | 1 << (*at - '0'));
    return mask;
}

static uint8_t immediate_named(const char *name)
{
    static const char *const names[] = {"", "ib", "iw", "iz", "iv", "iwib", "rel32", "address"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return (uint8_t)i;
    stop("no such immediate", name);
    return 0;
}

static void add_cells(enum x86_map map, const char *prefixes, unsigned opcode, struct x86_choice choice)
{
    static const char *const names[4] = {"NP", "66", "F3", "F2"};
    for (unsigned p = 0; p < 4; p++) {
        if (strcmp(prefixes, "any") != 0 && !strstr(prefixes, names[p]))
            continue;
        unsigned cell = ((unsigned)map * 4 + p) * 256 + opcode;
        for (unsigned i = 0; i < used[cell]; i++) {
            const struct x86_choice *o = &cells[cell][i];
            if (o->mods & choice.mods && o->regs & choice.regs && o->ws & choice.ws && o->ls & choice.ls &&
                o->rms & choice.rms && o->form != choice.form) {
                fprintf(stderr, "make_x86: two rows for map %u, %s, %02x\n", (unsigned)map, names[p], opcode);
                exit(1);
            }
        }
        if (used[cell] == PER_CELL)
            stop("too many rows of a cell", "raise PER_CELL");
        cells[cell][used[cell]++] = choice;
    }
}

static void add_row(unsigned i)
{
    const char *modrm = written[i].modrm;
    bool none = strcmp(modrm, "none") == 0;
    struct x86_form form = {(uint8_t)written[i].class, immediate_named(written[i].immediate), !none};
    struct x86_choice choice = {
        .mods = strncmp(modrm, "mem", 3) == 0   ? 1
                : strncmp(modrm, "reg", 3) == 0 ? 2
                                                : 3,
        .regs = digits(modrm, "/"),
        .rms = digits(modrm, " rm"),
        .ws = digits(written[i].w, "W"),
        .ls = digits(written[i].l, "L"),
        .form = add_form(form),
    };
    for (const char *at = written[i].opcodes; *at; at += *at == ' ') {
        char *end;
        unsigned from = (unsigned)strtoul(at, &end, 16), to = from;
        if (end == at)
            stop("not an opcode", at);
        if (*end == '-')
            to = (unsigned)strtoul(end + 1, &end, 16);
        for (unsigned opcode = from; opcode <= to && opcode < 256; opcode++)
            add_cells(written[i].map, written[i].prefixes, opcode, choice);
        at = end;
    }
}

static bool unconditional(const struct x86_choice *choice)
{
    return choice->mods == 3 && choice->regs == 0xff && choice->rms == 0xff && choice->ws == 0xff && choice->ls == 0xff;
}

static bool plain(unsigned class)
{
    return class == X86_BASELINE || class == X86_SSE || class == X86_HINT;
}

/* The kind of the encoding of a cell that register and r/m field choose, as quick.c has it; 0: not a quick one. */
static unsigned quick_kind(unsigned cell, unsigned mod, unsigned reg, unsigned rm)
{
    for (unsigned i = 0; i < used[cell]; i++) {
        const struct x86_choice *c = &cells[cell][i];
        if (!(c->mods & mod) || !(c->regs & 1u << reg) || (mod == 2 && !(c->rms & 1u << rm)))
            continue;
        struct x86_form form = forms[c->form];
        unsigned size = form.immediate == IMM_IB                                  ? QUICK_8
                        : form.immediate == IMM_IZ || form.immediate == IMM_REL32 ? QUICK_32
                        : form.immediate == IMM_IV                                ? QUICK_32 | QUICK_NO_W
                                                                                  : 0;
        if (!plain(form.class) || c->ws != 0xff || c->ls != 0xff || (form.immediate && !size))
            return 0;
        return QUICK | size | (form.modrm ? QUICK_MODRM : 0) | (form.immediate == IMM_REL32 ? QUICK_BRANCH : 0);
    }
    return 0;
}

/* The kind of most values of the register field, and which those are. */
static unsigned quick_cell(unsigned cell, unsigned *regs)
{
    unsigned kinds[8], best = 0, most = 0;
    for (unsigned reg = 0; reg < 8; reg++) {
        kinds[reg] = quick_kind(cell, 1, reg, 0);
        for (unsigned rm = 0; rm < 8; rm++)
            kinds[reg] = quick_kind(cell, 2, reg, rm) == kinds[reg] ? kinds[reg] : 0;
    }
    *regs = 0;
    for (unsigned reg = 0; reg < 8; reg++) {
        unsigned count = 0, mask = 0;
        for (unsigned other = 0; other < 8; other++) {
            count += kinds[other] == kinds[reg];
            mask |= (unsigned)(kinds[other] == kinds[reg]) << other;
        }
        if (kinds[reg] && count > most) {
            most = count;
            best = kinds[reg];
            *regs = mask;
        }
    }
    return best;
}

static void print_quick(void)
{
    unsigned regs;
    printf("#else\nstatic const struct { uint8_t kind, regs; } x86_quick_one[256] = {");
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        unsigned kind = quick_cell((MAP_ONE * 4) * 256u + opcode, &regs);
        bool group = opcode == 0xc6 || opcode == 0xc7 || opcode == 0xf6 || opcode == 0xf7 || opcode == 0xff;
        if (regs != 0xff && !group) /* rare, and not worth a look at ModRM */
            kind = 0;
        printf("%s{%u,%u},", opcode % 12 ? "" : "\n", kind, regs);
    }
    printf("\n};\nstatic const struct { uint8_t kind, columns; } x86_quick_0f[256] = {");
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        unsigned kind = 0, columns = 0;
        for (unsigned p = 0; p < 4; p++) {
            unsigned one = quick_cell((MAP_0F * 4 + p) * 256u + opcode, &regs);
            if (!one || regs != 0xff || (kind && one != kind))
                continue;
            kind = one;
            columns |= 1u << p;
        }
        printf("%s{%u,%u},", opcode % 12 ? "" : "\n", kind, columns);
    }
    printf("\n};\n#endif\n");
}

int main(void)
{
    add_form((struct x86_form){X86_INVALID, IMM_NONE, false});
    add_form((struct x86_form){X86_INVALID, IMM_NONE, true});
    for (unsigned i = 0; i < sizeof written / sizeof written[0]; i++)
        add_row(i);
    puts("/* Made by make_x86.c from x86.def. */\n#ifndef QUICK_TABLES");
    printf("static const uint16_t x86_cells[%u] = {", (unsigned)CELLS);
    for (unsigned i = 0; i < CELLS; i++) {
        unsigned value = i < MAP_0F38 * 4 * 256 ? 0 : 1; /* undefined, but ModRM is there in all later maps */
        if (used[i] == 1 && unconditional(&cells[i][0])) {
            value = cells[i][0].form;
        } else if (used[i]) {
            value = FIRST_CHOICE + choice_count;
            if (choice_count + used[i] + 1 > CHOICES)
                stop("too many choices", "raise CHOICES");
            memcpy(&choices[choice_count], cells[i], used[i] * sizeof cells[i][0]);
            choice_count += used[i];
            choices[choice_count++] = (struct x86_choice){3, 0xff, 0xff, 0xff, 0xff, 1, true};
        }
        printf("%s%u,", i % 24 ? "" : "\n", value);
    }
    printf("\n};\nstatic const struct x86_form x86_forms[%u] = {", form_count);
    for (unsigned i = 0; i < form_count; i++)
        printf("%s{%u,%u,%u},", i % 12 ? "" : "\n", forms[i].class, forms[i].immediate, forms[i].modrm);
    printf("\n};\nstatic const struct x86_choice x86_choices[%u] = {", choice_count);
    for (unsigned i = 0; i < choice_count; i++)
        printf("%s{%u,%u,%u,%u,%u,%u,%u},", i % 6 ? "" : "\n", choices[i].mods, choices[i].regs, choices[i].rms,
               choices[i].ws, choices[i].ls, choices[i].form, choices[i].last);
    printf("\n};\n");
    print_quick();
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
