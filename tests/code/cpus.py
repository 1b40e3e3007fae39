#!/usr/bin/env python3
"""cpus.py CPUS [COMPILER...]: our table of processors against those of GCC and LLVM.

x86-64: the macros that gcc and clang define for -march. arm64: what llvm-mc assembles for -mcpu, an instruction of each
feature, and the macros of a cross compiler. A compiler that does not know a processor or a feature is not asked about
it; each difference that remains must stand in DIFFERENCES, with its reason. Compilers that are named are tried beside
those that are there: `cpus.py CPUS clang-19 llvm-mc-19 aarch64-linux-gnu-gcc`.
"""
import re
import shutil
import subprocess
import sys

# Where a compiler calls it otherwise. Boards and servers have no name of their own; the core is what is known of them.
NAMES = {"zen1": "znver1", "zen2": "znver2", "zen3": "znver3", "zen4": "znver4", "zen5": "znver5", "barcelona": "amdfam10",
         "bulldozer": "bdver1", "piledriver": "bdver2", "jaguar": "btver2", "raspberry-pi-3": "cortex-a53",
         "raspberry-pi-4": "cortex-a72", "raspberry-pi-5": "cortex-a76", "rk3399": "cortex-a53", "rk3588": "cortex-a55",
         "jetson-nano": "cortex-a57", "jetson-tx2": "cortex-a57", "jetson-xavier": "carmel", "jetson-orin": "cortex-a78ae",
         "graviton1": "cortex-a72", "graviton2": "neoverse-n1", "graviton3": "neoverse-v1", "graviton4": "neoverse-v2",
         "ampere-altra": "neoverse-n1", "ampereone": "ampere1", "google-axion": "neoverse-v2", "nvidia-grace": "neoverse-v2",
         "cobalt-100": "neoverse-n2"}

# Macros of x86 compilers; what has none is not compared.
X86 = {"__3dNOW__": "3DNow!", "__SSE3__": "SSE3", "__SSSE3__": "SSSE3", "__SSE4_1__": "SSE4.1", "__SSE4_2__": "SSE4.2", "__SSE4A__": "SSE4A",
       "__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16": "CMPXCHG16B", "__LAHF_SAHF__": "LAHF-SAHF", "__POPCNT__": "POPCNT", "__PCLMUL__": "PCLMULQDQ",
       "__AVX512BF16__": "AVX512_BF16", "__AVX512BITALG__": "AVX512_BITALG", "__AVX512FP16__": "AVX512_FP16", "__AVX512IFMA__": "AVX512_IFMA",
       "__AVX512VBMI__": "AVX512_VBMI", "__AVX512VBMI2__": "AVX512_VBMI2", "__AVX512VNNI__": "AVX512_VNNI", "__BMI__": "BMI1",
       "__AVX512VP2INTERSECT__": "AVX512_VP2INTERSECT", "__AVX512VPOPCNTDQ__": "AVX512_VPOPCNTDQ", "__AVXVNNI__": "AVX_VNNI",
       "__AVXIFMA__": "AVX_IFMA", "__AVXNECONVERT__": "AVX_NE_CONVERT", "__AVXVNNIINT8__": "AVX_VNNI_INT8", "__RDRND__": "RDRAND",
       "__AVXVNNIINT16__": "AVX_VNNI_INT16", "__RAOINT__": "RAO_INT", "__SHSTK__": "CET_SS", "__WIDEKL__": "WIDE_KL",
       **{f"__{name}__": name for name in (
           "ADX AES AMX_BF16 AMX_COMPLEX AMX_FP16 AMX_INT8 AMX_TILE AVX AVX2 AVX512BW AVX512CD AVX512DQ AVX512ER AVX512F AVX512PF "
           "AVX512VL BMI2 CLFLUSHOPT CLWB CLZERO CMPCCXADD ENQCMD F16C FMA FMA4 FSGSBASE GFNI HRESET KL LWP LZCNT MOVBE MOVDIR64B "
           "MOVDIRI MWAITX PCONFIG PKU PTWRITE RDPID RDPRU RDSEED RTM SERIALIZE SGX SHA SHA512 SM3 SM4 TBM TSXLDTRK UINTR "
           "VAES VPCLMULQDQ WAITPKG XOP XSAVE XSAVEC XSAVEOPT XSAVES").split()}}
