#include "checks/code/guards.h"

#include <string.h>

static const struct {
    uint8_t leaf, word, bit, feature;
} answers[] = {
#define ANSWER(leaf, word, bit, feature) {leaf, word, bit, FEATURE_##feature},
#include "checks/code/guards.def"
#undef ANSWER
};

enum { MOST = 5 };
static const struct {
    uint8_t feature, others[MOST];
} implied[] = {
#define FIRST(a, ...)             FEATURE_##a
#define SECOND(a, b, ...)         FEATURE_##b
#define THIRD(a, b, c, ...)       FEATURE_##c
#define FOURTH(a, b, c, d, ...)   FEATURE_##d
#define FIFTH(a, b, c, d, e, ...) FEATURE_##e
#define IMPLIES(feature, ...)                                                                                          \
    {FEATURE_##feature,                                                                                                \
     {FIRST(__VA_ARGS__, NONE, NONE, NONE, NONE), SECOND(__VA_ARGS__, NONE, NONE, NONE, NONE),                         \
      THIRD(__VA_ARGS__, NONE, NONE, NONE, NONE), FOURTH(__VA_ARGS__, NONE, NONE, NONE, NONE, NONE),                   \
      FIFTH(__VA_ARGS__, NONE, NONE, NONE, NONE, NONE)}},
#include "checks/code/guards.def"
#undef IMPLIES
};

static const struct {
    uint8_t leaf, word;
    uint32_t bits;
} silent[] = {
#define SAYS_NOTHING(leaf, word, bits) {leaf, word, bits},
#include "checks/code/guards.def"
#undef SAYS_NOTHING
};

enum { LEAF = 0xff, WORD_SHIFT = 8, WORD = 3, SHIFT_SHIFT = 16, SHIFT = 63, BIT_SHIFT = 24, BIT = 127 };

uint64_t answer_of_register(unsigned crm, unsigned op2)
{
    if (crm == 0 && (op2 == 0 || op2 == 5 || op2 == 6)) /* MIDR_EL1, MPIDR_EL1, REVIDR_EL1 */
        return answer_of(0xff, 0);
    if (crm == 6 && op2 <= 1)
        return answer_of(op2 ? LEAF_ISAR1 : LEAF_ISAR0, 0);
    return crm == 4 && op2 == 0 ? answer_of(LEAF_PFR0, 0) : 0;
}

/* Answers of ID registers are of 64 bits, in fields of four. */
static bool is_of_register(uint64_t answer)
{
    return (answer & LEAF) >= LEAF_ISAR0 && (answer & LEAF) <= LEAF_PFR0;
}

uint64_t answer_cut(uint64_t answer, unsigned bits)
{
    return bits == 1 || (bits <= 4 && is_of_register(answer)) ? answer_masked(answer, ((uint64_t)1 << bits) - 1)
                                                              : answer;
}

uint64_t answer_shifted(uint64_t answer, uint64_t by)
{
    uint64_t shift = (answer >> SHIFT_SHIFT & SHIFT) + by;
    if (answer == 0 || answer >> BIT_SHIFT & BIT || answers_nothing(answer))
        return answer; /* one bit, wherever it is */
    return shift > (is_of_register(answer) ? 63 : 31)
               ? 0
               : (answer & ~((uint64_t)SHIFT << SHIFT_SHIFT)) | shift << SHIFT_SHIFT;
}

uint64_t answer_masked(uint64_t answer, uint64_t mask)
{
    if (answer == 0 || answer >> BIT_SHIFT & BIT || answers_nothing(answer))
        return answer;
    if (is_of_register(answer) && mask) {
        uint64_t shift = answer >> SHIFT_SHIFT & SHIFT, low = (uint64_t)__builtin_ctzll(mask) + shift;
        uint64_t high = 63 - (uint64_t)__builtin_clzll(mask) + shift;
        return low / 4 != high / 4 || low > 63 ? 0 : answer | (low / 4 * 4 + 1) << BIT_SHIFT;
    }
    uint64_t bit = mask ? (uint64_t)__builtin_ctzll(mask) + (answer >> SHIFT_SHIFT & SHIFT) : 0;
    return mask == 0 || mask & (mask - 1) || bit > 31 ? 0 : answer | (bit + 1) << BIT_SHIFT;
}

