"""Batches: every word at its position, padding only after the words, every pair once per epoch."""

import dataclasses
import random

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from s2s_tutorial.data import batches as module
from s2s_tutorial.data.batches import Batch, Encoded, batches_in_order, epoch_order, rows_by_length
from s2s_tutorial.data.vocabulary import EOS, PAD, UNK, Vocabulary

VOCABULARY = Vocabulary.count(["a b c d e"])
SENTENCES = ["a b", "", "c zebra c c a", "d", "e d c"]
texts = st.lists(st.lists(st.sampled_from(["a", "b", "c", "d", "e", "zebra"])).map(" ".join))


@pytest.fixture
def src() -> Encoded:
    return Encoded.encode(SENTENCES, VOCABULARY)


@pytest.fixture
def tgt() -> Encoded:
    return Encoded.encode([" ".join(reversed(s.split())) + " e" for s in SENTENCES], VOCABULARY)


@given(texts)
@example([])
@example([""])
@example(["", "a", ""])
def test_encoding_many_sentences_at_once_equals_word_by_word(sentences):
    encoded = Encoded.encode(sentences, VOCABULARY)
    expected = [VOCABULARY.encode(sentence.split()) for sentence in sentences]
    assert [encoded[number].tolist() for number in range(len(encoded))] == expected
    assert encoded.lengths.tolist() == [len(ids) for ids in expected]


def test_every_sentence_ends_with_its_one_eos_and_unknown_words_are_unk(src):
    for number in range(len(src)):
        assert src[number][-1] == EOS
        assert (src[number][:-1] != EOS).all()
    assert src[2].tolist().count(UNK) == 1


@given(st.lists(st.integers(0, len(SENTENCES) - 1), min_size=1))
def test_a_rectangle_holds_the_sentences_and_padding(rows):
    src = Encoded.encode(SENTENCES, VOCABULARY)
    ids, lengths = src.rectangle(np.array(rows))
    assert ids.shape == (len(rows), max(len(src[row]) for row in rows))
    for row, padded, length in zip(rows, ids, lengths, strict=True):
        assert padded[:length].tolist() == src[row].tolist()
        assert (padded[length:] == PAD).all()


def test_making_a_batch_changes_none_of_its_inputs(src, tgt):
    rows = np.array([2, 0, 1])
    before = [array.copy() for array in (src.ids, src.starts, tgt.ids, tgt.starts, rows)]
    batch = Batch.of(src, tgt, rows)
    batch.src_ids.fill_(PAD)  # and changing a batch does not change its inputs
    batch.src_lengths.fill_(0)
    for array, copy in zip((src.ids, src.starts, tgt.ids, tgt.starts, rows), before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert src.lengths.tolist() == [3, 1, 6, 2, 4]


def test_a_batch_keeps_both_sides_of_a_pair_together(src, tgt):
    rows = np.array([4, 1, 3])
    batch = Batch.of(src, tgt, rows)
    for place, row in enumerate(rows):
        assert batch.src_ids[place, : batch.src_lengths[place]].tolist() == src[row].tolist()
        assert batch.tgt_ids[place, : batch.tgt_lengths[place]].tolist() == tgt[row].tolist()


def test_masks_are_true_at_words_and_false_at_padding(src, tgt):
    batch = Batch.of(src, tgt, np.arange(len(SENTENCES)))
    assert torch.equal(batch.src_mask, batch.src_ids != PAD)
    assert torch.equal(batch.tgt_mask, batch.tgt_ids != PAD)
    assert torch.equal(batch.src_mask.sum(dim=1), batch.src_lengths)


def test_the_share_of_padding_counts_the_padded_positions(src, tgt):
    batch = Batch.of(src, tgt, np.array([0, 2]))
    empty = int((~batch.src_mask).sum() + (~batch.tgt_mask).sum())
    assert batch.padding_share == pytest.approx(empty / (batch.src_ids.numel() + batch.tgt_ids.numel()))
    assert Batch.of(src, tgt, np.array([2])).padding_share == 0


@pytest.mark.parametrize("parts", [1, 2, 3, 5])
def test_a_split_keeps_every_pair_once_without_columns_of_padding(src, tgt, parts):
    batch = Batch.of(src, tgt, np.arange(len(src)))
    split = batch.split(parts)
    assert len(split) == parts
    pairs = []
    for part in split:
        assert part.src_mask.any(dim=0).all()
        assert part.tgt_mask.any(dim=0).all()
        for row, size, other, other_size in zip(
            part.src_ids, part.src_lengths, part.tgt_ids, part.tgt_lengths, strict=True
        ):
            pairs.append((row[:size].tolist(), other[:other_size].tolist()))
    assert sorted(pairs) == sorted((src[n].tolist(), tgt[n].tolist()) for n in range(len(src)))


def test_the_parts_of_a_batch_have_nearly_as_many_pairs_and_words_each():
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 12, 64)
    side = Encoded(np.full(lengths.sum(), UNK), np.concatenate([[0], lengths.cumsum()]))
    words = [int(part.src_lengths.sum()) for part in Batch.of(side, side, np.arange(64)).split(4)]
    assert max(words) - min(words) <= 12


