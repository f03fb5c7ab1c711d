"""Set up a run before its first step: build the network, then open the run's folder or make it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import fields, replace
from pathlib import Path

import torch

from s2s_tutorial.data.corpus import Corpus, challenge_set
from s2s_tutorial.model.dropout import set_dropout_generator
from s2s_tutorial.model.precision import choose_precision
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.find_data import data_of, with_paths_of
from s2s_tutorial.runs.folder import Run, RunError, open_run
from s2s_tutorial.runs.lock import HOLDER, LOCK, hold
from s2s_tutorial.settings import PrecisionName, Settings
from s2s_tutorial.training.distributed import Group
from s2s_tutorial.training.initial_weights import Start


def open_for_training(
    corpus: Corpus, settings: Settings, folder: Path, start: Start, group: Group, rng: torch.Generator, longest: int
) -> tuple[Run, Seq2Seq]:
    """Open the run in a folder, or make it there, and build its network with the weights it starts from.

    The network is built first, so that settings or a start that do not fit are refused before anything is written.

    Args:
        corpus: Sentence pairs and vocabularies, prepared from the same settings.
        settings: Settings of data, model and training.
        folder: Folder of the run.
        start: Changes the initial weights.
        group: Processes that train the run together.
        rng: Random generator of the network's dropout, on the device that computes.
        longest: Length of the longest training source, in words, or pieces of words.

    Returns:
        The opened run, and its network on the CPU.

    Raises:
        RunError: The folder holds another run, the model is too large, or the data of this process differ from those of
            process 0.
        ValueError: The start does not fit the model.
    """
    vocabularies = corpus.src_vocabulary, corpus.tgt_vocabulary
    seen = corpus.train.find(challenge_set(settings.data.reverse, corpus.rule).sources)
    precision = choose_precision(settings.training.precision, settings.model, rng.device)
    data = data_of(settings.data, folder)
    run = Run(folder, settings, *vocabularies, frozenset(seen), start.name, *data, precision, longest)
    if start.parent is not None:
        run = child_of(start.parent, run)
    run.weight_bytes()  # refuses a model that is too large for any memory
    model = run.build_model()
    start.prepare(model)
    set_dropout_generator(model, rng)

    return replace(run, precision=_make(run, start, group, len(corpus.train))), model


def _make(run: Run, start: Start, group: Group, pairs: int) -> PrecisionName:
    """Let the writer open the run or make it, and check that all processes have the same data; returns its precision."""
    words = json.dumps([*(words.to_dict() for words in run.vocabularies), pairs, start.name])
    digest = hashlib.sha256(words.encode()).digest()

    def make() -> bytes:
        opened = open_or_make(run)
        start.save(run.folder)
        return digest + opened.precision.encode()

    described = group.from_writer(make)
    if not described.startswith(digest):
        raise RunError(
            f"the data of process {group.rank} differ from those of process 0: give all processes the same files"
        )
    return "bf16" if described.endswith(b"bf16") else "fp32"


def child_of(parent: Run, run: Run) -> Run:
    """Return a run with the path of its parent, and with what the parent's training adds to what it has seen.

    Raises:
        ValueError: It has other vocabularies than its parent.
    """
    if run.vocabularies != parent.vocabularies:
        raise ValueError(
            f"the vocabularies are not those of {parent.folder}, which the run starts from: prepare the pairs with them, "
            "prepare(settings.data, parent.vocabularies)"
        )
    folder, own = parent.folder.resolve(), run.folder.resolve()
    try:  # as seen from the child, so that both can be moved together
        path = parent.title if parent.is_packaged else Path(os.path.relpath(folder, own)).as_posix()
    except ValueError:  # on another drive of Windows
        path = folder.as_posix()
    seen, longest = run.challenge_seen | parent.challenge_seen, max(run.longest or 0, parent.longest or 0)
    return replace(run, parent=path, challenge_seen=seen, longest=longest)


def open_or_make(run: Run) -> Run:
    """Open the run that the folder holds, or write this one there if the folder is new.

    Args:
        run: The run as its settings describe it.

    Returns:
        The run as the folder holds it.

    Raises:
        RunError: The folder holds a run with other settings, other data or another start, or other files.
    """
    folder = run.folder
    if not (folder / "run.json").exists():
        if folder.exists() and any(
            path.suffix != ".tmp" and path.name not in (LOCK, HOLDER) for path in folder.iterdir()
        ):
            raise RunError(f"{folder} is not empty and holds no run: give a new folder, and it will be made")
        folder.mkdir(parents=True, exist_ok=True)
        with hold(folder):  # if two processes begin at the same time, one writes and the other is refused
            if not (folder / "run.json").exists():
                Checkpoints(folder).clear_temporary()
                run.save()
    before = open_run(folder)
    settings = replace(run.settings, data=with_paths_of(before.settings.data, run.settings.data))
    if before.settings != settings:
        raise RunError(
            f"{folder} holds a run with other settings ({_difference(before.settings, settings)}): use these, or "
            "give another folder"
        )
    is_other_file = run.parent and before.data != run.data  # of which the parent's vocabularies reveal nothing
    if before.vocabularies != run.vocabularies or is_other_file:
        raise RunError(f"{folder} was trained on other sentence pairs: use the same file, or give another folder")
    if before.start != run.start:
        names = [repr(name) if name else "nothing borrowed" for name in (before.start, run.start)]
        raise RunError(
            f"{folder} began with {names[0]}, not with {names[1]}: use the same start, or give another folder"
        )
    return before


def _difference(before: Settings, now: Settings) -> str:
    """Describe the first setting that differs, with both values."""
    if before.name != now.name:
        return f"preset {before.name}, not {now.name}"
    for part in ("data", "model", "training"):
        old, new = getattr(before, part), getattr(now, part)
        for field in fields(old):
            if (a := getattr(old, field.name)) != (b := getattr(new, field.name)):
                return f"{field.name} {a}, not {b}"
    return "none differs"
