/* A straight walk. After an instruction that does not come back, the walk goes on only where a branch seen so far leads
 * to; what lies between may be the target of a table of jumps, or data: it is looked at, and what it mentions is
 * dropped again where it runs into an undefined encoding. */
#include "checks/code/outline_work.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/body.h"
#include "checks/code/x86.h"

static void glance_branch(uint64_t address, uint32_t word, struct glance *g)
{
    if (field(word, 26, 5) == 0x05) { /* B, BL */
        g->target = address + sign_extend(field(word, 0, 26), 26) * 4;
        g->flow = word >> 31 ? FLOW_CALL : FLOW_JUMP;
    } else if (field(word, 25, 6) == 0x1a || word >> 24 == 0x54) { /* CBZ, CBNZ, B.cond */
        g->target = address + sign_extend(field(word, 5, 19), 19) * 4;
        g->flow = word >> 24 == 0x54 && (word & 15) >= 14 ? FLOW_JUMP : FLOW_BRANCH;
    } else if (field(word, 25, 6) == 0x1b) { /* TBZ, TBNZ */
        g->target = address + sign_extend(field(word, 5, 14), 14) * 4;
        g->flow = FLOW_BRANCH;
    } else if (word >> 25 == 0x6b) { /* BR, BLR, RET, ERET and their PAC forms */
        unsigned opc = field(word, 21, 4) & 7;
        g->flow = opc == 0 ? FLOW_JUMP_INDIRECT : opc == 1 ? FLOW_CALL_INDIRECT : FLOW_RETURN;
    } else if ((word & 0xffe0001fu) == 0xd4200000u || (word & 0xffe0001fu) == 0xd4400000u) { /* BRK, HLT */
        g->flow = FLOW_STOP;
    }
    g->asks_kernel = a64_is_svc(word);
    g->asks_cpu = word == 0xd503251fu /* CHKFEAT */ ||
                  (word & 0xfffff000u) == 0xd5380000u; /* MRS of an ID register: op0 3, op1 0, CRn 0 */
}

/* Which registers hold addresses, as far as a straight walk can tell: pages (ADRP), and sums of them. */
static void glance_address(struct outline *o, uint64_t address, uint32_t word, struct glance *g)
{
    unsigned op0 = field(word, 25, 4), rd = field(word, 0, 5), rn = field(word, 5, 5);
    uint32_t bit = rd == 31 ? 0 : 1u << rd;
    bool known = o->pages_known >> rn & 1;
    if (op0 >> 1 == 4) { /* immediates */
        unsigned kind = field(word, 23, 3);
        o->pages_known &= ~bit;
        outline_forms(o, word);
        if (kind <= 1) { /* ADR, ADRP */
            o->pages[rd] = a64_page(word, address);
            o->pages_known |= bit;
            g->address = word >> 31 ? 0 : o->pages[rd];
        } else if (kind == 2 && known && field(word, 29, 3) == 4) { /* ADD */
            o->pages[rd] = o->pages[rn] + ((uint64_t)field(word, 10, 12) << (field(word, 22, 1) ? 12 : 0));
            o->pages_known |= bit;
            g->address = o->pages[rd];
        } else if ((word & 0x7fc0001fu) == 0x7100001fu) { /* CMP */
            outline_compares(o, field(word, 10, 12));
        }
    } else if ((op0 & 5) == 4) { /* memory */
        bool vector = word >> 26 & 1,
             load = (word & 0x3a000000u) == 0x28000000u ? field(word, 22, 1) : field(word, 22, 2);
        if ((word & 0x3b000000u) == 0x39000000u && known) {
            unsigned shift = vector && field(word, 23, 1) ? 4 : word >> 30;
            g->address = o->pages[rn] + ((uint64_t)field(word, 10, 12) << shift);
            g->loads = true;
            g->word = !vector;
            g->stores = !load && rd != 31;
        } else if ((word & 0x3fa0fc00u) == 0x0880fc00u && known) { /* LDAR, STLR */
            g->address = o->pages[rn];
            g->loads = g->word = true;
            g->stores = !field(word, 22, 1) && rd != 31;
        }
        if (!vector && (load || (word & 0x3b000000u) == 0x18000000u))
            o->pages_known &= ~bit;
        if (!vector && load && (word & 0x3a000000u) == 0x28000000u)
            o->pages_known &= ~(1u << field(word, 10, 5));
    } else if ((op0 & 7) == 5) {                                                                       /* registers */
        bool copies = (word & 0xffe0ffe0u) == 0xaa0003e0u && o->pages_known >> field(word, 16, 5) & 1; /* MOV */
        if (copies)
            o->pages[rd] = o->pages[field(word, 16, 5)];
        o->pages_known = copies ? o->pages_known | bit : o->pages_known & ~bit;
    }
}

