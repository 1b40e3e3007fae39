#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Update is deprecated in favour of EVP */
#include "formats/file.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/certain.h"

enum {
    BLOCK_BITS = 12,
    BLOCK = 1 << BLOCK_BITS,
    AHEAD = 2, /* blocks of a whole file that are read at least */
    WINDOW = 512 * 1024,
    MAP_AT = 8 << 20,
    SMALL = 4 * BLOCK,      /* bytes of a file that is read at once */
    PARTS_ROOM = 512 * 1024 /* bytes of parts that a whole file takes the place of */
};

static bool bytes_alloc(struct file *file)
{
    if (file->size >= MAP_AT) {
        void *p = mmap(NULL, (size_t)file->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            return false;
        file->mapped = true;
        file->bytes = p;
        return true;
    }
    file->bytes =
        malloc(file->size ? (size_t)file->size : 1); /* exact, so that a sanitizer sees the first byte past it */
    return file->bytes != NULL;
}

static enum status no_memory(struct file *file, struct problem *problem)
{
    uint64_t size = file->size;
    file_close(file);
    return problem_set(problem, STATUS_NO_MEMORY, "no memory for a file of %llu bytes", (unsigned long long)size);
}

/* Reads [off, off + n) from the descriptor. */
static bool fill(struct file *file, uint8_t *bytes, uint64_t off, uint64_t n)
{
    while (n) {
        ssize_t got = pread(file->fd, bytes, (size_t)n, (off_t)off);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            if (ALWAYS(file->problem.status == STATUS_OK))
                problem_set(&file->problem, got < 0 ? STATUS_READ_FAILED : STATUS_CHANGED, "%s at offset %llu",
                            got < 0 ? strerror(errno) : "the file became shorter while it was read",
                            (unsigned long long)off);
            return false;
        }
        bytes += got;
        off += (uint64_t)got;
        n -= (uint64_t)got;
    }
    return true;
}

/* Where it ends early, file->problem says why. */
static void hash_all(struct file *file, bool read_first)
{
    SHA256_CTX context; /* not EVP, whose providers cost a millisecond at every start */
    bool good = ALWAYS(SHA256_Init(&context) == 1);
    for (uint64_t off = 0; off < file->size; off += WINDOW) {
        uint64_t n = file->size - off < WINDOW ? file->size - off : WINDOW;
        if (read_first && !fill(file, file->bytes + off, off, n))
            return;
        good &= ALWAYS(SHA256_Update(&context, file->bytes + off, (size_t)n) == 1);
    }
    file->has_digest = ALWAYS(SHA256_Final(file->digest, &context) == 1) & good;
    if (NEVER(!file->has_digest))
        problem_set(&file->problem, STATUS_READ_FAILED, "SHA-256 is not to be had from libcrypto");
}

enum status file_from_fd(struct file *file, int fd, const struct file_options *options, struct problem *problem)
{
    *file = (struct file){.fd = fd};
    if (fstat(fd, &file->before) != 0) {
        int error = errno;
        file_close(file);
        return problem_set(problem, STATUS_READ_FAILED, "%s", strerror(error));
    }
    if (!S_ISREG(file->before.st_mode)) {
        mode_t mode = file->before.st_mode;
        file_close(file);
        return problem_set(problem, STATUS_NOT_REGULAR, "not a regular file but a %s",
                           S_ISDIR(mode)    ? "directory"
                           : S_ISFIFO(mode) ? "FIFO"
                           : S_ISSOCK(mode) ? "socket"
                           : S_ISCHR(mode)  ? "character device"
                                            : "block device");
    }
    file->size = (uint64_t)file->before.st_size;
    if (file->size > options->max_size) {
        uint64_t size = file->size;
        file_close(file);
        return problem_set(problem, STATUS_TOO_LARGE, "%llu bytes, more than --max-file-size %llu",
                           (unsigned long long)size, (unsigned long long)options->max_size);
    }
    if (!options->digest)
        return STATUS_OK;
    if (!bytes_alloc(file))
        return no_memory(file, problem);
    if (file->mapped)
        (void)madvise(file->bytes, (size_t)file->size, MADV_HUGEPAGE);
    hash_all(file, true);
    return STATUS_OK;
}

