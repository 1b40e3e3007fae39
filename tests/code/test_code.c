/* The decoders, and the table of processors. What each encoding is was taken from LLVM 19 and Zydis 4, not from our tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/cpu.h"
#include "checks/code/x86.h"

static const struct {
    const char *bytes;
    const char *class;
    enum x86_flow flow;
} encodings[] = {
    {"90", "BASELINE", X86_NEXT},
    {"f390", "BASELINE", X86_NEXT},         /* pause */
    {"0f1f8400000000", NULL, X86_NEXT},     /* cut off */
    {"0f1f840000000000", "HINT", X86_NEXT}, /* nopl 0(rax,rax) */
    {"f30f1efa", "HINT", X86_NEXT},         /* endbr64 */
    {"f3480f1ec8", "HINT", X86_NEXT},       /* rdsspq rax */
    {"0f1804247f", "HINT", X86_NEXT},       /* prefetchnta (rsp), and a byte more */
    {"f30fbcc1", "BASELINE", X86_NEXT},     /* tzcnt eax, ecx */
    {"f30fbdc1", "LZCNT", X86_NEXT},        /* lzcnt eax, ecx */
    {"f30fb8c1", "POPCNT", X86_NEXT},       /* popcnt eax, ecx */
    {"480fc70e", "CX16", X86_NEXT},         /* cmpxchg16b (rsi) */
    {"0fc70e", "BASELINE", X86_NEXT},       /* cmpxchg8b (rsi) */
    {"9f", "LAHF", X86_NEXT},
    {"0f58c1", "SSE", X86_NEXT},         /* addps */
    {"f20f12c1", "SSE3", X86_NEXT},      /* movddup */
    {"660f3800c1", "SSSE3", X86_NEXT},   /* pshufb */
    {"660f3a0bc103", "SSE41", X86_NEXT}, /* roundsd */
    {"f20f38f1c1", "SSE42", X86_NEXT},   /* crc32 */
    {"0f38f001", "MOVBE", X86_NEXT},
    {"660f38f6c1", "ADX", X86_NEXT}, /* adcx */
    {"0f01d0", "XSAVE", X86_NEXT},   /* xgetbv */
    {"0f01f9", "RDTSCP", X86_NEXT},
    {"0fc7f0", "RDRAND", X86_NEXT},
    {"0f01d6", "RTM", X86_NEXT},               /* xtest */
    {"c5f877", "AVX", X86_NEXT},               /* vzeroupper */
    {"c5fd6fc1", "AVX", X86_NEXT},             /* vmovdqa ymm */
    {"c5fdfec1", "AVX2", X86_NEXT},            /* vpaddd ymm */
    {"c5f9fec1", "AVX", X86_NEXT},             /* vpaddd xmm */
    {"c4e27598c2", "FMA", X86_NEXT},           /* vfmadd132ps ymm */
    {"c4e27913c1", "F16C", X86_NEXT},          /* vcvtph2ps */
    {"c4e270f2c2", "BMI1", X86_NEXT},          /* andn */
    {"c4e2f1f7c2", "BMI2", X86_NEXT},          /* shlx */
    {"c4e27bf6c1", "BMI2", X86_NEXT},          /* mulx */
    {"c4e275dcc2", "AVX_VAES", X86_NEXT},      /* vaesenc ymm */
    {"62f1744858c2", "AVX512F", X86_NEXT},     /* vaddps zmm */
    {"62f1742858c2", "AVX512F_VL", X86_NEXT},  /* vaddps ymm, EVEX */
    {"62f1741858c2", "AVX512F", X86_NEXT},     /* vaddps zmm {rn-sae} */
    {"62f17548fcc2", "AVX512BW", X86_NEXT},    /* vpaddb zmm */
    {"62f2754850c2", "AVX512_VNNI", X86_NEXT}, /* vpdpbusd zmm */
    {"c5f841c1", NULL, X86_NEXT},              /* kandw with L0: undefined */
    {"c5f441c2", "AVX512F", X86_NEXT},         /* kandw */
    {"8fe97881c1", "XOP", X86_NEXT},           /* vfrczpd */
    {"d51801c8", "APX_F", X86_NEXT},           /* add eax, r.., REX2 */
    {"0f0b", "BASELINE", X86_STOP},            /* ud2 */
    {"06", NULL, X86_STOP},                    /* push es: undefined in 64-bit mode */
    {"c3", "BASELINE", X86_RETURN},
    {"e800000000", "BASELINE", X86_CALL},
    {"66e900000000", "BASELINE", X86_JUMP}, /* 32 bits in spite of the prefix, as Intel has it */
    {"7505", "BASELINE", X86_BRANCH},
    {"0f8400000000", "BASELINE", X86_BRANCH},
    {"ffe0", "BASELINE", X86_JUMP_INDIRECT},
    {"ff1500000000", "BASELINE", X86_CALL_INDIRECT},
    {"0f05", "BASELINE", X86_SYSCALL},
    {"48b80102030405060708", "BASELINE", X86_NEXT}, /* movabs */
    {"66c7001234", "BASELINE", X86_NEXT},           /* movw of an immediate */
    {"c8100000", "BASELINE", X86_NEXT},             /* enter */
};

