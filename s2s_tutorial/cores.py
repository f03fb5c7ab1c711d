"""Cores: how training shares them with other programs.

PyTorch computes on several threads, which wait for each other after every operation. While they wait they spin, that is,
they occupy their cores, because that is fastest where no other program wants them. Where another program does, each
wait lasts until the scheduler brings back the thread that was pushed aside, and training becomes several times slower.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from s2s_tutorial.config import ModelSettings

ONE_THREAD_SIZE = 64  # up to this hidden size a second thread gains little or nothing even on idle cores
LOOK_SECONDS = 1.0
NOTICED = 0.25  # of a core; what an idle desktop takes is less
PARALLEL_SIZE = 1 << 18  # numbers; an operation on so many is spread over all threads


@contextmanager
def shared_cores(
    model: ModelSettings, wanted: Callable[[], float] | None = None, seconds: float = LOOK_SECONDS
) -> Iterator[None]:
    """Train with the number of threads that fits the model, and give way while other programs want the cores.

    The number of threads follows from the settings alone, so that a run that is resumed computes the same bits. Giving way
    changes when threads wait, and not what they compute.

    Args:
        model: Settings of the model.
        wanted: Returns how many cores other programs kept busy since the last call; None to read it from the system.
        seconds: Time between two readings.
    """
    threads = torch.get_num_threads()
    try:
        if model.hidden_size <= ONE_THREAD_SIZE:
            torch.set_num_threads(1)
            yield
        elif threads > 1 and _spins():
            with _giving_way(wanted or OtherPrograms(), threads, seconds):
                yield
        else:
            yield
    finally:
        torch.set_num_threads(threads)


def _spins() -> bool:
    """Return whether the threads are those of GNU OpenMP, whose waiting `Crowd` can change."""
    return sys.platform == "linux" and "libgomp" in Path("/proc/self/maps").read_text(errors="replace")


@contextmanager
def _giving_way(wanted: Callable[[], float], threads: int, seconds: float) -> Iterator[None]:
    crowd, end = Crowd(threads), threading.Event()
    free = len(os.sched_getaffinity(0)) - threads

    def watch() -> None:
        while not end.wait(seconds):
            crowd.switch(wanted() > free + NOTICED)

    watcher = threading.Thread(target=watch, name="s2s cores", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        end.set()
        watcher.join()
        crowd.switch(False)


class Crowd:
    """More OpenMP threads than there are cores, none of which does anything.

    GNU OpenMP looks up to 300,000 times whether the others are there before a thread sleeps, but only 100 times while the
    process has more threads than cores (see GOMP_SPINCOUNT in its manual). Environment variables can choose this only
    before PyTorch is imported. A Python thread that has run one parallel operation keeps a pool of OpenMP threads until
    it ends, so that such threads switch the short wait on, and their end switches it off.

    Args:
        threads: Of one pool.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.members: list[threading.Thread] = []
        self._end = threading.Event()

    def switch(self, on: bool) -> None:
        """Begin or end the crowd; nothing happens where it is as asked already."""
        if on and not self.members:
            missing = len(os.sched_getaffinity(0)) + 1 - self.threads
            self._end.clear()
            for _ in range(math.ceil(missing / (self.threads - 1))):  # a member adds its pool, but is no thread of it
                self.members.append(threading.Thread(target=self._stay, name="s2s crowd", daemon=True))
                self.members[-1].start()
        elif not on:
            self._end.set()
            for member in self.members:
                member.join()
            self.members.clear()

    def _stay(self) -> None:
        torch.zeros(PARALLEL_SIZE).add_(1.0)
        self._end.wait()


class OtherPrograms:
    """Reads how many of the cores that this process may use are kept busy by other programs."""

    def __init__(self) -> None:
        self._cores = {f"cpu{number}" for number in os.sched_getaffinity(0)}
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._last = self._read()

    def __call__(self) -> float:
        """Return the number of cores, on average since the last call."""
        before, self._last = self._last, self._read()
        elapsed, others = (now - then for now, then in zip(self._last, before, strict=True))
        return others / elapsed if elapsed > 0 else 0.0

    def _read(self) -> tuple[float, float]:
        """Return the time, and the seconds that all cores together have worked for other programs."""
        busy = 0
        for line in Path("/proc/stat").read_text().splitlines():
            name, *ticks = line.split()
            if name in self._cores:
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, ticks[:8])
                busy += user + nice + system + irq + softirq + steal
        return time.monotonic(), busy / self._ticks - time.process_time()
