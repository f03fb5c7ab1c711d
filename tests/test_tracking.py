"""The record of a run: every step once, whatever happened, and the same for TensorBoard."""

import base64
import html
import json
import re
from dataclasses import replace

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugin_util import markdown_to_safe_html
from tensorboard.summary.writer.event_file_writer import AtomicCounter
from tiny import TINY

from s2s_tutorial.tracking import Board, LiveLine, LivePlot, Record, read_record
from s2s_tutorial.training import Trainer
from s2s_tutorial.translation import Translation


@pytest.fixture
def record(tmp_path) -> Record:
    return Record(tmp_path / "record.jsonl")


def steps(record: Record) -> list[int]:
    return [line["step"] for line in read_record(record.path)]


def add(record: Record, *numbers: int) -> None:
    for number in numbers:
        record.add(kind="step", step=number, loss=1.0 / number, encoder_norm=1.0, decoder_norm=2.0)


def test_lines_come_back_in_order_and_unchanged(record):
    add(record, 1, 2)
    record.add(kind="evaluation", step=2, validation_bleu=0.1 + 0.2)
    record.flush()
    add(record, 3)
    record.flush()
    norms = {"encoder_norm": 1.0, "decoder_norm": 2.0}
    assert read_record(record.path) == [
        {"kind": "step", "step": 1, "loss": 1.0, **norms},
        {"kind": "step", "step": 2, "loss": 0.5, **norms},
        {"kind": "evaluation", "step": 2, "validation_bleu": 0.1 + 0.2},
        {"kind": "step", "step": 3, "loss": 1 / 3, **norms},
    ]


def test_nothing_is_written_before_a_flush_and_nothing_twice(record):
    add(record, 1)
    assert steps(record) == []
    record.flush()
    record.flush()
    assert steps(record) == [1]


def test_every_line_is_json_on_its_own(record):
    add(record, 1, 2, 3)
    record.flush()
    assert [json.loads(line)["step"] for line in record.path.read_text().splitlines()] == [1, 2, 3]


def test_rewinding_drops_later_lines_and_what_was_waiting(record):
    add(record, 1, 2, 3)
    record.flush()
    add(record, 4)
    record.rewind(2)
    record.flush()
    assert steps(record) == [1, 2]
    add(record, 3)
    record.flush()
    assert steps(record) == [1, 2, 3]


def test_rewinding_to_the_start_empties_the_record(record):
    add(record, 1)
    record.flush()
    record.rewind(0)
    assert record.path.read_bytes() == b""


@pytest.mark.parametrize(
    "torn", ['{"kind": "step", "st', '{"kind": "step", "step": 3', "\0\0\0", "\ufffd", '"step"', "3"]
)
def test_a_torn_last_line_is_left_out_and_gone_after_a_rewind(record, torn):
    add(record, 1, 2)
    record.flush()
    with record.path.open("a", encoding="utf-8") as file:
        file.write(torn)
    assert steps(record) == [1, 2]
    record.rewind(2)
    add(record, 3)
    record.flush()
    assert steps(record) == [1, 2, 3]
    assert all(json.loads(line) for line in record.path.read_text().splitlines())


def test_a_missing_record_is_an_empty_one(tmp_path):
    assert read_record(tmp_path / "none.jsonl") == []


def test_after_a_stop_the_board_shows_every_step_once(tmp_path, monkeypatch):
    # TensorBoard counts a process's files in their names, without zeros in front: by name, the tenth is before the ninth.
    monkeypatch.setattr("tensorboard.summary.writer.event_file_writer._global_uid", AtomicCounter(9))
    before, after = Board(tmp_path), Board(tmp_path)
    before.begin(tmp_path / "none.jsonl", 0, 100, 0.0)
    for step in (20, 40, 60, 80):
        before.step(step, 1.0, {"loss": float(step)})
    before.end()
    after.begin(tmp_path / "none.jsonl", 40, 100, 1.0)  # what came after step 40 was lost
    for step in (60, 80, 100):
        after.step(step, 1.0, {"loss": 10.0 * step})
    after.end()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [
        (20, 20.0), (40, 40.0), (60, 600.0), (80, 800.0), (100, 1000.0)
    ]  # fmt: skip


