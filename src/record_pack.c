/* A record between two processes of one program: every field in the order that one walk
 * visits them, the same walk for writing and for reading, so that the two cannot differ.
 * What is read comes from a process that a hostile file may have taken over: each length is
 * compared with the bytes that are left, and no count is believed that they could not hold.
 * Numbers are unsigned LEB128, as most of them are small. A text that is the same constant as in the record before is
 * not told again. Behind all stands a seal: bytes that changed on the way, or in a worker whose memory a hostile
 * file spoilt, are no record, however well they could be read. */
#include "src/record.h"

#include <stdlib.h>
#include <string.h>

#include "formats/bytes.h"

enum { RECORD_OWN = 7 /* texts of a record itself, before those of its images */ };
enum { MAGIC = 0x34524141, /* "AAR4" */ ROOM = 4096, WORD_MOST = 10 /* bytes */ };

enum { /* bytes of the smallest item of each list: one for a number or a text told before, two for a new text */
       TEXT_LEAST = 2,
       EVIDENCE_LEAST = 2 + TEXT_LEAST,
       RESULT_LEAST = 5,
       SEGMENT_LEAST = 4 + 2 * TEXT_LEAST,
       SECTION_LEAST = 3 + TEXT_LEAST,
       MODULE_LEAST = 1 + 3 * TEXT_LEAST,
       DEFECT_LEAST = 1 + 3 * TEXT_LEAST,
       CPU_LEAST = 1 + 3 * TEXT_LEAST,
       IMAGE_LEAST = 48,
};

struct codec {
    bool writing, failed;
    struct bytes *out;
    struct arena *arena;          /* reading: of the record */
    const struct arena *own;      /* writing: what is not in it is constant */
    struct record_memory *memory; /* NULL: each record by itself */
    const uint8_t *data;
    size_t left;
};

static bool grow(struct bytes *bytes, size_t size)
{
    if (size > SIZE_MAX / 4 - bytes->size)
        return false;
    size_t room = (bytes->size + size) * 2 < ROOM ? ROOM : (bytes->size + size) * 2;
    uint8_t *grown = realloc(bytes->data, room);
    if (!grown)
        return false;
    bytes->data = grown;
    bytes->room = room;
    return true;
}

/* Room for `size` bytes more; NULL where there is no memory. */
static inline uint8_t *reserve(struct bytes *bytes, size_t size)
{
    if (size > bytes->room - bytes->size && !grow(bytes, size))
        return NULL;
    return bytes->data + bytes->size;
}

bool bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    uint8_t *at = reserve(bytes, size);
    if (!at)
        return false;
    memcpy(at, data, size);
    bytes->size += size;
    return true;
}

static const uint8_t *get(struct codec *c, size_t size)
{
    if (c->failed || size > c->left) {
        c->failed = true;
        return NULL;
    }
    const uint8_t *at = c->data;
    c->data += size;
    c->left -= size;
    return at;
}

