"""Faults around a training process, injected from inside it: for child processes of `warm.py` only."""

import errno
import io
import os
import pathlib
import random
import signal
import sys
import time


def kill_at(call: str, number: int, after: bool = False) -> None:
    """Exit as in a power cut just before (or after) the given call of os.fsync, os.replace or a file's write, counted from 1."""
    _before_each(call, number, lambda: os.kill(os.getpid(), signal.SIGKILL), after)


def fail_at(call: str, number: int, code: int) -> None:
    """Make every disk operation from the given call on fail, until this process ends."""

    def fail():
        raise OSError(code, os.strerror(code))

    _before_each(call, number, fail, and_later=True)


def _before_each(call, number, act, after=False, and_later=False):
    count = 0

    def counted(real, *arguments, **options):
        nonlocal count
        count += 1
        due = count == number or (and_later and count > number)
        if due and not after:
            act()
        result = real(*arguments, **options)
        if due and after:
            act()
        return result

    if call == "write":
        real_open = io.open

        class File:
            """A file whose writes are counted; a write that fails has already written half of its data."""

            def __init__(self, file):
                self.file = file

            def write(self, data):
                def act_half_way(data):
                    return self.file.write(data)

                try:
                    return counted(act_half_way, data)
                except OSError:
                    self.file.write(data[: len(data) // 2])
                    raise

            def __getattr__(self, name):
                return getattr(self.file, name)

            def __enter__(self):
                self.file.__enter__()
                return self

            def __exit__(self, *error):
                return self.file.__exit__(*error)

        def open_watched(path, mode="r", *arguments, **options):
            file = real_open(path, mode, *arguments, **options)
            return file if mode.startswith("r") else File(file)

        pathlib.Path.open = lambda self, mode="r", *a, **o: open_watched(self, mode, *a, **o)
    elif call == "open":  # an unwritable folder: no file in it can be opened for writing
        real = pathlib.Path.open

        def open_counted(self, mode="r", *arguments, **options):
            if mode.startswith("r"):
                return real(self, mode, *arguments, **options)
            return counted(real, self, mode, *arguments, **options)

        pathlib.Path.open = open_counted
    else:
        real = getattr(os, call)
        setattr(os, call, lambda *arguments, **options: counted(real, *arguments, **options))


def unwritable(number: int) -> None:
    """Make every creation, renaming and deletion in any folder fail from the given call on."""
    fail_at("open", number, errno.EACCES)
    for name in ("replace", "unlink"):
        fail_at(name, 1, errno.EACCES)


def turn_clock(seed: int) -> None:
    """Make both clocks jump back by up to a day, repeatedly."""
    rng, offset = random.Random(seed), 0.0

    def turned(real):
        def read():
            nonlocal offset
            if rng.random() < 0.3:
                offset -= rng.random() * 86_400
            return real() + offset

        return read

    time.time, time.monotonic = turned(time.time), turned(time.monotonic)


def no_network(cache: str) -> None:
    """Block all connections of this process except to itself; `cache` is the folder for downloads."""
    os.environ["XDG_CACHE_HOME"] = cache

    def watch(event, arguments):
        if event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = arguments[0]
        elif event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"):
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else None  # otherwise a name on this machine
        else:
            return
        if host not in (None, "", "localhost", "127.0.0.1", "::1", b"localhost"):
            raise RuntimeError(f"{event} {arguments}: the network was touched")

    sys.addaudithook(watch)
