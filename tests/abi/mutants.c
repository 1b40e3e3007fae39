/* mutants EVERY FILE...: takes every EVERYth function that a table bounds, breaks one rule of the calling convention at one
 * instruction, and counts how often that is found. A line for each kind of change: mutants, found, and those of the rest
 * whose function could not be followed, or is odd. `mutants -v` names the first of each kind that were not found;
 * `mutants -s` changes nothing, and prints of each function which registers it saves (cfi.py compares). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/abi_walk.h"
#include "checks/code/starts.h"
#include "tests/code/each_image.h"

enum { MOST_BYTES = 1 << 16, NOP = (int)0xd503201f, SHOWN = 20 };

/* By word of the function that is looked at: which of its transfers save what the caller has in a register that is still in it,
 * and which give such a register back that held something else. To drop another one changes nothing. */
enum { SAVES = 1, RESTORES = 2, SAVES_LINK = 4, RESTORES_LINK = 8 };
static uint8_t transfers[MOST_BYTES / 4];
enum change {
    SAVE,
    RESTORE,
    FRAME,
    PUSH,
    SCRATCH,
    SCRATCH_VECTOR,
    PLATFORM,
    BELOW,
    LINK,
    UNLINK,
    UNAUTHENTICATED,
    CHANGES
};
static const struct {
    const char *name;
    enum abi_breach breach;
    unsigned transfer; /* what the instruction has to be */
} changes[CHANGES] = {{"callee-saved: a save is dropped", BREACH_CALLEE_SAVED, SAVES},
                      {"callee-saved: a restore is dropped", BREACH_CALLEE_SAVED, RESTORES},
                      {"stack-alignment: a frame is 8 bytes larger", BREACH_STACK_ALIGNMENT, 0},
                      {"stack-alignment: a push is 8 bytes larger", BREACH_STACK_ALIGNMENT, 0},
                      {"callee-saved: a result goes to X19 or X28", BREACH_CALLEE_SAVED, 0},
                      {"callee-saved: a result goes to D8", BREACH_CALLEE_SAVED, 0},
                      {"platform-register: a result goes to X18", BREACH_PLATFORM_REGISTER, 0},
                      {"no-access-below-sp: a store goes below SP", BREACH_BELOW_SP, 0},
                      {"return-address: X30 is not saved", BREACH_RETURN_ADDRESS, SAVES_LINK},
                      {"return-address: X30 is not restored", BREACH_RETURN_ADDRESS, RESTORES_LINK},
                      {"pac-pairing: AUTIASP is dropped", BREACH_PAC_PAIRING, 0}};

static struct {
    uint64_t made, found, odd;
} tally[CHANGES];
static bool verbose, listing;

static bool precious(unsigned r, bool vector)
{
    return vector ? r >= 8 && r <= 15 : r >= 19 && r <= 28;
}

static bool is_entry(const struct abi_state *state, bool vector, unsigned r)
{
    struct abi_value value = vector ? state->v[(r - ABI_FIRST_VECTOR) % ABI_VECTORS] : state->x[r];
    return value.kind == ABI_SIGNED ||
           (value.kind == ABI_ENTRY && value.reg == (vector ? r + ABI_ENTRY_VECTOR - ABI_FIRST_VECTOR : r));
}

static void note_transfer(void *context, size_t at, const struct abi_state *before, const struct abi_state *after,
                          bool loose)
{
    const struct abi_walk *walk = context;
    const uint32_t word = abi_word(walk, at);
    struct operands o;
    if (loose || a64_classify(word) == A64_UNALLOCATED)
        return;
    a64_operands(word, &o);
    for (unsigned i = 0; i < o.count && (o.form == FORM_LOAD || o.form == FORM_STORE); i++) {
        const bool link = !o.vector && o.regs[i] == REGISTER_LR;
        if (!link && !precious(o.regs[i], o.vector))
            continue;
        if (o.form == FORM_STORE && is_entry(before, o.vector, o.regs[i]))
            transfers[at] |= link ? SAVES_LINK : SAVES;
        if (o.form == FORM_LOAD && is_entry(after, o.vector, o.regs[i]) && !is_entry(before, o.vector, o.regs[i]))
            transfers[at] |= link ? RESTORES_LINK : RESTORES;
    }
}

