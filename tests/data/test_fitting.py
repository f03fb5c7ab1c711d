"""Settings chosen from the pairs: a pure rule, with values that follow from number, length and script."""

import math
from dataclasses import replace

import pytest

from s2s_tutorial.data.batches import MAX_STEPS
from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.fitting import (
    FEWEST_STEPS,
    Look,
    choose_tokens,
    choose_training,
    choose_vocabulary,
    fit_settings,
)


def write(path, lines):
    path.write_text("".join(f"{first}\t{second}\n" for first, second in lines), encoding="utf-8")
    return str(path)


def test_a_look_counts_different_pairs_and_words(tmp_path):
    lines = [
        ("We sing now.", "Nous chantons."),
        ("We sing now.", "Nous chantons."),
        ("You wait.", "Tu attends ici, oui."),
    ]
    look = Look.at(fit_settings(write(tmp_path / "pairs.tsv", lines)).settings.data)
    assert (look.pairs, look.unspaced) == (2, "")
    assert look.words == pytest.approx((3 + 3 + 6) / 3)  # marks count; the first column has 4 + 4 + 3
    assert look.letters == pytest.approx((14 + 14 + 20) / 3)


@pytest.mark.parametrize(
    ("sentence", "script"),
    [
        ("他们找到小车。", "CJK"),
        ("わたしは ねます。", "HIRAGANA"),
        ("ฉันร้องเพลง", "THAI"),
        ("노래해요.", ""),
        ("Я пою.", ""),
    ],
)
def test_scripts_without_spaces_are_found_on_either_side(tmp_path, sentence, script):
    for name, pair in (("one", (sentence, "I sing.")), ("other", ("I sing.", sentence))):
        assert Look.at(fit_settings(write(tmp_path / name, [pair])).settings.data).unspaced == script


def test_few_pairs_get_words_or_characters_and_many_get_subwords():
    assert [choose_tokens(Look(pairs, 6.0, 30.0)) for pairs in (10, 4_000, 10_000)] == ["words", "words", "subwords"]
    assert [choose_tokens(Look(pairs, 6.0, 30.0, "CJK")) for pairs in (10, 10_000)] == ["characters", "subwords"]
    sizes = [choose_vocabulary(Look(pairs, 6.0, 30.0)) for pairs in (5_000, 100_000, 1_000_000)]
    assert sizes == sorted(sizes)
    assert sizes[-1] == 8_000


@pytest.mark.parametrize("pairs", [10, 50, 480, 3_000, 10_000, 100_000, 1_000_000])
def test_every_corpus_gets_enough_steps_and_a_score_now_and_then(pairs):
    look = Look(pairs, 8.0, 40.0)
    training = choose_training(look, choose_tokens(look), on_disk=False)
    per_epoch = math.ceil(pairs / training.batch_size)
    assert FEWEST_STEPS <= per_epoch * training.epochs <= MAX_STEPS
    assert training.epochs >= 3
    between = max(int(per_epoch / training.evaluations_per_epoch), 1)
    assert 10 <= per_epoch * training.epochs // between <= 60


def test_more_pairs_never_get_fewer_steps():
    steps = []
    for pairs in (10, 100, 480, 1_400, 3_000, 9_000, 50_000, 500_000):
        look = Look(pairs, 8.0, 40.0)
        training = choose_training(look, choose_tokens(look), on_disk=False)
        steps.append(math.ceil(pairs / training.batch_size) * training.epochs)
    assert steps == sorted(steps)


def test_batches_of_long_sentences_hold_fewer_of_them():
    short, long = (choose_training(Look(3_000, words, 6 * words), "words", False) for words in (8.0, 120.0))
    assert long.batch_size == short.batch_size // 4
    assert long.epochs == short.epochs


def test_pairs_on_disk_are_not_cut_by_chance():
    look = Look(20_000, 8.0, 40.0)
    assert choose_training(look, "subwords", on_disk=False).bpe_dropout > 0
    assert choose_training(look, "subwords", on_disk=True).bpe_dropout == 0


def test_given_settings_stay_as_they_are(tmp_path):
    path = write(tmp_path / "pairs.tsv", [("I sing.", "Я пою.")])
    fit = fit_settings(path, text="unicode", tokens="subwords", vocabulary_size=600, languages=("ru", "en"))
    data = fit.settings.data
    assert (data.tokens, data.vocabulary_size, data.languages) == ("subwords", 600, ("ru", "en"))
    assert fit.settings.training.unknown_rate == 0
    assert "tokens" not in fit.chosen
    with pytest.raises(ValueError, match="tokens is 'letters', expected one of: words, subwords, characters"):
        fit_settings(path, tokens="letters")
    with pytest.raises(CorpusError, match="is not a file"):
        fit_settings(str(tmp_path / "none.tsv"))


def test_notes_name_what_was_chosen_and_not_what_was_changed(tmp_path):
    fit = fit_settings(write(tmp_path / "pairs.tsv", [("I sing.", "他们找到小车。")]), max_length=300)
    (_, about), (_, listed) = fit.notes(fit.settings)
    assert about == "chosen for 1 pair of 7 characters on average, Chinese characters without spaces:"
    assert listed.startswith("text unicode, tokens characters, ")
    changed = replace(fit.settings, training=replace(fit.settings.training, epochs=7, batch_size=3))
    assert "epochs" not in fit.notes(changed)[1][1]
    assert "hidden_size 128" in fit.notes(changed)[1][1]
