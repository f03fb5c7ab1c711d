"""The record of a run: a plain file with every step once, and the same for TensorBoard."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from s2s_tutorial.checkpoint import write_atomically


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
    """Read a record; a last line that was cut short is left out."""
    if not path.is_file():
        return []
    lines = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            values = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(values, dict) and isinstance(values.get("step"), int):
            lines.append(values)
    return lines


class Board:
    """The record for TensorBoard: losses, gradient norms, sample translations, an attention picture.

    Args:
        folder: where TensorBoard will look.
        step: what was recorded after it, before a stop, is hidden.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # slow to import

        self.writer = SummaryWriter(str(folder), purge_step=step + 1)

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Add numbers by name."""
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def samples(self, step: int, lines: list[str]) -> None:
        """Add sample translations; four spaces make Markdown show them as they are."""
        self.writer.add_text("translations", "\n".join("    " + line for line in lines), step)

    def figure(self, step: int, figure: Any) -> None:
        """Add a matplotlib figure and close it."""
        self.writer.add_figure("attention", figure, step, close=True)

    def close(self) -> None:
        """Write what is left."""
        self.writer.close()
