#!/usr/bin/env python3
"""oracle.py test PROGRAM CORPUS COUNT: the first COUNT probes of two seeds, the same ones each time.
oracle.py run LEDGER FOLDER COUNT CORPUS NAME=PROGRAM...: COUNT probes of a seed that no row of the ledger has, by each.

A run notes in FOLDER how far it came, and goes on from there when it is called again; files that the two sides
disagree about are left in FOLDER/found. A finished run is a row of the ledger.
"""
import csv
import json
import os
import re
import shutil
import subprocess
import sys

SKIPPED, CHUNK, FIRST_SEED, FIXED_SEEDS = 77, 10000, 100, (1, 0xaca8f46d, 20011, 20042)  # the others found something once
COLUMNS = ['oracle', 'seed', 'probes', 'accepted', 'disagreements', 'commit', 'authority']
SUMMARY = re.compile(r'^seed (\d+), from (\d+): (\d+) probes, (\d+) started.* (\d+) differ$', re.M)
HERE = os.path.dirname(os.path.abspath(__file__))


def git(*arguments):
    """What git says; nothing where it, or its folder, is not there."""
    if not shutil.which('git'):
        return ''
    result = subprocess.run(['git', '-C', HERE, *arguments], capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else ''


def ask(program, corpus, seed, first, count, found=None):
    """Runs probes; gives exit status, and the counts of the last line or None."""
    command = [program, corpus, str(seed), str(first), str(count)] + ([found] if found else [])
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, errors='replace')
    match = SUMMARY.search(result.stdout)
    told = [line for line in result.stdout.split('\n') if line and not SUMMARY.match(line)]
    if told:
        print('\n' + '\n'.join(told), flush=True)
    if result.returncode not in (0, 1, SKIPPED) or (result.returncode != SKIPPED and not match):
        sys.exit('seed %d from %d: the oracle itself failed (status %d)' % (seed, first, result.returncode))
    return result.returncode, match and [int(match.group(i)) for i in (3, 4, 5)], match and match.group(0)


def test(program, corpus, count):
    worst = 0
    for seed in FIXED_SEEDS:
        status, counts, line = ask(program, corpus, seed, 0, int(count))
        if status == SKIPPED:
            return SKIPPED
        print(line)
        if counts[1] * 4 < counts[0]:  # of these probes, most start; where few do, nothing was compared
            print('only %d of %d probes were accepted' % (counts[1], counts[0]))
            worst = 1
        worst = max(worst, status)
    return worst


def read_ledger(path):
    with open(path, encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file, delimiter='\t'))


def authority(name):
    """Who the reader was held against."""
    return 'Linux ' + os.uname().release if name == 'elf' else 'rules of xnu-11417, dyld-1378'


def save(path, state):
    with open(path + '.new', 'w', encoding='utf-8') as file:
        json.dump(state, file)
    os.replace(path + '.new', path)


def load(path, fresh):
    """Where an earlier run of the same commit stopped, or a fresh start."""
    try:
        with open(path, encoding='utf-8') as file:
            state = json.load(file)
    except FileNotFoundError:
        return fresh
    return state if state['commit'] == fresh['commit'] else fresh


def run_one(ledger, folder, count, corpus, name, program):
    rows = [row for row in read_ledger(ledger) if row['oracle'] == name]
    commit = git('describe', '--always', '--dirty', '--exclude=*', '--abbrev=12') or 'unknown'
    path = os.path.join(folder, name + '.json')
    state = load(path, {'seed': max([FIRST_SEED - 1] + [int(row['seed']) for row in rows]) + 1, 'most': count, 'probes': 0,
                        'accepted': 0, 'disagreements': 0, 'commit': commit})
    while state['probes'] < state['most']:
        size = min(CHUNK, state['most'] - state['probes'])
        status, counts, _ = ask(program, corpus, state['seed'], state['probes'], size, os.path.join(folder, 'found'))
        if status == SKIPPED:
            return SKIPPED
        for key, value in zip(('probes', 'accepted', 'disagreements'), counts):
            state[key] += value
        save(path, state)
        print('\r%s: seed %d, %d of %d probes, %d disagreements' % (name, state['seed'], state['probes'], state['most'],
                                                                   state['disagreements']), end='', flush=True)
    print()
    with open(ledger, 'a', encoding='utf-8', newline='') as file:
        csv.writer(file, delimiter='\t', lineterminator='\n').writerow(
            [name] + [state[key] for key in COLUMNS[1:-1]] + [authority(name)])
    os.remove(path)
    return 1 if state['disagreements'] else 0


def run(ledger, folder, count, corpus, *programs):
    os.makedirs(folder, exist_ok=True)
    worst = 0
    for item in programs:
        name, program = item.split('=', 1)
        status = run_one(ledger, folder, int(count), corpus, name, program)
        worst = max(worst, 0 if status == SKIPPED else status)
    return worst


def main():
    try:
        return {'test': test, 'run': run}[sys.argv[1]](*sys.argv[2:])
    except KeyboardInterrupt:
        print('\nstopped; the next call goes on from here')
        return 130


if __name__ == '__main__':
    sys.exit(main())
