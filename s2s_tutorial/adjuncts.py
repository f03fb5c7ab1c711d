"""Phrases of time and place, and numbers: leaves and small rules, all built once when the module is imported."""

from __future__ import annotations

from . import lexicon as lex
from .synchronous import Phrase, compose, mark, pair
from .verbs import FUTURE, NOW, PAST, PRESENT

TIME, PLACE, CONTRACTED = mark("time"), mark("place"), mark("contraction")
COUNTED = mark("time", "number")


def leaves(marks: int, *rows: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Several leaves with the same marks; a row is French, English and, where needed, links."""
    return tuple(pair(*row, marks=marks) for row in rows)


# ---------------------------------------------------------------------------------------------------------- numbers

ONES, TEENS, TENS = lex.words(lex.ONES), lex.words(lex.TEENS), lex.words(lex.TENS)
SMALL_NUMBERS = [" ".join(row) for row in ONES[1:]]  # "deux two" to "neuf nine"
CHILD_AGES = [pair(*row) for row in ONES[1:] + TEENS]
ADULT_AGES = [pair(*row) for row in (TEENS[-2:] + TENS) * 3] + [
    pair(f"{ten}- {one}", f"{english_ten}- {english_one}")
    for ten, english_ten in TENS[:-1]
    for one, english_one in ONES[1:]
]
OLD_AGES = [
    pair("soixante", "sixty"),
    pair("soixante-_dix", "seventy"),
    pair("quatre-_vingts", "eighty"),
    pair("quatre-_vingt-_dix", "ninety"),
    *[pair(f"soixante- {one}", f"sixty- {english_one}") for one, english_one in ONES[1:]],
]

# ------------------------------------------------------------------------------------------------------------- time


def _swapped(french: str, english: str) -> Phrase:
    """« la semaine dernière », "last week"; « lundi prochain », "next Monday"."""
    return pair(french, english, "1-1 2-0" if french.startswith(("la ", "le ")) else "0-1 1-0", TIME)


def _ago(number: str, unit: tuple[str, str]) -> Phrase:
    """« il y a deux jours », "two days ago"."""
    parts = {
        "AGO": pair("il_y_a", "ago", marks=mark("idiom_il_y_a") | COUNTED),
        "N": pair(*number.split()),
        "U": pair(*unit),
    }
    return compose("AGO N U", "N U AGO", parts)


def _from_now(number: str, unit: tuple[str, str]) -> Phrase:
    """« dans deux jours », "in two days"."""
    return pair(f"dans {number.split(maxsplit=1)[0]} {unit[0]}", f"in {number.split()[1]} {unit[1]}", marks=COUNTED)


SHORT_UNITS = (("jours", "days"), ("semaines", "weeks"))
LONG_UNITS = (("mois", "months"), ("ans", "years"))
WEEKDAYS = lex.words(lex.DAYS)
IN_MONTH = tuple(pair(f"en {french}", f"in {english}", marks=TIME) for french, english in lex.words(lex.MONTHS))
AT_OCLOCK = tuple(
    pair(f"à {french} heures", f"at {english} o_'clock", marks=COUNTED) for french, english in ONES[1:] + TEENS[:1]
)

# times for any verb, for a part of the day, and for what happens once in a long while
DAY = {
    PAST: leaves(TIME, ("hier", "yesterday")) * 16
    + tuple(_swapped(f"{french} dernier", f"last {english}") for french, english in WEEKDAYS)
    + (_swapped("la semaine dernière", "last week"),) * 4
    + tuple(_ago(number, unit) for number in SMALL_NUMBERS for unit in SHORT_UNITS),
    FUTURE: leaves(TIME, ("demain", "tomorrow")) * 12
    + leaves(TIME, ("bientôt", "soon")) * 4
    + tuple(_swapped(f"{french} prochain", f"next {english}") for french, english in WEEKDAYS)
    + (_swapped("la semaine prochaine", "next week"),) * 4
    + tuple(_from_now(number, unit) for number in SMALL_NUMBERS for unit in SHORT_UNITS),
    PRESENT: leaves(TIME, ("tous_les jours", "every day")) * 6
    + tuple(pair(f"le {french}", f"on {english}s", "0-0 1-1", TIME) for french, english in WEEKDAYS),
    NOW: leaves(TIME, ("maintenant", "now"), ("en ce moment", "right now", "1-0 2-1")),
}
PART_OF_DAY = {
    PAST: leaves(TIME, ("hier soir", "last night"), ("hier matin", "yesterday morning"), ("ce matin", "this morning")),
    FUTURE: leaves(
        TIME, ("demain matin", "tomorrow morning"), ("demain soir", "tomorrow night"), ("ce_soir", "tonight")
    ),
    PRESENT: leaves(
        TIME,
        ("tous_les matins", "every morning"),
        ("tous_les soirs", "every night"),
        ("le matin", "in_the morning"),
        ("le soir", "in_the evening"),
        ("le week-_end", "on weekends"),
    ),
    NOW: (),
}
FAR = {
    PAST: (_swapped("le mois dernier", "last month"), _swapped("la année dernière", "last year")) * 8
    + tuple(_ago(number, unit) for number in SMALL_NUMBERS for unit in LONG_UNITS)
    + IN_MONTH,
    FUTURE: (_swapped("le mois prochain", "next month"), _swapped("la année prochaine", "next year")) * 8
    + tuple(_from_now(number, unit) for number in SMALL_NUMBERS for unit in LONG_UNITS)
    + IN_MONTH,
    PRESENT: IN_MONTH,
    NOW: (),
}


def times(verb: lex.Verb, tense: str) -> tuple[Phrase, ...]:
    """Phrases of time that suit a verb in a tense."""
    phrases = DAY[tense]
    if "routine" in verb.flags:  # not « elle s'est levée il y a six semaines »
        phrases = tuple(phrase for phrase in phrases if not phrase.marks & mark("number"))
    if "brief" not in verb.flags:
        phrases += PART_OF_DAY[tense] * 10
    if "far" in verb.flags:
        phrases += FAR[tense]
    return phrases


TIMES = {tense: {verb: times(verb, tense) for verb in lex.VERBS} for tense in DAY}

TODAY = pair("aujourd'_hui", "today", marks=TIME)

# ------------------------------------------------------------------------------------------------------------ place


def _place(french: str, english: str) -> Phrase:
    """« au marché », "at the market"; « à l'école », "at school", where the article is left out."""
    words = french.split()
    marks = PLACE | (CONTRACTED if words[0] == "au" else 0)
    if "(la)" in words:
        return pair(french.replace("(la)", "la"), english, "0-0 2-1", marks)
    return pair(french, english, marks=marks)


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


_PLACES = _rows(lex.PLACE_TABLE)
_AT = {
    kind: tuple(_place(french, at) for french, at, _, kinds in _PLACES if kind in kinds.split())
    for kind in ["home", "kitchen", "outside", "water", "shop", "town", "work", "city"]
}
PLACES_TO = tuple(_place(french, to) for french, _, to, _ in _PLACES if to != "-")
PLACES = {verb: tuple(place for kind in verb.places for place in _AT[kind]) for verb in lex.VERBS}
ANYWHERE = tuple(_place(french, at) for french, at, _, _ in _PLACES)
SCENES = tuple((_place(french, english), tuple(kinds.split())) for french, english, kinds in _rows(lex.SCENES))
TOWNS = _AT["city"]
SKY_TIMES = {
    PAST: (*leaves(TIME, ("hier", "yesterday")), *PART_OF_DAY[PAST]),
    FUTURE: (*leaves(TIME, ("demain", "tomorrow")), *PART_OF_DAY[FUTURE]),
    NOW: (*DAY[NOW], TODAY),
}
