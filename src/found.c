#include "src/found.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/read.h"

const char *found_no_program(int fd)
{
    enum { FIRST = 256, MAGIC = 4 }; /* bytes: all but the table of a universal file is told by so many */
    static const uint8_t universal[MAGIC - 1] = {0xca, 0xfe, 0xba};
    uint8_t head[SNIFF_SIZE];
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    ssize_t size = pread(fd, head, FIRST, 0);
    if (size >= MAGIC && memcmp(head, universal, sizeof universal) == 0)
        size = pread(fd, head, sizeof head, 0);
    if (size < 0)
        return NULL;
    struct sniff found = sniff((struct view){head, (size_t)size}, (uint64_t)status.st_size);
    return found.program ? NULL : found.machine;
}
