"""Greedy and beam search, compared with slow searches of one sentence and with an exhaustive search."""

import dataclasses
import itertools

import pytest
import torch
from small_models import (
    FAMILIES,
    SIZE,
    TGT_WORDS,
    all_families,
    batch_to_learn,
    half_learnt,
    kind_name,
    one_pair,
    overfitted,
    small_batch,
    small_model,
    with_bias,
)

from s2s_tutorial.data.vocabulary import EOS, PAD, SOS
from s2s_tutorial.model.seq2seq import Seq2Seq, shift_right
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.best_words import forbid_padding
from s2s_tutorial.translation.search import (
    Hypothesis,
    beam_search,
    greedy_search,
    length_limits,
    length_penalty,
)

LUONG = ModelSettings("luong", "general", SIZE, SIZE, 1, 0.0, tie_embeddings=False)
ROWS = range(4)
some_families = pytest.mark.parametrize("settings", FAMILIES[1::3], ids=kind_name)


def log_probs_after(model: Seq2Seq, words, memory, state):
    logits, state, weights = model.decoder.step(words, memory, state)
    logits[:, [PAD, SOS]] = -torch.inf
    return logits.log_softmax(-1), state, weights


@torch.no_grad()
def log_prob_of(model: Seq2Seq, row: int, ids: list[int]) -> float:
    """Return the log-probability of the words of `ids`, of EOS too if it is there, computed step by step."""
    batch = one_pair(row)
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    total, words = 0.0, torch.tensor([SOS])
    for number in ids:
        log_probs, state, _ = log_probs_after(model, words, memory, state)
        total, words = total + float(log_probs[0, number]), torch.tensor([number])
    return total


@torch.no_grad()
def log_probs_of_two(model: Seq2Seq, row: int, sentences: list) -> list[list[float]]:
    """Return the log-probabilities of the first and the second word of every sentence of two words."""
    batch, rows = one_pair(row), torch.zeros(len(sentences), dtype=torch.long)
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    ids = torch.tensor(sentences)
    output = model.decoder(shift_right(ids), memory.select(rows), state.select(rows))
    log_probs = forbid_padding(model.decoder.logits(output.attn_states)).log_softmax(-1)
    return log_probs.gather(-1, ids[..., None])[..., 0].tolist()


@torch.no_grad()
def beam_search_slowly(model: Seq2Seq, row: int, beam_size: int, max_length: int, penalty: float):
    """Run beam search in its simplest form: one sentence, lists of partial hypotheses, every candidate listed."""
    batch = one_pair(row)
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    beam = [([], 0.0, state)]

    def score(hypothesis) -> float:
        ids, log_prob, _ = hypothesis
        return log_prob / ((5 + len(ids)) / 6) ** penalty

    for _ in range(max_length):
        candidates = []
        for ids, log_prob, state in beam:
            if ids[-1:] == [EOS]:
                candidates.append((ids, log_prob, state))
                continue
            words = torch.tensor(ids[-1:] or [SOS])
            log_probs, next_state, _ = log_probs_after(model, words, memory, state)
            for word in range(TGT_WORDS):
                if word not in (PAD, SOS):
                    candidates.append(([*ids, word], log_prob + float(log_probs[0, word]), next_state))
        beam = sorted(candidates, key=score, reverse=True)[:beam_size]
    return [([n for n in ids if n != EOS], score((ids, log_prob, None))) for ids, log_prob, _ in beam]


def both(found: list[Hypothesis]) -> tuple[list[list[int]], list[float]]:
    return [h.ids for h in found], [h.score for h in found]


def same(found: list[Hypothesis], expected: list[Hypothesis]) -> None:
    assert [h.ids for h in found] == [h.ids for h in expected]
    assert [h.score for h in found] == pytest.approx([h.score for h in expected], rel=1e-5)
    for one, other in zip(found, expected, strict=True):
        if one.attn_weights is None:
            assert other.attn_weights is None
        else:
            torch.testing.assert_close(one.attn_weights, other.attn_weights)


