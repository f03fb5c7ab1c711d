"""The front page: the button that leads to the first chapter, and the list of chapters with a line about each.

    ```{s2s-start}
    - To read: {reading}.
    ```

    ```{s2s-chapters}
    notebooks/00_first_translation: What this chapter answers.
    ```

Order, parts and titles of the chapters come from `_toc.yml`. The lines may be in any order, but every chapter needs one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from s2s_book import times_of
from s2s_status import link
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parents[2]
CHAPTERS = "notebooks/"


def parts_of(env: BuildEnvironment) -> Iterator[tuple[str, list[str]]]:
    """Yield the caption and the pages of each part, in the order of `_toc.yml`."""
    for part in env.external_site_map.root.subtrees:
        yield part.caption or "", [str(page) for page in part.items]


def chapters_of(env: BuildEnvironment) -> list[str]:
    """Return the chapters' pages; a chapter's index in this list is its number."""
    return [page for _, pages in parts_of(env) for page in pages if page.startswith(CHAPTERS)]


def lines_of(content: Iterable[str], chapters: list[str]) -> dict[str, str]:
    """Return the line about each chapter.

    Raises:
        ExtensionError: A chapter has no line, or a line has no chapter.
    """
    lines = dict(line.split(": ", maxsplit=1) for line in content if line.strip())
    if wrong := sorted(set(chapters) ^ set(lines)):
        raise ExtensionError(f"{', '.join(wrong)}: a chapter needs an entry in _toc.yml and a line in book/index.md")
    return lines


class start(nodes.container):  # noqa: N801 - docutils makes names of visitors of it
    """The button and the lines beside it. The times in them are filled in when all pages have been read."""


class Start(SphinxDirective):
    """The button that leads to the first chapter, with lines about the time and the programs that the chapter needs.

    `{reading}`, `{running}` and `{python}` in its lines are replaced by the chapter's times and the oldest Python that runs it.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the nodes that replace the directive."""
        first = chapters_of(self.env)[0]
        for name in (f"{first}.ipynb", "pyproject.toml"):
            self.env.note_dependency(str(ROOT / name))
        button = nodes.paragraph("", "", link(first, self.env.docname, "Start with chapter 0"), classes=["s2s-button"])
        box = start("", button, classes=["s2s-start"], page=first)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class Chapters(SphinxDirective):
    """The list of chapters, part by part, with a line about each; other pages as links."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the nodes that replace the directive."""
        chapters = chapters_of(self.env)
        lines = lines_of(self.content, chapters)
        found: list[nodes.Node] = []
        for caption, pages in parts_of(self.env):
            if not caption:
                continue
            found.append(nodes.rubric("", caption, **{"heading-level": 3}))  # not in the page's list of contents
            if rows := [self._row(chapters.index(page), page, lines[page]) for page in pages if page in lines]:
                found.append(nodes.bullet_list("", *rows, classes=["s2s-chapters"]))
            if others := [page for page in pages if page not in lines]:
                links = [node for page in others for node in (nodes.Text(" · "), link(page, self.env.docname))]
                found.append(nodes.paragraph("", "", *links[1:]))
        return found

    def _row(self, number: int, page: str, text: str) -> nodes.list_item:
        title = nodes.paragraph("", "", nodes.inline("", str(number), classes=["s2s-number"]), nodes.Text(" "))
        title += link(page, self.env.docname)
        return nodes.list_item("", title, nodes.paragraph("", text))


def fill_in(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the first chapter's times, and the version of Python, into the lines beside the button."""
    for box in doctree.findall(start):
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        python = re.search(r'^requires-python = ">=([\d.]+)', project, re.MULTILINE)[1]
        reading, running = times_of(app, box["page"])
        for text in list(box.findall(nodes.Text)):
            text.parent.replace(text, nodes.Text(text.format(reading=reading, running=running, python=python)))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_node(start, html=(HTML5Translator.visit_container, HTML5Translator.depart_container))
    app.add_directive("s2s-start", Start)
    app.add_directive("s2s-chapters", Chapters)
    app.connect("doctree-resolved", fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
