/* What is said of a function is taken from the walk that the rules rely on; room for it is made before anything that only
 * free() gives back. */
#include "checks/code/listing.h"

#include <inttypes.h>

#include "checks/code/a64.h"
#include "checks/code/abi_tell.h"
#include "checks/code/disassembly.h"
#include "checks/code/isa.h"
#include "checks/code/operands_x86.h"

enum { MOST_HITS = 512, UNDEFINED_BYTES = 1 };

struct maker {
    const struct image *image;
    struct arena *arena;
    struct abi_work work;
    struct abi_function f;
    struct listing *listing;
    struct traced *traced; /* of the rows */
    struct abi_hit *hits;
    size_t hit_count;
    bool of_table; /* false: between functions, or outside of where they are to be expected */
};

/* Bytes of the instruction at `at` of the function. */
static unsigned length_at(const struct maker *m, const uint8_t *bytes, uint64_t at)
{
    struct x86_insn insn;
    uint64_t left = m->f.size - at;
    if (m->image->arch == ARCH_ARM64)
        return left < 4 ? (unsigned)left : 4;
    unsigned length = x86_decode(bytes + at, (size_t)left, &insn);
    return length && insn.class != X86_INVALID ? length : UNDEFINED_BYTES;
}

/* Chooses the rows: all, or as many as there is room for around the address. */
static void find_rows(struct maker *m, uint64_t address)
{
    const uint8_t *bytes = map_bytes(&m->work.map, m->f.start, m->f.size);
    size_t total = 0, wanted = 0, first = 0, i = 0;
    for (uint64_t at = 0; bytes && at < m->f.size; at += length_at(m, bytes, at)) {
        wanted = m->f.start + at <= address ? total : wanted;
        total++;
    }
    if (total > LISTING_ROWS)
        first = wanted < LISTING_ROWS / 2 ? 0 : wanted - LISTING_ROWS / 2;
    if (total > LISTING_ROWS && first > total - LISTING_ROWS)
        first = total - LISTING_ROWS;
    for (uint64_t at = 0; bytes && at < m->f.size && m->listing->count < LISTING_ROWS; i++) {
        unsigned length = length_at(m, bytes, at);
        if (i >= first)
            m->traced[m->listing->count++] = (struct traced){.at = (uint32_t)at, .length = (uint8_t)length};
        at += length;
    }
    m->listing->left_out = total - m->listing->count;
}

static void trace(void *context, size_t at, const struct abi_state *before, const struct abi_state *after, bool loose)
{
    struct maker *m = context;
    size_t low = 0, high = m->listing->count, place = at * (m->image->arch == ARCH_ARM64 ? 4 : 1);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->traced[middle].at < place)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == m->listing->count || m->traced[low].at != place)
        return;
    m->traced[low].followed = loose ? TRACED_LOOSELY : TRACED;
    abi_copy(&m->traced[low].before, before);
    abi_copy(&m->traced[low].after, after);
}

static bool walk(struct maker *m)
{
    struct abi_walk walk = abi_walk_of(&m->work);
    walk.trace = trace;
    walk.context = m;
    bool good = abi_walk(&walk, &m->f);
    for (size_t i = 0; good && i < walk.hit_count && m->hit_count < MOST_HITS; i++)
        if (abi_proves(&walk, &m->f, &walk.hits[i]))
            m->hits[m->hit_count++] = walk.hits[i];
    m->listing->judged = abi_judged(&walk, &m->f);
    abi_walk_free(&walk);
    return good;
}

/* Where no table and no call says that a function is: what is between those that are known. */
static void find_gap(struct maker *m, uint64_t address, uint64_t from, const char *begins, uint64_t to,
                     const char *ends)
{
    const struct span *span = map_find(&m->work.map, address);
    uint64_t end = span->address + span->size;
    m->f = (struct abi_function){.start = from, .size = (to && to < end ? to : end) - from};
    m->listing->begins = begins;
    m->listing->ends = to && to < end ? ends : "the end of the segment";
    m->listing->profile = "unknown";
    m->listing->why = "no table names a function here, and no call leads to one";
    m->listing->judged = "nothing: where functions begin and end is not known";
}

static void find_function(struct maker *m, uint64_t address)
{
    const struct starts *starts = &m->work.starts;
    size_t next = 0;
    while (next < starts->count && starts->items[next].address <= address)
        next++;
    uint64_t after = next < starts->count ? starts->items[next].address : 0;
    if (!map_is_code(&m->work.map, address)) {
        find_gap(m, address, address, "the address that was asked for", after, "the next function");
        return;
    }
    if (next)
        m->f = abi_function_of(&m->work, next - 1);
    if (!next || address - m->f.start >= m->f.size) {
        const bool follows = next && map_find(&m->work.map, m->f.start) == map_find(&m->work.map, address);
        find_gap(m, address, follows ? m->f.start + m->f.size : address,
                 follows ? "the end of the function before" : "the address that was asked for", after,
                 "the next function");
        return;
    }
    const struct start *start = &starts->items[next - 1];
    const uint64_t end = m->f.start + m->f.size;
    m->of_table = true;
    m->listing->begins = abi_source_name(m->f.source);
    m->listing->ends = end == start->end ? ".eh_frame" : end == after ? "the next function" : "the end of the code";
    m->listing->profile = abi_profile_name((enum abi_profile)m->f.profile);
    m->listing->why = abi_profile_reason(m->image, &m->f);
}