@all_families
def test_a_beam_of_one_equals_greedy_search(settings):
    model, batch = half_learnt(settings), small_batch()
    greedy = greedy_search(model, batch.src_ids, batch.src_lengths)
    beam = beam_search(model, batch.src_ids, batch.src_lengths, beam_size=1, penalty=0.0)
    assert [len(n_best) for n_best in beam] == [1] * len(greedy)
    same([n_best[0] for n_best in beam], greedy)


@all_families
def test_greedy_search_of_a_batch_equals_its_sentences_alone(settings):
    model, batch = half_learnt(settings), small_batch()
    together = greedy_search(model, batch.src_ids, batch.src_lengths)
    alone = [greedy_search(model, one_pair(row).src_ids, one_pair(row).src_lengths)[0] for row in ROWS]
    same(together, alone)


@some_families
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_beam_search_of_a_batch_equals_its_sentences_alone(settings, penalty):
    model, batch = half_learnt(settings), small_batch()
    together = beam_search(model, batch.src_ids, batch.src_lengths, 3, penalty=penalty)
    for row in ROWS:
        alone = one_pair(row)
        same(together[row], beam_search(model, alone.src_ids, alone.src_lengths, 3, penalty=penalty)[0])


@some_families
@pytest.mark.parametrize(("beam_size", "penalty"), [(1, 0.0), (2, 1.0), (4, 0.0), (7, 0.6)])
def test_beam_search_equals_the_slow_one_of_one_sentence(settings, beam_size, penalty):
    model, batch, max_length = half_learnt(settings), small_batch(), 6
    found = beam_search(model, batch.src_ids, batch.src_lengths, beam_size, max_length, penalty)
    for row in ROWS:
        slow = beam_search_slowly(model, row, beam_size, max_length, penalty)
        ids, scores = both(found[row])
        assert ids == [words for words, _ in slow]
        assert scores == pytest.approx([score for _, score in slow], rel=1e-5)


