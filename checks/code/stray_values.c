/* Where a jump or call through a register, or a return, leads that the instructions before it work out: numbers on their
 * way through registers and the stack. Compilers write such a target where it is used; who hides code does not. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/operands_x86_work.h"
#include "checks/code/strays_work.h"

enum { BACK = 16, BELOW = 24, WORDS = 32, CALLER_SAVED = 0x1ff, CALLER_SAVED_A64 = 0x4007ffff };
/* What stands for the stack pointer, and for the address that a function returns to, where the look begins. */
#define STACK  UINT64_C(0x7fff000000000000)
#define CALLER UINT64_C(0x7ffe000000000000)

enum certainty {
    UNKNOWN,
    KNOWN,
    OPAQUE, /* worked out from numbers, by an operation that is not followed */
    BASED,  /* a number and what is not known */
};
struct number {
    uint64_t is;
    enum certainty known;
};
struct numbers {
    const struct map *map;
    struct number registers[32]; /* by the numbers of operands.h */
    struct number words[WORDS];  /* of the stack, from BELOW words below STACK on */
    uint64_t bound;              /* what something was compared with last, and one more; 0: nothing was */
};

static struct number number(uint64_t is)
{
    return (struct number){is, KNOWN};
}

static void begin(struct numbers *n, bool amd64)
{
    *n = (struct numbers){.map = n->map};
    n->registers[REGISTER_SP] = number(STACK);
    if (amd64)
        n->words[BELOW] = number(CALLER);
    else
        n->registers[REGISTER_LR] = number(CALLER);
}

/* The word of the stack at `address`, or NULL. */
static struct number *word_at(struct numbers *n, struct number address)
{
    uint64_t place = address.is - (STACK - (uint64_t)BELOW * 8);
    return address.known == KNOWN && place % 8 == 0 && place / 8 < WORDS ? &n->words[place / 8] : NULL;
}

static struct number loaded(struct numbers *n, struct number address)
{
    const struct number *word = word_at(n, address);
    if (word || address.known != KNOWN)
        return word ? *word : (struct number){0};
    uint64_t target = map_relocated(n->map, address.is);
    const uint8_t *bytes = n->map->absolute ? map_bytes(n->map, address.is, 8) : NULL;
    return target ? number(target) : bytes ? number(load_le64(bytes)) : (struct number){0};
}

static struct number folded(unsigned operation, struct number a, struct number b)
{
    if (operation == ADD && a.known + b.known == KNOWN)
        return (struct number){a.known ? a.is : b.is, BASED};
    if (a.known != KNOWN || b.known != KNOWN)
        return (struct number){.known = a.known == UNKNOWN || b.known == UNKNOWN || a.known == BASED || b.known == BASED
                                            ? UNKNOWN
                                            : OPAQUE};
    switch (operation) {
    case ADD:
        return number(a.is + b.is);
    case OR:
        return number(a.is | b.is);
    case AND:
        return number(a.is & b.is);
    case SUB:
        return number(a.is - b.is);
    case XOR:
        return number(a.is ^ b.is);
    default:
        return (struct number){0};
    }
}

/* The address of a memory operand, before its base moves or after. */
static struct number place_of(const struct numbers *n, const struct operands *o, unsigned at)
{
    if (o->indexed || o->base >= 32)
        return (struct number){0};
    return folded(ADD, n->registers[o->base], number((o->post ? 0 : (uint64_t)o->offset) + at));
}

/* What an instruction puts into the register that it computes. */
static struct number result_of(const struct numbers *n, const struct operands *o, uint64_t pages)
{
    struct number base = o->base < 32 ? n->registers[o->base] : (struct number){0};
    if (o->form == FORM_CONSTANT)
        return number((uint64_t)o->offset);
    if (o->form == FORM_KEEP)
        return folded(OR, folded(AND, n->registers[o->regs[0]], number(~((uint64_t)0xffff << o->size * 8))),
                      number((uint64_t)o->offset << o->size * 8));
    if (o->form == FORM_PAGE)
        return number(pages + (uint64_t)o->offset);
    if (o->form == FORM_ADD)
        return folded(ADD, base, number((uint64_t)o->offset));
    if (o->form == FORM_ADD_REGISTER)
        return folded(o->offset < 0 ? SUB : ADD, base, n->registers[o->regs[1] & 31]);
    if (o->form == FORM_ALIGN)
        return folded(AND, base, number(UINT64_MAX << o->offset));
    return o->form == FORM_MOVE ? base : (struct number){0};
}

