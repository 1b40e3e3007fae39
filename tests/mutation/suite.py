"""What mutate.py and coverage.py have in common: which sources they are about, and which tests are asked."""
import glob
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

# The gate, and what it rests on: the record of a file is made, taken from a worker and judged.
GATE = ['src/' + name + '.c' for name in ('answers', 'audit', 'gate', 'gate_rules', 'record_check', 'release', 'waivers')] + \
    ['checks/run.c', 'checks/finding.c']
# Tests of readers and gate that are the same from run to run. Others run this code, too: by chance, or too slowly.
ASKED = re.compile(r'^(formats/.*|checks/test_(outcomes|rules)|'
                   r'src/test_(record|gate|release|waivers|audit|answers|expect|limits|library|walk|jail)|'
                   r'props/corpus|policy|fuzz/(file|elf|macho|universal|go|record))$')
# Tests that take seconds are asked about their own folder.
SLOW = {'formats/test_universal': 'formats/macho/', 'formats/test_linkedit': 'formats/macho/', 'src/test_jail': 'src/', 'policy': 'src/',
        'src/test_record': 'src/', 'formats/test_elf_sections': 'formats/elf/', 'oracle/elf': 'formats/elf/',
        'oracle/macho': 'formats/macho/', 'formats/test_needle': 'formats/needle.c', 'src/test_limits': 'formats/'}
# Fewer probes than in a run of all tests, and only those of the fixed seed.
ORACLES = {'oracle/elf': ['corpus/real', '1', '0', '1500'], 'oracle/macho': ['corpus/real', '1', '0', '6000']}


def run(command, **options):
    """What a command that must succeed prints."""
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, errors='replace', **options)
    if result.returncode:
        sys.exit('%s\n%s: status %d' % (result.stdout, ' '.join(command[:6]), result.returncode))
    return result.stdout


def sources(root):
    """All sources that this is about, relative to the root."""
    for at, _, names in sorted(os.walk(os.path.join(root, 'formats'))):
        for name in sorted(names):
            if name.endswith('.c'):
                yield os.path.relpath(os.path.join(at, name), root)
    yield from GATE


def unit_of(root, path):
    """The source that an object, or what stands beside it, is made of; None for one that this is not about."""
    name = re.sub(r'\.(o|gcda|gcno)$', '', os.path.basename(path))
    return next((source for source in sources(root) if source.replace('/', '_') == name), None)


def tests(root, build):
    """The commands of the tests that are asked, by name, and the programs that they run."""
    commands, programs = {}, set()
    for test in json.loads(run(['meson', 'introspect', '--tests', build])):
        command, name = test['cmd'], test['name']
        if name in ORACLES:
            command = [command[2]] + [os.path.join(root, word) if '/' in word else word for word in ORACLES[name]]
        elif not ASKED.match(name):
            continue
        if command[0].endswith('.py'):
            command = [sys.executable] + command
        commands[name] = command
        inside = (os.path.relpath(os.path.join(build, word), build) for word in command)
        programs.update(word for word in inside if word == 'assay' or re.match(r'tests/(fuzz/|oracle/)?\w+$', word) and
                        not word.endswith('seeds'))
    return commands, programs


def make(build, programs):
    run(['ninja', '-j2', '-C', build, *sorted(programs), 'tests/fuzz/seeds'])


def branches(root, build):
    """How often each line was run and each branch taken: by unit, file and line, a list of two or more counts."""
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = {path: unit_of(root, path) for path in sorted(glob.glob(build + '/libassay.a.p/*.gcda'))}
        for path, unit in ((path, unit) for path, unit in paths.items() if unit):
            run(['gcov', '-b', '-j', '-o', path, os.path.join(root, unit)], cwd=folder, stderr=subprocess.DEVNULL)
            for name in glob.glob(folder + '/*.gcov.json.gz'):
                with gzip.open(name, 'rt', encoding='utf-8') as file:
                    told = json.load(file)
                os.unlink(name)
                for each in told['files']:
                    source = os.path.relpath(os.path.join(told['current_working_directory'], each['file']), root)
                    for line in each['lines']:
                        new = [line['count']] + [branch['count'] for branch in line['branches']]
                        key = '%s %s %d' % (unit, source, line['line_number'])
                        old = counts.get(key, [0] * len(new))
                        counts[key] = [x + y for x, y in zip(old, new)] if len(old) == len(new) else old + new
    return counts


def ask_each(root, build):
    """What each test runs of the code, of a build for gcov. Kept in a file of the build until a program is newer."""
    commands, programs = tests(root, build)
    make(build, programs)
    kept = os.path.join(build, 'asked.json')
    newest = max(os.path.getmtime(os.path.join(build, program)) for program in programs)
    if os.path.exists(kept) and os.path.getmtime(kept) > newest:
        with open(kept, encoding='utf-8') as file:
            return json.load(file)
    found = {}
    for name, command in commands.items():
        for path in glob.glob(build + '/**/*.gcda', recursive=True):
            os.unlink(path)
        result = subprocess.run(command, cwd=build, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                check=False)
        if result.returncode not in (0, 77):
            sys.exit('%s\n%s: status %d' % (result.stdout.decode(errors='replace'), name, result.returncode))
        found[name] = branches(root, build)
    with open(kept, 'w', encoding='utf-8') as file:
        json.dump(found, file)
    return found
