"""Presets: the scale of the chapters, the settings of 2017, and which presets need data."""

import pytest

from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters
from s2s_tutorial.presets import PRESETS, SCALES, load_scale, with_transformer
from s2s_tutorial.settings import ModelSettings, Settings


@pytest.mark.parametrize("scale", SCALES)
def test_the_variable_names_the_scale(monkeypatch, scale):
    monkeypatch.setenv("S2S_SCALE", scale)
    assert load_scale() is PRESETS[scale]


@pytest.mark.parametrize("value", [None, ""])
def test_unset_means_standard(monkeypatch, value):
    monkeypatch.delenv("S2S_SCALE") if value is None else monkeypatch.setenv("S2S_SCALE", value)
    assert load_scale() is PRESETS["standard"]


@pytest.mark.parametrize("value", ["smal", "Small", "original", "sample", " small"])
def test_an_unknown_scale_raises_and_lists_the_known_ones(monkeypatch, value):
    monkeypatch.setenv("S2S_SCALE", value)
    with pytest.raises(ValueError, match="expected one of: small, standard, large") as caught:
        load_scale()
    assert repr(value) in str(caught.value)


def test_the_2017_settings_are_as_the_notebook_had_them():
    original = PRESETS["original"]
    assert (original.model.hidden_size, original.model.num_layers, original.model.dropout) == (500, 2, 0.1)
    assert (original.training.batch_size, original.training.learning_rate, original.training.clip_norm) == (
        50,
        1e-4,
        50,
    )
    assert (original.training.decoder_learning_ratio, original.model.attention) == (5.0, "dot")
    assert (original.data.min_length, original.data.max_length, original.data.trim_below) == (3, 25, 5)
    assert original.data.unit == "characters"


def test_only_the_embedded_corpus_needs_no_data_and_small_and_sample_use_it():
    assert {name for name, settings in PRESETS.items() if settings.data.corpus == "sample"} == {"small", "sample"}


@pytest.mark.parametrize("name", ["small", "sample", "standard", "large"])
def test_a_presets_transformer_has_about_as_many_parameters_and_the_same_data(name):
    recurrent, transformer = PRESETS[name], with_transformer(PRESETS[name])
    assert transformer.model.network == "transformer"
    assert transformer.data == recurrent.data
    words = 2_000 if name != "large" else 9_000
    counts = [count_parameters(Seq2Seq(each.model, words, words)) for each in (recurrent, transformer)]
    assert 0.75 < counts[1] / counts[0] < 1.1


@pytest.mark.parametrize("hidden_size", [1, 7, 12, 500, 4_096])
def test_every_size_of_a_recurrent_network_has_a_transformer(hidden_size):
    model = ModelSettings(embedding_size=hidden_size, hidden_size=hidden_size, num_layers=2)
    assert with_transformer(Settings("mine", model=model)).model.num_layers == 4


def test_a_transformer_of_the_2017_settings_warms_up_and_learns_at_one_rate():
    training, original = with_transformer(PRESETS["original"]).training, PRESETS["original"].training
    assert (training.decoder_learning_ratio, original.decoder_learning_ratio) == (1.0, 5.0)
    assert training.warmup > original.warmup == 0.0
    assert (training.epochs, training.batch_size, training.seed) == (
        original.epochs,
        original.batch_size,
        original.seed,
    )
