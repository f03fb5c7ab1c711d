"""Variants of a model: exactly what is asked for changes, and results are measured and compared as the chapters say."""

from contextlib import contextmanager
from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny import TINY

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.corpus import HeldOut, Pairs, prepare
from s2s_tutorial.data.on_disk.mapped_pairs import encode_pairs
from s2s_tutorial.files import BadFileError
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.notebook import experiments
from s2s_tutorial.notebook.experiments import (
    Result,
    bleu_of,
    change_settings,
    computed_once,
    draw_held_out,
    interval,
    plus_minus,
    spread,
    train_variant,
    verdict,
)
from s2s_tutorial.settings import DataSettings, ModelSettings, TrainingSettings
from s2s_tutorial.translation.evaluation import Scores

CHANGES = {"epochs": 1, "seed": 3, "sampling": "none"}


class Watched:
    """A breakage that counts how often it is entered, and knows whether it is entered now."""

    def __init__(self):
        self.entered, self.times = False, 0

    def __enter__(self):
        self.entered, self.times = True, self.times + 1

    def __exit__(self, *_):
        self.entered = False


@contextmanager
def runs_in(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S2S_RUNS", str(folder))
        yield


@pytest.fixture(scope="module")
def variant(tmp_path_factory, tiny_corpus):
    """A trained variant of `tiny.TINY`, and the breakage that was entered while it trained."""
    breakage = Watched()
    with runs_in(tmp_path_factory.mktemp("runs")):
        yield train_variant(TINY, tiny_corpus, "mine", breakage, **CHANGES), breakage


def result(bleu, low, high):
    return Result(Scores(bleu, low, high, chrf=0.0, exact_match=0.0, sentences=1, signature=""), 2.0, 3.0)


def test_only_the_named_settings_change():
    changed = change_settings(TINY, attention="concat", num_layers=2, seed=5)
    model = replace(TINY.model, attention="concat", num_layers=2)
    assert changed == replace(TINY, model=model, training=replace(TINY.training, seed=5))
    assert change_settings(TINY) == TINY


def test_a_setting_that_does_not_exist_or_is_not_allowed_is_refused():
    with pytest.raises(TypeError, match="'attentoin' is not a setting of the model or of the training"):
        change_settings(TINY, seed=1, attentoin="dot")
    with pytest.raises(ValueError, match="attention"):
        change_settings(TINY, attention="loud")


def test_no_name_is_a_setting_of_the_model_and_of_the_training():
    model, training = ({field.name for field in fields(part)} for part in (ModelSettings, TrainingSettings))
    assert model & training == set()


def test_a_variant_trains_with_its_breakage_in_a_folder_of_its_own(variant, tiny_corpus):
    trainer, breakage = variant
    assert trainer.settings == replace(change_settings(TINY, **CHANGES), name="mine")
    assert (breakage.times, breakage.entered) == (1, False)
    assert trainer.run.folder.name.startswith("mine-")
    losses = experiments.step_losses(trainer)
    assert len(losses) == trainer.total_steps
    again = train_variant(TINY, tiny_corpus, "mine", **CHANGES)  # loaded: no step is added
    assert again.run.folder == trainer.run.folder
    assert experiments.step_losses(again) == losses


def test_the_loss_of_the_test_set_is_that_of_its_words_one_sentence_at_a_time(variant):
    trainer, _ = variant
    corpus, held_out = trainer.corpus, trainer.corpus.test
    src = Encoded.encode(held_out.sources, corpus.src_vocabulary)
    tgt = Encoded.encode([texts[0] for texts in held_out.references], corpus.tgt_vocabulary)
    with torch.inference_mode():
        pairs = [Batch.of(src, tgt, np.array([row])).to(trainer.device) for row in range(len(held_out))]
        losses = [trainer.model.loss(pair).item() for pair in pairs]
    words = [pair.tgt_ids.shape[1] for pair in pairs]
    assert experiments.held_out_loss(trainer) == pytest.approx(np.average(losses, weights=words), rel=1e-5)


def test_the_loss_of_a_model_of_pieces_is_that_of_its_pieces():
    corpus = prepare(DataSettings(sample_pairs=300, text="unicode", tokens="subwords", vocabulary_size=512))
    vocabularies = corpus.src_vocabulary, corpus.tgt_vocabulary
    model = Seq2Seq(ModelSettings(embedding_size=8, hidden_size=8), *map(len, vocabularies)).eval()
    firsts = [texts[0] for texts in corpus.test.references]
    scored = encode_pairs(Pairs(corpus.test.sources, firsts), *vocabularies, corpus.rule)
    with torch.inference_mode():
        expected = model.loss(Batch.of(*scored, np.arange(len(firsts)))).item()
    trainer = SimpleNamespace(corpus=corpus, model=model, device="cpu")
    assert experiments.held_out_loss(trainer) == pytest.approx(expected, rel=1e-5)


def test_an_empty_test_set_has_no_loss(variant, monkeypatch):
    trainer, _ = variant
    monkeypatch.setattr(trainer, "corpus", replace(trainer.corpus, test=HeldOut([], [])))
    with pytest.raises(ValueError, match="the test set is empty"):
        experiments.held_out_loss(trainer)


def test_a_variant_is_measured_with_its_breakage(variant, monkeypatch):
    trainer, _ = variant
    breakage, seen = Watched(), []
    found = result(1.0, 0.0, 2.0).scores
    monkeypatch.setattr(experiments, "evaluate", lambda *_: (seen.append(breakage.entered), (found, []))[1])
    monkeypatch.setattr(experiments, "held_out_loss", lambda _: seen.append(breakage.entered) or 4.0)
    monkeypatch.setattr(experiments, "step_losses", lambda _: [100.0] * 10 + [1.0, 3.0] * 25)
    assert experiments.examine(trainer, breakage) == Result(found, 2.0, 4.0)
    assert seen == [True, True]
    assert not breakage.entered


def test_results_are_shown_in_the_order_asked_for(monkeypatch):
    tables = []
    monkeypatch.setattr(experiments, "show_table", lambda header, rows: tables.append(rows))
    results = {"one": result(1.0, 0.5, 1.5), "two": result(2.0, 1.5, 2.5)}
    experiments.show_results(results)
    experiments.show_results(results, "two", "one")
    first, second = ["one", 1.0, 0.5, 1.5, None, 2.0, 3.0], ["two", 2.0, 1.5, 2.5, None, 2.0, 3.0]
    assert tables == [[first, second], [second, first]]
    with pytest.raises(ValueError, match="'three' is not a result; the results are: one, two"):
        experiments.show_results(results, "three")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ((10.0, 9.0, 11.0), "BLEU changes by **-10.0**, more than the intervals can explain."),
        ((30.0, 29.0, 31.0), "BLEU changes by **+10.0**, *upward*, and by more than the intervals can explain."),
        ((18.0, 17.0, 19.0), "BLEU changes by **-2.0**, and the two intervals overlap"),
    ],
)
def test_a_verdict_depends_on_whether_the_intervals_overlap(broken, words):
    assert verdict(result(20.0, 19.0, 21.0), result(*broken)).startswith(words)


