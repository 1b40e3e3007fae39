"""The runs whose allocations and system calls fail, and what must be true of each that was harmed.

A harmed run ends by itself, with a status that it may have; with 0 only where all that it wrote is what the unharmed
run wrote; and nothing that it says of a file is nearer to a pass than what the unharmed run said.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
from faults import looks_complete  # noqa: E402
from files import small_elf, write  # noqa: E402

LONGEST = 60  # seconds: the longest of these runs takes one
ENV = dict(os.environ, ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=1:exitcode=99", UBSAN_OPTIONS="halt_on_error=1:exitcode=98:print_stacktrace=1", LC_ALL="C", SOURCE_DATE_EPOCH="1767225600")
FORMATS = {"text": "txt", "json": "json", "ndjson": "ndjson", "sarif": "sarif", "junit": "xml", "github": "github", "gitlab": "gitlab.json", "markdown": "md",
           "html": "html", "csv": "csv", "in-toto": "intoto", "cyclonedx": "cdx"}
MAPPED = 9 << 20  # bytes: above those of a file that mmap(2) has the memory for

POLICY = """version: 1
profile: release
rules: {hardening/pie: error, platform: note}
parameters: {libraries: [libc.so.6], cpu: [x86-64-v3], size-max: 25M}
targets:
  - {match: "tree/**", expect: linux/amd64, rules: {hardening: off}}
matrix:
  - {names: ["app-{os}-{arch}"], os: [linux], arch: [amd64]}
waivers:
  - {rule: hardening/relro, path: "**", reason: it is replaced with release 3, owner: release, expires: 2026-06-01}
"""


class Run:
    """One command: its name, its words after `assay`, and what it reads from standard input."""

    def __init__(self, name, words, writes=(), stdin=None):
        self.name, self.words, self.writes, self.stdin = name, words, list(writes), stdin

    def start(self, command, env):
        """Runs it behind `command`, and keeps what it left behind: status, texts by name, and what it said."""
        for name in self.writes:
            if os.path.lexists(name):
                os.unlink(name)
        with open("standard", "wb") as out, open(self.stdin or os.devnull, "rb") as given:
            try:
                done = subprocess.run(command + self.words, stdin=given, stdout=out, stderr=subprocess.PIPE, env=env, timeout=LONGEST, check=False)
            except subprocess.TimeoutExpired:
                return Result("it does not end", {}, b"")
        texts = {name: pathlib.Path(name).read_bytes() for name in self.writes + ["standard"] if os.path.exists(name)}
        return Result(done.returncode, texts, done.stderr)


class Result:
    def __init__(self, status, texts, said):
        self.status, self.texts, self.said = status, texts, said


def facts(value, path=""):
    """Every fact of a record by its place in it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from facts(item, f"{path}.{key}")
    elif isinstance(value, list):
        yield path + ".length", len(value)
        for number, item in enumerate(value):
            yield from facts(item, f"{path}[{number}]")
    else:
        yield path, value


def nearer_to_pass(good, harmed):
    """What a harmed record says that the unharmed one does not, and that is no doubt."""
    if harmed.get("error"):
        if harmed.get("verdict", "error") != "error":
            yield f"an error, and the verdict {harmed['verdict']}"
        return
    if len(good["images"]) != len(harmed["images"]):
        yield f"{len(harmed['images'])} images in place of {len(good['images'])}"
        return
    for one, other in zip(good["images"], harmed["images"]):
        before = dict(facts(one["facts"]))
        for place, value in facts(other["facts"]):
            if value not in (None, "unknown") and before.get(place) != value:
                yield f"{place} is {value!r}, and was {before.get(place)!r}"
        outcomes = {result["rule"]: result["outcome"] for result in one.get("results", [])}
        now = {result["rule"]: result["outcome"] for result in other.get("results", [])}
        if set(outcomes) != set(now):
            yield "other rules"
        for rule, outcome in now.items():
            if outcome not in (outcomes.get(rule), "unknown"):
                yield f"{rule}: {outcome}, and was {outcomes.get(rule)}"


def compare_reports(good, harmed):
    try:
        good, harmed = json.loads(good), json.loads(harmed)
    except ValueError:
        yield "what should be JSON is not"
        return
    if "files" not in good:  # of inspect and cpu: a file by itself
        yield from nearer_to_pass(good, harmed)
        return
    order = ["pass", "unknown", "fail", "error"]
    before = {record["path"]: record for record in good["files"]}
    now = {record["path"]: record for record in harmed["files"]}
    for path in sorted(set(before) - set(now)):
        if not any(record["error"] and path.startswith(folder + "/") for folder, record in now.items()):
            yield f"nothing of {path}, nor of a directory that it is in"
    for path in set(now) - set(before):
        if not now[path]["error"]:
            yield f"a record of {path}, which had none"
    if order.index(harmed["verdict"]) == 0 and good["verdict"] != "pass":
        yield f"the verdict pass, and was {good['verdict']}"
    for path in set(before) & set(now):
        for wrong in nearer_to_pass(before[path], now[path]):
            yield f"{path}: {wrong}"


def without_sandbox(text):
    """A text without what it says of layers of the jail, which a run under --sandbox=auto may miss as long as it says so."""
    text = re.sub(rb'^sandbox: .*\n', b"", text, flags=re.M)
    text = re.sub(rb'"sandbox":\{[^}]*\}', b'"sandbox":{}', text)
    return re.sub(rb'"sha256":"[0-9a-f]{64}"\}\}\n$', b'}}\n', text)  # of the trailer of ndjson, over all of it


