#!/usr/bin/env python3
"""worst.py ASSAY [NAME...]: files made to cost as much as they can, each against 2 s and 1 s per 100 MB of processor
time, and 3 times its size and 64 MB of memory.

Times are those of the processors, summed over the program and its workers, so other load matters little. Each file is
made by a process of its own, since what one that starts another has once held counts as memory of the other. Exit 1
where a file costs more, or is not audited to its end.
"""
import os
import struct
import subprocess
import sys
import tempfile

import worst_code

MB = 1 << 20
SIZE = 64 * MB
BASE = 0x400000
LOAD, DYNAMIC, INTERP, NOTE = 1, 2, 3, 4


def phdr(kind, flags, offset, address, size, memory=None, align=0x1000):
    return struct.pack('<IIQQQQQQ', kind, flags, offset, address, address, size, size if memory is None else memory, align)


def elf(phdrs, body=b'', at=0x11000, kind=2, machine=62, sections=b'', names=0):
    """A program whose headers fill the front; `body` stands at `at`, behind it the section headers."""
    shoff = (at + len(body) + 7) & ~7 if sections else 0
    count = len(sections) // 64
    head = b'\x7fELF\2\1\1'.ljust(16, b'\0') + struct.pack('<HHIQQQIHHHHHH', kind, machine, 1, BASE + 0x10800, 64, shoff, 0, 64, 56, len(phdrs),
                                                         64, count if count < 0xff00 else 0, names if names < 0xff00 else 0xffff)
    front = (head + b''.join(phdrs)).ljust(0x10800, b'\0')
    front += bytes.fromhex('000080d2a80b80d2010000d4' if machine == 183 else 'bf00000000b83c0000000f05')
    file = front.ljust(at, b'\0') + body
    return file.ljust(shoff, b'\0') + sections if sections else file


def shdr(name, kind, flags, address, offset, size, link=0, entry=0):
    return struct.pack('<IIQQQQIIQQ', name, kind, flags, address, offset, size, link, 0, 1, entry)


def load(size=SIZE, flags=5):
    return phdr(LOAD, flags, 0, BASE, 0x11000 + size)


