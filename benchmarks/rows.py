"""The rows of `make bench` by name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import search_rows, training_rows
from benchmarks.bench import Bench
from benchmarks.measure import Row

ROWS: dict[str, Callable[[Bench], list[Row]]] = {
    "words": training_rows.words_a_second,
    "cores": training_rows.cores,
    "step-original": training_rows.step_original,
    "floors": training_rows.floors,
    "translating": search_rows.translating,
    "bleu": training_rows.bleu,
    "bahdanau": training_rows.bahdanau,
    "start": search_rows.start,
    "prepare": search_rows.prepare_pairs,
}