/* One step of an instruction that control goes on from. */
static void apply(struct numbers *n, const struct operands *o, uint64_t pages)
{
    bool computes = o->form >= FORM_ADD && o->form <= FORM_PAGE;
    struct number results[2] = {result_of(n, o, pages)}, moved = {0};
    if (o->moves && o->base < 32)
        moved = folded(ADD, n->registers[o->base], number((uint64_t)o->offset));
    for (unsigned k = 0; k < o->count && k < 2 && (o->form == FORM_LOAD || o->form == FORM_STORE); k++) {
        struct number place = place_of(n, o, k * o->size), *word = word_at(n, place);
        bool whole = o->size == 8 && !o->narrow && !o->vector;
        if (o->form == FORM_LOAD)
            results[k] = whole ? loaded(n, place) : (struct number){0};
        else if (word)
            *word = whole && o->regs[k] < 32 ? n->registers[o->regs[k]] : (struct number){0};
    }
    for (unsigned r = 0; r < 32; r++)
        if (o->gprs >> r & 1)
            n->registers[r] = (struct number){0};
    bool loads = o->form == FORM_LOAD && !o->vector;
    for (unsigned k = 0; k < (computes ? 1u : loads ? o->count : 0u) && k < 2; k++)
        if (o->regs[k] < 32 && o->gprs >> o->regs[k] & 1)
            n->registers[o->regs[k]] = results[k];
    if (o->moves && o->base < 32)
        n->registers[o->base] = moved;
}

static void forget(struct numbers *n, uint32_t registers)
{
    for (unsigned r = 0; r < 32; r++)
        if (registers >> r & 1)
            n->registers[r] = (struct number){0};
}

/* The address of a memory operand of x86-64. */
static struct number memory_of(const struct numbers *n, const struct x86_insn *i, uint64_t next)
{
    struct operands o = {.base = REGISTER_NONE};
    if (i->rip_relative)
        return number(next + (uint64_t)(int64_t)i->displacement);
    if (!i->segment && !i->address_32 && i->has_sib && i->sib == 0x25 && i->modrm >> 6 == 0)
        return number((uint64_t)(int64_t)i->displacement);
    return address(i, &o) ? place_of(n, &o, 0) : (struct number){0};
}

/* ADD, OR, AND, SUB, XOR, INC and DEC of whole words, where the result stands: in a register or on the stack. Whether it
 * was one. */
static bool changed(struct numbers *n, const struct x86_insn *i, uint64_t next)
{
    unsigned op = i->opcode, sub = i->modrm >> 3 & 7, operation = op >> 3, form = op & 7;
    struct number *rm = &n->registers[numbers[rm_of(i)]], *reg = &n->registers[numbers[reg_of(i)]];
    struct number other = number((uint64_t)i->immediate), none = {0};
    bool compares =
        i->map == MAP_ONE && (op == 0x3c || op == 0x3d || ((op == 0x80 || op == 0x81 || op == 0x83) && sub == CMP));
    if (compares)
        n->bound = (uint64_t)i->immediate + 1;
    if (compares || i->map != MAP_ONE || i->class == X86_HINT || !(i->rex & W))
        return compares;
    if (in_memory(i))
        rm = word_at(n, memory_of(n, i, next));
    if (op == 0x81 || op == 0x83)
        operation = sub;
    else if (op == 0x87 && rm) {
        other = *rm, *rm = *reg, *reg = other;
        return true;
    } else if (op == 0xff && sub < 2)
        operation = sub ? SUB : ADD, other = number(1);
    else if (op < 0x40 && form == 5)
        rm = &n->registers[numbers[RAX]];
    else if (op < 0x40 && form == 3)
        other = rm ? *rm : none, rm = reg;
    else if (op < 0x40 && form == 1)
        other = *reg;
    else
        return false;
    if (operation == CMP || !rm)
        return true;
    bool same = op < 0x40 && !in_memory(i) && rm_of(i) == reg_of(i) && form != 5;
    *rm = same && (operation == XOR || operation == SUB) ? number(0) : folded(operation, *rm, other);
    return true;
}

/* Whether it shifts or turns round a register, whole. */
static bool turns(const struct x86_insn *i)
{
    unsigned op = i->opcode;
    bool shifts = op == 0xc1 || op == 0xd1 || op == 0xd3, negates = op == 0xf7 && (i->modrm >> 3 & 7) / 2 == 1;
    return i->map == MAP_ONE && i->rex & W && !in_memory(i) && (shifts || negates);
}

