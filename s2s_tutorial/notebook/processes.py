"""Trainings by several processes, started from a notebook, and accidents that happen to them.

`train_together` starts the processes with torchrun and waits until they end. Each of them executes this module.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.settings import Settings
from s2s_tutorial.training.distributed import Group, GroupError, join
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import ProgressBar, Session, Watcher

STEP_SECONDS = "step-seconds.json"  # in the folder of a run


@dataclass(frozen=True)
class Job:
    """A training by several processes.

    Attributes:
        settings: Settings of the run.
        folder: Folder of the run.
        plain_mean: Whether the processes weight their gradients equally, which is wrong.
        killed_at: Number of steps after which the last process ends without warning; once, so not after a restart.
        stopped_at: Number of steps after which the last process is asked to stop, as by Ctrl-C.
    """

    settings: Settings
    folder: str | Path
    plain_mean: bool = False
    killed_at: int | None = None
    stopped_at: int | None = None

    def to_json(self) -> str:
        """Return a form for a command line, which `from_json` reads."""
        return json.dumps(asdict(self) | {"settings": self.settings.to_dict(), "folder": str(self.folder)})

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Return the job that `to_json` has written."""
        values = json.loads(text)
        return cls(**values | {"settings": Settings.from_dict(values["settings"])})


class PlainMean(Group):
    """Processes that average their gradients as if each had the same number of words."""

    def average(self, loss: Tensor, words: Tensor | int, model: nn.Module) -> Tensor:
        """See `Group.average`; the number of words is not used."""
        return super().average(loss, 1, model)


class AccidentTrainer(Trainer):
    """A trainer in which the accident of a job happens before a step.

    Args:
        job: What to train, and what happens.
        group: Processes that train together.
    """

    def __init__(self, job: Job, group: Group) -> None:
        if job.plain_mean:
            group = PlainMean(group.rank, group.size, group.device)
        watchers = [ProgressBar(), StepClock()]
        super().__init__(prepare(job.settings.data), job.settings, job.folder, "cpu", watchers, group=group)
        self.job, self.restarted = job, os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"

    def train_step(self, batch: Batch) -> dict[str, float]:
        """See `Trainer.train_step`."""
        if self.group.rank == self.group.size - 1:
            if self.progress.step == self.job.killed_at and not self.restarted:
                os._exit(9)  # at once, as if it had been killed
            self.stop.asked |= self.progress.step + 1 == self.job.stopped_at
        return super().train_step(batch)


class StepClock(Watcher):
    """Writes the seconds of every step into the folder of the run, when a session ends."""

    def begin(self, session: Session) -> None:
        """See `Watcher`."""
        self.path, self.times = session.run.folder / STEP_SECONDS, [session.seconds]

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`."""
        self.times.append(seconds)

    def end(self, outcome: str) -> None:
        """See `Watcher`."""
        self.path.write_text(
            json.dumps([now - before for before, now in zip(self.times, self.times[1:], strict=False)])
        )


def step_seconds(folder: str | Path) -> list[float]:
    """Return the seconds of every step of a run that was trained with a `StepClock`."""
    return json.loads((Path(folder) / STEP_SECONDS).read_text())


def train_together(processes: int, jobs: Sequence[Job], restarts: int = 0) -> str:
    """Let several processes do one training after the other, each on one core.

    Args:
        processes: Number of processes.
        jobs: The trainings.
        restarts: How often torchrun starts all processes again after one has died.

    Returns:
        Everything that the processes printed.

    Raises:
        GroupError: The processes failed.
    """
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command += ["--max-restarts", str(restarts), "-m", "s2s_tutorial.notebook.processes"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command += [job.to_json() for job in jobs]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    if done.returncode:
        last = next((line for line in reversed(printed.splitlines()) if "Error: " in line), "no message")
        raise GroupError(f"{processes} processes ended with exit status {done.returncode} ({last.strip()[:200]})")
    return printed


def main(arguments: Sequence[str]) -> None:
    """Do the trainings that are given as JSON, in one of the processes that torchrun has started."""
    torch.set_num_threads(1)
    with join("cpu") as group:
        for text in arguments:
            AccidentTrainer(Job.from_json(text), group).fit(raise_on_stop=False)


if __name__ == "__main__":
    main(sys.argv[1:])
