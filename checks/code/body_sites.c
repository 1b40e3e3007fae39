/* The sites of a function's body: what is noted of an instruction as it is walked over. */
#include <stdlib.h>

#include "checks/code/body_parts.h"
#include "checks/code/outline.h"

void *body_grown(struct body *b, void *items, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return items;
    size_t more = *room ? *room * 2 : 64;
    void *bigger = realloc(items, more * size);
    if (!bigger) {
        b->failed = true;
        return NULL;
    }
    *room = more;
    return bigger;
}

struct site *body_site(struct body *b, uint32_t block, enum site_kind kind, uint64_t address)
{
    struct site *sites = body_grown(b, b->sites, &b->site_room, b->site_count, sizeof *sites);
    if (!sites)
        return NULL;
    b->sites = sites;
    struct site *site = &b->sites[b->site_count++];
    *site = (struct site){.address = address, .block = block, .kind = (uint8_t)kind};
    struct block *of = &b->blocks[block];
    of->site_count +=
        of->first_site + of->site_count + 1 == b->site_count; /* a choice may stand behind the site of a tail */
    return site;
}

static void note_choice(struct body *b, uint32_t block, uint64_t at, struct value chosen, struct value chooser)
{
    struct site *site =
        chosen.kind == VALUE_CONSTANT && map_find(b->map, chosen.at) ? body_site(b, block, SITE_CHOICE, at) : NULL;
    if (!site)
        return;
    site->target = chosen.at;
    site->stored = chooser;
}

void body_note_choices(struct body *b, uint32_t block, uint64_t at, const struct state *one, const struct state *other)
{
    if (value_same(one->under, other->under))
        return;
    for (unsigned r = 0; r < REGISTERS; r++) {
        struct value x = one->registers[r], y = other->registers[r];
        if (value_either(x, y).kind != VALUE_CHOSEN || value_same(x, y))
            continue;
        if (about_cpu(one->under))
            note_choice(b, block, at, x, one->under);
        if (about_cpu(other->under))
            note_choice(b, block, at, y, other->under);
    }
}

static void note_store(struct body *b, uint32_t block, uint64_t at, const struct step *step, const struct state *state)
{
    struct site *site = body_site(b, block, SITE_STORE, at);
    if (!site)
        return;
    site->target = step->cell;
    site->size = step->store_size;
    site->stored = step->stored;
    if (state->hardware_capability && step->stored.kind != VALUE_CONSTANT)
        site->stored = value_of(VALUE_CPU, 0);
}

void body_note(struct body *b, uint32_t block, uint64_t at, const struct step *step, const struct state *state)
{
    struct site *site;
    if (b->noted[step->class] && (site = body_site(b, block, SITE_FEATURE, at)) != NULL)
        site->class = step->class;
    bool compared = step->has_reference && map_is_code(b->map, step->reference) &&
                    outline_is_compared(b->map, b->unit == 1, b->start, b->end, at, &b->fuel);
    if (step->has_reference && !compared && map_find(b->map, step->reference) &&
        (site = body_site(b, block, SITE_REFERENCE, at)) != NULL) {
        site->target = step->reference;
        site->size = step->word;
    }
    if (step->chosen.kind == VALUE_CONSTANT)
        note_choice(b, block, at, step->chosen, step->chooser);
    if (step->stores)
        note_store(b, block, at, step, state);
}

/* Whether a branch asks for the pseudo-register VG (46) of DWARF for AArch64 and its `equal` way begins with CNTD: an
 * unwinder that came upon a frame of SVE code, which only a processor with SVE has made. */
bool body_asks_vector_granule(const struct body *b, const struct flags *tested, uint64_t equal)
{
    enum { AARCH64_DWARF_VG = 46 };
    const uint8_t *bytes = map_bytes(b->map, equal, 4);
    return b->unit == 4 && tested->compared == COMPARED_WITH_CONSTANT && tested->constant == AARCH64_DWARF_VG &&
           bytes && (load_le32(bytes) & 0xffffffe0u) == 0x04e0e3e0u;
}

/* A number that is returned where bits were found set is as good as the bits. */
void body_returned(struct body *b, uint32_t block, uint64_t at, const struct state *state)
{
    struct value first = state->registers[0];
    if (b->knows_auxv) { /* a variable that is returned for AT_HWCAP holds that */
        struct site *site =
            state->hardware_capability && first.kind == VALUE_BITS ? body_site(b, block, SITE_STORE, at) : NULL;
        if (site) {
            site->target = value_cell(first);
            site->stored = value_of(VALUE_CPU, 0);
        }
        return;
    }
    if (first.kind == VALUE_CONSTANT && first.at != 0 && about_cpu(state->under))
        first = value_with(state->under, SET_MEANS_PRESENT);
    if (about_cpu(first) && b->result.kind == VALUE_NONE)
        b->result = first;
    for (unsigned r = 0; r < 16; r++)
        if (state->registers[r].kind == VALUE_CPU)
            b->results |= (uint16_t)(1u << r);
}