enum status file_from_memory(struct file *file, const void *bytes, size_t size, const struct file_options *options,
                             struct problem *problem)
{
    *file = (struct file){.fd = -1, .size = size};
    if (size > options->max_size) {
        return problem_set(problem, STATUS_TOO_LARGE, "%llu bytes, more than --max-file-size %llu",
                           (unsigned long long)size, (unsigned long long)options->max_size);
    }
    if (!bytes_alloc(file))
        return no_memory(file, problem);
    if (size)
        memcpy(file->bytes, bytes, size);
    if (options->digest)
        hash_all(file, false);
    return STATUS_OK;
}

enum status file_from_stream(struct file *file, int fd, const struct file_options *options, struct problem *problem)
{
    uint8_t *bytes = NULL;
    size_t size = 0, room = 0;
    enum status status = STATUS_OK;
    for (;;) {
        if (size == room) {
            room = room ? room * 2 : WINDOW;
            uint8_t *wider = realloc(bytes, room);
            if (!wider) {
                status = problem_set(problem, STATUS_NO_MEMORY, "no memory for %zu bytes of input", room);
                break;
            }
            bytes = wider;
        }
        ssize_t got = read(fd, bytes + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = problem_set(problem, STATUS_READ_FAILED, "%s", strerror(errno));
        if (got <= 0)
            break;
        size += (size_t)got;
        if (size > options->max_size) {
            status = problem_set(problem, STATUS_TOO_LARGE, "more than --max-file-size %llu",
                                 (unsigned long long)options->max_size);
            break;
        }
    }
    close(fd);
    if (status == STATUS_OK)
        status = file_from_memory(file, bytes, size, options, problem);
    else
        *file = (struct file){.fd = -1};
    free(bytes);
    return status;
}

/* Reads [from, to) to where it is to stand. What a part holds already keeps the value that it had, so no view ever
 * contradicts another. */
static bool load(struct file *file, uint8_t *bytes, uint64_t from, uint64_t to)
{
    if (!fill(file, bytes, from, to - from))
        return false;
    for (size_t i = 0; i < file->part_count; i++) {
        const struct file_part *part = &file->parts[i];
        uint64_t start = part->from > from ? part->from : from, end = part->to < to ? part->to : to;
        if (start < end)
            memcpy(bytes + (start - from), part->bytes + (start - part->from), (size_t)(end - start));
    }
    return true;
}

static bool is_loaded(const struct file *file, uint64_t block)
{
    return file->loaded[block / 64] >> (block % 64) & 1;
}

/* Reads what is missing of a range of the whole file, and some blocks more. No block is read twice. */
static bool load_blocks(struct file *file, uint64_t off, uint64_t n)
{
    uint64_t block = off >> BLOCK_BITS, last = (off + n - 1) >> BLOCK_BITS,
             all = (file->size + BLOCK - 1) >> BLOCK_BITS;
    while (block <= last) {
        if (is_loaded(file, block)) {
            block++;
            continue;
        }
        uint64_t end = block + 1;
        while (end < all && (end <= last || end - block < AHEAD) && !is_loaded(file, end))
            end++;
        uint64_t from = block << BLOCK_BITS, to = end << BLOCK_BITS;
        if (to - from >= MAP_AT)
            (void)madvise(file->bytes + from, (size_t)(to - from), MADV_HUGEPAGE);
        if (!load(file, file->bytes + from, from, to < file->size ? to : file->size))
            return false;
        for (; block < end; block++)
            file->loaded[block / 64] |= UINT64_C(1) << (block % 64);
    }
    return true;
}

/* The part that holds a range, or NULL. The last one is the likeliest. */
static const struct file_part *find_part(const struct file *file, uint64_t off, uint64_t n)
{
    for (size_t i = file->part_count; i-- > 0;) {
        const struct file_part *part = &file->parts[i];
        if (off >= part->from && off + n <= part->to)
            return part;
    }
    return NULL;
}

/* Reads a part that holds the range: whole blocks, and two where the file ends, since tables stand together there.
 * NULL: it could not be read, or is too much for a part. */
static const struct file_part *add_part(struct file *file, uint64_t off, uint64_t n)
{
    const uint64_t block = ~(uint64_t)(BLOCK - 1), tail = (file->size - 1) & block;
    uint64_t from = off & block, to = (off + n + BLOCK - 1) & block;
    if (to >= tail) {
        to = file->size;
        from -= from == tail && from ? BLOCK : 0;
    }
    if (file->size <= SMALL) {
        from = 0;
        to = file->size;
    }
    if (file->part_count == FILE_PARTS || to - from > PARTS_ROOM - file->part_room)
        return NULL;
    struct file_part part = {from, to, arena_room(&file->arena, (size_t)(to - from))};
    if (!load(file, part.bytes, from, to))
        return NULL;
    file->part_room += to - from;
    file->parts[file->part_count] = part;
    return &file->parts[file->part_count++];
}

bool file_make_whole(struct file *file)
{
    if (file->bytes)
        return true;
    file->loaded = calloc((size_t)(((file->size >> BLOCK_BITS) + 64) / 64), sizeof *file->loaded);
    if (file->loaded && bytes_alloc(file))
        return true;
    problem_set(&file->problem, STATUS_NO_MEMORY, "no memory for a file of %llu bytes", (unsigned long long)file->size);
    return false;
}

bool file_view(struct file *file, uint64_t off, uint64_t n, struct view *out)
{
    if (file->problem.status != STATUS_OK || !range_fits(file->size, off, n))
        return false;
    if (!file->bytes && n) {
        const struct file_part *part = find_part(file, off, n);
        if (!part)
            part = add_part(file, off, n);
        if (part) {
            *out = (struct view){part->bytes + (off - part->from), (size_t)n};
            return true;
        }
        if (file->problem.status != STATUS_OK || !file_make_whole(file))
            return false;
    }
    if (n && file->loaded && !load_blocks(file, off, n))
        return false;
    *out = (struct view){file->bytes ? file->bytes + off : (const uint8_t *)"", (size_t)n};
    return true;
}

bool file_view_near(struct file *file, uint64_t off, uint64_t n, uint64_t most, struct view *out)
{
    if (!file_view(file, off, n, out))
        return false;
    const struct file_part *part = file->bytes ? NULL : find_part(file, off, n);
    uint64_t there = part ? part->to - off : file->loaded ? n : file->size - off;
    out->size = (size_t)(there < most ? there : most);
    return true;
}

bool file_view_briefly(struct file *file, uint64_t off, uint64_t n, struct file_room *room, struct view *out)
{
    if (file->bytes || file->size <= SMALL || n == 0 || n > FILE_BRIEF)
        return file_view(file, off, n, out);
    if (file->problem.status != STATUS_OK || !range_fits(file->size, off, n))
        return false;
    const struct file_part *part = find_part(file, off, n);
    if (!part && !load(file, room->bytes, off, off + n))
        return false;
    *out = (struct view){part ? part->bytes + (off - part->from) : room->bytes, (size_t)n};
    return true;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* The time of change as well: whoever rewrites a file can set its time of modification back. It also
 * moves when another file takes this one's name, which then has a link less; that is no change. */
enum status file_settle(struct file *file, struct problem *problem)
{
    struct stat now;
    if (file->problem.status != STATUS_OK)
        return problem_set(problem, file->problem.status, "%s", file->problem.text);
    if (file->fd < 0)
        return STATUS_OK;
    if (fstat(file->fd, &now) != 0)
        return problem_set(problem, STATUS_READ_FAILED, "%s", strerror(errno));
    if (now.st_size != file->before.st_size || now.st_ino != file->before.st_ino ||
        !same_time(&now.st_mtim, &file->before.st_mtim) ||
        (now.st_nlink == file->before.st_nlink && !same_time(&now.st_ctim, &file->before.st_ctim)))
        return problem_set(problem, STATUS_CHANGED, "the file changed while it was read");
    return STATUS_OK;
}

void file_close(struct file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->mapped)
        munmap(file->bytes, (size_t)file->size);
    else
        free(file->bytes);
    free(file->loaded);
    arena_free(&file->arena);
    file->fd = -1;
    file->bytes = NULL;
    file->loaded = NULL;
    file->mapped = false;
}
