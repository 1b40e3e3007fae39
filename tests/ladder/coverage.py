#!/usr/bin/env python3
"""coverage.py OUT PROGRAM... [--inputs DIR] [--sysroot DIR]: which instructions that not every processor has a program runs, by CPU model.

qemu-user tells every instruction that it translates (-d in_asm). Those inside the program's own image are kept by their
link-time address, decoded from the file by decoders that nobody here wrote (iced-x86; llvm-mc of LLVM 19), and where
they need a feature a line goes to OUT/NAME.CPU.txt: address, features, instruction. What runs on the poor model is not
guarded; what runs on the rich one alone is.
"""
import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree stays as it is
import fixtures
from truth import command, execute

MODELS = {'amd64': ['Opteron_G1', 'Haswell'], 'arm64': ['cortex-a53', 'max']}
BASE = {'amd64': 0x4000000000, 'arm64': 0x5500000000}  # where qemu-user 7.2 puts a program that may lie anywhere
EVERYWHERE = {'INTEL8086', 'INTEL186', 'INTEL286', 'INTEL386', 'INTEL486', 'X64', 'CPUID', 'TSC', 'CMOV', 'FPU', 'FPU287', 'FPU387', 'MMX', 'SSE',
              'SSE2', 'SYSCALL', 'CX8', 'FXSR', 'MULTIBYTENOP', 'PAUSE', 'CLFSH', 'CLFLUSH', 'PREFETCHW', 'CET_IBT', 'CET_SS', 'RDPMC',
              'INTEL8086_ONLY', 'INTEL386_ONLY', 'INTEL286_ONLY', 'INTEL486_ONLY', 'UNKNOWN', 'HLE', 'D3NOWPREFETCH', 'SEP', 'SKINIT'}
A64 = ['lse', 'crc', 'crypto', 'dotprod', 'rcpc', 'rcpc-immo', 'fullfp16', 'rdm', 'pauth', 'jsconv', 'complxnum', 'sha3', 'sm4', 'fp16fml', 'flagm', 'altnzcv',
       'fptoint', 'sb', 'ssbs', 'rand', 'mte', 'i8mm', 'bf16', 'sve', 'sve2', 'sve2-aes', 'sve2-bitperm', 'mops', 'cssc', 'lor', 'dit', 'ccpp', 'sme',
       'sme2', 'wfxt', 'hbc', 'lse128', 'rcpc3', 'the', 'gcs', 'f64mm', 'f32mm']


def segments(path):
    """[(address, size, file offset)] of the loaded parts that may be executed; whether it lies anywhere."""
    text = subprocess.run(['readelf', '-hlW', path], capture_output=True, text=True, check=True).stdout
    loads = [tuple(int(word, 16) for word in match) for match in re.findall(r'LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) 0x\w+ .*E ', text)]
    return [(address, size, offset) for offset, address, size in loads], 'DYN' in re.search(r'Type: +(\w+)', text).group(1)


def executed(path, arch, cpu, work, options, parts, anywhere):
    """Link-time addresses of translated instructions of the image, with the bytes that were translated."""
    bias = BASE[arch] if anywhere else 0
    found = {}
    with tempfile.TemporaryDirectory(prefix='ladder-log') as folder:
        os.environ.update(QEMU_LOG='in_asm', QEMU_LOG_FILENAME=os.path.join(folder, 'log.%d'))
        status = execute(command(arch, cpu, path, options.sysroot) + work[1], 900, work[0], options.inputs)[0]
        for log in glob.glob(folder + '/log.*'):
            with open(log, encoding='utf-8', errors='replace') as file:
                for line in file:
                    # The rest of a long instruction stands on a line of its own, without a name.
                    match = re.match(r'0x([0-9a-f]+): +((?:[0-9a-f]{2} )+|[0-9a-f]{8} ) +[a-z]', line)
                    if match:
                        address = int(match.group(1), 16) - bias
                        if any(at <= address < at + size for at, size, _ in parts):
                            found[address] = match.group(2)
    return status, found


