"""Write the README's table of results from finished runs: `python -m benchmarks.readme`, after `make results`.

Every figure is read from a run's folder or measured here on its held-out test set. The lines of the models that come with the
package are read from their scores, which `make pretrained` wrote. A line whose run is missing is not changed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.notebook.plots import running_mean
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.weights import load_translator, packaged_languages, pretrained_folder
from s2s_tutorial.training.record import read_record
from s2s_tutorial.translation.evaluation import Scores, evaluate

README = Path("README.md")
MARKS = ("<!-- results -->\n", "<!-- end of results -->")
SENTENCE = "Est-ce que ton frère a vu le chien noir ?"


@dataclass(frozen=True)
class Row:
    """One line of the table: its name, the run's folder, and the options of the command that makes the run."""

    name: str
    run: Path
    options: str

    @property
    def command(self) -> str:
        """Return the whole command; without options it is the one that makes the packaged models."""
        return f"s2s-tutorial train {self.options} --run {self.run}" if self.options else "make pretrained"


ROWS = (
    Row("built-in corpus", Path("runs/sample"), "--corpus sample"),
    Row("real pairs, `standard`", Path("runs/standard"), "--corpus tatoeba"),
    Row("the same, rare words kept", Path("runs/untrimmed"), "--corpus tatoeba --trim-below 1"),
)
PACKAGED = {
    "en": Row("real text: the model in the package from French into English", Path(), ""),
    "fr": Row("real text: the model in the package from English into French", Path(), ""),
}
HEADLINE = Row("", Path("runs/original"), "--preset original --max-minutes 15")


def describe(scores: Scores) -> str:
    """Return BLEU with its interval."""
    return f"{scores.bleu:.1f} ({scores.bleu_low:.1f} to {scores.bleu_high:.1f})"


def line_of(row: Row, greedy: Scores, beam: Scores, seconds: float) -> str:
    """Return one line of the table, from the scores of both searches."""
    error = "–" if greedy.aer is None else f"{greedy.aer:.2f}"
    return (
        f"| {row.name} | {describe(greedy)} | {describe(beam)} | {greedy.chrf:.1f} | {greedy.exact_match:.0%} | "
        f"{error} | {seconds / 60:.1f} min | `{row.command}` |"
    )


def table_line(row: Row) -> str:
    """Measure a run, greedy and with a beam of 5."""
    run, translator = open_run(row.run), load_translator(row.run)
    test = prepare(run.settings.data).test
    greedy, beam = evaluate(translator, test)[0], evaluate(translator, test, beam_size=5)[0]
    return line_of(row, greedy, beam, progress_of(row.run)["seconds"])


def scores_of_packaged(language: str) -> dict[str, Any]:
    """Return the scores of the packaged model that translates into a language."""
    scores: dict[str, Any] = json.loads((pretrained_folder(language) / "scores.json").read_text(encoding="utf-8"))
    return scores


def line_of_packaged(language: str) -> str:
    """Return the line of the packaged model that translates into a language, with its scores of normalised words."""
    found = scores_of_packaged(language)
    greedy, beam = (
        Scores(**found[name], sentences=found["test"]["sentences"]) for name in ("normalised", "normalised_beam_5")
    )
    return line_of(PACKAGED[language], greedy, beam, found["training"]["seconds"])


def as_printed() -> str:
    """Describe the test sentences of the packaged models, and their scores on text as people write it."""
    english, french = scores_of_packaged("en"), scores_of_packaged("fr")
    return (
        "The last two rows are measured on the test sentences of the preset `large`, of at most 12 words: "
        f"{english['test']['sentences']:,} French and {french['test']['sentences']:,} English ones. Like the other rows, "
        "they compare normalised words. As they are printed, with case, accents, digits and marks (sacrebleu's tokeniser 13a), "
        f"{printed_scores_of(english, 'English')} Printed {printed_scores_of(french, 'French')}"
    )


def printed_scores_of(found: dict[str, Any], language: str) -> str:
    """Return the scores of one packaged model on text as people write it, greedy and with a beam of 5."""
    printed, digits, long = ((found[name], found[f"{name}_beam_5"]) for name in ("printed", "digits", "long"))
    return (
        f"translations into {language} have a BLEU of {printed[0]['bleu']:.1f} (beam 5: {printed[1]['bleu']:.1f}), and of "
        f"{digits[0]['bleu']:.1f} ({digits[1]['bleu']:.1f}) on the {digits[0]['sentences']:,} sentences with digits; on "
        f"{long[0]['sentences']:,} longer test sentences, of 13 to 40 words, the BLEU of normalised words is "
        f"{long[0]['bleu']:.1f} ({long[1]['bleu']:.1f})."
    )


def progress_of(folder: Path) -> dict:
    """Return the progress of a run from its newest checkpoint."""
    found, _ = Checkpoints(folder).newest()
    if found is None:
        raise SystemExit(f"{folder} has no checkpoint: run make results first")
    return found[2]


def headline() -> str:
    """Describe which training loss the 2017 settings reached, and in which time."""
    losses = [line["loss"] for line in read_record(HEADLINE.run / "record.jsonl") if line["kind"] == "step"]
    means, progress = running_mean(losses, 100), progress_of(HEADLINE.run)
    reached = next((number + 1 for number, mean in enumerate(means) if mean <= 0.098 and number >= 100), None)
    minutes = progress["seconds"] / 60 / progress["step"]
    end = (
        f"is down at 0.098, the 2017 notebook's headline, after {reached:,} steps or {reached * minutes:.1f} minutes"
        if reached
        else f"is at {means[-1]:.3f} after {progress['step']:,} steps or {progress['seconds'] / 60:.1f} minutes"
    )
    return (
        f"With the 2017 notebook's own settings (`{HEADLINE.command}`) the training loss (mean of 100 steps) {end}; the "
        "notebook printed 0.098 after 6,100 steps or 113 minutes on a GPU."
    )


def command_seconds() -> float:
    """Measure one translation from the command line, including the start of the process; return the median of three."""
    command = [sys.executable, "-m", "s2s_tutorial.cli", "translate", SENTENCE]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return sorted(times)[1]


def main() -> None:
    """Measure all rows and put the table into the README."""
    before, after = MARKS
    text = README.read_text(encoding="utf-8")
    start, end = text.index(before) + len(before), text.index(after)
    old = text[start:end].splitlines()

    def line(row: Row, make: Callable[[], str]) -> str:
        return make() if row.run.is_dir() else next(said for said in old if f"`{row.command}`" in said)

    lines = [
        "| what | BLEU, greedy | BLEU, beam 5 | chrF | exact | alignment error | training | command |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(line(row, partial(table_line, row)) for row in ROWS),
        *map(line_of_packaged, packaged_languages()),
        "",
        as_printed(),
        "",
        line(HEADLINE, headline),
        "",
        f"A translated sentence from the command line, start of the process included: {command_seconds():.1f} seconds.",
        "",
    ]
    README.write_text(text[:start] + "\n".join(lines) + text[end:], encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
