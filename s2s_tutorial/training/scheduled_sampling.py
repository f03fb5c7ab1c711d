"""Scheduled sampling: now and then the decoder reads its own last word in training, as it will have to in use.

A coin for every word decides between the true word and the model's (Bengio et al. 2015). The schedule says how likely
the true word is: 1 at first, less and less later. Stepwise, word t waits for the model's word t − 1. The parallel form
(Mihaylova and Martins 2019) takes all of the model's words from one teacher-forced pass and mixes them into a second.
Both forms start from the encoder's pass that the loss uses, so the source is read once a step.
"""

from __future__ import annotations

import torch
from torch import Tensor

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.decoder import DecoderState, Memory
from s2s_tutorial.model.seq2seq import Seq2Seq, shift_right
from s2s_tutorial.translation.search import forbid_padding


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