def test_a_batch_moves_to_a_device_with_all_its_tensors(src, tgt):
    moved = Batch.of(src, tgt, np.array([0, 1])).to("meta")
    assert all(getattr(moved, f.name).device.type == "meta" for f in dataclasses.fields(moved))


def lengths_of(number: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    src_lengths = rng.integers(1, 12, number)
    return src_lengths, src_lengths + rng.integers(0, 4, number)


@pytest.mark.parametrize("bucketed", [True, False])
@pytest.mark.parametrize(("number", "batch_size"), [(0, 4), (1, 4), (8, 4), (103, 10), (5, 1), (3, 100)])
def test_an_epoch_visits_every_pair_exactly_once(number, batch_size, bucketed):
    batches = epoch_order(*lengths_of(number), batch_size, seed=1, epoch=2, bucketed=bucketed)
    visited = [int(row) for batch in batches for row in batch]
    assert sorted(visited) == list(range(number))
    assert all(1 <= len(batch) <= batch_size for batch in batches)
    assert len(batches) == -(-number // batch_size)


def as_lists(batches: list[np.ndarray]) -> list[list[int]]:
    return [batch.tolist() for batch in batches]


def test_the_order_depends_on_seed_and_epoch_and_on_nothing_else():
    lengths = lengths_of(60)
    first = as_lists(epoch_order(*lengths, 8, seed=1, epoch=2))
    np.random.seed(99)
    random.seed(99)
    torch.manual_seed(99)
    assert as_lists(epoch_order(*lengths, 8, seed=1, epoch=2)) == first
    assert as_lists(epoch_order(*lengths, 8, seed=1, epoch=3)) != first
    assert as_lists(epoch_order(*lengths, 8, seed=2, epoch=2)) != first
    assert as_lists(epoch_order(*lengths, 8, seed=2, epoch=1)) != first


def test_no_two_epochs_make_the_same_batches():
    lengths = lengths_of(200)
    epochs = [{frozenset(batch) for batch in as_lists(epoch_order(*lengths, 8, 0, epoch))} for epoch in range(3)]
    assert len(epochs[0] & epochs[1]) < len(epochs[0]) / 2
    assert len(epochs[1] & epochs[2]) < len(epochs[1]) / 2


def test_batches_do_not_come_shortest_first():
    src_lengths, tgt_lengths = lengths_of(400)
    firsts = [src_lengths[batch].mean() for batch in epoch_order(src_lengths, tgt_lengths, 8, 0, 0)]
    assert firsts != sorted(firsts)
    assert firsts != sorted(firsts, reverse=True)


def test_buckets_hold_less_padding_than_random_batches():
    src_lengths, tgt_lengths = lengths_of(400)
    texts = [[" ".join(["a"] * n) for n in lengths] for lengths in (src_lengths, tgt_lengths)]
    src, tgt = (Encoded.encode(side, VOCABULARY) for side in texts)

    def share(bucketed: bool) -> float:
        batches = epoch_order(src.lengths, tgt.lengths, 16, 0, 0, bucketed)
        return float(np.mean([Batch.of(src, tgt, rows).padding_share for rows in batches]))

    assert share(bucketed=True) < 0.3 * share(bucketed=False)


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
def test_batches_for_translating_cover_all_longest_first(src, tgt, batch_size):
    visited = []
    for rows, batch in batches_in_order(src, tgt, batch_size):
        visited += rows.tolist()
        assert len(rows) == len(batch.src_ids) <= batch_size
        for place, row in enumerate(rows):
            assert batch.src_ids[place, : batch.src_lengths[place]].tolist() == src[row].tolist()
    assert sorted(visited) == list(range(len(src)))
    assert [src.lengths[row] for row in visited] == sorted(src.lengths, reverse=True)


@pytest.mark.parametrize(("count", "size"), [(5, 5), (1_000, 128), (3_200, 200), (9_000, 256)])
def test_many_sentences_are_translated_in_larger_batches(count, size):
    rows = rows_by_length(Encoded.encode(["a"] * count, VOCABULARY))
    assert max(map(len, rows)) == size
    assert np.concatenate(rows).tolist() == list(range(count))


def test_a_batch_of_long_sentences_for_translating_is_smaller(monkeypatch):
    monkeypatch.setattr(module, "MOST_WORDS", 24)
    sentences = Encoded.encode(
        [" ".join(["a"] * words) for words in (2, 30, 5, 5, 5, 2, 11)], VOCABULARY
    )  # and EOS each
    assert [rows.tolist() for rows in rows_by_length(sentences, 4)] == [[1], [6, 2], [3, 4, 0, 5]]


def test_no_sentences_make_no_batch():
    nothing = Encoded.encode([], VOCABULARY)
    assert list(batches_in_order(nothing, nothing, 4)) == []
