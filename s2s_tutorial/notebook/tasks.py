"""Small tasks other than translation: write their pairs to files, and train small models on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from s2s_tutorial.arguments import to_path
from s2s_tutorial.data.corpus import Corpus
from s2s_tutorial.notebook.experiments import change_settings
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.settings import AttentionName
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.translator import Translator


def write_pairs(path: str | Path, rows: Sequence[Sequence[str]]) -> Path:
    """Write a file with a line for each row and tabs between its columns.

    Args:
        path: Path of the file.
        rows: For each pair what the model writes, what it reads and, if there are groups, the name of its group.

    Returns:
        The path.

    Raises:
        OSError: The file cannot be written.
        ValueError: A text contains a tab or a line break, so that it would be read as several.
    """
    for number, row in enumerate(rows):
        if any(mark in text for text in row for mark in "\t\n\r"):
            raise ValueError(f"rows[{number}] contains a tab or a line break: replace it by a space")
    path = to_path(path)
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def train_on_task(
    folder: str | Path,
    name: str,
    corpus: Corpus,
    seed: int = 0,
    attention: AttentionName = "additive",
    epochs: int = 6,
) -> Translator:
    """Train a model on the pairs of a task, of the same small size at every scale. A stopped training is resumed.

    Args:
        folder: Folder in which the run gets a folder of its own.
        name: Name of the run, to which attention and seed are added.
        corpus: Pairs to train on.
        seed: Seed of the training.
        attention: Score of the attention, or "none".
        epochs: Number of epochs.

    Raises:
        RunError: The run's folder holds another run, or its files cannot be read or written.
        ValueError: A setting has a value that is not allowed.
    """
    settings = change_settings(
        replace(PRESETS["small"], name=f"{name}-{attention}-{seed}"),
        decoder="bahdanau",
        attention=attention,
        dropout=0.0,
        learning_rate=2e-2,
        seed=seed,
        epochs=epochs,
    )
    print(settings.name)
    trainer = Trainer(corpus, settings, to_path(folder, "folder") / settings.name, watchers=[LiveLine()])
    trainer.fit()
    return trainer.translator
