"""Files that survive: written whole or not at all, checked when read, never more than a few.

A file is written under a temporary name, synced to the disk and renamed, so its real name always holds a whole one.
Tensors go into safetensors files, which hold numbers and text and cannot run code; a SHA-256 over all of it is kept in
the file's own header. What is read was perhaps written by a stranger: its size is bounded before anything of it is held
in memory, and links, pipes and devices are no files of a run.
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

MAX_JSON_BYTES = 8 << 20  # vocabularies of 150,000 words a side
MAX_JSON_PARTS = 10_000  # lists and objects: an empty one takes two bytes of a file and a hundred in memory
MAX_TENSOR_BYTES = 4 << 30
MAX_HEADER_BYTES = 1 << 20


class BadFileError(ValueError):
    """A file of a run that cannot be trusted; the message says which, why and what to do."""


class UnreadableFileError(BadFileError):
    """A file that cannot be read now. It may well be whole, so nobody sets it aside."""


def read_bounded(path: Path, most: int) -> bytes:
    """Read a file of at most so many bytes.

    Raises:
        BadFileError: a larger one, or a link, pipe or device: those may lead elsewhere, or never end.
        UnreadableFileError: it is not there, or may not be read.
    """
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise BadFileError(f"{path} is no file but a link, folder or device: put the file itself there")
        if found.st_size > most:
            raise BadFileError(
                f"{path} is too large ({found.st_size:,} bytes, at most {most:,} are read): restore it, or start a new run"
            )
        with path.open("rb") as file:
            return file.read(found.st_size)
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror or error}") from None


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file by new contents: afterwards, and at any moment before, it holds the old or the new ones, whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as file:  # a new file: a link that waits under this name is not followed
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        error.filename = str(path)  # a full disk does not say which file it had no room for
        raise
    finally:
        with suppress(OSError):  # a disk that takes no file may refuse this too, and the first error says more
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened, and renaming is durable by itself
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(path: Path, values: Any, most: int | None = None) -> None:
    """Write JSON atomically, indented, so that people can read it too.

    Raises:
        ValueError: it has more than `most` bytes.
    """
    data = (json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
    if most is not None and len(data) > most:
        raise ValueError(f"{path.name} would have {len(data):,} bytes, at most {most:,} are read")
    write_atomically(path, data)


def read_json(path: Path) -> Any:
    """Read JSON of bounded size.

    Raises:
        BadFileError: too large, not UTF-8, not JSON, or nested beyond reason.
    """
    data = read_bounded(path, MAX_JSON_BYTES)
    try:
        if data.count(b"[") + data.count(b"{") > MAX_JSON_PARTS:
            raise ValueError
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFileError(f"{path} is damaged ({type(error).__name__}): restore it, or start a new run") from None


def save_tensors(path: Path, tensors: Mapping[str, Tensor], values: Any = None) -> None:
    """Write tensors, and plain values beside them, into one safetensors file, atomically.

    Args:
        path: of the file.
        tensors: by name.
        values: anything that JSON can hold.
    """
    write_atomically(path, pack_tensors(tensors, values))


def pack_tensors(tensors: Mapping[str, Tensor], values: Any = None) -> bytes:
    """What `save_tensors` writes."""
    text = json.dumps(values, sort_keys=True)
    flat = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return _in_order(save(flat, metadata={"values": text, "sha256": _digest(flat, text)}))


def _in_order(data: bytes) -> bytes:
    """Sort the header of a safetensors file: the library leaves its order open, and equal tensors shall give equal files."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[end:]


def load_tensors(path: Path, most: int = MAX_TENSOR_BYTES) -> tuple[dict[str, Tensor], Any]:
    """Read what `save_tensors` wrote. Nothing in the file is ever executed.

    Args:
        path: of the file.
        most: bytes that the tensors may have.

    Raises:
        BadFileError: empty, cut short, changed, too large, or no such file at all.
    """
    return unpack_tensors(read_bounded(path, min(most, MAX_TENSOR_BYTES) + MAX_HEADER_BYTES), path)


def unpack_tensors(data: bytes, path: Path | str) -> tuple[dict[str, Tensor], Any]:
    """Take apart what `pack_tensors` made; `path` is what error messages call it.

    Raises:
        BadFileError: empty, cut short or changed.
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
        # A RecursionError is a RuntimeError; so is what PyTorch says to a shape that it cannot make.
        raise BadFileError(f"{path} is damaged ({type(error).__name__}): restore it, or start a new run") from None
    if not intact:
        raise BadFileError(f"{path} is damaged (checksum): restore it, or start a new run")
    return tensors, values


def read_values(path: Path) -> Any:
    """Read only the plain values of what `save_tensors` wrote; nothing is compared with the checksum.

    Raises:
        BadFileError: The file cannot be read, or has no such values.
    """
    try:
        with path.open("rb") as file:
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


def refuse_links(folder: Path) -> None:
    """See that a run's folder holds files and folders only: through a link a run could read and write anywhere.

    Raises:
        BadFileError: It holds something else; the message names the first such thing.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)):
                raise BadFileError(
                    f"{entry.path} is a link or a device, no file: put the file itself there, or delete it"
                )
