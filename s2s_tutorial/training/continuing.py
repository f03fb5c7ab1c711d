"""Settings with which the training of a finished run continues: on its own pairs for more epochs, or on other pairs.

The child is a run of its own, in a folder of its own. It starts from the parent's best weights (`initial_weights.from_run`) with
the parent's vocabularies and text rule. Adam starts without moments, and the learning rate begins a new cycle: it rises over the
first tenth of the child's steps, so that the moments settle before steps are large, and then falls to 0 along a half cosine, a
"warm restart" (Loshchilov and Hutter 2017). Its peak is lower than the parent's, because weights that have converged are lost
at the full rate.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from s2s_tutorial.data.corpus import Corpus, Pairs
from s2s_tutorial.data.fitting import Look, choose_training, evaluations_for
from s2s_tutorial.data.pieces import PieceVocabulary
from s2s_tutorial.data.rules import TextRule
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.runs.find_data import find_data
from s2s_tutorial.runs.folder import Run
from s2s_tutorial.settings import BUILT_IN, DataSettings, Files, Settings, TrainingSettings
from s2s_tutorial.training.rehearsal import count_old, count_repeats

PEAK = 0.5  # of the parent's highest learning rate
WARMUP, DECAY = 0.1, 0.9


def settings_for_more(parent: Run, epochs: int, corpus: Files = "") -> Settings:
    """Return settings that continue a run on its own pairs, wherever these are now.

    Args:
        parent: The finished run.
        epochs: Number of further passes over its pairs.
        corpus: Where its pairs are now; `""` to look them up.

    Raises:
        RunError: Its pairs are not found, or have changed.
    """
    settings = parent.settings
    return replace(settings, data=find_data(parent, corpus), training=_next_cycle(settings.training, epochs))


def data_for_new(parent: Run, corpus: Files, **given: Any) -> DataSettings:
    """Return settings of the data for new pairs.

    Text rule, tokens, vocabularies and languages are the parent's. Its filters are not: all new pairs are used.

    Args:
        parent: The trained run.
        corpus: Path of a file of pairs, the paths of two parallel files, or the name of a built-in corpus.
        given: Other settings of the data.

    Raises:
        ValueError: A given setting would change how the parent reads text.
    """
    old = parent.settings.data
    fixed = {name: getattr(old, name) for name in ("text", "tokens", "vocabulary_size", "joint_vocabulary")}
    for name in fixed.keys() & given.keys():
        if given[name] != fixed[name]:
            raise ValueError(
                f"{name} is {given[name]!r}, but {parent.title} was trained with {fixed[name]!r}: leave it out, or train a new "
                "run"
            )
    codes = old.language_pair if all(old.language_pair) and corpus not in BUILT_IN else ()
    own = {"corpus": corpus, "languages": codes, "reverse": old.reverse and corpus in BUILT_IN}
    return DataSettings(**(own | given | fixed))


def settings_for_new(parent: Run, data: DataSettings, rehearsing: bool = True, on_disk: bool = False) -> Settings:
    """Return settings that adapt a run to new pairs, for as many epochs as fit their number.

    Args:
        parent: The trained run.
        data: Settings of the new data, from `data_for_new`.
        rehearsing: Whether old pairs are added to each epoch, see `rehearsal.py`.
        on_disk: Whether the pairs will stay on disk.

    Raises:
        CorpusError: The file cannot be used.
    """
    look = Look.at(data)
    fitted = choose_training(look, data.tokens, on_disk)
    steps = fitted.epochs * math.ceil(look.pairs / fitted.batch_size)
    if rehearsing:
        look = replace(look, pairs=look.pairs * count_repeats(look.pairs) + count_old(look.pairs))
    batch_size = choose_training(look, data.tokens, on_disk).batch_size
    epochs = max(math.ceil(steps / math.ceil(look.pairs / batch_size)), 1)
    training = replace(
        _next_cycle(parent.settings.training, epochs),
        batch_size=batch_size,
        evaluations_per_epoch=evaluations_for(epochs),
        bpe_dropout=0.0 if on_disk else parent.settings.training.bpe_dropout,
        renaming=0.0 if on_disk else parent.settings.training.renaming,
    )
    return replace(parent.settings, data=data, training=training)


def _next_cycle(training: TrainingSettings, epochs: int) -> TrainingSettings:
    return replace(
        training,
        epochs=epochs,
        learning_rate=PEAK * training.learning_rate,
        warmup=WARMUP,
        decay=DECAY,
        seed=training.seed + 1,  # other orders of the pairs than in the parent's epochs
    )


@dataclass(frozen=True)
class Unknown:
    """Words or characters of a corpus that a vocabulary does not hold.

    Attributes:
        all: How many there are.
        unknown: How many of them are unknown.
        examples: A few unknown ones.
    """

    all: int
    unknown: int
    examples: list[str]


def unknown_words(corpus: Corpus) -> tuple[Unknown, Unknown] | None:
    """Count the words of the training pairs that the given vocabularies of source and target do not hold.

    Returns:
        The counts of both sides; None for vocabularies of pieces, for which no word is unknown, and for pairs on disk.
    """
    vocabularies = corpus.src_vocabulary, corpus.tgt_vocabulary
    if isinstance(corpus.src_vocabulary, PieceVocabulary) or not isinstance(corpus.train, Pairs):
        return None
    sides = zip((corpus.train.sources, corpus.train.targets), vocabularies, strict=True)
    src, tgt = (_unknown(set(corpus.rule.split_all(texts)[0]), vocabulary, corpus.rule) for texts, vocabulary in sides)
    return src, tgt


def new_characters(corpus: Corpus) -> tuple[Unknown, Unknown] | None:
    """Count how often the training pairs have a character that the given vocabularies of source and target know only as bytes.

    Returns:
        The counts of both sides, without spaces; None for vocabularies of words, and for pairs on disk.
    """
    if not isinstance(corpus.src_vocabulary, PieceVocabulary) or not isinstance(corpus.train, Pairs):
        return None
    found = []
    for texts, vocabulary in (
        (corpus.train.sources, corpus.src_vocabulary),
        (corpus.train.targets, corpus.tgt_vocabulary),
    ):
        counts = Counter("".join(texts))
        del counts[" "]
        new = Counter({character: count for character, count in counts.items() if character not in vocabulary})
        found.append(Unknown(counts.total(), new.total(), [character for character, _ in new.most_common(3)]))
    return found[0], found[1]


def _unknown(words: set[str], vocabulary: Vocabulary, rule: TextRule) -> Unknown:
    missing = sorted(word for word in words if word not in vocabulary)
    return Unknown(len(words), len(missing), [rule.unsplit([word]) for word in missing[:3]])
