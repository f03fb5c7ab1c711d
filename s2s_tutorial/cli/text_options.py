"""Options about the text of a run: its rule, its tokens, its vocabulary and its sentences."""

from __future__ import annotations

from typing import Annotated

import typer

from s2s_tutorial.settings import TextName, TokenName

FROM_PRESET = "from the preset"
CHOSEN = "from the preset, or chosen from your pairs"

TextOption = Annotated[
    TextName | None,
    typer.Option(
        help="Text rule: ascii lower-cases the text and keeps the letters a to z and four marks, unicode keeps everything, in "
        "any script.",
        show_default="from the preset, or unicode for your own pairs",
    ),
]
TokensOption = Annotated[
    TokenName | None,
    typer.Option(
        help="What the model reads and writes: words, subwords (pieces of words, by which no word is unknown) or characters.",
        show_default=CHOSEN,
    ),
]
VocabularySizeOption = Annotated[
    int | None,
    typer.Option(
        min=512,
        metavar="N",
        help="Largest number of entries in a vocabulary of subwords or characters.",
        show_default=CHOSEN,
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
IntoOption = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="LANGUAGE",
        help="Language to translate into: en or fr, with the models that come with the package. With --run, that of the run.",
        show_default="en, or that of the run",
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
