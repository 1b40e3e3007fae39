#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Update is deprecated in favour of EVP */
#include "formats/file.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK_BITS = 12, BLOCK = 1 << BLOCK_BITS, AHEAD = 2, WINDOW = 512 * 1024, MAP_AT = 8 << 20 };

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

/* Reads [off, off + n) from the descriptor into place. */
static bool fill(struct file *file, uint64_t off, uint64_t n)
{
    while (n) {
        ssize_t got = pread(file->fd, file->bytes + off, (size_t)n, (off_t)off);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            if (file->problem.status == STATUS_OK)
                problem_set(&file->problem, got < 0 ? STATUS_READ_FAILED : STATUS_CHANGED, "%s at offset %llu",
                            got < 0 ? strerror(errno) : "the file became shorter while it was read",
                            (unsigned long long)off);
            return false;
        }
        off += (uint64_t)got;
        n -= (uint64_t)got;
    }
    return true;
}

static bool hash_all(struct file *file, bool read_first)
{
    SHA256_CTX context; /* not EVP, whose providers cost a millisecond at every start */
    bool good = SHA256_Init(&context) == 1;
    for (uint64_t off = 0; good && off < file->size; off += WINDOW) {
        uint64_t n = file->size - off < WINDOW ? file->size - off : WINDOW;
        if (read_first && !fill(file, off, n))
            break;
        good = SHA256_Update(&context, file->bytes + off, (size_t)n) == 1;
    }
    good = SHA256_Final(file->digest, &context) == 1 && good;
    file->has_digest = good;
    return good;
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
    if (!bytes_alloc(file))
        return no_memory(file, problem);
    if (options->digest) {
        if (file->mapped)
            (void)madvise(file->bytes, (size_t)file->size, MADV_HUGEPAGE);
        if (!hash_all(file, true) && file->problem.status == STATUS_OK)
            problem_set(&file->problem, STATUS_READ_FAILED, "SHA-256 is not to be had from libcrypto");
    } else {
        size_t words = (size_t)(((file->size >> BLOCK_BITS) + 64) / 64);
        file->loaded = calloc(words, sizeof *file->loaded);
        if (!file->loaded)
            return no_memory(file, problem);
    }
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
    if (options->digest && !hash_all(file, false))
        problem_set(&file->problem, STATUS_READ_FAILED, "SHA-256 is not to be had from libcrypto");
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

static bool is_loaded(const struct file *file, uint64_t block)
{
    return file->loaded[block / 64] >> (block % 64) & 1;
}

/* Reads what is missing of a range, and some blocks more: tables stand together, behind the header
 * and before the end of the file. No block is read twice, so no view ever changes. */
static bool load(struct file *file, uint64_t off, uint64_t n, uint64_t ahead)
{
    uint64_t block = off >> BLOCK_BITS, last = (off + n - 1) >> BLOCK_BITS,
             all = (file->size + BLOCK - 1) >> BLOCK_BITS;
    while (block <= last) {
        if (is_loaded(file, block)) {
            block++;
            continue;
        }
        uint64_t end = block + 1;
        while (end < all && (end <= last || end - block < ahead) && !is_loaded(file, end))
            end++;
        while (end == all && block > 0 && end - block < ahead && !is_loaded(file, block - 1))
            block--;
        uint64_t from = block << BLOCK_BITS, to = end << BLOCK_BITS;
        if (!fill(file, from, (to < file->size ? to : file->size) - from))
            return false;
        for (; block < end; block++)
            file->loaded[block / 64] |= UINT64_C(1) << (block % 64);
    }
    return true;
}

static bool view_of(struct file *file, uint64_t off, uint64_t n, uint64_t ahead, struct view *out)
{
    struct view whole = {file->bytes, (size_t)file->size};
    if (file->problem.status != STATUS_OK || !view_sub(whole, off, n, &whole))
        return false;
    if (n && file->loaded && !load(file, off, n, ahead))
        return false;
    *out = whole;
    return true;
}

bool file_view(struct file *file, uint64_t off, uint64_t n, struct view *out)
{
    return view_of(file, off, n, AHEAD, out);
}

bool file_view_alone(struct file *file, uint64_t off, uint64_t n, struct view *out)
{
    return view_of(file, off, n, 1, out);
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
