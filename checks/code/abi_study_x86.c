/* x86-64 code is decoded once: functions that tables bound are followed as they come, the rest is swept, and both note which
 * addresses are formed. Only then is known which functions pointers lead to, and what was found in others is dropped. */
#include <stdlib.h>

#include "checks/code/abi_work.h"

struct pending {
    size_t count, room;
    struct abi_hit *items;
};

/* What stands at the entry is known of functions that pointers lead to; behind a call that may never return, nothing is
 * where there are jumps to where a register says. */
bool abi_proves_x86(const struct abi_walk *walk, const struct abi_function *f, const struct abi_hit *hit)
{
    if (f->part || walk->odd)
        return false;
    return hit->breach == BREACH_BELOW_SP || (!walk->jumps && f->source != START_ENTRY);
}

static bool add(struct pending *pending, const struct abi_walk *walk, const struct abi_function *f)
{
    for (size_t i = 0; i < walk->hit_count; i++) {
        if (!abi_proves_x86(walk, f, &walk->hits[i]))
            continue;
        if (pending->count == pending->room) {
            size_t room = pending->room ? 2 * pending->room : 64;
            struct abi_hit *items = realloc(pending->items, room * sizeof *items);
            if (!items)
                return false;
            pending->items = items;
            pending->room = room;
        }
        pending->items[pending->count++] = walk->hits[i];
    }
    return true;
}

/* Code that is not followed, for the addresses that it forms. `first`: the range in which the last such code ended. */
static void sweep_between(struct abi_work *w, uint64_t from, uint64_t to, size_t *first)
{
    while (*first < w->map.code_count && w->map.code[*first].address + w->map.code[*first].size <= from)
        ++*first;
    for (size_t i = *first; i < w->map.code_count && w->map.code[i].address < to; i++) {
        const struct code_range *code = &w->map.code[i];
        uint64_t start = from > code->address ? from : code->address, end = code->address + code->size;
        end = to < end ? to : end;
        const uint8_t *bytes = start < end ? map_bytes(&w->map, start, end - start) : NULL;
        if (bytes)
            abi_sweep_x86(w, start, bytes, end - start);
    }
}

static bool follow(struct abi_work *w, struct abi_study *study, struct pending *pending)
{
    struct abi_walk walk = abi_walk_of(w);
    uint64_t done = 0;
    size_t range = 0;
    bool good = true;
    walk.notes = &w->taken;
    for (size_t i = 0; good && i < w->starts.count; i++) {
        struct abi_function f = abi_function_of(w, i);
        if (f.profile != ABI_SYSV || abi_is_large(f.size, 0))
            continue;
        sweep_between(w, done, f.start, &range);
        good = abi_walk(&walk, &f) && add(pending, &walk, &f);
        study->understood[ABI_SYSV] += walk.understood;
        study->odd += walk.odd;
        done = f.start + f.size;
    }
    sweep_between(w, done, UINT64_MAX, &range);
    abi_walk_free(&walk);
    return good;
}

static void tell(const struct abi_work *w, const struct pending *pending, size_t most, struct abi_study *study)
{
    uint64_t last = 0;
    for (size_t i = 0; i < pending->count; i++) {
        struct abi_hit hit = pending->items[i];
        hit.interface = abi_has(&w->taken, hit.function);
        if (!hit.interface && hit.breach != BREACH_BELOW_SP)
            continue;
        abi_keep(study, &study->hits[hit.breach], &hit, most);
        if (hit.breach == BREACH_CALLEE_SAVED && hit.function != last) {
            study->careless++;
            last = hit.function;
        }
    }
}

bool abi_study_x86(struct abi_work *w, size_t most, struct abi_study *study)
{
    struct pending pending = {0};
    for (size_t i = 0; i < w->starts.count; i++) {
        struct abi_function f = abi_function_of(w, i);
        study->functions[f.profile]++;
        study->understood[f.profile] += f.profile == ABI_GO ? f.size : 0;
    }
    w->hint = 0;
    if (study->functions[ABI_SYSV] == 0)
        return true;
    abi_bits_make(&w->taken, w->starts.arena, w->image->arch, &w->map);
    abi_find_pointers(w);
    bool good = follow(w, study, &pending);
    if (good)
        tell(w, &pending, most, study);
    free(pending.items);
    return good;
}
