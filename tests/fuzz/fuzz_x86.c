/* The x86-64 decoder over any bytes: what it says of an instruction hangs on its own bytes alone, what ends too early is
 * none, and the fast ways over code come where the slow one does. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/quick.h"
#include "checks/code/x86.h"

/* The same bytes, with others behind them and with the last one missing. */
static void alone(const uint8_t *at, unsigned length, const struct x86_insn *insn)
{
    struct x86_insn again;
    uint8_t copy[64];
    if (insn->class == X86_INVALID)
        return;
    memset(copy, (int)(at[0] ^ 0xa5), sizeof copy);
    memcpy(copy, at, length);
    if (x86_decode(copy, sizeof copy, &again) != length || memcmp(insn, &again, sizeof again) != 0 ||
        x86_decode(at, length, &again) != length || memcmp(insn, &again, sizeof again) != 0)
        abort();
    if (x86_decode(at, length - 1, &again) && again.class != X86_INVALID)
        abort();
}

/* Lengths that are told without the decoder; 16 bytes can be read. */
static void quickly(const struct quick *quick, const uint8_t *at, unsigned length, const struct x86_insn *insn)
{
    unsigned by_table = quick_length(at), simple = quick_simple(quick, at) & ~(unsigned)QUICK_REL32;
    if ((by_table || simple) && insn->class == X86_INVALID)
        abort();
    if ((by_table && (by_table & ~(unsigned)QUICK_REL32) != length) || (simple && simple != length))
        abort();
}

/* From `at` to `stop`, one after the other. */
static size_t step(const uint8_t *data, size_t size, size_t at, size_t stop)
{
    struct x86_insn insn;
    while (at < stop && quick_length(data + at)) {
        unsigned length = x86_decode(data + at, size - at, &insn);
        uint64_t target = x86_target(&insn, at);
        if ((insn.flow == X86_BRANCH || insn.flow == X86_JUMP || insn.flow == X86_CALL) && target >= size)
            return at;
        at += length;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct quick quick[2];
    static bool ready;
    static uint32_t counts[X86_CLASS_COUNT], told[X86_CLASS_COUNT];
    if (!ready) {
        quick_init(&quick[0], false);
        quick_init(&quick[1], true);
        ready = true;
    }
    memset(counts, 0, sizeof counts);
    memset(told, 0, sizeof told);
    x86_count(data, size, counts);
    for (size_t i = 0; i < size;) {
        struct x86_insn insn;
        unsigned length = x86_decode(data + i, size - i, &insn);
        if (length > X86_LONGEST || length > size - i || insn.class >= X86_CLASS_COUNT || insn.flow > X86_SYSCALL)
            abort();
        if (length)
            alone(data + i, length, &insn);
        if (size - i >= 16)
            quickly(&quick[0], data + i, length, &insn);
        told[length ? insn.class : X86_INVALID]++;
        i += length && insn.class != X86_INVALID ? length : 1;
    }
    if (memcmp(counts, told, sizeof told) != 0)
        abort();
    if (size > 2 * QUICK_ROOM) { /* branches of eight bits are not looked at: they stay inside, from there on */
        size_t stop = size - QUICK_ROOM, end = step(data, size, QUICK_ROOM, stop);
        for (unsigned i = 0; i < 2; i++) {
            quick[i].base = quick[i].filled = 0;
            if (quick_walk(&quick[i], data, size, QUICK_ROOM, stop) != end)
                abort();
        }
    }
    return 0;
}
