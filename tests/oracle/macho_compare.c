#include "tests/oracle/macho_compare.h"

#include <string.h>

#include "checks/run.h"
#include "formats/limits.h"
#include "formats/read.h"

#define DIFFERENCE(name, text) #name,
const char *const macho_difference_names[MACHO_DIFFERENCE_COUNT] = {MACHO_DIFFERENCES};
#undef DIFFERENCE
#define DIFFERENCE(name, text) text,
const char *const macho_difference_texts[MACHO_DIFFERENCE_COUNT] = {MACHO_DIFFERENCES};
#undef DIFFERENCE

enum { RULES = 128 };

struct comparison {
    struct file *file;
    const struct reading *reading;
    const struct image *image;
    const struct xnu_machine *machine;
    const struct xnu_start *start;
    struct macho_verdict *verdict;
    struct finding findings[RULES];
};

static void differ(struct comparison *c, enum macho_difference difference, const char *why)
{
    c->verdict->found |= UINT32_C(1) << difference;
    c->verdict->why = why;
}

static enum outcome outcome_of(const struct comparison *c, const char *id)
{
    for (size_t i = 0; i < rule_count; i++)
        if (strcmp(rules[i]->id, id) == 0)
            return c->findings[i].outcome;
    return OUTCOME_UNKNOWN;
}

static bool passes(const struct comparison *c, const char *id)
{
    return outcome_of(c, id) == OUTCOME_PASS;
}

static void judge(struct comparison *c, const struct image *image)
{
    static const struct expect expect = {.literal_static = true};
    const struct subject subject = {.reading = c->reading, .image = image, .expect = &expect};
    c->image = image;
    run_rules(&subject, &c->file->arena, NULL, c->findings);
}

static bool names(const struct named_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].text, text) == 0)
            return true;
    return false;
}

/* Decisive, in one direction: what XNU starts through dyld is never said to start without, and what dyld loads is never
 * left out. A list that says that it could not be read claims nothing. */
static void compare_linkage(struct comparison *c)
{
    const struct image *image = c->image;
    bool named = image->interpreter.text && strcmp(image->interpreter.text, "/usr/lib/dyld") == 0;
    if (!c->start->dylinker) {
        if (image->interpreter.text)
            differ(c, MACHO_DIFFERENCE_dylinker_invented, NULL);
        return;
    }
    if (!named && image->interpreter_known != KNOWN_BROKEN)
        differ(c, MACHO_DIFFERENCE_dylinker, NULL);
    if (passes(c, "linkage/no-interpreter"))
        differ(c, MACHO_DIFFERENCE_no_interpreter_passes, NULL);
    if (c->start->dyld_refuses)
        return; /* dyld ends the program before it loads anything */
    for (size_t i = 0; i < c->start->dylib_count; i++)
        if (!names(&image->needed, c->start->dylibs[i]) && image->needed.known != KNOWN_BROKEN)
            differ(c, MACHO_DIFFERENCE_dylib, NULL);
}

/* Defects of a file that XNU and dyld take, and why they are called defects all the same. */
static const struct excuse {
    enum defect_id id;
    const char *expected; /* its beginning; "": any */
    const char *reason;
} excuses[] = {
    {DEFECT_ID_macho_linkedit, "", "dyld mach_o/Image.cpp, validLinkedit, of which nothing is written down here"},
    {DEFECT_ID_macho_symbols, "", "the same"},
    {DEFECT_ID_macho_segment, "a section", "no loader asks where a section stands in the file; tools do"},
    {DEFECT_ID_macho_signature, "", "the contents of signatures are not written down here"},
    {DEFECT_ID_macho_command_twice, "", "loaders differ on which of the two counts"},
    {DEFECT_ID_macho_command, "cmdsize", "<mach-o/loader.h> wants multiples of 8; loaders of today do not ask"},
    {DEFECT_ID_macho_command, "a string", "a string inside the fields of its command, or in a command dyld skips"},
};

