/* Functions are those that tables name and, where no table does, what is called. Before they are followed one sweep over
 * the code and one over the data tell which of them are called by name and which have their address taken: only the
 * latter, and what nobody calls, are interfaces. LLVM's outliner makes functions of the repeated parts of others, which
 * are called by name and keep no convention. */
#include "checks/code/abi.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/abi_walk.h"
#include "checks/code/starts.h"

enum { R_AARCH64_RELATIVE = 1027, FRAGMENT_WORDS = 48 };

struct work {
    const struct image *image;
    struct map map;
    struct starts starts;
    struct abi_bits called, led_to, taken, pointed, fragments,
        endless; /* by BL; by any branch; by pointers, and by those in data */
};

const char *abi_profile_name(enum abi_profile profile)
{
    static const char *const names[] = {"aapcs64", "aapcs64-apple", "aapcs64-android", "go", "unknown"};
    return names[profile];
}

enum abi_profile abi_platform(const struct image *image)
{
    return image->format == FORMAT_MACHO ? ABI_APPLE : image->os == OS_ANDROID ? ABI_ANDROID : ABI_AAPCS64;
}

/* Code that is further apart than any branch or linker would have it: a bit for each word between would be too much. */
static bool is_scattered(const struct map *map)
{
    enum { WIDEST = 1 << 29 /* bytes */ };
    const struct code_range *last = &map->code[map->code_count - 1];
    return last->address - map->code[0].address > WIDEST || last->size > WIDEST;
}

static bool bits_make(struct abi_bits *bits, const struct map *map)
{
    const struct code_range *last = &map->code[map->code_count - 1];
    bits->base = map->code[0].address & ~(uint64_t)3;
    bits->count = (last->address + last->size - bits->base) / 4 + 1;
    bits->words = calloc(bits->count / 64 + 1, sizeof *bits->words);
    return bits->words != NULL;
}

/* Targets of branches, and addresses that ADRP with ADD, or ADR, form. */
static void sweep(struct work *w, uint64_t address, const uint8_t *bytes, uint64_t size)
{
    uint64_t pages[32] = {0};
    for (uint64_t at = 0; at + 4 <= size; at += 4) {
        uint32_t word = load_le32(bytes + at);
        uint64_t place = address + at;
        if ((word & 0x7c000000u) == 0x14000000u) {
            uint64_t offset = (uint64_t)(word & 0x03ffffffu) << 2;
            offset = (offset ^ 0x08000000u) - 0x08000000u;
            abi_set(&w->led_to, place + offset);
            if (word >> 31)
                abi_set(&w->called, place + offset);
        } else if ((word & 0x7e000000u) == 0x34000000u || word >> 24 == 0x54) { /* cold parts are led to by these */
            uint64_t offset = (uint64_t)(word >> 5 & 0x7ffff) << 2;
            offset = (offset ^ 0x100000u) - 0x100000u;
            if (offset >> 63 == 0)
                abi_set(&w->led_to, place + offset);
        } else if ((word & 0x1f000000u) == 0x10000000u) {
            uint64_t offset = (uint64_t)(word >> 5 & 0x7ffff) << 2 | (word >> 29 & 3);
            offset = (offset ^ 0x100000u) - 0x100000u;
            if (word >> 31)
                pages[word & 31] = (place & ~(uint64_t)0xfff) + (offset << 12);
            else
                abi_set(&w->taken, place + offset);
        } else if ((word & 0xff800000u) == 0x91000000u && pages[word >> 5 & 31]) {
            abi_set(&w->taken, pages[word >> 5 & 31] + ((word >> 10 & 0xfff) << (word >> 22 & 1 ? 12 : 0)));
        }
    }
}

/* A pointer as a Mach-O file may hold it: as it is, or with chained fixups the target in the low bits. */
static uint64_t chained(const struct map *map, uint64_t word)
{
    enum { TARGET_BITS = 36 };
    uint64_t low = word & (((uint64_t)1 << TARGET_BITS) - 1);
    if (map_find(map, low))
        return low;
    for (size_t i = 0; i < map->count; i++) /* DYLD_CHAINED_PTR_64_OFFSET counts from the image's start */
        if (map->spans[i].executes)
            return word >> 62 ? 0 : map->spans[i].address + (low & 0xffffffff);
    return 0;
}

