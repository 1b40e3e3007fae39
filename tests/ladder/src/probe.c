/* Which instructions does this processor execute? Prints the name of each feature whose instruction raised no SIGILL.
 * This, and no list of anyone, says what a CPU model of qemu has. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
static sigjmp_buf back;
static _Alignas(64) uint8_t memory[1024];
static void caught(int number)
{
    (void)number;
    siglongjmp(back, 1);
}
#define PROBE(name, text)                                                                                              \
    if (!sigsetjmp(back, 1)) {                                                                                         \
        __asm__ volatile(text::[m] "r"(memory) : CLOBBERED);                                                           \
        puts(name);                                                                                                    \
    }
#if defined __x86_64__
#define CLOBBERED "rax", "rbx", "rcx", "rdx", "xmm0", "xmm1", "xmm2", "cc", "memory"
static void probe(void)
{
    PROBE("SSE3", "addsubps %%xmm1, %%xmm0")
    PROBE("SSSE3", "pshufb %%xmm1, %%xmm0")
    PROBE("SSE4.1", "pmulld %%xmm1, %%xmm0")
    PROBE("SSE4.2", "pcmpgtq %%xmm1, %%xmm0")
    PROBE("POPCNT", "popcnt %%rax, %%rcx")
    PROBE("CMPXCHG16B", "lock cmpxchg16b (%[m])")
    PROBE("LAHF-SAHF", "lahf")
    PROBE("AVX", "vaddps %%ymm1, %%ymm0, %%ymm0")
    PROBE("AVX2", "vpaddd %%ymm1, %%ymm0, %%ymm0")
    PROBE("BMI1", "andn %%rax, %%rcx, %%rcx")
    PROBE("BMI2", "shlx %%rax, %%rcx, %%rcx")
    PROBE("F16C", "vcvtph2ps %%xmm0, %%ymm1")
    PROBE("FMA", "vfmadd231ps %%xmm2, %%xmm1, %%xmm0")
    PROBE("MOVBE", "movbe (%[m]), %%eax")
    PROBE("XSAVE", "xor %%ecx, %%ecx\n\txgetbv")
    PROBE("AES", "aesenc %%xmm1, %%xmm0")
    PROBE("PCLMULQDQ", "pclmulqdq $0, %%xmm1, %%xmm0")
    PROBE("ADX", "adcx %%rax, %%rcx")
    PROBE("RDRAND", "rdrand %%rax")
    PROBE("RDSEED", "rdseed %%rax")
    PROBE("RDTSCP", "rdtscp")
    PROBE("SHA", "sha256msg1 %%xmm1, %%xmm0")
    PROBE("FSGSBASE", "rdgsbase %%rax")
    PROBE("CLFLUSHOPT", "clflushopt (%[m])")
    PROBE("AVX512F", "vpaddd %%zmm1, %%zmm0, %%zmm0")
    PROBE("AVX512BW", "vpaddw %%zmm1, %%zmm0, %%zmm0")
    PROBE("AVX512CD", "vpconflictd %%zmm1, %%zmm0")
    PROBE("AVX512DQ", "vpmullq %%zmm1, %%zmm0, %%zmm0")
    PROBE("AVX512VL", "vpandd %%xmm1, %%xmm0, %%xmm0")
    PROBE("AVX512_VBMI", "vpermb %%zmm1, %%zmm0, %%zmm0")
    PROBE("AVX512_VNNI", "vpdpbusd %%zmm2, %%zmm1, %%zmm0")
    PROBE("GFNI", "gf2p8mulb %%xmm1, %%xmm0")
    PROBE("VAES", "vaesenc %%ymm2, %%ymm1, %%ymm0")
    PROBE("VPCLMULQDQ", "vpclmulqdq $0, %%ymm2, %%ymm1, %%ymm0")
    if (!sigsetjmp(back, 1)) { /* no trap where it is missing, but another answer */
        uint64_t zeros;
        __asm__ volatile("lzcnt %1, %0" : "=r"(zeros) : "r"((uint64_t)1) : "cc");
        if (zeros == 63)
            puts("LZCNT");
    }
}
#else
#define CLOBBERED "x9", "x10", "x11", "v16", "v17", "v18", "cc", "memory"
static void probe(void)
{
    PROBE("FEAT_CRC32", ".arch armv8-a+crc\n\tcrc32w w9, w9, w10")
    PROBE("FEAT_AES", ".arch armv8-a+crypto\n\taese v16.16b, v17.16b")
    PROBE("FEAT_PMULL", ".arch armv8-a+crypto\n\tpmull v16.1q, v17.1d, v18.1d")
    PROBE("FEAT_SHA1", ".arch armv8-a+crypto\n\tsha1h s16, s17")
    PROBE("FEAT_SHA256", ".arch armv8-a+crypto\n\tsha256h q16, q17, v18.4s")
    PROBE("FEAT_LSE", ".arch armv8.1-a\n\tldadd w9, w10, [%[m]]")
    PROBE("FEAT_LOR", ".arch armv8.1-a\n\tldlar w9, [%[m]]")
    PROBE("FEAT_RDM", ".arch armv8.1-a\n\tsqrdmlah v16.4s, v17.4s, v18.4s")
    PROBE("FEAT_FP16", ".arch armv8.2-a+fp16\n\tfadd v16.8h, v17.8h, v18.8h")
    PROBE("FEAT_DotProd", ".arch armv8.2-a+dotprod\n\tsdot v16.4s, v17.16b, v18.16b")
    PROBE("FEAT_FHM", ".arch armv8.2-a+fp16fml\n\tfmlal v16.4s, v17.4h, v18.4h")
    PROBE("FEAT_SHA512", ".arch armv8.2-a+sha3\n\tsha512h q16, q17, v18.2d")
    PROBE("FEAT_SHA3", ".arch armv8.2-a+sha3\n\teor3 v16.16b, v16.16b, v17.16b, v18.16b")
    PROBE("FEAT_SM3", ".arch armv8.2-a+sm4\n\tsm3partw1 v16.4s, v17.4s, v18.4s")
    PROBE("FEAT_SM4", ".arch armv8.2-a+sm4\n\tsm4e v16.4s, v17.4s")
    PROBE("FEAT_LRCPC", ".arch armv8.3-a\n\tldapr w9, [%[m]]")
    PROBE("FEAT_JSCVT", ".arch armv8.3-a\n\tfjcvtzs w9, d16")
    PROBE("FEAT_FCMA", ".arch armv8.3-a\n\tfcadd v16.4s, v17.4s, v18.4s, #90")
    PROBE("FEAT_PAuth", ".arch armv8.3-a\n\tpacia x9, x10")
    PROBE("FEAT_LRCPC2", ".arch armv8.4-a\n\tldapur w9, [%[m], #4]")
    PROBE("FEAT_FlagM", ".arch armv8.4-a\n\tcfinv")
    PROBE("FEAT_DIT", ".arch armv8.4-a\n\tmrs x9, dit")
    PROBE("FEAT_FlagM2", ".arch armv8.5-a\n\txaflag")
    PROBE("FEAT_FRINTTS", ".arch armv8.5-a\n\tfrint32z v16.4s, v17.4s")
    PROBE("FEAT_SB", ".arch armv8.5-a\n\tsb")
    PROBE("FEAT_SSBS", ".arch armv8.5-a+ssbs\n\tmrs x9, ssbs")
    PROBE("FEAT_RNG", ".arch armv8.5-a+rng\n\tmrs x9, rndr")
    PROBE("FEAT_MTE", ".arch armv8.5-a+memtag\n\tirg x9, x10")
    PROBE("FEAT_I8MM", ".arch armv8.6-a\n\tsmmla v16.4s, v17.16b, v18.16b")
    PROBE("FEAT_BF16", ".arch armv8.6-a\n\tbfdot v16.4s, v17.8h, v18.8h")
    PROBE("FEAT_SVE", ".arch armv8.2-a+sve\n\tadd z16.s, z17.s, z18.s")
    PROBE("FEAT_SVE2", ".arch armv8.5-a+sve2\n\teor3 z16.d, z16.d, z17.d, z18.d")
    PROBE("FEAT_SVE_AES", ".arch armv8.5-a+sve2-aes\n\taese z16.b, z16.b, z17.b")
    PROBE("FEAT_SVE_BitPerm", ".arch armv8.5-a+sve2-bitperm\n\tbext z16.b, z17.b, z18.b")
    PROBE("FEAT_F32MM", ".arch armv8.6-a+f32mm\n\tfmmla z16.s, z17.s, z18.s")
    PROBE("FEAT_F64MM", ".arch armv8.6-a+f64mm\n\tfmmla z16.d, z17.d, z18.d")
}
#endif
int main(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = caught;
    sigaction(SIGILL, &action, NULL);
    setvbuf(stdout, NULL, _IONBF, 0);
    probe();
    return 0;
}
