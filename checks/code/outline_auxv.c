/* Who looks things up in the auxiliary vector, by which the kernel tells a program for arm64 what the processor can do. */
#include "checks/code/a64_fields.h"
#include "checks/code/guards.h"
#include "checks/code/outline.h"

/* Types of the auxiliary vector (Linux, uapi/linux/auxvec.h) that programs look for. */
enum { AT_PAGESZ = 6, AT_SECURE = 23, AT_RANDOM = 25, AT_SYSINFO_EHDR = 33 };
enum {
    COMPARES_HWCAP = 1,
    COMPARES_HWCAP2 = 2,
    COMPARES_SECURE = 4,
    COMPARES_PAGESZ = 8,
    COMPARES_OTHER = 16,
    SETS_ERRNO = 32
};
enum { SHORT = 40, LONG = 400 }; /* words */

void outline_compares(struct outline *o, unsigned number)
{
    if (number == AT_HWCAP)
        o->compares |= COMPARES_HWCAP;
    else if (number == AT_HWCAP2)
        o->compares |= COMPARES_HWCAP2;
    else if (number == AT_SECURE)
        o->compares |= COMPARES_SECURE;
    else if (number == AT_PAGESZ)
        o->compares |= COMPARES_PAGESZ;
    else if (number == AT_RANDOM || number == AT_SYSINFO_EHDR)
        o->compares |= COMPARES_OTHER;
}

void outline_sets_errno(struct outline *o)
{
    o->compares |= SETS_ERRNO;
}

/* ADRP X16; LDR X17, [X16, #slot]; ADD X16, X16, #slot; BR X17, perhaps behind BTI C, with AUTIA1716 before BR (AAELF64,
 * PLT sequences). Others may stand behind it that nobody calls. */
bool outline_is_stub(const struct map *map, uint64_t start, uint64_t load)
{
    enum { BTI_C = (int)0xd503245f, AUTIA1716 = (int)0xd503219f, BR_X17 = (int)0xd61f0220 };
    const uint8_t *bytes = load - start <= 8 ? map_bytes(map, start, (size_t)(load - start) + 16) : NULL;
    if (!bytes)
        return false;
    const uint8_t *behind = bytes + (load - start) + 8;
    const bool first = load - start == 4 || (load - start == 8 && load_le32(bytes) == (uint32_t)BTI_C);
    return first && (load_le32(behind) == (uint32_t)BR_X17 ||
                     (load_le32(behind) == (uint32_t)AUTIA1716 && load_le32(behind + 4) == (uint32_t)BR_X17));
}

/* Whoever looks a type up goes through the vector in steps of its entries, of 16 bytes. glibc's getauxval() and those who
 * read the vector themselves compare with AT_HWCAP and AT_HWCAP2, or with AT_HWCAP and two others; musl's compares with
 * AT_SECURE alone, and sets the thread's errno. Go's runtime counts words, and compares with four of them; up to Go 1.19 with
 * three. */
bool outline_knows_auxv(const struct outline *o)
{
    if (o->through_asking)
        return true;
    unsigned compares = o->compares & (unsigned)~SETS_ERRNO;
    bool counts = o->adds_2 && o->loads_words && compares & COMPARES_PAGESZ;
    if (!o->goes_back || o->words > LONG || (!o->steps_16 && !counts && __builtin_popcount(compares) < 4))
        return false;
    if (compares == COMPARES_SECURE)
        return o->words <= SHORT && o->compares & SETS_ERRNO;
    return compares & COMPARES_HWCAP && (compares & COMPARES_HWCAP2 || __builtin_popcount(compares) >= 3);
}

bool outline_is_told_auxv(uint8_t compares, uint32_t words, uint8_t others)
{
    return compares & COMPARES_HWCAP && words <= SHORT && others & COMPARES_PAGESZ && others & COMPARES_OTHER;
}

bool outline_compares_capability(uint8_t compares)
{
    return compares & COMPARES_HWCAP;
}

void outline_forms(struct outline *o, uint32_t word)
{
    enum { FIRST = AT_HWCAP << 5, SECOND = AT_HWCAP2 << 5 };
    const uint32_t number = word & ~UINT32_C(0x80000000);
    const bool first = number == (0x52800000u | FIRST), second = number == (0x52800000u | SECOND); /* MOV W0 or X0 */
    const bool marks = (word & 0xfffffc00u) == 0xb2410000 && field(word, 5, 5) != 31; /* ORR Xd, Xn, #1 << 63 */
    o->forms |= (uint8_t)(first | second << 1 | marks << 2);
}

bool outline_detects(const struct outline *o)
{
    return o->forms == 7;
}
