"""Vocabularies of pieces: nothing is unknown, files are checked, and sentences are encoded as words one by one would be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial.data.batches import Encoded
from s2s_tutorial.data.pieces import (
    FIXED,
    PieceVocabulary,
    WordTypes,
    build_vocabularies,
    encode_sentences,
    read_vocabulary,
)
from s2s_tutorial.data.rules import ASCII, UNICODE, AsciiRule
from s2s_tutorial.data.vocabulary import EOS, UNK, Vocabulary
from s2s_tutorial.settings import DataSettings

LINES = ["Il était une fois.", "Elle était là, là-bas.", "Привет, мир!", "Привет, Мир!", "我买小狗。", "我买小车。"] * 3


def learn(rule=UNICODE, size=600, merging=True, lines=LINES):
    counts = Counter(word for line in lines for word in rule.split(rule.normalise(line)))
    return PieceVocabulary.learn(counts, size, merging)


VOCABULARIES = {"subwords": learn(), "characters": learn(merging=False)}


@pytest.mark.parametrize("kind", VOCABULARIES)
@given(text=st.text())
def test_any_text_comes_back_from_its_ids(kind, text):
    vocabulary, normal = VOCABULARIES[kind], UNICODE.normalise(text)
    ids = vocabulary.encode(vocabulary.tokens(UNICODE.split(normal)))
    assert UNK not in ids
    assert UNICODE.unsplit(vocabulary.decode(ids)) == normal


@given(st.text("abcé ,.!?'"))
def test_text_of_the_ascii_rule_comes_back_from_its_pieces(text):
    rule = AsciiRule(marked=True)
    vocabulary, normal = learn(rule), rule.normalise(text)
    assert rule.unsplit(vocabulary.tokens(rule.split(normal))) == normal


def test_a_vocabulary_has_the_asked_size_and_frequent_words_are_one_piece():
    assert len(learn(size=FIXED_SIZE + 40)) == FIXED_SIZE + 40
    assert learn().tokens(["▁Привет"]) == ["▁Привет"]
    assert VOCABULARIES["characters"].tokens(["▁là"]) == ["▁", "l", "à"]


FIXED_SIZE = len(FIXED)


def test_numbers_are_single_digits():
    assert learn(lines=["en 2026"] * 9).tokens(["▁2026"]) == ["▁", "2", "0", "2", "6"]


def test_counts_are_those_of_the_pieces():
    vocabulary = learn()
    pieces = Counter(p for line in LINES for p in vocabulary.tokens(UNICODE.split(UNICODE.normalise(line))))
    assert dict(zip(vocabulary.words, vocabulary.counts, strict=True)) == {w: pieces[w] for w in vocabulary.words}


@pytest.mark.parametrize("vocabulary", [*VOCABULARIES.values(), Vocabulary.count(["a b"])])
def test_a_vocabulary_comes_back_from_its_file(vocabulary):
    again = read_vocabulary(vocabulary.to_dict())
    assert again == vocabulary
    assert type(again) is type(vocabulary)


@pytest.mark.parametrize(
    "change",
    [
        {"merges": ["a b", "a b"]},
        {"merges": ["ab"]},
        {"merges": ["a z"]},
        {"merges": ["ab a", "a b"]},
        {"merges": ["a  b"]},
        {"merges": [3]},
        {"merges": "a b"},
        {"merges": [" ".join(["a" * 2**n] * 2) for n in range(6)]},  # each piece twice as long as the one before
        {"alphabet": ["ab"]},
        {"alphabet": ["a", "a"]},
        {"alphabet": ["a", "b", " "]},
        {"alphabet": ["a", "b", "\x1b"]},
        {"alphabet": None},
        {"counts": [1]},
        {"counts": [-1] * 259},
        {"alphabet": list("<unk>"), "merges": ["< u", "<u n", "<un k", "<unk >"]},
        {"alphabet": [chr(n) for n in range(0xAC00, 0xAC00 + 11_000)] * 100},
    ],
)
def test_a_hostile_file_is_refused(change):
    good = {"alphabet": ["a", "b"], "merges": ["a b"], "counts": [0] * 259}
    read_vocabulary(good)
    with pytest.raises(ValueError, match=r"vocabulary|merge|character|word"):
        read_vocabulary(good | change)


@pytest.mark.parametrize("rule", [ASCII, UNICODE, AsciiRule(marked=True)])
def test_sentences_are_encoded_as_word_by_word(rule):
    sentences = [rule.normalise(line) for line in LINES] + [""]
    words = Counter(word for line in sentences for word in rule.split(line))
    vocabularies = [Vocabulary.of_counts(words, 2), PieceVocabulary.learn(words, 300)]
    for vocabulary in vocabularies:
        encoded = encode_sentences(sentences, vocabulary, rule)
        assert len(encoded) == len(sentences)
        for row, sentence in enumerate(sentences):
            assert encoded[row].tolist() == vocabulary.encode(vocabulary.tokens(rule.split(sentence)))
    if rule == ASCII:
        plain = Encoded.encode(sentences, vocabularies[0])
        again = encode_sentences(sentences, vocabularies[0], rule)
        assert np.array_equal(plain.ids, again.ids)
        assert np.array_equal(plain.starts, again.starts)
    else:
        for vocabulary in vocabularies:
            with pytest.raises(ValueError, match=r"use data\.pieces\.encode_sentences"):
                Encoded.encode(sentences, vocabulary)


def test_dropout_cuts_words_in_other_ways_that_depend_on_the_seed_alone():
    sentences, vocabulary = [UNICODE.normalise(line) for line in LINES], learn()
    types = WordTypes.of(sentences, UNICODE)
    cut = [types.sample(vocabulary, 0.3, [0, epoch, 0]) for epoch in (0, 0, 1)]
    assert np.array_equal(cut[0].ids, cut[1].ids)
    assert not np.array_equal(cut[0].ids, cut[2].ids)
    for each in cut:
        assert [UNICODE.unsplit(vocabulary.decode(ids.tolist())) for ids in each] == sentences
        assert (each.ids == EOS).sum() == len(sentences)
    assert len({len(each) for each in cut[0]}) > len({len(each) for each in types.encode(vocabulary)})


def test_a_joint_vocabulary_is_the_same_on_both_sides():
    settings = DataSettings(text="unicode", tokens="subwords", vocabulary_size=600)
    counts = Counter({"▁taxi": 5}), Counter({"▁cab": 5})
    src, tgt = build_vocabularies(*counts, settings)
    assert src == tgt
    assert "▁taxi" in src
    assert "▁cab" in src
    src, tgt = build_vocabularies(*counts, replace(settings, joint_vocabulary=False))
    assert "▁cab" not in src
    assert "▁taxi" not in tgt
