/* LLVM's outliner makes functions of the repeated parts of others, which are called by name and keep no convention; and
 * behind a call of a function that never returns anything may stand. */
#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/abi_work.h"

enum { FRAGMENT_WORDS = 48, NOP = (int)0xd503201f };

static bool intact(const struct abi_state *state)
{
    bool good = state->x[REGISTER_SP].kind == ABI_STACK && state->x[REGISTER_SP].n == 0;
    for (unsigned r = 19; r <= 29; r++)
        good &= state->x[r].kind == ABI_ENTRY && state->x[r].reg == r;
    for (unsigned i = 0; i < ABI_VECTORS; i++)
        good &= state->v[i].kind == ABI_ENTRY && state->v[i].reg == ABI_ENTRY_VECTOR + i;
    return good;
}

/* Whether a store keeps registers of the caller's caller in the caller's frame. */
static bool saves_for_caller(const struct abi_state *state, const struct operands *o)
{
    struct abi_value base = o->form == FORM_STORE ? state->x[o->base] : (struct abi_value){0};
    bool precious = o->vector ? o->regs[0] >= 8 && o->regs[0] <= 15 : o->regs[0] >= 19 && o->regs[0] <= REGISTER_LR;
    return base.kind == ABI_STACK && base.n + (o->post ? 0 : o->offset) >= 0 && precious;
}

/* A short run of instructions that returns with the registers of others changed, or the stack: a part of functions. */
static bool is_fragment(const struct abi_work *w, const struct abi_function *f)
{
    struct abi_state state;
    struct operands o;
    uint64_t size = f->size < FRAGMENT_WORDS * 4 ? f->size : FRAGMENT_WORDS * 4;
    const uint8_t *bytes = map_bytes(&w->map, f->start, size);
    bool saves = false;
    abi_entry(&state);
    for (uint64_t at = 0; bytes && at + 4 <= size; at += 4) {
        uint32_t word = load_le32(bytes + at);
        if (a64_classify(word) == A64_UNALLOCATED)
            return false;
        a64_operands(word, &o);
        bool stays = o.form == FORM_JUMP && at + (uint64_t)o.offset < f->size;
        if (o.form == FORM_BRANCH || o.form == FORM_STOP || o.form == FORM_JUMP_REGISTER || stays)
            return false;
        if (o.form == FORM_RETURN || o.form == FORM_JUMP)
            return saves || !intact(&state) || (o.form == FORM_RETURN && o.base != REGISTER_LR);
        saves |= saves_for_caller(&state, &o);
        abi_step(&state, &o);
    }
    return false;
}

static bool branches(uint32_t word)
{
    return (word & 0xfc000000u) == 0x14000000u || (word & 0x7c000000u) == 0x34000000u || word >> 24 == 0x54;
}

/* BLR, or BL to ADRP X16, perhaps behind BTI C: a stub, through which another program is called. */
bool abi_calls_away(const struct abi_walk *w, size_t at)
{
    enum { BTI_C = (int)0xd503245f };
    const uint32_t word = abi_word(w, at);
    if (word >> 26 != 0x25)
        return word >> 25 == 0x6b && (word >> 21 & 7) == 1;
    const uint64_t to = w->f->start + (at + sign_extend(field(word, 0, 26), 26)) * 4;
    const uint8_t *bytes = map_bytes(w->map, to, 8);
    if (!bytes)
        return false;
    const uint32_t first = load_le32(bytes) == (uint32_t)BTI_C ? load_le32(bytes + 4) : load_le32(bytes);
    return (first & 0x9f00001fu) == (0x90000000u | REGISTER_IP0);
}

bool abi_faults(const struct abi_walk *w, size_t at)
{
    enum { PAGE = 4096 };
    const uint32_t word = abi_word(w, at);
    if ((word & 0x3f000000u) != 0x39000000 || at == 0 || w->flags[at] & ABI_LEADER) /* LDR, STR */
        return false;
    const uint32_t before = abi_word(w, at - 1);
    return (before & 0x7fe00000u) == 0x52800000 && field(before, 0, 5) == field(word, 5, 5) && /* MOVZ */
           field(before, 5, 16) + (field(word, 10, 12) << (word >> 30)) < PAGE;
}

