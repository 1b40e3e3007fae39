/* Many texts searched for at once: the first bytes are the texts, the rest is what is searched, 32 places at a time and one
 * by one; a search for one text after the other finds the same. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "formats/needle.h"

enum { TEXTS = 12, SIZE = 24 };

static int64_t naive(const char (*texts)[SIZE], size_t count, struct view v, uint64_t from)
{
    int64_t best = -1;
    for (size_t i = 0; i < count; i++) {
        int64_t at = view_find(v, from, texts[i], strlen(texts[i]));
        if (at >= 0 && (best < 0 || at < best))
            best = at;
    }
    return best;
}

/* Every place, one after the other. */
static void search(struct needle_set *set, const char (*texts)[SIZE], struct view v, bool wide)
{
    set->wide = set->wide && wide;
    size_t which = 0;
    for (uint64_t from = 0;;) {
        int64_t at = needle_find(set, v, from, &which);
        if (at != naive(texts, set->count, v, from))
            abort();
        if (at < 0)
            return;
        if (which >= set->count || memcmp(v.data + at, texts[which], strlen(texts[which])) != 0)
            abort();
        from = (uint64_t)at + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char texts[TEXTS][SIZE];
    const char *needles[TEXTS];
    static struct needle_set set;
    size_t count = 0, at = 0;
    while (count < TEXTS && at < size && data[at]) { /* each with its length before it; a zero ends them */
        size_t length = NEEDLE_LEAST + data[at++] % (SIZE - NEEDLE_LEAST - 1);
        if (length > size - at)
            break;
        memcpy(texts[count], data + at, length);
        texts[count][length] = 0;
        at += length;
        if (strlen(texts[count]) == length) {
            needles[count] = texts[count];
            count++;
        }
    }
    if (!count)
        return 0;
    needle_prepare(&set, needles, count);
    struct view rest = {data + at, size - at};
    search(&set, (const char(*)[SIZE])texts, rest, true);
    search(&set, (const char(*)[SIZE])texts, rest, false);
    return 0;
}
