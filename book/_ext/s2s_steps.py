"""Drawings that the site shows step by step, with a slider.

`book/images/steps.json` has a sentence for each step of a drawing, and an element of the drawing with `data-step="3"` appears in
step 3. The last step is the whole drawing. It is what a notebook shows, what print shows, and what a browser without JavaScript
shows; `steps.js` adds the slider.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from s2s_pictures import LIGHT_TO_DARK

if TYPE_CHECKING:
    from sphinx.application import Sphinx

IMAGES = Path(__file__).parents[1] / "images"
STEPS = IMAGES / "steps.json"
DARK = "".join(
    f'html[data-theme="dark"] .s2s-moving [{kind}="{light}"] {{ {kind}: {dark}; }}\n'
    for light, dark in LIGHT_TO_DARK.items()
    for kind in ("fill", "stroke")
)


def moving_drawing(name: str, steps: list[str]) -> str:
    """Return the HTML of a drawing, of its slider and of a caption for each step.

    Args:
        name: Name of the drawing in `book/images`.
        steps: A sentence or two for each step.

    Raises:
        ValueError: The drawing has elements for other steps than those.
    """
    svg = (IMAGES / f"{name}.svg").read_text(encoding="utf-8").strip()
    found = set(map(int, re.findall(r'data-step="(\d+)"', svg)))
    if found != set(range(1, len(steps) + 1)):
        raise ValueError(f"{name}.svg has the steps {sorted(found)}, but steps.json has {len(steps)} sentences")
    told = "".join(f"<li>{_french(escape(step, quote=False))}</li>" for step in steps)
    last = len(steps)
    slider = f'<input type="range" min="1" max="{last}" value="{last}" aria-label="Step of the drawing">'
    return (
        f'<div class="s2s-moving">{svg}<div class="s2s-slider" hidden>{slider}<span class="s2s-at"></span></div>'
        f'<p class="s2s-step" aria-live="polite" hidden></p><ol hidden>{told}</ol></div>'
    )


def _french(text: str) -> str:
    """Mark words between « and » as French, as `s2s_prose` does."""
    return re.sub(r"«\s(.*?)\s»", '<span lang="fr">«\u00a0\\1\u00a0»</span>', text)


def show_steps(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Replace each drawing that has steps by its moving form, if the output is HTML."""
    if app.builder.format != "html":
        return
    steps = json.loads(STEPS.read_text(encoding="utf-8"))
    for image in list(doctree.findall(nodes.image)):
        path = Path(image["uri"])
        if path.suffix == ".svg" and path.parent.name == IMAGES.name and path.stem in steps:
            app.env.dependencies[page].add(str(STEPS))
            image.parent.replace(image, nodes.raw("", moving_drawing(path.stem, steps[path.stem]), format="html"))


def add_files(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Load script and style on pages with a moving drawing."""
    if 'class="s2s-moving"' in context.get("body", ""):
        app.add_css_file("steps.css")
        app.add_js_file("steps.js", loading_method="defer")


def write_colours(app: Sphinx, problem: Exception | None) -> None:
    """Add the dark colours of the drawings to the site's style sheet for them."""
    path = Path(app.outdir, "_static", "steps.css")
    if problem is None and path.is_file() and DARK not in (text := path.read_text(encoding="utf-8")):
        path.write_text(f"{text}@media screen {{\n{DARK}}}\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.connect("html-page-context", add_files)
    app.connect("doctree-resolved", show_steps)
    app.connect("build-finished", write_colours)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
