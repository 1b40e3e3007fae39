#!/usr/bin/env python3
"""suite.py ASSAY: policies against files, and what comes of it.

Each case is a policy, the files of a release (name: how it is made), what the command line adds, the exit
status, and texts that standard output, or an error message, must or must not have. The day is 2026-11-23.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from files import EXIT, small_elf, write  # noqa: E402

TODAY = "2026-11-23"
ARM64, EXIT_ARM64 = 183, bytes.fromhex("a80b8052000080d2010000d4")  # mov x8, 93; mov x0, 0; svc 0



def called(*changes):
    """A program whose functions no table names, each as GNU as makes it; `changes`: pairs (instruction, another)."""
    words = [0x94000005, 0x9400000E, 0xD2800000, 0xD2800BA8, 0xD4000001,  # bl f; bl g; mov x0, 0; mov x8, 93; svc 0
             0xA9BE7BFD, 0x910003FD, 0xF9000BF3, 0xAA0003F3, 0xB4000040,  # f: stp x29, x30, [sp, -32]!; mov x29, sp; str x19, [sp, 16]; mov x19, x0; cbz x0, 1f
             0x94000005, 0xAA1303E0, 0xF9400BF3, 0xA8C27BFD, 0xD65F03C0,  # bl g; 1: mov x0, x19; ldr x19, [sp, 16]; ldp x29, x30, [sp], 32; ret
             0x91000400, 0xD65F03C0]  # g: add x0, x0, 1; ret
    for before, after in changes:
        words[words.index(before)] = after
    return small_elf(machine=ARM64, code=b"".join(word.to_bytes(4, "little") for word in words))


KINDS = {
    "good": lambda: small_elf(),
    "arm64": lambda: small_elf(machine=ARM64, code=EXIT_ARM64),
    "bad": lambda: small_elf(b"/lib64/ld-linux-x86-64.so.2"),
    "arm64-aes": lambda: small_elf(machine=ARM64, code=bytes.fromhex("2048284e") + EXIT_ARM64),  # aese v0.16b, v1.16b
    "ssse3": lambda: small_elf(code=bytes.fromhex("660f3800c1") + EXIT),  # pshufb xmm0, xmm1
    "ssse3-perhaps": lambda: small_elf(code=bytes.fromhex("48833c24017405660f3800c1") + EXIT),  # where there are arguments
    "arm64-quarter": lambda: small_elf(machine=ARM64, code=EXIT_ARM64 + bytes(52)),  # udf and no more behind the end
    "arm64-half": lambda: small_elf(machine=ARM64, code=bytes.fromhex("1f2003d5") * 1997 + EXIT_ARM64 + b"\xff" * 7984),  # nop, and data
    "called": called,
    "called-loses-x19": lambda: called((0xF9400BF3, 0xD503201F)),  # nop
    "called-returns-to-itself": lambda: called((0xA8C27BFD, 0x910083FF)),  # add sp, sp, 32
    "called-below-sp": lambda: called((0xF9000BF3, 0xF81F83F3), (0xF9400BF3, 0xF85F83F3)),  # stur, ldur x19, [sp, -8]
    "called-misaligned": lambda: called((0xA9BE7BFD, 0xA9BEFBFD), (0xA8C27BFD, 0xA8C1FBFD)),  # 24 bytes, not 32
    "arm64-bad": lambda: small_elf(b"/lib/ld-linux-aarch64.so.1", machine=ARM64, code=EXIT_ARM64),
    "stack": lambda: small_elf(stack=7),
    "cut": lambda: small_elf()[:70],
    "text": lambda: b"text\n",
    "riscv": lambda: small_elf(machine=243),
}

WAIVER = """version: 1
waivers:
  - rule: {rule}
    {what}
    reason: the vendor mends it with release 3
    expires: {day}
"""


def waiver(rule="linkage/no-interpreter", what="path: app", day="2027-01-31"):
    return WAIVER.format(rule=rule, what=what, day=day)


MATRIX = """version: 1
matrix:
  - names: ["dist/app-{os}-{arch}"]
    os: [linux]
    arch: [amd64, arm64]
