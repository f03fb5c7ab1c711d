"""The record of a run: a line of JSON for every step and every evaluation."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from s2s_tutorial.arguments import to_path
from s2s_tutorial.files import read_bounded, write_atomically

MAX_RECORD_BYTES = 256 << 20  # a million steps
MAX_LINE_BYTES = 1 << 16
LINE_NUMBERS = {"step": ("loss", "encoder_norm", "decoder_norm"), "evaluation": ("validation_bleu",)}


class Record:
    """JSON lines, one object for each step and each evaluation.

    Lines are kept in memory until `flush`, which the trainer calls before it writes a checkpoint. A run that resumes from an
    earlier step first drops what was recorded after it (`rewind`), so every step is recorded once.

    Args:
        path: Path of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: list[str] = []

    def add(self, **values: Any) -> None:
        """Add a line of these values; `kind` ("step" or "evaluation") and `step` are required."""
        self._waiting.append(json.dumps(values))

    def flush(self) -> None:
        """Write the lines kept in memory, and sync them to the disk."""
        if self._waiting:
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n".join(self._waiting) + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._waiting.clear()

    def rewind(self, step: int) -> None:
        """Drop every line after this step, in memory and in the file."""
        self._waiting.clear()
        kept = [line for line in read_record(self.path) if line["step"] <= step]
        write_atomically(self.path, "".join(json.dumps(line) + "\n" for line in kept).encode())


def read_record(path: str | Path) -> list[dict[str, Any]]:
    """Read a record. Lines that are damaged, such as a last one that was cut short, are left out.

    Raises:
        BadFileError: It cannot be read, or is larger than the record of any run.
    """
    path = to_path(path)
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
    """Check that a line has every value that readers of a record need, and that all are numbers."""
    needed = LINE_NUMBERS.get(str(line.get("kind")))
    return (
        needed is not None
        and type(line.get("step")) is int
        and all(map(_is_number, [line["step"], *map(line.get, needed)]))
    )


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and value.bit_length() < 64)
