#!/usr/bin/env python3
"""mcdc.py ROOT BUILD [--list] [--write]: does each condition of the readers and of the gate decide, by itself, in some test?

BUILD is one of clang 19 with -fcoverage-mcdc. Modified condition/decision coverage asks more than branches do: of each condition
of a decision that has several, two runs in which it alone makes the decision come out either way. Prints a line for each source; 1
where more conditions are without such a pair than mcdc.tsv says, which --write writes anew: a row for each source that has any, and
one for all. --list names each of them. Decisions that the compiler cannot measure (one inside of another's operand) are an error.
"""
import csv
import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import suite  # noqa: E402

REACHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'mcdc.tsv')


def ask(root, build, folder):
    """Runs the tests; what they did of the code, in one file."""
    commands, programs = suite.tests(root, build)
    suite.make(build, programs)
    for name, command in commands.items():
        profile = os.path.join(folder, name.replace('/', '-') + '-%4m.profraw')
        result = subprocess.run(command, cwd=build, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env=dict(os.environ, LLVM_PROFILE_FILE=profile), check=False)
        if result.returncode not in (0, 77):
            sys.exit('%s\n%s: status %d' % (result.stdout.decode(errors='replace'), name, result.returncode))
    merged = os.path.join(folder, 'all.profdata')
    suite.run(['llvm-profdata-19', 'merge', '-o', merged, *sorted(glob.glob(folder + '/*.profraw'))])
    return merged


def certain(text):
    """Of each condition of a decision, whether it is ALWAYS() or NEVER() (formats/certain.h), which have no pair."""
    kinds, asked, depth, inside = [], False, 0, None
    text = re.sub(r'/\*.*?\*/|"(?:\\.|[^"])*"|\'(?:\\.|[^\'])*\'', '', text, flags=re.S)
    for word in re.findall(r'\b(?:ALWAYS|NEVER)\(|&&|\|\||[()]', text):
        depth += word.endswith('(')
        if len(word) > 2:
            asked, inside = True, depth
        elif word == ')':
            inside = None if depth == inside else inside
            depth -= 1
        elif word in ('&&', '||') and inside is None:
            kinds.append(asked)
            asked = False
    return kinds + [asked]


def decision(lines, line, column, last, end):
    """Its text."""
    text = '\n'.join(lines[line - 1:last])
    return text[column - 1:len(text) - len(lines[last - 1]) + end - 1]


def decisions(root, build, profile):
    """Of each decision, by file, line and column: of each condition that is not certain, whether it has a pair."""
    found, lines, wanted = {}, {}, set(suite.sources(root))
    told = json.loads(suite.run(['llvm-cov-19', 'export', '--instr-profile=' + profile, os.path.join(build, 'libassay.a')],
                                stderr=subprocess.DEVNULL))
    for function in told['data'][0]['functions']:
        unit = os.path.relpath(function['filenames'][0], root)
        for line, column, last, end, at, _, pairs in function['mcdc_records']:
            source = os.path.relpath(function['filenames'][at], root)
            if source not in wanted and unit not in wanted:
                continue
            if source not in lines:
                with open(os.path.join(root, source), encoding='utf-8') as file:
                    lines[source] = file.read().split('\n')
            text = decision(lines[source], line, column, last, end)
            kinds = certain(text)
            if len(kinds) != len(pairs):
                sys.exit('%s:%d: %d conditions, not %d: %s\n(does the decision stand in what a macro is given? Its place is told as '
                         'one of the macro)' % (source, line, len(pairs), len(kinds), text))
            pairs = [pair for pair, kind in zip(pairs, kinds) if not kind]
            old = found.setdefault((source, line, column), [False] * len(pairs))
            found[source, line, column] = [x or y for x, y in zip(old, pairs)]
    return found


def not_measured(root, build):
    """Compiles the sources once more, and prints what the compiler says of decisions that it leaves out."""
    count, wanted = 0, set(suite.sources(root))
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        units = json.load(file)
    for unit in units:
        if os.path.relpath(os.path.join(build, unit['file']), root) in wanted:
            words = shlex.split(unit['command'])
            for option in '-o', '-MF':
                words[words.index(option) + 1] = os.devnull
            said = subprocess.run(words, cwd=build, stderr=subprocess.PIPE, text=True, check=False).stderr
            for line in re.findall(r'^.*unsupported MC/DC.*$', said, re.M):
                count += 1
                print(line)
    return count


def main():
    root, build, options = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.nice(10)
    with tempfile.TemporaryDirectory() as folder:
        found = decisions(root, build, ask(root, build, folder))
    reached, status, rows = {}, not_measured(root, build) != 0, []
    if os.path.exists(REACHED):
        with open(REACHED, encoding='utf-8', newline='') as file:
            reached = {row['file']: int(row['without a pair']) for row in csv.DictReader(file, delimiter='\t')}
    for source in sorted({key[0] for key in found}):
        keys = sorted(key for key in found if key[0] == source)
        count, missed = sum(len(found[key]) for key in keys), sum(found[key].count(False) for key in keys)
        rows.append((source, count, missed))
        worse = missed > reached.get(source, 0)
        print('%-32s %4d of %4d conditions%s' % (source, count - missed, count, '  FEWER THAN BEFORE' if worse else ''))
        if worse or '--list' in options:
            with open(os.path.join(root, source), encoding='utf-8') as file:
                lines = file.read().split('\n')
            for key in keys:
                if not all(found[key]):
                    which = ', '.join(str(i + 1) for i, pair in enumerate(found[key]) if not pair)
                    print('%s:%d: without a pair: condition %s\n    %s' % (source, key[1], which, lines[key[1] - 1].strip()))
        status |= worse
    count, missed = sum(row[1] for row in rows), sum(row[2] for row in rows)
    print('%d of %d conditions, %.2f %%' % (count - missed, count, 100 - 100 * missed / count))
    if '--write' in options:
        with open(REACHED, 'w', encoding='utf-8') as file:
            file.write('file\tconditions\twithout a pair\n')
            file.writelines('%s\t%d\t%d\n' % row for row in [row for row in rows if row[2]] + [('all', count, missed)])
        return 0
    return status


if __name__ == '__main__':
    sys.exit(main())
