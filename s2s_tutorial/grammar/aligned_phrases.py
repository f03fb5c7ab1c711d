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

from s2s_tutorial.grammar.morphology import starts_with_vowel

Link = tuple[int, int]

# Grammatical phenomena that a sentence can contain; the position in this tuple is the bit in `Phrase.marks`.
PHENOMENA = (
    "present",  # elle mange / she eats
    "progressive",  # elle mange maintenant / she is eating now
    "near_future",  # elle va manger / she is going to eat
    "passe_compose",  # elle a mangé / she ate
    "etre_auxiliary",  # elle est partie / she left
    "modal",  # vouloir, pouvoir or devoir with an infinitive
    "negation",  # ne … pas, jamais, plus
    "question_est_ce_que",  # est-ce qu'elle mange ? / does she eat?
    "question_inversion",  # mange-t-elle ? / does she eat?
    "question_intonation",  # elle mange ? / does she eat?
    "question_word",  # où, quand, pourquoi, comment
    "adjective_before",  # une petite maison / a small house
    "adjective_after",  # une robe rouge / a red dress
    "clitic",  # je la vois / I see her
    "participle_agreement",  # with a preceding object: je les ai vues
    "reflexive",  # elle se lève / she gets up
    "possessive",  # son frère / her brother, le frère de Paul / Paul's brother
    "demonstrative",  # cet homme / this man
    "partitive",  # du pain / some bread
    "number",  # trois livres / three books
    "quantity",  # beaucoup de, plusieurs, quelques, tous les
    "time",  # hier soir / last night
    "place",  # à la plage / at the beach
    "elision",  # l'eau, n'a, qu'il
    "contraction",  # au, aux, du
    "idiom_avoir",  # avoir faim / be hungry
    "idiom_age",  # avoir dix ans / be ten years old
    "idiom_il_y_a",  # il y a / there is, ago
    "weather",  # il fait froid / it is cold
    "state",  # être with an adjective or a profession
    "coordination",  # et, mais, puis
    "subordinate",  # quand, parce que, si, que
    "relative",  # qui, que
)
_BITS = {name: 1 << bit for bit, name in enumerate(PHENOMENA)}


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
    """A French phrase, its English translation and the links between their words.

    Attributes:
        french: French words; each is exactly one token after normalising.
        english: English words; each is exactly one token after normalising.
        links: Pairs of (position in `french`, position in `english`), both from 0.
        marks: Phenomena that the phrase contains, one bit each (see `PHENOMENA`).
    """

    french: tuple[str, ...]
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


def pair(french: str, english: str, links: str | None = None, *, marks: int = 0) -> Phrase:
    """Return a leaf: the words of both sides, linked unit by unit.

    Args:
        french: French units separated by spaces; the words of one unit are joined by `_`.
        english: English units, written in the same way.
        links: "0-1 1-0" links French unit 0 with English unit 1 and unit 1 with unit 0; None links the units in order.
        marks: Phenomena, one bit each.

    Raises:
        ValueError: If no links are given and the two sides differ in their number of units.
    """
    french_words, french_spans = _units(french)
    english_words, english_spans = _units(english)
    if links is None:
        if len(french_spans) != len(english_spans):
            raise ValueError(
                f"{french!r} has {len(french_spans)} units and {english!r} has {len(english_spans)}: "
                "join words with _ or give links"
            )
        unit_links = [(unit, unit) for unit in range(len(french_spans))]
    else:
        unit_links = [(int(f), int(e)) for f, e in (link.split("-") for link in links.split())]
    word_links = [(i, j) for f, e in unit_links for i in french_spans[f] for j in english_spans[e]]
    return Phrase(french_words, english_words, tuple(word_links), marks)


