"""A corpus larger than memory: encoded once into files, which training maps into memory.

`stream` returns the same corpus as `corpus.prepare`: the same pairs in the same sets and order, with the same ids. Module
`build` makes the files. They are in a folder `encoded-…`, named by a fingerprint of data and settings. The file
corpus.json is written last: a folder without it is incomplete, and is made again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from s2s_tutorial.data import corpus as corpora
from s2s_tutorial.data.columns import CorpusError, source_and_target
from s2s_tutorial.data.corpus import Corpus, HeldOut, held_out_from
from s2s_tutorial.data.losses import Losses
from s2s_tutorial.data.on_disk.build import encode
from s2s_tutorial.data.on_disk.mapped_pairs import StoredPairs, checksum, open_array, open_encoded
from s2s_tutorial.data.pieces import read_vocabulary
from s2s_tutorial.data.readers import content_digest, sample_language
from s2s_tutorial.data.reading.opening import OPENERS
from s2s_tutorial.data.rules import text_rule
from s2s_tutorial.data.split import read_own_sets
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.files import BadFileError, read_bounded, read_json, refuse_links
from s2s_tutorial.grammar import generate
from s2s_tutorial.settings import DataSettings, files_of

Vocabularies = tuple[Vocabulary, Vocabulary]  # of source and target
FOLDER_FORMAT = 4  # raise it when the files, the text rules or the filters change
LARGE_SAMPLE, LARGE_FILE = 1_000_000, 256 << 20  # pairs, bytes: larger corpora are always streamed
STORED_FILES = (
    "src.ids.npy", "src.starts.npy", "tgt.ids.npy", "tgt.starts.npy", "src.keys.npy", "test.tsv", "validation.tsv",
    "vocabularies.json",
)  # fmt: skip
MAX_HELD_OUT_BYTES = 64 << 20


def is_large(settings: DataSettings) -> bool:
    """Return whether a corpus is too large to be held in memory."""
    if settings.corpus == "sample":
        return settings.sample_pairs > LARGE_SAMPLE
    if settings.corpus == "tatoeba":
        return False
    paths = [path for path in map(Path, files_of(settings.corpus)) if path.is_file()]
    return sum(path.stat().st_size * (5 if path.suffix.lower() in OPENERS else 1) for path in paths) > LARGE_FILE


def fingerprint(settings: DataSettings, vocabularies: Vocabularies | None = None) -> str:
    """Hash everything that an encoded corpus depends on: format, settings, the file or the grammar, and given vocabularies.

    Raises:
        CorpusError: The file does not exist.
    """
    total = hashlib.sha256()
    if settings.corpus == "sample":
        for pair in generate(500, language=sample_language(settings)):  # a changed grammar makes other sentences
            total.update(f"{pair.source}\t{pair.english}\n".encode())
    total.update(content_digest(settings).encode())
    if settings.corpus != "sample":
        settings = replace(settings, corpus="", valid=str(bool(settings.valid)), test=str(bool(settings.test)))
    total.update(json.dumps([FOLDER_FORMAT, asdict(settings)], sort_keys=True).encode())
    if vocabularies:
        total.update(json.dumps([words.to_dict() for words in vocabularies]).encode())
    return total.hexdigest()


def stream(
    settings: DataSettings,
    place: Path,
    report: Callable[[str], None] = lambda sentence: None,
    vocabularies: Vocabularies | None = None,
) -> Corpus:
    """Open the encoded form of the corpus that the settings name; encode it first if that has not been done.

    If several processes call this at the same time, one encodes and the others wait.

    Args:
        settings: Settings of the data.
        place: Folder in which the folder `encoded-…` is made.
        report: Called with a sentence about progress, or about damaged files.
        vocabularies: Vocabularies of source and target of a trained model; None builds them from the training pairs.

    Raises:
        CorpusError: See `corpus.prepare`.
    """
    mark = fingerprint(settings, vocabularies)
    folder = place / f"encoded-{mark[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        if (folder / "corpus.json").exists():
            try:
                return open_encoded_corpus(folder, settings, mark)
            except BadFileError as error:
                report(f"{error}: the corpus is encoded again")
        _clear(folder)
        try:
            encode(folder, settings, mark, report, vocabularies)
        except BaseException:
            _clear(folder)
            raise
        return open_encoded_corpus(folder, settings, mark)


def load(
    settings: DataSettings,
    place: Path,
    streamed: bool = False,
    report: Callable[[str], None] = lambda sentence: None,
    vocabularies: Vocabularies | None = None,
) -> Corpus:
    """Prepare a corpus in memory, or with `stream` if `streamed` is True or the corpus is large; parameters as there."""
    if streamed or is_large(settings):
        return stream(settings, place, report, vocabularies)
    return corpora.prepare(settings, vocabularies)


def load_encoded(settings: DataSettings, place: Path, vocabularies: Vocabularies | None = None) -> Corpus:
    """Prepare a corpus in memory, or open a large one that was encoded before; writes nothing.

    Args:
        settings: Settings of the data.
        place: Folder that holds the folder `encoded-…`.
        vocabularies: Vocabularies with which it was encoded, if they were given.

    Raises:
        CorpusError: The corpus is large, and is not encoded yet or damaged.
    """
    if not is_large(settings):
        return corpora.prepare(settings, vocabularies)
    mark = fingerprint(settings, vocabularies)
    folder = place / f"encoded-{mark[:16]}"
    try:
        return open_encoded_corpus(folder, settings, mark)
    except (BadFileError, OSError) as error:
        raise CorpusError(f"{error}: the corpus is large, and training (s2s-tutorial train) encodes it first") from None


def _clear(folder: Path) -> None:
    """Delete the files of an encoding that did not finish."""
    refuse_links(folder)
    for path in folder.iterdir():
        if path.name != "lock":
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


# Opening


def open_encoded_corpus(folder: Path, settings: DataSettings, mark: str) -> Corpus:
    """Open an encoded corpus; nothing in it is executed, and its training pairs stay on disk.

    Args:
        folder: Folder of the encoded corpus.
        settings: Settings of the data.
        mark: Fingerprint that the folder must have.

    Raises:
        BadFileError: The files belong to another corpus, are damaged, or were made by another program.
    """
    refuse_links(folder)
    values = read_json(folder / "corpus.json")
    try:
        if values["fingerprint"] != mark:
            raise BadFileError(f"{folder} holds another corpus")
        for name in STORED_FILES:
            if checksum(folder / name) != values["sha256"][name]:
                raise BadFileError(f"{folder / name} is damaged (checksum)")
        words = read_json(folder / "vocabularies.json")
        src_vocabulary, tgt_vocabulary = (read_vocabulary(words[f"{side}_vocabulary"]) for side in ("src", "tgt"))
        src = open_encoded(folder / "src.ids.npy", folder / "src.starts.npy", src_vocabulary)
        tgt = open_encoded(folder / "tgt.ids.npy", folder / "tgt.starts.npy", tgt_vocabulary)
        keys = open_array(folder / "src.keys.npy", (np.uint64,))
        if not len(src) == len(tgt) == len(keys):
            raise BadFileError(f"{folder} has sides of different lengths")
        held_out = _held_out_sets(folder, settings, values["aligned"])
        return Corpus(
            steps=[(str(name), int(count)) for name, count in values["steps"]],
            word_counts=(int(values["word_counts"][0]), int(values["word_counts"][1])),
            train=StoredPairs(src, tgt, keys, src_vocabulary, tgt_vocabulary, text_rule(settings)),
            validation=held_out["validation"],
            test=held_out["test"],
            validation_pairs=int(values["pairs"]["validation"]),
            test_pairs=int(values["pairs"]["test"]),
            src_vocabulary=src_vocabulary,
            tgt_vocabulary=tgt_vocabulary,
            rule=text_rule(settings),
            losses=_read_losses(values["losses"], settings.reverse),
            notes=[(str(label), str(note)) for label, note in values["notes"]],
        )
    except BadFileError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise BadFileError(f"{folder} is damaged ({type(error).__name__})") from None


def _read_losses(sides: Any, reverse: bool) -> tuple[Losses, Losses]:
    first, second = (
        Losses(
            int(side["letters"]),
            Counter({str(letter): int(count) for letter, count in side["dropped"].items()}),
            int(side["digits"]),
            int(side["entities"]),
        )
        for side in sides
    )
    return source_and_target(first, second, reverse)


def _held_out_sets(folder: Path, settings: DataSettings, aligned: bool) -> dict[str, HeldOut]:
    """Open the validation and the test set. Those of your own files are read from these, because they may have groups."""
    own = read_own_sets(settings).columns
    return {
        part: held_out_from(own[part], settings.reverse).head(corpora.MOST_HELD_OUT)
        if part in own
        else _open_held_out(folder / f"{part}.tsv", aligned)
        for part in ("validation", "test")
    }


def _open_held_out(path: Path, aligned: bool) -> HeldOut:
    lines = [line.split("\t") for line in read_bounded(path, MAX_HELD_OUT_BYTES).decode().splitlines()]
    alignments = None
    if aligned:
        links = [[tuple(map(int, link.split("-"))) for link in line[0].split()] for line in lines]
        alignments = [frozenset((src, tgt) for src, tgt in each) for each in links]
    return HeldOut([line[1] for line in lines], [line[2:] for line in lines], alignments)
