"""What the rows share: sentence pairs, trainers, repeats."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.measure import Spread
from s2s_tutorial.data.batches import Batch, epoch_order
from s2s_tutorial.data.corpus import Corpus, prepare
from s2s_tutorial.data.readers import read_corpus
from s2s_tutorial.data.tatoeba import DATA_VARIABLE
from s2s_tutorial.runs.weights import save_model
from s2s_tutorial.settings import PRESETS, DataSettings, Settings
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.translation.translator import Translator

# Where no real pairs are named, the embedded corpus stands in, cut to sentences about as short.
STAND_IN_PAIRS, STAND_IN_LENGTH = 60_000, 40


@dataclass
class Bench:
    """One run of the benchmark.

    Attributes:
        folder: for temporary files.
        quick: as few repeats as show that everything runs; the figures mean nothing.
        seed: of weights, order and dropout.
        max_minutes: of training, for each model of a row that trains to a score.
        pictures: where plots go; None for the temporary folder.
    """

    folder: Path
    quick: bool = False
    seed: int = 0
    max_minutes: float = 60.0
    pictures: Path | None = None
    corpora: dict[str, Corpus] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def rounds(self, number: int) -> int:
        """Repeats to take."""
        return 2 if self.quick else number

    @cached_property
    def real_pairs(self) -> Path | None:
        """The file of real pairs, where one is named."""
        named = os.environ.get(DATA_VARIABLE)
        return Path(named) if named else None

    def data_settings(self, preset: str) -> DataSettings:
        """The preset's data, or what stands in for it."""
        data = PRESETS[preset].data
        if data.corpus == "sample" or self.real_pairs:
            return data
        longest = data.max_length if data.unit == "words" else STAND_IN_LENGTH
        return replace(data, corpus="sample", sample_pairs=STAND_IN_PAIRS, max_length=longest)

    def describe(self, preset: str) -> str:
        """Which sentences a row uses, in words."""
        data = self.data_settings(preset)
        if data.corpus != "sample":
            return f"real pairs, filters of {preset}"
        return f"embedded corpus, at most {data.max_length} {data.unit} a side"

    def corpus(self, preset: str) -> Corpus:
        """Its sentence pairs, prepared once."""
        data = self.data_settings(preset)
        key = repr(data)
        if key not in self.corpora:
            self.corpora[key] = prepare(data)
        return self.corpora[key]

    def trainer(self, settings: Settings, corpus: Corpus) -> Trainer:
        """A trainer in a new folder."""
        settings = replace(settings, training=replace(settings.training, seed=self.seed))
        folder = self.folder / f"{next(self.numbers)}-{settings.name}"
        return Trainer(corpus, settings, folder, tensorboard=False, quiet=True)

    def batches(self, trainer: Trainer, number: int, bucketed: bool = True) -> list[Batch]:
        """The first batches of the trainer's first epoch."""
        return [Batch.of(trainer.src, trainer.tgt, rows) for rows in first_epoch(trainer, bucketed)[:number]]

    @cached_property
    def briefly_trained(self) -> tuple[Trainer, Translator]:
        """One short epoch on the embedded corpus: sentences end where they should, more or less."""
        pairs = 2_000 if self.quick else 20_000
        preset = PRESETS["sample"]
        settings = replace(
            preset, data=replace(preset.data, sample_pairs=pairs), training=replace(preset.training, epochs=1)
        )
        trainer = self.trainer(settings, prepare(settings.data))
        for batch in self.batches(trainer, trainer.total_steps):
            trainer.train_step(batch)
            trainer.progress.step += 1
        save_model(trainer.run.model_path, trainer.model)
        return trainer, Translator(trainer.model, trainer.run.src_vocabulary, trainer.run.tgt_vocabulary)

    @cached_property
    def pair_file(self) -> Path:
        """A file of pairs to prepare: the real ones, or as many made by the grammar."""
        if self.real_pairs:
            return self.real_pairs
        return self.write_pairs(2_000 if self.quick else 142_787)

    def write_pairs(self, number: int) -> Path:
        """Write pairs of the grammar into a file."""
        columns = read_corpus("sample", number)
        path = self.folder / f"{number}.tsv"
        lines = (f"{first}\t{second}\n" for first, second in zip(columns.first, columns.second, strict=True))
        path.write_text("".join(lines), encoding="utf-8")
        return path


def first_epoch(trainer: Trainer, bucketed: bool = True) -> list[np.ndarray]:
    """Rows of every batch of a trainer's first epoch."""
    training = trainer.settings.training
    return epoch_order(trainer.src.lengths, trainer.tgt.lengths, training.batch_size, training.seed, 0, bucketed)


def one(value: float) -> Spread:
    """A figure that was measured once."""
    return Spread(value, value, value, 1)
