/* Code that a sweep does not come upon. An x86-64 processor begins to decode wherever it is sent: into the midst of what the
 * sweep took for one instruction, or to bytes of an executable segment that no section calls code. Before anybody says
 * that an instruction does not occur, every place that the code or the data sends the processor to is held against what
 * was swept. Targets that
 * a few instructions work out are worked out with them; what goes a longer way, or makes its code, is not seen. */
#ifndef ASSAY_CHECKS_CODE_STRAYS_H
#define ASSAY_CHECKS_CODE_STRAYS_H

#include "checks/code/ground.h"
#include "checks/code/marks.h"

struct strays {
    const struct marks *begins; /* of x86-64: instructions that the sweep came upon */
    size_t count;
    uint64_t *starts;    /* where such code begins, by address; in the arena */
    bool tangled;        /* there is more of it than is followed */
    uint64_t hidden;     /* an instruction that leads where the program works it out, or that has code made; 0: none */
    size_t called_count; /* of x86-64, where tables bound less than half of the code */
    uint64_t *called;    /* targets of CALL in the sweep */
    uint64_t first[256]; /* by class of the architecture: address + 1 of its first instruction there; 0: none */
};

/* Whether an instruction may begin at `address` that anything leads to: one of the sweep or a stray; of A64, any. */
bool strays_or_swept(const struct strays *strays, uint64_t address);
/* Whether one begins at `address`: what stands before may end in the midst of an instruction. */
bool strays_have(const struct strays *strays, uint64_t address);
/* Bytes beyond `end` that an instruction before it may reach into. */
size_t strays_room(const struct map *map, uint64_t end);
/* Pointers of `ground` are found where strays may be: of A64, whose instructions do not overlap, only where something stands outside
 * of what was swept. `begins`, of x86-64: what the scan came upon. */
void strays_find(struct ground *ground, const struct marks *begins, struct strays *strays);

#endif
