"""Files of worst.py whose code is made to cost as much as it can: tables of functions, branches, pointers and imports that
lead to the same work again and again. Each is what somebody wrote who had read checks/code.
"""
import struct

MB = 1 << 20
SIZE = 64 * MB
BASE, AT = 0x400000, 0x11000  # where the code stands
CODE = BASE + AT
AMD64, ARM64 = 62, 183
VZEROUPPER = bytes.fromhex('c5f877')  # is asked of no processor by x86-64
LDADD, STG, VECTOR = 0xb82103e2, 0xd9200800, 0x4ea08400
RETURN, NOP = 0xd65f03c0, 0xd503201f
WRITES, EXECUTES = 7, 5


def words(values):
    return struct.pack('<%dI' % len(values), *values)


def jump(here, there):
    """B, between words."""
    return 0x14000000 | there - here & 0x3ffffff


def branch(opcode, here, there):
    """B.cond or CBZ."""
    return opcode | (there - here & 0x7ffff) << 5


def section(name, kind, flags, address, offset, size, link=0, entry=0):
    return struct.pack('<IIQQQQIIQQ', name, kind, flags, address, offset, size, link, 0, 1, entry)


def aligned(data):
    return data.ljust(len(data) + 7 & ~7, b'\0')


def cie(machine, size=0):
    rule = b'\x01\x78\x10\x01\x1b\x0c\x07\x08\x90\x01' if machine == AMD64 else b'\x04\x78\x1e\x01\x1b\x0c\x1f\x00'
    body = struct.pack('<IB', 0, 1) + b'zR\0' + rule
    body = body.ljust(max(size, (len(body) + 11) // 8 * 8) - 4, b'\0')
    return struct.pack('<I', len(body)) + body


def frames(functions, where, machine=AMD64, cies=(0,)):
    """.eh_frame at `where`, for functions as pairs of address and size; they name CIEs of these sizes in turn."""
    out, starts = bytearray(), []
    for size in cies:
        starts.append(len(out))
        out += cie(machine, size)
    for i, (address, size) in enumerate(functions):
        at = len(out)
        out += struct.pack('<IIiII', 16, at + 4 - starts[i % len(starts)], address - (where + at + 8), size, 0)
    return bytes(out)


def program(code, functions, machine=AMD64, data=b'', flags=EXECUTES, sections=(), names=b'', cies=(0,), text=None, entry=None):
    """The code in .text (the first `text` bytes of it), its frames, and `data`. `sections` are functions of where that is."""
    body = aligned(code)
    table = frames(functions, CODE + len(body), machine, cies)
    eh, body = AT + len(body), body + aligned(table)
    there, body = AT + len(body), body + aligned(data)
    strings = b'\0.shstrtab\0.text\0.eh_frame\0' + names
    last, body = AT + len(body), body + strings
    headers = [section(0, 0, 0, 0, 0, 0), section(1, 3, 0, 0, last, len(strings)),
               section(11, 1, 6, BASE + 0x10800, 0x10800, AT - 0x10800 + (len(code) if text is None else text)),
               section(17, 1, 2, BASE + eh, eh, len(table))] + [make(there) for make in sections]
    start = bytes.fromhex('000080d2a80b80d2010000d4' if machine == ARM64 else 'bf00000000b83c0000000f05')
    shoff = AT + len(body) + 7 & ~7
    head = b'\x7fELF\2\1\1'.ljust(16, b'\0') + struct.pack(
        '<HHIQQQIHHHHHH', 2, machine, 1, entry or BASE + 0x10800, 64, shoff, 0, 64, 56, 1, 64, len(headers), 1)
    head += struct.pack('<IIQQQQQQ', 1, flags, 0, BASE, BASE, AT + len(body), AT + len(body), 0x1000)
    return (head.ljust(0x10800, b'\0') + start).ljust(AT, b'\0') + body.ljust(shoff - AT, b'\0') + b''.join(headers)


def function(code, machine=AMD64):
    return program(code, [(CODE, len(code))], machine)


def many_leaders():
    return function(words([0x14000001] * (SIZE // 4 - 1) + [RETURN]), ARM64)


def doubted(count):
    """Behind each of so many calls that may never return a branch leads to, from far behind, the last first."""
    stub, code = [0x90000010, 0x91000210, 0xd61f0200], [0x8b2063ff]  # ADD SP, SP, X0: more than a glance is needed
    code += [0x94000000 | -(3 + i + 1) & 0x3ffffff for i in range(count)] + [NOP, RETURN]
    code += [branch(0xb4000001, len(code) + i, 2 + count - 1 - i) for i in range(count)] + [RETURN]
    return program(words(stub + code), [(CODE + 12, 4 * len(code))], ARM64)


def backwards(count, head):
    """Blocks of which each jumps to the one before it."""
    code = head + [jump(len(head), count - 1)]
    code += [RETURN] + [jump(i, i - 1) for i in range(len(code) + 1, count)]
    return function(words(code), ARM64)


def loops():
    count = 1 << 20
    return function(words([LDADD, VECTOR] + [branch(0x54000000, i, 1) for i in range(2, count)] + [RETURN]), ARM64)


def tags():
    one = words([STG] * 16383 + [RETURN])
    return program(one * 16, [(CODE + i * len(one), len(one)) for i in range(16)], ARM64)


def cut_again_and_again():
    """Branches into a block of no-operations, each behind where the one before led to."""
    head, count = bytes.fromhex('0fa2') + VZEROUPPER, 20000
    code = bytearray(head + b'\x90' * 500000)
    for i in range(count):
        code += b'\x0f\x84' + struct.pack('<i', len(head) + 1 + i - (len(code) + 6))
    return function(bytes(code) + b'\xc3')


def compared():
    """Addresses of code, and behind each a branch to where more of them are formed."""
    code = bytearray(VZEROUPPER + bytes.fromhex('0fa2'))
    for i in range(1000000):
        code += bytes([0x48, 0x8d, (0x05, 0x0d, 0x15, 0x1d, 0x35, 0x3d, 0x2d)[i % 7]]) + struct.pack('<i', -64 - i // 7) + b'\x74\x10'
    return function(bytes(code) + b'\xc3')


def one_hash():
    """Jumps outside of every section, from one place to the next, all of which a table of 8,192 slots has in one slot."""
    room, span = 0x10000, SIZE // 2
    base, code = CODE + room, bytearray(b'\xcc' * span)
    chain = [at for at in range(base, base + span - 16) if (at * 0x9e3779b97f4a7c15 & (1 << 64) - 1) >> 51 == 77]
    chain = [at for i, at in enumerate(chain) if i == 0 or at - chain[i - 1] > 32][:4090]
    for here, there in zip(chain, chain[1:]):
        code[here - base:here - base + 5] = b'\xe9' + struct.pack('<i', there - here - 5)
    code[chain[-1] - base:chain[-1] - base + 4] = VZEROUPPER + b'\xc3'
    ways = [at + 16 for at in chain[:2000]]
    for at in ways:
        code[at - base:at - base + 5] = b'\xe9' + struct.pack('<i', chain[0] - at - 5)
    calls = b''.join(b'\xe8' + struct.pack('<i', at - (CODE + 5 * i + 5)) for i, at in enumerate(ways)) + VZEROUPPER + b'\xc3'
    return program(calls.ljust(room, b'\x90') + bytes(code), [], text=room)


def ranges(count=60000):
    """Sections of code, and functions of a byte each."""
    code = b'\xc3' * (32 * count)
    return program(code, [(CODE + i, 1) for i in range(len(code) // 2)], text=0,
                   sections=[lambda there, i=i: section(1, 1, 6, CODE + 32 * i, AT + 32 * i, 16) for i in range(count)])


def two_cies():
    code = b'\xc3' * 65536
    return program(code, [(CODE + i % len(code), 1) for i in range(SIZE // 40)], cies=(SIZE // 4, SIZE // 4))


def frames_from_the_last():
    code = b'\xc3' * (SIZE // 20)
    return program(code, [(CODE + i, 1) for i in range(len(code) - 1, -1, -1)])


LITTLE = VZEROUPPER + b'\xc3'


def with_data(data, sections=(), names=b''):
    return program(LITTLE, [(CODE, len(LITTLE))], data=data, flags=WRITES, sections=sections, names=names)


def irelative(count=60000):
    return with_data(struct.pack('<QQq', CODE + 16, 37, CODE) * (SIZE // 48),
                     [lambda there: section(1, 1, 0, 0, AT, 8)] * count)


def initializers(count=60000):
    data = struct.pack('<Q', CODE) * (SIZE // 16)
    return with_data(data, [lambda there: section(27, 14, 3, BASE + there, there, len(data))] * count, b'.init_array\0')


def imports(count=60000):
    symbols, strings = bytes(24) + struct.pack('<IBBHQQ', 1, 0x12, 0, 0, 0, 0), b'\0foo\0\0\0\0'
    table = struct.pack('<QIIq', CODE + 16, 7, 1, 0) * (SIZE // 48)
    text, rela = len(symbols), len(symbols) + len(strings)
    return with_data(symbols + strings + table,
                     [lambda there: section(1, 11, 2, BASE + there, there, 48, 4, 24),
                      lambda there: section(27, 3, 2, BASE + there + text, there + text, 8)] +
                     [lambda there: section(1, 4, 2, BASE + there + rela, there + rela, len(table), 3, 24)] * count, b'.dynstr\0')


def exports(count=60000):
    data = struct.pack('<IBBHQQ', 1, 0x12, 0, 1, CODE, 0) * (SIZE // 48)
    return with_data(data, [lambda there: section(1, 11, 2, BASE + there, there, len(data), 4, 24)] * count)


def segment(name, address, size, offset, file_size, access=3, sections=b''):
    return struct.pack('<II16sQQQQIIII', 0x19, 72 + len(sections), name, address, size, offset, file_size, access, access,
                       len(sections) // 80, 0) + sections


def mach_o(code, last_name, last_address, last, commands=(), starts=False):
    """A program for x86-64: the code, and one more segment, of which the whole may be function starts."""
    more = b''.join(commands)
    front = 72 + 80 + 24 + 24 + len(more) + 72 + (16 if starts else 0)
    off = 32 + front + 0xfff & ~0xfff
    size = off + len(code) + 0x3fff & ~0x3fff
    text = struct.pack('<16s16sQQIIIIIIII', b'__text', b'__TEXT', 0x100000000 + off, len(code), off, 2, 0, 0, 0x80000400, 0, 0, 0)
    front = segment(b'__TEXT', 0x100000000, size, 0, size, 5, text) + struct.pack('<IIIIII', 0x32, 24, 1, 11 << 16, 11 << 16, 0)
    front += struct.pack('<IIQQ', 0x80000028, 24, off, 0) + more
    front += segment(last_name, last_address or 0x100000000 + size, len(last), size, len(last))
    front += struct.pack('<IIII', 0x26, 16, size, len(last)) if starts else b''
    head = struct.pack('<IIIIIIII', 0xfeedfacf, 0x01000007, 3, 2, 4 + len(commands) + starts, len(front), 0x85, 0)
    return ((head + front).ljust(off, b'\0') + code).ljust(size, b'\0') + last


def segments(first, word, count=60000):
    commands = [segment(b'__X%d' % i, first + i * 0x4000, 0x4000, 0, 0) for i in range(count)]
    return mach_o(LITTLE, b'__DATA', 0x400000000, struct.pack('<Q', word) * (SIZE // 16), commands)


def the_same_pages(count=1100):
    """A megabyte of pointers, at so many addresses."""
    size, at = MB, 0x10800
    data = struct.pack('<Q', BASE + at) * (size // 8)
    headers = struct.pack('<IIQQQQQQ', 1, EXECUTES, 0, BASE, BASE, AT, AT, 0x1000)
    headers += b''.join(struct.pack('<IIQQQQQQ', 1, 6, AT, 0x10000000 + i * 2 * size, 0x10000000 + i * 2 * size, size, size, 0x1000)
                        for i in range(count))
    head = b'\x7fELF\2\1\1'.ljust(16, b'\0')
    head += struct.pack('<HHIQQQIHHHHHH', 2, AMD64, 1, BASE + at, 64, 0, 0, 64, 56, 1 + count, 64, 0, 0)
    return ((head + headers).ljust(at, b'\0') + b'\x0f\x0b').ljust(AT, b'\0') + data


def segments_of_code(count=60000):
    """Segments of a few instructions, and pointers to each."""
    commands = [segment(b'__X%d' % i, 0x200000000 + i * 0x4000, 0x4000, 0x1000, 64, 5) for i in range(count)]
    return mach_o(LITTLE, b'__DATA', 0x800000000, b''.join(struct.pack('<Q', 0x200000000 + i * 0x4000) for i in range(count)) * 8,
                  commands)


AMD64_ONLY, ARM64_ONLY = ('--cpu=x86-64',), ('--cpu=armv8.0',)

WAYS = b'there are more ways through the code than are followed'

AVX2, CASA, RET = bytes.fromhex('c5fdfec0'), words([0x88e07c41]), words([RETURN])  # which the CPUs lack, but for the last


def whole(code, data=b'', machine=AMD64, entry=BASE + 0x10800):
    """Code that no section names, and data in a segment of its own."""
    start = bytes.fromhex('000080d2a80b80d2010000d4' if machine == ARM64 else 'bf00000000b83c0000000f05')
    there = AT + len(code)
    head = b'\x7fELF\2\1\1'.ljust(16, b'\0')
    head += struct.pack('<HHIQQQIHHHHHH', 2, machine, 1, entry, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    head += struct.pack('<IIQQQQQQ', 1, EXECUTES, 0, BASE, BASE, there, there, 0x1000)
    head += struct.pack('<IIQQQQQQ', 1, 6, there, BASE + there, BASE + there, len(data), len(data), 0x1000)
    return (head.ljust(0x10800, b'\0') + start).ljust(AT, b'\0') + code + data


def pattern(code, machine=AMD64):
    """Code in no section, behind an instruction that asks for more than the CPU has."""
    body = AVX2 if machine == AMD64 else CASA
    return whole((body + code * (SIZE // len(code) + 1))[:SIZE], machine=machine)


def pointers(targets, code, machine=AMD64):
    """The same, and data made of pointers, each of them to one of so many places in it."""
    front = (AVX2 if machine == AMD64 else CASA) + code * (SIZE // 8 // len(code))
    step = 1 if machine == AMD64 else 4
    places = struct.pack('<%dQ' % targets, *range(CODE, CODE + targets * step, step))
    return whole(front.ljust(len(front) + 0xfff & ~0xfff, code[:1]), places * (SIZE // len(places)), machine)


def words_of_answers(count=60000):
    """A program that asks once and puts the answer into so many variables, one after the other, beside what they hold."""
    asks, insn, apart = bytes.fromhex('31c00fa2'), 6, 16
    size = len(asks) + insn * count + len(AVX2) + 12
    end = size + 0xfff & ~0xfff
    code = asks + b''.join(b'\x09\x1d' + struct.pack('<i', end + i * apart - len(asks) - (i + 1) * insn) for i in range(count))
    code = (code + AVX2 + bytes.fromhex('b83c000000bf000000000f05')).ljust(end, b'\x90')
    return whole(code, bytes(count * apart), entry=CODE)


# How each file is made, what it is judged by, beside what every file is, and what must be said of it.
FILES = {
    'code, arm64: each word a leader': (many_leaders, ()),
    'code, arm64: 40000 doubted leaders': (lambda: doubted(40000), ()),
    'code, arm64: 200000 blocks, from the last to the first': (lambda: backwards(200000, [0xd503201f]), ()),
    'code, arm64: 50000 of them, on a stack of unknown size': (lambda: backwards(50000, [0x8b2063ff]), ()),
    'code, arm64: a million loops to one place': (loops, ARM64_ONLY, WAYS),
    'code, arm64: functions of tags of memory': (tags, ARM64_ONLY),
    'code, amd64: a function of 64 MB': (lambda: function(b'\x90' * (SIZE - 1) + b'\xc3'), ()),
    'code, amd64: one on a stack of unknown size': (lambda: function(b'\x48\x01\xc4' + b'\x90' * (SIZE // 4) + b'\xc3'), ()),
    'code, amd64: a block cut 20000 times': (cut_again_and_again, AMD64_ONLY, WAYS),
    'code, amd64: XGETBV': (lambda: function(b'\x0f\x01\xd0' * (SIZE // 3) + b'\xc3'), AMD64_ONLY, WAYS),
    'code, amd64: addresses that may be compared': (compared, AMD64_ONLY, WAYS),
    'code, amd64: jumps between places of one hash': (one_hash, AMD64_ONLY),
    'code, amd64: 60000 sections, a million functions': (ranges, ()),
    '.eh_frame of two long CIEs in turn': (two_cies, ()),
    '.eh_frame from the last function to the first': (frames_from_the_last, ()),
    '60000 sections, IRELATIVE': (irelative, AMD64_ONLY),
    '60000 times the same initializers': (initializers, AMD64_ONLY),
    '60000 times the same imports': (imports, AMD64_ONLY),
    '60000 times the same exports': (exports, AMD64_ONLY),
    'nothing but pointers': (lambda: with_data(struct.pack('<Q', CODE) * (SIZE // 8)), AMD64_ONLY),
    'function starts, one a byte': (lambda: mach_o(b'\xc3' * (SIZE // 2), b'__LINKEDIT', 0, b'\x01' * (SIZE // 2), starts=True),
                                    AMD64_ONLY),
    'the same pages at 1100 addresses': (the_same_pages, AMD64_ONLY),
    '60000 segments of code': (segments_of_code, AMD64_ONLY),
    'code, amd64: nothing but AVX2': (lambda: pattern(AVX2), AMD64_ONLY, WAYS),
    'code, amd64: calls of what follows': (lambda: pattern(bytes.fromhex('e80100000090')), AMD64_ONLY, WAYS),
    'code, amd64: addresses': (lambda: pattern(bytes.fromhex('488d0500000000')), AMD64_ONLY, WAYS),
    'code, amd64: jumps by register': (lambda: pattern(bytes.fromhex('488d0501000000ffe0')), AMD64_ONLY, WAYS),
    'code, amd64: calls and questions': (lambda: pattern(bytes.fromhex('e80900000031c031c90fa285db7404c5fdfec0c3')), AMD64_ONLY, WAYS),
    'code, amd64: words put together of answers': (words_of_answers, AMD64_ONLY),
    'code, arm64: nothing but FEAT_LSE': (lambda: pattern(CASA, ARM64), ARM64_ONLY, WAYS),
    'code, arm64: calls of what follows': (lambda: pattern(words([0x94000002, RETURN]), ARM64), ARM64_ONLY),
    'code, arm64: addresses': (lambda: pattern(words([0x90000000, 0x91000000]), ARM64), ARM64_ONLY),
    'pointers to one place in code': (lambda: pointers(1, b'\xc3'), AMD64_ONLY),
    'pointers to each byte of code, amd64': (lambda: pointers(SIZE // 8, b'\xc3'), AMD64_ONLY, WAYS),
    'pointers to each word of code, arm64': (lambda: pointers(SIZE // 32, RET, ARM64), ARM64_ONLY, WAYS),
    '60000 segments, pointers': (lambda: segments(0x200000000, 0x100002000), AMD64_ONLY),
    '60000 segments, chained words': (lambda: segments(0x10000000, 0x8000000fffffffff), AMD64_ONLY),
}
