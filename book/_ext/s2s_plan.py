"""The teacher's plan: a table of weeks, with the times of their chapters.

    ```{s2s-weeks}
    notebooks/00_first_translation notebooks/01_sentences_to_numbers: Text becomes numbers
    ```

Each line is a week: its chapters, and what it is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from s2s_book import minutes_of, running_time
from s2s_front import chapters_of
from s2s_status import link, table
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class minutes(nodes.inline):  # noqa: N801 - docutils makes names of visitors of it
    """A time in the table, which is computed when all pages have been read."""


class Weeks(SphinxDirective):
    """A table of weeks: topic, chapters, minutes to read and to run."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the nodes that replace the directive."""
        rows: list[list[str | nodes.Node]] = []
        known = chapters_of(self.env)
        for number, line in enumerate(self.content, start=1):
            names, _, topic = line.partition(": ")
            pages = names.split()
            if not topic or not set(pages) <= set(known):
                raise ExtensionError(f"week {number} is {line!r}, expected pages of chapters, a colon and a topic")
            chapters = nodes.inline()
            for page in pages:
                chapters += [nodes.Text("; " if chapters.children else ""), link(page, self.env.docname)]
            times = (minutes("", kind, pages=pages, kind=kind) for kind in ("reading", "running"))
            rows.append([str(number), topic, chapters, *times])
        return [table(["week", "topic", "chapters", "to read", "to run"], rows)]


def fill_in(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Replace each time by the sum over the chapters of its week."""
    for place in list(doctree.findall(minutes)):
        compute = minutes_of if place["kind"] == "reading" else running_time
        total = sum(compute(app, chapter) for chapter in place["pages"])
        place.parent.replace(place, nodes.Text(f"{total}\u00a0min"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_directive("s2s-weeks", Weeks)
    app.connect("doctree-resolved", fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
