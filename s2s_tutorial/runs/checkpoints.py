"""Checkpoints of a run: the newest two, written so that an undamaged one exists at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from s2s_tutorial.files import MAX_TENSOR_BYTES, BadFileError, UnreadableFileError, load_tensors, save_tensors


class Checkpoints:
    """The newest few checkpoints of a run; older ones are deleted.

    Args:
        folder: Folder of the run.
        keep: Number of checkpoints to keep, and of damaged ones.
        most: Largest size of a checkpoint in bytes.
    """

    def __init__(self, folder: Path, keep: int = 2, most: int = MAX_TENSOR_BYTES) -> None:
        self.folder, self.keep, self.most = folder, keep, most

    def clear_temporary(self) -> None:
        """Delete incomplete files of a process that was killed while writing; call it only while no other process writes."""
        for path in self.folder.glob(".*.tmp"):
            path.unlink(missing_ok=True)

    def paths(self) -> list[Path]:
        """Return the paths of all checkpoints, oldest first."""
        return sorted(self.folder.glob("checkpoint-*.safetensors"))

    def save(self, step: int, tensors: Mapping[str, Tensor], values: Any) -> Path:
        """Write the checkpoint of a step, delete the oldest beyond `keep`, and return its path.

        Args:
            step: Steps done.
            tensors: Tensors by name.
            values: Values for JSON.
        """
        path = self.folder / f"checkpoint-{step:09d}.safetensors"
        save_tensors(path, tensors, values)
        _keep_newest(self.paths(), self.keep)
        return path

    def newest(self) -> tuple[tuple[Path, dict[str, Tensor], Any] | None, list[str]]:
        """Load the newest undamaged checkpoint; damaged ones are renamed to `*.bad` and never used.

        Returns:
            Its path, tensors and values, or None if there is no undamaged one; and a sentence for each damaged file.

        Raises:
            UnreadableFileError: A checkpoint that may be undamaged cannot be read now; an older one must not replace it.
        """
        damaged = []
        for path in reversed(self.paths()):
            try:
                tensors, values = load_tensors(path, self.most)
            except UnreadableFileError as error:
                raise UnreadableFileError(
                    f"{error}. It may be undamaged: make it readable, or move it away to resume from the one before"
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
