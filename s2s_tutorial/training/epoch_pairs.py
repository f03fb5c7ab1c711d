"""The training pairs as each epoch encodes them, and the batches of a run from any step on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from s2s_tutorial.data.batches import Encoded, count_steps, epoch_order
from s2s_tutorial.data.corpus import Corpus, Pairs
from s2s_tutorial.data.on_disk.mapped_pairs import encode_pairs
from s2s_tutorial.data.pieces import PieceVocabulary, WordTypes
from s2s_tutorial.runs.folder import RunError
from s2s_tutorial.settings import Settings, TrainingSettings
from s2s_tutorial.training.renaming import Renaming


@dataclass(frozen=True)
class EpochPairs:
    """The training pairs, encoded for each epoch.

    Attributes:
        src: Source sentences of all training pairs.
        tgt: Their target sentences.
        types: Words of both sides and their vocabularies, with BPE-dropout only, which cuts them in other ways in each epoch.
        dropout: Probability with which BPE-dropout leaves a merge out.
        seed: Seed of the run.
        renaming: Names and numbers that each epoch exchanges, if the settings ask for it.
        corpus: The corpus, with `renaming` only.
    """

    src: Encoded
    tgt: Encoded
    types: list[tuple[WordTypes, PieceVocabulary]] = field(default_factory=list)
    dropout: float = 0.0
    seed: int = 0
    renaming: Renaming | None = None
    corpus: Corpus | None = None

    @classmethod
    def of(cls, corpus: Corpus, settings: Settings) -> EpochPairs:
        """Encode the training pairs of a corpus.

        Raises:
            RunError: BPE-dropout or renaming is asked for, and the pairs are on disk, already cut into pieces.
        """
        training, train = settings.training, corpus.train
        vocabularies = corpus.src_vocabulary, corpus.tgt_vocabulary
        encoded = encode_pairs(train, *vocabularies, corpus.rule)
        if not training.bpe_dropout and not training.renaming:
            return cls(*encoded)
        if not isinstance(train, Pairs):
            name = "bpe_dropout" if training.bpe_dropout else "renaming"
            raise RunError(f"{name} needs the pairs in memory: leave --stream out, take fewer pairs, or set it to 0")
        pairs = cls(*encoded, word_types(corpus, train), training.bpe_dropout, training.seed)
        if not training.renaming:
            return pairs
        held_out = corpus.validation, corpus.test
        renaming = Renaming.of(train, settings.data.language_pair, training.renaming, held_out, corpus.rule)
        return replace(pairs, renaming=renaming, corpus=corpus)

    def __len__(self) -> int:
        return len(self.src)

    def of_epoch(self, epoch: int) -> tuple[Encoded, Encoded]:
        """Return source and target sentences as they are encoded in an epoch, which depends on seed and epoch alone."""
        types = self.types
        if not types:
            return self.src, self.tgt
        if self.renaming is not None and self.corpus is not None:
            types = word_types(self.corpus, self.renaming.of_epoch([self.seed, epoch, len(types)]))
        src, tgt = (
            words.sample(vocabulary, self.dropout, [self.seed, epoch, side])
            for side, (words, vocabulary) in enumerate(types)
        )
        return src, tgt


def word_types(corpus: Corpus, pairs: Pairs) -> list[tuple[WordTypes, PieceVocabulary]]:
    """Return the words of both sides of some pairs with their vocabularies, if these are of pieces."""
    return [
        (WordTypes.of(sentences, corpus.rule), vocabulary)
        for sentences, vocabulary in (
            (pairs.sources, corpus.src_vocabulary),
            (pairs.targets, corpus.tgt_vocabulary),
        )
        if isinstance(vocabulary, PieceVocabulary)
    ]


def batches_from(
    step: int, pairs: EpochPairs, training: TrainingSettings
) -> Iterator[tuple[Encoded, Encoded, np.ndarray]]:
    """Yield each batch, from a step on, to the end of the last epoch: both sides of all pairs, and the batch's rows (B,).

    Args:
        step: Steps done before.
        pairs: All training pairs.
        training: Settings of training.
    """
    per_epoch, _ = count_steps(len(pairs), training)
    epoch, done = divmod(step, per_epoch)
    for number in range(epoch, training.epochs):
        src, tgt = pairs.of_epoch(number)
        order = epoch_order(src.lengths, tgt.lengths, training.batch_size, training.seed, number)
        for rows in order[done if number == epoch else 0 :]:
            yield src, tgt, rows
