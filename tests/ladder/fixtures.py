#!/usr/bin/env python3
"""fixtures.py list | build DEST [REGEX]: programs whose need of a processor is known, because we wrote it into them.

A row is a name, an architecture, a tool that builds, a source, flags, arguments to run with, and `needs`: what a
processor must have, or the program dies. "" is nothing; "AVX2" a feature; "SSE4.2>AVX2" means that whoever has the first
must have the second (a guard that asks the wrong question); "says AVX2" that it ends with a message; "?" is not for us to say (code of a compiler at some level).
What really happens is told by truth.py, by execution; `needs` is held against it, and may turn out wrong.
"""
import collections
import concurrent.futures
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
Fixture = collections.namedtuple('Fixture', 'name arch tool source flags arguments needs')

ZIG = [sys.executable, '-m', 'ziglang', 'cc']
CLANG_ARM64 = ['clang-19', '--target=aarch64-linux-gnu']
C_TOOLS = {
    ('amd64', 'gcc'): ['gcc', '-O2', '-static'],
    ('amd64', 'gcc-pie'): ['gcc', '-O2', '-static-pie', '-s'],
    ('amd64', 'gcc-dyn'): ['gcc', '-O2', '-s'],
    ('amd64', 'gcc-o0'): ['gcc', '-O0', '-static', '-s'],
    ('amd64', 'clang'): ['clang', '-O2', '-static', '-s'],
    ('amd64', 'clang19'): ['clang-19', '-O3', '-static', '-s'],
    ('amd64', 'musl'): ['musl-gcc', '-O2', '-static', '-s'],
    ('amd64', 'zig'): ZIG + ['-target', 'x86_64-linux-musl', '-O2', '-s', '-mcpu=baseline'],
    ('arm64', 'gcc'): ['aarch64-linux-gnu-gcc', '-O2', '-static'],
    ('arm64', 'gcc-pie'): ['aarch64-linux-gnu-gcc', '-O2', '-static-pie', '-s'],
    ('arm64', 'gcc-dyn'): ['aarch64-linux-gnu-gcc', '-O2', '-s'],
    ('arm64', 'gcc-o0'): ['aarch64-linux-gnu-gcc', '-O0', '-static', '-s'],
    ('arm64', 'clang19'): CLANG_ARM64 + ['-O2', '-static', '-s'],
    ('arm64', 'zig'): ZIG + ['-target', 'aarch64-linux-musl', '-O2', '-s', '-mcpu=generic'],
}
CXX = {'gcc': 'g++', 'clang': 'clang++', 'clang-19': 'clang++-19', 'aarch64-linux-gnu-gcc': 'aarch64-linux-gnu-g++'}

# What a style of asking means for a program that uses feature F.
UNASKED = ['direct.c', 'inline.c', 'pointer.c', 'constructor.c', 'qsort.c', 'thread.c', 'signal.c', 'atexit.c', 'jump_table.c',
           'environment_only.c', 'virtual.cc', 'static_object.cc']
ASKED = ['branch.c', 'early_return.c', 'refuse.c', 'static_cache.c', 'global_bool.c', 'bits.c', 'table.c', 'const_table.c', 'heap.c',
         'heap_flag.c', 'passed_flag.c', 'enum_level.c', 'level_order.c', 'environment.c', 'sigill.c', 'forked.c', 'factory.cc',
         'ifunc.c', 'clones.c', 'dead.c']
WRONG = ['inverted.c', 'ignored.c', 'both_ways.c', 'one_missed.c', 'wrong_feature.c', 'wrong_table.c']
OLDER = {'amd64': 'SSE4.2', 'arm64': 'FEAT_LSE'}  # what wrong_*.c ask for

