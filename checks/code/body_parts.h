/* What the parts of a body's making share (body.c, body_sites.c, body_sweep.c); nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_BODY_PARTS_H
#define ASSAY_CHECKS_CODE_BODY_PARTS_H

#include "checks/code/body.h"

/* Room for one more item in a list that grows; NULL, and `failed` set: there is none. */
void *body_grown(struct body *b, void *items, size_t *room, size_t count, size_t size);
/* The block that begins at `at`, made or cut off where there is none; NO_BLOCK: no memory. */
uint32_t body_block(struct body *b, uint64_t at);
/* Control comes to `block` from `from` (NO_BLOCK: from outside) with `state`. */
void body_arrive(struct body *b, uint32_t from, uint32_t block, const struct state *state);
void body_walk(struct body *b); /* all blocks that wait */

/* The edges of the blocks the other way round: those into block n come from from[first[n]] to from[first[n + 1] - 1].
 * False: no memory; the caller frees both lists. */
struct backwards {
    uint32_t *first, *from;
};
bool body_turn(const struct body *b, struct backwards *back) MUST_CHECK;
/* Whether the function is left at the block's end, to whom called it. */
bool body_comes_back(const struct body *b, const struct block *block);

/* A site in the block that is being walked. NULL: no memory. */
struct site *body_site(struct body *b, uint32_t block, enum site_kind kind, uint64_t address);
void body_note(struct body *b, uint32_t block, uint64_t at, const struct step *step, const struct state *state);
/* Where two ways meet, of which one was taken because the processor can do something: addresses that differ. */
void body_note_choices(struct body *b, uint32_t block, uint64_t at, const struct state *one, const struct state *other);
/* What the registers hold at a return. */
void body_returned(struct body *b, uint32_t block, uint64_t at, const struct state *state);
bool body_asks_vector_granule(const struct body *b, const struct flags *tested, uint64_t equal);

#endif
