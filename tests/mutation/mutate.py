#!/usr/bin/env python3
"""mutate.py ROOT BUILD COVERAGE [FILE...]: would a test fail if a condition of the readers or of the gate were the other way round?

BUILD is a build without optimization, so that each condition of the source is one conditional jump, set or move; COVERAGE is
one for gcov, which says what each test runs. The library is linked into one shared object. In a copy of it the condition of one
instruction is inverted (je to jne, jl to jge, seta to setbe), and the tests that run it are tried until one fails. A mutant that
no test kills stands in survivors.tsv with the reason why, or is a line of output and an exit status of 1.

What came of a mutant is kept in BUILD/mutants.tsv and is good until the code of its file changes; one that survived is tried again
by each run, and without that file all are. FILE: only the mutants of these sources. Otherwise, and where the tree is as its
commit says, a line is added to ledger.tsv. Knows the instructions of x86-64 alone.
"""
import csv
import hashlib
import multiprocessing
import os
import platform
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import suite  # noqa: E402
from suite import run  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SURVIVORS, LEDGER = os.path.join(HERE, 'survivors.tsv'), os.path.join(HERE, 'ledger.tsv')
CONDITION = re.compile(r'^\s*([0-9a-f]+):\s+((?:[0-9a-f]{2} )+)\s*((?:j|set|cmov)(?!mp)[a-z]+)\s')
STALLED, MEMORY = 124, 2 << 30


# The build

def link(build, programs):
    """libassay.so of all objects, with a map; and each program anew, against it."""
    folder = os.path.join(build, 'mutation')
    os.makedirs(folder, exist_ok=True)
    commands = {}
    for program in sorted(programs):
        command = run(['ninja', '-C', build, '-t', 'commands', program]).strip().split('\n')[-1].split()
        commands[program] = command
    libraries = [word for word in commands['assay'] if re.search(r'/lib\w+\.(a|so)$', word) or word in ('-ldl', '-pthread')]
    shared = [re.sub(r'^.*/lib(\w+)\.a$', r'-l\1', word) for word in libraries]
    library = os.path.join(folder, 'libassay.so')
    run(['cc', '-shared', '-o', library, '-Wl,-soname,libassay.so', '-Wl,-Map,' + library + '.map', '-Wl,--whole-archive', 'libassay.a',
         '-Wl,--no-whole-archive', *shared], cwd=build)
    for program, command in commands.items():
        words = [library if word == 'libassay.a' else shared[libraries.index(word)] if word in libraries else word
                 for word in command if word != '-Wl,--no-undefined']
        run(words, cwd=build)
    return library


# The mutants

def sections(library):
    """The object of each piece of code: (address, size, object)."""
    with open(library + '.map', encoding='utf-8') as file:
        for match in re.finditer(r'^ \.text\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S+\.c\.o)\)?$', file.read(), re.M):
            yield int(match.group(1), 16), int(match.group(2), 16), match.group(3).rstrip(')')


def offset_of_text(library):
    for line in run(['objdump', '-h', '-w', library]).split('\n'):
        words = line.split()
        if len(words) > 5 and words[1] == '.text':
            return int(words[3], 16) - int(words[5], 16)
    sys.exit('no .text in ' + library)


def code_of(build, path):
    """What tells whether the code of an object changed; where it stands does not matter."""
    with tempfile.NamedTemporaryFile() as file:
        run(['objcopy', '-O', 'binary', '-j', '.text', path, file.name], cwd=build)
        return hashlib.sha256(file.read()).hexdigest()[:16]


def opcode(bytes_):
    """Where the byte stands whose lowest bit is the sense of the condition."""
    codes = [int(word, 16) for word in bytes_.split()]
    if codes[0] >> 4 == 7:
        return 0
    at = codes.index(0x0f) + 1
    if at > 2 or codes[at] >> 4 not in (4, 8, 9):
        sys.exit('not understood: ' + bytes_)
    return at


