#!/usr/bin/env python3
"""words.py WORDS: our table of A64 instructions against LLVM's disassembler, over words drawn at random.

What LLVM decodes for plain Armv8-A (floating point and Advanced SIMD) needs no feature by our table, and what it decodes
only with every extension switched on needs one. An older LLVM knows fewer instructions: what it does not decode is not
compared. `words.py WORDS N` draws N words instead of 20,000.
"""
import random
import re
import shutil
import subprocess
import sys

WORDS = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
complaints = []


def ours(lines):
    return subprocess.run([WORDS], input='\n'.join(lines) + '\n', capture_output=True, text=True, check=True).stdout.split('\n')


def llvm_decodes(lines, *options):
    """The numbers of the lines that decode."""
    text = '\n'.join(' '.join('0x' + line[i:i + 2] for i in range(0, len(line), 2)) for line in lines) + '\n'
    result = subprocess.run(['llvm-mc', '--disassemble', *options], input=text, capture_output=True, text=True)
    bad = {int(m.group(1)) for m in re.finditer(r'^<stdin>:(\d+):\d+: warning', result.stderr, re.M)}
    return {i for i in range(len(lines)) if i + 1 not in bad}


def a64(rng):
    lines = [rng.getrandbits(32).to_bytes(4, 'little').hex() for _ in range(COUNT)]
    answers = ours(lines)
    plain = llvm_decodes(lines, '-triple=aarch64', '-mattr=+fp-armv8,+neon')
    every = llvm_decodes(lines, '-triple=aarch64', '-mattr=+v8.7a,+aes,+sha2,+sha3,+sm4,+fullfp16,+fp16fml,+sve2,+sve2-aes,'
                         '+sve2-sha3,+sve2-sm4,+sve2-bitperm,+bf16,+i8mm,+f32mm,+f64mm,+mte,+rand,+tme,+ls64,+mops,+hbc')
    for i, line in enumerate(lines):
        needs = answers[i].split()[1:]
        if i in plain and (answers[i] == 'undefined' or needs):
            complaints.append('%s: plain Armv8-A for LLVM, "%s" for us' % (line, answers[i]))
        elif i in every and i not in plain and not needs:
            complaints.append('%s: an extension for LLVM, "%s" for us' % (line, answers[i]))
    print('%d words, %d of them plain and %d of extensions for LLVM' % (len(lines), len(plain), len(every - plain)))



if not shutil.which('llvm-mc'):
    print('no llvm-mc here')
    sys.exit(77)
a64(random.Random(1))
print('\n'.join(complaints[:40]))
print('%d complaints' % len(complaints))
sys.exit(1 if complaints else 0)
