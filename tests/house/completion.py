#!/usr/bin/env python3
"""completion.py ASSAY: the completions are taken by their shells, and offer what the program takes."""
import os
import re
import shutil
import subprocess
import sys

ASSAY = os.path.abspath(sys.argv[1])
TRY = r"""
source /dev/stdin <<'END'
%s
END
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _assay; echo "${COMPREPLY[*]}"; }
%s
"""


def said(*words):
    return subprocess.run([ASSAY, *words], capture_output=True, text=True, check=True).stdout


def options(command):
    return sorted(re.findall(r"^  (?:-\w,|   ) --([a-z-]+)", said(command, "--help"), re.M))


def offers():
    """What bash must offer, by the words before."""
    rules = [line.split()[0] for line in said("rules").splitlines()]
    commands = re.findall(r"^  (\w+) ", said("--help").split("Commands:\n", 1)[1], re.M)
    formats = re.findall(r"[a-z][a-z-]+", re.search(r"--format=FORMAT +(.*?)\n +--", said("check", "--help"), re.S).group(1))
    formats = [name for name in formats if name not in ("default", "or")]
    yield ["assay", ""], commands + ["--help", "--version"]
    yield ["assay", "explain", "linkage/"], [rule for rule in rules if rule.startswith("linkage/")]
    yield ["assay", "check", "--format", ""], formats
    yield ["assay", "check", "--output", "sa"], ["sarif="]
    yield ["assay", "check", "--profile", ""], ["release", "static"]
    yield ["assay", "check", "--cpu", "apple-"], ["apple-m1", "apple-m2", "apple-m3", "apple-m4"]
    yield ["assay", "check", "--fail-on", "w"], ["warning"]
    yield ["assay", "policy", ""], ["show", "lint"]
    yield ["assay", "completion", ""], ["bash", "zsh", "fish"]
    for command in commands:
        yield ["assay", command, "--"], ["--" + name for name in options(command)]


def main():
    failed = 0
    texts = {shell: said("completion", shell) for shell in ("bash", "zsh", "fish")}
    cases = list(offers())
    quoted = "\n".join("try " + " ".join(f"'{word}'" for word in words) for words, _ in cases)
    done = subprocess.run(["bash", "-c", TRY % (texts["bash"], quoted)], capture_output=True, text=True, check=False)
    for (words, expected), line in zip(cases, done.stdout.splitlines() + [""] * len(cases)):
        if sorted(line.split()) != sorted(expected):
            failed += 1
            print(f"{words}: {line}\n  expected {expected}\n{done.stderr}")
    for shell, text in texts.items():
        if shutil.which(shell) and subprocess.run([shell, "-n"], input=text, text=True, capture_output=True, check=False).returncode:
            failed += 1
            print(f"{shell} does not read its completion")
        missing = [name for name in options("check") if name not in text]
        if missing:
            failed += 1
            print(f"{shell}: no {missing}")
    print(f"{len(cases)} cases, {failed} complaints")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