def test_the_board_gets_what_a_run_tells_it(tiny_run):
    events = EventAccumulator(str(tiny_run / "tensorboard"), size_guidance={"tensors": 0, "images": 0, "scalars": 0})
    events.Reload()
    record = read_record(tiny_run / "record.jsonl")
    of_step = {line["step"]: line for line in record if line["kind"] == "step"}
    for name in ("loss", "encoder_norm", "decoder_norm", "learning_rate", "teacher_forcing"):
        shown = events.Scalars(name)
        assert shown
        assert all(event.value == pytest.approx(of_step[event.step][name], rel=1e-6) for event in shown)
    bleu = {line["step"]: line["validation_bleu"] for line in record if line["kind"] == "evaluation"}
    assert {event.step: event.value for event in events.Scalars("validation_bleu")} == pytest.approx(bleu)
    for event in events.Tensors("translations/text_summary"):
        lines = event.tensor_proto.string_val[0].decode().splitlines()
        assert [line[:6] for line in lines[:3]] == ["    > ", "    = ", "    < "]
    pictures = events.Images("attention")
    assert [event.step for event in pictures] == list(bleu)
    assert all(event.encoded_image_string.startswith(b"\x89PNG") and event.width > 100 for event in pictures)


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a\n<b>bold</b>",
    "[x](javascript:alert(1))",
    "</code><i>",
]


def test_sentences_are_text_in_tensorboard_whatever_they_hold(tmp_path):
    board = Board(tmp_path)
    board.begin(tmp_path / "record.jsonl", 0, 10, 0.0)
    board.evaluation(1, 1.0, [f"> {text}" for text in HOSTILE], Translation(["a"], ["b"], [], [], 0.0, None))
    board.end()
    events = EventAccumulator(str(tmp_path)).Reload()
    text = events.Tensors("translations/text_summary")[0].tensor_proto.string_val[0].decode()
    page = markdown_to_safe_html(text)
    assert set(re.findall(r"</?\w+", page)) <= {"<pre", "</pre", "<code", "</code"}, page
    for line in HOSTILE:
        assert html.escape(line.splitlines()[-1], quote=False) in page


class Handle:
    """A place in a notebook's output."""

    def __init__(self):
        self.shown = []

    def update(self, data, raw):
        assert raw
        self.shown.append(data)


@pytest.fixture
def handle(monkeypatch):
    made = Handle()
    monkeypatch.setattr("IPython.display.display", lambda data, raw, display_id: made)
    return made


def live_run(live, tiny_corpus, folder):
    settings = replace(TINY, training=replace(TINY.training, epochs=1))
    trainer = Trainer(tiny_corpus, settings, folder, tensorboard=False, live=live, samples=tiny_corpus.test)
    trainer.fit()
    return trainer


def test_the_live_line_ends_with_the_last_step(handle, tiny_corpus, tmp_path, capsys):
    trainer = live_run(LiveLine(), tiny_corpus, tmp_path / "run")
    last = handle.shown[-1]["text/plain"]
    assert last.startswith(
        f"step {trainer.total_steps:,} of {trainer.total_steps:,} · loss {trainer.progress.loss:.3f}"
    )
    assert f"validation BLEU {trainer.progress.best_bleu:.1f}" in last
    assert "about 0:00 left" in last
    assert capsys.readouterr().err == ""  # a notebook paints it red


def test_the_live_plot_draws_the_run_and_its_samples(handle, tiny_corpus, tmp_path):
    live_run(LivePlot(), tiny_corpus, tmp_path / "run")
    last = handle.shown[-1]
    assert base64.b64decode(last["image/png"]).startswith(b"\x89PNG")
    signs = [line[:2] for line in last["text/plain"].splitlines()[1:]]
    assert signs == ["> ", "= ", "< "] * 3


def test_a_live_plot_that_goes_on_draws_what_came_before(handle, tmp_path):
    record = Record(tmp_path / "record.jsonl")
    for step in (1, 2):
        record.add(kind="step", step=step, loss=3.0, encoder_norm=1.0, decoder_norm=1.0)
    record.flush()
    live = LivePlot()
    live.begin(record.path, 2, 10, 5.0)
    live.step(3, 6.0, {"loss": 2.0, "encoder_norm": 1.0, "decoder_norm": 1.0, "mean_loss": 2.5})
    assert [line["step"] for line in live.lines] == [1, 2, 3]
    live.end()
    assert handle.shown[-1]["text/plain"] == "step 3 of 10 · loss 2.500 · 0:06 gone, about 0:07 left"
