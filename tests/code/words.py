#!/usr/bin/env python3
"""words.py WORDS: our tables of instructions against LLVM's disassembler, over instructions drawn at random.

What LLVM decodes for plain Armv8-A (floating point and Advanced SIMD) needs no feature by our table, and what it decodes
only with every extension switched on needs one. An older LLVM knows fewer instructions: what it does not decode is not
compared. `words.py WORDS N` draws N words instead of 20,000.

Of x86-64 instructions the length is compared: LLVM decodes one instruction, and no more, from as many bytes as our table
says, and none from those that it calls undefined.
"""
import random
import re
import shutil
import subprocess
import sys

WORDS = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
complaints = []


def ours(lines, *arguments):
    return subprocess.run([WORDS, *arguments], input='\n'.join(lines) + '\n', capture_output=True, text=True, check=True).stdout.split('\n')


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
        elif i in every and i not in plain and not needs and int(line, 16) & 0x1f00e0ff != 0x030000d4:  # SMC
            complaints.append('%s: an extension for LLVM, "%s" for us' % (line, answers[i]))
    print('%d words, %d of them plain and %d of extensions for LLVM' % (len(lines), len(plain), len(every - plain)))


MARK = '0fa2'  # cpuid, which is never drawn: between two of them stands what one line decodes to
PREFIX = {'rep', 'repe', 'repne', 'data16', 'rex64', 'lock', 'addr32', 'notrack'}


def text_of(line):
    return ' '.join('0x' + line[i:i + 2] for i in range(0, len(line), 2))


def instructions(lines):
    """For each line the mnemonics that it decodes to; None where its first bytes are no instruction."""
    text = ''.join('[%s]\n[%s]\n' % (text_of(line), text_of(MARK)) for line in lines)
    result = subprocess.run(['llvm-mc', '--disassemble', '-triple=x86_64'], input=text, capture_output=True, text=True)
    bad = {(int(m.group(1)) - 1) // 2 for m in re.finditer(r'^<stdin>:(\d+):2: warning', result.stderr, re.M)}
    groups = [[]]
    for word in re.findall(r'^\t(?:\{\w+\}\s+)?(\w+)', result.stdout, re.M):
        if word == 'cpuid':
            groups.append([])
        elif word not in PREFIX:
            groups[-1].append(word)
    assert len(groups) == len(lines) + 1
    return [None if i in bad else groups[i] for i in range(len(lines))]


def drawn(rng):
    """An encoding of some map: legacy (with REX or not), VEX, EVEX or XOP, and bytes at random behind it."""
    rest = rng.getrandbits(17 * 8).to_bytes(17, 'little')
    kind = rng.randrange(4)
    if kind == 0:
        head = rng.choice([b'', b'', b'\x66', b'\x48', b'\x41']) + rng.choice([b'', b'\x0f', b'\x0f\x38', b'\x0f\x3a'])
        while rest[0] in b'\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3' or rest[0] & 0xf0 == 0x40:
            rest = bytes([rng.getrandbits(8)]) + rest[1:]  # LLVM prints further prefixes as instructions
    elif kind == 1:
        head = bytes([0xc4, rng.getrandbits(3) << 5 | rng.randint(1, 3), rng.getrandbits(8) | rng.choice([0, 0x78])])
    elif kind == 2:
        head = bytes([0x62, rng.getrandbits(4) << 4 | rng.choice([1, 2, 3, 5, 6]), rng.getrandbits(8) | rng.choice([4, 0x7c]), rng.getrandbits(8) | 8])
    else:
        head = bytes([0x8f, rng.getrandbits(3) << 5 | rng.randint(8, 10), rng.getrandbits(8) & 0xfc])
    return (head + rest)[:17]


def unlike(data, mnemonics):
    """Where LLVM and the manuals part: tests/code/x86-cells.md."""
    opcode = data.lstrip(b'\x66\x48\x41')
    return (data[0] == 0x62 and data[3] & 0x60 == 0x60  # vector length 3
            or data[0] == 0x66 and (opcode[0] in (0xe8, 0xe9) or opcode[0] == 0x0f and opcode[1] & 0xf0 == 0x80)
            or data[0] in (0x48, 0x66, 0x41) and opcode[0] in (0xc4, 0xc5, 0x62, 0x8f)  # no prefix before VEX, EVEX, XOP
            or mnemonics and mnemonics[0].startswith('wr') and opcode[:2] == b'\x0f\x38')


def x86(rng):
    data = [d for d in (drawn(rng) for _ in range(COUNT)) if MARK not in d.hex()]
    answers = ours([d.hex() for d in data], 'x86')
    exact = [d[:int(a.split()[0])] if a != 'undefined' else d for d, a in zip(data, answers)]
    whole = instructions([d.hex() for d in data])
    compared = 0
    for d, e, a, w, got in zip(data, exact, answers, whole, instructions([e.hex() for e in exact])):
        if w is None or unlike(d, w):
            continue
        compared += 1
        if a == 'undefined':
            complaints.append('%s: %s for LLVM, undefined for us' % (d.hex(), ' '.join(w)))
        elif got is None or len(got) != 1:
            complaints.append('%s: %s for LLVM, "%s" for us' % (d.hex(), ' '.join(w), a))
    print('%d x86-64 encodings, %d of them defined for LLVM' % (len(data), compared))
    if compared < len(data) // 20:
        complaints.append('too few to say anything')


if not shutil.which('llvm-mc'):
    print('no llvm-mc here')
    sys.exit(77)
a64(random.Random(1))
x86(random.Random(2))
print('\n'.join(complaints[:40]))
print('%d complaints' % len(complaints))
sys.exit(1 if complaints else 0)
