"""Watchers, which show a run while it is trained.

`ProgressBar` is for a terminal, `LiveLine` and `LivePlot` are for a notebook, and `Board` writes files for TensorBoard.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from functools import partial

from tqdm import tqdm

from s2s_tutorial.runs.folder import Run
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.samples import Samples
from s2s_tutorial.translation.translator import Translation, Translator

MAX_BOARD_FILES = 10  # for TensorBoard, one per session
LINE_SECONDS, PICTURE_SECONDS = 0.5, 1.0  # between two updates of a live display, at least


@dataclass(frozen=True)
class Session:
    """A session of training, as it begins.

    Attributes:
        run: The run.
        step: Steps done before.
        total_steps: Steps of the whole run.
        seconds: Training time before, in seconds.
        samples: Sentences to show.
        translator: The model, whose weights change while the session lasts.
    """

    run: Run
    step: int
    total_steps: int
    seconds: float
    samples: Samples
    translator: Translator


class Watcher:
    """Receives what happens in a session of training. A subclass replaces the methods that it needs.

    Attributes:
        shows_outcome: Whether it shows how a session ended. It then also shows a run that was finished before, and the
            trainer does not print the outcome.
    """

    shows_outcome = False

    def begin(self, session: Session) -> None:
        """Begin a session."""

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """Receive the values of a step: those of `Trainer.train_step`, and `mean_loss`, a running mean in nats per word.

        Args:
            step: Steps done.
            seconds: Training time over all sessions.
            values: Values by name.
        """

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """Receive the result of an evaluation.

        Args:
            step: Steps done.
            bleu: BLEU on the validation set, from 0 to 100.
            samples: Lines with sample translations.
            translation: One of them, with its attention.
        """

    def end(self, outcome: str) -> None:
        """End the session; `outcome` describes how it ended, and is empty after an error."""


class ProgressBar(Watcher):
    """A bar in the terminal with elapsed and remaining time, and sample translations above it."""

    def begin(self, session: Session) -> None:
        """See `Watcher`."""
        patience = 0.5 if sys.stderr.isatty() else 10.0
        self.bar = tqdm(
            total=session.total_steps, initial=session.step, unit="step", mininterval=patience, file=sys.stderr
        )

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`."""
        self.bar.set_postfix_str(f"loss {values['mean_loss']:.3f}", refresh=False)
        self.bar.update()

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """See `Watcher`."""
        self.bar.write("\n".join([f"step {step:,}: validation BLEU {bleu:.1f}", *samples]), file=sys.stderr)

    def end(self, outcome: str) -> None:
        """See `Watcher`; the trainer prints the outcome."""
        self.bar.close()