/* What the instruction at `at` does to numbers; false: control does not go on from it. */
static bool step_amd64(struct numbers *n, const struct x86_insn *i, uint64_t at)
{
    struct operands steps[X86_STEPS];
    uint64_t next = at + i->length;
    struct number *sp = &n->registers[REGISTER_SP], *word;
    bool pushes = i->map == MAP_ONE && (i->opcode == 0x68 || i->opcode == 0x6a);
    if (i->flow == X86_JUMP || i->flow == X86_JUMP_INDIRECT || i->flow == X86_RETURN || i->flow == X86_STOP)
        return false;
    bool here = i->flow == X86_CALL && x86_target(i, at) == next;
    if (pushes || here) {
        *sp = folded(SUB, *sp, number(8));
        word = word_at(n, *sp);
        if (word)
            *word = number(here ? next : (uint64_t)i->immediate);
    } else if (i->flow == X86_CALL || i->flow == X86_CALL_INDIRECT) {
        forget(n, CALLER_SAVED);
    } else if (i->map == MAP_ONE && i->opcode == 0x8d && i->rex & W && in_memory(i)) {
        n->registers[numbers[reg_of(i)]] = memory_of(n, i, next);
    } else if (i->map == MAP_ONE && i->opcode == 0x8b && i->rex & W && in_memory(i)) {
        n->registers[numbers[reg_of(i)]] = loaded(n, memory_of(n, i, next));
    } else if (turns(i)) {
        struct number *rm = &n->registers[numbers[rm_of(i)]];
        rm->known = rm->known ? OPAQUE : UNKNOWN;
    } else if (!changed(n, i, next)) {
        unsigned count = x86_operands(i, steps);
        for (unsigned k = 0; k < count; k++)
            apply(n, &steps[k], 0);
    }
    return true;
}

/* Whether a number comes of numbers by AND, OR or EOR, which are not followed. */
static bool obscures(const struct numbers *n, uint32_t word)
{
    bool immediate = (word & 0x1f800000u) == 0x12000000u, registers = (word & 0x1f000000u) == 0x0a000000u;
    unsigned rn = field(word, 5, 5), rm = field(word, 16, 5);
    return (immediate || (registers && n->registers[rm].known == KNOWN)) && rn != 31 && n->registers[rn].known == KNOWN;
}

/* Of a data-processing instruction: 31 is XZR. */
static struct number register_of(const struct numbers *n, unsigned r)
{
    return r == 31 ? number(0) : n->registers[r];
}

static bool step_arm64(struct numbers *n, uint32_t word, uint64_t at)
{
    struct operands o;
    if (a64_classify(word) == A64_UNALLOCATED)
        return false;
    a64_operands(word, &o);
    if (o.form == FORM_JUMP || o.form == FORM_JUMP_REGISTER || o.form == FORM_RETURN || o.form == FORM_STOP)
        return false;
    if (o.form == FORM_CALL || o.form == FORM_CALL_REGISTER || o.form == FORM_SUPERVISOR)
        forget(n, CALLER_SAVED_A64);
    else if ((word & 0x7f80001fu) == 0x7100001fu) /* CMP with an immediate */
        n->bound = (uint64_t)field(word, 10, 12) + 1;
    else if ((word & 0xbfe0fc00u) == 0x8b000000u && field(word, 0, 5) != 31) /* ADD, SUB of registers, not shifted */
        n->registers[field(word, 0, 5)] =
            folded(word >> 30 & 1 ? SUB : ADD, register_of(n, field(word, 5, 5)), register_of(n, field(word, 16, 5)));
    else if (o.form == FORM_OTHER && obscures(n, word))
        n->registers[field(word, 0, 5)] = (struct number){.known = OPAQUE};
    else
        apply(n, &o, word >> 31 ? at & ~(uint64_t)0xfff : at);
    if (o.form == FORM_CALL && o.offset == 4)
        n->registers[REGISTER_LR] = number(at + 4);
    return true;
}

/* The target: 0 where it is not known. It may be worked out and not be told, or be in a table. */
static uint64_t told(struct straying *s, const struct numbers *n, struct number target, uint64_t at)
{
    if (target.known == BASED && s->table_count < MOST)
        s->tables[s->table_count++] = (struct table){target.is, n->bound};
    bool moved = target.known == KNOWN && target.is != CALLER && target.is - CALLER + 0x80000000u <= UINT32_MAX;
    if (target.known == OPAQUE || moved)
        s->hidden = at;
    return target.known == KNOWN && target.is != CALLER && !moved ? target.is : 0;
}

