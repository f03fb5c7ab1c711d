"""Byte-pair encoding: merges are learned and applied as the paper says, and as another library does."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial.data.subwords import apply_merges, join_pair, learn_merges, spell
from s2s_tutorial.data.unicode_text import BYTES

words = st.text("abcde", min_size=1, max_size=8)
counted = st.dictionaries(words, st.integers(1, 50), min_size=1, max_size=30)


def learn_slowly(counts, most):
    """Learn as the paper does: count all pairs again in each round."""
    pieces, merges = {word: list(word) for word in counts}, []
    for _ in range(most):
        pairs = Counter()
        for word, count in counts.items():
            for pair in pairwise(pieces[word]):
                pairs[pair] += count
        best = min(pairs, key=lambda pair: (-pairs[pair], pair), default=None)
        if best is None or pairs[best] < 2:
            break
        merges.append(best)
        pieces = {word: join_pair(parts, best) for word, parts in pieces.items()}
    return merges


@given(counted, st.integers(0, 40))
def test_merges_are_those_of_counting_all_pairs_in_each_round(counts, most):
    assert learn_merges(counts, most) == learn_slowly(counts, most)


def test_the_example_of_the_paper():
    counts = {"low·": 5, "lower·": 2, "newest·": 6, "widest·": 3}
    assert learn_merges(counts, 4) == [("e", "s"), ("es", "t"), ("est", "·"), ("l", "o")]


@given(counted, words, st.integers(0, 40))
def test_pieces_join_to_the_word(counts, word, most):
    ranks = {pair: rank for rank, pair in enumerate(learn_merges(counts, most))}
    assert "".join(apply_merges(list(word), ranks)) == word


@given(counted)
def test_a_learned_word_is_one_piece_if_all_merges_are_learned(counts):
    frequent = {word: count + 1 for word, count in counts.items()}
    ranks = {pair: rank for rank, pair in enumerate(learn_merges(frequent, 10_000))}
    assert all(apply_merges(list(word), ranks) == [word] for word in frequent)


@given(counted, words)
def test_pieces_are_those_of_another_library_with_the_same_merges(counts, word):
    tokenizers = pytest.importorskip("tokenizers", reason="the library tokenizers, which is compared with, is missing")
    merges = learn_merges(counts, 40)
    pieces = dict.fromkeys([*"abcde", *("".join(pair) for pair in merges)])
    model = tokenizers.models.BPE(vocab={piece: number for number, piece in enumerate(pieces)}, merges=merges)
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    expected = [token.value for token in model.tokenize(word)]
    assert apply_merges(list(word), ranks) == expected


@given(counted, words, st.integers(0, 1000))
def test_dropout_joins_to_the_same_word_and_depends_on_the_random_generator_alone(counts, word, seed):
    ranks = {pair: rank for rank, pair in enumerate(learn_merges(counts, 40))}
    cut = apply_merges(list(word), ranks, 0.5, Random(seed))
    assert "".join(cut) == word
    assert cut == apply_merges(list(word), ranks, 0.5, Random(seed))


def test_more_dropout_leaves_more_pieces():
    ranks = {pair: rank for rank, pair in enumerate(learn_merges({"lowest": 5, "newest": 6}, 20))}
    rng = Random(0)
    sizes = [
        sum(len(apply_merges(list("lowest"), ranks, dropout, rng)) for _ in range(200)) for dropout in (0.0, 0.3, 0.9)
    ]
    assert sizes == sorted(set(sizes))
    assert sizes[0] == 200


def test_a_character_outside_the_alphabet_becomes_its_bytes():
    assert spell("aé語", set("a")) == ["a", "<0xC3>", "<0xA9>", "<0xE8>", "<0xAA>", "<0x9E>"]
    assert [spell(token, set()) for token in BYTES[:2]] == [["<0x00>"], ["<0x01>"]]