static enum feature feature_of(uint64_t answer)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (answers[i].leaf == (answer & LEAF) && answers[i].word == (answer >> WORD_SHIFT & WORD) &&
            answers[i].bit + 1u == (answer >> BIT_SHIFT & BIT))
            return (enum feature)answers[i].feature;
    return FEATURE_NONE;
}

/* Whether the bit is known, and is one that speaks of no feature. */
static bool is_silent(uint64_t answer)
{
    uint64_t bit = answer >> BIT_SHIFT & BIT;
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        if (silent[i].leaf == (answer & LEAF) && silent[i].word == (answer >> WORD_SHIFT & WORD))
            return bit && silent[i].bits >> (bit - 1) & 1;
    return false;
}

/* Adds a feature and all that it implies. */
static void add(struct features *set, enum feature feature) /* NOLINT(misc-no-recursion): as deep as the table's rows */
{
    if (feature == FEATURE_NONE || features_have(set, feature))
        return;
    features_add(set, feature);
    for (size_t i = 0; i < sizeof implied / sizeof implied[0]; i++)
        for (unsigned k = 0; implied[i].feature == (uint8_t)feature && k < MOST; k++)
            add(set, (enum feature)implied[i].others[k]);
}

static uint8_t number_of(struct guards *guards, const struct features *set)
{
    if (guards->count == 0)
        guards->count = 1; /* GUARDS_TRUSTED */
    for (unsigned i = 1; i < guards->count; i++)
        if (memcmp(&guards->sets[i], set, sizeof *set) == 0)
            return (uint8_t)i;
    if (guards->count == GUARDS_MOST) { /* far more than programs have; what is not answered for is reached */
        guards->sets[1] = (struct features){{0}};
        return 1;
    }
    guards->sets[guards->count] = *set;
    return (uint8_t)guards->count++;
}

uint8_t guards_behind(struct guards *guards, uint8_t before, bool guarded, uint64_t answer)
{
    enum feature feature = feature_of(answer);
    struct features set = {{0}};
    if ((feature == FEATURE_NONE && !is_silent(answer)) || (guarded && before == GUARDS_TRUSTED))
        return GUARDS_TRUSTED;
    if (guarded)
        set = guards->sets[before];
    add(&set, feature);
    return number_of(guards, &set);
}

uint8_t guards_meet(struct guards *guards, uint8_t one, uint8_t other)
{
    struct features set;
    if (one == other || other == GUARDS_TRUSTED)
        return one;
    if (one == GUARDS_TRUSTED)
        return other;
    for (unsigned i = 0; i < sizeof set.words / sizeof set.words[0]; i++)
        set.words[i] = guards->sets[one].words[i] & guards->sets[other].words[i];
    return number_of(guards, &set);
}

uint8_t guards_both(struct guards *guards, uint8_t one, uint8_t other)
{
    if (one == other || one == GUARDS_TRUSTED || other == GUARDS_TRUSTED)
        return one == other ? one : GUARDS_TRUSTED;
    struct features set = guards->sets[one];
    features_unite(&set, &guards->sets[other]);
    return number_of(guards, &set);
}

bool guards_cover(const struct guards *guards, uint8_t set, const struct isa_class *class)
{
    for (unsigned k = 0; set != GUARDS_TRUSTED && k < CLASS_NEEDS && class->needs[k] != FEATURE_NONE; k++)
        if (!features_have(&guards->sets[set], (enum feature) class->needs[k]))
            return false;
    return true;
}
