"""Initial weights of a run other than random ones: word vectors, the encoder of another run, or a whole trained model.

A `Start` is passed to the `Trainer`. It changes the random weights once, before the first step; parts that it freezes stay as
they are to the end. Its name is saved with the run, so a run cannot be resumed with another start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.files import pack_tensors
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.folder import Run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.training.word_vectors import WordVectors, initialise_embedding
from s2s_tutorial.translation.translator import Translator


@dataclass(frozen=True)
class Start:
    """A change to a newly initialised model.

    Attributes:
        name: Name of what was borrowed; `""` for nothing. Runs with different names are different runs.
        prepare: Changes a model in place: its weights, and which of them training may change (`requires_grad_`).
        parent: Run that the new one continues, with all its weights and its vocabularies; None for none.
        save: Writes what else the run needs into its folder.
    """

    name: str = ""
    prepare: Callable[[Seq2Seq], object] = lambda model: None
    parent: Run | None = None
    save: Callable[[Path], object] = lambda folder: None


def from_vectors(vectors: WordVectors, vocabulary: Vocabulary, freeze: bool = False) -> Start:
    """Start with word vectors as source embeddings.

    Args:
        vectors: Vectors of words of the source language.
        vocabulary: Source vocabulary of the run.
        freeze: Whether training leaves all source embeddings as they are.
    """

    def prepare(model: Seq2Seq) -> None:
        # A Transformer multiplies its embeddings by √E before it adds the positions, so they start smaller by this factor.
        deviation = vectors.size**-0.5 if model.settings.network == "transformer" else 1.0
        initialise_embedding(model.encoder.embedding, vectors, vocabulary, deviation)
        if freeze:
            model.encoder.embedding.requires_grad_(False)

    return Start(f"vectors of {vectors.source}{', frozen' * freeze}", prepare)


def from_encoder(lender: Translator, vocabulary: Vocabulary, freeze: bool = False) -> Start:
    """Start with the whole encoder of another model, which may have been trained on any target.

    Args:
        lender: A trained model.
        vocabulary: Source vocabulary of the run, which must be the lender's.
        freeze: Whether training leaves the encoder as it is.

    Raises:
        ValueError: The vocabularies differ, or (when the trainer is made) the sizes of the encoders do.
    """
    if lender.src_vocabulary != vocabulary:
        raise ValueError(
            f"the encoder was trained on another vocabulary ({len(lender.src_vocabulary):,} words, not "
            f"{len(vocabulary):,}): give the new run the lender's src_vocabulary"
        )
    weights = {name: value.detach().clone() for name, value in lender.model.encoder.state_dict().items()}

    def prepare(model: Seq2Seq) -> None:
        _copy_weights(weights, model.encoder, "encoder")
        model.encoder.requires_grad_(not freeze)

    return Start(f"encoder {_checksum(weights)}{', frozen' * freeze}", prepare)


def from_run(parent: Run) -> Start:
    """Start with all best weights of a trained run, to continue its training or to adapt it to other pairs.

    The new run needs the parent's vocabularies: `prepare(settings.data, parent.vocabularies)`.

    Args:
        parent: The trained run.

    Raises:
        RunError: It has not saved any weights yet.
        ValueError: The sizes of the new model differ (when the trainer is made).
    """
    weights = load_translator(parent.folder).model.state_dict()
    return Start(f"run {_checksum(weights)}", lambda model: _copy_weights(weights, model, "model"), parent)


def _copy_weights(weights: dict[str, Tensor], model: nn.Module, name: str) -> None:
    """Copy weights into a model, or part of one, of the same sizes."""
    sizes = [{name: tuple(value.shape) for name, value in part.items()} for part in (weights, model.state_dict())]
    for each in sorted(sizes[0].keys() | sizes[1].keys()):
        if (lent := sizes[0].get(each)) != (own := sizes[1].get(each)):
            raise ValueError(f"the borrowed {name} has {each} of shape {lent}, this model {own}: give both one size")
    model.load_state_dict(weights)


def _checksum(weights: dict[str, Tensor]) -> str:
    return hashlib.sha256(pack_tensors(weights)).hexdigest()[:16]
