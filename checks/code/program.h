/* A program as dispatch analysis sees it: functions, pointers in data, and the variables that say what the processor
 * can do. Made by functions.c, studied by dispatch.c and reach.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_PROGRAM_H
#define ASSAY_CHECKS_CODE_PROGRAM_H

#include "checks/code/body.h"
#include "checks/code/exports.h"
#include "checks/code/marks.h"
#include "checks/code/outline.h"
#include "checks/code/reach.h"
#include "checks/code/strays.h"

static const uint32_t NO_FUNCTION = 0xffffffff;
enum { SLOT_RANGES = 4 };

struct function {
    uint64_t start;
    uint32_t size;                         /* bytes */
    uint32_t first_mention, mention_count; /* in the outline's list */
    uint32_t first_own, own_count;         /* of a built one, in the program's list */
    uint32_t first_need, need_count;       /* of a built one */
    uint32_t understood, broken;           /* see outline.h */
    uint32_t words, vectors, looped;
    uint32_t caller;       /* how it was reached; NO_FUNCTION: not by code */
    struct value result;   /* see struct callee */
    struct value returned; /* the same, if it is known to come from the processor or not */
    uint16_t results;
    uint8_t source;   /* enum start_source */
    uint8_t reach;    /* enum reach */
    uint8_t guards;   /* GUARDED: what the guards on the way have answered for */
    uint8_t near_cpu; /* 1: asks the processor itself; 2: calls one that does */
    bool resolver;    /* of an IRELATIVE relocation */
    bool stray;       /* see strays.h */
    bool fresh;       /* not looked at since its bounds changed */
    bool recent;      /* looked at in this round */
    bool bounded;     /* a table says where it begins */
    bool trusted;     /* of Go's standard library, see starts.h */
    bool is_main;     /* the program ends with what it returns */
    bool whole;       /* taken apart into blocks, for something there asks or may ask the processor */
    bool stale;       /* to be taken apart, or again: it is new, or a function that it calls tells it something else */
    bool told;        /* it tells its callers something else than before */
    bool heard;       /* its callers know what it returns */
    bool built;       /* whole, and its mentions and needs are known */
    bool knows_auxv;  /* see outline.h */
    bool detects;     /* see outline_detects() */
    bool asks_kernel; /* for AT_HWCAP or AT_HWCAP2 */
    uint8_t compares; /* see outline.h */
    bool
        orphan; /* nothing mentions it, and nothing is known to use it: it counts as reached, what it falls into does not */
    uint32_t kept; /* see keeps_registers(), once `kept_known` */
    bool kept_known;
    bool direct; /* control comes to it by calls and jumps alone */
    bool mentioned, has_features, has_older, returns, leaves, branches, never_returns;
    bool unsure;          /* calls, jumps or asks for what nobody sees, see outline.h */
    uint8_t ends, ending; /* enum ends, see ends.c; ending: by what it mentions itself */
};

struct words { /* a growing list; sorted where that is said */
    size_t count, room;
    uint64_t *items;
};

struct stored { /* a global variable is set */
    uint64_t cell;
    struct value value;
    uint32_t function;
    uint8_t size;  /* bytes of it */
    uint8_t reach; /* enum reach, of the place in its function */
};

struct cell_answer { /* which bit of which answer a variable holds, see guards.h; 0: not known */
    uint64_t cell, answer;
};

struct need { /* a class of instructions in a function, at its best-reached place */
    uint64_t address;
    uint8_t class, reach;
    uint8_t guards; /* GUARDED: what the guards have answered for */
};

struct choice { /* of an address, at a site of the body */
    uint64_t target;
    size_t site;
};

struct program {
    const struct image *image;
    const struct ground *ground;
    const struct strays *strays;
    struct exports exports; /* of a library */
    struct map map;
    bool amd64;
    unsigned unit; /* bytes: the alignment of instructions */
    bool noted[256];
    struct outline outline;
    uint32_t *outline_to; /* by mention of the outline: the function that its target is in, or NO_FUNCTION */
    struct body body;
    size_t function_count, function_room;
    struct function *functions; /* by address */
    struct marks marks;         /* where they begin */
    struct marks fresh;         /* where they begin, too, as far as it was seen since the functions were set */
    bool crowded;               /* there are more than are studied */
    struct marks entries;       /* where others jump into their midst */
    struct marks labels;        /* of arm64: where words of data lead into their midst */
    size_t pointer_count;
    struct pointer *pointers; /* by place */
    size_t slot_count;
    struct code_range slots[SLOT_RANGES]; /* global offset tables: each word there is used by itself */
    struct words resolvers;
    struct words cells; /* sorted: variables that hold what the processor can do */
    struct words gates; /* sorted: variables of that kind that are set by instructions that name them, see gates.c */
    size_t mention_count, mention_room, need_count, need_room, stored_count, stored_room;
    struct mention *mentions; /* of whole functions */
    size_t mention_guards_room, meaning_count, meaning_room;
    uint8_t *mention_guards;      /* by mention: of those that are GUARDED */
    struct cell_answer *meanings; /* sorted while nothing is learnt */
    struct guards guards;
    struct need *needs;
    size_t choice_count, choice_room;
    struct choice *choices; /* of the body, by target */
    struct stored *stored;
    struct words queue;
    struct words waiting; /* tables of pointers, while the functions are raised that they lead to */
    bool always;          /* what every path takes is asked for */
    struct words exits;   /* functions that end the program, if `exits_known` */
    bool exits_known;
    uint32_t looks; /* taken at mentions for that */
    bool failed;    /* no memory */
};

