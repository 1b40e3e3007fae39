#!/usr/bin/env python3
"""house.py ROOT CC...: the rules of the house that no compiler checks.

Layers (formats asks nothing of checks and src, checks nothing of src), one doorway for each
library, library code that neither prints nor exits nor reads clock, locale or environment,
files and functions of a size that can be read, headers that compile alone.
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = sys.argv[1]
PRODUCT = ['formats', 'checks', 'src']
LAYER = {'formats': ['formats'], 'checks': ['formats', 'checks'], 'src': ['formats', 'checks', 'src']}
DOORWAY = {'libelf.h': 'formats/elf/', 'gelf.h': 'formats/elf/', 'capstone/': 'checks/code/', 'jansson.h': ('src/', 'tests/'),
           'cmocka.h': 'tests/', 'yaml.h': 'src/policy/', 'seccomp.h': 'src/make_jail.c', 'openssl/': ('formats/', 'tests/')}
# Library code: everything but the command line, the reports' doorway to stdio, the processes, and what runs while building.
PROGRAM = re.compile(r'src/(main|streams|options|walk|deliver|policy_file|workers?|watch|cmd_\w+)\.c$|src/report/|(checks/code|src)/make_\w+\.c$')
FORBIDDEN = re.compile(r'\b(printf|puts|putchar|exit|_exit|abort|getenv|secure_getenv|setlocale|time|clock_gettime|gettimeofday|'
                       r'localtime|gmtime|syslog|perror|warn|err)\s*\(')
MOST_LINES, MOST_FUNCTION = 400, 60
complaints = []


def complain(path, line, text):
    complaints.append('%s:%d: %s' % (path, line, text))


def files(folders, ends):
    for folder in folders:
        for at, _, names in sorted(os.walk(os.path.join(ROOT, folder))):
            for name in sorted(names):
                if name.endswith(ends):
                    yield os.path.relpath(os.path.join(at, name), ROOT)


def without_comments(text):
    """The same lines with comments and string contents blanked."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text)


def includes(path, text):
    for number, line in enumerate(text.split('\n'), 1):
        match = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
        if not match:
            continue
        name, layer = match.group(1), path.split('/')[0]
        top = name.split('/')[0]
        if layer in LAYER and top in PRODUCT + ['tests'] and top not in LAYER[layer]:
            complain(path, number, '%s may not include %s: an arrow points up' % (layer, name))
        for library, rooms in DOORWAY.items():
            if name.startswith(library) and not path.startswith(rooms):
                complain(path, number, '<%s> belongs to %s' % (name, rooms))


def calls(path, code):
    if PROGRAM.search(path) or path.startswith('tests'):
        return
    for number, line in enumerate(code.split('\n'), 1):
        match = FORBIDDEN.search(line)
        if match and not (match.group(1) == 'abort' and path == 'formats/arena.c'):
            complain(path, number, 'library code calls %s' % match.group(1))


def sizes(path, code):
    lines = code.split('\n')
    if len(lines) - 1 > MOST_LINES:
        complain(path, len(lines), '%d lines; at most %d' % (len(lines) - 1, MOST_LINES))
    start = None
    for number, line in enumerate(lines, 1):
        if line == '{':
            start = number
        elif line == '}' and start:
            if number - start - 1 > MOST_FUNCTION:
                complain(path, start, 'a function of %d lines; at most %d' % (number - start - 1, MOST_FUNCTION))
            start = None


def header_alone(path, compiler):
    with tempfile.NamedTemporaryFile('w', suffix='.c') as source:
        source.write('#include "%s"\n' % path)
        source.flush()
        result = subprocess.run(compiler + ['-std=c11', '-D_GNU_SOURCE', '-fsyntax-only', '-Wall', '-Werror', '-I', ROOT, source.name],
                                capture_output=True, text=True)
    if result.returncode:
        complain(path, 1, 'does not compile alone: ' + result.stderr.strip().split('\n')[0])


def main():
    compiler = sys.argv[2:]
    for path in files(PRODUCT + ['tests'], ('.c', '.h')):
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            text = file.read()
        code = without_comments(text)
        includes(path, text)
        calls(path, code)
        if not path.startswith('tests'):
            sizes(path, code)
        if path.endswith('.h'):
            header_alone(path, compiler)
    print('\n'.join(complaints) or 'the house is in order')
    return 1 if complaints else 0


if __name__ == '__main__':
    sys.exit(main())
