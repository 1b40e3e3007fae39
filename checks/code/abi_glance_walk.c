/* A glance at a whole function, block by block as abi_walk.c goes through it. */
#include "checks/code/abi_glance.h"

enum { QUADWORD = 8, RED_ZONE = 128 };

/* X19 to X30 and V8 to V15; RBX, RBP and R12 to R15. */
static const uint64_t due_a64 = UINT64_C(0xff007ff80000), due_x86 = UINT64_C(0x20f80000);

/* Keeps what both say; whether anything was lost. */
static bool join(struct abi_walk *w, struct abi_glance *known, const struct abi_glance *other)
{
    const uint64_t intact = known->intact & other->intact, kept = known->kept & other->kept;
    uint32_t places = known->places & other->places;
    for (uint32_t left = places; left; left &= left - 1) {
        const int r = __builtin_ctz(left);
        if (known->at[r] != other->at[r])
            places &= ~(1u << r);
    }
    if (!(places >> REGISTER_SP) && w->glancing->due)
        (void)glance_up(w);
    places |= 1u << REGISTER_SP; /* all that SP is found to be is a multiple of 16, which is all that is asked */
    const bool lost = intact != known->intact || kept != known->kept || places != known->places ||
                      (other->noted & ~known->noted) || (other->spilled & ~known->spilled);
    known->noted |= other->noted;
    known->spilled |= other->spilled;
    known->intact = intact;
    known->kept = kept;
    known->places = places;
    return lost;
}

static inline struct abi_glance *known_at(const struct abi_walk *w, size_t at)
{
    return &w->glances[w->numbers[at]];
}

void glance_arrive(struct abi_walk *w, size_t at, const struct abi_glance *g)
{
    uint8_t *flags = &w->flags[at];
    if (w->loose)
        return;
    if (!(*flags & ABI_LEADER)) {
        w->glancing->gave_up = true;
    } else if (!(*flags & ABI_KNOWN)) {
        *known_at(w, at) = *g;
        *flags |= ABI_KNOWN | ABI_PENDING;
    } else if (join(w, known_at(w, at), g)) {
        *flags |= ABI_PENDING;
    }
}

bool glance_fall_into(struct abi_walk *w, size_t at, bool doubted, struct abi_glance *g)
{
    uint8_t *flags = &w->flags[at];
    if (w->loose)
        return false;
    if (!(*flags & ABI_KNOWN)) {
        *known_at(w, at) = *g;
        *flags |= ABI_KNOWN;
        return true;
    }
    if ((doubted || !join(w, known_at(w, at), g)) && !(*flags & ABI_PENDING))
        return false;
    *flags &= (uint8_t)~ABI_PENDING;
    *g = *known_at(w, at);
    return !w->glancing->gave_up;
}

static size_t glance_block(struct abi_walk *w, size_t at, const struct abi_glance *begin)
{
    return w->arch == ARCH_ARM64 ? glance_block_a64(w, at, begin) : glance_block_x86(w, at, begin);
}

/* From the first to the last, again and again; but where each time leads to little, that is no glance any more. */
static void follow(struct abi_walk *w)
{
    enum { ROUNDS = 64 };
    unsigned rounds = 0;
    for (bool again = true; again && !w->glancing->gave_up;) {
        again = false;
        w->glancing->gave_up = rounds++ == ROUNDS;
        for (size_t i = 0; i < w->leader_count && !w->glancing->gave_up; i++) {
            uint8_t *flags = &w->flags[w->leaders[i]];
            if (!(*flags & ABI_PENDING))
                continue;
            *flags &= (uint8_t)~ABI_PENDING;
            i = w->numbers[glance_block(w, w->leaders[i], &w->glances[i])];
            again = true;
        }
    }
}

/* What no branch leads to. */
static void follow_loosely(struct abi_walk *w)
{
    struct abi_glance begin = {.places = 1u << REGISTER_SP};
    begin.at[REGISTER_SP] = w->pool.n;
    w->loose = true;
    for (size_t at = 0; at < w->units && w->pooled && !w->glancing->gave_up; at++) {
        if (at % ABI_STRIDE == 0 && abi_all_visited(w, at)) {
            at += ABI_STRIDE - 1;
            continue;
        }
        const uint32_t word = abi_word(w, at);
        if (!(w->flags[at] & ABI_VISITED) && word != 0 && word != (uint32_t)ABI_NOP)
            (void)glance_block_a64(w, at, &begin);
    }
    w->loose = false;
}

static void begin(struct abi_walk *w, struct abi_glancing *all)
{
    const bool amd64 = w->arch == ARCH_AMD64, none = w->f->profile == ABI_GO || w->f->profile == ABI_GUESSED;
    struct abi_glance entry = {.places = 1u << REGISTER_SP};
    all->slotted = 0;
    all->slots = (struct glance_range){0};
    all->key = 0;
    all->gave_up = all->moot = false;
    all->lowest = none ? INT64_MIN : amd64 || w->f->profile == ABI_APPLE ? -RED_ZONE : 0;
    all->due = none ? 0 : amd64 ? due_x86 : due_a64;
    all->reserved = w->platform == ABI_APPLE || w->platform == ABI_ANDROID ? 1u << REGISTER_PLATFORM : 0;
    entry.intact = amd64 ? due_x86 : due_a64;
    entry.at[REGISTER_SP] = amd64 ? -QUADWORD : 0;
    w->glancing = all;
    glance_arrive(w, 0, &entry);
}

bool abi_glance(struct abi_walk *w)
{
    struct abi_glancing all;
    begin(w, &all);
    follow(w);
    w->surely = w->f->called ? abi_visited_bytes(w) : 0;
    if (w->arch == ARCH_ARM64)
        follow_loosely(w);
    w->glancing = NULL;
    return !all.gave_up;
}