static inline bool program_is_library(const struct program *p)
{
    return p->image->kind != KIND_EXECUTABLE;
}

/* Room for one more item in a list that grows; NULL, and `failed` set: there is none. */
void *program_grow(struct program *p, void *items, size_t *room, size_t count, size_t size);
void words_add(struct program *p, struct words *words, uint64_t value);
void words_sort(struct words *words); /* each once */
bool words_have(const struct words *words, uint64_t value);

/* Every function, looked at once. False: no memory. */
bool functions_find(struct program *p) MUST_CHECK;
/* The function that `address` is in, or NO_FUNCTION. */
uint32_t function_at(const struct program *p, uint64_t address);

/* The function that begins at `address`, or NO_FUNCTION. */
uint32_t function_from(const struct program *p, uint64_t address);

/* tables.c, of pointers in data. Sections by their names, merged, so many at most; how many there are. */
size_t tables_named(const struct program *p, const char *const *names, struct code_range *ranges, size_t most);
/* Where slots are that code uses one by one. Where a name lies, pointers there that no code mentions count as reached. */
void tables_find_slots(struct program *p);
/* Which functions anything mentions, where tables begin whose address some code forms, and which pointers are in them. */
void tables_find(struct program *p);
/* Finds what tables of jumps name: words side by side that lead into the midst of one function. False: no memory. */
bool tables_find_labels(struct program *p) MUST_CHECK;
/* Whether `address` is in a global offset table: what follows there, other code uses. */
bool table_is_slot(const struct program *p, uint64_t address);
/* Whether the words from `place` to the pointer at `next` do not end a table: zeros, or the size and the alignment of a
 * type, as they stand behind the first word of a table of methods of Rust. */
bool table_goes_on(const struct program *p, uint64_t place, uint64_t next);
enum { TABLE_HEAD = 64 /* bytes from an address to the first pointer of its table, at most */ };

/* Notes that an instruction of a function is reached so surely, if none of its class was as surely. */
void reach_found(const struct program *p, struct reach_report *report, const struct function *f,
                 const struct need *need, enum reach reach);
void reach_tell(struct program *p, struct reach_report *report); /* of all functions */
/* Finds what ends the program. False: no memory. */
bool ends_find(struct program *p, uint32_t entry) MUST_CHECK;
/* Notes which function is main(); p->body is ready. */
void always_note_main(struct program *p);
/* Tells what every run comes by. False: no memory. */
bool always_walk(struct program *p, struct reach_report *report) MUST_CHECK;
/* Whether a function that is called may end the program, with success for all that is known. */
bool ends_may(struct program *p, uint32_t number);

/* Takes functions apart where it matters, and learns which variables hold what the processor can do. False: no memory. */
bool dispatch_study(struct program *p) MUST_CHECK;
/* Takes one apart into p->body, and notes what that sets. */
bool dispatch_take_apart(struct program *p, uint32_t number) MUST_CHECK;
void dispatch_note_stores(struct program *p, uint32_t number);
/* Which bit of which answer a value is, by what variables are known to hold; 0: not known. `context`: the program. */
uint64_t meaning_of_value(void *context, struct value value);
void meanings_note(struct program *p); /* by p->stored, which it sorts */
void stored_sort(struct program *p);   /* p->stored, by variable */
/* Takes one more apart, and keeps what it mentions and needs. False: no memory. */
bool dispatch_build(struct program *p, uint32_t number) MUST_CHECK;
/* Does the last part again for those that use one of `fresh`, variables that hold such answers, too. False: no memory. */
bool dispatch_again(struct program *p, const struct words *fresh) MUST_CHECK;
/* Notes variables that stay zero as ones that say what the processor can do: nothing. Of arm64. */
void gates_find(struct program *p);
/* Those of `cells` (sorted) that functions set which were not taken apart. */
void dispatch_set_elsewhere(struct program *p, const struct words *cells, struct words *others);

/* Whether a variable's place in the file is zero, or not in the file. */
static inline bool program_begins_zero(const struct program *p, uint64_t cell)
{
    const uint8_t *bytes = map_bytes(&p->map, cell, 1);
    return !bytes || *bytes == 0;
}

/* The function that the target of a mention is in. */
static inline uint32_t mention_to(const struct program *p, const struct function *f, const struct mention *m)
{
    return f->built ? function_at(p, m->target) : p->outline_to[m - p->outline.mentions];
}

static inline const struct mention *function_mentions(const struct program *p, const struct function *f, size_t *count)
{
    const struct mention *all = f->built ? p->mentions : p->outline.mentions;
    *count = f->built ? f->own_count : f->mention_count;
    return all ? all + (f->built ? f->first_own : f->first_mention) : NULL; /* no list at all: nor a place in it */
}

#endif
