#!/usr/bin/env python3
"""llvm.py MACHO_ORACLE CORPUS ASSAY COUNT: what llvm-readobj says of COUNT probes of the Mach-O oracle, where it takes
them, against `assay inspect`: the segments of thin images, and the libraries that are named."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED, SEED = 77, 5
complaints = []


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, errors='surrogateescape')


def number(value):
    return int(value, 0) if isinstance(value, str) else value


def llvm(path):
    """What llvm-readobj says of a thin image, or None where it refuses it."""
    result = run('llvm-readobj', '--needed-libs', '--macho-segment', path)
    if result.returncode or 'error' in result.stderr or 'error:' in result.stdout:
        return None
    # A name ends its line; one with bytes that are no text is not compared.
    libraries = re.search(r'^NeededLibraries \[\n(.*?)^\]', result.stdout, re.S | re.M)
    segments = []
    for block in re.findall(r'^Segment \{\n(.*?)^\}', result.stdout, re.S | re.M):
        field = dict(re.findall(r'^  (\w+): (.*)$', block, re.M))
        segments.append((field['Name'], number(field['vmaddr']), number(field['vmsize']), number(field['fileoff']),
                         number(field['filesize']), field['initprot']))
    return segments, [line.strip() for line in libraries.group(1).split('\n') if line.strip()] if libraries else []


def assay(program, path):
    record = json.loads(run(program, 'inspect', '--format', 'json', path).stdout)
    image = record['images'][0]
    facts = image['facts']
    segments = [(s['name'], number(s['address']), number(s['memory_size']), number(s['offset']), number(s['file_size']), s['access'])
                for s in image['segments']]
    return segments, facts['needed'], image['defects']


def is_plain(text):
    return text.isascii() and text.isprintable() and '\\' not in text # escaped in JSON


def compare(name, theirs, ours):
    segments, needed, defects = ours
    # A command whose sections do not fill it is refused, as dyld does; llvm-readobj asks for no more than that they fit, and
    # reads a last command that ends behind sizeofcmds.
    if not any(d['expected'].startswith(('a segment command of', 'a command of at least')) for d in defects):
        mine = [s for s in segments if is_plain(s[0])]
        other = [s for s in theirs[0] if is_plain(s[0])]
        if [s[1:] for s in mine] != [s[1:] for s in other]:
            complaints.append('%s: segments %s, and by llvm-readobj %s' % (name, mine, other))
    # What is cut short is told, and no list; LC_ID_DYLIB is among llvm-readobj's libraries, and a defect of a program.
    if not any('LC_ID_DYLIB' in d['expected'] or d['expected'].startswith('a string') for d in defects):
        for library in theirs[1]:
            if is_plain(library) and library not in needed:
                complaints.append('%s: %s is needed by llvm-readobj, and not among %s' % (name, library, needed))


def main():
    oracle, corpus, program, count = sys.argv[1:5]
    if not shutil.which('llvm-readobj'):
        print('skipped: no llvm-readobj here')
        return SKIPPED
    taken = 0
    with tempfile.TemporaryDirectory() as folder:
        run(oracle, corpus, str(SEED), '0', count, folder, 'all')
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            with open(path, 'rb') as file:
                if file.read(4) != b'\xcf\xfa\xed\xfe':
                    continue
            theirs = llvm(path)
            if theirs is not None:
                taken += 1
                compare(name, theirs, assay(program, path))
    print('\n'.join(complaints))
    print('%s probes, %d thin ones taken by llvm-readobj, %d complaints' % (count, taken, len(complaints)))
    return 1 if complaints or taken < int(count) // 20 else 0


if __name__ == '__main__':
    sys.exit(main())
