"""Scheduled sampling: during training, the decoder sometimes reads its own last word, as it has to in use.

For every word a random draw decides between the true word and the model's (Bengio et al. 2015). The schedule sets the
probability of the true word: 1 at first, and less later. In the stepwise form, word t needs the model's word t - 1. The
parallel form (Mihaylova and Martins 2019) takes all of the model's words from one teacher-forced pass, and feeds a mixture of
true and predicted words to a second pass. Both forms use the encoder's pass of the loss, so the source is read once per step.

Sizes: B batch, T target length, N predicted words, E embedding, H hidden.
"""

from __future__ import annotations

import torch
from torch import Tensor

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.decoder import DecoderState, Memory
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.model.seq2seq import Seq2Seq, shift_right
from s2s_tutorial.translation.best_words import forbid_padding


@torch.no_grad()
def mix_in_parallel(
    model: Seq2Seq, batch: Batch, ratio: float, rng: torch.Generator, memory: Memory, state: DecoderState
) -> Tensor:
    """Choose the previous words in two passes: the model's words come from one teacher-forced pass over whole sentences.

    Args:
        model: Model in training. Its decoder predicts without dropout here.
        batch: B sentence pairs.
        ratio: Probability of the true word, from 0 to 1.
        rng: Random generator that decides between true and predicted words.
        memory, state: From the encoder's pass that the loss uses too.

    Returns:
        (B, T), previous words for `Seq2Seq.loss`.
    """
    fed = shift_right(batch.tgt_ids)  # (B, T)
    predicted = _positions_to_predict(batch.tgt_mask, ratio, rng)  # (B, T)
    if not predicted.any():
        return fed
    with evaluation_mode(model.decoder):
        output = model.decoder(fed[:, :-1], memory, state)  # (B, T - 1, H): nothing is fed after the last word
        # The word fed at t is predicted at t - 1. Only the N states that are needed reach the output layer.
        words = _best_words(model, output.attn_states[predicted[:, 1:]])  # (N,)
    return fed.masked_scatter(predicted, words)


@torch.no_grad()
def mix_stepwise(
    model: Seq2Seq, batch: Batch, ratio: float, rng: torch.Generator, memory: Memory, state: DecoderState
) -> Tensor:
    """Choose the previous words one after another: the model's word t follows the words that were fed up to t - 1.

    Takes and returns what `mix_in_parallel` does.
    """
    fed = shift_right(batch.tgt_ids)  # (B, T)
    predicted = _positions_to_predict(batch.tgt_mask, ratio, rng)  # (B, T)
    with evaluation_mode(model.decoder):
        for t in range(1, fed.shape[1]):
            word, rows = model.decoder.embedding(fed[:, t - 1]), predicted[:, t]  # (B, E), (B,)
            attn_state, state, _ = model.decoder.advance(word, memory, state)  # (B, H)
            fed[rows, t] = _best_words(model, attn_state[rows])
    return fed


def _positions_to_predict(tgt_mask: Tensor, ratio: float, rng: torch.Generator) -> Tensor:
    """Draw the positions (B, T) at which the model's word is fed; never the first, which is SOS, and never padding."""
    predicted = tgt_mask & (torch.rand(tgt_mask.shape, generator=rng, device=tgt_mask.device) >= ratio)
    predicted[:, 0] = False
    return predicted


def _best_words(model: Seq2Seq, attn_states: Tensor) -> Tensor:
    """Return the most probable word (N,) for each attentional state (N, H)."""
    return forbid_padding(model.decoder.logits(attn_states)).argmax(dim=-1)
