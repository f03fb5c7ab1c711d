"""Training that is killed or stopped, or whose disk fails or files are damaged, resumes without losing anything."""

import errno
import json
import os
import random
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from faults import COUNTS, ROOT, SOAK, check_bound, check_end, check_redone, is_whole, kill, said, steps_done
from tiny import TINY

from s2s_tutorial.runs.checkpoints import Checkpoints

TESTS = sorted(Path(__file__).parent.glob("test_*.py"))
KILLS = 200 if SOAK else 25
PLACES = [("write", False), ("fsync", False), ("fsync", True), ("replace", False), ("replace", True)]
CLI = ["train", "--preset", "small", "--input-feeding", "--sampling", "linear", "--device", "cpu", "--run"]


@pytest.mark.parametrize(
    ("args", "keyword", "files", "whole"),
    [
        (["tests/faults"], "", TESTS, True),
        (["tests/faults"], "kill", TESTS, False),
        (["tests/faults/test_injected.py::test_x"], "", TESTS, False),
        (["tests/faults/test_injected.py"], "", TESTS[:1], False),
    ],
)
def test_only_a_run_of_all_fault_tests_is_recorded(args, keyword, files, whole):
    config = SimpleNamespace(args=args, getoption={"keyword": keyword, "markexpr": ""}.get)
    assert is_whole(SimpleNamespace(config=config, items=[SimpleNamespace(path=path) for path in files])) == whole


def test_the_record_of_the_status_page_is_that_of_a_whole_run():
    counts = json.loads((ROOT / "book" / "faults.json").read_text(encoding="utf-8"))["counts"]
    assert counts["kills"] == 200
    assert counts["inputs fuzzed"] > 20_000
    assert len(counts) >= 11


