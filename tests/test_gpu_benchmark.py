"""The benchmark on a GPU, in its form for a processor: it trains to a score, and resumes on another device."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tiny import TINY

from benchmarks import gpu

SETTINGS = replace(TINY, training=replace(TINY.training, epochs=4, sampling="none"))


@pytest.fixture(autouse=True)
def small_product(monkeypatch):
    monkeypatch.setitem(gpu.PRODUCT_SIZE, "cpu", 64)


def test_a_run_is_trained_to_a_score_and_no_further(tiny_corpus, tmp_path):
    found = gpu.train_to(0.0, SETTINGS, tiny_corpus, tmp_path / "run", "cpu")
    steps_per_epoch = -(-len(tiny_corpus.train) // SETTINGS.training.batch_size)
    assert (found.reached, found.steps) == (True, steps_per_epoch)  # the first evaluation is enough for BLEU 0
    assert min(found.seconds, found.words_per_second, found.peak_bytes, found.share_of_rate) > 0


def test_a_score_that_is_not_reached_is_reported_as_such(tiny_corpus, tmp_path):
    settings = replace(SETTINGS, training=replace(SETTINGS.training, epochs=1))
    found = gpu.train_to(99.0, settings, tiny_corpus, tmp_path / "run", "cpu")
    assert not found.reached
    assert found.validation_bleu < 99.0


def test_a_run_that_was_half_trained_on_one_device_is_finished_on_another(tiny_corpus, tmp_path):
    found = gpu.resume_elsewhere("cpu", "cpu", SETTINGS, tiny_corpus, tmp_path / "run")
    half, rest = found["steps"]
    assert found["finished"]
    assert half == (half + rest) // 2


def test_the_speed_of_a_preset_is_measured(tiny_corpus, tmp_path):
    assert gpu.words_per_second(SETTINGS, tiny_corpus, tmp_path / "run", "cpu", steps=1) > 0


def test_the_report_has_all_figures_and_can_be_written(tiny_corpus, tmp_path, monkeypatch):
    short = replace(SETTINGS, training=replace(SETTINGS.training, epochs=1))
    monkeypatch.setattr(gpu, "PRESETS", {"standard": short, "large": short})
    monkeypatch.setattr(gpu, "STEPS", 1)
    bench = SimpleNamespace(folder=tmp_path, corpus=lambda name: tiny_corpus, describe=lambda name: "tiny")
    found = json.loads(json.dumps(gpu.measure(bench, "cpu")))
    assert found["device"] == "cpu"
    assert found["large_words_per_second"] > 0
    assert {"seconds", "words_per_second", "peak_bytes", "share_of_rate", "precision"} <= found["standard"].keys()
    assert [each["devices"] for each in found["resumed"]] == [["cpu", "cpu"]] * 2
    assert all(each["finished"] for each in found["resumed"])
