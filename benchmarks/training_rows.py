"""The rows of `make bench` about training, each a function from a `Bench` to one or more `Row`s."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from benchmarks.agreement import expect_equal, expect_equal_loss
from benchmarks.bench import Bench, first_epoch, one
from benchmarks.floor import Floor, adam_pass
from benchmarks.measure import (
    Row,
    Spread,
    count_calls,
    count_flops,
    limit_of,
    ratios,
    shares,
    spreads,
    take_turns,
)
from benchmarks.old_way import OldTrainer, plain_bahdanau_loss
from s2s_tutorial.data.batches import Batch
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.translation.evaluation import evaluate
from s2s_tutorial.workers import one_thread

# Dtype of the floor's products: its name, the ending of the row's name, and the ratio to reach.
FLOORS = {torch.float32: ("float32", "", 1.0), torch.bfloat16: ("bfloat16", "-bf16", 1.5)}


def step_original(bench: Bench) -> list[Row]:
    """Compare a step with the 2017 way, at the sizes of `original`: hidden 500, 2 layers, batch 50."""
    settings, rounds = PRESETS["original"], 12
    trainer = bench.trainer(settings, bench.corpus("original"))
    old = OldTrainer(trainer.model, settings)
    batches = bench.batches(trainer, bench.rounds(rounds), bucketed=False)  # as they were drawn in 2017
    in_buckets = bench.batches(trainer, bench.rounds(max(rounds // 3, 5)))
    old.encoder.eval()
    old.decoder.eval()
    parts = [old.encoder, old.decoder]
    expect_equal_loss("2017 way", trainer.model, batches[0], lambda: old.loss(batches[0]), parts)
    old.encoder.train()
    old.decoder.train()
    adam = adam_pass(trainer.model)
    floors = [Floor(trainer.model, batch, adam) for batch in batches]
    forms = {
        "package": lambda n: trainer.train_step(batches[n]),
        "2017 way": lambda n: old.train_step(batches[n]),
        "floor": lambda n: floors[n].run(),
    }
    times = take_turns(forms, len(batches))
    forms = {"package": trainer.train_step, "2017 way": old.train_step}
    of_buckets = ratios(take_turns(forms, in_buckets, warm_up=0), "2017 way", "package").median
    batch, medians = batches[0], {name: Spread.of(seconds).median for name, seconds in times.items()}
    parts = shares(lambda: trainer.train_step(batch), medians["package"], medians["floor"])
    limit, words = limit_of(parts)
    bound = ratios(times, "2017 way", "floor").median
    calls = [count_calls(lambda step=step: step(batch)) for step in (trainer.train_step, old.train_step)]
    row = Row(
        "step-original",
        "training step at the sizes of 2017: the 2017 way / the package",
        "How many times as fast as the 2017 notebook's own loops a step is, at its sizes, on the same batches.",
        ratios(times, "2017 way", "package"),
        "×",
        6.0,
        True,
        limit,
        f"The 2017 way is limited by Python: {calls[1]:,} operator calls per step, {calls[0]:,} here. Random batches, as "
        f"it drew them; on bucketed ones the ratio is {of_buckets:.1f}. If a step took only its floor (products and Adam, "
        f"see floor.py), the ratio would be {bound:.1f}. Of the package's step: {words}.",
        bench.describe("original"),
        spreads(times),
        {
            "shares": parts,
            "calls": {"package": calls[0], "2017 way": calls[1]},
            "ratio_on_buckets": of_buckets,
            "of_the_floor": bound,
        },
    )
    return [row]


def floors(bench: Bench) -> list[Row]:
    """Compare a step of `original` and of `standard` with its own products and one pass of Adam, in both precisions."""
    return _floor_rows(bench, "original", 20) + _floor_rows(bench, "standard", 60)


def _floor_rows(bench: Bench, preset: str, rounds: int) -> list[Row]:
    trainer = bench.trainer(PRESETS[preset], bench.corpus(preset))
    batches = bench.batches(trainer, bench.rounds(rounds))
    adam = adam_pass(trainer.model)  # one for all rounds, because its memory would be new in every round otherwise
    lower = {dtype: [Floor(trainer.model, batch, adam, dtype) for batch in batches] for dtype in FLOORS}
    flops = [floor.flops for floor in lower[torch.float32]]
    ours = sum(count_flops(lambda batch=batch: trainer.train_step(batch)) for batch in batches)
    expect_equal("products of matrices, in floating-point operations", ours, sum(flops), 0.05)
    forms = {name: lambda n, dtype=dtype: lower[dtype][n].run() for dtype, (name, _, _) in FLOORS.items()}
    times = take_turns({"step": lambda n: trainer.train_step(batches[n])} | forms, len(batches))
    seconds = spreads(times)
    rows = []
    for name, ending, target in FLOORS.values():
        parts = shares(lambda: trainer.train_step(batches[0]), seconds["step"].median, seconds[name].median)
        limit, words = limit_of(parts)
        rate = sum(flops) / sum(times[name]) / 1e9
        rows.append(
            Row(
                f"floor-{preset}{ending}",
                f"training step of `{preset}`: the package / its products in {name} and Adam alone",
                f"How far a step is from what this machine could do if there were nothing but products in {name}.",
                ratios(times, "step", name),
                "×",
                target,
                False,
                limit,
                f"The step computes its products in {trainer.run.precision}. Of the step: {words}. The products alone run at "
                f"{rate:.0f} GFLOP/s.",
                bench.describe(preset),
                seconds,
                {"shares": parts, "flops_a_step": sum(flops) / len(flops)},
            )
        )
    return rows


def bahdanau(bench: Bench) -> list[Row]:
    """Compare a Bahdanau decoder with its usual form."""
    settings = PRESETS["standard"]
    settings = replace(settings, model=replace(settings.model, decoder="bahdanau", attention="additive"))
    trainer = bench.trainer(settings, bench.corpus("standard"))
    batches = bench.batches(trainer, bench.rounds(30))
    plain = bench.trainer(settings, bench.corpus("standard"))
    plain.model.loss = lambda batch, smoothing=0.0, prev_ids=None: plain_bahdanau_loss(plain.model, batch, smoothing)
    parts = [plain.model.encoder, plain.model.decoder]
    plain.model.eval()
    expect_equal_loss("Bahdanau", trainer.model, batches[0], lambda: plain.model.loss(batches[0]), parts)
    forms = {"package": lambda n: trainer.train_step(batches[n]), "plain": lambda n: plain.train_step(batches[n])}
    times = take_turns(forms, len(batches))
    shares_of_step = shares(lambda: trainer.train_step(batches[0]), Spread.of(times["package"]).median)
    limit, words = limit_of(shares_of_step)
    return [
        Row(
            "bahdanau",
            "training step with a Bahdanau decoder: the usual form / the package",
            "Whether `additive_loop`, which computes the gradients of a whole sequence at once, is worth its lines.",
            ratios(times, "plain", "package"),
            "×",
            1.5,
            True,
            limit,
            f"Word t waits for the context of word t, so the decoder is a loop. Of the package's step: {words}.",
            bench.describe("standard"),
            spreads(times),
            {"shares": shares_of_step},
        )
    ]


def words_a_second(bench: Bench) -> list[Row]:
    """Measure target words per second in training, `standard`, alone and beside programs that keep a core busy each."""
    trainer = bench.trainer(PRESETS["standard"], bench.corpus("standard"))
    order = first_epoch(trainer)
    parts = [order[:2]] * 2 if bench.quick else [order[start : start + 30] for start in range(0, 210, 30)]

    def train(part: int) -> None:
        for rows in parts[part]:
            trainer.train_step(Batch.of(trainer.src, trainer.tgt, rows))

    def train_beside(others: int) -> Callable[[int], float]:
        def timed(part: int) -> float:
            with busy(others):
                start = time.perf_counter()
                train(part)
                return time.perf_counter() - start

        return timed

    train(0)
    beside = {number: train_beside(number) for number in (0, 1, 2)}
    seconds: dict[int, list[float]] = {number: [] for number in beside}
    for part in range(len(parts)):
        for number in list(beside) if part % 2 else reversed(beside):
            seconds[number].append(beside[number](part))
    counts = [sum(int(trainer.tgt.lengths[rows].sum()) for rows in part) for part in parts]
    batch = Batch.of(trainer.src, trainer.tgt, order[0])
    limit, words = limit_of(shares(lambda: trainer.train_step(batch), sum(seconds[0]) / sum(map(len, parts))))
    where = bench.describe("standard")
    rows = [
        Row(
            "words",
            "target words per second in training, `standard`",
            "How fast the preset for real pairs trains on a quiet machine: hidden 256, batches of 64 pairs.",
            Spread.of([count / second for count, second in zip(counts, seconds[0], strict=True)]),
            "words/s",
            13_000.0,
            True,
            limit,
            f"End-of-sentence words count, batches are made inside the clock. Of the step: {words}.",
            where,
            {"train": Spread.of(seconds[0])},
        )
    ]
    for number, name, target in ((1, "one", 0.6), (2, "two", 0.45)):
        speed = [alone / shared for alone, shared in zip(seconds[0], seconds[number], strict=True)]
        rows.append(
            Row(
                f"beside-{name}",
                f"speed of training `standard` beside {name} busy program{'s' * (number > 1)} / alone",
                f"How much of the speed is left when {name} other program{'s' * (number > 1)} keep{'s' * (number == 1)} a core "
                f"busy{' each' * (number > 1)}.",
                Spread.of(speed),
                "×",
                target,
                True,
                "the other programs",
                f"With {bench.cores} cores and {number + 1} programs that take all they get.",
                where,
                {"alone": Spread.of(seconds[0]), "beside": Spread.of(seconds[number])},
            )
        )
    return rows


def cores(bench: Bench) -> list[Row]:
    """Compare a training step on one core with the same step on all cores."""
    trainer = bench.trainer(PRESETS["standard"], bench.corpus("standard"))
    batches = bench.batches(trainer, bench.rounds(60))

    def on_one_core(number: int) -> None:
        with one_thread():
            trainer.train_step(batches[number])

    times = take_turns({"one core": on_one_core, "all": lambda n: trainer.train_step(batches[n])}, len(batches))
    return [
        Row(
            "cores",
            f"training step of `standard`: on one core / on all {bench.cores}",
            "Whether a machine with more cores is worth having: each core computes a part of every batch.",
            ratios(times, "one core", "all"),
            "×",
            1.5,
            True,
            "the parts of a batch",
            "A batch of 64 pairs has two parts, so more than two cores would save no more; larger batches have more parts.",
            bench.describe("standard"),
            spreads(times),
        )
    ]


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


def bleu(bench: Bench) -> list[Row]:
    """Train `standard` to its end and measure it on the held-out test set."""
    trainer = bench.trainer(PRESETS["standard"], bench.corpus("standard"))
    progress = trainer.fit(max_minutes=0.02 if bench.quick else bench.max_minutes)
    held_out = trainer.corpus.test.head(16) if bench.quick else trainer.corpus.test
    greedy, beam = (evaluate(trainer.translator, held_out, beam_size=size)[0] for size in (1, 5))
    return [
        Row(
            "bleu",
            "held-out BLEU of `standard`, greedy",
            "How good the preset for real pairs is after its whole training; the seconds tell how long that took.",
            one(greedy.bleu),
            "BLEU",
            62.0 if bench.real_pairs else None,  # other sentences have other scores
            True,
            "the pairs",
            f"{progress.step:,} steps in {progress.seconds:.0f} s, evaluations included, seed {bench.seed}; 95% interval "
            f"{greedy.bleu_low:.1f} to {greedy.bleu_high:.1f}; with a beam of 5 {beam.bleu:.1f}.",
            bench.describe("standard"),
            {"training": one(progress.seconds)},
            {"validation_bleu": progress.best_bleu, "beam_5": beam.bleu},
        )
    ]
