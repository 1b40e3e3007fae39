/* Finding the files. Links are followed only when they are named, nothing but regular
 * files is ever opened (opening a FIFO waits, opening a device may do anything), and what
 * cannot be looked at becomes a problem in the list: a file that nobody saw is no pass.
 * The directories that are still to be read stand in a list of their own, so depth costs
 * neither stack nor descriptors. */
#include "src/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/patient.h"

static void add(struct walk *walk, const char *path, enum origin origin, const char *problem)
{
    walk->items = arena_grow(walk->arena, walk->items, walk->count, sizeof *walk->items);
    walk->items[walk->count++] = (struct item){path, origin, problem, 0};
}

static void add_file(struct walk *walk, const char *path, const struct stat *status)
{
    add(walk, path, ORIGIN_NAMED, NULL);
    walk->items[walk->count - 1].size = status->st_size < 0 ? 0 : (uint64_t)status->st_size;
}

static void skip(struct walk *walk, const char *path, const char *why)
{
    walk->skipped = arena_grow(walk->arena, walk->skipped, walk->skipped_count, sizeof *walk->skipped);
    walk->skipped[walk->skipped_count++] = (struct skipped){path, why};
}

static const char *kind_of_mode(mode_t mode)
{
    return S_ISLNK(mode)    ? "a symbolic link"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISCHR(mode)  ? "a character device"
           : S_ISBLK(mode)  ? "a block device"
           : S_ISDIR(mode)  ? "a directory"
                            : "no regular file";
}

struct pending {
    size_t count;
    char **paths;
};

static char *below(struct arena *arena, const char *folder, const char *name)
{
    size_t size = strlen(folder);
    return arena_print(arena, folder[size - 1] == '/' ? "%s%s" : "%s/%s", folder, name);
}

static void take_entry(struct walk *walk, struct pending *pending, int folder, char *path, const struct dirent *entry)
{
    struct stat status;
    mode_t mode = (mode_t)DTTOIF(entry->d_type);
    if (entry->d_type == DT_UNKNOWN) {
        if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            add(walk, path, ORIGIN_TREE, arena_print(walk->arena, "cannot be looked at: %s", strerror(errno)));
            return;
        }
        mode = status.st_mode;
    }
    if (S_ISREG(mode)) {
        add(walk, path, ORIGIN_TREE, NULL);
    } else if (S_ISDIR(mode)) {
        pending->paths = arena_grow(walk->arena, pending->paths, pending->count, sizeof *pending->paths);
        pending->paths[pending->count++] = path;
    } else {
        skip(walk, path, kind_of_mode(mode));
    }
}

static void read_folder(struct walk *walk, struct pending *pending, const char *path, int flags)
{
    int fd = patient_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags, 0);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        add(walk, path, ORIGIN_TREE, arena_print(walk->arena, "the directory cannot be read: %s", strerror(errno)));
        if (fd >= 0)
            close(fd);
        return;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            take_entry(walk, pending, fd, below(walk->arena, path, entry->d_name), entry);
    }
    if (errno)
        add(walk, path, ORIGIN_TREE,
            arena_print(walk->arena, "the directory cannot be read to its end: %s", strerror(errno)));
    closedir(folder);
}

static void walk_tree(struct walk *walk, const char *path)
{
    struct pending pending = {0};
    walk->trees = arena_grow(walk->arena, walk->trees, walk->tree_count, sizeof *walk->trees);
    walk->trees[walk->tree_count++] = path;
    read_folder(walk, &pending, path, 0);
    while (pending.count)
        read_folder(walk, &pending, pending.paths[--pending.count], O_NOFOLLOW);
}

static void add_named_path(struct walk *walk, const char *name, bool trees)
{
    struct stat status;
    const char *path = arena_copy(walk->arena, name, strlen(name));
    if (strcmp(path, "-") == 0)
        add(walk, path, ORIGIN_STREAM, NULL);
    else if (stat(path, &status) != 0)
        add(walk, path, ORIGIN_NAMED, arena_print(walk->arena, "cannot be opened: %s", strerror(errno)));
    else if (S_ISDIR(status.st_mode) && trees)
        walk_tree(walk, path);
    else if (S_ISREG(status.st_mode))
        add_file(walk, path, &status);
    else
        add(walk, path, ORIGIN_NAMED, arena_print(walk->arena, "%s, not a regular file", kind_of_mode(status.st_mode)));
}

void walk_add(struct walk *walk, const char *path)
{
    add_named_path(walk, path, true);
}

void walk_add_file(struct walk *walk, const char *path)
{
    add_named_path(walk, path, false);
}

bool walk_add_list(struct walk *walk, const char *list, char end, struct problem *problem)
{
    bool standard = strcmp(list, "-") == 0;
    FILE *in = standard ? stdin : fopen(list, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    if (!in) {
        problem_set(problem, STATUS_CANNOT_OPEN, "%s", strerror(errno));
        return false;
    }
    while ((size = getdelim(&line, &room, end, in)) > 0) {
        if (line[size - 1] == end)
            line[--size] = 0;
        if (strlen(line) < (size_t)size) /* cut there, it would name another file */
            add(walk, arena_copy(walk->arena, line, strlen(line)), ORIGIN_NAMED,
                "a NUL byte follows this name in the list (is --null meant?)");
        else if (size)
            walk_add(walk, line);
    }
    bool good = feof(in) && !ferror(in); /* it may also have found no memory for a line */
    if (!good)
        problem_set(problem, STATUS_READ_FAILED, "%s", strerror(errno));
    free(line);
    if (!standard)
        fclose(in);
    return good;
}

static int by_path(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order ? order : (x->origin > y->origin) - (x->origin < y->origin);
}

static int by_skipped_path(const void *a, const void *b)
{
    return strcmp(((const struct skipped *)a)->path, ((const struct skipped *)b)->path);
}

void walk_sort(struct walk *walk)
{
    size_t kept = 0;
    if (walk->count)
        qsort(walk->items, walk->count, sizeof *walk->items, by_path);
    for (size_t i = 0; i < walk->count; i++)
        if (kept == 0 || strcmp(walk->items[kept - 1].path, walk->items[i].path) != 0)
            walk->items[kept++] = walk->items[i];
    walk->count = kept;
    if (walk->skipped_count)
        qsort(walk->skipped, walk->skipped_count, sizeof *walk->skipped, by_skipped_path);
    kept = 0;
    for (size_t i = 0; i < walk->skipped_count; i++)
        if (kept == 0 || strcmp(walk->skipped[kept - 1].path, walk->skipped[i].path) != 0)
            walk->skipped[kept++] = walk->skipped[i];
    walk->skipped_count = kept;
}
