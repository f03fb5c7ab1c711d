"""The rows of `make bench`, each a function from a `Bench` to one or more `Row`s.

Every function first checks that the forms it compares give the same numbers, then lets them take turns.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.bench import Bench, first_epoch
from benchmarks.floor import Floor, adam_pass
from benchmarks.measure import (
    Row,
    Spread,
    count_calls,
    count_flops,
    flops_per_second,
    limit_of,
    ratios,
    shares,
    spreads,
    take_turns,
)
from benchmarks.old_way import OldTrainer, mix_stepwise, normalise_one, plain_bahdanau_loss, prepare_one_by_one
from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.corpus import drop_rare, keep_lengths
from s2s_tutorial.data.readers import read_file
from s2s_tutorial.data.text import normalise_all
from s2s_tutorial.data.vocabulary import SOS, Vocabulary
from s2s_tutorial.model.loss import masked_cross_entropy, output_cross_entropy
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import PRETRAINED, Settings
from s2s_tutorial.training.scheduled_sampling import mix_in_parallel
from s2s_tutorial.translation.evaluation import bleu_score, normalised_words
from s2s_tutorial.translation.search import beam_search, greedy_search
from s2s_tutorial.workers import one_thread


def expect_equal(what: str, a: float, b: float, tolerance: float = 1e-4) -> None:
    """Raise an error if two values that should be equal are not.

    Raises:
        AssertionError: The values differ; the message has both.
    """
    if not math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance):
        raise AssertionError(f"{what}: {a} and {b} differ, so timing them would mean nothing")


def expect_equal_loss(what: str, model: Seq2Seq, batch: Batch, other: Callable[[], torch.Tensor], others: list) -> None:
    """Check that a loss and the norms of its gradients equal those of `model`.

    Args:
        what: Name of the comparison, for the message.
        model: Model of the package.
        batch: Batch to compute the losses of, without dropout.
        other: Function that returns the other form's loss.
        others: Encoder and decoder of the other form.
    """
    ours = model.eval().loss(batch)
    ours.backward()
    theirs = other()
    norms = [_norm(model.encoder), _norm(model.decoder)]
    model.zero_grad()
    theirs.backward()
    expect_equal(f"{what}, loss", ours.item(), theirs.item())
    for norm, part in zip(norms, others, strict=True):
        expect_equal(f"{what}, gradient norm", norm, _norm(part), 1e-3)
        part.zero_grad()


def _norm(part: torch.nn.Module) -> float:
    grads = [weight.grad for weight in part.parameters() if weight.grad is not None]
    return float(torch.nn.utils.get_total_norm(grads))


# Training steps


def step_original(bench: Bench) -> list[Row]:
    """Compare a step with the 2017 way, at the sizes of `original`."""
    return [_step_row(bench, "step-original", "step at hidden 500, 2 layers, batch 50", PRESETS["original"], 4.5, 12)]


def step_256(bench: Bench) -> list[Row]:
    """Compare a step with the 2017 way, with half the width and one layer."""
    settings = PRESETS["original"]
    settings = replace(
        settings,
        model=replace(settings.model, embedding_size=256, hidden_size=256, num_layers=1),
        training=replace(settings.training, batch_size=64),
    )
    return [_step_row(bench, "step-256", "step at hidden 256, 1 layer, batch 64", settings, 12.0, 20)]


def _step_row(bench: Bench, name: str, title: str, settings: Settings, target: float, rounds: int) -> Row:
    trainer = bench.trainer(settings, bench.corpus("original"))
    old = OldTrainer(trainer.model, settings)
    batches = bench.batches(trainer, bench.rounds(rounds), bucketed=False)  # as they were drawn in 2017
    in_buckets = bench.batches(trainer, bench.rounds(max(rounds // 3, 5)))
    old.encoder.eval()
    old.decoder.eval()
    parts = [old.encoder, old.decoder]
    expect_equal_loss(title, trainer.model, batches[0], lambda: old.loss(batches[0]), parts)
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
    return Row(
        name,
        f"{title}: the 2017 way / the package",
        ratios(times, "2017 way", "package"),
        "×",
        target,
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


def floor_original(bench: Bench) -> list[Row]:
    """Compare our step with its matrix products, at the sizes of `original`."""
    return [_floor_row(bench, "original", 1.8, 20)]


def floor_standard(bench: Bench) -> list[Row]:
    """Compare our step with its matrix products, at the sizes of `standard`."""
    return [_floor_row(bench, "standard", 2.2, 60)]


def _floor_row(bench: Bench, preset: str, target: float, rounds: int) -> Row:
    trainer = bench.trainer(PRESETS[preset], bench.corpus(preset))
    batches = bench.batches(trainer, bench.rounds(rounds))
    adam = adam_pass(trainer.model)  # one for all rounds, because its memory would be new in every round otherwise
    floors = [Floor(trainer.model, batch, adam) for batch in batches]
    ours = sum(count_flops(lambda batch=batch: trainer.train_step(batch)) for batch in batches)
    expect_equal("products of matrices, in floating-point operations", ours, sum(f.flops for f in floors), 0.02)
    forms = {"step": lambda n: trainer.train_step(batches[n]), "floor": lambda n: floors[n].run()}
    times = take_turns(forms, len(batches))
    seconds = spreads(times)
    parts = shares(lambda: trainer.train_step(batches[0]), seconds["step"].median, seconds["floor"].median)
    limit, words = limit_of(parts)
    rate = sum(floor.flops for floor in floors) / sum(times["floor"]) / 1e9
    return Row(
        f"floor-{preset}",
        f"step of {preset}: the package / its own products and Adam alone",
        ratios(times, "step", "floor"),
        "×",
        target,
        False,
        limit,
        f"Of the step: {words}. The floor itself runs at {rate:.0f} GFLOP/s.",
        bench.describe(preset),
        seconds,
        {"shares": parts, "flops_a_step": sum(floor.flops for floor in floors) / len(floors)},
    )


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
            "Bahdanau step: keys at every step, logits by assignment / the package",
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


def sampling(bench: Bench) -> list[Row]:
    """Compare whole training steps with scheduled sampling in two parallel passes and word by word."""
    preset = PRESETS["standard"]
    training = replace(preset.training, sampling="constant", sampling_end=0.5)
    names, settings = ("parallel", "stepwise"), replace(preset, training=training)
    trainers = {name: bench.trainer(settings, bench.corpus("standard")) for name in names}
    trainers["stepwise"].mix_words = mix_stepwise
    trainer, truth = trainers["parallel"], bench.trainer(preset, bench.corpus("standard"))
    batches = bench.batches(trainer, bench.rounds(30))
    rng = torch.Generator().manual_seed(bench.seed)
    with torch.no_grad():
        encoded = [trainer.model.encode(batch.src_ids, batch.src_mask) for batch in batches]
    fed = [mix(trainer.model, batches[0], 1.0, rng, *encoded[0]) for mix in (mix_in_parallel, mix_stepwise)]
    expect_equal("words fed at ratio 1", float((fed[0] != fed[1]).sum()), 0.0)
    forms = {name: lambda n, trainer=trainer: trainer.train_step(batches[n]) for name, trainer in trainers.items()}
    mixes = {
        "parallel, mixing alone": lambda n: mix_in_parallel(trainer.model, batches[n], 0.5, rng, *encoded[n]),
        "stepwise, mixing alone": lambda n: mix_stepwise(trainer.model, batches[n], 0.5, rng, *encoded[n]),
        "stepwise, one pass with gradients": lambda n: _stepwise_gradients(trainer, batches[n]),
    }
    forms["no sampling"] = lambda n: truth.train_step(batches[n])
    times = take_turns(forms | mixes, len(batches))
    step = shares(lambda: trainer.train_step(batches[0]), Spread.of(times["parallel"]).median)
    step_limit, step_words = limit_of(step)
    mix = shares(lambda: mixes["parallel, mixing alone"](0), Spread.of(times["parallel, mixing alone"]).median)
    mix_limit, mix_words = limit_of(mix)
    own = ratios(times, "stepwise", "parallel").median
    bound = ratios(times, "stepwise, one pass with gradients", "no sampling").median
    where, seconds = bench.describe("standard"), spreads(times)
    return [
        Row(
            "sampling",
            "scheduled sampling step: word by word with gradients (Bengio et al. 2015) / two parallel passes",
            ratios(times, "stepwise, one pass with gradients", "parallel"),
            "×",
            2.0,
            True,
            step_limit,
            f"Both read the source once. Two passes of the decoder are more products of matrices than one; if the first took no "
            f"time, the ratio would be {bound:.2f}. Against a stepwise form that mixes words first, "
            f"{own:.2f} ×. Of the parallel step: {step_words}.",
            where,
            {name: spread for name, spread in seconds.items() if "mixing" not in name},
            {"shares": step, "against_own_stepwise_form": own, "were_mixing_free": bound},
        ),
        Row(
            "sampling-words",
            "choosing the words to feed, without the step after it: stepwise / parallel",
            ratios(times, "stepwise, mixing alone", "parallel, mixing alone"),
            "×",
            2.0,
            True,
            mix_limit,
            f"The only part in which the two forms differ. Of the parallel one: {mix_words}.",
            where,
            {name: spread for name, spread in seconds.items() if "mixing" in name},
            {"shares": mix},
        ),
    ]


def _stepwise_gradients(trainer, batch: Batch) -> float:
    """Take a training step that feeds words back while it builds the graph, as the paper describes it."""
    model, rng, training = trainer.model, trainer.rng, trainer.settings.training
    model.train()
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    words, all_logits = torch.full_like(batch.tgt_ids[:, 0], SOS), []
    for place in range(batch.tgt_ids.shape[1]):
        logits, state, _ = model.decoder.step(words, memory, state)
        all_logits.append(logits)
        coins = torch.rand(words.shape, generator=rng) < 0.5
        words = torch.where(coins, batch.tgt_ids[:, place], logits.detach().argmax(dim=-1))
    loss = masked_cross_entropy(torch.stack(all_logits, dim=1), batch.tgt_ids, batch.tgt_mask, training.label_smoothing)
    trainer.optimiser.zero_grad()
    loss.backward()
    for part in (model.encoder, model.decoder):
        torch.nn.utils.clip_grad_norm_(part.parameters(), training.clip_norm, foreach=True)
    trainer.optimiser.step()
    return loss.item()


def buckets_standard(bench: Bench) -> list[Row]:
    """Compare length buckets with random batches, over a whole epoch in parts."""
    return [_bucket_row(bench, "standard", 1.2, parts=8, batches=10**9)]


def buckets_large(bench: Bench) -> list[Row]:
    """Compare them for longer sentences, over some of an epoch's batches."""
    return [_bucket_row(bench, "large", 1.6, parts=5, batches=80)]


