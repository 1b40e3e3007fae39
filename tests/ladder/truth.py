#!/usr/bin/env python3
"""truth.py OUT.jsonl [--fixtures DIR] [--real DIR] [--inputs DIR] [--sysroot DIR] [--only REGEX] [--jobs N]: which
processors a program runs on, told by running it.

Each program does its work (fixtures: their own; others: workloads.sh) under each CPU model of qemu-user, and on amd64 on
the processor of this machine as well. A line of OUT is one program: {"path", "sha256", "arch", "source": "fixture" or
"real", "needs" of a fixture, "cpus": {model: {"answer", "detail"}}}. Answers: "runs"; "differs" (it ends well and says
something else than on the richest processor); "sigill"; "refuses" (it ends with a message about the processor);
"other" (no answer: it failed for a reason that is none of the processor's, or took too long).
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source tree stays as it is
import fixtures

HERE = os.path.dirname(os.path.abspath(__file__))
CPUS = {'amd64': ['Opteron_G1', 'Nehalem', 'SandyBridge', 'Haswell', 'max', 'native'],
        'arm64': ['cortex-a53', 'cortex-a76', 'neoverse-n1', 'a64fx', 'max']}
ILLEGAL = re.compile(r'uncaught target signal 4|ended by SIGILL|SIGILL|[Ii]llegal instruction')
REFUSES = re.compile(r'can only be run on|this processor lacks|CPU (lacks|does not support|doesn.t support)|Fatal glibc error: CPU|requires? a CPU|'
                     r'CPU ISA level is lower|[Mm]issing (required )?CPU|not support.*(instruction set|SSE|AVX)')


def command(arch, cpu, path, sysroot):
    if cpu == 'native':
        return [path]
    if arch == 'amd64':
        return ['qemu-x86_64', '-cpu', cpu, path]
    return ['qemu-aarch64', '-cpu', cpu, '-L', sysroot, path]


def execute(words, seconds, real=None, inputs=''):
    """Status, standard output, standard error of one run in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix='ladder') as folder:
        kept = os.path.join(folder, 'stderr')
        work = os.path.join(folder, 'work')
        os.mkdir(work)
        environment = {'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': work, 'LC_ALL': 'C.UTF-8', 'TMPDIR': folder, 'LADDER_STDERR': kept}
        environment.update((name, os.environ[name]) for name in ('QEMU_LOG', 'QEMU_LOG_FILENAME') if name in os.environ)
        if real:
            words = ['sh', os.path.join(HERE, 'workloads.sh'), real, inputs] + words
        process = subprocess.Popen(words, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        try:
            out, err = process.communicate(timeout=seconds)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            out, err = process.communicate()
            status = None
        text = err.decode('utf-8', 'replace')
        if os.path.exists(kept):
            with open(kept, encoding='utf-8', errors='replace') as file:
                text += file.read()
    lines = [line for line in text.split('\n') if line and 'TCG doesn\'t support' not in line]
    return status, out.decode('utf-8', 'replace').replace(work, '.'), lines


def judge(status, lines, real):
    text = '\n'.join(lines)
    last = lines[-1][:160] if lines else ''
    if status is None:
        return 'other', 'no end within the time'
    if status == 0 and not (real and ILLEGAL.search(text)):
        return 'runs', ''
    if REFUSES.search(text):
        return 'refuses', REFUSES.search(text).string[max(0, REFUSES.search(text).start() - 60):][:160]
    if status in (-4, 132) or ILLEGAL.search(text):
        return 'sigill', last
    return 'other', 'status %s: %s' % (status, last)


def spoken(out, fixture):
    lines = out.split('\n')
    return [line for line in lines if line.startswith('done')] if fixture else lines


def one(path, arch, name, options, fixture):
    with open(path, 'rb') as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    record = {'path': path, 'sha256': digest, 'arch': arch, 'source': 'fixture' if fixture else 'real'}
    if fixture:
        record.update(name=name, needs=fixture.needs, style=fixture.source, tool=fixture.tool)
    answers, outputs = {}, {}
    cpus = [cpu for cpu in CPUS[arch] if fixture or cpu not in options.spare.split(',')]
    for cpu in reversed(cpus):  # the richest first: what it says is right
        words = command(arch, cpu, path, options.sysroot) + (fixture.arguments if fixture else [])
        started = time.monotonic()
        status, out, lines = execute(words, 20 if fixture else options.seconds, None if fixture else name, options.inputs)
        answer, detail = judge(status, lines, not fixture)
        outputs[cpu] = spoken(out, fixture)
        if fixture and answer == 'runs' and not outputs[cpu]:
            answer, detail = 'other', 'ended without the last line'
        answers[cpu] = {'answer': answer, 'detail': detail, 'seconds': round(time.monotonic() - started, 1)}
    right = next((outputs[cpu] for cpu in reversed(cpus) if answers[cpu]['answer'] == 'runs'), None)
    for cpu in cpus:
        if answers[cpu]['answer'] == 'runs' and outputs[cpu] != right:
            other = [(a, b) for a, b in zip(outputs[cpu], right) if a != b][:1]
            answers[cpu].update(answer='differs', detail='%.70s, expected %.70s' % other[0] if other else 'fewer or more lines')
    record['cpus'] = {cpu: answers[cpu] for cpu in cpus}
    return record


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('out')
    parser.add_argument('--fixtures')
    parser.add_argument('--real')
    parser.add_argument('--inputs', default='')
    parser.add_argument('--sysroot', default='/usr/aarch64-linux-gnu')
    parser.add_argument('--only', default='.')
    parser.add_argument('--seconds', type=int, default=240)
    parser.add_argument('--spare', default='', help='CPU models not to run real programs on')
    parser.add_argument('--jobs', type=int, default=2)
    options = parser.parse_args()
    known = set()
    if os.path.exists(options.out):
        with open(options.out, encoding='utf-8') as file:
            known = {json.loads(line)['path'] for line in file}
    work = []
    if options.fixtures:
        for row in fixtures.fixtures():
            path = os.path.join(os.path.abspath(options.fixtures), '%s.%s' % (row.name, row.arch))
            if os.path.exists(path):
                work.append((path, row.arch, row.name, options, row))
    if options.real:
        for name in sorted(os.listdir(options.real)):
            base, _, arch = name.rpartition('.')
            if arch not in CPUS:
                continue
            work.append((os.path.join(os.path.abspath(options.real), name), arch, base, options, None))
    work = [item for item in work if item[0] not in known and re.search(options.only, os.path.basename(item[0]))]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool, open(options.out, 'a', encoding='utf-8') as file:
        for record in pool.map(lambda item: one(*item), work):
            file.write(json.dumps(record) + '\n')
            file.flush()
            print(os.path.basename(record['path']), ' '.join('%s=%s' % (cpu, answer['answer']) for cpu, answer in record['cpus'].items()), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
