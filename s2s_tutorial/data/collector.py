"""Pause Python's garbage collector while many objects are made that stay in memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pause the collector inside a `with` statement, or in each call of a function that is decorated with this.

    The collector searches for objects that only refer to each other, after every few hundred new objects. While a corpus is
    read, there are hundreds of thousands of new objects and nothing to find: the search takes a third of the time. Memory that
    is not used any more is still freed, because Python counts references. If the collector was off before, it stays off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
