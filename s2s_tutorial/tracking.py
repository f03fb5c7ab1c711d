"""The record of a run, and those who watch it grow.

`Record` is a plain file with every step once. A `Watcher` shows the same while it happens: `ProgressBar` in a terminal,
`LiveLine` and `LivePlot` in a notebook, `Board` for TensorBoard.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from s2s_tutorial.checkpoint import read_bounded, write_atomically

if TYPE_CHECKING:
    from s2s_tutorial.translation import Translation

MAX_RECORD_BYTES = 256 << 20  # a million steps
MAX_BOARD_FILES = 10  # TensorBoard's, one a session
MAX_LINE_BYTES = 1 << 16
LINE_NUMBERS = {"step": ("loss", "encoder_norm", "decoder_norm"), "evaluation": ("validation_bleu",)}
SHOW_SECONDS = 1.0  # between two pictures of a live display


class Record:
    """JSON lines, one object for each step and each evaluation.

    Lines wait in memory until `flush`, which the trainer calls before it writes a checkpoint. A run that goes on from
    an earlier step first drops what was recorded after it (`rewind`), so every step is there once.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: list[str] = []

    def add(self, **values: Any) -> None:
        """Add a line; `kind` and `step` are among the values."""
        self._waiting.append(json.dumps(values))

    def flush(self) -> None:
        """Write the waiting lines and sync them to the disk."""
        if self._waiting:
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n".join(self._waiting) + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._waiting.clear()

    def rewind(self, step: int) -> None:
        """Forget everything after a step."""
        self._waiting.clear()
        kept = [line for line in read_record(self.path) if line["step"] <= step]
        write_atomically(self.path, "".join(json.dumps(line) + "\n" for line in kept).encode())


def read_record(path: Path) -> list[dict[str, Any]]:
    """Read a record; lines that are none, such as a last one that was cut short, are left out.

    Raises:
        BadFileError: it cannot be read, or is larger than any run's.
    """
    if not path.is_file():
        return []
    lines = []
    for line in read_bounded(path, MAX_RECORD_BYTES).split(b"\n"):
        if len(line) > MAX_LINE_BYTES:
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(values, dict) and _whole(values):
            lines.append(values)
    return lines


def _whole(line: dict[str, Any]) -> bool:
    """Whether a line has what everyone who reads records counts on, all of it numbers."""
    needed = LINE_NUMBERS.get(str(line.get("kind")))
    return (
        needed is not None
        and type(line.get("step")) is int
        and all(map(_is_number, [line["step"], *map(line.get, needed)]))
    )


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and value.bit_length() < 64)


class Watcher(Protocol):
    """What the trainer tells while it trains."""

    def begin(self, record: Path, step: int, total_steps: int, seconds: float) -> None:
        """A session starts at a step; `seconds` were spent before. The record's file holds what came until then."""

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """A step was done; see `Trainer.train_step` for the values, among them `mean_loss`, a running mean."""

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """Validation looked at the model: its BLEU, sample translations, and one with its attention."""

    def end(self) -> None:
        """The session ends, for whatever reason."""


