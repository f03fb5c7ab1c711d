"""Scheduled sampling: now and then the decoder reads its own last word in training, as it will have to in use.

A coin for every word decides between the true word and the model's (Bengio et al. 2015). The schedule says how likely
the true word is: 1 at first, less and less later. Stepwise, word t waits for the model's word t − 1. The parallel form
(Mihaylova and Martins 2019) takes all of the model's words from one teacher-forced pass and mixes them into a second.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from s2s_tutorial.batching import Batch
from s2s_tutorial.model import Seq2Seq, shift_right
from s2s_tutorial.search import forbid_padding
from s2s_tutorial.vocabulary import SOS


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
def mix_in_parallel(model: Seq2Seq, batch: Batch, ratio: float, rng: torch.Generator) -> Tensor:
    """Words to feed, two-pass form: the model's words come from a teacher-forced pass over the whole batch.

    Args:
        model: in training.
        batch: B sentence pairs.
        ratio: probability of the true word.
        rng: of the coins.

    Returns:
        (B, T) previous words, for `Seq2Seq.loss`.
    """
    output = model(batch)
    guesses = forbid_padding(model.decoder.logits(output.attn_states)).argmax(dim=-1)
    return _toss(shift_right(batch.tgt_ids), shift_right(guesses), ratio, rng)


@torch.no_grad()
def mix_stepwise(model: Seq2Seq, batch: Batch, ratio: float, rng: torch.Generator) -> Tensor:
    """Words to feed, stepwise form: the model's word t comes after what was really fed up to t − 1.

    Takes and returns what `mix_in_parallel` does.
    """
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    truth = shift_right(batch.tgt_ids)
    words, fed = truth[:, 0], [torch.full_like(truth[:, 0], SOS)]
    for place in range(1, truth.shape[1]):
        logits, state, _ = model.decoder.step(words, memory, state)
        words = _toss(truth[:, place], forbid_padding(logits).argmax(dim=-1), ratio, rng)
        fed.append(words)
    return torch.stack(fed, dim=1)


def _toss(truth: Tensor, guesses: Tensor, ratio: float, rng: torch.Generator) -> Tensor:
    coins = torch.rand(truth.shape, generator=rng, device=truth.device)
    return torch.where(coins < ratio, truth, guesses)
