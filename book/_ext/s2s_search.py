"""Search results for the glossary's terms: the entry itself, and the section in which the book explains the term.

Sphinx ranks headings above all other results. So a term is added to the search index twice, as if it were a heading: in
the glossary, and in a section of the page that the entry links to first. s2s_search.js sets the weights and shows one result
per section.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import docname_join

GLOSSARY = "book/glossary"
START, END = "Search.setIndex(", ")"
AFTERWARDS = ("recap", "exercises", "what-to-read-next")  # sections


class Entry(NamedTuple):
    """An entry of the glossary: terms, the anchor of each, and the page that explains them."""

    anchors: dict[str, str]
    page: str


def glossary_entries(glossary: nodes.document) -> list[Entry]:
    """Read the entries of the glossary's page.

    Raises:
        ValueError: An entry links to no page of the book.
    """
    entries = []
    for item in glossary.findall(nodes.definition_list_item):
        anchors = {term.astext(): term["ids"][0] for term in item.findall(nodes.term)}
        links = [link for link in item.findall(addnodes.pending_xref) if link["reftype"] == "doc"]
        if not links:
            raise ValueError(f"the glossary's entry {next(iter(anchors))!r} links to no page: add {{doc}}`…`")
        entries.append(Entry(anchors, docname_join(GLOSSARY, links[0]["reftarget"])))
    return entries


def home(page: nodes.document, terms: Iterable[str]) -> list[str | None]:
    """Return a list with the anchor of the section that explains a term, or with None for the page as a whole.

    It is the page if its title has a term. Otherwise it is the section with a term in its heading, or else the one that
    has it most often in bold, or else in its text. The list is empty if the page does not mention the term.
    """
    words = "|".join(re.escape(term).replace(r"\ ", "[ -]") for term in terms)
    mention = re.compile(rf"\b({words})(e?s)?\b", re.IGNORECASE)
    for kind in (nodes.title, nodes.strong, nodes.paragraph):
        places = [_anchor(node) for node in page.findall(kind) if mention.search(node.astext())]
        places = [place for place in places if place not in AFTERWARDS and (place or kind is nodes.title)]
        if places:
            return [None if None in places else Counter(places).most_common(1)[0][0]]
    return []


def _anchor(node: nodes.Node) -> str | None:
    """Return the anchor of the innermost section around a node; None if there is only the page."""
    while not isinstance(node, nodes.section | nodes.document):
        node = node.parent
    return str(node["ids"][0]) if isinstance(node.parent, nodes.section) else None


def spellings(term: str) -> list[str]:
    """Return the spellings of a term: singular or plural, with a hyphen or a space, British or American."""
    forms = [term, term.replace("-", " ")]
    british = [re.sub("iz(?=ation|er)", "is", form) for form in forms]
    american = [re.sub("is(?=ation|er)", "iz", form) for form in forms]
    forms += british + american
    return list(dict.fromkeys(forms + [f"{form}s" for form in forms if not form.endswith("s")]))


def enter_terms(app: Sphinx, problem: Exception | None) -> None:
    """Add every term to the site's search index, under a key that Sphinx ignores when it reads the index again."""
    if problem is not None or app.builder.format != "html":
        return
    path = Path(app.outdir, "searchindex.js")
    index = json.loads(path.read_text(encoding="utf-8").removeprefix(START).removesuffix(END))
    number = {page: place for place, page in enumerate(index["docnames"])}
    index["glossary"] = {}
    doctree = cache(app.env.get_doctree)
    for entry in glossary_entries(doctree(GLOSSARY)):
        places = [[number[entry.page], anchor] for anchor in home(doctree(entry.page), entry.anchors)]
        for term, anchor in entry.anchors.items():
            for spelling in spellings(term):
                index["glossary"][spelling] = [[number[GLOSSARY], anchor], *places]
    path.write_text(START + json.dumps(index, ensure_ascii=False, separators=(",", ":")) + END, encoding="utf-8")


def set_scorer(app: Sphinx, config: Any) -> None:
    """Set the script with the weights of the search."""
    config.html_search_scorer = str(Path(__file__).with_suffix(".js"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.connect("config-inited", set_scorer)
    app.connect("build-finished", enter_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
