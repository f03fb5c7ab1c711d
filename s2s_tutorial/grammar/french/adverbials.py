"""Adverbials: phrases of time and place, and the numbers in them, all built once when the module is imported."""

from __future__ import annotations

from s2s_tutorial.grammar.aligned_phrases import Phrase, compose, leaves, mark, pair
from s2s_tutorial.grammar.french import lexicon
from s2s_tutorial.grammar.french.verbs import FUTURE, NOW, PAST, PRESENT

TIME, PLACE, CONTRACTED = mark("time"), mark("place"), mark("contraction")
COUNTED_TIME = mark("time", "number")

# ---------------------------------------------------------------------------------------------------------- numbers

ONES, TEENS, TENS = lexicon.words(lexicon.ONES), lexicon.words(lexicon.TEENS), lexicon.words(lexicon.TENS)
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
    """Return an adverbial with the opposite word order in English: « la semaine dernière », "last week"."""
    return pair(french, english, "1-1 2-0" if french.startswith(("la ", "le ")) else "0-1 1-0", marks=TIME)


def _ago(number: str, unit: tuple[str, str]) -> Phrase:
    """Return a time before now: « il y a deux jours », "two days ago"."""
    parts = {
        "AGO": pair("il_y_a", "ago", marks=mark("idiom_il_y_a") | COUNTED_TIME),
        "N": pair(*number.split()),
        "U": pair(*unit),
    }
    return compose("AGO N U", "N U AGO", parts)


def _from_now(number: str, unit: tuple[str, str]) -> Phrase:
    """Return a time from now: « dans deux jours », "in two days"."""
    (french, english), (french_unit, english_unit) = number.split(), unit
    return pair(f"dans {french} {french_unit}", f"in {english} {english_unit}", marks=COUNTED_TIME)


SHORT_UNITS = (("jours", "days"), ("semaines", "weeks"))
LONG_UNITS = (("mois", "months"), ("ans", "years"))
WEEKDAYS = lexicon.words(lexicon.DAYS)
IN_MONTH = tuple(pair(f"en {french}", f"in {english}", marks=TIME) for french, english in lexicon.words(lexicon.MONTHS))
AT_OCLOCK = tuple(
    pair(f"à {french} heures", f"at {english} o_'clock", marks=COUNTED_TIME) for french, english in ONES[1:] + TEENS[:1]
)

# Adverbials of time by tense. A phrase that occurs several times is chosen more often.
# DAY: for any verb; PART_OF_DAY: for actions that take a while; FAR: for actions that happen rarely
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
    + tuple(pair(f"le {french}", f"on {english}s", "0-0 1-1", marks=TIME) for french, english in WEEKDAYS),
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


def times(verb: lexicon.Verb, tense: str) -> tuple[Phrase, ...]:
    """Return the adverbials of time that suit a verb in a tense; those that occur repeatedly are chosen more often."""
    phrases = DAY[tense]
    if "routine" in verb.flags:  # not « elle s'est levée il y a six semaines »
        phrases = tuple(phrase for phrase in phrases if not phrase.marks & mark("number"))
    if "brief" not in verb.flags:
        phrases += PART_OF_DAY[tense] * 10
    if "far" in verb.flags:
        phrases += FAR[tense]
    return phrases


TIMES = {tense: {verb: times(verb, tense) for verb in lexicon.VERBS} for tense in DAY}

# ------------------------------------------------------------------------------------------------------------ place


def _place(french: str, english: str) -> Phrase:
    """Return an adverbial of place: « au marché », "at the market"; (la) has no English article: « à (la) école »."""
    words = french.split()
    marks = PLACE | (CONTRACTED if words[0] == "au" else 0)
    if "(la)" in words:
        return pair(french.replace("(la)", "la"), english, "0-0 2-1", marks=marks)
    return pair(french, english, marks=marks)


def _rows(table: str) -> list[list[str]]:
    """Return the cells of a table, line by line."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


_PLACES = _rows(lexicon.PLACE_TABLE)
_AT = {
    kind: tuple(_place(french, at) for french, at, _, kinds in _PLACES if kind in kinds.split())
    for kind in ("home", "kitchen", "rest", "outside", "water", "shop", "town", "work", "study", "city")
}
PLACES_TO = tuple(_place(french, to) for french, _, to, _ in _PLACES if to != "-")
PLACES = {verb: tuple(place for kind in verb.places for place in _AT[kind]) for verb in lexicon.VERBS}
ANYWHERE = tuple(_place(french, at) for french, at, _, _ in _PLACES)
# places and the kinds of noun that may be there
SCENES = tuple((_place(french, english), tuple(kinds.split())) for french, english, kinds in _rows(lexicon.SCENES))
TOWNS = _AT["city"]
WEATHER_TIMES = {
    PAST: (*leaves(TIME, ("hier", "yesterday")), *PART_OF_DAY[PAST]),
    FUTURE: (*leaves(TIME, ("demain", "tomorrow")), *PART_OF_DAY[FUTURE]),
    NOW: (*DAY[NOW], pair("aujourd'_hui", "today", marks=TIME)),
}
