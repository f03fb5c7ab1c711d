"""The front page: the button that leads to the first chapter, and the list of chapters with a line about each.

    ```{s2s-start}
    What a reader should know.
    ```

    ```{s2s-chapters}
    notebooks/00_first_translation: What this chapter answers.
    ```

Order, parts and titles of the chapters come from `_toc.yml`. The lines may stand in any order, but every chapter needs one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from s2s_book import times_of
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parents[2]
CHAPTERS = "notebooks/"


def parts_of(env: BuildEnvironment) -> Iterator[tuple[str, list[str]]]:
    """Captions and pages of the book's parts, as `_toc.yml` orders them."""
    for part in env.external_site_map.root.subtrees:
        yield part.caption or "", [str(page) for page in part.items]


def chapters_of(env: BuildEnvironment) -> list[str]:
    """The chapters' pages; a chapter's place in this list is its number."""
    return [page for _, pages in parts_of(env) for page in pages if page.startswith(CHAPTERS)]


def link(page: str, origin: str, text: str = "") -> addnodes.pending_xref:
    """A link to a page, under the page's own title where no text is given."""
    options = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{page}", "refdoc": origin}
    return addnodes.pending_xref("", nodes.inline("", text or page), refwarn=True, refexplicit=bool(text), **options)


class times(nodes.General, nodes.Element):  # noqa: N801 - docutils makes names of visitors of it
    """A place for a chapter's times, which are known when all pages have been read."""


class Start(SphinxDirective):
    """The button to begin with, and below it how long that takes and what it needs."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make the nodes."""
        first = chapters_of(self.env)[0]
        self.env.note_dependency(str(ROOT / f"{first}.ipynb"))
        self.env.note_dependency(str(ROOT / "pyproject.toml"))
        button = nodes.paragraph("", "", link(first, self.env.docname, "Start with chapter 0"), classes=["s2s-button"])
        needs = nodes.container(classes=["s2s-needs"])
        needs += times(page=first)
        self.state.nested_parse(self.content, self.content_offset, needs)
        box = nodes.container("", button, needs, classes=["s2s-start"])
        return [box]


class Chapters(SphinxDirective):
    """The list of chapters, part by part, with a line about each; then the links of parts without chapters.

    Raises:
        ExtensionError: A chapter has no line, or a line has no chapter.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make the nodes."""
        lines = dict(line.split(": ", maxsplit=1) for line in self.content if line.strip())
        chapters = chapters_of(self.env)
        if wrong := sorted(set(chapters) ^ set(lines)):
            raise ExtensionError(f"{wrong} needs both: a place in _toc.yml and a line in {self.env.docname}")
        found: list[nodes.Node] = []
        for caption, pages in parts_of(self.env):
            if any(page in lines for page in pages):
                rows = [self._row(chapters.index(page), page, lines[page]) for page in pages]
                found += [nodes.rubric("", caption), nodes.bullet_list("", *rows, classes=["s2s-chapters"])]
            elif caption:
                links = [node for page in pages for node in (nodes.Text(" · "), link(page, self.env.docname))]
                found += [nodes.rubric("", caption), nodes.paragraph("", "", *links[1:])]
        return found

    def _row(self, number: int, page: str, text: str) -> nodes.list_item:
        title = nodes.paragraph("", "", nodes.inline("", str(number), classes=["s2s-number"]), nodes.Text(" "))
        title += link(page, self.env.docname)
        return nodes.list_item("", title, nodes.paragraph("", text))


def fill_times(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the times, and the version of Python that running needs, where a page has a place for them."""
    for place in list(doctree.findall(times)):
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        version = re.search(r'^requires-python = ">=([\d.]+)', project, re.MULTILINE)[1]
        reading, running = times_of(app, place["page"])
        text = f"{reading}, nothing to install. Its code takes {running}, with Python {version} or newer."
        place.replace_self(nodes.paragraph("", text[0].upper() + text[1:]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_node(times)
    app.add_directive("s2s-start", Start)
    app.add_directive("s2s-chapters", Chapters)
    app.connect("doctree-resolved", fill_times)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
