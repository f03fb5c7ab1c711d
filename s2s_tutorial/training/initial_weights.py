"""Starts of a run other than random weights: word vectors, or the encoder of another run.

A `Start` is given to the `Trainer`. It changes the fresh weights once, before the first step; a part that it freezes keeps
them to the end. Its name is written into the run, so a run cannot go on from another one than it began with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.files import pack_tensors
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.training.word_vectors import WordVectors, initialise_embedding
from s2s_tutorial.translation.translator import Translator


@dataclass(frozen=True)
class Start:
    """What is done to a fresh model.

    Attributes:
        name: what was borrowed, for the run's record; `""` for nothing. Another name is another run.
        prepare: changes the model in place: its weights, and which of them training may change (`requires_grad_`).
    """

    name: str = ""
    prepare: Callable[[Seq2Seq], object] = lambda model: None


def from_vectors(vectors: WordVectors, vocabulary: Vocabulary, freeze: bool = False) -> Start:
    """Begin with word vectors as source embeddings.

    Args:
        vectors: of words of the source language.
        vocabulary: the run's source vocabulary.
        freeze: training leaves all source embeddings as they are.
    """

    def prepare(model: Seq2Seq) -> None:
        initialise_embedding(model.encoder.embedding, vectors, vocabulary)
        if freeze:
            model.encoder.embedding.requires_grad_(False)

    return Start(f"vectors of {vectors.source}{', frozen' * freeze}", prepare)


def from_encoder(lender: Translator, vocabulary: Vocabulary, freeze: bool = False) -> Start:
    """Begin with the whole encoder of another model, whatever that was trained to write.

    Args:
        lender: a trained model.
        vocabulary: the run's source vocabulary, which must be the lender's.
        freeze: training leaves the encoder as it is.

    Raises:
        ValueError: the vocabularies differ, or (when training begins) the encoders' sizes do.
    """
    if lender.src_vocabulary != vocabulary:
        raise ValueError(
            f"the encoder was trained on another vocabulary ({len(lender.src_vocabulary):,} words, not "
            f"{len(vocabulary):,}): give the new run the lender's src_vocabulary"
        )
    weights = {name: value.detach().clone() for name, value in lender.model.encoder.state_dict().items()}

    def prepare(model: Seq2Seq) -> None:
        sizes = [
            {name: tuple(value.shape) for name, value in part.items()} for part in (weights, model.encoder.state_dict())
        ]
        for name in sizes[0].keys() | sizes[1].keys():
            if (lent := sizes[0].get(name)) != (own := sizes[1].get(name)):
                raise ValueError(
                    f"the borrowed encoder has {name} of shape {lent}, this model {own}: give both one size"
                )
        model.encoder.load_state_dict(weights)
        model.encoder.requires_grad_(not freeze)

    checksum = hashlib.sha256(pack_tensors(weights)).hexdigest()[:16]
    return Start(f"encoder {checksum}{', frozen' * freeze}", prepare)
