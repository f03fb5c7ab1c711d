"""The record of a run and TensorBoard's files: every step once, also after stops and kills."""

import base64
import html
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugin_util import markdown_to_safe_html
from tensorboard.summary.writer.event_file_writer import AtomicCounter
from tiny import TINY, before_step, press_stop

from s2s_tutorial.notebook import plots as plotting
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.training import display
from s2s_tutorial.training import watchers as tracking
from s2s_tutorial.training.interrupt import TrainingStopped
from s2s_tutorial.training.record import Record, read_record
from s2s_tutorial.training.samples import Samples
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import Board, LiveLine, LivePlot, ProgressBar, Session, Watcher
from s2s_tutorial.translation.translator import Translation


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


def test_rewinding_drops_later_lines_and_unflushed_ones(record):
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
def test_an_incomplete_last_line_is_skipped_and_removed_by_a_rewind(record, torn):
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


def session_in(folder: Path, step: int) -> Session:
    """Return a session of a run of which only the folder matters."""
    return Session(SimpleNamespace(folder=folder), step, 100, 0.0, None, None)


def session_of(trainer: Trainer, **start) -> Session:
    """Return a session of a trainer's run, with this step, number of steps and time before."""
    return Session(trainer.run, **start, samples=trainer.display.samples, translator=trainer.translator)


def test_after_a_stop_tensorboard_shows_every_step_once(tmp_path, monkeypatch):
    # TensorBoard numbers a process's files without leading zeros, so sorted by name the tenth is before the ninth.
    monkeypatch.setattr("tensorboard.summary.writer.event_file_writer._global_uid", AtomicCounter(9))
    before, after = Board(), Board()
    before.begin(session_in(tmp_path, step=0))
    for step in (20, 40, 60, 80):
        before.step(step, 1.0, {"loss": float(step)})
    before.end("")
    after.begin(session_in(tmp_path, step=40))  # what came after step 40 was lost
    for step in (60, 80, 100):
        after.step(step, 1.0, {"loss": 10.0 * step})
    after.end("")
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [
        (20, 20.0), (40, 40.0), (60, 600.0), (80, 800.0), (100, 1000.0)
    ]  # fmt: skip


def test_tensorboard_gets_every_value_of_a_run(tiny_run):
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
    board = Board()
    board.begin(session_in(tmp_path, step=0))
    board.evaluation(1, 1.0, [f"> {text}" for text in HOSTILE], Translation(["a"], ["b"], [], [], 0.0, None))
    board.end("")
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    text = events.Tensors("translations/text_summary")[0].tensor_proto.string_val[0].decode()
    page = markdown_to_safe_html(text)
    assert set(re.findall(r"</?\w+", page)) <= {"<pre", "</pre", "<code", "</code"}, page
    for line in HOSTILE:
        assert html.escape(line.splitlines()[-1], quote=False) in page


class Output:
    """A cell's output: for each display, everything that it has shown."""

    def __init__(self):
        self.places = []

    def display(self, data, raw, display_id):
        assert raw
        assert display_id
        shown = [data]
        self.places.append(shown)
        return SimpleNamespace(update=lambda data, raw: shown.append(data))

    def texts(self, place: int) -> list[str]:
        return [data["text/plain"] for data in self.places[place]]

    def pictures(self, place: int) -> list[bytes]:
        return [base64.b64decode(data["image/png"]) for data in self.places[place]]


@pytest.fixture
def output(monkeypatch):
    made = Output()
    monkeypatch.setattr("IPython.display.display", made.display)
    monkeypatch.setattr(display, "in_notebook", lambda: True)
    return made


@pytest.mark.parametrize(
    ("ipython", "shown"),
    [(None, ProgressBar), (SimpleNamespace(), ProgressBar), (SimpleNamespace(kernel=object()), LivePlot)],
    ids=["Python", "IPython in a terminal", "notebook"],
)
def test_without_a_list_a_bar_or_in_a_notebook_a_live_plot_is_shown_and_tensorboards_record_written(
    ipython, shown, monkeypatch, tiny_corpus, tmp_path
):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: ipython))
    trainer = Trainer(tiny_corpus, TINY, tmp_path / "run")
    assert [type(watcher) for watcher in trainer.display.watchers] == [shown, Board]


def test_a_watcher_of_ones_own_replaces_only_the_methods_that_it_needs(tiny_corpus, tmp_path):
    class Counter(Watcher):
        steps = 0

        def step(self, step, seconds, values):
            self.steps += 1

    counter, settings = Counter(), replace(TINY, training=replace(TINY.training, epochs=1))
    trainer = Trainer(tiny_corpus, settings, tmp_path / "run", watchers=[counter])
    trainer.fit()
    assert counter.steps == trainer.total_steps
    assert not (trainer.run.folder / "tensorboard").exists()


def live_trainer(live, tiny_corpus, folder, **options):
    settings = replace(TINY, training=replace(TINY.training, epochs=1))
    return Trainer(tiny_corpus, settings, folder, watchers=[live], samples=tiny_corpus.test, **options)


def test_the_live_line_ends_with_the_outcome_of_the_run(output, tiny_corpus, tmp_path, capsys):
    trainer = live_trainer(LiveLine(), tiny_corpus, tmp_path / "run")
    trainer.fit()
    [*steps, last] = output.texts(0)
    assert steps[0] == f"step 0 of {trainer.total_steps}"
    assert re.fullmatch(r"step 1 of \d+ · loss \d\.\d{3} · 00:0\d gone, about \d\d:\d\d left", steps[1])
    assert last.startswith(
        f"Trained {trainer.total_steps} of {trainer.total_steps} steps in {trainer.progress.seconds:.0f} s; best validation "
        f"BLEU {trainer.progress.best_bleu:.1f} at step {trainer.progress.best_step}. The model has learned nothing that helps"
    )
    assert capsys.readouterr() == ("", "")  # a notebook shows standard error in red, and the message was shown already


