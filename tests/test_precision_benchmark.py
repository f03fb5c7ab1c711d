"""The comparison of half and full precision: both are trained with each seed, and a finished run is kept."""

from dataclasses import replace
from types import SimpleNamespace

from tiny import TINY

from benchmarks import precision


def test_both_precisions_are_trained_with_each_seed_and_kept(tiny_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "PRESETS", {"tiny": replace(TINY, training=replace(TINY.training, sampling="none"))})
    monkeypatch.setattr(precision, "SEEDS", (0, 1))
    bench = SimpleNamespace(corpus=lambda name: tiny_corpus)
    found = precision.measure(bench, "tiny", 1, tmp_path)
    assert {name: len(values["bleu"]) for name, values in found.items()} == {"bf16": 2, "fp32": 2}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "tiny-bf16-0",
        "tiny-bf16-1",
        "tiny-fp32-0",
        "tiny-fp32-1",
    ]
    assert precision.measure(bench, "tiny", 1, tmp_path) == found