def _bucket_row(bench: Bench, preset: str, target: float, parts: int, batches: int) -> Row:
    trainer = bench.trainer(PRESETS[preset], bench.corpus(preset))
    order = first_epoch(trainer)
    used = order[: 4 if bench.quick else batches]
    groups = [used[n :: bench.rounds(parts)] for n in range(bench.rounds(parts))]
    rng = np.random.default_rng(bench.seed)
    mixed = [np.array_split(rng.permutation(np.concatenate(group)), len(group)) for group in groups]

    def train(rows_of_batches: list[np.ndarray]) -> None:
        for rows in rows_of_batches:
            trainer.train_step(Batch.of(trainer.src, trainer.tgt, rows))

    train([groups[0][0], mixed[0][0]])
    forms = {"buckets": lambda n: train(groups[n]), "random": lambda n: train(mixed[n])}
    times = take_turns(forms, len(groups), warm_up=0)
    counted = {
        name: np.sum([_words_and_cells(trainer, rows) for group in batched for rows in group], axis=0)
        for name, batched in (("buckets", groups), ("random", mixed))
    }
    padding = {name: 1 - words / cells for name, (words, cells) in counted.items()}
    # If time were proportional to all positions, padding included, and no padding were left, buckets would gain this much.
    bound = counted["random"][1] / counted["random"][0]
    batch = Batch.of(trainer.src, trainer.tgt, used[0])
    seconds = sum(times["buckets"]) / len(used)
    limit, words = limit_of(shares(lambda: trainer.train_step(batch), seconds))
    return Row(
        f"buckets-{preset}",
        f"{'an epoch' if len(used) == len(order) else 'part of an epoch'} of {preset}: random batches / length buckets",
        ratios(times, "random", "buckets"),
        "×",
        target,
        True,
        limit,
        f"Padding is {padding['random']:.0%} of random batches and {padding['buckets']:.1%} of bucketed ones: if time were "
        f"proportional to the positions of a batch and no padding were left, the ratio would be {bound:.2f}. "
        "The output layer and Adam take no extra time for padding, so even this cannot be reached; "
        f"{len(used):,} of the epoch's {len(order):,} batches, in {len(groups)} parts with the same sentences. Of the "
        f"bucketed step: {words}.",
        bench.describe(preset),
        spreads(times),
        {
            "padding": padding,
            "were_there_no_padding": bound,
            "seconds_in_all": {name: sum(seconds) for name, seconds in times.items()},
        },
    )


