/* System calls that are made again where a signal came between: the library may be called where signals are handled. */
#ifndef ASSAY_SRC_PATIENT_H
#define ASSAY_SRC_PATIENT_H

#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

static inline int patient_open(const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = open(path, flags, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static inline ssize_t patient_read(int fd, void *to, size_t size)
{
    ssize_t got;
    do
        got = read(fd, to, size);
    while (got < 0 && errno == EINTR);
    return got;
}

static inline ssize_t patient_write(int fd, const void *from, size_t size)
{
    ssize_t put;
    do
        put = write(fd, from, size);
    while (put < 0 && errno == EINTR);
    return put;
}

#endif
