"""Settings: conversion to plain values and back, errors that name the setting."""

import json
import re
from dataclasses import FrozenInstanceError, replace

import pytest

from s2s_tutorial.presets import PRESETS
from s2s_tutorial.settings import DataSettings, ModelSettings, Settings, TrainingSettings


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_its_own_name_and_survives_json(name):
    settings = PRESETS[name]
    assert settings.name == name
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_nothing_is_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        PRESETS["small"].training.epochs = 3


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("model", "attention", "dots"),
        ("model", "decoder", "transformer"),
        ("model", "dropout", 1.0),
        ("model", "dropout", -0.1),
        ("model", "dropout", float("nan")),
        ("model", "hidden_size", 0),
        ("model", "num_layers", 0),
        ("model", "embedding_size", -1),
        ("training", "sampling", "sometimes"),
        ("training", "precision", "half"),
        ("training", "epochs", 0),
        ("training", "batch_size", 0),
        ("training", "checkpoint_steps", 0),
        ("training", "evaluations_per_epoch", 0),
        ("training", "unknown_rate", 1.0),
        ("training", "label_smoothing", 1.0),
        ("data", "unit", "letters"),
        ("data", "trim_below", 0),
        ("data", "sample_pairs", 0),
        ("data", "vocabulary_min_count", 0),
    ],
)
def test_an_invalid_value_is_refused_with_its_name(part, name, value):
    settings = PRESETS["small"]
    model = {"tie_embeddings": False} if part == "model" else {}
    with pytest.raises(ValueError, match=f"{name} is {value!r}"):
        replace(settings, **{part: replace(getattr(settings, part), **model, **{name: value})})


def test_a_bahdanau_decoder_refuses_input_feeding():
    with pytest.raises(ValueError, match="input_feeding"):
        Settings("mine", model=ModelSettings(decoder="bahdanau", input_feeding=True))


def test_tied_embeddings_need_equal_sizes():
    with pytest.raises(ValueError, match="tie_embeddings"):
        Settings("mine", model=ModelSettings(embedding_size=8, hidden_size=16))
    Settings("mine", model=ModelSettings(embedding_size=8, hidden_size=16, tie_embeddings=False))


def changed(path: tuple[str, ...], value) -> dict:
    """Return the small preset as plain values with one changed, or removed if the new value is `...`."""
    values = PRESETS["small"].to_dict()
    part = values
    for key in path[:-1]:
        part = part[key]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return values


@pytest.mark.parametrize(
    "values",
    [
        changed(("model",), ...),
        changed(("extra",), 1),
        changed(("model", "hiden_size"), 64),
        changed(("model", "hidden_size"), "64"),
        changed(("model", "hidden_size"), 64.0),
        changed(("model", "hidden_size"), True),
        changed(("data", "reverse"), 1),
        changed(("training", "learning_rate"), None),
        changed(("training",), []),
        changed(("model", "attention"), "unheard of"),
        [],
        None,
    ],
)
def test_contents_that_are_not_settings_are_refused(values):
    with pytest.raises(ValueError, match=r"expected|needs a dictionary"):
        Settings.from_dict(values)


def test_a_setting_that_an_older_run_did_not_have_takes_its_default():
    assert Settings.from_dict(changed(("training", "patience"), ...)) == PRESETS["small"]


def test_a_whole_number_may_stand_for_a_fraction():
    assert Settings.from_dict(changed(("training", "clip_norm"), 5)).training == replace(
        PRESETS["small"].training, clip_norm=5.0
    )


def test_a_variant_keeps_everything_else():
    variant = replace(PRESETS["small"], training=replace(PRESETS["small"].training, seed=7))
    assert variant.data == PRESETS["small"].data
    assert variant.training == TrainingSettings(**(PRESETS["small"].to_dict()["training"] | {"seed": 7}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"embedding_size": 128}, "embeddings: give embedding_size and hidden_size the same value"),
        ({"num_heads": 3}, "hidden_size is 256, expected a multiple of num_heads, 3"),
        ({"attention": "dot"}, "attention 'dot' belongs to the recurrent network"),
        ({"decoder": "bahdanau"}, "decoder 'bahdanau' belongs to the recurrent network"),
        ({"input_feeding": True}, "input_feeding True belongs to the recurrent network"),
        ({"num_heads": 0}, "num_heads is 0"),
        ({"feed_forward_size": 0}, "feed_forward_size is 0"),
        ({"network": "rnn"}, "network is 'rnn', expected one of: gru, transformer"),
    ],
)
def test_settings_that_do_not_fit_a_transformer_are_refused(changes, words):
    model = {"network": "transformer", "tie_embeddings": False} | changes
    with pytest.raises(ValueError, match=re.escape(words)):
        Settings("mine", model=ModelSettings(**model))


# Languages


@pytest.mark.parametrize(
    ("data", "pair"),
    [
        (DataSettings(), ("fr", "en")),
        (DataSettings(corpus="tatoeba", reverse=True), ("en", "fr")),
        (DataSettings(corpus="mine.tsv"), ("", "")),
        (DataSettings(corpus="mine.tsv", reverse=True, languages=("de", "en")), ("de", "en")),
        (DataSettings(reverse=True, languages=("en", "de")), ("en", "de")),
    ],
)
def test_languages_are_known_for_the_built_in_corpora_and_never_guessed_for_a_file(data, pair):
    assert data.language_pair == pair


def test_languages_survive_json():
    settings = replace(PRESETS["small"], data=DataSettings(corpus="mine.tsv", languages=("nds", "pt-BR")))
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize("languages", [("de",), ("de", "en", "fr"), ("", "en"), ("de", "e n"), ("de", 7), ("DE", "en")])
def test_languages_are_two_codes(languages):
    with pytest.raises(ValueError, match="languages"):
        replace(PRESETS["small"], data=DataSettings(corpus="mine.tsv", languages=languages))


@pytest.mark.parametrize(
    "data", [DataSettings(languages=("en", "de")), DataSettings(languages=("de", "en"), reverse=True)]
)
def test_english_is_the_first_column_of_a_built_in_corpus(data):
    with pytest.raises(ValueError, match="change reverse or the languages"):
        replace(PRESETS["small"], data=data)
