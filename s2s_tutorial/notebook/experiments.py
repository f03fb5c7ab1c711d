"""Train variants of one model that differ in a single thing, measure them in the same way, and compare the results."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from s2s_tutorial.data.batches import batches_in_order
from s2s_tutorial.data.corpus import Corpus, HeldOut
from s2s_tutorial.data.pieces import encode_sentences
from s2s_tutorial.data.rules import TextRule
from s2s_tutorial.files import read_json, write_json
from s2s_tutorial.notebook.plots import running_mean
from s2s_tutorial.notebook.show import show_table
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.settings import ModelSettings, Settings, TrainingSettings
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import (
    Scores,
    bleu_score,
    comparable_references,
    comparable_text,
    evaluate,
)
from s2s_tutorial.translation.translation import Translation

# 97.5% quantiles of Student's distribution for n - 1 degrees of freedom, by the number of values n
STUDENT_T = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}

Breakage = AbstractContextManager[Any]  # while it is entered, a part of the package is replaced by a wrong one


def change_settings(settings: Settings, **changes: Any) -> Settings:
    """Return the settings with other values for some settings of the model and of the training.

    Raises:
        TypeError: Neither the model nor the training has a setting of this name.
        ValueError: A value is not allowed.
    """
    model, training = ({field.name for field in fields(part)} for part in (ModelSettings, TrainingSettings))
    if unknown := sorted(changes.keys() - model - training):
        raise TypeError(f"{unknown[0]!r} is not a setting of the model or of the training: see s2s-tutorial settings")
    return replace(
        settings,
        model=replace(settings.model, **{name: changes[name] for name in changes.keys() & model}),
        training=replace(settings.training, **{name: changes[name] for name in changes.keys() & training}),
    )


def train_variant(
    settings: Settings, corpus: Corpus, name: str | None = None, breakage: Breakage | None = None, **changes: Any
) -> Trainer:
    """Train a variant of a model in a folder of its own, or resume it. If it is already trained, it is only loaded.

    Args:
        settings: Settings that the variants share.
        corpus: Sentence pairs to train on, prepared from these settings.
        name: Name of the run; None for the settings' name.
        breakage: Entered while the variant trains.
        changes: Settings of the model or of the training that differ, for example `attention="concat"` or `seed=1`.

    Raises:
        RunError: Another process is training this run, or its files cannot be read or written.
        TypeError: A changed setting does not exist.
        ValueError: A changed setting has a value that is not allowed.
    """
    settings = replace(change_settings(settings, **changes), name=name or settings.name)
    with breakage or nullcontext():
        trainer = Trainer(corpus, settings, folder_for(settings), watchers=[LiveLine()])
        trainer.fit()
    return trainer


def step_losses(trainer: Trainer) -> list[float]:
    """Return the training loss of every step so far, in nats per word."""
    return [line["loss"] for line in read_record(trainer.run.record_path) if line["kind"] == "step"]


@torch.inference_mode()
def held_out_loss(trainer: Trainer) -> float:
    """Compute the mean cross-entropy of the test set's first references, in nats per word.

    Args:
        trainer: A trainer whose `fit` has returned, so that its model drops no values.

    Raises:
        ValueError: The test set is empty.
    """
    corpus, held_out = trainer.corpus, trainer.corpus.test
    if not len(held_out):
        raise ValueError("the test set is empty: prepare a corpus with more pairs")
    src = encode_sentences(held_out.sources, corpus.src_vocabulary, corpus.rule)
    tgt = encode_sentences([texts[0] for texts in held_out.references], corpus.tgt_vocabulary, corpus.rule)
    total = words = 0.0
    for _, batch in batches_in_order(src, tgt, 128):
        count = int(batch.tgt_mask.sum())
        total, words = total + trainer.model.loss(batch.to(trainer.device)).item() * count, words + count
    return total / words


@dataclass(frozen=True)
class Result:
    """Measurements of a trained variant.

    Attributes:
        scores: BLEU with its interval, and the alignment error rate, on the test set.
        training_loss: Mean of the last 50 steps' losses as training reported them, in nats per word.
        test_loss: Loss on the test set, in nats per word.
    """

    scores: Scores
    training_loss: float
    test_loss: float


def examine(trainer: Trainer, breakage: Breakage | None = None) -> Result:
    """Measure a trained variant on its test set.

    Args:
        trainer: A trainer whose `fit` has returned.
        breakage: Entered while the model translates, for a breakage that belongs to the model.

    Raises:
        ValueError: The test set is empty.
    """
    with breakage or nullcontext():
        scores, _ = evaluate(trainer.translator, trainer.corpus.test)
        return Result(scores, float(running_mean(step_losses(trainer), 50)[-1]), held_out_loss(trainer))


def show_results(results: dict[str, Result], *names: str) -> None:
    """Show results in one table.

    Args:
        results: Results by the names of the variants.
        names: Rows of the table; without any, all results.

    Raises:
        ValueError: A name is not among the results.
    """
    if missing := [name for name in names if name not in results]:
        raise ValueError(f"{missing[0]!r} is not a result; the results are: {', '.join(results)}")
    header = ["model", "BLEU", "from", "to", "AER", "training loss", "test loss"]
    rows = []
    for name in names or results:
        result, scores = results[name], results[name].scores
        bleu = [scores.bleu, scores.bleu_low, scores.bleu_high]
        rows.append([name, *bleu, scores.aer, result.training_loss, result.test_loss])
    show_table(header, rows)


def verdict(healthy: Result, broken: Result) -> str:
    """Return a sentence that says by how much BLEU changes, and whether the two intervals can explain it."""
    good, bad = healthy.scores, broken.scores
    changes = f"BLEU changes by **{bad.bleu - good.bleu:+.1f}**, "
    if bad.bleu_high < good.bleu_low:
        return changes + "more than the intervals can explain."
    if good.bleu_high < bad.bleu_low:
        return changes + "*upward*, and by more than the intervals can explain. Read on before you believe in it."
    return changes + "and the two intervals overlap: with one seed you cannot call this damage."


def spread(shares: Sequence[float]) -> str:
    """Return the mean of some shares as text and, where they differ, the lowest and the highest of them.

    Args:
        shares: Values from 0 to 1, for example one for each seed.

    Raises:
        ValueError: `shares` is empty.
    """
    if not len(shares):
        raise ValueError("shares is empty: give at least one")
    mean, low, high = (f"{share:.0%}" for share in (np.mean(shares), min(shares), max(shares)))
    return mean if low == high else f"{mean} ({low} to {high})"


# Few seeds


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean of a few values, and half the width of its 95% confidence interval.

    Raises:
        ValueError: There are fewer than 2 or more than 10 values.
    """
    if len(values) not in STUDENT_T:
        raise ValueError(f"an interval needs 2 to 10 values, and there are {len(values)}")
    half = STUDENT_T[len(values)] * statistics.stdev(values) / len(values) ** 0.5
    return statistics.mean(values), half


