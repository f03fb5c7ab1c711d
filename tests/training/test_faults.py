"""Runs that diverged or learned nothing are called so, with what to try."""

import math
import re
from dataclasses import replace

import pytest

from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.training.faults import fault_of, fault_of_translations
from s2s_tutorial.training.trainer import Trainer


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (
            Progress(step=900, loss=math.nan, best_bleu=30.0),
            "diverged: the loss is not a number any more.*--learning-rate",
        ),
        (
            Progress(step=900, loss=400.0, best_bleu=0.0),
            r"diverged: the loss is 400.0, and guessing words would give \d\.\d",
        ),
        (Progress(step=26, loss=4.0, best_bleu=0.0), r"26 steps are few\. Resume it .* more time \(--max-minutes\)"),
        (Progress(step=26, loss=4.0, best_bleu=0.0, finished=True), r"BLEU 0\.0\. 26 steps are few.*\(--epochs 62\)"),
        (Progress(step=900, loss=0.8, best_bleu=0.5), "training pairs by heart"),
        (Progress(step=900, loss=4.0, best_bleu=0.5), "right columns"),
    ],
)
def test_a_run_that_learned_nothing_is_called_so(tiny_run, progress, words):
    assert re.search(words, fault_of(open_run(tiny_run), progress))


def test_a_run_that_has_learned_has_no_fault(tiny_run):
    assert fault_of(open_run(tiny_run), Progress(step=900, loss=2.0, best_bleu=8.0)) == ""


def test_a_rate_that_is_far_too_high_is_named_at_the_end_of_training(tiny_corpus, tiny_run, tmp_path):
    settings = open_run(tiny_run).settings
    training = replace(settings.training, learning_rate=900.0, epochs=1, warmup=0.0)
    trainer = Trainer(tiny_corpus, replace(settings, training=training), tmp_path / "run", watchers=[])
    trainer.fit()
    assert "Training has diverged" in trainer._outcome()
    assert "--learning-rate 0.002" in trainer._outcome()


def test_translations_that_are_all_the_same_are_a_fault():
    references = [[f"sentence {number}"] for number in range(5)]
    assert "All 5 sentences get the same translation" in fault_of_translations(["yes"] * 5, references)
    assert fault_of_translations(["yes"] * 4 + ["no"], references) == ""
    assert fault_of_translations(["yes"] * 5, [["yes"]] * 5) == ""