# Macros of the Arm C Language Extensions
A64 = {"CRC32": ["FEAT_CRC32"], "ATOMICS": ["FEAT_LSE"], "QRDMX": ["FEAT_RDM"], "FP16_SCALAR_ARITHMETIC": ["FEAT_FP16"],
       "FP16_FML": ["FEAT_FHM"], "DOTPROD": ["FEAT_DotProd"], "COMPLEX": ["FEAT_FCMA"], "JCVT": ["FEAT_JSCVT"],
       "AES": ["FEAT_AES", "FEAT_PMULL"], "SHA2": ["FEAT_SHA1", "FEAT_SHA256"], "SHA3": ["FEAT_SHA3"], "SHA512": ["FEAT_SHA512"],
       "SM3": ["FEAT_SM3"], "SM4": ["FEAT_SM4"], "SVE": ["FEAT_SVE"], "SVE2": ["FEAT_SVE2"], "SVE2_BITPERM": ["FEAT_SVE_BitPerm"],
       "SVE2_AES": ["FEAT_SVE_AES"], "SVE2_SHA3": ["FEAT_SVE_SHA3"], "SVE2_SM4": ["FEAT_SVE_SM4"], "RNG": ["FEAT_RNG"],
       "BF16_VECTOR_ARITHMETIC": ["FEAT_BF16"], "MATMUL_INT8": ["FEAT_I8MM"], "MEMORY_TAGGING": ["FEAT_MTE"]}

