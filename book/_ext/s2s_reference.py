"""What the reference pages need: docstrings as readers want them, and tests called by what they hold."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

SEVERAL = re.compile(r"^(\s*)(\w+(?:, \w+)+)(: .*)$")


def part_attributes(app: Sphinx, kind: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Give attributes that a docstring describes together a line each: napoleon does so for arguments alone."""
    inside = False
    parted: list[str] = []
    for line in lines:
        if re.match(r"\w+:$", line):
            inside = line == "Attributes:"
        several = SEVERAL.match(line) if inside else None
        if several:
            parted += [f"{several[1]}{one}{several[3]}" for one in several[2].split(", ")]
        else:
            parted.append(line)
    lines[:] = parted


def drop_bare_bases(app: Sphinx, doctree: nodes.document) -> None:
    """That a class is an object need not be said."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if paragraph.astext() == "Bases: object":
            paragraph.parent.remove(paragraph)


def skip_fields(app: Sphinx, kind: str, name: str, thing: object, skip: bool, options: object) -> bool | None:
    """Leave out the fields of named tuples, which Python describes by their number: the class describes them."""
    return True if str(getattr(thing, "__doc__", "")).startswith("Alias for field number") else None


def shorten_commands(
    app: Sphinx, kind: str, name: str, thing: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    """Of a command, leave out the options with all that the command line says of them: `--help` shows them better."""
    return ("(…)", None) if kind == "function" and name.startswith("s2s_tutorial.cli.") else None


class Test(SphinxRole):
    """A test by what it holds, its name as a sentence, which leads to its file."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the link."""
        file, _, name = self.text.partition("::")
        theme = self.config.html_theme_options
        address = f"{theme['repository_url']}/blob/{theme['repository_branch']}/{file}"
        words = name.removeprefix("test_").replace("_", " ")
        return [nodes.reference(self.rawtext, words, refuri=address, reftitle=self.text)], []


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_role("test", Test())
    app.connect("autodoc-process-docstring", part_attributes, priority=400)  # before napoleon
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-process-signature", shorten_commands)
    app.connect("doctree-read", drop_bare_bases)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
