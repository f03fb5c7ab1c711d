"""Batches: sentences of different lengths in one rectangle of ids, and the order of batches in an epoch.

`Encoded` holds many sentences end to end in one array, four bytes per word. An epoch visits every pair once. Its order
depends on the seed and the number of the epoch alone, so a run that resumes does not need to have stored it.

Sizes: N sentences, B sentences of a batch, S source length, T target length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from s2s_tutorial.data.unicode_text import MARKER
from s2s_tutorial.data.vocabulary import EOS, PAD, UNK, Vocabulary
from s2s_tutorial.settings import TrainingSettings

MAX_STEPS = 1_000_000  # the record of a run holds no more
MOST_WORDS = 16_384  # words and padding of a batch to be translated; the memory for attention weights grows with them


@dataclass(frozen=True)
class Encoded:
    """Many encoded sentences.

    Attributes:
        ids: (W,), ids of all words of all sentences, EOS after each sentence.
        starts: (N + 1,), index in `ids` where each sentence starts; the last one is W.
    """

    ids: np.ndarray
    starts: np.ndarray

    @classmethod
    def encode(cls, sentences: Sequence[str], vocabulary: Vocabulary) -> Encoded:
        """Encode normalised sentences, words joined by spaces, as the text rule "ascii" writes them.

        Raises:
            ValueError: The vocabulary has words of another rule or pieces of words, to which spaces do not lead.
        """
        if any(word.startswith(MARKER) for word in vocabulary.words):
            raise ValueError(
                "the vocabulary has words with the mark of a space, or pieces of words, which spaces do not separate: use "
                "data.pieces.encode_sentences(sentences, vocabulary, corpus.rule)"
            )
        # One look-up per word over one long text, in which a line end, for EOS, is a word too.
        words = " \n ".join([*sentences, ""]).split(" ") if sentences else []
        ids_of = vocabulary._ids | {"\n": EOS, "": -1}
        flat = np.fromiter((ids_of.get(word, UNK) for word in words), dtype=np.int32, count=len(words))
        flat = flat[flat >= 0]  # without the empty words of empty sentences
        ends = np.flatnonzero(flat == EOS) + 1
        return cls(flat, np.concatenate([[0], ends]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> np.ndarray:
        """Return the ids of one sentence, EOS at the end."""
        return self.ids[self.starts[number] : self.starts[number + 1]]

    @cached_property
    def lengths(self) -> np.ndarray:
        """(N,), words of each sentence, counting EOS; four bytes each, since there may be many."""
        return np.diff(self.starts).astype(np.int32)

    def rectangle(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pad the sentences of these rows (B,) to one length; returns ids (B, longest) and lengths (B,)."""
        lengths = self.lengths[rows].astype(np.int64)  # (B,)
        positions = np.arange(lengths.max())  # (longest,)
        real = positions < lengths[:, None]  # (B, longest)
        ids = np.full(real.shape, PAD, dtype=np.int64)  # (B, longest)
        ids[real] = self.ids[(self.starts[rows][:, None] + positions)[real]]
        return ids, lengths


def length_mask(lengths: Tensor, size: int) -> Tensor:
    """Tell words from padding in B sentences that are padded to one length.

    Args:
        lengths: (B,), words of each sentence.
        size: Padded length T.

    Returns:
        (B, T) bools, True at the first `lengths` positions of each row.
    """
    return torch.arange(size, device=lengths.device) < lengths[:, None]