uint64_t strays_target_a64(struct straying *s, const uint8_t *bytes, uint64_t before, uint64_t address)
{
    struct numbers n = {.map = &s->g->map};
    struct operands last;
    uint64_t back = before / 4 < BACK ? before / 4 : BACK;
    begin(&n, false);
    for (uint64_t k = back; k > 0; k--)
        if (!step_arm64(&n, load_le32(bytes - 4 * k), address - 4 * k))
            begin(&n, false);
    a64_operands(load_le32(bytes), &last);
    return last.base < 32 ? told(s, &n, n.registers[last.base], address) : 0;
}

/* Where the last BACK instructions before `bit` begin, last first; how many. */
static unsigned look_back(const struct mark_span *begins, uint64_t bit, uint64_t from, uint64_t places[BACK])
{
    unsigned count = 0;
    uint64_t word = bit / 64, bits = begins->bits[word] & ~(UINT64_MAX << bit % 64);
    while (count < BACK) {
        for (; !bits && word > from / 64 && bit - word * 64 < (uint64_t)BACK * X86_LONGEST; word--)
            bits = begins->bits[word - 1];
        if (!bits)
            break;
        unsigned top = 63 - (unsigned)__builtin_clzll(bits);
        places[count++] = word * 64 + top;
        bits &= ~((uint64_t)1 << top);
    }
    while (count && places[count - 1] < from)
        count--;
    return count;
}

/* Whether a system call asks for memory that executes: mmap, mprotect, pkey_mprotect with PROT_EXEC. */
static bool makes_code(const struct numbers *n)
{
    enum { MMAP = 9, MPROTECT = 10, PKEY_MPROTECT = 329, PROT_EXEC = 4 };
    struct number call = n->registers[numbers[RAX]], access = n->registers[numbers[RDX]];
    bool maps = call.known == KNOWN && (call.is == MMAP || call.is == MPROTECT || call.is == PKEY_MPROTECT);
    return maps && access.known == KNOWN && access.is & PROT_EXEC;
}

uint64_t strays_target_x86(struct straying *s, const struct mark_span *begins, const uint8_t *bytes, uint64_t from,
                           uint64_t bit)
{
    struct numbers n = {.map = &s->g->map};
    struct x86_insn i;
    uint64_t places[BACK];
    unsigned back = look_back(begins, bit, from, places);
    begin(&n, true);
    for (unsigned k = back; k-- > 0;) {
        bool good = x86_decode(bytes + places[k], (size_t)(bit - places[k]), &i);
        if (!good)
            return 0;
        if (!step_amd64(&n, &i, begins->address + places[k]))
            begin(&n, true);
    }
    uint64_t at = begins->address + bit;
    if (!x86_decode(bytes + bit, (size_t)(begins->size - bit), &i))
        return 0;
    if (i.flow == X86_SYSCALL) {
        s->hidden = makes_code(&n) ? at : s->hidden;
        return 0;
    }
    if (i.flow == X86_RETURN)
        return told(s, &n, loaded(&n, n.registers[REGISTER_SP]), at);
    struct number target =
        in_memory(&i) ? loaded(&n, memory_of(&n, &i, at + i.length)) : n.registers[numbers[rm_of(&i)]];
    return told(s, &n, target, at);
}

static int by_base(const void *a, const void *b)
{
    struct table x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x.base != y.base ? (x.base > y.base) - (x.base < y.base) : (x.bound > y.bound) - (x.bound < y.bound);
}

void strays_tables(struct straying *s)
{
    enum { MOST_ENTRIES = 1024 };
    qsort(s->tables, s->table_count, sizeof *s->tables, by_base);
    for (size_t i = 0; i < s->table_count; i++) {
        uint64_t base = s->tables[i].base, bound = s->tables[i].bound;
        uint64_t room = i + 1 < s->table_count ? (s->tables[i + 1].base - base) / 4 : MOST_ENTRIES;
        bool bounded = bound && bound <= room, led = false;
        room = bounded ? bound : room;
        for (uint64_t k = 0; k < room && k < MOST_ENTRIES; k++) {
            const uint8_t *word = map_bytes(&s->g->map, base + 4 * k, 4);
            uint64_t target = word ? base + (uint64_t)(int64_t)(int32_t)load_le32(word) : 0;
            bool known = word && strays_known(s, target);
            led |= known;
            if (!word || !ground_executes(s->g, target) || (!known && led && !bounded))
                break; /* what comes behind the table is not looked for */
            if (!known)
                (void)marks_put(&s->offset, target);
        }
    }
}