static bool is_excused(const struct defect *d)
{
    if (defect_family(d->id) != DEFECT_FORMAT)
        return true; /* no breach of the format: a contradiction, or bytes that nobody owns */
    for (size_t i = 0; i < sizeof excuses / sizeof *excuses; i++)
        if (excuses[i].id == d->id && strncmp(d->expected, excuses[i].expected, strlen(excuses[i].expected)) == 0)
            return true;
    return false;
}

/* What XNU starts and dyld takes is not called broken, the listed classes aside. */
static void compare_complaints(struct comparison *c)
{
    const struct defect_list *list = &c->image->defects;
    if (c->start->dyld_refuses || c->reading->defects.total)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (!is_excused(&list->items[i]))
            differ(c, MACHO_DIFFERENCE_called_broken, list->items[i].expected);
}

/* A program of this machine that is refused has something wrong with it that a rule tells. */
static bool is_told(const struct comparison *c)
{
    static const char *const ids[] = {"identity/executable-kind", "structure/well-formed", "structure/one-truth",
                                      "structure/no-overlay", "structure/entry-in-code"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (!passes(c, ids[i]))
            return true;
    return c->start->answer == XNU_UNSIGNED && !passes(c, "signature/present");
}

static void compare_started(struct comparison *c)
{
    const struct image *image = NULL;
    for (size_t i = 0; i < c->reading->count && !image; i++)
        if (c->reading->images[i].format == FORMAT_MACHO && c->reading->images[i].offset == c->start->offset)
            image = &c->reading->images[i];
    c->verdict->started = true;
    if (!image || !image->judged || image->kind != KIND_EXECUTABLE || image->size != c->start->size) {
        differ(c, MACHO_DIFFERENCE_no_image, NULL);
        return;
    }
    judge(c, image);
    compare_linkage(c);
    if (c->start->writes_code && passes(c, "hardening/write-xor-execute"))
        differ(c, MACHO_DIFFERENCE_write_xor_execute_passes, NULL);
    if (c->start->entry_bytes && image->entry.known == KNOWN_COMPLETE && !image->entry.in_code)
        differ(c, MACHO_DIFFERENCE_entry_fails, NULL);
    compare_complaints(c);
    if (c->start->dylinker && c->start->dyld_always && !is_told(c))
        differ(c, MACHO_DIFFERENCE_dyld_refuses, c->start->dyld_always);
}

static void compare_refused(struct comparison *c)
{
    bool asked = false;
    for (size_t i = 0; i < c->reading->count; i++) {
        const struct image *image = &c->reading->images[i];
        bool ours = c->reading->container == CONTAINER_UNIVERSAL ||
                    (image->format == FORMAT_MACHO && image->macho->cputype == c->machine->cputype &&
                     image->kind == KIND_EXECUTABLE);
        if (!ours)
            continue;
        judge(c, image);
        if (is_told(c))
            return;
        asked = true;
    }
    if (asked)
        differ(c, MACHO_DIFFERENCE_refused, c->start->why);
}

static void compare(struct comparison *c)
{
    struct xnu_start start;
    struct view bytes;
    if (!file_view(c->file, 0, c->file->size, &bytes))
        return;
    xnu_ask(c->machine, bytes.data, bytes.size, &start);
    c->start = &start;
    if (start.answer == XNU_STARTS)
        compare_started(c);
    else if (start.answer != XNU_UNDECIDED && start.answer != XNU_NOT_MACHO)
        compare_refused(c);
}

struct macho_verdict macho_compare(const uint8_t *bytes, size_t size)
{
    static const struct xnu_machine *const machines[] = {&xnu_intel, &xnu_apple};
    struct file file;
    struct reading reading;
    struct macho_verdict verdict = {0};
    if (rule_count > RULES ||
        file_from_memory(&file, bytes, size, &(struct file_options){.max_size = LIMIT_FILE_SIZE}, NULL) != STATUS_OK)
        return (struct macho_verdict){.found = UINT32_MAX};
    read_file(&file, &(struct read_options){.code = false}, &reading);
    for (size_t i = 0; i < 2; i++) {
        struct comparison c = {.file = &file, .reading = &reading, .machine = machines[i], .verdict = &verdict};
        compare(&c);
    }
    file_close(&file);
    return verdict;
}
