"""What readers' machines need to know of prose: which words are French, where each term of the glossary is used, and
what stays on one line.

French stands between « and » in this book, so nobody has to mark it by hand. What is already marked, as another language
for instance, stays as it is.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

QUOTED = re.compile(r"«[^«»]*»")
# A space that must not end a line: before a unit, around ±, before the marks of a tokenised sentence.
LOOSE = re.compile(r"(?<=\d) (?=%|[KM]i?B\b|m?s\b)| (?=±)|(?<=±) | (?=[.,?!](?:\W|$))")
MARKS = re.compile(r"[,.;:!?)]+")
NO_PROSE = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment)


class MarkFrench(SphinxTransform):
    """Give words between « and » their language, so that a screen reader says them as French."""

    default_priority = 600

    def apply(self, **options: object) -> None:
        """Wrap them, wherever prose has them: titles, captions and tables too."""
        for text in list(self.document.findall(nodes.Text)):
            if "«" not in text or isinstance(text.parent, NO_PROSE) or _is_marked(text):
                continue
            parts: list[nodes.Node] = []
            end = 0
            for match in QUOTED.finditer(text):
                # docutils turns a class `language-…` into the attribute `lang`.
                # Its marks never stand alone at a line's end.
                words = match[0].replace("« ", "«\u00a0").replace(" »", "\u00a0»")
                french = nodes.inline("", words, classes=["language-fr"])
                parts += [nodes.Text(text[end : match.start()]), french]
                end = match.end()
            parts.append(nodes.Text(text[end:]))
            text.parent.replace(text, [part for part in parts if part.astext()])


def _is_marked(text: nodes.Text) -> bool:
    before = text.parent.index(text) - 1
    previous = text.parent[before] if before >= 0 else None
    return isinstance(previous, nodes.raw) and "lang=" in previous.rawsource + previous.astext()


class KeepTogether(SphinxTransform):
    """Keep a number with its unit, and a formula with the mark behind it, on one line."""

    default_priority = 610

    def apply(self, **options: object) -> None:
        """Make such spaces ones that do not break, and put a formula and its mark into one box."""
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
    """Enter every use of a glossary's term in a chapter into the index, under the chapter's title."""

    default_priority = 700  # before Sphinx collects the index, at 850

    def apply(self, **options: object) -> None:
        """Put an entry and its target before each use."""
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
    """Tell Sphinx."""
    app.add_transform(MarkFrench)
    app.add_transform(KeepTogether)
    app.add_transform(IndexTerms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