# An instruction of each feature, and what switches it on in LLVM.
LINES = {
    "FEAT_AES": ("aese v0.16b, v1.16b", "aes"), "FEAT_PMULL": ("pmull v0.1q, v1.1d, v2.1d", "aes"),
    "FEAT_SHA1": ("sha1h s0, s1", "sha2"), "FEAT_SHA256": ("sha256h q0, q1, v2.4s", "sha2"),
    "FEAT_SHA3": ("eor3 v0.16b, v1.16b, v2.16b, v3.16b", "sha3"), "FEAT_SHA512": ("sha512h q0, q1, v2.2d", "sha3"),
    "FEAT_SM3": ("sm3partw1 v0.4s, v1.4s, v2.4s", "sm4"), "FEAT_SM4": ("sm4e v0.4s, v1.4s", "sm4"),
    "FEAT_BF16": ("bfdot v0.2s, v1.4h, v2.4h", "bf16"), "FEAT_CRC32": ("crc32b w0, w1, w2", "crc"),
    "FEAT_CSSC": ("abs x0, x1", "cssc"), "FEAT_DIT": ("msr dit, #1", "v8.4a"), "FEAT_DotProd": ("udot v0.2s, v1.8b, v2.8b", "dotprod"),
    "FEAT_DPB": ("dc cvap, x0", "v8.2a"), "FEAT_DPB2": ("dc cvadp, x0", "v8.5a"), "FEAT_ECV": ("mrs x0, cntvctss_el0", "v8.6a"),
    "FEAT_FAMINMAX": ("famax v0.4h, v1.4h, v2.4h", "faminmax"), "FEAT_FCMA": ("fcadd v0.2s, v1.2s, v2.2s, #90", "v8.3a"),
    "FEAT_FHM": ("fmlal v0.2s, v1.2h, v2.2h", "fp16fml"), "FEAT_FlagM": ("cfinv", "v8.4a"), "FEAT_FlagM2": ("axflag", "v8.5a"),
    "FEAT_FP16": ("fadd h0, h1, h2", "fullfp16"), "FEAT_FRINTTS": ("frint32z s0, s1", "v8.5a"), "FEAT_HBC": ("bc.eq #8", "hbc"),
    "FEAT_I8MM": ("smmla v0.4s, v1.16b, v2.16b", "i8mm"), "FEAT_JSCVT": ("fjcvtzs w0, d1", "v8.3a"),
    "FEAT_LOR": ("ldlar x0, [x1]", "v8.1a"), "FEAT_LRCPC": ("ldapr x0, [x1]", "v8.3a"), "FEAT_LRCPC2": ("ldapur x0, [x1, #8]", "v8.4a"),
    "FEAT_LSE": ("cas w0, w1, [x2]", "lse"), "FEAT_LUT": ("luti2 v0.16b, v1.16b, v2[0]", "lut"),
    "FEAT_MOPS": ("cpyfp [x0]!, [x1]!, x2!", "mops"), "FEAT_MTE": ("irg x0, x1", "mte"), "FEAT_PAuth": ("pacga x0, x1, x2", "v8.3a"),
    "FEAT_RDM": ("sqrdmlah v0.4h, v1.4h, v2.4h", "v8.1a"), "FEAT_RNG": ("mrs x0, rndr", "rand"), "FEAT_SB": ("sb", "v8.5a"),
    "FEAT_SME": ("fmopa za0.s, p0/m, p1/m, z0.s, z1.s", "sme"), "FEAT_SME2": ("zero {zt0}", "sme2"), "FEAT_SME_F64F64": ("fmopa za0.d, p0/m, p1/m, z0.d, z1.d", "sme-f64f64"),
    "FEAT_SME_I16I64": ("smopa za0.d, p0/m, p1/m, z0.h, z1.h", "sme-i16i64"), "FEAT_SPECRES": ("cfp rctx, x0", "v8.5a"),
    "FEAT_SSBS": ("msr ssbs, #1", "v8.5a"), "FEAT_SVE": ("compact z0.s, p0, z1.s", "sve"), "FEAT_SVE2": ("histseg z0.b, z1.b, z2.b", "sve2"),
    "FEAT_SVE_AES": ("aese z0.b, z0.b, z1.b", "sve2-aes"), "FEAT_SVE_PMULL128": ("pmullb z0.q, z1.d, z2.d", "sve2-aes"),
    "FEAT_SVE_BitPerm": ("bext z0.b, z1.b, z2.b", "sve2-bitperm"), "FEAT_SVE_SHA3": ("rax1 z0.d, z1.d, z2.d", "sve2-sha3"),
    "FEAT_SVE_SM4": ("sm4e z0.s, z0.s, z1.s", "sve2-sm4"), "FEAT_WFxT": ("wfet x0", "v8.7a"), "FEAT_XS": ("dsb synxs", "v8.7a")}

CORES = "cortex-a53 cortex-a55 cortex-a57 cortex-a72 cortex-a76 cortex-a78 neoverse-n1 neoverse-v1 neoverse-n2"
WITH_CRYPTO = ("raspberry-pi-5 rk3399 rk3588 jetson-nano jetson-tx2 jetson-orin graviton1 graviton2 graviton3 graviton4 ampere-altra "
               "ampereone google-axion cobalt-100 nvidia-grace")
CRYPTO = "FEAT_AES FEAT_PMULL FEAT_SHA1 FEAT_SHA256"
MORE_CRYPTO = "FEAT_SHA3 FEAT_SHA512 FEAT_SM3 FEAT_SM4"

