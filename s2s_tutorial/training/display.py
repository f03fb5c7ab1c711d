"""How a session of training is shown: watchers while it lasts, and sentences before and after it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from s2s_tutorial.runs.folder import Run, RunError
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.training.interrupt import watched
from s2s_tutorial.training.samples import Samples
from s2s_tutorial.training.watchers import Board, ProgressBar, Watcher
from s2s_tutorial.translation.translator import Translator


@dataclass(frozen=True)
class Display:
    """Progress of a run, as one process shows it.

    Attributes:
        run: The run.
        total_steps: Steps of the whole run.
        samples: Sentences whose translations are shown.
        live: Watcher given by the caller, who is then in a notebook; None in a terminal.
        quiet: Whether to print errors and stops only.
        writes: Whether this process is the writer; the other processes print nothing.
    """

    run: Run
    total_steps: int
    samples: Samples
    live: Watcher | None
    quiet: bool
    writes: bool

    def print(self, sentence: str, always: bool = False) -> None:
        """Print a sentence; with `always`, even if the display is quiet."""
        # A notebook shows standard error in red, as if something were wrong.
        if self.writes and (always or not self.quiet):
            print(sentence, file=sys.stdout if self.live else sys.stderr)

    def session(
        self, watchers: list[Watcher], progress: Progress, translator: Translator, outcome: Callable[[], str]
    ) -> AbstractContextManager[None]:
        """Return a context in which the watchers show a session that begins at this progress."""
        start = self.run.record_path, progress.step, self.total_steps, progress.seconds
        return watched(watchers, outcome, *start, self.samples, translator)

    def outcome(self, progress: Progress, stopped: bool) -> str:
        """Return a sentence or two about how training ended, or where it was stopped."""
        if stopped:
            again = "this cell" if self.live else "the same cell or command"
            return (
                f"Stopped after step {progress.step:,} of {self.total_steps:,}; everything is saved in "
                f"{self.run.folder}. Run {again} again to resume."
            )
        return (
            f"Trained {progress.step:,} of {self.total_steps:,} steps in {progress.seconds:,.0f} s; best validation BLEU "
            f"{progress.best_bleu:.1f} at step {progress.best_step:,}."
        )

    def disk_error(self, error: OSError, progress: Progress) -> RunError:
        """Return the error to raise when the system could not read or write the run's files, with what to do."""
        return RunError(
            f"training stopped after step {progress.step:,}: {error.filename or self.run.folder}: "
            f"{error.strerror or error}. Make room, or make the place writable, and run the same cell or command again: it "
            "resumes from the last checkpoint"
        )


def choose_watchers(folder: Path, live: Watcher | None, quiet: bool, tensorboard: bool) -> list[Watcher]:
    """Choose the watchers of a run.

    Args:
        folder: Folder of the run.
        live: Shows the progress; None for a bar in the terminal.
        quiet: Whether to show no progress.
        tensorboard: Whether to write a record for TensorBoard too.
    """
    shown: list[Watcher] = [] if quiet else [live or ProgressBar()]
    return [*shown, Board(folder / "tensorboard")] if tensorboard else shown
