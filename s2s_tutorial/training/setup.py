"""Set up a run before its first step: build the network once, then open the run's folder or make it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch

from s2s_tutorial.data.corpus import Corpus, challenge_set
from s2s_tutorial.model.dropout import set_dropout_generator
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.folder import Run, RunError
from s2s_tutorial.runs.open_or_make import open_or_make
from s2s_tutorial.settings import Settings, TrainingSettings
from s2s_tutorial.training.distributed import Group
from s2s_tutorial.training.initial_weights import Start


def open_for_training(
    corpus: Corpus,
    settings: Settings,
    folder: Path,
    start: Start,
    group: Group,
    rng: torch.Generator,
    longest: int | None = None,
) -> tuple[Run, Seq2Seq]:
    """Open the run in a folder, or make it there, and build its network with the weights it starts from.

    The network is built first, so that settings or a start that do not fit are refused before anything is written.

    Args:
        corpus: Sentence pairs and vocabularies, prepared from the same settings.
        settings: Settings of data, model and training.
        folder: Folder of the run.
        start: Changes the initial weights.
        group: Processes that train the run together.
        rng: Random generator of the network's dropout.
        longest: Length of the longest training source, in words, or pieces of words.

    Returns:
        The opened run, and its network on the CPU.

    Raises:
        RunError: The folder holds another run, the model is too large, or this process has other data than process 0.
        ValueError: The start does not fit the model.
    """
    vocabularies = corpus.src_vocabulary, corpus.tgt_vocabulary
    seen = corpus.train.find(challenge_set(settings.data.reverse, corpus.rule).sources)
    run = Run(folder, settings, *vocabularies, frozenset(seen), start.name, longest)
    run.weight_bytes()  # refuses a model that is too large for any memory
    model = run.build_model()
    start.prepare(model)
    set_dropout_generator(model, rng)

    words = json.dumps([*(words.to_dict() for words in vocabularies), len(corpus.train), start.name])
    digest = hashlib.sha256(words.encode()).digest()
    opened = [run]

    def open_and_return_digest() -> bytes:
        opened[0] = open_or_make(run)
        return digest

    if group.from_writer(open_and_return_digest) != digest:
        raise RunError(f"process {group.rank} has other data than process 0: give all the same files")
    return opened[0], model


def build_optimiser(model: Seq2Seq, training: TrainingSettings) -> torch.optim.Adam:
    """Build an Adam optimiser with one group of parameters for the encoder and one for the decoder.

    Each group has a `ratio`, by which the trainer multiplies the learning rate.
    """
    groups = [
        {"params": list(model.encoder.parameters()), "ratio": 1.0},
        {"params": list(model.decoder.parameters()), "ratio": training.decoder_learning_ratio},
    ]
    return torch.optim.Adam(groups, lr=training.learning_rate, fused=True)
