"""Pictures with letters that the usual font lacks: another font draws them, or one warning tells that none can."""

import warnings
from types import SimpleNamespace

import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from s2s_tutorial.notebook import fonts
from s2s_tutorial.notebook.plots import figure_bytes
from s2s_tutorial.training.watchers import Board
from s2s_tutorial.translation.translator import Translation


@pytest.fixture(autouse=True)
def only_matplotlibs_fonts(monkeypatch):
    """The fonts that come with matplotlib, among them "Last Resort", which has a box for every letter."""
    kept = [each for each in fontManager.ttflist if each.name.startswith(("DejaVu", "STIX", "Last Resort"))]
    monkeypatch.setattr(fontManager, "ttflist", kept)
    fonts._warn_of_boxes.cache_clear()


@pytest.fixture
def messages():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield lambda: [str(warning.message) for warning in caught]


def test_letters_that_no_font_has_give_one_warning_for_a_script(messages):
    figure = Figure()
    for number, text in enumerate(
        ["\U00012000\U00012001 a", "\U00012000", "語 \u0915"]
    ):  # cuneiform, Chinese, Devanagari
        figure.text(0.1 * number, 0.5, text)
    for _ in range(2):
        assert figure_bytes(figure).startswith(b"\x89PNG")
    assert len(messages()) == 3
    scripts = ("Chinese characters", "Cuneiform letters", "Devanagari letters")
    assert all(f"no font with {script}: " in message for message, script in zip(messages(), scripts, strict=True))


def test_letters_that_the_usual_font_has_give_none(messages):
    figure = Figure()
    figure.text(0.1, 0.5, "plain é я")
    figure_bytes(figure)
    assert messages() == []


def test_a_font_that_has_the_letters_is_used(messages):
    figure = Figure()
    text = figure.text(0.1, 0.5, "\u1d81")  # of phonetics; DejaVu Sans does not have it
    figure_bytes(figure)
    assert "STIXGeneral" in text.get_fontfamily()
    assert messages() == []


def test_pictures_for_tensorboard_warn_once_too(messages, tmp_path):
    board = Board()
    board.begin(SimpleNamespace(run=SimpleNamespace(folder=tmp_path), step=0))
    translation = Translation(["\u0915\u0916"], ["a"], [], [], 0.0, torch.full((2, 2), 0.5))
    for step in (1, 2):
        board.evaluation(step, 1.0, [], translation)
    board.end("")
    assert [message for message in messages() if "font" in message] == [
        "this machine has no font with Devanagari letters: pictures show boxes instead, until you install one, such as Noto Sans"
    ]
