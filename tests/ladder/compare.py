#!/usr/bin/env python3
"""compare.py TRUTH.jsonl... (--assay ASSAY | --reach REACH) [--all] [--results FILE]: what static analysis says of programs and
CPU models, held against what happened when the programs ran there.

Two things are wrong: "needs more" of a program that ran, and "runs" of one that died of an illegal instruction (or went
on with wrong numbers). "cannot tell" is never wrong and never useful. The answer for a CPU model is formed from the
features that it has (cpus.tsv): needs, where one is required that it lacks; cannot tell, where one is possible; else
runs. Beside that every processor that `assay cpu` knows is used: what it says of one that has less than the model must
hold there when it is "runs", and what it says of one that has more, when it is "needs". REACH is tests/code/reach.c, which
is less than ASSAY (it does not read what Go records) and says where.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is
import cpus

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
LEVELS = {}  # of x86-64 as GOAMD64 has them: filled from the table of processors
DIED = {'sigill': 'needs', 'differs': 'needs', 'refuses': 'needs', 'runs': 'runs'}

RESULTS = '''# What `assay` says, against what happened

Written by `compare.py --results`. Columns: what a program did on a CPU model, and what was said of it. The bold ones must
be 0. "Refused" programs ended with a message about the processor; static analysis sees their question, and not its
consequence, where it is not Go's own. "No truth": the program failed for another reason.

'''


def classes():
    """{class of instructions: its features by name}, from the tables that the program is built of."""
    with open(os.path.join(ROOT, 'checks/code/features.def'), encoding='utf-8') as file:
        names = {(arch, ident): name for arch, ident, name in re.findall(r'^(A64|X86)_FEATURE\((\w+), "(.*)"\)', file.read(), re.M)}
    with open(os.path.join(ROOT, 'checks/code/classes.def'), encoding='utf-8') as file:
        rows = re.findall(r'^(A64|X86)_CLASS\((\w+), (.*)\)', file.read(), re.M)
    table = {}
    for arch, ident, rest in rows:
        words = [word.strip() for word in rest.split(',')][arch == 'A64':]
        table[arch, ident] = {names[arch, word] for word in words if word != 'NONE'}
    return table


def reached(tool, path, arch, table):
    """{reach: {features}: where} of one file."""
    result = subprocess.run([tool, path], capture_output=True, text=True)
    found = collections.defaultdict(dict)
    of_class = {}
    for line in result.stdout.split('\n'):
        match = re.match(r'(unreached|guarded|possible|required) +(\w+) +(0x\w+) in (\d+) by(.*)', line)
        if match:
            needed = frozenset(table['X86' if arch == 'amd64' else 'A64', match.group(2)])
            found[match.group(1)][needed] = '%s at %s by%s' % (match.group(2), match.group(3), match.group(5))
            of_class[match.group(2)] = needed
    weigh(found, of_class.get('AVX' if arch == 'amd64' else 'LSE'), re.search(r'choosers (\d+) new (\d+)', result.stdout))
    return found if result.returncode == 0 and 'functions' in result.stdout else None


def weigh(found, needed, counts):
    """As checks/code/study.c does: most functions that had a choice took the newer instructions."""
    if counts and needed in found['possible']:
        choosers, newer = int(counts.group(1)), int(counts.group(2))
        if newer >= 500 and newer >= choosers / 4: # of programs; no fixture is a library
            found['required'][needed] = 'prevalence %d of %d' % (newer, choosers)


def answer(found, had):
    if found is None:
        return 'cannot-tell', 'not read'
    for reach, word in (('required', 'needs'), ('possible', 'cannot-tell')):
        for needed, where in sorted(found[reach].items(), key=lambda item: sorted(item[0])):
            if needed - had:
                return word, where
    return 'runs', ''


def processors():
    """{(arch, name): features by name} of every processor that assay knows, from the table that it is built of."""
    with open(os.path.join(ROOT, 'checks/code/features.def'), encoding='utf-8') as file:
        names = {(arch, ident): name for arch, ident, name in re.findall(r'^(A64|X86)_FEATURE\((\w+), "(.*)"\)', file.read(), re.M)}
    macros = ['LEVEL(n, a, b, adds, al, w)=@ n @ a @ b @ adds @ @', 'CPU(n, a, b, adds, lacks, al, w, s)=@ n @ a @ b @ adds @ lacks @',
              'X86(i)=X86_##i', 'A64(i)=A64_##i', 'ARM(i)=A64_##i']
    with open(os.path.join(ROOT, 'checks/code/cpu.c'), encoding='utf-8') as file:
        macros += [match.replace(' ', '=', 1) for match in re.findall(r'^#define (\w+ (?:(?:X86|A64)\(\w+\) ?)+)$', file.read(), re.M)]
    text = subprocess.run(['cc', '-E', '-P', '-x', 'c', *['-D' + macro for macro in macros], os.path.join(ROOT, 'checks/code/cpus.def')],
                          capture_output=True, text=True, check=True).stdout
    table = {}
    for name, arch, base, adds, lacks in re.findall(r'@ "([^"]+)" @ ARCH_(\w+) @ (\S+) @ ([\w\s]*) @ ([\w\s]*)@', text):
        arch = arch.lower()
        table[arch, name] = set(table[arch, base.strip('"')]) if base not in ('NULL', '((void *)0)') else set()
        table[arch, name] |= {names[tuple(word.split('_', 1))] for word in adds.split() if not word.endswith('_NONE')}
        table[arch, name] -= {names[tuple(word.split('_', 1))] for word in lacks.split() if not word.endswith('_NONE')}
    return table


def ask(assay, path):
    """The image that `assay cpu` describes; None: it has no answer."""
    result = subprocess.run([assay, 'cpu', '--format', 'json', path], capture_output=True, text=True)
    try:
        return json.loads(result.stdout)['images'][0]
    except (ValueError, LookupError):
        return None


def look(options, record, table):
    path, arch = record['path'], record['arch']
    return (reached(options.reach, path, arch, table) if options.reach else None), (ask(options.assay, path) if options.assay else None)


def by_facts(image, had):
    """The answer for a processor with these features, from the features that the program asks for."""
    isa = (image or {}).get('facts', {}).get('isa')
    if not isa:
        return 'cannot-tell', 'no facts'
    go = image['facts'].get('go') or {}
    level = go.get('level')
    if level and set(LEVELS.get(level, [])) - had:
        return 'needs', 'GOAMD64=%s' % level
    for word, kind in (('needs', 'requires'), ('cannot-tell', 'possible')):
        lacking = sorted(set(isa[kind]) - had)
        if lacking:
            return word, ' '.join(lacking)[:100]
    return ('runs', '') if isa['coverage'] >= 90 else ('cannot-tell', 'coverage %d' % isa['coverage'])


def contradictions(image, arch, rows, had, truth):
    """Answers for processors that have less, or more, than the model, which the truth denies."""
    for row in (image or {}).get('cpus', []):
        other = rows.get((arch, row['cpu']))
        if other is None:
            continue
        if row['answer'] == 'runs' and other <= had and truth in ('sigill', 'differs'):
            yield 'runs', 'on %s: %s' % (row['cpu'], row['reason'][:100])
        if row['answer'] == 'needs' and other >= had and truth == 'runs':
            yield 'needs', 'on %s: %s' % (row['cpu'], row['reason'][:100])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('truth', nargs='+')
    parser.add_argument('--assay')
    parser.add_argument('--reach')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--results', help='a file for the table')
    parser.add_argument('--all', action='store_true', help='what cannot be told as well')
    options = parser.parse_args()
    known, table, rows_of = cpus.read(), classes(), processors()
    LEVELS.update({'v%d' % n: rows_of['amd64', 'x86-64-v%d' % n] for n in (1, 2, 3, 4)})
    counts = collections.Counter()
    rows = []
    for name in options.truth:
        with open(name, encoding='utf-8') as file:
            records = [json.loads(line) for line in file]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            answers = list(pool.map(lambda record: look(options, record, table), records))
        for record, (found, image) in zip(records, answers):
            arch, path = record['arch'], record['path']
            for cpu, truth in record['cpus'].items():
                if truth['answer'] not in DIED:
                    counts[arch, record['source'], cpu, 'other', ''] += 1
                    continue
                had = known[arch, cpu]
                told, where = by_facts(image, had) if options.assay else answer(found, had)
                # A wrong guard kills on better processors alone: less is no evidence there.
                told_of_others = [] if '>' in record.get('needs', '') else contradictions(image, arch, rows_of, had, truth['answer'])
                for wrong, why in list(told_of_others)[:1]:
                    rows.append((-3, os.path.basename(path), arch, cpu, truth['answer'], wrong, why, record.get('needs', '')))
                counts[arch, record['source'], cpu, truth['answer'], told] += 1
                right = DIED[truth['answer']]
                if told != right and (told != 'cannot-tell' or options.all):
                    weight = 0 if told == 'cannot-tell' else 1 if truth['answer'] == 'refuses' else 3 if told == 'runs' else 2
                    rows.append((-weight, os.path.basename(path), arch, cpu, truth['answer'], told, where, record.get('needs', '')))
    rows.sort()
    for row in rows:
        print('%s %s: %s, told %s %s%s' % (row[1], row[3], row[4], row[5], row[6], ' (needs %s)' % row[7] if row[7] else ''))
    show(counts, sys.stdout)
    if options.results:
        with open(options.results, 'w', encoding='utf-8') as file:
            file.write(RESULTS)
            show(counts, file)
    return 1 if any(row[0] <= -2 for row in rows) else 0


def show(counts, out):
    """Per architecture, source and CPU model: how many ran and died, and what was said of them."""
    print('| arch | programs | CPU | ran: runs | ran: cannot tell | **ran: needs** | died: needs | died: cannot tell | **died: runs** | '
          'refused: needs | refused: cannot tell | refused: runs | no truth |', file=out)
    print('| --- | --- | --- |' + ' --: |' * 10, file=out)
    for arch, source, cpu in sorted({key[:3] for key in counts}):
        row = [sum(counts[arch, source, cpu, truth, told] for truth in truths)
               for truths, words in ((('runs',), ('runs', 'cannot-tell', 'needs')), (('sigill', 'differs'), ('needs', 'cannot-tell', 'runs')),
                                     (('refuses',), ('needs', 'cannot-tell', 'runs')), (('other',), ('',))) for told in words]
        print('| %s | %s | %s | %s |' % (arch, source, cpu, ' | '.join(str(number) for number in row)), file=out)
    print(file=out)
    for source in ('fixture', 'real'):
        def total(told, *truths):
            return sum(number for key, number in counts.items() if key[1] == source and key[3] in truths and key[4] in told)
        for told, truths in (('runs', ('runs',)), ('needs', ('sigill', 'differs'))):
            right, said = total((told,), *truths), total((told,), 'runs', 'sigill', 'differs')
            print('%s programs, "%s": %d of %d answers right, %d of %d found.' % (source, told, right, said, right, total(('runs', 'cannot-tell', 'needs'), *truths)), file=out)


if __name__ == '__main__':
    sys.exit(main())
