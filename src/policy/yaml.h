/* The part of YAML that a policy is written in: mappings with plain keys, lists and scalars, each with its place. The
 * doorway to libyaml. What makes YAML hard to foresee is refused: anchors, aliases, tags, directives, several
 * documents, keys that stand twice. */
#ifndef ASSAY_SRC_POLICY_YAML_H
#define ASSAY_SRC_POLICY_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include "formats/arena.h"

enum { YAML_SIZE = 1 << 20 /* bytes of a policy at most */, YAML_DEPTH = 16 /* levels of lists and mappings */ };

struct place {        /* where a value was written; both from 1 */
    const char *file; /* NULL: nowhere, it is built in or stood on the command line */
    unsigned line, column;
};

struct node {
    enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP } kind;
    struct place place;
    const char *text;    /* of a scalar */
    bool quoted;         /* written in quotes, or as a block: a text whatever it looks like */
    size_t count;        /* of a list or mapping */
    struct node **items; /* values */
    struct node **keys;  /* of a mapping: scalars, none of them twice */
};

struct complaint {
    struct place place;
    const char *text; /* what stands there, and what was expected; may hold text of the file */
};
struct complaints {
    struct arena *arena;
    size_t count; /* COMPLAINTS of them are kept */
    struct complaint *items;
};
enum { COMPLAINTS = 50 };
void complain_at(struct complaints *complaints, struct place place, const char *format, ...) PRINTF_LIKE(3, 4);

/* The one document in `text`, in the complaints' arena; NULL, and a complaint, where there is none that is allowed. An
 * empty document is an empty mapping. `file` must outlive the nodes. */
struct node *yaml_read(const char *file, const char *text, size_t size, struct complaints *complaints);

#endif
