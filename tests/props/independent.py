#!/usr/bin/env python3
"""Facts that `assay inspect` tells, against readelf and llvm-objdump, which nobody here wrote.

usage: independent.py ASSAY MAKE_SAMPLES CORPUS
The samples' own expectations are written by assay, so they show changes and prove nothing; this does.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
MACHINES = {'Advanced Micro Devices X86-64': 'amd64', 'AArch64': 'arm64'}
CPUS = {'amd64': ('x86_64', 'X86_64', 'amd64'), 'arm64': ('arm64', 'ARM64', 'arm64'), 'arm64e': ('arm64e', 'ARM64', 'arm64')}


def output(*command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, 'LC_ALL': 'C'})
    return run.stdout.decode('utf-8', 'replace')


def inspect(assay, path):
    files = json.loads(output(assay, 'inspect', '--format', 'json', path))
    return files['files'][0] if 'files' in files else files


def number(text):
    return int(text, 16)


def elf_expected(path):
    """The same facts as readelf prints them."""
    text = output('readelf', '-hlSdW', path)
    field = dict(re.findall(r'^  ([A-Z][^:\n]+):\s+(.*?)\s*$', text, re.M))
    kind = field['Type'].split()[0]
    program = kind == 'EXEC' or 'Position-Independent Executable' in field['Type']
    loads = re.findall(r'^  LOAD\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) (.{3}) ', text, re.M)
    sections = re.findall(r'^  \[ *\d+\] (\S+)\s+(\S+)\s+[0-9a-f]{16} ', text, re.M)
    interpreter = re.search(r'Requesting program interpreter: (.*)\]', text)
    return {
        'format': 'elf',
        'arch': MACHINES.get(field['Machine'], field['Machine']),
        'bits': 64 if field['Class'] == 'ELF64' else 32,
        'kind': 'object' if kind == 'REL' else 'executable' if program else 'shared-library',
        'entry': number(field['Entry point address']) if program else None,
        'interpreter': interpreter and interpreter.group(1),
        'needed': re.findall(r'\(NEEDED\)\s+Shared library: \[(.*)\]', text),
        'search_paths': ':'.join(re.findall(r'\((?:RPATH|RUNPATH)\)\s+Library r\w+: \[(.*)\]', text)),
        'symbol_table': any(type_ == 'SYMTAB' for _, type_ in sections),
        'dwarf': any(re.match(r'\.z?debug_', name) for name, _ in sections),
        'segments': [(number(a), number(o), number(f), number(m), access.replace(' ', '-').replace('R', 'r')
                      .replace('W', 'w').replace('E', 'x')) for o, a, f, m, access in loads],
    }


def macho_expected(path, name, offset):
    """The facts of one slice as llvm-objdump prints its load commands."""
    flag, cpu, arch = CPUS[name]
    text = output('llvm-objdump', '--macho', '--arch', flag, '--private-headers', path)
    if re.search(r'^MH_MAGIC_64\s+' + cpu + r'\s', text, re.M) is None:
        raise ValueError('llvm-objdump shows no %s header' % cpu)
    commands = re.split(r'^Load command \d+$', text, flags=re.M)[1:]
    kinds = [re.search(r'cmd (\S+)', c).group(1) for c in commands]
    of = {kind: [c for c, k in zip(commands, kinds) if k == kind] for kind in kinds}

    def get(kind, pattern):
        return [m.group(1) for c in of.get(kind, []) for m in [re.search(pattern, c)] if m]
    segments = []
    for c in of.get('LC_SEGMENT_64', []):
        value = {k: int(v, 0) for k, v in re.findall(r'(vmaddr|vmsize|fileoff|filesize) (\w+)', c)}
        segments.append((value['vmaddr'], value['fileoff'] + offset, value['filesize'], value['vmsize'],
                         re.search(r'initprot (\S+)', c).group(1)))
    text_start = [s[0] for s in segments if s[1] == offset and s[2]]
    main = get('LC_MAIN', r'entryoff (\d+)')
    thread = get('LC_UNIXTHREAD', r'\b(?:pc|rip) +(0x\w+)')
    program = re.search(r'\bEXECUTE\b', text) is not None
    uuid = get('LC_UUID', r'uuid (\S+)')
    return {
        'format': 'mach-o',
        'arch': arch,
        'bits': 64,
        'kind': 'executable' if program else 'shared-library',
        'entry': text_start[0] + int(main[0]) if main else number(thread[0]) if thread else None,
        'interpreter': (get('LC_LOAD_DYLINKER', r'name (\S+)') or [None])[0],
        'needed': [m for c, k in zip(commands, kinds) if re.fullmatch(r'LC_(LOAD|REEXPORT|LOAD_WEAK)_DYLIB', k)
                   for m in re.findall(r'name (.*) \(offset', c)],
        'search_paths': ':'.join(get('LC_RPATH', r'path (.*) \(offset')),
        'symbol_table': any(int(n) for n in get('LC_SYMTAB', r'nsyms (\d+)')),
        'dwarf': re.search(r'segname __DWARF', text) is not None,
        'segments': segments,
        'uuid': uuid[0].replace('-', '').lower() if uuid else None,
        'min_os': (get('LC_BUILD_VERSION', r'minos (\S+)') + [None])[0],
    }


def told(image):
    """What assay tells of an image, in the same words."""
    facts = image['facts']
    entry = image.get('entry')
    found = {
        'format': image['format'],
        'arch': image['arch'],
        'bits': image['bits'],
        'kind': image['kind'],
        'entry': number(entry) if isinstance(entry, str) else entry,
        'interpreter': facts['interpreter'],
        'needed': facts['needed'] or [],
        'search_paths': ':'.join(facts['search_paths'] or []),
        'symbol_table': bool(facts['symbol_table']),
        'dwarf': 'dwarf' in (facts['debug_info'] or []),
        'segments': [(number(s['address']), s['offset'], s['file_size'], s['memory_size'], s['access'])
                     for s in image['segments']],
    }
    if image['format'] == 'mach-o':
        found.update(uuid=facts['uuid'], min_os=facts['min_os'])
    return found


def compare(path, image, expected):
    wrong = 0
    found = told(image)
    for fact in expected:
        if fact == 'entry' and expected[fact] is None:
            continue  # a library's entry means nothing
        if found[fact] != expected[fact]:
            print('%s [%s]: %s: assay says %r, the other tool %r'
                  % (os.path.basename(path), image['name'], fact, found[fact], expected[fact]))
            wrong += 1
    return wrong


def run(folder):
    """The kernel's own word: the clean programs start, and end as they should. How many did not."""
    wrong = 0
    if os.uname().sysname != 'Linux' or os.uname().machine != 'x86_64':
        return 0
    for name in ('elf-static-clean', 'elf-static-go'):
        path = os.path.join(folder, name)
        os.chmod(path, 0o755)
        try:
            status = subprocess.run([path], timeout=10).returncode
        except PermissionError:
            continue  # a folder without permission to start programs
        if status != 0:
            print('%s: status %d, not 0' % (name, status))
            wrong += 1
    return wrong


def main():
    assay, make_samples, corpus = sys.argv[1:]
    tools = {tool: shutil.which(tool) is not None for tool in ('readelf', 'llvm-objdump')}
    images = wrong = 0
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([make_samples, made], check=True)
        paths = [os.path.join(folder, name) for folder in (made, os.path.join(corpus, 'real'))
                 for name in sorted(os.listdir(folder)) if not name.endswith('.md')]
        for path in paths:
            for image in inspect(assay, path)['images']:
                if image['format'] == 'elf' and tools['readelf']:
                    expected = elf_expected(path)
                elif image['format'] == 'mach-o' and tools['llvm-objdump']:
                    expected = macho_expected(path, image['name'], image['offset'])
                else:
                    continue
                images += 1
                wrong += compare(path, image, expected)
        wrong += run(made)
    if not images:
        print('neither readelf nor llvm-objdump is installed')
        return SKIP
    print('%d images compared, %d facts differ' % (images, wrong))
    return wrong != 0


if __name__ == '__main__':
    sys.exit(main())
