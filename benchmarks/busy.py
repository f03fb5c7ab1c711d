"""Training alone and beside programs that keep the cores busy: `python -m benchmarks.busy`.

Each round trains the same steps with PyTorch's own number of threads and with `s2s_tutorial.training.cores` sharing them,
at two sizes, beside 0, 1 and 2 busy processes. The table shows medians in seconds. It takes a few minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.model.gru import keep_memory
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.training.cores import LOOK_SECONDS, shared_cores
from s2s_tutorial.training.trainer import Trainer

STEPS = {"small": 344, "sample": 85}
BUSY = (0, 1, 2)
ROUNDS = 3


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Run some processes that keep a core busy each."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        time.sleep(0.2)
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def seconds(trainer: Trainer, steps: int, shared: bool) -> float:
    """Train some steps, and return the time they take once the load was noticed."""
    with shared_cores(trainer.settings.model) if shared else nullcontext():
        batches = list(islice(trainer._remaining_batches(), steps))
        time.sleep(2 * LOOK_SECONDS)
        trainer.train_step(batches[0])
        began = time.perf_counter()
        for batch in batches:
            trainer.train_step(batch)
        return time.perf_counter() - began


def main() -> None:
    """Measure and print the table."""
    keep_memory()
    load, threads = os.getloadavg()[0], torch.get_num_threads()
    print(f"{os.cpu_count()} cores, {threads} threads, load {load:.1f} before the start, torch {torch.__version__}")
    times = defaultdict(list)
    with TemporaryDirectory() as folder:
        trainers = {}
        for name in STEPS:
            settings = PRESETS[name]
            corpus = prepare(settings.data)
            trainers[name] = Trainer(corpus, settings, Path(folder) / name, "cpu", watchers=[])
        for number in range(ROUNDS):
            for name, steps in STEPS.items():
                for count in BUSY:
                    with busy(count):
                        for shared in (False, True) if number % 2 else (True, False):
                            times[name, shared, count].append(seconds(trainers[name], steps, shared))
    print(f"{'':<24}" + "".join(f"{f'{count} busy':>10}" for count in BUSY))
    for name, steps in STEPS.items():
        for shared in (False, True):
            row = "".join(f"{median(times[name, shared, count]):>8.1f} s" for count in BUSY)
            print(f"{f'{name}, {steps} steps, ' + ('shared' if shared else 'plain'):<24}{row}")


if __name__ == "__main__":
    main()
