"""The pairs of a run are found again: from another folder, after a move, under another spelling; never another file."""

from dataclasses import replace

import pytest

from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.find_data import data_of, find_data
from s2s_tutorial.runs.folder import Run, RunError, open_run
from s2s_tutorial.settings import DataSettings

LINES = "I sing.\tJe chante.\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with pairs in it, which is the working directory."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    (tmp_path / "project" / "pairs.tsv").write_text(LINES)
    return tmp_path / "project"


def start(project, corpus="pairs.tsv", folder="runs/mine") -> Run:
    """Make a run whose pairs are in a file, and open it."""
    settings = replace(PRESETS["small"], data=DataSettings(corpus=corpus))
    words = Vocabulary.count(["a"], 1)
    (project / folder).mkdir(parents=True)
    Run(project / folder, settings, words, words, frozenset(), "", *data_of(settings.data, project / folder)).save()
    return open_run(project / folder)


def test_pairs_are_found_where_they_were(project):
    assert find_data(start(project)).corpus == "pairs.tsv"


def test_pairs_are_found_from_another_folder(project, tmp_path, monkeypatch):
    run = start(project)
    monkeypatch.chdir(tmp_path)
    (found,) = [find_data(run).corpus]
    with open(found) as file:
        assert file.read() == LINES


def test_pairs_are_found_after_the_whole_project_was_moved(project, tmp_path, monkeypatch):
    start(project)
    monkeypatch.chdir(tmp_path)
    project.rename(tmp_path / "elsewhere")
    run = open_run(tmp_path / "elsewhere" / "runs" / "mine")
    assert find_data(run).corpus.endswith("pairs.tsv")


def test_another_file_of_the_same_name_is_not_taken(project, tmp_path, monkeypatch):
    run = start(project)
    (tmp_path / "pairs.tsv").write_text("Other.\tAutre.\n")
    monkeypatch.chdir(tmp_path)
    assert "project" in str((tmp_path / find_data(run).corpus).resolve())
    (project / "pairs.tsv").unlink()
    with pytest.raises(RunError, match=r"have changed, .*restore pairs.tsv, give the old file \(--corpus FILE\)"):
        find_data(run)


def test_pairs_that_are_gone_can_be_given(project):
    run = start(project)
    (project / "pairs.tsv").rename(project / "moved.tsv")
    with pytest.raises(
        RunError, match=r"are not found \(pairs.tsv\): give the path where they are now \(--corpus FILE\)"
    ):
        find_data(run)
    assert find_data(run, "moved.tsv").corpus == "moved.tsv"
    (project / "moved.tsv").write_text("Other.\tAutre.\n")
    with pytest.raises(RunError, match=r"moved.tsv does not hold the pairs .* have changed: .*\(--pairs FILE\)"):
        find_data(run, "moved.tsv")


def test_two_parallel_files_are_found_too(project, tmp_path, monkeypatch):
    (project / "x.en").write_text("a\n")
    (project / "x.de").write_text("b\n")
    run = start(project, corpus=("x.en", "x.de"))
    monkeypatch.chdir(tmp_path)
    assert [path.rpartition("/")[2] for path in find_data(run).corpus] == ["x.en", "x.de"]


def test_a_run_that_does_not_know_the_hash_takes_the_file_at_its_path(project):
    run = replace(start(project), data="", started_in="")
    assert find_data(run).corpus == "pairs.tsv"


def test_the_built_in_corpus_needs_no_file(project):
    assert find_data(start(project, corpus="sample")).corpus == "sample"
