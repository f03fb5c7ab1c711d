"""Clauses: a subject, a random verb that suits the tense, its object, and phrases of time and place."""

from __future__ import annotations

import random

from s2s_tutorial.grammar.aligned_phrases import Derivation, Phrase, compose, mark, pair
from s2s_tutorial.grammar.english import contract
from s2s_tutorial.grammar.german.adverbials import AT_OCLOCK, PLACES, TIMES, TO_PLACES, TO_TOWNS, TODAY_OR_TOMORROW
from s2s_tutorial.grammar.german.lexicon import SAYING, Adjective, Verb
from s2s_tutorial.grammar.german.morphology import ACCUSATIVE, DATIVE
from s2s_tutorial.grammar.german.phrases import (
    HER,
    HIM,
    IT,
    PERSONAL,
    REFLEXIVE,
    THEM,
    THING,
    Agreement,
    Subject,
    object_pronoun,
)
from s2s_tutorial.grammar.german.random_phrases import RandomPhrases
from s2s_tutorial.grammar.german.verbs import (
    CAN,
    FUTURE,
    LIKE,
    MUST,
    NOW,
    ORDERS,
    PAST,
    PAST_MODALS,
    PERIPHRASES,
    PRESENT,
    SHOULD,
    SOON,
    WANT,
    be_group,
    verb_group,
)
from s2s_tutorial.grammar.german.word_groups import (
    ABOUT_PEOPLE,
    ABOUT_THINGS,
    ADVERBS,
    COMPANIONS,
    INTRANSITIVE,
    PERIOD,
    QUESTION_MARK,
    TRANSITIVE,
    VERBS_IN,
)

NO_PLACE = -1.0  # as the probability of a phrase of place: none, not even with "bleiben" and "wohnen"
# Shares of the tenses, in percent
TENSES = {PAST: 36, FUTURE: 20, PRESENT: 44}
PRESENT_TENSES = {PRESENT: 10, NOW: 6, WANT: 2, CAN: 2, MUST: 2, SHOULD: 1, LIKE: 1}
NEGATIONS = {"nicht": 75, "nie": 15, "nicht_mehr": 10}


def _beginning(subject: Subject, form: str, first: Phrase | None) -> dict[str, Phrase]:
    """Return the subject of a clause and its conjunction, question word or relative pronoun, as parts of `ORDERS`."""
    parts = {} if form in ("who", "relative") else {"S": subject.phrase}
    if first:
        parts["W" if form in ("open_question", "who") else "C"] = first
    return parts