static void put_number(struct codec *c, uint64_t value)
{
    uint8_t *at = c->failed ? NULL : reserve(c->out, WORD_MOST);
    if (!at) {
        c->failed = true;
        return;
    }
    for (; value > 0x7f; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    c->out->size = (size_t)(at - c->out->data);
}

static void get_number(struct codec *c, uint64_t *value)
{
    uint64_t read = 0;
    for (unsigned shift = 0; shift < WORD_MOST * 7; shift += 7) {
        const uint8_t *at = get(c, 1);
        if (!at)
            return;
        read |= (uint64_t)(*at & 0x7f) << shift;
        if (*at < 0x80) {
            c->failed |= shift == (WORD_MOST - 1) * 7 && *at > 1; /* beyond 64 bits */
            *value = read;
            return;
        }
    }
    c->failed = true;
}

/* Most numbers are of one byte. */
static inline void word(struct codec *c, uint64_t *value)
{
    if (c->writing) {
        put_number(c, *value);
    } else if (c->left && *c->data < 0x80 && !c->failed) {
        *value = *c->data++;
        c->left--;
    } else {
        get_number(c, value);
    }
}

static void flag(struct codec *c, bool *value)
{
    uint64_t w = *value;
    word(c, &w);
    c->failed |= w > 1;
    *value = w == 1;
}

static void number(struct codec *c, size_t *value)
{
    uint64_t w = *value;
    word(c, &w);
    *value = (size_t)w;
}

/* An enumeration of `most` + 1 values, passed by its int. */
static int choice(struct codec *c, int value, int most)
{
    uint64_t w = (uint64_t)value;
    word(c, &w);
    if (w > (uint64_t)most) {
        c->failed = true;
        return 0;
    }
    return (int)w;
}

enum { TEXT_NULL, TEXT_SAME, TEXT_SIZE /* and on: bytes with their NUL, less one */ };

static void put_text(struct codec *c, const char *value, const char **last)
{
    size_t size = strlen(value);
    put_number(c, TEXT_SIZE + size);
    c->failed = c->failed || !bytes_add(c->out, value, size + 1);
    if (last)
        *last = arena_holds(c->own, value) ? NULL : value;
}

/* Its bytes with their NUL, or what is written in place of NULL and of the constant that stood at `last` before.
 * `last` is NULL where none is remembered. */
static void text_like(struct codec *c, const char **value, const char **last)
{
    uint64_t size = TEXT_NULL;
    if (c->writing && *value && (!last || *last != *value)) {
        put_text(c, *value, last);
        return;
    }
    if (c->writing)
        size = *value ? TEXT_SAME : TEXT_NULL;
    word(c, &size);
    if (c->writing)
        return;
    *value = NULL;
    if (c->failed || size == TEXT_NULL)
        return;
    if (size == TEXT_SAME) {
        c->failed = !last || !*last;
        *value = last ? *last : NULL;
        return;
    }
    size -= TEXT_SIZE - 1;
    const uint8_t *at = size > c->left ? NULL : get(c, (size_t)size);
    if (!at || memchr(at, 0, (size_t)size) != at + size - 1) {
        c->failed = true;
        return;
    }
    *value = (const char *)at;
    if (last)
        *last = *value;
}

static void text(struct codec *c, const char **value)
{
    text_like(c, value, NULL);
}

/* A text that no reader of a record expects to be missing. */
static void sure_text(struct codec *c, const char **value)
{
    text(c, value);
    c->failed |= *value == NULL;
}

/* The number of items of a list, each of which takes at least `least` bytes; room for them when reading. */
static void *list(struct codec *c, size_t *count, void *items, size_t item_size, size_t least)
{
    number(c, count);
    if (c->writing)
        return items;
    if (c->failed || *count > c->left / least) {
        c->failed = true;
        *count = 0;
        return NULL;
    }
    return *count ? arena_array(c->arena, *count, item_size) : NULL;
}

static void texts(struct codec *c, struct text_list *value)
{
    value->items = list(c, &value->count, value->items, sizeof *value->items, TEXT_LEAST);
    for (size_t i = 0; i < value->count; i++)
        sure_text(c, &value->items[i]);
}

static void visit_evidence(struct codec *c, struct evidence *e, const char **last)
{
    word(c, &e->offset);
    sure_text(c, &e->observed);
    text_like(c, &e->expected, last);
    c->failed |= e->expected == NULL;
}

/* Results are in the order of the rules as a rule, and then `index` is that of their own. */
static void visit_result(struct codec *c, struct record_result *r, size_t index)
{
    if (c->writing && (index >= rule_count || rules[index] != r->rule))
        for (index = 0; rules[index] != r->rule; index++)
            continue;
    index = (size_t)choice(c, (int)index, (int)rule_count - 1);
    r->rule = rules[index];
    r->outcome = (enum outcome)choice(c, (int)r->outcome, OUTCOME_NOT_APPLICABLE);
    struct record_memory *memory = index < RECORD_RULES ? c->memory : NULL;
    size_t total = r->total, count = r->count;
    text_like(c, &r->message, memory ? &memory->messages[index][r->outcome] : NULL);
    c->failed |= r->message == NULL;
    number(c, &total);
    r->evidence = list(c, &count, r->evidence, sizeof *r->evidence, EVIDENCE_LEAST);
    c->failed |= total > UINT32_MAX || count > UINT32_MAX;
    r->total = (uint32_t)total;
    r->count = (uint32_t)count;
    for (size_t i = 0; i < r->count; i++)
        visit_evidence(c, &r->evidence[i], memory ? &memory->expected[index] : NULL);
}

static void visit_facts(struct codec *c, struct record_image *image)
{
    const char **const words[] = {&image->name,        &image->machine,     &image->format,   &image->os,
                                  &image->arch,        &image->endian,      &image->kind,     &image->linkage,
                                  &image->interpreter, &image->glibc_floor, &image->libc,     &image->go_version,
                                  &image->go_goos,     &image->go_goarch,   &image->go_level, &image->go_path,
                                  &image->min_os,      &image->sdk,         &image->uuid,     &image->signature,
                                  &image->build_id};
    struct text_list *const lists[] = {&image->needed, &image->search_paths, &image->latent_loads, &image->debug_info,
                                       &image->toolchains};
    bool *const flags[] = {&image->judged,       &image->needed_known, &image->search_paths_known,
                           &image->latent_known, &image->debug_known,  &image->has_go};
    enum answer *const answers[] = {&image->pie, &image->symbol_table, &image->stripped, &image->go_cgo};
    _Static_assert(RECORD_OWN + sizeof words / sizeof *words <= RECORD_WORDS, "every word has its place");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        text_like(c, words[i], c->memory ? &c->memory->words[RECORD_OWN + i] : NULL);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        texts(c, lists[i]);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        flag(c, flags[i]);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        *answers[i] = (enum answer)choice(c, (int)*answers[i], ANSWER_YES);
    image->bits = choice(c, image->bits, 64);
    word(c, &image->offset);
    word(c, &image->size);
    word(c, &image->entry_address);
}

static void visit_code(struct codec *c, struct record_image *image)
{
    struct record_isa *isa = &image->isa;
    flag(c, &isa->known);
    if (isa->known) {
        flag(c, &isa->followed);
        flag(c, &isa->has_neon);
        text(c, &isa->level);
        texts(c, &isa->requires);
        texts(c, &isa->possible);
        texts(c, &isa->guarded);
        uint64_t *const words[] = {&isa->coverage, &isa->functions, &isa->undefined, &isa->words,
                                   &isa->vectors,  &isa->looped,    &isa->unguarded, &isa->vector_functions};
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            word(c, words[i]);
    }
    image->cpus = list(c, &image->cpu_count, image->cpus, sizeof *image->cpus, CPU_LEAST);
    for (size_t i = 0; i < image->cpu_count; i++) {
        sure_text(c, &image->cpus[i].name);
        sure_text(c, &image->cpus[i].what);
        sure_text(c, &image->cpus[i].reason);
        image->cpus[i].answer = (enum cpu_answer)choice(c, (int)image->cpus[i].answer, CPU_NOT_TOLD);
    }
}

static void visit_image(struct codec *c, struct record_image *image)
{
    visit_facts(c, image);
    visit_code(c, image);
    flag(c, &image->modules_known);
    image->modules = list(c, &image->module_count, image->modules, sizeof *image->modules, MODULE_LEAST);
    for (size_t i = 0; i < image->module_count; i++) {
        struct record_module *m = &image->modules[i];
        sure_text(c, &m->path);
        sure_text(c, &m->version);
        sure_text(c, &m->sum);
        flag(c, &m->main);
    }
    image->segments = list(c, &image->segment_count, image->segments, sizeof *image->segments, SEGMENT_LEAST);
    for (size_t i = 0; i < image->segment_count; i++) {
        struct record_segment *s = &image->segments[i];
        sure_text(c, &s->name);
        sure_text(c, &s->access);
        word(c, &s->address);
        word(c, &s->memory_size);
        word(c, &s->offset);
        word(c, &s->file_size);
    }
    image->sections = list(c, &image->section_count, image->sections, sizeof *image->sections, SECTION_LEAST);
    for (size_t i = 0; i < image->section_count; i++) {
        sure_text(c, &image->sections[i].name);
        word(c, &image->sections[i].offset);
        word(c, &image->sections[i].size);
        flag(c, &image->sections[i].has_bytes);
    }
    image->defects = list(c, &image->defect_count, image->defects, sizeof *image->defects, DEFECT_LEAST);
    for (size_t i = 0; i < image->defect_count; i++) {
        sure_text(c, &image->defects[i].name);
        sure_text(c, &image->defects[i].observed);
        sure_text(c, &image->defects[i].expected);
        word(c, &image->defects[i].offset);
    }
    image->results = list(c, &image->result_count, image->results, sizeof *image->results, RESULT_LEAST);
    for (size_t i = 0; i < image->result_count; i++)
        visit_result(c, &image->results[i], i);
}

static void visit(struct codec *c, struct record *record)
{
    uint64_t magic = MAGIC;
    word(c, &magic);
    c->failed |= magic != MAGIC;
    const char **const words[RECORD_OWN] = {&record->path,   &record->sha256,        &record->container,
                                            &record->target, &record->target_source, &record->error,
                                            &record->skipped};
    for (size_t i = 0; i < RECORD_OWN; i++)
        text_like(c, words[i], c->memory ? &c->memory->words[i] : NULL);
    word(c, &record->size);
    record->verdict = (enum verdict)choice(c, (int)record->verdict, VERDICT_ERROR);
    record->images = list(c, &record->image_count, record->images, sizeof *record->images, IMAGE_LEAST);
    for (size_t i = 0; i < record->image_count; i++)
        visit_image(c, &record->images[i]);
}

bool record_pack_next(const struct record *record, const struct arena *arena, struct record_memory *memory,
                      struct bytes *out)
{
    struct record copy = *record;
    struct codec c = {.writing = true, .out = out, .own = arena, .memory = memory};
    size_t from = out->size;
    visit(&c, &copy);
    if (c.failed)
        return false;
    uint64_t seal = record_seal(out->data + from, out->size - from);
    return bytes_add(out, &seal, sizeof seal);
}

struct record *record_unpack_next(struct arena *arena, struct record_memory *memory, const uint8_t *data, size_t size)
{
    uint64_t seal;
    if (size < sizeof seal)
        return NULL;
    size -= sizeof seal;
    memcpy(&seal, data + size, sizeof seal);
    if (seal != record_seal(data, size))
        return NULL;
    struct codec c = {.arena = arena, .memory = memory, .data = data, .left = size};
    struct record *record = arena_alloc(arena, sizeof *record);
    visit(&c, record);
    return c.failed || c.left || !record_is_whole(record) ? NULL : record;
}
