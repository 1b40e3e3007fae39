#!/usr/bin/env python3
"""The same files give the same bytes: again, with any number of workers, and in any order.

usage: determinism.py ASSAY MAKE_SAMPLES CORPUS
"""
import os
import random
import subprocess
import sys
import tempfile


def report(assay, command, options, paths):
    run = subprocess.run([assay, command, '--format', 'json', *options, *paths], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    if run.returncode not in (0, 1, 3) or not run.stdout:
        sys.exit('%s %s: exit status %d: %s' % (command, options, run.returncode, run.stderr.decode('utf-8', 'replace')))
    return run.returncode, run.stdout


def main():
    assay, make_samples, corpus = sys.argv[1:]
    shuffle = random.Random(1).shuffle  # another order each time, but the same orders in each run of this test
    wrong = runs = 0
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([make_samples, made], check=True)
        paths = [os.path.join(folder, name)
                 for folder in (made, os.path.join(corpus, 'real'), os.path.join(corpus, 'malformed'))
                 for name in sorted(os.listdir(folder)) if not name.endswith('.md')]
        first = report(assay, 'check', ['-j1'], paths)
        for options in (['-j1'], ['-j2'], ['-j4'], [], ['-j1'], ['-j4']):
            if report(assay, 'check', options, paths) != first:
                print('check %s: another report than the first' % ' '.join(options))
                wrong += 1
            shuffle(paths)
            runs += 1
        for path in paths:
            runs += 2
            if report(assay, 'inspect', [], [path]) != report(assay, 'inspect', [], [path]):
                print('inspect %s: two reports' % path)
                wrong += 1
    print('%d files, %d runs, %d differ' % (len(paths), runs, wrong))
    return wrong != 0


if __name__ == '__main__':
    sys.exit(main())
