"""Noun phrases and subjects chosen at random."""

from __future__ import annotations

import random

from s2s_tutorial.grammar.aligned_phrases import Phrase, pair
from s2s_tutorial.grammar.choices import Choices
from s2s_tutorial.grammar.german.adverbials import SMALL_NUMBERS
from s2s_tutorial.grammar.german.lexicon import NAMES, NOUNS, Adjective, Noun
from s2s_tutorial.grammar.german.morphology import NOMINATIVE
from s2s_tutorial.grammar.german.phrases import ER, SIE, SIE_ALL, Agreement, Subject, determiner, genitive, noun_phrase
from s2s_tutorial.grammar.german.word_groups import (
    ADJECTIVES,
    COLOURS,
    NAMED_PEOPLE,
    PEOPLE,
    PRONOUN_SUBJECTS,
    RELATIVES,
)

# Weights of the determiners, in percent: of mass nouns, of count nouns after verbs with the flags "the" and "own", of others
MASS_DETERMINERS = {"": 70, "the": 20, "this": 10}
DEFINITE_DETERMINERS = {"the": 65, "this": 17, "all": 18}
OWN_DETERMINERS = {"owner": 70, "the": 20, "this": 10}
COUNT_DETERMINERS = {"a": 38, "the": 20, "number": 15, "a few": 5, "many": 5, "this": 7, "owner": 10}


def pronoun_for(subject: Subject) -> Subject:
    """Return the pronoun for a subject mentioned before: "sie" for "Anna"; a pronoun is returned unchanged."""
    agreement = subject.agreement
    if agreement.pronoun:
        return subject
    return SIE_ALL if agreement.person == 5 else {"m": ER, "f": SIE}[agreement.gender]