def _words_and_cells(trainer, rows: np.ndarray) -> tuple[int, int]:
    lengths = [side.lengths[rows] for side in (trainer.src, trainer.tgt)]
    return sum(int(n.sum()) for n in lengths), sum(int(n.max()) * len(rows) for n in lengths)


def words_a_second(bench: Bench) -> list[Row]:
    """Measure target words per second in training, `standard`."""
    trainer = bench.trainer(PRESETS["standard"], bench.corpus("standard"))
    order = first_epoch(trainer)
    parts = [order[:2]] * 2 if bench.quick else [order[start : start + 30] for start in range(0, 210, 30)]

    def train(part: int) -> int:
        words = 0
        for rows in parts[part]:
            trainer.train_step(Batch.of(trainer.src, trainer.tgt, rows))
            words += int(trainer.tgt.lengths[rows].sum())
        return words

    counts = [sum(int(trainer.tgt.lengths[rows].sum()) for rows in part) for part in parts]
    seconds = take_turns({"train": train}, len(parts))["train"]
    batch = Batch.of(trainer.src, trainer.tgt, order[0])
    limit, words = limit_of(shares(lambda: trainer.train_step(batch), sum(seconds) / sum(len(part) for part in parts)))
    return [
        Row(
            "words",
            "target words per second in training, standard (hidden 256, batch 64)",
            Spread.of([count / second for count, second in zip(counts, seconds, strict=True)]),
            "words/s",
            7_500.0,
            True,
            limit,
            f"End-of-sentence words count, batches are made inside the clock. Of the step: {words}. On the machine "
            "of the issue JoeyNMT 2.3 did 2,250 to 2,490, a first prototype 5,470.",
            bench.describe("standard"),
            {"train": Spread.of(seconds)},
        )
    ]


