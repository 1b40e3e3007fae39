#!/usr/bin/env python3
"""samples.py ASSAY MAKE_SAMPLES CORPUS: what the program itself reports, in every format, of all samples and of files
with names that mean harm: valid (validate.py), telling the same, and the same when it is told again."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import validate

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from files import small_elf, write  # noqa: E402

NAMES = [b"plain", b"a b", b"::error::owned", b"##[error]owned", b"]]>", b"<script>alert(1)</script>", b"=cmd|' \/C calc'!A0", b"+1", b"-1",
         b"@x", b"\xff\xfe", b"\x1b[31m", b"one\ntwo", b"one\r\ntwo", b"\xe2\x80\xae\xe2\x81\xa6txt", b"a,b;\"c\"", b"{{7*7}}", b"[x](y)",
         b"`id`", b"$(id)", b"%0a%0d", b"\\x41", b"n" * 255, b"#1", b"\xc3\xa9", b"e\xcc\x81", b"\xf0\x9f\x98\x80", b"::stop-commands::x"]
WAIVED = b"version: 1\nwaivers:\n  - {rule: linkage/no-interpreter, path: 'names/**', reason: it is a name that means harm, expires: 2027-01-31}\n"


def report(assay, form, arguments, **more):
    done = subprocess.run([assay, "check", "--now", "2026-11-23", "--format", form, *arguments], capture_output=True, timeout=120,
                          check=False, **more)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"exit {done.returncode} for {form}: {done.stderr!r}")
    return done.stdout


def findings_of(document):
    count = len(document["findings"])
    for file in document["files"]:
        told = closing = 0
        for image in file["images"]:
            for result in image["results"]:
                told += result["outcome"] in ("fail", "unknown", "waived") and result["level"] != "off"
                closing += result["outcome"] in ("fail", "unknown") and result["level"] == "error"
        count += told + (file["verdict"] != "pass" and not closing)
    return count


def judge(assay, what, arguments, **more):
    findings = findings_of(json.loads(report(assay, "json", arguments, **more)))
    for form in validate.CHECKS:
        data = report(assay, form, arguments, **more)
        for wrong in validate.complaints(form, data, findings):
            yield f"{what}, {form}: {wrong}"
        if data != report(assay, form, ["-j3", *arguments], **more):
            yield f"{what}, {form}: another report of the same run"


def harmful(folder):
    os.makedirs(folder)
    os.chdir(folder)
    os.mkdir(".git")
    for i, name in enumerate(NAMES):
        write(b"names/" + name, small_elf(b"/lib/" + name[:200].replace(b"\0", b"")) if i % 2 else small_elf())
    write(b"names/" + b"/".join([b"d" * 250] * 15) + b"/deep", small_elf(b"/lib64/ld-linux-x86-64.so.2"))
    write(".assay.yaml", WAIVED)


def main():
    assay, make_samples, corpus = (os.path.abspath(path) for path in sys.argv[1:4])
    failed = 0
    with tempfile.TemporaryDirectory(prefix="assay-reports-") as top:
        made = os.path.join(top, "made")
        os.mkdir(made)
        subprocess.run([make_samples, made], check=True)
        harmful(os.path.join(top, "harm"))
        runs = [("samples", ["--policy", "none", made, corpus], {}), ("names", ["names"], {}), ("a good one", ["names/plain"], {}),
                ("elsewhere", ["--report-location", "build.gradle:7", "names"], {}), ("not there", ["names/plain", "nowhere"], {})]
        for what, arguments, more in runs:
            for wrong in judge(assay, what, arguments, **more):
                failed += 1
                print(wrong.encode("ascii", "backslashreplace").decode())
        os.chdir("/")
    print(f"{len(runs)} runs in {len(validate.CHECKS)} formats, {failed} complaints")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
