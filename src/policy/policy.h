/* A policy: what a repository demands of its releases, as `.assay.yaml` says it, over what a profile demands. It is
 * read once, before any file is opened, and nothing changes it afterwards. Its texts live in the arena it was read
 * with. */
#ifndef ASSAY_SRC_POLICY_POLICY_H
#define ASSAY_SRC_POLICY_POLICY_H

#include "checks/expect.h"
#include "checks/rule.h"
#include "src/policy/yaml.h"

struct level_entry {  /* one line of `rules:` */
    const char *rule; /* an id, or a family such as "hardening" */
    enum level level;
    struct place place;
};
struct level_list {
    size_t count;
    struct level_entry *items;
};

struct parameters { /* what rules are told; a place without a file: not said */
    struct demands demands;
    struct place libraries, glibc_floor, macos_minimum, cpu, cpu_strict, neon_loops, abi_coverage, isa_coverage,
        size_max;
};

struct policy_target { /* one item of `targets:`; the first whose pattern fits a file speaks for it */
    const char *match;
    struct place place;
    bool has_target; /* `expect` */
    struct target target;
    struct level_list levels;
    struct parameters parameters; /* those of the policy, with this item's own over them */
};

struct waiver { /* an exception with an end: from --today on past `last_day` it is none */
    struct place place;
    const char *rule; /* an id, or a family */
    const char *path, *sha256, *build_id,
        *image;                           /* each NULL where it does not matter; one of the first three is there */
    const char *reason, *expires, *owner; /* owner may be NULL */
    int64_t last_day;                     /* days since 1970-01-01, UTC */
};

struct matrix { /* one item of `matrix:`: every name for every system and architecture, and nothing else */
    struct place place;
    struct words {
        size_t count;
        const struct node **items; /* scalars */
    } names, os, arch, except;     /* as they are written; names are patterns with {os} and {arch} */
    size_t slot_count;
    struct slot {
        const char *name;    /* the item of `names` that it came from */
        const char *pattern; /* with {os} and {arch} filled in */
        struct target target;
    } * slots;
};

struct policy {
    const char *file;              /* as it is shown; NULL: there is none, all of this is empty */
    const char *folder;            /* absolute, without a slash at the end; patterns begin there */
    const char *sha256;            /* of its bytes */
    const struct profile *profile; /* NULL: not said */
    enum level fail_on;            /* LEVEL_OFF: not said */
    struct place profile_place, fail_on_place;
    struct level_list levels;
    struct parameters parameters;
    size_t target_count, waiver_count, matrix_count;
    struct policy_target *targets;
    struct waiver *waivers;
    struct matrix *matrices;
    const char *here; /* the working directory, absolute: what relative paths begin at */
};

/* Reads a policy. False: it cannot be obeyed, and `complaints` say why. `today` is the day that expiry dates are
 * measured by. `file` and `text` must outlive the policy. */
bool policy_read(const char *file, const char *text, size_t size, int64_t today, struct policy *policy,
                 struct complaints *complaints) MUST_CHECK;

/* `path`, relative to the policy's folder if it lies there, else absolute; without "." and ".." components. */
const char *policy_path(const struct policy *policy, struct arena *arena, const char *path);
/* The item of `targets:` that speaks for a path of policy_path; NULL: none. */
const struct policy_target *policy_target(const struct policy *policy, const char *path);
/* The slot of `matrix:` that a path of policy_path belongs into; NULL: none. */
const struct slot *policy_slot(const struct policy *policy, const char *path);
/* The last item that names the rule or its family; NULL: none. */
const struct level_entry *policy_level(const struct level_list *levels, const char *rule);
bool policy_names(const char *rule, const char *id); /* whether `rule`, an id or a family, is or holds the rule `id` */

#endif
