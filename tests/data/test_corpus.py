"""From pairs to three sets: the filters, and a split in which no sentence is in two sets."""

import hashlib
import itertools
import os
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial.data.corpus import (
    CorpusError,
    HeldOut,
    drop_rare,
    drop_repeats,
    gather_references,
    held_out_from,
    keep_lengths,
    part_of,
    prepare,
    split,
)
from s2s_tutorial.data.readers import Columns, parse_columns
from s2s_tutorial.data.vocabulary import UNK
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.settings import DataSettings


def columns_of(*pairs: tuple[str, str]) -> Columns:
    return Columns([english for english, _ in pairs], [french for _, french in pairs], [""] * len(pairs))


def sentence(number: int, side: str) -> str:
    """Return a sentence of letters, a different one for every number."""
    return f"{side} {'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10 % 10]}"


# Many sentences have several translations in both directions; such sentences could leak from one set into another.
tangled = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 60)), min_size=1, max_size=120).map(
    lambda pairs: columns_of(*((sentence(e, "english"), sentence(f, "french")) for e, f in pairs))
)


def place_of(english: str) -> int:
    return int(hashlib.sha256(english.encode("utf-8")).hexdigest(), 16) % 100


# Filters


def test_lengths_are_counted_in_characters_of_the_normalised_text():
    columns = parse_columns(b"Go!\tVa !\nI'm old.\tJe suis vieux.\nI.\tMoi.\n", "pairs.tsv")
    assert columns.first[0] == "go !"
    assert keep_lengths(columns, DataSettings(min_length=4, max_length=25)) == [0, 1]
    assert keep_lengths(columns, DataSettings(min_length=5, max_length=25)) == [1]
    assert keep_lengths(columns, DataSettings(min_length=1, max_length=5)) == [0, 2]


def test_lengths_can_be_counted_in_words_on_both_sides():
    columns = columns_of(("a b c", "x y"), ("a b", "x y z"), ("a b", "x y"), ("", "x"), ("abcdefgh", "x"))
    assert keep_lengths(columns, DataSettings(min_length=1, max_length=2, unit="words")) == [2, 4]
    assert keep_lengths(columns, DataSettings(min_length=2, max_length=3, unit="words")) == [0, 1, 2]


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_a_pair_with_an_empty_side_is_dropped(unit):
    assert keep_lengths(columns_of(("", "x"), ("x", ""), ("x", "x")), DataSettings(unit=unit)) == [2]


def test_a_rare_word_on_either_side_drops_its_pair():
    columns = columns_of(("a b", "x x"), ("a b", "x x"), ("a c", "x x"), ("a b", "x y"), ("a z z", "x x"))
    rows, words = drop_rare(columns, list(range(5)), 2)
    assert rows == [0, 1, 4]
    assert words == (3, 1)  # a, b, z and x


def test_words_are_counted_over_the_rows_that_are_left_not_over_the_file():
    columns = columns_of(("a", "x"), ("a", "x"), ("b", "x"), ("b", "x"))
    assert drop_rare(columns, [0, 1, 2], 2)[0] == [0, 1]


def test_trimming_below_one_keeps_every_pair():
    assert drop_rare(columns_of(("a", "x"), ("b", "y")), [0, 1], 1) == ([0, 1], (2, 2))


def test_of_equal_pairs_the_first_stays_and_other_translations_stay_too():
    columns = columns_of(("a", "x"), ("b", "x"), ("a", "x"), ("a", "y"))
    assert drop_repeats(columns, [0, 1, 2, 3]) == [0, 1, 3]


# The split


@given(tangled)
def test_no_two_sets_share_a_sentence_on_either_side(columns):
    parts = split(columns, drop_repeats(columns, list(range(len(columns.first)))))
    for one, other in itertools.combinations(parts, 2):
        for side in (columns.first, columns.second):
            assert {side[row] for row in one}.isdisjoint(side[row] for row in other)


@given(tangled)
def test_the_hash_of_the_english_text_decides_and_french_of_a_set_before_is_dropped(columns):
    rows = range(len(columns.first))
    training, validation, test = split(columns, rows)
    place = {row: place_of(columns.first[row]) for row in rows}
    assert test == [row for row in rows if place[row] < 5]
    tested = {columns.second[row] for row in test}
    assert validation == [row for row in rows if 5 <= place[row] < 8 and columns.second[row] not in tested]
    held_out = tested | {columns.second[row] for row in validation}
    assert training == [row for row in rows if place[row] >= 8 and columns.second[row] not in held_out]


@given(tangled, tangled)
def test_a_growing_file_moves_no_sentence_to_another_set(before, added):
    after = Columns(before.first + added.first, before.second + added.second, before.provenance + added.provenance)
    old = split(before, range(len(before.first)))
    new = split(after, range(len(after.first)))
    for (number, one), (other_number, other) in itertools.product(enumerate(old), enumerate(new)):
        if number != other_number:
            assert {before.first[row] for row in one}.isdisjoint(after.first[row] for row in other)
            assert set(one).isdisjoint(other)


