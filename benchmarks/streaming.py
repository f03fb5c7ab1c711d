"""A corpus larger than memory: 10 million generated pairs are encoded and trained on, in little memory.

`python -m benchmarks.streaming PAIRS FOLDER` encodes this many pairs of the grammar in a process of its own, trains 200
steps of the preset `sample` on them, and prints seconds and peak memory as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

from benchmarks.bench import Bench, one
from benchmarks.growth import peak_bytes
from benchmarks.measure import Row
from s2s_tutorial.data.on_disk.cache import stream
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.workers import keep_memory

PAIRS, STEPS = 10_000_000, 200
GIGABYTES = 1.5


def streaming(bench: Bench) -> list[Row]:
    """Measure the peak memory of encoding and training, in one row."""
    pairs = 3_000 if bench.quick else PAIRS
    command = [sys.executable, "-m", "benchmarks.streaming", str(pairs), str(bench.folder / "streaming")]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=root)
    found = json.loads(done.stdout.splitlines()[-1])
    return [
        Row(
            "streaming",
            f"peak memory, {pairs:,} generated pairs encoded and {found['steps']} steps trained",
            "How much memory a corpus needs that is larger than memory.",
            one(found["peak_bytes"] / 1e9),
            "GB",
            GIGABYTES,
            False,
            "Python",
            f"Encoding took {found['encode']:,.0f} s, most of it in the grammar, with a peak of "
            f"{found['peak_encoded'] / 1e9:.2f} GB; {found['training_pairs']:,} different pairs are left to train on, "
            f"{found['disk_bytes'] / 1e9:.2f} GB on disk. The first step waits {found['order']:.1f} s for the order of "
            f"the epoch; then a step takes {1000 * found['step']:.0f} ms.",
            "embedded corpus",
            {"encoding": one(found["encode"]), "a step": one(found["step"])},
            found,
        )
    ]


def main(pairs: int, folder: Path) -> None:
    """Measure in this process and print JSON."""
    settings = PRESETS["sample"]
    settings = replace(settings, data=replace(settings.data, sample_pairs=pairs))
    start = time.perf_counter()
    corpus = stream(settings.data, folder, lambda sentence: print(sentence, file=sys.stderr, flush=True))
    encoded, peak_encoded = time.perf_counter(), peak_bytes()
    keep_memory()  # as `fit` does
    trainer = Trainer(corpus, settings, folder / "run", watchers=[])
    batches = trainer._remaining_batches()
    begin = time.perf_counter()
    first = next(batches)
    ordered = time.perf_counter()
    losses = []
    for batch in [first, *islice(batches, STEPS - 1)]:
        losses.append(trainer.train_step(batch)["loss"])
        trainer.progress.step += 1
    end = time.perf_counter()
    print(json.dumps({
        "pairs": pairs,
        "training_pairs": len(corpus.train),
        "held_out": [corpus.validation_pairs, corpus.test_pairs],
        "encode": encoded - start,
        "order": ordered - begin,
        "step": (end - ordered) / len(losses),
        "steps": len(losses),
        "loss": [losses[0], losses[-1]],
        "peak_encoded": peak_encoded,
        "peak_bytes": peak_bytes(),
        "disk_bytes": sum(path.stat().st_size for path in folder.glob("encoded-*/*")),
    }))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
