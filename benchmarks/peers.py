"""Training speed beside another toolkit: `make bench-peers`.

JoeyNMT trains a recurrent network of the same sizes on the same sentences, with the same batch size. It is installed into
an environment of its own, `.peers`, because this package does not depend on it. The two take turns, and JoeyNMT's figure is
the one that it prints itself, "Tokens per Sec", which counts target words as ours does.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
import venv
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from benchmarks.bench import Bench, first_epoch
from benchmarks.measure import Row, Spread, machine
from benchmarks.run import row_values
from s2s_tutorial.data.batches import Batch
from s2s_tutorial.presets import PRESETS

PEERS = Path(__file__).parents[1] / ".peers"
JOEYNMT = "joeynmt==2.3.0"
STEPS, LOGGED = 120, 30  # steps per turn; the first logged part is a warm-up
CONFIG = """
name: peer
joeynmt_version: "2.3.0"
model_dir: "{folder}/model"
use_cuda: False
random_seed: {seed}
data:
  train: "{folder}/train"
  dev: "{folder}/dev"
  dataset_type: plain
  src: {{lang: src, level: word, lowercase: False, voc_limit: {src_words}}}
  trg: {{lang: trg, level: word, lowercase: False, voc_limit: {tgt_words}}}
testing: {{beam_size: 1}}
training:
  optimizer: adam
  learning_rate: {learning_rate}
  scheduling: exponential
  decrease_factor: 1.0
  clip_grad_norm: {clip_norm}
  label_smoothing: {label_smoothing}
  batch_size: {batch_size}
  batch_type: sentence
  epochs: 10
  updates: {steps}
  validation_freq: 900000
  logging_freq: {logged}
  overwrite: True
model:
  encoder:
    type: recurrent
    rnn_type: gru
    embeddings: {{embedding_dim: {size}, dropout: {dropout}}}
    hidden_size: {size}
    bidirectional: True
    dropout: {dropout}
    num_layers: 1
  decoder:
    type: recurrent
    rnn_type: gru
    embeddings: {{embedding_dim: {size}, dropout: {dropout}}}
    hidden_size: {size}
    dropout: {dropout}
    num_layers: 1
    input_feeding: True
    init_hidden: bridge
    attention: luong
"""


def joeynmt_python() -> Path:
    """Return the interpreter of JoeyNMT's environment, which is made if it is not there yet."""
    python = PEERS / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = PEERS / "ready"
    if not ready.is_file():
        print(f"Installing {JOEYNMT} into {PEERS.name} …", flush=True)
        venv.create(PEERS, with_pip=True, clear=True)
        version = torch.__version__.partition("+")[0]
        for packages in ([f"torch=={version}"], [JOEYNMT, "importlib_metadata", f"torch=={version}"]):
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        ready.touch()
    return python


def write_peer(bench: Bench, folder: Path) -> Path:
    """Write the sentences and settings of `standard` as JoeyNMT reads them; return the path of the configuration."""
    settings, corpus = PRESETS["standard"], bench.corpus("standard")
    held_out = corpus.validation
    columns = {
        "train.src": corpus.train.sources,
        "train.trg": corpus.train.targets,
        "dev.src": held_out.sources,
        "dev.trg": [references[0] for references in held_out.references],
    }
    for name, sentences in columns.items():
        (folder / name).write_text("".join(f"{each}\n" for each in sentences), encoding="utf-8")
    training = settings.training
    text = CONFIG.format(
        folder=folder,
        seed=bench.seed,
        src_words=len(corpus.src_vocabulary),
        tgt_words=len(corpus.tgt_vocabulary),
        learning_rate=training.learning_rate,
        clip_norm=training.clip_norm,
        label_smoothing=training.label_smoothing,
        batch_size=training.batch_size,
        steps=STEPS,
        logged=LOGGED,
        size=settings.model.hidden_size,
        dropout=settings.model.dropout,
    )
    path = folder / "peer.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def peer_words(python: Path, config: Path) -> float:
    """Train JoeyNMT for a turn, and return its target words per second after the warm-up.

    Raises:
        RuntimeError: JoeyNMT failed, or printed no figure.
    """
    command = [python, "-m", "joeynmt", "train", "--skip-test", config]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=config.parent)
    found = [float(number) for number in re.findall(r"Tokens per Sec:\s*([\d.]+)", ran.stdout + ran.stderr)]
    if len(found) < 2:
        raise RuntimeError(f"JoeyNMT printed no speed: {(ran.stderr or ran.stdout)[-500:]}")
    return median(found[1:])


def our_words(bench: Bench) -> float:
    """Train the package for a turn, and return its target words per second after the warm-up."""
    trainer = bench.trainer(PRESETS["standard"], bench.corpus("standard"))
    order, speeds = first_epoch(trainer)[:STEPS], []
    for start in range(0, STEPS, LOGGED):
        began, words = time.perf_counter(), 0
        for rows in order[start : start + LOGGED]:
            trainer.train_step(Batch.of(trainer.src, trainer.tgt, rows))
            words += int(trainer.tgt.lengths[rows].sum())
        speeds.append(words / (time.perf_counter() - began))
    return median(speeds[1:])


def main() -> None:
    """Let the two take turns, and print both speeds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="number of turns of each (5)")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    python = joeynmt_python()
    with TemporaryDirectory() as name:
        folder = Path(name)
        bench, before = Bench(folder), machine(0)
        config = write_peer(bench, folder)
        rounds = []
        for number in range(options.rounds):
            rounds.append({"package": our_words(bench), "JoeyNMT": peer_words(python, config)})
            print(
                f"turn {number + 1}: " + ", ".join(f"{who} {speed:,.0f} words/s" for who, speed in rounds[-1].items())
            )
    row = Row(
        "joeynmt",
        "target words per second in training, sizes of `standard`: the package / JoeyNMT 2.3",
        "How many times as fast the package trains as another teaching toolkit, on the same sentences and in turns.",
        Spread.of([each["package"] / each["JoeyNMT"] for each in rounds]),
        "×",
        3.5,
        True,
        "element-wise operations",
        f"JoeyNMT computes in float32, with input feeding. It trained {median(each['JoeyNMT'] for each in rounds):,.0f} words "
        f"per second, the package {median(each['package'] for each in rounds):,.0f}.",
        bench.describe("standard"),
        details={"peer": JOEYNMT, "rounds": rounds},
    )
    print(f"{row.title}: {row.value.median:.2f}. {row.sentence}")
    if options.json:
        report = {"quick": False, "machine": before, "measured": [row.name], "rows": [row_values(row)]}
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