# Search


def greedy(bench: Bench) -> list[Row]:
    """Compare greedy search in batches and one sentence at a time."""
    trainer, translator = bench.briefly_trained
    held_out = trainer.corpus.test
    sources = held_out.sources[: 32 if bench.quick else 256]
    found = {
        size: [" ".join(t.words) for t in translator.translate_words(sources, batch_size=size)] for size in (1, 128)
    }
    same = sum(a == b for a, b in zip(found[1], found[128], strict=True)) / len(sources)
    if same < 0.98:  # the order of additions differs, so a near tie may be decided either way
        raise AssertionError(f"only {same:.1%} of translations are the same in a batch and alone")
    forms = {
        "one at a time": lambda _: translator.translate_words(sources, batch_size=1),
        "batches of 128": lambda _: translator.translate_words(sources, batch_size=128),
    }
    times = take_turns(forms, bench.rounds(8))
    limit, words = limit_of(
        shares(lambda: translator.translate_words(sources), Spread.of(times["batches of 128"]).median)
    )
    outputs = [" ".join(normalised_words(text.split())) for text in found[128]]
    bleu = bleu_score(outputs, held_out.references[: len(sources)])
    return [
        Row(
            "greedy",
            "greedy search: one sentence at a time / batches of 128",
            ratios(times, "one at a time", "batches of 128"),
            "×",
            20.0,
            True,
            limit,
            f"One at a time is limited by Python. {len(sources)} held-out sentences, a model after one short epoch "
            f"(BLEU {bleu:.0f}), {same:.1%} of translations the same. Of the batches: {words}.",
            "embedded corpus",
            spreads(times),
            {"bleu": bleu, "same": same},
        )
    ]