def test_the_shares_are_five_and_three_in_a_hundred():
    parts = Counter(part_of(f"sentence {number}") for number in range(20_000))
    assert parts["test"] / 20_000 == pytest.approx(0.05, abs=0.01)
    assert parts["validation"] / 20_000 == pytest.approx(0.03, abs=0.01)


# References


@given(tangled, st.booleans())
def test_references_are_all_distinct_translations_in_the_file(columns, reverse):
    src, tgt = (columns.first, columns.second) if reverse else (columns.second, columns.first)
    held_out = held_out_from(columns, reverse)
    assert len(set(held_out.sources)) == len(held_out)
    assert set(held_out.sources) == set(src)
    for source, references in zip(held_out.sources, held_out.references, strict=True):
        assert len(set(references)) == len(references)
        assert set(references) == {t for s, t in zip(src, tgt, strict=True) if s == source}


def test_references_come_from_pairs_of_other_sets_too(tmp_path):
    tested, trained = some_english("test"), some_english("training")
    columns = columns_of((tested, "je chante"), (trained, "je chante"))
    references = gather_references(columns, [0, 1], reverse=False)
    assert references["je chante"] == [tested, trained]


def test_pairs_without_letters_cannot_be_measured_on():
    assert held_out_from(columns_of(("", "x"), ("a", "x"))).references == [["a"]]
    with pytest.raises(CorpusError, match="nothing to measure on"):
        held_out_from(columns_of(("", "x"), ("a", "")))


def test_the_head_of_a_set_keeps_its_parts_together():
    whole = HeldOut(["a", "b"], [["x"], ["y", "z"]], [frozenset({(0, 0)}), frozenset()], ["one", "two"])
    assert whole.head(1) == HeldOut(["a"], [["x"]], [frozenset({(0, 0)})], ["one"])
    assert HeldOut(["a", "b"], [["x"], ["y"]]).head(1) == HeldOut(["a"], [["x"]])
    assert whole.head(5) == whole
    assert whole.select([1]) == HeldOut(["b"], [["y", "z"]], [frozenset()], ["two"])


# Preparing a whole corpus


def some_english(part: str) -> str:
    return next(
        text for text in (f"sentence {a} {b}" for a in "abcdefghij" for b in "klmnopqrst") if part_of(text) == part
    )


def write_pairs(path, count: int = 300, seed: int = 0) -> list[tuple[str, str]]:
    rng = random.Random(seed)
    people = {"I": "je", "you": "tu", "she": "elle", "we": "nous"}
    acts = {"sing": "chante", "wait": "attend", "swim": "nage", "sleep": "dors", "read": "lis"}
    times = {"now": "maintenant", "today": "aujourd'hui", "here": "ici", "well": "bien", "again": "encore"}
    pairs = []
    for _ in range(count):
        person, act, time, place = (rng.choice(list(words)) for words in (people, acts, times, times))
        pairs.append((f"{person} {act} {time} {place}.", f"{people[person]} {acts[act]} {times[time]} {times[place]}."))
    path.write_text("".join(f"{english}\t{french}\n" for english, french in pairs), encoding="utf-8")
    return pairs


def test_a_prepared_file_is_split_counted_and_numbered(tmp_path):
    pairs = write_pairs(tmp_path / "pairs.tsv")
    corpus = prepare(DataSettings(corpus=str(tmp_path / "pairs.tsv")))
    assert [count for _, count in corpus.steps] == [300, 300, len(set(pairs))]
    assert len(corpus.train) + corpus.validation_pairs + corpus.test_pairs == len(set(pairs))
    assert corpus.train.sources[0].split()[0] in ("je", "tu", "elle", "nous")
    assert all(part_of(english) == "training" for english in corpus.train.targets)
    assert all(part_of(references[0]) == "test" for references in corpus.test.references)


def test_reverse_swaps_the_columns_of_the_same_pairs(tmp_path):
    write_pairs(tmp_path / "pairs.tsv")
    settings = DataSettings(corpus=str(tmp_path / "pairs.tsv"))
    forward, back = prepare(settings), prepare(replace(settings, reverse=True))
    assert (back.train.sources, back.train.targets) == (forward.train.targets, forward.train.sources)
    assert (back.src_vocabulary, back.tgt_vocabulary) == (forward.tgt_vocabulary, forward.src_vocabulary)
    assert back.word_counts == forward.word_counts[::-1]
    assert set(back.test.sources) == {text for texts in forward.test.references for text in texts}


