"""The card of a model that comes with the package: what it is, what it was trained on, how good it is, and what it is bad at."""

from __future__ import annotations

from typing import Any

from pretrained_scores import BEAM, LONG

from s2s_tutorial.data.corpus import challenge_set
from s2s_tutorial.data.languages import language_name
from s2s_tutorial.data.tatoeba import TATOEBA_URL
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.folder import Run


def card(run: Run, scores: dict[str, Any], command: str) -> str:
    """Return the model card.

    Args:
        run: The run that the model is from.
        scores: Its scores, see `pretrained_scores.measure`.
        command: Command that trained it.
    """
    parts = (
        _description(run, scores),
        _training(run, scores["training"], command),
        _quality(run, scores),
        _limitations(run),
    )
    return "\n".join(parts)


def languages(run: Run) -> tuple[str, str]:
    """Return the English names of source and target language."""
    return language_name(run.src_language, "source"), language_name(run.language, "target")


def _description(run: Run, scores: dict[str, Any]) -> str:
    data, model = run.settings.data, run.settings.model
    source, target = languages(run)
    how = "if you name no run" if run.language == "en" else f"with `--to {run.language}`"
    vocabulary = "both languages together" if data.joint_vocabulary else "each language"
    return f"""# The model from {source} to {target} that comes with the package

A small translator from {source} to {target}. `s2s-tutorial translate` uses it {how}. Every figure below was measured by
`make pretrained` with the weights in the package.

## What it is

- An encoder-decoder with attention, as this book builds it: bidirectional GRU, {model.decoder.capitalize()} decoder,
  score "{model.attention}", {model.num_layers} layer, hidden size {model.hidden_size}, output layer tied to the embeddings.
- {scores["parameters"]:,} parameters, in half precision, in a safetensors file. Such a file contains only numbers, so
  opening it runs no code.
- It reads and writes text with case, accents, digits and marks, in pieces of words: {len(run.tgt_vocabulary):,} pieces by
  byte-pair encoding, learned from {vocabulary}. A character without a piece is written as its bytes, so no
  word is unknown.
"""


def _training(run: Run, trained: dict[str, Any], command: str) -> str:
    data, training, first = run.settings.data, run.settings.training, PRESETS["real"].training
    return f"""## What it was trained on

It was trained on French-English sentence pairs of the Tatoeba Project ([tatoeba.org](https://tatoeba.org)), as packaged by
[manythings.org/anki]({TATOEBA_URL.rpartition("/")[0]}/) in the file of 29 September 2017, under the licence
[CC BY 2.0 FR](https://creativecommons.org/licenses/by/2.0/fr/). We thank their authors. We used the
pairs with at most {data.max_length} {data.unit} on each side. The package contains none of these sentences, only pieces of
their words and the counts of these pieces.

The command was `{command}`. It trains in two parts. The first part is the preset `real`:
{first.epochs} epochs with dropout {PRESETS["real"].model.dropout}, word dropout {first.word_dropout}, BPE-dropout
{first.bpe_dropout}, and a moving average of the weights ({first.weight_averaging}). The second part starts from its best
weights for {training.epochs} epochs, with dropout {run.settings.model.dropout}, without the other two, and with renaming
{training.renaming}: in this share of the pairs that have a name or a number on both sides, each epoch exchanges it for another
one. The second part took {trained["step"]:,} steps, and both together {trained["seconds"] / 60:.0f} minutes on two cores that
also ran other programs. The seeds are {first.seed} and {training.seed}.

The weights are those of step {trained["best_step"]:,}, which had the best validation score (BLEU {trained["best_bleu"]:.1f}).
Every setting was chosen on the validation set.
"""


