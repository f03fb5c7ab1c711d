"""Checkpoints of a run: the newest two, written so that a whole one is there at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from s2s_tutorial.files import MAX_TENSOR_BYTES, BadFileError, UnreadableFileError, load_tensors, save_tensors


class Checkpoints:
    """The newest few checkpoints of a run; older ones are deleted.

    Args:
        folder: where they lie.
        keep: how many stay, and how many damaged ones.
        most: bytes that one may have.
    """

    def __init__(self, folder: Path, keep: int = 2, most: int = MAX_TENSOR_BYTES) -> None:
        self.folder, self.keep, self.most = folder, keep, most

    def clear_temporary(self) -> None:
        """Delete what a process that was killed while it wrote left behind; only while nobody else writes."""
        for path in self.folder.glob(".*.tmp"):
            path.unlink(missing_ok=True)

    def paths(self) -> list[Path]:
        """All checkpoints, oldest first."""
        return sorted(self.folder.glob("checkpoint-*.safetensors"))

    def save(self, step: int, tensors: Mapping[str, Tensor], values: Any) -> Path:
        """Write the checkpoint of a step, then delete those beyond `keep`."""
        path = self.folder / f"checkpoint-{step:09d}.safetensors"
        save_tensors(path, tensors, values)
        _keep_newest(self.paths(), self.keep)
        return path

    def newest(self) -> tuple[tuple[Path, dict[str, Tensor], Any] | None, list[str]]:
        """Load the newest checkpoint that is whole; damaged ones are renamed to `*.bad`, never used.

        Returns:
            Its path, tensors and values, or None where there is no good one; and a sentence for each damaged file.

        Raises:
            UnreadableFileError: one that may be whole cannot be read now: what is older must not take its place.
        """
        damaged = []
        for path in reversed(self.paths()):
            try:
                tensors, values = load_tensors(path, self.most)
            except UnreadableFileError as error:
                raise UnreadableFileError(
                    f"{error}. It may be whole: make it readable, or move it away to go on from the one before"
                ) from None
            except BadFileError as error:
                path.replace(path.with_suffix(".bad"))
                damaged.append(f"{error}; set aside as {path.with_suffix('.bad').name}")
                _keep_newest(sorted(self.folder.glob("checkpoint-*.bad")), self.keep)
                continue
            return (path, tensors, values), damaged
        return None, damaged


def _keep_newest(paths: list[Path], count: int) -> None:
    for old in paths[:-count]:
        old.unlink()
