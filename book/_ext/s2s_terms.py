"""A link from the first use of each of the glossary's terms in a chapter to its entry.

Chapters contain plain Markdown, so this is done when the site is built. A few terms are common words as well, such as *value*:
they are linked only where a chapter prints the term alone in bold, as it does where it defines one, or where the author links it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

GLOSSARY = Path(__file__).parents[1] / "glossary.md"
COMMON = {
    "alignment", "candidate", "context", "core", "divergence", "frozen", "gold", "key", "merge", "normalisation",
    "normalising", "packed", "precision", "process", "rank", "recall", "reference", "sampling",
    "schedule", "score", "source", "spread", "state", "target", "thread", "value", "weight", "worker",
}  # fmt: skip
IN_PROSE = (nodes.paragraph, nodes.strong, nodes.emphasis)
NO_PROSE = (nodes.reference, nodes.table, nodes.title, nodes.caption, addnodes.pending_xref)


def read_terms(glossary: str) -> dict[str, int]:
    """Return every term of the glossary's text with the number of its entry; synonyms have the same number."""
    entry, in_definition, terms = 0, False, {}
    for line in glossary.partition("{glossary}")[2].splitlines():
        if line and not line.startswith((" ", ":", "`")):
            entry += in_definition
            in_definition, terms[line] = False, entry
        in_definition |= line.startswith(" ")
    return terms


@cache
def pattern_of(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that finds terms, longest first, also in the plural, at the start of a sentence, or with a line end."""

    def written(term: str) -> str:
        words = re.sub(r"\\?[ -]", r"[\\s-]", re.escape(term))
        return words if term != term.lower() else f"(?i:{words})"

    return re.compile(rf"(?<![\w-])({'|'.join(map(written, sorted(terms, key=len, reverse=True)))})(e?s)?(?![\w-])")


def link_first_uses(document: nodes.document, terms: dict[str, int], page: str) -> None:
    """Replace the first use of each entry's terms by a link, unless the chapter links it there already."""
    spelling = {re.sub(r"[\s-]", " ", term).lower(): term for term in terms}
    linked: set[int] = set()
    for node in list(document.findall()):
        if isinstance(node, addnodes.pending_xref) and node.get("reftype") == "term":
            linked.add(terms.get(node["reftarget"], -1))
        if not isinstance(node, nodes.Text) or not isinstance(node.parent, IN_PROSE) or _is_inside(node, NO_PROSE):
            continue
        parts: list[nodes.Node] = []
        end = 0
        for match in pattern_of(tuple(terms)).finditer(node):
            term = spelling[re.sub(r"[\s-]", " ", match[1]).lower()]
            alone_in_bold = isinstance(node.parent, nodes.strong) and node.parent.astext().strip(".:") == match[0]
            if terms[term] in linked or (term in COMMON and not alone_in_bold):
                continue
            linked.add(terms[term])
            parts += [nodes.Text(node[end : match.start()]), term_link(term, match[0], page)]
            end = match.end()
        if parts:
            node.parent.replace(node, [part for part in (*parts, nodes.Text(node[end:])) if part.astext()])


def term_link(term: str, text: str, page: str) -> addnodes.pending_xref:
    """Return a link to a term's entry, as the role `term` makes it."""
    options = {"refdomain": "std", "reftype": "term", "reftarget": term, "refdoc": page}
    inner = nodes.inline("", text, classes=["xref", "std", "std-term"])
    return addnodes.pending_xref("", inner, refwarn=True, refexplicit=True, **options)


def _is_inside(node: nodes.Node, kinds: tuple[type[nodes.Element], ...]) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


class LinkTerms(SphinxTransform):
    """Link the first use of each term in a chapter."""

    default_priority = 650  # after `s2s_prose` has marked the French words, before it indexes the links

    def apply(self, **options: object) -> None:
        """Link them in chapters; other pages link what they need."""
        if self.env.docname.startswith("notebooks/"):
            self.env.note_dependency(str(GLOSSARY))
            link_first_uses(self.document, read_terms(GLOSSARY.read_text(encoding="utf-8")), self.env.docname)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_transform(LinkTerms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
