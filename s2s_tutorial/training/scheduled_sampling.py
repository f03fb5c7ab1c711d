"""Scheduled sampling: during training, the decoder sometimes reads its own last word, as it must when it translates.

For every word a random draw decides between the true word and the model's (Bengio et al. 2015). The schedule sets the
probability of the true word: 1 at first, and less later. Word by word, the model's word t would have to wait for its word
t - 1. The two passes of Mihaylova and Martins (2019) do not wait: all of the model's words come from one teacher-forced pass,
and a second pass reads a mixture of true and predicted words. Both use the encoder's pass of the loss, so the source is read
once per step.

Sizes: B batch, T target length, N predicted words, E embedding, H hidden.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.decoder import DecoderState, Memory
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.model.seq2seq import Seq2Seq, shift_right
from s2s_tutorial.translation.best_words import forbid_padding


def teacher_forcing_ratio(schedule: str, progress: float, end: float = 0.0) -> float:
    """Return the probability that the decoder is fed the true word, from 0 to 1.

    Args:
        schedule: "none" (always the true word), "constant" (always `end`), "linear", "exponential", or
            "inverse-sigmoid": k / (k + exp(i / k)), the three decays of Bengio et al. 2015, section 2.4, stretched to go
            from 1 to `end`.
        progress: Share of training done, from 0 to 1.
        end: Probability at progress 1.

    Raises:
        ValueError: The schedule is none of these.
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
    predicted = positions_to_predict(batch.tgt_mask, ratio, rng)  # (B, T)
    if not predicted.any():
        return fed
    with evaluation_mode(model.decoder):
        output = model.decoder(fed[:, :-1], memory, state)  # (B, T - 1, H): nothing is fed after the last word
        # The word fed at t is predicted at t - 1. Only the N states that are needed reach the output layer.
        words = best_words(model, output.attn_states[predicted[:, 1:]])  # (N,)
    return fed.masked_scatter(predicted, words)


def positions_to_predict(tgt_mask: Tensor, ratio: float, rng: torch.Generator) -> Tensor:
    """Draw the positions (B, T) at which the model's word is fed; never the first, which is SOS, and never padding."""
    predicted = tgt_mask & (torch.rand(tgt_mask.shape, generator=rng, device=tgt_mask.device) >= ratio)
    predicted[:, 0] = False
    return predicted


def best_words(model: Seq2Seq, attn_states: Tensor) -> Tensor:
    """Return the most probable word (N,) for each attentional state (N, H)."""
    return forbid_padding(model.decoder.logits(attn_states)).argmax(dim=-1)
