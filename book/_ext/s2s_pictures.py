"""The drawings follow the page into the dark.

Every drawing in `book/images` uses the few colours below, written as attributes. The site's copies get a style that
exchanges them where the page is dark: a browser tells a picture the colour scheme of the page that shows it. Where a
browser does not, a drawing stays on the light ground that it brings along.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

LIGHT_TO_DARK = {
    "#fdfdfc": "#1a1f26",  # the ground
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
    """Put the style into every drawing that the site shows, and into its logo."""
    if problem is not None or app.builder.format != "html":
        return
    for path in [*Path(app.outdir, "_images").glob("*.svg"), Path(app.outdir, "_static", "logo.svg")]:
        head, end, body = path.read_text(encoding="utf-8").partition(">")
        if not body.startswith(STYLE):
            path.write_text(head + end + STYLE + body, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.connect("build-finished", darken_drawings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
