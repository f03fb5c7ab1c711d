"""A run that starts from a trained one: its settings, its weights, its parent, its exact resume, and its pairs."""

import shutil
from collections import Counter
from dataclasses import replace

import pytest
import torch
from tiny import TINY, before_step, everything, press_stop

from s2s_tutorial.cli.choose_sentences import held_out_of
from s2s_tutorial.cli.messages import describe_unknown
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.on_disk.cache import stream
from s2s_tutorial.data.pieces import build_vocabularies
from s2s_tutorial.runs.folder import RunError, open_run
from s2s_tutorial.runs.listing import list_runs
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import PRETRAINED, DataSettings
from s2s_tutorial.training.continuing import (
    data_for_new,
    new_characters,
    settings_for_more,
    settings_for_new,
    unknown_words,
)
from s2s_tutorial.training.initial_weights import from_run
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer

SUBJECTS = [("I play", "Je joue"), ("We play", "Nous jouons"), ("You play", "Tu joues"), ("They play", "Ils jouent")]
OBJECTS = ["jazz", "rock", "tango", "polka", "rumba", "salsa", "funk", "soul", "blues", "samba"]


@pytest.fixture(scope="module")
def parent(tiny_run):
    return open_run(tiny_run)


@pytest.fixture
def pairs(tmp_path):
    """The path of a file of pairs, with words that the parent does not know."""
    path = tmp_path / "new.tsv"
    lines = [f"{one} {name}.\t{other} la {name}.\n" for name in OBJECTS for one, other in SUBJECTS]
    path.write_text("".join(lines))
    return str(path)


def child(parent, settings, folder) -> Trainer:
    return Trainer(prepare(settings.data, parent.vocabularies), settings, folder, watchers=[], start=from_run(parent))


def test_more_epochs_begin_a_new_cycle_of_the_learning_rate(parent):
    settings = settings_for_more(parent, 3)
    assert (settings.data, settings.model) == (TINY.data, TINY.model)
    training = settings.training
    assert (training.epochs, training.learning_rate, training.warmup, training.decay) == (3, 5e-3, 0.1, 0.9)
    assert training.seed != TINY.training.seed


def test_a_continued_run_starts_with_the_weights_of_its_parent_and_is_never_worse(parent, tmp_path):
    trainer = child(parent, replace(settings_for_more(parent, 1)), tmp_path / "child")
    best = load_translator(parent.folder).model.state_dict()
    assert all(torch.equal(best[name], weight) for name, weight in trainer.model.state_dict().items())
    progress = trainer.fit()
    scores = [line["validation_bleu"] for line in read_record(trainer.run.record_path) if line["kind"] == "evaluation"]
    steps = [line["step"] for line in read_record(trainer.run.record_path) if line["kind"] == "evaluation"]
    assert steps[0] == 0
    assert progress.best_bleu == max(scores) >= scores[0]


def test_a_continued_run_resumes_exactly(parent, tmp_path):
    settings = settings_for_more(parent, 1)
    through = child(parent, settings, tmp_path / "through")
    through.fit()
    stopped = child(parent, settings, tmp_path / "stopped")
    before_step(stopped, 7, press_stop)
    stopped.fit(raise_on_stop=False)
    again = child(parent, settings, tmp_path / "stopped")
    again.fit()
    assert everything(again.run.folder) == everything(through.run.folder)
    assert [line["step"] for line in read_record(again.run.record_path)].count(0) == 1


def test_a_run_knows_its_parent(parent, tmp_path):
    trainer = child(parent, settings_for_more(parent, 1), tmp_path / "runs" / "child")
    run = open_run(trainer.run.folder)
    assert (run.folder / run.parent).resolve() == parent.folder.resolve()
    assert run.start.startswith("run ")
    (listed,) = list_runs(tmp_path)
    assert (listed.folder, listed.progress) == (run.folder, None)
    assert listed.parent.endswith("uninterrupted")
    with pytest.raises(RunError, match=r"began with 'run .*', not with nothing borrowed"):
        Trainer(prepare(run.settings.data), run.settings, run.folder, watchers=[])


