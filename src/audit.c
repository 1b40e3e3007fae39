/* Read this second, after the model: one file from bytes to record.
 *
 *   bytes -read-> images + defects -judge-> findings -record-> one record
 *
 * Whatever goes wrong on the way ends in a record whose `error` says so: the gate
 * never sees a file fall silent. */
#include "src/audit.h"

#include <string.h>
#include <unistd.h>

#include "checks/run.h"
#include "src/found.h"

/* What the policy declares for a file: its target, if it has one, and the rest. */
static const struct target *ask_policy(struct arena *arena, const char *path, const struct policy *policy,
                                       struct demands *demands)
{
    if (!policy)
        return NULL;
    const char *place = policy_path(policy, arena, path);
    const struct policy_target *item = policy_target(policy, place);
    const struct slot *slot = policy_slot(policy, place);
    *demands = item ? item->parameters.demands : policy->parameters.demands;
    return item && item->has_target ? &item->target : slot ? &slot->target : NULL;
}

/* --cpu, and the policy's where no option speaks for its architecture. */
static void demand_cpus(const struct audit_options *options, struct demands *demands)
{
    const char *cpus[DEMANDED_CPUS];
    memcpy(cpus, options->cpus, sizeof cpus);
    for (unsigned i = 0; i < DEMANDED_CPUS && demands->cpus[i]; i++)
        expect_add_cpu(cpus, demands->cpus[i]); /* a second one of an architecture is not added */
    memcpy(demands->cpus, cpus, sizeof cpus);
}

/* --target, else the policy, else the file's name, else Go build info, else undeclared. */
static void expect_of(struct arena *arena, const char *path, const struct reading *reading,
                      const struct audit_options *options, struct expect *expect)
{
    *expect = (struct expect){.literal_static = options->literal_static};
    bool named = expect_file_name(path, &expect->name_target);
    expect->name_os = named ? OS_UNKNOWN : expect_name_os(path);
    const struct target *declared = ask_policy(arena, path, options->policy, &expect->demands);
    demand_cpus(options, &expect->demands);
    if (options->has_target || declared) {
        expect->source = options->has_target ? TARGET_OPTION : TARGET_POLICY;
        expect->target = options->has_target ? options->target : *declared;
    } else if (named) {
        expect->source = TARGET_FILE_NAME;
        expect->target = expect->name_target;
    } else if (reading->count == 1 && reading->images[0].go && reading->images[0].go->goos &&
               reading->images[0].go->goarch) {
        const struct go_info *go = reading->images[0].go;
        char text[64] = "";
        size_t os = strlen(go->goos), arch = strlen(go->goarch);
        if (os + arch + 2 > sizeof text)
            return;
        memcpy(text, go->goos, os);
        text[os] = '/';
        memcpy(text + os + 1, go->goarch, arch + 1);
        if (expect_target(text, &expect->target))
            expect->source = TARGET_BUILD_INFO;
    }
}

static struct record *judge(struct arena *arena, const char *path, struct file *file,
                            const struct audit_options *options)
{
    struct reading reading = {0};
    struct expect expect;
    struct finding *findings = NULL;
    struct code_study *studies;
    struct problem problem = {0};
    read_file(file, &options->read, &reading);
    expect_of(arena, path, &reading, options, &expect);
    studies = arena_array(&file->arena, reading.count, sizeof *studies);
    for (size_t i = 0; i < reading.count; i++) { /* of zeros, and far larger than these */
        studies[i].image = &reading.images[i];
        studies[i].arena = &file->arena;
        studies[i].floor = expect.demands.isa_coverage;
        studies[i].allowed = options->read.code;
    }
    if (options->rules) {
        findings = arena_array(&file->arena, reading.count * rule_count, sizeof *findings);
        for (size_t i = 0; i < reading.count; i++) {
            struct subject subject = {&reading, &reading.images[i], &expect, options->read.code, &studies[i]};
            run_rules(&subject, arena, options->off, findings + i * rule_count);
        }
    }
    if (file_settle(file, &problem) != STATUS_OK)
        return record_error(arena, path, file->size, arena_print(arena, "%s", problem.text));
    return record_make(arena, path, file, &reading, findings, studies, &expect, &options->record);
}

/* Judges an opened file; an arena that runs out of memory lands here. */
static struct record *audit(struct arena *arena, const char *path, struct file *file, enum status status,
                            const struct problem *problem, const struct audit_options *options)
{
    if (status != STATUS_OK)
        return record_error(arena, path, 0, arena_print(arena, "%s", problem->text));
    jmp_buf escape, *outer = arena->escape;
    struct record *volatile record = NULL;
    arena->escape = &escape;
    file->arena.escape = &escape;
    if (setjmp(escape) == 0)
        record = judge(arena, path, file, options);
    uint64_t size = file->size;
    arena->escape = outer;
    file_close(file);
    return record ? record : record_error(arena, path, size, "no memory to audit this file");
}

struct record *audit_fd(struct arena *arena, const char *path, int fd, bool in_tree,
                        const struct audit_options *options)
{
    const char *skipped = in_tree ? found_no_program(fd) : NULL;
    if (skipped) {
        close(fd);
        return record_skipped(arena, path, skipped);
    }
    struct file file;
    struct problem problem = {0};
    enum status status = file_from_fd(&file, fd, &options->file, &problem);
    return audit(arena, path, &file, status, &problem, options);
}

struct record *audit_stream(struct arena *arena, const char *path, int fd, const struct audit_options *options)
{
    struct file file;
    struct problem problem = {0};
    enum status status = file_from_stream(&file, fd, &options->file, &problem);
    return audit(arena, path, &file, status, &problem, options);
}

struct record *audit_memory(struct arena *arena, const char *path, const void *bytes, size_t size,
                            const struct audit_options *options)
{
    struct file file;
    struct problem problem = {0};
    enum status status = file_from_memory(&file, bytes, size, &options->file, &problem);
    return audit(arena, path, &file, status, &problem, options);
}
