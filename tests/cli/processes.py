"""What a line of shell cannot say well: workers that are killed, files that change while they
are read, readers that go away. Each test runs in an empty directory of its own."""

import itertools
import json
import os
import random
import signal
import subprocess
import threading
import time

import files

LARGE = 48 << 20  # bytes of holes behind a program: long enough to be met while it is read


def check(env, *arguments, **more):
    command = ["assay", "check", *arguments]
    return subprocess.run(command, env=env, capture_output=True, timeout=120, check=False, **more)


def records_of(output):
    report = json.loads(output)
    assert report["complete"] is True
    return report, {record["path"]: record for record in report["files"]}


def without_tracer(env):
    """LeakSanitizer looks for leaks in a child of its own, which must not be taken for a worker and killed."""
    return dict(env, ASAN_OPTIONS="detect_leaks=0")


def large_files(count, size=LARGE):
    names = [f"file{i:02}" for i in range(count)]
    for name in names:
        files.write(name, files.small_elf())
        os.truncate(name, size)
    return names


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as text:
        return [int(word) for word in text.read().split()]


def kill_one_child(run):
    """True: a worker was there and was sent SIGKILL."""
    for _ in range(2000):
        if run.poll() is not None:
            return False
        found = children(run.pid)
        if len(found) >= 2:
            time.sleep(0.02)  # it is at its first file by now
            os.kill(found[0], signal.SIGKILL)
            return True
        time.sleep(0.001)
    return False


