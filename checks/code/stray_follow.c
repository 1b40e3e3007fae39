/* From a place that something leads to, on by every branch, until what was swept is met. */
#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/flow_x86.h"
#include "checks/code/strays_work.h"

struct insn {
    unsigned length, class;
    enum flow flow;
    bool leaves;     /* calls something, or the kernel: perhaps for the last time */
    uint64_t target; /* of a direct branch, jump or call */
};

size_t strays_room(const struct map *map, uint64_t end)
{
    const struct span *span = map_find(map, end);
    uint64_t room = span && end - span->address < span->size ? span->size - (end - span->address) : 0;
    return room < X86_LONGEST ? (size_t)room : X86_LONGEST;
}

/* What no program may run, and `strict`, what compilers do not write: in the tables of data that code points to, it does
 * not take long to come to one. */
static bool faults(const struct x86_insn *i, const uint8_t *bytes, bool strict)
{
    unsigned op = i->opcode, reg = i->modrm >> 3 & 7;
    if (i->class == X86_INVALID || (i->map == MAP_ONE && op == 0 && bytes[1] == 0))
        return true;
    if (strict &&
        (*bytes == 0x26 || *bytes == 0x2e || *bytes == 0x36 || i->class == X86_APX_F || i->class == X86_THREEDNOW))
        return true;
    if (strict && i->map == MAP_ONE &&
        ((op >= 0xe0 && op <= 0xe3) || (op >= 0xa0 && op <= 0xa3) || op == 0xd7 || op == 0xc8 || op == 0x8c ||
         op == 0x8e || (op >= 0x9b && op <= 0x9f) || (op >= 0xd8 && op <= 0xdf) || op == 0x14 || op == 0x1c))
        return true;
    if (i->map == MAP_ONE)
        return (op >= 0x6c && op <= 0x6f) || (op >= 0xe4 && op <= 0xe7) || (op >= 0xec && op <= 0xef) || op == 0xf4 ||
               op == 0xfa || op == 0xfb || op == 0xca || op == 0xcb || op == 0xcf || op == 0xf1 ||
               (op == 0xcd && (i->immediate & 0xff) != 0x80) || (op == 0xff && (reg == 3 || reg == 5));
    return i->map == MAP_0F && (op == 0x00 || (op == 0x01 && i->modrm < 0xc0) || (op >= 0x06 && op <= 0x09) ||
                                (op >= 0x20 && op <= 0x23) || op == 0x30 || op == 0x32 || op == 0x33);
}

static bool decode_x86(const struct map *map, uint64_t at, bool strict, struct insn *out)
{
    struct x86_insn i;
    const uint8_t *bytes = map_bytes(map, at, 1);
    size_t left = bytes ? strays_room(map, at) : 0;
    if (!left || !x86_decode(bytes, left, &i) || faults(&i, bytes, strict))
        return false;
    *out = (struct insn){.length = i.length, .class = i.class, .flow = flow_of_x86((enum x86_flow)i.flow)};
    out->leaves = i.flow == X86_SYSCALL || i.flow == X86_CALL || i.flow == X86_CALL_INDIRECT;
    if (i.flow == X86_BRANCH || i.flow == X86_JUMP || i.flow == X86_CALL)
        out->target = x86_target(&i, at);
    return true;
}

static bool decode_a64(const struct map *map, uint64_t at, struct insn *out)
{
    const uint8_t *bytes = map_bytes(map, at, 4);
    uint32_t word = bytes ? load_le32(bytes) : 0;
    *out = (struct insn){.length = 4, .class = a64_classify(word), .flow = FLOW_NEXT};
    if (word >> 16 == 0 || out->class == A64_UNALLOCATED)
        return false;
    if (a64_target(word, at, &out->target))
        out->flow = (word & 0x7c000000u) != 0x14000000u ? FLOW_BRANCH : word >> 31 ? FLOW_CALL : FLOW_JUMP;
    else if (word >> 25 == 0x6b) /* BR, BLR, RET, ERET */
        out->flow = (field(word, 21, 4) & 7) == 1 ? FLOW_CALL_INDIRECT : FLOW_RETURN;
    else if ((word & 0xffe0001fu) == 0xd4200000u || (word & 0xffe0001fu) == 0xd4400000u) /* BRK, HLT */
        out->flow = FLOW_STOP;
    out->leaves = out->flow == FLOW_CALL || out->flow == FLOW_CALL_INDIRECT || a64_is_svc(word);
    return true;
}

