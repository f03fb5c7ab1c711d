"""Marks in the prose for browsers and screen readers: French words, uses of the glossary's terms, and spaces that do not break.

This book writes French between « and », so the language can be marked automatically. Text with a language of its own stays
unchanged.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

QUOTED = re.compile(r"«[^«»]*»")
# A space at which a line must not end: before a unit, around ±, before the marks of a tokenised sentence.
LOOSE = re.compile(r"(?<=\d) (?=%|[KM]i?B\b|m?s\b)| (?=±)|(?<=±) | (?=[.,?!](?:\W|$))")
MARKS = re.compile(r"[,.;:!?)]+")
NO_PROSE = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment)


class MarkFrench(SphinxTransform):
    """Mark words between « and » as French, so that a screen reader pronounces them as French."""

    default_priority = 600

    def apply(self, **options: object) -> None:
        """Wrap them in all prose, including titles, captions and tables."""
        for element in self.document.findall(nodes.TextElement):
            _join_lines(element)
        for text in list(self.document.findall(nodes.Text)):
            if "«" not in text or isinstance(text.parent, NO_PROSE) or _is_marked(text):
                continue
            parts: list[nodes.Node] = []
            end = 0
            for match in QUOTED.finditer(text):
                # docutils turns a class `language-…` into the attribute `lang`.
                # The quotation marks stay on the line of their word.
                words = match[0].replace("« ", "«\u00a0").replace(" »", "\u00a0»")
                french = nodes.inline("", words, classes=["language-fr"])
                parts += [nodes.Text(text[end : match.start()]), french]
                end = match.end()
            parts.append(nodes.Text(text[end:]))
            text.parent.replace(text, [part for part in parts if part.astext()])


def _join_lines(element: nodes.TextElement) -> None:
    """Join texts that follow one another, because each line of a paragraph is a text of its own."""
    children: list[nodes.Node] = []
    for child in element.children:
        if isinstance(child, nodes.Text) and children and isinstance(children[-1], nodes.Text):
            children[-1] = nodes.Text(children[-1] + child)
        else:
            children.append(child)
    element.children = []
    element.extend(children)


def _is_marked(text: nodes.Text) -> bool:
    before = text.parent.index(text) - 1
    previous = text.parent[before] if before >= 0 else None
    return isinstance(previous, nodes.raw) and "lang=" in previous.rawsource + previous.astext()


class KeepTogether(SphinxTransform):
    """Keep a number and its unit, or a formula and the punctuation after it, on one line."""

    default_priority = 610

    def apply(self, **options: object) -> None:
        """Replace these spaces by no-break spaces, and put a formula and its punctuation into one box."""
        for text in list(self.document.findall(nodes.Text)):
            if isinstance(text.parent, NO_PROSE):
                continue
            whole = LOOSE.sub("\u00a0", text)
            before = text.parent.index(text) - 1
            formula = text.parent[before] if before >= 0 else None
            marks = MARKS.match(whole) if isinstance(formula, nodes.math) else None
            if marks:
                box = nodes.inline("", "", formula.deepcopy(), nodes.Text(marks[0]), classes=["s2s-whole"])
                text.parent.replace(formula, box)
                whole = whole[marks.end() :]
            if whole != text:
                text.parent.replace(text, nodes.Text(whole))


class IndexTerms(SphinxTransform):
    """Add every use of a glossary's term in a chapter to the index, under the chapter's title."""

    default_priority = 700  # before Sphinx collects the index, at 850

    def apply(self, **options: object) -> None:
        """Insert an entry and its target before each use."""
        title = next(self.document.findall(nodes.title), None)
        if title is None or not self.env.docname.startswith("notebooks/"):
            return
        name = "".join(text for text in title.findall(nodes.Text) if not isinstance(text.parent, nodes.raw))
        for number, use in enumerate(list(self.document.findall(addnodes.pending_xref))):
            if (use.get("refdomain"), use.get("reftype")) == ("std", "term"):
                place = f"term-{number}"
                entry = ("single", f"{use['reftarget']}; {name}", place, "", None)
                target = nodes.target("", "", ids=[place])
                self.document.note_explicit_target(target)
                use.parent.replace(use, [addnodes.index(entries=[entry]), target, use])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_transform(MarkFrench)
    app.add_transform(KeepTogether)
    app.add_transform(IndexTerms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