# Processors, whether a feature is here and not there (+) or the other way (-), features, why; "*" are all of them.
DIFFERENCES = [
    ("*", "-", "XSAVES PCONFIG HRESET", "for the kernel alone"),
    ("*", "-", "SGX KL WIDE_KL CET_SS UINTR", "off until firmware and system switch it on"),
    ("bulldozer piledriver", "-", "LWP", "no system switches it on"),
    ("sapphirerapids", "-", "AVX512_VP2INTERSECT", "a mistake that GCC 13 and LLVM 15 mended"),
    ("sapphirerapids", "+", "AMX_BF16 AMX_INT8 AMX_TILE", "LLVM 14 gives it to no processor"),
    ("zen2 zen3", "+", "RDPRU", "GCC 12 and LLVM 14 do not know it"),
    ("k8 barcelona", "+", "3DNow!", "LLVM 19 has dropped it"),
    ("armv9.0 armv9.1 armv9.2 armv9.3 armv9.4 armv9.5", "-", "FEAT_SVE FEAT_SVE2 FEAT_FP16 FEAT_FHM",
     "an option of Armv9-A that compilers take for granted"),
    ("armv9.5", "+", "FEAT_FAMINMAX", "clang -march=armv9.5-a has it, llvm-mc +v9.5a has not"),
    (CORES, "-", CRYPTO + " " + MORE_CRYPTO, "an option that LLVM takes for granted"),
    ("raspberry-pi-3 raspberry-pi-4", "-", CRYPTO, "an option that these boards are without: /proc/cpuinfo"),
    (WITH_CRYPTO, "+", CRYPTO, "an option that the machine has: /proc/cpuinfo"),
    ("graviton3 google-axion cobalt-100 nvidia-grace", "+", MORE_CRYPTO, "an option that the machine has: /proc/cpuinfo"),
    ("graviton4 ampereone", "+", "FEAT_SHA3 FEAT_SHA512", "an option that the machine has: /proc/cpuinfo"),
    ("graviton4 google-axion cobalt-100 nvidia-grace", "+", "FEAT_SVE_AES FEAT_SVE_SHA3", "an option that the machine has: /proc/cpuinfo"),
    ("graviton4 google-axion nvidia-grace", "+", "FEAT_SVE_PMULL128", "an option that the machine has: /proc/cpuinfo"),
    ("google-axion cobalt-100 nvidia-grace", "+", "FEAT_SVE_SM4", "an option that the machine has: /proc/cpuinfo"),
    ("graviton4 google-axion cobalt-100 nvidia-grace", "-", "FEAT_MTE", "the machine is without: /proc/cpuinfo"),
    ("raspberry-pi-5 google-axion cobalt-100", "-", "FEAT_SSBS", "hidden for an erratum: /proc/cpuinfo"),
    ("cobalt-100", "-", "FEAT_DIT", "not seen in its virtual machines: /proc/cpuinfo"),
    ("nvidia-grace", "-", "FEAT_PAuth FEAT_RNG", "not seen on the machine: /proc/cpuinfo"),
    ("jetson-orin", "+", "FEAT_FlagM FEAT_LRCPC2 FEAT_PAuth", "LLVM's cortex-a78ae is without, the machine is not: lscpu"),
    ("neoverse-n2 cobalt-100", "-", "FEAT_RNG", "GCC 12 gives it to the core, machines are without: /proc/cpuinfo"),
    ("neoverse-n2 cobalt-100", "+", "FEAT_FHM", "LLVM 14 forgot it: /proc/cpuinfo"),
    ("ampereone", "+", "FEAT_FHM FEAT_FP16 FEAT_RNG", "GCC 12 and LLVM 14 forgot it, llvm-mc 19 FHM alone: /proc/cpuinfo"),
    ("ampereone", "-", "FEAT_MTE", "LLVM 14 gives it to the core, the machine is without: /proc/cpuinfo"),
    ("a64fx", "+", "FEAT_FCMA FEAT_SHA1 FEAT_SHA256", "GCC 12 forgot it"),
    ("a64fx", "-", "FEAT_AES FEAT_PMULL", "LLVM 19 has it, GCC 12 and LLVM 14 have not"),
    ("apple-m1 apple-m2 apple-m3 apple-m4", "-", "FEAT_SPECRES", "not for programs: sysctl hw.optional.arm"),
]