def many_notes(note):
    body = note * (SIZE // len(note))
    return elf([load(len(body)), phdr(NOTE, 4, 0x11000, BASE + 0x11000, len(body), align=4)], body)


def notes_again_and_again():
    body = struct.pack('<III', 4, 0, 9) + b'GNU\0'
    body *= SIZE // len(body)
    return elf([load(len(body))] + [phdr(NOTE, 4, 0x11000, BASE + 0x11000, len(body), align=8)] * 1160, body)


def many_sections(count, kind, name=b'.x', flags=0, entry=0, size=SIZE, fill=b'\0', all_of_it=True):
    """Sections that all have the same bytes and one name."""
    names = b'\0.shstrtab\0' + name + b'\0'
    body = names.ljust(4096, b'\0') + fill * (size // len(fill))
    table = [shdr(0, 0, 0, 0, 0, count + 2, 1), shdr(1, 3, 0, 0, 0x11000, len(names))]
    table += [shdr(11, kind, flags, BASE + 0x12000 if flags & 2 else 0, 0x12000, len(body) - 4096 if all_of_it else 24, 1, entry)] * count
    return elf([load(len(body))], body, sections=b''.join(table), names=1)


def long_names(count):
    """Sections, each with a name of 4,000 letters."""
    names = b'\0' + b'.debug_' + b'a' * 4080 + b'\0'
    table = [shdr(0, 0, 0, 0, 0, count + 2, 1), shdr(0, 3, 0, 0, 0x11000, len(names))] + [shdr(1, 1, 0, 0, 0x11000, 8)] * count
    table[0] = struct.pack('<IIQQQQIIQQ', 0, 0, 0, 0, 0, count + 2, 1, 0, 0, 0)
    return elf([load(len(names))], names, sections=b''.join(table), names=1)


def overlapping_segments(flags):
    body = bytes(range(256)) * (SIZE // 256)
    return elf([phdr(LOAD, flags, 0, BASE + i * 0x1000, 0x11000 + SIZE) for i in range(1170)], body)


def dynamic(entries, tail=b'', strings=b'\0libc.so.6\0'):
    """A dynamic table of these entries, without DT_NULL where they end before it."""
    table = b''.join(struct.pack('<QQ', tag, value) for tag, value in entries) if isinstance(entries, list) else entries
    body = strings.ljust(0x1000, b'\0') if len(strings) < 0x1000 else strings
    at = 0x11000 + len(body)
    return elf([load(len(body) + len(table) + len(tail)), phdr(DYNAMIC, 6, at, BASE + at, len(table), align=8)], body + table + tail, kind=3)


def dynamic_of(tag, count, strings, strtab=True):
    head = [(5, BASE + 0x11000)] if strtab else []
    return dynamic(b''.join(struct.pack('<QQ', *e) for e in head) + struct.pack('<QQ', tag, 1) * count + bytes(16), strings=strings)


def version_needs():
    body = struct.pack('<HHIII', 1, 1, 0, 16, 16) + struct.pack('<IHHII', 0, 0, 0, 1, 16)
    body = body[:16] * (SIZE // 16)
    return dynamic([(5, BASE + 0x11000), (10, 0x1000), (0x6ffffffe, BASE + 0x12000 + 96), (0x6fffffff, 0xffffffff), (0, 0), (0, 0)], tail=body)


def relocations():
    body = struct.pack('<QQq', BASE + 0x11000, 6, 0) * (SIZE // 24)
    return dynamic([(5, BASE + 0x11000), (7, BASE + 0x12060), (8, len(body)), (9, 24), (0, 0), (0, 0)], tail=body)


def symbols(name, strings):
    """Symbols that all have one name, in a table and a string table of half the size each."""
    names = strings * (SIZE // 2 // len(strings))
    table = bytes(24) + struct.pack('<IBBHQQ', name, 0x12, 0, 1, 1, 1) * (SIZE // 2 // 24)
    body = b'\0'.ljust(4096, b'\0') + names + table
    at = 0x12000
    sections = [shdr(0, 0, 0, 0, 0, 0), shdr(0, 3, 0, 0, 0x11000, 4096), shdr(0, 3, 0, 0, at, len(names)),
                shdr(0, 2, 0, 0, at + len(names), len(table), 2, 24)]
    return elf([load(len(body))], body, sections=b''.join(sections), names=1)


def text(pattern, flags=4):
    """Read-only bytes of one pattern, behind the code."""
    body = (pattern * (SIZE // len(pattern) + 1))[:SIZE]
    return elf([phdr(LOAD, 5, 0, BASE, 0x11000), phdr(LOAD, flags, 0x11000, BASE + 0x11000, SIZE)], body)


def glibc_with(pattern):
    marks = b'\0GLIBC_TUNABLES\0gconv-modules\0invalid mode parameter\0'.ljust(4096, b'\0')
    body = marks + (pattern * (SIZE // len(pattern)))
    return elf([phdr(LOAD, 5, 0, BASE, 0x11000 + len(body))], body, machine=183 if pattern[3:4] == b'\x90' else 62)


def comments(pattern):
    body = b'\0.shstrtab\0.comment\0'.ljust(4096, b'\0') + pattern * (SIZE // len(pattern))
    sections = [shdr(0, 0, 0, 0, 0, 0), shdr(1, 3, 0, 0, 0x11000, 4096), shdr(11, 1, 0, 0, 0x12000, len(body) - 4096)]
    return elf([load(4096)], body, sections=b''.join(sections), names=1)


def uleb(value):
    out = b''
    while value > 0x7f:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def build_info(lines):
    sentinel = b'0' * 16
    modules = sentinel + lines + sentinel
    record = b'\xff Go buildinf:\x08\x02'.ljust(32, b'\0') + uleb(8) + b'go1.23.5' + uleb(len(modules)) + modules
    return record


def go_lines(line):
    body = build_info(line * (SIZE // len(line)))
    return elf([phdr(LOAD, 5, 0, BASE, 0x11000), phdr(LOAD, 6, 0x11000, BASE + 0x11000, len(body))], body)


def go_records():
    """Records, one in another, that all reach to the end."""
    head = build_info(b'')[:0] + b'\xff Go buildinf:\x08\x02'.ljust(32, b'\0') + uleb(8) + b'go1.23.5' + uleb(SIZE - 4096)
    body = head.ljust(64, b'\0') * 60
    body += b'path\tx\n' * ((SIZE - len(body)) // 7)
    return elf([phdr(LOAD, 5, 0, BASE, 0x11000), phdr(LOAD, 4, 0x11000, BASE + 0x11000, len(body))], body)


FRONT = 72 + 24 + 24


def macho(commands, body=b'', cputype=0x01000007, count=None, kind=2):
    front = segment(b'__TEXT', 0, 0x100000000, 0x1000) + struct.pack('<IIIIII', 0x32, 24, 1, 11 << 16, 11 << 16, 0)
    front += struct.pack('<IIQQ', 0x80000028, 24, 64, 0)
    assert len(front) == FRONT
    head = struct.pack('<IIIIIIII', 0xfeedfacf, cputype, 3 if cputype == 0x01000007 else 0, kind, (count or 0) + 3, len(front + commands), 0x85, 0)
    return head + front + commands + body


def segment(name, offset, address, size, access=5, sections=b''):
    return struct.pack('<II16sQQQQIIII', 0x19, 72 + len(sections), name, address, max(size, 0x1000), offset, size, access, access, len(sections) // 80, 0) + sections


def repeated(command, size=SIZE):
    count = size // len(command)
    return macho(command * count, count=count)


def tables_again_and_again(kind):
    """Half commands, and half a table that each of them names."""
    half = SIZE // 2
    table = half + 32 + FRONT
    if kind == 'symtab':
        command = struct.pack('<IIIIII', 2, 24, table, half // 16, 0, 16)
    elif kind == 'trie':
        command = struct.pack('<IIII', 0x80000033, 16, table, half)
    elif kind == 'signature':
        command = struct.pack('<IIII', 0x1d, 16, table, half)
    else:
        command = struct.pack('<IIII', 0x26, 16, table, half)
    count = half // len(command)
    fill = {'symtab': struct.pack('<IBBHQ', 1, 0x66, 0, 0, 0), 'trie': b'\0\xff' + b'a\0\x04' * 10, 'signature': b'\xfa\xde\x0c\xc0', 'starts': b'\x81'}[kind]
    if kind == 'signature':
        fill = struct.pack('>III', 0xfade0cc0, half, half // 8 - 2) + struct.pack('>II', 7, 0) * (half // 8 - 2)
    return macho(command * count, (fill * (half // len(fill) + 1))[:half], count=count)


def macho_symbols(kind, strings=b'a'):
    half = SIZE // 2
    names = (b'\0' + strings * (half // len(strings)))[:half]
    table = struct.pack('<IBBHQ', 1, kind, 0, 0, 0) * (half // 16)
    at = 32 + FRONT + 24
    return macho(struct.pack('<IIIIII', 2, 24, at, len(table) // 16, at + len(table), len(names)), table + names, count=1)


def trie():
    """Every node has 255 edges, most of them to nodes that are not there yet."""
    node = b'\0\xff' + b''.join(b'\0' + uleb(0x200000 + i * 0x10000) for i in range(255))
    body = (node * (SIZE // len(node) + 1))[:SIZE]
    return macho(struct.pack('<IIII', 0x80000033, 16, 32 + FRONT + 16, SIZE), body, count=1)


def opcodes(fill):
    body = fill * (SIZE // len(fill))
    at = 32 + FRONT + 48
    return macho(struct.pack('<IIIIIIIIIIII', 0x80000022, 48, 0, 0, at, len(body), 0, 0, 0, 0, 0, 0), body, count=1)


def function_starts(fill):
    body = fill * (SIZE // len(fill))
    return macho(struct.pack('<IIII', 0x26, 16, 32 + FRONT + 16, len(body)), body, count=1)


def universal(slices, apart):
    """Slices that all have the same bytes, or nearly."""
    inner = macho(segment(b'__DATA', 0, 0x200000000, SIZE - 0x10000, 3), count=1).ljust(SIZE - 0x10000, b'\x41')
    table = b''.join(struct.pack('>IIIII', 0x01000007, i + 1, 0x4000 + i * apart, len(inner) - i * apart, 12) for i in range(slices))
    return (struct.pack('>II', 0xcafebabe, slices) + table).ljust(0x4000, b'\0') + inner


FILES = {
    'empty notes': lambda: many_notes(bytes(12)),
    'build ids': lambda: many_notes(struct.pack('<III', 4, 64, 3) + b'GNU\0' + bytes(64)),
    'properties': lambda: many_notes(struct.pack('<III', 4, SIZE // 2, 5) + b'GNU\0' + struct.pack('<II', 0, 0) * (SIZE // 16)),
    '1160 times the same notes': notes_again_and_again,
    '65535 sections, all the same bytes': lambda: many_sections(65000, 1),
    '65535 relocation sections, all the same bytes': lambda: many_sections(65000, 4, flags=2, entry=24, fill=struct.pack('<QQq', 1, 6, 0)),
    '65535 symbol tables, all the same bytes': lambda: many_sections(65000, 2, entry=24),
    '65535 comments, all the same bytes': lambda: many_sections(65000, 1, b'.comment', fill=b'GCC 1\0'),
    '65535 debug sections': lambda: many_sections(65000, 1, b'.debug_info', all_of_it=False),
    '65535 sections of code, all the same bytes': lambda: many_sections(65000, 1, b'.text', flags=6, fill=b'\x90'),
    '65535 .eh_frame, all the same bytes': lambda: many_sections(65000, 1, b'.eh_frame', flags=2, fill=struct.pack('<II', 12, 0) + bytes(8)),
    'one .eh_frame of short entries': lambda: many_sections(1, 1, b'.eh_frame', flags=2, fill=struct.pack('<II', 4, 4)),
    'a million names of 4000 letters': lambda: long_names(1000000),
    '390000 names of 4000 letters': lambda: long_names(390000),
    '1170 segments over each other, code': lambda: overlapping_segments(5),
    '1170 segments over each other, data': lambda: overlapping_segments(6),
    'a dynamic table of millions': lambda: dynamic(struct.pack('<QQ', 0x60000000, 1) * (SIZE // 16)),
    '65000 needed, no string table size': lambda: dynamic_of(1, 65000, b'\0' + b'a' * 4000 + b'\0'),
    '65000 needed, no string table': lambda: dynamic_of(1, 65000, b'\0', strtab=False),
    '65000 names of the library': lambda: dynamic_of(14, 65000, b'\0' + b'a' * 4000 + b'\0'),
    '65000 search paths': lambda: dynamic_of(29, 65000, b'\0' + b':' * 4000 + b'\0'),
    'version needs': version_needs,
    'relocations': relocations,
    'symbols, strings without NUL': lambda: symbols(1, b'a'),
    'symbols with one long name': lambda: symbols(1, b'a' * 4000 + b'\0'),
    'build paths': lambda: text(b'/home/'),
    'build paths, longer': lambda: text(b'/home/a/b/c/d '),
    'build paths, nearly': lambda: text(b'/github/workspac'),
    'zeros': lambda: text(b'\0'),
    'slashes': lambda: text(b'/'),
    'marks of C libraries': lambda: text(b'No error information'),
    'marks of C libraries, nearly': lambda: text(b'/etc/nsswitch.con'),
    'UPX!': lambda: text(b'UPX!'),
    'magics of Go build information': lambda: text(b'\xff Go buildinf:\x08\x02'),
    'magics of pclntab': lambda: text(struct.pack('<IHBBQQ', 0xfffffff1, 0, 1, 8, 2, 1)),
    'Go paths': lambda: go_lines(b'path\tx\n'),
    'Go settings': lambda: go_lines(b'build\tGOOS=\n'),
    'Go dependencies': lambda: go_lines(b'dep\ta\tb\tc\n'),
    'Go records in each other': go_records,
    'code, amd64: calls': lambda: text(bytes.fromhex('e800000000'), 5),
    'code, amd64: prefixes': lambda: text(b'\x66', 5),
    'code, amd64: returns': lambda: text(b'\xc3', 5),
    'code, amd64: jumps back': lambda: text(bytes.fromhex('ebfe'), 5),
    'code, amd64: no-ops': lambda: text(b'\x90', 5),
    'code of glibc, amd64: addresses': lambda: glibc_with(bytes.fromhex('488d3d00000000')),
    'code of glibc, arm64: ADRP': lambda: glibc_with(struct.pack('<I', 0x90000000)),
    'comments': lambda: comments(b'a\0'),
    'comments, long': lambda: comments(b'a' * 4090 + b'\0'),
    'commands that nobody knows': lambda: repeated(struct.pack('<II', 0x7f, 8)),
    'LC_UUID': lambda: repeated(struct.pack('<II', 0x1b, 24) + bytes(16)),
    'LC_SEGMENT_64': lambda: repeated(segment(b'__X', 0, 0x200000000, 0x1000)),
    'LC_SEGMENT_64 of code': lambda: repeated(segment(b'__X', 0, 0x200000000, SIZE // 2, 5)),
    'sections of Mach-O': lambda: macho(segment(b'__X', 0, 0x200000000, 0x1000, 5, struct.pack('<16s16sQQIIIIIIII', b'__debug_x', b'__DWARF', 0, 8, 64, 0, 0, 0, 0, 0, 0, 0)
                                                * (SIZE // 80)), count=1),
    'LC_LOAD_DYLIB': lambda: repeated(struct.pack('<IIIIII', 0xc, 32, 24, 0, 0, 0) + b'a'.ljust(8, b'\0')),
    'LC_RPATH': lambda: repeated(struct.pack('<III', 0x8000001c, 16, 12) + b'a\0\0\0'),
    'LC_DYLD_ENVIRONMENT': lambda: repeated(struct.pack('<III', 0x27, 16, 12) + b'a\0\0\0'),
    'LC_DATA_IN_CODE': lambda: repeated(struct.pack('<IIII', 0x29, 16, 64, 8)),
    'LC_DYSYMTAB': lambda: repeated(struct.pack('<20I', 0xb, 80, *([64, 1] * 9))),
    'LC_SYMTAB again and again': lambda: tables_again_and_again('symtab'),
    'tries again and again': lambda: tables_again_and_again('trie'),
    'signatures again and again': lambda: tables_again_and_again('signature'),
    'function starts again and again': lambda: tables_again_and_again('starts'),
    'symbols of Mach-O, strings without NUL': lambda: macho_symbols(0x66, b'a'),
    'symbols of Mach-O, one long path': lambda: macho_symbols(0x66, b'/' + b'a' * 4000 + b'\0'),
    'symbols of Mach-O, local': lambda: macho_symbols(0x0e, b'a'),
    'an export trie': trie,
    'bind opcodes': lambda: opcodes(b'\x70\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01'),
    'bind opcodes without NUL': lambda: opcodes(b'\x40a'),
    'function starts': lambda: function_starts(b'\x01'),
    'function starts, long': lambda: function_starts(b'\x80'),
    '44 slices of the same bytes': lambda: universal(44, 0),
    '40 slices, each in the one before': lambda: universal(40, 4096),
}


def cost(command):
    """(exit status, processor seconds, peak resident bytes) of a command and its workers."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, said


def main():
    if sys.argv[1] == '--make':
        with open(sys.argv[3], 'wb') as out:
            out.write((FILES.get(sys.argv[2]) or worst_code.FILES[sys.argv[2]][0])())
        return 0
    assay, wanted, missed = os.path.abspath(sys.argv[1]), sys.argv[2:], 0
    print('%-48s %6s %14s %16s' % ('what', 'MB', 'seconds of', 'MB of'))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'file')
        for name in wanted or list(FILES) + list(worst_code.FILES):
            subprocess.run([sys.executable, __file__, '--make', name, path], check=True)
            size = os.path.getsize(path)
            _, options, *wanted_words = worst_code.FILES.get(name, (None, ()))
            status, seconds, memory, said = cost([assay, 'check', '--policy', 'none', *options, path])
            most_seconds, most_memory = 2 + size / (100 * MB), 3 * size + 64 * MB
            ended = b'process that audited' in said or b'no memory' in said or status not in (0, 1, 3)
            good = not ended and all(words in said for words in wanted_words) and seconds <= most_seconds and memory <= most_memory
            missed += not good
            print('%-48s %6.1f %6.2f %6.2f %7.0f %7.0f  %s' % (name, size / MB, seconds, most_seconds, memory / MB, most_memory / MB,
                                                              'ok' if good else 'MISSED (exit %d)' % status), flush=True)
            if ended:
                print('    ' + said.decode('utf-8', 'replace').strip().split('\n')[0][-150:])
    print('%d files, %d missed' % (len(wanted) or len(FILES) + len(worst_code.FILES), missed))
    return missed != 0


if __name__ == '__main__':
    sys.exit(main())
