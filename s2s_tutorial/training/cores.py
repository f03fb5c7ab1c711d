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
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch

from s2s_tutorial.settings import ModelSettings

ONE_THREAD_SIZE = 64  # up to this hidden size a second thread gains little or nothing even on idle cores
LOOK_SECONDS = 0.5
NOTICED = 0.25  # of a core; what an idle desktop takes is less


@contextmanager
def shared_cores(
    model: ModelSettings, wanted: Iterator[float] | None = None, seconds: float = LOOK_SECONDS
) -> Iterator[None]:
    """Train with the number of threads that fits the model, and give way while other programs want the cores.

    The settings alone decide the number of threads, so that a resumed run computes the same bits. Giving way changes how
    threads wait, and not what they compute.

    Args:
        model: Settings of the model.
        wanted: How many cores other programs keep busy, a value for each reading; None to ask the system.
        seconds: Time between two readings.
    """
    threads = torch.get_num_threads()
    if model.hidden_size <= ONE_THREAD_SIZE:
        torch.set_num_threads(1)
    gnu = sys.platform == "linux" and "libgomp" in Path("/proc/self/maps").read_text(errors="replace")
    gives_way = gnu and torch.get_num_threads() > 1
    try:
        with _giving_way(wanted or other_programs(), threads, seconds) if gives_way else nullcontext():
            yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _giving_way(wanted: Iterator[float], threads: int, seconds: float) -> Iterator[None]:
    crowd, end = Crowd(threads), threading.Event()
    free = len(os.sched_getaffinity(0)) - threads

    def watch() -> None:
        while not end.wait(seconds):
            crowd.switch(next(wanted) > free + NOTICED)

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

    A thread of GNU OpenMP checks up to 300,000 times whether the others are ready before it sleeps, but only 100 times
    while the process has more threads than cores (see GOMP_SPINCOUNT in its manual). An environment variable could choose
    this only before PyTorch is imported. A Python thread that has run one parallel operation keeps a pool of OpenMP
    threads until it ends: such threads, the members of the crowd, switch the short wait on, and their end switches it off.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.members: list[threading.Thread] = []
        self._end = threading.Event()

    def switch(self, on: bool) -> None:
        """Begin or end the crowd, unless that has been done already."""
        if on and not self.members:
            missing = len(os.sched_getaffinity(0)) + 1 - self.threads
            self._end.clear()
            for _ in range(math.ceil(missing / (self.threads - 1))):  # OpenMP counts a member's pool without the member
                self.members.append(threading.Thread(target=self._stay, name="s2s crowd", daemon=True))
                self.members[-1].start()
        elif not on:
            self._end.set()
            for member in self.members:
                member.join()
            self.members.clear()

    def _stay(self) -> None:
        torch.zeros(1 << 18).add_(1.0)  # so many numbers are spread over all threads
        self._end.wait()


def other_programs() -> Iterator[float]:
    """Yield how many of this process's cores other programs kept busy, on average since the last value; first 0."""
    cores, ticks = {f"cpu{number}" for number in os.sched_getaffinity(0)}, os.sysconf("SC_CLK_TCK")
    then, before = -math.inf, 0.0
    while True:
        now, busy = time.monotonic(), -time.process_time()
        for line in Path("/proc/stat").read_text().splitlines():
            name, *spent = line.split()
            if name in cores:
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, spent[:8])
                busy += (user + nice + system + irq + softirq + steal) / ticks
        yield (busy - before) / (now - then) if now > then else 0.0
        then, before = now, busy