def leaves(marks: int, *rows: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Return several leaves with the same marks; a row is French, English and, where the order differs, links."""
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


def compose(french: str, english: str, parts: dict[str, Phrase], extra: str = "") -> Phrase:
    """Return the phrase that a rule makes of its parts, in the French and in the English order.

    Args:
        french: Symbols in French order, "D N A"; a symbol without a part is skipped.
        english: Symbols in English order, "D A N".
        parts: Phrase of each symbol. Where a symbol is missing from one order, that side of its phrase is left out.
        extra: Further links: "F-X" links every French word of F with every English word of X.
    """
    french_words, french_starts = _in_order(french.split(), {symbol: part.french for symbol, part in parts.items()})
    english_words, english_starts = _in_order(english.split(), {symbol: part.english for symbol, part in parts.items()})
    links: list[Link] = []
    marks = 0
    for symbol, part in parts.items():
        marks |= part.marks
        if symbol in french_starts and symbol in english_starts:
            i0, j0 = french_starts[symbol], english_starts[symbol]
            links.extend((i0 + i, j0 + j) for i, j in part.links)
    for link in extra.split():
        f, e = link.split("-")
        if f in french_starts and e in english_starts:
            i0, j0 = french_starts[f], english_starts[e]
            links.extend((i0 + i, j0 + j) for i in range(len(parts[f].french)) for j in range(len(parts[e].english)))
    return Phrase(french_words, english_words, tuple(dict.fromkeys(links)), marks)


class Gapped(NamedTuple):
    """A phrase with a gap for the subject on each side: « est-ce que _ dort », "does _ sleep".

    Attributes:
        phrase: The words of both sides, with one placeholder word for the gap on each side.
        french_gap: Position of the placeholder in the French words.
        english_gap: Position of the placeholder in the English words.
    """

    phrase: Phrase
    french_gap: int
    english_gap: int


ELIDED = {word: word[:-1] + "'" for word in ("je", "me", "te", "se", "ne", "le", "la", "de", "que", "ce")}
_ELISION = mark("elision")


def elide(french: list[str]) -> bool:
    """Elide short words before a vowel, in place: « je ai » becomes « j'ai », and « si il » becomes « s'il ».

    Returns:
        Whether any word was elided.
    """
    elided = False
    for i in range(len(french) - 1):
        word = french[i]
        if word in ELIDED:
            if starts_with_vowel(french[i + 1]):
                french[i] = ELIDED[word]
                elided = True
        elif word == "si" and french[i + 1] in ("il", "ils"):
            french[i] = "s'"
            elided = True
    return elided


class Derivation:
    """A sentence pair under construction, extended from left to right.

    Attributes:
        french: French words so far, before elision.
        english: English words so far.
        links: Links between their positions.
        marks: Phenomena so far, one bit each.
    """

    __slots__ = ("english", "french", "links", "marks")

    def __init__(self) -> None:
        self.french: list[str] = []
        self.english: list[str] = []
        self.links: list[Link] = []
        self.marks = 0

    def add(self, phrase: Phrase) -> None:
        """Append a phrase to both sides."""
        french, english, links, marks = phrase
        i0, j0 = len(self.french), len(self.english)
        self.french += french
        self.english += english
        self.links += [(i0 + i, j0 + j) for i, j in links]
        self.marks |= marks

    def add_around(self, gapped: Gapped, filler: Phrase) -> None:
        """Append a phrase whose gap is filled with `filler`; the words after the gap move by the length of the filler."""
        (french, english, links, marks), french_gap, english_gap = gapped
        inner_french, inner_english, inner_links, inner_marks = filler
        i0, j0 = len(self.french), len(self.english)
        i_after, j_after = i0 + len(inner_french) - 1, j0 + len(inner_english) - 1
        self.french += french[:french_gap] + inner_french + french[french_gap + 1 :]
        self.english += english[:english_gap] + inner_english + english[english_gap + 1 :]
        self.links += [
            ((i_after if i > french_gap else i0) + i, (j_after if j > english_gap else j0) + j) for i, j in links
        ]
        i0 += french_gap
        j0 += english_gap
        self.links += [(i0 + i, j0 + j) for i, j in inner_links]
        self.marks |= marks | inner_marks

    def sentences(self) -> tuple[str, str, int]:
        """Return the French sentence, the English sentence and their marks; elides the French words in place."""
        if elide(self.french):
            self.marks |= _ELISION
        french = " ".join(self.french).replace("' ", "'").replace("- ", "-").replace(" ,", ",").replace(" .", ".")
        english = " ".join(self.english).replace(" '", "'").replace("- ", "-").replace(" ,", ",").replace(" .", ".")
        english = english.replace(" ?", "?")  # French has a space before a question mark
        return french[0].upper() + french[1:], english[0].upper() + english[1:], self.marks
