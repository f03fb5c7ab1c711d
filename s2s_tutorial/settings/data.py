"""Settings of the data: which sentence pairs are read, and which of them are kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from s2s_tutorial.settings.allowed import (
    MAX_TEXT,
    Count,
    Files,
    Language,
    Length,
    Pairs,
    SplitName,
    Text,
    TextName,
    TokenName,
    UnitName,
    VocabularySize,
)

BUILT_IN = ("sample", "tatoeba")  # names of corpora that are not files; their first column is English


def _plain(value: Any) -> Any:
    """Return a path as text, and any other value as it is."""
    return os.fspath(value) if isinstance(value, os.PathLike) else value


@dataclass(frozen=True)
class DataSettings:
    """Settings of the data: which sentence pairs are read, and which of them are kept.

    Attributes:
        corpus: "sample" (the built-in grammar), "tatoeba", the path of a file of pairs, or the paths of two parallel files.
        sample_pairs: Number of pairs that the grammar generates; unused for other corpora.
        min_length: Length of the shortest sentence that is kept on either side, after normalising, in `unit`.
        max_length: Length of the longest sentence that is kept, likewise.
        unit: Unit of lengths: "characters" or "words".
        trim_below: Pairs with a word seen fewer times than this in the filtered pairs are dropped; 1 keeps all.
        vocabulary_min_count: Words seen fewer times than this in the training pairs become unknown words.
        reverse: True translates the first column into the second (English to French), False the second into the first.
        languages: Codes of source and target language, such as ("de", "en"), which "sample" generates too. Without them, the
            built-in corpora are French and English, and the languages of a file are not known.
        source_column: Name or number (from 1) of the column to translate from; without it, `readers` finds the columns.
        target_column: Name or number of the column to translate into.
        skip_bad: True leaves out lines that cannot be read, and counts them; False refuses the file.
        split_by: Side on which no two sets share a sentence: "both", "source" or "target".
        valid: File or files of pairs to validate on, in place of a part of the corpus.
        test: File or files of pairs to test on, in place of a part of the corpus.
        text: Text rule: "ascii" (lower-case letters without accents, and four marks) or "unicode" (everything is kept).
        tokens: What a sentence is encoded as: "words", "subwords" (pieces of words, by byte-pair encoding) or "characters".
        vocabulary_size: Largest number of entries in a vocabulary of subwords or characters, with 260 fixed ones.
        joint_vocabulary: True learns one such vocabulary from both languages, False one for each.
    """

    corpus: Files = "sample"
    sample_pairs: Pairs = 36_000
    min_length: Length = 1
    max_length: Length = 1_000
    unit: UnitName = "characters"
    trim_below: Count = 1
    vocabulary_min_count: Count = 1
    reverse: bool = False
    languages: tuple[Language, ...] = ()
    source_column: Text = ""
    target_column: Text = ""
    skip_bad: bool = False
    split_by: SplitName = "both"
    valid: Files = ""
    test: Files = ""
    text: TextName = "ascii"
    tokens: TokenName = "words"
    vocabulary_size: VocabularySize = 8_000
    joint_vocabulary: bool = True

    def __post_init__(self) -> None:
        """Turn paths into text and lists into tuples, because settings are written as JSON and read back."""
        for name in ("corpus", "languages", "valid", "test"):
            value = getattr(self, name)
            plain = tuple(map(_plain, value)) if isinstance(value, list | tuple) else _plain(value)
            object.__setattr__(self, name, plain)

    @property
    def language_pair(self) -> tuple[str, str]:
        """Return the codes of source and target language; `""` stands for a language that is not known."""
        if self.languages:
            return self.languages[0], self.languages[1]
        if self.corpus not in BUILT_IN:
            return "", ""
        return ("en", "fr") if self.reverse else ("fr", "en")

    @property
    def longest(self) -> tuple[int, str]:
        """Return the length of the longest sentence that is kept, and its unit."""
        return self.max_length, self.unit


def check_files(data: DataSettings) -> None:
    """Check the paths of files, which msgspec 0.22 cannot do: with limits on the text of this union it crashes.

    Raises:
        ValueError: A path is too long, or contains a NUL character.
    """
    for name in ("corpus", "valid", "test"):
        for path in files_of(getattr(data, name)):
            if len(path) > MAX_TEXT or "\0" in path:
                raise ValueError(f"{name} is {path!r:.60}, expected at most {MAX_TEXT:,} characters without NUL")


def files_of(files: Files) -> tuple[str, ...]:
    """Return the paths of one file, of two parallel files, or of none."""
    return ((files,) if files else ()) if isinstance(files, str) else files


def check_direction(data: DataSettings) -> None:
    """Check that there are no languages or two, and that columns and languages agree with `reverse`.

    Raises:
        ValueError: They do not; the message explains what to change.
    """
    codes = data.languages
    if len(codes) not in (0, 2):
        raise ValueError(f"languages is {codes}, expected two codes, source and target, such as de en")
    if data.reverse and (data.source_column or data.target_column):
        raise ValueError("reverse swaps the first two columns: leave it out, or name the columns the other way round")
    if codes and data.corpus in BUILT_IN and data.language_pair[0 if data.reverse else 1] != "en":
        raise ValueError(
            f"languages is {' '.join(codes)}, but the first column of {data.corpus} is English, and it is the "
            f"{'source' if data.reverse else 'target'}: change reverse or the languages"
        )
