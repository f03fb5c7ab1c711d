"""Word dropout: hide whole words from the model, so that it learns to use the others.

Where pairs are few, this helps more than dropping single values of the embeddings (Sennrich and Zhang 2019, section 3.2).
"""

from __future__ import annotations

import torch
from torch import Tensor

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.vocabulary import EOS, UNK
from s2s_tutorial.model.decoder import DecoderState, Memory
from s2s_tutorial.model.seq2seq import Feed, shift_right


def hide(ids: Tensor, rate: float, rng: torch.Generator) -> Tensor:
    """Replace words by UNK, each with probability `rate`; padding, SOS and EOS stay.

    Args:
        ids: (B, T), word ids.
        rate: Probability, from 0 to below 1.
        rng: Random generator.

    Returns:
        (B, T), word ids.
    """
    drawn = torch.rand(ids.shape, generator=rng, device=ids.device) < rate  # (B, T)
    return ids.masked_fill(drawn & (ids > EOS), UNK)


def hide_words(batch: Batch, prev_ids: Feed | None, rate: float, rng: torch.Generator) -> tuple[Batch, Feed]:
    """Hide words that the model reads: those of the source, and the previous words that are fed to the decoder.

    The words that it should predict stay.

    Args:
        batch: B sentence pairs.
        prev_ids: Previous words for `Seq2Seq.loss`, or the function that makes them; None for the true words.
        rate: Probability with which each word is hidden.
        rng: Random generator.

    Returns:
        The batch with hidden source words, and the function that makes the previous words.
    """

    def feed(memory: Memory, state: DecoderState) -> Tensor:
        fed = prev_ids(memory, state) if callable(prev_ids) else prev_ids
        return hide(shift_right(batch.tgt_ids) if fed is None else fed, rate, rng)  # (B, T)

    hidden = Batch(hide(batch.src_ids, rate, rng), batch.src_lengths, batch.tgt_ids, batch.tgt_lengths)
    return hidden, feed