def test_new_pairs_are_read_by_the_rule_of_the_parent(parent, pairs):
    settings = settings_for_new(parent, data_for_new(parent, pairs))
    assert (settings.data.text, settings.data.tokens, settings.data.languages) == ("ascii", "words", ("fr", "en"))
    assert settings.model == parent.settings.model
    assert settings.training.learning_rate == TINY.training.learning_rate / 2
    with pytest.raises(ValueError, match=r"text is 'unicode', but .* was trained with 'ascii'"):
        data_for_new(parent, pairs, text="unicode")


def test_words_that_the_parent_does_not_know_are_counted(parent, pairs):
    settings = settings_for_new(parent, data_for_new(parent, pairs))
    src, tgt = unknown_words(prepare(settings.data, parent.vocabularies))
    assert set(src.examples) & set(OBJECTS)
    assert 0 < tgt.unknown < tgt.all


def test_characters_that_the_parent_knows_only_as_bytes_are_counted(parent, pairs):
    assert new_characters(prepare(data_for_new(parent, pairs), parent.vocabularies)) is None  # it has words
    data = DataSettings(pairs, text="unicode", tokens="subwords", vocabulary_size=600)
    latin = build_vocabularies(Counter(["▁abcdefghijklmnopqrstuvwxyz."] * 2), Counter(["▁xX"] * 2), data)
    corpus = prepare(data, latin)
    src, tgt = new_characters(corpus)
    assert src.unknown == tgt.unknown == len(corpus.train)  # the capital of each sentence
    assert set(src.examples) <= set("JNTI")
    assert src.all == sum(len(text.replace(" ", "")) for text in corpus.train.sources)
    lines = describe_unknown(corpus, parent)
    share = f"{src.unknown:,} of {src.all:,} source characters ({src.unknown / src.all:.0%}), such as '"
    assert [line.startswith(f"new characters        {share}") for line in lines] == [True, False]
    assert all("takes each as 1 to 4 bytes and learns these from the new pairs alone" in line for line in lines)


def test_the_test_set_of_an_adapted_run_is_found_again(parent, pairs, tmp_path):
    settings = settings_for_new(parent, data_for_new(parent, pairs))
    settings = replace(settings, training=replace(settings.training, epochs=1))
    corpus = prepare(settings.data, parent.vocabularies)
    trainer = child(parent, settings, tmp_path / "child")
    assert trainer.run.vocabularies == parent.vocabularies
    assert held_out_of(open_run(trainer.run.folder)) == corpus.test
    with open(pairs, "a") as file:
        file.write("We wait.\tNous attendons.\n")
    with pytest.raises(RunError, match="was trained on other sentence pairs"):
        child(parent, settings, tmp_path / "child")


def test_pairs_on_disk_get_the_vocabularies_of_the_parent_too(parent, pairs, tmp_path):
    data = data_for_new(parent, pairs)
    stored, built = stream(data, tmp_path, vocabularies=parent.vocabularies), stream(data, tmp_path)
    assert (stored.src_vocabulary, stored.tgt_vocabulary) == parent.vocabularies
    assert built.src_vocabulary != stored.src_vocabulary
    assert stored.test.references == prepare(data, parent.vocabularies).test.references


def test_other_vocabularies_or_sizes_are_refused(parent, pairs, tmp_path):
    settings = settings_for_new(parent, data_for_new(parent, pairs))
    with pytest.raises(ValueError, match=r"are not those of .*prepare\(settings.data, parent.vocabularies\)"):
        Trainer(prepare(settings.data), settings, tmp_path / "run", watchers=[], start=from_run(parent))
    larger = replace(settings, model=replace(settings.model, embedding_size=32, hidden_size=32))
    with pytest.raises(ValueError, match=r"the borrowed model has .* of shape .*: give both one size"):
        child(parent, larger, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_damaged_run_is_listed_with_what_is_wrong(parent, tmp_path):
    shutil.copytree(parent.folder, tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_text("{}")
    bad, good = list_runs(tmp_path)
    assert "is not the file of a run" in bad.error
    assert good.progress.finished
    assert good.corpus == "sample"
    assert list_runs(PRETRAINED)[0].test_bleu > 0
    with pytest.raises(RunError, match="is not a folder"):
        list_runs(tmp_path / "none")