/* Symbols name every function, and nobody jumps there. */
static bool is_linkedit(const struct image *image, uint64_t address)
{
    for (size_t i = 0; i < image->segments.count; i++)
        if (image->segments.items[i].address == address)
            return strcmp(image->segments.items[i].name, "__LINKEDIT") == 0;
    return false;
}

static void find_pointers(struct work *w, const struct span *span)
{
    bool elf = w->image->format == FORMAT_ELF, low = elf && !w->map.absolute;
    for (uint64_t at = (8 - span->address % 8) % 8; !span->executes && at + 8 <= span->size; at += 8) {
        uint64_t word = load_le64(span->data + at);
        uint64_t value = elf || word - w->taken.base < w->taken.count * 4 ? word : word ? chained(&w->map, word) : 0;
        if (value - w->taken.base >= w->taken.count * 4)
            continue;
        bool relocated = elf && at >= 16 && load_le64(span->data + at - 8) == R_AARCH64_RELATIVE;
        if (low && !span->writes && !relocated)
            continue;
        abi_set(&w->taken, value);
        abi_set(&w->pointed, value);
    }
}

static uint64_t code_end(const struct map *map, uint64_t address, size_t *hint)
{
    while (*hint < map->code_count && address >= map->code[*hint].address + map->code[*hint].size)
        ++*hint;
    return *hint < map->code_count ? map->code[*hint].address + map->code[*hint].size : address;
}

static bool is_bounded(const struct start *start)
{
    return start->end || start->source == START_PCLNTAB || start->source == START_EH_FRAME ||
           start->source == START_FUNCTION_STARTS;
}

/* What is called where no table names functions begins one. */
static void add_called(struct work *w)
{
    size_t tables = w->starts.count, next = 0;
    for (uint64_t i = 0; i < w->called.count; i++) {
        uint64_t address = w->called.base + i * 4;
        if (w->called.words[i / 64] == 0) {
            i |= 63;
            continue;
        }
        if (!abi_has(&w->called, address) || !map_is_code(&w->map, address))
            continue;
        while (next < tables && w->starts.items[next].address <= address)
            next++;
        const struct start *before = next ? &w->starts.items[next - 1] : NULL;
        bool inside = before && is_bounded(before) && (!before->end || address < before->end);
        if (!inside)
            starts_add(&w->starts, (struct start){.address = address, .source = START_CALL});
    }
    starts_sort(&w->starts);
}

static struct abi_function function_of(const struct work *w, size_t i, size_t *hint)
{
    const struct start *start = &w->starts.items[i];
    uint64_t end = code_end(&w->map, start->address, hint);
    if (i + 1 < w->starts.count && w->starts.items[i + 1].address < end)
        end = w->starts.items[i + 1].address;
    if (start->end && start->end < end)
        end = start->end;
    struct abi_function f = {.start = start->address, .size = end - start->address, .source = (uint8_t)start->source};
    bool go = w->image->go && start->source == START_PCLNTAB;
    f.profile = (uint8_t)(go ? ABI_GO : is_bounded(start) ? abi_platform(w->image) : ABI_GUESSED);
    f.interface = abi_has(&w->taken, f.start) || !abi_has(&w->led_to, f.start);
    f.fragment = abi_has(&w->fragments, f.start);
    return f;
}

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
static bool is_fragment(const struct work *w, const struct abi_function *f)
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

bool abi_proves(const struct abi_walk *walk, const struct abi_function *f, const struct abi_hit *hit)
{
    const uint64_t record = (uint64_t)1 << REGISTER_FP | (uint64_t)1 << REGISTER_LR;
    bool convention = hit->breach == BREACH_CALLEE_SAVED || hit->breach == BREACH_FRAME_RECORD ||
                      hit->breach == BREACH_RETURN_ADDRESS || hit->breach == BREACH_PAC_PAIRING;
    if (convention && (walk->odd || (f->fragment && !f->interface)))
        return false;
    if (f->profile == ABI_GUESSED && walk->odd)
        return false;
    return hit->breach != BREACH_CALLEE_SAVED || f->interface || (walk->saves & record) == record;
}