def test_trimming_is_counted_as_a_step_of_its_own(tmp_path):
    path = tmp_path / "pairs.tsv"
    write_pairs(path)
    with path.open("a", encoding="utf-8") as file:
        file.write("I yodel now here.\tje iodle maintenant ici.\n")
    steps = dict(prepare(DataSettings(corpus=str(path), trim_below=2)).steps)
    assert steps["read"] == 301
    assert steps["words seen 2 times or more"] == 300


@pytest.mark.parametrize("reverse", [False, True])
def test_words_are_counted_on_training_pairs_only(tiny_settings_data, reverse):
    corpus = prepare(replace(tiny_settings_data, reverse=reverse))
    for vocabulary, texts in (
        (corpus.src_vocabulary, corpus.train.sources),
        (corpus.tgt_vocabulary, corpus.train.targets),
    ):
        counted = Counter(word for text in texts for word in text.split())
        assert dict(zip(vocabulary.words[4:], vocabulary.counts[4:], strict=True)) == counted
    new = {word for text in corpus.test.sources for word in text.split()} - {
        word for text in corpus.train.sources for word in text.split()
    }
    assert new  # otherwise the next line would test nothing
    assert all(corpus.src_vocabulary.id_of(word) == UNK for word in new)


@pytest.fixture
def tiny_settings_data() -> DataSettings:
    return DataSettings(corpus="sample", sample_pairs=400)


def test_words_below_the_bound_are_left_out_of_the_vocabulary(tiny_settings_data):
    corpus = prepare(replace(tiny_settings_data, vocabulary_min_count=3))
    assert min(corpus.src_vocabulary.counts[4:]) >= 3
    assert len(corpus.train) == len(prepare(tiny_settings_data).train)


def test_gold_alignments_point_from_source_words_to_words_of_the_first_reference(tiny_settings_data):
    for reverse in (False, True):
        test = prepare(replace(tiny_settings_data, reverse=reverse)).test
        for source, references, links in zip(test.sources, test.references, test.alignments, strict=True):
            assert links
            assert all(0 <= s < len(source.split()) and 0 <= t < len(references[0].split()) for s, t in links)


def test_reverse_swaps_alignments_with_their_pairs(tiny_settings_data):
    def links_of(corpus) -> dict:
        test = corpus.test
        return {(s, r[0]): a for s, r, a in zip(test.sources, test.references, test.alignments, strict=True)}

    forward = links_of(prepare(tiny_settings_data))
    back = links_of(prepare(replace(tiny_settings_data, reverse=True)))
    common = [(french, english) for french, english in forward if (english, french) in back]
    assert len(common) > len(forward) / 2
    for french, english in common:
        assert back[english, french] == {(e, f) for f, e in forward[french, english]}
    assert any(back[english, french] != forward[french, english] for french, english in common)


def test_the_same_settings_give_the_same_corpus(tiny_settings_data):
    assert prepare(tiny_settings_data) == prepare(tiny_settings_data)


@pytest.mark.parametrize("settings", [{}, {"min_length": 500}, {"max_length": 2, "unit": "words"}, {"trim_below": 90}])
def test_too_few_pairs_are_an_error_that_says_how_many_are_left(tmp_path, settings):
    path = tmp_path / "pairs.tsv"
    write_pairs(path, count=3)
    with pytest.raises(
        CorpusError,
        match=r"no \w+ pairs are left of .*\(3 read, .*give at least 10 pairs or loosen",
    ):
        prepare(DataSettings(corpus=str(path), **settings))


def test_settings_of_the_data_are_checked():
    with pytest.raises(ValueError, match=r"text is 'Unicode', expected one of: ascii, unicode"):
        prepare(DataSettings(sample_pairs=9, text="Unicode"))


@pytest.mark.parametrize("settings", [{"max_length": 2}, {"trim_below": 90}])
def test_filters_that_leave_nothing_are_to_be_loosened(tmp_path, settings):
    path = tmp_path / "pairs.tsv"
    write_pairs(path, count=30)
    with pytest.raises(CorpusError, match=r"0 distinct after all filters; .*\): loosen the filters \(--max-length"):
        prepare(DataSettings(corpus=str(path), **settings))


def test_the_counts_on_the_2017_file_are_those_of_the_book(monkeypatch):
    data = os.environ.get("S2S_TUTORIAL_TEST_DATA")
    if not data:
        pytest.skip("needs real pairs: set S2S_TUTORIAL_DATA to fra-eng.zip of 2017-09-29")
    monkeypatch.setenv("S2S_TUTORIAL_DATA", data)
    corpus = prepare(PRESETS["standard"].data)
    if corpus.steps[0][1] != 142_787:
        pytest.skip("S2S_TUTORIAL_DATA names another release than that of 2017-09-29")
    assert [count for _, count in corpus.steps] == [142_787, 26_856, 16_792, 16_684]
    assert corpus.word_counts == (1_772, 1_568)
    assert (corpus.test_pairs, len(corpus.test)) == (823, 821)
    assert corpus.validation_pairs == 538
    assert len(corpus.train) == 14_902
