"""Synchronous rules: one derivation, two sentences, and the links between their words.

An ordinary grammar rewrites a symbol into a string. A synchronous grammar rewrites it into *two* strings at once, and
the symbols of one side are paired with those of the other. Aho and Ullman (1969) studied such pairs of grammars as
syntax-directed translation; Chiang (2007) made them the core of a translation system. Noun phrases show the idea::

    NP → ⟨ D N A , D A N ⟩      « le chat noir » / "the black cat"

D, N and A stand on both sides, in a different order. When A becomes ⟨ noir, black ⟩ both sides grow together. The word
alignment needs no guess: two words are linked because one rule wrote them both.

Three notations, used wherever phrases are built:

- `pair("au marché", "at_the market")` is a leaf. Units correspond one by one; words joined by `_` are one unit, so "at"
  and "the" are both linked to « au ». A third argument links units freely: `pair("a b", "B A", "0-1 1-0")`.
- `compose("D N A", "D A N", {...})` is a rule: two orders of the same symbols. A symbol may be absent on one side.
- `compose(..., "F-X")` adds links between symbols: French words of F to English words of X.

A word that ends in `'` or `-` is glued to the next one, one that starts with `'` to the word before: `l' eau`, `I 'm`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .morphology import starts_with_vowel

Link = tuple[int, int]

# What a sentence can show, in the order of their bits.
PHENOMENA = (
    "present",  # elle mange / she eats
    "progressive",  # elle mange maintenant / she is eating now
    "near_future",  # elle va manger / she is going to eat
    "passe_compose",  # elle a mangé / she ate
    "etre_auxiliary",  # elle est partie / she left
    "modal",  # vouloir, pouvoir, devoir and an infinitive
    "negation",  # ne … pas, jamais, plus
    "question_est_ce_que",  # est-ce qu'elle mange ? / does she eat?
    "question_inversion",  # mange-t-elle ? / does she eat?
    "question_intonation",  # elle mange ? / does she eat?
    "question_word",  # où, quand, pourquoi, comment
    "adjective_before",  # une petite maison / a small house
    "adjective_after",  # une robe rouge / a red dress
    "clitic",  # je la vois / I see her
    "participle_agreement",  # with an object before it: je les ai vues
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
    "state",  # être and an adjective or a profession
    "coordination",  # et, mais, puis
    "subordinate",  # quand, parce que, si, que
    "relative",  # qui, que
)
_BITS = {name: 1 << bit for bit, name in enumerate(PHENOMENA)}


def mark(*names: str) -> int:
    """Bits of some phenomena.

    Raises:
        KeyError: a name is not in `PHENOMENA`.
    """
    return sum(_BITS[name] for name in names)


@cache
def phenomena(marks: int) -> frozenset[str]:
    """Names of the phenomena whose bits are set."""
    return frozenset(name for name, bit in _BITS.items() if marks & bit)


class Phrase(NamedTuple):
    """A piece of both sentences.

    Attributes:
        french: words; each is exactly one normalised token.
        english: words; each is exactly one normalised token.
        links: (position in `french`, position in `english`), both from 0.
        marks: phenomena shown, one bit each (see `PHENOMENA`).
    """

    french: tuple[str, ...]
    english: tuple[str, ...]
    links: tuple[Link, ...]
    marks: int = 0


EMPTY = Phrase((), (), ())


def _units(text: str) -> tuple[tuple[str, ...], list[range]]:
    """Words of a side, and the positions of the words of each unit."""
    words, spans = [], []
    for unit in text.split():
        start = len(words)
        words.extend(unit.split("_"))
        spans.append(range(start, len(words)))
    return tuple(words), spans


def pair(french: str, english: str, links: str | None = None, marks: int = 0) -> Phrase:
    """Write a leaf: both sides and which units correspond.

    Args:
        french: units separated by spaces; words of one unit joined by `_`.
        english: likewise.
        links: `"0-1 1-0"` links French unit 0 with English unit 1 and so on; None links them in order.
        marks: phenomena, one bit each.

    Raises:
        ValueError: no links are given and the two sides have a different number of units.
    """
    french_words, french_spans = _units(french)
    english_words, english_spans = _units(english)
    if links is None:
        if len(french_spans) != len(english_spans):
            raise ValueError(f"{french!r} and {english!r} differ in units: join words with _ or give links")
        unit_links = [(unit, unit) for unit in range(len(french_spans))]
    else:
        unit_links = [tuple(map(int, link.split("-"))) for link in links.split()]
    word_links = [(i, j) for f, e in unit_links for i in french_spans[f] for j in english_spans[e]]
    return Phrase(french_words, english_words, tuple(word_links), marks)


def _layout(order: list[str], parts: dict[str, Phrase], side: int) -> tuple[tuple[str, ...], dict[str, int]]:
    """Words of one side (0 French, 1 English) in a rule's order, and where each symbol starts."""
    words, starts = [], {}
    for symbol in order:
        if symbol in parts:
            starts[symbol] = len(words)
            words.extend(parts[symbol][side])
    return tuple(words), starts


def compose(french: str, english: str, parts: dict[str, Phrase], extra: str = "") -> Phrase:
    """Apply a rule: put `parts` in the French order and in the English order.

    Args:
        french: symbols in French order, `"D N A"`; one without a part is skipped.
        english: symbols in English order, `"D A N"`.
        parts: the phrase of each symbol. A symbol missing from one side contributes nothing there.
        extra: more links, `"F-X"`: every French word of F with every English word of X.
    """
    french_words, french_starts = _layout(french.split(), parts, 0)
    english_words, english_starts = _layout(english.split(), parts, 1)
    links, marks = [], 0
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
    """A phrase with a gap on each side, where a subject goes: « est-ce que _ dort », "does _ sleep".

    Attributes:
        phrase: both sides; one word of each stands for the gap.
        french_gap: its position in the French words.
        english_gap: its position in the English words.
    """

    phrase: Phrase
    french_gap: int
    english_gap: int


ELIDED = {word: word[:-1] + "'" for word in ("je", "me", "te", "se", "ne", "le", "la", "de", "que", "ce")}
_ELISION = mark("elision")


def elide(french: list[str]) -> bool:
    """Shorten little words before a vowel, in place: « je ai » becomes « j'ai », « si il » « s'il ».

    Returns:
        Whether anything was shortened.
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
    """Both sides of a sentence while it grows from left to right."""

    __slots__ = ("english", "french", "links", "marks")

    def __init__(self) -> None:
        self.french: list[str] = []
        self.english: list[str] = []
        self.links: list[Link] = []
        self.marks = 0

    def add(self, phrase: Phrase) -> None:
        """Write a phrase at the end of both sides."""
        french, english, links, marks = phrase
        i0, j0 = len(self.french), len(self.english)
        self.french += french
        self.english += english
        self.links += [(i0 + i, j0 + j) for i, j in links]
        self.marks |= marks

    def add_around(self, gapped: Gapped, filler: Phrase) -> None:
        """Write a phrase with a gap, and `filler` in the gap: words after it move by the filler's length."""
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
        """French and English as they are written, and the phenomena they show."""
        if elide(self.french):
            self.marks |= _ELISION
        french = " ".join(self.french).replace("' ", "'").replace("- ", "-").replace(" ,", ",").replace(" .", ".")
        english = " ".join(self.english).replace(" '", "'").replace("- ", "-").replace(" ,", ",").replace(" .", ".")
        english = english.replace(" ?", "?")
        return french[0].upper() + french[1:], english[0].upper() + english[1:], self.marks