class LiveLine(Watcher):
    """For notebooks: one line of plain text, rewritten in place."""

    shows_outcome = True

    def begin(self, session: Session) -> None:
        """See `Watcher`."""
        self.first_step, self.first_seconds, self.total_steps = session.step, session.seconds, session.total_steps
        self.now, self.bleu, self.left, self._next = f"step {session.step:,} of {self.total_steps:,}", "", "", 0.0
        self._line = Place(_plain(self.line))

    @property
    def line(self) -> str:
        """Step, loss, BLEU and time of the run, as text."""
        return self.now + self.bleu + self.left

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`."""
        pace = (seconds - self.first_seconds) / (step - self.first_step)
        self.now = f"step {step:,} of {self.total_steps:,} · loss {values['mean_loss']:.3f}"
        gone, left = map(tqdm.format_interval, (seconds, pace * (self.total_steps - step)))
        self.left = f" · {gone} gone, about {left} left"
        if (now := time.monotonic()) >= self._next:
            self._line.show(_plain(self.line))
            self._next = now + LINE_SECONDS

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """See `Watcher`."""
        self.bleu = f" · validation BLEU {bleu:.1f}"

    def end(self, outcome: str) -> None:
        """See `Watcher`; the outcome takes the line's place."""
        self._line.show(_plain(outcome or self.line))


class LivePlot(LiveLine):
    """For notebooks: below the line, loss and gradient norms, attention to a sample, and sample translations."""

    def begin(self, session: Session) -> None:
        """See `Watcher`."""
        super().begin(session)
        self.lines = read_record(session.run.record_path)
        self.done, self._attend = session.step, partial(session.samples.attend, session.translator)
        self.words = "sample translations: with the first evaluation"
        if session.step:
            self.words = "\n".join(session.samples.translate(session.translator, session.step)[0])
        self._began, self._drawing = time.monotonic(), 0.0
        self._picture, self._words = Place(self._draw()), Place(_plain(self.words))

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`."""
        super().step(step, seconds, values)
        self.done = step
        self.lines.append({"kind": "step", "step": step, **values})
        # Training waits while a picture is drawn, so pictures together may take only a small share of its time.
        now = time.monotonic()
        if now >= self._next_picture and self._drawing <= 0.5 + 0.04 * (now - self._began):
            self._show_picture()

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """See `Watcher`."""
        super().evaluation(step, bleu, samples, translation)
        self.lines.append({"kind": "evaluation", "step": step, "validation_bleu": bleu})
        self.words = "\n".join(samples)

    def end(self, outcome: str) -> None:
        """See `Watcher`."""
        super().end(outcome)
        self._show_picture()

    def _show_picture(self) -> None:
        self._picture.show(self._draw())
        self._words.show(_plain(self.words))

    def _draw(self) -> dict[str, str]:
        from base64 import b64encode

        from s2s_tutorial.notebook.plots import figure_bytes, plot_training

        began = time.monotonic()
        picture = figure_bytes(plot_training(self.lines, self._attend(), self.done, self.total_steps))
        now = time.monotonic()
        self._drawing, self._next_picture = self._drawing + now - began, now + PICTURE_SECONDS
        return _plain("loss, validation BLEU, gradient norms and attention") | {
            "image/png": b64encode(picture).decode()
        }


class Place:
    """A place in a cell's output whose content can be replaced.

    Args:
        data: Content by MIME type.
    """

    def __init__(self, data: dict[str, str]) -> None:
        from IPython.display import display

        self._handle = display(data, raw=True, display_id=True)

    def show(self, data: dict[str, str]) -> None:
        """Replace the content; outside a notebook this does nothing."""
        if self._handle is not None:
            self._handle.update(data, raw=True)


def _plain(text: str) -> dict[str, str]:
    return {"text/plain": text}


class Board(Watcher):
    """The record for TensorBoard: losses, gradient norms, sample translations, an attention picture.

    It is written to `tensorboard/` in the folder of the run.
    """

    def begin(self, session: Session) -> None:
        """See `Watcher`; what was written after this step, before a stop, is hidden."""
        from torch.utils.tensorboard import SummaryWriter  # slow to import

        # Every session writes its own file. The record has all numbers, so the oldest files can be deleted.
        folder = session.run.folder / "tensorboard"
        for old in sorted(folder.glob("events.out.tfevents.*"))[: 1 - MAX_BOARD_FILES]:
            old.unlink()
        # TensorBoard reads the files in the order of their names, which hold the time in whole seconds.
        while any(folder.glob(f"events.out.tfevents.{int(time.time()):010}.*")):
            time.sleep(0.05)
        self.writer = SummaryWriter(str(folder), purge_step=session.step + 1)

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`; every 20th step is kept."""
        if step % 20 == 0:
            for name, value in values.items():
                self.writer.add_scalar(name, value, step)

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """See `Watcher`."""
        from s2s_tutorial.notebook.fonts import all_letters
        from s2s_tutorial.notebook.plots import plot_attention

        self.writer.add_scalar("validation_bleu", bleu, step)
        # Four spaces make Markdown show the lines as they are, so that HTML in them is not interpreted.
        lines = ["    " + part for line in samples for part in line.splitlines()]
        self.writer.add_text("translations", "\n".join(lines), step)
        if translation.attn_weights is not None:
            figure = plot_attention(translation)
            with all_letters(figure):
                self.writer.add_figure("attention", figure, step, close=True)

    def end(self, outcome: str) -> None:
        """See `Watcher`; writes the values that are still in memory."""
        self.writer.close()
