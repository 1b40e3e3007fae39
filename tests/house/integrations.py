#!/usr/bin/env python3
"""integrations.py ROOT ASSAY: what the integrations run does what they say."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    yaml = None

ROOT, ASSAY = pathlib.Path(sys.argv[1]).resolve(), os.path.abspath(sys.argv[2])
GOOD, BAD = ROOT / "corpus/real/elf-amd64-musl-static", ROOT / "corpus/real/elf-amd64-musl-dynamic"
TARGETS = ["linux_amd64_v1", "linux_arm64_v8.0", "darwin_amd64_v1", "darwin_arm64_v8.0", "darwin_all"]  # goreleaser's .Target


def sh(line, folder, **env):
    """A line of shell, with `assay` on its PATH."""
    kept = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    return subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False, timeout=120,
                          env={"PATH": f"{folder}/bin:/usr/bin:/bin", **kept, **env})


def release(folder, *files):
    os.makedirs(f"{folder}/dist")
    os.makedirs(f"{folder}/bin")
    os.symlink(ASSAY, f"{folder}/bin/assay")
    for i, file in enumerate(files):
        shutil.copy(file, f"{folder}/dist/app{i}")
    return folder


def load(name):
    return yaml.safe_load((ROOT / name).read_text()) if yaml else None


def action(top):
    """The step of the composite action, as the runner starts it."""
    document = load("action.yml")
    if document:
        step, = document["runs"]["steps"]
        if "${{" in step["run"] or document["runs"]["using"] != "composite":
            yield "an input is put into the shell's text"
        for name, value in step["env"].items():
            if not re.fullmatch(r"\$\{\{ inputs\.[a-z-]+ \}\}", value) or value[11:-3] not in document["inputs"]:
                yield f"{name}: {value} is no input"
    for title, files, more, status in (("good", [GOOD], {}, 0), ("bad", [GOOD, BAD], {}, 1), ("wrong", [GOOD], {"ASSAY_TARGET": "x"}, 2),
                                       ("target", [GOOD], {"ASSAY_TARGET": "linux/arm64"}, 1),
                                       ("args", [BAD], {"ASSAY_ARGS": "--exit-zero\n--no-code"}, 0),
                                       ("shell", [GOOD], {"ASSAY_ARGS": "--target\nlinux/amd64; touch owned"}, 2)):
        folder = release(f"{top}/action-{title}", *files)
        done = sh('exec sh "$GITHUB_ACTION_PATH/integrations/github/check.sh"', folder, GITHUB_ACTION_PATH=str(ROOT), ASSAY=ASSAY,
                  ASSAY_PATHS="dist/", ASSAY_POLICY="none", GITHUB_STEP_SUMMARY=f"{folder}/summary", GITHUB_OUTPUT=f"{folder}/output", **more)
        output = pathlib.Path(folder, "output").read_text()
        if done.returncode != status or f"status={status}\n" not in output or os.path.exists(f"{folder}/owned"):
            yield f"{title}: exit {done.returncode}, expected {status}: {done.stdout}{done.stderr}"
        if status == 2:
            continue
        if "Release gate" not in pathlib.Path(folder, "summary").read_text() or "assay-end-of-path\nassay.sarif\n" not in output:
            yield f"{title}: no summary, or no path of SARIF"
        if json.loads(pathlib.Path(folder, "assay.sarif").read_text())["version"] != "2.1.0":
            yield f"{title}: no SARIF"
        if ("::error file=" in done.stdout) != (status == 1 or title == "args"):
            yield f"{title}: annotations {done.stdout}"


def pre_commit(top):
    folder = release(f"{top}/pre-commit", GOOD, BAD)
    hooks = {hook["id"]: hook for hook in load(".pre-commit-hooks.yaml") or []}
    if not hooks:
        return
    for files, status in (("dist/app0", 0), ("dist/app0 dist/app1", 1)):
        if sh(f"{hooks['assay']['entry']} {files}", folder).returncode != status:
            yield f"the hook over {files}"
    for policy, status in (("version: 1\n", 0), ("version: 3\n", 2)):
        pathlib.Path(folder, ".assay.yaml").write_text(policy)
        if sh(hooks["assay-policy"]["entry"], folder).returncode != status:
            yield f"the hook over the policy {policy}"


def gitlab(top):
    document = load("integrations/gitlab-ci.yml")
    if not document:
        return
    job = document["assay"]
    for files, status in (([GOOD], 0), ([BAD], 1)):
        folder = release(f"{top}/gitlab-{status}", *files)
        done = sh("\n".join(job["script"]), folder, **job["variables"])
        reports = [job["artifacts"]["reports"]["junit"], job["artifacts"]["reports"]["codequality"], *job["artifacts"]["paths"]]
        if done.returncode != status or not all(os.path.exists(f"{folder}/{name}") for name in reports):
            yield f"exit {done.returncode}, expected {status}, {os.listdir(folder)}: {done.stderr}"


def goreleaser(top):
    folder = release(f"{top}/goreleaser", GOOD)
    document = load("integrations/goreleaser.yaml")
    if not document:
        return
    for part in ("builds", "universal_binaries"):
        line = document[part][0]["hooks"]["post"][0]["cmd"]
        for target in TARGETS:
            done = sh(line.replace("{{ .Target }}", target).replace("{{ .Path }}", "dist/app0"), folder)
            expected = 0 if target == "linux_amd64_v1" and part == "builds" else 1
            if done.returncode != expected:
                yield f"{line} for {target}: exit {done.returncode}, expected {expected}: {done.stderr}"


def make(top):
    if not shutil.which("make"):
        return
    for files, status in (([GOOD], 0), ([BAD], 2)):  # make's own status where a command fails
        folder = release(f"{top}/make-{status}", *files)
        done = sh(f"make -f {ROOT}/integrations/audit.mk audit", folder)
        if done.returncode != status or "gate: " not in done.stdout:
            yield f"exit {done.returncode}, expected {status}: {done.stdout}{done.stderr}"


def others(top):
    """The lines of Dockerfile and Jenkinsfile that judge."""
    folder = release(f"{top}/others", GOOD)
    shutil.copy(GOOD, f"{folder}/app")
    docker = re.search(r"^RUN (assay check .*)$", (ROOT / "integrations/Dockerfile").read_text(), re.M).group(1)
    jenkins = re.search(r"sh '(assay .*)'", (ROOT / "integrations/Jenkinsfile").read_text()).group(1)
    for line in (docker.replace(" /app", " app"), jenkins):
        done = sh(line, folder, TARGETOS="linux", TARGETARCH="amd64")
        if done.returncode != 0:
            yield f"{line}: exit {done.returncode}: {done.stdout}{done.stderr}"


def main():
    failed = 0
    with tempfile.TemporaryDirectory(prefix="assay-integrations-") as top:
        for test in (action, pre_commit, gitlab, goreleaser, make, others):
            for wrong in test(top):
                failed += 1
                print(f"{test.__name__}: {wrong}")
    print(f"6 integrations, {failed} complaints" + ("" if yaml else "; no module yaml: four of them were not tried"))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
