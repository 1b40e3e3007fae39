/* Private to record_pack.c: one field of a record, written or read, by the same call. */
#ifndef ASSAY_SRC_RECORD_CODEC_H
#define ASSAY_SRC_RECORD_CODEC_H

#include <stdlib.h>
#include <string.h>

#include "src/record.h"

enum { CODEC_ROOM = 4096, WORD_MOST = 10 /* bytes */ };

struct codec {
    bool writing, failed;
    struct bytes *out;
    struct arena *arena;          /* reading: of the record */
    const struct arena *own;      /* writing: what is not in it is constant */
    struct record_memory *memory; /* NULL: each record by itself */
    const uint8_t *data;
    size_t left;
};

static inline bool grow(struct bytes *bytes, size_t size)
{
    if (size > SIZE_MAX / 4 - bytes->size)
        return false;
    size_t room = (bytes->size + size) * 2 < CODEC_ROOM ? CODEC_ROOM : (bytes->size + size) * 2;
    uint8_t *grown = realloc(bytes->data, room);
    if (!grown)
        return false;
    bytes->data = grown;
    bytes->room = room;
    return true;
}

/* Room for `size` bytes more; NULL where there is no memory. */
static inline uint8_t *reserve(struct bytes *bytes, size_t size)
{
    if (size > bytes->room - bytes->size && !grow(bytes, size))
        return NULL;
    return bytes->data + bytes->size;
}

static inline const uint8_t *get(struct codec *c, size_t size)
{
    if (c->failed || size > c->left) {
        c->failed = true;
        return NULL;
    }
    const uint8_t *at = c->data;
    c->data += size;
    c->left -= size;
    return at;
}

static inline void put_number(struct codec *c, uint64_t value)
{
    uint8_t *at = c->failed ? NULL : reserve(c->out, WORD_MOST);
    if (!at) {
        c->failed = true;
        return;
    }
    for (; value > 0x7f; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    c->out->size = (size_t)(at - c->out->data);
}

static inline void get_number(struct codec *c, uint64_t *value)
{
    uint64_t read = 0;
    for (unsigned shift = 0; shift < WORD_MOST * 7; shift += 7) {
        const uint8_t *at = get(c, 1);
        if (!at)
            return;
        read |= (uint64_t)(*at & 0x7f) << shift;
        if (*at < 0x80) {
            c->failed |= shift == (WORD_MOST - 1) * 7 && *at > 1; /* beyond 64 bits */
            *value = read;
            return;
        }
    }
    c->failed = true;
}

/* Most numbers are of one byte. */
static inline void word(struct codec *c, uint64_t *value)
{
    if (c->writing) {
        put_number(c, *value);
    } else if (c->left && *c->data < 0x80 && !c->failed) {
        *value = *c->data++;
        c->left--;
    } else {
        get_number(c, value);
    }
}

static inline void flag(struct codec *c, bool *value)
{
    uint64_t w = *value;
    word(c, &w);
    c->failed |= w > 1;
    *value = w == 1;
}

static inline void number(struct codec *c, size_t *value)
{
    uint64_t w = *value;
    word(c, &w);
    *value = (size_t)w;
}

/* An enumeration of `most` + 1 values, passed by its int. */
static inline int choice(struct codec *c, int value, int most)
{
    uint64_t w = (uint64_t)value;
    word(c, &w);
    if (w > (uint64_t)most) {
        c->failed = true;
        return 0;
    }
    return (int)w;
}

enum { TEXT_NULL, TEXT_SAME, TEXT_SIZE /* and on: bytes with their NUL, less one */ };

static inline void put_text(struct codec *c, const char *value, const char **last)
{
    size_t size = strlen(value);
    put_number(c, TEXT_SIZE + size);
    c->failed = c->failed || !bytes_add(c->out, value, size + 1);
    if (last)
        *last = arena_holds(c->own, value) ? NULL : value;
}

/* Its bytes with their NUL, or what is written in place of NULL and of the constant that stood at `last` before.
 * `last` is NULL where none is remembered. */
static inline void text_like(struct codec *c, const char **value, const char **last)
{
    uint64_t size = TEXT_NULL;
    if (c->writing && *value && (!last || *last != *value)) {
        put_text(c, *value, last);
        return;
    }
    if (c->writing)
        size = *value ? TEXT_SAME : TEXT_NULL;
    word(c, &size);
    if (c->writing)
        return;
    *value = NULL;
    if (c->failed || size == TEXT_NULL)
        return;
    if (size == TEXT_SAME) {
        c->failed = !last || !*last;
        *value = last ? *last : NULL;
        return;
    }
    size -= TEXT_SIZE - 1;
    const uint8_t *at = size > c->left ? NULL : get(c, (size_t)size);
    if (!at || memchr(at, 0, (size_t)size) != at + size - 1) {
        c->failed = true;
        return;
    }
    *value = (const char *)at;
    if (last)
        *last = *value;
}

static inline void text(struct codec *c, const char **value)
{
    text_like(c, value, NULL);
}

/* A text that no reader of a record expects to be missing. */
static inline void sure_text(struct codec *c, const char **value)
{
    text(c, value);
    c->failed |= *value == NULL;
}

enum { WORD_NULL, WORD_SAME, WORD_NEW, WORD_STATES = 4 };

static inline uint64_t states_of(const char **const *words, size_t count, const char *const *last)
{
    uint64_t states = 0;
    for (size_t i = count; i-- > 0;)
        states = states * WORD_STATES + (!*words[i] ? WORD_NULL : last && last[i] == *words[i] ? WORD_SAME : WORD_NEW);
    return states;
}

/* At most 32 texts that may be missing, and are mostly those of the record before, which `last` has (NULL: nothing is
 * remembered): which of them are what, and then those that are new. */
static inline void words_like(struct codec *c, const char **const *words, size_t count, const char **last)
{
    uint64_t states = c->writing ? states_of(words, count, last) : 0;
    word(c, &states);
    for (size_t i = 0; i < count; i++, states /= WORD_STATES) {
        const unsigned state = states % WORD_STATES;
        if (state == WORD_NEW) {
            sure_text(c, words[i]);
            if (last)
                last[i] = c->writing && arena_holds(c->own, *words[i]) ? NULL : *words[i];
        } else if (!c->writing) {
            *words[i] = state == WORD_SAME && last ? last[i] : NULL;
            c->failed |= state > WORD_NEW || (state == WORD_SAME && !*words[i]);
        }
    }
    c->failed |= states != 0;
}

/* The number of items of a list: at most `most`, each of which takes at least `least` bytes; room for them when reading. */
static inline void *list_within(struct codec *c, size_t *count, void *items, size_t item_size, size_t least,
                                size_t most)
{
    number(c, count);
    if (c->writing)
        return items;
    if (c->failed || *count > most || *count > c->left / least) {
        c->failed = true;
        *count = 0;
        return NULL;
    }
    return *count ? arena_array(c->arena, *count, item_size) : NULL;
}

static inline void *list(struct codec *c, size_t *count, void *items, size_t item_size, size_t least)
{
    return list_within(c, count, items, item_size, least, SIZE_MAX);
}

/* The function that `inspect --function` shows. */
void visit_function(struct codec *c, struct record_image *image);

#endif
