/* One feature of a processor, three ways: rich() uses it, plain() does the same work without it, has() asks for it.
 * -DFEATURE_x says which. rich() is a loop that the compiler may vectorise for the feature, and one instruction that
 * surely is there. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined __x86_64__
#include <cpuid.h>
static inline int cpuid_bit(unsigned leaf, int reg, unsigned bit)
{
    unsigned r[4];
    return __get_cpuid_count(leaf, 0, &r[0], &r[1], &r[2], &r[3]) && r[reg] >> bit & 1;
}
/* The operating system keeps the registers that the bits of XCR0 stand for. */
static inline int xcr0_has(unsigned bits)
{
    unsigned low, high;
    if (!cpuid_bit(1, 2, 27))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & bits) == bits;
}
#define ASM(text, ...) __asm__ volatile(text __VA_ARGS__)
#if defined FEATURE_SSE3
#define TARGET  "sse3"
#define USE()   ASM("addsubps %%xmm1, %%xmm0", ::: "xmm0")
#define CPUID() cpuid_bit(1, 2, 0)
#elif defined FEATURE_SSSE3
#define TARGET  "ssse3"
#define USE()   ASM("pshufb %%xmm1, %%xmm0", ::: "xmm0")
#define CPUID() cpuid_bit(1, 2, 9)
#elif defined FEATURE_SSE41
#define TARGET  "sse4.1"
#define USE()   ASM("pmulld %%xmm1, %%xmm0", ::: "xmm0")
#define CPUID() cpuid_bit(1, 2, 19)
#elif defined FEATURE_SSE42
#define TARGET  "sse4.2"
#define USE()   ASM("pcmpgtq %%xmm1, %%xmm0", ::: "xmm0")
#define CPUID() cpuid_bit(1, 2, 20)
#elif defined FEATURE_POPCNT
#define TARGET  "popcnt"
#define USE()   ASM("popcnt %%rax, %%rcx", ::: "rcx", "cc")
#define CPUID() cpuid_bit(1, 2, 23)
#elif defined FEATURE_CX16
#define TARGET  "cx16"
static _Alignas(16) uint64_t cell[2];
#define USE()   ASM("lock cmpxchg16b %0", : "+m"(cell)::"rax", "rdx", "cc")
#define CPUID() cpuid_bit(1, 2, 13)
#elif defined FEATURE_AVX
#define TARGET  "avx"
#define USE()   ASM("vaddps %%ymm1, %%ymm0, %%ymm0", ::: "xmm0")
#define CPUID() (cpuid_bit(1, 2, 28) && xcr0_has(6))
#elif defined FEATURE_AVX2
#define TARGET  "avx2"
#define USE()   ASM("vpaddd %%ymm1, %%ymm0, %%ymm0", ::: "xmm0")
#define CPUID() (cpuid_bit(7, 1, 5) && xcr0_has(6))
#elif defined FEATURE_BMI1
#define TARGET  "bmi"
#define USE()   ASM("andn %%rax, %%rcx, %%rcx", ::: "rcx", "cc")
#define CPUID() cpuid_bit(7, 1, 3)
#elif defined FEATURE_BMI2
#define TARGET  "bmi2"
#define USE()   ASM("shlx %%rax, %%rcx, %%rcx", ::: "rcx")
#define CPUID() cpuid_bit(7, 1, 8)
#elif defined FEATURE_FMA
#define TARGET  "fma"
#define USE()   ASM("vfmadd231ps %%xmm2, %%xmm1, %%xmm0", ::: "xmm0")
#define CPUID() (cpuid_bit(1, 2, 12) && xcr0_has(6))
#elif defined FEATURE_MOVBE
#define TARGET  "movbe"
static uint32_t cell;
#define USE()   ASM("movbe %0, %%eax", ::"m"(cell) : "rax")
#define CPUID() cpuid_bit(1, 2, 22)
#elif defined FEATURE_AES
#define TARGET  "aes"
#define USE()   ASM("aesenc %%xmm1, %%xmm0", ::: "xmm0")
#define CPUID() cpuid_bit(1, 2, 25)
#elif defined FEATURE_ADX
#define TARGET  "adx"
#define USE()   ASM("adcx %%rax, %%rcx", ::: "rcx", "cc")
#define CPUID() cpuid_bit(7, 1, 19)
#else /* FEATURE_AVX512F */
#define TARGET  "avx512f"
#define USE()   ASM("vpaddd %%zmm1, %%zmm0, %%zmm0", ::: "xmm0")
#define CPUID() (cpuid_bit(7, 1, 16) && xcr0_has(0xe6))
#endif
#define CPU_SUPPORTS() __builtin_cpu_supports(TARGET)
#ifndef ASK /* -DASK=CPU_SUPPORTS: by the compiler's own table */
#define ASK CPUID
#endif

