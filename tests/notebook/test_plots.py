"""Pictures: every label and value is at its position."""

import base64
import json
import re
from io import BytesIO

import numpy as np
import pytest
import torch
from browsing import open_browser
from PIL import Image

from s2s_tutorial.notebook.plots import (
    AttentionView,
    figure_bytes,
    plot_attention,
    plot_heads,
    plot_losses,
    plot_training,
    running_mean,
    save_figure,
)
from s2s_tutorial.training.record import read_record
from s2s_tutorial.translation.translator import Translation


def translation_of(src_words: list[str], words: list[str], rows: int) -> Translation:
    weights = torch.rand(rows, len(src_words) + 1, generator=torch.Generator().manual_seed(0))
    return Translation(src_words, words, [], [], 0.0, weights / weights.sum(dim=1, keepdim=True))


def labels_at(axis) -> dict[float, str]:
    """Return the label at each position after matplotlib has drawn."""
    return {
        float(place): label.get_text() for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    }


@pytest.mark.parametrize("length", [1, 3, 12, 40])
def test_every_label_sits_on_its_cell(length):
    """In the 2017 picture each word was one cell off, because its labels began with an empty one."""
    src_words, words = [f"s{n}" for n in range(length)], [f"t{n}" for n in range(length + 2)]
    figure = plot_attention(translation_of(src_words, words, rows=len(words) + 1))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert labels_at(axes.xaxis) == dict(enumerate([*src_words, "<eos>"]))
    assert labels_at(axes.yaxis) == dict(enumerate([*words, "<eos>"]))
    left, right, bottom, top = axes.images[0].get_extent()
    assert (left, right, bottom, top) == (-0.5, length + 0.5, length + 2.5, -0.5)  # cell n is around n


def test_each_cell_shows_its_own_weight_on_a_scale_from_0_to_1():
    translation = translation_of(["a", "b"], ["x", "y", "z"], rows=4)
    image = plot_attention(translation).axes[0].images[0]
    np.testing.assert_array_equal(image.get_array(), translation.attn_weights.numpy())
    assert image.get_clim() == (0.0, 1.0)


def test_a_translation_cut_off_before_its_end_has_no_row_for_eos():
    figure = plot_attention(translation_of(["a", "b"], ["x", "y"], rows=2))
    assert labels_at(figure.axes[0].yaxis) == {0: "x", 1: "y"}


def test_the_title_is_the_translation_unless_given():
    translation = translation_of(["a"], ["i", "m", "cold", "."], rows=5)
    assert plot_attention(translation).axes[0].get_title() == "i'm cold."
    assert plot_attention(translation, "mine").axes[0].get_title() == "mine"


def test_every_head_has_its_map_and_the_outer_maps_have_the_words():
    weights = torch.rand(2, 3, 3, 2)
    figure = plot_heads(weights, ["a", "<eos>"], ["x", "y", "<eos>"], "Heads")
    figure.draw_without_rendering()
    *maps, _ = figure.axes
    for number, axes in enumerate(maps):
        layer, head = divmod(number, 3)
        np.testing.assert_array_equal(axes.images[0].get_array(), weights[layer, head].numpy())
        assert axes.get_title() == f"layer {layer + 1}, head {head + 1}"
        shown = [tick.label2.get_visible() for tick in axes.xaxis.get_major_ticks()]
        assert shown == [layer == 0] * 2
    assert labels_at(maps[0].xaxis) == {0: "a", 1: "<eos>"}
    assert labels_at(maps[0].yaxis) == {0: "x", 1: "y", 2: "<eos>"}
    with pytest.raises(ValueError, match=r"shape is \(2, 3, 3, 2\), expected \(L, N, 3, 3\)"):
        plot_heads(weights, ["a", "b", "<eos>"], ["x", "y", "<eos>"])


def test_without_attention_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="no attention to draw: train one with --attention"):
        plot_attention(Translation(["a"], ["b"], [], [], 0.0, None))


@pytest.mark.parametrize("window", [1, 2, 7, 100])
def test_the_running_mean_equals_a_loop(window):
    values = np.random.default_rng(0).normal(size=30)
    expected = [np.mean(values[max(0, end - window) : end]) for end in range(1, 31)]
    np.testing.assert_allclose(running_mean(values, window), expected)


def test_losses_scores_and_norms_of_a_record_are_drawn_over_its_steps(tiny_run):
    record = read_record(tiny_run / "record.jsonl")
    steps = [line for line in record if line["kind"] == "step"]
    figure = plot_losses(record, window=5)
    above, below, right = figure.axes
    numbers = [line["step"] for line in steps]
    drawn = {line.get_label(): line for axes in figure.axes for line in axes.get_lines()}
    assert set(drawn) == {
        "loss of each step", "mean of 5 steps", "validation BLEU", "encoder gradient norm", "decoder gradient norm",
    }  # fmt: skip
    for label, name in (("mean of 5 steps", "loss"), ("encoder gradient norm", "encoder_norm")):
        np.testing.assert_array_equal(drawn[label].get_xdata(), numbers)
        np.testing.assert_allclose(drawn[label].get_ydata(), running_mean([line[name] for line in steps], 5))
    scores = {line["step"]: line["validation_bleu"] for line in record if line["kind"] == "evaluation"}
    assert dict(zip(*drawn["validation BLEU"].get_data(), strict=True)) == scores
    assert {text.get_text() for text in above.get_legend().get_texts()} >= {"mean of 5 steps", "validation BLEU"}
    assert (right.get_ylabel(), below.get_xlabel()) == ("validation BLEU", "step")


def test_a_record_without_an_evaluation_yet_can_be_drawn(tiny_run):
    steps = [line for line in read_record(tiny_run / "record.jsonl") if line["kind"] == "step"]
    assert figure_bytes(plot_losses(steps[:1])).startswith(b"\x89PNG")


