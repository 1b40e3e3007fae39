/* cells [N SEED]: our x86-64 decoder against Zydis, over N encodings drawn by chance from every cell of the opcode maps
 * (legacy, VEX, EVEX, XOP; mandatory prefix, opcode, ModRM, W, L, b). What Zydis decodes we decode, with the same length and
 * the same features, but for what `explained` lists. What Zydis 4 does not know (APX and what came after it) and what it
 * calls undefined is only counted: x86-cells.md. */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/isa.h"
#include "checks/code/x86.h"

enum { ROOM = 32, FEATURES_MOST = 3 };

static const struct {
    int set;
    uint8_t features[FEATURES_MOST]; /* enum feature */
} sets[] = {
#define FIRST(a, ...)       FEATURE_X86_##a
#define SECOND(a, b, ...)   FEATURE_X86_##b
#define THIRD(a, b, c, ...) FEATURE_X86_##c
#define FEATURE_X86_NOTHING FEATURE_NONE
#define SET(set, ...)                                                                                                  \
    {ZYDIS_ISA_SET_##set,                                                                                              \
     {FIRST(__VA_ARGS__, NOTHING, NOTHING, NOTHING), SECOND(__VA_ARGS__, NOTHING, NOTHING, NOTHING),                   \
      THIRD(__VA_ARGS__, NOTHING, NOTHING, NOTHING)}},
#include "tests/code/zydis.def"
#undef SET
};

static struct features theirs(const ZydisDecodedInstruction *z)
{
    struct features features = {{0}};
    if (z->meta.isa_set == ZYDIS_ISA_SET_MOVDIR)
        features_add(&features, z->mnemonic == ZYDIS_MNEMONIC_MOVDIR64B ? FEATURE_X86_MOVDIR64B : FEATURE_X86_MOVDIRI);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        for (unsigned k = 0; sets[i].set == (int)z->meta.isa_set && k < FEATURES_MOST; k++)
            if (sets[i].features[k] != FEATURE_NONE)
                features_add(&features, (enum feature)sets[i].features[k]);
    return features;
}

static struct features ours(const struct x86_insn *insn)
{
    const struct isa_class *classes;
    struct features features = {{0}};
    isa_classes(ARCH_AMD64, &classes);
    for (unsigned i = 0; i < CLASS_NEEDS && classes[insn->class].needs[i] != FEATURE_NONE; i++)
        features_add(&features, (enum feature)classes[insn->class].needs[i]);
    return features;
}

/* Where we mean something else than Zydis: x86-cells.md says why of each. */
static bool explained(const ZydisDecodedInstruction *z, const struct x86_insn *insn)
{
    switch ((int)z->mnemonic) {
    case ZYDIS_MNEMONIC_TZCNT:
    case ZYDIS_MNEMONIC_ENDBR32:
    case ZYDIS_MNEMONIC_ENDBR64:
    case ZYDIS_MNEMONIC_RDSSPD:
    case ZYDIS_MNEMONIC_RDSSPQ:
    case ZYDIS_MNEMONIC_XABORT:
    case ZYDIS_MNEMONIC_XEND:
    case ZYDIS_MNEMONIC_XSETBV:
        return insn->class == X86_BASELINE || insn->class == X86_HINT;
    case ZYDIS_MNEMONIC_VPCLMULQDQ:
        return insn->class == X86_AVX_PCLMULQDQ;
    case ZYDIS_MNEMONIC_MOV:
        return insn->map == MAP_0F && insn->opcode >= 0x20 && insn->opcode <= 0x23 && insn->class == X86_INVALID;
    default:
        return false;
    }
}

static uint64_t state;
static unsigned draw(unsigned bits)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 20) & ((1u << bits) - 1);
}

/* An encoding of some cell at `b`, and bytes by chance behind it. */
static void encode(unsigned char *b)
{
    static const unsigned char prefixes[4] = {0, 0x66, 0xf3, 0xf2}, vex[4] = {1, 2, 3, 3},
                               evex[8] = {1, 2, 3, 5, 6, 1, 2, 3};
    unsigned n = 0;
    for (unsigned i = 0; i < ROOM; i++)
        b[i] = (unsigned char)draw(8);
    switch (draw(2)) {
    case 0: {
        unsigned map = draw(2), prefix = prefixes[draw(2)];
        if (prefix)
            b[n++] = (unsigned char)prefix;
        if (draw(1))
            b[n++] = (unsigned char)(0x40 | draw(4));
        if (map)
            b[n++] = 0x0f;
        if (map > 1)
            b[n++] = map == 2 ? 0x38 : 0x3a;
        break;
    }
    case 1:
        b[0] = 0xc4;
        b[1] = (unsigned char)((b[1] & 0xe0) | vex[draw(2)]);
        if (draw(1))
            b[2] |= 0x78; /* no register in vvvv */
        break;
    case 2:
        b[0] = 0x62;
        b[1] = (unsigned char)((b[1] & 0xf0) | evex[draw(3)]);
        b[2] |= draw(1) ? 0x7c : 4;
        b[3] |= 8;
        break;
    default:
        b[0] = 0x8f;
        b[1] = (unsigned char)((b[1] & 0xe0) | (8 + draw(2) % 3));
        break;
    }
}

static bool agree(const ZydisDecoder *decoder, const unsigned char *bytes, unsigned long *decoded)
{
    ZydisDecodedInstruction z;
    struct x86_insn insn;
    unsigned length = x86_decode(bytes, ROOM, &insn);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(decoder, NULL, bytes, ROOM, &z)))
        return true;
    if (strncmp(ZydisISASetGetString(z.meta.isa_set), "KNC", 3) == 0)
        return true; /* the Xeon Phi coprocessor's, which no system boots from */
    ++*decoded;
    struct features a = ours(&insn), b = theirs(&z);
    if (length == z.length && insn.class != X86_INVALID && memcmp(&a, &b, sizeof a) == 0)
        return true;
    if (explained(&z, &insn) && (length == z.length || insn.class == X86_INVALID))
        return true;
    for (unsigned i = 0; i < z.length; i++)
        printf("%02x", bytes[i]);
    printf(": Zydis %s, %u bytes, %s; ours %u bytes%s\n", ZydisMnemonicGetString(z.mnemonic), z.length,
           ZydisISASetGetString(z.meta.isa_set), length,
           insn.class == X86_INVALID  ? ", undefined"
           : memcmp(&a, &b, sizeof a) ? ", other features"
                                      : "");
    return false;
}

int main(int argc, char **argv)
{
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, decoded = 0, complaints = 0;
    ZydisDecoder decoder;
    state = argc > 2 ? strtoul(argv[2], NULL, 10) : 88172645463325252u;
    if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return 1;
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_FALSE);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_CLDEMOTE, ZYAN_TRUE);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_WBNOINVD, ZYAN_TRUE);
    for (unsigned long i = 0; i < count; i++) {
        unsigned char bytes[ROOM];
        encode(bytes);
        complaints += !agree(&decoder, bytes, &decoded);
    }
    printf("%lu encodings, %lu of them defined for Zydis, %lu complaints\n", count, decoded, complaints);
    return complaints || decoded < count / 20;
}
