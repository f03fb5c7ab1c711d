"""Train the small models of the live page, one for each score function and a Transformer, and write `book/live/`.

    make live-models

All are trained on the built-in corpus, for as many steps and with the same seed. The recurrent networks are the same but for
their attention, and the Transformer has about as many parameters as they (`presets.with_transformer`). A stopped run is resumed,
and a finished one is not trained again: delete `runs/live` to start again. `scores.json` in the same folder contains each
model's scores on the held-out sentences, rounded to 8 bits as in the page.
"""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import typer

from s2s_tutorial.data.corpus import Corpus, prepare
from s2s_tutorial.files import write_atomically, write_json
from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.presets import PRESETS, with_transformer
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import ATTENTIONS, Settings
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import ProgressBar
from s2s_tutorial.translation.evaluation import evaluate
from s2s_tutorial.web.export import ExportError, export, load_exported, rounding_cost

ROOT = Path(__file__).parents[2]
RUNS = Path(os.environ.get("S2S_RUNS") or ROOT / "runs") / "live"
MODELS = ROOT / "book" / "live"
SIZE = 30  # E and H of the recurrent networks, small enough for six of them
TRANSFORMER = "transformer"
NAMES = (*ATTENTIONS, TRANSFORMER)
LARGEST = 100_000  # bytes of one file


def settings_for(name: str) -> Settings:
    """Return the settings of a small model: one with this attention, or the Transformer."""
    if name == TRANSFORMER:
        return replace(with_transformer(settings_for("general")), name=f"live-{name}")
    sample = PRESETS["sample"]
    return replace(
        sample,
        name=f"live-{name}",
        model=replace(sample.model, attention=name, embedding_size=SIZE, hidden_size=SIZE, dropout=0.05),
        training=replace(sample.training, epochs=5, learning_rate=5e-3, evaluations_per_epoch=1),
    )


def make(name: str, corpus: Corpus, runs: Path, folder: Path) -> dict[str, Any]:
    """Train one model if that is not done yet, write its file, and measure it.

    Raises:
        ExportError: The file is larger than LARGEST.
    """
    settings, run = settings_for(name), runs / name
    Trainer(corpus, settings, run, watchers=[ProgressBar()]).fit()
    translator = load_translator(run)
    written = export(translator, runs / "exported", name)
    if written.size > LARGEST:
        raise ExportError(f"{written.paths[0]} has {written.size:,} bytes, at most {LARGEST:,}: lower SIZE")
    path = folder / f"{name}.safetensors"
    write_atomically(path, written.paths[0].read_bytes())
    scores, _ = evaluate(load_exported(path), corpus.test)
    return {
        "parameters": count_parameters(translator.model),
        "test": scores.to_dict(),
        "rounding": asdict(rounding_cost(translator, corpus.test)),
        "longest": max(len(source.split()) for source in corpus.train.sources),
    }


def main() -> None:
    """Train and write the small models of the live page."""
    MODELS.mkdir(exist_ok=True)
    corpus, scores = prepare(settings_for("none").data), {}
    for name in NAMES:
        print(f"{name} …", flush=True)
        scores[name] = made = make(name, corpus, RUNS, MODELS)
        error = f", alignment error rate {made['test']['aer']:.2f}" if "aer" in made["test"] else ""
        print(f"{name}: BLEU {made['test']['bleu']:.1f}{error}", flush=True)
    write_json(MODELS / "scores.json", scores)


if __name__ == "__main__":
    typer.run(main)
