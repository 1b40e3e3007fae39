#!/usr/bin/env python3
"""Runs the cases of this directory: run.py ASSAY SOURCE_ROOT

A case is a line with a command of the shell, in which assay is the program under test, and
below it what must come of it, one a line:

  $ assay check good
  exit 0
  out REGEX      somewhere in standard output (^ and $ are those of a line)
  err REGEX      somewhere in standard error
  no-out REGEX   nowhere
  no-err REGEX
  out-is TEXT    that line, and nothing else
  no-out         no output at all; the same with no-err

Each file of cases gets a directory of its own, with the files that files.py makes. Every
report in JSON that shows up is held against the schema where the module jsonschema is at hand.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import files  # noqa: E402
import processes  # noqa: E402


class Case:
    def __init__(self, place, command):
        self.place, self.command, self.demands = place, command, []


def read_cases(path):
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("$ "):
            cases.append(Case(f"{path.name}:{number}", line[2:]))
        elif line.strip() and not line.startswith("#"):
            cases[-1].demands.append(line.split(" ", 1))
    return cases


def complaints(case, done, schema):
    """What is wrong with what a command did."""
    streams = {"out": done.stdout, "err": done.stderr}
    for demand in case.demands:
        word, value = demand[0], demand[1] if len(demand) > 1 else None
        stream = streams.get(word.split("-")[-1], streams["out"])
        found = value is not None and re.search(value, stream, re.MULTILINE) if word != "exit" else None
        if word == "exit" and done.returncode != int(value):
            yield f"exit {done.returncode}, expected {value}"
        elif word in ("out", "err") and not found:
            yield f"no {word} {value}"
        elif word in ("no-out", "no-err") and (found or (value is None and stream)):
            yield f"{word} {value or ''}"
        elif word == "out-is" and stream != value + "\n":
            yield f"out is not {value}"
        elif word not in ("exit", "out", "err", "no-out", "no-err", "out-is"):
            yield f"a demand that is not known: {word}"
    if not any(demand[0] == "exit" for demand in case.demands):
        yield "the case says no exit status"
    if any(word in done.stderr for word in ("Sanitizer", "runtime error:", "Assertion")):
        yield "a sanitizer or an assertion complains"
    if schema and done.stdout.startswith('{"schema"'):
        yield from (f"schema: {error.message[:200]}" for error in schema.iter_errors(json.JSONDecoder().raw_decode(done.stdout)[0]))


def report_schema(root):
    """The published schema as a validator; None where no validator is installed."""
    path = root / "src/report/assay-report-1.schema.json"
    try:
        import jsonschema
    except ImportError:
        return None
    text = json.loads(path.read_text())
    kind = jsonschema.validators.validator_for(text)
    kind.check_schema(text)
    return kind(text)


def environment(program, folder):
    """No colour, no locale and no time zone of the machine; `assay` is the program under test."""
    os.makedirs(folder)
    os.symlink(program, folder / "assay")
    names = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {"PATH": f"{folder}:/usr/bin:/bin", "LC_ALL": "C", "TERM": "xterm", **kept}


def has_terminals():
    """Whether script(1) can give a command a terminal: not where there is no /dev/pts."""
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        return False
    return shutil.which("script") is not None


def run_cases(path, folder, env, schema):
    failed = 0
    files.make(folder)
    cases = read_cases(path)
    if not has_terminals():
        cases = [case for case in cases if "script -qec" not in case.command]
        print("no terminals here: what is shown on one was not tried")
    for case in cases:
        done = subprocess.run(["/bin/sh", "-c", case.command], cwd=folder, env=env, capture_output=True, timeout=60,
                              stdin=subprocess.DEVNULL, encoding="utf-8", errors="surrogateescape", check=False)
        wrong = list(complaints(case, done, schema))
        if wrong:
            failed += 1
            text = f"{case.place}: $ {case.command}\n  " + "\n  ".join(wrong)
            text += f"\n--- out\n{done.stdout}--- err\n{done.stderr}---"
            print(text.encode("ascii", "backslashreplace").decode())
    return len(cases), failed


def run_processes(folder, env):
    failed = 0
    for test in processes.TESTS:
        where = folder / test.__name__
        where.mkdir(parents=True)
        os.chdir(where)
        try:
            test(env)
        except AssertionError as error:
            failed += 1
            print(f"{test.__name__}: {error}")
    return len(processes.TESTS), failed


def main():
    program, root = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    top = pathlib.Path(tempfile.mkdtemp(prefix="assay-cli-"))
    count = failed = 0
    try:
        env, schema = environment(program, top / "bin"), report_schema(root)
        for path in sorted(HERE.glob("*.case")):
            some, wrong = run_cases(path, top / path.stem, env, schema)
            count, failed = count + some, failed + wrong
        some, wrong = run_processes(top / "processes", env)
        count, failed = count + some, failed + wrong
    finally:
        os.chdir("/")
        shutil.rmtree(top)
    print(f"{count} cases, {failed} failed")
    if not schema:
        print("no module jsonschema: reports were not held against the schema")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
