"""Growth of the cost: preparing and one epoch at 1, 4 and 16 times the pairs, each in a process of its own.

`python -m benchmarks.growth FEW FILE` is such a process. It prepares and trains on a few pairs first, so that everything
is imported and warm, and the peak memory is that of the model. Then it does the same on all pairs of the file, and
prints seconds, words and the new peak as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench, one
from benchmarks.measure import Row
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.training.trainer import Trainer

FACTORS = (1, 4, 16)
PAIRS = 15_000  # at 1 ×: about as many as `standard` trains on
FEW = 1_500  # enough for most of the vocabulary, and so for the model
TOLERANCE = 0.15
BYTES_A_WORD = 200.0


def growth(bench: Bench) -> list[Row]:
    """Measure, draw, and make three rows: two of time, one of memory."""
    pairs, few = (400, 200) if bench.quick else (PAIRS, FEW)
    few_file = bench.write_pairs(few)
    found = {factor: _measure(few_file, bench.write_pairs(factor * pairs)) for factor in FACTORS}
    again = _measure(few_file, bench.write_pairs(pairs))  # shows whether the machine was as fast at the end
    picture = (bench.pictures or bench.folder) / "growth.png"
    _plot(found, picture)
    details = {"pairs": {f: f * pairs for f in FACTORS}, "measured": found, "again": again}
    rows = []
    limits = {"prepare": "Python", "epoch": "arithmetic"}
    for phase, title, counted in (("prepare", "preparing", "words"), ("epoch", "one epoch", "training_words")):
        # Per word and not per pair: the more pairs there are, the more repeats are dropped, and repeats are short.
        first = (found[1][phase] + again[phase]) / 2 / found[1][counted]
        grown = {factor: found[factor][phase] / found[factor][counted] / first for factor in FACTORS}
        rows.append(
            Row(
                f"growth-{phase}",
                f"{title}, seconds per word: {FACTORS[-1]} times the pairs / 1 time",
                f"Whether {title} costs more per word when there is more to read; 1 means that the time is proportional to it.",
                one(grown[FACTORS[-1]]),
                "×",
                1.0 + TOLERANCE,
                False,
                limits[phase],
                ", ".join(f"{factor} ×: {found[factor][phase]:.2f} s ({grown[factor]:.2f})" for factor in FACTORS)
                + f"; 1 × again at the end: {again[phase]:.2f} s.",
                "embedded corpus, written to a file by the grammar before the clock starts",
                {f"{factor} ×": one(found[factor][phase]) for factor in FACTORS},
                details if phase == "prepare" else {},
            )
        )
    rows.append(
        Row(
            "growth-memory",
            f"peak memory above the model at {FACTORS[-1]} times the pairs",
            "How much memory every word of a corpus needs while it is prepared and trained on.",
            one(found[FACTORS[-1]]["bytes_a_word"]),
            "bytes/word",
            BYTES_A_WORD,
            False,
            "memory traffic",
            f"Peak of preparing and one epoch, less the peak of the same process on {few:,} pairs before that, "
            "over the words of both sides: "
            + ", ".join(f"{factor} × {values['bytes_a_word']:.0f}" for factor, values in found.items())
            + f". After preparing the peak was {_mib(found[FACTORS[-1]]['peak_prepared'])}, in the end "
            f"{_mib(found[FACTORS[-1]]['peak_bytes'])}, on few pairs {_mib(found[FACTORS[-1]]['peak_few'])}.",
            "embedded corpus",
        )
    )
    return rows


def _mib(number: float) -> str:
    return f"{number / 2**20:,.0f} MiB"


def _measure(few: Path, path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.growth", str(few), str(path)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=root)
    return json.loads(done.stdout.splitlines()[-1])


def _plot(found: dict[int, dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(3, 1, figsize=(6, 7.5), layout="constrained")  # to be readable on a phone too
    factors = list(found)
    for axis, key, title in zip(
        axes,
        ("prepare", "epoch", "bytes_a_word"),
        ("preparing, seconds", "one epoch, seconds", "peak memory above the model, bytes per word"),
        strict=True,
    ):
        values = [found[factor][key] for factor in factors]
        axis.plot(factors, values, "o-", label="measured")
        axis.set(title=title, xlabel="times the pairs", xscale="log", xticks=factors, xticklabels=factors)
        if key == "bytes_a_word":
            axis.axhline(BYTES_A_WORD, color="grey", linestyle=":", label="allowed")
            axis.set_ylim(0)
        else:
            ticks = [f"{value:,.0f}" if value > 10 else f"{value:.2g}" for value in values]
            axis.set(yscale="log", yticks=values, yticklabels=ticks)
            axis.plot(factors, [values[0] * factor for factor in factors], color="grey", linestyle=":", label="linear")
        axis.minorticks_off()
        axis.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def peak_bytes() -> int:
    """Return the peak memory of this process."""
    try:
        # Not getrusage on Linux: its figure starts at the peak of the parent process.
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def prepare_and_train(path: Path) -> dict[str, Any]:
    """Prepare the pairs of a file and train one epoch on them, validation at its end."""
    settings = replace(
        PRESETS["sample"],
        data=replace(PRESETS["sample"].data, corpus=str(path)),
        training=replace(PRESETS["sample"].training, epochs=1),
    )
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        corpus = prepare(settings.data)
        trainer = Trainer(corpus, settings, Path(folder) / "run", watchers=[])  # encodes
        prepared, peak_prepared = time.perf_counter(), peak_bytes()
        trainer.fit()
        end = time.perf_counter()
    return {
        "prepare": prepared - start,
        "epoch": end - prepared,
        "steps": trainer.progress.step,
        "training_pairs": len(corpus.train),
        "training_words": len(trainer.src.ids) + len(trainer.tgt.ids),
        "peak_prepared": peak_prepared,
    }


def main(few: Path, path: Path) -> None:
    """Measure in this process and print JSON."""
    prepare_and_train(few)
    peak_few = peak_bytes()
    values = prepare_and_train(path)
    values |= {"peak_few": peak_few, "peak_bytes": peak_bytes()}
    values["words"] = len(path.read_text(encoding="utf-8").split())
    values["bytes_a_word"] = (values["peak_bytes"] - peak_few) / values["words"]
    print(json.dumps(values))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