bool strays_known(const struct straying *s, uint64_t address)
{
    return s->g->amd64 ? marks_have(s->begins, address) : map_is_code(&s->g->map, address);
}

/* Whether this is the first time; a table that is full has seen everything. */
static bool see(struct straying *s, uint64_t address)
{
    for (size_t i = 0, slot = (size_t)(address * 0x9e3779b97f4a7c15u >> 51); i < PLACES;
         i++, slot = (slot + 1) % PLACES) {
        if (s->stamps[slot] != s->stamp) {
            s->stamps[slot] = s->stamp;
            s->seen[slot] = address;
            return true;
        }
        if (s->seen[slot] == address)
            return false;
        s->probes++;
    }
    return false;
}

static bool is_start(const struct starts *starts, uint64_t address)
{
    size_t i = starts_from(starts, address);
    return i < starts->count && starts->items[i].address == address;
}

/* Where a branch leads: on to be followed, to what was swept (*joins), or nowhere. */
static bool leads(struct straying *s, uint64_t target, bool *joins)
{
    if (!ground_executes(s->g, target))
        return false;
    if (strays_known(s, target)) {
        *joins = true;
        return s->joins || is_start(&s->g->starts, target) || (s->g->amd64 && marks_have(&s->led, target));
    }
    if (s->waiting_count < WAITING)
        s->waiting[s->waiting_count++] = target;
    return true;
}

/* An instruction with a feature, once for each class. */
static void hit(struct straying *s, uint64_t address, unsigned class)
{
    for (unsigned i = 0; i < s->hit_count; i++)
        if (s->hits[i].class == class)
            return;
    if (s->hit_count < HITS) {
        s->hits[s->hit_count].address = address;
        s->hits[s->hit_count++].class = class;
    }
}

bool strays_follow(struct straying *s, uint64_t start, enum told told)
{
    bool joins = false, ends = false, strict = told != TOLD_BY_BRANCH;
    s->strict = strict;
    s->joins = told != TOLD_BY_ADDRESS;
    s->stamp++;
    s->steps = s->hit_count = s->probes = 0;
    s->waiting_count = 1;
    s->waiting[0] = start;
    while (s->waiting_count && s->steps < STEPS) {
        struct insn i = {.flow = FLOW_NEXT};
        for (uint64_t at = s->waiting[--s->waiting_count];; at += i.length) {
            if (strays_known(s, at)) {
                ends |= s->joins || is_start(&s->g->starts, at) || marks_have(&s->led, at);
                break;
            }
            if (!see(s, at) || s->steps == STEPS)
                break;
            s->steps++;
            bool left = i.leaves;
            if (!(s->g->amd64 ? decode_x86(&s->g->map, at, s->strict, &i) : decode_a64(&s->g->map, at, &i))) {
                if (!left)
                    return false;
                ends = true;
                break;
            }
            if (s->classes[i.class].needs[0] != FEATURE_NONE)
                hit(s, at, i.class);
            if ((i.flow == FLOW_BRANCH || i.flow == FLOW_JUMP || i.flow == FLOW_CALL) && !leads(s, i.target, &joins))
                return false;
            ends |= i.flow == FLOW_RETURN || i.flow == FLOW_JUMP || i.flow == FLOW_JUMP_INDIRECT;
            if (i.flow == FLOW_RETURN || i.flow == FLOW_JUMP || i.flow == FLOW_JUMP_INDIRECT || i.flow == FLOW_STOP)
                break;
        }
    }
    bool whole = strict ? ends && s->steps < STEPS : ends || s->steps == STEPS;
    return whole && (s->hit_count || (joins && !strict));
}
