/* Private to formats/go/. */
#ifndef ASSAY_FORMATS_GO_GO_H
#define ASSAY_FORMATS_GO_GO_H

#include "formats/read.h"

enum { GO_RECORD_ALIGN = 16, GO_RECORD_HEADER = 32, GO_MAGIC = 14 };
#define GO_BUILD_INFO_MAGIC "\xff Go buildinf:"

/* build_info.c: reads the record that `v` begins with, `offset` being its place in the file;
 * false, and nothing changed, where these bytes are no such record. */
bool build_info_take(const struct image *image, struct view v, uint64_t offset, struct go_info *go) MUST_CHECK;

/* pclntab.c: whether the function table of a program for this machine begins here, `size` bytes being its
 * own at most; its header suffices in `v` since Go 1.16. */
bool pclntab_is(const struct image *image, struct view v, uint64_t size) MUST_CHECK;
/* Whether it lists functions (image->go) in ascending order, and as their records say; else *function: which one it does not. */
bool go_table_agrees(const struct image *image, uint64_t *function) MUST_CHECK;
/* runtime_os.c: the GOOS of the runtime, by the source files that the table at `table` of the file names; NULL where it
 * names none. *offset: of the name. */
const char *go_runtime_os(const struct image *image, uint64_t table, uint64_t *offset) MUST_CHECK;
enum { GO_TABLE_HEADER = 128 };

#endif