# -DFEATURE_x and the name of the feature; the first is what every style is made with.
FEATURES = {
    'amd64': [('AVX2', 'AVX2'), ('AVX512F', 'AVX512F'), ('SSE42', 'SSE4.2'), ('POPCNT', 'POPCNT'), ('BMI2', 'BMI2'), ('AVX', 'AVX'),
              ('SSSE3', 'SSSE3'), ('FMA', 'FMA'), ('SSE41', 'SSE4.1'), ('BMI1', 'BMI1'), ('AES', 'AES'), ('MOVBE', 'MOVBE'),
              ('CX16', 'CMPXCHG16B'), ('ADX', 'ADX'), ('SSE3', 'SSE3')],
    'arm64': [('LSE', 'FEAT_LSE'), ('DOTPROD', 'FEAT_DotProd'), ('SVE', 'FEAT_SVE'), ('FP16', 'FEAT_FP16'), ('LRCPC', 'FEAT_LRCPC'),
              ('RDM', 'FEAT_RDM'), ('PAUTH', 'FEAT_PAuth'), ('JSCVT', 'FEAT_JSCVT'), ('I8MM', 'FEAT_I8MM'), ('SHA512', 'FEAT_SHA512'),
              ('FLAGM', 'FEAT_FlagM'), ('SVE2', 'FEAT_SVE2'), ('CRC32', 'FEAT_CRC32'), ('AES', 'FEAT_AES')],
}
# Each style is made once more with another tool and another feature, in turn.
OTHER = {
    'amd64': [('musl', 'AVX512F'), ('clang', 'SSE42'), ('gcc-pie', 'BMI2'), ('zig', 'AVX2'), ('gcc-dyn', 'POPCNT'), ('clang19', 'AVX'),
              ('gcc-o0', 'SSSE3'), ('musl', 'FMA'), ('gcc-dyn', 'AVX2')],
    'arm64': [('clang19', 'DOTPROD'), ('gcc-pie', 'SVE'), ('gcc-dyn', 'FP16'), ('zig', 'LRCPC'), ('gcc-o0', 'RDM'), ('clang19', 'PAUTH'),
              ('gcc-pie', 'I8MM')],
}


def need(arch, source, name):
    if source in UNASKED or source in ('inverted.c', 'ignored.c', 'both_ways.c', 'one_missed.c', 'argument.c'):
        return name
    if source == 'refuse.c':
        return 'says ' + name
    if source in ('wrong_feature.c', 'wrong_table.c'):
        return '%s>%s' % (OLDER[arch], name)
    return ''


def possible(arch, tool, source, feature):
    """Whether the tool can build the style: ifunc needs glibc and a name that the compiler knows."""
    if source == 'clones.c':
        return arch == 'amd64' and tool.startswith('gcc') and feature in ('AVX2', 'AVX512F', 'SSE42', 'POPCNT', 'BMI2', 'AVX')
    if source == 'ifunc.c':
        return tool not in ('musl', 'zig')
    if source.endswith('.cc'):
        return tool not in ('musl',)
    return True


def styles(arch):
    names = dict(FEATURES[arch])
    turn = 0
    for source in UNASKED + ASKED + WRONG + ['argument.c']:
        base = source.split('.')[0]
        first = FEATURES[arch][0][0]
        made = [('gcc', first)]
        while len(made) < 2 and turn < 1000:
            tool, feature = OTHER[arch][turn % len(OTHER[arch])]
            turn += 1
            if possible(arch, tool, source, feature) and not (source.startswith('wrong') and names[feature] in ('SSE4.2', 'SSSE3', 'POPCNT')):
                made.append((tool, feature))
        for tool, feature in made:
            if not possible(arch, tool, source, feature):
                continue
            row = Fixture('%s-%s-%s' % (base, feature.lower(), tool), arch, tool, source, ['-DFEATURE_' + feature], [],
                          need(arch, source, names[feature]))
            if source == 'argument.c':
                yield row._replace(name=row.name + '-given', arguments=['fast'])
                yield row._replace(name=row.name + '-not', needs='')
            else:
                yield row


def features(arch):
    """Every feature asked for and not, by the compiler's own question where it has one."""
    tools = ['musl', 'gcc'] if arch == 'amd64' else ['gcc', 'clang19']
    for at, (feature, name) in enumerate(FEATURES[arch][1:]):
        for source in ('direct.c', 'branch.c'):
            flags = ['-DFEATURE_' + feature]
            tool = tools[at % 2]
            if arch == 'amd64' and tool == 'gcc' and feature not in ('CX16', 'MOVBE', 'ADX'):
                flags.append('-DASK=CPU_SUPPORTS')
            yield Fixture('%s-every-%s-%s' % (source[:-2], feature.lower(), tool), arch, tool, source, flags, [],
                          need(arch, source, name))
    if arch == 'amd64':
        for tool in ('gcc', 'clang', 'clang19'):
            for source in ('branch.c', 'table.c', 'global_bool.c'):
                yield Fixture('%s-builtin-%s' % (source[:-2], tool), arch, tool, source, ['-DFEATURE_AVX2', '-DASK=CPU_SUPPORTS'], [], '')


