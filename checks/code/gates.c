/* The functions that GCC and LLVM call for atomics on arm64 (-moutline-atomics) look at a byte of their own library first:
 * __aarch64_have_lse_atomics. Where libgcc was built without a C library, as that of Alpine was, and where a program has a start of its
 * own, as Valgrind's tools do, nobody ever sets it: it stays zero, and none of them does what the byte stands for. */
#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/program.h"

/* The byte that the function at `start` looks at: ADRP X16; LDRB W16, [X16, #byte]; CBZ W16 beyond an atomic and RET, perhaps behind
 * BTI C. 0: it is no such function. */
static uint64_t gate_of(const struct map *map, uint64_t start)
{
    enum { BTI_C = (int)0xd503245f, CBZ_W16_12 = 0x34000070, RET = (int)0xd65f03c0, WORDS = 5 };
    const uint8_t *bytes = map_bytes(map, start, WORDS * 4);
    if (bytes && load_le32(bytes) == (uint32_t)BTI_C)
        bytes = map_bytes(map, start += 4, WORDS * 4);
    if (!bytes)
        return 0;
    const uint32_t page = load_le32(bytes), load = load_le32(bytes + 4);
    if ((page & 0x9f00001fu) != 0x90000010 || (load & 0xffc003ffu) != 0x39400210 ||
        load_le32(bytes + 8) != CBZ_W16_12 || a64_classify(load_le32(bytes + 12)) != A64_LSE ||
        load_le32(bytes + 16) != (uint32_t)RET)
        return 0;
    return a64_page(page, start) + field(load, 10, 12);
}

enum setting { SET_NEVER, SET_BY_NAME, SET_ANYHOW }; /* BY_NAME: by instructions that name it, and by nothing else */

/* How the byte is set after the program starts, when it is zero, for all that is known: ANYHOW where its address is formed or stands in data. */
static enum setting setting_of(const struct program *p, uint64_t byte)
{
    enum setting setting = SET_NEVER;
    if (!map_find(&p->map, byte) || !program_begins_zero(p, byte))
        return SET_ANYHOW;
    for (size_t i = 0; i < p->outline.mention_count; i++) {
        const struct mention *m = &p->outline.mentions[i];
        if (m->target != byte || m->kind == MENTION_LOAD || m->kind == MENTION_WORD)
            continue;
        if (m->kind != MENTION_STORE)
            return SET_ANYHOW;
        setting = SET_BY_NAME;
    }
    for (size_t i = 0; i < p->pointer_count; i++)
        if (p->pointers[i].target == byte)
            return SET_ANYHOW;
    return setting;
}

/* Who sets the byte may do so only where the processor was asked, as __rust_enable_lse() does: for that it is taken apart. */
static void take_setters_apart(struct program *p, uint64_t byte)
{
    for (size_t i = 0; i < p->function_count; i++)
        for (uint32_t k = 0; !p->functions[i].whole && k < p->functions[i].mention_count; k++) {
            const struct mention *m = &p->outline.mentions[p->functions[i].first_mention + k];
            p->functions[i].whole = m->kind == MENTION_STORE && m->target == byte;
        }
}

void gates_find(struct program *p)
{
    enum { MOST = 4 }; /* there is one in a program */
    uint64_t last = 0;
    unsigned count = 0;
    for (size_t i = 0; i < p->function_count && !p->amd64 && count < MOST; i++) {
        const uint64_t byte = p->functions[i].has_features ? gate_of(&p->map, p->functions[i].start) : 0;
        if (byte == 0 || byte == last)
            continue;
        const enum setting setting = setting_of(p, byte);
        if (setting == SET_BY_NAME)
            take_setters_apart(p, byte);
        if (setting != SET_ANYHOW)
            words_add(p, setting == SET_NEVER ? &p->cells : &p->gates, byte);
        last = byte;
        count++;
    }
    words_sort(&p->cells);
    words_sort(&p->gates);
}
