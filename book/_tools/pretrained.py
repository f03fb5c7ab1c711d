"""Make the trained models that come with the package: train them with the preset `real`, and write their files.

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

from s2s_tutorial.cli.train_run import train_run
from s2s_tutorial.files import write_atomically, write_json
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import Run, open_run
from s2s_tutorial.runs.weights import load_translator, save_model
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.training.record import Record, read_record

RECORD_STEPS = 20  # one of this many steps is kept in the record
MOST_BYTES = 16_000_000  # of a folder
FOLDERS = {"en": PRETRAINED, "fr": PRETRAINED.with_name(f"{PRETRAINED.name}_fr")}
TIMES = {"training": "about an hour on two quiet cores", "measuring and writing": "about 3 minutes"}


def copy_run(run: Run, folder: Path) -> Run:
    """Write a run's settings, vocabularies, weights and thinned record, but no checkpoint to resume training from."""
    copy = replace(run, folder=folder)
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


def train(run: Path, reverse: bool) -> None:
    """Train the preset `real` in one direction, or resume it."""
    settings = PRESETS["real"]
    settings = replace(settings, data=replace(settings.data, reverse=reverse))
    train_run(settings, run, stream=False, vectors=None, max_minutes=None, device="auto")


def write(run: Run, folder: Path, command: str) -> dict[str, Any]:
    """Write the files of a finished run for the package; return its scores."""
    found, _ = Checkpoints(run.folder).newest()
    if found is None or not found[2]["finished"]:
        raise SystemExit(f"{run.folder} is not finished: train it to its end first")
    copy = copy_run(run, folder)
    scores = measure(copy, found[2])
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
        own = Path("runs") / f"real-to-{language}"
        folder = run or own
        command = f"s2s-tutorial train --corpus tatoeba --preset real{' --reverse' * reverse} --run {own}"
        if scores_only:
            opened = open_run(folder)
            progress = {"step": 0, "seconds": 0, "best_step": 0, "best_bleu": 0}
            print(json.dumps(measure(opened, progress), indent=1, ensure_ascii=False))
            continue
        if run is None:
            print(f"training into {language}: {TIMES['training']}; stop and resume it as you like", flush=True)
            train(folder, reverse)
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