#elif defined __aarch64__
#include <sys/auxv.h>
#define HWCAP(bit)                (getauxval(AT_HWCAP) >> (bit)&1)
#define HWCAP2(bit)               (getauxval(AT_HWCAP2) >> (bit)&1)
#define ASM(extension, text, ...) __asm__ volatile(".arch " extension "\n\t" text __VA_ARGS__)
static __attribute__((unused)) uint32_t cell;
#if defined FEATURE_CRC32
#define TARGET "+crc"
#define USE()  ASM("armv8-a+crc", "crc32w w9, w9, w10", ::: "x9")
#define AUX()  HWCAP(7)
#elif defined FEATURE_AES
#define TARGET "+crypto"
#define USE()  ASM("armv8-a+crypto", "aese v16.16b, v17.16b", ::: "v16")
#define AUX()  HWCAP(3)
#elif defined FEATURE_LSE
#define TARGET "+lse"
#define USE()  ASM("armv8.1-a", "ldadd w9, w10, %0", : "+Q"(cell)::"x10")
#define AUX()  HWCAP(8)
#elif defined FEATURE_RDM
#define TARGET "arch=armv8.1-a"
#define USE()  ASM("armv8.1-a", "sqrdmlah v16.4s, v17.4s, v18.4s", ::: "v16")
#define AUX()  HWCAP(12)
#elif defined FEATURE_FP16
#define TARGET "arch=armv8.2-a+fp16"
#define USE()  ASM("armv8.2-a+fp16", "fadd v16.8h, v17.8h, v18.8h", ::: "v16")
#define AUX()  HWCAP(10)
#elif defined FEATURE_DOTPROD
#define TARGET "arch=armv8.2-a+dotprod"
#define USE()  ASM("armv8.2-a+dotprod", "sdot v16.4s, v17.16b, v18.16b", ::: "v16")
#define AUX()  HWCAP(20)
#elif defined FEATURE_LRCPC
#define TARGET "arch=armv8.3-a"
#define USE()  ASM("armv8.3-a", "ldapr w9, %0", ::"Q"(cell) : "x9")
#define AUX()  HWCAP(15)
#elif defined FEATURE_JSCVT
#define TARGET "arch=armv8.3-a"
#define USE()  ASM("armv8.3-a", "fjcvtzs w9, d16", ::: "x9", "cc")
#define AUX()  HWCAP(13)
#elif defined FEATURE_PAUTH
#define TARGET "arch=armv8.3-a"
#define USE()  ASM("armv8.3-a", "pacia x9, x10", ::: "x9")
#define AUX()  HWCAP(30)
#elif defined FEATURE_SHA512
#define TARGET "arch=armv8.2-a"
#define USE()  ASM("armv8.2-a+sha3", "sha512h q16, q17, v18.2d", ::: "v16")
#define AUX()  HWCAP(21)
#elif defined FEATURE_SVE
#define TARGET "arch=armv8.2-a+sve"
#define USE()  ASM("armv8.2-a+sve", "add z16.s, z17.s, z18.s", ::: "v16")
#define AUX()  HWCAP(22)
#elif defined FEATURE_SVE2
#define TARGET "arch=armv8.2-a+sve"
#define USE()  ASM("armv8.5-a+sve2", "eor3 z16.d, z16.d, z17.d, z18.d", ::: "v16")
#define AUX()  HWCAP2(1)
#elif defined FEATURE_FLAGM
#define TARGET "arch=armv8.2-a"
#define USE()  ASM("armv8.4-a", "cfinv", ::: "cc")
#define AUX()  HWCAP(27)
#else /* FEATURE_I8MM */
#define TARGET "arch=armv8.2-a"
#define USE()  ASM("armv8.6-a", "smmla v16.4s, v17.16b, v18.16b", ::: "v16")
#define AUX()  HWCAP2(13)
#endif
#ifndef ASK
#define ASK AUX
#endif
#endif

#ifdef NO_TARGET /* the level of the whole program is the feature's */
#define RICH __attribute__((noinline, unused))
#else
#define RICH __attribute__((noinline, unused, target(TARGET)))
#endif

static uint32_t numbers[256];

RICH static uint32_t rich(uint32_t x)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < 256; i++)
        sum += numbers[i] ^ x;
    USE();
    return sum;
}

__attribute__((noinline, unused)) static uint32_t plain(uint32_t x)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < 256; i++)
        sum += numbers[i] ^ x;
    return sum;
}

static inline int has(void)
{
    return ASK() ? 1 : 0;
}

static inline int done(uint32_t sum)
{
    printf("done %u\n", (unsigned)sum);
    return 0;
}
