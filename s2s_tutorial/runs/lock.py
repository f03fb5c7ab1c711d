"""A lock on a run's folder: one process trains at a time, and a second one gets an error that names the first.

The operating system holds the lock, so it is released when its process is killed. The note beside it is only for people.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from s2s_tutorial.files import BadFileError, read_json, refuse_links, write_json
from s2s_tutorial.runs.folder import RunError

LOCK, HOLDER = "lock", "holder.json"
MOMENT = 1.0  # seconds to wait: a process that finds the run made already holds the lock for some milliseconds
MAX_HOST = 80  # characters of a host's name that are shown


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Lock a run's folder inside a `with` block, so that this process is the only one that writes into it.

    Raises:
        RunError: Another process trains it.
        BadFileError: The folder holds a link.
    """
    refuse_links(folder)
    lock = FileLock(folder / LOCK)
    try:
        _acquire(lock, folder)
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        write_json(folder / HOLDER, {"pid": os.getpid(), "host": platform.node(), "since": since})
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):
                (folder / HOLDER).unlink(missing_ok=True)
            lock.release()


def _acquire(lock: FileLock, folder: Path) -> None:
    try:
        lock.acquire(timeout=MOMENT, poll_interval=0.02)
    except Timeout:
        raise RunError(
            f"{describe_holder(folder / HOLDER)} is training {folder}: wait for it, or give another folder"
        ) from None
    except NotImplementedError as error:
        raise RunError(f"{folder} cannot be locked ({error}): give a folder on another disk") from None


def describe_holder(path: Path) -> str:
    """Describe the process that holds the lock, such as "process 1234 on host since 10:42".

    Args:
        path: Path of the note that the process wrote. Its contents are untrusted, so only printable ASCII is repeated.

    Returns:
        The description; "another process" if the note is missing or damaged.
    """
    try:
        note = read_json(path)
        pid, name, since = int(note["pid"]), str(note["host"]), datetime.fromisoformat(note["since"])
    except (BadFileError, KeyError, TypeError, ValueError):
        return "another process"
    host = "".join(character if " " <= character <= "~" else "?" for character in name[:MAX_HOST])
    today = since.date() == datetime.now(since.tzinfo).date()
    return f"process {pid} on {host} since {since:%H:%M}{'' if today else f' of {since:%Y-%m-%d}'}"
