"""Make the trained model that comes with the package from a finished run of the preset `large`.

    make pretrained                                      train it, if it is not trained yet, and make the files
    .venv/bin/python book/_tools/pretrained.py RUN       the files alone

Writes `s2s_tutorial/pretrained/`: weights in half precision, the run's settings, vocabularies and record, its scores, and
a model card. Everything is measured on the weights as they are written. The run's corpus is needed for its test set.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

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
from s2s_tutorial.translation.evaluation import evaluate
from s2s_tutorial.translation.groups import score_groups
from s2s_tutorial.web.export import rounding_cost

RECORD_STEPS = 20  # one of this many steps is kept in the record
BEAM = 5


def copy_run(run: Run) -> Run:
    """Write a run's settings, vocabularies, weights and thinned record, but no checkpoint to resume training from."""
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
    """Measure the scores on the test set (greedy, beam, rounded for the web page) and on the challenge set."""
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
    """Return the model card: description, training data, scores and limitations."""
    return "\n".join(
        [_description(run, scores), _training(run, scores["training"]), _quality(scores), _limitations(run)]
    )


def _description(run: Run, scores: dict[str, Any]) -> str:
    data, model = run.settings.data, run.settings.model
    return f"""# The model that comes with the package

A small translator from French to English. `s2s-tutorial translate` uses it if you name no run, and so does the live page of
the book. Every figure below was measured by `make pretrained` with the weights in the package.

## What it is

- An encoder-decoder with attention, as this book builds it: bidirectional GRU, {model.decoder.capitalize()} decoder,
  score "{model.attention}", {model.num_layers} layer, hidden size {model.hidden_size}, output layer tied to the embeddings.
- {scores["parameters"]:,} parameters, in half precision, in a safetensors file. Such a file contains only numbers, so
  opening it runs no code.
- {len(run.src_vocabulary):,} French and {len(run.tgt_vocabulary):,} English words, which are those that occur at least
  {data.vocabulary_min_count} times in training.
"""


def _training(run: Run, trained: dict[str, Any]) -> str:
    data, training = run.settings.data, run.settings.training
    return f"""## What it was trained on

It was trained on French-English sentence pairs of the Tatoeba Project ([tatoeba.org](https://tatoeba.org)), as packaged by
[manythings.org/anki]({TATOEBA_URL.rpartition("/")[0]}/) in the file of 29 September 2017, under the licence
[CC BY 2.0 FR](https://creativecommons.org/licenses/by/2.0/fr/). We thank their authors. We used the
pairs with at most {data.max_length} {data.unit} on each side. The package contains none of these sentences, only their words and
the counts of these words.

The command was `s2s-tutorial train --corpus tatoeba --preset large --run runs/large`, with seed
{training.seed}: {training.epochs} epochs, {trained["step"]:,} steps, {trained["seconds"] / 60:.0f} minutes on
two cores that also ran other programs. The weights are those of step {trained["best_step"]:,}, which had the best validation
score (BLEU {trained["best_bleu"]:.1f}).
"""


def _quality(scores: dict[str, Any]) -> str:
    test, challenge, rounding = (scores[key] for key in ("test", "challenge", "rounding"))
    phenomena = "\n".join(
        f"| {name.replace('_', ' ')} | {group['sentences']} | {group['bleu']:.1f} | {group['exact_match']:.0%} |"
        for name, group in challenge["phenomena"].items()
    )
    return f"""## How good it is

Measured on {test["sentences"]:,} held-out French sentences. No sentence of these pairs occurs in training, on either side. The
scores are those of sacrebleu on normalised words with all references, and the 95% bootstrap interval is in brackets.
*Exact* is the share of translations that equal a reference. The model was trained with one seed only.

| search | BLEU | chrF | exact |
| --- | --- | --- | --- |
{_score_line("greedy", test)}
{_score_line(f"beam of {BEAM}", scores[f"test_beam_{BEAM}"])}

Signature of BLEU: `{test["signature"]}`.

Of the source words, {test["unknown_rate"]:.1%} are not in its vocabulary. For the web page, the weights are rounded to 8 bits.
This gives a BLEU of {rounding["rounded_bleu"]:.2f} instead of {rounding["bleu"]:.2f}, and {rounding["same"]:.1%} of the
translations stay the same, word for word.

The challenge set has {challenge["sentences"]} short sentences that were written for this project. With greedy search the model
reaches a BLEU of {challenge["bleu"]:.1f} on all of them, and by phenomenon:

| phenomenon | sentences | BLEU | exact |
| --- | --- | --- | --- |
{phenomena}
"""


def _limitations(run: Run) -> str:
    data = run.settings.data
    return f"""## What it is not for

- It was made for teaching; do not rely on its translations. It was never trained on a sentence of more than
  {data.max_length} words.
- Accents, capitals and digits are removed before it reads a sentence, so « pêche » and « péché » are the same word to it.
- It reads every word that it does not know as the same mark, "unknown". Where it writes this mark itself, the source word
  with the most attention is copied, which is right for names and wrong for other words.
- Its training sentences were written by volunteers for language learners. The model reproduces the assumptions in these
  sentences, for example about who is a nurse and who is a doctor.

Code and weights are under the MIT licence; the weights also need the attribution above.
"""


def _score_line(name: str, found: dict[str, Any]) -> str:
    bleu = f"{found['bleu']:.1f} ({found['bleu_low']:.1f} to {found['bleu_high']:.1f})"
    return f"| {name} | {bleu} | {found['chrf']:.1f} | {found['exact_match']:.0%} |"


def main(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run of the preset large.")],
) -> None:
    """Write the package's trained model from a finished run."""
    run = open_run(folder)
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
    typer.run(main)
