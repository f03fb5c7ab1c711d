"""A run's folder: its settings and vocabularies, its weights, its record.

- `run.json`: settings, vocabularies, versions; written once, at the start.
- `checkpoint-….safetensors`: the newest two; everything needed to resume exactly.
- `model.safetensors`: the weights with the highest validation BLEU.
- `record.jsonl`: one line for every step and evaluation.
- `scores.json`: scores of the finished model on the test set.
- `tensorboard/`: the same record for TensorBoard.
- `lock`, `holder.json`: the process that trains it now.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from s2s_tutorial.arguments import FormerSettingError, to_path
from s2s_tutorial.data.pieces import read_vocabulary
from s2s_tutorial.data.rules import TextRule, text_rule
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.files import (
    MAX_JSON_BYTES,
    MAX_TENSOR_BYTES,
    BadFileError,
    read_json,
    read_values,
    refuse_links,
    write_json,
)
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.settings import MAX_TEXT, PRETRAINED, PrecisionName, Settings

FORMAT = 1


class RunError(ValueError):
    """A run cannot be opened or resumed; the message explains which, why and what to do."""


@dataclass(frozen=True)
class Run:
    """An opened run folder.

    Attributes:
        folder: Path of the folder.
        settings: Settings that the run was started with.
        src_vocabulary: Vocabulary of the source language.
        tgt_vocabulary: Vocabulary of the target language.
        challenge_seen: Normalised sources of the challenge set that are in its training data.
        start: Name of what it borrowed before its first step, see `initial_weights.py`; `""` for nothing.
        data: SHA-256 of the files that its pairs were read from; `""` if there were none, or it is not known.
        started_in: Working directory in which it was started, as a path from its folder; paths of files start there.
        precision: Precision of its matrix products, "fp32" or "bf16": what the setting "auto" meant where it was started.
        longest: Length of its longest training source, in words, or pieces of words; None in runs of older versions.
        parent: Run whose weights and vocabularies it started from, as a path from its folder, or "pretrained" for the model
            that comes with the package; `""` for none.
    """

    folder: Path
    settings: Settings
    src_vocabulary: Vocabulary
    tgt_vocabulary: Vocabulary
    challenge_seen: frozenset[str]
    start: str = ""
    data: str = ""
    started_in: str = ""
    precision: PrecisionName = "fp32"
    longest: int | None = None
    parent: str = ""

    @property
    def model_path(self) -> Path:
        """Path of the file of its best weights."""
        return self.folder / "model.safetensors"

    @property
    def record_path(self) -> Path:
        """Path of the file of its record."""
        return self.folder / "record.jsonl"

    @property
    def scores_path(self) -> Path:
        """Path of the file of its scores."""
        return self.folder / "scores.json"

    @property
    def language(self) -> str:
        """Code of the language of its translations, such as "en"; `""` if it is not known."""
        return self.settings.data.language_pair[1]

    @property
    def src_language(self) -> str:
        """Code of the language that it translates from; `""` if it is not known."""
        return self.settings.data.language_pair[0]

    @property
    def title(self) -> str:
        """Name for messages, which is the folder or, for a model that comes with the package, the folder's name."""
        return self.folder.name if self.is_packaged else str(self.folder)

    @property
    def is_packaged(self) -> bool:
        """Whether it is a model that comes with the package."""
        return self.folder.parent == PRETRAINED.parent

    @property
    def vocabularies(self) -> tuple[Vocabulary, Vocabulary]:
        """Vocabularies of source and target."""
        return self.src_vocabulary, self.tgt_vocabulary

    @property
    def rule(self) -> TextRule:
        """Rule by which its sentences are normalised."""
        return text_rule(self.settings.data)

    def build_model(self) -> Seq2Seq:
        """Build the network, with random weights that depend on the seed alone, on the CPU and in training mode."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.settings.training.seed)
            return Seq2Seq(self.settings.model, len(self.src_vocabulary), len(self.tgt_vocabulary))

    def unfinished(self) -> str:
        """Return a sentence to show beside the scores of a run whose training has not finished; else `""`.

        A run without checkpoints counts as finished: only its weights were kept.
        """
        try:
            progress = [Progress.from_dict(read_values(path)) for path in Checkpoints(self.folder).paths()[-1:]]
        except ValueError:  # BadFileError is one
            return f"{self.folder}: its newest checkpoint is damaged, so that it may not have finished training."
        if not progress or progress[0].finished:
            return ""
        step, best_step = progress[0].step, progress[0].best_step
        return (
            f"{self.folder} has not finished training: it is at step {step:,}, and its best weights are of step "
            f"{best_step:,}."
        )

    def save(self) -> None:
        """Write `run.json`.

        Raises:
            RunError: The vocabularies are too large.
        """
        values = {
            "format": FORMAT,
            "versions": versions(),
            "settings": self.settings.to_dict(),
            "src_vocabulary": self.src_vocabulary.to_dict(),
            "tgt_vocabulary": self.tgt_vocabulary.to_dict(),
            "challenge_seen": sorted(self.challenge_seen),
            "start": self.start,
            "data": self.data,
            "started_in": self.started_in,
            "precision": self.precision,
            "longest": self.longest,
            "parent": self.parent,
        }
        try:
            write_json(self.folder / "run.json", values, MAX_JSON_BYTES)
        except ValueError as error:
            words = len(self.src_vocabulary) + len(self.tgt_vocabulary)
            raise RunError(f"{words:,} words are too many ({error}): raise vocabulary_min_count") from None

    def weight_bytes(self) -> int:
        """Estimate the size of the weights in bytes (within a factor of 2), before memory is allocated for them.

        Raises:
            RunError: The model would be larger than any that is supported.
        """
        model, src_words, tgt_words = self.settings.model, len(self.src_vocabulary), len(self.tgt_vocabulary)
        embedded, hidden = model.embedding_size, model.hidden_size
        outputs = 0 if model.tie_embeddings else hidden * tgt_words
        if model.network == "transformer":
            layers = model.num_layers * (12 * hidden * hidden + 4 * hidden * model.feed_forward_size)
        else:
            layers = 9 * hidden * embedded + (18 * model.num_layers - 7) * hidden * hidden
        size = 4 * (embedded * (src_words + tgt_words) + outputs + layers)
        most = MAX_TENSOR_BYTES // 4  # a checkpoint holds three numbers for each
        if size > most:
            raise RunError(
                f"the model of {self.folder} would have {size >> 20:,} MiB of weights, at most {most >> 20:,} are supported: "
                "give it smaller sizes or fewer words"
            )
        return size


def folder_for(settings: Settings, chapter: str = "") -> Path:
    """Choose the folder in which a notebook keeps the run of these settings.

    Other settings get another folder; with the same settings the run is resumed. The folder is in `runs/`, or in the
    folder that the environment variable `S2S_RUNS` names.

    Args:
        settings: Settings of the run.
        chapter: Name of a chapter that trains a model of its own, even if another one has trained the same before.
    """
    digest = hashlib.sha256(json.dumps(settings.to_dict(), sort_keys=True).encode()).hexdigest()
    name = f"{settings.name}-{digest[:8]}"
    return Path(os.environ.get("S2S_RUNS") or "runs") / (f"{chapter}-{name}" if chapter else name)


def _packaged(folder: Path) -> Path:
    """Return the folder of a model of the package if only its name is given; other folders as they are."""
    if folder.exists() or folder.name != str(folder) or not folder.name.startswith(PRETRAINED.name):
        return folder
    packaged = PRETRAINED.with_name(folder.name)
    return packaged if packaged.is_dir() else folder


def open_run(folder: str | Path) -> Run:
    """Read settings and vocabularies of a run; `pretrained` and `pretrained_fr` name the models of the package.

    Raises:
        RunError: The folder does not exist, holds no run or one of another format, or contains links.
    """
    folder = _packaged(to_path(folder, "folder"))
    path = folder / "run.json"
    if not folder.is_dir():
        raise RunError(
            f"{folder} is not a folder: train a model into it first (s2s-tutorial train --run {shlex.quote(str(folder))})"
        )
    try:
        refuse_links(folder)
        if not path.is_file():
            raise RunError(f"{folder} holds no run (no run.json): give the folder that s2s-tutorial train wrote")
        values = read_json(path)
        if not isinstance(values, dict) or "format" not in values:
            raise RunError(f"{path} is not the file of a run: give the folder that s2s-tutorial train wrote")
        if values["format"] != FORMAT:
            found, wrote = str(values["format"])[:40], str(values.get("versions", {}).get("s2s_tutorial"))[:40]
            raise RunError(
                f"{folder} was written in format {found!r}, this version reads format {FORMAT}: train it again, "
                f"or install the version of s2s_tutorial that wrote it ({wrote!r})"
            )
        return Run(
            folder,
            Settings.from_dict(values["settings"]),
            read_vocabulary(values["src_vocabulary"]),
            read_vocabulary(values["tgt_vocabulary"]),
            frozenset(text for text in values["challenge_seen"] if isinstance(text, str)),
            # Runs of earlier versions do not name these.
            start=_line(values.get("start", "")),
            data=_line(values.get("data", "")),
            started_in=_line(values.get("started_in", "")),
            precision=_precision(values.get("precision", "fp32")),
            longest=_length(values.get("longest")),
            parent=_line(values.get("parent", "")),
        )
    except (BadFileError, RunError) as error:
        raise RunError(str(error)) from None
    except FormerSettingError as error:
        raise RunError(f"{path} is of an earlier version: {error}") from None
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise RunError(f"{path} is damaged ({error}): restore it, or start a new run") from None


def _line(text: Any) -> str:
    if not (isinstance(text, str) and text.isprintable() and len(text) <= MAX_TEXT):
        raise ValueError(f"{str(text)[:40]!r} is not a line of text")
    return text


def _precision(name: Any) -> PrecisionName:
    if name not in ("fp32", "bf16"):
        raise ValueError(f"the precision is {name!r:.40}, expected fp32 or bf16")
    return name


def _length(value: Any) -> int | None:
    if not (value is None or (type(value) is int and 0 <= value < 1 << 31)):
        raise ValueError(f"the longest source is {str(value)[:40]!r}, expected a number of words")
    return value


def versions() -> dict[str, str]:
    """Return the versions of Python and the packages that results depend on."""
    import platform

    found: dict[str, Any] = {"python": platform.python_version(), "torch": torch.__version__}
    try:
        found["s2s_tutorial"] = version("s2s_tutorial")
    except PackageNotFoundError:
        found["s2s_tutorial"] = "not installed"
    return found
