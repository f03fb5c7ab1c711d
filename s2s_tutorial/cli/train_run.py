"""Train a run from the command line: load its corpus, train alone or with other processes, and report the result."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from s2s_tutorial.cli.messages import describe_corpus, describe_end, show_result
from s2s_tutorial.settings import Settings

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import Corpus
    from s2s_tutorial.training.initial_weights import Start

STOPPED = 130  # exit code after Ctrl-C, as shells have it


def load_corpus(settings: Settings, folder: Path, streamed: bool) -> Corpus:
    """Load the pairs of the settings, in memory or from files in `folder`, and report steps that take long.

    Raises:
        CorpusError: The corpus cannot be used.
    """
    from s2s_tutorial.data.on_disk.cache import load

    return load(settings.data, folder, streamed, lambda sentence: typer.echo(sentence, err=True))


def start_from_vectors(path: Path, corpus: Corpus, settings: Settings) -> tuple[Settings, Start, str]:
    """Prepare a run whose source embeddings start from word vectors in a file.

    Returns:
        The settings with the vectors' size as embedding and hidden size; the start that puts the vectors in; and a line
        that reports how many source words have a vector.
    """
    from s2s_tutorial.data.vocabulary import SPECIAL_WORDS
    from s2s_tutorial.training.initial_weights import from_vectors
    from s2s_tutorial.training.word_vectors import read_vectors

    words = corpus.src_vocabulary
    found = read_vectors(path, words)
    heads = settings.model.num_heads
    if settings.model.network == "transformer":
        heads = math.gcd(heads, found.size)  # the size must be a multiple of it
    model = replace(settings.model, embedding_size=found.size, hidden_size=found.size, num_heads=heads)
    share = f"{len(found.words):,} of {len(words) - len(SPECIAL_WORDS):,} source words"
    line = f"vectors of {found.size} dimensions for {share} from {path.name}"
    return replace(settings, model=model), from_vectors(found, words), line


def train_run(
    settings: Settings, run: Path, stream: bool, vectors: Path | None, max_minutes: float | None, device: str
) -> None:
    """Train a run, or resume it, and show its result.

    Args:
        settings: Settings of the run.
        run: Folder of the run.
        stream: True to read the pairs from files beside the folder.
        vectors: File of word vectors that the source embeddings start from, if any.
        max_minutes: Minutes of training after which the run ends; None for no limit.
        device: Name of the device.

    Raises:
        typer.Exit: Training was stopped; the exit code is 130.
        ValueError: The corpus, the vectors or the run cannot be used.
    """
    from s2s_tutorial.training.distributed import join
    from s2s_tutorial.training.trainer import Trainer

    with join(device) as group:
        corpus = load_corpus(settings, run.parent, stream)
        lines, start = [describe_corpus(corpus, settings)], None
        if vectors is not None:
            settings, start, line = start_from_vectors(vectors, corpus, settings)
            lines.append(line)
        if group.writes:
            typer.echo("\n".join(lines))
        trainer = Trainer(corpus, settings, run, device, group=group, start=start)
        progress = trainer.fit(max_minutes, raise_on_stop=False)
        if trainer.stopped:
            raise typer.Exit(STOPPED)
    if group.writes:
        typer.echo(describe_end(progress))
        show_result(trainer)
