"""Scores of parts of a held-out set."""

import pytest

from s2s_tutorial.data.corpus import HeldOut, challenge_set
from s2s_tutorial.data.rules import ASCII, UNICODE
from s2s_tutorial.translation.groups import category_rows, length_rows, score_groups, score_rows
from s2s_tutorial.translation.translator import Translation


def translations_of(outputs: list[str], sources: list[str]) -> list[Translation]:
    return [Translation(s.split(), o.split(), [], [], 0.0, None) for o, s in zip(outputs, sources, strict=True)]


def test_groups_are_scored_separately_and_training_sentences_come_last():
    sources = ["un", "deux", "trois", "quatre", "cinq"]
    references = [["one ."], ["two ."], ["three ."], ["four ."], ["five ."]]
    held_out = HeldOut(sources, references, None, ["b", "a", "b", "a", "b"])
    translations = translations_of(["one .", "wrong", "three .", "four .", "wrong"], sources)
    scores = score_groups(translations, held_out, frozenset({"cinq", "six"}))
    assert list(scores) == ["a", "b", "in training data"]
    assert {name: group["sentences"] for name, group in scores.items()} == {"a": 2, "b": 2, "in training data": 1}
    assert {name: group["exact_match"] for name, group in scores.items()} == {
        "a": 0.5,
        "b": 1.0,
        "in training data": 0.0,
    }


def test_without_any_seen_sentence_there_is_no_group_for_them():
    challenge = challenge_set()
    translations = translations_of([references[0] for references in challenge.references], challenge.sources)
    scores = score_groups(translations, challenge, frozenset())
    assert set(scores) == set(challenge.groups)
    assert sum(group["sentences"] for group in scores.values()) == len(challenge)
    assert all(group["exact_match"] == 1.0 and group["bleu"] == pytest.approx(100) for group in scores.values())


def with_groups(groups: list[str]) -> HeldOut:
    texts = [f"sentence {'x' * number}" for number in range(1, len(groups) + 1)]
    return HeldOut(texts, [[text] for text in texts], None, groups)


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        (["b", "a", "", "a", "b", "a"], ["", "a", "b"]),
        (["licence"] * 6, []),  # the same for all
        ([f"sentence {number}" for number in range(6)], []),  # notes
        (["a", "b"], []),  # as many as sentences
    ],
)
def test_a_third_column_gives_categories_if_their_names_repeat(groups, names):
    found = category_rows(with_groups(groups))
    assert list(found) == names
    assert all([groups[row] for row in rows] == [name] * len(rows) for name, rows in found.items())


def test_a_set_without_a_third_column_has_no_categories():
    assert category_rows(HeldOut(["a"], [["b"]])) == {}


@pytest.mark.parametrize("rule", [ASCII, UNICODE])
def test_every_sentence_belongs_to_the_group_of_its_length(rule):
    lengths = [1, 5, 6, 10, 11, 15, 16, 20, 21, 30, 31, 99, *[3] * 10]
    held_out = HeldOut([" ".join(["w"] * length) for length in lengths], [["a"]] * len(lengths))
    found = length_rows(held_out, rule)
    assert {name: sorted({lengths[row] for row in rows}) for name, rows in found.items()} == {
        "1 to 5 words": [1, 3, 5], "6 to 10 words": [6, 10], "11 to 15 words": [11, 15], "16 to 20 words": [16, 20],
        "21 to 30 words": [21, 30], "more than 30 words": [31, 99],
    }  # fmt: skip
    assert sorted(row for rows in found.values() for row in rows) == list(range(len(lengths)))


@pytest.mark.parametrize("lengths", [[3] * 40, [1, 9] * 9])
def test_few_sentences_or_similar_lengths_are_not_divided(lengths):
    assert length_rows(HeldOut([" ".join(["w"] * n) for n in lengths], [["a"]] * len(lengths)), ASCII) == {}


def test_a_group_is_scored_by_its_own_rows():
    scores = score_rows({"right": [0, 2], "wrong": [1]}, ["a b c d", "x", "e f g h"], [["a b c d"], ["y"], ["e f g h"]])
    assert (scores["right"]["bleu"], scores["right"]["exact_match"]) == (pytest.approx(100), 1.0)
    assert (scores["wrong"]["bleu"], scores["wrong"]["sentences"]) == (0.0, 1)