def complaints(run, good, harmed, helpless=False):
    """What is wrong with a run in which something failed; helpless: what would take a report back may have failed too."""
    if harmed.status not in (0, 1, 2, 3):
        yield f"exit status {harmed.status}: {harmed.said[-300:]!r}"
        return
    before, now = ({name: without_sandbox(text) for name, text in result.texts.items()} for result in (good, harmed))
    if harmed.status == 0 and (good.status != 0 or before != now):
        changed = [name for name in sorted(set(before) | set(now)) if before.get(name) != now.get(name)]
        yield f"exit 0, was {good.status}, and other texts: {', '.join(changed)}"
    if harmed.status == 2:
        if not harmed.said and good.status != 2:
            yield "exit 2 and no word why"
        if run.words[0] == "check" and not helpless:
            for name, text in harmed.texts.items():
                form = name if name != "standard" else dict(zip(run.words, run.words[1:])).get("--format", "text")
                if looks_complete(form, text.decode("utf-8", "surrogateescape")) and good.status != 2:
                    yield f"exit 2, and {name} looks complete"
    for name, text in harmed.texts.items():
        if harmed.status in (1, 3) and good.texts.get(name) is not None and (name == "report.json" or (name == "standard" and "json" in run.words)):
            if not text and run.words[0] != "check":
                continue
            for wrong in compare_reports(good.texts[name], text):
                yield f"exit {harmed.status}, {name}: {wrong}"


def make_files(make_samples, root):
    """In the working directory, all that the runs read."""
    os.mkdir("samples")
    subprocess.run([make_samples, "samples"], check=True)
    for name in ["elf-amd64-musl-static", "elf-amd64-glibc-rpath", "elf-amd64-object", "macho-arm64-unstripped", "macho-universal-library"]:
        shutil.copy(root / "corpus" / "real" / name, name)
    shutil.copy(root / "corpus" / "malformed" / "elf-dynamic-no-null", "broken")
    write("tree/bin/bad", small_elf(b"/lib64/ld-linux-x86-64.so.2"))
    write("tree/README", b"no program\n")
    write("tree/lib/one", pathlib.Path("samples/elf-static-clean").read_bytes())
    write("large", small_elf())
    os.truncate("large", MAPPED)
    write("list", b"samples/elf-static-clean\ntree\nnot-there\n")
    write("policy.yaml", POLICY.encode())


def all_runs():
    outputs = [word for form, ends in FORMATS.items() for word in ("--output", f"{form}=report.{ends}")]
    written = [f"report.{ends}" for ends in FORMATS.values()]
    plain = ["check", "--policy", "none", "-j1"]
    kinds = {"static ELF": "samples/elf-static-clean", "real static ELF": "elf-amd64-musl-static", "dynamic ELF": "elf-amd64-glibc-rpath",
             "object": "elf-amd64-object", "broken ELF": "broken", "Go": "samples/elf-static-go", "thin Mach-O": "samples/macho-clean-arm64",
             "real Mach-O": "macho-arm64-unstripped", "universal": "samples/macho-clean-universal", "real universal": "macho-universal-library",
             "code, amd64": "samples/isa-level-ceiling", "code, arm64": "samples/abi-callee-saved", "large file": "large", "tree": "tree"}
    for name, path in kinds.items():
        for how in ("auto", "off"):
            yield Run(f"check {name}, --sandbox={how}", plain + ["--sandbox", how, "--format", "json", path])
    both = ["elf-amd64-glibc-rpath", "samples/elf-static-go"]
    for form in FORMATS:
        yield Run(f"check --format {form}", plain + ["--format", form, *both])
        yield Run(f"check --format {form}, all is well", plain + ["--format", form, "samples/elf-static-clean", "samples/macho-clean-universal"])
    yield Run("check --output", plain + outputs + ["samples/elf-static-clean"], written)
    yield Run("check --output, a failure", plain + outputs + both, written)
    yield Run("check -j2", ["check", "--policy", "none", "-j2", "--format", "json", "tree", "broken", *both])
    yield Run("check -", plain + ["--format", "json", "-"], stdin="samples/elf-static-clean")
    yield Run("check -, --sandbox=off", plain + ["--format", "json", "--sandbox", "off", "-"], stdin="samples/elf-static-clean")
    yield Run("check --files-from", plain + ["--format", "json", "--files-from", "list"])
    yield Run("check --no-digest", plain + ["--format", "json", "--no-digest", "elf-amd64-musl-static"])
    yield Run("check --no-code", plain + ["--format", "json", "--no-code", "elf-amd64-musl-static"])
    yield Run("check --policy", ["check", "--policy", "policy.yaml", "-j1", "--format", "json", "tree", "samples/elf-static-clean"])
    yield Run("check --sandbox=require", plain + ["--format", "json", "--sandbox", "require", "samples/elf-static-clean"])
    for form in ("text", "json"):
        yield Run(f"inspect --format {form}", ["inspect", "--format", form, "elf-amd64-glibc-rpath"])
        yield Run(f"cpu --format {form}", ["cpu", "--format", form, "elf-amd64-musl-static"])
    yield Run("inspect --sandbox=off", ["inspect", "--sandbox", "off", "--format", "json", "samples/macho-clean-universal"])
    yield Run("cpu", ["cpu"])
    yield Run("rules", ["rules"])
    yield Run("explain", ["explain", "linkage/no-interpreter"])
    yield Run("completion", ["completion", "bash"])
    yield Run("policy lint", ["policy", "lint", "policy.yaml"])
    yield Run("policy show", ["policy", "show", "policy.yaml"])
    yield Run("init", ["init"], [".assay.yaml"])
    yield Run("init --baseline", ["init", "--baseline", *both], [".assay.yaml"])
