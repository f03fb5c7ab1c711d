"""Make the trained models that come with the package: train each in two parts, and write their files.

The first part is the preset `real`. The second part starts from its weights for a few epochs, see `second_part`.

    make pretrained                                          both directions; each part resumes where it was stopped
    .venv/bin/python book/_tools/pretrained.py en            the model into English alone
    .venv/bin/python book/_tools/pretrained.py fr --run RUN  the files of a finished run, into French, alone

Writes `s2s_tutorial/pretrained/` (French to English) and `s2s_tutorial/pretrained_fr/` (English to French): weights in half
precision, the run's settings, vocabularies and record, its scores, and a model card. Everything is measured on the weights as
they are written. Before each part, its usual time is printed.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from model_card import card, languages
from pretrained_scores import measure

from s2s_tutorial.cli.choosing import Chosen
from s2s_tutorial.cli.train_run import train_run
from s2s_tutorial.files import write_atomically, write_json
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import Run, open_run
from s2s_tutorial.runs.weights import load_translator, save_model
from s2s_tutorial.settings import PRETRAINED, Settings
from s2s_tutorial.training.continuing import settings_for_more
from s2s_tutorial.training.record import Record, read_record

RECORD_STEPS = 20  # one of this many steps is kept in the record
MOST_BYTES = 16_000_000  # of a folder
FOLDERS = {"en": PRETRAINED, "fr": PRETRAINED.with_name(f"{PRETRAINED.name}_fr")}
MORE_EPOCHS = 8
TIMES = {
    "first part": "about 50 minutes on two quiet cores",
    "second part": "about 20 minutes",
    "measuring and writing": "about 3 minutes",
}


def copy_run(run: Run, folder: Path) -> Run:
    """Write a run's settings, vocabularies, weights and thinned record, but no checkpoint to resume training from."""
    copy = replace(run, folder=folder, parent="")
    folder.mkdir(exist_ok=True)
    copy.save()
    save_model(copy.model_path, load_translator(run.folder).model, half=True)
    copy.record_path.unlink(missing_ok=True)
    record = Record(copy.record_path)
    for line in read_record(run.record_path):
        if line["kind"] != "step" or line["step"] % RECORD_STEPS == 0:
            record.add(**line)
    record.flush()
    return copy


def second_part(parent: Run) -> Settings:
    """Return settings of the second part: less noise than in the first part, and other names and numbers in each epoch.

    The first part leaves the training loss well above what the network can reach, because word dropout and BPE-dropout hide
    much from it. Without them it gains, as long as a smaller learning rate and averaged weights keep it from overfitting.
    """
    settings = settings_for_more(parent, MORE_EPOCHS)
    return replace(
        settings,
        model=replace(settings.model, dropout=0.2),
        training=replace(settings.training, word_dropout=0.0, bpe_dropout=0.0, renaming=0.3),
    )


def train(first: Path, second: Path, reverse: bool) -> None:
    """Train both parts in one direction, or resume them."""
    settings = PRESETS["real"]
    settings = replace(settings, data=replace(settings.data, reverse=reverse))
    said("first part")
    train_run(Chosen(settings), first, stream=False, vectors=None, max_minutes=None, device="auto")
    said("second part")
    parent = open_run(first)
    chosen = Chosen(second_part(parent), parent=parent)
    train_run(chosen, second, stream=False, vectors=None, max_minutes=None, device="auto")


def said(part: str) -> None:
    """Print how long a part usually takes."""
    print(f"{part}: {TIMES[part]}; you can stop it, and the same command resumes it", flush=True)


def write(run: Run, folder: Path, command: str) -> dict[str, Any]:
    """Write the files of a finished run for the package; return its scores."""
    found, _ = Checkpoints(run.folder).newest()
    if found is None or not found[2]["finished"]:
        raise SystemExit(f"{run.folder} is not finished: train it to its end first")
    copy, progress = copy_run(run, folder), found[2]
    first, _ = Checkpoints(run.folder / run.parent).newest() if run.parent else (None, [])
    seconds = progress["seconds"] + (first[2]["seconds"] if first else 0.0)
    scores = measure(copy, progress | {"seconds": seconds})
    write_json(copy.scores_path, scores)
    write_atomically(folder / "MODEL_CARD.md", card(copy, scores, command).encode())
    size = sum(path.stat().st_size for path in folder.iterdir())
    if size > MOST_BYTES:
        raise SystemExit(f"{folder} has {size:,} bytes, more than {MOST_BYTES:,}: make the preset real smaller")
    return scores


def main(
    to: Annotated[list[str] | None, typer.Argument(metavar="en|fr", help="Languages to translate into.")] = None,
    run: Annotated[Path | None, typer.Option(metavar="DIR", help="Finished run to write; nothing is trained.")] = None,
    scores_only: Annotated[bool, typer.Option(help="Print the scores of a run that need not be finished.")] = False,
) -> None:
    """Train the models of the package and write their files."""
    for language in to or list(FOLDERS):
        reverse = language == "fr"
        first, second = (Path("runs") / f"real-to-{language}{part}" for part in ("", "-second"))
        folder = run or second
        command = f"python book/_tools/pretrained.py {language}"
        if scores_only:
            opened = open_run(folder)
            progress = {"step": 0, "seconds": 0, "best_step": 0, "best_bleu": 0}
            print(json.dumps(measure(opened, progress), indent=1, ensure_ascii=False))
            continue
        if run is None:
            train(first, second, reverse)
        print(f"measuring and writing: {TIMES['measuring and writing']}", flush=True)
        start, opened = time.monotonic(), open_run(folder)
        scores = write(opened, FOLDERS[language], command)
        source, target = languages(opened)
        print(
            f"{FOLDERS[language]}: {source} to {target}, held-out BLEU {scores['normalised']['bleu']:.1f} normalised, "
            f"{scores['printed']['bleu']:.1f} as printed, after {(time.monotonic() - start) / 60:.1f} minutes"
        )


if __name__ == "__main__":
    typer.run(main)