/* The word with one rule broken, or 0 where this change does not fit it. */
static uint32_t broken(uint32_t word, const struct operands *o, enum change change, uint64_t saves)
{
    bool on_stack = o->base == REGISTER_SP && !o->indexed && (o->form == FORM_LOAD || o->form == FORM_STORE);
    bool saved = on_stack && !o->moves && !o->narrow && precious(o->regs[0], o->vector) &&
                 (o->count == 1 || precious(o->regs[1], o->vector));
    bool result = o->form == FORM_OTHER && (word & 0x1f200000u) == 0x0b000000u && (o->gprs & 0xffffu); /* ADD, SUB */
    bool vector =
        (word & 0xff20ec00u) == 0x1e200800u || (word & 0xff20ec00u) == 0x1e202800u; /* FMUL, FADD and their like */
    switch (change) {
    case SAVE:
        return saved && o->form == FORM_STORE ? (uint32_t)NOP : 0;
    case RESTORE:
        return saved && o->form == FORM_LOAD ? (uint32_t)NOP : 0;
    case FRAME:
        return (word & 0xffc003ffu) == 0xd10003ffu ? word + (8u << 10) : 0;
    case PUSH: /* STP, STR of X registers, pre-indexed */
        if ((word & 0xffc003e0u) == 0xa98003e0u)
            return (word & ~0x003f8000u) | ((word - 0x8000u) & 0x003f8000u);
        return (word & 0xffe00fe0u) == 0xf8000fe0u || (word & 0xfff00fe0u) == 0xf8100fe0u ? word - (8u << 12) : 0;
    case SCRATCH:
        return result && !(saves >> (word & 32 ? 28 : 19) & 1) ? (word & ~31u) | (word & 32 ? 28 : 19) : 0;
    case SCRATCH_VECTOR:
        return vector && !(saves >> ABI_ENTRY_VECTOR & 1) ? (word & ~31u) | 8 : 0;
    case PLATFORM:
        return result ? (word & ~31u) | 18 : 0;
    case BELOW:
        return (word & 0xffc003e0u) == 0xf90003e0u ? 0xf8100000u | (word & 0x3ffu) : 0;
    case LINK: /* STP X29, X30 stores XZR instead */
        return (word & 0xffc07fffu) == 0xa9007bfdu || (word & 0xffc07fffu) == 0xa9807bfdu ? word | 31u << 10 : 0;
    case UNLINK: /* LDP X29, X30 is dropped */
        return (word & 0xffc07fffu) == 0xa9407bfdu ? (uint32_t)NOP : 0;
    case UNAUTHENTICATED:
        return word == 0xd50323bfu ? (uint32_t)NOP : 0;
    case CHANGES:
    default:
        return 0;
    }
}

static void put(uint8_t *at, uint32_t word)
{
    for (unsigned k = 0; k < 4; k++)
        at[k] = (uint8_t)(word >> (8 * k));
}

static void judge(struct abi_walk *walk, const struct abi_function *f, enum change change, size_t at)
{
    bool found = false;
    if (!abi_walk(walk, f))
        abort();
    for (size_t i = 0; i < walk->hit_count; i++)
        found |= walk->hits[i].breach == changes[change].breach && abi_proves(walk, f, &walk->hits[i]);
    tally[change].made++;
    tally[change].found += found;
    tally[change].odd += !found && walk->odd;
    if (!found && verbose && tally[change].made - tally[change].found <= SHOWN)
        printf("missed: %s at %#" PRIx64 " in %#" PRIx64 "\n", changes[change].name, f->start + at, f->start);
}

