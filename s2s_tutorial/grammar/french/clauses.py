"""Clauses: a subject, a random verb that suits the tense, its object, and phrases of time and place."""

from __future__ import annotations

import random

from s2s_tutorial.grammar.aligned_phrases import EMPTY, Derivation, Phrase, mark, pair
from s2s_tutorial.grammar.french.adverbials import AT_OCLOCK, PLACES, PLACES_TO, TIMES
from s2s_tutorial.grammar.french.lexicon import Adjective, Verb
from s2s_tutorial.grammar.french.morphology import elide, starts_with_vowel
from s2s_tutorial.grammar.french.phrases import (
    AFFIRMATIVE,
    HIM_HER,
    INDIRECT,
    INTERROGATIVE,
    IT,
    NEGATIVE,
    PERSONAL,
    THEM,
    Agreement,
    Clitic,
    Subject,
    toward,
)
from s2s_tutorial.grammar.french.random_phrases import RandomPhrases
from s2s_tutorial.grammar.french.verbs import (
    ADVERBS,
    CAN,
    FUTURE,
    MUST,
    NOW,
    PAST,
    PRESENT,
    QUESTIONS,
    WANT,
    verb_core,
)
from s2s_tutorial.grammar.french.word_groups import (
    BE,
    BE_AVOIR,
    BE_FAIRE,
    COMMA,
    COMPANIONS,
    FEELINGS,
    IMPERSONAL_IL,
    INTRANSITIVE,
    PERIOD,
    QUESTION_MARK,
    RAIN,
    SNOW,
    TRANSITIVE,
    VERBS_IN,
    WEATHER,
)

NO_PLACE = -1.0  # as the probability of a phrase of place: none, not even with rester and habiter
# Shares of the tenses, in percent. Where the present is drawn, the second or third table decides about the progressive
# and about vouloir, pouvoir and devoir.
TENSES = {FUTURE: 24, PAST: 34, PRESENT: 42}
PRESENT_TENSES = {PRESENT: 10, NOW: 6, WANT: 2, CAN: 2, MUST: 1}
UNWILLED_PRESENT_TENSES = {PRESENT: 14, NOW: 6}
# Shares of the negations, in percent: by tense, and for verbs such as aimer in the present
NEGATIONS_IN = {PRESENT: {"pas": 65, "jamais": 20, "plus": 15}, PAST: {"pas": 65, "jamais": 35}}
LASTING_NEGATIONS = {"pas": 75, "plus": 25}  # « elle n'aime plus le thé »


