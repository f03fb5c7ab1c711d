"""The rows of `make bench` about translating and about preparing pairs, each a function from a `Bench` to `Row`s."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.agreement import expect_equal
from benchmarks.bench import Bench
from benchmarks.measure import Row, Spread, limit_of, ratios, spreads, take_turns
from benchmarks.old_way import normalise_one, prepare_one_by_one
from s2s_tutorial.data.batches import Encoded
from s2s_tutorial.data.corpus import drop_rare, keep_lengths
from s2s_tutorial.data.readers import read_file
from s2s_tutorial.data.text import normalise_all
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.workers import one_thread

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
    sources = [text for text in bench.corpus("real").test.sources if len(text.split()) <= 12]
    sources, rounds = (sources[:32], 1) if bench.quick else (sources[:5_000], 3)
    rows = []
    for name, beam_size, target in (("translate", 1, 2_500.0), ("translate-beam", 5, 600.0)):
        form = lambda part, size=beam_size: translator.translate_words(part, size)  # noqa: E731
        seconds = take_turns({"translate": form}, [sources] * rounds)["translate"]
        with one_thread():
            spent = time_by_part(lambda form=form: form(sources[::5]))
        limit, words = limit_of(spent)
        rows.append(
            Row(
                name,
                f"sentences per second, the packaged model, {'greedy' if beam_size == 1 else f'beam {beam_size}'}",
                "How fast many sentences are translated, and which part of the search takes the time.",
                Spread.of([len(sources) / second for second in seconds]),
                "sentences/s",
                target,
                True,
                limit,
                f"From {len(sources):,} normalised sentences to text, in batches of up to 256, one per worker. Of one "
                f"worker's time: {words}.",
                f"{bench.describe('real')}, at most 12 words",
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
    script = Path(sys.executable).parent / "s2s-tutorial"
    program = [str(script)] if script.is_file() else [sys.executable, "-m", "s2s_tutorial.cli"]
    commands = {
        "translate": [*program, "translate", "Ma sœur a froid."],
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
            "How long a reader waits for one translation, compared with the time in which PyTorch alone is loaded.",
            ratios(times, "translate", "import torch"),
            "×",
            1.6,
            False,
            "Python",
            "Both consist of importing modules; the translation itself takes hundredths of a second.",
            "the packaged model",
            spreads(times),
        )
    ]


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
            "How much faster all sentences at once are read, filtered and encoded than one after the other.",
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
