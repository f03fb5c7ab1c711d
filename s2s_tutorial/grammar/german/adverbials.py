"""Adverbials: phrases of time and place, and the numbers in them, all built once when the module is imported."""

from __future__ import annotations

from s2s_tutorial.grammar.aligned_phrases import Phrase, compose, leaves, mark, pair
from s2s_tutorial.grammar.german import lexicon
from s2s_tutorial.grammar.german.morphology import dative_plural
from s2s_tutorial.grammar.german.verbs import FUTURE, NOW, PAST, PRESENT

TIME, PLACE, COUNTED_TIME = mark("time"), mark("place"), mark("time", "number")

# ---------------------------------------------------------------------------------------------------------- numbers

ONES, TEENS, TENS = lexicon.words(lexicon.ONES), lexicon.words(lexicon.TEENS), lexicon.words(lexicon.TENS)
SMALL_NUMBERS = [" ".join(row) for row in ONES]
CHILD_AGES = [pair(*row) for row in ONES + TEENS]
# "einundzwanzig" is one word, and "twenty-one" two, in the opposite order
ADULT_AGES = [pair(*row) for row in TENS[:5] * 3] + [
    pair(f"{one}und{ten}", f"{english_ten}-_{english_one}")
    for ten, english_ten in TENS[:4]
    for one, english_one in [("ein", "one"), *ONES]
]
OLD_AGES = [pair(*row) for row in TENS[4:]] * 3 + [
    pair(f"{one}und{ten}", f"{english_ten}-_{english_one}")
    for ten, english_ten in TENS[4:]
    for one, english_one in ONES
]

# ------------------------------------------------------------------------------------------------------------- time

UNITS = {"brief": (("Tage", "days"), ("Wochen", "weeks")), "far": (("Monate", "months"), ("Jahre", "years"))}
DAYS = lexicon.words(lexicon.DAYS)


def _ago(number: str, unit: tuple[str, str]) -> Phrase:
    """Return a time before now, with another order in English: "vor zwei Tagen", "two days ago"."""
    parts = {
        "AGO": pair("vor", "ago", marks=COUNTED_TIME | mark("dative")),
        "N": pair(*number.split()),
        "U": pair(dative_plural(unit[0]), unit[1]),
    }
    return compose("AGO N U", "N U AGO", parts)


def _from_now(number: str, unit: tuple[str, str]) -> Phrase:
    """Return a time from now: "in zwei Tagen", "in two days"."""
    german, english = number.split()
    return pair(f"in {german} {dative_plural(unit[0])}", f"in {english} {unit[1]}", marks=COUNTED_TIME | mark("dative"))


