"""The live translator in the book: its element on a page, and the scripts and models that it loads.

    ```{s2s-live}
    :more: book/translate
    ```

The build puts the models into the site: the two trained ones that come with the package, one for each direction, and the small
ones from `book/live/`. Their titles and notes are made from the scores in the same folders. The page loads the model into
French only when the reader chooses that direction.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from s2s_tutorial.runs.weights import load_translator, pretrained_folder
from s2s_tutorial.settings import ATTENTIONS
from s2s_tutorial.web.export import MANIFEST, export, publish
from s2s_tutorial.web.page import LIVE, VIEW, copy_scripts

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "book" / "live"
PLACE = "_static/live"  # in the site
LARGE = "large"  # the model that the page begins with
LARGE_TO_FRENCH = "large-fr"
STAND_IN = "general"  # the small model that answers while the large one is loading
SMALL_TITLES = {**{name: f"Small, {name}" for name in ATTENTIONS}, "transformer": "Small, Transformer"}
KNOWS = "It has learned short everyday sentences only, and makes more mistakes."


class live(nodes.General, nodes.Element):  # noqa: N801 - docutils makes names of visitors of it
    """The translator's element on a page."""


class Live(SphinxDirective):
    """The live translator. With `more`, it is a small one that leads to the page with all tools."""

    option_spec: ClassVar = {"more": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the node that replaces the directive."""
        return [live(more=self.options.get("more", ""))]


def visit_live(translator: Any, node: live) -> None:
    """Write the element and its script, which does not wait for the page's other scripts."""
    builder = translator.builder
    folder = relative_uri(builder.get_target_uri(builder.current_docname), PLACE)
    more = f' data-more="{builder.get_relative_uri(builder.current_docname, node["more"])}"' if node["more"] else ""
    translator.body.append(
        f'<div class="s2s-live" data-models="{folder}/models/"{more}>'
        "<noscript><p>Here a network translates what you type, inside this page. It needs JavaScript.</p></noscript></div>\n"
        f'<script async fetchpriority="high" src="{folder}/live.js"></script>\n'
    )
    raise nodes.SkipNode


def expect_live(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Let the browser download the files of the first translation before it has read the rest of the page."""
    if doctree is None or app.builder.format != "html" or not any(doctree.findall(live)):
        return
    folder = relative_uri(app.builder.get_target_uri(page), PLACE)
    names = [*loaded_by_page(), f"models/{MANIFEST}", f"models/{STAND_IN}.0.js"]
    for name in names:
        kind = "style" if name.endswith(".css") else "script"
        link = f'<link rel="preload" as="{kind}" fetchpriority="high" href="{folder}/{name}">\n'
        context["metatags"] = context.get("metatags", "") + link


def loaded_by_page() -> list[str]:
    """Return the names of the translator's scripts and styles, those that are needed first at the beginning."""
    return ["live.js", *VIEW, *sorted(path.name for path in LIVE.iterdir() if path.name != "live.js")]


def skip_live(translator: Any, node: live) -> None:
    """Leave the translator out of formats that cannot run scripts."""
    raise nodes.SkipNode


def write_models(folder: Path) -> int:
    """Write the book's models for the page, the one that it begins with first.

    Returns:
        Bytes, before base64, of the models that translate from French: those of the page unless the reader turns it round.
    """
    size = write_large(folder, LARGE, "en", "Large, general", stand_in=STAND_IN, stand_in_note=KNOWS)
    scores = json.loads((SMALL / "scores.json").read_text(encoding="utf-8"))
    for name, title in SMALL_TITLES.items():
        path, own = SMALL / f"{name}.safetensors", scores[name]
        longest = (own["longest"], "words")
        size += publish(path, folder, title, small_note(own), longest=longest, languages=("fr", "en")).size
    write_large(folder, LARGE_TO_FRENCH, "fr", "Large, into French")
    return size


def write_large(folder: Path, name: str, language: str, title: str, **more: Any) -> int:
    """Write the packaged model that translates into a language; return its size in bytes before base64."""
    translator = load_translator(to=language)
    with TemporaryDirectory() as place:
        exported, *_ = export(translator, Path(place), name).paths
        languages = (translator.src_language, translator.language)
        return publish(exported, folder, title, large_note(language), languages=languages, **more).size


def large_note(language: str) -> str:
    """Return the page's note about the large model that translates into a language."""
    scores = json.loads((pretrained_folder(language) / "scores.json").read_text(encoding="utf-8"))
    return f"Trained on real sentence pairs. {reached(scores['rounding'])}"


def small_note(scores: dict[str, Any]) -> str:
    """Return the page's note about a small model."""
    test = scores["test"]
    error = f", alignment error rate {test['aer']:.2f}" if "aer" in test else ""
    return f"Trained on the built-in corpus. {reached(scores['rounding'])}{error}"


def reached(rounding: dict[str, Any]) -> str:
    """Return the score of a model as the page runs it, and the score before rounding."""
    return (
        f"Held-out BLEU {rounding['rounded_bleu']:.1f} ({rounding['bleu']:.1f} before rounding to 8 bits, "
        f"{rounding['sentences']:,} sentences)"
    )


def put_into_site(app: Sphinx, problem: Exception | None) -> None:
    """Write scripts and models into the folder from which the pages load them."""
    if problem is None and app.builder.format == "html":
        folder = Path(app.outdir) / PLACE
        shutil.rmtree(folder, ignore_errors=True)  # models of an earlier build
        copy_scripts(folder, own=False)
        write_models(folder / "models")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_node(live, html=(visit_live, None), latex=(skip_live, None), text=(skip_live, None))
    app.add_directive("s2s-live", Live)
    app.connect("html-page-context", expect_live)
    app.connect("build-finished", put_into_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
