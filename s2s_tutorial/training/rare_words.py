"""Hide rare words in training, so that the model learns to handle unknown ones."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.corpus import Corpus
from s2s_tutorial.data.vocabulary import UNK


def hide_rare_words(ids: Tensor, seen_once: Tensor, rate: float, rng: torch.Generator) -> Tensor:
    """Replace words that occur once in the training data by UNK, each with probability `rate`.

    Args:
        ids: (B, T), word ids.
        seen_once: (V,), True at words that occur once.
        rate: Probability, from 0 to 1; at 0 nothing is drawn.
        rng: Random generator.

    Returns:
        (B, T), word ids.
    """
    if rate == 0.0:
        return ids
    drawn = torch.rand(ids.shape, generator=rng, device=ids.device) < rate  # (B, T)
    return ids.masked_fill(seen_once[ids] & drawn, UNK)


@dataclass(frozen=True)
class RareWords:
    """The words that occur once in the training data.

    Attributes:
        src_once: (source V,), True at such words.
        tgt_once: (target V,), True at such words.
    """

    src_once: Tensor
    tgt_once: Tensor

    @classmethod
    def of(cls, corpus: Corpus, device: torch.device) -> RareWords:
        """Find the rare words of both vocabularies; the tensors are on `device`."""
        vocabularies = corpus.src_vocabulary, corpus.tgt_vocabulary
        return cls(*(torch.from_numpy(vocabulary.seen_once()).to(device) for vocabulary in vocabularies))

    def hide(self, batch: Batch, rate: float, rng: torch.Generator) -> Batch:
        """Replace rare words of both sides by UNK, each with probability `rate`."""
        src_ids = hide_rare_words(batch.src_ids, self.src_once, rate, rng)  # (B, S)
        tgt_ids = hide_rare_words(batch.tgt_ids, self.tgt_once, rate, rng)  # (B, T)
        return Batch(src_ids, batch.src_lengths, tgt_ids, batch.tgt_lengths)
