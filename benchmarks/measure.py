"""Fair timing: compared forms take turns in one process, and every round gives its own ratio."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.benchmark import Timer
from torch.utils.flop_counter import FlopCounterMode

from s2s_tutorial.workers import one_thread

Times = dict[str, list[float]]


@dataclass(frozen=True)
class Spread:
    """The median and the lower and upper quartile of some numbers."""

    median: float
    low: float
    high: float
    repeats: int

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread:
        """Summarise numbers."""
        low, median, high = (float(np.quantile(numbers, share)) for share in (0.25, 0.5, 0.75))
        return cls(median, low, high, len(numbers))


@dataclass
class Row:
    """One line of the table.

    Attributes:
        name: Name of the row for `--rows`.
        title: Description of the comparison.
        tells: Sentence that tells what the figure means for a reader.
        value: Median of the rounds with quartiles: a ratio, or a quantity in `unit`.
        unit: Unit of the value; "×" for a ratio.
        target: Value to reach; None if there is no target.
        at_least: Whether the target is a lower bound.
        limit: Reason why the package is not faster, such as arithmetic, memory traffic or Python.
        sentence: The limit in words, with the distance of the code from it.
        data: Description of the sentences.
        seconds: Seconds of each form.
        details: Further figures.
    """

    name: str
    title: str
    tells: str
    value: Spread
    unit: str
    target: float | None
    at_least: bool
    limit: str
    sentence: str
    data: str
    seconds: dict[str, Spread] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the target; None without a target."""
        if self.target is None:
            return None
        return self.value.median >= self.target if self.at_least else self.value.median <= self.target


def take_turns(forms: dict[str, Callable[[Any], Any]], rounds: int | Sequence[Any], warm_up: int = 1) -> Times:
    """Time forms A B, B A, A B … ; every round gives both the same input.

    Args:
        forms: Functions to time, by name.
        rounds: Input of each round; or the number of rounds, whose inputs are then 0, 1, 2 ...
        warm_up: Number of untimed rounds before, on the first input.

    Returns:
        Seconds of every round, by name.
    """
    times: Times = {name: [] for name in forms}
    items = range(rounds) if isinstance(rounds, int) else rounds
    for number in range(-warm_up, len(items)):
        for name in list(forms) if number % 2 else reversed(forms):
            time.sleep(0.01)  # PyTorch's threads occupy their cores for a few milliseconds after an operation
            start = time.perf_counter()
            forms[name](items[max(number, 0)])
            seconds = time.perf_counter() - start
            if number >= 0:
                times[name].append(seconds)
    return times


def ratios(times: Times, over: str, under: str) -> Spread:
    """Return the seconds of one form divided by those of another, round by round."""
    return Spread.of([a / b for a, b in zip(times[over], times[under], strict=True)])


def spreads(times: Times) -> dict[str, Spread]:
    """Summarise every form's seconds."""
    return {name: Spread.of(seconds) for name, seconds in times.items()}


# The limit of a form, estimated from two counts and two measured speeds of this machine


class _CallCounter(TorchDispatchMode):
    """A counter of calls of PyTorch's operators, including those of the backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **(kwargs or {}))


def count_calls(form: Callable[[], Any]) -> int:
    """Count the operators that a form calls."""
    with one_thread(), _CallCounter() as counter:  # without other threads, whose calls are not counted
        form()
    return counter.calls


def count_flops(form: Callable[[], Any]) -> int:
    """Count the floating-point operations in a form's matrix products."""
    with one_thread(), FlopCounterMode(display=False) as counter:
        form()
    return counter.get_total_flops()


@cache
def call_seconds() -> float:
    """Measure the seconds of one operator on a single value, including its share of autograd's bookkeeping."""
    x = torch.ones(1, requires_grad=True)

    def chain() -> None:
        y = x
        for _ in range(100):
            y = y * x
        y.backward()

    return Timer("chain()", globals={"chain": chain}, num_threads=torch.get_num_threads()).blocked_autorange(
        min_run_time=0.2
    ).median / count_calls(chain)


@cache
def flops_per_second() -> float:
    """Measure the speed of one large matrix product."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    timer = Timer("a @ b", globals={"a": a, "b": b}, num_threads=torch.get_num_threads())
    return 2 * 1024**3 / timer.blocked_autorange(min_run_time=0.5).median


def shares(form: Callable[[], Any], seconds: float, floor_seconds: float | None = None) -> dict[str, float]:
    """Estimate where a form's time goes.

    Arithmetic is its matrix products, at the speed of a large one or as `floor_seconds` measured them. Python is its
    number of operator calls times the seconds of a call on a single value. Memory traffic is the rest: reading and
    writing tensors element by element, and small products that wait for their operands.

    Args:
        form: Function whose operations are counted.
        seconds: Time that it takes.
        floor_seconds: Time of its products, if that was measured.
    """
    arithmetic = count_flops(form) / flops_per_second() if floor_seconds is None else floor_seconds
    python = min(count_calls(form) * call_seconds(), seconds)
    arithmetic = min(arithmetic, seconds)
    rest = max(seconds - arithmetic - python, 0.0)
    return {"arithmetic": arithmetic / seconds, "memory traffic": rest / seconds, "Python": python / seconds}


def limit_of(parts: dict[str, float]) -> tuple[str, str]:
    """Return the name of the largest share, and all shares in words."""
    name = max(parts, key=lambda part: parts[part])
    return name, ", ".join(f"{part} {share:.0%}" for part, share in parts.items())


def machine(seed: int) -> dict[str, Any]:
    """Return everything that a figure depends on besides the code."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "numpy", "s2s_tutorial")},
        "seed": seed,
        "gigaflops_of_a_large_product": round(flops_per_second() / 1e9, 1),
        "microseconds_an_operator_call": round(call_seconds() * 1e6, 2),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
