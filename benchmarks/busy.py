"""Training alone and beside programs that keep the cores busy: `python -m benchmarks.busy`.

Each round trains the same steps in float32 and in half precision, at two sizes, beside 0, 1 and 2 busy processes. The table
shows medians in target words per second, and the share of the speed alone. It takes a few minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.workers import keep_memory

STEPS = {"small": 344, "sample": 85}
PRECISIONS = ("fp32", "bf16")
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


def words_per_second(trainer: Trainer, steps: int) -> float:
    """Train some steps, and return the target words per second."""
    batches = list(islice(trainer._remaining_batches(), steps))
    trainer.train_step(batches[0])
    began = time.perf_counter()
    for batch in batches:
        trainer.train_step(batch)
    return sum(int(batch.tgt_lengths.sum()) for batch in batches) / (time.perf_counter() - began)


def main() -> None:
    """Measure and print the table."""
    keep_memory()
    load, threads = os.getloadavg()[0], torch.get_num_threads()
    print(f"{os.cpu_count()} cores, {threads} workers, load {load:.1f} before the start, torch {torch.__version__}")
    speeds = defaultdict(list)
    with TemporaryDirectory() as folder:
        trainers = {}
        for name in STEPS:
            corpus = prepare(PRESETS[name].data)
            for precision in PRECISIONS:
                settings = replace(PRESETS[name], training=replace(PRESETS[name].training, precision=precision))
                path = Path(folder) / f"{name}-{precision}"
                trainers[name, precision] = Trainer(corpus, settings, path, "cpu", watchers=[])
        for number in range(ROUNDS):
            for (name, precision), trainer in list(trainers.items())[:: -1 if number % 2 else 1]:
                for count in BUSY:
                    with busy(count):
                        speeds[name, precision, count].append(words_per_second(trainer, STEPS[name]))
    print(f"{'':<24}" + "".join(f"{f'{count} busy':>18}" for count in BUSY))
    for name, precision in trainers:
        medians = [median(speeds[name, precision, count]) for count in BUSY]
        row = "".join(f"{speed:>11,.0f} ({speed / medians[0]:.2f})" for speed in medians)
        print(f"{f'{name}, {precision}':<24}{row}")


if __name__ == "__main__":
    main()
