/* The bytes of one file, read once into private memory and never mapped: a file
 * that is truncated or rewritten under a reader can fail an audit, not mislead
 * it. With a digest the whole file is read at once, so the digest is that of the
 * very bytes that are judged; without one, bytes are read when a reader first asks
 * for them: few of them as parts that stand close together in the arena, so that a
 * metadata check of file after file stays in the same few pages of memory, and many
 * of them block by block into room for the whole file. */
#ifndef ASSAY_FORMATS_FILE_H
#define ASSAY_FORMATS_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include "formats/arena.h"
#include "formats/bytes.h"

struct file_options {
    uint64_t max_size; /* bytes */
    bool digest;       /* read everything and compute SHA-256 */
};

enum { FILE_PARTS = 24 };

struct file {
    int fd;           /* -1: the bytes came from memory */
    uint64_t size;    /* bytes */
    uint8_t *bytes;   /* `size` bytes, of which `loaded` says which blocks are there; NULL: only parts were read */
    uint64_t *loaded; /* one bit a block; NULL: all of them */
    size_t part_count;
    uint64_t part_room; /* bytes of all parts */
    struct file_part {  /* the bytes [from, to) of the file */
        uint64_t from, to;
        uint8_t *bytes;
    } parts[FILE_PARTS];
    bool mapped; /* bytes came from mmap (anonymous), not malloc */
    bool has_digest;
    uint8_t digest[32]; /* SHA-256 */
    struct stat before;
    struct problem problem; /* the first read that failed; status OK where none did */
    struct arena arena;
};

/* Takes over `fd` (open for reading, ideally with O_NONBLOCK). On any status but
 * OK the file is already closed. */
enum status file_from_fd(struct file *file, int fd, const struct file_options *options,
                         struct problem *problem) MUST_CHECK;
/* Copies `size` bytes. For standard input, tests and fuzzers. */
enum status file_from_memory(struct file *file, const void *bytes, size_t size, const struct file_options *options,
                             struct problem *problem) MUST_CHECK;
/* Reads a pipe or the like to its end, at most options->max_size bytes. Takes over `fd`. */
enum status file_from_stream(struct file *file, int fd, const struct file_options *options,
                             struct problem *problem) MUST_CHECK;

/* The only way to the bytes: false where [off, off + n) is not inside the file or cannot be read. */
bool file_view(struct file *file, uint64_t off, uint64_t n, struct view *out) MUST_CHECK;

/* The same, with as many of the bytes behind them, up to `most` in all, as have been read already. */
bool file_view_near(struct file *file, uint64_t off, uint64_t n, uint64_t most, struct view *out) MUST_CHECK;

/* The same as file_view(), for at most FILE_BRIEF bytes that are looked at once: the view ends with the next such view, or with `room`,
 * which it may stand in. */
enum { FILE_BRIEF = 8 * 1024 };
struct file_room {
    uint8_t bytes[FILE_BRIEF];
};
bool file_view_briefly(struct file *file, uint64_t off, uint64_t n, struct file_room *room,
                       struct view *out) MUST_CHECK;

/* Makes room for the whole file in one piece, `bytes`, where views of it stand from now on; false: no memory. */
bool file_make_whole(struct file *file) MUST_CHECK;

/* To be asked after the last read: did every read succeed, and is the file still the one that was opened? */
enum status file_settle(struct file *file, struct problem *problem) MUST_CHECK;
void file_close(struct file *file);

#endif