AT_OCLOCK = tuple(
    pair(f"um {german} Uhr", f"at {english} o_'clock", marks=COUNTED_TIME) for german, english in ONES[3:] + TEENS[:2]
)
# Adverbials of time by tense. A phrase that occurs several times is chosen more often.
# DAY: for any verb; PART_OF_DAY: for actions that take a while; FAR: for actions that happen rarely
DAY = {
    PAST: leaves(TIME, ("gestern", "yesterday")) * 14
    + tuple(pair(f"letzten {german}", f"last {english}", marks=TIME) for german, english in DAYS)
    + leaves(TIME, ("letzte Woche", "last week")) * 4
    + tuple(_ago(number, unit) for number in SMALL_NUMBERS for unit in UNITS["brief"]),
    FUTURE: leaves(TIME, ("morgen", "tomorrow")) * 12
    + leaves(TIME, ("bald", "soon")) * 4
    + tuple(pair(f"nächsten {german}", f"next {english}", marks=TIME) for german, english in DAYS)
    + leaves(TIME, ("nächste Woche", "next week")) * 4
    + tuple(_from_now(number, unit) for number in SMALL_NUMBERS for unit in UNITS["brief"]),
    PRESENT: leaves(TIME, ("jeden Tag", "every day")) * 6
    + tuple(pair(f"{german.lower()}s", f"on_{english}s", marks=TIME) for german, english in DAYS),
    NOW: leaves(TIME, ("jetzt", "now"), ("gerade", "right_now")),
}
PART_OF_DAY = {
    PAST: leaves(TIME, ("gestern Abend", "last night"), ("heute Morgen", "this morning")),
    FUTURE: leaves(TIME, ("heute_Abend", "tonight"), ("morgen früh", "tomorrow morning")),
    PRESENT: leaves(
        TIME,
        ("jeden Morgen", "every morning"),
        ("jeden Abend", "every night"),
        ("am Abend", "in_the evening"),
        ("am Wochenende", "on weekends"),
    ),
    NOW: (),
}
FAR = {
    PAST: leaves(TIME, ("letzten Monat", "last month"), ("letztes Jahr", "last year")) * 8
    + tuple(_ago(number, unit) for number in SMALL_NUMBERS for unit in UNITS["far"]),
    FUTURE: leaves(TIME, ("nächsten Monat", "next month"), ("nächstes Jahr", "next year")) * 8
    + tuple(_from_now(number, unit) for number in SMALL_NUMBERS for unit in UNITS["far"]),
    PRESENT: (),
    NOW: (),
}
# for modal verbs, about plans of the next days
TODAY_OR_TOMORROW = leaves(TIME, ("morgen", "tomorrow"), ("heute_Abend", "tonight"), ("heute", "today"))
WEATHER_TIMES = {
    PAST: leaves(TIME, ("gestern", "yesterday")) + PART_OF_DAY[PAST],
    FUTURE: leaves(TIME, ("morgen", "tomorrow")) + PART_OF_DAY[FUTURE],
    NOW: (*leaves(TIME, ("heute", "today")), *DAY[NOW]),
}


def times(verb: lexicon.Verb, tense: str) -> tuple[Phrase, ...]:
    """Return the adverbials of time that suit a verb in a tense; those that occur repeatedly are chosen more often."""
    phrases = DAY[tense]
    if "routine" in verb.flags:
        phrases = tuple(phrase for phrase in phrases if not phrase.marks & mark("number"))
    if "brief" not in verb.flags:
        phrases += PART_OF_DAY[tense] * 10
    if "far" in verb.flags:
        phrases += FAR[tense]
    return phrases


TIMES = {tense: {verb: times(verb, tense) for verb in lexicon.VERBS} for tense in DAY}

# ------------------------------------------------------------------------------------------------------------ place


def _place(german: str, english: str) -> Phrase:
    """Return an adverbial of place; an article in ( ) has no English word: "in (der) Schule", "at school"."""
    marks = PLACE | (mark("contraction") if german.split(maxsplit=1)[0] in ("im", "am", "ins", "zum", "aufs") else 0)
    if "(" in german:
        return pair(german.replace("(", "").replace(")", ""), english, "0-0 2-1", marks=marks)
    return pair(german, english, marks=marks)


_PLACES = lexicon.rows(lexicon.PLACE_TABLE)
_AT = {
    kind: tuple(_place(german, english) for german, english, _, _, kinds in _PLACES if kind in kinds.split())
    for kind in ("home", "kitchen", "rest", "outside", "water", "shop", "market", "town", "work", "study", "city")
}
TOWNS = _AT["city"][:4]
TO_TOWNS = tuple(
    _place(to, english) for _, _, to, english, kinds in _PLACES if to.startswith("nach ") and "city" in kinds
)
TO_PLACES = tuple(_place(to, english) for _, _, to, english, kinds in _PLACES if to != "-" and "city" not in kinds)
PLACES = {verb: tuple(place for kind in verb.places for place in _AT[kind]) for verb in lexicon.VERBS}
ANYWHERE = tuple(place for places in _AT.values() for place in places)
# places and the kinds of noun that may be there
SCENES = tuple(
    (_place(german, english), tuple(kinds.split())) for german, english, kinds in lexicon.rows(lexicon.SCENES)
)