static bool glance_a64(struct outline *o, uint64_t address, const uint8_t *at, size_t n, struct glance *g)
{
    enum { CALL_KEEPS = 0x3ff80000 }; /* X19 to X29 */
    if (n < 4)
        return false;
    uint32_t word = load_le32(at);
    unsigned class = a64_classify(word);
    if (class == A64_UNALLOCATED || word >> 16 == 0)
        return false;
    *g = (struct glance){.length = 4, .class = class, .flow = FLOW_NEXT, .idle = class == A64_HINT};
    bool adds_16 =
        (word & 0xfffffc00u) == 0x91004000u && field(word, 0, 5) == field(word, 5, 5) && field(word, 0, 5) != 31;
    bool indexes_16 = (word & 0xfffff400u) == 0xf8410400u || (word & 0xfebf8000u) == 0xa8810000u; /* LDR, LDP, STP */
    bool masks_16 = (word & 0xfffffc00u) == 0x927c0000u; /* AND with 16, as Go moves on in a slice */
    o->steps_16 |= adds_16 || indexes_16 || masks_16;
    o->adds_2 |= (word & 0xfffffc00u) == 0x91000800u && field(word, 0, 5) == field(word, 5, 5);
    o->loads_words |= (word & 0xffe0fc00u) == 0xf8607800u; /* LDR of a register, from an index times 8 */
    if (word >> 5 == 0xd53bd040u >> 5 || word >> 5 == 0x52800040u >> 5)
        outline_sets_errno(o); /* MRS TPIDR_EL0; MOV of ENOENT */
    if (field(word, 26, 3) == 5) {
        glance_branch(address, word, g);
        if (g->flow == FLOW_CALL || g->flow == FLOW_CALL_INDIRECT)
            o->pages_known &= CALL_KEEPS;
    } else {
        glance_address(o, address, word, g);
    }
    return true;
}

static bool mention(struct outline *o, enum mention_kind kind, uint64_t target)
{
    o->crowded |= o->mention_count == o->mention_most;
    if (o->crowded)
        return false;
    if (o->mention_count == o->mention_room) {
        size_t room = o->mention_room ? o->mention_room * 2 : 4096;
        struct mention *mentions = realloc(o->mentions, room * sizeof *mentions);
        if (!mentions)
            return false;
        o->mentions = mentions;
        o->mention_room = room;
    }
    o->mentions[o->mention_count++] =
        (struct mention){.target = target & VALUE_MASK, .kind = (uint64_t)kind & 7, .reach = REACH_POSSIBLE};
    return true;
}

static inline bool has(const uint64_t *bits, size_t n)
{
    return bits[n / 64] >> (n % 64) & 1;
}

static inline void put(uint64_t *bits, size_t n)
{
    bits[n / 64] |= (uint64_t)1 << (n % 64);
}

static bool room_for(struct outline *o, size_t units)
{
    size_t words = units / 64 + 1;
    if (units > o->room) {
        free(o->targets);
        free(o->vector_at);
        free(o->loops);
        o->targets = malloc(words * sizeof *o->targets);
        o->vector_at = o->amd64 ? NULL : malloc(words * sizeof *o->vector_at);
        o->loops = o->amd64 ? NULL : malloc(words * sizeof *o->loops);
        o->room = 0;
        if (!o->targets || (!o->amd64 && (!o->vector_at || !o->loops)))
            return false;
        o->room = units;
    }
    memset(o->targets, 0, words * sizeof *o->targets);
    if (o->vector_at && o->loops) {
        memset(o->vector_at, 0, words * sizeof *o->vector_at);
        memset(o->loops, 0, words * sizeof *o->loops);
    }
    return true;
}

