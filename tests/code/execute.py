#!/usr/bin/env python3
"""execute.py WORDS [N SEED]: our table of A64 instructions against QEMU, which executes words under models of processors.

A word whose features the model lacks, or that is unallocated, raises SIGILL, and no other word does. The words are drawn
anew for every row of a64.def (N of each), with one fixed bit of a row turned over, and from all 2^32. Branches to addresses
that are in the instruction are left out, for they would leave the program that executes (execute.s); so are WFI and HLT,
and the unallocated words of Advanced SIMD two-register miscellaneous (FP16), on which QEMU 7.2 aborts.
Exceptions of the second half, legal by our table and yet SIGILL, are counted by their reasons in EXPECTED.
"""
import collections
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

WORDS = sys.argv[1]
N, SEED = [int(a) for a in sys.argv[2:]] or (4, 1)
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, '..', '..', 'checks', 'code', 'a64.def')
ENTRIES, STATE, RESULTS, STACK, BUFFER, TEXT = 0x08000000, 0x10000000, 0x11000000, 0x12000000, 0x13000000, 0x00400000
AFTER, NOP, MOVE, SMSTART, SMSTOP, SIGILL = 4, 0xd503201f, 0xaa0003fe, 0xd503477f, 0xd503467f, 4  # MOVE: mov x30, x0

# What the models have: QEMU 7.2, target/arm/cpu64.c, ID_AA64ISAR0, ISAR1, PFR0, PFR1, MMFR1, ZFR0 and SMFR0 of each.
A53 = 'AES PMULL SHA1 SHA256 CRC32'.split()
A76 = A53 + 'LSE RDM DotProd FP16 DPB LRCPC LOR SSBS'.split()
A64FX = A53 + 'LSE RDM FP16 DPB FCMA LOR SVE'.split()
MAX = A76 + ('SHA512 SHA3 SM3 SM4 FHM FlagM FlagM2 RNG DPB2 PAuth JSCVT FCMA LRCPC2 FRINTTS SB SPECRES BF16 I8MM SVE DIT MTE '
             'SVE2 SVE_AES SVE_PMULL128 SVE_BitPerm SVE_SHA3 SVE_SM4 F32MM F64MM SME SME_F64F64 SME_I16I64').split()
MODELS = {'cortex-a53': A53, 'cortex-a76': A76, 'neoverse-n1': A76, 'a64fx': A64FX, 'max': MAX}

ANY = tuple(MODELS)
# (mask, value, legal by our table, models, why that does not hold here).
EXPECTED = [
    (0xffff0000, 0x00000000, True, ANY, 'UDF is an instruction, and undefined for good'),
    (0xff000000, 0xd4000000, True, ANY, 'HVC, SMC and DCPS: not for EL0'),
    (0xffdff000, 0xd69f0000, True, ANY, 'ERET, ERETAA, ERETAB and DRPS: not for EL0'),
    (0xff3ffc00, 0xd9200000, True, ANY, 'LDGM, STGM and STZGM: not for EL0'),
    (0xff000000, 0xd5000000, True, ANY, 'MSR, MRS and SYS: of what EL0 may not reach, or QEMU 7.2 does not emulate in user mode (DC CVAP)'),
    (0xbfc08000, 0x91808000, True, ANY, 'ADDG and SUBG: bits that should be zero'),
    (0xbfc04000, 0x91804000, True, ANY, 'ADDG and SUBG: bits that should be zero'),
    (0xff7e0c00, 0x5e700800, False, ANY[1:], 'pairwise half-precision of scalars with a reserved size: QEMU 7.2 does not look at the bit'),
    (0xff200000, 0x44200000, False, ('a64fx',), 'indexed multiplications of SVE2: QEMU 7.2 takes them for SVE'),
]


def rows():
    with open(SOURCE, encoding='utf-8') as file:
        return [m.group(1).replace(' ', '') for m in re.finditer(r'^A64\("([01. ]+)"', file.read(), re.M)]


def drawn(rng):
    words = []
    for bits in rows():
        for k in range(N + 1):
            choice = [c if c != '.' else rng.choice('01') for c in bits]
            if k == N:
                at = rng.choice([i for i, c in enumerate(bits) if c != '.'])
                choice[at] = '10'[int(choice[at])]
            words.append(int(''.join(choice), 2))
    words += [rng.getrandbits(32) for _ in range(1000 * N)]
    return [w for w in words if not leaves(w)]


