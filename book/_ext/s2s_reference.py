"""Additions to the reference pages: shorter signatures, the table of presets, and links to tests."""

from __future__ import annotations

import re
from dataclasses import fields
from enum import Enum
from typing import TypeGuard

from docutils import nodes
from s2s_status import table
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from s2s_tutorial import presets
from s2s_tutorial.presets import PRESETS

UNREADABLE = re.compile(r"(= ?)<(?:[^<>]|<\w+>)*>")  # <factory>, <function Start.<lambda>>
BOUNDED = re.compile(r"~?(?:typing\.)?Annotated\[(\w+), .*?\)\]")  # Annotated[int, Meta(ge=1, le=10)]


def tidy_signature(
    app: Sphinx, kind: str, name: str, thing: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    """Write dots for a default that is not valid Python, which Sphinx cannot format, and omit the bounds of a setting."""
    if signature is None or not (UNREADABLE.search(signature) or BOUNDED.search(signature)):
        return None
    return BOUNDED.sub(r"\1", UNREADABLE.sub(r"\1...", signature)), returns


def hide_call(
    app: Sphinx, kind: str, name: str, thing: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    """Remove the signature of an enumeration, which is the same for every enumeration."""
    return ("", None) if _is_enumeration(thing) else None


def list_values(app: Sphinx, kind: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """List the values of an enumeration."""
    if _is_enumeration(thing):
        lines += [f"One of {', '.join(f'``{member.value}``' for member in thing)}.", ""]


def _is_enumeration(thing: object) -> TypeGuard[type[Enum]]:
    return isinstance(thing, type) and issubclass(thing, Enum)


def drop_bare_bases(app: Sphinx, doctree: nodes.document) -> None:
    """Remove "Bases: object", which is true of every class."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if paragraph.astext() == "Bases: object":
            paragraph.parent.remove(paragraph)


def skip_fields(app: Sphinx, kind: str, name: str, thing: object, skip: bool, options: object) -> bool | None:
    """Skip the fields of named tuples, because the class documents them and Python only gives their numbers."""
    return True if str(getattr(thing, "__doc__", "")).startswith("Alias for field number") else None


def shorten_commands(
    app: Sphinx, kind: str, name: str, thing: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    """Shorten the signature of a command to dots, because `--help` shows its options better."""
    return ("(…)", None) if kind == "function" and name.startswith("s2s_tutorial.cli.commands.") else None


class Presets(SphinxDirective):
    """A table of the presets: a row for each setting that differs between them, a column for each preset.

    The content may name settings; then only these have a row.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the nodes that replace the directive."""
        self.env.note_dependency(presets.__file__)
        rows: list[list[str | nodes.Node]] = []
        wanted = " ".join(self.content).split()
        for part in ("data", "model", "training"):
            parts = [getattr(preset, part) for preset in PRESETS.values()]
            for field in fields(parts[0]):
                values = [_written(getattr(preset, field.name)) for preset in parts]
                if len(set(values)) > 1 and (not wanted or field.name in wanted):
                    rows.append([nodes.literal("", field.name), *values])
        return [table(["setting", *PRESETS], rows)]


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


class Test(SphinxRole):
    """A link to a test's file, with the test's name as a sentence; without the address of a repository, the sentence alone."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the node that replaces the role."""
        file, _, name = self.text.partition("::")
        theme = self.config.html_theme_options
        words = name.removeprefix("test_").replace("_", " ")
        if not theme["repository_url"]:
            return [nodes.inline(self.rawtext, words)], []
        address = f"{theme['repository_url']}/blob/{theme['repository_branch']}/{file}"
        return [nodes.reference(self.rawtext, words, refuri=address, reftitle=self.text)], []


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_role("test", Test())
    app.add_directive("s2s-presets", Presets)
    app.connect("autodoc-process-docstring", list_values)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-process-signature", shorten_commands)
    app.connect("autodoc-process-signature", hide_call)
    app.connect("autodoc-process-signature", tidy_signature)
    app.connect("doctree-read", drop_bare_bases)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
