#include "checks/code/abi_glance.h"

enum { QUADWORD = 8, ALIGNED = 15, FIRST_SAVED = 19, LAST_TEMPORARY = 18, DARWIN_CALL = 0x80 };

/* The number of the bit of a register, and of one that is signed; -1: it is nobody's business. */
static inline int number_of(const struct operands *o, unsigned r)
{
    if (o->vector)
        return r - ABI_FIRST_VECTOR < ABI_VECTORS ? (int)(r - ABI_FIRST_VECTOR) + ABI_ENTRY_VECTOR : -1;
    return r < REGISTER_SP ? (int)r : -1;
}

/* What stood in [from, end) of the stack is there no more. */
static void overwrite(const struct abi_glancing *all, struct abi_glance *g, int64_t from, int64_t end)
{
    if (!glance_meets(&all->slots, from, end))
        return;
    for (uint64_t left = g->kept; left; left &= left - 1) {
        const int r = __builtin_ctzll(left);
        if (all->slot[r] < end && all->slot[r] + QUADWORD > from)
            g->kept &= ~((uint64_t)1 << r);
    }
}

/* The register goes to its slot; it may have another. */
static void save(struct abi_glancing *all, struct abi_glance *g, int r, int64_t at)
{
    const uint64_t bit = (uint64_t)1 << r;
    if (!(all->slotted & bit)) {
        glance_widen(&all->slots, at, at + QUADWORD);
        all->slot[r] = (int32_t)at;
        all->slotted |= bit;
    }
    g->kept |= all->slot[r] == at ? bit : 0;
    if (r < REGISTER_FP || r >= ABI_ENTRY_VECTOR) /* it is about to be used: so that loops find it so at once */
        g->intact &= ~(bit & ~((uint64_t)1 << GLANCE_SIGNED));
}

/* A register may be noted to stand in a word of the stack: as put() of abi_state.c has it, if it is one that must be given back,
 * or takes the place of what was noted. */
static void note(const struct abi_glancing *all, struct abi_glance *g, unsigned r, int64_t at, bool narrow)
{
    const uint64_t words = glance_words(at, QUADWORD);
    if (r < FIRST_SAVED && !(g->noted & words) && !glance_meets(&all->slots, at, at + QUADWORD))
        return;
    g->noted |= words;
    if (!narrow && glance_is_place(g, r))
        g->spilled |= words;
}

static void store(struct abi_glancing *all, const struct operands *o, struct abi_glance *g, int64_t at)
{
    overwrite(all, g, at, at + (int64_t)o->count * o->size);
    for (unsigned i = 0; i < o->count; i++, at += o->size) {
        const int r = number_of(o, o->regs[i]);
        if (r >= 0 && !o->vector)
            note(all, g, (unsigned)r, at, o->narrow);
        if (r < 0 || o->narrow)
            continue;
        if (g->intact >> r & 1)
            save(all, g, r, at);
        if (r == REGISTER_LR && g->intact >> GLANCE_SIGNED & 1)
            save(all, g, GLANCE_SIGNED, at);
    }
}

static void load(const struct abi_glancing *all, const struct operands *o, struct abi_glance *g, bool known, int64_t at)
{
    for (unsigned i = 0; i < o->count; i++, at += o->size) {
        const int r = number_of(o, o->regs[i]);
        if (r < 0)
            continue;
        if (o->vector)
            g->intact &= ~((uint64_t)1 << r);
        else
            glance_spoil_one(g, (unsigned)r);
        if (!known || o->narrow)
            continue;
        if (g->kept >> r & 1 && all->slot[r] == at)
            g->intact |= (uint64_t)1 << r;
        if (r == REGISTER_LR && g->kept >> GLANCE_SIGNED & 1 && all->slot[GLANCE_SIGNED] == at)
            g->intact |= (uint64_t)1 << GLANCE_SIGNED;
    }
}

bool glance_transfer(struct abi_walk *w, const struct operands *o, struct abi_glance *g)
{
    struct abi_glancing *all = w->glancing;
    const bool sp = o->base == REGISTER_SP, known = o->base < 32 && glance_is_place(g, o->base) && !o->indexed;
    const int64_t by = o->post ? 0 : o->offset, at = known ? g->at[o->base] + by : 0;
    if (o->moves && o->indexed)
        return glance_up(w);
    if (sp && !o->moves && !o->indexed && by < all->lowest)
        return glance_up(w);
    if (!sp && known && !w->loose && at - g->at[REGISTER_SP] < all->lowest)
        return glance_up(w);
    if (o->form == FORM_LOAD && known && all->due && !o->vector && !o->narrow &&
        g->spilled & glance_words(at, (unsigned)o->count * o->size))
        return glance_up(w);
    if (o->form == FORM_LOAD)
        load(all, o, g, known, at);
    else if (known)
        store(all, o, g, at);
    if (!o->moves)
        return true;
    if (known)
        return glance_add(w, g, o->base, o->base, o->offset);
    glance_spoil_one(g, o->base);
    return true;
}

