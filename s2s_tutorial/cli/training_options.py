"""Options of `train` that change the model, its training, or what it continues, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from s2s_tutorial.settings import NetworkName, PrecisionName, SamplingName

CHOSEN = "from the preset, or chosen from your pairs"

# What training starts from

SettingsFileOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE.toml",
        help="File of settings, such as s2s-tutorial settings prints. It may hold only some of them. Options come before the "
        "file, and the file before a preset.",
        show_default="none",
    ),
]
FromOption = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="RUN",
        help="Trained run to start from; pretrained and pretrained_fr are the models that come with the package. The new run "
        "takes its weights, its vocabularies and its text rule. Give new pairs with --corpus, or --more-epochs for those of the "
        "run.",
        show_default="none",
    ),
]
MoreEpochsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Number of further passes over the pairs of the run that --from names. Their learning rate rises and falls once "
        "more, up to half of that run's highest rate.",
        show_default="none",
    ),
]

RehearsalOption = Annotated[
    bool,
    typer.Option(
        "--rehearsal/--no-rehearsal",
        help="With --from and new pairs: also train on pairs like those that the run was trained on, so that it does not forget "
        "them, or on the new pairs alone.",
    ),
]

# Model and training

NetworkOption = Annotated[
    NetworkName | None,
    typer.Option(
        help="Network to train: gru is the recurrent network with one attention, transformer consists of attention alone. "
        "The Transformer has about as many parameters as the preset's recurrent network.",
        show_default="gru",
    ),
]
HiddenSizeOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Size of the embeddings and of the states.", show_default=CHOSEN),
]
LayersOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Number of layers of encoder and decoder.", show_default=CHOSEN),
]
DropoutOption = Annotated[
    float | None,
    typer.Option(
        min=0.0, max=0.99, metavar="SHARE", help="Share of the values that dropout sets to 0.", show_default=CHOSEN
    ),
]
EpochsOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Number of passes over the training pairs.", show_default=CHOSEN),
]
BatchSizeOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Number of sentence pairs in a training step.", show_default=CHOSEN),
]
LearningRateOption = Annotated[
    float | None,
    typer.Option(min=0.0, metavar="RATE", help="Highest learning rate, such as 0.002.", show_default=CHOSEN),
]
PatienceOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Number of evaluations without a better score after which training stops early. They count once the learning "
        "rate has fallen far.",
        show_default=CHOSEN,
    ),
]
WordDropoutOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=0.99,
        metavar="SHARE",
        help="Probability that training hides a word that the model reads.",
        show_default=CHOSEN,
    ),
]
BpeDropoutOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=0.99,
        metavar="SHARE",
        help="Probability that training leaves out a merge of a word's pieces. Only for --tokens subwords.",
        show_default=CHOSEN,
    ),
]
SamplingOption = Annotated[
    SamplingName | None,
    typer.Option(
        help="Schedule of scheduled sampling, by which the decoder is fed more and more of its own predictions during "
        "training.",
        show_default="none",
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="Seed of the initial weights, the order of the pairs, dropout and sampling.",
        show_default="0",
    ),
]
PrecisionOption = Annotated[
    PrecisionName | None,
    typer.Option(
        help="Precision of matrix products in training: fp32 or bf16 (half precision). auto takes bf16 where the processor "
        "computes it faster.",
        show_default="auto",
    ),
]