/* Each change at the first place of the function that it fits, beyond a place that the function's address chooses. */
static void mutate(const struct map *all, const struct abi_bits *called, const struct abi_bits *endless,
                   struct abi_function f, enum abi_profile platform)
{
    static uint8_t bytes[MOST_BYTES];
    const uint8_t *from = map_bytes(all, f.start, f.size);
    struct span span = {.address = f.start, .size = f.size, .memory_size = f.size, .data = bytes, .executes = true};
    struct code_range range = {f.start, f.size};
    struct map map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = f.size};
    struct abi_bits none = {0};
    struct abi_walk walk = {.map = &map,
                            .arch = ARCH_ARM64,
                            .called = called,
                            .endless = endless,
                            .fragments = &none,
                            .platform = platform};
    if (!from || f.size > MOST_BYTES)
        return;
    memcpy(bytes, from, f.size);
    memset(transfers, 0, f.size / 4);
    walk.trace = note_transfer;
    walk.context = &walk;
    if (!abi_walk(&walk, &f))
        abort();
    walk.trace = NULL;
    if (listing)
        printf("%" PRIx64 " %" PRIx64 " %" PRIx64 " %d\n", f.start, f.size, walk.saves, walk.odd);
    bool clean = walk.hit_count == 0 && !listing;
    uint64_t saves = walk.saves;
    for (int change = 0; clean && change < CHANGES; change++) {
        struct operands o;
        if (change == PLATFORM && platform != ABI_APPLE)
            continue;
        for (size_t at = 0; at + 4 <= f.size; at += 4) {
            uint32_t word = load_le32(from + at), other;
            if (a64_classify(word) == A64_UNALLOCATED)
                break;
            a64_operands(word, &o);
            if ((other = broken(word, &o, (enum change)change, saves)) == 0 ||
                (transfers[at / 4] & changes[change].transfer) != changes[change].transfer)
                continue;
            put(bytes + at, other);
            judge(&walk, &f, (enum change)change, at);
            put(bytes + at, word);
            break;
        }
    }
    abi_walk_free(&walk);
}

/* Whatever BL leads to. */
static void find_called(const struct map *map, struct abi_bits *called)
{
    const struct code_range *last = &map->code[map->code_count - 1];
    called->shift = 2;
    called->base = map->code[0].address;
    called->count = (last->address + last->size - called->base) / 4 + 1;
    called->words = calloc(called->count / 64 + 1, sizeof *called->words);
    for (size_t i = 0; called->words && i < map->code_count; i++) {
        const uint8_t *bytes = map_bytes(map, map->code[i].address, map->code[i].size);
        for (uint64_t at = 0; bytes && at + 4 <= map->code[i].size; at += 4) {
            struct operands o;
            if (load_le32(bytes + at) >> 26 != 0x25)
                continue;
            a64_operands(load_le32(bytes + at), &o);
            abi_set(called, map->code[i].address + at + (uint64_t)o.offset);
        }
    }
}

static struct abi_function function_at(const struct image *image, const struct start *s)
{
    uint64_t end = s->end && s->end < s[1].address ? s->end : s[1].address;
    return (struct abi_function){.start = s->address,
                                 .size = end - s->address,
                                 .source = (uint8_t)s->source,
                                 .profile = (uint8_t)abi_platform(image)};
}

static void read_functions(const struct image *image, struct arena *arena, void *context)
{
    const size_t every = *(const size_t *)context;
    struct map map;
    struct starts starts = {0};
    if (image->arch != ARCH_ARM64 || !map_make(image, arena, &map))
        return;
    starts_find(image, &map, arena, &starts);
    struct abi_bits called = {0}, endless;
    find_called(&map, &called);
    endless = called;
    endless.words = calloc(called.count / 64 + 1, sizeof *called.words);
    for (size_t i = 0; endless.words && i + 1 < starts.count; i++) {
        struct abi_function f = function_at(image, &starts.items[i]);
        abi_note_endless(&endless, &map, &f);
    }
    for (size_t i = 0; i + 1 < starts.count; i += every) {
        const struct start *s = &starts.items[i];
        struct abi_function f = function_at(image, s);
        if (s->source == START_EH_FRAME || s->source == START_FUNCTION_STARTS)
            mutate(&map, &called, &endless, f, abi_platform(image));
    }
    free(called.words);
    free(endless.words);
}

int main(int argc, char **argv)
{
    int first = 1;
    if (argc > 1 && argv[1][0] == '-') {
        verbose = strcmp(argv[1], "-v") == 0;
        listing = strcmp(argv[1], "-s") == 0;
        first = 2;
    }
    size_t every = first < argc ? strtoul(argv[first], NULL, 10) : 0;
    if (every == 0)
        return 2;
    for (int i = first + 1; i < argc; i++)
        if (!each_image(argv[i], read_functions, &every))
            return 2;
    for (int change = 0; change < CHANGES && !listing; change++)
        printf("%s | %" PRIu64 " | %" PRIu64 " | %.1f %% | %" PRIu64 "\n", changes[change].name, tally[change].made,
               tally[change].found,
               tally[change].made ? 100.0 * (double)tally[change].found / (double)tally[change].made : 0.0,
               tally[change].odd);
    return 0;
}
