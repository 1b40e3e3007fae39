#!/usr/bin/env python3
"""cpus.py: writes cpus.tsv, what each CPU model of qemu-user executes: src/probe.c tries an instruction of each feature.

Models are what qemu-user says they are, not what their makers say: Opteron_G1 has SSE3 and lacks CMPXCHG16B and LAHF, no
model of this qemu has AVX-512, and none of Armv8.0 lacks AES or CRC32.
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = {'amd64': ['Opteron_G1', 'Nehalem', 'SandyBridge', 'Haswell', 'max'],
          'arm64': ['cortex-a53', 'cortex-a76', 'neoverse-n1', 'a64fx', 'max']}
COMPILER = {'amd64': 'gcc', 'arm64': 'aarch64-linux-gnu-gcc'}
EMULATOR = {'amd64': 'qemu-x86_64', 'arm64': 'qemu-aarch64'}


def read():
    """{(arch, model): features}, and the model `native`, asked now, where this machine is an amd64."""
    known = {}
    with open(os.path.join(HERE, 'cpus.tsv'), encoding='utf-8') as file:
        for line in file:
            if not line.startswith('#'):
                arch, model, names = line.rstrip('\n').split('\t')
                known[arch, model] = set(names.split())
    return known


def probe(arch, run):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, 'probe')
        subprocess.run([COMPILER[arch], '-O1', '-static', os.path.join(HERE, 'src/probe.c'), '-o', program], check=True)
        return [subprocess.run([*words, program], capture_output=True, text=True, check=True).stdout.split() for words in run]


def main():
    with open(os.path.join(HERE, 'cpus.tsv'), 'w', encoding='utf-8') as file:
        file.write('# architecture, CPU model, features whose instructions it executes; by cpus.py\n')
        for arch, models in MODELS.items():
            runs = [[EMULATOR[arch], '-cpu', model] for model in models]
            if arch == 'amd64':
                models, runs = models + ['native'], runs + [[]]
            for model, names in zip(models, probe(arch, runs)):
                file.write('%s\t%s\t%s\n' % (arch, model, ' '.join(names)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