def rows(program):
    for line in subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines():
        name, arch, kind, *features = line.split()
        yield name, arch, kind == "level", set(features)


def macros(compiler, option):
    done = subprocess.run([*compiler, option, "-dM", "-E", "-x", "c", "/dev/null"], capture_output=True, text=True, check=False)
    return None if done.returncode else set(re.findall(r"#define (\w+) ", done.stdout))


def by_x86(compiler, name, _):
    found = macros(compiler, "-march=" + name)
    return None if found is None else {X86[macro] for macro in found & X86.keys()}, set(X86.values())


def by_a64(compiler, name, level):
    found = macros(compiler, ("-march=" if level else "-mcpu=") + (name + "-a" if level else name).replace(".0-a", "-a"))
    has = None if found is None else {one for key, features in A64.items() if "__ARM_FEATURE_" + key in found for one in features}
    return has, {one for features in A64.values() for one in features}


def assembled(compiler, *options):
    """The features whose instructions it takes; None: it does not know the processor."""
    text = "".join(LINES[name][0] + "\n" for name in LINES)
    done = subprocess.run([*compiler, "-triple=aarch64", *options, "-filetype=null"], input=text, capture_output=True, text=True, check=False)
    if "is not a recognized" in done.stderr:
        return None
    wrong = {int(match) for match in re.findall(r"^<stdin>:(\d+):\d+: error", done.stderr, re.M)}
    return {name for number, name in enumerate(LINES, 1) if number not in wrong}


def by_mc(compiler, name, level, known={}):
    if compiler[0] not in known:
        known[compiler[0]] = {name for name, (_, switch) in LINES.items() if name in (assembled(compiler, "-mattr=+" + switch) or ())}
    option = f"-mattr=+{name[3:].replace('.0', '')}a" if level else "-mcpu=" + name
    return assembled(compiler, option), known[compiler[0]]


def comparisons(named):
    """(compiler, architecture, function) for each compiler that is there."""
    for program in dict.fromkeys(["gcc", "clang", "llvm-mc", "aarch64-linux-gnu-gcc", *named]):
        if not shutil.which(program):
            print(f"no {program} here")
        elif "llvm-mc" in program:
            yield [program], "arm64", by_mc
        elif "clang" in program:
            yield [program, "--target=x86_64-linux-gnu"], "amd64", by_x86
        else:
            machine = subprocess.run([program, "-dumpmachine"], capture_output=True, text=True, check=False).stdout
            if machine.startswith("x86_64"):
                yield [program], "amd64", by_x86
            elif machine.startswith("aarch64"):
                yield [program], "arm64", by_a64


def explained(row, sign, feature):
    """The number of the explanation; None: there is none."""
    for number, (names, which, features, _) in enumerate(DIFFERENCES):
        if (names == "*" or row in names.split()) and which == sign and feature in features.split():
            return number
    return None


def main():
    table, failed, tried, needed = list(rows(sys.argv[1])), 0, 0, set()
    for compiler, arch, ask in comparisons(sys.argv[2:]):
        compared = excused = 0
        for name, row_arch, level, features in table:
            has, known = ask(compiler, NAMES.get(name, name), level) if row_arch == arch else (None, ())
            if has is None:
                continue
            compared += 1
            for feature in sorted((has ^ features) & known):
                why = explained(name, "-" if feature in has else "+", feature)
                if why is not None:
                    excused += 1
                    needed.add(why)
                    continue
                failed += 1
                print(f"{compiler[0]}: {name} is {'with' if feature in has else 'without'} {feature} there, not here")
        tried += compared
        print(f"{compiler[0]}: {compared} of our processors, {excused} differences that are explained")
    for number in set(range(len(DIFFERENCES))) - needed if len(sys.argv) > 2 else ():
        print(f"no compiler here differs so: {DIFFERENCES[number]}")
    print(f"{failed} complaints")
    return 77 if tried == 0 else failed != 0


sys.exit(main())
