"""Presets: the scale of the chapters, the settings of 2017, and which presets need data."""

import pytest

from s2s_tutorial.presets import PRESETS, SCALES, load_scale


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
