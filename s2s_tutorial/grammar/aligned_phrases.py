"""Aligned phrases: one synchronous rule writes the French words, the English words and the links between them.

An ordinary grammar rewrites a symbol into a string. A synchronous grammar rewrites it into *two* strings at once, and
the symbols of one side are paired with those of the other. Aho and Ullman (1969) studied such pairs of grammars as
syntax-directed translation; Chiang (2007) made them the core of a translation system. Noun phrases show the idea::

    NP → ⟨ D N A , D A N ⟩      « le chat noir » / "the black cat"

D, N and A occur on both sides, in a different order. When A is rewritten as ⟨ noir, black ⟩, both sides grow together.
Two words are linked because one rule wrote them both, so the word alignment is exact and does not have to be estimated.

Phrases are built with three notations:

- `pair("au marché", "at_the market")` is a leaf. The first French unit corresponds to the first English unit, and so
  on; words joined by `_` are one unit, so "at" and "the" are both linked to « au ». With a third argument, the links
  may have any order: `pair("a b", "B A", "0-1 1-0")`.
- `compose("D N A", "D A N", {...})` is a rule: two orders of the same symbols. A symbol may be absent on one side.
- `compose(..., "F-X")` also links the French words of the symbol F to the English words of the symbol X.

A word that ends in `'` or `-` is written together with the next word, and one that starts with `'` with the word before
it: `l' eau` becomes "l'eau", `I 'm` becomes "I'm".
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

Link = tuple[int, int]

# Grammatical phenomena that a sentence can contain; the position in `_BITS` is the bit in `Phrase.marks`.
# In both source languages, with French examples:
SHARED = (
    "present",  # elle mange souvent / she often eats
    "progressive",  # elle mange / she is eating
    "modal",  # vouloir, pouvoir or devoir with an infinitive
    "negation",  # ne … pas, jamais, plus
    "question_word",  # où, quand, pourquoi, comment
    "reflexive",  # elle se lève / she gets up
    "possessive",  # son frère / her brother, le frère de Paul / Paul's brother
    "demonstrative",  # cet homme / this man
    "number",  # trois livres / three books
    "quantity",  # beaucoup de, plusieurs, quelques, tous les
    "time",  # hier soir / last night
    "place",  # à la plage / at the beach
    "contraction",  # au, aux, du
    "idiom_age",  # avoir dix ans / be ten years old
    "weather",  # il fait froid / it is cold
    "state",  # être with an adjective or a profession
    "coordination",  # et, mais, puis
    "subordinate",  # quand, parce que, si, que
    "relative",  # qui, que
)
FRENCH = (
    "near_future",  # elle va manger / she is going to eat
    "passe_compose",  # elle a mangé / she ate
    "etre_auxiliary",  # elle est partie / she left
    "question_est_ce_que",  # est-ce qu'elle mange ? / is she eating?
    "question_inversion",  # mange-t-elle ? / is she eating?
    "question_intonation",  # elle mange ? / is she eating?
    "adjective_before",  # une petite maison / a small house
    "adjective_after",  # une robe rouge / a red dress
    "clitic",  # je la vois / I see her
    "participle_agreement",  # with a preceding object: je les ai vues
    "partitive",  # du pain / some bread
    "elision",  # l'eau, n'a, qu'il
    "idiom_avoir",  # avoir faim / be hungry
    "idiom_il_y_a",  # il y a / there is, ago
)
GERMAN = (
    "future",  # sie wird essen, morgen isst sie / she will eat
    "perfect",  # sie hat gegessen / she ate
    "preterite",  # sie musste gehen / she had to go
    "sein_auxiliary",  # sie ist gegangen / she went
    "separable",  # sie steht auf / she gets up
    "verb_second",  # gestern hat sie gelesen: another part before the verb than the subject
    "verb_last",  # weil sie müde ist
    "question_yes_no",  # schläft sie? / is she sleeping?
    "adjective",  # ein kleiner Hund / a small dog
    "accusative",  # den Hund
    "dative",  # dem Hund
    "object_pronoun",  # ich sehe ihn / I see him
    "idiom_haben",  # Hunger haben / be hungry
    "idiom_dative",  # mir ist kalt / I'm cold
    "existence",  # im Garten ist ein Hund / there is a dog in the garden
)
PHENOMENA = {"fr": SHARED + FRENCH, "de": SHARED + GERMAN}
_BITS = {name: 1 << bit for bit, name in enumerate(SHARED + FRENCH + GERMAN)}


def mark(*names: str) -> int:
    """Return one number with the bits of all the named phenomena set.

    Raises:
        KeyError: If a name is not in `PHENOMENA`.
    """
    return sum(_BITS[name] for name in names)


@cache
def phenomena(marks: int) -> frozenset[str]:
    """Return the names of the phenomena whose bits are set in `marks`."""
    return frozenset(name for name, bit in _BITS.items() if marks & bit)


class Phrase(NamedTuple):
    """A phrase of the source language, its English translation and the links between their words.

    Attributes:
        source: French or German words; each is exactly one token after normalising.
        english: English words; each is exactly one token after normalising.
        links: Pairs of (position in `source`, position in `english`), both from 0.
        marks: Phenomena that the phrase contains, one bit each (see `PHENOMENA`).
    """

    source: tuple[str, ...]
    english: tuple[str, ...]
    links: tuple[Link, ...]
    marks: int = 0


EMPTY = Phrase((), (), ())


def _units(text: str) -> tuple[tuple[str, ...], list[range]]:
    """Return the words of one side, and for each unit the positions of its words."""
    words: list[str] = []
    spans = []
    for unit in text.split():
        start = len(words)
        words.extend(unit.split("_"))
        spans.append(range(start, len(words)))
    return tuple(words), spans


def pair(source: str, english: str, links: str | None = None, *, marks: int = 0) -> Phrase:
    """Return a leaf: the words of both sides, linked unit by unit.

    Args:
        source: Source units separated by spaces; the words of one unit are joined by `_`.
        english: English units, written in the same way.
        links: "0-1 1-0" links source unit 0 with English unit 1 and unit 1 with unit 0; None links the units in order.
        marks: Phenomena, one bit each.

    Raises:
        ValueError: If no links are given and the two sides differ in their number of units.
    """
    source_words, source_spans = _units(source)
    english_words, english_spans = _units(english)
    if links is None:
        if len(source_spans) != len(english_spans):
            raise ValueError(
                f"{source!r} has {len(source_spans)} units and {english!r} has {len(english_spans)}: "
                "join words with _ or give links"
            )
        unit_links = [(unit, unit) for unit in range(len(source_spans))]
    else:
        unit_links = [(int(f), int(e)) for f, e in (link.split("-") for link in links.split())]
    word_links = [(i, j) for f, e in unit_links for i in source_spans[f] for j in english_spans[e]]
    return Phrase(source_words, english_words, tuple(word_links), marks)


def leaves(marks: int, *rows: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Return several leaves with the same marks; a row is source, English and, where the order differs, links."""
    return tuple(pair(*row, marks=marks) for row in rows)