def beam(bench: Bench) -> list[Row]:
    """Compare a beam of 5 with greedy search."""
    trainer, translator = bench.briefly_trained
    src = Encoded.encode(trainer.corpus.test.sources, translator.src_vocabulary)
    rng = np.random.default_rng(bench.seed)
    batches = []
    for _ in range(bench.rounds(15)):
        rows = rng.choice(len(src), min(128, len(src)), replace=False)
        batches.append([torch.from_numpy(array) for array in src.rectangle(rows)])
    best = [h.ids for h in greedy_search(translator.model, *batches[0])]
    first = [n_best[0].ids for n_best in beam_search(translator.model, *batches[0], beam_size=1)]
    same = sum(map(list.__eq__, best, first)) / len(best)
    expect_equal("greedy search and a beam of 1, share the same", same, 1.0, 0.02)
    forms = {
        "greedy": lambda n: greedy_search(translator.model, *batches[n]),
        "beam 5": lambda n: beam_search(translator.model, *batches[n], beam_size=5),
    }
    times = take_turns(forms, len(batches))
    parts = shares(lambda: beam_search(translator.model, *batches[0], beam_size=5), Spread.of(times["beam 5"]).median)
    limit, words = limit_of(parts)
    return [
        Row(
            "beam",
            "beam 5 / greedy, the same batch of 128",
            ratios(times, "beam 5", "greedy"),
            "×",
            4.0,
            False,
            limit,
            f"Five times the rows go through the decoder. Of the beam: {words}.",
            "embedded corpus",
            spreads(times),
            {"shares": parts},
        )
    ]


# Operators of a search by what they are for; the rest are element-wise operations, and the time between operators is Python.
PARTS = {
    "products": ("addmm", "mm", "bmm", "baddbmm"),
    "softmax and top-k": ("_log_softmax", "_softmax", "topk", "max"),
    "selecting and copying": (
        "index_select",
        "index",
        "gather",
        "copy_",
        "cat",
        "embedding",
        "clone",
        "_index_put_impl_",
    ),
}


def translating(bench: Bench) -> list[Row]:
    """Measure sentences per second of the packaged model, and find out where a search spends its time."""
    translator = load_translator(PRETRAINED)
    sources = bench.corpus("large").test.sources
    parts = [sources[:32]] if bench.quick else [sources[start : start + 1_000] for start in range(0, 5_000, 1_000)]
    rows = []
    for name, beam_size, target in (("translate", 1, 2_500.0), ("translate-beam", 5, 600.0)):
        form = lambda part, size=beam_size: translator.translate_words(part, size)  # noqa: E731
        seconds = take_turns({"translate": form}, [part for part in parts if part])["translate"]
        with one_thread():
            spent = time_by_part(lambda form=form: form(parts[0]))
        limit, words = limit_of(spent)
        rows.append(
            Row(
                name,
                f"sentences per second, the packaged model, {'greedy' if beam_size == 1 else f'beam {beam_size}'}",
                Spread.of([len(part) / second for part, second in zip(parts, seconds, strict=False)]),
                "sentences/s",
                target,
                True,
                limit,
                f"From normalised sentences to text, in batches of 128, one per worker. Of one worker's time: {words}.",
                bench.describe("large"),
                {"translate": Spread.of(seconds)},
                {"shares": spent},
            )
        )
    return rows


