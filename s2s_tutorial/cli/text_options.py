"""Options about the text of a run: its rule, its tokens and its vocabulary, and the settings that they produce."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from s2s_tutorial.settings import Settings, TextName, TokenName

FROM_PRESET = "from the preset"

TextOption = Annotated[
    TextName | None,
    typer.Option(
        help="Text rule: ascii lower-cases the text and keeps the letters a to z and four marks, unicode keeps everything, in "
        "any script.",
        show_default=FROM_PRESET,
    ),
]
TokensOption = Annotated[
    TokenName | None,
    typer.Option(
        help="What the model reads and writes: words, subwords (pieces of words, by which no word is unknown) or characters.",
        show_default=FROM_PRESET,
    ),
]
VocabularySizeOption = Annotated[
    int | None,
    typer.Option(
        min=512,
        metavar="N",
        help="Largest number of entries in a vocabulary of subwords or characters.",
        show_default=FROM_PRESET,
    ),
]
JointOption = Annotated[
    bool | None,
    typer.Option(
        "--joint-vocabulary/--two-vocabularies",
        help="Learn one vocabulary of subwords or characters from both languages, or one for each.",
        show_default=FROM_PRESET,
    ),
]
BpeDropoutOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=0.99,
        metavar="P",
        help="Probability with which a merge of a word's pieces is left out in training, so that each epoch cuts words in "
        "other ways. Only with --tokens subwords.",
        show_default=FROM_PRESET,
    ),
]
WordDropoutOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=0.99,
        metavar="P",
        help="Probability with which a word is hidden from the model in training.",
        show_default=FROM_PRESET,
    ),
]
SplitOption = Annotated[
    bool,
    typer.Option(
        "--split/--no-split",
        help="Split each line into sentences and translate these one by one, or translate the line as one sentence.",
    ),
]

JoinedOption = Annotated[
    bool,
    typer.Option("--joined", help="Join pieces to words, for a model that reads subwords or characters."),
]


def choose_text(
    settings: Settings, text: str | None, tokens: str | None, vocabulary_size: int | None, joint: bool | None
) -> Settings:
    """Return settings with the changes to the text that the options ask for."""
    changes: dict[str, Any] = {
        "text": text, "tokens": tokens, "vocabulary_size": vocabulary_size, "joint_vocabulary": joint,
    }  # fmt: skip
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(settings, data=replace(settings.data, **given))


def choose_dropout(settings: Settings, bpe_dropout: float | None, word_dropout: float | None) -> Settings:
    """Return settings with the changes to the dropout of text that the options ask for."""
    changes = {"bpe_dropout": bpe_dropout, "word_dropout": word_dropout}
    given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    return replace(settings, training=replace(settings.training, **given))
