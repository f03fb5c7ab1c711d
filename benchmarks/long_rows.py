"""The rows of `make bench-long`: training to a score, growth with the data, and a corpus larger than memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from benchmarks.bench import Bench, one
from benchmarks.growth import growth
from benchmarks.measure import Row
from benchmarks.streaming import streaming
from s2s_tutorial.data.batches import Batch, epoch_order
from s2s_tutorial.data.corpus import HeldOut
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.translation.evaluation import bleu_score, comparable_text
from s2s_tutorial.translation.translator import Translator

TARGET_BLEU = 45.0
TURN_SECONDS = 10.0  # of training, between two evaluations


def bleu_45(bench: Bench) -> list[Row]:
    """Measure the time to a held-out BLEU with the settings of `standard` and of `original`, both in this package's code."""
    names = ("standard", "original")
    corpus = bench.corpus("standard")
    trainers = {name: bench.trainer(PRESETS[name], corpus) for name in names}
    batches = {name: _batches(trainer) for name, trainer in trainers.items()}
    target, limit_seconds = (1e-9, 2.0) if bench.quick else (TARGET_BLEU, 60.0 * bench.max_minutes)
    held_out = corpus.test.head(16) if bench.quick else corpus.test
    curves: dict[str, list[tuple[float, int, float]]] = {name: [] for name in names}
    reached: dict[str, float | None] = dict.fromkeys(names)
    spent = dict.fromkeys(names, 0.0)
    going = list(names)
    while going:
        for name in list(going):
            trainer, start, more = trainers[name], time.perf_counter(), True
            while more and time.perf_counter() - start < (0.2 if bench.quick else TURN_SECONDS):
                batch = next(batches[name], None)
                if more := batch is not None:
                    trainer.train_step(batch)
                    trainer.progress.step += 1
            spent[name] += time.perf_counter() - start  # the evaluation is not counted
            bleu = _bleu(trainer, held_out)
            curves[name].append((spent[name], trainer.progress.step, bleu))
            if bleu >= target:
                reached[name] = _crossing(curves[name], target)
            if reached[name] is not None or not more or spent[name] >= limit_seconds:
                going.remove(name)
    return [_bleu_row(bench, reached, spent, curves)]


def _bleu_row(
    bench: Bench,
    reached: dict[str, float | None],
    spent: dict[str, float],
    curves: dict[str, list[tuple[float, int, float]]],
) -> Row:
    seconds = {name: spent[name] if at is None else at for name, at in reached.items()}
    ratio = seconds["original"] / seconds["standard"] if reached["standard"] is not None else 0.0
    sentence = "Only training is counted, alternately for both, with linear interpolation between evaluations on the test set. "
    for name, at in reached.items():
        best = max(bleu for _, _, bleu in curves[name])
        said = f"it was reached after {at:,.0f} s" if at is not None else f"not reached in {spent[name]:,.0f} s"
        sentence += f"`{name}`: {said}, best BLEU {best:.1f}. "
    if reached["original"] is None:
        sentence += "So the ratio is a lower bound. "
    return Row(
        "bleu-45",
        f"training to held-out BLEU {TARGET_BLEU:.0f}: settings of original / standard",
        "How much sooner the settings of this book reach a score than those of 2017, both in this package's code.",
        one(ratio),
        "×",
        4.0,
        True,
        "arithmetic",
        sentence + "Fewer products per step, and a learning rate that rises and falls.",
        bench.describe("standard"),
        {name: one(value) for name, value in seconds.items()},
        {"reached": reached, "curves": curves},
    )


def _batches(trainer: Trainer) -> Iterator[Batch]:
    training = trainer.settings.training
    for epoch in range(training.epochs):
        for rows in epoch_order(trainer.src.lengths, trainer.tgt.lengths, training.batch_size, training.seed, epoch):
            yield Batch.of(trainer.src, trainer.tgt, rows)


def _bleu(trainer: Trainer, held_out: HeldOut) -> float:
    translator = Translator(trainer.model, trainer.run.src_vocabulary, trainer.run.tgt_vocabulary)
    found = translator.translate_words(held_out.sources)
    return bleu_score([comparable_text(t) for t in found], held_out.references)


def _crossing(curve: list[tuple[float, int, float]], target: float) -> float:
    """Return when a curve of (seconds, step, BLEU) crossed the target, interpolated between its last two points."""
    (before, _, low), (after, _, high) = [(0.0, 0, 0.0), *curve][-2:]
    return before + (after - before) * (target - low) / (high - low)


ROWS: dict[str, Callable[[Bench], list[Row]]] = {"bleu-45": bleu_45, "growth": growth, "streaming": streaming}