class ProgressBar:
    """A bar in the terminal with elapsed and remaining time, and sample translations above it."""

    def begin(self, record: Path, step: int, total_steps: int, seconds: float) -> None:
        """See `Watcher`."""
        from tqdm import tqdm

        patience = 0.5 if sys.stderr.isatty() else 10.0
        self.bar = tqdm(total=total_steps, initial=step, unit="step", mininterval=patience, file=sys.stderr)

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`."""
        self.bar.set_postfix_str(f"loss {values['mean_loss']:.3f}", refresh=False)
        self.bar.update()

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """See `Watcher`."""
        self.bar.write("\n".join([f"step {step:,}: validation BLEU {bleu:.1f}", *samples]), file=sys.stderr)

    def end(self) -> None:
        """See `Watcher`."""
        self.bar.close()


class LiveLine:
    """For notebooks: one line of plain text, rewritten in place."""

    def begin(self, record: Path, step: int, total_steps: int, seconds: float) -> None:
        """See `Watcher`."""
        from IPython.display import display

        self.first_step, self.first_seconds, self.total_steps = step, seconds, total_steps
        self.now, self.bleu, self.left, self._next = "starting …", "", "", 0.0
        self.handle = display(_plain(self.line), raw=True, display_id=True)

    @property
    def line(self) -> str:
        """Where the run is, in words."""
        return self.now + self.bleu + self.left

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`."""
        pace = (seconds - self.first_seconds) / (step - self.first_step)
        self.now = f"step {step:,} of {self.total_steps:,} · loss {values['mean_loss']:.3f}"
        self.left = f" · {_minutes(seconds)} gone, about {_minutes(pace * (self.total_steps - step))} left"
        if (now := time.monotonic()) >= self._next:
            self.show()
            # A picture takes a while to draw, and training waits for it: let it be a small share of the time.
            self._next = now + max(SHOW_SECONDS, 25.0 * (time.monotonic() - now))

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """See `Watcher`."""
        self.bleu = f" · validation BLEU {bleu:.1f}"

    def end(self) -> None:
        """See `Watcher`."""
        self.show()

    def show(self) -> None:
        """Put the newest state in the place of the last one."""
        if self.handle is not None:
            self.handle.update(_plain(self.line), raw=True)


class LivePlot(LiveLine):
    """For notebooks: loss and gradient norms as they change, the newest attention picture and sample translations."""

    def begin(self, record: Path, step: int, total_steps: int, seconds: float) -> None:
        """See `Watcher`."""
        self.lines = read_record(record)
        self.samples: list[str] = []
        self.translation: Translation | None = None
        super().begin(record, step, total_steps, seconds)

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`."""
        self.lines.append({"kind": "step", "step": step, **values})
        super().step(step, seconds, values)

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """See `Watcher`."""
        self.lines.append({"kind": "evaluation", "step": step, "validation_bleu": bleu})
        self.samples, self.translation = samples, translation
        super().evaluation(step, bleu, samples, translation)

    def show(self) -> None:
        """Put the newest state in the place of the last one."""
        from base64 import b64encode

        from s2s_tutorial.plotting import figure_bytes, plot_training

        if self.handle is not None and any(line["kind"] == "step" for line in self.lines):
            figure = plot_training(self.lines, self.translation, self.samples, self.line)
            picture = b64encode(figure_bytes(figure)).decode()
            self.handle.update(_plain("\n".join([self.line, *self.samples])) | {"image/png": picture}, raw=True)


def _plain(text: str) -> dict[str, str]:
    return {"text/plain": text}


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


class Board:
    """The record for TensorBoard: losses, gradient norms, sample translations, an attention picture.

    Args:
        folder: where TensorBoard will look.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, record: Path, step: int, total_steps: int, seconds: float) -> None:
        """See `Watcher`; what was written after this step, before a stop, is hidden."""
        from torch.utils.tensorboard import SummaryWriter  # slow to import

        # Every session writes a file of its own. The record has all numbers, so those of long ago may go.
        for old in sorted(self.folder.glob("events.out.tfevents.*"))[: 1 - MAX_BOARD_FILES]:
            old.unlink()
        # TensorBoard reads the files in the order of their names, which tell the second and nothing finer.
        while any(self.folder.glob(f"events.out.tfevents.{int(time.time()):010}.*")):
            time.sleep(0.05)
        self.writer = SummaryWriter(str(self.folder), purge_step=step + 1)

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`; every 20th step is kept."""
        if step % 20 == 0:
            for name, value in values.items():
                self.writer.add_scalar(name, value, step)

    def evaluation(self, step: int, bleu: float, samples: list[str], translation: Translation) -> None:
        """See `Watcher`."""
        from s2s_tutorial.plotting import plot_attention

        self.writer.add_scalar("validation_bleu", bleu, step)
        # Four spaces make Markdown show the lines as they are, and nothing in them is HTML.
        lines = ["    " + part for line in samples for part in line.splitlines()]
        self.writer.add_text("translations", "\n".join(lines), step)
        if translation.attn_weights is not None:
            self.writer.add_figure("attention", plot_attention(translation), step, close=True)

    def end(self) -> None:
        """Write what is left."""
        self.writer.close()
