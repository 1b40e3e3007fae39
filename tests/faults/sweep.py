#!/usr/bin/env python3
"""sweep.py (memory | calls) FRONT MAKE_SAMPLES SOURCE_ROOT PROGRAM... [--all] [--seed N] [--run NAME]: the n-th call
of a run ends in an unusual way.

FRONT is memory.c or calls.c, built, and stands in front of the C library: every allocation, those of the libraries
included, or every call that asks the kernel for something. For n = 1, 2, 3, … until nothing is left, apart for the
process that is started and for its workers, and once for each way that a call can end: with its usual error, with this
and all after it as well, with another, interrupted, with less than was asked for. A PROGRAM that was linked with wrap.c
counts every piece of an arena besides. Without --all a share that the seed chooses is tried. The lines with tabs are
figures for tests/faults/ledger.tsv.
"""
import argparse
import os
import pathlib
import random
import struct
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import runs  # noqa: E402

SHARE = 800  # cases in a run of tests
SIDES = ["the first process", "its workers"]
# struct tally and enum way of nth.h
HEAD, MOST, NAME = struct.Struct("<7Q32s"), 1 << 15, 32
WAYS = ["fails", "fails, and all after it", "fails otherwise", "is interrupted", "is cut short"]
ALL_FAIL, INTERRUPTED, SHORT = 1, 3, 4


class Tally:
    def __init__(self, data):
        words = HEAD.unpack_from(data)
        self.calls, self.failed, self.where, self.name = words[3:5], words[5], words[6], words[7].rstrip(b"\0").decode()
        self.ways = [data[HEAD.size + side * MOST:][:min(self.calls[side], MOST)] for side in range(len(SIDES))]


class Front:
    """A program with the library in front of it."""

    def __init__(self, program, front):
        self.program, self.tally, self.calls = program, os.path.abspath("tally"), "calls" in os.path.basename(front)
        self.env = dict(runs.ENV, LD_PRELOAD=front, NTH_TALLY=self.tally)

    def start(self, run, side=0, number=0, way=0):
        at = [0, 0]
        at[side] = number
        pathlib.Path(self.tally).write_bytes(HEAD.pack(*at, way, 0, 0, 0, 0, b"").ljust(HEAD.size + len(SIDES) * MOST, b"\0"))
        result = run.start([self.program], self.env)
        return result, Tally(pathlib.Path(self.tally).read_bytes())


class Cases:
    """All cases of a run of a program: [(side, number, way)]."""

    def __init__(self, run, front):
        self.run, self.front = run, front
        self.good, tally = front.start(run)
        again, other = front.start(run)  # how many answers come at once changes what is called
        if self.good.status not in (0, 1, 3) or (again.status, again.texts) != (self.good.status, self.good.texts):
            sys.exit(f"{run.name}: unharmed runs end with {self.good.status} and {again.status}: {self.good.said!r} {again.said!r}")
        more = max(tally, other, key=lambda t: sum(t.calls))
        self.counts = more.calls
        self.cases = [(side, number + 1, way) for side, ways in enumerate(more.ways) for number, bits in enumerate(ways)
                      for way in range(len(WAYS)) if bits >> way & 1]

    def attempt(self, side, number, way):
        """Complaints, and whether anything ended in an unusual way at all."""
        harmed, tally = self.front.start(self.run, side, number, way)
        if not tally.failed:
            return [], False
        what = f"{self.run.name}: {tally.name}(), call {number} of {SIDES[side]}, {WAYS[way]} (called from {tally.where:#x})"
        said = list(runs.complaints(self.run, self.good, harmed, helpless=way == ALL_FAIL and self.front.calls))
        if way in (INTERRUPTED, SHORT) and (harmed.status, harmed.texts) != (self.good.status, self.good.texts):
            said.append(f"exit {harmed.status}, was {self.good.status}; {harmed.said[-200:]!r}")
        return [f"{what}: {wrong}" for wrong in said], True

    def beyond(self):
        """Whether a run in which no call is left to end badly is as good as ever: what was tried before was all there is."""
        for side, count in enumerate(self.counts):
            harmed, tally = self.front.start(self.run, side, 2 * count + 100)
            if tally.failed or (harmed.status, harmed.texts) != (self.good.status, self.good.texts):
                yield f"{self.run.name}: more calls of {SIDES[side]} than {count}, or others: {harmed.status}"


def attempt_all(what, chosen):
    """Tries [(cases, case)], and prints a line for the ledger. How many went wrong."""
    start, failed, wrong = time.monotonic(), 0, 0
    for cases, case in chosen:
        said, did = cases.attempt(*case)
        failed += did
        wrong += bool(said)
        for line in said:
            print(line, flush=True)
    print(f"{what}\t{len({cases.run.name for cases, _ in chosen})}\t{failed}\t{wrong}\t{time.monotonic() - start:.0f}", flush=True)
    if failed < len(chosen) * 8 // 10:  # a run is not always made of the same calls
        print(f"only {failed} of {len(chosen)} runs had a call that ended in an unusual way")
        wrong += 1
    return wrong


def main():
    parser = argparse.ArgumentParser()
    for name in ("what", "front", "make_samples", "root"):
        parser.add_argument(name)
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--run", action="append")
    options = parser.parse_args()
    make_samples, root, programs = os.path.abspath(options.make_samples), pathlib.Path(options.root).resolve(), options.programs
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="assay-faults-") as folder:
        fronts = [os.path.abspath(path) for path in programs]
        library = os.path.abspath(options.front)
        os.chdir(folder)
        runs.make_files(make_samples, root)
        some = [run for run in runs.all_runs() if not options.run or run.name in options.run]
        if not options.all:
            print(f"seed {options.seed}")
        for number, program in enumerate(fronts):
            what = {"memory": ["allocations", "pieces of an arena"], "calls": ["calls"]}[options.what][number]
            made = [Cases(run, Front(program, library)) for run in some]
            chosen = [(cases, case) for cases in made for case in cases.cases]
            assert len(chosen) > 100 or options.run, "hardly anything is called"
            if not options.all:
                chosen = random.Random(options.seed).sample(chosen, min(SHARE // len(fronts), len(chosen)))
            wrong += attempt_all(what, chosen)
            for line in [line for cases in made if options.all for line in cases.beyond()]:
                print(line)
                wrong += 1
        os.chdir("/")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