def bytes_at(data, parts, address, count):
    for at, size, offset in parts:
        if at <= address < at + size:
            start = offset + address - at
            return data[start:start + min(count, at + size - address)]
    return b''


def features_amd64(data, parts, addresses):
    import iced_x86
    names = {value: name for name, value in vars(iced_x86.CpuidFeature).items() if isinstance(value, int)}
    formatter = iced_x86.Formatter(iced_x86.FormatterSyntax.GAS)
    for address in sorted(addresses):
        instruction = iced_x86.Decoder(64, bytes_at(data, parts, address, 15), ip=address).decode()
        needed = {names[value] for value in instruction.cpuid_features()} - EVERYWHERE
        if instruction.mnemonic == iced_x86.Mnemonic.TZCNT:
            continue  # BSF where it is missing, and meant so
        if needed:
            yield address, ','.join(sorted(needed)), formatter.format(instruction)


def valid(words, attributes):
    """Those of the words that LLVM decodes with these attributes."""
    text = ''.join(' '.join('0x%02x' % byte for byte in word) + '\n' for word in words)
    result = subprocess.run(['llvm-mc-19', '--disassemble', '--triple=aarch64', '--mattr=' + attributes], input=text, capture_output=True, text=True)
    bad = {int(line) for line in re.findall(r'<stdin>:(\d+):\d+: warning', result.stderr)}
    lines = iter(line.strip() for line in result.stdout.split('\n') if line.strip() and not line.strip().startswith('.'))
    return {word: next(lines, '') for number, word in enumerate(words, 1) if number not in bad}


def features_arm64(data, parts, addresses):
    words = sorted({bytes_at(data, parts, address, 4) for address in addresses})
    ground = valid(words, '+v8a,+neon,+fp-armv8')
    rest = [word for word in words if word not in ground]
    texts = valid(rest, '+all')
    alone = {name: valid(rest, '+v8a,+neon,+fp-armv8,+' + name) for name in A64}
    for address in sorted(addresses):
        word = bytes_at(data, parts, address, 4)
        if word in texts:
            yield address, ','.join(name for name in A64 if word in alone[name])[:60] or '?', texts[word]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('out')
    parser.add_argument('programs', nargs='+')
    parser.add_argument('--inputs', default='')
    parser.add_argument('--sysroot', default='/usr/aarch64-linux-gnu')
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    rows = {'%s.%s' % (row.name, row.arch): row for row in fixtures.fixtures()}
    for path in options.programs:
        name = os.path.basename(path)
        base, _, arch = name.rpartition('.')
        work = (None, rows[name].arguments) if name in rows else (base, [])
        parts, anywhere = segments(path)
        with open(path, 'rb') as file:
            data = file.read()
        for cpu in MODELS[arch]:
            status, addresses = executed(os.path.abspath(path), arch, cpu, work, options, parts, anywhere)
            wrong = [address for address, text in addresses.items() if not agrees(bytes_at(data, parts, address, 15), text)]
            lines = list((features_amd64 if arch == 'amd64' else features_arm64)(data, parts, set(addresses) - set(wrong)))
            with open(os.path.join(options.out, '%s.%s.txt' % (name, cpu)), 'w', encoding='utf-8') as file:
                file.write('# status %s, %d instructions, %d not as in the file\n' % (status, len(addresses), len(wrong)))
                file.writelines('%#x\t%s\t%s\n' % line for line in lines)
            print(name, cpu, 'status', status, len(addresses), 'instructions', len(wrong), 'not as in the file', len(lines), 'with features', flush=True)
    return 0


def agrees(data, text):
    """Whether the bytes in the file are those that the emulator printed: a word of arm64, bytes of amd64."""
    text = text.strip()
    if ' ' in text or len(text) == 2:
        return data.startswith(bytes.fromhex(text))
    return data[:4] == bytes.fromhex(text)[::-1]


if __name__ == '__main__':
    sys.exit(main())