class Sentence(Derivation):
    """A sentence pair under construction. The methods append clauses to both sides, with random choices.

    Args:
        rng: Generator of the random numbers.

    Attributes:
        draw: Source of the random choices and of random noun phrases.
        open_question: Whether the sentence asks where, why, who ...: English then keeps "some", since only yes-no
            questions have "any".
        habit: Whether the present of the next clause means a habit, "she dances", and not what happens now, "she is
            dancing": a clause before it has « souvent », « tous les jours », « jamais » or the like.
    """

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self.draw = RandomPhrases(rng)
        self.open_question = False
        self.habit = False
        self._verbs: list[Verb] = []  # not chosen again: no « il arrive, puis il arrive »

    def sentences(self) -> tuple[str, str, int]:
        """Return both sentences and their marks; elides the French words in place. A space is before a question mark."""
        if elide(self.source):
            self.marks |= mark("elision")
        french, english, marks = super().sentences()
        return french.replace("?", " ?"), english, marks

    def end(self, form: str = "statement") -> None:
        """Append the final punctuation mark."""
        self.add(QUESTION_MARK if form in QUESTIONS else PERIOD)

    # ----------------------------------------------------------------------------------------------------- choices

    def random_verb(self, tense: str | None) -> Verb:
        """Return a verb that can be used in the tense (any verb for None).

        After another clause it shares a scene of life with the verb of that clause, so that the clauses make sense
        together. No verb occurs twice.
        """
        verbs = VERBS_IN[tense] if tense else (TRANSITIVE if self.draw.chance(0.64) else INTRANSITIVE)
        if self._verbs:
            others = [verb for verb in verbs if verb not in self._verbs]
            verbs = [verb for verb in others if verb in COMPANIONS[self._verbs[-1]]] or others
        return self.draw.choose(verbs)

    def random_tense(self, verb: Verb, form: str, time: float) -> str:
        """Return a tense that suits the verb and the form.

        The progressive is chosen only where a phrase of time can show it, and « devoir » only outside questions.
        """
        tense = self.draw.weighted(TENSES)
        if verb.flags & {"present", "future"}:
            return PRESENT
        if "result" in verb.flags:
            return FUTURE if tense == FUTURE else PAST
        if tense != PRESENT or "state" in verb.flags:
            return tense
        tense = self.draw.weighted(UNWILLED_PRESENT_TENSES if "unwilled" in verb.flags else PRESENT_TENSES)
        return PRESENT if (tense == NOW and time <= 0.0) or (tense == MUST and form in QUESTIONS) else tense

    def random_object_pronoun(self, verb: Verb, tense: str, person: int) -> Clitic:
        """Return an object pronoun with only one possible English translation.

        Args:
            verb: Verb that allows an object pronoun.
            tense: Tense of the clause.
            person: Person of the subject, 0 to 5; the object is another person.
        """
        draw = self.draw
        gender = "m" if draw.chance(0.5) else "f"
        if verb.clitic == "thing":
            return IT[gender] if draw.chance(0.65) else THEM[gender]
        others = [other for other in (0, 1, 3, 4) if other % 3 != person % 3]
        if verb.clitic == "to":
            preposition = "to" if verb.english[0] == "talk" else ""
            return INDIRECT[preposition][draw.choose(others) if draw.chance(0.6) else 5]
        kind = draw.weighted({"him or her": 45, "them": 20, "me or you": 35})
        if kind == "me or you":
            return draw.choose(PERSONAL[draw.choose(others)])
        # « je l'aide » could be "him" or "her"; « je la vois » and « je l'ai aidée » are unambiguous
        next_word = verb.present[0] if tense in (PRESENT, NOW) else verb.infinitive
        if kind == "him or her" and (tense == PAST or not starts_with_vowel(next_word)):
            return HIM_HER[gender]
        return THEM[gender]

    def random_negation(self, tense: str, flags: frozenset[str]) -> str:
        """Return « pas », « jamais » or « plus », as the tense and the verb's flags allow."""
        if tense == PRESENT and flags & {"present", "future"}:
            return self.draw.weighted(LASTING_NEGATIONS)
        return self.draw.weighted(NEGATIONS_IN.get(tense, {"pas": 1}))

    def random_time(self, verb: Verb, tense: str) -> Phrase | None:
        """Return a phrase of time that suits the verb and the tense, or None if none does."""
        if verb.flags & {"present", "future"} and tense == PRESENT:
            return None  # « j'aime le thé », not « j'aime le thé le lundi »
        if tense in (WANT, MUST, CAN):
            tense = FUTURE
        if (
            verb.infinitive in ("lever", "coucher", "partir", "arriver", "rentrer")
            and tense != NOW
            and self.draw.chance(0.4)
        ):
            return self.draw.choose(AT_OCLOCK)
        return self.draw.choose(TIMES[tense][verb])

    # ----------------------------------------------------------------------------------------------------- clauses

    def clause(
        self,
        subject: Subject,
        form: str = "statement",
        verb: Verb | None = None,
        tense: str | None = None,
        *,
        place: float = 0.3,
        time: float = 0.5,
        pronoun: float = 0.0,
        clitic: Clitic | None = None,
        subject_omitted: bool = False,
    ) -> None:
        """Append a clause: a subject, a verb, its object, and phrases of place and time.

        Args:
            subject: Subject of the clause.
            form: Key of `verbs.RULES`.
            verb: Verb, or None for a random one that the tense allows.
            tense: Tense, or None for a random one that the verb allows.
            place: Probability of a phrase of place, or `NO_PLACE`.
            time: Probability of a phrase of time.
            pronoun: Probability that the object is a pronoun, for a verb that allows it.
            clitic: Object pronoun; `phrases.LATER` or one of `phrases.MOVED` for an object written elsewhere; None for
                a random object.
            subject_omitted: Whether the subject is understood and not written, as after « et » or « qui ».
        """
        verb, tense = self._verb_and_tense(verb, tense, form, time)
        negation = self.random_negation(tense, verb.flags) if form == "negative" else "pas"
        adverb = self._adverb(verb, form, tense, 0.3 * time)
        if clitic is None and verb.clitic and self.draw.chance(pronoun):
            clitic = self.random_object_pronoun(verb, tense, subject.agreement.person)
        has_time = tense == NOW or (negation == "pas" and adverb is None and self.draw.chance(time))
        time_phrase = self.random_time(verb, tense) if has_time else None
        if tense == PRESENT:
            tense = self._habit_or_now(
                bool(adverb or time_phrase or negation != "pas" or verb.flags & {"state", "skill"})
            )
        time_phrase = self._begin_with(time_phrase, tense, form)
        core = verb_core(verb, tense, form, subject.agreement, clitic=clitic, negation=negation, adverb=adverb)
        self.add_around(core, EMPTY if subject_omitted else subject.phrase)
        if clitic is None and verb.objects:
            self._object(verb, subject.agreement, form, tense)
        self._place(verb, place)
        self.add(time_phrase or EMPTY)

    def _verb_and_tense(self, verb: Verb | None, tense: str | None, form: str, time: float) -> tuple[Verb, str]:
        """Return the verb and the tense of a clause; where one is None, it is chosen to suit the other."""
        verb = verb or self.random_verb(tense)
        self._verbs.append(verb)
        tense = tense or self.random_tense(verb, form, time)
        if "event" in verb.flags or ("result" in verb.flags and tense != FUTURE):
            tense = PAST
        return verb, tense

    def _habit_or_now(self, habit: bool) -> str:
        """Return PRESENT for a habit or a state, in this clause or one before it, and otherwise NOW."""
        self.habit |= habit
        return PRESENT if self.habit else NOW

    def _adverb(self, verb: Verb, form: str, tense: str, probability: float) -> Phrase | None:
        """Return an adverb such as « souvent » for a statement in the present, or None."""
        if form == "statement" and tense == PRESENT and "state" not in verb.flags and self.draw.chance(probability):
            return self.draw.choose(ADVERBS)
        return None

    def _begin_with(self, time_phrase: Phrase | None, tense: str, form: str) -> Phrase | None:
        """Return a phrase of time for the end of the clause, or None if it begins the sentence and was appended here.

        Only a statement may begin with it: « Hier, Paul a dormi. ».
        """
        may_begin = not self.source and form == "statement" and tense in (PRESENT, NOW, PAST, FUTURE)
        if time_phrase and may_begin and self.draw.chance(0.2):
            self.add(time_phrase)
            self.add(COMMA)
            return None
        return time_phrase

    def _object(self, verb: Verb, agreement: Agreement, form: str, tense: str) -> None:
        """Append the object of a verb and, with a verb such as donner, the recipient."""
        if "negative" in form:
            polarity = NEGATIVE
        else:
            polarity = INTERROGATIVE if form in QUESTIONS and not self.open_question else AFFIRMATIVE
        kind = self.draw.choose(verb.objects)
        phrase = self.draw.object(kind, agreement.owner, polarity, verb.flags, tense == PAST)
        if "toward" in verb.flags:
            phrase = toward(phrase, "to" if verb.english[0] == "talk" else "")
        self.add(phrase)
        if "to" in verb.flags:
            self.add(toward(self.draw.object("relation", agreement.owner)))

    def _place(self, verb: Verb, probability: float) -> None:
        """Append a destination (aller), or a phrase of place with the given probability."""
        if "goes" in verb.flags:
            self.add(self.draw.choose(PLACES_TO))
        elif verb.places:
            required = verb.infinitive in ("rester", "habiter") and probability != NO_PLACE
            if self.draw.chance(probability) or required:
                self.add(self.draw.choose(PLACES[verb]))

    def copula(self, verb: Verb, subject: Subject, form: str = "statement", tense: str = PRESENT) -> None:
        """Append a subject and a verb that is "be" in English: être, avoir (faim) or faire (froid)."""
        self.add_around(verb_core(verb, tense, form, subject.agreement), subject.phrase)

    def describe(self, subject: Subject, quality: Phrase | Adjective, form: str = "statement") -> None:
        """Append a description: « elle est fatiguée », « elle a faim », « elle est en retard », « il fait beau »."""
        if isinstance(quality, Adjective):
            gender, plural = subject.agreement.gender, subject.agreement.plural
            self.copula(BE, subject, form)
            self.add(pair(quality.form(gender, plural), quality.english, marks=mark("state")))
        elif quality in WEATHER:
            self.copula(BE_FAIRE, IMPERSONAL_IL, form)
            self.add(quality)
        else:
            self.copula(BE_AVOIR if quality in FEELINGS else BE, subject, form)
            self.add(quality)

    def weather(self, form: str = "statement", tense: str = PRESENT) -> Verb | Phrase:
        """Append a clause about the weather: « il fait froid », « il pleut », « il va neiger ».

        Returns:
            The weather, a key of `word_groups.REACTIONS`.
        """
        verb = self.draw.weighted({BE_FAIRE: 50, RAIN: 25, SNOW: 25})
        if verb is BE_FAIRE and tense == NOW:
            tense = PRESENT
        self.copula(verb, IMPERSONAL_IL, form, tense)
        if verb is not BE_FAIRE:
            return verb
        weather = self.draw.choose(WEATHER)
        self.add(weather)
        return weather