/* The walk through one function. */
struct walk {
    struct outline *o;
    uint64_t start, end, at;
    unsigned unit;
    bool stopped, loose;
    bool called;           /* by the last instruction but for padding */
    struct outline before; /* loose: how things were before this stretch */
};

static size_t unit_of(const struct walk *w, uint64_t address)
{
    return (size_t)((address - w->start) / w->unit);
}

/* After a stop: on to where a branch leads, over padding, or loosely into what comes next. */
static void go_on(struct walk *w, const uint8_t *bytes, size_t left)
{
    if (has(w->o->targets, unit_of(w, w->at))) {
        w->stopped = w->loose = false;
    } else if (w->unit == 1 ? *bytes == 0xcc || *bytes == 0 || *bytes == 0x90 : left < 4 || load_le32(bytes) == 0) {
        w->at += w->unit;
        w->o->understood += w->unit; /* padding */
    } else {
        w->stopped = false;
        w->loose = true;
        w->before = *w->o;
    }
}

/* An undefined encoding: what led to it loosely was no code. */
static void run_into(struct walk *w)
{
    if (w->loose) {
        struct outline *o = w->o, before = w->before;
        before.mentions = o->mentions; /* the lists may have moved */
        before.mention_room = o->mention_room;
        *o = before;
    } else {
        w->o->broken++;
    }
    w->stopped = true;
    w->loose = false;
    do
        w->at += w->unit;
    while (w->at < w->end && !has(w->o->targets, unit_of(w, w->at)) && w->at % 16);
}

static void follow(struct walk *w, const struct glance *g, bool *good)
{
    struct outline *o = w->o;
    bool inside = g->target - w->start < w->end - w->start;
    if (!inside && w->loose && !map_is_code(o->map, g->target))
        return; /* more likely data than code */
    if (g->flow == FLOW_CALL) {
        *good &= mention(o, MENTION_CALL, g->target);
    } else if (inside) {
        put(o->targets, unit_of(w, g->target));
        o->goes_back |= g->target <= w->at;
        if (!o->amd64 && g->target <= w->at)
            put(o->loops, unit_of(w, w->at));
    } else {
        o->leaves = true;
        *good &= mention(o, MENTION_JUMP, g->target);
    }
}

static bool take(struct walk *w, const struct glance *g)
{
    struct outline *o = w->o;
    bool good = true;
    o->understood += g->length;
    o->asks_cpu |= g->asks_cpu;
    o->has_features |= o->noted[g->class];
    if (o->amd64) {
        o->has_older |= g->class == X86_SSE;
    } else {
        o->has_older |= g->class == A64_EXCLUSIVE;
        o->words++;
        if (g->class == A64_SIMD)
            put(o->vector_at, unit_of(w, w->at));
    }
    uint64_t slot = g->address && g->loads && !g->stores ? map_relocated(o->map, g->address) : 0;
    if (slot)
        good = mention(o,
                       g->flow == FLOW_CALL_INDIRECT   ? MENTION_CALL
                       : g->flow == FLOW_JUMP_INDIRECT ? MENTION_JUMP
                                                       : MENTION_ADDRESS,
                       slot);
    for (size_t i = 0; i < o->map->asking_count; i++)
        o->through_asking |= g->address == o->map->asking[i] && outline_is_stub(o->map, w->start, w->at);
    bool compared = g->address && !g->loads && !g->stores && map_is_code(o->map, g->address) &&
                    outline_is_compared(o->map, o->amd64, w->start, w->end, w->at, &o->fuel);
    if (g->address && !compared && map_find(o->map, g->address))
        good &= mention(o,
                        g->stores  ? MENTION_STORE
                        : g->word  ? MENTION_WORD
                        : g->loads ? MENTION_LOAD
                                   : MENTION_ADDRESS,
                        g->address);
    if (g->flow == FLOW_BRANCH || g->flow == FLOW_JUMP || g->flow == FLOW_CALL)
        follow(w, g, &good);
    o->branches |= g->flow == FLOW_BRANCH;
    o->unsure |= g->flow == FLOW_CALL_INDIRECT || g->flow == FLOW_JUMP_INDIRECT || g->asks_kernel;
    o->returns |= g->flow == FLOW_RETURN || g->flow == FLOW_JUMP_INDIRECT;
    if (g->flow == FLOW_JUMP || g->flow == FLOW_JUMP_INDIRECT || g->flow == FLOW_RETURN || g->flow == FLOW_STOP) {
        w->stopped = true;
        w->loose = false;
    }
    w->called = g->flow == FLOW_CALL || g->flow == FLOW_CALL_INDIRECT || (w->called && g->idle);
    w->at += g->length;
    return good;
}

