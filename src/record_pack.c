/* A record between two processes of one program: every field in the order that one walk visits them, the same walk for
 * writing and for reading, so that the two cannot differ. What is read comes from a process that a hostile file may have
 * taken over: each length is compared with the bytes that are left, and no count is believed that they could not hold.
 * Numbers are unsigned LEB128, as most of them are small. A text that is the same constant as in the record before is not
 * told again; a result that says one of the last few constants of its rule, and shows nothing, is one byte. Behind all
 * stands a seal: bytes that changed on the way, or in a worker whose memory a hostile file spoilt, are no record, however
 * well they could be read. */
#include "formats/limits.h"
#include "src/record_codec.h"

enum { RECORD_OWN = 7 /* texts of a record itself, before those of its images */ };
enum { MAGIC = 0x35524141 /* "AAR5" */ };

enum { /* bytes of the smallest item of each list: one for a number or a text told before, two for a new text */
       TEXT_LEAST = 2,
       EVIDENCE_LEAST = 2 + TEXT_LEAST,
       RESULT_LEAST = 1,
       SEGMENT_LEAST = 4 + 2 * TEXT_LEAST,
       SECTION_LEAST = 3 + TEXT_LEAST,
       MODULE_LEAST = 1 + 3 * TEXT_LEAST,
       DEFECT_LEAST = 1 + 3 * TEXT_LEAST,
       CPU_LEAST = 1 + 3 * TEXT_LEAST,
       IMAGE_LEAST = 28,
};

bool bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    uint8_t *at = reserve(bytes, size);
    if (!at)
        return false;
    memcpy(at, data, size);
    bytes->size += size;
    return true;
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

/* How a result begins: it is the one of its rule that stands in the memory, with or without evidence; or its outcome and
 * a text follow, of its own or to be remembered. */
enum {
    OUTCOMES = OUTCOME_NOT_APPLICABLE + 1,
    FORM_BRIEF = 0,
    FORM_SHOWS = FORM_BRIEF + RECORD_TOLD,
    FORM_OWN = FORM_SHOWS + RECORD_TOLD,
    FORM_NEW = FORM_OWN + OUTCOMES,
    FORMS = FORM_NEW + OUTCOMES
};

static int form_of(const struct codec *c, const struct record_result *r, const struct record_told *told)
{
    const int outcome = (int)r->outcome;
    for (int i = 0; told && i < RECORD_TOLD; i++)
        if (told[i].message == r->message && told[i].outcome == r->outcome)
            return i + (r->total || r->count ? FORM_SHOWS : FORM_BRIEF);
    return outcome + (told && !arena_holds(c->own, r->message) ? FORM_NEW : FORM_OWN);
}

/* Most results are one byte, FORM_BRIEF and on, in either direction. False: this one is more, and nothing was done. */
static bool visit_brief(struct codec *c, struct record_result *r, size_t index)
{
    if (!c->memory || index >= RECORD_RULES || c->failed)
        return false;
    const struct record_told *told = c->memory->told[index];
    if (!c->writing) {
        const size_t form = c->left ? *c->data : RECORD_TOLD;
        if (form >= RECORD_TOLD || !told[form].message)
            return false;
        r->rule = rules[index];
        r->message = told[form].message;
        r->outcome = told[form].outcome;
        c->data++;
        c->left--;
        return true;
    }
    size_t form = 0;
    while (form < RECORD_TOLD && (told[form].message != r->message || told[form].outcome != r->outcome))
        form++;
    if (form == RECORD_TOLD || r->total || r->count || r->rule != rules[index] || c->out->size == c->out->room)
        return false;
    c->out->data[c->out->size++] = (uint8_t)form;
    return true;
}

/* Result `index` is that of rule `index`. */
static void visit_result(struct codec *c, struct record_result *r, size_t index)
{
    struct record_memory *memory = index < RECORD_RULES ? c->memory : NULL;
    struct record_told *told = memory ? memory->told[index] : NULL;
    c->failed |= c->writing && r->rule != rules[index];
    r->rule = rules[index];
    const int form = choice(c, c->writing ? form_of(c, r, told) : 0, FORMS - 1);
    if (form < FORM_OWN) {
        const struct record_told heard = told ? told[form % RECORD_TOLD] : (struct record_told){0};
        c->failed |= heard.message == NULL;
        r->message = heard.message;
        r->outcome = heard.outcome;
        if (form < FORM_SHOWS)
            return;
    } else {
        r->outcome = (enum outcome)((form - FORM_OWN) % OUTCOMES);
        sure_text(c, &r->message);
        c->failed |= form >= FORM_NEW && !told;
        if (form >= FORM_NEW && told)
            told[memory->next[index]++ % RECORD_TOLD] = (struct record_told){r->message, r->outcome};
    }
    size_t total = r->total, count = r->count;
    number(c, &total);
    r->evidence = list(c, &count, r->evidence, sizeof *r->evidence, EVIDENCE_LEAST);
    c->failed |= total > UINT32_MAX || count > UINT16_MAX;
    r->total = (uint32_t)total;
    r->count = (uint16_t)count;
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
    words_like(c, words, sizeof words / sizeof *words, c->memory ? c->memory->words + RECORD_OWN : NULL);
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
    visit_function(c, image);
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
    image->results = list_within(c, &image->result_count, image->results, sizeof *image->results, RESULT_LEAST,
                                 rule_count); /* one for each rule, or none */
    for (size_t i = 0; i < image->result_count; i++)
        if (!visit_brief(c, &image->results[i], i))
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
    words_like(c, words, RECORD_OWN, c->memory ? c->memory->words : NULL);
    word(c, &record->size);
    record->verdict = (enum verdict)choice(c, (int)record->verdict, VERDICT_ERROR);
    record->images =
        list_within(c, &record->image_count, record->images, sizeof *record->images, IMAGE_LEAST, LIMIT_IMAGES);
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
