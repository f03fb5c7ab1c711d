"""Read and write the files of a run: written whole or not at all, and checked when they are read.

A file is written under a temporary name, synced to the disk and renamed, so that its real name always holds a complete
file. Tensors are kept in safetensors files, which hold numbers and text and cannot run code; the file's header holds a
SHA-256 of all of it. A file that is read may be untrusted input: its size is checked before it is read into memory, and
links, pipes and devices are refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from s2s_tutorial.arguments import to_path

MAX_JSON_BYTES = 8 << 20  # enough for vocabularies of 150,000 words per side
MAX_JSON_PARTS = 10_000  # lists and objects: an empty one takes 2 bytes in a file and about 100 in memory
MAX_TENSOR_BYTES = 4 << 30
MAX_HEADER_BYTES = 1 << 20


class BadFileError(ValueError):
    """A file of a run cannot be used; the message names it and explains why and what to do."""


class UnreadableFileError(BadFileError):
    """A file cannot be read now. It may still be intact, so the caller should not set it aside."""


def read_bounded(path: str | Path, most: int) -> bytes:
    """Read a file of bounded size.

    Args:
        path: Path of the file.
        most: Largest size in bytes.

    Raises:
        BadFileError: The file is larger; or it is a link, pipe or device, which could lead elsewhere or never end.
        UnreadableFileError: The file does not exist, or may not be read.
    """
    path = to_path(path)
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise BadFileError(f"{path} is a link, folder or device: put a file there instead")
        if found.st_size > most:
            raise BadFileError(
                f"{path} is too large ({found.st_size:,} bytes, at most {most:,} are read): restore it, or start a new run"
            )
        with path.open("rb") as file:
            return file.read(found.st_size)
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror or error}") from None


def write_atomically(path: str | Path, data: bytes) -> None:
    """Replace the contents of a file; at every moment it holds either the old or the new contents completely.

    Args:
        path: Path of the file; its folder must exist.
        data: New contents.

    Raises:
        OSError: The file cannot be written; the error names it.
    """
    path = to_path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as file:  # mode x: a link with this name is not followed
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        error.filename = str(path)  # the error of a full disk does not name the file
        raise
    finally:
        with suppress(OSError):  # this may fail for the same reason, and the first error explains more
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # on Windows a folder cannot be opened, and renaming is durable without it
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(path: str | Path, values: Any, most: int | None = None) -> None:
    """Write JSON atomically, indented for reading.

    Args:
        path: Path of the file.
        values: Anything that JSON can hold.
        most: Largest size in bytes; None for any.

    Raises:
        ValueError: The JSON has more than `most` bytes.
        OSError: The file cannot be written.
    """
    data = (json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
    if most is not None and len(data) > most:
        raise ValueError(f"{to_path(path).name} would have {len(data):,} bytes, at most {most:,} are read")
    write_atomically(path, data)


def read_json(path: str | Path) -> Any:
    """Read JSON of bounded size.

    Raises:
        BadFileError: The file cannot be read, is too large, is not JSON in UTF-8, or is nested too deeply.
    """
    data = read_bounded(path, MAX_JSON_BYTES)
    try:
        if data.count(b"[") + data.count(b"{") > MAX_JSON_PARTS:
            raise ValueError
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFileError(f"{path} is damaged ({type(error).__name__}): restore it, or start a new run") from None


def save_tensors(path: str | Path, tensors: Mapping[str, Tensor], values: Any = None) -> None:
    """Write tensors and plain values into one safetensors file, atomically.

    Args:
        path: Path of the file.
        tensors: Tensors by name.
        values: Anything that JSON can hold.

    Raises:
        OSError: The file cannot be written.
    """
    write_atomically(path, pack_tensors(tensors, values))


def pack_tensors(tensors: Mapping[str, Tensor], values: Any = None) -> bytes:
    """Return the bytes that `save_tensors` writes."""
    text = json.dumps(values, sort_keys=True)
    flat = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return _in_order(save(flat, metadata={"values": text, "sha256": _digest(flat, text)}))


def _in_order(data: bytes) -> bytes:
    """Sort the header of a safetensors file, whose order the library leaves open, so that equal tensors give equal files."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[end:]


def load_tensors(path: str | Path, most: int = MAX_TENSOR_BYTES) -> tuple[dict[str, Tensor], Any]:
    """Read a file that `save_tensors` wrote. Nothing in the file is ever executed.

    Args:
        path: Path of the file.
        most: Largest size of the tensors in bytes.

    Returns:
        The tensors by name, and the plain values.

    Raises:
        BadFileError: The file does not exist, or is empty, cut short, changed or too large.
    """
    return unpack_tensors(read_bounded(path, min(most, MAX_TENSOR_BYTES) + MAX_HEADER_BYTES), path)


def unpack_tensors(data: bytes, path: Path | str) -> tuple[dict[str, Tensor], Any]:
    """Read tensors and plain values from the bytes that `pack_tensors` returned.

    Args:
        data: The bytes.
        path: Name of the file in error messages.

    Returns:
        The tensors by name, and the plain values.

    Raises:
        BadFileError: The bytes are empty, cut short or changed.
    """
    size = int.from_bytes(data[:8], "little")
    if not 2 <= size <= min(MAX_HEADER_BYTES, len(data) - 8):
        raise BadFileError(f"{path} is damaged (no safetensors header): restore it, or start a new run")
    try:
        metadata = json.loads(data[8 : 8 + size])["__metadata__"]
        tensors = load(data)
        intact = _digest(tensors, metadata["values"]) == metadata["sha256"]
        values = json.loads(metadata["values"])
    except (SafetensorError, ValueError, KeyError, AttributeError, TypeError, RuntimeError) as error:
        # A RecursionError is a RuntimeError, and PyTorch raises RuntimeError for an impossible shape.
        raise BadFileError(f"{path} is damaged ({type(error).__name__}): restore it, or start a new run") from None
    if not intact:
        raise BadFileError(f"{path} is damaged (checksum): restore it, or start a new run")
    return tensors, values


def read_values(path: str | Path) -> Any:
    """Read only the plain values of a file that `save_tensors` wrote, without comparing the checksum.

    Raises:
        BadFileError: The file cannot be read, or does not hold such values.
    """
    try:
        with to_path(path).open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            return json.loads(json.loads(file.read(min(size, MAX_HEADER_BYTES)))["__metadata__"]["values"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadFileError(f"{path} is damaged ({type(error).__name__}): restore it, or start a new run") from None


def _digest(tensors: Mapping[str, Tensor], text: str) -> str:
    total = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        total.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def refuse_links(folder: str | Path) -> None:
    """Check that a run's folder holds files and folders only: through a link, a run could read and write anywhere.

    Raises:
        BadFileError: The folder holds something else; the message names the first such entry.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)):
                raise BadFileError(f"{entry.path} is a link or a device: put a file there instead, or delete it")
