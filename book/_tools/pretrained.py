"""Make the trained model that comes with the package from a finished run of the preset `large`.

    make pretrained                                      train it, where that is not done yet, and make the files
    .venv/bin/python book/_tools/pretrained.py RUN       the files alone

Writes `s2s_tutorial/pretrained/`: weights in half precision, the run's settings, vocabularies and record, its scores, and
a model card. Everything is measured on the weights as they are written. The run's corpus is needed for its test set.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from s2s_tutorial.cli.commands import held_out_of
from s2s_tutorial.data.corpus import challenge_set
from s2s_tutorial.data.tatoeba import TATOEBA_URL
from s2s_tutorial.files import write_atomically, write_json
from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import Run, open_run
from s2s_tutorial.runs.weights import load_translator, save_model
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.training.record import Record, read_record
from s2s_tutorial.translation.evaluation import evaluate, score_groups
from s2s_tutorial.web.export import rounding_cost

RECORD_STEPS = 20  # every so many steps are kept of the record
BEAM = 5


def copy_run(run: Run) -> Run:
    """Write a run's settings, vocabularies, weights and thinned record; nothing to go on training with."""
    copy = replace(run, folder=PRETRAINED)
    PRETRAINED.mkdir(exist_ok=True)
    copy.save()
    save_model(copy.model_path, load_translator(run.folder).model, half=True)
    copy.record_path.unlink(missing_ok=True)
    record = Record(copy.record_path)
    for line in read_record(run.record_path):
        if line["kind"] != "step" or line["step"] % RECORD_STEPS == 0:
            record.add(**line)
    record.flush()
    return copy


def measure(run: Run, progress: dict[str, Any]) -> dict[str, Any]:
    """Scores on the test set (greedy, beam, rounded for the web page) and on the challenge set."""
    translator, test, challenge = load_translator(run.folder), held_out_of(run), challenge_set()
    on_challenge, translations = evaluate(translator, challenge)
    return {
        "test": evaluate(translator, test)[0].to_dict(),
        f"test_beam_{BEAM}": evaluate(translator, test, BEAM)[0].to_dict(),
        "rounding": asdict(rounding_cost(translator, test)),
        "challenge": on_challenge.to_dict() | {"phenomena": score_groups(translations, challenge, run.challenge_seen)},
        "training": {name: progress[name] for name in ("step", "seconds", "best_step", "best_bleu")},
        "parameters": count_parameters(translator.model),
    }


def card(run: Run, scores: dict[str, Any]) -> str:
    """The model card: what it is, what it was made of, how good it is, and what it must not be used for."""
    data, model, training = run.settings.data, run.settings.model, run.settings.training
    test, challenge, rounding, trained = (scores[key] for key in ("test", "challenge", "rounding", "training"))
    phenomena = "\n".join(
        f"| {name.replace('_', ' ')} | {group['sentences']} | {group['bleu']:.1f} | {group['exact_match']:.0%} |"
        for name, group in challenge["phenomena"].items()
    )
    return f"""# The model that comes with the package

A small translator from French to English. It is what `s2s-tutorial translate` uses when you name no run, and what the
live page of the book runs. Every figure below was measured by `make pretrained` on the weights in the package.

## What it is

- An encoder-decoder with attention, as this book builds it: bidirectional GRU, {model.decoder.capitalize()} decoder,
  score "{model.attention}", {model.num_layers} layer, hidden size {model.hidden_size}, output layer tied to the embeddings.
- {scores["parameters"]:,} parameters, in half precision, in a safetensors file: numbers only, and opening it runs no code.
- {len(run.src_vocabulary):,} French and {len(run.tgt_vocabulary):,} English words: those seen {data.vocabulary_min_count}
  times or more in training.

## What it was trained on

French-English sentence pairs of the Tatoeba Project ([tatoeba.org](https://tatoeba.org)), as packaged by
[manythings.org/anki]({TATOEBA_URL.rpartition("/")[0]}/), file of 29 September 2017, licence
[CC BY 2.0 FR](https://creativecommons.org/licenses/by/2.0/fr/). Thanks to its authors. Pairs of at most
{data.max_length} {data.unit} a side were used. No sentence of them is in the package, only the words and their counts.

`s2s-tutorial train --corpus tatoeba --preset large --run runs/large`, seed {training.seed}: {training.epochs} epochs,
{trained["step"]:,} steps, {trained["seconds"] / 60:.0f} minutes on two cores beside other work. The weights are those of
step {trained["best_step"]:,}, which validation liked best (BLEU {trained["best_bleu"]:.1f}).

## How good it is

On {test["sentences"]:,} held-out French sentences, which share no sentence on either side with training; all references,
normalised words, by sacrebleu; in brackets the 95% bootstrap interval. *Exact* is the share of translations that are
equal to a reference. One seed.

| search | BLEU | chrF | exact |
| --- | --- | --- | --- |
{_score_line("greedy", test)}
{_score_line(f"beam of {BEAM}", scores[f"test_beam_{BEAM}"])}

Signature of BLEU: `{test["signature"]}`.

Of the source words, {test["unknown_rate"]:.1%} are unknown to it. For the web page weights are rounded to 8 bits: BLEU
{rounding["rounded_bleu"]:.2f} instead of {rounding["bleu"]:.2f}, and {rounding["same"]:.1%} of the translations stay the
same, word for word.

On the challenge set, {challenge["sentences"]} short sentences written for this project (greedy, BLEU
{challenge["bleu"]:.1f} over all):

| phenomenon | sentences | BLEU | exact |
| --- | --- | --- | --- |
{phenomena}

## What it is not for

- It teaches; do not rely on a translation. A sentence of more than {data.max_length} words is longer than any it has seen.
- It reads no accents, no capitals, no digits. « pêche » and « péché » are one word to it.
- A word it does not know it copies from the source, and goes on.
- Its sentences were written by volunteers for learners of languages. What those sentences take for granted (who is a
  nurse, who is a doctor), it takes for granted too.

The code is under the MIT licence. For the weights the same holds, with the attribution above.
"""


def _score_line(name: str, found: dict[str, Any]) -> str:
    bleu = f"{found['bleu']:.1f} ({found['bleu_low']:.1f} to {found['bleu_high']:.1f})"
    return f"| {name} | {bleu} | {found['chrf']:.1f} | {found['exact_match']:.0%} |"


def main() -> None:
    """Run from the command line."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: pretrained.py RUN, the folder of a finished run of the preset large")
    run = open_run(Path(sys.argv[1]))
    found, _ = Checkpoints(run.folder).newest()
    if found is None or not found[2]["finished"]:
        raise SystemExit(f"{run.folder} is not finished: run s2s-tutorial train --run {run.folder} to its end")
    copy = copy_run(run)
    scores = measure(copy, found[2])
    write_json(copy.scores_path, scores)
    write_atomically(PRETRAINED / "MODEL_CARD.md", card(copy, scores).encode())
    size = sum(path.stat().st_size for path in PRETRAINED.iterdir()) / 1e6
    print(f"{PRETRAINED}: {size:.1f} MB, held-out BLEU {scores['test']['bleu']:.1f}")


if __name__ == "__main__":
    main()
