/* Which registers a function for arm64 gives back as it was given them, whatever its convention says: runtime.gcWriteBarrier() of Go
 * (runtime/asm_arm64.s, up to Go 1.20) is called in the midst of others, which keep the addresses of variables in registers over it.
 * Every way through a function is followed to its end; there are few, or nothing is known. What it calls changes all registers, but
 * nothing of its frame, except the two words behind its first, where Go hands arguments over. */
#include "checks/code/keeps.h"

#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/operands.h"

enum { STEPS = 192, WAITING = 4, WORD = 8, FRAME_WORDS = 64, ARGUMENTS = 2 * WORD, NOTHING = 0xff };

struct way {
    uint64_t at;
    int64_t sp;                 /* from that of the entry */
    uint8_t holds[32];          /* by register: whose value of the entry it holds */
    uint8_t slots[FRAME_WORDS]; /* the same of the words below SP of the entry, downwards */
};

struct follow {
    const struct map *map;
    uint64_t start, end;
    uint32_t kept;
    unsigned steps, count;
    struct way waiting[WAITING];
};

/* The word of the frame at so many bytes from SP of the entry; NULL: there is none. */
static uint8_t *slot_at(struct way *way, int64_t at)
{
    bool good = at < 0 && at % WORD == 0 && at >= -(int64_t)FRAME_WORDS * WORD;
    return good ? &way->slots[-at / WORD - 1] : NULL;
}

static void forget(struct way *way, uint32_t registers)
{
    for (unsigned r = 0; r < REGISTER_SP; r++)
        if (registers >> r & 1)
            way->holds[r] = NOTHING;
}

/* A load or a store at SP. False: which words it accesses is not known. */
static bool access_frame(struct way *way, const struct operands *o)
{
    int64_t at = way->sp + (o->post ? 0 : o->offset);
    const bool twice = o->count == 2 && o->regs[0] == o->regs[1]; /* LDP of one register: either word */
    if (o->indexed || o->vector || o->size != WORD || at % WORD)
        return o->form == FORM_LOAD && !o->moves;
    for (unsigned i = 0; i < o->count; i++) {
        uint8_t *slot = slot_at(way, at + (int64_t)i * WORD);
        const unsigned r = o->regs[i];
        if (o->form == FORM_STORE && slot)
            *slot = r == REGISTER_SP ? NOTHING : way->holds[r];
        else if (o->form == FORM_LOAD && r != REGISTER_SP)
            way->holds[r] = slot && !o->narrow && !twice ? *slot : NOTHING;
    }
    way->sp += o->moves ? o->offset : 0;
    return true;
}

static void call(struct way *way)
{
    forget(way, UINT32_MAX);
    for (int64_t at = -(int64_t)FRAME_WORDS * WORD; at < 0; at += WORD)
        if (at < way->sp || (at >= way->sp + WORD && at < way->sp + WORD + ARGUMENTS))
            *slot_at(way, at) = NOTHING;
}

/* Whether another register than X29, or memory, may come to hold an address of the frame: then anybody may change its words. */
static bool hands_frame_on(const struct operands *o)
{
    const bool frame = o->base == REGISTER_SP, accesses = o->form == FORM_LOAD || o->form == FORM_STORE;
    const bool stores_pointer = o->form == FORM_STORE && !o->vector &&
                                (o->regs[0] == REGISTER_FP || (o->count == 2 && o->regs[1] == REGISTER_FP));
    return (frame && !accesses && o->regs[0] != REGISTER_FP) || (o->base == REGISTER_FP && o->form != FORM_LOAD) ||
           (stores_pointer && !frame);
}

/* ADD, SUB of an extended register, where 31 is SP. */
static bool adds_extended(uint32_t word)
{
    return (word & 0x1fe00000u) == 0x0b200000u && field(word, 5, 5) == REGISTER_SP;
}

/* What an instruction that goes on to the next does. False: nobody knows. */
static bool change(struct way *way, const struct operands *o)
{
    const bool frame = o->base == REGISTER_SP;
    if (o->form == FORM_CALL || o->form == FORM_CALL_REGISTER) {
        call(way);
        return true;
    }
    if (o->form == FORM_ADD && o->regs[0] == REGISTER_SP && frame) {
        way->sp += o->offset;
        return true;
    }
    if (hands_frame_on(o))
        return false;
    forget(way, o->gprs);
    if (frame && (o->form == FORM_LOAD || o->form == FORM_STORE))
        return access_frame(way, o);
    return !(o->gprs >> REGISTER_SP & 1) && !(frame && o->form == FORM_MEMORY);
}

/* At the end of a way. False: it does not end as functions do. */
static bool come_back(struct follow *f, const struct way *way, const struct operands *o)
{
    for (unsigned r = 0; r < REGISTER_SP; r++)
        if (way->holds[r] != r)
            f->kept &= ~(UINT32_C(1) << r);
    return way->sp == 0 && o->base == REGISTER_LR && way->holds[REGISTER_LR] == REGISTER_LR;
}

/* Along one way, from `way->at` to its return. False: nobody knows where it leads. */
static bool follow_way(struct follow *f, struct way *way)
{
    struct operands o;
    for (; f->steps < STEPS; f->steps++, way->at += 4) {
        const uint8_t *bytes = way->at - f->start < f->end - f->start ? map_bytes(f->map, way->at, 4) : NULL;
        if (!bytes || a64_classify(load_le32(bytes)) == A64_UNALLOCATED || adds_extended(load_le32(bytes)))
            return false;
        a64_operands(load_le32(bytes), &o);
        if (o.form == FORM_RETURN)
            return come_back(f, way, &o);
        if (o.form == FORM_JUMP_REGISTER || o.form == FORM_STOP || o.form == FORM_SUPERVISOR ||
            o.form == FORM_SCALABLE || (o.form == FORM_BRANCH && f->count == WAITING))
            return false;
        if (o.form == FORM_BRANCH) {
            f->waiting[f->count] = *way;
            f->waiting[f->count++].at += (uint64_t)o.offset;
        } else if (o.form == FORM_JUMP) {
            way->at += (uint64_t)o.offset - 4;
        } else if (!change(way, &o)) {
            return false;
        }
    }
    return false;
}

uint32_t keeps_registers(const struct map *map, uint64_t start, uint64_t end)
{
    struct follow f = {.map = map, .start = start, .end = end, .kept = UINT32_MAX >> 1, .count = 1};
    struct way *first = &f.waiting[0];
    first->at = start;
    for (unsigned r = 0; r < sizeof first->holds; r++)
        first->holds[r] = (uint8_t)r;
    memset(first->slots, NOTHING, sizeof first->slots);
    while (f.count) {
        struct way way = f.waiting[--f.count];
        if (!follow_way(&f, &way))
            return 0;
    }
    return f.kept;
}
