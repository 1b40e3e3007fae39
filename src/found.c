#include "src/found.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/read.h"

/* Fewer bytes only where the file ends before. */
static ssize_t read_front(int fd, uint8_t *head, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, head + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return got;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

const char *found_no_program(int fd)
{
    enum { FIRST = 256, MAGIC = 4 }; /* bytes: all but the table of a universal file is told by so many */
    static const uint8_t universal[MAGIC - 1] = {0xca, 0xfe, 0xba};
    uint8_t head[SNIFF_SIZE];
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    ssize_t size = read_front(fd, head, FIRST);
    if (size >= MAGIC && memcmp(head, universal, sizeof universal) == 0)
        size = read_front(fd, head, sizeof head);
    if (size < 0)
        return NULL;
    struct sniff found = sniff((struct view){head, (size_t)size}, (uint64_t)status.st_size);
    return found.program ? NULL : found.machine;
}
