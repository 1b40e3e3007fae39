/* x86-64 code followed, with what each instruction is looked at for: as abi_walk.c and abi_look.c have it for A64. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/abi_quick_x86.h"
#include "checks/code/abi_walk.h"

enum { RED_ZONE = 128, ALIGNED = 15, RETURN_ADDRESS = -8 };

static bool room_for(struct abi_walk *w)
{
    enum { LEAST = 64 };
    if (!w->order || w->units > w->order_room) {
        free(w->order);
        w->order = malloc((w->units + 1) * sizeof *w->order);
        w->order_room = w->order ? w->units : 0;
    }
    if (!w->insns) {
        w->insns = malloc(LEAST * sizeof *w->insns);
        w->insn_room = w->insns ? LEAST : 0;
    }
    if (!w->order || w->order_room < w->units || !w->insns)
        return false;
    memset(w->order, 0, w->units * sizeof *w->order);
    return true;
}

static bool one_more(struct abi_walk *w, size_t count)
{
    if (count < w->insn_room)
        return true;
    struct x86_insn *insns = realloc(w->insns, 2 * w->insn_room * sizeof *insns);
    if (!insns)
        return false;
    w->insns = insns;
    w->insn_room *= 2;
    return true;
}

bool abi_decode_x86(struct abi_walk *w)
{
    size_t count = 0;
    if (!room_for(w))
        return false;
    for (size_t at = 0; at < w->units;) {
        struct x86_insn *insn = &w->insns[count];
        unsigned length = x86_decode(w->bytes + at, w->units - at, insn);
        if (!length || insn->class == X86_INVALID) {
            at++;
            continue;
        }
        w->order[at] = (uint32_t)++count;
        at += length;
        w->odd = count == ABI_MOST_INSNS;
        if (w->odd)
            return true;
        if (!one_more(w, count))
            return false;
    }
    return true;
}

/* The instruction at `at`; NULL: there is none. */
static const struct x86_insn *insn_at(const struct abi_walk *w, size_t at, struct x86_insn *other)
{
    if (w->order[at])
        return &w->insns[w->order[at] - 1];
    return x86_decode(w->bytes + at, w->units - at, other) && other->class != X86_INVALID ? other : NULL;
}

/* TEST of memory at the stack: a probe. */
static bool probes(const struct x86_insn *insn)
{
    return insn->map == MAP_ONE && (insn->opcode == 0x84 || insn->opcode == 0x85);
}

static void look_at_access(struct abi_walk *w, size_t at, const struct operands *o, const struct abi_state *state)
{
    struct abi_value sp = state->x[REGISTER_SP], base = state->x[o->base];
    int64_t lowest = 0;
    if (o->moves || o->indexed)
        return;
    if (o->base == REGISTER_SP)
        lowest = o->offset;
    else if (base.kind == ABI_STACK && sp.kind == ABI_STACK)
        lowest = base.n + o->offset - sp.n;
    if (lowest < -RED_ZONE)
        abi_tell(w, at, BREACH_BELOW_SP, o->base, (int32_t)lowest);
}

/* JMP *slot(%rip), perhaps behind ENDBR64: a call through there leaves the program. */
bool abi_is_stub(const struct abi_walk *w, uint64_t address)
{
    struct x86_insn insn;
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *bytes = map_bytes(w->map, address, X86_LONGEST);
        unsigned length = bytes ? x86_decode(bytes, X86_LONGEST, &insn) : 0;
        if (!length || insn.class == X86_INVALID)
            return false;
        if (insn.flow == X86_JUMP_INDIRECT)
            return insn.rip_relative;
        if (insn.class != X86_HINT)
            return false;
        address += length;
    }
    return false;
}

static void look_at_call(struct abi_walk *w, size_t at, const struct operands *o, const struct abi_state *state)
{
    int alignment = abi_alignment(state->x[REGISTER_SP]);
    bool leaves = o->form == FORM_CALL_REGISTER || abi_is_stub(w, w->f->start + at + (uint64_t)o->offset);
    if (alignment > 0 && leaves) /* of a function that they know, compilers know whether it asks for alignment */
        abi_tell(w, at, BREACH_STACK_ALIGNMENT, 0, alignment);
}