def leaves(w):
    """Branches with an address of their own, WFI, WFIT and HLT (semihosting)."""
    return (w & 0x7c000000 == 0x14000000 or w & 0x7e000000 in (0x34000000, 0x36000000) or w & 0xff000000 == 0x54000000
            or w == 0xd503207f or w & 0xffffffe0 == 0xd5031020 or w & 0xffe00000 == 0xd4400000)


def ours(words):
    lines = '\n'.join(w.to_bytes(4, 'little').hex() for w in words) + '\n'
    answers = subprocess.run([WORDS], input=lines, capture_output=True, text=True, check=True).stdout.split('\n')
    return [None if a == 'undefined' else [n.split() for n in a[1:].replace('FEAT_', '').split(' or ')] for a in answers if a]


def harness(folder):
    built, code = os.path.join(folder, 'execute.o'), os.path.join(folder, 'execute.bin')
    subprocess.run(['llvm-mc', '-triple=aarch64', '-filetype=obj', os.path.join(HERE, 'execute.s'), '-o', built], check=True)
    subprocess.run(['llvm-objcopy', '-O', 'binary', '--only-section=.text', built, code], check=True)
    with open(code, 'rb') as file:
        return file.read()


def program(path, code, entries):
    body = b''
    for i, (before, word, after) in enumerate(entries):
        back = TEXT + AFTER - (ENTRIES + 16 * i + 12)
        body += struct.pack('<IIII', before, word, after, 0x14000000 | back // 4 & 0x3ffffff)
    state = struct.pack('<QQ', len(entries), 0)
    segments = [(5, TEXT, code, len(code)), (5, ENTRIES, body, len(body)), (6, STATE, state, 16),
                (6, RESULTS, b'', len(entries)), (6, STACK, b'', 0x10000), (6, BUFFER, b'', 0x200000)]
    head = b'\x7fELF\2\1\1'.ljust(16, b'\0') + struct.pack('<HHIQQQIHHHHHH', 2, 183, 1, TEXT, 64, 0, 0, 64, 56, len(segments), 64, 0, 0)
    data = b''
    for flags, address, content, size in segments:
        at = 0x1000 + len(data)
        head += struct.pack('<IIQQQQQQ', 1, flags, at, address, address, len(content), size, 0x1000)
        data += content + b'\0' * (-len(content) % 0x1000)
    with open(path, 'wb') as out:
        out.write(head.ljust(0x1000, b'\0') + data)
    os.chmod(path, 0o755)


def signals(path, model, count):
    result = subprocess.run(['qemu-aarch64', '-cpu', model, path], capture_output=True, timeout=60)
    if result.returncode or len(result.stdout) != count:
        print('qemu-aarch64 -cpu %s: status %d, %d of %d words: %s' % (model, result.returncode, len(result.stdout), count, result.stderr.decode()))
        sys.exit(1)
    return result.stdout


def expected(w, model, legal):
    """Why a word that our table calls legal raises SIGILL all the same, or the other way about; None: no reason."""
    for mask, value, side, of, why in EXPECTED:
        if w & mask == value and side == legal and model in of:
            return why
    return None


def main():
    if not all(shutil.which(tool) for tool in ('qemu-aarch64', 'llvm-mc', 'llvm-objcopy')):
        print('no qemu-aarch64, llvm-mc or llvm-objcopy here')
        sys.exit(77)
    words = drawn(random.Random(SEED))
    words, needs = zip(*[(w, n) for w, n in zip(words, ours(words)) if n is not None or w & 0x8f7e0c00 != 0x0e780800])
    complaints = 0
    with tempfile.TemporaryDirectory() as folder:
        code, path = harness(folder), os.path.join(folder, 'execute')
        for model, has in MODELS.items():
            program(path, code, [(SMSTART, w, SMSTOP) if n and n[0] and n[0][0].startswith('SME') and 'SME' in has else (MOVE, w, NOP) for w, n in zip(words, needs)])
            got = signals(path, model, len(words))
            counts = collections.Counter()
            for w, n, s in zip(words, needs, got):
                legal = n is not None and any(all(f in has for f in way) for way in n)
                counts[legal, s == SIGILL] += 1
                if legal == (s == SIGILL) and not expected(w, model, legal):
                    complaints += 1
                    if os.environ.get('SHOW'):
                        print('  %08x %s: %s, signal %d' % (w, model, 'undefined' if n is None else ' or '.join(' '.join(way) for way in n) or 'baseline', s))
            print('%-12s %d words: %d illegal and SIGILL, %d illegal and not, %d legal and SIGILL, %d legal and not' % (
                model, len(words), counts[False, True], counts[False, False], counts[True, True], counts[True, False]))
    print('%d complaints' % complaints)
    sys.exit(1 if complaints else 0)


main()
