#include "src/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/commands.h"
#include "src/patient.h"

/* What is done with one place. A device, a FIFO, or whatever standard output is, must not be replaced by a file. */
enum way { WAY_BESIDE, WAY_INTO, WAY_STANDARD };

static const char ending[] = ".XXXXXX"; /* of a temporary file's name, for mkostemp() */

struct parcel {
    enum way way;
    char place[PATH_MAX];     /* links followed, so that what a link names is replaced and not the link */
    char temporary[PATH_MAX]; /* "": none, or it was renamed */
    bool delivered;
};

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool find_way(const char *path, struct parcel *parcel)
{
    const size_t most = sizeof parcel->temporary - sizeof ending; /* letters of a place */
    struct stat status, standard;
    *parcel = (struct parcel){.way = WAY_BESIDE};
    if (stat(path, &status) == 0) {
        if (fstat(STDOUT_FILENO, &standard) == 0 && is_same(&status, &standard))
            parcel->way = WAY_STANDARD;
        else if (!S_ISREG(status.st_mode))
            parcel->way = WAY_INTO;
        if (parcel->way == WAY_BESIDE && !realpath(path, parcel->place))
            return complain_of(path, "the report cannot be written", errno);
        if (strlen(parcel->place) > most)
            return complain_of(path, "the report cannot be written", ENAMETOOLONG);
    } else if (strlen(path) > most) {
        return complain_of(path, "the report cannot be written", ENAMETOOLONG);
    } else if (lstat(path, &status) == 0) {
        parcel->way = WAY_INTO; /* a link to what is not there yet */
    } else {
        memcpy(parcel->place, path, strlen(path) + 1);
    }
    return true;
}

/* Whether the place is one of the files that this run reads. */
static bool is_read(const struct stat *place, const struct walk *walk, const char *policy)
{
    struct stat status;
    if (policy && stat(policy, &status) == 0 && is_same(place, &status))
        return true;
    for (size_t i = 0; i < walk->count; i++)
        if (stat(walk->items[i].path, &status) == 0 && is_same(place, &status))
            return true;
    return false;
}

static bool prepare(const struct output *output, const struct walk *walk, const char *policy)
{
    struct parcel parcel;
    struct stat status;
    if (!find_way(output->path, &parcel))
        return false;
    if (parcel.way != WAY_BESIDE || stat(output->path, &status) != 0)
        return true;
    if (is_read(&status, walk, policy))
        return complain_of(output->path, "is read by this run, and no place for a report", 0);
    if (unlink(parcel.place) != 0)
        return complain_of(output->path, "the old report cannot be removed", errno);
    return true;
}

/* A place in the one way that all its spellings have: without links, or, where there is nothing yet, by its folder. */
static bool resolve(const char *path, char place[PATH_MAX])
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t size = (size_t)(name - path);
    if (realpath(path, place))
        return true;
    if (size + sizeof "." > sizeof folder)
        return false;
    memcpy(folder, path, size);
    memcpy(folder + size, ".", sizeof ".");
    if (!realpath(folder, place))
        return false;
    size = strlen(place);
    return (size_t)snprintf(place + size, PATH_MAX - size, "/%s", name) < PATH_MAX - size;
}

static bool is_one_place(const char *a, const char *b)
{
    char one[PATH_MAX], other[PATH_MAX];
    return strcmp(a, b) == 0 || (resolve(a, one) && resolve(b, other) && strcmp(one, other) == 0);
}

bool deliver_prepare(const struct options *options, const struct walk *walk, const char *policy)
{
    for (size_t i = 1; i < options->output_count; i++)
        for (size_t k = 1; k < i; k++)
            if (is_one_place(options->outputs[i].path, options->outputs[k].path))
                return complain_of(options->outputs[i].path, "a place for two reports: expected one for each", 0);
    for (size_t i = 1; i < options->output_count; i++)
        if (!prepare(&options->outputs[i], walk, policy))
            return false;
    return true;
}