static void look_at_return(struct abi_walk *w, size_t at, const struct abi_state *state)
{
    struct abi_value sp = state->x[REGISTER_SP], to = abi_slot(state, RETURN_ADDRESS);
    if (sp.kind != ABI_STACK || sp.n != RETURN_ADDRESS || to.kind != ABI_ENTRY || to.reg != REGISTER_LR)
        return; /* not to the caller, or nobody knows */
    for (unsigned r = 19; r <= REGISTER_FP; r++)
        if (abi_lost(w, state, state->x[r], r))
            abi_tell(w, at, BREACH_CALLEE_SAVED, r, state->x[r].kind);
}

static void look(struct abi_walk *w, size_t at, const struct x86_insn *insn, const struct operands *o,
                 const struct abi_state *state)
{
    if (o->form == FORM_STORE || (o->form == FORM_PREFETCH && o->count))
        abi_note_saves(w, o, state);
    if (w->f->profile != ABI_SYSV)
        return;
    if ((o->form == FORM_LOAD || o->form == FORM_STORE) && !probes(insn))
        look_at_access(w, at, o, state);
    else if (o->form == FORM_CALL || o->form == FORM_CALL_REGISTER)
        look_at_call(w, at, o, state);
    else if (o->form == FORM_RETURN)
        look_at_return(w, at, state);
}

static void visit(struct abi_walk *w, size_t at, unsigned length)
{
    w->understood += w->flags[at] & ABI_VISITED ? 0 : length;
    w->flags[at] |= ABI_VISITED;
}

/* Jcc and JMP to where they say. */
static void branch(struct abi_walk *w, size_t at, const struct x86_insn *insn, const struct abi_state *state)
{
    const uint64_t to = at + insn->length + (uint64_t)insn->immediate;
    if (to < w->units)
        abi_arrive(w, (size_t)to, state);
}

/* Whether control goes on behind the instruction. */
static bool step_x86(struct abi_walk *w, size_t at, const struct x86_insn *insn, struct abi_state *state)
{
    struct abi_state before;
    struct operands o[X86_STEPS];
    bool traced = w->trace && w->reporting, on = true;
    if (traced)
        abi_copy(&before, state);
    unsigned count = x86_operands(insn, o);
    bool idle = (o[0].form == FORM_OTHER || o[0].form == FORM_PREFETCH) && !o[0].gprs && !o[0].count;
    for (unsigned i = 0; i < count && !idle; i++) {
        look(w, at, insn, &o[i], state);
        abi_step(state, &o[i]);
        on = abi_flow(w, at, &o[i], state);
    }
    if (traced)
        w->trace(w->context, at, &before, state, false);
    return on;
}

/* Whether the instruction before `at` calls another program's function. */
static bool calls_away(const struct abi_walk *w, size_t at, const struct x86_insn *insn)
{
    return insn->flow == X86_CALL && abi_is_stub(w, w->f->start + at + (uint64_t)insn->immediate);
}

size_t abi_walk_block_x86(struct abi_walk *w, size_t at, const struct abi_state *begin)
{
    struct abi_state state;
    struct x86_insn room;
    const struct x86_insn *insn = NULL;
    const bool traced = w->trace;
    size_t leader = at;
    abi_copy(&state, begin);
    for (bool on = true, first = true; on && at < w->units; at += insn->length, first = false) {
        if (!first && w->flags[at] & ABI_LEADER) {
            if (!abi_fall_into(w, at, calls_away(w, at, insn), &state))
                break;
            leader = at;
        }
        insn = insn_at(w, at, &room);
        if (!insn) {
            w->odd = true;
            break;
        }
        visit(w, at, insn->length);
        if (traced || insn->flow > X86_JUMP || (insn->flow == X86_NEXT && !abi_quick_x86(w, insn, &state)))
            on = step_x86(w, at, insn, &state);
        else if (insn->flow != X86_NEXT)
            branch(w, at, insn, &state);
        on = on && insn->flow != X86_JUMP;
    }
    return leader;
}
