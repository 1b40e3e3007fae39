/* Tables of pointers in data. What a table leads to counts as reached when code that is reached forms its address; a
 * pointer that is in none, always. */
#include <string.h>

#include "checks/code/program.h"
#include "formats/arena.h"

bool table_is_slot(const struct program *p, uint64_t address)
{
    return ranges_have(p->slots, p->slot_count, address);
}

size_t tables_named(const struct program *p, const char *const *names, struct code_range *ranges, size_t most)
{
    const struct section_list *sections = &p->image->sections;
    size_t count = 0;
    for (size_t i = 0; sections->known == KNOWN_COMPLETE && i < sections->count; i++)
        for (const char *const *name = names; *name && count < most; name++)
            if (strcmp(sections->items[i].name, *name) == 0)
                ranges[count++] = (struct code_range){sections->items[i].address, sections->items[i].size};
    return ranges_merge(ranges, count);
}

void tables_find_slots(struct program *p)
{
    static const char *const names[] = {".got", ".got.plt", "__got", "__auth_got", NULL};
    p->slot_count = tables_named(p, names, p->slots, SLOT_RANGES);
}

/* What a loader, or the start code, calls without anybody's mentioning it: arrays of pointers, by what the dynamic table
 * says and by the names that linkers give their sections. */
static void find_called(struct program *p)
{
    static const char *const names[] = {".preinit_array", ".init_array",     ".fini_array",     ".ctors",
                                        ".dtors",         "__mod_init_func", "__mod_term_func", NULL};
    const struct elf_extra *elf = p->image->format == FORMAT_ELF ? p->image->elf : NULL;
    size_t most = p->image->sections.count, count;
    struct code_range *arrays = arena_array(p->ground->arena, most + 3, sizeof *arrays);
    count = tables_named(p, names, arrays, most);
    for (size_t i = 0; elf && i < 3; i++)
        arrays[count++] = (struct code_range){elf->arrays[i].address, elf->arrays[i].size};
    count = ranges_merge(arrays, count);
    for (size_t i = 0; i < p->pointer_count; i++)
        p->pointers[i].held &= !ranges_have(arrays, count, p->pointers[i].place);
}

bool table_goes_on(const struct program *p, uint64_t place, uint64_t next)
{
    enum { WORD = 8, LARGEST = 1 << 30, MOST_ALIGNED = 4096 };
    for (uint64_t at = place; at < next; at += WORD) {
        const uint8_t *bytes = at % WORD == 0 ? map_bytes(&p->map, at, WORD) : NULL;
        if (!bytes)
            return false;
        uint64_t word = load_le64(bytes), left = next - at;
        if (word == 0)
            continue;
        uint64_t align = left == (uint64_t)2 * WORD ? load_le64(bytes + WORD) : left == WORD && at > place ? word : 0;
        return word <= LARGEST && align && align <= MOST_ALIGNED && (align & (align - 1)) == 0;
    }
    return true;
}

static void mention_function(struct program *p, uint32_t f)
{
    if (f != NO_FUNCTION)
        p->functions[f].mentioned = true;
}

/* The table that an address leads to: its first pointer, after zeros; NULL: none. */
static struct pointer *table_at(struct program *p, uint64_t address)
{
    size_t i = pointers_from(p->ground, address);
    if (i >= p->pointer_count || p->pointers[i].place - address >= TABLE_HEAD)
        return NULL;
    return table_goes_on(p, address, p->pointers[i].place) ? &p->pointers[i] : NULL;
}

void tables_find(struct program *p)
{
    enum { APART = 32 /* bytes from one pointer of a table to the next, at most */ };
    for (size_t i = 0; i < p->outline.mention_count; i++) {
        const struct mention *m = &p->outline.mentions[i];
        mention_function(p, p->outline_to[i]);
        bool table = m->kind > MENTION_JUMP && m->kind != MENTION_WORD && !table_is_slot(p, m->target);
        struct pointer *pointer = table ? table_at(p, m->target) : NULL;
        if (pointer) {
            pointer->held = true;
            pointer->first |= m->kind == MENTION_ADDRESS;
        }
    }
    for (size_t i = 0; i < p->pointer_count; i++) {
        const struct pointer *pointer = &p->pointers[i];
        struct pointer *table = pointer->code ? NULL : table_at(p, pointer->target);
        if (pointer->code)
            mention_function(p, function_at(p, pointer->target));
        else if (table)
            table->held = true;
    }
    for (size_t i = 1; i < p->pointer_count; i++) {
        const struct pointer *before = &p->pointers[i - 1];
        p->pointers[i].held |= before->held && p->pointers[i].place - before->place <= APART &&
                               !table_is_slot(p, p->pointers[i].place) &&
                               table_goes_on(p, before->place + 8, p->pointers[i].place);
    }
    for (size_t i = 0; i < p->outline.mention_count; i++) {
        const struct mention *m = &p->outline.mentions[i];
        bool word = m->kind > MENTION_JUMP && (m->kind == MENTION_WORD || table_is_slot(p, m->target));
        size_t k = word ? pointers_from(p->ground, m->target) : p->pointer_count;
        for (; k < p->pointer_count && p->pointers[k].place == m->target; k++)
            p->pointers[k].held = true; /* and nothing after it */
    }
    find_called(p);
}

/* Whether a pointer leads into the midst of a function; where there is a relocation, only what it says counts. */
static bool is_label(const struct program *p, const struct pointer *pointer)
{
    uint64_t target = pointer->code ? map_relocated(&p->map, pointer->place) : 0;
    return pointer->code && (target == 0 || target == pointer->target) && !marks_have(&p->marks, pointer->target);
}

bool tables_find_labels(struct program *p)
{
    if (!marks_make(&p->labels, &p->map, p->unit))
        return false;
    for (size_t i = 1, last = 0; i < p->pointer_count; i++) {
        const struct pointer *one = &p->pointers[last], *other = &p->pointers[i];
        if (!is_label(p, other))
            continue;
        last = i;
        if (other->place - one->place != 8 || !is_label(p, one) ||
            function_at(p, one->target) != function_at(p, other->target))
            continue;
        (void)marks_put(&p->labels, one->target);
        (void)marks_put(&p->labels, other->target);
    }
    return true;
}