def _in_order(symbols: list[str], words_of: dict[str, tuple[str, ...]]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the words of one side in the order of a rule, and the position at which each symbol starts."""
    words: list[str] = []
    starts = {}
    for symbol in symbols:
        if symbol in words_of:
            starts[symbol] = len(words)
            words.extend(words_of[symbol])
    return tuple(words), starts


def compose(source: str, english: str, parts: dict[str, Phrase], extra: str = "") -> Phrase:
    """Return the phrase that a rule makes of its parts, in the order of the source and in the English order.

    Args:
        source: Symbols in the order of the source, "D N A"; a symbol without a part is skipped.
        english: Symbols in English order, "D A N".
        parts: Phrase of each symbol. Where a symbol is missing from one order, that side of its phrase is left out.
        extra: Further links: "F-X" links every source word of F with every English word of X.
    """
    source_words, source_starts = _in_order(source.split(), {symbol: part.source for symbol, part in parts.items()})
    english_words, english_starts = _in_order(english.split(), {symbol: part.english for symbol, part in parts.items()})
    links: list[Link] = []
    marks = 0
    for symbol, part in parts.items():
        marks |= part.marks
        if symbol in source_starts and symbol in english_starts:
            i0, j0 = source_starts[symbol], english_starts[symbol]
            links.extend((i0 + i, j0 + j) for i, j in part.links)
    for link in extra.split():
        f, e = link.split("-")
        if f in source_starts and e in english_starts:
            i0, j0 = source_starts[f], english_starts[e]
            links.extend((i0 + i, j0 + j) for i in range(len(parts[f].source)) for j in range(len(parts[e].english)))
    return Phrase(source_words, english_words, tuple(dict.fromkeys(links)), marks)


class Gapped(NamedTuple):
    """A phrase with a gap for the subject on each side: « est-ce que _ dort », "does _ sleep".

    Attributes:
        phrase: The words of both sides, with one placeholder word for the gap on each side.
        source_gap: Position of the placeholder in the source words.
        english_gap: Position of the placeholder in the English words.
    """

    phrase: Phrase
    source_gap: int
    english_gap: int


class Derivation:
    """A sentence pair under construction, extended from left to right.

    Attributes:
        source: source words so far, before elision.
        english: English words so far.
        links: Links between their positions.
        marks: Phenomena so far, one bit each.
    """

    __slots__ = ("english", "links", "marks", "source")

    def __init__(self) -> None:
        self.source: list[str] = []
        self.english: list[str] = []
        self.links: list[Link] = []
        self.marks = 0

    def add(self, phrase: Phrase) -> None:
        """Append a phrase to both sides."""
        source, english, links, marks = phrase
        i0, j0 = len(self.source), len(self.english)
        self.source += source
        self.english += english
        self.links += [(i0 + i, j0 + j) for i, j in links]
        self.marks |= marks

    def add_around(self, gapped: Gapped, filler: Phrase) -> None:
        """Append a phrase whose gap is filled with `filler`; the words after the gap move by the length of the filler."""
        (source, english, links, marks), source_gap, english_gap = gapped
        inner_source, inner_english, inner_links, inner_marks = filler
        i0, j0 = len(self.source), len(self.english)
        i_after, j_after = i0 + len(inner_source) - 1, j0 + len(inner_english) - 1
        self.source += source[:source_gap] + inner_source + source[source_gap + 1 :]
        self.english += english[:english_gap] + inner_english + english[english_gap + 1 :]
        self.links += [
            ((i_after if i > source_gap else i0) + i, (j_after if j > english_gap else j0) + j) for i, j in links
        ]
        i0 += source_gap
        j0 += english_gap
        self.links += [(i0 + i, j0 + j) for i, j in inner_links]
        self.marks |= marks | inner_marks

    def phrase(self) -> Phrase:
        """Return what has been written so far as one phrase."""
        return Phrase(tuple(self.source), tuple(self.english), tuple(self.links), self.marks)

    def sentences(self) -> tuple[str, str, int]:
        """Return the source sentence, the English sentence and their marks."""
        return _written(self.source), _written(self.english), self.marks


def _written(words: list[str]) -> str:
    """Join words into a sentence, without a space before a mark and beside an apostrophe or a hyphen."""
    text = " ".join(words)
    for spaced, joined in (("' ", "'"), (" '", "'"), ("- ", "-"), (" ,", ","), (" .", "."), (" ?", "?")):
        text = text.replace(spaced, joined)
    return text[0].upper() + text[1:]