def find_mutants(root, build, library):
    """All of them: what the result is kept under, where the byte stands, and a name that a change elsewhere does not change."""
    mutants, delta, sources = [], offset_of_text(library), {}
    for address, size, path in sorted(sections(library)):
        unit = suite.unit_of(root, path)
        if not unit:
            continue
        code, function, place, seen = code_of(build, path), None, None, {}
        text = run(['objdump', '-dlw', '--start-address', hex(address), '--stop-address', hex(address + size), library], cwd=build)
        text = re.sub(r'\n.*\tje .*(\n.*\tmovaps %xmm0,)', r'\1', text)  # no condition of ours: arguments in registers are saved
        for line in text.split('\n'):
            match = re.match(r'^[0-9a-f]+ <([^>]+)>:$', line)
            function = match.group(1) if match else function
            match = re.match(r'^(/\S+):(\d+)( \(discriminator \d+\))?$', line)
            place = (os.path.relpath(match.group(1), root), int(match.group(2))) if match else place
            match = CONDITION.match(line)
            if not match:
                continue
            if place[0] not in sources:
                with open(os.path.join(root, place[0]), encoding='utf-8') as file:
                    sources[place[0]] = file.read().split('\n')
            at = int(match.group(1), 16)
            key = (unit, function, sources[place[0]][place[1] - 1].strip())
            seen[key] = seen.get(key, 0) + 1
            mutants.append({'unit': unit, 'code': code, 'offset': at - address, 'at': at + opcode(match.group(2)) - delta,
                            'name': key + (str(seen[key]),), 'place': '%s:%d' % place, 'what': match.group(3)})
    return mutants


# The tests

def find_tests(mutants, times, asked):
    """Those that run the line of a mutant; all of them, where gcov knows no such line."""
    for mutant in mutants:
        key = '%s %s' % (mutant['unit'], mutant['place'].replace(':', ' '))
        known = any(key in counts for counts in asked.values())
        mutant['tests'] = [name for name in times if mutant['unit'].startswith(suite.SLOW.get(name, '')) and
                           (not known or asked.get(name, {}).get(key, [0])[0])]


def limited(seconds):
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28, 1 << 28))


def ask(command, folder, build, seconds):
    """The exit status of a test that runs with the library of this folder."""
    environment = dict(os.environ, LD_LIBRARY_PATH=folder, TMPDIR=folder)
    with subprocess.Popen(command, cwd=build, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True,
                          preexec_fn=lambda: limited(int(seconds) + 1)) as process:
        try:
            status = process.wait(timeout=60 + 20 * seconds)  # the machine may be busy: what counts is processor time
        except subprocess.TimeoutExpired:
            status = STALLED
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    return status


def measure(tests, library, build):
    """How long each test takes with the code as it is; one that does not pass kills nothing."""
    times = {}
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(library, place)
        for name, command in tests.items():
            since = time.monotonic()
            status = ask(command, place, build, 100)
            if status == 0:
                times[name] = time.monotonic() - since
            else:
                print('left out: %s ends with status %d' % (name, status), flush=True)
    return times


def prepare(lock_folder, library):
    """A folder of this process with a library of its own to change."""
    global folder, killed_by
    folder = os.path.join(lock_folder, str(os.getpid()))
    os.makedirs(folder, exist_ok=True)
    shutil.copy(library, os.path.join(folder, 'libassay.so'))
    run(['strip', '-g', os.path.join(folder, 'libassay.so')])
    killed_by = {}


def try_one(task):
    """The name of the test that fails, or nothing."""
    mutant, tests, times, build = task
    path = os.path.join(folder, 'libassay.so')
    with open(path, 'r+b') as file:
        file.seek(mutant['at'])
        old = file.read(1)
        file.seek(mutant['at'])
        file.write(bytes([old[0] ^ 1]))
    last = killed_by.setdefault(mutant['unit'], [])
    likely = os.path.basename(mutant['unit'])[:-2]
    order = sorted(mutant['tests'], key=lambda name: (last.index(name) if name in last else len(last) + (likely not in name), times[name]))
    killer = ''
    for name in order:
        if ask(tests[name], folder, build, 1 + 5 * times[name]) != 0:
            killer = name
            last[:] = [name] + [other for other in last if other != name]
            break
    with open(path, 'r+b') as file:
        file.seek(mutant['at'])
        file.write(old)
    return mutant, killer


