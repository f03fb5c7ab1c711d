"""Helpers of the fault tests: a warm process, the checks after every fault, the counts of survived faults."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from tiny import TINY, everything

ROOT = Path(__file__).parents[2]
SOAK = bool(os.environ.get("S2S_SOAK"))
COUNTS: Counter[str] = Counter()


def fuzz(short: int, long: int) -> settings:
    """Return the number of inputs that a test draws, in `make test` or in `make soak`."""
    return settings(max_examples=long if SOAK else short, suppress_health_check=[HealthCheck.too_slow])


def is_whole(session) -> bool:
    """Return whether a session of pytest runs all fault tests, so that its counts may replace those of the status page."""
    chosen = session.config.getoption("keyword") or session.config.getoption("markexpr")
    ran = {Path(item.path) for item in session.items}
    return (
        not chosen and "::" not in "".join(session.config.args) and ran >= set(Path(__file__).parent.glob("test_*.py"))
    )


class Warm:
    """A process of `warm.py` and its children."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("warm.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def ask(self, **command) -> dict:
        print(json.dumps(command), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, "the warm process has ended; its error is above"
        return json.loads(answer)

    def start(self, folder: Path, **job) -> int:
        """Start training in a folder; the finished steps and the output are written beside it."""
        return self.ask(start={"folder": str(folder), "log": f"{folder}.log", **job})["pid"]

    def wait(self, pid: int) -> int:
        """Return the exit code of a child, or minus the signal that ended it."""
        return self.ask(wait=pid)["code"]

    def train(self, folder: Path, **job) -> int:
        """Train in a folder until the process ends for any reason."""
        return self.wait(self.start(folder, **job))


def said(folder: Path) -> str:
    """Return the standard error of the last child."""
    return Path(f"{folder}.log.err").read_text(encoding="utf-8")


def steps_done(folder: Path) -> list[int]:
    """Return the steps of all sessions in the order in which they were taken."""
    log = Path(f"{folder}.log")
    return [int(line) for line in log.read_text().splitlines()] if log.is_file() else []


def check_bound(folder: Path, most_files: int = 10) -> None:
    """Check that the folder has only a few files after any fault."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    checkpoints = [path.stat().st_size for path in files if path.name.startswith("checkpoint-")]
    assert len(files) <= most_files, files
    others = sum(path.stat().st_size for path in files if "checkpoint-" not in path.name)
    assert len(checkpoints) <= 5, files  # two valid ones, two damaged ones, and briefly one more
    assert others < 1 << 20


def check_redone(steps: list[int], intervals: int = 1) -> None:
    """Check that each session started at most this many checkpoint intervals before the end of the previous one."""
    for last, first in pairwise(steps):
        assert first <= last + 1
        assert last - first + 1 <= intervals * TINY.training.checkpoint_steps, steps


def check_end(folder: Path, unhurt: dict) -> None:
    """Check that the run equals an uninterrupted one bit for bit, recorded each step once, and left no other files."""
    found = everything(folder)
    assert found == unhurt
    recorded = [line["step"] for line in found["record"] if line["kind"] == "step"]
    assert recorded == list(range(1, found["values"]["step"] + 1))
    assert list(folder.glob(".*")) == []
    check_bound(folder)


def kill(pid: int) -> None:
    """Kill a process as a power cut would."""
    os.kill(pid, signal.SIGKILL)