LEVELS = {
    'amd64': [('v1', '-march=x86-64'), ('v2', '-march=x86-64-v2'), ('v3', '-march=x86-64-v3'), ('v4', '-march=x86-64-v4'),
              ('haswell', '-march=haswell'), ('nehalem', '-march=nehalem'), ('avx', '-mavx')],
    'arm64': [('v8.0', '-march=armv8-a'), ('v8.1', '-march=armv8.1-a'), ('dotprod', '-march=armv8.2-a+dotprod'), ('v8.3', '-march=armv8.3-a'),
              ('crc', '-march=armv8-a+crc'), ('crypto', '-march=armv8-a+crypto'), ('sve', '-march=armv8.2-a+sve'), ('n1', '-mcpu=neoverse-n1'),
              ('a72', '-mcpu=cortex-a72'), ('outline', '-moutline-atomics'), ('inline', '-mno-outline-atomics'), ('v8.5', '-march=armv8.5-a'),
              ('v9', '-march=armv9-a')],
}
ZIG_LEVELS = {'amd64': [('v3', 'x86_64_v3')], 'arm64': [('a76', 'cortex_a76')]}


def levels(arch):
    tools = ['gcc', 'clang19', 'musl', 'gcc-dyn'] if arch == 'amd64' else ['gcc', 'clang19', 'gcc-dyn']
    for tool in tools:
        for level, flag in LEVELS[arch]:
            if level == 'v9' and tool == 'musl':
                continue
            yield Fixture('level-%s-%s' % (level, tool), arch, tool, 'level.c', ['-O3', flag], [], '' if level in ('v1', 'v8.0') else '?')
    for level, cpu in ZIG_LEVELS[arch]:
        yield Fixture('level-%s-zig' % level, arch, 'zig', 'level.c', ['-O3', '-mcpu=' + cpu], [], '?')
    if arch == 'amd64':
        yield Fixture('lzcnt-gcc', arch, 'gcc', 'lzcnt.c', [], [], 'LZCNT')
        yield Fixture('tzcnt-gcc', arch, 'gcc', 'tzcnt.c', [], [], '')
        yield Fixture('lzcnt-musl', arch, 'musl', 'lzcnt.c', [], [], 'LZCNT')
        yield Fixture('many-avx-gcc', arch, 'gcc', 'many.c', ['-DFEATURE_AVX', '-s'], [], '')


RUST_TARGET = {'amd64': 'x86_64-unknown-linux-gnu', 'arm64': 'aarch64-unknown-linux-musl'}
RUST_LEVELS = {'amd64': ['x86-64', 'x86-64-v2', 'x86-64-v3', 'x86-64-v4'], 'arm64': ['generic', 'cortex-a53', 'cortex-a76', 'neoverse-n2', 'apple-m1']}
RUST_FEATURE = {'branch': ('AVX2', 'FEAT_DotProd'), 'direct': ('AVX2', 'FEAT_DotProd'), 'pointer': ('AVX2', 'FEAT_LSE'), 'dynamic': ('AVX2', 'FEAT_SVE')}
GO_LEVELS = {'amd64': ['v1', 'v2', 'v3', 'v4'], 'arm64': ['v8.0', 'v8.0,lse', 'v8.1', 'v9.0']}


