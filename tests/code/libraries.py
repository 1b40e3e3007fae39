#!/usr/bin/env python3
"""libraries.py ASSAY: who comes into a shared library where, and what that asks of a processor.

Each library holds VPADDD ymm (AVX2) in a place that others come to in another way, by its symbols, its tables or its
loader, or only behind a question. A program loads it, calls what it exports, and is run by qemu as a Nehalem, which has no
AVX2: a library that dies there may not pass for x86-64-v2, and one that is asked to must be told "may be reached".
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HEAD = r'''
#define HIDDEN __attribute__((noinline, visibility("hidden")))
typedef int (*function)(void);
HIDDEN int kernel(void) { asm volatile("vpaddd %ymm0, %ymm0, %ymm0"); return 1; }
static unsigned word; /* EBX of CPUID's leaf 7, in which bit 5 is AVX2, once it was asked for */
static inline __attribute__((always_inline)) unsigned asked(unsigned mark)
{
    unsigned a = 7, b, c = 0, d;
    if (!word) {
        asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
        word = b | mark;
    }
    return word;
}
HIDDEN int plain(void) { asm volatile("paddd %xmm0, %xmm0"); return 0; }
'''
ASKED = '(__builtin_cpu_init(), __builtin_cpu_supports("avx2"))'
# The name; the source; flags of the linker; whether assay may say that it runs everywhere.
CASES = [
    ('called by its name', 'int run(void) { return kernel(); }', [], False),
    ('called by its name, asks', 'int run(void) { return %s ? kernel() : plain(); }' % ASKED, [], True),
    ('asks for the wrong one', 'int run(void) { return (__builtin_cpu_init(), __builtin_cpu_supports("sse4.1")) ? kernel() : plain(); }', [], False),
    ('a word of answers', 'int run(void) { return asked(0) & 0x20 ? kernel() : plain(); }', [], True),
    ('a word with a mark', 'int run(void) { return asked(0x80000000u) & 0x20 ? kernel() : plain(); }', [], True),
    ('the mark of a word', 'int run(void) { return asked(0x80000000u) & 0x80000000u ? kernel() : plain(); }', [], False),
    ('the sign of a word', 'int run(void) { return (int)asked(0x80000000u) < 0 ? kernel() : plain(); }', [], False),
    ('a word by its second byte', 'extern unsigned char *at; HIDDEN unsigned char *at; int run(void) { asked(0); return ((unsigned char *)&word)[1] & 0x20 ? kernel() : plain(); }', [], None),
    ('a weak name', '__attribute__((weak)) int run(void) { return kernel(); }', [], False),
    ('a protected name', '__attribute__((visibility("protected"))) int run(void) { return kernel(); }', [], False),
    ('an alias', 'int run(void) __attribute__((alias("inner"))); HIDDEN int inner(void) { return kernel(); }', [], False),
    ('a table that has a name', 'function run[2] = {plain, kernel};', [], False),
    ('a constant table that has a name', 'extern const function run[2]; const function run[2] = {plain, kernel};', [], False),
    ('a table behind a pointer that has a name',
     'static const struct {long n; function f[2];} o = {2, {plain, kernel}}; extern const void *const run; const void *const run = &o;', [], False),
    ('a table that is also used behind a question',
     'function run[2] = {plain, kernel}; int other(void) { return run[%s ? 1 : 0](); }' % ASKED, [], False),
    ('a table that is only used behind a question',
     'static function const table[2] = {plain, kernel}; int run(void) { return %s ? table[1]() : table[0](); }' % ASKED, [], None),
    ('a constructor', '__attribute__((constructor)) static void begin(void) { kernel(); } int run(void) { return 0; }', [], False),
    ('a constructor, asks', '__attribute__((constructor)) static void begin(void) { if (%s) kernel(); } int run(void) { return 0; }' % ASKED, [], True),
    ('a destructor', '__attribute__((destructor)) static void end(void) { kernel(); } int run(void) { return 0; }', [], False),
    ('DT_INIT', 'HIDDEN void begin(void) { kernel(); } int run(void) { return 0; }', ['-Wl,-init=begin'], False),
    ('DT_FINI', 'HIDDEN void end(void) { kernel(); } int run(void) { return 0; }', ['-Wl,-fini=end'], False),
    ('a name with a resolver', 'static function resolve(void) { return %s ? kernel : plain; } int run(void) __attribute__((ifunc("resolve")));' % ASKED, [], True),
    ('a pointer that a constructor sets',
     'static function best = plain; __attribute__((constructor)) static void begin(void) { if (%s) best = kernel; } int run(void) { return best(); }' % ASKED, [], True),
    ('a pointer that is handed out', 'function run(void) { return kernel; }', [], False),
    ('a pointer that is handed out, asks', 'function run(void) { return %s ? kernel : plain; }' % ASKED, [], True),
    ('a table that is handed out', 'static const function table[3] = {plain, kernel, plain}; const void *run(void) { return table; }', [], False),
    ('thread-local storage beside it', 'static __thread int n; int run(void) { n++; return %s ? kernel() : n; }' % ASKED, [], True),
]
WAYS = [[], ['-Wl,--hash-style=sysv'], ['-Wl,--hash-style=gnu'], ['-fno-asynchronous-unwind-tables', '-O1'], ['-Wl,-Bsymbolic,-z,lazy'],
        ['-Wl,-z,noseparate-code,-z,norelro']]

LOADER = r'''
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    void *library = dlopen(argv[1], RTLD_NOW);
    void *run = library ? dlsym(library, "run") : NULL;
    (void)argc;
    if (!run)
        return puts("not to be loaded"), 2;
    void *(*call)(void) = (void *(*)(void))run;
    if (strcmp(argv[2], "function") == 0) {
        call();
    } else if (strcmp(argv[2], "hands out a function") == 0) {
        ((int (*)(void))call())();
    } else {
        int (**table)(void) = strcmp(argv[2], "table") == 0 ? run : strcmp(argv[2], "hands out a table") == 0 ? call() : *(void **)run;
        if (strcmp(argv[2], "object") == 0)
            table++;
        table[0]();
        table[1]();
    }
    return dlclose(library), 0;
}
'''


def how(name):
    """How the loader uses what is called "run"."""
    if 'behind a pointer' in name:
        return 'object'
    if 'table that is handed out' in name:
        return 'hands out a table'
    if 'handed out' in name:
        return 'hands out a function'
    return 'table' if 'has a name' in name or 'also used' in name else 'function'


def compile(folder, name, source, flags, cc):
    path = os.path.join(folder, name)
    with open(path + '.c', 'w') as out:
        out.write(source)
    subprocess.run([cc, '-O2', '-w', path + '.c', '-o', path] + flags, check=True)
    return path


def main():
    assay = os.path.abspath(sys.argv[1])
    cc = shutil.which('gcc') or shutil.which('cc')
    emulator = shutil.which('qemu-x86_64')
    if os.uname().machine != 'x86_64' or not cc or not emulator:
        print('needs an x86-64 machine, a C compiler and qemu-user')
        return 77
    wrong, told, known = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        loader = compile(folder, 'loader', LOADER, ['-ldl'], cc)
        made = {}
        for number, (name, source, flags, fine) in enumerate(CASES):
            for way, more in enumerate(WAYS):
                path = compile(folder, '%d-%d.so' % (number, way), HEAD + source, ['-shared', '-fPIC', '-s'] + flags + more, cc)
                made[path] = (name, more, fine)
        report = subprocess.run([assay, 'check', '--cpu', 'x86-64-v2', '--policy', 'none', '--format', 'json'] + list(made), capture_output=True, text=True)
        for file in json.loads(report.stdout)['files']:
            name, more, fine = made[file['path']]
            outcome = [r['outcome'] for r in file['images'][0]['results'] if r['rule'] == 'isa/level-ceiling'][0]
            ran = subprocess.run([emulator, '-cpu', 'Nehalem', loader, file['path'], how(name)], capture_output=True)
            died = ran.returncode == -4
            what = '%s %s' % (name, ' '.join(more))
            if ran.returncode not in (0, -4):
                wrong.append('%s: ended with %d, %s' % (what, ran.returncode, ran.stdout))
            elif died and outcome == 'pass':
                wrong.append('%s: dies, and passes' % what)
            elif fine is not None and died == fine:
                wrong.append('%s: does not do what was meant, %s' % (what, 'dies' if died else 'runs'))
            elif not died and outcome == 'fail':
                wrong.append('%s: runs, and fails' % what)
            told += fine is True and outcome == 'pass'
            known += fine is True
    print('\n'.join(wrong))
    print('%d libraries; of %d that ask, %d are known to' % (len(made), known, told))
    return 1 if wrong or told < known * 9 // 10 else 0


if __name__ == '__main__':
    sys.exit(main())