class RandomPhrases(Choices):
    """Random choice of the noun phrases of one sentence. Each method returns a phrase and writes nothing.

    Args:
        rng: Generator of the random numbers.
    """

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self._mentioned: Subject | None = None  # the last name, which is not chosen again

    def named_person(self) -> Subject:
        """Return a name other than the one just mentioned."""
        person = self.choose([other for other in NAMED_PEOPLE if other is not self._mentioned])
        self._mentioned = person
        return person

    def subject(self, pronoun: float = 0.55, *, neuter: bool = True) -> Subject:
        """Return a pronoun or a person as subject; without `neuter`, one that "er" or "sie" can replace."""
        return self.choose(PRONOUN_SUBJECTS) if self.chance(pronoun) else self.person(neuter=neuter)

    def person(self, *, neuter: bool = True) -> Subject:
        """Return one or more people as subject: "Paul", "meine Schwester", "Annas Bruder", "diese Kinder"."""
        kind = self.weighted({"name": 45, "kin": 25, "relative of a name": 10, "people": 20})
        if kind == "name":
            return self.named_person()
        plural = False
        if kind == "kin":
            noun = self.choose(RELATIVES)
            plural = noun.kind == "relation" and self.chance(0.25)
            owner = self.weighted({"my": 2, "our": 1, "your": 1, "your_all": 1})
            phrase = noun_phrase(noun, owner, NOMINATIVE, plural)
        elif kind == "relative of a name":
            noun = self.choose(RELATIVES)
            phrase = genitive(noun, self.named_person().phrase.source[0], NOMINATIVE)
        else:
            noun, plural = self.choose(PEOPLE), self.chance(0.5)
            if not neuter:
                plural = plural or noun.gender == "n"
            adjectives = (self.choose(ADJECTIVES[noun.kind]),) if self.chance(0.3) else ()
            phrase = noun_phrase(noun, "this" if self.chance(0.3) else "the", NOMINATIVE, plural, adjectives)
        return Subject(phrase, Agreement(5 if plural else 2, noun.gender, False))

    def adjectives(self, kind: str, probability: float = 0.4) -> tuple[Adjective, ...]:
        """Return at most two adjectives for a kind of noun; the second of two is a colour."""
        if not ADJECTIVES[kind] or not self.chance(probability):
            return ()
        first = self.choose(ADJECTIVES[kind])
        colours = [word for word in ADJECTIVES[kind] if word.english in COLOURS]
        if first.english in ("small", "big", "new", "old", "beautiful", "expensive") and colours and self.chance(0.25):
            return first, self.choose(colours)
        return (first,)

    def relative(self, case: str, owner: str) -> Phrase:
        """Return a relative, friend or neighbor of the subject, or a name."""
        if self.chance(0.25):
            return self.named_person().phrase
        noun = self.choose(RELATIVES)
        plural = noun.kind == "relation" and self.chance(0.2)
        name = owner if self.chance(0.75) else self.choose(("my", "our", "your"))
        return noun_phrase(noun, name, case, plural)

    def object(
        self, kind: str, case: str, owner: str, flags: frozenset[str], negative: bool = False, finished: bool = True
    ) -> dict[str, Phrase]:
        """Return a noun phrase as the object of a verb: O, or I if it is indefinite, and "kein" as a part K of its own.

        Args:
            kind: Kind of noun, a key of `NOUNS`.
            case: Case that the verb governs.
            owner: Possessive determiner of the subject.
            flags: Flags of the verb (see `lexicon.VERB_TABLE`).
            negative: Whether the clause is negated.
            finished: Whether the clause is in the past. Only then may there be many.
        """
        if kind in ("relation", "parent"):
            return {"O": self.relative(case, owner)}
        noun = self.choose(NOUNS[kind])
        plural, name = False, ""
        if "generic" in flags:
            plural = not noun.mass
            adjectives: tuple[Adjective, ...] = ()
        elif noun.mass:
            name = self.weighted(MASS_DETERMINERS)
            adjectives = self.adjectives(kind, 0.25)
        else:
            name, plural = self._count_determiner(noun, flags, finished)
            adjectives = self.adjectives(kind)
        name = owner if name == "owner" else name
        if negative and name == "all":
            name = "the"  # "nicht alle" and "alle … nicht" differ
        if not negative or (name not in ("", "a", "a few", "many") and " " not in name):
            definite = name in ("the", "this", "all", owner)
            return {"O" if definite else "I": noun_phrase(noun, name, case, plural, adjectives)}
        return self.with_kein(noun, case, plural, adjectives, generic="generic" in flags)

    def _count_determiner(self, noun: Noun, flags: frozenset[str], finished: bool) -> tuple[str, bool]:
        """Return the determiner of a count noun, and whether it is plural."""
        weights = OWN_DETERMINERS if "own" in flags else COUNT_DETERMINERS
        if "the" in flags or noun.kind in ("person", "child"):
            weights = DEFINITE_DETERMINERS
        name = self.weighted(weights)
        plural = self.chance(0.4) and "one" not in flags and noun.kind not in ("building", "transport")
        if "own" in flags:
            plural = plural and noun.kind == "key"
        if name in ("number", "a few", "many", "all"):
            if not plural or (name == "many" and not finished):
                name = "the" if name == "all" else "a"
            elif name == "number":
                name = self.choose(SMALL_NUMBERS)
        if name == "owner" and noun.kind in ("person", "child"):
            name = "this"
        return name, plural

    @staticmethod
    def with_kein(
        noun: Noun, case: str, plural: bool, adjectives: tuple[Adjective, ...], generic: bool
    ) -> dict[str, Phrase]:
        """Return "kein" as K and the rest of the noun phrase as I; English has "a", "any" or, for `generic`, no article."""
        whole = noun_phrase(noun, "no", case, plural, adjectives)
        rest = Phrase(
            whole.source[1:], whole.english[1:], tuple((i - 1, j - 1) for i, j in whole.links if i and j), whole.marks
        )
        kein = determiner("no", case, noun.agreement(plural))[0]
        return {"K": pair(kein.source[0], "", "") if generic else kein._replace(english=whole.english[:1]), "I": rest}

    def small_number(self) -> str:
        """Return a number from two to nine in both languages: "zwei two"."""
        return self.choose(SMALL_NUMBERS)

    def possession(self, noun: Noun, case: str) -> Phrase:
        """Return a thing with a name as its possessor: "Pauls Auto"."""
        return genitive(noun, self.choose(NAMES)[0], case)
