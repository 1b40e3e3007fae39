/* Between the files that read a policy: how a mapping is read by a table of its keys. */
#ifndef ASSAY_SRC_POLICY_READ_H
#define ASSAY_SRC_POLICY_READ_H

#include "src/policy/policy.h"

struct policy_reader {
    struct complaints *complaints;
    int64_t today;
};

struct policy_key {
    const char *name;
    bool required;
    size_t offset; /* of what `read` is given, in what the mapping is read into */
    void (*read)(struct policy_reader *r, const struct node *node, void *field);
};

/* Reads a mapping by its keys, the first of which is what people are told to expect where there is no mapping. */
void policy_map(struct policy_reader *r, const struct node *node, const struct policy_key *keys, size_t count,
                void *into);
/* Reads each item of a list into `size` bytes of an array. */
void *policy_list(struct policy_reader *r, const struct node *node, size_t size,
                  void (*read)(struct policy_reader *, const struct node *, void *), size_t *count);
void policy_text(struct policy_reader *r, const struct node *node, void *field);       /* a const char ** */
void policy_pattern(struct policy_reader *r, const struct node *node, void *field);    /* the same, of paths or names */
void policy_parameters(struct policy_reader *r, const struct node *node, void *field); /* a struct parameters */
void policy_inherit(
    struct policy *policy); /* what the policy's parameters are, its targets' are where they say nothing */
void policy_rule(struct policy_reader *r, const struct node *node, void *field); /* one that is a rule or a family */
void policy_matrices(struct policy_reader *r, const struct node *node, void *field); /* a struct policy */

#endif
