#!/usr/bin/env python3
"""function.py ASSAY ROOT MAKE_SAMPLES: what `assay inspect --function` shows, against tools that nobody here wrote.

Where instructions begin and end, their bytes and their words: objdump for amd64, llvm-objdump for arm64, over functions of the program
itself and of corpus/real. How deep the stack is before each instruction: the CFA of `readelf --debug-dump=frames-interp`. Then what
is said of rules that are broken, of addresses that are in no function, and of images that hold the address and those that do not.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ASSAY, ROOT = os.path.abspath(sys.argv[1]), sys.argv[2]
REAL = os.path.join(ROOT, 'corpus', 'real')
failed = 0


def check(good, what):
    global failed
    if not good:
        failed += 1
        print('not so:', what)


def inspect(path, address, *more):
    done = subprocess.run([ASSAY, 'inspect', '--format', 'json', '--no-digest', '--function', hex(address), *more, path], capture_output=True, text=True)
    return json.loads(done.stdout)['images'] if done.returncode == 0 else done


def plain(text):
    """An instruction in words, whoever wrote them: numbers in decimal, targets of branches too, and one spelling of what has two."""
    text = re.sub(r'\s*(//|;|<| # ).*', '', text.lower()).replace('#', '')
    text = re.sub(r'\b(call|j[a-z]+) +([0-9a-f]+)$', r'\1 0x\2', text)
    text = re.sub(r'-?\b0x[0-9a-f]+', lambda m: str((int(m.group(0), 16) + (1 << 63)) % (1 << 64) - (1 << 63)), text)
    text = re.sub(r'\s+', ' ', text).strip()
    text = re.sub(r'\s*([,+*\[\]-])\s*', r'\1', text).replace('*1', '').replace('+0]', ']').replace('+-', '-')
    for one, other in (('xchg ax,ax', 'nop'), ('es:', ''), ('cs nop', 'nop'), ('cs:', ''), ('movz ', 'mov '), ('stosq', 'stos'), ('fs:[40]', 'fs:40'),
                       ('ptr[', 'ptr ['), ('hint 25', 'paciasp'), ('hint 29', 'autiasp')):
        text = text.replace(one, other)
    return text


def objdump(path, start, end, amd64):
    """[(address, bytes, words)] of the range."""
    if amd64:
        command = ['objdump', '-d', '-M', 'intel', '-w', '--insn-width=16', '--start-address=%#x' % start, '--stop-address=%#x' % end, path]
    else:
        tool = shutil.which('llvm-objdump') or shutil.which('llvm-objdump-14') or 'llvm-objdump-19'
        command = [tool, '-d', '--mattr=+v8.5a', '--start-address=%#x' % start, '--stop-address=%#x' % end, path]
    rows = []
    for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines():
        match = re.match(r'\s*([0-9a-f]+):\s+((?:[0-9a-f]{2} )+|[0-9a-f]{8}\b)\s*(.*)', line)
        if match:
            octets = match.group(2).replace(' ', '')
            if not amd64:
                octets = bytes.fromhex(octets)[::-1].hex() if ' ' not in match.group(2).strip() else octets
            rows.append((int(match.group(1), 16), octets, match.group(3)))
    return rows


def frames(path):
    """{(start, end): [(address, register, offset)]} of the unwind tables."""
    out = subprocess.run(['readelf', '--debug-dump=frames-interp', path], capture_output=True, text=True).stdout
    found, rows = {}, None
    for line in out.splitlines():
        match = re.search(r' FDE .* pc=([0-9a-f]+)\.\.([0-9a-f]+)', line)
        if match:
            rows = found.setdefault((int(match.group(1), 16), int(match.group(2), 16)), [])
        elif ' CIE ' in line:
            rows = None
        elif rows is not None and (match := re.match(r'([0-9a-f]{16}) (\w+)\+(\d+) ', line)):
            rows.append((int(match.group(1), 16), match.group(2), int(match.group(3))))
    return found


def compare(path, start, end, amd64, counts):
    images = inspect(path, start)
    check(isinstance(images, list), 'a function at %#x in %s' % (start, path))
    shown = [i['function'] for i in images if 'function' in i][0]
    rows = shown['instructions']
    theirs = [r for r in objdump(path, int(shown['start'], 16), int(shown['end'], 16), amd64)]
    check(int(shown['start'], 16) == start and (end is None or int(shown['end'], 16) == end), 'bounds of %#x in %s' % (start, path))
    check([(int(r['address'], 16), r['bytes']) for r in rows] == [t[:2] for t in theirs], 'instructions of %#x in %s' % (start, path))
    for row, their in zip(rows, theirs):
        mine, other = plain(row['text'] or ''), plain(their[2])
        counts['words'] += 1
        if mine == other:
            counts['same'] += 1
        else:
            counts['other'].append('%s %s: %r, %r' % (os.path.basename(path), row['address'], row['text'], their[2]))
    return shown


def depth(rows, table, counts):
    """The stack before each instruction, against the table's CFA where that is an offset from RSP."""
    table, at, register, offset, known = sorted(table), 0, 'rsp', 8, 0
    for row in rows:
        address = int(row['address'], 16)
        while at < len(table) and table[at][0] <= address:
            register, offset, at = table[at][1], table[at][2], at + 1
        for change in row['before']:
            known = change['value'] if change['name'] == 'rsp' else known
        if row['followed'] == 'yes' and register == 'rsp' and isinstance(known, (int, str)):
            place = 0 if known in (0, 'entry') else int(known[5:]) if str(known).startswith('entry') else None
            counts['depths'] += place is not None
            check(place is None or offset == 8 - place, 'depth at %#x: %s, and the CFA is RSP+%d' % (address, known, offset))
        for change in row['after']:
            known = change['value'] if change['name'] == 'rsp' else known


