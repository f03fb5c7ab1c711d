"""Workers: threads that each compute on one core, on parts of the work that do not depend on each other.

PyTorch spreads every single operation over its threads, which wait for each other thousands of times in one training step.
Here each thread computes a whole part instead, and they wait for each other once, at the end. PyTorch releases Python's lock
inside its operations, so the threads run at the same time.

A part always runs on one thread, so its result does not depend on the number of workers or on what else the machine does.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from queue import SimpleQueue
from typing import Generic, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_workers(work: Callable[[Item], Result], items: Iterable[Item], count: int | None = None) -> list[Result]:
    """Call a function for every item, several at a time.

    A worker has the caller's gradient mode (`torch.no_grad`, `torch.inference_mode`). If a call raises an error, or Ctrl-C is
    pressed, the items that have not been begun are left out, and the error is raised after the running calls have ended.

    Args:
        work: Function of one item; two calls must not change the same object.
        items: Items, each of which takes a worker at least a few milliseconds.
        count: Number of workers; None for the number of threads that PyTorch uses (`torch.get_num_threads()`).

    Returns:
        The results, in the order of the items.
    """
    items = list(items)
    count = count or torch.get_num_threads()
    if min(count, len(items)) <= 1:
        with one_thread():
            return [work(item) for item in items]
    job, tasks = _Job(work, items), _pool(count)
    try:
        for _ in range(count):
            tasks.put(job.work_until_done)
        job.wait()
    finally:
        job.leave_the_rest_out()
    for number in sorted(job.errors):
        raise job.errors[number]
    return [job.results[number] for number in range(len(items))]


class _Job(Generic[Item, Result]):
    """A function and its items, on which several workers work.

    Python may raise KeyboardInterrupt between any two of its own instructions, even after a lock was taken and before that was
    noted. An operation of a deque, a dictionary or a SimpleQueue is a single instruction, so none is left half done.
    """

    def __init__(self, work: Callable[[Item], Result], items: list[Item]) -> None:
        self.work, self.count = work, len(items)
        self.to_do = deque(enumerate(items))
        self.results: dict[int, Result] = {}
        self.errors: dict[int, BaseException] = {}
        self._ended: SimpleQueue[int] = SimpleQueue()  # numbers of items
        self._inference, self._gradients = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def work_until_done(self) -> None:
        """Work on one item after the other, in a worker, until none is left."""
        with torch.inference_mode(self._inference), torch.set_grad_enabled(self._gradients):
            while self.to_do:
                try:
                    number, item = self.to_do.popleft()
                except IndexError:  # another worker took the last item
                    return
                try:
                    self.results[number] = self.work(item)
                except BaseException as error:  # raised again by `in_workers`, on the caller's thread
                    self.errors[number] = error
                self._ended.put(number)

    def wait(self) -> None:
        """Wait until every item is done, or one has raised an error."""
        for _ in range(self.count):
            if self._ended.get() in self.errors:
                break

    def leave_the_rest_out(self) -> None:
        """Take away the items that have not been begun, and wait for the calls that are running."""
        left_out = 0
        while self.to_do:
            with suppress(IndexError):
                self.to_do.pop()
                left_out += 1
        while len(self.results) + len(self.errors) + left_out < self.count:
            time.sleep(1e-3)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute PyTorch's operations on the calling thread alone inside a `with` block."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@cache
def _pool(count: int) -> SimpleQueue[Callable[[], None]]:
    """Start threads that compute on one core each, and return the queue of their tasks. They sleep while it is empty."""
    tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
    all_started = threading.Barrier(count + 1)

    def begin() -> None:
        # PyTorch keeps this number per thread. At a thread's first question it takes the last number that was set anywhere.
        torch.set_num_threads(1)
        torch.get_num_threads()
        all_started.wait()
        while True:
            tasks.get()()

    with one_thread():  # afterwards new threads of the caller get the caller's number again
        for number in range(count):
            threading.Thread(target=begin, name=f"s2s worker {number}", daemon=True).start()
        all_started.wait()
    return tasks


if hasattr(os, "register_at_fork"):  # a copy of this process has none of its threads, so it starts its own
    os.register_at_fork(after_in_child=_pool.cache_clear)


def keep_memory() -> None:
    """Ask the C library to keep freed memory for the next tensor of the same size, where it can (glibc).

    By default a large block is returned to the system when it is freed, and has to be mapped again page by page. At these
    sizes that takes longer than the arithmetic on the block.
    """
    import ctypes

    mmap_threshold, trim_threshold = -3, -1  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD of malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(mmap_threshold, 1 << 30)
    mallopt(trim_threshold, (1 << 31) - 1)
