"""Which model is opened: by the folder of a run, or by the language to translate into."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from s2s_tutorial.cli.commands import app
from s2s_tutorial.runs import weights
from s2s_tutorial.runs.folder import RunError, open_run
from s2s_tutorial.runs.weights import load_translator, packaged_languages, pretrained_folder
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.training.setup import child_of


@pytest.mark.parametrize(("to", "language"), [(None, "en"), ("en", "en"), ("fr", "fr"), ("French", "fr")])
def test_a_packaged_model_is_chosen_by_its_language(to, language):
    translator = load_translator(to=to)
    assert {translator.language, translator.src_language} == {"en", "fr"}
    assert translator.language == language


@pytest.mark.parametrize("language", packaged_languages())
def test_a_packaged_model_is_opened_by_its_name_unless_a_folder_has_it(language, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packaged = pretrained_folder(language)
    assert (run := open_run(packaged.name)).folder == packaged
    assert child_of(run, replace(run, folder=tmp_path / "child")).parent == packaged.name
    Path(packaged.name).mkdir()
    with pytest.raises(RunError, match=rf"^{packaged.name} holds no run"):
        open_run(packaged.name)
    with pytest.raises(RunError, match=r"^pretrained_xx is not a folder"):
        open_run("pretrained_xx")


def test_a_second_folder_holds_the_model_into_another_language(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "PRETRAINED", tmp_path / "pretrained")
    second = tmp_path / "pretrained_fr"
    second.mkdir()
    shutil.copy(PRETRAINED / "run.json", second)
    assert pretrained_folder("fr") == second
    assert pretrained_folder("en") == tmp_path / "pretrained"


@pytest.mark.parametrize("to", ["German", "pt-BR"])
def test_a_language_without_a_model_is_an_error_that_tells_what_to_do(to):
    with pytest.raises(RunError, match=r"the package has no model that translates into '.*': train one"):
        load_translator(to=to)


def test_a_run_into_another_language_is_an_error(tmp_path):
    shutil.copy(PRETRAINED / "run.json", tmp_path)
    result = CliRunner().invoke(app, ["translate", "--run", str(tmp_path), "--to", "fr", "Bonjour."])
    assert result.exit_code == 1
    assert "translates into en, not fr: name another run, or leave out --to" in result.stderr


def test_a_word_that_is_not_a_language_is_an_error():
    with pytest.raises(ValueError, match="'glasses' is not a language that is known"):
        load_translator(to="glasses")
