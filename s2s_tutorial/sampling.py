"""Scheduled sampling: now and then the decoder reads its own last word in training, as it will have to in use.

A coin for every word decides between the true word and the model's (Bengio et al. 2015). The schedule says how likely
the true word is: 1 at first, less and less later. Stepwise, word t waits for the model's word t − 1. The parallel form
(Mihaylova and Martins 2019) takes all of the model's words from one teacher-forced pass and mixes them into a second.
Both forms start from the encoder's pass that the loss uses, so the source is read once a step.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from s2s_tutorial.batching import Batch
from s2s_tutorial.decoder import DecoderState, Memory
from s2s_tutorial.model import Seq2Seq, shift_right
from s2s_tutorial.search import forbid_padding


def teacher_forcing_ratio(schedule: str, progress: float, end: float = 0.0) -> float:
    """Probability that the decoder is fed the true word.

    Args:
        schedule: "none" (always the true word), "constant" (always `end`), "linear", "exponential", or
            "inverse-sigmoid": k / (k + exp(i / k)), the three decays of Bengio et al. 2015, section 2.4, stretched to go
            from 1 to `end`.
        progress: share of training done, 0 to 1.
        end: the ratio at progress 1.

    Raises:
        ValueError: another schedule.
    """
    if schedule == "none":
        return 1.0
    if schedule == "constant":
        return end
    if schedule == "linear":
        share = progress
    elif schedule == "exponential":
        share = (1.0 - 0.01**progress) / 0.99  # 0.01: what is left of the distance to `end` when training ends
    elif schedule == "inverse-sigmoid":
        curve = [1.0 / (1.0 + math.exp(-12.0 * (x - 0.5))) for x in (0.0, progress, 1.0)]
        share = (curve[1] - curve[0]) / (curve[2] - curve[0])
    else:
        raise ValueError(f"schedule is {schedule!r}, expected none, constant, linear, exponential or inverse-sigmoid")
    return 1.0 - (1.0 - end) * share


@torch.no_grad()
def mix_in_parallel(
    model: Seq2Seq, batch: Batch, ratio: float, rng: torch.Generator, memory: Memory, state: DecoderState
) -> Tensor:
    """Words to feed, two-pass form: the model's words come from one teacher-forced pass over whole sentences.

    Args:
        model: in training. Its decoder guesses without dropout.
        batch: B sentence pairs.
        ratio: probability of the true word.
        rng: of the coins.
        memory, state: from the encoder's pass that the loss uses too.

    Returns:
        (B, T) previous words, for `Seq2Seq.loss`.
    """
    fed = shift_right(batch.tgt_ids)
    places = _places_to_guess(batch.tgt_mask, ratio, rng)
    if not places.any():
        return fed
    output = model.decoder(fed[:, :-1], memory, state)  # nothing is fed after the last word
    # What is fed at t was guessed at t − 1. Words that no coin asks for never reach the output layer.
    guesses = _best_words(model, output.attn_states[places[:, 1:]])
    return fed.masked_scatter(places, guesses)


@torch.no_grad()
def mix_stepwise(
    model: Seq2Seq, batch: Batch, ratio: float, rng: torch.Generator, memory: Memory, state: DecoderState
) -> Tensor:
    """Words to feed, stepwise form: the model's word t comes after what was really fed up to t − 1.

    Takes and returns what `mix_in_parallel` does.
    """
    fed = shift_right(batch.tgt_ids)
    places = _places_to_guess(batch.tgt_mask, ratio, rng)
    for place in range(1, fed.shape[1]):
        word, rows = model.decoder.embedding(fed[:, place - 1]), places[:, place]
        attn_state, state, _ = model.decoder.advance(word, memory, state, None)
        fed[rows, place] = _best_words(model, attn_state[rows])
    return fed


def _places_to_guess(tgt_mask: Tensor, ratio: float, rng: torch.Generator) -> Tensor:
    """Where the model's word is fed (B, T): a coin for each, but never at the start, which is SOS, or at padding."""
    places = tgt_mask & (torch.rand(tgt_mask.shape, generator=rng, device=tgt_mask.device) >= ratio)
    places[:, 0] = False
    return places


def _best_words(model: Seq2Seq, attn_states: Tensor) -> Tensor:
    return forbid_padding(model.decoder.logits(attn_states)).argmax(dim=-1)
