"""Dark forms of the book's drawings and plots.

Every drawing in `book/images` uses the few colours below, written as attributes. The site's copies get a style that
replaces them if the page is dark, because a browser passes the page's colour scheme to its pictures. In a browser that does
not, a drawing keeps its light background.

A plot of a notebook or a benchmark is a PNG on white background. A dark page shows a second PNG instead: white becomes the
dark background and black becomes light, while the hues stay. Cells of heat maps keep their colours, because their lightness
is data and must match the colour bar.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from docutils import nodes
from matplotlib import colormaps
from PIL import Image
from PIL.ImageFilter import MaxFilter, MinFilter
from sphinx.application import Sphinx

LIGHT_TO_DARK = {
    "#fdfdfc": "#1a1f26",  # background
    "#fff": "#242a33",  # boxes
    "#f0f1f2": "#2d333b",
    "#d0d7de": "#3d444d",  # edges
    "#1f2328": "#e6edf3",  # text
    "#57606a": "#b0bac5",
    "#8c959f": "#8c959f",
    "#00429d": "#8ab4f8",  # the source
    "#e4ecf8": "#1d3050",
    "#b8560b": "#f2a65e",  # the target
    "#fbeadb": "#472f18",
    "#2a7f62": "#6fcfa5",  # attention
    "#dff1e9": "#17392d",
}
RULES = "".join(
    f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}' for light, dark in LIGHT_TO_DARK.items()
)
STYLE = f"<style>@media (prefers-color-scheme: dark) {{{RULES}}}</style>"


def darken_drawings(app: Sphinx, problem: Exception | None) -> None:
    """Add the style to every drawing of the site, and to its logo."""
    if problem is not None or app.builder.format != "html":
        return
    for path in [*Path(app.outdir, "_images").glob("*.svg"), Path(app.outdir, "_static", "logo.svg")]:
        head, end, body = path.read_text(encoding="utf-8").partition(">")
        if not body.startswith(STYLE):
            path.write_text(head + end + STYLE + body, encoding="utf-8")


# Plots: a dark copy computed from the light one


def _number(colours: np.ndarray) -> np.ndarray:
    """Return each colour (…, 3) as one number, as in #00204d."""
    return colours.astype(int) @ (1 << 16, 1 << 8, 1)


# The colours of heat maps. Matplotlib rounds the colours of a colour bar differently, so each value may differ by one.
CIVIDIS = colormaps["cividis"](np.arange(256), bytes=True)[:, None, :3].astype(int)
HEAT_MAP = _number(CIVIDIS + np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 3))
# Oklab describes a colour by lightness and two axes of hue; distances in it are close to the differences that people see.
TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
TO_OKLAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def _oklab(colours: np.ndarray) -> np.ndarray:
    """Convert screen colours, (N, 3) from 0 to 255, to Oklab."""
    values = colours / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ TO_CONES.T) @ TO_OKLAB.T


def _screen(oklab: np.ndarray) -> np.ndarray:
    """Convert colours in Oklab, (N, 3), to the nearest colours of a screen."""
    linear = ((oklab @ np.linalg.inv(TO_OKLAB).T) ** 3 @ np.linalg.inv(TO_CONES).T).clip(0, 1)
    values = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(values * 255).astype(np.uint8)


GROUND, INK = _oklab(np.array([[0x1A, 0x1F, 0x26], [0xE6, 0xED, 0xF3]]))  # as in the drawings


def darken(light: Image.Image) -> Image.Image:
    """Return the dark form of a plot: light becomes dark and every hue stays. Cells of heat maps are not changed."""
    pixels = np.asarray(light.convert("RGB"))
    colours, places = np.unique(_number(pixels), return_inverse=True)
    places = places.reshape(pixels.shape[:2])
    oklab = _oklab(np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1))
    depth = (1 - oklab[:, :1]).clip(0, 1) ** 0.8  # a little lighter than the exact inverse, for contrast
    dark = GROUND + depth * (INK - GROUND)
    dark[:, 1:] += oklab[:, 1:]
    kept = _heat_maps(np.isin(colours, HEAT_MAP)[places])
    return Image.fromarray(np.where(kept[..., None], pixels, _screen(dark)[places]))


def _heat_maps(cells: np.ndarray) -> np.ndarray:
    """Return which pixels (H, W) belong to heat maps: remove small specks, and include lines and digits in the cells."""
    areas = Image.fromarray(np.uint8(cells * 255))
    for smooth in (MinFilter(3), MaxFilter(3), MaxFilter(9), MinFilter(9)):
        areas = areas.filter(smooth)
    return np.asarray(areas) > 0


def add_dark_plots(app: Sphinx, doctree: nodes.document) -> None:
    """Add the dark form of every plot of a notebook or a benchmark; book.css shows the one that fits the page."""
    for image in list(doctree.findall(nodes.image)):
        path = Path(app.srcdir, image["uri"])
        if path.suffix != ".png" or path.parent.name not in ("jupyter_execute", "benchmarks"):
            continue
        folder = Path(app.doctreedir, "dark_plots")
        folder.mkdir(parents=True, exist_ok=True)
        darken(Image.open(path)).save(folder / f"{path.stem}-dark.png")
        dark = image.deepcopy()
        dark["uri"] = os.path.relpath(folder / f"{path.stem}-dark.png", app.srcdir)
        dark["candidates"], dark["ids"], dark["names"] = {"*": dark["uri"]}, [], []
        image["classes"].append("s2s-light")
        dark["classes"].append("s2s-dark")
        app.env.images.add_file(app.env.docname, dark["uri"])
        image.parent.insert(image.parent.index(image) + 1, dark)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.connect("build-finished", darken_drawings)
    app.connect("doctree-read", add_dark_plots)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