def time_by_part(form: Callable[[], object]) -> dict[str, float]:
    """Return the share of a form's time on one thread that each of `PARTS` takes, element-wise operators and Python."""
    form()
    begin = time.perf_counter()
    form()
    whole = time.perf_counter() - begin
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        form()
    part_of = {f"aten::{name}": part for part, names in PARTS.items() for name in names}
    spent = dict.fromkeys([*PARTS, "element by element"], 0.0)
    for event in profile.key_averages():
        spent[part_of.get(event.key, "element by element")] += event.self_cpu_time_total / 1e6
    spent["Python"] = max(whole - sum(spent.values()), 0.0)
    return {part: seconds / sum(spent.values()) for part, seconds in spent.items()}


def start(bench: Bench) -> list[Row]:
    """Compare a translation from the command line with importing torch."""
    trainer, _ = bench.briefly_trained
    script = Path(sys.executable).parent / "s2s-tutorial"
    program = [str(script)] if script.is_file() else [sys.executable, "-m", "s2s_tutorial.cli"]
    commands = {
        "translate": [*program, "translate", "--run", str(trainer.run.folder), "Ma sœur a froid."],
        "import torch": [sys.executable, "-c", "import torch"],
    }
    forms = {
        name: lambda _, command=command: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for name, command in commands.items()
    }
    times = take_turns(forms, bench.rounds(11))
    return [
        Row(
            "start",
            's2s-tutorial translate "…" / python -c "import torch"',
            ratios(times, "translate", "import torch"),
            "×",
            1.6,
            False,
            "Python",
            "Both consist of importing modules; the translation itself takes hundredths of a second.",
            "embedded corpus",
            spreads(times),
        )
    ]


# Data


def prepare_pairs(bench: Bench) -> list[Row]:
    """Compare reading, normalising, filtering, counting and encoding, all at once and one by one."""
    path, data = bench.pair_file, bench.data_settings("standard")
    seconds: dict[str, list[float]] = {}

    def ours(_: int = 0) -> list[Encoded]:
        moments = [time.perf_counter()]
        columns = read_file(path)
        moments.append(time.perf_counter())
        rows, _ = drop_rare(columns, keep_lengths(columns, data), data.trim_below)
        moments.append(time.perf_counter())
        encoded = []
        for side in (columns.second, columns.first):
            kept = [side[row] for row in rows]
            encoded.append(Encoded.encode(kept, Vocabulary.count(kept)))
        moments.append(time.perf_counter())
        for name, a, b in zip(("read and normalise", "filter", "count and encode"), moments, moments[1:], strict=False):
            seconds.setdefault(name, []).append(b - a)
        return encoded

    def old(_: int = 0) -> list:
        return prepare_one_by_one(path, data.min_length, data.max_length, data.trim_below)

    encoded, pairs = ours(), old()
    expect_equal("pairs kept", len(encoded[0]), len(pairs))
    for number, side in enumerate(encoded):
        expect_equal("words kept", len(side.ids), sum(len(pair[number]) for pair in pairs))
    sentences = ["J'ai froid.", "Où est-ce ?", "Ma sœur n'a pas 7 ans !"]
    if normalise_all(sentences) != [normalise_one(sentence) for sentence in sentences]:
        raise AssertionError("the two normal forms differ")
    seconds.clear()
    times = take_turns({"package": ours, "2017 way": old}, bench.rounds(7), warm_up=0)
    stages = ", ".join(f"{name} {np.median(values):.2f} s" for name, values in seconds.items())
    what = "142,787 real pairs" if bench.real_pairs else "as many pairs as the real file has, made by the grammar"
    return [
        Row(
            "prepare",
            f"preparing {what}: one sentence at a time / the package",
            ratios(times, "2017 way", "package"),
            "×",
            3.0,
            True,
            "Python",
            f"{len(pairs):,} pairs are kept by both. The package's time: {stages}. What is left is one Python object per "
            "sentence and one look-up per word.",
            bench.describe("standard"),
            spreads(times),
        )
    ]


# The output layer


