"""Noun phrases and subjects chosen at random: « Paul », « ma sœur », « trois petites pommes rouges », « du pain »."""

from __future__ import annotations

import random

from s2s_tutorial.grammar.aligned_phrases import Phrase
from s2s_tutorial.grammar.choices import Choices
from s2s_tutorial.grammar.french.adverbials import SMALL_NUMBERS
from s2s_tutorial.grammar.french.lexicon import NOUNS, Adjective, Noun
from s2s_tutorial.grammar.french.phrases import (
    AFFIRMATIVE,
    INDEFINITE,
    NEGATIVE,
    NOUN_AGREEMENT,
    PARTITIVE,
    Subject,
    genitive,
    noun_phrase,
)
from s2s_tutorial.grammar.french.word_groups import (
    ADJECTIVES_AFTER,
    ADJECTIVES_BEFORE,
    CARRIED,
    COLOURS,
    KIN,
    NAMED_PEOPLE,
    PEOPLE,
    PRONOUN_OF,
    PRONOUN_SUBJECTS,
    RELATIONS,
)

# Weights of the determiners, in percent: of mass nouns, of count nouns after verbs with the
# flags "the" and "own", and of others
MASS_DETERMINERS = {"partitive": 65, "beaucoup": 8, "trop": 7, "le": 10, "ce": 7, "possessive": 3}
DEFINITE_DETERMINERS = {"le": 60, "ce": 15, "tous": 25}
OWN_DETERMINERS = {"possessive": 70, "le": 20, "ce": 10}  # after a verb with the flag "own"
COUNT_DETERMINERS = {"number": 20, "quantity": 15, "indefinite": 25, "le": 20, "ce": 8, "possessive": 12}


def pronoun_for(subject: Subject) -> Subject:
    """Return the pronoun for a subject mentioned before: « elle » for « Marie »; a pronoun is returned unchanged."""
    return PRONOUN_OF.get(subject.agreement, subject)


