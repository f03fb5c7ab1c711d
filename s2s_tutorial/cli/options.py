"""What several commands of the command line can be told, and the settings that this means."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from s2s_tutorial.settings import ATTENTIONS, DECODERS, PRESETS, SAMPLING_SCHEDULES, Settings

Preset = StrEnum("Preset", {name: name for name in PRESETS})
AttentionName = StrEnum("AttentionName", {name: name for name in ATTENTIONS})
DecoderName = StrEnum("DecoderName", {name: name for name in DECODERS})
SamplingName = StrEnum("SamplingName", {name: name for name in SAMPLING_SCHEDULES})

CorpusOption = Annotated[
    str | None,
    typer.Option(
        help="sample (built in), tatoeba (downloaded once, or read from S2S_TUTORIAL_DATA), or a .txt, .tsv or .zip FILE "
        "of tab-separated pairs, English first.",
        metavar="sample|tatoeba|FILE",
        show_default="the preset's",
    ),
]
PresetOption = Annotated[
    Preset | None,
    typer.Option(help="Sizes and filters.", show_default="standard for tatoeba, else sample"),
]
# torchrun takes --run for a beginning of its own --run-path, and so never passes it on: behind it, say --folder.
RunOption = Annotated[
    Path, typer.Option("--run", "--folder", help="Folder of the run.", metavar="DIR", show_default=False)
]
TrainedRunOption = Annotated[
    Path,
    typer.Option(
        help="Folder of the run.", metavar="DIR", show_default="the trained model that comes with the package"
    ),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps …")]
BeamOption = Annotated[int, typer.Option(min=1, max=100, help="Beam size; 1 is greedy search.")]
ReverseOption = Annotated[bool, typer.Option("--reverse", help="Translate the first column into the second.")]
TrimOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="Drop pairs with a word seen fewer times than this; 1 keeps all.", show_default="the preset's"
    ),
]
SamplePairsOption = Annotated[
    int | None,
    typer.Option(min=1, help="How many pairs the built-in grammar makes.", show_default="the preset's"),
]
StreamOption = Annotated[
    bool,
    typer.Option(
        "--stream",
        help="Encode the pairs once into files, beside the run's folder, and read from there what training needs; the "
        "result is the same. Large corpora always do.",
    ),
]
OutOption = Annotated[
    Path, typer.Option(help="Picture to write: .png, .svg or .pdf.", metavar="FILE", show_default=False)
]


def choose_settings(
    corpus: str | None, preset: str | None, reverse: bool, trim_below: int | None, sample_pairs: int | None
) -> Settings:
    """The preset that the options name, with their data."""
    settings = PRESETS[preset or ("standard" if corpus == "tatoeba" else "sample")]
    data = replace(settings.data, reverse=reverse)
    if corpus is not None:
        data = replace(data, corpus=corpus)
    if trim_below is not None:
        data = replace(data, trim_below=trim_below)
    if sample_pairs is not None:
        data = replace(data, sample_pairs=sample_pairs)
    return replace(settings, data=data)
