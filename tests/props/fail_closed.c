/* Not seeing is not passing: facts are taken from what was read of a sample, in the ways in which the model says "not
 * known", and no rule and no verdict may come nearer to a pass by it (outcomes.h says what is nearer).
 *
 *   fail_closed CASES [SEED]
 *
 * Each sample is taken as it is, and then with some bytes of it changed; half of them
 * by a policy that declares all there is to declare. Half of the cases take from the model and judge anew. A quarter take from the record, as a worker that saw less would
 * have sent it. A quarter change bytes of the packed record: it is refused, or its verdict is no better. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checks/run.h"
#include "formats/limits.h"
#include "src/audit.h"
#include "tests/props/judge.h"
#include "tests/props/outcomes.h"

enum { ROUNDS = 16, HEADERS = 1024, MOST_TOLD = 5 };

static uint64_t seed;
static size_t wrong, worse, refused, taken;

static size_t roll(size_t sides)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return sides ? (size_t)(seed >> 33) % sides : 0;
}

/* Some items of a list go, and the list says so. */
static void drop(size_t *count, void *items, size_t size)
{
    while (*count && roll(3) == 0) {
        size_t gone = roll(*count);
        memmove((char *)items + gone * size, (char *)items + (gone + 1) * size, (*count - gone - 1) * size);
        --*count;
    }
}

#define FORGET_LIST(list)                                                                                              \
    do {                                                                                                               \
        (list).known = KNOWN_BROKEN;                                                                                   \
        drop(&(list).count, (list).items, sizeof *(list).items);                                                       \
    } while (0)

/* An image of its own, whose lists can be changed. */
struct copy {
    struct image image;
    struct elf_extra elf;
    struct macho_extra macho;
    struct go_info go;
};

#define OWN(list) ((list).items = own(arena, (list).items, (list).count * sizeof *(list).items))

static void *own(struct arena *arena, const void *items, size_t size)
{
    void *copy = arena_alloc(arena, size);
    return size ? memcpy(copy, items, size) : copy;
}

static void copy_image(struct arena *arena, const struct image *image, struct copy *copy)
{
    copy->image = *image;
    struct image *to = &copy->image;
    OWN(to->needed);
    OWN(to->search_paths);
    OWN(to->versions);
    OWN(to->segments);
    OWN(to->sections);
    OWN(to->debug);
    OWN(to->build_paths);
    OWN(to->toolchains);
    OWN(to->unowned);
    to->defects.items = own(arena, to->defects.items, to->defects.count * sizeof *to->defects.items);
    to->latent.evidence = own(arena, to->latent.evidence, to->latent.count * sizeof *to->latent.evidence);
    if (image->format == FORMAT_ELF) {
        copy->elf = *image->elf;
        to->elf = &copy->elf;
    } else if (image->format == FORMAT_MACHO) {
        copy->macho = *image->macho;
        to->macho = &copy->macho;
    }
    if (image->go) {
        copy->go = *image->go;
        to->go = &copy->go;
    }
}

static void forget_go(struct go_info *go)
{
    const char **const texts[] = {&go->version, &go->path,    &go->goos,      &go->goarch,
                                  &go->level,   &go->ldflags, &go->buildmode, &go->trimpath};
    go->known = KNOWN_BROKEN;
    go->cgo_enabled = ANSWER_UNKNOWN;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (roll(2))
            *texts[i] = NULL;
}

/* What only one of the formats has. */
static void forget_extra(struct copy *copy)
{
    if (copy->image.format == FORMAT_MACHO) {
        copy->image.signature = SIGNATURE_BROKEN;
        copy->macho.identifier = copy->macho.team = NULL;
        return;
    }
    copy->elf.slots_known = copy->elf.relocations_known = KNOWN_BROKEN;
    if (roll(2))
        copy->elf.slots = copy->elf.slots_unprotected = 0;
    if (roll(2))
        copy->elf.text_relocation_offset = 0;
}