# What is kept

def read_rows(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE))


def result_key(mutant):
    return mutant['unit'], mutant['code'], str(mutant['offset'])


def kill_all(build, mutants, tests, times, library):
    """Tries those that were not killed before; gives the killer of each."""
    path, results = os.path.join(build, 'mutants.tsv'), {}
    for row in read_rows(path):
        results[row['unit'], row['code'], row['offset']] = row['killer']
    left = [m for m in mutants if not results.get(result_key(m))]
    print('%d mutants, of which %d were killed before' % (len(mutants), len(mutants) - len(left)), flush=True)
    since = time.monotonic()
    fresh = not os.path.exists(path)
    with open(path, 'a', encoding='utf-8') as log, tempfile.TemporaryDirectory() as folders:
        if fresh:
            log.write('unit\tcode\toffset\tkiller\n')
        with multiprocessing.Pool(os.cpu_count(), prepare, (folders, library)) as pool:
            tasks = ((mutant, tests, times, build) for mutant in left)
            for count, (mutant, killer) in enumerate(pool.imap_unordered(try_one, tasks), 1):
                results[result_key(mutant)] = killer
                log.write('\t'.join((*result_key(mutant), killer)) + '\n')
                log.flush()
                if count % 100 == 0:
                    print('%d of %d, %d s' % (count, len(left), time.monotonic() - since), flush=True)
    return results


def judge(mutants, results, everything):
    """Survivors against those that are explained; gives how many were killed, explained and not."""
    explained = {(row['file'], row['function'], row['line'], row['which']): row['reason'] for row in read_rows(SURVIVORS)}
    killed, known, unknown, by_unit = 0, 0, 0, {}
    for mutant in mutants:
        tally = by_unit.setdefault(mutant['unit'], [0, 0, 0])
        tally[0] += 1
        if results[result_key(mutant)]:
            killed += 1
            tally[1] += 1
            if explained.pop(mutant['name'], None):
                print('%s: %s is explained, and killed by %s' % (mutant['place'], mutant['what'], results[result_key(mutant)]))
        elif explained.pop(mutant['name'], None):
            known += 1
            tally[2] += 1
        else:
            unknown += 1
            print('survives: %s in %s: %s (%s of this line)\n    %s' %
                  (mutant['place'], mutant['name'][1], mutant['what'], mutant['name'][3], mutant['name'][2]))
    for name in explained if everything else ():
        print('explained, and not there: ' + '\t'.join(name))
    for unit, tally in sorted(by_unit.items()):
        print('%-30s %4d mutants, %4d killed, %3d explained, %3d neither' % (unit, *tally, tally[0] - tally[1] - tally[2]))
    return killed, known, unknown


def git(root, *arguments):
    result = subprocess.run(['git', '-C', root, *arguments], capture_output=True, text=True)
    return result.stdout.strip()


def main():
    root, build, covered, wanted = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    if platform.machine() != 'x86_64':
        sys.exit('only conditions of x86-64 are known')
    os.nice(10)
    tests, programs = suite.tests(root, build)
    suite.make(build, programs)
    library = link(build, programs)
    times = measure(tests, library, build)
    mutants = [m for m in find_mutants(root, build, library) if not wanted or m['unit'] in wanted]
    find_tests(mutants, times, suite.ask_each(root, covered))
    results = kill_all(build, mutants, tests, times, library)
    killed, known, unknown = judge(mutants, results, not wanted)
    print('%d mutants: %d killed (%.1f %%), %d that survive are explained, %d are not' %
          (len(mutants), killed, 100 * killed / max(1, len(mutants)), known, unknown))
    if not wanted and not git(root, 'status', '--porcelain', '--', 'formats', 'src', 'checks', 'tests'):
        compiler = run(['cc', '-dumpfullversion']).strip()
        with open(LEDGER, 'a', encoding='utf-8') as file:
            row = git(root, 'rev-parse', '--short', 'HEAD'), 'gcc ' + compiler, len(mutants), killed, known, unknown
            file.write('\t'.join(map(str, row)) + '\n')
    return 1 if unknown else 0


if __name__ == '__main__':
    sys.exit(main())
