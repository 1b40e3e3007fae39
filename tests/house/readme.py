#!/usr/bin/env python3
"""readme.py ROOT ASSAY: what README.md shows is what happens.

Every ```console block is a list of `$ command` lines, each followed by its output. Commands that begin
with `assay` or `./dev check` run in the project's root with the built program; what they print must be what stands
there, and `...` on a line of its own stands for any lines. `echo $?` shows the last exit status. Other
commands (installation, CI) are not run. The rule table must be the one that `assay rules` prints, and a policy that is shown one that can be obeyed.
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT, ASSAY = sys.argv[1], os.path.abspath(sys.argv[2])


def blocks(text):
    return re.findall(r'^```console\n(.*?)^```', text, re.S | re.M)


def steps(block):
    """(command, expected lines) of a block."""
    found = []
    for line in block.split('\n')[:-1]:
        if line.startswith('$ '):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return found


def matches(expected, actual):
    pattern = ''.join('(?:.*\n)*?' if line.strip() in ('...', '…') else re.escape(line) + '\n' for line in expected)
    return re.fullmatch(pattern, actual) is not None


def run(command, last):
    if command == 'echo $?':
        return '%d\n' % last, last
    line = re.sub(r'^\./dev check\b', '"$ASSAY" check', command)
    line = re.sub(r'^assay\b', '"$ASSAY"', line)
    if line == command:
        return None, last
    result = subprocess.run(['sh', '-c', line], cwd=ROOT, env=dict(os.environ, ASSAY=ASSAY, NO_COLOR='1'), capture_output=True)
    return (result.stdout + result.stderr).decode('utf-8', 'replace'), result.returncode


def rule_table(text):
    """Rules and levels in the README against the program's own list."""
    shown = re.findall(r'^\| `([a-z-]+/[a-z0-9-]+)` \| (\w+) \| (.*?) \|$', text, re.M)
    listed = subprocess.run([ASSAY, 'rules'], capture_output=True, text=True, check=True).stdout
    actual = [tuple(re.split(r'\s{2,}', line.strip())) for line in listed.split('\n') if '/' in line.split(' ')[0]]
    if shown != actual:
        print('the rule table differs from `assay rules`:')
        print('\n'.join('README has %s' % (row,) for row in shown if row not in actual))
        print('\n'.join('assay has  %s' % (row,) for row in actual if row not in shown))
        return 1
    return 0


def write_table(path, text):
    """The rows of `assay rules` in the place of those that stand there."""
    listed = subprocess.run([ASSAY, 'rules'], capture_output=True, text=True, check=True).stdout
    rows = ''.join('| `%s` | %s | %s |\n' % tuple(re.split(r'\s{2,}', line.strip())) for line in listed.splitlines())
    row = r'\| `[a-z-]+/[a-z0-9-]+` \| \w+ \| .*? \|\n'
    with open(path, 'w', encoding='utf-8') as file:
        file.write(re.sub('(?:%s)+' % row, lambda match: rows, text, count=1))
    return 0


def policies(text):
    """How many of the policies that are shown cannot be obeyed."""
    failed = 0
    for block in re.findall(r'^```yaml\n(version: 1\n.*?)^```', text, re.S | re.M):
        with tempfile.NamedTemporaryFile('w', suffix='.yaml') as file:
            file.write(block)
            file.flush()
            done = subprocess.run([ASSAY, 'policy', 'lint', '--now', '2026-11-23', file.name], capture_output=True, text=True)
        if done.returncode:
            failed += 1
            print('a policy that is shown cannot be obeyed:\n%s%s' % (done.stdout, done.stderr))
    return failed


def main():
    path = os.path.join(ROOT, 'README.md')
    with open(path, encoding='utf-8') as file:
        text = file.read()
    if '--write-table' in sys.argv:
        return write_table(path, text)
    failed, ran, last = rule_table(text) + policies(text), 0, 0
    for block in blocks(text):
        for command, expected in steps(block):
            actual, last = run(command, last)
            if actual is None:
                continue
            ran += 1
            if not matches(expected, actual):
                failed += 1
                print('$ %s\n--- README says\n%s\n--- it prints\n%s' % (command, '\n'.join(expected), actual))
    print('%d commands of the README ran, %d differ' % (ran, failed))
    return 1 if failed or ran == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
