#!/usr/bin/env python3
"""coverage.py ROOT BUILD [--list] [--write]: which branches of the readers and of the gate do the tests take?

BUILD is a build for gcov without optimization, where each condition has two branches. Prints a line for each source; 1 where
more branches are left out than coverage.tsv says, which --write writes anew: a row for each source that leaves any out, and one
for all. --list names each that is not taken.
"""
import csv
import os
import sys

sys.dont_write_bytecode = True
import suite  # noqa: E402

REACHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'coverage.tsv')


def branches(found):
    """How often each branch was taken: by file, line, and the number of the branch in its line."""
    taken = {}
    for counts in found.values():
        for key, numbers in counts.items():
            _, source, line = key.split(' ')
            for number, count in enumerate(numbers[1:]):
                key = source, int(line), number
                taken[key] = taken.get(key, 0) + count
    return {key: count for key, count in taken.items() if not key[0].startswith('..')}


def read_reached():
    if not os.path.exists(REACHED):
        return {}
    with open(REACHED, encoding='utf-8', newline='') as file:
        return {row['file']: int(row['not taken']) for row in csv.DictReader(file, delimiter='\t')}


def tell(root, source, keys):
    with open(os.path.join(root, source), encoding='utf-8') as file:
        lines = file.read().split('\n')
    for _, line, number in keys:
        print('%s:%d: branch %d is not taken\n    %s' % (source, line, number, lines[line - 1].strip()))


def main():
    root, build, options = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.nice(10)
    taken, reached, status, rows = branches(suite.ask_each(root, build)), read_reached(), 0, []
    for source in sorted({key[0] for key in taken}):
        keys = sorted(key for key in taken if key[0] == source)
        missed = [key for key in keys if taken[key] == 0]
        rows.append((source, len(keys), len(missed)))
        worse = len(missed) > reached.get(source, 0)
        print('%-32s %4d of %4d branches, %5.1f %%%s' % (source, len(keys) - len(missed), len(keys),
                                                        100 - 100 * len(missed) / len(keys), '  FEWER THAN BEFORE' if worse else ''))
        if worse or '--list' in options:
            tell(root, source, missed)
        status |= worse
    count, missed = sum(row[1] for row in rows), sum(row[2] for row in rows)
    print('%d of %d branches, %.2f %%' % (count - missed, count, 100 - 100 * missed / count))
    if '--write' in options:
        with open(REACHED, 'w', encoding='utf-8') as file:
            file.write('file\tbranches\tnot taken\n')
            file.writelines('%s\t%d\t%d\n' % row for row in [row for row in rows if row[2]] + [('all', count, missed)])
        return 0
    return status


if __name__ == '__main__':
    sys.exit(main())