/* A reader that could not read on after a segment knows little of what follows. */
static void forget_segments(struct image *image)
{
    FORGET_LIST(image->segments);
    image->entry.known = KNOWN_BROKEN;
    if (roll(2))
        image->entry.in_code = false;
    image->pie = roll(2) ? ANSWER_UNKNOWN : image->pie;
}

static void forget_texts(struct image *image)
{
    image->min_os = roll(2) ? NULL : image->min_os;
    image->sdk = NULL;
    image->uuid = roll(2) ? NULL : image->uuid;
    image->glibc_floor = NULL;
    FORGET_LIST(image->versions);
}

static void forget_one(struct copy *copy)
{
    struct image *image = &copy->image;
    switch (roll(20)) {
    case 0:
        FORGET_LIST(image->needed);
        break;
    case 1:
        FORGET_LIST(image->search_paths);
        break;
    case 2:
        forget_texts(image);
        break;
    case 3:
        forget_segments(image);
        break;
    case 4:
        FORGET_LIST(image->sections);
        break;
    case 5:
        FORGET_LIST(image->debug);
        image->stripped = roll(2) ? ANSWER_UNKNOWN : image->stripped;
        break;
    case 6:
        FORGET_LIST(image->build_paths);
        break;
    case 7:
        FORGET_LIST(image->toolchains);
        break;
    case 8:
        FORGET_LIST(image->unowned);
        break;
    case 9:
        image->latent.known = KNOWN_BROKEN;
        image->latent.possible |= image->latent.used;
        image->latent.used = 0;
        drop(&image->latent.count, image->latent.evidence, sizeof *image->latent.evidence);
        break;
    case 10:
        image->symbols = (struct symbols){.known = KNOWN_BROKEN, .count = roll(2) ? image->symbols.count : 0};
        break;
    case 11:
        image->interpreter_known = KNOWN_BROKEN;
        image->interpreter = (struct named){0};
        break;
    case 12:
        image->libc = LIBC_UNKNOWN;
        image->libc_evidence = (struct named){0};
        break;
    case 13:
        image->linkage = LINKAGE_UNKNOWN;
        break;
    case 14:
        image->pie = ANSWER_UNKNOWN;
        break;
    case 15:
        image->os = OS_UNKNOWN;
        break;
    case 16:
        image->code_looks = CODE_NOT_LOOKED_AT;
        image->code_words = image->code_typical_words = 0; /* --no-code is no loss: its user chose it, and is told */
        break;
    case 17:
        drop(&image->defects.count, image->defects.items, sizeof *image->defects.items); /* `total` tells */
        break;
    case 18:
        if (image->go)
            forget_go(&copy->go);
        break;
    default:
        if (image->format != FORMAT_OTHER)
            forget_extra(copy);
    }
}

static struct gate gate_of(const struct policy *policy)
{
    return (struct gate){.profile = profile_find("release"), .fail_on = LEVEL_ERROR, .policy = policy, .partial = true};
}

static bool decide(struct arena *arena, const struct policy *policy, struct record *record, struct outcomes *outcomes)
{
    const struct gate gate = gate_of(policy);
    struct run run = {.gate = &gate, .count = 1, .records = &record};
    gate_decide(arena, &run);
    return outcomes_take(record, outcomes);
}

static void compare(const char *name, const char *how, const struct outcomes *before, const struct outcomes *now)
{
    size_t rule = outcomes_gained(before, now);
    worse += before->verdict == VERDICT_PASS && now->verdict != VERDICT_PASS;
    if (rule == rule_count && !verdict_gained(before->verdict, now->verdict))
        return;
    if (wrong++ < MOST_TOLD)
        fprintf(stderr, "%s: %s gains though %s is not known any more\n", name,
                rule < rule_count ? rules[rule]->id : "the verdict", how);
}

/* All that the cases of one sample have in common. */
struct sample_state {
    const char *name;
    struct arena arena; /* of the record */
    struct file file;   /* whose arena holds the reading */
    struct reading reading;
    struct expect expect;
    struct policy policy;
    bool has_policy;
    struct outcomes before;
    struct record *record;
    struct bytes packed;
};