/* `to` becomes `base` plus a number. */
bool glance_add(struct abi_walk *w, struct abi_glance *g, unsigned to, unsigned base, int64_t by)
{
    enum { FAR = 1 << 28 };
    const int64_t sum = (int64_t)g->at[base] + by;
    const bool place = glance_is_place(g, base);
    if (place && (sum < -FAR || sum > FAR))
        return glance_up(w);
    if (to == REGISTER_SP) {
        if (!place)
            return glance_odd(w);
        if (w->arch == ARCH_ARM64 && sum & ALIGNED)
            return glance_up(w);
    } else if (to != base || by) {
        glance_spoil_one(g, to);
    }
    if (place) {
        g->places |= 1u << to;
        g->at[to] = (int32_t)sum;
    }
    return true;
}

static inline void pool(struct abi_walk *w, const struct abi_glance *g)
{
    w->pool = w->pooled ? w->pool : abi_value(ABI_STACK, 0, g->at[REGISTER_SP]);
    w->pooled = true;
}

/* X29 of Apple's platforms: as it was at the entry, or the address of where that and X30 are. */
static bool is_frame(const struct abi_walk *w, const struct abi_glance *g)
{
    const struct abi_glancing *all = w->glancing;
    const uint64_t record = (uint64_t)1 << REGISTER_FP | (uint64_t)1 << REGISTER_LR;
    const int32_t at = g->at[REGISTER_FP];
    if (g->intact >> REGISTER_FP & 1)
        return true;
    return glance_is_place(g, REGISTER_FP) && (g->kept & record) == record && all->slot[REGISTER_FP] == at &&
           all->slot[REGISTER_LR] == at + QUADWORD;
}

static bool calls_well(struct abi_walk *w, const struct operands *o, size_t at, const struct abi_glance *g)
{
    const uint64_t to = w->f->start + at * (w->arch == ARCH_AMD64 ? 1 : 4) + (uint64_t)o->offset;
    if (w->arch == ARCH_AMD64 && g->at[REGISTER_SP] & ALIGNED && (o->form == FORM_CALL_REGISTER || abi_is_stub(w, to)))
        return false;
    if (w->f->profile == ABI_APPLE && !w->loose && !is_frame(w, g))
        return false;
    if (o->form == FORM_CALL_REGISTER)
        return true;
    if ((to - w->f->start < w->f->size && to != w->f->start) || abi_has(w->fragments, to))
        return w->f->profile == ABI_GO || glance_odd(w);
    return true;
}

bool glance_call(struct abi_walk *w, const struct operands *o, size_t at, struct abi_glance *g)
{
    const uint64_t to = w->f->start + at * (w->arch == ARCH_AMD64 ? 1 : 4) + (uint64_t)o->offset;
    if (!calls_well(w, o, at, g) && !glance_up(w))
        return false;
    glance_spoil(g, (2u << LAST_TEMPORARY) - 1);
    glance_spoil_one(g, REGISTER_LR);
    g->noted = g->spilled = 0; /* what is no register's own is the callee's to change */
    pool(w, g);
    return o->form == FORM_CALL_REGISTER || !abi_has(w->endless, to);
}

bool glance_return(struct abi_walk *w, const struct operands *o, const struct abi_glance *g)
{
    const uint64_t due = w->glancing->due;
    if (w->loose || !due)
        return false;
    if (w->arch == ARCH_AMD64) {
        if (g->at[REGISTER_SP] == -QUADWORD && (g->intact & due) != due)
            return glance_up(w);
        return false;
    }
    const bool authenticates = o->key && g->intact >> GLANCE_SIGNED & 1 && o->key == w->glancing->key &&
                               g->at[REGISTER_SP] == w->glancing->signed_at;
    const uint64_t intact = g->intact | (authenticates ? (uint64_t)1 << REGISTER_LR : 0);
    if (o->base != REGISTER_LR || (o->key && !authenticates) || g->at[REGISTER_SP] || (intact & due) != due)
        return glance_up(w);
    return false;
}

/* JMP and B: within the function, or to another one in place of a call and a return. */
bool glance_jump(struct abi_walk *w, size_t at, int64_t offset, const struct abi_glance *g)
{
    const int64_t to = (int64_t)at + offset / (w->arch == ARCH_AMD64 ? 1 : 4);
    const uint64_t due = w->glancing->due;
    if (to >= 0 && (uint64_t)to < w->units) {
        glance_arrive(w, (size_t)to, g);
        return false;
    }
    if (w->loose || w->arch == ARCH_AMD64 || !due || g->at[REGISTER_SP])
        return false;
    return (g->intact & due) == due ? false : glance_up(w);
}

