"""Search: from the model's probabilities to a translation, for a whole batch at once.

`greedy_search` takes the best word at every step. `beam_search` keeps the K best beginnings and, at the end, ranks
finished sentences by log-probability over the length penalty of Wu et al. 2016 (equation 14).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from s2s_tutorial.model import Seq2Seq
from s2s_tutorial.vocabulary import EOS, PAD, SOS

LENGTH_PENALTY = 1.0


@dataclass(frozen=True)
class Hypothesis:
    """One translation of one sentence.

    Attributes:
        ids: target words, EOS left out.
        score: log-probability over the length penalty; higher is better.
        attn_weights: (T, S) with a row for every word and, where it ended of itself, one for EOS; or None without attention.
    """

    ids: list[int]
    score: float
    attn_weights: Tensor | None


def length_limits(src_lengths: Tensor, max_length: int | None = None) -> Tensor:
    """Words (B,) after which each translation is cut: no honest one is longer than twice its source and ten words.

    Each sentence has its own limit, so its translation does not depend on what else is in the batch.

    Raises:
        ValueError: not even one word is allowed.
    """
    if max_length is not None and max_length < 1:
        raise ValueError(f"max_length is {max_length}, expected at least 1 word")
    return 2 * src_lengths + 10 if max_length is None else torch.full_like(src_lengths, max_length)


def length_penalty(lengths: Tensor | float, strength: float) -> Tensor | float:
    """((5 + length) / 6)^strength (Wu et al. 2016, equation 14); with strength 0 always 1."""
    return ((5.0 + lengths) / 6.0) ** strength


@torch.inference_mode()
def greedy_search(
    model: Seq2Seq, src_ids: Tensor, src_lengths: Tensor, max_length: int | None = None
) -> list[Hypothesis]:
    """Take the most probable word at every step until EOS.

    Args:
        model: a trained model.
        src_ids: (B, S), EOS after each sentence, then PAD.
        src_lengths: (B,), EOS counted.
        max_length: words after which a sentence is cut; None for `length_limits`.

    Returns:
        One hypothesis a sentence; its score has no length penalty.
    """
    src_mask = torch.arange(src_ids.shape[1], device=src_ids.device) < src_lengths[:, None]
    memory, state = model.encode(src_ids, src_mask)
    limits = length_limits(src_lengths, max_length)
    shape = len(src_ids), int(limits.max())
    ids = src_ids.new_full(shape, PAD)  # (B, T)
    weights: Tensor | None = None  # (B, T, S)
    scores = torch.zeros(len(src_ids), device=src_ids.device)
    going = torch.arange(len(src_ids), device=src_ids.device)  # the sentences that have not ended
    words = src_ids.new_full((len(src_ids),), SOS)
    for place in range(shape[1]):
        logits, state, attn_weights = model.decoder.step(words, memory, state)
        best, words = forbid_padding(logits).log_softmax(dim=-1).max(dim=-1)
        ids[going, place] = words
        scores[going] += best
        if attn_weights is not None:
            weights = attn_weights.new_zeros(*shape, src_ids.shape[1]) if weights is None else weights
            weights[going, place] = attn_weights
        ended = (words == EOS) | (limits[going] == place + 1)
        if ended.any():  # whoever has ended costs no further step
            rest = (~ended).nonzero()[:, 0]
            if not len(rest):
                break
            going, words, memory, state = going[rest], words[rest], memory.select(rest), state.select(rest)
    return [
        _hypothesis(ids[row], score, None if weights is None else weights[row, :, :length])
        for row, (score, length) in enumerate(zip(scores.tolist(), src_lengths.tolist(), strict=True))
    ]


@torch.inference_mode()
def beam_search(
    model: Seq2Seq,
    src_ids: Tensor,
    src_lengths: Tensor,
    beam_size: int = 5,
    max_length: int | None = None,
    penalty: float = LENGTH_PENALTY,
) -> list[list[Hypothesis]]:
    """Keep the `beam_size` best beginnings of every sentence.

    A beginning that takes EOS is finished and keeps its place while unfinished ones may still overtake it. A sentence
    whose places are all finished leaves the search and costs no further step.

    Args:
        model: a trained model.
        src_ids: (B, S), EOS after each sentence, then PAD.
        src_lengths: (B,), EOS counted.
        beam_size: the number K of hypotheses.
        max_length: words after which a beginning is cut; None for `length_limits`.
        penalty: strength of the length penalty, 0 for none.

    Returns:
        For each sentence its K best hypotheses, best first.

    Raises:
        ValueError: a beam of no beginnings, or of more than there are words.
    """
    batch, device, vocabulary = src_ids.shape[0], src_ids.device, len(model.decoder.output_bias)
    if not 1 <= beam_size <= vocabulary - 2:
        raise ValueError(f"beam size is {beam_size}, expected 1 to {vocabulary - 2}")
    src_mask = torch.arange(src_ids.shape[1], device=device) < src_lengths[:, None]
    memory, state = model.encode(src_ids, src_mask)
    # The K places of the sentence at place b of those that go on are rows b·K to b·K + K − 1 from here on.
    first_rows = torch.arange(0, batch * beam_size, beam_size, device=device)[:, None]
    of_sentence = torch.arange(batch, device=device).repeat_interleave(beam_size)
    memory, state = memory.select(of_sentence), state.select(of_sentence)

    words, ids = src_ids.new_full((batch * beam_size,), SOS), src_ids.new_empty((batch * beam_size, 0))
    weights: Tensor | None = None
    # All K places start alike, so all but the first are out of the race at the first step.
    log_probs = torch.full((batch, beam_size), -torch.inf, device=device)
    log_probs[:, 0] = 0.0
    lengths = torch.zeros(batch, beam_size, device=device)
    ended = torch.zeros(batch, beam_size, dtype=torch.bool, device=device)
    limits, going = length_limits(src_lengths, max_length)[:, None], list(range(batch))  # of those that have not ended
    n_best: list[list[Hypothesis]] = [[] for _ in going]
    while going:
        logits, state, attn_weights = model.decoder.step(words, memory, state)
        candidates = forbid_padding(logits).log_softmax(dim=-1).view(len(going), beam_size, vocabulary)
        # A finished place has one future: PAD, at no cost.
        candidates = candidates.masked_fill(ended[..., None], -torch.inf)
        candidates[..., PAD] = torch.where(ended, 0.0, -torch.inf)
        # Only the K best words of a place can be among the K best of its sentence.
        best, choices = candidates.topk(beam_size, dim=-1)  # (B, K, K)
        totals = log_probs[..., None] + best
        new_lengths = (lengths + ~ended)[..., None].expand_as(totals)
        top = (totals / length_penalty(new_lengths, penalty)).flatten(1).topk(beam_size, dim=1).indices  # (B, K)
        places = top // beam_size
        words = choices.flatten(1).gather(1, top)
        log_probs = totals.flatten(1).gather(1, top)
        lengths = new_lengths.flatten(1).gather(1, top)
        ended = ended.gather(1, places) | (words == EOS) | (lengths == limits)

        rows, words = (first_rows[: len(going)] + places).flatten(), words.flatten()
        state = state.select(rows)
        ids = torch.cat([ids[rows], words[:, None]], dim=1)
        if attn_weights is not None:
            before = [] if weights is None else [weights]
            weights = torch.cat([*before, attn_weights[:, None, :]], dim=1)[rows]
        leaving = ended.all(dim=1)
        if not leaving.any():
            continue
        scores = log_probs / length_penalty(lengths, penalty)
        for row in leaving.nonzero()[:, 0].tolist():
            own, sentence = slice(row * beam_size, (row + 1) * beam_size), going[row]
            looks = None if weights is None else weights[own, :, : src_lengths[sentence]]
            n_best[sentence] = _ranked(ids[own], scores[row], looks)
        rest = (~leaving).nonzero()[:, 0]
        going = [going[row] for row in rest.tolist()]
        log_probs, lengths, ended, limits = (values[rest] for values in (log_probs, lengths, ended, limits))
        rows = (rest[:, None] * beam_size + torch.arange(beam_size, device=device)).flatten()
        words, ids, memory, state = words[rows], ids[rows], memory.select(rows), state.select(rows)
        weights = None if weights is None else weights[rows]
    return n_best


def _ranked(ids: Tensor, scores: Tensor, weights: Tensor | None) -> list[Hypothesis]:
    """A sentence's hypotheses, best first: of ids (K, T), scores (K,) and weights (K, T, S)."""
    order = scores.argsort(descending=True, stable=True).tolist()
    return [_hypothesis(ids[k], scores[k], None if weights is None else weights[k]) for k in order]


def forbid_padding(logits: Tensor) -> Tensor:
    """PAD and SOS are never a translation: their logits (…, V) become −∞, in place."""
    for word in (PAD, SOS):
        logits[..., word] = -torch.inf  # one index at a time is a view: quicker than a list of two
    return logits


def _hypothesis(ids: Tensor, score: Tensor | float, weights: Tensor | None) -> Hypothesis:
    said = [number for number in ids.tolist() if number != PAD]  # PAD is all that comes after the end
    kept = None if weights is None else weights[: len(said)].cpu().clone()
    return Hypothesis([number for number in said if number != EOS], float(score), kept)