@pytest.mark.parametrize("live", [LiveLine, LivePlot])
def test_a_stop_message_replaces_the_line_and_is_printed_once(live, output, tiny_corpus, tmp_path, capsys):
    trainer = live_trainer(live(), tiny_corpus, tmp_path / "run")
    before_step(trainer, 3, press_stop)
    with pytest.raises(TrainingStopped) as caught:
        trainer.fit()
    assert output.texts(0)[-1] == str(caught.value)
    assert output.texts(0)[-1].endswith("Run this cell again to resume.")
    assert caught.value.shown
    assert capsys.readouterr() == ("", "")


def test_an_error_leaves_the_line_at_the_last_step(output, tiny_corpus, tmp_path):
    trainer = live_trainer(LiveLine(), tiny_corpus, tmp_path / "run")

    def fail():
        raise ZeroDivisionError

    before_step(trainer, 3, fail)
    with pytest.raises(ZeroDivisionError):
        trainer.fit()
    assert output.texts(0)[-1].startswith(f"step 2 of {trainer.total_steps} · loss")


@pytest.mark.slow
def test_the_live_plot_is_there_before_the_first_step_and_shows_samples_after_an_evaluation(
    output, tiny_corpus, tmp_path
):
    trainer = live_trainer(LivePlot(), tiny_corpus, tmp_path / "run")
    before_step(trainer, 1, lambda: seen.append([len(shown) for shown in output.places]))
    seen = []
    trainer.fit()
    assert seen == [[1, 1, 1]]
    assert all(picture.startswith(b"\x89PNG") for picture in output.pictures(1))
    assert output.texts(2)[0] == "sample translations: with the first evaluation"
    assert [line[:2] for line in output.texts(2)[-1].splitlines()] == ["> ", "= ", "< "] * 3


def test_a_finished_run_shows_its_curve_and_samples_again_without_training(output, tiny_corpus, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plotting, "plot_training", lambda *given: drawn.append(given) or Figure())
    live_trainer(LivePlot(), tiny_corpus, tmp_path / "run").fit()
    first = [shown[-1]["text/plain"] for shown in output.places]
    output.places.clear()
    again = live_trainer(LivePlot(), tiny_corpus, tmp_path / "run")
    again.train_step = None  # must not be called
    again.fit()
    assert [shown[-1]["text/plain"] for shown in output.places][:2] == first[:2]
    record, sample, step, total_steps = drawn[-1]
    assert [line["step"] for line in record if line["kind"] == "step"] == list(range(1, total_steps + 1))
    assert step == total_steps
    assert sample.attn_weights.shape == (len(sample.words) + 1, len(sample.src_words) + 1)
    assert output.texts(2)[0].startswith("> ")


def test_a_live_plot_that_resumes_draws_what_came_before(output, tiny_corpus, tmp_path):
    trainer = live_trainer(LivePlot(), tiny_corpus, tmp_path / "run")
    before_step(trainer, 2, press_stop)
    trainer.fit(raise_on_stop=False)
    live = LivePlot()
    live.begin(session_of(trainer, step=2, total_steps=10, seconds=5.0))
    live.step(3, 6.0, {"loss": 2.0, "encoder_norm": 1.0, "decoder_norm": 1.0, "mean_loss": 2.5})
    assert [line["step"] for line in live.lines] == [1, 2, 3]
    live.end("")
    assert output.texts(3)[-1] == "step 3 of 10 · loss 2.500 · 00:06 gone, about 00:07 left"


def test_pictures_take_a_small_share_of_the_time(output, tiny_corpus, tmp_path, monkeypatch):
    """Here a picture takes half a second and a step a tenth: after the first few pictures, training gets most of the time."""
    now = [0.0]
    monkeypatch.setattr(tracking, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(plotting, "plot_training", lambda *given: Figure())
    monkeypatch.setattr(plotting, "figure_bytes", lambda figure: now.__setitem__(0, now[0] + 0.5) or b"")
    trainer = live_trainer(LivePlot(), tiny_corpus, tmp_path / "run")
    live = LivePlot()
    live.begin(session_of(trainer, step=0, total_steps=1000, seconds=0.0))
    values = {"loss": 2.0, "encoder_norm": 1.0, "decoder_norm": 1.0, "mean_loss": 2.5}
    for step in range(1, 1001):
        now[0] += 0.1
        live.step(step, now[0], values)
    drawn = len(output.places[1])
    assert drawn > 5
    assert drawn * 0.5 <= 0.05 * now[0] + 1.5


def test_samples_are_of_the_model_as_it_is_and_one_of_them_fits_a_small_picture(tiny_corpus, talking_run):
    translator, test = load_translator(talking_run), tiny_corpus.test
    samples = Samples(test.sources, [texts[0] for texts in test.references])
    lines, first = samples.translate(translator, 7)
    assert lines == samples.translate(translator, 7)[0]
    assert lines != samples.translate(translator, 8)[0]
    assert lines[2] == f"< {' '.join(first.words)}"
    shown = samples.attend(translator)
    assert 6 <= len(shown.src_words) <= 12
    assert " ".join(shown.words) in samples.references
    torch.testing.assert_close(shown.attn_weights.sum(1), torch.ones(len(shown.words) + 1))
    few = Samples(["va !", "viens !"], ["go !", "come !"])
    assert few.attend(translator).src_words == ["va", "!"]