def test_shares_are_summarised_with_their_range_where_they_differ():
    assert spread([0.5]) == spread([0.501, 0.499]) == "50%"
    assert spread([0.2, 0.6, 0.4]) == "40% (20% to 60%)"
    with pytest.raises(ValueError, match="shares is empty"):
        spread([])


def test_the_interval_of_three_values_is_that_of_students_distribution():
    middle, half = interval([1.0, 1.4, 1.8])
    assert (middle, half) == (pytest.approx(1.4), pytest.approx(4.30 * 0.4 / 3**0.5))
    assert interval([2.0, 2.0])[1] == 0
    for values in ([1.0], [1.0] * 11):
        with pytest.raises(ValueError, match=f"needs 2 to 10 values, and there are {len(values)}"):
            interval(values)


def test_a_difference_is_written_with_its_sign_and_a_true_minus():
    assert plus_minus(1.44, 0.96) == "+1.4 ± 1.0"
    assert plus_minus(-0.104, 0.06, places=2) == "−0.10 ± 0.06"


def test_a_value_is_computed_once_and_a_damaged_file_is_not_overwritten(tmp_path):
    path, calls = tmp_path / "new" / "scores.json", []

    def compute():
        calls.append(1)
        return {"bleu": 12.5}

    assert computed_once(path, compute) == computed_once(path, compute) == {"bleu": 12.5}
    assert len(calls) == 1
    path.write_text("{")
    with pytest.raises(BadFileError):
        computed_once(path, compute)
    assert path.read_text() == "{"


def test_an_interrupted_computation_leaves_no_file(tmp_path):
    def stopped():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        computed_once(tmp_path / "scores.json", stopped)
    assert list(tmp_path.iterdir()) == []


def test_the_same_sentences_are_drawn_for_a_seed_with_all_that_belongs_to_them():
    places = range(20)
    whole = HeldOut([f"s{n}" for n in places], [[f"t{n}"] for n in places], [frozenset({(n, n)}) for n in places])
    few = draw_held_out(whole, 5)
    rows = [int(source[1:]) for source in few.sources]
    assert few == draw_held_out(whole, 5) == whole.select(rows)
    assert rows == sorted(set(rows))
    assert few != draw_held_out(whole, 5, seed=1)
    assert draw_held_out(whole, 50) == whole


def test_bleu_of_a_models_translations_is_that_of_its_evaluation(variant):
    trainer, _ = variant
    test = trainer.corpus.test
    found = bleu_of(trainer.translator.translate_words(test.sources), test, trainer.translator.rule)
    assert found == pytest.approx(experiments.evaluate(trainer.translator, test)[0].bleu)
    with pytest.raises(ValueError, match="the same number"):
        bleu_of([], test, trainer.translator.rule)