@dataclass(frozen=True)
class Batch:
    """B sentence pairs as tensors.

    Attributes:
        src_ids: (B, S), EOS after each sentence, then PAD.
        src_lengths: (B,), counting EOS.
        tgt_ids: (B, T), likewise.
        tgt_lengths: (B,), likewise.
    """

    src_ids: Tensor
    src_lengths: Tensor
    tgt_ids: Tensor
    tgt_lengths: Tensor

    @classmethod
    def of(cls, src: Encoded, tgt: Encoded, rows: np.ndarray) -> Batch:
        """Make a batch of the pairs in these rows (B,)."""
        return cls(*(torch.from_numpy(array) for side in (src, tgt) for array in side.rectangle(rows)))

    @property
    def src_mask(self) -> Tensor:
        """(B, S), True at real words."""
        return length_mask(self.src_lengths, self.src_ids.shape[1])

    @property
    def tgt_mask(self) -> Tensor:
        """(B, T), True at real words."""
        return length_mask(self.tgt_lengths, self.tgt_ids.shape[1])

    @property
    def padding_share(self) -> float:
        """Share of PAD among all positions of both sides, from 0 to below 1."""
        words = int(self.src_lengths.sum() + self.tgt_lengths.sum())
        return 1.0 - words / (self.src_ids.numel() + self.tgt_ids.numel())

    def select(self, rows: Tensor) -> Batch:
        """Return the batch of these rows (R,), without the columns that only other rows need."""
        src_lengths, tgt_lengths = self.src_lengths[rows], self.tgt_lengths[rows]
        src_ids, tgt_ids = self.src_ids[rows, : src_lengths.max()], self.tgt_ids[rows, : tgt_lengths.max()]
        return Batch(src_ids, src_lengths, tgt_ids, tgt_lengths)

    def split(self, parts: int) -> list[Batch]:
        """Split the batch into parts with sentences of similar lengths, so that they take about the same time.

        Args:
            parts: Number of parts, at most B; 1 returns the batch itself.
        """
        if parts == 1:
            return [self]
        by_length = torch.argsort(self.src_lengths + self.tgt_lengths, stable=True)  # (B,)
        return [self.select(by_length[number::parts]) for number in range(parts)]

    def to(self, device: torch.device | str) -> Batch:
        """Copy the batch to a device."""
        tensors = (self.src_ids, self.src_lengths, self.tgt_ids, self.tgt_lengths)
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in tensors))


def epoch_order(src_lengths: np.ndarray, tgt_lengths: np.ndarray, batch_size: int, seed: int, epoch: int,
                bucketed: bool = True) -> list[np.ndarray]:  # fmt: skip
    """Put every pair into exactly one batch of this epoch, with pairs of similar length.

    Pairs are shuffled, sorted by source and then target length (pairs of equal lengths stay shuffled) and cut into batches,
    and the batches are shuffled. So a batch holds little padding, and every epoch has different batches.

    Args:
        src_lengths, tgt_lengths: (N,), in words.
        batch_size: Pairs per batch; one batch may be smaller.
        seed: Seed of the run. The order depends on it and on `epoch` alone.
        epoch: Number of the epoch, from 0.
        bucketed: False leaves the sorting out, which makes random batches.

    Returns:
        For each batch, the rows of its pairs.
    """
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(src_lengths))
    if bucketed:
        order = order[np.lexsort((tgt_lengths[order], src_lengths[order]))]
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    return [batches[number] for number in rng.permutation(len(batches))]


def rows_by_length(sentences: Encoded, batch_size: int | None = None) -> list[np.ndarray]:
    """Divide the rows of N sentences into batches for translating, longest sentences first.

    With more rows, a matrix product takes less time per row, and a search has fewer steps. On the other hand, there have to
    be enough batches to keep all workers busy.

    Args:
        sentences: N encoded sentences.
        batch_size: Most sentences of a batch; None for 128, and up to 256 where there are at least 16 such batches. A batch
            of long sentences has fewer, so that it holds at most `MOST_WORDS` words, or a single sentence.

    Returns:
        For each batch, the rows (B,) of its sentences.
    """
    order = np.argsort(-sentences.lengths, kind="stable")  # (N,)
    most = batch_size or min(max(len(order) // 16, 128), 256)
    batches = []
    while len(order):
        longest = int(sentences.lengths[order[0]])
        size = max(min(most, MOST_WORDS // longest), 1)
        batches.append(order[:size])
        order = order[size:]
    return batches


def count_steps(pairs: int, training: TrainingSettings) -> tuple[int, int]:
    """Return the number of steps of an epoch, and of the whole run.

    Args:
        pairs: Number of training pairs.
        training: Settings of training.

    Raises:
        ValueError: There are no pairs, or more steps than a record holds.
    """
    if not pairs:
        raise ValueError("there are no pairs to train on: prepare a corpus with some, or loosen its filters")
    per_epoch = -(-pairs // training.batch_size)
    total = per_epoch * training.epochs
    if total > MAX_STEPS:
        raise ValueError(f"{total:,} steps are more than a record holds ({MAX_STEPS:,}): take fewer epochs")
    return per_epoch, total


def batches_in_order(src: Encoded, tgt: Encoded, batch_size: int) -> Iterator[tuple[np.ndarray, Batch]]:
    """Yield batches of pairs, longest sources first, each with the rows of its pairs."""
    for rows in rows_by_length(src, batch_size):
        yield rows, Batch.of(src, tgt, rows)
