"""Old pairs among new ones: which they are, that none is in a held-out set, and that a run resumes with the same."""

from dataclasses import replace

import pytest

from s2s_tutorial.data.corpus import HeldOut, Pairs, prepare
from s2s_tutorial.files import BadFileError
from s2s_tutorial.runs.folder import RunError, open_run
from s2s_tutorial.settings import DataSettings
from s2s_tutorial.training import rehearsal
from s2s_tutorial.training.continuing import data_for_new, settings_for_new
from s2s_tutorial.training.initial_weights import from_run
from s2s_tutorial.training.rehearsal import Rehearsal, count_old, count_repeats, rehearsal_for
from s2s_tutorial.training.trainer import Trainer


@pytest.fixture(scope="module")
def parent(tiny_run):
    return open_run(tiny_run)


@pytest.mark.parametrize("new", [10, 500, 5_000])
def test_a_third_of_the_pairs_of_an_epoch_are_new(new):
    share = new * count_repeats(new) / (new * count_repeats(new) + count_old(new))
    assert share == pytest.approx(1 / 3, abs=0.01)


def test_old_pairs_are_training_pairs_of_the_parent(parent, tiny_corpus, tmp_path):
    found = rehearsal_for(parent, 20, tmp_path)
    known = set(zip(tiny_corpus.train.sources, tiny_corpus.train.targets, strict=True))
    pairs = list(zip(found.pairs.sources, found.pairs.targets, strict=True))
    assert len(set(pairs)) == len(pairs) == len(tiny_corpus.train)
    assert set(pairs) == known
    assert "was trained on" in found.described


def test_without_the_parents_pairs_it_translates_sentences_of_its_language(parent, tmp_path, monkeypatch):
    monkeypatch.setattr(rehearsal, "FEWEST", 30)
    gone = replace(parent, settings=replace(parent.settings, data=replace(parent.settings.data, corpus="tatoeba")))
    monkeypatch.setattr(rehearsal, "is_at_hand", lambda: False)
    found = rehearsal_for(gone, 10, tmp_path)
    assert 0 < len(found.pairs) <= 30
    assert "built-in sentences with the translations of" in found.described
    data = DataSettings(corpus=str(tmp_path / "gone.tsv"), languages=("es", "fr"))
    unknown = replace(parent, settings=replace(parent.settings, data=data))
    assert rehearsal_for(unknown, 10, tmp_path) == Rehearsal(Pairs([], []), "")


def test_no_sentence_of_a_held_out_set_is_rehearsed(tiny_corpus):
    held = HeldOut(["a"], [["x", "y"]])
    corpus = replace(tiny_corpus, train=Pairs(["n"], ["m"]), validation=held, test=HeldOut(["b"], [["z"]]))
    old = Rehearsal(Pairs(["a", "b", "c", "d", "e"], ["q", "q", "y", "z", "q"]), "five")
    train = old.mix_into(corpus).train
    assert set(zip(train.sources, train.targets, strict=True)) == {("n", "m"), ("e", "q")}
    assert train.sources.count("n") == count_repeats(1)


def test_without_any_old_pairs_a_run_resumes_with_none(parent, tmp_path):
    none = Rehearsal(Pairs([], []), "")
    none.save(tmp_path)
    again = rehearsal_for(parent, 20, tmp_path)
    assert again == none
    assert again.start_from(parent).name == none.start_from(parent).name


def test_a_damaged_file_of_old_pairs_is_named(parent, tmp_path):
    (tmp_path / rehearsal.FILE).write_bytes(b"la f\xeate\tthe party\n")
    with pytest.raises(BadFileError, match=r"rehearsal.tsv is damaged \(not UTF-8\): restore it, or start a new run"):
        rehearsal_for(parent, 20, tmp_path)


def test_a_run_resumes_with_the_old_pairs_of_its_folder(parent, tmp_path):
    path = tmp_path / "new.tsv"
    path.write_text("".join(f"I play {name}.\tJe joue {name}.\n" for name in "abcdefghijklmnopqrstuvwxyz"))
    data = data_for_new(parent, str(path))
    settings = settings_for_new(parent, data)
    corpus = prepare(data, parent.vocabularies)
    old = rehearsal_for(parent, len(corpus.train), tmp_path / "child")

    def child(rehearsed: Rehearsal, start=None) -> Trainer:
        start = start or rehearsed.start_from(parent)
        return Trainer(rehearsed.mix_into(corpus), settings, tmp_path / "child", watchers=[], start=start)

    child(old)
    again = rehearsal_for(parent, len(corpus.train), tmp_path / "child")
    assert again.pairs == old.pairs
    assert again.described.startswith("those in")
    child(again)
    for other in (Rehearsal(Pairs(old.pairs.sources[1:], old.pairs.targets[1:]), ""), Rehearsal(Pairs([], []), "")):
        with pytest.raises(RunError, match="rehearsing"):
            child(other)
    with pytest.raises(RunError, match="rehearsing"):
        child(old, from_run(parent))