static void add_features(const struct maker *m, const uint8_t *bytes, const struct traced *traced,
                         struct listing_row *row)
{
    const struct isa_class *classes;
    struct x86_insn insn;
    unsigned class = 0;
    size_t count = isa_classes(m->image->arch, &classes);
    if (m->image->arch == ARCH_ARM64 && traced->length == 4)
        class = a64_classify(load_le32(bytes));
    else if (m->image->arch == ARCH_AMD64 && x86_decode(bytes, traced->length, &insn))
        class = insn.class;
    row->features = arena_array(m->arena, CLASS_NEEDS, sizeof *row->features);
    for (unsigned k = 0; class < count && k < CLASS_NEEDS && classes[class].needs[k] != FEATURE_NONE; k++)
        row->features[row->feature_count++] = feature_name((enum feature)classes[class].needs[k]);
}

/* Where a direct branch or call goes, in the words of whoever reads the function. */
static void add_target(const struct maker *m, const uint8_t *bytes, const struct traced *traced,
                       struct listing_row *row)
{
    struct x86_insn insn;
    struct operands o;
    row->place = "";
    if (m->image->arch == ARCH_AMD64) {
        if (!x86_decode(bytes, traced->length, &insn) ||
            (insn.flow != X86_BRANCH && insn.flow != X86_JUMP && insn.flow != X86_CALL))
            return;
        row->target = x86_target(&insn, row->address);
    } else {
        if (traced->length < 4 || a64_classify(load_le32(bytes)) == A64_UNALLOCATED)
            return;
        a64_operands(load_le32(bytes), &o);
        if (o.form != FORM_BRANCH && o.form != FORM_JUMP && o.form != FORM_CALL)
            return;
        row->target = row->address + (uint64_t)o.offset;
    }
    if (row->target - m->f.start < m->f.size)
        row->place = arena_print(m->arena, "+0x%" PRIx64, row->target - m->f.start);
}

static void add_breaches(const struct maker *m, struct listing_row *row)
{
    for (size_t i = 0; i < m->hit_count; i++) {
        const char *rule = m->hits[i].address == row->address ? abi_rule_of((enum abi_breach)m->hits[i].breach) : NULL;
        if (!rule)
            continue;
        row->breaches = arena_grow(m->arena, row->breaches, row->breach_count, sizeof *row->breaches);
        row->breaches[row->breach_count++] =
            (struct listing_breach){rule, abi_state_of(m->image, m->arena, &m->hits[i])};
    }
}

static void write_rows(const struct maker *m)
{
    static const char *const followed[] = {"no", "yes", "loosely"};
    struct listing *l = m->listing;
    struct abi_state *shown = arena_room(m->arena, sizeof *shown);
    abi_entry_of(m->image, shown);
    l->rows = arena_array(m->arena, l->count, sizeof *l->rows);
    for (size_t i = 0; i < l->count; i++) {
        const struct traced *traced = &m->traced[i];
        struct listing_row *row = &l->rows[i];
        const uint8_t *bytes = map_bytes(&m->work.map, m->f.start + traced->at, traced->length);
        row->address = m->f.start + traced->at;
        row->followed = followed[traced->followed];
        if (!bytes)
            break; /* they were walked over */
        disassembly_parts(m->arena, m->image->arch == ARCH_AMD64, bytes, traced->length, row->address, &row->bytes,
                          &row->text);
        add_features(m, bytes, traced, row);
        add_target(m, bytes, traced, row);
        add_breaches(m, row);
        if (traced->followed == TRACED_NOT)
            continue;
        row->before_count = abi_changes(m->image, m->arena, shown, &traced->before, &row->before);
        row->after_count = abi_changes(m->image, m->arena, &traced->before, &traced->after, &row->after);
        abi_copy(shown, &traced->after);
    }
}

enum listing_answer listing_make(const struct image *image, struct arena *arena, uint64_t address,
                                 struct listing *listing)
{
    struct ground ground;
    *listing = (struct listing){0};
    if (!ground_make(image, arena, &ground) || abi_is_scattered(&ground.map))
        return LISTING_UNREADABLE;
    struct maker m = {.image = image, .arena = arena, .work = abi_work_on(&ground), .listing = listing};
    const struct span *span = map_find(&m.work.map, address);
    if (!span || !span->executes || address - span->address >= span->size)
        return LISTING_NOT_CODE;
    m.traced = arena_room(arena, LISTING_ROWS * sizeof *m.traced);
    m.hits = arena_array(arena, MOST_HITS, sizeof *m.hits);
    abi_find(&m.work);
    find_function(&m, address);
    find_rows(&m, address);
    if (m.of_table && !walk(&m))
        arena_exhausted(arena);
    listing->start = m.f.start;
    listing->size = m.f.size;
    write_rows(&m);
    return LISTING_MADE;
}
