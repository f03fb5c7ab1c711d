"""The garbage collector is paused while a corpus is read, and is as before afterwards."""

import gc

import pytest

from s2s_tutorial.data import readers
from s2s_tutorial.data.collector import paused_collector
from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.settings import DataSettings


def test_the_collector_is_on_again_after_nested_use_and_after_an_error():
    with paused_collector():
        with paused_collector():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), paused_collector():
        raise KeyError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with paused_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("read", [prepare, readers.read_corpus, lambda settings: readers.read_file(settings.corpus)])
def test_reading_a_corpus_pauses_it_and_a_bad_file_leaves_it_on(monkeypatch, tmp_path, read):
    seen = []

    def look(*arguments):
        seen.append(gc.isenabled())
        raise CorpusError("read as far as needed")

    monkeypatch.setattr(readers, "_open_table", look)
    (tmp_path / "pairs.tsv").write_text("Go.\tVa !\n", encoding="utf-8")
    with pytest.raises(CorpusError):
        read(DataSettings(corpus=str(tmp_path / "pairs.tsv")))
    assert seen == [False]
    assert gc.isenabled()
