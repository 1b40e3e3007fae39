/* What to audit: the files that were named, and those found below named directories. */
#ifndef ASSAY_SRC_WALK_H
#define ASSAY_SRC_WALK_H

#include "src/gate.h"

enum origin {
    ORIGIN_NAMED,  /* on the command line: always judged */
    ORIGIN_TREE,   /* below a named directory: left out where it is no program */
    ORIGIN_STREAM, /* standard input */
};
struct item {
    const char *path;
    enum origin origin;
    const char *problem; /* why there is nothing to open; NULL: open it */
    uint64_t size;       /* bytes when it was found; 0: none, or not known */
};
struct walk {
    struct arena *arena;
    size_t count;
    struct item *items;
    size_t tree_count;
    const char **trees; /* the named directories */
    size_t skipped_count;
    struct skipped *skipped; /* links, FIFOs, sockets and devices below named directories */
};

/* Adds a named file, the tree below a named directory, or standard input ("-"). */
void walk_add(struct walk *walk, const char *path);
/* The same for what must be one file or standard input: a directory is a problem. */
void walk_add_file(struct walk *walk, const char *path);
/* Adds every path of a list, each ended by `end` ('\n' or NUL). False: the list cannot be read. */
bool walk_add_list(struct walk *walk, const char *list, char end, struct problem *problem) MUST_CHECK;
/* Puts the items in the order of their paths, by bytes, and keeps each path once. */
void walk_sort(struct walk *walk);

#endif