def _quality(run: Run, scores: dict[str, Any]) -> str:
    test, long, rounding = scores["test"], scores["long"], scores["rounding"]
    lines = [
        _line(f"{name}, {search}", scores[f"{key}{suffix}"])
        for key, name in (
            ("normalised", "normalised"),
            ("printed", "as printed"),
            ("digits", f"as printed, {scores['digits']['sentences']:,} sentences with digits"),
            ("long", f"normalised, {long['sentences']:,} sentences of {LONG.start} to {LONG.stop - 1} words"),
        )
        for suffix, search in (("", "greedy"), (f"_beam_{BEAM}", f"beam of {BEAM}"))
    ]
    known = (
        f"For {number:,} of them, a reference occurs there as the translation of another sentence."
        if (number := scores["known_references"])
        else "Nor does any of their references."
    )
    return f"""## How good it is

Measured on {test["sentences"]:,} held-out sentences of at most 12 words, the test set of the preset `large`, and on longer ones.
None of these sentences occurs in training as a source, also if case, accents, marks and digits are left aside.
{known}
All references count, and the 95% bootstrap interval is in brackets. *Normalised* compares lower-case words without accents and
digits, as older figures of this book do; *as printed* compares what you read, with sacrebleu's tokeniser 13a. *Exact* is the
share of translations that equal a reference. The model was trained with one seed only.

| sentences and search | BLEU | exact |
| --- | --- | --- |
{chr(10).join(lines)}

Signatures of BLEU: `{scores["normalised"]["signature"]}` and `{scores["printed"]["signature"]}`.

For the web page, the weights are rounded to 8 bits. This gives a BLEU of {rounding["rounded_bleu"]:.2f} instead of
{rounding["bleu"]:.2f}, and {rounding["same"]:.1%} of the translations stay the same, word for word.

{_challenge(run, scores["challenge"])}"""


def _challenge(run: Run, challenge: dict[str, Any]) -> str:
    sentences = len(challenge_set(rule=run.rule))
    what = (
        f"""The challenge set, which was written for this project, has {sentences} French sentences with
{challenge["sentences"]} English translations. The model translates each of these, and is compared with the French sentence
alone, although others are right too. With greedy search it reaches a BLEU of {challenge["bleu"]:.1f} on all of them, and by
phenomenon:"""
        if run.settings.data.reverse
        else f"""The challenge set has {sentences} short sentences that were written for this project. With greedy
search the model reaches a BLEU of {challenge["bleu"]:.1f} on all of them, and by phenomenon:"""
    )
    phenomena = "\n".join(
        f"| {name.replace('_', ' ')} | {group['sentences']} | {group['bleu']:.1f} | {group['exact_match']:.0%} |"
        for name, group in challenge["phenomena"].items()
    )
    return f"""{what}

| phenomenon | sentences | BLEU | exact |
| --- | --- | --- | --- |
{phenomena}
"""


# What one sentence does not say, by target language: the model then writes what was more frequent in training.
UNSAID = {
    "en": """so it cannot know whether « le » and « il » stand for a person or a thing, or whose book « son
  livre » is: it writes "him" or "it", "his" or "her" by what was more frequent in training.""",
    "fr": """so it cannot know what "it" stands for, whom "you" addresses, or whether the speaker
  is a woman: it writes « il » or « elle », « tu » or « vous », « prêt » or « prête » by what was more frequent in training.""",
}


def _limitations(run: Run) -> str:
    longest = "" if run.longest is None else f", and none of more than {run.longest} pieces"
    return f"""## What it is not for

- It was made for teaching; do not rely on its translations. It has seen few sentences of more than 12
  words{longest}. Text of several sentences is therefore translated sentence by sentence.
- It spells a rare name or word piece by piece, and may change it on the way. Always check names and numbers.
- It reads text as people usually write it. A sentence in capital letters becomes nonsense, and one without its capital letter
  or without the mark at its end is translated worse. It can only guess what signs such as € and … mean, which hardly
  occurred in training.
- It knows everyday words. Of a technical, legal or medical text it makes sentences that read well and are wrong.
- It sees one sentence at a time, {UNSAID[run.language]}
- Its training sentences were written by volunteers for language learners. The model reproduces the assumptions in these
  sentences, for example about who is a nurse and who is a doctor.

Code and weights are under the MIT licence; the weights also need the attribution above.
"""


def _line(name: str, found: dict[str, Any]) -> str:
    bleu = f"{found['bleu']:.1f} ({found['bleu_low']:.1f} to {found['bleu_high']:.1f})"
    return f"| {name} | {bleu} | {found['exact_match']:.0%} |"