static struct record *judge_reading(struct arena *arena, const struct sample_state *s, const struct reading *reading,
                                    bool code)
{
    struct finding *findings = arena_array(arena, reading->count * rule_count, sizeof *findings);
    struct code_study *studies = arena_array(arena, reading->count, sizeof *studies);
    for (size_t i = 0; i < reading->count; i++) {
        studies[i] = (struct code_study){.image = &reading->images[i], .arena = arena, .allowed = code};
        run_rules(&(struct subject){reading, &reading->images[i], &s->expect, code, &studies[i]}, arena, NULL,
                  findings + i * rule_count);
    }
    return record_make(arena, s->name, &s->file, reading, findings, studies, &s->expect, &(struct record_options){0});
}

static void take_from_model(const struct sample_state *s, struct arena *arena)
{
    struct reading reading = s->reading;
    struct outcomes now;
    reading.images = arena_array(arena, reading.count, sizeof *reading.images);
    for (size_t i = 0; i < reading.count; i++) {
        struct copy *copy = arena_alloc(arena, sizeof *copy);
        copy_image(arena, &s->reading.images[i], copy);
        for (size_t left = roll(4); left; left--)
            forget_one(copy);
        reading.images[i] = copy->image;
    }
    struct record *record = judge_reading(arena, s, &reading, true);
    if (!decide(arena, s->has_policy ? &s->policy : NULL, record, &now)) {
        fprintf(stderr, "%s: a rule gave no answer\n", s->name);
        wrong++;
        return;
    }
    compare(s->name, "a fact of the model", &s->before, &now);
}

/* A worker that saw less. */
static void take_from_record(const struct sample_state *s, struct arena *arena)
{
    struct outcomes now;
    struct record *record = own(arena, s->record, sizeof *record);
    record->images = own(arena, record->images, record->image_count * sizeof *record->images);
    for (size_t i = 0; i < record->image_count; i++) {
        struct record_image *image = &record->images[i];
        image->results = own(arena, image->results, image->result_count * sizeof *image->results);
        switch (roll(6)) {
        case 0:
            drop(&image->result_count, image->results, sizeof *image->results);
            break;
        case 1:
            image->judged = false;
            break;
        case 2:
            if (image->result_count)
                image->results[roll(image->result_count)].outcome = OUTCOME_UNKNOWN;
            break;
        case 3: /* one answer twice, another not at all */
            if (image->result_count)
                image->results[roll(image->result_count)] = image->results[roll(image->result_count)];
            break;
        case 4:
            record->error = "not read in full";
            break;
        default:
            record->image_count = roll(4) ? record->image_count : 0;
        }
    }
    (void)decide(arena, s->has_policy ? &s->policy : NULL, record, &now);
    if (verdict_gained(s->before.verdict, now.verdict) && wrong++ < MOST_TOLD)
        fprintf(stderr, "%s: the verdict gains though a record says less\n", s->name);
}

/* Bytes change on the way from the worker. */
static void change_bytes(const struct sample_state *s, struct arena *arena)
{
    struct outcomes now;
    size_t size = s->packed.size;
    uint8_t *bytes = arena_alloc(arena, size + 8);
    memcpy(bytes, s->packed.data, size);
    for (size_t left = 1 + roll(4); left; left--) {
        size_t at = roll(size), run = 1 + roll(8), from = roll(size);
        switch (roll(4)) {
        case 0:
            bytes[at] = (uint8_t)roll(256);
            break;
        case 1:
            bytes[at] = (uint8_t)(bytes[at] ^ 1U << roll(8));
            break;
        case 2:
            for (size_t i = 0; i < run && at + i < size && from + i < size; i++)
                bytes[at + i] = s->packed.data[from + i];
            break;
        default:
            if (roll(8) == 0)
                size = 1 + roll(size);
        }
    }
    if (size == s->packed.size && memcmp(bytes, s->packed.data, size) == 0)
        return;
    struct record *record = record_unpack(arena, bytes, size);
    refused += record == NULL;
    taken += record != NULL;
    if (!record)
        return;
    (void)decide(arena, s->has_policy ? &s->policy : NULL, record, &now);
    if (verdict_gained(s->before.verdict, now.verdict) && wrong++ < MOST_TOLD)
        fprintf(stderr, "%s: the verdict gains by changed bytes of a record\n", s->name);
}