def test_a_training_killed_at_any_moment_resumes_to_the_same_weights(warm, unhurt, tmp_path):
    """Half of the kills come from outside at random times; the others come between writing, syncing and renaming a file."""
    rng = random.Random(0)
    kills, runs = 0, 0
    while kills < KILLS:
        runs += 1
        folder = tmp_path / f"run-{runs}"
        before = []
        while True:
            inside = kills % 2 == 1 and kills < KILLS
            fault = None
            if inside:
                call, after = PLACES[kills // 2 % len(PLACES)]
                fault = ["kill_at", call, rng.randint(1, 6), after]
            pid = warm.start(folder, fault=fault)
            if not inside and kills < KILLS:
                _wait_for_steps(folder, len(before) + rng.randint(0, 8), pid)
                time.sleep(rng.random() * 0.03)
                kill_if_alive(pid)
            code = warm.wait(pid)
            assert code in (0, -9), (fault, said(folder))
            steps = steps_done(folder)
            check_redone(steps)
            if folder.exists():
                check_bound(folder)
            if code == 0:
                break
            kills += 1
            before = steps
        check_end(folder, unhurt)
    COUNTS["kills"] += kills
    COUNTS["runs that were killed and came to the same weights"] += runs


def _wait_for_steps(folder, count: int, pid: int) -> None:
    """Wait until this many steps were taken in total, or the child has ended."""
    while len(steps_done(folder)) < count and _runs(pid):
        time.sleep(0.002)


def _runs(pid: int) -> bool:
    """Return whether a child of the warm process still runs; without /proc, True until it is waited for."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return not os.path.isdir("/proc")


def kill_if_alive(pid: int) -> None:
    # It is not waited for yet, so no other process has its id.
    kill(pid)


@pytest.mark.parametrize("step", range(1, 24) if SOAK else [5, 13])
def test_sigterm_stops_after_the_step_with_everything_saved(warm, unhurt, tmp_path, step):
    folder = tmp_path / "run"
    assert warm.train(folder, signals=[(step, "SIGTERM")]) == 0
    assert f"Stopped after step {step} of" in said(folder)
    assert warm.train(folder) == 0
    assert steps_done(folder) == list(range(1, 25))  # no step was taken twice
    check_end(folder, unhurt)
    COUNTS["polite stops"] += 1


@pytest.mark.parametrize("step", range(1, 25) if SOAK else [2, 12])
def test_two_interrupts_in_quick_succession_lose_at_most_one_interval(warm, unhurt, tmp_path, step):
    folder = tmp_path / "run"
    assert warm.train(folder, signals=[(step, "SIGINT"), (step, "SIGINT")]) == 130
    assert warm.train(folder) == 0, said(folder)
    check_redone(steps_done(folder))
    check_end(folder, unhurt)
    COUNTS["double interrupts"] += 1


# The call from which on the disk fails: in the first checkpoint, at the evaluation, in a later checkpoint.
REFUSALS = [
    pytest.param("fail_at", [call, number, errno.ENOSPC], id=f"full disk at {call} {number}")
    for call, numbers in (("write", (3, 6, 12)), ("fsync", (5, 11, 20)), ("replace", (4, 9)))
    for number in numbers
] + [pytest.param("unwritable", [number], id=f"unwritable folder at {number}") for number in (4, 9)]


@pytest.mark.parametrize(("fault", "arguments"), REFUSALS if SOAK else REFUSALS[::2])
def test_a_failing_disk_is_a_clear_error_and_loses_at_most_one_interval(warm, unhurt, tmp_path, fault, arguments):
    folder = tmp_path / "run"
    code = warm.train(folder, command=[*CLI, str(folder)], fault=[fault, *arguments])
    words = said(folder)
    assert code == 1, words
    errors = [line for line in words.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, words
    assert "Traceback" not in words
    reason = "Permission denied" if fault == "unwritable" else "No space left on device"
    assert reason in errors[0]
    assert str(folder) in errors[0]
    check_bound(folder)
    assert warm.train(folder) == 0, said(folder)
    check_redone(steps_done(folder))
    for path in (folder / "tensorboard").glob(
        "*"
    ):  # the command line writes TensorBoard's files too; the uninterrupted run has none
        path.unlink()
    check_end(folder, unhurt)
    COUNTS["full disks" if fault == "fail_at" else "unwritable folders"] += 1


def _flip(data: bytes) -> bytes:
    damaged = bytearray(data)
    damaged[len(data) // 3] ^= 4
    return bytes(damaged)


DAMAGES = {
    "torn": lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
    "truncated": lambda data: data[:-100],
    "bit flipped": _flip,
    "empty": lambda data: b"",
}


@pytest.mark.parametrize("order", [1, -1] if SOAK else [1])
def test_damaged_newest_checkpoints_are_named_set_aside_and_do_not_accumulate(warm, unhurt, tmp_path, order):
    folder = tmp_path / "run"
    for step, damage in zip((6, 11, 16, 21), list(DAMAGES.values())[::order], strict=True):
        assert warm.train(folder, signals=[(step, "SIGTERM")]) == 0
        before, newest = Checkpoints(folder).paths()
        newest.write_bytes(damage(newest.read_bytes()))
        done = len(steps_done(folder))
        assert warm.train(folder, signals=[(step, "SIGTERM")]) == 0  # from the newest valid one to the same end
        assert f"{newest.name} is damaged" in said(folder)
        assert newest.with_suffix(".bad").exists()
        assert steps_done(folder)[done:] == list(range(int(before.stem.split("-")[1]) + 1, step + 1))
        check_bound(folder)
        COUNTS["damaged checkpoints"] += 1
    assert warm.train(folder) == 0
    assert len(list(folder.glob("*.bad"))) == 2
    check_end(folder, unhurt)


def test_a_clock_that_goes_back_changes_nothing(warm, unhurt, tmp_path):
    folder = tmp_path / "run"
    for seed, step in enumerate((4, 11, 17)):
        assert warm.train(folder, fault=["turn_clock", seed], signals=[(step, "SIGTERM")]) == 0, said(folder)
    assert warm.train(folder, fault=["turn_clock", 9]) == 0, said(folder)
    check_end(folder, unhurt)
    lines = [json.loads(line) for line in (folder / "record.jsonl").read_text().splitlines()]
    assert len(lines) == len(unhurt["record"])
    COUNTS["clocks set back"] += 4


def test_the_second_of_two_processes_gets_an_error_that_names_the_first(warm, unhurt, tmp_path):
    folder = tmp_path / "run"
    first = warm.start(folder, signals=[(4, "SIGSTOP")])
    _wait_for_steps(folder, 3, first)
    while not _stopped(first):
        time.sleep(0.01)
    code = warm.train(folder, command=[*CLI, str(folder)])
    words = said(folder)
    assert code == 1
    error = words.splitlines()[-1]
    assert error.startswith(f"error: process {first} on ")
    assert " since " in error
    assert f"is training {folder}: wait for it, or give another folder" in error
    os.kill(first, 18)  # SIGCONT
    assert warm.wait(first) == 0
    assert steps_done(folder) == list(range(1, 25))
    check_end(folder, unhurt)
    COUNTS["second processes turned away"] += 1


def _stopped(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


def test_if_two_processes_start_a_run_at_once_one_trains_with_its_own_settings(warm, tmp_path):
    for number in range(10 if SOAK else 2):
        folder = tmp_path / f"run-{number}"
        pids = [warm.start(folder, training={"seed": seed, "epochs": 1}, log=f"{folder}-{seed}.log") for seed in (1, 2)]
        codes = [warm.wait(pid) for pid in pids]
        assert 0 in codes
        trained = json.loads((folder / "run.json").read_text())["settings"]["training"]["seed"]
        assert codes[trained - 1] == 0
        COUNTS["second processes turned away"] += codes.count(1)


def test_tensorboard_files_of_many_sessions_do_not_accumulate(warm, tmp_path):
    folder = tmp_path / "run"
    assert warm.train(folder, signals=[(1, "SIGTERM")], tensorboard=True) == 0, said(folder)
    for number in range(30):
        (folder / "tensorboard" / f"events.out.tfevents.{number:010d}.earlier").write_bytes(b"")
    assert warm.train(folder, signals=[(2, "SIGTERM")], tensorboard=True) == 0, said(folder)
    left = sorted(path.name for path in (folder / "tensorboard").iterdir())
    assert len(left) == 10
    assert sum(name.endswith("earlier") for name in left) == 8  # the oldest was deleted


def test_the_settings_of_these_tests_have_a_checkpoint_every_five_steps():
    assert TINY.training.checkpoint_steps == 5