static bool sign(struct abi_walk *w, unsigned key, struct abi_glance *g)
{
    struct abi_glancing *all = w->glancing;
    const int32_t sp = g->at[REGISTER_SP];
    const bool first = !all->key, plain = g->intact >> REGISTER_LR & 1;
    if (w->loose || !all->due) {
        glance_spoil_one(g, REGISTER_LR);
        return true;
    }
    if (!plain || !key || (!first && (all->key != key || all->signed_at != sp)))
        return glance_up(w);
    all->key = (uint8_t)key;
    all->signed_at = sp;
    glance_spoil_one(g, REGISTER_LR);
    g->intact |= (uint64_t)1 << GLANCE_SIGNED;
    return true;
}

static bool authenticate(struct abi_walk *w, unsigned key, struct abi_glance *g)
{
    const struct abi_glancing *all = w->glancing;
    const bool pairs = g->intact >> GLANCE_SIGNED & 1;
    if (!w->loose && all->due && (!pairs || all->key != key || all->signed_at != g->at[REGISTER_SP]))
        return glance_up(w);
    glance_spoil_one(g, REGISTER_LR);
    g->intact |= (uint64_t)!w->loose << REGISTER_LR;
    return true;
}

bool glance_branch(struct abi_walk *w, size_t at, int64_t by, const struct abi_glance *g)
{
    const int64_t to = (int64_t)at + by;
    if (to >= 0 && (uint64_t)to < w->units)
        glance_arrive(w, (size_t)to, g);
    return !w->glancing->gave_up;
}

/* What writes registers, and is no access of the stack that counts. */
static bool result(struct abi_walk *w, const struct operands *o, struct abi_glance *g)
{
    if (o->gprs >> REGISTER_SP && !glance_odd(w))
        return false;
    glance_spoil(g, o->gprs & ~(1u << REGISTER_SP));
    g->intact &= ~((uint64_t)(o->vectors >> ABI_FIRST_VECTOR & 0xff) << ABI_ENTRY_VECTOR);
    return true;
}

/* A sum with a number that a register holds may be a place. */
static bool add_register(struct abi_walk *w, const struct operands *o, struct abi_glance *g)
{
    const bool places = o->base < 32 && (glance_is_place(g, o->base) || glance_is_place(g, o->regs[1]));
    if (places && (w->glancing->due || o->gprs >> REGISTER_SP))
        return glance_up(w);
    return result(w, o, g);
}

bool glance_at(struct abi_walk *w, size_t at, const struct operands *o, struct abi_glance *g)
{
    switch ((enum form)o->form) {
    case FORM_LOAD:
    case FORM_STORE:
        return glance_transfer(w, o, g);
    case FORM_ADD:
        return o->base < 32 && o->gprs ? glance_add(w, g, o->regs[0], o->base, o->offset) : result(w, o, g);
    case FORM_MOVE:
        return o->base < REGISTER_SP && o->gprs ? glance_add(w, g, o->regs[0], o->base, 0) : result(w, o, g);
    case FORM_ADD_REGISTER:
        return add_register(w, o, g);
    case FORM_CALL:
    case FORM_CALL_REGISTER:
        return glance_call(w, o, at, g);
    case FORM_JUMP:
        return glance_jump(w, at, o->offset, g);
    case FORM_BRANCH:
        return glance_branch(w, at, o->offset / (w->arch == ARCH_AMD64 ? 1 : 4), g);
    case FORM_JUMP_REGISTER:
        pool(w, g);
        return false;
    case FORM_RETURN:
        return glance_return(w, o, g);
    case FORM_STOP:
        return false;
    case FORM_SIGN:
        return sign(w, o->key, g);
    case FORM_AUTHENTICATE:
        return authenticate(w, o->key, g);
    case FORM_ALIGN:
        return o->base < 32 && glance_is_place(g, o->base) ? glance_up(w) : result(w, o, g);
    case FORM_SUPERVISOR:
        return o->offset == (w->platform == ABI_APPLE ? 0 : DARWIN_CALL) ? glance_up(w) : result(w, o, g);
    case FORM_SCALABLE:
        return glance_odd(w);
    case FORM_OTHER:
    case FORM_MEMORY:
    case FORM_PREFETCH:
    case FORM_CONSTANT:
    case FORM_KEEP:
    case FORM_PAGE:
    case FORM_VECTOR_MOVE:
    case FORM_TO_VECTOR:
    case FORM_FROM_VECTOR:
    default:
        return result(w, o, g);
    }
}