class RandomPhrases(Choices):
    """Random choice of the noun phrases of one sentence. Each method returns a phrase and writes nothing.

    Args:
        rng: Generator of the random numbers.
    """

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self._mentioned: Phrase | None = None  # the last name, which is not chosen again: no « Paul a vu Paul »

    def named_person(self) -> Subject:
        """Return a name other than the one just mentioned."""
        person = self.choose(NAMED_PEOPLE)
        while person.phrase is self._mentioned:
            person = self.choose(NAMED_PEOPLE)
        return person

    def subject(self) -> Subject:
        """Return a pronoun or a person as subject."""
        return self.choose(PRONOUN_SUBJECTS) if self.chance(0.58) else self.person()

    def person(self) -> Subject:
        """Return one or more people as subject: « Paul », « ma sœur », « le frère de Marie », « ces enfants »."""
        kind = self.weighted({"name": 45, "kin": 25, "relation of a name": 10, "people": 20})
        if kind == "name":
            person = self.named_person()
            self._mentioned = person.phrase
            return person
        if kind == "kin":
            noun = self.choose(KIN)
            plural = noun.kind == "relation" and self.chance(0.25)
            owner = self.weighted({"my": 2, "our": 1, "your": 1, "your_all": 1, "their": 1})
            phrase = noun_phrase(noun, owner, plural)
        elif kind == "relation of a name":
            noun, plural = self.choose(RELATIONS), False
            self._mentioned = self.named_person().phrase
            phrase = genitive(noun, self._mentioned)
        else:
            noun, plural = self.choose(PEOPLE), self.chance(0.5)
            before = self.choose(ADJECTIVES_BEFORE[noun.kind]) if self.chance(0.25) else None
            phrase = noun_phrase(noun, "ce" if self.chance(0.3) else "le", plural, before)
        return Subject(phrase, NOUN_AGREEMENT[noun.gender, plural])

    def adjectives(self, kind: str, probability: float = 0.4) -> tuple[Adjective | None, Adjective | None]:
        """Return up to two adjectives for a kind of noun, one before it and one after it.

        Args:
            kind: Kind of noun, a key of `NOUNS`.
            probability: How likely at least one adjective is, if the kind has some; with 0 there is none.
        """
        number = self.fraction()
        wants_before, wants_after = number < 0.55 * probability, 0.4 * probability < number < probability
        before = self.choose(ADJECTIVES_BEFORE[kind]) if wants_before and ADJECTIVES_BEFORE[kind] else None
        after = self.choose(ADJECTIVES_AFTER[kind]) if wants_after and ADJECTIVES_AFTER[kind] else None
        if before and after and after.english not in COLOURS:
            after = None  # « une petite boîte rouge » is "a small red box", but "an old smart woman" sounds wrong
        return before, after

    def mass_noun(self, noun: Noun, owner: str, polarity: str, finished: bool = True) -> Phrase:
        """Return a phrase with a mass noun: « du pain », « le pain », « beaucoup de pain ».

        Args:
            noun: Mass noun.
            owner: Possessive determiner of the subject, a key of `phrases.DETERMINERS`.
            polarity: `AFFIRMATIVE`, `NEGATIVE` or `INTERROGATIVE`.
            finished: Whether the clause is in the past. « Elle va boire trop de thé » makes little sense.
        """
        name = self.weighted(MASS_DETERMINERS)
        if name == "trop" and not finished:
            name = "beaucoup"
        after = self.choose(ADJECTIVES_AFTER[noun.kind]) if self.chance(0.3) and ADJECTIVES_AFTER[noun.kind] else None
        if name in ("beaucoup", "trop"):
            if polarity != NEGATIVE:
                return noun_phrase(noun, name)
            name = "le"
        name = {"partitive": PARTITIVE[polarity], "possessive": owner}.get(name, name)
        return noun_phrase(noun, name, after=after)

    def count_noun(
        self, noun: Noun, owner: str, polarity: str, flags: frozenset[str], finished: bool = True
    ) -> tuple[Phrase, bool]:
        """Return a phrase with a count noun, and whether it is plural: « une pomme », « trois pommes », « mes pommes ».

        Args:
            noun: Count noun.
            owner: Possessive determiner of the subject, a key of `phrases.DETERMINERS`.
            polarity: `AFFIRMATIVE`, `NEGATIVE` or `INTERROGATIVE`.
            flags: Flags of the verb (see `lexicon.VERB_TABLE`).
            finished: As for `mass_noun`.
        """
        weights = OWN_DETERMINERS if "own" in flags else COUNT_DETERMINERS
        name = self.weighted(DEFINITE_DETERMINERS if "the" in flags else weights)
        before, after = self.adjectives(noun.kind)
        plural = self.chance(0.42) and "one" not in flags and noun.kind not in ("building", "transport")
        if "own" in flags and noun.kind in CARRIED:
            plural = plural and noun.kind == "key"  # « ses clés », but only one phone
        if "the" in flags:
            if noun.kind == "transport" or (name == "tous" and (before or not plural)):
                name = "le"
            elif name == "tous" and noun.gender == "f":
                name = "toutes"
        elif name == "number" and plural and polarity != NEGATIVE:
            name = self.choose(SMALL_NUMBERS)
        elif name == "quantity" and plural and polarity != NEGATIVE:
            name = self.choose(("plusieurs", "quelques", "beaucoup", "trop" if finished else "quelques"))
            if name in ("beaucoup", "trop"):
                before = after = None
        elif name in ("number", "quantity", "indefinite") or "some" in flags:
            name = INDEFINITE[polarity]
        elif name == "possessive":
            name = "ce" if noun.kind in ("person", "child") else owner
        return noun_phrase(noun, name, plural, before, after), plural

    def object(
        self,
        kind: str,
        owner: str,
        polarity: str = AFFIRMATIVE,
        flags: frozenset[str] = frozenset(),
        finished: bool = True,
    ) -> Phrase:
        """Return a noun phrase as the object of a verb.

        Args:
            kind: Kind of noun, a key of `NOUNS`.
            owner: Possessive determiner of the subject, a key of `phrases.DETERMINERS`.
            polarity: `AFFIRMATIVE`, `NEGATIVE` or `INTERROGATIVE`.
            flags: Flags of the verb (see `lexicon.VERB_TABLE`).
            finished: As for `mass_noun`.
        """
        if kind == "relation":
            if self.chance(0.25):
                return self.named_person().phrase
            noun = self.choose(RELATIONS)
            plural = noun.kind == "relation" and self.chance(0.25)
            return noun_phrase(noun, owner if self.chance(0.75) else self.choose(("my", "our", "your")), plural)
        noun = self.choose(NOUNS[kind])
        if "generic" in flags or "bare" in flags:
            return noun_phrase(noun, "bare" if "bare" in flags else "generic", not noun.mass)
        if kind in ("vehicle", "device", "item", "key") and self.chance(0.1) and "some" not in flags:
            return genitive(noun, self.named_person().phrase)
        if noun.mass:
            return self.mass_noun(noun, owner, polarity, finished)
        return self.count_noun(noun, owner, polarity, flags, finished)[0]