def workers_that_wait(env):
    """A run of three workers, one of which waits for standard input, and their numbers; ends with the run still there."""
    for name in ("one", "two"):
        files.write(name, files.small_elf())
    run = subprocess.Popen(["assay", "check", "-j3", "--sandbox=off", "-", "one", "two"], env=without_tracer(env), stdin=subprocess.PIPE,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(2000):
        if len(children(run.pid)) == 3:
            time.sleep(0.2)  # they are in their places by now
            return run, children(run.pid)
        time.sleep(0.005)
    raise AssertionError("no three workers")


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as text:
            return text.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def workers_end_with_their_parent(env):
    """Also the one that reads what nobody ends: this process still has the other end of the pipe."""
    run, workers = workers_that_wait(env)
    with run:
        run.kill()
        run.wait(timeout=60)
        for _ in range(2000):
            if all(has_ended(pid) for pid in workers):
                return
            time.sleep(0.005)
        raise AssertionError("a worker goes on")


def workers_share_no_memory_with_each_other(env):
    """One page is shared, with the parent alone, which has one of each."""
    run, workers = workers_that_wait(env)
    with run:
        shared = []
        for pid in [run.pid, *workers]:
            with open(f"/proc/{pid}/maps", encoding="utf-8") as text:
                shared.append({line.split("-")[0] for line in text if line.split()[1][3] == "s"})
        run.communicate(timeout=60)
    assert [len(places) for places in shared] == [3, 1, 1, 1], shared
    assert len(set().union(*shared[1:])) == 3, shared


def a_killed_worker_costs_one_file(env):
    names = large_files(12)
    with subprocess.Popen(["assay", "check", "-j2", "--format", "json", *names], env=without_tracer(env), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as run:
        killed = kill_one_child(run)
        output, _ = run.communicate(timeout=120)
    report, records = records_of(output)
    assert sorted(records) == names, f"{len(records)} of {len(names)} files in the report"
    errors = [record for record in records.values() if record["error"]]
    if not killed:
        return  # the run was over before anyone could be killed
    assert len(errors) == 1, f"{len(errors)} files with an error"
    assert "signal 9" in errors[0]["error"] and errors[0]["verdict"] == "error", errors[0]["error"]
    assert run.returncode in (1, 3) and report["verdict"] != "pass", f"exit {run.returncode}"


def workers_killed_again_and_again_lose_no_file(env):
    names = large_files(16)
    with subprocess.Popen(["assay", "check", "-j3", "--format", "json", *names], env=without_tracer(env), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as run:
        killer = threading.Thread(target=kill_while_it_runs, args=(run,))
        killer.start()
        output, message = run.communicate(timeout=120)
        killer.join()
    if run.returncode == 2:  # no worker could be kept alive: no report, and that is said
        assert message
        return
    _, records = records_of(output)
    assert sorted(records) == names
    assert run.returncode in (1, 3)


def kill_while_it_runs(run):
    try:
        while run.poll() is None:
            found = children(run.pid)
            if found:
                os.kill(found[-1], signal.SIGKILL)
            time.sleep(0.03)
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended between two looks


def change_while_read(env, change):
    """The record of a large file that `change` is done to, again and again, while it is audited."""
    name = large_files(1, 3 * LARGE)[0]
    over = threading.Event()

    def work():
        for turn in itertools.count():
            if over.is_set():
                break
            change(name, turn)
            time.sleep(0.001)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        done = check(env, "--format", "json", name)
    finally:
        over.set()
        worker.join()
    _, records = records_of(done.stdout)
    return done.returncode, records[name]


def grow(name, turn):
    with open(name, "ab") as out:
        out.write(b"%d" % turn)


def rewrite(name, turn):
    with open(name, "r+b") as out:
        out.seek(2 * LARGE)
        out.write(b"%d" % turn)


def shrink(name, turn):
    os.truncate(name, 3 * LARGE - 1 - turn * 4096)


def a_file_that_changes_while_it_is_read_is_an_error(env):
    for change in (grow, rewrite, shrink):
        status, record = change_while_read(env, change)
        assert status == 3, f"{change.__name__}: exit {status}"
        assert record["verdict"] == "error" and record["error"], change.__name__
        os.unlink(record["path"])


def the_order_and_number_of_workers_change_nothing(env):
    names = []
    for i in range(60):
        names.append(f"name{i * 7919 % 60:02}")
        files.write(names[-1], files.small_elf(b"/lib/ld.so" if i % 3 else b"", stack=6 + i % 2) + bytes(i))
    files.write("name-text", b"text")
    names += ["name-text", "not-there"]
    for form in (["--format", "json"], ["-v"]):
        outputs = set()
        for jobs in (1, 2, 4, 17):
            mixed = random.Random(jobs).sample(names, len(names))
            outputs.add(check(env, *form, f"-j{jobs}", *mixed).stdout)
        outputs.add(check(env, *form, "-j4", *names, *names).stdout)
        assert len(outputs) == 1, f"{len(outputs)} different reports"
        assert b"not-there" in outputs.pop()
    tree = {check(env, "--format", "json", f"-j{jobs}", ".").stdout for jobs in (1, 4)}
    assert len(tree) == 1, "the report of a tree"


def a_closed_pipe_is_no_success(env):
    files.write("good", files.small_elf())
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        for command in (["check", "good"], ["check", "--format", "json", "good"], ["inspect", "good"], ["rules"],
                        ["explain", "linkage/no-interpreter"], ["--version"], ["check", "--help"]):
            done = subprocess.run(["assay", *command], env=env, stdout=out, stderr=subprocess.PIPE, timeout=60,
                                  check=False)
            assert done.returncode == 2, f"{command}: exit {done.returncode}"
            assert b"standard output" in done.stderr, command


def a_closed_standard_output_is_no_success(env):
    files.write("good", files.small_elf())
    command = ["/bin/sh", "-c", "assay check good >&-"]
    done = subprocess.run(command, env=env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2, f"exit {done.returncode}"


def a_report_that_cannot_be_written_leaves_nothing_behind(env):
    files.write("good", files.small_elf())
    os.mkdir("folder")
    before = sorted(os.listdir("."))
    for path in ("folder", "folder/", "no/such/place", "/proc/report"):
        done = check(env, f"--output=json={path}", "good")
        assert done.returncode == 2, f"{path}: exit {done.returncode}"
        assert b"cannot be written" in done.stderr, path
    assert sorted(os.listdir(".")) == before and not os.listdir("folder")


def a_fifo_or_link_is_written_to_and_not_replaced(env):
    files.write("good", files.small_elf())
    files.write("report", b"old")
    os.mkfifo("fifo")
    os.symlink("report", "link")
    reader = subprocess.Popen(["/bin/cat", "fifo"], stdout=subprocess.PIPE)
    done = check(env, "--output=json=fifo", "--output=json=link", "good")
    output, _ = reader.communicate(timeout=60)
    assert done.returncode == 0, done.stderr
    assert os.path.islink("link")
    with open("report", "rb") as text:
        assert records_of(text.read())[0] == records_of(output)[0]


def a_report_replaces_an_old_one_whole(env):
    files.write("good", files.small_elf())
    files.write("report", b"x" * 1000000)
    assert check(env, "--output=json=report", "good").returncode == 0
    with open("report", "rb") as text:
        records_of(text.read())


def a_place_that_leaves_no_room_for_a_temporary_name_is_refused(env):
    longest = 4095  # PATH_MAX less its NUL
    while longest - len(os.getcwd()) > 300:
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    files.write("good", files.small_elf())
    name = "r" * ((longest - len(os.getcwd()) - 1) // 2)
    folder = "f" * (longest - len(os.getcwd()) - len(name) - 2)
    os.mkdir(folder)
    for left in (0, 6):  # letters that the whole place may still have; ".XXXXXX" has seven
        place = os.path.join(folder, name[left:])
        assert len(os.getcwd()) + 1 + len(place) == longest - left
        files.write(place, b"an old report")
        done = check(env, "--policy", "none", f"--output=json={place}", "good")
        assert done.returncode == 2 and b"File name too long" in done.stderr, (done.returncode, done.stderr)
        assert os.path.getsize(place) == 13, "the old report is gone"
    short = os.path.join(folder, name[7:])
    files.write(short, b"an old report")
    assert check(env, "--policy", "none", f"--output=json={short}", "good").returncode == 0
    with open(short, "rb") as text:
        records_of(text.read())


def a_crowd_of_files_comes_back_in_full(env):
    for i in range(3000):
        files.write(f"d{i % 30}/f{i}", files.small_elf() if i % 2 else b"text")
    done = check(env, "-j4", "--format", "json", ".", "--no-digest")
    report, records = records_of(done.stdout)
    assert len(records) == 1500 and report["summary"]["skipped"] == 1500, report["summary"]
    assert all(not record["error"] for record in records.values())


TESTS = [
    workers_end_with_their_parent,
    workers_share_no_memory_with_each_other,
    a_killed_worker_costs_one_file,
    workers_killed_again_and_again_lose_no_file,
    a_file_that_changes_while_it_is_read_is_an_error,
    the_order_and_number_of_workers_change_nothing,
    a_closed_pipe_is_no_success,
    a_closed_standard_output_is_no_success,
    a_report_that_cannot_be_written_leaves_nothing_behind,
    a_fifo_or_link_is_written_to_and_not_replaced,
    a_report_replaces_an_old_one_whole,
    a_place_that_leaves_no_room_for_a_temporary_name_is_refused,
    a_crowd_of_files_comes_back_in_full,
]
