"""Workers: threads that each compute on one core, on parts of the work that do not depend on each other.

PyTorch spreads every single operation over its threads, which wait for each other thousands of times in one training step.
Here each thread computes a whole part instead, and they wait for each other once, at the end. PyTorch releases Python's lock
inside its operations, so the threads run at the same time.

A part always runs on one thread, so its result does not depend on the number of workers or on what else the machine does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

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
    inference, gradients = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def work_in_mode(item: Item) -> Result:
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients):
            return work(item)

    futures: list[Future[Result]] = []
    try:
        futures.extend(_pool(count).submit(work_in_mode, item) for item in items)
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()
        wait(futures)


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
def _pool(count: int) -> ThreadPoolExecutor:
    """Start threads that compute on one core each. They are kept, and sleep while there is nothing to do."""
    all_started = threading.Barrier(count + 1)

    def begin() -> None:
        # PyTorch keeps this number per thread. At a thread's first question it takes the last number that was set anywhere.
        torch.set_num_threads(1)
        torch.get_num_threads()
        all_started.wait()

    pool = ThreadPoolExecutor(count, "s2s worker", initializer=begin)
    with one_thread():  # afterwards new threads of the caller get the caller's number again
        for _ in range(count):
            pool.submit(int)
        all_started.wait()
    return pool
