#!/usr/bin/env python3
"""figures.py ROOT [--write]: SECURITY.md claims no more than the ledgers have.

The ledgers grow with each run, so that a figure may be behind them, and never ahead. --write puts in what they have now.
"""
import csv
import os
import re
import sys

BEGIN, END = '<!-- begin figures -->\n', '<!-- end figures -->\n'


def rows(root, path):
    with open(os.path.join(root, path), encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE))


def fuzzing(root):
    path, by_target, asan, afl = 'tests/fuzz/ledger.tsv', {}, 0, 0
    for row in rows(root, path):
        count = int(row['executions'])
        by_target[row['target']] = by_target.get(row['target'], 0) + count
        asan += count if row['sanitizers'] == 'address,undefined' else 0
        afl += count if row['tool'] == 'AFL++' else 0
    fewest = min(by_target, key=by_target.get)
    yield 'executions of fuzz targets', sum(by_target.values()), path
    yield 'of these, of the target that had the fewest (%s, of %d)' % (fewest, len(by_target)), by_target[fewest], path
    yield 'of these, under both sanitizers', asan, path
    yield 'of these, by AFL++', afl, path


def figures(root):
    yield from fuzzing(root)
    path = 'tests/oracle/ledger.tsv'
    for name, text in (('elf', 'ELF files that Linux was asked about'), ('mach-o', 'Mach-O files held against the rules of XNU and dyld')):
        yield text, sum(int(row['probes']) for row in rows(root, path) if row['oracle'] == name), path
    path = 'tests/props/exhaustive.tsv'
    tried = rows(root, path)
    yield 'changed bytes and cut files', sum(int(row['cases']) for row in tried if 'facts' not in row['what']), path
    yield 'records from which facts were taken', sum(int(row['cases']) for row in tried if 'facts' in row['what']), path
    path = 'tests/faults/ledger.tsv'
    yield 'allocations and system calls that failed', sum(int(row['cases']) for row in rows(root, path)), path
    path = 'tests/mutation/coverage.tsv'
    yield 'branches of the readers and of the gate that the tests take', taken(rows(root, path), 'branches', 'not taken'), path
    path = 'tests/mutation/mcdc.tsv'
    yield 'conditions that decide by themselves in some test', taken(rows(root, path), 'conditions', 'without a pair'), path
    path = 'tests/mutation/ledger.tsv'
    last = rows(root, path)[-1]
    yield 'conditions turned round, in the last run', int(last['mutants']), path
    yield 'of these, found by a test', int(last['killed']), path


def taken(table, all_, missed):
    return next(int(row[all_]) - int(row[missed]) for row in table if row['file'] == 'all')


def main():
    root, write = sys.argv[1], '--write' in sys.argv
    path = os.path.join(root, 'SECURITY.md')
    with open(path, encoding='utf-8') as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    if write:
        table = '| what | how many | in |\n| --- | --- | --- |\n'
        table += ''.join('| %s | %s | `%s` |\n' % (what, format(count, ','), where) for what, count, where in figures(root))
        with open(path, 'w', encoding='utf-8') as file:
            file.write(before + BEGIN + table + END + after)
    claimed = {match[0]: int(match[1].replace(',', '')) for match in re.findall(r'^\| (.*) \| ([\d,]+) \| `', table, re.M)}
    status = 0
    for what, count, where in figures(root):
        what = next((each for each in claimed if re.sub(r' \(.*', '', each) == re.sub(r' \(.*', '', what)), what)
        if what not in claimed or claimed[what] > count:
            print('SECURITY.md: %s: %s, and %s has %d' % (what, claimed.get(what, 'not told'), where, count))
            status = 1
    return status


if __name__ == '__main__':
    sys.exit(main())