static size_t parse(const char *text, unsigned char *bytes)
{
    size_t n = strlen(text) / 2;
    for (size_t i = 0; i < n; i++) {
        char two[3] = {text[2 * i], text[2 * i + 1], 0};
        bytes[i] = (unsigned char)strtoul(two, NULL, 16);
    }
    return n;
}

static void x86_encodings_are_what_others_say(void **state)
{
    const struct isa_class *classes;
    (void)state;
    isa_classes(ARCH_AMD64, &classes);
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        unsigned char *bytes = malloc(16);
        struct x86_insn insn;
        size_t n = parse(encodings[i].bytes, bytes);
        unsigned length = x86_decode(bytes, n, &insn);
        if (!encodings[i].class) {
            assert_true(length == 0 || insn.class == X86_INVALID);
        } else {
            assert_int_equal(length, n - (strcmp(encodings[i].bytes, "0f1804247f") == 0));
            assert_string_equal(classes[insn.class].ident, encodings[i].class);
            assert_int_equal(insn.flow, encodings[i].flow);
        }
        free(bytes);
    }
}

static void x86_instructions_that_are_cut_off_have_no_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        unsigned char whole[16];
        struct x86_insn insn;
        unsigned length = x86_decode(whole, parse(encodings[i].bytes, whole), &insn);
        for (unsigned n = 0; n < length && insn.class != X86_INVALID; n++) {
            unsigned char *part = malloc(n ? n : 1); /* exact, so that a read past the end is seen */
            memcpy(part, whole, n);
            struct x86_insn cut;
            unsigned got = x86_decode(part, n, &cut);
            assert_true(got == 0 || cut.class == X86_INVALID || got <= n);
            free(part);
        }
    }
}

static void x86_instructions_have_at_most_fifteen_bytes(void **state)
{
    unsigned char bytes[16];
    struct x86_insn insn;
    (void)state;
    memset(bytes, 0x66, sizeof bytes);
    bytes[14] = 0x90;
    assert_int_equal(x86_decode(bytes, sizeof bytes, &insn), 15);
    bytes[14] = 0x66;
    bytes[15] = 0x90;
    assert_int_equal(x86_decode(bytes, sizeof bytes, &insn), 0);
}