class Sentence(Derivation):
    """A sentence pair under construction. The methods append clauses to both sides, with random choices.

    Args:
        rng: Generator of the random numbers.

    Attributes:
        draw: Source of the random choices and of random noun phrases.
        habit: Whether the present of the next clause means a habit, "she dances", and not what happens now: a clause
            before it has "oft", "jeden Tag" or the like.
    """

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self.draw = RandomPhrases(rng)
        self.habit = False
        self._verbs: list[Verb] = []

    def part(self) -> Sentence:
        """Return an empty sentence that becomes a part of this one: a clause inside another, or before it."""
        part = Sentence.__new__(Sentence)
        Derivation.__init__(part)
        part.draw, part.habit, part._verbs = self.draw, self.habit, self._verbs
        return part

    def end(self, question: bool = False) -> None:
        """Append the final punctuation mark."""
        self.add(QUESTION_MARK if question else PERIOD)

    def random_verb(self, tense: str | None) -> Verb:
        """Return a verb that can be used in the tense (any verb for None).

        After another clause it shares a scene of life with the verb of that clause. No verb occurs twice.
        """
        verbs = VERBS_IN[tense] if tense else (TRANSITIVE if self.draw.chance(0.64) else INTRANSITIVE)
        if self._verbs:
            others = [verb for verb in verbs if verb not in self._verbs]
            verbs = [verb for verb in others if verb in COMPANIONS[self._verbs[-1]]] or others
        return self.draw.choose(verbs)

    def random_tense(self, verb: Verb) -> str:
        """Return a tense that suits the verb."""
        if "present" in verb.flags:
            return PRESENT
        tense = self.draw.weighted(TENSES)
        if verb.flags & {"event", "result"}:
            return FUTURE if tense == FUTURE and "result" in verb.flags else PAST
        if tense != PRESENT or "state" in verb.flags:
            return tense
        tense = self.draw.weighted(PRESENT_TENSES)
        return PRESENT if "unwilled" in verb.flags and tense in PERIPHRASES else tense

    def random_pronoun(self, verb: Verb, agreement: Agreement) -> Phrase | None:
        """Return an object pronoun with only one possible English translation, or None if the verb takes none."""
        draw, case = self.draw, DATIVE if "dative" in verb.flags else ACCUSATIVE
        if verb in ABOUT_THINGS:
            return object_pronoun(THING[draw.choose("mn")])
        if verb not in ABOUT_PEOPLE:
            return None
        others = [PERSONAL[case][person] for person in (0, 1, 3, 4) if person % 3 != agreement.person % 3]
        third = [HIM[case], HER, THEM] if case == DATIVE else [HIM[case]]
        return object_pronoun(draw.choose(others if draw.chance(0.5) else third))

    def _time(self, verb: Verb, tense: str) -> Phrase | None:
        """Return a phrase of time that suits the verb and the tense, or None if there is none."""
        if "present" in verb.flags:
            return None
        if tense in PERIPHRASES and tense != FUTURE and tense not in PAST_MODALS:
            return self.draw.choose(TODAY_OR_TOMORROW)
        if tense in PERIPHRASES:
            tense = PAST if tense in PAST_MODALS else FUTURE
        at_a_time = verb.name in ("aufstehen", "ankommen", "abfahren", "zurückkommen") and tense != NOW
        return self.draw.choose(AT_OCLOCK if at_a_time and self.draw.chance(0.4) else TIMES[tense][verb])

    # ----------------------------------------------------------------------------------------------------- clauses

    def clause(
        self,
        subject: Subject,
        form: str = "statement",
        verb: Verb | None = None,
        tense: str | None = None,
        *,
        negative: bool = False,
        place: float = 0.3,
        time: float = 0.5,
        pronoun: float = 0.0,
        first: Phrase | None = None,
        given: Phrase | None = None,
        pronoun_object: Phrase | None = None,
    ) -> None:
        """Append a clause: a subject, a verb, its object, and phrases of place and time.

        Args:
            subject: Subject of the clause; not written in the forms "who" and "relative".
            form: Key of `verbs.ORDERS`. A statement may become "time_first".
            verb, tense: Verb and tense, or None for random ones that suit each other.
            negative: Whether the clause is negated.
            place, time, pronoun: Probabilities of a phrase of place (or `NO_PLACE`), of time, of a pronoun as object.
            first: Conjunction, question word or relative pronoun of the clause.
            given: Object, instead of a random one; `EMPTY` if it is written elsewhere.
            pronoun_object: Pronoun as the object, instead of a random object.
        """
        agreement = subject.agreement
        verb, tense = self._verb_and_tense(verb, tense, negative)
        parts = _beginning(subject, form, first)
        if given is not None:
            parts["O"] = given
        else:
            pronoun_object = pronoun_object or (
                self.random_pronoun(verb, agreement) if self.draw.chance(pronoun) else None
            )
            parts |= {"P": pronoun_object} if pronoun_object else self._object(verb, agreement, negative, tense)
        negation = self._negation(verb, tense, parts) if negative else ""
        parts |= self._place(verb, place, "M" if "I" in parts else "L")
        parts |= self._when(verb, tense, form, negation, time)
        if tense == PRESENT:
            tense = self._habit_or_now(verb, negation, parts)
        self._compose(verb, tense, form, agreement, negation, parts)

    def _verb_and_tense(self, verb: Verb | None, tense: str | None, negative: bool) -> tuple[Verb, str]:
        """Return the verb and the tense of a clause; where one is None, it is chosen to suit the other."""
        verb = verb or self.random_verb(tense)
        self._verbs.append(verb)
        tense = tense or self.random_tense(verb)
        return verb, WANT if negative and tense == LIKE else tense  # "wouldn't like to" would be stiff

    def _habit_or_now(self, verb: Verb, negation: str, parts: dict[str, Phrase]) -> str:
        """Return PRESENT for a habit or a state, in this clause or one before it, and otherwise NOW."""
        lasting = {"A", "T"} & set(parts) or negation in ("nie", "nicht_mehr") or verb.flags & {"state", "skill"}
        self.habit |= bool(lasting)
        return PRESENT if self.habit else NOW

    def _when(self, verb: Verb, tense: str, form: str, negation: str, probability: float) -> dict[str, Phrase]:
        """Return an adverb such as "oft", or a phrase of time with the given probability."""
        if (
            not negation
            and form in ("statement", "subordinate")
            and tense == PRESENT
            and self.draw.chance(0.3 * probability)
        ):
            return {"A": self.draw.choose(ADVERBS)}
        if tense == NOW or (negation in ("", "nicht") and self.draw.chance(probability)):
            phrase = self._time(verb, tense)
            return {"T": phrase} if phrase else {}
        return {}

    def _compose(
        self, verb: Verb, tense: str, form: str, agreement: Agreement, negation: str, parts: dict[str, Phrase]
    ) -> None:
        """Append the parts of a clause in the order of its form, with its verb group."""
        if tense == FUTURE and "T" in parts and self.draw.chance(0.5):
            tense = SOON
        if form == "statement" and "T" in parts and self.draw.chance(0.4):
            form = "time_first"
            parts["Z"] = parts.pop("T")
        group, links = verb_group(verb, tense, form, agreement, negation)
        parts |= group
        if "K" in parts:  # "kein" is "not … a": the English negation has no German word of its own
            parts["N"] = pair("", parts["N"].english[0], "", marks=mark("negation"))
            links += " K-N"
        if "reflexive" in verb.flags:
            parts["P"] = pair(REFLEXIVE[agreement.person], "", "", marks=mark("reflexive"))
            links += " P-E" if parts.get("E") and parts["E"].english else " P-V"
        german, english = ORDERS[form]
        self.add_contracted(compose(german, english, parts, links))

    def add_contracted(self, phrase: Phrase) -> None:
        """Append a phrase with its English contractions."""
        self.add(phrase._replace(english=contract(phrase.english)))

    def _negation(self, verb: Verb, tense: str, parts: dict[str, Phrase]) -> str:
        """Return "nicht", "nie" or "nicht mehr"; English negates a clause with "kein" as one with "nicht"."""
        if "K" in parts or verb in SAYING:
            return "nicht"
        negation = self.draw.weighted(NEGATIONS)
        allowed = {"nie": (PRESENT, PAST), "nicht_mehr": (PRESENT,)}
        return negation if tense in allowed.get(negation, (tense,)) else "nicht"

    def _object(self, verb: Verb, agreement: Agreement, negative: bool, tense: str) -> dict[str, Phrase]:
        """Return the object of a verb, if it takes one, and the recipient of a verb such as "geben"."""
        if not verb.objects:
            return {}
        case = DATIVE if "dative" in verb.flags else ACCUSATIVE
        parts = self.draw.object(
            self.draw.choose(verb.objects), case, agreement.owner, verb.flags, negative, tense == PAST
        )
        if "auf" in verb.flags:
            parts["O"] = compose("P N", "P N", {"P": pair("auf", "for"), "N": parts["O"]})
        if "to" in verb.flags:
            recipient = self.draw.relative(DATIVE, agreement.owner)
            shifted = ((0, 0), *((i, j + 1) for i, j in recipient.links))
            parts["R"] = recipient._replace(english=("to", *recipient.english), links=shifted)
        return parts

    def _place(self, verb: Verb, probability: float, symbol: str) -> dict[str, Phrase]:
        """Return a destination ("gehen"), or a phrase of place with the given probability, under a symbol."""
        if "goes" in verb.flags:
            return {"L": self.draw.choose(TO_TOWNS if "reaches" in verb.flags else TO_PLACES)}
        required = verb.name in ("bleiben", "wohnen") and probability != NO_PLACE
        if verb.places and (self.draw.chance(probability) or required):
            return {symbol: self.draw.choose(PLACES[verb])}
        return {}

    # ------------------------------------------------------------------------------------------------- descriptions

    def weather_verb(self, verb: Verb, tense: str, form: str, negative: bool, parts: dict[str, Phrase]) -> None:
        """Append "es regnet", "es wird schneien", with further parts of the clause by their symbols."""
        self._compose(verb, tense, form, IT.agreement, "nicht" if negative else "", {"S": IT.phrase, **parts})

    def describe(
        self,
        subject: Subject,
        quality: Phrase | Adjective,
        form: str = "statement",
        *,
        tense: str = PRESENT,
        negative: bool = False,
        verb: str = "sein",
        kein: Phrase | None = None,
        parts: dict[str, Phrase] | None = None,
    ) -> None:
        """Append a clause whose English verb is "be": "sie ist müde", "sie hat Hunger", "das ist ein Haus".

        Args:
            subject: Subject of the clause; not written in the form "relative".
            quality: What it is.
            form: Key of `verbs.ORDERS`.
            tense: PRESENT, PAST or FUTURE.
            negative: Whether the clause is negated.
            verb: "sein" or, as in "Hunger haben", "haben".
            kein: Determiner of the quality in a negative clause, instead of "nicht".
            parts: Further parts of the clause by their symbol in `verbs.ORDERS`: C, L, T.
        """
        agreement = subject.agreement
        if isinstance(quality, Adjective):
            quality = pair(quality.german, quality.english, marks=mark("state"))
        parts = {"O": quality, **(parts or {})}
        if form != "relative":
            parts["S"] = subject.phrase
        parts |= be_group(verb, tense, form, agreement, "nicht" if negative else "")
        links = "V-X"
        if negative:
            english = "not" if parts["X"].english == ("'m",) else "n't"
            parts["N"] = pair("" if kein else "nicht", english, "" if kein else None, marks=mark("negation"))
            if kein:
                parts["K"] = kein
                links += " K-N"
        german, english_order = ORDERS[form]
        german = german.replace("K I O N L", "L N K I O")  # "nicht" is before what the subject is
        self.add_contracted(compose(german, english_order, parts, links))