def against_tools():
    counts = {'words': 0, 'same': 0, 'other': [], 'depths': 0}
    tables = frames(ASSAY)
    small = [bounds for bounds in sorted(tables) if bounds[1] - bounds[0] < 16384]
    for start, end in small[7::max(1, len(small) // 40)]:
        shown = compare(ASSAY, start, end, True, counts)
        if 'inside a frame' not in shown['judged']:
            depth(shown['instructions'], tables[start, end], counts)
    for name in ('elf-arm64-glibc-norelro', 'elf-arm64-leaf', 'elf-arm64-nolibc-static'):
        path = os.path.join(REAL, name)
        out = subprocess.run(['readelf', '--debug-dump=frames', path], capture_output=True, text=True).stdout
        for start, end in re.findall(r' FDE .* pc=([0-9a-f]+)\.\.([0-9a-f]+)', out):
            compare(path, int(start, 16), None, False, counts)
    print('%(words)d instructions, %(same)d of which in the same words, %(depths)d depths' % counts)
    print('\n'.join(counts['other'][:20]))
    check(counts['words'] > 1000 and counts['depths'] > 500, 'enough was compared')
    check(counts['same'] >= counts['words'] * 0.99, 'the words are the same')


def of_rules(folder):
    """Samples that break a rule show it at its instruction, and there alone."""
    for name, rule, address in (('elf-amd64-misaligned-call', 'abi/stack-alignment', 0x10614), ('elf-amd64-loses-rbx', 'abi/callee-saved', 0x10617),
                                ('elf-amd64-below-red-zone', 'abi/no-access-below-sp', 0x10610), ('abi-pac-pairing', 'abi/pac-pairing', 0x1061c),
                                ('abi-callee-saved', 'abi/callee-saved', 0x10614), ('elf-amd64-frames', None, 0x10614)):
        rows = inspect(os.path.join(folder, name), address)[0]['function']['instructions']
        found = [(int(r['address'], 16), b['rule']) for r in rows for b in r['breaches']]
        check(found[:1] == ([(address, rule)] if rule else []), '%s shows %s' % (name, found))
        check({rule for _, rule in found} <= {rule}, '%s shows no other rule' % name)


def of_addresses(folder):
    clean = os.path.join(folder, 'elf-amd64-frames')
    for address in ('0x10614', '67092'):  # the same
        done = subprocess.run([ASSAY, 'inspect', '--function', address, clean], capture_output=True, text=True)
        check(done.returncode == 0 and 'function 0x10610 to 0x1061b' in done.stdout, 'an address as %s' % address)
    for address in ('0x5', '0x20700', '0xffffffffffffffff'):
        done = subprocess.run([ASSAY, 'inspect', '--function', address, clean], capture_output=True, text=True)
        check(done.returncode == 2 and not done.stdout and 'no executable range' in done.stderr, 'no function at %s' % address)
    done = subprocess.run([ASSAY, 'inspect', '--no-code', '--function', '0x10614', clean], capture_output=True, text=True)
    check(done.returncode == 2 and 'cannot be read' in done.stderr, 'code that may not be read')
    images = inspect(clean, 0x1060b)  # behind the entry's code
    check(images[0]['function']['profile'] == 'unknown', 'what no table bounds has no profile')


def of_slices():
    """Each slice of a universal file that has code at the address shows it, and no other."""
    path = os.path.join(REAL, 'macho-universal-library')
    slices = json.loads(subprocess.run([ASSAY, 'inspect', '--format', 'json', path], capture_output=True, text=True, check=True).stdout)['images']
    ranges = []
    for image in slices:
        text = [s for s in image['sections'] if s['name'].endswith(',__text')][0]
        segment = [s for s in image['segments'] if s['name'] == '__TEXT'][0]
        ranges.append((image['name'], int(segment['address'], 16) + text['offset'] - segment['offset'], text['size'], int(segment['address'], 16), segment['file_size']))
    check(len(ranges) == 2, 'a file of two slices')
    for _, address, _, _, _ in ranges:
        shown = {i['name'] for i in inspect(path, address) if 'function' in i}
        check(shown == {name for name, _, _, base, size in ranges if base <= address < base + size}, 'slices that show %#x: %s' % (address, shown))


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[3], folder], check=True, stdout=subprocess.DEVNULL)
        against_tools()
        of_rules(folder)
        of_addresses(folder)
        of_slices()
    print('%d complaints' % failed)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
