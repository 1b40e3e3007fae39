#!/usr/bin/env python3
"""bench.py ASSAY SCAN: what an audit costs, as ratios against commands that everyone has.

Both commands of a row run in turn on the same files, so that a busy machine slows both; the
figure is the median of the ratios of the pairs. A peer that is not installed gives a row that
says so. Exit 1 where a figure is missed.
"""
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

TREES = ['/usr/bin', '/usr/sbin', '/usr/lib']


def run(command, stdin=None):
    """(wall seconds, CPU seconds, peak resident bytes) of one command and its children."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def pairs(ours, theirs, measure, rounds, repeat=1):
    """The median over `rounds` of ours / theirs; each side is run `repeat` times a round."""
    ratios = []
    run(ours), run(theirs)
    for _ in range(rounds):
        a = sum(run(ours)[measure] for _ in range(repeat))
        b = sum(run(theirs)[measure] for _ in range(repeat))
        ratios.append(a / b)
    return statistics.median(ratios)


WALL, CPU, MEMORY = 0, 1, 2
# mov edi, 0; mov eax, 60; syscall: exit(0)
CODE = bytes.fromhex('bf00000000b83c0000000f05').ljust(64, b'\x90')


def elf_header(phnum, shoff, shnum, shstrndx, entry):
    return b'\x7fELF\2\1\1'.ljust(16, b'\0') + struct.pack('<HHIQQQIHHHHHH', 2, 62, 1, entry, 64, shoff, 0, 64, 56, phnum, 64, shnum, shstrndx)


def static_program(path, payload):
    """A static program for amd64 that carries `payload` bytes of read-only data."""
    base, data_at = 0x400000, 0x1000
    with open(path, 'wb') as out:
        head = elf_header(3, 0, 0, 0, base + 0xf00)
        head += struct.pack('<IIQQQQQQ', 1, 5, 0, base, base, 0x1000, 0x1000, 0x1000)
        head += struct.pack('<IIQQQQQQ', 1, 4, data_at, base + data_at, base + data_at, payload, payload, 0x1000)
        head += struct.pack('<IIQQQQQQ', 0x6474e551, 6, 0, 0, 0, 0, 0, 16)
        out.write((head.ljust(0xf00, b'\0') + CODE).ljust(data_at, b'\0'))
        block = b''.join(b'%08d the quick brown fox jumps over a lazy dog\n' % (i * 7919) for i in range(20000))
        while payload > 0:
            payload -= out.write(block[:payload])


def object_with(path, symbols, sections):
    """A relocatable object with that many symbols, or sections."""
    names = b'\0.shstrtab\0.symtab\0.strtab\0.data\0'
    text = b'\0' + b''.join(b's%07d\0' % i for i in range(symbols))
    table = struct.pack('<IBBHQQ', 0, 0, 0, 0, 0, 0) + b''.join(
        struct.pack('<IBBHQQ', 1 + i * 9, 0x12, 0, 0xfff1, i, 0) for i in range(symbols))
    at_names = 64
    at_text = at_names + len(names)
    at_table = (at_text + len(text) + 7) & ~7
    shoff = at_table + len(table)
    headers = [struct.pack('<IIQQQQIIQQ', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
               struct.pack('<IIQQQQIIQQ', 1, 3, 0, 0, at_names, len(names), 0, 0, 1, 0),
               struct.pack('<IIQQQQIIQQ', 11, 2, 0, 0, at_table, len(table), 3, 1, 8, 24),
               struct.pack('<IIQQQQIIQQ', 19, 3, 0, 0, at_text, len(text), 0, 0, 1, 0)]
    headers += [struct.pack('<IIQQQQIIQQ', 27, 1, 3, 0, at_names, 8, 0, 0, 1, 0)] * sections
    ident = b'\x7fELF\2\1\1'.ljust(16, b'\0')
    head = ident + struct.pack('<HHIQQQIHHHHHH', 1, 62, 1, 0, 0, shoff, 0, 64, 0, 0, 64, len(headers), 1)
    with open(path, 'wb') as out:
        out.write((head + names + text).ljust(at_table, b'\0') + table + b''.join(headers))


def elf_files():
    """Every ELF file under the trees, one path for each file."""
    found, seen = [], set()
    for tree in TREES:
        for folder, _, names in os.walk(tree):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    status = os.lstat(path)
                    if not os.path.isfile(path) or os.path.islink(path) or (status.st_dev, status.st_ino) in seen:
                        continue
                    with open(path, 'rb') as file:
                        if file.read(4) != b'\x7fELF':
                            continue
                except OSError:
                    continue
                seen.add((status.st_dev, status.st_ino))
                found.append(path)
    return found


class Table:
    def __init__(self):
        self.missed = 0
        print('%-66s %9s %9s' % ('what', 'measured', 'to reach'))

    def row(self, what, measured, target, unit='x'):
        good = measured <= target
        self.missed += not good
        print('%-66s %8.2f%s %8.2f%s  %s' % (what, measured, unit, target, unit, 'ok' if good else 'MISSED'), flush=True)

    def absent(self, what, peer):
        print('%-66s %9s %9s  %s is not installed' % (what, '-', '-', peer), flush=True)


def tree_rows(table, assay, folder, files):
    listing = os.path.join(folder, 'files')
    with open(listing, 'w') as out:
        out.write('\n'.join(files) + '\n')
    ours = [assay, 'check', '--no-code', '--no-digest']
    trees = [t for t in TREES if os.path.isdir(t)]
    what = 'CPU, metadata of %d ELF files, one worker, against ' % len(files)
    if shutil.which('scanelf'):
        table.row(what + 'scanelf -aR', pairs(ours + ['-j1'] + trees, ['scanelf', '-aR'] + trees, CPU, 7), 1.0)
    else:
        table.absent(what + 'scanelf -aR', 'scanelf')
    # One by one: -n of elfutils takes what stands behind it for the name of a section, so that -hlSdVns shows neither notes nor symbols.
    peer = ['xargs', '-n', '4000', '-a', listing, 'eu-readelf', '-h', '-l', '-S', '-d', '-V', '-n', '-s']
    if shutil.which('eu-readelf'):
        table.row(what + 'eu-readelf -h -l -S -d -V -n -s', pairs(ours + ['-j1', '--files-from', listing], peer, CPU, 3), 0.15)
    else:
        table.absent(what + 'eu-readelf', 'eu-readelf')
    both = [ours + [jobs, '--files-from', listing] for jobs in ('-j2', '-j1')]
    table.row('wall, the same files, -j2 against -j1', pairs(both[0], both[1], WALL, 7, 3), 0.65)
    checksec_row(table, ours, folder, files)
    reports_row(table, assay, folder, files)
    jail_row(table, assay, folder)


def reports_row(table, assay, folder, files):
    """Six reports of the same run against one; files are read, hashed and searched as by default."""
    listing = os.path.join(folder, 'some')
    with open(listing, 'w') as out:
        out.write('\n'.join(files[:2000]) + '\n')
    one = [assay, 'check', '--policy', 'none', '--files-from', listing, '--output', 'json=' + os.path.join(folder, 'json')]
    six = list(one)
    for form in ('sarif', 'junit', 'markdown', 'html', 'csv'):
        six += ['--output', form + '=' + os.path.join(folder, form)]
    table.row('wall, %d files, six reports against one' % min(2000, len(files)), pairs(six, one, WALL, 5), 1.2)


def jail_row(table, assay, folder):
    """Files are read, hashed and searched as by default."""
    ours = [assay, 'check', '--policy', 'none', '--files-from', os.path.join(folder, 'some')]
    table.row('wall, 2000 files, in the jail against --sandbox=off', pairs(ours, ours + ['--sandbox=off'], WALL, 7), 1.25)


def checksec_row(table, ours, folder, files):
    what = 'time a file, against checksec --dir (its share of 1/500)'
    if not shutil.which('checksec'):
        return table.absent(what, 'checksec')
    few = os.path.join(folder, 'few')
    os.mkdir(few)
    for path in [f for f in files if os.path.getsize(f) < 1 << 20][:20]:
        shutil.copy(path, os.path.join(few, path.replace('/', '_')))
    theirs = run(['checksec', '--dir=' + few])[WALL] / len(os.listdir(few))
    mine = run(ours + ['-j1', '--files-from', os.path.join(folder, 'files')])[WALL] / len(files)
    table.row(what, mine / theirs * 500, 1.0)


def file_rows(table, assay, folder):
    big = os.path.join(folder, 'big')
    static_program(big, 100 << 20)
    table.row('wall, metadata and digest of 100 MB, against openssl dgst -sha256',
              pairs([assay, 'check', '--no-code', '-j1', big], ['openssl', 'dgst', '-sha256', big], WALL, 9), 1.25)
    table.row('memory beyond the 100 MB of that file',
              (run([assay, 'check', '-j1', big])[MEMORY] - os.path.getsize(big)) / (1 << 20), 32, ' MB')
    small = os.path.join(folder, 'small')
    static_program(small, 12 << 10)
    table.row('wall, start-up on a 16 KB ELF, against readelf -hlSdV',
              pairs([assay, 'check', small], ['readelf', '-hlSdV', small], WALL, 7, 20), 2.0)


def growth_rows(table, assay, folder):
    """Cost a unit at the large end against a quarter of it: 1.0 is linear; half as much again is noise."""
    for what, most in (('symbols', 400000), ('sections', 60000)):
        paths = []
        for count in (most, most // 4):
            paths.append(os.path.join(folder, what + str(count)))
            object_with(paths[-1], count if what == 'symbols' else 10, count if what == 'sections' else 1)
        ratio = pairs(*[[assay, 'check', '-j1', '--no-digest', p] for p in paths], CPU, 5, 5)
        table.row('CPU a unit, %d %s against %d' % (most, what, most // 4), ratio / 4, 1.5)


# A64 words as compilers write them, two of them with a feature (LDADDAL, CASAL).
A64_WORDS = [0xa9bf7bfd, 0x910003fd, 0xf9400000, 0xb9400821, 0x91004000, 0xf9000be0, 0xaa0003f3, 0x2a1f03e1, 0x94000010, 0x54000060,
             0xb4000041, 0x7100041f, 0xd2800020, 0x8b010000, 0xcb020021, 0xf100001f, 0x37000040, 0x17fffff0, 0xa94153f3, 0xa8c17bfd,
             0xd65f03c0, 0xd503201f, 0x1e604020, 0x4ea01c00, 0x3dc00000, 0x39400000, 0x12001c00, 0xd340fc00, 0xb8e00041, 0xc8e0fc41]


def a64_program(path, words):
    """A static program for arm64 with that many instructions."""
    base = 0x400000
    block = b''.join(struct.pack('<I', A64_WORDS[(i * i >> 3) % len(A64_WORDS)]) for i in range(1 << 16))
    head = bytearray(elf_header(2, 0, 0, 0, base + 0x1000))
    struct.pack_into('<H', head, 18, 183)
    head += struct.pack('<IIQQQQQQ', 1, 5, 0, base, base, 0x1000 + 4 * words, 0x1000 + 4 * words, 0x1000)
    head += struct.pack('<IIQQQQQQ', 0x6474e551, 6, 0, 0, 0, 0, 0, 16)
    with open(path, 'wb') as out:
        out.write(bytes(head).ljust(0x1000, b'\0'))
        for _ in range(words >> 16):
            out.write(block)


# A function as compilers write them: three registers saved, a loop with a call of the next function, two ways out of it.
FUNCTION = [0xa9bd7bfd, 0x910003fd, 0xa90153f3, 0xf90013f5, 0xaa0003f3, 0xaa0103f4, 0x2a1f03f5, 0xb4000153, 0xf9400260, 0xb9400a61, 0x8b010000,
            0xeb14001f, 0x54000048, 0x9400000f, 0x110006b5, 0xf9400a73, 0xb5ffff13, 0x36000055, 0xaa1403e0, 0xf90017a0, 0x2a1503e0, 0xf94013f5,
            0xa94153f3, 0xa8c37bfd, 0xd65f03c0, 0xd503201f, 0xd503201f, 0xd503201f]


def functions_program(path, size):
    """A static program for arm64 that is made of nothing else."""
    a64_program(path, 0)
    block = struct.pack('<28I', *FUNCTION)
    count = size // len(block)
    with open(path, 'r+b') as out:
        head = bytearray(out.read(0x1000))
        struct.pack_into('<QQ', head, 64 + 32, 0x1000 + count * len(block), 0x1000 + count * len(block))
        out.seek(0)
        out.write(head)
        for _ in range(count >> 12): # a list of them would count as memory of what is started from here
            out.write(block * (1 << 12))
        out.write(block * (count & 0xfff))


def convention_rows(table, scan, folder):
    """The study of calling conventions, with all that it needs of the file, of which 150 MB of A64 code a second are asked: a digest goes
    through some 1.7 GB of the file a second."""
    made = os.path.join(folder, 'functions')
    functions_program(made, 64 << 20)
    named = os.path.join(os.environ.get('ASSAY_BENCH') or folder, 'bun-linux-aarch64')
    for what, path in (('functions made alike', made), ('bun-linux-aarch64', named)):
        if not os.path.exists(path):
            continue
        command = [scan, 'abi', path]
        code = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        rate = code / min(run(command)[CPU] for _ in range(5)) / 1e6
        table.row('CPU, calling conventions of %s (%d MB at %d MB/s), against openssl dgst' % (what, code >> 20, rate),
                  pairs(command, ['openssl', 'dgst', '-sha256', path], CPU, 5), 1700 / 150 * code / os.path.getsize(path))


def code_rows(table, scan, folder, files):
    """The first look at code: the largest program here, which is mostly code, and one of arm64. A digest goes through some 1.5 GB a
    second; to look every instruction up is to go through 250 MB of x86-64 code a second, or 1 GB of A64."""
    arm = os.path.join(folder, 'arm64')
    a64_program(arm, 24 << 20)
    for arch, path, modes in (('x86-64', max(files, key=os.path.getsize), (('sweep', 1.5), ('plain', 3.0), ('classify', 4.0))),
                              ('A64', arm, (('sweep', 0.6), ('classify', 2.0)))):
        digest = ['openssl', 'dgst', '-sha256', path]
        for mode, target in modes:
            command = [scan, mode, path]
            code = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            rate = code / min(run(command)[CPU] for _ in range(5)) / 1e6
            table.row('CPU, %s code, %s (%d MB at %d MB/s), against openssl dgst -sha256' % (arch, mode, code >> 20, rate),
                      pairs(command, digest, CPU, 7), target)


def without_conventions(folder):
    path = os.path.join(folder, 'policy.yaml')
    with open(path, 'w') as out:
        out.write('version: 1\nrules: {abi: off, hardening/branch-protection: off, origin/claims-match-bytes: off}\n')
    return path


def followed_rows(table, assay, folder, files):
    """Whole checks without a digest, one worker, where the scan finds what the declared CPU lacks and the code is followed; without the
    rules about calling conventions, which have a row of their own."""
    check = [assay, 'check', '--policy', without_conventions(folder), '--no-digest', '-j1', '--cpu', 'x86-64-v1', '--cpu', 'armv8.0']
    largest = max(files, key=os.path.getsize)
    table.row('CPU, whole check of the largest program, code followed, against openssl dgst',
              pairs(check + [largest], ['openssl', 'dgst', '-sha256', largest], CPU, 3), 5.0)
    some = os.path.join(folder, 'mixed')
    with open(some, 'w') as out:
        out.write('\n'.join(sorted(files)[::max(1, len(files) // 400)][:400]) + '\n')
    with open(some + '-less', 'w') as out:
        out.write('\n'.join(sorted(files)[::max(1, len(files) // 300)][:300]) + '\n')
    whole = [assay, 'check', '--no-digest', '-j1', '--files-from', some + '-less']
    table.row('CPU, whole check of 300 programs, against one without the rules about calling conventions',
              pairs(whole, whole[:2] + ['--policy', without_conventions(folder)] + whole[2:], CPU, 3), 3.0)
    both = [check[:5] + [jobs] + check[6:] + ['--files-from', some] for jobs in ('-j2', '-j1')]
    table.row('wall, 400 mixed files, code followed, -j2 against -j1', pairs(both[0], both[1], WALL, 3), 1 / 1.7)


def named_rows(table, assay, scan, scratch):
    """Programs that everybody can have from npm, where ASSAY_BENCH is a folder with them: bun-linux-x64 and bun-linux-aarch64
    (package/bin/bun of @oven/bun-linux-x64, …-aarch64) and esbuild-linux-x64 (package/bin/esbuild of @esbuild/linux-x64)."""
    folder = os.environ.get('ASSAY_BENCH')
    check = [assay, 'check', '--policy', without_conventions(scratch), '--no-digest', '-j1', '--cpu']
    for name, cpu, first, whole in (('bun-linux-x64', 'x86-64-v1', 1.5, 5.0), ('bun-linux-aarch64', 'armv8.0', 0.6, 2.0)):
        path = os.path.join(folder or '', name)
        if not os.path.exists(path):
            continue
        digest = ['openssl', 'dgst', '-sha256', path]
        table.row('CPU, first look at the code of %s, against openssl dgst' % name, pairs([scan, 'sweep', path], digest, CPU, 5), first)
        table.row('CPU, whole check of %s, code followed, against openssl dgst' % name,
                  pairs(check + [cpu, path], digest, CPU, 3), whole)
    for name, peer, share in (('esbuild-linux-x64', ['elfx86exts'], 1 / 50), ('bun-linux-x64', ['objdump', '-d'], 1 / 60)):
        path = os.path.join(folder or '', name)
        if os.path.exists(path) and shutil.which(peer[0]):
            table.row('CPU, whole check of %s, against %s (its share of %.3f)' % (name, ' '.join(peer), share),
                      pairs(check + ['x86-64-v4', path], peer + [path], CPU, 1) / share, 1.0)


def main():
    assay, scan = [os.path.abspath(program) for program in sys.argv[1:3]]
    with tempfile.TemporaryDirectory() as folder:
        table = Table()
        files = elf_files()
        tree_rows(table, assay, folder, files)
        code_rows(table, scan, folder, files)
        convention_rows(table, scan, folder)
        file_rows(table, assay, folder)
        growth_rows(table, assay, folder)
        followed_rows(table, assay, folder, files)
        named_rows(table, assay, scan, folder)
    return 1 if table.missed else 0


if __name__ == '__main__':
    sys.exit(main())
