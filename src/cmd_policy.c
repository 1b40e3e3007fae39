/* policy: what is demanded here, and whether a policy can be obeyed. */
#include <string.h>

#include "checks/glob.h"
#include "src/commands.h"
#include "src/policy/show.h"
#include "src/policy_file.h"
#include "src/report/escape.h"

enum { STATUS_USAGE = 2 };

/* What can be obeyed and should not stay as it is; how many of that there is. */
static size_t advise(const struct gate *gate)
{
    const struct policy *policy = gate->policy;
    size_t count = 0;
    for (size_t i = 0; i < policy->waiver_count; i++) {
        const struct waiver *w = &policy->waivers[i];
        bool ended = gate->today > w->last_day;
        bool broad = !strchr(w->rule, '/') || (!w->sha256 && !w->build_id && glob_is_blank(w->path));
        if (!ended && !broad)
            continue;
        count++;
        escape_terminal(stdout, policy->file);
        printf(":%u:%u: the waiver of %s %s%s%s\n", w->place.line, w->place.column, w->rule, ended ? "ended on " : "",
               ended ? w->expires : "", broad ? ended ? ", and is too broad" : "is too broad" : "");
    }
    return count;
}

static int lint(const struct options *options)
{
    const struct policy *p = options->gate.policy;
    if (!p) {
        fputs("assay: there is no policy here: expected .assay.yaml, up to the root of the repository\n", stderr);
        return STATUS_USAGE;
    }
    size_t count = advise(&options->gate);
    fputs("policy ", stdout);
    escape_terminal(stdout, p->file);
    printf(": profile %s, %zu level%s, %zu target%s, %zu matri%s, %zu waiver%s; %s\n", options->gate.profile->name,
           p->levels.count, p->levels.count == 1 ? "" : "s", p->target_count, p->target_count == 1 ? "" : "s",
           p->matrix_count, p->matrix_count == 1 ? "x" : "ces", p->waiver_count, p->waiver_count == 1 ? "" : "s",
           count ? "it can be obeyed, and should be mended" : "it can be obeyed");
    return flush_or_complain(stdout, "standard output") ? count != 0 : STATUS_USAGE;
}

static int show(const struct options *options)
{
    fputs("# What is demanded here, and where each demand comes from.\n", stdout);
    policy_show(stdout, &options->gate, options->profile_given, options->fail_on_given);
    return flush_or_complain(stdout, "standard output") ? 0 : STATUS_USAGE;
}

int cmd_policy(const struct options *from)
{
    struct options options = *from;
    struct arena arena = {0};
    jmp_buf escape;
    volatile int status = STATUS_USAGE;
    const char *what = options.argument_count ? options.arguments[0] : "";
    bool shows = strcmp(what, "show") == 0, named = options.argument_count == 2;
    if ((!shows && strcmp(what, "lint") != 0) || options.argument_count > 2 || (named && options.policy)) {
        fputs("assay: policy takes show or lint, and one policy at most\n", stderr);
        return STATUS_USAGE;
    }
    if (named)
        options.policy = options.arguments[1];
    arena.escape = &escape;
    if (setjmp(escape) != 0)
        fputs("assay: no memory for this policy\n", stderr);
    else if (policy_load(&arena, &options))
        status = shows ? show(&options) : lint(&options);
    arena_free(&arena);
    return status;
}
