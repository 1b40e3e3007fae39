/* For which system was Go's runtime built? pclntab names the source files of all functions, those of the runtime too, and
 * the runtime has one for each system: runtime/os_linux.go, os_freebsd.go, os_solaris.go for illumos as well. They stay
 * when build information, notes and e_ident are changed. Android has those of Linux. */
#include "formats/go/go.h"

#include <string.h>

const char *go_runtime_os(const struct image *image, uint64_t table, uint64_t *offset)
{
    enum { MOST = 32 << 20 };
    static const char stem[] = "runtime/os_";
    static const char *const systems[] = {"linux",  "freebsd",   "netbsd", "openbsd", "solaris",
                                          "darwin", "dragonfly", "plan9",  "windows", "aix"};
    struct view v;
    uint64_t end = image->offset + image->size, size = end - table < MOST ? end - table : MOST;
    if (!file_view(image->file, table, size, &v))
        return NULL;
    for (const uint8_t *at = v.data; (at = memmem(at, v.size - (size_t)(at - v.data), stem, sizeof stem - 1)); at++) {
        const uint8_t *name = at + sizeof stem - 1;
        size_t left = v.size - (size_t)(name - v.data);
        for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
            size_t length = strlen(systems[i]);
            if (left >= length + sizeof ".go" && memcmp(name, systems[i], length) == 0 &&
                memcmp(name + length, ".go", sizeof ".go") == 0) {
                *offset = table + (uint64_t)(at - v.data);
                return systems[i];
            }
        }
    }
    return NULL;
}
