"""Settings that fit the data: one rule, by the number, the length and the script of sentence pairs.

The presets were made for the corpora that they name. With few pairs, their epochs have so few steps that the model learns
nothing, and words that a script does not separate would become one unknown word per sentence. `fit_settings` looks at the pairs
and chooses instead. The values for up to 1,000 pairs were found by training on sets in several scripts. Those for more pairs
are between them and those of the presets.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from s2s_tutorial.arguments import check_fields
from s2s_tutorial.data.on_disk.cache import is_large
from s2s_tutorial.data.readers import read_pieces
from s2s_tutorial.data.rules import text_rule
from s2s_tutorial.data.unicode_text import script_of
from s2s_tutorial.settings import DataSettings, Files, ModelSettings, Settings, TokenName, TrainingSettings

NAME = "fitted"  # of the settings, where a preset has its own
MOST_LOOKED_AT = 1_000_000  # pairs; with more, the rule chooses the same
UNSPACED = {"CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"}  # scripts without spaces
MOST_UNSPACED = 0.2  # share of the letters of a side
FEW, MANY = 5_000, 50_000  # pairs: below, pieces of words are too rare to be learned; above, chance cuts help no more
FEWEST_STEPS, STEPS_PER_ROOT = 400, 40.0  # the number of steps grows with the square root of the number of pairs
USUAL_LENGTH = 30  # tokens of a sentence; batches of longer ones have fewer sentences
EVALUATIONS = 20  # in a whole run


class Size(NamedTuple):
    """Size of a model and of its batches, for corpora of up to `pairs` pairs."""

    pairs: float
    hidden_size: int
    dropout: float
    batch_size: int
    learning_rate: float


SIZES = (
    Size(100, 128, 0.3, 8, 3e-3),
    Size(1_500, 128, 0.3, 16, 3e-3),
    Size(10_000, 192, 0.4, 32, 3e-3),
    Size(60_000, 256, 0.3, 64, 2e-3),
    Size(math.inf, 384, 0.3, 128, 2e-3),
)


@dataclass(frozen=True)
class Look:
    """Facts about sentence pairs, by which the rule chooses.

    Attributes:
        pairs: Number of different pairs, counted up to `MOST_LOOKED_AT`.
        words: Mean number of words of a sentence, on the longer side.
        letters: Mean number of characters of a sentence, likewise.
        unspaced: Script without spaces between words in which one side is written, such as "CJK"; `""` if there is none.
    """

    pairs: int
    words: float
    letters: float
    unspaced: str = ""

    @classmethod
    def at(cls, settings: DataSettings) -> Look:
        """Look at the pairs that the settings name.

        Raises:
            CorpusError: The file cannot be used.
        """
        rule, seen = text_rule(settings), set[int]()
        rows, words, characters = 0, [0, 0], [Counter[str](), Counter[str]()]
        for piece in read_pieces(settings):
            seen.update(map(hash, zip(piece.first, piece.second, strict=True)))
            rows += len(piece.first)
            for side, texts in enumerate((piece.first, piece.second)):
                words[side] += sum(rule.split_all(texts)[1])
                characters[side].update("".join(texts))
            if len(seen) >= MOST_LOOKED_AT:
                break
        lengths = [total / max(rows, 1) for total in words]
        letters = [counts.total() / max(rows, 1) for counts in characters]
        return cls(len(seen), max(lengths), max(letters), next(filter(None, map(_unspaced, characters)), ""))


def _unspaced(characters: Counter[str]) -> str:
    """Return the script without spaces that more than `MOST_UNSPACED` of the letters belong to; `""` if there is none."""
    scripts: Counter[str] = Counter()
    for character, count in characters.items():
        if character.isalpha():
            scripts[script_of(character)] += count
    found = {script: count for script, count in scripts.items() if script in UNSPACED}
    if sum(found.values()) <= MOST_UNSPACED * max(scripts.total(), 1):
        return ""
    return max(found, key=found.__getitem__)


@dataclass(frozen=True)
class Fit:
    """Settings that the rule has chosen.

    Attributes:
        settings: The settings.
        look: What they were chosen from.
        chosen: Names of the settings of the data that the rule chose; others were given.
    """

    settings: Settings
    look: Look
    chosen: frozenset[str]

    def notes(self, used: Settings) -> list[tuple[str, str]]:
        """Describe which settings were chosen and why, as pairs of a word and a text.

        Args:
            used: Settings of the run, some of which may have been changed; these are left out.
        """
        look, model, training = self.look, used.model, used.training
        about = (
            f"{'more than ' * (look.pairs >= MOST_LOOKED_AT)}{look.pairs:,} pair{'' if look.pairs == 1 else 's'} of "
        )
        if look.unspaced:
            script = "Chinese characters" if look.unspaced == "CJK" else f"{look.unspaced.capitalize()} letters"
            about += f"{look.letters:.0f} characters on average, {script} without spaces"
        else:
            about += f"{look.words:.0f} word{'' if round(look.words) == 1 else 's'} on average"
        values = {
            name: value
            for name, value in (
                ("text", used.data.text),
                ("tokens", used.data.tokens),
                ("vocabulary_size", used.data.vocabulary_size if used.data.tokens != "words" else None),
                ("hidden_size", model.hidden_size),
                ("dropout", model.dropout),
                ("batch_size", training.batch_size),
                ("learning_rate", training.learning_rate),
                ("epochs", training.epochs),
            )
            if value is not None and self._is_chosen(name, value)
        }
        listed = ", ".join(
            f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in values.items()
        )
        return [("settings", f"chosen for {about}:"), ("", listed)] if values else []

    def _is_chosen(self, name: str, value: Any) -> bool:
        parts = self.settings.data, self.settings.model, self.settings.training
        own = next(getattr(part, name) for part in parts if hasattr(part, name))
        return own == value and (name in self.chosen or not hasattr(self.settings.data, name))


def fit_settings(corpus: Files, on_disk: bool = False, **given: Any) -> Fit:
    """Choose settings that fit a corpus of your own.

    >>> settings = fit_settings("pairs.tsv", languages=("de", "en")).settings  # doctest: +SKIP

    Args:
        corpus: Path of a file of pairs, or the paths of two parallel files.
        on_disk: Whether the pairs will stay on disk, where BPE-dropout cannot cut them again.
        given: Other settings of the data, which the rule leaves as they are.

    Raises:
        CorpusError: The file cannot be used.
        ValueError: A given setting is not one, or is out of range.
    """
    data = DataSettings(**({"corpus": corpus, "text": "unicode"} | given))
    check_fields("data", data, DataSettings)
    look = Look.at(data)
    chosen = {"text": data.text, "tokens": choose_tokens(look)} | given
    if chosen["tokens"] != "words":
        chosen = {"vocabulary_size": choose_vocabulary(look)} | chosen
    data = replace(data, **chosen)
    training = choose_training(look, data.tokens, on_disk or is_large(data))
    size = size_for(look)
    model = ModelSettings(embedding_size=size.hidden_size, hidden_size=size.hidden_size, dropout=size.dropout)
    return Fit(Settings(NAME, data, model, training), look, frozenset(chosen.keys() - given.keys()))


def size_for(look: Look) -> Size:
    """Return the size of the model and of its batches."""
    return next(size for size in SIZES if look.pairs <= size.pairs)


def choose_tokens(look: Look) -> TokenName:
    """Choose what sentences are encoded as.

    Pieces of words leave no word unknown, but each must occur often enough to be learned. Where a script has no spaces, words
    are not separated, so that a small corpus is read by characters.
    """
    if look.pairs >= FEW:
        return "subwords"
    return "characters" if look.unspaced else "words"


def choose_vocabulary(look: Look) -> int:
    """Choose the size of a vocabulary of pieces, so that each occurs often: 1,000 for few pairs, 8,000 for many."""
    return min(max(500 * round(look.pairs / 10_000), 1_000 if not look.unspaced else 2_000), 8_000)


def choose_training(look: Look, tokens: TokenName, on_disk: bool) -> TrainingSettings:
    """Choose the settings of training.

    Args:
        look: What the pairs are like.
        tokens: What sentences are encoded as.
        on_disk: Whether the pairs are on disk.
    """
    size = size_for(look)
    length = look.letters if tokens == "characters" else look.words
    batch_size = max(round(size.batch_size * min(1.0, USUAL_LENGTH / max(length, 1.0))), 4)
    per_epoch = math.ceil(max(look.pairs, 1) / size.batch_size)
    steps = max(FEWEST_STEPS, STEPS_PER_ROOT * math.sqrt(look.pairs))
    epochs = min(max(math.ceil(steps / per_epoch), 3), 10_000)
    cuts = tokens == "subwords" and look.pairs < MANY and not on_disk
    return TrainingSettings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=size.learning_rate,
        unknown_rate=0.3 if tokens == "words" else 0.0,
        word_dropout=0.1 if tokens == "subwords" else 0.0,
        bpe_dropout=0.1 if cuts else 0.0,
        evaluations_per_epoch=evaluations_for(epochs),
    )


def evaluations_for(epochs: int) -> float:
    """Return the number of evaluations per epoch with which a run has about `EVALUATIONS`."""
    return round(EVALUATIONS / epochs, 3)
