/* The class of any A64 word, by the tables that the build makes from a64.def, and by a walk over those rows one after the
 * other; and what asks for a feature first, looked for by 32 words at once and by one. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/isa.h"
#include "checks/code/operands.h"

enum { WORDS = 64, ADDRESS = 0x1000 };

struct row {
    const char *bits;
    enum a64_class class;
    uint32_t value, mask;
    unsigned fixed;
};

static struct row rows[] = {
#define A64(bits, class, what) {bits, A64_##class, 0, 0, 0},
#include "checks/code/a64.def"
#undef A64
};
enum { ROWS = sizeof rows / sizeof *rows };

/* Rows by their upper byte, so that not all of them are asked for each word. */
static uint16_t by_top[256][ROWS];
static size_t top_count[256];

static void prepare(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        for (const char *at = rows[i].bits; *at; at++)
            if (*at != ' ') {
                rows[i].value = rows[i].value << 1 | (*at == '1');
                rows[i].mask = rows[i].mask << 1 | (*at != '.');
                rows[i].fixed += *at != '.';
            }
        for (uint32_t top = 0; top < 256; top++)
            if (((top ^ rows[i].value >> 24) & rows[i].mask >> 24) == 0)
                by_top[top][top_count[top]++] = (uint16_t)i;
    }
}

/* Of several rows that match, the one with the most fixed bits counts. */
static enum a64_class class_of(uint32_t word)
{
    enum a64_class class = A64_UNALLOCATED;
    unsigned most = 0;
    for (size_t i = 0; i < top_count[word >> 24]; i++) {
        const struct row *row = &rows[by_top[word >> 24][i]];
        if ((word & row->mask) == row->value && row->fixed > most) {
            most = row->fixed;
            class = row->class;
        }
    }
    return class;
}

static void take_apart(uint32_t word)
{
    struct operands operands;
    a64_operands(word, &operands);
    if (operands.form > FORM_SCALABLE || operands.count > 2)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct a64_filter filters[2];
    static bool ready;
    static const struct isa_class *classes;
    if (!ready) {
        prepare();
        a64_filter_init(&filters[0], false);
        a64_filter_init(&filters[1], true);
        (void)isa_classes(ARCH_ARM64, &classes);
        ready = true;
    }
    uint32_t counts[A64_CLASS_COUNT] = {0}, told[A64_CLASS_COUNT] = {0};
    uint64_t first[A64_CLASS_COUNT] = {0}, found[2][A64_CLASS_COUNT] = {{0}};
    size_t words = size / 4 < WORDS ? size / 4 : WORDS;
    for (size_t i = 0; i < words; i++) {
        const uint8_t *at = data + 4 * i;
        uint32_t word = load_le32(at);
        enum a64_class class = class_of(word);
        if (a64_classify(word) != class)
            abort();
        told[class]++;
        if (!first[class] && class != A64_UNALLOCATED)
            first[class] = ADDRESS + 4 * i + 1;
        if (class != A64_UNALLOCATED)
            take_apart(word);
    }
    a64_count(data, words, counts);
    if (memcmp(counts, told, sizeof told) != 0)
        abort();
    for (unsigned k = 0; k < 2; k++)
        a64_first(&filters[k], data, words, ADDRESS, found[k]);
    for (unsigned i = 0; i < A64_CLASS_COUNT; i++)
        if (classes[i].needs[0] != FEATURE_NONE && (found[0][i] != first[i] || found[1][i] != first[i]))
            abort();
    return 0;
}