@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_beam_as_wide_as_needed_finds_the_best_of_all_sentences(penalty, seed):
    """For sentences of at most two words, a slot for every first word is wide enough."""
    model, batch, max_length = half_learnt(LUONG, seed=seed), small_batch(), 2
    allowed = [n for n in range(TGT_WORDS) if n not in (PAD, SOS)]
    found = beam_search(model, batch.src_ids, batch.src_lengths, len(allowed), max_length, penalty)
    sentences = [[EOS, EOS], *(pair for pair in itertools.product(allowed, allowed) if pair[0] != EOS)]
    for row in ROWS:
        scored = []
        for (first, second), (p, q) in zip(sentences, log_probs_of_two(model, row, sentences), strict=True):
            scored.append((p, [EOS]) if first == EOS else ((p + q) / ((5 + 2) / 6) ** penalty, [first, second]))
        best = sorted(scored, reverse=True)[: len(allowed)]
        ids, scores = both(found[row])
        assert ids == [[n for n in words if n != EOS] for _, words in best]
        assert scores == pytest.approx([score for score, _ in best], rel=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_a_beam_with_a_slot_for_every_first_word_is_never_worse_than_greedy_search(seed):
    """For at most two words it compares all sentences, so this holds for every model, but not for narrower beams."""
    model, batch, every_word, max_length = small_model(LUONG, seed, loudness=3.0), small_batch(), TGT_WORDS - 2, 2
    greedy = greedy_search(model, batch.src_ids, batch.src_lengths, max_length)
    beams = beam_search(model, batch.src_ids, batch.src_lengths, every_word, max_length, penalty=0.0)
    for n_best, one in zip(beams, greedy, strict=True):
        assert n_best[0].score >= one.score - 1e-5  # scores are added in single precision


@all_families
def test_the_n_best_are_n_all_different_and_sorted(settings):
    batch, beam_size = small_batch(), 5
    for n_best in beam_search(half_learnt(settings), batch.src_ids, batch.src_lengths, beam_size):
        ids, scores = both(n_best)
        assert len(n_best) == beam_size == len({tuple(words) for words in ids})
        assert scores == sorted(scores, reverse=True)
        assert all(score > -float("inf") for score in scores)


@some_families
def test_a_score_is_the_log_probability_of_the_words(settings):
    model, batch = half_learnt(settings), small_batch()
    limits = length_limits(batch.src_lengths).tolist()
    for row, found in enumerate(greedy_search(model, batch.src_ids, batch.src_lengths)):
        words = [*found.ids, EOS][: limits[row]]
        assert found.score == pytest.approx(log_prob_of(model, row, words), rel=1e-5)
    for row, n_best in enumerate(beam_search(model, batch.src_ids, batch.src_lengths, 3, penalty=0.7)):
        for found in n_best:
            words = [*found.ids, EOS][: limits[row]]
            expected = log_prob_of(model, row, words) / ((5 + len(words)) / 6) ** 0.7
            assert found.score == pytest.approx(expected, rel=1e-5)


def test_the_length_penalty_equals_the_papers_formula():
    assert length_penalty(1, 1.0) == 1.0
    assert length_penalty(7, 1.0) == 2.0
    assert length_penalty(7, 0.5) == pytest.approx(2**0.5)
    assert length_penalty(torch.tensor([1.0, 7.0, 13.0]), 2.0).tolist() == [1.0, 4.0, 9.0]
    assert length_penalty(40, 0.0) == 1.0


@pytest.mark.parametrize("seed", range(20))
def test_a_stronger_length_penalty_never_makes_the_best_sentence_shorter(seed):
    """Of two log-probabilities, both below 0, a larger strength can only come to favour that of the longer sentence.

    This holds for every model as long as the beam compares all sentences, here those of two words at most. The bias makes the
    empty one the most probable, and a strength of 200 outweighs it.
    """
    model, batch, every_word = small_model(LUONG, seed, loudness=3.0), small_batch(), TGT_WORDS - 2
    model = with_bias(model, [EOS], 12.0)
    lengths = []  # of the best translations, one list for each strength
    for strength in (0.0, 0.5, 1.0, 3.0, 10.0, 30.0, 200.0):
        beams = beam_search(model, batch.src_ids, batch.src_lengths, every_word, 2, strength)
        lengths.append([len(n_best[0].attn_weights) for n_best in beams])  # EOS is counted
    assert lengths[0] == [1] * len(ROWS)
    assert lengths[-1] == [2] * len(ROWS)
    for weaker, stronger in itertools.pairwise(lengths):
        assert all(one <= other for one, other in zip(weaker, stronger, strict=True))


@pytest.mark.parametrize("max_length", [1, 3, None])
def test_a_sentence_that_does_not_end_is_cut(max_length):
    model, batch = with_bias(half_learnt(LUONG), [EOS], -1000.0), small_batch()
    limits = length_limits(batch.src_lengths, max_length).tolist()
    for row, found in enumerate(greedy_search(model, batch.src_ids, batch.src_lengths, max_length)):
        assert len(found.ids) == limits[row] == len(found.attn_weights)
    for row, n_best in enumerate(beam_search(model, batch.src_ids, batch.src_lengths, 2, max_length)):
        for found in n_best:
            assert len(found.ids) == limits[row] == len(found.attn_weights)


def test_a_sentences_limit_is_its_own_unless_one_is_given():
    assert length_limits(torch.tensor([2, 5])).tolist() == [14, 20]
    assert length_limits(torch.tensor([2, 5]), 3).tolist() == [3, 3]


@all_families
def test_padding_and_sos_are_never_in_a_translation(settings):
    model, batch = with_bias(half_learnt(settings), [PAD, SOS], 50.0), small_batch()
    found = greedy_search(model, batch.src_ids, batch.src_lengths, 5)
    found += [h for n_best in beam_search(model, batch.src_ids, batch.src_lengths, 4, 5) for h in n_best]
    for hypothesis in found:
        assert not {PAD, SOS, EOS} & set(hypothesis.ids)


def test_forbidden_words_are_forbidden_everywhere():
    logits = torch.zeros(2, 3, TGT_WORDS)
    assert forbid_padding(logits).eq(-torch.inf).sum() == 2 * 3 * 2
    assert logits[..., [PAD, SOS]].eq(-torch.inf).all()


@all_families
def test_attention_has_a_row_for_every_word_and_one_for_the_end(settings):
    model, batch = half_learnt(settings), small_batch()
    limits = length_limits(batch.src_lengths).tolist()
    beams = beam_search(model, batch.src_ids, batch.src_lengths, 3)
    greedy = greedy_search(model, batch.src_ids, batch.src_lengths)
    for row, found in [*enumerate(greedy), *((row, h) for row, n_best in enumerate(beams) for h in n_best)]:
        if settings.attention == "none":
            assert found.attn_weights is None
            continue
        rows = min(len(found.ids) + 1, limits[row])
        assert found.attn_weights.shape == (rows, batch.src_lengths[row])
        totals = found.attn_weights.sum(-1)
        if settings.attention == "local-p":
            assert ((totals > 0) & (totals <= 1 + 1e-12)).all()
        else:
            torch.testing.assert_close(totals, torch.ones_like(totals))


@some_families
def test_a_beams_attention_is_that_of_its_own_words(settings):
    """It must not be that of hypotheses that were in the same slot earlier."""
    if settings.attention == "none":
        pytest.skip("no attention to keep")
    model, batch = half_learnt(settings), small_batch()
    for row, n_best in enumerate(beam_search(model, batch.src_ids, batch.src_lengths, 4, penalty=0.0)):
        alone = one_pair(row)
        memory, start = model.encode(alone.src_ids, alone.src_mask)
        for found in n_best:
            prev_ids = torch.tensor([[SOS, *found.ids]])[:, : len(found.attn_weights)]
            expected = model.decoder(prev_ids, memory, start).attn_weights[0]
            torch.testing.assert_close(found.attn_weights, expected)


def test_memorised_sentences_are_found_by_any_beam():
    model, _ = overfitted(LUONG)
    batch = batch_to_learn()
    truth = [ids[: length - 1].tolist() for ids, length in zip(batch.tgt_ids, batch.tgt_lengths, strict=True)]
    for beam_size in (1, 2, 5):
        found = beam_search(model, batch.src_ids, batch.src_lengths, beam_size)
        assert [n_best[0].ids for n_best in found] == truth


@pytest.mark.parametrize("beam_size", [0, -1, TGT_WORDS - 1])
def test_a_beam_of_no_slots_or_too_many_is_refused(beam_size):
    batch = small_batch()
    with pytest.raises(ValueError, match=f"beam size is {beam_size}, expected 1 to {TGT_WORDS - 2}"):
        beam_search(half_learnt(LUONG), batch.src_ids, batch.src_lengths, beam_size)


def test_searching_needs_no_gradient_and_changes_none_of_its_inputs():
    batch, untouched = small_batch(), small_batch()
    found = beam_search(half_learnt(LUONG), batch.src_ids, batch.src_lengths, 3)[0][0]
    assert not found.attn_weights.requires_grad
    for f in dataclasses.fields(batch):
        assert torch.equal(getattr(batch, f.name), getattr(untouched, f.name))


@pytest.mark.parametrize("max_length", [0, -3])
def test_a_translation_of_no_words_cannot_be_asked_for(max_length):
    model, batch = half_learnt(LUONG), small_batch()
    for search in (greedy_search, beam_search):
        with pytest.raises(ValueError, match=f"max_length is {max_length}, expected at least 1 word"):
            search(model, batch.src_ids, batch.src_lengths, max_length=max_length)
