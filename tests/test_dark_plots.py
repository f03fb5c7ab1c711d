"""Plots on a dark page: dark background, light text, the same hues, and unchanged heat maps."""

import sys
from io import BytesIO

import numpy as np
import pytest
from browsing import ROOT, open_browser, serve
from matplotlib.figure import Figure
from PIL import Image

from s2s_tutorial.notebook.plots import figure_bytes

sys.path.insert(0, str(ROOT / "book" / "_ext"))
sphinx = pytest.importorskip("sphinx", reason="needs the book's tools: pip install s2s_tutorial[book]")


def light_and_dark(draw):
    """Return the pixels of the axes that `draw` fills, light and dark."""
    from s2s_pictures import darken

    figure = Figure(figsize=(4, 3), layout="constrained")
    draw(figure, figure.add_subplot())
    light = Image.open(BytesIO(figure_bytes(figure))).convert("RGB")
    return np.asarray(light).astype(int), np.asarray(darken(light)).astype(int)


def lightness(pixels):
    return pixels @ (0.299, 0.587, 0.114)


def test_white_becomes_the_ground_of_the_drawings_and_black_becomes_light():
    light, dark = light_and_dark(lambda figure, axes: axes.set_title("Words"))
    assert {tuple(pixel) for pixel in dark[(light == 255).all(axis=2)].tolist()} == {(0x1A, 0x1F, 0x26)}
    assert lightness(dark[(light == 0).all(axis=2)]).min() > 220


@pytest.mark.parametrize("colour", ["#00429d", "#b8560b", "#2a7f62"])
def test_a_line_keeps_its_hue_and_stands_out(colour):
    light, dark = light_and_dark(lambda figure, axes: axes.plot([0, 1], color=colour, linewidth=9))
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    line = dark[(light == wanted).all(axis=2)]
    assert len(line) > 100
    assert np.argsort(line[0]).tolist() == np.argsort(wanted).tolist()  # red, green and blue in the same order
    assert lightness(line[0]) > lightness(dark[0, 0]) + 60


def test_a_heat_map_and_its_colour_bar_keep_their_colours_and_the_lines_across_them():
    values = np.linspace(0, 1, 48).reshape(6, 8)

    def draw(figure, axes):
        image = axes.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axes.axvline(3.5, color="white", linewidth=1.5, linestyle="--")
        axes.set_axis_off()
        figure.colorbar(image, ax=axes).outline.set_visible(False)

    light, dark = light_and_dark(draw)
    coloured = np.ptp(light, axis=2) > 8
    assert coloured.sum() > 50_000
    # Its outermost pixels are mixed with the white around it.
    assert (light == dark).all(axis=2)[coloured].mean() > 0.98
    middle = light[100:200, 100:250]
    assert (middle == 255).all(axis=2).any()  # the dashed line
    assert (middle == dark[100:200, 100:250]).all()


def test_digits_in_a_heat_map_stay_as_they_are():
    def draw(figure, axes):
        axes.imshow([[0.9, 0.95]], cmap="cividis", vmin=0, vmax=1, aspect="auto")
        for column, number in enumerate(("0.36", "0.98")):
            axes.text(column, 0, number, ha="center", va="center", color="black")
        axes.set_axis_off()

    light, dark = light_and_dark(draw)
    assert (lightness(light[60:-60, 60:-60]) < 40).any()
    assert (light == dark)[60:-60, 60:-60].all()


@pytest.mark.browser
@pytest.mark.parametrize(("name", "count"), [("notebooks/14_seeing_attention", 4), ("book/status", 1)])
def test_a_plot_follows_the_page_and_is_seen_and_read_once(site, name, count):
    with serve(site) as address, open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{address}{name}.html", wait_until="load")
        figures = page.locator("figure:has(> img.s2s-light)")
        assert figures.count() >= count
        for theme, is_right in (("light", lambda edge: edge > 230), ("dark", lambda edge: edge < 60)):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            for figure in figures.all():
                if not figure.is_visible():  # inside a solution
                    continue
                shown = figure.locator("> img:visible")
                assert shown.count() == 1
                assert figure.get_by_role("img").count() == 1
                assert figure.locator("figcaption").is_visible()
                assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
                picture = np.asarray(Image.open(BytesIO(shown.screenshot())).convert("RGB")).astype(int)
                assert is_right(lightness(picture[8:-8, 8:12]).mean()), theme
        page.emulate_media(media="print")
        assert page.locator("img.s2s-dark:visible").count() == 0
        assert figures.first.locator("img.s2s-light").is_visible()
