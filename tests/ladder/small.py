#!/usr/bin/env python3
"""small.py ASSAY: `assay cpu` over a few fixtures that the compiler of this machine builds, held against what happened
when they ran (small.tsv). Exits with 77 where the fixtures cannot be built here.

small.py --record TRUTH.jsonl ASSAY writes small.tsv anew, from what truth.py saw: per fixture and level of x86-64 "runs" or
"dies", and a "!" behind it where the answer must be that and may not be that it cannot be told.
"""
import json
import os
import platform
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree stays as it is
import compare
import fixtures

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, 'small.tsv')
MODELS = {'x86-64-v1': 'Opteron_G1', 'x86-64-v2': 'Nehalem', 'x86-64-v3': 'Haswell', 'x86-64-v4': 'native'}
NAMES = ['direct-avx2-gcc', 'inline-avx2-gcc', 'pointer-avx2-gcc', 'qsort-avx2-gcc', 'thread-avx2-gcc', 'inverted-avx2-gcc', 'both_ways-avx2-gcc',
         'one_missed-avx2-gcc', 'branch-avx2-gcc', 'table-avx2-gcc', 'global_bool-avx2-gcc', 'ifunc-avx2-gcc', 'heap-avx2-gcc', 'enum_level-avx2-gcc',
         'branch-builtin-gcc', 'wrong_feature-avx2-gcc', 'level-v1-gcc', 'level-v3-gcc-dyn', 'lzcnt-gcc', 'tzcnt-gcc', 'many-avx-gcc', 'refuse-avx2-gcc']


def record(assay, truth):
    with open(truth, encoding='utf-8') as file:
        known = {item['name']: item for item in map(json.loads, file) if item['arch'] == 'amd64' and item['source'] == 'fixture'}
    with open(TABLE, 'w', encoding='utf-8') as out:
        out.write('# fixture\t%s: what happened there (small.py)\n' % '\t'.join(MODELS))
        for name in NAMES:
            said = {row['cpu']: row['answer'] for row in compare.ask(assay, known[name]['path'])['cpus']}
            words = []
            for level, model in MODELS.items():
                happened = compare.DIED[known[name]['cpus'][model]['answer']]
                words.append({'runs': 'runs', 'needs': 'dies'}[happened] + ('!' if said[level] == happened else ''))
            out.write('\t'.join([name] + words) + '\n')


def test(assay):
    if platform.machine() != 'x86_64':
        print('these fixtures are for x86-64')
        return 77
    rows = {row.name: row for row in fixtures.fixtures() if row.arch == 'amd64'}
    wrong = told = 0
    with open(TABLE, encoding='utf-8') as file, tempfile.TemporaryDirectory() as folder:
        for line in file:
            if line.startswith('#'):
                continue
            name, *happened = line.split()
            _, error = fixtures.build(rows[name], folder)
            if error:
                print('%s cannot be built: %s' % (name, error))
                return 77
            image = compare.ask(assay, os.path.join(folder, name + '.amd64'))
            said = {row['cpu']: row for row in (image or {'cpus': []})['cpus']}
            for level, word in zip(MODELS, happened):
                right = {'runs': 'runs', 'dies': 'needs'}[word.rstrip('!')]
                answer = said.get(level, {'answer': 'nothing', 'reason': ''})
                told += answer['answer'] == right
                if answer['answer'] != right and (word.endswith('!') or answer['answer'] != 'cannot-tell'):
                    print('%s on %s: %s, told %s: %s' % (name, level, word, answer['answer'], answer['reason']))
                    wrong += 1
    print('%d answers right, %d wrong' % (told, wrong))
    return 1 if wrong or not told else 0


if __name__ == '__main__':
    if sys.argv[1] == '--record':
        sys.exit(record(sys.argv[3], sys.argv[2]))
    sys.exit(test(sys.argv[1]))
