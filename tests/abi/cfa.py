#!/usr/bin/env python3
"""cfa.py DEPTH FILE...: the depth of the stack at each call (depth.c), against the CFA of `readelf --debug-dump=frames-interp`.

A line for each file: functions, calls whose CFA is an offset from RSP, of these those of which the depth is not known, and those that
disagree; then those whose CFA is an offset from another register, which says nothing of RSP. -v names those that disagree.
"""
import bisect
import re
import subprocess
import sys

ROW = re.compile(r'^([0-9a-f]{16}) (r[a-z0-9]+)\+(\d+) ')
FDE = re.compile(r' FDE .* pc=([0-9a-f]+)\.\.([0-9a-f]+)')
CIE = re.compile(r'^([0-9a-f]{8,16}) .* CIE')


def tables(path):
    """(address, register, offset) of every row, by address; (address, None, 0) where a function ends."""
    rows, end, start, first = [], None, None, True
    out = subprocess.Popen(['readelf', '--debug-dump=frames-interp', path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors='replace')
    for line in out.stdout:
        match = FDE.search(line)
        if match:
            start, end = int(match.group(1), 16), int(match.group(2), 16)
            rows.append((start, 'rsp', 8))
            rows.append((end, None, 0))
            continue
        if ' CIE ' in line:
            start = None
            continue
        match = ROW.match(line)
        if match and start is not None:
            rows.append((int(match.group(1), 16), match.group(2), int(match.group(3))))
        elif re.match(r'^[0-9a-f]{16} exp', line) and start is not None:
            rows.append((int(line[:16], 16), 'exp', 0))
    order = {}
    for address, register, offset in rows:
        if register is not None or address not in order:
            order[address] = (register, offset)
    keys = sorted(order)
    return keys, [order[k] for k in keys]


def main():
    arguments = [a for a in sys.argv[1:] if a != '-v']
    totals = [0] * 5
    for path in arguments[1:]:
        keys, rules = tables(path)
        count = [0] * 5
        told = subprocess.run([arguments[0], path], capture_output=True, text=True, check=True).stdout
        for line in told.splitlines():
            words = line.split()
            if words[0] == 'f':
                count[0] += 1
                continue
            address = int(words[0], 16)
            at = bisect.bisect_right(keys, address) - 1
            register, offset = rules[at] if at >= 0 else (None, 0)
            if register != 'rsp':
                count[4] += 1
                continue
            count[1] += 1
            if words[1] == '?':
                count[2] += 1
            elif int(words[1]) != offset:
                count[3] += 1
                if '-v' in sys.argv:
                    print('%s: %s: %s, and the table says %d' % (path, words[0], words[1], offset))
        print('%s functions %d calls %d unknown %d disagree %d other %d' % (path, *count), flush=True)
        totals = [a + b for a, b in zip(totals, count)]
    print('all: functions %d calls %d unknown %d disagree %d other %d' % tuple(totals))


if __name__ == '__main__':
    main()