static void a64_words_are_what_others_say(void **state)
{
    static const struct {
        uint32_t word;
        const char *class;
    } words[] = {
        {0xd503201f, "HINT"},        {0xd503233f, "HINT"}, /* paciasp */
        {0xd503245f, "HINT"},                              /* bti c */
        {0x91000420, "BASE"},        {0x88e0fc41, "LSE"},  /* casal */
        {0xb8e00041, "LSE"},                               /* ldaddal */
        {0x885ffc20, "EXCLUSIVE"},                         /* ldaxr */
        {0xb8bfc020, "LRCPC"},       {0x4e284820, "AES"},    {0x4ee0e020, "PMULL"}, {0x5e004020, "SHA256"},
        {0x5e000020, "SHA1"},        {0xce608020, "SHA512"}, {0x1ac04020, "CRC32"}, {0x6e809420, "DOTPROD"},
        {0x1ee02820, "FP16"},        {0x1e602820, "FP"},     {0x4e20d420, "SIMD"}, /* fadd v.4s */
        {0x04200020, "SVE"},         {0x1e7e0020, "JSCVT"},  {0xd65f0bff, "PAUTH"}, {0xd53b2400, "RNG"},
        {0x53200000, "UNALLOCATED"},
    };
    const struct isa_class *classes;
    (void)state;
    isa_classes(ARCH_ARM64, &classes);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_string_equal(classes[a64_classify(words[i].word)].ident, words[i].class);
}

static bool has(const char *cpu, enum feature feature)
{
    struct features features;
    assert_non_null(cpu_read(cpu, &features));
    return features_have(&features, feature);
}

static void cpus_are_made_of_those_before(void **state)
{
    const struct cpu *cpus;
    size_t count = cpu_rows(&cpus);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct features features = cpu_features(&cpus[i]), below = {0};
        const struct cpu *base = cpus[i].base ? cpu_find(cpus[i].base) : NULL;
        assert_true(!cpus[i].base || (base && base < &cpus[i] && base->arch == cpus[i].arch));
        assert_true(cpus[i].level ? !base || base->level : base != NULL);
        assert_true(*cpus[i].what && strlen(cpus[i].what) <= 76 && (cpus[i].level || *cpus[i].source));
        assert_true(cpus[i].adds[CPU_ADDS - 1] == FEATURE_NONE && cpus[i].lacks[CPU_LACKS - 1] == FEATURE_NONE);
        for (unsigned k = 1; k < FEATURE_COUNT; k++)
            assert_true(!features_have(&features, (enum feature)k) || feature_arch((enum feature)k) == cpus[i].arch);
        if (base)
            below = cpu_features(base);
        for (unsigned k = 0; k < CPU_ADDS && cpus[i].adds[k] != FEATURE_NONE; k++)
            assert_false(features_have(&below, (enum feature)cpus[i].adds[k])); /* said twice */
        for (unsigned k = 0; k < CPU_LACKS && cpus[i].lacks[k] != FEATURE_NONE; k++)
            assert_true(features_have(&below, (enum feature)cpus[i].lacks[k]));
    }
}

static void names_and_aliases_of_cpus_are_unlike(void **state)
{
    const struct cpu *cpus;
    size_t count = cpu_rows(&cpus);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        char names[200];
        assert_true(snprintf(names, sizeof names, "%s %s", cpus[i].name, cpus[i].aliases) < (int)sizeof names);
        for (char *name = strtok(names, " "); name; name = strtok(NULL, " "))
            assert_true(cpu_find(name) == &cpus[i]);
    }
    assert_string_equal(cpu_find("Raspberry-Pi-4")->name, "raspberry-pi-4");
    assert_string_equal(cpu_find("v3")->name, "x86-64-v3");
    assert_string_equal(cpu_find("v8")->name, "armv8.0");
    static const char *const none[] = {"", " ", "v", "v5", "x86-64-v", "v1 x86-64", "raspberry-pi-40", "apple", "lse"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_null(cpu_find(none[i]));
}