def plus_minus(middle: float, half: float, places: int = 1) -> str:
    """Return a difference and half the width of its interval as text, such as "+1.4 ± 1.0"."""
    return f"{middle:+.{places}f} ± {half:.{places}f}".replace("-", "−")


# Many trainings


def computed_once(path: Path, compute: Callable[[], Any]) -> Any:
    """Return what `compute` returned when it was first called, which is kept in a file.

    Args:
        path: JSON file that keeps the value.
        compute: Function without arguments. Its value has to be one that JSON can store.

    Raises:
        BadFileError: The file is damaged or cannot be read.
        OSError: The file cannot be written.
    """
    if not path.is_file():
        value = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, value)
    return read_json(path)


def draw_held_out(held_out: HeldOut, count: int, seed: int = 0) -> HeldOut:
    """Return at most `count` sentences of a held-out set, drawn at random but always the same ones for a seed."""
    return held_out.select(sorted(random.Random(seed).sample(range(len(held_out)), min(count, len(held_out)))))


def bleu_of(translations: Sequence[Translation], held_out: HeldOut, rule: TextRule) -> float:
    """Return the normalised BLEU of translations of a held-out set, from 0 to 100.

    Args:
        translations: One for each sentence of the set.
        held_out: Held-out sentences with their references.
        rule: Text rule of the model that translated.

    Raises:
        ValueError: The number of translations differs from that of the sentences.
    """
    outputs = [comparable_text(each) for each in translations]
    return bleu_score(outputs, comparable_references(held_out.references, rule))