"""
BOTH = {"dist/app-linux-amd64": "good", "dist/app-linux-arm64": "arm64"}

# title, policy, files, arguments, exit status, texts of standard output ("!": must not be there)
CASES = [
    ("an empty mapping of rules demands what the profile does", "version: 1\nrules: {}\n", {"app": "bad"}, "app", 1, []),
    ("comments alone are no policy", "# nothing\n", {"app": "good"}, "app", 2, ['the key "version" is missing']),
    ("a level turns a rule off", "version: 1\nrules: {linkage/no-interpreter: off}\n", {"app": "bad"}, "app", 1,
     ["!no-interpreter", "no-libc-dependency"]),
    ("what is off is not run", "version: 1\nrules: {abi: off}\n", {"app": "arm64"}, "-v app", 0,
     ["n/a +abi/callee-saved +switched off", "!undecided: only 0 %"]),
    ("a family goes by its name", "version: 1\nrules: {linkage: off}\n", {"app": "bad"}, "app", 0, ["gate: open"]),
    ("a rule beats its family, whatever the order", "version: 1\nrules: {linkage/no-interpreter: error, linkage: off}\n",
     {"app": "bad"}, "app", 1, ["no-interpreter", "!no-libc"]),
    ("a warning is told and decides nothing", "version: 1\nrules: {linkage: warning}\n", {"app": "bad"}, "app", 0,
     ["warning  linkage/no-interpreter"]),
    ("fail-on makes warnings count", "version: 1\nfail-on: warning\nrules: {linkage: warning}\n", {"app": "bad"}, "app", 1, []),
    ("an option beats fail-on", "version: 1\nfail-on: warning\nrules: {linkage: warning}\n", {"app": "bad"},
     "--fail-on error app", 0, []),
    ("a level does not open the gate to what nobody can judge", "version: 1\nrules: {identity: off, structure: off}\n",
     {"app": "riscv"}, "app", 3, ["!gate: open"]),
    ("nor to a text", "version: 1\nrules: {identity: off}\n", {"app": "text"}, "app", 3, []),
    ("nor to a file that is not there", "version: 1\nrules: {identity: off}\n", {}, "app", 3, []),
    ("a profile of the policy holds", "version: 1\nprofile: static\n", {"app": "good"}, "--format json app", 0,
     ['"profile":"static"']),
    ("an option beats the profile", "version: 1\nprofile: static\n", {"app": "good"}, "--profile release --format json app", 0,
     ['"profile":"release"']),
    ("--policy none is none", "version: 1\nrules: {linkage: off}\n", {"app": "bad"}, "--policy none app", 1, []),
    # parameters
    ("allowed loaders may be named", "version: 1\nparameters: {libraries: ['ld-linux*']}\n", {"app": "bad"}, "app", 0, []),
    ("other loaders may not", "version: 1\nparameters: {libraries: ['ld-musl*']}\n", {"app": "bad"}, "app", 1, []),
    ("a file above its size fails", "version: 1\nparameters: {size-max: 100}\n", {"app": "good"}, "app", 1,
     ["platform/size-budget"]),
    ("a file below its size passes", "version: 1\nparameters: {size-max: 1k}\n", {"app": "good"}, "app", 0, []),
    ("code that keeps to the CPU passes",
     "version: 1\nrules: {isa: error}\nparameters: {cpu: x86-64-v2}\n", {"app": "good"}, "app", 0, []),
    ("a CPU is undecided, and closes the gate where it must be decided",
     "version: 1\nrules: {isa: error}\nparameters: {cpu: x86-64-v2}\n", {"app": "good"}, "--no-code app", 3,
     ["unknown  isa/level-ceiling"]),
    ("a machine is a CPU, in any case",
     "version: 1\nrules: {isa: error}\nparameters: {cpu: [Graviton3, SandyBridge]}\n", {"app": "good", "arm": "arm64-aes"},
     "-v app arm", 0, ["asks for more than SandyBridge", "asks for more than Graviton3"]),
    ("a CPU says nothing of another architecture", "version: 1\nrules: {isa: error}\nparameters: {cpu: apple-m1}\n",
     {"app": "good"}, "-v app", 0, ["the declared CPU, apple-m1, is none of this architecture"]),
    ("instructions above a core are told", "version: 1\nrules: {isa: error}\nparameters: {cpu: neoverse-v1}\n",
     {"app": "arm64-aes"}, "app", 1, ["error +isa/level-ceiling", "FEAT_AES", "no instruction that neoverse-v1 lacks"]),
    ("an option beats the CPU of its architecture", "version: 1\nrules: {isa: error}\nparameters: {cpu: [v1, neoverse-v1]}\n",
     {"app": "arm64-aes", "good": "good"}, "-v --cpu graviton3 app good", 0, ["more than graviton3", "more than v1"]),
    ("two options are for two architectures", "version: 1\nrules: {isa: error}\n", {"app": "arm64-aes", "good": "ssse3"},
     "-v --cpu v2 --cpu graviton3 app good", 0, ["more than v2", "more than graviton3"]),
    ("a strict policy fails what may be reached", "version: 1\nrules: {isa: error}\nparameters: {cpu: v1, cpu-strict: true}\n",
     {"app": "ssse3-perhaps"}, "app", 1, ["error +isa/level-ceiling", "cpu-strict", "SSSE3"]),
    ("any other leaves it undecided", "version: 1\nrules: {isa: error}\nparameters: {cpu: v1}\n",
     {"app": "ssse3-perhaps"}, "app", 3, ["unknown +isa/level-ceiling", "SSSE3"]),
    ("two of one architecture are none", "version: 1\n", {"app": "good"}, "--cpu v2 --cpu haswell app", 2,
     ["--cpu: haswell: expected one CPU of each architecture"]),
    ("a variant of the target is a CPU", "version: 1\nrules: {isa: error}\n", {"app": "ssse3"}, "--target linux/amd64/v1 app", 1,
     ["error +isa/level-ceiling", "SSSE3", "no instruction that v1 lacks"]),
    ("that of a file's name too", "version: 1\nrules: {isa: error}\n", {"app_linux_amd64_v1/app": "ssse3"},
     "app_linux_amd64_v1/app", 1, ["no instruction that v1 lacks"]),
    ("a variant that has them passes", "version: 1\nrules: {isa: error}\n", {"app": "ssse3"}, "-v --target linux/amd64/v2 app", 0,
     ["more than v2"]),
    ("a variant is taken with its options", "version: 1\nrules: {isa: error}\n", {"app": "arm64-aes"},
     "-v --target linux/arm64/v8.0,crypto app", 0, ["asks for more than v8.0,crypto"]),
    ("a declared CPU goes before the variant", "version: 1\nrules: {isa: error}\nparameters: {cpu: core2}\n", {"app": "ssse3"},
     "-v --target linux/amd64/v1 app", 0, ["more than core2"]),
    ("a CPU of a target goes before the policy's",
     "version: 1\nrules: {isa: error}\nparameters: {cpu: v1}\ntargets: [{match: app, parameters: {cpu: core2}}]\n",
     {"app": "ssse3"}, "-v app", 0, ["more than core2"]),
    ("code that was not followed leaves a calling convention undecided", "version: 1\nrules: {abi/stack-alignment: error}\n",
     {"app": "arm64-quarter"}, "app", 3, ["unknown +abi/stack-alignment", "only 25 % of the code"]),
    ("functions that only calls lead to are followed", "version: 1\nrules: {abi/callee-saved: error, abi/return-address: error}\n", {"app": "called"}, "-v app", 0,
     ["pass +abi/callee-saved", "in 2 of 3 functions, 70 % of the code; 2 are bounded by calls alone"]),
    ("what they lose leaves the rule undecided", "version: 1\nrules: {abi/callee-saved: error}\n", {"app": "called-loses-x19"}, "app", 3,
     ["unknown +abi/callee-saved", "1 registers that functions do not give back", "no table bounds them", r"in the function from 0x\w+ to 0x\w+ \(by a call\)"]),
    ("where they return to, too", "version: 1\nrules: {abi/return-address: error}\n", {"app": "called-returns-to-itself"}, "app", 3,
     ["unknown +abi/return-address", "no table bounds them"]),
    ("and what they access below SP", "version: 1\nrules: {abi/no-access-below-sp: error}\n", {"app": "called-below-sp"}, "app", 3,
     ["unknown +abi/no-access-below-sp", "2 accesses below the stack pointer, if"]),
    ("a frame that is not aligned fails wherever they end", "version: 1\nrules: {abi/stack-alignment: error}\n", {"app": "called-misaligned"}, "app", 1,
     ["error +abi/stack-alignment", "SP is 8 modulo 16"]),
    ("a policy says how much must be followed",
     "version: 1\nrules: {abi/stack-alignment: error}\nparameters: {abi-coverage: 25}\n", {"app": "arm64-quarter"}, "-v app", 0,
     ["pass +abi/stack-alignment", "25 % of the code"]),
    ("more than was followed is undecided",
     "version: 1\nrules: {abi/stack-alignment: error}\ntargets: [{match: app, parameters: {abi-coverage: 26}}]\n",
     {"app": "arm64-quarter"}, "app", 3, ["the policy demands 26 %"]),
    ("code that was not understood may compute with vectors", "version: 1\nrules: {isa: error}\nparameters: {neon-loops: 1}\n",
     {"app": "arm64-half"}, "app", 3, ["unknown +isa/neon-present", "the 50 % of the code"]),
    ("a policy says how much must be understood",
     "version: 1\nrules: {isa: error}\nparameters: {neon-loops: 1, isa-coverage: 50}\n", {"app": "arm64-half"}, "app", 1,
     ["error +isa/neon-present"]),
    # targets
    ("a target is expected", "version: 1\ntargets: [{match: app, expect: linux/arm64}]\n", {"app": "good"}, "app", 1,
     ["declared for linux/arm64"]),
    ("the first that fits speaks", "version: 1\ntargets: [{match: a*, expect: linux/amd64}, {match: app, expect: linux/arm64}]\n",
     {"app": "good"}, "app", 0, []),
    ("an option beats a target", "version: 1\ntargets: [{match: app, expect: linux/arm64}]\n", {"app": "good"},
     "--target linux/amd64 app", 0, []),
    ("a target beats the name", "version: 1\ntargets: [{match: '**', expect: linux/amd64, rules: {origin: off}}]\n",
     {"app-linux-arm64": "good"}, "app-linux-arm64", 0, []),
    ("a target has levels of its own", "version: 1\nrules: {linkage: error}\ntargets: [{match: b/*, rules: {linkage: off}}]\n",
     {"a/app": "bad", "b/app": "bad"}, "a b", 1, ["FAIL +a/app", "pass +b/app"]),
    ("a target has parameters of its own",
     "version: 1\nparameters: {size-max: 100}\ntargets: [{match: b/*, parameters: {size-max: 1M}}]\n",
     {"a/app": "good", "b/app": "good"}, "a b", 1, ["FAIL +a/app", "pass +b/app"]),
    ("a star stays in its folder", "version: 1\ntargets: [{match: '*/app', rules: {linkage: off}}]\n", {"a/b/app": "bad"}, "a", 1,
     []),
    ("two stars do not", "version: 1\ntargets: [{match: '**/app', rules: {linkage: off}}]\n", {"a/b/app": "bad"}, "a", 0, []),
    ("paths are the same however they are written", "version: 1\ntargets: [{match: a/app, rules: {linkage: off}}]\n",
     {"a/app": "bad"}, "./a/../a//app", 0, []),
    ("absolute ones too", "version: 1\ntargets: [{match: a/app, rules: {linkage: off}}]\n", {"a/app": "bad"}, '"$PWD/a/app"', 0,
     []),
    # waivers
    ("a waiver excuses what it names and nothing else", waiver(), {"app": "bad"}, "app", 1,
     ["waived +linkage/no-interpreter", "until 2027-01-31: the vendor", "error +linkage/no-libc"]),
    ("waivers of all that fails open the gate", waiver() + waiver("linkage/no-libc-dependency").split("\n", 2)[2],
     {"app": "bad"}, "app", 0, ["2 findings waived", "gate: open"]),
    ("waived findings stay in the report", waiver(), {"app": "bad"}, "--format json app", 1,
     ['"outcome":"waived"', '"waiver":\\{"outcome":"fail"']),
    ("a waiver holds on its last day", waiver(day="2026-11-23"), {"app": "bad"}, "app", 1, ["waived +linkage"]),
    ("a waiver that has ended excuses nothing, and is told", waiver(day="2026-11-22"), {"app": "bad"}, "app", 1,
     ["!waived", "error +waiver/not-expired", r"\.assay\.yaml:3"]),
    ("a waiver that ended and excuses nothing is only unused", waiver(day="2026-11-22"), {"app": "good"}, "app", 0,
     ["!not-expired", "warning +waiver/in-use"]),
    ("a waiver that excuses nothing is told", waiver(what="path: other"), {"app": "good"}, "app", 0, ["waiver/in-use"]),
    ("not in a part of the release", waiver(what="path: other"), {"app": "good"}, "--partial app", 0, ["!waiver/in-use"]),
    ("a waiver for every file is told", waiver(what='path: "**"'), {"app": "bad"}, "app", 1, ["error +waiver/narrow"]),
    ("a waiver for a family is told", waiver(rule="linkage"), {"app": "bad"}, "app", 1,
     ["error +waiver/narrow", "waived +linkage/no-interpreter"]),
    ("a digest pins a waiver", waiver(what="sha256: " + "0a" * 32), {"app": "bad"}, "app", 1, ["!waived", "waiver/in-use"]),
    ("an image narrows a waiver", waiver(what="path: app\n    image: arm64"), {"app": "bad"}, "app", 1, ["!waived"]),
    ("the image that there is", waiver(what="path: app\n    image: amd64"), {"app": "bad"}, "app", 1, ["waived +linkage"]),
    ("no waiver hides a file that is not there", waiver("identity/executable-kind"), {}, "app", 3, ["!waived"]),
    ("nor what a cut file hides", waiver("identity") + waiver("structure").split("\n", 2)[2], {"app": "cut"}, "app", 1,
     ["!gate: open"]),
    ("nor a machine that nobody knows", waiver("identity/executable-kind"), {"app": "riscv"}, "app", 3, ["!waived"]),
    # the release
    ("a complete release opens the gate", MATRIX, BOTH, "dist", 0, ["gate: open"]),
    ("a hole closes it", MATRIX, {"dist/app-linux-amd64": "good"}, "dist", 1,
     ["error +release/complete +no file for linux/arm64"]),
    ("not in a part of the release", MATRIX, {"dist/app-linux-amd64": "good"}, "--partial dist", 0, []),
    ("an extra program closes it", MATRIX, dict(BOTH, **{"dist/helper": "good"}), "dist", 1,
     ["release/no-extra-files +dist/helper"]),
    ("an extra text does not", MATRIX, dict(BOTH, **{"dist/README": "text"}), "dist", 0, []),
    ("swapped files are named", MATRIX, {"dist/app-linux-amd64": "arm64", "dist/app-linux-arm64": "good"}, "dist", 1,
     ["dist/app-linux-amd64 and dist/app-linux-arm64 are swapped"]),
    ("one file twice is named", MATRIX, {"dist/app-linux-amd64": "good", "dist/app-linux-arm64": "good"}, "dist", 1,
     ["release/distinct-architectures .*are the same bytes", "release/right-places .*belongs to dist/app-linux-amd64"]),
    ("without digests one file twice is undecided", MATRIX, {"dist/app-linux-amd64": "good", "dist/app-linux-arm64": "good"},
     "--no-digest dist", 1, ["unknown +release/distinct-architectures"]),
    ("unlike files are told", MATRIX, {"dist/app-linux-amd64": "good", "dist/app-linux-arm64": "arm64-bad"}, "dist", 1,
     ["warning +release/equal-capabilities", "linkage: "]),
    ("a second file for a place is extra", MATRIX.replace("{arch}", "{arch}*"),
     dict(BOTH, **{"dist/app-linux-amd64.old": "stack"}), "dist", 1, ["is a second file for the place of"]),
    ("an exception needs no file", MATRIX + "    except: [linux/arm64]\n", {"dist/app-linux-amd64": "good"}, "dist", 0, []),
    ("a file that cannot be read is no hole, and no pass", MATRIX, {"dist/app-linux-amd64": "good"}, "dist dist/app-linux-arm64",
     3, ["!release/complete"]),
    ("a matrix over nothing judges nothing", MATRIX, {"dist/README": "text"}, "dist", 2, []),
    # where policies lie
    ("a policy in the tree that is judged is not obeyed", "version: 1\nrules: {linkage: off}\n", {"app": "bad"}, ".", 2,
     ["lies in the tree"]),
    ("unless it is named", "version: 1\nrules: {linkage: off}\n", {"app": "bad"}, "--policy .assay.yaml .", 0, []),
    ("a report does not take its place", "version: 1\n", {"app": "good"}, "--output json=.assay.yaml app", 2, ["is read by this run"]),
    ("nor that of a file that is judged", "version: 1\n", {"app": "good"}, "--output json=app app", 2, ["is read by this run"]),
    ("two reports need two places", "version: 1\n", {"app": "good"}, "--output json=a --output text=a app", 2, ["two reports"]),
]

# policy, line:column, and what the message says
ERRORS = [
    ("version: 2\n", "1:10", "expected 1"),
    ("rules: {}\n", "1:1", 'the key "version" is missing'),
    ("version: 1\nlevels: {}\n", "2:1", 'expected version, profile, fail-on, rules'),
    ("version: 1\nversion: 1\n", "2:1", "stands twice"),
    ("version: 1\nprofile: strict\n", "2:10", "expected release or static"),
    ("version: 1\nfail-on: off\n", "2:10", "expected error, warning or note"),
    ("version: 1\nrules: {no/rule: error}\n", "2:9", 'no rule or family is called "no/rule"'),
    ("version: 1\nrules: {run/file-judged: off}\n", "2:9", "no rule or family"),
    ("version: 1\nrules: {hardenin: error}\n", "2:9", "no rule or family"),
    ("version: 1\nrules: {hardening: fatal}\n", "2:20", "expected error, warning, note or off"),
    ("version: 1\nrules: [hardening]\n", "2:8", "expected a mapping from rules to levels"),
    ("version: 1\nparameters: {libraries: libc.so.6}\n", "2:25", "expected a list"),
    ("version: 1\nparameters: {libraries: ['[a']}\n", "2:26", "is no pattern"),
    ("version: 1\nparameters: {glibc-floor: two}\n", "2:27", "expected a version"),
    ("version: 1\nparameters: {macos-minimum: 11.}\n", "2:29", "expected a version"),
    ("version: 1\nparameters: {cpu: pentium}\n", "2:19", '"pentium": expected a CPU that `assay cpu` lists, such as x86-64-v2'),
    ("version: 1\nparameters: {cpu: 'x86-64-v3,lse'}\n", "2:19", "expected a CPU that"),
    ("version: 1\nparameters: {cpu: []}\n", "2:19", "expected a CPU such as"),
    ("version: 1\nparameters: {cpu: {arm64: apple-m1}}\n", "2:19", "expected a text"),
    ("version: 1\nparameters: {cpu: [apple-m1, v3, haswell]}\n", "2:34", "expected one CPU of each architecture"),
    ("version: 1\nparameters: {cpu: [apple-m1, graviton2]}\n", "2:30", '"graviton2": expected one CPU of each architecture'),
    ("version: 1\nparameters: {abi-coverage: 0}\n", "2:28", "expected a number of percent, 1 to 100"),
    ("version: 1\nparameters: {isa-coverage: 101}\n", "2:28", "expected a number of percent, 1 to 100"),
    ("version: 1\nparameters: {size-max: -1}\n", "2:24", "expected a number of bytes"),
    ("version: 1\nparameters: {size-max: 99999999999999999999}\n", "2:24", "expected a number of bytes"),
    ("version: 1\ntargets: [{expect: linux/arm64}]\n", "2:11", 'the key "match" is missing'),
    ("version: 1\ntargets: [{match: a, expect: plan9}]\n", "2:30", "is no target"),
    ("version: 1\nmatrix: [{names: [a], os: [linux], arch: [amd64, arm64]}]\n", "2:19", "expected {os} and {arch}"),
    ("version: 1\nmatrix: [{names: ['a-{arch}'], os: [linux], arch: [pdp11]}]\n", "2:52", "is no target"),
    ("version: 1\nmatrix: [{names: [], os: [linux], arch: [amd64]}]\n", "2:18", "an empty list"),
    (waiver(what="image: amd64"), "3:5", "expected path, sha256 or build-id"),
    (waiver(what="sha256: abc"), "4:13", "expected 64 lowercase hexadecimal digits"),
    (waiver(day="2027-02-30"), "6:14", "expected a day"),
    (waiver(day="2028-01-01"), "6:14", "more than a year ahead: expected 2027-11-24 at the latest"),
    (waiver().replace("    reason: the vendor mends it with release 3\n", ""), "3:5", 'the key "reason" is missing'),
    (waiver().replace("    expires: 2027-01-31\n", ""), "3:5", 'the key "expires" is missing'),
    (waiver().replace("the vendor mends it with release 3", "todo"), "5:13", "expected a sentence"),
    ("version: &a 1\n", "1:10", "an anchor"),
    ("version: 1\nprofile: *a\n", "2:10", "an alias"),
    ("version: !!int 1\n", "1:10", "a tag"),
    ("%YAML 1.1\n---\nversion: 1\n", "1:1", "a directive"),
    ("version: 1\n---\nversion: 1\n", "2:1", "a second document"),
    ("version: 1\n? [a]\n: b\n", "2:3", "no plain word"),
    ("version: 1\nrules: {a\n", "3:1", "expected YAML"),
    ('version: 1\nprofile: "a\\0b"\n', "2:10", "a NUL"),
    ("version: 1\nrules: " + "[" * 20 + "]" * 20 + "\n", "2:23", "deeper than 16"),
    ("- version\n", "1:1", "expected a mapping"),
    ("version: 1\n" + "".join(f"k{i}: 1\n" for i in range(2000)), "1001:1", "more than 1000 keys"),
    ("version: 1 #" + "x" * (1 << 20), None, "at most 1 MiB"),
]


def run(assay, folder, arguments, policy=None):
    if policy is not None:
        write(".assay.yaml", policy.encode("utf-8", "surrogateescape"))
    line = f'"$ASSAY" check --now {TODAY} {arguments}'
    return subprocess.run(["sh", "-c", line], cwd=folder, env={"ASSAY": assay, "PATH": "/usr/bin:/bin", **KEPT},
                          capture_output=True, timeout=60, check=False, encoding="utf-8", errors="surrogateescape")


KEPT = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE")
        if name in os.environ}


def in_new_folder(files):
    folder = tempfile.mkdtemp(dir=TOP)
    os.chdir(folder)
    os.mkdir(".git")
    for name, kind in files.items():
        write(name, KINDS[kind]())
    return folder


def judge_case(assay, case):
    _, policy, files, arguments, status, texts = case
    done = run(assay, in_new_folder(files), arguments, policy)
    said = done.stdout + done.stderr
    if done.returncode != status:
        yield f"exit {done.returncode}, expected {status}\n{said}"
    for text in texts:
        if (re.search(text.lstrip("!"), said) is None) != text.startswith("!"):
            yield f"{text}: not so\n{said}"


def judge_error(assay, error):
    policy, place, text = error
    done = run(assay, in_new_folder({"app": "good"}), "app", policy)
    start = f".assay.yaml:{place}: " if place else ".assay.yaml: "
    if done.returncode != 2 or done.stdout:
        yield f"exit {done.returncode}, expected 2\n{done.stdout}"
    if not any(line.startswith("assay: " + start) and text in line for line in done.stderr.splitlines()):
        yield f"expected {start}…{text}\n{done.stderr}"
    if "expected" not in done.stderr and "missing" not in done.stderr and "stands twice" not in done.stderr:
        yield f"nothing says what was expected\n{done.stderr}"


def places(assay):
    """The nearest policy, up to the root of the repository and no further."""
    folder = in_new_folder({"sub/deep/app": "bad"})
    for above, status, why in (("", 0, "the root's policy holds below it"), ("sub", 1, "the nearest one holds")):
        write(os.path.join(above, ".assay.yaml"), f"version: 1\nrules: {{linkage: {'error' if above else 'off'}}}\n".encode())
        if run(assay, os.path.join(folder, "sub/deep"), "app").returncode != status:
            yield why
    outside = in_new_folder({"sub/app": "bad"})
    write(".assay.yaml", b"version: 1\nrules: {linkage: off}\n")
    os.mkdir("sub/.git")
    if run(assay, os.path.join(outside, "sub"), "app").returncode != 1:
        yield "a policy above the repository is obeyed"
    os.rmdir(".git"), os.rmdir("sub/.git")
    if run(assay, os.path.join(outside, "sub"), "app").returncode != 1:
        yield "without a repository a policy above the working directory is obeyed"


def days(assay):
    """--now, else SOURCE_DATE_EPOCH, decide when waivers end."""
    folder = in_new_folder({"app": "bad"})
    write(".assay.yaml", waiver().encode())
    for now, epoch, waived in (("2027-01-31", None, True), ("2027-02-01", None, False), (None, "1801440000", False),
                               (None, "1795000000", True), ("2026-12-01", "1801440000", True)):
        env = {"PATH": "/usr/bin:/bin", **KEPT, **({"SOURCE_DATE_EPOCH": epoch} if epoch else {})}
        done = subprocess.run([assay, "check", "app"] + (["--now", now] if now else []), env=env, cwd=folder, capture_output=True,
                              timeout=60, check=False, encoding="utf-8")
        if ("waived" in done.stdout) != waived or done.returncode != 1:
            yield f"--now {now}, SOURCE_DATE_EPOCH {epoch}: {done.stdout}{done.stderr}"
    for now in ("yesterday", "2027-13-01", "-1", ""):
        if subprocess.run([assay, "check", "app", "--now", now], cwd=folder, capture_output=True, timeout=60, check=False).returncode != 2:
            yield f"--now {now!r} is taken for a day"


def baseline(assay):
    """`init --baseline` waives what fails, so that the gate opens, and nothing that was not read."""
    folder = in_new_folder({"dist/a*b": "bad", "dist/stack": "stack", "dist/good": "good"})
    made = subprocess.run([assay, "init", "--baseline", "--now", TODAY, "dist"], cwd=folder, capture_output=True, timeout=60, check=False)
    done = run(assay, folder, "--format json dist")
    if made.returncode != 0 or done.returncode != 0:
        yield f"the baseline does not open the gate: {made} {done.stdout}"
    report = json.loads(done.stdout)
    if report["summary"]["waived"] != 3 or report["findings"]:
        yield f"expected three waived results: {report['summary']} {report['findings']}"
    write("dist/new", KINDS["bad"]())
    if run(assay, folder, "dist").returncode != 1:
        yield "a new file is excused by the baseline"
    again = subprocess.run([assay, "init"], cwd=folder, capture_output=True, timeout=60, check=False)
    if again.returncode != 2:
        yield "init writes over a policy"
    folder = in_new_folder({"app": "cut"})
    if subprocess.run([assay, "init", "--baseline", "app"], cwd=folder, capture_output=True, timeout=60, check=False).returncode != 3:
        yield "init is content with what it could not waive"
    folder = in_new_folder({"app": "good"})
    started = subprocess.run([assay, "init"], cwd=folder, capture_output=True, timeout=60, check=False)
    if started.returncode != 0 or run(assay, folder, "app").returncode != 0:
        yield "the policy that init writes cannot be obeyed"


def shown(assay):
    """What `policy show` writes is a policy, and shows the same again."""
    folder = in_new_folder({})
    for _, policy, *_ in CASES:
        write(".assay.yaml", policy.encode())
        shows = []
        for name in (".assay.yaml", "again"):
            done = subprocess.run([assay, "policy", "show", "--now", TODAY, name], cwd=folder, capture_output=True, timeout=60,
                                  check=False)
            shows.append(re.sub(rb"  # .*", b"", done.stdout))
            if done.returncode == 0:
                write("again", done.stdout)
        if "version" in policy and (not shows[0] or shows[0] != shows[1]):
            yield f"policy show is no policy:\n{policy}\n{shows}"


# What no schema can say: which policies it takes all the same, by a part of the message.
BEYOND = ("stands twice", "expected a version", "no rule or family", "is no pattern", "expected {os} and {arch}", "is no target", "expected a day",
          "more than a year ahead", "an anchor", "a tag", "a directive", "at most 1 MiB", "expected a number of bytes", "expected a CPU that", "expected one CPU of each")


def schema(_):
    """The published schema takes what can be obeyed, and nothing else but what it cannot know."""
    try:
        import jsonschema
        import yaml
    except ImportError:
        print("no module jsonschema or yaml: the schema was not tried")
        return
    path = pathlib.Path(__file__).resolve().parent.parent.parent / "src/policy/assay-policy-1.schema.json"
    text = json.loads(path.read_text())
    kind = jsonschema.validators.validator_for(text)
    kind.check_schema(text)

    class Plain(yaml.SafeLoader):  # days stay texts, as in our reader
        yaml_implicit_resolvers = {key: [one for one in value if "timestamp" not in one[0]]
                                   for key, value in yaml.SafeLoader.yaml_implicit_resolvers.items()}

    def takes(policy):
        try:
            documents = list(yaml.load_all(policy, Loader=Plain))
        except (yaml.YAMLError, TypeError):
            return False
        fixed = json.loads(json.dumps(documents).replace('{"off": ', '{"off": ').replace(": false", ': "off"'))
        return len(fixed) == 1 and kind(text).is_valid(fixed[0])

    for title, policy, *_ in CASES:
        if takes(policy) == (policy == "# nothing\n"):
            yield f"the schema is of another mind about: {title}"
    for policy, _, message in ERRORS:
        if takes(policy) and not any(part in message for part in BEYOND):
            yield f"the schema takes what is refused: {policy[:200]!r} ({message})"


def main():
    assay, failed, count = os.path.abspath(sys.argv[1]), 0, 0
    for judge, items in ((judge_case, CASES), (judge_error, ERRORS)):
        for item in items:
            count += 1
            for wrong in judge(assay, item):
                failed += 1
                print(f"{item[0][:200]!r} {wrong}".encode("ascii", "backslashreplace").decode())
    for test in (places, days, baseline, shown, schema):
        count += 1
        for wrong in test(assay):
            failed += 1
            print(f"{test.__name__}: {wrong}")
    print(f"{count} cases, {failed} complaints")
    return failed != 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="assay-policy-") as TOP:
        status = main()
        os.chdir("/")
    sys.exit(status)
