#!/usr/bin/env python3
"""random_reports.py RANDOM_RUNS [COUNT [SEED]]: reports of runs made by chance are all good ones (validate.py)."""
import subprocess
import sys

import validate

validate.DUPLICATES = True


def documents(program, seed, count):
    with subprocess.Popen([program, str(seed), str(count)], stdout=subprocess.PIPE) as process:
        rest = b""
        while chunk := process.stdout.read(1 << 20):
            *whole, rest = (rest + chunk).split(b"\0")
            yield from whole
    if process.returncode != 0 or rest:
        raise SystemExit(f"random_runs ended with {process.returncode}")


def main():
    program, count, seed = sys.argv[1], int((sys.argv + ["60"])[2]), int((sys.argv + ["", "1"])[3] if len(sys.argv) > 3 else 1)
    number = failed = 0
    for document in documents(program, seed, count):
        form, findings, data = document.split(b"\n", 2)
        number += 1
        for wrong in validate.complaints(form.decode(), data, int(findings)):
            failed += 1
            if failed <= 20:
                print(f"report {number}, {form.decode()}: {wrong}".encode("ascii", "backslashreplace").decode())
    print(f"{number} reports, {failed} complaints")
    return failed != 0 or number < count * len(validate.CHECKS)


if __name__ == "__main__":
    sys.exit(main())
