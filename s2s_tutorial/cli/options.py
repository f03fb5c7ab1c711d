"""Options and arguments of the commands, each with its help, and the settings of model and training that they produce."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from s2s_tutorial.presets import with_transformer
from s2s_tutorial.settings import AttentionName, DecoderName, NetworkName, PrecisionName, SamplingName, Settings

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
TrainedRunOption = Annotated[
    Path,
    typer.Option(
        help="Folder of a trained run.", metavar="DIR", show_default="the trained model that comes with the package"
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        help="Device to compute on: auto (a GPU if there is one), cpu, cuda, cuda:1, mps or another PyTorch device.",
        metavar="DEVICE",
    ),
]

# Model and training

NetworkOption = Annotated[
    NetworkName,
    typer.Option(
        help="Network to train: gru is the recurrent network with one attention, transformer consists of attention alone. "
        "The Transformer has about as many parameters as the preset's recurrent network.",
    ),
]
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
SamplingOption = Annotated[
    SamplingName,
    typer.Option(
        help="Schedule of scheduled sampling, by which the decoder is fed more and more of its own predictions during "
        "training.",
    ),
]
EpochsOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Number of passes over the training pairs.", show_default=FROM_PRESET),
]
SeedOption = Annotated[
    int,
    typer.Option(min=0, metavar="N", help="Seed of the initial weights, the order of the pairs, dropout and sampling."),
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
PrecisionOption = Annotated[
    PrecisionName,
    typer.Option(
        help="Precision of matrix products in training: fp32 or bf16 (half precision). auto takes bf16 where the processor "
        "computes it faster.",
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


def choose_network(
    settings: Settings, network: str, attention: str | None, decoder: str | None, input_feeding: bool
) -> Settings:
    """Return settings with the network that the options ask for.

    Raises:
        ValueError: The options are of different networks.
    """
    names = {"attention": attention, "decoder": decoder}
    given: dict[str, Any] = {name: value for name, value in names.items() if value is not None}
    if network == "gru":
        return replace(settings, model=replace(settings.model, input_feeding=input_feeding, **given))
    if given or input_feeding:
        raise ValueError(
            "--attention, --decoder and --input-feeding are options of the recurrent network: leave them out, or use "
            "--network gru"
        )
    return with_transformer(settings)


def choose_training(
    settings: Settings, sampling: SamplingName, epochs: int | None, seed: int, precision: PrecisionName
) -> Settings:
    """Return settings with the changes to training that the options ask for."""
    passes = settings.training.epochs if epochs is None else epochs
    training = replace(settings.training, seed=seed, sampling=sampling, epochs=passes, precision=precision)
    return replace(settings, training=training)
