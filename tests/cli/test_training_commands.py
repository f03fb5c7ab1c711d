"""`settings`, `runs`, and `train` without a preset and from a trained run: what is chosen is shown, and options change it."""

import re

import pytest
from typer.testing import CliRunner

from s2s_tutorial.cli import train_run
from s2s_tutorial.cli.commands import app
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.settings import PRETRAINED

TINY = ("--hidden-size", "16", "--epochs", "2", "--device", "cpu")


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def said(*arguments) -> str:
    result = call(*arguments)
    assert (result.exit_code, result.exception) == (0, None), result.output
    return result.stdout


def error_of(*arguments) -> str:
    result = call(*arguments)
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture(autouse=True)
def _quick_end(monkeypatch):
    monkeypatch.setattr(train_run, "show_result", lambda trainer: None)


def write_pairs(path, words):
    lines = [
        f"We see {name} {place}.\tWir sehen {name} {place}.\n" for name in words for place in ("Rom", "Bonn", "Ulm")
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def pairs(tmp_path):
    return write_pairs(tmp_path / "pairs.tsv", ["Anna", "Otto", "Eva", "Ida", "Ute", "Uwe"])


@pytest.fixture
def parent(tmp_path, pairs):
    """The folder of a run that was trained on pairs of its own, without a preset."""
    said("train", "--corpus", pairs, *TINY, "--run", tmp_path / "parent")
    return tmp_path / "parent"


def test_without_a_preset_settings_are_chosen_shown_and_changed_by_options(tmp_path, pairs):
    run = tmp_path / "run"
    options = (
        "--layers 2 --dropout 0.1 --batch-size 5 --learning-rate 0.01 --patience 9 --word-dropout 0.2 --max-length 99"
    )
    text = said("train", "--corpus", pairs, *TINY, *options.split(), "--run", run)
    assert re.search(
        r"^settings +chosen for 18 pairs of \d words on average:\n +text unicode, tokens words$", text, re.MULTILINE
    )
    settings = open_run(run).settings
    model, training = settings.model, settings.training
    assert settings.name == "fitted"
    assert (model.hidden_size, model.embedding_size, model.num_layers, model.dropout) == (16, 16, 2, 0.1)
    assert (training.epochs, training.batch_size, training.learning_rate, training.patience) == (2, 5, 0.01, 9)
    assert (training.word_dropout, settings.data.max_length, settings.data.text) == (0.2, 99, "unicode")
    assert re.search(r"steps are few. Train for more epochs \(--epochs \d+\), in a new folder\.", text)


def test_a_preset_is_taken_as_it_is(pairs):
    text = said("settings", "--corpus", pairs, "--preset", "original")
    assert "epochs = 160" in text
    assert "chosen" not in text


def test_printed_settings_train_the_same_run(tmp_path, pairs, parent):
    printed = tmp_path / "all.toml"
    printed.write_text(said("settings", "--corpus", pairs))
    assert printed.read_text().startswith(
        "# Settings of a training: s2s-tutorial train --settings FILE --run DIR\n# settings"
    )
    said("train", "--settings", printed, *TINY, "--run", parent)  # the same settings, so the run is resumed


def test_more_epochs_make_a_new_run_that_knows_its_parent(tmp_path, parent):
    text = said("train", "--from", parent, "--more-epochs", "1", "--run", tmp_path / "child")
    assert f"{parent}: epochs 1, learning_rate 0.0015" in text
    assert re.search(rf"^{tmp_path / 'child'} .* parent$", said("runs", tmp_path), re.MULTILINE)
    child = open_run(tmp_path / "child")
    assert child.vocabularies == open_run(parent).vocabularies
    assert child.settings.training.epochs == 1


def test_more_epochs_on_pairs_that_have_moved(tmp_path, pairs, parent):
    pairs.rename(tmp_path / "moved.tsv")
    assert "are not found" in error_of("train", "--from", parent, "--more-epochs", "1", "--run", tmp_path / "child")
    said(
        "train", "--from", parent, "--more-epochs", "1", "--corpus", tmp_path / "moved.tsv", "--run", tmp_path / "child"
    )
    assert open_run(tmp_path / "child").data == open_run(parent).data


def test_new_pairs_adapt_a_run_and_unknown_words_are_counted(tmp_path, parent):
    new = write_pairs(tmp_path / "new.tsv", ["Bert", "Anna", "Kurt", "Otto"])
    options = ("--epochs", "1", "--batch-size", "256", "--run", tmp_path / "child")
    command = ("train", "--from", parent, "--corpus", new, *options)
    text = said(*command)
    assert re.search(r"^unknown words +2 of \d+ source words, such as 'Bert', 'Kurt'$", text, re.MULTILINE)
    assert re.search(r"^old pairs +1\d pairs that .*parent was trained on$", text, re.MULTILINE)
    assert "reads whole words, so that the new run cannot learn these" in text
    assert re.search(r"^vocabulary of .*parent +\d+ / \d+$", text, re.MULTILINE)
    assert said(*command)
    scores = said("evaluate", "--run", tmp_path / "child")
    assert "BLEU" in scores


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--vocabulary-size 600", "vocabulary-size is for subwords and characters, .* or choose --tokens subwords"),
        ("--tokens words --two-vocabularies", "--two-vocabularies is for subwords and characters"),
        ("--preset small --joint-vocabulary", "--joint-vocabulary is for subwords and characters"),
        ("--sample-pairs 9", "--sample-pairs .* the built-in corpus generates, and not of .*pairs.tsv"),
    ],
)
def test_an_option_without_an_effect_is_refused(pairs, options, words):
    assert re.search(words, error_of("data", "--corpus", pairs, *options.split()))