/* Writes a report into an open descriptor, which it closes, and to the disk behind it. */
static bool write_whole(int fd, const struct output *output, const struct run *run, const struct report_options *look)
{
    enum { ROOM = 1 << 17 };
    struct stat status;
    char *room = malloc(ROOM);
    FILE *out = room ? fdopen(fd, "w") : NULL;
    if (!out) {
        free(room);
        close(fd);
        return false;
    }
    __fsetlocking(out, FSETLOCKING_BYCALLER); /* one thread, many small writes */
    setvbuf(out, room, _IOFBF, ROOM);
    errno = 0;
    bool good = output->reporter->run(run, look, out) && fflush(out) == 0 && !ferror(out) && fstat(fd, &status) == 0 &&
                (!S_ISREG(status.st_mode) || fsync(fd) == 0);
    int error = errno;
    good = fclose(out) == 0 && good;
    free(room);
    if (error)
        errno = error;
    return good;
}

/* The report on the disk, not yet in its place; in its place, where it cannot be replaced. */
static bool stage(struct parcel *parcel, const struct output *output, const struct run *run,
                  const struct report_options *look)
{
    int fd;
    switch (parcel->way) {
    case WAY_STANDARD:
        fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        break;
    case WAY_INTO:
        fd = patient_open(output->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
        break;
    case WAY_BESIDE:
    default:
        snprintf(parcel->temporary, sizeof parcel->temporary, "%s%s", parcel->place, ending);
        fd = mkostemp(parcel->temporary, O_CLOEXEC);
        if (fd < 0)
            parcel->temporary[0] = 0;
        else if (fchmod(fd, 0644) != 0)
            return close(fd), false;
    }
    return fd >= 0 && write_whole(fd, output, run, look);
}

/* A name is on the disk once its directory is. Some file systems cannot say so. */
static bool flush_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) + (slash == path) : 1;
    memcpy(folder, slash ? path : ".", size);
    folder[size] = 0;
    int fd = patient_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return errno == EACCES; /* a directory one may write into and not read */
    bool good = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
    return close(fd) == 0 && good;
}

static bool put_in_place(struct parcel *parcel)
{
    if (parcel->way != WAY_BESIDE)
        return true;
    if (rename(parcel->temporary, parcel->place) != 0)
        return false;
    parcel->temporary[0] = 0;
    parcel->delivered = true;
    return flush_folder(parcel->place);
}

static void take_back(struct parcel *parcels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (parcels[i].temporary[0])
            unlink(parcels[i].temporary);
        else if (parcels[i].delivered)
            unlink(parcels[i].place);
}

static bool deliver_files(const struct options *options, const struct run *run, const struct report_options *look,
                          struct parcel *parcels)
{
    for (size_t i = 1; i < options->output_count; i++)
        if (!find_way(options->outputs[i].path, &parcels[i]))
            return false;
    for (int step = 0; step < 2; step++)
        for (size_t i = 1; i < options->output_count; i++) {
            errno = 0;
            if (step == 0 ? !stage(&parcels[i], &options->outputs[i], run, look) : !put_in_place(&parcels[i]))
                return complain_of(options->outputs[i].path, "the report cannot be written", errno ? errno : EIO);
        }
    return true;
}

/* Standard output: where it is a file, to the disk as well, and nothing of it where that fails. */
static bool deliver_standard(const struct output *output, const struct run *run, const struct report_options *look)
{
    struct stat status;
    bool regular = fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode);
    off_t start = regular ? lseek(STDOUT_FILENO, 0, SEEK_CUR) : 0;
    bool good = output->reporter->run(run, look, stdout);
    if (!good)
        fputs("assay: no memory for the report\n", stderr);
    good = flush_or_complain(stdout, "standard output") && good;
    if (good && regular && fsync(STDOUT_FILENO) != 0)
        good = complain_of("standard output", "cannot be written in full", errno);
    if (!good && regular && start >= 0 && ftruncate(STDOUT_FILENO, start) != 0)
        complain_of("standard output", "what was written cannot be taken back", errno);
    return good;
}

bool deliver(const struct options *options, const struct run *run)
{
    struct report_options look = options->look;
    look.location = *options->location ? options->location : NULL;
    struct parcel *parcels = calloc(options->output_count, sizeof *parcels);
    if (!parcels)
        return complain_of("standard output", "no memory for the reports", 0);
    bool good = deliver_files(options, run, &look, parcels);
    look.colour = colour_wanted(options);
    good = good && deliver_standard(&options->outputs[0], run, &look);
    if (!good)
        take_back(parcels, options->output_count);
    free(parcels);
    return good;
}
