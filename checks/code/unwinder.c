/* Source: llvm-project libunwind/src: DwarfInstructions.hpp (stepWithDwarf: STG where mteTaggedFrame, AUTIA1716 and
 * AUTIB1716 where the return address is signed), Registers.hpp (Registers_arm64::getRegister: VG is read by CNTD the first
 * time it is asked for), UnwindRegistersRestore.S (__libunwind_Registers_arm64_za_disable, from TPIDR2_EL0 on). */
#include "checks/code/unwinder.h"

static uint32_t word_at(const struct map *map, uint64_t address)
{
    const uint8_t *bytes = map_bytes(map, address, 4);
    return bytes ? load_le32(bytes) : 0;
}

static bool has_word(const struct map *map, uint64_t start, uint64_t end, uint32_t word)
{
    for (uint64_t at = start; at + 4 <= end; at += 4)
        if (word_at(map, at) == word)
            return true;
    return false;
}

/* LDR Wn, [...]; CBNZ Wn, over; CNTD Xm; perhaps MOV; STR Wm, [...]; over: */
static bool reads_granule_once(const struct map *map, uint64_t address)
{
    uint32_t load = word_at(map, address - 8), branch = word_at(map, address - 4), word = word_at(map, address);
    uint32_t over = branch >> 5 & 0x7ffff; /* words */
    uint32_t store = over == 3 || over == 4 ? word_at(map, address - 4 + 4 * (uint64_t)(over - 1)) : 0;
    return (load & 0xffc00000u) == 0xb9400000u && branch >> 24 == 0x35 && ((load ^ branch) & 31) == 0 &&
           (word & 0xffffffe0u) == 0x04e0e3e0u && (store & 0xffc00000u) == 0xb9000000u && ((word ^ store) & 31) == 0;
}

/* LDRB Wn, [SP, ...]; CBZ Wn; at most four words; STG Xm, [Xm]; ADD Xm, Xm, #16: a flag of the frame, and its granules. */
static bool retags_frame(const struct map *map, uint64_t start, uint64_t end)
{
    enum { BETWEEN = 7 };
    for (uint64_t at = start + 8; at + 8 <= end; at += 4) {
        uint32_t word = word_at(map, at), next = word_at(map, at + 4);
        if ((word & 0xffe00c00u) != 0xd9200800u || (next & 0xfffffc00u) != 0x91004000u || ((word ^ next) & 31) != 0)
            continue;
        for (unsigned back = 2; back <= BETWEEN && at - 4 * back >= start; back++) {
            uint32_t load = word_at(map, at - 4 * back), branch = word_at(map, at - 4 * back + 4);
            if ((load & 0xffc003e0u) == 0x394003e0u && branch >> 24 == 0x34 && ((load ^ branch) & 31) == 0)
                return true;
        }
    }
    return false;
}

/* Asked once of each function, whatever it is made of. */
static bool keeps_tags(struct unwinder *f)
{
    enum { LARGEST = 64 << 10 };
    static const uint32_t AUTIA1716 = 0xd503219f, AUTIB1716 = 0xd50321df;
    if (f->tags == TAGS_UNKNOWN) {
        bool kept = f->end - f->start <= LARGEST &&
                    (retags_frame(f->map, f->start, f->end) ||
                     (has_word(f->map, f->start, f->end, AUTIA1716) && has_word(f->map, f->start, f->end, AUTIB1716)));
        f->tags = kept ? TAGS_KEPT : TAGS_NOT_KEPT;
    }
    return f->tags == TAGS_KEPT;
}

bool unwinder_keeps(struct unwinder *function, uint64_t address)
{
    const struct map *map = function->map;
    const uint64_t start = function->start;
    uint32_t word = word_at(map, address), first = word_at(map, start);
    if ((word & 0xffe00c00u) == 0xd9200800u) /* STG */
        return keeps_tags(function);
    if ((first & 0xffffffe0u) == 0xd53bd0a0u) /* MRS TPIDR2_EL0, and CBZ of the same register */
        return (word_at(map, start + 4) & 0xff00001fu) == (0xb4000000u | (first & 31));
    return reads_granule_once(map, address);
}