def test_one_pair_is_counted_in_the_singular(tmp_path):
    few = write_pairs(tmp_path / "few.tsv", ["Anna", "Otto", "Eva", "Ida"])
    assert re.search(r"^\w+ +1 pair of 1 source sentence$", said("data", "--corpus", few), re.MULTILINE)


def test_streamed_pairs_adapt_a_run_without_old_ones_and_this_is_said(tmp_path, parent):
    new = write_pairs(tmp_path / "new.tsv", ["Max", "Mia", "Leo"])
    text = said("train", "--from", parent, "--corpus", new, "--epochs", "1", "--stream", "--run", tmp_path / "child")
    assert re.search(
        r"^old pairs +none: streamed pairs are not mixed with old ones, so much of .*parent", text, re.MULTILINE
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--more-epochs", "1"], "name it with --from"),
        (["--no-rehearsal"], "name the run with --from"),
        (["--from", "PARENT"], "give new pairs .*--more-epochs N"),
        (["--from", "PARENT", "--more-epochs", "1", "--hidden-size", "9"], "options of the network but --dropout"),
        (["--from", "PARENT", "--more-epochs", "1", "--preset", "small"], "leave out --preset"),
        (["--from", "PARENT", "--more-epochs", "1", "--vectors", "x.vec"], "leave out --vectors"),
        (["--from", "PARENT", "--more-epochs", "1", "--run", "PARENT"], "give the new run a folder of its own"),
        (["--from", "NONE", "--more-epochs", "1"], "is not a folder"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_a_trained_run_are_explained(tmp_path, tiny_run, arguments, words):
    given = [{"PARENT": tiny_run, "NONE": tmp_path / "none"}.get(each, each) for each in arguments]
    assert re.search(words, error_of("train", "--run", tmp_path / "run", *given))
    assert not (tmp_path / "run").exists()


def test_runs_shows_the_packaged_model_and_says_where_none_are(tmp_path):
    assert re.search(r"\d\d\.\d  tatoeba$", said("runs", PRETRAINED).strip())
    assert "holds no run" in said("runs", tmp_path)
    assert "is not a folder" in error_of("runs", tmp_path / "none")
