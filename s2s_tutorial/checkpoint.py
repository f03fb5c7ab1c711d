"""Files that survive: written whole or not at all, checked when read, never more than a few.

A file is written under a temporary name, synced to the disk and renamed, so its real name always holds a whole one.
Tensors go into safetensors files, which hold numbers and text and cannot run code; a SHA-256 over all of it is kept in
the file's own header.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

MAX_JSON_BYTES = 64 << 20
MAX_HEADER_BYTES = 1 << 20


class BadFileError(ValueError):
    """A file of a run that cannot be trusted; the message says which, why and what to do."""


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file by new contents: afterwards, and at any moment before, it holds the old or the new ones, whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened, and renaming is durable by itself
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(path: Path, values: Any) -> None:
    """Write JSON atomically, indented, so that people can read it too."""
    write_atomically(path, (json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read JSON of bounded size.

    Raises:
        BadFileError: too large, not UTF-8, not JSON, or nested beyond reason.
    """
    if path.stat().st_size > MAX_JSON_BYTES:
        raise BadFileError(f"{path} has more than {MAX_JSON_BYTES >> 20} MiB: it is not a file of this package")
    try:
        return json.loads(path.read_bytes())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadFileError(f"{path} is damaged ({type(error).__name__}): restore it, or start a new run") from None


def save_tensors(path: Path, tensors: Mapping[str, Tensor], values: Any = None) -> None:
    """Write tensors, and plain values beside them, into one safetensors file, atomically.

    Args:
        path: of the file.
        tensors: by name.
        values: anything that JSON can hold.
    """
    text = json.dumps(values, sort_keys=True)
    flat = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, _in_order(save(flat, metadata={"values": text, "sha256": _digest(flat, text)})))


def _in_order(data: bytes) -> bytes:
    """Sort the header of a safetensors file: the library leaves its order open, and equal tensors shall give equal files."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[end:]


def load_tensors(path: Path) -> tuple[dict[str, Tensor], Any]:
    """Read what `save_tensors` wrote. Nothing in the file is ever executed.

    Raises:
        BadFileError: empty, cut short, changed, or no such file at all.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if not 2 <= size <= min(MAX_HEADER_BYTES, path.stat().st_size - 8):
                raise BadFileError(f"{path} is damaged (no safetensors header): restore it, or start a new run")
            header = json.loads(file.read(size))
            metadata = header.get("__metadata__", {})
            file.seek(0)
            tensors = load(file.read())
        intact = _digest(tensors, metadata["values"]) == metadata["sha256"]
        values = json.loads(metadata["values"])
    except OSError as error:
        raise BadFileError(f"{path} cannot be read: {error.strerror or error}") from None
    except (
        SafetensorError,
        UnicodeDecodeError,
        ValueError,
        KeyError,
        AttributeError,
        TypeError,
        RecursionError,
    ) as error:
        if isinstance(error, BadFileError):
            raise
        raise BadFileError(f"{path} is damaged ({type(error).__name__}): restore it, or start a new run") from None
    if not intact:
        raise BadFileError(f"{path} is damaged (checksum): restore it, or start a new run")
    return tensors, values


def _digest(tensors: Mapping[str, Tensor], text: str) -> str:
    total = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        total.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


class Checkpoints:
    """The newest few checkpoints of a run; older ones are deleted.

    Args:
        folder: where they lie.
        keep: how many stay.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder, self.keep = folder, keep

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
        for old in self.paths()[: -self.keep]:
            old.unlink()
        return path

    def newest(self) -> tuple[tuple[Path, dict[str, Tensor], Any] | None, list[str]]:
        """Load the newest checkpoint that is whole; damaged ones are renamed to `*.bad`, never used.

        Returns:
            Its path, tensors and values, or None where there is no good one; and a sentence for each damaged file.
        """
        damaged = []
        for path in reversed(self.paths()):
            try:
                tensors, values = load_tensors(path)
            except BadFileError as error:
                path.replace(path.with_suffix(".bad"))
                damaged.append(f"{error}; set aside as {path.with_suffix('.bad').name}")
                continue
            return (path, tensors, values), damaged
        return None, damaged
