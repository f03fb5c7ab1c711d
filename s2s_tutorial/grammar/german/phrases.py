"""Noun phrases and pronouns: determiners, adjectives with their endings, subjects and object pronouns.

Each function maps grammatical choices (which noun, determiner, case, number) to an aligned phrase. Nothing here is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from s2s_tutorial.grammar.aligned_phrases import Phrase, compose, mark, pair
from s2s_tutorial.grammar.german.lexicon import Adjective, Noun
from s2s_tutorial.grammar.german.morphology import (
    ACCUSATIVE,
    DATIVE,
    DEFINITE_ARTICLE,
    MIXED,
    MIXED_DETERMINER,
    NOMINATIVE,
    STRONG,
    WEAK,
    adjective_stem,
    ending,
)

# German stem and English determiner of the possessives, by the person that owns
POSSESSIVES = {
    "my": ("mein", "my"),
    "your": ("dein", "your"),
    "his": ("sein", "his"),
    "her": ("ihr", "her"),
    "our": ("unser", "our"),
    "your_all": ("euer", "your"),
    "their": ("ihr", "their"),
}
# Determiners with the endings of "dieser", and English singular and plural
LIKE_DIESER = {"this": ("dies", "this", "these"), "which": ("welch", "which", "which")}
# Determiners of plurals: without endings of their own, as "all" has, and with strong adjectives after them
QUANTITIES = {"all": ("alle", "all_the"), "many": ("viele", "many"), "a few": ("einige", "a_few")}
_CASE_MARKS = {NOMINATIVE: 0, ACCUSATIVE: mark("accusative"), DATIVE: mark("dative")}


def determiner(name: str, case: str, agreement: str) -> tuple[Phrase, dict[str, str]]:
    """Return a determiner and the table of the adjective endings after it.

    Args:
        name: "the", "a", "no", a key of `POSSESSIVES`, `LIKE_DIESER` or `QUANTITIES`, a number in both languages ("zwei
            two"), or "" for none. "a" in the plural is none as well.
        case: Case of the noun phrase.
        agreement: Gender of the noun, or "p" for the plural.
    """
    plural = agreement == "p"
    german, english, marks, endings = "", "", 0, STRONG
    if name == "the":
        german, english, endings = ending(DEFINITE_ARTICLE, case, agreement), "the", WEAK
    elif name == "no" or (name == "a" and not plural):
        german = ("k" if name == "no" else "") + "ein" + ending(MIXED_DETERMINER, case, agreement)
        english, endings = "any" if plural else "a", MIXED
    elif name in POSSESSIVES:
        stem, english = POSSESSIVES[name]
        end = ending(MIXED_DETERMINER, case, agreement)
        german, marks, endings = ("eur" if stem == "euer" and end else stem) + end, mark("possessive"), MIXED
    elif name in LIKE_DIESER:
        stem, *english_forms = LIKE_DIESER[name]
        german, english, endings = stem + ending(STRONG, case, agreement), english_forms[plural], WEAK
        marks = mark("demonstrative" if name == "this" else "question_word")
    elif name in QUANTITIES:
        german, english = QUANTITIES[name]
        german, marks = german + ("n" if case == DATIVE else ""), mark("quantity")
        endings = WEAK if name == "all" else STRONG
    elif name not in ("", "a"):
        (german, english), marks = name.split(), mark("number")
    return pair(german, english, marks=marks), endings


def a_or_an(phrase: Phrase) -> Phrase:
    """Return the phrase with "an" instead of "a" if its next English word begins with a vowel."""
    english = phrase.english
    if english[:1] == ("a",) and english[1][0] in "aeiou":
        return phrase._replace(english=("an", *english[1:]))
    return phrase


@lru_cache(maxsize=1 << 16)
def noun_phrase(
    noun: Noun, name: str, case: str, plural: bool = False, adjectives: tuple[Adjective, ...] = ()
) -> Phrase:
    """Return a determiner, adjectives and a noun: "einen kleinen roten Apfel", "a small red apple".

    Args:
        noun: Head of the phrase.
        name: Determiner, as for `determiner`.
        case: Case of the phrase.
        plural: Whether the phrase is plural.
        adjectives: Adjectives before the noun, in the same order in both languages.
    """
    agreement = noun.agreement(plural)
    article, endings = determiner(name, case, agreement)
    parts = {"D": article, "N": pair(noun.form(case, plural), noun.english[plural])}
    for symbol, adjective in zip("AB", adjectives, strict=False):
        german = adjective_stem(adjective.german) + ending(endings, case, agreement)
        parts[symbol] = pair(german, adjective.english, marks=mark("adjective"))
    phrase = a_or_an(compose("D A B N", "D A B N", parts))
    if name == "no" and noun.mass:
        phrase = phrase._replace(english=("any", *phrase.english[1:]))
    return phrase._replace(marks=phrase.marks | _CASE_MARKS[case])


@lru_cache(maxsize=1 << 12)
def genitive(noun: Noun, owner: str, case: str) -> Phrase:
    """Return a noun with its possessor: "Pauls Auto", "Paul's car"; the German words do not depend on the case."""
    owner_phrase = pair(f"{owner}s", f"{owner}_'s", marks=mark("possessive"))
    return compose("O N", "O N", {"O": owner_phrase, "N": pair(noun.form(case, False), noun.english[0])})


# --------------------------------------------------------------------------------------------------------- subjects


@dataclass(frozen=True, eq=False, slots=True)
class Agreement:
    """The grammatical features of a subject, with which its verb agrees.

    Attributes:
        person: 0 to 5: ich, du, er/sie/es, wir, ihr, sie.
        gender: "m", "f" or "n".
        pronoun: Whether the subject is a pronoun. English contracts "be" and "will" after it ("she's"), not after a noun.
    """

    person: int
    gender: str
    pronoun: bool

    @property
    def owner(self) -> str:
        """Return the possessive determiner that refers to this subject, a key of `POSSESSIVES`, or "the"."""
        third = {"m": "his", "f": "her", "n": "the"}[self.gender]  # "das Mädchen": "sein" would be "her"
        return ("my", "your", third, "our", "your_all", "their")[self.person]


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """A subject phrase and its grammatical features."""

    phrase: Phrase
    agreement: Agreement


def _pronoun(german: str, english: str, person: int, gender: str = "m") -> Subject:
    """Return a personal pronoun as subject."""
    return Subject(pair(german, english), Agreement(person, gender, True))


ICH, DU, WIR, IHR = (
    _pronoun(german, english, person)
    for german, english, person in (("ich", "I", 0), ("du", "you", 1), ("wir", "we", 3), ("ihr", "you", 4))
)
ER, SIE, SIE_ALL = _pronoun("er", "he", 2), _pronoun("sie", "she", 2, "f"), _pronoun("sie", "they", 5)
IT = _pronoun("es", "it", 2, "n")
THAT_IS = _pronoun("das", "that", 2, "n")  # "Das ist ein Haus."

_OBJECT = mark("object_pronoun")
# Object pronouns with only one English translation, by case and the person meant. "sie" would be "her", "it" or "them".
PERSONAL = {
    ACCUSATIVE: {0: pair("mich", "me"), 1: pair("dich", "you"), 3: pair("uns", "us"), 4: pair("euch", "you")},
    DATIVE: {0: pair("mir", "me"), 1: pair("dir", "you"), 3: pair("uns", "us"), 4: pair("euch", "you")},
}
HIM = {ACCUSATIVE: pair("ihn", "him"), DATIVE: pair("ihm", "him")}
HER, THEM = pair("ihr", "her"), pair("ihnen", "them")  # in the dative
THING = {"m": pair("ihn", "it"), "f": pair("sie", "it"), "n": pair("es", "it"), "p": pair("sie", "them")}
REFLEXIVE = ("mich", "dich", "sich", "uns", "euch", "sich")


def object_pronoun(phrase: Phrase) -> Phrase:
    """Return an object pronoun with its mark."""
    return phrase._replace(marks=_OBJECT)


def relative_pronoun(agreement: str, case: str, english: str) -> Phrase:
    """Return a relative pronoun, which looks like the definite article except in the dative plural."""
    return pair(ending(DEFINITE_ARTICLE, case, agreement), english, marks=mark("relative"))
