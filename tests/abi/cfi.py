#!/usr/bin/env python3
"""cfi.py MUTANTS FILE...: which registers functions save, as instructions show it (MUTANTS -s), against what the unwind
tables say (readelf --debug-dump=frames). Prints how many functions agree, and of those that do not, by kind, the first."""
import re
import subprocess
import sys

DWARF = {**{r: r for r in range(19, 31)}, **{72 + i: 40 + i for i in range(8)}}  # V8 to V15 are 72 to 79


def tables(path):
    """{start: registers} of the FDEs."""
    with subprocess.Popen(['readelf', '--debug-dump=frames', path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, errors='replace') as process:
        found, current = {}, None
        for line in process.stdout:
            match = re.search(r' FDE cie=\S+ pc=([0-9a-f]+)\.\.', line)
            if match:
                current = found.setdefault(int(match.group(1), 16), set())
            elif ' CIE' in line:
                current = None
            elif current is not None and (match := re.match(r'\s+DW_CFA_offset(?:_extended)?: r(\d+)', line)):
                if int(match.group(1)) in DWARF:
                    current.add(DWARF[int(match.group(1))])
    return found


def main():
    counts, firsts = {}, {}
    for path in sys.argv[2:]:
        said = tables(path)
        listing = subprocess.run([sys.argv[1], '-s', '1', path], capture_output=True, text=True, check=True).stdout
        for line in listing.splitlines():
            start, _, mask, odd = line.split()
            start, mask = int(start, 16), int(mask, 16)
            if start not in said:
                continue
            seen = {r for r in DWARF.values() if mask >> r & 1}
            kind = ('agree' if seen == said[start] else
                    'only instructions' if seen > said[start] else 'only tables' if seen < said[start] else 'differ')
            kind += ' (odd)' if odd == '1' and kind != 'agree' else ''
            counts[kind] = counts.get(kind, 0) + 1
            firsts.setdefault(kind, []).append('%s %#x: instructions %s, tables %s' % (
                path.split('/')[-1], start, sorted(seen - said[start]), sorted(said[start] - seen)))
    for kind, count in sorted(counts.items(), key=lambda item: -item[1]):
        print(kind, count)
        for first in firsts[kind][:8] if kind != 'agree' else []:
            print('   ', first)


main()
