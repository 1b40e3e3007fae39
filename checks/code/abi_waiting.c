/* Which blocks of a function wait to be walked. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/abi_walk.h"

enum { WORD = 64 };

static size_t words_of(size_t numbers)
{
    return numbers / WORD + 1;
}

bool abi_waiting_make(struct abi_waiting *w, size_t most)
{
    const bool grows = most > w->room || !w->room;
    w->most = most;
    for (unsigned level = 0; level < ABI_LEVELS; level++, most /= WORD) {
        const size_t size = words_of(most) * sizeof *w->bits[level];
        uint64_t *bits = grows ? realloc(w->bits[level], size) : w->bits[level];
        if (!bits)
            return false;
        w->bits[level] = bits;
        memset(bits, 0, size);
    }
    w->room = grows ? w->most : w->room;
    return true;
}

void abi_waiting_put(struct abi_waiting *w, size_t number)
{
    for (unsigned level = 0; level < ABI_LEVELS; level++, number /= WORD)
        w->bits[level][number / WORD] |= (uint64_t)1 << number % WORD;
}

void abi_waiting_take(struct abi_waiting *w, size_t number)
{
    for (unsigned level = 0; level < ABI_LEVELS; level++, number /= WORD) {
        w->bits[level][number / WORD] &= ~((uint64_t)1 << number % WORD);
        if (w->bits[level][number / WORD])
            return;
    }
}

size_t abi_waiting_next(const struct abi_waiting *w, size_t number)
{
    unsigned level = 0;
    uint64_t word = 0;
    size_t most = w->most;
    for (; level < ABI_LEVELS; level++, number = number / WORD + 1, most /= WORD) {
        word = number <= most ? w->bits[level][number / WORD] & UINT64_MAX << number % WORD : 0;
        if (word)
            break;
    }
    if (!word)
        return SIZE_MAX;
    number = number / WORD * WORD + (unsigned)__builtin_ctzll(word);
    while (level-- > 0)
        number = number * WORD + (unsigned)__builtin_ctzll(w->bits[level][number]);
    return number;
}

void abi_waiting_free(struct abi_waiting *w)
{
    for (unsigned level = 0; level < ABI_LEVELS; level++)
        free(w->bits[level]);
}