def output_layer(bench: Bench) -> list[Row]:
    """Compare output layer and loss over logits and in one function, with gradients, at growing vocabularies."""
    trainer = bench.trainer(PRESETS["large"], bench.corpus("large"))
    hidden_size, own = trainer.settings.model.hidden_size, len(trainer.corpus.tgt_vocabulary)
    batch = bench.batches(trainer, 1)[0] if bench.quick else _middle_batch(bench.batches(trainer, 9))
    rng = torch.Generator().manual_seed(bench.seed)
    rows = []
    padding = 1 - float(batch.tgt_mask.float().mean())
    everything = len(Vocabulary.count(trainer.corpus.train.targets))
    note = (
        "Cost grows in line with the vocabulary and nearly all of it is arithmetic, so what helps is fewer words, not "
        f"another form. `large` counts only words seen {trainer.settings.data.vocabulary_min_count} times: {own:,} "
        f"instead of {everything:,} on this corpus, {own / everything:.0%} of the cost. Padding never reaches the product "
        f"({padding:.0%} of this bucketed batch), the loss takes one pass of exponentials, and the "
        "gradient takes the logits' place, so memory holds one table of words × vocabulary."
    )
    for vocabulary in (2_000, 4_000) if bench.quick else (2_000, 4_000, 8_000, 16_000, 32_000, 64_000):
        weight = torch.randn(vocabulary, hidden_size, generator=rng).mul_(0.05).requires_grad_()
        bias = torch.zeros(vocabulary, requires_grad=True)
        hidden = torch.randn(*batch.tgt_ids.shape, hidden_size, generator=rng).requires_grad_()
        targets = batch.tgt_ids % vocabulary
        forms = {
            "over logits": lambda _, w=weight, b=bias, h=hidden, t=targets: _gradients(
                masked_cross_entropy(torch.nn.functional.linear(h, w, b), t, batch.tgt_mask, 0.1), (w, b, h)
            ),
            "package": lambda _, w=weight, b=bias, h=hidden, t=targets: _gradients(
                output_cross_entropy(h, w, b, t, batch.tgt_mask, 0.1), (w, b, h)
            ),
        }
        for a, b in zip(forms["over logits"](0), forms["package"](0), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)
        times = take_turns(forms, bench.rounds(max(3, 64_000 // vocabulary if vocabulary > 8_000 else 9)))
        seconds = Spread.of(times["package"]).median
        words = int(batch.tgt_mask.sum())
        products = 6 * words * vocabulary * hidden_size
        parts = {"arithmetic": min(products / flops_per_second() / seconds, 1.0)}
        parts["memory traffic"] = 1 - parts["arithmetic"]
        limit, text = limit_of(parts)
        rows.append(
            Row(
                f"output-{vocabulary // 1000}k",
                f"output layer and loss, {vocabulary // 1000}k words, hidden {hidden_size}: over logits / the package",
                ratios(times, "over logits", "package"),
                "×",
                None,
                True,
                limit,
                f"{words:,} real target words, {1e6 * seconds / words:.0f} µs each: {text}. {note}",
                bench.describe("large"),
                spreads(times),
                {"vocabulary": vocabulary, "vocabulary_of_large": own, "all_words": everything, "target_words": words},
            )
        )
    return rows


def _middle_batch(batches: list[Batch]) -> Batch:
    return sorted(batches, key=lambda batch: batch.tgt_ids.shape[1])[len(batches) // 2]


def _gradients(loss: torch.Tensor, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return loss.detach(), *torch.autograd.grad(loss, inputs)


ROWS: dict[str, Callable[[Bench], list[Row]]] = {
    "step-original": step_original,
    "step-256": step_256,
    "floor-original": floor_original,
    "floor-standard": floor_standard,
    "bahdanau": bahdanau,
    "sampling": sampling,
    "buckets-standard": buckets_standard,
    "buckets-large": buckets_large,
    "words": words_a_second,
    "greedy": greedy,
    "beam": beam,
    "translating": translating,
    "start": start,
    "prepare": prepare_pairs,
    "output": output_layer,
}
