#!/usr/bin/env python3
"""jail.py ASSAY MAKE_SAMPLES SOURCE_ROOT [sanitized]: what workers ask of the kernel, as strace(1) sees it.

Over every sample, with each set of options that reads in another way, no worker makes a system call that SECURITY.md
does not list, once it is in its jail. A layer that the kernel refuses is told, and ends a run that requires it.
Where strace is missing, or may not trace, nothing is tried (77: skipped).
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
sys.dont_write_bytecode = True
import worst  # noqa: E402

SKIPPED = 77
ENV = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
LAYERS = ["no-new-privileges", "limits", "landlock", "seccomp"]
# What makes the kernel refuse a layer: the call that a worker asks for it by. Of prctl, the second; the first ties it to its parent.
REFUSALS = {"no-new-privileges": "prctl:error=EINVAL:when=2", "limits": "prlimit64:error=EPERM:when=2+", "landlock": "landlock_create_ruleset:error=ENOSYS",
            "seccomp": "seccomp:error=EINVAL"}


def listed(root):
    """The calls that SECURITY.md promises are all."""
    text = (root / "SECURITY.md").read_text(encoding="utf-8")
    section = re.search(r"<!-- begin calls -->(.*?)<!-- end calls -->", text, re.S).group(1)
    return set(re.findall(r"`([a-z0-9_]+)`", section))


def allowed(root):
    """The calls that the filter is made of."""
    text = (root / "src/make_jail.c").read_text(encoding="utf-8")
    table = re.search(r"\} calls\[\] = \{(.*?)\n\};", text, re.S).group(1)
    return set(re.findall(r"SCMP_SYS\((\w+)\)", table))


def strace(options, command, **more):
    return subprocess.run(["strace", "-f", "-qq", *options, *command], env=ENV, capture_output=True, timeout=300, check=False, **more)


def worker_calls(trace):
    """The calls of each process but the first, by its number, from when it is in its jail; before, it takes no file."""
    calls, first, before = {}, None, ""
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        # Of a process that is killed as it enters a call, strace has nothing to read and writes the killer's call again.
        text, last = line.partition(" ")[2].strip(), before
        before = text
        if text == last == f"kill({line.split()[0]}, SIGKILL <unfinished ...>":
            continue
        match = re.match(r"(\d+) +(\w+)\(", line)
        if not match:
            continue
        pid, call = match.groups()
        first = first or pid
        if pid == first:
            continue
        if call == "seccomp":
            calls[pid] = set()
        elif pid in calls:
            calls[pid].add(call)
        elif call in ("recvmsg", "pread64"):
            calls.setdefault(f"{pid}, in no jail yet", set()).add(f"{call} outside")
    return calls


def only_listed_calls(assay, paths, root, trace):
    wrong = workers = 0
    for options in ([], ["--no-digest"], ["--no-code", "--no-digest"], ["-j1"], ["--format", "cyclonedx"]):
        done = strace(["-o", str(trace)], [assay, "check", "--sandbox=require", *options, *paths])
        if done.returncode not in (1, 3) or b"process that audited" in done.stdout:
            print(f"{options}: exit {done.returncode}: {done.stderr!r}")
            wrong += 1
        found = worker_calls(trace)
        workers += len(found)
        for call in set().union(*found.values()) - listed(root):
            print(f"{options}: a worker calls {call}")
            wrong += 1
    with open(paths[0], "rb") as file:
        strace(["-o", str(trace)], [assay, "check", "-"], stdin=file)
    stream = set().union(*worker_calls(trace).values())
    if "read" not in stream or stream - listed(root):
        print(f"standard input: a worker calls {stream}")
        wrong += 1
    print(f"{workers} workers over {len(paths)} files")
    return wrong + (workers == 0)


def refused_layers(assay, path, sanitized):
    wrong = 0
    for layer, injection in REFUSALS.items():
        if sanitized and "when" in injection:
            continue  # its runtime makes the same call
        done = strace(["-o", "/dev/null", "-e", "inject=" + injection], [assay, "check", "--format", "json", path])
        report = json.loads(done.stdout)
        if report["sandbox"] != {"mode": "auto", "layers": [name for name in LAYERS if name != layer]} or report["verdict"] != "pass":
            print(f"without {layer}: {report['sandbox']}, {report['verdict']}")
            wrong += 1
        text = strace(["-o", "/dev/null", "-e", "inject=" + injection], [assay, "check", path]).stdout.decode()
        if f"not to be had here: {layer}\n" not in text:
            print(f"without {layer}: {text!r}")
            wrong += 1
        done = strace(["-o", "/dev/null", "-e", "inject=" + injection], [assay, "check", "--sandbox=require", path])
        if done.returncode != 2 or f"--sandbox=require: not to be had here: {layer}".encode() not in done.stderr or done.stdout:
            print(f"require without {layer}: exit {done.returncode}, {done.stderr!r}")
            wrong += 1
    return wrong


def main():
    assay, make_samples, root = os.path.abspath(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    sanitized = "sanitized" in sys.argv[4:]  # a sanitizer asks for more, and has no limit of memory
    wrong = 0
    if listed(root) != allowed(root):
        print(f"SECURITY.md and src/make_jail.c differ in {listed(root) ^ allowed(root)}")
        wrong += 1
    if not shutil.which("strace") or b"not permitted" in strace([], ["true"]).stderr:
        print("no strace here, or nothing may be traced")
        return wrong != 0 or SKIPPED
    with tempfile.TemporaryDirectory(prefix="assay-jail-") as folder:
        subprocess.run([make_samples, folder], check=True)
        paths = [str(path) for part in (pathlib.Path(folder), root / "corpus/real", root / "corpus/malformed") for path in sorted(part.iterdir())
                 if path.suffix != ".md"]
        many = os.path.join(folder, "many-segments")  # enough to sort that the C library asks for memory, and in the worker first
        pathlib.Path(many).write_bytes(worst.elf([worst.phdr(1, 4, i << 12, worst.BASE + (i << 12), 4096) for i in range(60)], bytes(1 << 18)))
        trace = pathlib.Path(folder) / "trace"
        if not sanitized:
            wrong += only_listed_calls(assay, paths, root, trace)
            wrong += only_listed_calls(assay, [many], root, trace)
        wrong += refused_layers(assay, os.path.join(folder, "elf-static-clean"), sanitized)
    print(f"{wrong} complaints")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
