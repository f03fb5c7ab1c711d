"""Held-out loss and BLEU of training in half and in full precision: `python -m benchmarks.precision [--json FILE]`.

It trains `sample`, `standard` and `large` for a few epochs each, with three seeds in bf16 and in fp32. Everything else is equal.
A run that was stopped resumes, and a finished one is only measured again.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.measure import machine
from s2s_tutorial.data.corpus import Corpus
from s2s_tutorial.files import write_json
from s2s_tutorial.notebook.experiments import held_out_loss
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.settings import Settings
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import evaluate

EPOCHS = {"sample": 3, "standard": 10, "large": 2}  # so that a run in bf16 takes one to three minutes
SEEDS = (0, 1, 2)
PRECISIONS = ("bf16", "fp32")


def held_out(settings: Settings, corpus: Corpus, folder: Path) -> dict[str, float]:
    """Train a run to its end, or resume it.

    Returns:
        On the test set its loss, in nats per word, and BLEU of its greedy translations, from 0 to 100; and the seconds of its
        training.
    """
    trainer = Trainer(corpus, settings, folder, watchers=[LiveLine()])
    seconds = round(trainer.fit().seconds, 1)
    bleu = round(evaluate(trainer.translator, corpus.test)[0].bleu, 2)
    return {"loss": round(held_out_loss(trainer), 4), "bleu": bleu, "seconds": seconds}


def measure(bench: Bench, name: str, epochs: int, runs: Path) -> dict[str, dict[str, list[float]]]:
    """Train one preset with each seed in each precision.

    Returns:
        For each precision loss, BLEU and seconds, with one value for each seed.
    """
    corpus = bench.corpus(name)
    found: dict[str, dict[str, list[float]]] = {
        precision: {"loss": [], "bleu": [], "seconds": []} for precision in PRECISIONS
    }
    for seed in SEEDS:
        for precision in PRECISIONS:
            training = replace(PRESETS[name].training, epochs=epochs, seed=seed, precision=precision)
            settings = replace(PRESETS[name], training=training)
            values = held_out(settings, corpus, runs / f"{name}-{precision}-{seed}")
            for key, value in values.items():
                found[precision][key].append(value)
            print(f"{name}, seed {seed}, {precision}: {values}", flush=True)
    return found


def main() -> int:
    """Measure the presets, print the scores, and write them into a file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--presets", nargs="+", choices=EPOCHS, default=list(EPOCHS), help="presets to train")
    parser.add_argument("--runs", type=Path, default=Path("runs/precision"), metavar="DIR", help="folder of the runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the scores into this file")
    options = parser.parse_args()
    bench = Bench(options.runs)
    report = {
        "machine": machine(SEEDS[0]),
        "seeds": SEEDS,
        "presets": {
            name: {"epochs": EPOCHS[name], "sentences": bench.describe(name)}
            | measure(bench, name, EPOCHS[name], options.runs)
            for name in options.presets
        },
    }
    print(json.dumps(report["presets"], indent=1, ensure_ascii=False))
    if options.json:
        write_json(options.json, report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
