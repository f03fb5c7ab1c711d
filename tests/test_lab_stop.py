"""Stop, in a real JupyterLab: it ends the cell and the queue, loses nothing, and running the cell again shows everything."""

import re

import pytest
from browsing import ROOT, open_browser
from lab import open_lab, write_notebook

from s2s_tutorial.files import load_tensors
from s2s_tutorial.runs.checkpoints import Checkpoints

pytestmark = pytest.mark.browser

SETUP = """
from dataclasses import replace
from pathlib import Path

from tiny import TINY

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.training.watchers import LiveLine, LivePlot
from s2s_tutorial.training.trainer import Trainer

corpus = prepare(TINY.data)
longer = replace(TINY, training=replace(TINY.training, epochs=8))


def trainer_of(name, settings=longer, live=LivePlot):
    return Trainer(corpus, settings, Path("runs") / name, watchers=[live()], samples=corpus.test)
"""
TRAIN = "trainer = trainer_of('one')\nprogress = trainer.fit()"
LOOP = """
table = {}
for seed in (0, 1):
    settings = replace(longer, training=replace(longer.training, seed=seed))
    trainer = trainer_of(f"seed {seed}", settings, LiveLine)
    table[seed] = trainer.fit().best_bleu
"""
STEPS = re.compile(r"step [1-9]\d* of")
STOPPED = re.compile(
    r"Stopped after step (\d+) of (\d+); everything is saved in runs/\S+.*\. Run this cell again to resume\."
)


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """One JupyterLab for all tests; each test has a folder of its own."""
    with open_lab(browser, tmp_path_factory.mktemp("lab"), {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}) as opened:
        yield opened


@pytest.fixture
def open_notebook(lab, request):
    """Opens a notebook of the given cells, in a folder named like the test."""

    def open_cells(*cells, name="a"):
        folder = lab.folder / request.node.name
        folder.mkdir()
        lab.visit()
        write_notebook(folder / f"{name}.ipynb", *cells)
        return lab.open(f"{folder.name}/{name}.ipynb"), folder / "runs"

    return open_cells


def weights(run):
    newest = Checkpoints(run).paths()[-1]
    return newest.name, {
        (path.name, name): value.tolist()
        for path in (newest, run / "model.safetensors")
        for name, value in load_tensors(path)[0].items()
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The weights of the run that the notebooks train, trained here without a stop."""
    from dataclasses import replace

    from tiny import TINY

    from s2s_tutorial.data.corpus import prepare
    from s2s_tutorial.training.trainer import Trainer

    folder = tmp_path_factory.mktemp("runs") / "undisturbed"
    longer = replace(TINY, training=replace(TINY.training, epochs=8))
    Trainer(prepare(TINY.data), longer, folder, watchers=[]).fit()
    return weights(folder)


def test_stop_during_run_all_ends_the_queue_with_one_quiet_sentence_and_restarting_finishes(open_notebook, undisturbed):
    notebook, runs = open_notebook(SETUP, TRAIN, "print('after')")
    notebook.run_all()
    notebook.wait_for_text(1, STEPS)
    notebook.interrupt()
    notebook.wait()
    shown = notebook.output(1)
    assert len(STOPPED.findall(shown.text)) == 1, shown.text
    assert shown.text.count("Stopped") == 1
    assert (shown.error, shown.warned, shown.pictures) == (False, False, 1)
    assert "Traceback" not in shown.text
    assert notebook.counts == [1, 2, None]
    assert notebook.output(2).text == ""

    notebook.restart_and_run_all()
    notebook.wait()
    assert notebook.counts == [1, 2, 3]
    assert "Resuming from checkpoint-" in notebook.output(1).text
    assert notebook.output(2).text.strip() == "after"
    assert weights(runs / "one") == undisturbed


def test_stop_in_a_loop_starts_no_second_variant_and_prints_no_score(open_notebook):
    notebook, runs = open_notebook(SETUP, LOOP, "print(table)")
    notebook.run_all()
    notebook.wait_for_text(1, STEPS)
    notebook.interrupt()
    notebook.wait()
    assert STOPPED.search(notebook.output(1).text)
    assert not notebook.output(1).error
    assert notebook.counts == [1, 2, None]
    assert [path.name for path in runs.iterdir()] == ["seed 0"]
    notebook.run(2)
    notebook.wait()
    assert notebook.output(2).text.strip() == "{}"


def test_without_a_live_display_the_sentence_is_plain_text_in_the_cell(open_notebook):
    notebook, _ = open_notebook(
        SETUP, "Trainer(corpus, longer, Path('runs/quiet'), watchers=[]).fit()", "print('after')"
    )
    notebook.run(0)
    notebook.wait()
    notebook.run_all()
    _wait_for_checkpoint(notebook, "quiet")
    notebook.interrupt()
    notebook.wait()
    shown = notebook.output(1)
    assert re.fullmatch(
        r"Stopped after step \d+ of \d+; everything is saved in runs/quiet. Run .* to resume\.", shown.text.strip()
    )
    assert (shown.error, shown.warned) == (False, False)
    assert notebook.counts == [2, 3, None]


def test_a_killed_kernel_resumes_where_it_had_saved(open_notebook, undisturbed):
    notebook, runs = open_notebook(SETUP, TRAIN)
    notebook.run_all()
    _wait_for_checkpoint(notebook, "one")
    notebook.kill_kernel()
    notebook.wait()
    notebook.run_all()
    notebook.wait()
    assert "Resuming from checkpoint-" in notebook.output(1).text
    assert weights(runs / "one") == undisturbed


def test_a_tab_closed_while_training_and_opened_again_resumes_and_then_shows_the_finished_curve(
    open_notebook, undisturbed
):
    notebook, runs = open_notebook(SETUP, TRAIN)
    notebook.run_all()
    notebook.wait_for_text(1, STEPS)
    notebook.interrupt()
    notebook.wait()
    notebook.save()
    notebook.reopen()
    assert STOPPED.search(notebook.output(1).text)
    notebook.run(1)
    notebook.wait()
    assert weights(runs / "one") == undisturbed
    notebook.close()
    notebook.open()
    notebook.run(1)
    notebook.wait()
    shown = notebook.output(1)
    assert re.search(r"Trained (\d+) of \1 steps in \d+ s; best validation BLEU", shown.text)
    assert re.search(r"^> .*\n= .*\n< ", shown.text, re.MULTILINE)
    assert shown.pictures == 1


def test_the_line_and_the_picture_are_in_sight_without_scrolling(open_notebook):
    notebook, _ = open_notebook(SETUP, "trainer_of('one', TINY).fit()")
    notebook.run_all()
    notebook.cell(1).locator("img").wait_for()
    notebook.wait()
    screen = notebook.page.viewport_size["height"]
    top = notebook.cell(1).bounding_box()["y"]
    line, picture = (notebook.cell(1).locator(".jp-OutputArea-output").nth(n).bounding_box() for n in (0, 1))
    assert line["y"] < picture["y"] < line["y"] + 40  # the line is directly above the picture
    panel = notebook.page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer").bounding_box()
    assert picture["y"] + picture["height"] - top < panel["height"]  # the whole cell fits the panel
    assert panel["y"] + panel["height"] <= screen


def _wait_for_checkpoint(notebook, run: str):
    """Wait until a run in the notebook's folder has saved a checkpoint."""
    folder = notebook.lab.folder / notebook.name.split("/")[0] / "runs" / run
    while not any(folder.glob("checkpoint-*.safetensors")):
        notebook.page.wait_for_timeout(20)
