"""Workers: threads that each compute on one core, on parts of the work that do not depend on each other.

PyTorch spreads every single operation over its threads, which wait for each other thousands of times in one training step.
Here each thread computes a whole part instead, and they wait for each other once, at the end. PyTorch releases Python's lock
inside its operations, so the threads run at the same time.

A part always runs on one thread, so its result does not depend on the number of workers or on what else the machine does.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from queue import SimpleQueue
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

    # Python may raise KeyboardInterrupt between any two of its own instructions, even after a lock was taken and before that was
    # noted. An operation of a deque or a SimpleQueue is a single instruction, so none is left half done.
    to_do = deque(enumerate(items))
    results: dict[int, Result] = {}
    errors: dict[int, BaseException] = {}
    ended: SimpleQueue[int] = SimpleQueue()

    def work_until_done() -> None:
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients):
            while to_do:
                try:
                    number, item = to_do.popleft()
                except IndexError:  # another worker took the last item
                    return
                try:
                    results[number] = work(item)
                except BaseException as error:  # raised again below, on the caller's thread
                    errors[number] = error
                ended.put(number)

    tasks, left_out = _pool(count), 0
    try:
        for _ in range(count):
            tasks.put(work_until_done)
        for _ in items:
            if ended.get() in errors:
                break
    finally:
        while to_do:
            with suppress(IndexError):
                to_do.pop()
                left_out += 1
        while len(results) + len(errors) + left_out < len(items):
            time.sleep(1e-3)
    for number in sorted(errors):
        raise errors[number]
    return [results[number] for number in range(len(items))]


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
