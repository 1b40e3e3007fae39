#include "checks/code/exports.h"

#include "formats/arena.h"

enum { WORD = 4, SYM = 24, GNU_HEADER = 16, GNU_BLOOM = 8, STT_TLS = 6 };

/* Words of four bytes at `address`; false: not all of them are there. */
struct words32 {
    const uint8_t *at;
    uint64_t count;
};
static bool words_at(const struct map *map, uint64_t address, uint64_t count, struct words32 *words)
{
    *words = (struct words32){.count = count};
    words->at = count <= SIZE_MAX / WORD ? map_bytes(map, address, (size_t)(count * WORD)) : NULL;
    return words->at != NULL;
}
static uint32_t word(const struct words32 *words, uint64_t n)
{
    return load_le32(words->at + n * WORD);
}

/* Symbols that the table of DT_HASH leads to are below *count; false: it leads out of itself. */
static bool count_by_hash(const struct map *map, uint64_t address, uint64_t *count)
{
    struct words32 head, body;
    if (!words_at(map, address, 2, &head))
        return false;
    uint64_t buckets = word(&head, 0), chain = word(&head, 1);
    if (!words_at(map, address + (uint64_t)2 * WORD, buckets + chain, &body))
        return false;
    for (uint64_t i = 0; i < body.count; i++)
        if (word(&body, i) >= chain)
            return false;
    *count = chain;
    return true;
}

/* The same of DT_GNU_HASH: symbols of one bucket stand one after the other, the last of them with a hash that is odd. */
static bool count_by_gnu_hash(const struct map *map, uint64_t address, uint64_t *count)
{
    struct words32 head, buckets, chain;
    if (!words_at(map, address, GNU_HEADER / WORD, &head))
        return false;
    uint64_t first = word(&head, 1), last = 0, at = address + GNU_HEADER + (uint64_t)word(&head, 2) * GNU_BLOOM;
    if (!words_at(map, at, word(&head, 0), &buckets))
        return false;
    for (uint64_t i = 0; i < buckets.count; i++)
        last = word(&buckets, i) > last ? word(&buckets, i) : last;
    *count = 0;
    if (last == 0)
        return true;
    if (last < first)
        return false;
    do {
        if (!words_at(map, at + (buckets.count + last - first) * WORD, 1, &chain))
            return false;
        last++;
    } while (!(word(&chain, 0) & 1));
    *count = last;
    return true;
}

void exports_find(const struct image *image, const struct map *map, struct arena *arena, struct exports *exports)
{
    *exports = (struct exports){0};
    uint64_t by_hash = 0, by_gnu_hash = 0;
    const struct elf_extra *elf = image->format == FORMAT_ELF ? image->elf : NULL;
    if (!elf || !elf->symtab || !(elf->hash || elf->gnu_hash) ||
        (elf->hash && !count_by_hash(map, elf->hash, &by_hash)) ||
        (elf->gnu_hash && !count_by_gnu_hash(map, elf->gnu_hash, &by_gnu_hash)))
        return;
    uint64_t count = by_hash > by_gnu_hash ? by_hash : by_gnu_hash;
    const uint8_t *symbols = count <= SIZE_MAX / SYM ? map_bytes(map, elf->symtab, (size_t)count * SYM) : NULL;
    if (count && !symbols)
        return;
    exports->known = true;
    exports->addresses = arena_array(arena, (size_t)count + 1, sizeof *exports->addresses);
    for (uint64_t i = 1; i < count; i++) {
        const uint8_t *symbol = symbols + i * SYM;
        unsigned type = symbol[4] & 15, section = load_le16(symbol + 6);
        if (section && type != STT_TLS) /* SHN_UNDEF: somebody else's */
            exports->addresses[exports->count++] = load_le64(symbol + 8);
    }
}