def test_a_record_without_steps_is_an_error_that_says_to_train():
    with pytest.raises(ValueError, match="no training steps yet: train first"):
        plot_losses([])


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_a_figure_is_written_in_the_format_of_its_suffix(tmp_path, suffix, start):
    figure = plot_attention(translation_of(["a"], ["b"], rows=2))
    save_figure(figure, tmp_path / f"picture.{suffix}")
    assert (tmp_path / f"picture.{suffix}").read_bytes().startswith(start)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["picture.docx", "picture", "picture.png.exe", ".png"])
def test_an_unknown_format_is_refused_and_nothing_is_written(tmp_path, name):
    figure = plot_attention(translation_of(["a"], ["b"], rows=2))
    with pytest.raises(ValueError, match=r"end the name in \.png, \.svg or \.pdf"):
        save_figure(figure, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


HOSTILE = "</script><img src=x onerror=alert(1)>"


def hostile_translation():
    weights = torch.tensor([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
    return Translation(["le", HOSTILE], [HOSTILE], [0], [HOSTILE], 0.0, weights)


def test_the_view_holds_the_numbers_of_the_translation():
    view = AttentionView(hostile_translation())
    [data] = re.findall(r'<script type="application/json">(.*?)</script>', view.html(), re.DOTALL)
    assert json.loads(data) == view.data()
    assert view.data()["weights"] == [[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]]
    assert view.data()["source"] == ["le", HOSTILE, "<eos>"]
    assert view.data()["target"] == [HOSTILE, "<eos>"]


def test_words_never_become_html_in_the_view():
    page = AttentionView(hostile_translation()).html()
    assert HOSTILE not in page
    assert "<img src=x" not in page
    assert page.count("</script>") == 2  # the data and the program of the view


def test_the_view_makes_no_request_to_another_host():
    page = re.sub(r"data:image/png;base64,[^\"]*", "", AttentionView(hostile_translation()).html())
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")  # the name of SVG, which is never fetched
    assert "import(" not in page
    assert "fetch(" not in page


def test_the_view_has_a_picture_for_places_without_scripts():
    bundle = AttentionView(hostile_translation())._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert 'alt="Attention heat map' in bundle["text/html"]


@pytest.mark.browser
def test_lines_run_behind_the_words_of_a_narrow_view():
    pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
    words = [f"word{n}" for n in range(12)]
    weights = torch.full((12, 13), 1 / 13)
    page_html = AttentionView(Translation(words, words, [], [], 0.0, weights)).html()
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 375, "height": 900}, reduced_motion="reduce")
        page.set_content(page_html)
        page.locator(".s2s-word").last.click()
        boxes = page.locator(".s2s-word").evaluate_all(
            """all => all.map((one) => one.getBoundingClientRect())
              .map(({ left, top, right, bottom }) => [left + 6, top + 6, right - 6, bottom - 6].map(Math.round))"""
        )
        assert len({top for _, top, _, _ in boxes}) >= 6  # both rows wrap
        pictures = []
        for display in ("block", "none"):
            page.locator(".s2s-lines").evaluate("(lines, display) => { lines.style.display = display; }", display)
            pictures.append(Image.open(BytesIO(page.screenshot())).convert("RGB"))
    with_lines, without = pictures
    assert all(with_lines.crop(box).tobytes() == without.crop(box).tobytes() for box in boxes)
    gap = (0, boxes[12][3], 375, boxes[13][1])  # between the two rows
    assert with_lines.crop(gap).tobytes() != without.crop(gap).tobytes()


def test_a_view_without_attention_is_refused():
    with pytest.raises(ValueError, match="no attention"):
        AttentionView(Translation(["a"], ["b"], [], [], 0.0, None))


def record_of(steps: int) -> list[dict]:
    lines = [
        {"kind": "step", "step": step, "loss": 5.0 / step, "encoder_norm": 1.0, "decoder_norm": 2.0}
        for step in range(1, steps + 1)
    ]
    return [*lines, {"kind": "evaluation", "step": 3, "validation_bleu": 10.0}] if steps >= 3 else lines


@pytest.mark.parametrize("translation", [hostile_translation(), Translation(["a"], ["b"], [], [], 0.0, None)])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_the_picture_of_a_run_has_all_its_parts_from_before_the_first_step(translation, steps):
    figure = plot_training(record_of(steps), translation, steps, 344)
    assert figure_bytes(figure).startswith(b"\x89PNG")
    above, below, right, _ = (axes for part in figure.subfigs for axes in part.axes)
    names = [text.get_text() for axes in (above, below) for text in axes.get_legend().get_texts()]
    assert names == [
        "loss of each step", "mean of 17 steps", "validation BLEU", "encoder gradient norm", "decoder gradient norm",
    ]  # fmt: skip
    assert [axes.get_xlim() for axes in (above, below, right)] == [(0, 344)] * 3


def test_no_legend_covers_a_curve_or_other_axes():
    for figure in (plot_training(record_of(40), hostile_translation(), 40, 344), plot_losses(record_of(40))):
        figure.draw_without_rendering()
        axes = [one for part in figure.subfigs or [figure] for one in part.axes]
        legends = [one.get_legend().get_window_extent() for one in axes if one.get_legend()]
        assert len(legends) == 2
        assert not any(legend.overlaps(one.get_window_extent()) for legend in legends for one in axes)


def test_the_picture_of_a_run_is_low_enough_for_a_small_screen():
    """JupyterLab leaves 640 of 768 pixels for cells; the cell, a line and the first samples need 200."""
    width, height = plot_training([], hostile_translation(), 0, 344).get_size_inches() * 110
    assert height < 440
    assert width < 930
