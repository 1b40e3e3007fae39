#include "checks/code/abi.h"

#include <string.h>

#include "checks/code/abi_work.h"

const char *abi_profile_name(enum abi_profile profile)
{
    static const char *const names[] = {"aapcs64", "aapcs64-apple", "aapcs64-android", "go", "unknown", "sysv-x86-64"};
    return names[profile];
}

enum abi_profile abi_platform(const struct image *image)
{
    if (image->arch == ARCH_AMD64)
        return ABI_SYSV;
    return image->format == FORMAT_MACHO ? ABI_APPLE : image->os == OS_ANDROID ? ABI_ANDROID : ABI_AAPCS64;
}

bool abi_proves(const struct abi_walk *walk, const struct abi_function *f, const struct abi_hit *hit)
{
    if (walk->arch == ARCH_AMD64)
        return abi_proves_x86(walk, f, hit) && (hit->breach == BREACH_BELOW_SP || abi_has(walk->taken, f->start));
    const uint64_t record = (uint64_t)1 << REGISTER_FP | (uint64_t)1 << REGISTER_LR;
    bool convention = hit->breach == BREACH_CALLEE_SAVED || hit->breach == BREACH_FRAME_RECORD ||
                      hit->breach == BREACH_RETURN_ADDRESS || hit->breach == BREACH_PAC_PAIRING;
    if (convention && (walk->odd || (f->fragment && !f->interface)))
        return false;
    if ((f->profile == ABI_GUESSED || f->called) && walk->odd)
        return false;
    return hit->breach != BREACH_CALLEE_SAVED || f->interface || (walk->saves & record) == record;
}

/* BTI C, BTI JC, PACIASP and PACIBSP, or what traps. A pointer to the entry is the kernel's. */
static bool lands(const struct abi_work *w, const struct abi_function *f, uint32_t word)
{
    return word == 0xd503245fu || word == 0xd50324dfu || word == 0xd503233fu || word == 0xd503237fu ||
           (word & 0xffc0001fu) == 0xd4000000u || word == 0 || f->start == w->image->entry.address ||
           !abi_has(&w->pointed, f->start);
}

/* Swift hands errors back in X21, and its asynchronous functions give X20 and X22 back as they like; R12, R13 and R14 on
 * amd64, which have the same numbers here (LLVM, AArch64CallingConvention.td and X86CallingConv.td: the lists SwiftError and
 * SwiftTail). */
static bool is_lent(const struct abi_study *study, const struct abi_hit *hit)
{
    enum { CONTEXT = 20, ASYNCHRONOUS = 22 };
    return study->swift && hit->breach == BREACH_CALLEE_SAVED && hit->reg >= CONTEXT && hit->reg <= ASYNCHRONOUS;
}

void abi_keep(struct abi_study *study, struct abi_hits *hits, const struct abi_hit *hit, size_t most)
{
    if (is_lent(study, hit)) {
        study->lent++;
        return;
    }
    if (hits->kept < most)
        hits->items[hits->kept++] = *hit;
    hits->count++;
}

static void take_start(const struct abi_work *w, struct abi_study *study, const struct abi_function *f, size_t most)
{
    const uint8_t *bytes = map_bytes(&w->map, f->start, 4);
    if (f->profile == ABI_GUESSED || f->called || !bytes)
        return;
    study->pointed += abi_has(&w->pointed, f->start);
    if (!lands(w, f, load_le32(bytes)))
        abi_keep(study, &study->hits[BREACH_LANDING_PAD],
                 &(struct abi_hit){.address = f->start,
                                   .function = f->start,
                                   .word = load_le32(bytes),
                                   .size = (uint32_t)f->size,
                                   .breach = BREACH_LANDING_PAD,
                                   .source = f->source,
                                   .interface = true},
                 most);
}

