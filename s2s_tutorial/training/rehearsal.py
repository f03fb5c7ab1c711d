"""Old pairs among the new ones, so that a model that is adapted to new pairs keeps what it knows.

A model that is trained on new pairs alone loses much of what it had learned, even at a low learning rate. If a part of every
epoch are old pairs, it keeps nearly all ("mixed fine-tuning", Chu et al. 2017). They are taken from the parent's own training
pairs. If these are not at hand, sentences of the built-in corpus take their place, with the parent's own translations (a
sequence-level form of "learning without forgetting", Li and Hoiem 2016).

The old pairs are written into the run's folder, so that the run resumes with the same ones.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from s2s_tutorial.data.corpus import Corpus, Pairs
from s2s_tutorial.data.on_disk.cache import load_encoded
from s2s_tutorial.data.tatoeba import is_at_hand
from s2s_tutorial.files import BadFileError, read_bounded, write_atomically
from s2s_tutorial.grammar import LANGUAGES, generate
from s2s_tutorial.runs.find_data import find_data
from s2s_tutorial.runs.folder import Run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.training.initial_weights import Start, from_run

FILE = "rehearsal.tsv"
MAX_FILE_BYTES = 256 << 20
FEWEST, PER_PAIR = 2_000, 2  # old pairs: at least, and for each new pair
SEED = 0  # of the choice of old pairs


def count_old(new: int) -> int:
    """Return the number of old pairs to rehearse with so many new ones."""
    return max(FEWEST, PER_PAIR * new)


def count_repeats(new: int) -> int:
    """Return how often each of so many new pairs is repeated in an epoch, so that a third of its pairs are new."""
    return max(round(count_old(new) / PER_PAIR / max(new, 1)), 1)


@dataclass(frozen=True)
class Rehearsal:
    """Old pairs.

    Attributes:
        pairs: The pairs, normalised by the parent's text rule.
        described: Where they come from; `""` if there are none.
    """

    pairs: Pairs
    described: str

    def mix_into(self, corpus: Corpus) -> Corpus:
        """Return a corpus with the old pairs among its training pairs, and with new pairs repeated so that a third are new.

        Old pairs that share a sentence with a held-out set of the corpus are left out.
        """
        held = corpus.validation, corpus.test
        sources = {source for each in held for source in each.sources}
        targets = {target for each in held for references in each.references for target in references}
        old = [
            (source, target)
            for source, target in zip(self.pairs.sources, self.pairs.targets, strict=True)
            if source not in sources and target not in targets
        ]
        repeats = count_repeats(len(corpus.train))
        new = list(zip(corpus.train.sources, corpus.train.targets, strict=True))
        mixed = new * repeats + old
        return replace(corpus, train=Pairs([source for source, _ in mixed], [target for _, target in mixed]))

    def start_from(self, parent: Run) -> Start:
        """Return the start of a run that rehearses these pairs; with other ones, it is another run."""
        start = from_run(parent)
        digest = hashlib.sha256(self.text.encode()).hexdigest()[:16]
        return replace(start, name=f"{start.name}, rehearsing {digest}", save=self.save)

    @property
    def text(self) -> str:
        """The pairs as lines of source and target."""
        return "".join(f"{a}\t{b}\n" for a, b in zip(self.pairs.sources, self.pairs.targets, strict=True))

    def save(self, folder: Path) -> None:
        """Write the pairs into the folder of the run."""
        if not (folder / FILE).exists():
            write_atomically(folder / FILE, self.text.encode())


def rehearsal_for(parent: Run, new: int, folder: Path) -> Rehearsal:
    """Return the old pairs of a run: those in its folder or, for a new run, those of its parent.

    Args:
        parent: Run that the new one starts from.
        new: Number of new training pairs.
        folder: Folder of the new run.

    Raises:
        BadFileError: The file in the folder cannot be read, or is damaged.
    """
    path = folder / FILE
    if path.is_file():
        try:
            text = read_bounded(path, MAX_FILE_BYTES).decode()
        except UnicodeDecodeError:
            raise BadFileError(f"{path} is damaged (not UTF-8): restore it, or start a new run") from None
        lines = [line.partition("\t") for line in text.split("\n")[:-1]]  # each ends with a line feed
        pairs = Pairs([source for source, _, _ in lines], [target for _, _, target in lines])
        return Rehearsal(pairs, f"those in {path}" if lines else "")
    count = count_old(new)
    return _own_pairs(parent, count) or _translated_pairs(parent, count) or Rehearsal(Pairs([], []), "")


def _own_pairs(parent: Run, count: int) -> Rehearsal | None:
    """Take training pairs of the parent, if its data are at hand."""
    if parent.settings.data.corpus == "tatoeba" and not is_at_hand():
        return None
    try:
        given = parent.vocabularies if parent.parent else None
        train = load_encoded(find_data(parent), parent.folder.parent, given).train
    except ValueError:  # RunError is one
        return None
    rows = np.random.default_rng(SEED).permutation(len(train))[:count].tolist()
    sources, targets = train.sources, train.targets
    pairs = Pairs([sources[row] for row in rows], [targets[row] for row in rows])
    return Rehearsal(pairs, f"{len(rows):,} pairs that {parent.title} was trained on")


def _translated_pairs(parent: Run, count: int) -> Rehearsal | None:
    """Let the parent translate sentences of the built-in corpus, if there is one in its source language."""
    source, target = parent.settings.data.language_pair
    other = target if source == "en" else source
    if {source, target} != {"en", other} or other not in LANGUAGES:
        return None
    found = (pair.english if source == "en" else pair.source for pair in generate(2 * count, SEED, other))
    sources = list(dict.fromkeys(islice(filter(None, map(parent.rule.normalise, found)), count)))
    translations = load_translator(parent.folder).translate_words(sources)
    kept = [(a, each.normal_text) for a, each in zip(sources, translations, strict=True) if each.words]
    pairs = Pairs([a for a, _ in kept], [b for _, b in kept])
    return Rehearsal(pairs, f"{len(kept):,} built-in sentences with the translations of {parent.title}")
