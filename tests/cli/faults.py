#!/usr/bin/env python3
"""faults.py ASSAY: every write, flush and rename of a run fails once, or is the last thing that it does.

No such run may exit with 0, and none that was told of an error may leave a report that looks complete, in a file or
on standard output. strace(1) makes the calls fail; where it is missing, or may not trace, nothing is tried (77: skipped).
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from files import small_elf, write  # noqa: E402

CALLS = ["write", "fsync", "rename", "close", "fchmod", "openat", "ftruncate"]
ERRORS = {"write": ["ENOSPC", "EIO", "EPIPE"], "fsync": ["EIO"], "rename": ["EACCES", "ENOSPC"], "close": ["EIO"], "fchmod": ["EPERM"],
          "openat": ["EMFILE"], "ftruncate": ["EIO"]}
SKIPPED = 77


def looks_complete(name, text):
    """Whether a reader of this format would take the text for a whole report."""
    try:
        if name.endswith("ndjson"):
            return text.endswith("\n") and "trailer" in json.loads(text.splitlines()[-1])
        if name.endswith(("json", "sarif", "intoto", "cdx")):
            return isinstance(json.loads(text), (dict, list))
        if name.endswith("xml"):
            return xml.etree.ElementTree.fromstring(text) is not None
    except (ValueError, IndexError, xml.etree.ElementTree.ParseError):
        return False
    return re.search(r"gate: |</html>|complete", text) is not None


def formats(assay):
    """Every format that writes a report, by the name of a file for it."""
    text = subprocess.run([assay, "check", "--help"], capture_output=True, text=True, check=True).stdout
    text = re.search(r"--format=FORMAT\s+(.*?)\n +--", text, re.S).group(1)
    ends = {"junit": "xml", "in-toto": "intoto", "cyclonedx": "cdx", "gitlab": "gitlab.json"}
    names = re.findall(r"[a-z][a-z-]+", text.replace("default", "").replace(" or ", " "))
    found = [(name, "report." + ends.get(name, name)) for name in names]
    return [(name, file) for name, file in found if subprocess.run([assay, "check", "--format", name, "/dev/null"], capture_output=True, check=False).returncode != 2]


def run(assay, outputs, injection, trace=None):
    for _, name in outputs:
        if os.path.exists(name):
            os.unlink(name)
    command = ["strace", "-f", "-qq", "-o", trace or "/dev/null", "-e", "trace=" + ",".join(CALLS)]
    command += ["-e", "inject=" + injection] if injection else []
    command += [assay, "check", "--policy", "none", "-j1"]
    for form, name in outputs:
        command += ["--output", form + "=" + name]
    with open("standard", "wb") as out:
        return subprocess.run(command + ["good"], stdout=out, stderr=subprocess.PIPE, timeout=60, check=False,
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))


def complete_ones(outputs):
    for name in [name for _, name in outputs] + ["standard"]:
        if os.path.exists(name):
            text = pathlib.Path(name).read_text(encoding="utf-8", errors="surrogateescape")
            if looks_complete(name, text):
                yield name


def counts(assay, outputs):
    """How often each call is made, and from which on the reports are written."""
    run(assay, outputs, None, "trace")
    lines = pathlib.Path("trace").read_text(encoding="utf-8", errors="replace").splitlines()
    found, first = {}, {}
    writing = False
    for line in lines:
        match = re.match(r"(\d+) +(\w+)\(", line)
        if not match or match.group(1) != lines[0].split()[0]:  # a worker writes no report; strace counts each process for itself
            continue
        writing |= "report." in line
        call = match.group(2)
        found[call] = found.get(call, 0) + 1
        if writing:
            first.setdefault(call, found[call])
    return {call: range(first[call], found[call] + 1) for call in first if call in CALLS}


def faults(assay, outputs):
    tried = 0
    for call, numbers in counts(assay, outputs).items():
        for number in numbers:
            for error in ERRORS[call] + ["SIGKILL"]:
                what = f"{call}:{'signal' if error == 'SIGKILL' else 'error'}={error}:when={number}"
                done = run(assay, outputs, what)
                tried += 1
                if done.returncode == 0:
                    yield tried, f"exit 0 though {what}"
                left = list(complete_ones(outputs))
                if left and error != "SIGKILL":
                    yield tried, f"{what}: {', '.join(left)} looks complete: {done.stderr!r}"
                stray = [name for name in os.listdir(".") if re.search(r"report\..*\.\w{6}$", name)]
                for name in stray:
                    os.unlink(name)
                if stray and error != "SIGKILL":
                    yield tried, f"{what}: {stray} is left"
    yield tried, None


def main():
    assay, failed, tried = os.path.abspath(sys.argv[1]), 0, 0
    if not shutil.which("strace"):
        print("no strace here")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="assay-faults-") as folder:
        os.chdir(folder)
        write("good", small_elf())
        outputs = formats(assay)
        assert len(outputs) >= 2, outputs
        done = run(assay, outputs, None)
        if b"ptrace" in done.stderr or b"attach" in done.stderr:
            print("nothing may be traced here")
            return SKIPPED
        assert done.returncode == 0, done.stderr
        assert len(list(complete_ones(outputs))) == len(outputs) + 1, "not every report of a good run looks complete"
        for count, wrong in faults(assay, outputs):
            tried = count
            if wrong:
                failed += 1
                print(wrong)
        os.chdir("/")
    print(f"{tried} faults, {failed} complaints")
    return failed != 0 or tried == 0


if __name__ == "__main__":
    sys.exit(main())