static void take(struct abi_study *study, const struct abi_walk *walk, const struct abi_function *f, size_t most)
{
    study->functions[f->profile]++;
    study->called += f->called;
    const uint64_t sure = !f->called ? walk->understood : walk->odd ? 0 : walk->surely;
    study->understood[f->profile] += sure;
    study->understood[ABI_GUESSED] += walk->understood - sure;
    study->odd += walk->odd && f->profile != ABI_GO && f->profile != ABI_GUESSED;
    bool careless = false;
    for (size_t i = 0; i < walk->hit_count; i++) {
        struct abi_hit hit = walk->hits[i];
        if (!abi_proves(walk, f, &hit))
            continue;
        const bool doubted = f->called && hit.breach != BREACH_STACK_ALIGNMENT;
        careless |= hit.breach == BREACH_CALLEE_SAVED && !doubted;
        hit.interface = f->interface;
        abi_keep(study, &(doubted ? study->doubts : study->hits)[hit.breach], &hit, most);
    }
    study->careless += careless;
}

struct abi_walk abi_walk_of(const struct abi_work *w)
{
    return (struct abi_walk){.map = &w->map,
                             .arch = w->image->arch,
                             .called = &w->called,
                             .taken = &w->taken,
                             .begins = w->begins,
                             .endless = &w->endless,
                             .fragments = &w->fragments,
                             .branched = w->branched.words ? &w->branched : NULL,
                             .platform = abi_platform(w->image)};
}

/* Bytes of long runs of zeros among the code, which nothing runs (UDF #0): linkers leave them before the veneers that they put
 * on pages of their own for erratum 843419 of Cortex-A53. */
static uint64_t padding(const struct map *map)
{
    enum { LONG = 256 };
    uint64_t sum = 0;
    for (size_t i = 0; i < map->code_count; i++) {
        const struct code_range *range = &map->code[i];
        const uint8_t *bytes = map_bytes(map, range->address, range->size);
        for (uint64_t at = 0, run = 0; bytes && at + 4 <= range->size; at += 4) {
            run = load_le32(bytes + at) == 0 ? run + 4 : 0;
            sum += run == LONG ? LONG : run > LONG ? 4 : 0;
        }
    }
    return sum;
}

static bool study_a64(struct abi_work *w, size_t most, struct abi_study *study)
{
    abi_find(w);
    struct abi_walk walk = abi_walk_of(w);
    bool good = true;
    for (size_t i = 0; good && i < w->starts.count; i++) {
        struct abi_function f = abi_function_of(w, i);
        good = abi_walk(&walk, &f);
        if (good) {
            take(study, &walk, &f, most);
            take_start(w, study, &f, most);
        }
    }
    abi_walk_free(&walk);
    uint64_t known = 0;
    for (unsigned p = 0; p < ABI_PROFILES; p++)
        known += study->understood[p];
    study->code -= known && known < study->code ? padding(&w->map) : 0;
    return good;
}

/* Code that is further apart than any branch or linker would have it: a bit for each word between would be too much. */
bool abi_is_scattered(const struct map *map)
{
    enum { WIDEST = 1 << 29 /* bytes */ };
    const struct code_range *last = &map->code[map->code_count - 1];
    return last->address - map->code[0].address > WIDEST || last->size > WIDEST;
}

/* Languages with conventions of their own, by sections that only their tools make. */
static void find_languages(const struct image *image, struct abi_study *study)
{
    for (size_t i = 0; i < image->sections.count; i++) {
        const char *name = image->sections.items[i].name;
        name += *name == '.' ? 1 : strncmp(name, "__", 2) == 0 ? 2 : 0;
        study->swift |= strncmp(name, "swift5_", strlen("swift5_")) == 0;
        study->graal |= strcmp(name, "svm_heap") == 0;
    }
}

void abi_study(const struct ground *ground, const struct marks *begins, size_t most, struct abi_study *study)
{
    *study = (struct abi_study){.code = ground->map.code_size};
    if (abi_is_scattered(&ground->map))
        return;
    struct abi_work w = abi_work_on(ground);
    w.begins = begins;
    find_languages(ground->image, study);
    for (unsigned breach = 0; breach < BREACH_COUNT; breach++) {
        study->hits[breach].items = arena_array(ground->arena, most, sizeof *study->hits[breach].items);
        study->doubts[breach].items = arena_array(ground->arena, most, sizeof *study->doubts[breach].items);
    }
    if (!(ground->amd64 ? abi_study_x86(&w, most, study) : study_a64(&w, most, study)))
        arena_exhausted(ground->arena);
    study->read = true;
}
