#include "src/assay.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
#include <string.h>

#include "formats/limits.h"
#include "src/audit.h"
#include "src/patient.h"
#include "src/report/draft.h"
#include "src/report/report.h"

struct subject_file {
    const char *name;
    const void *bytes; /* NULL: open `name` */
    size_t size;
};

static bool understand(const struct assay_options *from, struct audit_options *audit, struct gate *gate)
{
    *audit = (struct audit_options){
        .file = {.max_size = from->max_file_size ? from->max_file_size : LIMIT_FILE_SIZE, .digest = !from->no_digest},
        .read = {.code = !from->no_code},
        .rules = true,
        .has_target = from->target && strcmp(from->target, "auto") != 0};
    *gate = (struct gate){.profile = profile_find(from->profile ? from->profile : "release"), .fail_on = LEVEL_ERROR};
    if (!gate->profile || (audit->has_target && !expect_target(from->target, &audit->target)))
        return false;
    audit->literal_static = gate->profile->literal_static;
    return true;
}

static struct record *audit_subject(struct arena *arena, const struct subject_file *subject,
                                    const struct audit_options *audit)
{
    if (subject->bytes)
        return audit_memory(arena, subject->name, subject->bytes, subject->size, audit);
    int fd = patient_open(subject->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd >= 0)
        return audit_fd(arena, subject->name, fd, false, audit);
    return record_error(arena, subject->name, 0, arena_print(arena, "cannot be opened: %s", strerror(errno)));
}

static bool write_report(const struct run *run, char **json)
{
    const struct report_options look = {0};
    struct draft draft;
    if (!draft_open(&draft))
        return false;
    bool good = report_json.run(run, &look, draft.out);
    if (!draft_close(&draft))
        return false;
    if (good)
        *json = draft.text;
    else
        free(draft.text);
    return good;
}

static enum assay_status check(const struct subject_file *subject, const struct assay_options *options, char **json)
{
    static const struct assay_options defaults;
    struct audit_options audit;
    struct gate gate;
    struct arena arena = {0};
    jmp_buf escape;
    volatile enum assay_status status = ASSAY_USAGE;
    *json = NULL;
    if (!understand(options ? options : &defaults, &audit, &gate))
        return ASSAY_USAGE;
    arena.escape = &escape;
    if (setjmp(escape) == 0) {
        struct record *record = audit_subject(&arena, subject, &audit);
        struct run run = {.gate = &gate, .count = 1, .records = &record};
        gate_decide(&arena, &run);
        if (write_report(&run, json))
            status = (enum assay_status)gate_status(&run);
    }
    arena_free(&arena);
    return status;
}

enum assay_status assay_check_memory(const char *name, const void *bytes, size_t size,
                                     const struct assay_options *options, char **json)
{
    return check(&(struct subject_file){name, size ? bytes : "", size}, options, json);
}

enum assay_status assay_check_file(const char *path, const struct assay_options *options, char **json)
{
    return check(&(struct subject_file){.name = path}, options, json);
}
