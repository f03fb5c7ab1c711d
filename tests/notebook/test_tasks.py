"""Tasks other than translation: their files can be read, and their models are trained once."""

import pytest

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.readers import read_file
from s2s_tutorial.notebook.tasks import train_on_task, write_pairs
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.settings import DataSettings

NAMES = [one + other for one in "abcdefgh" for other in "ijklmno"]
ROWS = [(f"{name} steps .", f"walk {name} .", str(number)) for number, name in enumerate(NAMES)]


def test_written_pairs_are_read_as_the_same_columns(tmp_path):
    path = write_pairs(tmp_path / "pairs.tsv", ROWS[:3])
    assert path == tmp_path / "pairs.tsv"
    columns = read_file(path)
    assert (columns.first, columns.second, columns.provenance) == tuple(map(list, zip(*ROWS[:3], strict=True)))


@pytest.mark.parametrize("mark", ["\t", "\n", "\r"])
def test_a_text_that_would_be_read_as_several_is_refused(tmp_path, mark):
    with pytest.raises(ValueError, match=r"rows\[1\] contains a tab or a line break"):
        write_pairs(tmp_path / "pairs.tsv", [("one", "two"), ("three", f"four{mark}")])
    assert list(tmp_path.iterdir()) == []


def test_a_task_gets_a_small_model_that_is_trained_once(tmp_path, capsys):
    corpus = prepare(DataSettings(corpus=str(write_pairs(tmp_path / "pairs.tsv", ROWS))))
    trained = train_on_task(tmp_path, "walks", corpus, seed=2, attention="none", epochs=1)
    assert "walks-none-2" in capsys.readouterr().out
    settings = open_run(tmp_path / "walks-none-2").settings
    assert (settings.training.seed, settings.training.epochs) == (2, 1)
    assert (settings.model.attention, settings.model.decoder, settings.model.dropout) == ("none", "bahdanau", 0.0)
    record = (tmp_path / "walks-none-2" / "record.jsonl").read_bytes()
    again = train_on_task(tmp_path, "walks", corpus, seed=2, attention="none", epochs=1)
    assert (tmp_path / "walks-none-2" / "record.jsonl").read_bytes() == record
    weights = trained.model.state_dict()
    assert all(value.equal(weights[name]) for name, value in again.model.state_dict().items())
