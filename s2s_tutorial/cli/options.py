"""Options and arguments of the commands, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from s2s_tutorial.settings import AttentionName, DecoderName

FROM_PRESET = "from the preset"

# Which run, and where to compute

# torchrun reads --run as a prefix of its own --run-path and does not pass it on. Under torchrun, use --folder.
RunOption = Annotated[
    Path,
    typer.Option(
        "--run",
        "--folder",
        help="Folder of the run. If it already holds one, training resumes from it. Under torchrun, write --folder.",
        metavar="DIR",
        show_default=False,
    ),
]
RunsArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder with runs in it, which may be two levels below.")
]
_TRAINED_RUN = typer.Option(
    help="Folder of a trained run. pretrained and pretrained_fr are the models that come with the package.",
    metavar="DIR",
    show_default="pretrained, which translates from French into English",
)
TrainedRunOption = Annotated[Path, _TRAINED_RUN]
MeasuredRunOption = Annotated[Path | None, _TRAINED_RUN]
DeviceOption = Annotated[
    str,
    typer.Option(
        help="Device to compute on: auto (a GPU if there is one), cpu, cuda, cuda:1, mps or another PyTorch device.",
        metavar="DEVICE",
    ),
]

# Model and training

AttentionOption = Annotated[
    AttentionName | None,
    typer.Option(
        help="How a source state is scored against the decoder's state. none leaves attention out.",
        show_default=FROM_PRESET,
    ),
]
DecoderOption = Annotated[
    DecoderName | None,
    typer.Option(
        help="Decoder to use: luong attends after its recurrent step, bahdanau before it.",
        show_default=FROM_PRESET,
    ),
]
InputFeedingOption = Annotated[
    bool,
    typer.Option(
        "--input-feeding", help="Feed the last attentional state back into the decoder. Only for --decoder luong."
    ),
]
VectorsOption = Annotated[
    Path | None,
    typer.Option(
        help="Word vectors of the source language, in the text format of word2vec, GloVe or fastText. The source "
        "embeddings start from them, and the embedding and hidden sizes become the size of the vectors.",
        metavar="FILE",
        show_default="none",
    ),
]
MaxMinutesOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        metavar="MINUTES",
        help="End training after this many minutes, counted over all sessions of the run.",
        show_default="no limit",
    ),
]

# Translating and measuring

SentencesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SENTENCE", help="Sentences to translate. Without any, each line of standard input is translated."
    ),
]
SentenceArgument = Annotated[str, typer.Argument(metavar="SENTENCE", help="Sentence to translate and to draw.")]
BeamOption = Annotated[
    int,
    typer.Option(min=1, max=100, metavar="N", help="Number of hypotheses that beam search keeps. 1 is greedy search."),
]
JsonTranslationsOption = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON object per line, with the attention weights and all hypotheses of the beam."
    ),
]
PairsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="challenge|FILE [FILE]",
        help="What to measure on: the built-in challenge set, or a file of pairs like those of the run. Rows with the same "
        "source count as references of one sentence.",
        show_default="the run's held-out test set",
    ),
]
HypothesesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Translations to measure in place of the run's own: one in each line, in the order of the sources that --write "
        "writes. With --pairs or --corpus and no --run, no model is needed.",
        show_default="none",
    ),
]
CompareOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR|FILE",
        help="Compare with another run, or with a file of translations, by a paired bootstrap test.",
        show_default="none",
    ),
]
WriteOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Write sources, references and translations into this folder as text, and print the commands that compute the "
        "scores from them with sacrebleu.",
        show_default="none",
    ),
]
JsonScoresOption = Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")]

# Writing files

OutOption = Annotated[
    Path, typer.Option(help="Picture to write: a .png, .svg or .pdf file.", metavar="FILE", show_default=False)
]
ToOption = Annotated[
    Path, typer.Option(help="Folder with the models of the web page.", metavar="DIR", show_default=False)
]
PageOption = Annotated[
    Path,
    typer.Option(
        help="Folder to write the page into: a new one, or that of an earlier page.", metavar="DIR", show_default=False
    ),
]
PageTitleOption = Annotated[
    str, typer.Option(metavar="TEXT", help="Title of the page.", show_default="one that names the languages")
]
ExamplesOption = Annotated[
    bool,
    typer.Option(
        "--examples/--no-examples",
        help="Put held-out sentences of the run's corpus on the page, with their reference translations.",
    ),
]
PortOption = Annotated[
    int, typer.Option(min=0, max=65_535, metavar="N", help="Port to listen on; 0 chooses a free one.")
]
RateOption = Annotated[
    int,
    typer.Option(
        "--rate", min=1, max=1_000_000, metavar="N", help="Largest number of requests for translations in a minute."
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Name of the written files, in small letters, digits and hyphens.",
        show_default="the name of the run's folder",
    ),
]
TitleOption = Annotated[
    str,
    typer.Option(
        metavar="TEXT", help="Title under which the page lists the model.", show_default="the name of the files"
    ),
]
NoteOption = Annotated[
    str, typer.Option(metavar="TEXT", help="A sentence about the model, shown on the page.", show_default="none")
]
MeasureOption = Annotated[
    bool, typer.Option(help="Measure what rounding to 8 bits costs on the run's held-out test set.")
]