/* BTI C, BTI JC, PACIASP and PACIBSP, or what traps. A pointer to the entry is the kernel's. */
static bool lands(const struct work *w, const struct abi_function *f, uint32_t word)
{
    return word == 0xd503245fu || word == 0xd50324dfu || word == 0xd503233fu || word == 0xd503237fu ||
           (word & 0xffc0001fu) == 0xd4000000u || word == 0 || f->start == w->image->entry.address ||
           !abi_has(&w->pointed, f->start);
}

static void keep(struct abi_study *study, const struct abi_hit *hit, size_t most)
{
    struct abi_hits *hits = &study->hits[hit->breach];
    if (hits->kept < most)
        hits->items[hits->kept++] = *hit;
    hits->count++;
}

static void take_start(const struct work *w, struct abi_study *study, const struct abi_function *f, size_t most)
{
    const uint8_t *bytes = map_bytes(&w->map, f->start, 4);
    if (f->profile == ABI_GUESSED || !bytes)
        return;
    study->pointed += abi_has(&w->pointed, f->start);
    if (!lands(w, f, load_le32(bytes)))
        keep(study,
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
    study->understood[f->profile] += walk->understood;
    study->odd += walk->odd && f->profile != ABI_GO && f->profile != ABI_GUESSED;
    for (size_t i = 0; i < walk->hit_count; i++) {
        struct abi_hit hit = walk->hits[i];
        if (!abi_proves(walk, f, &hit))
            continue;
        hit.interface = f->interface;
        keep(study, &hit, most);
    }
}

static bool follow_all(struct work *w, size_t most, struct abi_study *study)
{
    struct abi_walk walk = {.map = &w->map,
                            .called = &w->called,
                            .endless = &w->endless,
                            .fragments = &w->fragments,
                            .platform = abi_platform(w->image)};
    bool good = true;
    size_t hint = 0;
    for (size_t i = 0; i < w->starts.count; i++) {
        struct abi_function f = function_of(w, i, &hint);
        if (abi_has(&w->led_to, f.start) && is_fragment(w, &f))
            abi_set(&w->fragments, f.start);
        abi_note_endless(&w->endless, &w->map, &f);
    }
    hint = 0;
    for (size_t i = 0; good && i < w->starts.count; i++) {
        struct abi_function f = function_of(w, i, &hint);
        good = abi_walk(&walk, &f);
        if (good) {
            take(study, &walk, &f, most);
            take_start(w, study, &f, most);
        }
    }
    abi_walk_free(&walk);
    return good;
}

static bool prepare(struct work *w, struct abi_study *study)
{
    if (!bits_make(&w->called, &w->map) || !bits_make(&w->led_to, &w->map) || !bits_make(&w->taken, &w->map) ||
        !bits_make(&w->pointed, &w->map) || !bits_make(&w->fragments, &w->map) || !bits_make(&w->endless, &w->map))
        return false;
    for (size_t i = 0; i < w->map.code_count; i++) {
        const uint8_t *bytes = map_bytes(&w->map, w->map.code[i].address, w->map.code[i].size);
        if (bytes)
            sweep(w, w->map.code[i].address, bytes, w->map.code[i].size);
    }
    for (size_t i = 0; i < w->map.count; i++)
        if (!is_linkedit(w->image, w->map.spans[i].address))
            find_pointers(w, &w->map.spans[i]);
    study->code = w->map.code_size;
    add_called(w);
    return true;
}

void abi_study(const struct ground *ground, size_t most, struct abi_study *study)
{
    struct work w = {.image = ground->image, .map = ground->map};
    struct arena *arena = ground->arena;
    *study = (struct abi_study){0};
    if (ground->image->arch != ARCH_ARM64 || is_scattered(&w.map))
        return;
    starts_copy(&w.starts, &ground->starts);
    for (unsigned breach = 0; breach < BREACH_COUNT; breach++) /* before anything that only free() gives back */
        study->hits[breach].items = arena_array(arena, most, sizeof *study->hits[breach].items);
    bool good = prepare(&w, study) && follow_all(&w, most, study);
    free(w.called.words);
    free(w.led_to.words);
    free(w.taken.words);
    free(w.pointed.words);
    free(w.fragments.words);
    free(w.endless.words);
    if (!good)
        arena_exhausted(arena);
    study->read = true;
}