/* What people get wrong of these machines. */
static void cpus_have_what_they_have(void **state)
{
    (void)state;
    assert_true(has("x86-64-v3", FEATURE_X86_AVX2) && has("x86-64-v3", FEATURE_X86_SSE42));
    assert_false(has("x86-64-v3", FEATURE_X86_AVX512F) || has("alderlake", FEATURE_X86_AVX512F));
    assert_true(has("armv9.0", FEATURE_A64_LSE));
    assert_false(has("armv9.0", FEATURE_A64_BF16) || has("armv9.0", FEATURE_A64_SVE));
    assert_true(has("raspberry-pi-4", FEATURE_A64_CRC32));
    assert_false(has("raspberry-pi-4", FEATURE_A64_AES) || has("raspberry-pi-4", FEATURE_A64_LSE));
    assert_true(has("raspberry-pi-5", FEATURE_A64_AES) && has("raspberry-pi-5", FEATURE_A64_LSE));
    static const char *const apple[] = {"apple-m1", "apple-m2", "apple-m3", "apple-m4"};
    for (size_t i = 0; i < 4; i++) {
        assert_false(has(apple[i], FEATURE_A64_SVE) || has(apple[i], FEATURE_A64_SVE2));
        assert_int_equal(has(apple[i], FEATURE_A64_BF16), i > 0);
        assert_int_equal(has(apple[i], FEATURE_A64_SME), i == 3); /* and so SVE in streaming mode */
    }
}

static void options_of_goarm64_are_read(void **state)
{
    struct features features;
    (void)state;
    assert_true(has("v8.0,lse", FEATURE_A64_LSE) && has("v8.0,lse,crypto", FEATURE_A64_PMULL));
    assert_true(has("lse", FEATURE_A64_LSE) && has("crypto,lse", FEATURE_A64_SHA1));
    assert_true(has("raspberry-pi-4,Crypto", FEATURE_A64_AES));
    assert_false(has("v8.0,crypto", FEATURE_A64_LSE) || has("v8.0,lse", FEATURE_A64_CRC32));
    static const char *const none[] = {"",        ",",      "v8.0,",    ",lse",  "v8.0,lse,",
                                       "v8.0,ls", "v3,lse", "lse,v8.0", "armv7", "sve"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_null(cpu_read(none[i], &features));
}

static void least_level_has_all_that_levels_have(void **state)
{
    static const struct {
        enum arch arch;
        enum feature needs[3];
        const char *level;
        enum feature beyond;
    } rows[] = {
        {ARCH_AMD64, {0}, "x86-64-v1", 0},
        {ARCH_AMD64, {FEATURE_X86_POPCNT, FEATURE_X86_BMI2}, "x86-64-v3", 0},
        {ARCH_AMD64, {FEATURE_X86_SSSE3, FEATURE_X86_SHA}, "x86-64-v2", FEATURE_X86_SHA},
        {ARCH_ARM64, {0}, "armv8.0", 0},
        {ARCH_ARM64, {FEATURE_A64_LSE, FEATURE_A64_AES}, "armv8.1", FEATURE_A64_AES},
        {ARCH_ARM64, {FEATURE_A64_CSSC}, "armv8.9", 0},
        {ARCH_ARM64, {FEATURE_A64_LUT, FEATURE_A64_SVE2}, "armv9.5", FEATURE_A64_SVE2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct features needs = {0}, beyond, expected = {0};
        for (size_t k = 0; k < 3 && rows[i].needs[k] != FEATURE_NONE; k++)
            features_add(&needs, rows[i].needs[k]);
        if (rows[i].beyond != FEATURE_NONE)
            features_add(&expected, rows[i].beyond);
        assert_string_equal(cpu_level(rows[i].arch, &needs, &beyond)->name, rows[i].level);
        assert_memory_equal(&beyond, &expected, sizeof beyond);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x86_encodings_are_what_others_say),
        cmocka_unit_test(x86_instructions_that_are_cut_off_have_no_length),
        cmocka_unit_test(x86_instructions_have_at_most_fifteen_bytes),
        cmocka_unit_test(a64_words_are_what_others_say),
        cmocka_unit_test(cpus_are_made_of_those_before),
        cmocka_unit_test(names_and_aliases_of_cpus_are_unlike),
        cmocka_unit_test(cpus_have_what_they_have),
        cmocka_unit_test(options_of_goarm64_are_read),
        cmocka_unit_test(least_level_has_all_that_levels_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