/* Counts Advanced SIMD arithmetic, and that in loops: at or before a branch that goes back as far, or further. */
static void count_vectors(struct outline *o, const struct walk *w, const uint8_t *bytes)
{
    uint64_t lowest = UINT64_MAX, target;
    for (size_t i = (size_t)((w->end - w->start) / w->unit) / 64 + 1; i-- > 0;)
        for (uint64_t bits = o->vector_at[i] | o->loops[i]; bits;) {
            const unsigned bit = 63 - (unsigned)__builtin_clzll(bits);
            const uint64_t at = w->start + (i * 64 + bit) * 4;
            bits &= ~((uint64_t)1 << bit);
            if (o->loops[i] >> bit & 1 && a64_target(load_le32(bytes + (at - w->start)), at, &target) &&
                target < lowest)
                lowest = target;
            o->vectors += o->vector_at[i] >> bit & 1;
            o->looped += o->vector_at[i] >> bit & 1 && lowest <= at;
        }
}

bool outline_function(struct outline *o, uint64_t start, uint64_t end)
{
    struct walk w = {.o = o, .start = start, .end = end, .at = start, .unit = o->amd64 ? 1 : 4};
    const uint8_t *bytes = map_bytes(o->map, start, (size_t)(end - start));
    size_t more = bytes && strays_have(o->strays, end) ? strays_room(o->map, end) : 0;
    o->understood = o->broken = o->words = o->vectors = o->looped = o->pages_known = 0;
    o->asks_cpu = o->has_features = o->has_older = o->returns = o->leaves = o->branches = o->goes_back = o->unsure =
        o->through_asking = o->steps_16 = o->adds_2 = o->loads_words = false;
    o->compares = o->forms = 0;
    if (!bytes || !room_for(o, (size_t)((end - start) / w.unit) + 1))
        return bytes == NULL;
    while (w.at < end) {
        const uint8_t *at = bytes + (w.at - start);
        size_t left = (size_t)(end - w.at) + more;
        struct glance g;
        if (w.stopped) {
            go_on(&w, at, left);
            if (w.stopped)
                continue;
        } else if (w.loose && has(o->targets, unit_of(&w, w.at))) {
            w.loose = false;
        }
        if (o->amd64 && !w.loose && left > QUICK_ROOM) {
            const uint8_t *next = outline_skip(o, at, at + (left - QUICK_ROOM));
            if (next > at) {
                w.called = false;
                w.at += (uint64_t)(next - at);
                o->understood += (uint32_t)(next - at);
                continue;
            }
        }
        if (!(o->amd64 ? outline_glance_x86(o->map, w.at, at, left, &g) : glance_a64(o, w.at, at, left, &g)))
            run_into(&w);
        else if (!take(&w, &g))
            return false;
    }
    if (!w.stopped && !w.loose && !w.called) { /* on into another function */
        o->leaves = true;
        if (!mention(o, MENTION_JUMP, w.at))
            return false;
    }
    if (!o->amd64)
        count_vectors(o, &w, bytes);
    return true;
}

void outline_free(struct outline *o)
{
    free(o->mentions);
    free(o->targets);
    free(o->vector_at);
    free(o->loops);
}