def rust_and_go(arch):
    for source, by_arch in RUST_FEATURE.items():
        name = by_arch[arch == 'arm64']
        yield Fixture('rust-' + source, arch, 'rust', source + '.rs', [], [], name if source == 'direct' else '')
    for level in RUST_LEVELS[arch]:
        yield Fixture('rust-level-' + level, arch, 'rust', 'level.rs', ['-Ctarget-cpu=' + level], [], '' if level in ('x86-64', 'generic') else '?')
    yield Fixture('rust-crates', arch, 'cargo', 'crates', [], [], '')
    for level in GO_LEVELS[arch]:
        for source in ('level', 'std'):
            yield Fixture('go-%s-%s' % (source, level.replace(',', '-')), arch, 'go', source, [level], [], '' if level in ('v1', 'v8.0') else '?')
    feature = {'amd64': 'AVX2', 'arm64': 'FEAT_DotProd'}[arch]
    for source in ('guarded', 'table', 'direct'):
        yield Fixture('go-' + source, arch, 'go', source, [GO_LEVELS[arch][0]], [], feature if source == 'direct' else '')


def fixtures():
    for arch in ('amd64', 'arm64'):
        seen = set()
        for make in (styles, features, levels, rust_and_go):
            for row in make(arch):
                assert row.name not in seen, row.name
                seen.add(row.name)
                yield row


def command(row, output):
    """The command that builds the row, the directory to run it in, and its environment."""
    source = os.path.join(HERE, 'src', row.source)
    environment = dict(os.environ, SOURCE_DATE_EPOCH='0')
    if row.tool == 'rust':
        linker = ['-Clinker=rust-lld'] if row.arch == 'arm64' else ['-Ctarget-feature=+crt-static']
        return ['rustc', '-O', '-Cstrip=symbols', '-Cdebuginfo=0', '--edition=2021', '--target=' + RUST_TARGET[row.arch], *linker, *row.flags,
                os.path.join(HERE, 'src/rust', row.source), '-o', output], HERE, environment
    if row.tool == 'cargo':
        environment.update(CARGO_TARGET_DIR=os.path.dirname(output) + '/cargo', CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER='rust-lld')
        build = 'cargo build --release --manifest-path %s/src/rust/crates/Cargo.toml --target %s && cp "$CARGO_TARGET_DIR"/%s/release/crates %s' % (
            HERE, RUST_TARGET[row.arch], RUST_TARGET[row.arch], output)
        return ['sh', '-c', build], HERE, environment
    if row.tool == 'go':
        variable = {'amd64': 'GOAMD64', 'arm64': 'GOARM64'}[row.arch]
        environment.update({'CGO_ENABLED': '0', 'GOOS': 'linux', 'GOARCH': row.arch, variable: row.flags[0]})
        return ['go', 'build', '-trimpath', '-ldflags=-s -w', '-o', output, './' + row.source], os.path.join(HERE, 'src/go'), environment
    tool = list(C_TOOLS[row.arch, row.tool])
    if row.source.endswith('.cc'):
        tool = [CXX.get(tool[0], tool[0])] + tool[1:] if row.tool != 'zig' else ZIG[:-1] + ['c++'] + tool[4:]
    return tool + ['-w', *row.flags, source, '-o', output, '-pthread'], HERE, environment


def build(row, folder):
    output = os.path.join(folder, '%s.%s' % (row.name, row.arch))
    if os.path.exists(output):
        return row, ''
    words, at, environment = command(row, output)
    result = subprocess.run(words, cwd=at, env=environment, capture_output=True, text=True)
    return row, '' if result.returncode == 0 else (result.stderr.strip().split('\n') or ['?'])[-1][:300] + '\n  ' + ' '.join(words)


def main():
    rows = [row for row in fixtures() if len(sys.argv) < 4 or re.search(sys.argv[3], '%s.%s' % (row.name, row.arch))]
    if sys.argv[1] == 'list':
        for row in rows:
            print('\t'.join([row.name, row.arch, row.tool, row.source, ' '.join(row.flags), ' '.join(row.arguments), row.needs]))
        return 0
    rows.sort(key=lambda row: row.tool == 'zig')  # the first of each processor makes a C library first
    folder = os.path.abspath(sys.argv[2])
    os.makedirs(folder, exist_ok=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for row, error in pool.map(lambda row: build(row, folder), rows):
            if error:
                failed += 1
                print('%s.%s: %s' % (row.name, row.arch, error), flush=True)
    print('%d built, %d not' % (len(rows) - failed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
