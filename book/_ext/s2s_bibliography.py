"""Labels of the bibliography: authors and year, as citations in the text print them, such as "[Luong et al., 2015]".

Two works of the same authors and year need different years in references.bib, such as 2015 and 2015b.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle
from s2s_plain import authors
from sphinx.application import Sphinx


class AuthorYearLabels(BaseLabelStyle):
    """Labels made from authors and year."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        """Yield the label of each entry.

        Raises:
            ValueError: Two entries have the same label, so a reader could not tell them apart.
        """
        seen = set()
        for entry in sorted_entries:
            label = f"{authors(entry.persons['author'])}, {entry.fields['year']}"
            if label in seen:
                raise ValueError(f"two works in references.bib are cited as {label!r}: give one a year such as 2015b")
            seen.add(label)
            yield label


class Style(PlainStyle):
    """A list in the order of authors, with these labels."""

    default_label_style = AuthorYearLabels


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the style known by the name that `bibtex_default_style` gives."""
    register_plugin("pybtex.style.formatting", "s2s_author_year", Style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
