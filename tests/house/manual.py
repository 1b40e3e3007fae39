#!/usr/bin/env python3
"""manual.py ROOT ASSAY [--write]: the manual says what the program says.

What stands between `; begin X` and `; end X` in man/*.scd is made from `--help`, `assay rules`, `assay explain` and the
policy's schema; --write puts it there. scdoc must take the pages, where it is installed, and `assay policy lint` the example.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, ASSAY = pathlib.Path(sys.argv[1]), str(pathlib.Path(sys.argv[2]).resolve())


def said(*words):
    return subprocess.run([ASSAY, *words], capture_output=True, text=True, check=True).stdout


def plain(text):
    """Text of ours, in which nothing is markup for scdoc."""
    return re.sub(r"([\\*_`<>~#])", r"\\\1", text)


def options(text):
    """(name, help) of each option in a --help text."""
    found = []
    for line in text.split("\nOptions:\n", 1)[1].splitlines():
        match = re.match(r"  (?:-(\w), |    )--(\S+) +(.*)|  (?:-(\w), |    )--(\S+)$", line)
        if match:
            found.append([(f"-{match.group(1)}, " if match.group(1) else "") + "--" + match.group(2), [match.group(3)]])
        elif line.strip():
            found[-1][1].append(line.strip())
    return [(name, " ".join(lines)) for name, lines in found]


def commands():
    text = ""
    for name in re.findall(r"^  (\w+) ", said("--help").split("Commands:\n", 1)[1], re.M):
        help_text = said(name, "--help")
        usage, about = help_text.split("\n\n", 1)
        text += f"## {plain(usage.removeprefix('usage: '))}\n\n{plain(about.split(chr(10) + 'Options:')[0].strip())}\n\n"
        for option, what in options(help_text):
            text += f"*{plain(option)}*\n\t{plain(what)}\n\n"
    return text


def formats():
    names = re.search(r"--format=FORMAT +(.*?)\n +--", said("check", "--help"), re.S).group(1)
    return plain(re.sub(r"\s+", " ", names)) + "\n"


def cpus():
    """Every processor with its other names, from the table."""
    text = (ROOT / "checks/code/cpus.def").read_text(encoding="utf-8")
    made = ""
    for kind, name, rest in re.findall(r'^(LEVEL|CPU)\("([^"]+)",(.*?")\)$', text, re.S | re.M):
        words = re.findall(r'"([^"]*)"', rest)
        aliases, what = words[-2:] if kind == "LEVEL" else words[-3:-1]
        made += f"*{plain(name)}*\n\t{plain(what)}" + (f" ({plain(', '.join(aliases.split()))})" if aliases else "") + "\n\n"
    return made


def rules():
    text = ""
    for line in said("rules").splitlines():
        name, level, title = re.split(r" {2,}", line.strip(), maxsplit=2)
        body = said("explain", name).split("\n\n", 2)[2]
        text += f"# {name.upper()}\n\n*{plain(title)}* ({level})\n\n"
        for part in body.strip().split("\n\n"):
            head, *lines = part.splitlines()
            text += f"{plain(head)}\n"
            if head == "Why:":
                text += "\t" + plain(" ".join(row.strip() for row in lines)) + "\n\n"
            else:
                text += "".join("\t- " + plain(re.sub(r" {2,}", ": ", row.strip(), count=1)) + "\n" for row in lines) + "\n"
    return text


def keys():
    """Every key of the policy, from its schema."""
    schema = json.loads((ROOT / "src/policy/assay-policy-1.schema.json").read_text())
    rows = []

    def walk(node, where):
        node = dict(schema["definitions"].get(node.get("$ref", "").rpartition("/")[2], {}), **node)
        for name, value in node.get("properties", {}).items():
            value = dict(schema["definitions"].get(value.get("$ref", "").rpartition("/")[2], {}), **value)
            rows.append((where + name, value.get("description", "")))
            walk(value.get("items", value), f"{where}{name}.")
    walk(schema, "")
    seen, text = set(), "# KEYS\n\n"
    for name, what in rows:
        if name not in seen and what:
            seen.add(name)
            text += f"*{plain(name)}*\n\t{plain(what)}\n\n"
    return text


MADE = {"commands": commands, "formats": formats, "cpus": cpus, "rules": rules, "keys": keys}


def pages():
    for path in sorted((ROOT / "man").glob("*.scd")):
        text = path.read_text(encoding="utf-8")
        made = re.sub(r"^; begin (\w+)\n.*?^; end \1\n", lambda m: f"; begin {m.group(1)}\n{MADE[m.group(1)]()}; end {m.group(1)}\n", text,
                      flags=re.S | re.M)
        yield path, text, made


def main():
    failed = 0
    for path, text, made in pages():
        if "--write" in sys.argv:
            path.write_text(made, encoding="utf-8")
        elif text != made:
            failed += 1
            print(f"{path.name} says something else than the program: run ./dev expected")
        if shutil.which("scdoc"):
            done = subprocess.run(["scdoc"], input=made, capture_output=True, text=True, check=False)
            if done.returncode or ".TH" not in done.stdout:
                failed += 1
                print(f"{path.name}: scdoc: {done.stderr}")
    example = re.search(r"# EXAMPLE\n\n```\n(.*?)```", (ROOT / "man/assay-policy.5.scd").read_text(), re.S).group(1)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(example)
        file.flush()
        lint = subprocess.run([ASSAY, "policy", "lint", "--now", "2026-11-23", file.name], capture_output=True, text=True, check=False)
    if lint.returncode:
        failed += 1
        print(f"the example of assay-policy(5): {lint.stdout}{lint.stderr}")
    print(f"3 pages, {failed} complaints")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
