"""Show a run: with watchers while it is trained, and in sentences before and after a session."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from s2s_tutorial.runs.folder import Run, RunError
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.training.samples import Samples
from s2s_tutorial.training.watchers import Board, LivePlot, ProgressBar, Session, Watcher
from s2s_tutorial.translation.translator import Translator


class Display:
    """The watchers of a run, and the sentences that are printed.

    Args:
        run: The run.
        total_steps: Steps of the whole run.
        samples: Sentences whose translations are shown.
        translator: The model that is trained.
        watchers: Displays and records; None for the usual ones, an empty list for none.
        writes: Whether this process is the writer; the other processes show nothing.
    """

    def __init__(
        self, run: Run, total_steps: int, samples: Samples, translator: Translator, watchers: Sequence[Watcher] | None,
        writes: bool,
    ) -> None:  # fmt: skip
        self.run, self.total_steps, self.samples, self.translator = run, total_steps, samples, translator
        self.watchers = list(usual_watchers() if watchers is None else watchers) if writes else []
        self.writes = writes

    @property
    def live(self) -> list[Watcher]:
        """The watchers that show how a session ended."""
        return [watcher for watcher in self.watchers if watcher.shows_outcome]

    @contextmanager
    def session(self, progress: Progress, outcome: Callable[[], str]) -> Iterator[None]:
        """Let the watchers show a session that begins at this progress.

        Args:
            progress: Progress of the run.
            outcome: Describes at the end how the session has ended; not called after an error.
        """
        for watcher in self.watchers:
            watcher.begin(self._session(progress))
        sentence = ""
        try:
            yield
            sentence = outcome()
        finally:
            for watcher in self.watchers:
                watcher.end(sentence)

    def finished_run(self, progress: Progress, outcome: str) -> None:
        """Show a run that needs no more training: a live plot draws its curve, other watchers do nothing."""
        for watcher in self.live:
            watcher.begin(self._session(progress))
            watcher.end(outcome)
        if not self.live:
            self.print(outcome)

    def _session(self, progress: Progress) -> Session:
        done = progress.step, self.total_steps, progress.seconds
        return Session(self.run, *done, self.samples, self.translator)

    def step(self, progress: Progress, values: dict[str, float]) -> None:
        """Show the values of a step, see `Trainer.train_step`."""
        for watcher in self.watchers:
            watcher.step(progress.step, progress.seconds, values | {"mean_loss": progress.loss})

    def evaluation(self, progress: Progress, bleu: float) -> None:
        """Show the result of an evaluation and a few sample translations."""
        if self.watchers:
            lines, shown = self.samples.translate(self.translator, progress.step)
            for watcher in self.watchers:
                watcher.evaluation(progress.step, bleu, lines, shown)

    def print(self, sentence: str, always: bool = False) -> None:
        """Print a sentence; with `always`, even if there are no watchers."""
        # A notebook shows standard error in red, as if something were wrong.
        if self.writes and (always or self.watchers):
            print(sentence, file=sys.stdout if in_notebook() else sys.stderr)

    def outcome(self, progress: Progress, stopped: bool) -> str:
        """Return a sentence or two about how training ended, or where it was stopped."""
        if stopped:
            return (
                f"Stopped after step {progress.step:,} of {self.total_steps:,}; everything is saved in "
                f"{self.run.folder}. Run {_again()} again to resume."
            )
        early = ""
        if progress.finished and progress.step < self.total_steps:
            early = f" Stopped early: {progress.worse_evaluations} evaluations without a better score."
        return (
            f"Trained {progress.step:,} of {self.total_steps:,} steps in {progress.seconds:,.0f} s; best validation BLEU "
            f"{progress.best_bleu:.1f} at step {progress.best_step:,}.{early}"
        )

    def disk_error(self, error: OSError, progress: Progress) -> RunError:
        """Return the error to raise when the system could not read or write the run's files, with what to do."""
        return RunError(
            f"training stopped after step {progress.step:,}: {error.filename or self.run.folder}: "
            f"{error.strerror or error}. Make room, or make the place writable, and run {_again()} again: it resumes from "
            "the last checkpoint"
        )


def in_notebook() -> bool:
    """Check whether the code runs in a notebook, and not in a terminal."""
    ipython = sys.modules.get("IPython")
    return hasattr(ipython and ipython.get_ipython(), "kernel")


def usual_watchers() -> list[Watcher]:
    """Return a live plot in a notebook or a progress bar in a terminal, and the record for TensorBoard."""
    return [LivePlot() if in_notebook() else ProgressBar(), Board()]


def _again() -> str:
    return "this cell" if in_notebook() else "the same command"