static void spoil(struct sample_bytes *whole)
{
    for (size_t left = 1 + roll(3); left && whole->size; left--)
        whole->data[roll(roll(2) && whole->size > HEADERS ? HEADERS : whole->size)] ^= (uint8_t)(1U << roll(8));
}

/* Every rule that asks for nothing until something is declared. */
static void demand(struct demands *demands)
{
    demands->glibc_floor = "2.17";
    demands->macos_minimum = "10.13";
    demands->size_max = 4096;
    demands->cpus[0] = "x86-64-v2";
    demands->cpus[1] = "armv8.0";
    demands->neon_loops = 1;
    demands->abi_coverage = 50;
}

static bool begin(const struct sample *sample, bool changed, bool demanding, struct sample_state *s)
{
    struct sample_bytes whole = {0};
    struct complaints complaints = {.arena = &s->arena};
    const char *policy = sample_policy(sample->name), *target = sample_target(sample->name);
    *s = (struct sample_state){.name = sample->name};
    if (!sample_load(sample, ASSAY_CORPUS, &whole))
        return false;
    if (changed)
        spoil(&whole);
    if (file_from_memory(&s->file, whole.data, whole.size, &(struct file_options){.max_size = LIMIT_FILE_SIZE}, NULL))
        return false;
    free(whole.data);
    s->policy = (struct policy){.folder = "/", .here = "/"};
    s->has_policy = policy != NULL;
    if (policy && !policy_read("policy", policy, strlen(policy), 0, &s->policy, &complaints))
        return false;
    if (policy)
        s->expect.demands = s->policy.parameters.demands;
    if (target && expect_target(target, &s->expect.target))
        s->expect.source = TARGET_OPTION;
    if (demanding && !policy)
        demand(&s->expect.demands);
    read_file(&s->file, &(struct read_options){.code = true}, &s->reading);
    s->record = judge_reading(&s->arena, s, &s->reading, true);
    return decide(&s->arena, policy ? &s->policy : NULL, s->record, &s->before) && record_pack(s->record, &s->packed);
}

static void end(struct sample_state *s)
{
    free(s->packed.data);
    arena_free(&s->arena);
    file_close(&s->file);
}

int main(int argc, char **argv)
{
    struct arena arena = {0};
    size_t cases = argc > 1 ? strtoull(argv[1], NULL, 10) : 0, each = cases / (sample_count * ROUNDS) + 1, done = 0;
    time_t since = time(NULL);
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)since;
    printf("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sample_count * ROUNDS && cases; i++) {
        struct sample_state state;
        if (!begin(&samples[i / ROUNDS], i % ROUNDS > 1, i % 2, &state)) {
            fprintf(stderr, "%s: cannot be made, read or judged\n", samples[i / ROUNDS].name);
            return 1;
        }
        for (size_t k = 0; k < each; k++, done++, arena_reset(&arena)) {
            if (k % 2)
                take_from_model(&state, &arena);
            else if (k % 4)
                take_from_record(&state, &arena);
            else
                change_bytes(&state, &arena);
        }
        end(&state);
    }
    arena_free(&arena);
    printf("%zu cases, %zu wrong; %zu passes lost; of changed records %zu refused, %zu taken\n", done, wrong, worse,
           refused, taken);
    printf("facts taken away\t%zu\t%zu\t%zu\t%ld\n", sample_count, done, wrong, (long)(time(NULL) - since));
    return wrong != 0 || worse == 0 || refused == 0;
}