/* Whether SP comes out of another register than the frame pointer right before the BR at `at`: __builtin_longjmp() does so. */
static bool jumps_far(const uint8_t *bytes, uint64_t at)
{
    enum { NEAR = 4 * 4 };
    for (uint64_t back = 4; back <= NEAR && back <= at; back += 4) {
        uint32_t word = load_le32(bytes + at - back);
        if ((word & 0xfffffc1fu) == 0x9100001f) /* MOV SP, Xn */
            return field(word, 5, 5) < REGISTER_FP;
    }
    return false;
}

/* Whether the function has an instruction that leaves it for good. */
static bool may_return(const uint8_t *bytes, uint64_t size)
{
    struct operands o;
    for (uint64_t at = 0; at + 4 <= size; at += 4) {
        uint32_t word = load_le32(bytes + at);
        if ((word & 0xfffffc1fu) == 0xd61f0000 && jumps_far(bytes, at)) /* BR */
            continue;
        if (word >> 25 == 0x6b && (word >> 21 & 7) != 1) /* BR, RET; not BLR */
            return true;
        if (!branches(word) || word >> 26 == 0x25)
            continue;
        a64_operands(word, &o);
        if (at + (uint64_t)o.offset >= size)
            return true;
    }
    return false;
}

void abi_note_endless(struct abi_bits *endless, const struct map *map, const struct abi_function *f)
{
    const uint8_t *bytes = f->profile == ABI_GUESSED ? NULL : map_bytes(map, f->start, f->size);
    struct operands o;
    uint64_t at = f->size & ~(uint64_t)3;
    while (bytes && at && (load_le32(bytes + at - 4) == 0 || load_le32(bytes + at - 4) == (uint32_t)NOP))
        at -= 4;
    if (!bytes || at == 0)
        return;
    if (!may_return(bytes, at))
        abi_set(endless, f->start);
    if (load_le32(bytes + at - 4) >> 26 != 0x25)
        return;
    a64_operands(load_le32(bytes + at - 4), &o);
    abi_set(endless, f->start + at - 4 + (uint64_t)o.offset);
}

/* A stub of the linker's: ADRP X16; LDR X17, [X16, #slot]; perhaps behind BTI C. */
bool abi_is_endless_stub(const struct map *map, uint64_t at)
{
    enum { BTI_C = (int)0xd503245f, STUB = 12 };
    const uint8_t *bytes = map->endless_count ? map_bytes(map, at, STUB) : NULL;
    const unsigned skip = bytes && load_le32(bytes) == (uint32_t)BTI_C ? 4 : 0;
    const uint32_t page = bytes ? load_le32(bytes + skip) : 0, load = bytes ? load_le32(bytes + skip + 4) : 0;
    if ((page & 0x9f00001fu) != (0x90000000u | REGISTER_IP0) || (load & 0xffc003ffu) != 0xf9400211u)
        return false;
    const uint64_t slot = ((at + skip) & ~(uint64_t)0xfff) + (sign_extend(field(page, 5, 19), 19) << 14) +
                          (field(page, 29, 2) << 12) + field(load, 10, 12) * 8;
    for (size_t i = 0; i < map->endless_count; i++)
        if (map->endless[i] == slot)
            return true;
    return false;
}

void abi_note_parts(struct abi_work *w)
{
    for (size_t i = 0; i < w->starts.count; i++) {
        struct abi_function f = abi_function_of(w, i);
        if (abi_has(&w->led_to, f.start) && is_fragment(w, &f))
            abi_set(&w->fragments, f.start);
        abi_note_endless(&w->endless, &w->map, &f);
    }
    w->hint = 0;
}
