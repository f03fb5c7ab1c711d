"""Training on a GPU: `python -m benchmarks.gpu [--device cuda] [--json FILE]`.

It trains `standard` until the validation BLEU is 58, measures the speed of `large` with batches of 512 pairs, and stops a run on
one device to resume it on the other: from the GPU to the CPU, and back. With `--device cpu` the same runs on the processor.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from benchmarks.bench import Bench, first_epoch
from benchmarks.growth import peak_bytes
from benchmarks.measure import count_flops
from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.corpus import Corpus
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.weights import choose_device
from s2s_tutorial.settings import Settings
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import Session, Watcher
from s2s_tutorial.translation.evaluation import evaluate

TARGET_BLEU, SECONDS_TO_TARGET, LARGE_WORDS = 58.0, 20.0, 300_000  # the aims on one H100
BATCH_SIZE, STEPS = 512, 100  # of `large`
PRODUCT_SIZE = {"cuda": 8_192, "cpu": 1_024}  # of the product that shows the device's rate


class StopWhen(Watcher):
    """Asks a trainer to stop as soon as a condition holds.

    Args:
        condition: Called after every evaluation with the steps done and BLEU, and after every step with the steps and None.
    """

    def __init__(self, condition: Callable[[int, float | None], bool]) -> None:
        self.condition, self.trainer = condition, None

    def begin(self, session: Session) -> None:
        """See `Watcher`."""

    def step(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """See `Watcher`."""
        self._look(step, None)

    def evaluation(self, step: int, bleu: float, samples: list, translation: object) -> None:
        """See `Watcher`."""
        self._look(step, bleu)

    def _look(self, step: int, bleu: float | None) -> None:
        if self.condition(step, bleu):
            self.trainer.stop.asked = True


def trainer_that_stops(
    settings: Settings, corpus: Corpus, folder: Path, device: str, condition: Callable[[int, float | None], bool]
) -> Trainer:
    """Return a trainer that stops when a condition of the steps done and the last BLEU holds, see `StopWhen`."""
    watcher = StopWhen(condition)
    watcher.trainer = Trainer(corpus, settings, folder, device, watchers=[watcher])
    return watcher.trainer


@dataclass(frozen=True)
class TrainedTo:
    """A training to a score.

    Attributes:
        reached: Whether the validation BLEU reached the target.
        seconds: Training time, evaluations included.
        steps: Steps done.
        validation_bleu: Highest BLEU on the validation set.
        test_bleu: BLEU on the test set.
        words_per_second: Target words per second.
        peak_bytes: Highest memory: of the GPU, or of this process.
        share_of_rate: Floating-point operations of all products per second, over those of one large product.
        precision: Precision of the products.
    """

    reached: bool
    seconds: float
    steps: int
    validation_bleu: float
    test_bleu: float
    words_per_second: float
    peak_bytes: int
    share_of_rate: float
    precision: str


def train_to(target: float, settings: Settings, corpus: Corpus, folder: Path, device: str) -> TrainedTo:
    """Train until the validation BLEU reaches a target, or to the end of the settings.

    Args:
        target: BLEU, from 0 to 100.
        settings: Settings of the run.
        corpus: Their sentence pairs.
        folder: Folder for the run.
        device: Device to train on.
    """
    reset_peak(device)
    trainer = trainer_that_stops(settings, corpus, folder, device, lambda _, bleu: bleu is not None and bleu >= target)
    progress = trainer.fit(raise_on_stop=False)
    peak = peak_of(device)
    greedy = evaluate(trainer.translator, corpus.test)[0]
    words = int(trainer.tgt.lengths.sum()) * progress.step / trainer.steps_per_epoch
    batch = Batch.of(trainer.src, trainer.tgt, first_epoch(trainer)[0])
    flops = count_flops(lambda: trainer.train_step(batch)) / int(batch.tgt_lengths.sum()) * words
    precision = trainer.run.precision
    return TrainedTo(
        progress.best_bleu >= target, progress.seconds, progress.step, progress.best_bleu, greedy.bleu,
        words / progress.seconds, peak, flops / progress.seconds / product_rate(device, precision), precision,
    )  # fmt: skip


def resume_elsewhere(first: str, second: str, settings: Settings, corpus: Corpus, folder: Path) -> dict[str, object]:
    """Train half of a run on one device and the rest on another.

    Returns:
        The devices, the steps done on each, whether the run was finished, and its best validation BLEU.
    """
    trainer = trainer_that_stops(settings, corpus, folder, first, lambda step, _: step >= trainer.total_steps // 2)
    half = trainer.fit(raise_on_stop=False).step
    other = Trainer(corpus, settings, folder, second, watchers=[])
    progress = other.fit()
    return {
        "devices": [first, second],
        "steps": [half, progress.step - half],
        "finished": progress.finished,
        "validation_bleu": progress.best_bleu,
    }


def words_per_second(settings: Settings, corpus: Corpus, folder: Path, device: str, steps: int) -> float:
    """Measure target words per second in training, after ten steps."""
    trainer = Trainer(corpus, settings, folder, device, watchers=[])
    batches = [Batch.of(trainer.src, trainer.tgt, rows) for rows in first_epoch(trainer)[: steps + 10]]
    timed = batches[10:] or batches
    for batch in batches[:10]:
        trainer.train_step(batch)
    began = time.perf_counter()
    for batch in timed:
        trainer.train_step(batch)
    return sum(int(batch.tgt_lengths.sum()) for batch in timed) / (time.perf_counter() - began)


def product_rate(device: str, precision: str) -> float:
    """Measure the floating-point operations per second of one large product on a device."""
    size = PRODUCT_SIZE["cuda" if device.startswith("cuda") else "cpu"]
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        (a @ b)[0, 0].item()  # waits for the device
        seconds.append(time.perf_counter() - began)
    return 2 * size**3 / min(seconds)


def reset_peak(device: str) -> None:
    """Forget the highest memory of a GPU so far; that of a process cannot be reset."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)


def peak_of(device: str) -> int:
    """Return the highest memory of a GPU, or of this process, in bytes."""
    return torch.cuda.max_memory_allocated(device) if device.startswith("cuda") else peak_bytes()


def main() -> int:
    """Measure everything, print it, and write it into a file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description="Measure training on a GPU.")
    parser.add_argument("--device", default="auto", help="auto (a GPU if there is one), cuda, cpu")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures into this file")
    options = parser.parse_args()
    device = choose_device(options.device)
    with tempfile.TemporaryDirectory() as name:
        report = measure(Bench(Path(name)), device)
    print(json.dumps(report, indent=1, ensure_ascii=False))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def measure(bench: Bench, device: str) -> dict[str, object]:
    """Return all figures, with the names of the device and of the sentences."""
    standard, large = PRESETS["standard"], PRESETS["large"]
    large = replace(large, training=replace(large.training, batch_size=BATCH_SIZE))
    brief = replace(standard, training=replace(standard.training, epochs=4))
    corpus, folder = bench.corpus("standard"), bench.folder
    return {
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else device,
        "sentences": bench.describe("standard"),
        "aims_on_one_h100": {"seconds": SECONDS_TO_TARGET, "large_words_per_second": LARGE_WORDS},
        "standard": asdict(train_to(TARGET_BLEU, standard, corpus, folder / "standard", device)),
        "large_words_per_second": words_per_second(large, bench.corpus("large"), folder / "large", device, STEPS),
        "resumed": [
            resume_elsewhere(*pair, brief, corpus, folder / f"resumed-{number}")
            for number, pair in enumerate([(device, "cpu"), ("cpu", device)])
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
