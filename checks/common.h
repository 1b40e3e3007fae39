/* Questions that several rules ask of an image, and the words they answer in. */
#ifndef ASSAY_CHECKS_COMMON_H
#define ASSAY_CHECKS_COMMON_H

#include "checks/rule.h"

bool common_begins(const char *text, const char *with);
const char *common_base(const char *path);          /* behind the last slash */
bool common_climbs(const char *path);               /* has a component ".." */
const char *common_name(const struct image *image); /* never NULL: "arm64", "EM_RISCV" */

/* The first of the lists that all else is read through and that was not read to its end, in words; NULL: none. */
const char *common_unread(const struct image *image);

/* One row of evidence per defect of the family; how many there are. `unsure`: others were reported than were kept. */
size_t common_defects(const struct subject *subject, struct finding *f, enum defect_family family, bool *unsure);

/* Whether there is a code signature that can be read, without a defect of the family, `what` in words. Else it has answered. */
bool common_signed(const struct subject *subject, struct finding *f, enum defect_family family, const char *what);

/* "DT_NEEDED", "LC_LOAD_WEAK_DYLIB", …: how the image asks for this dependency. */
const char *common_dependency(const struct image *image, uint32_t how);
/* What an image under /usr/lib or /System/Library is to macOS: part of the system, written by no one else. */
bool common_is_system(const char *path);

/* Whether the bytes are for a target. `text`: what differs or cannot be told; with YES,
 * what was not compared, or NULL. */
struct claim {
    enum answer holds;
    const char *text;
};
struct claim common_target(const struct subject *subject, const struct target *target, struct arena *arena);

#endif
