"""Train a run from the command line: load its corpus, train alone or with other processes, and report the result."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from s2s_tutorial.cli.choosing import Chosen
from s2s_tutorial.cli.messages import describe_corpus, describe_notes, describe_unknown, show_result
from s2s_tutorial.settings import Settings

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import Corpus
    from s2s_tutorial.runs.folder import Run
    from s2s_tutorial.training.initial_weights import Start

STOPPED = 130  # exit code after Ctrl-C, as shells have it


def load_corpus(settings: Settings, folder: Path, streamed: bool, parent: Run | None = None) -> Corpus:
    """Load the pairs of the settings, in memory or from files in `folder`, and report steps that take long.

    If the run has a parent, the pairs get its vocabularies.

    Raises:
        CorpusError: The corpus cannot be used.
    """
    from s2s_tutorial.data.on_disk.cache import load

    vocabularies = parent.vocabularies if parent else None
    return load(settings.data, folder, streamed, lambda sentence: typer.echo(sentence, err=True), vocabularies)


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


def start_from_parent(chosen: Chosen, parent: Run, corpus: Corpus, run: Path) -> tuple[Corpus, Start, list[str]]:
    """Prepare a run that starts from a trained one.

    Args:
        chosen: Settings of the new run.
        parent: The trained run.
        corpus: Pairs of the new run.
        run: Folder of the new run.

    Returns:
        The pairs, among which are old ones if the run rehearses; the start; and lines to show.
    """
    from s2s_tutorial.data.corpus import Pairs
    from s2s_tutorial.training.initial_weights import from_run
    from s2s_tutorial.training.rehearsal import rehearsal_for

    lines = describe_unknown(corpus, parent)
    if not chosen.rehearsing:
        return corpus, from_run(parent), lines
    if not isinstance(corpus.train, Pairs):
        reason = f"streamed pairs are not mixed with old ones, so much of {parent.title} may be forgotten"
        return corpus, from_run(parent), [*lines, f"{'old pairs':<22}none: {reason}"]
    rehearsal = rehearsal_for(parent, len(corpus.train), run)
    mixed = rehearsal.mix_into(corpus)
    about = (
        rehearsal.described
        or f"none: pairs like those of {parent.title} are not at hand, so much of it may be forgotten"
    )
    lines.append(f"{'old pairs':<22}{about}")
    return mixed, rehearsal.start_from(parent), lines


def check_parent(parent: Run | None, run: Path, vectors: Path | None) -> None:
    """Check that a run can start from another one.

    Raises:
        ValueError: Both have the same folder, or word vectors are asked for.
    """
    if parent and vectors:
        raise ValueError(f"the new run takes the word vectors of {parent.title}: leave out --vectors")
    if parent and run.resolve() == parent.folder.resolve():
        raise ValueError(f"{run} is the run to start from: give the new run a folder of its own with --run")


def train_run(
    chosen: Chosen, run: Path, stream: bool, vectors: Path | None, max_minutes: float | None, device: str
) -> None:
    """Train a run, or resume it, and show its result.

    Args:
        chosen: Settings of the run, and how they were chosen.
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

    parent = chosen.parent
    check_parent(parent, run, vectors)
    settings, start = chosen.settings, None
    with join(device) as group:
        corpus = load_corpus(settings, run.parent, stream, parent)
        lines = [describe_corpus(corpus, settings, parent), *describe_notes(chosen.notes).splitlines()]
        if parent is not None:
            corpus, start, more = start_from_parent(chosen, parent, corpus, run)
            lines += more
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
        end = "Finished" if progress.finished else f"Ended after {progress.seconds / 60:.1f} minutes"
        typer.echo(f"{end}: {trainer.display.result(progress)}")
        show_result(trainer)
