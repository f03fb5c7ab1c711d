"""Clauses of the embedded corpus, drawn at random: somebody, a verb that suits the tense, its object, where and when.

`phrases.py` builds the phrases, `grammar.py` joins clauses into sentences.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from . import adjuncts, verbs
from . import lexicon as lex
from . import phrases as p

from .morphology import starts_with_vowel
from .synchronous import EMPTY, Derivation, Phrase, leaves, mark, pair
from .verbs import CAN, FUTURE, MUST, NOW, PAST, PRESENT, WANT

T = TypeVar("T")

# --------------------------------------------------------------------------------------------------------- subjects

NAMED = tuple(p.Subject(pair(name, name), p.NOUN_AGREEMENT[gender, False]) for name, gender in lex.NAMES)
_WEIGHTS = {"je": 3, "tu": 3, "il": 6, "elle": 6, "nous": 3, "vous": 3, "ils": 5, "elles": 4}
PRONOUNS = tuple(subject for (french, _), subject in p.PRONOUNS.items() for _ in range(_WEIGHTS[french]))
ASKED = tuple(subject for subject in PRONOUNS if subject.agreement.person not in (0, 3))  # nobody asks "do I sleep?"
PRONOUN_OF = {  # who « il » or « elles » stands for
    agreement: p.PRONOUNS[("ils" if plural else "il") if gender == "m" else ("elles" if plural else "elle"), gender]
    for (gender, plural), agreement in p.NOUN_AGREEMENT.items()
}
IMPERSONAL = p.Subject(pair("il", "it"), p.Agreement(2, "m", True))
CE = p.Subject(pair("ce", "it"), p.Agreement(2, "m", True))
CHILDREN = [
    noun
    for kind in ("child", "relation")
    for noun in lex.NOUNS[kind]
    if noun.english[0] in ("boy", "girl", "child", "brother", "sister", "friend")
]
RELATIONS = lex.NOUNS["relation"] + lex.NOUNS["parent"]
KIN = RELATIONS + lex.NOUNS["elder"]
PEOPLE = lex.NOUNS["person"] + lex.NOUNS["child"]

# ------------------------------------------------------------------------------------------------------------ verbs

ACTIONS = [verb for verb in lex.VERBS if verb.objects]
SIMPLE = [verb for verb in lex.VERBS if not verb.objects]
BARE = [verb for verb in SIMPLE if "goes" not in verb.flags and verb.infinitive not in ("habiter", "rester")]
ANIMAL_VERBS = [verb for verb in lex.VERBS if "animal" in verb.flags]
ANY_TENSE = [verb for verb in lex.VERBS if not verb.flags & {"present", "future"}]
WILLED = (PRESENT,) * 10 + (NOW,) * 6 + (WANT, WANT, CAN, CAN, MUST)
UNWILLED = (PRESENT,) * 14 + (NOW,) * 6
FRONTED = (PRESENT, NOW, PAST, FUTURE)  # « Hier, Paul a dormi. »
TENSED = {
    PRESENT: [verb for verb in ANY_TENSE if "event" not in verb.flags],
    PAST: ANY_TENSE,
    FUTURE: [verb for verb in ANY_TENSE if "unwilled" not in verb.flags],
}
WITH_CLITIC = [verb for verb in ACTIONS if verb.clitic]
WITH_PLACE = [verb for verb in ANY_TENSE if verb.places and "event" not in verb.flags]
VERB = {verb.infinitive: verb for verb in reversed(lex.VERBS)}
BE, BE_AVOIR, BE_FAIRE = (lex.SPECIAL[infinitive, "be"] for infinitive in ("être", "avoir", "faire"))
RAIN, SNOW = lex.SPECIAL["pleuvoir", "rain"], lex.SPECIAL["neiger", "snow"]
SAYING = [lex.SPECIAL["penser", "think"], lex.SPECIAL["dire", "say"]]
HOPE = lex.SPECIAL["espérer", "hope"]

# ----------------------------------------------------------------------------------------------------------- leaves

BEFORE_OF = {kind: tuple(word for word in lex.BEFORE if kind in word.kinds) for kind in lex.NOUNS}
AFTER_OF = {kind: tuple(word for word in lex.AFTER if kind in word.kinds) for kind in lex.NOUNS}
COLOURS = frozenset(("red", "blue", "green", "black", "white"))
PERIOD, QUESTION_MARK, COMMA = pair(".", "."), pair("?", "?"), pair(",", ",")
AND, BUT, THEN = leaves(mark("coordination"), ("et", "and"), ("mais", "but"), ("puis", "then"))
BECAUSE, WHEN, IF, THAT = leaves(
    mark("subordinate"), ("parce_que", "because"), ("quand", "when"), ("si", "if"), ("que", "that")
)
WHO, WHICH = leaves(mark("relative"), ("qui", "who"), ("que", "that"))
WHERE, WHY, AT_WHAT_TIME = leaves(mark("question_word"), ("où", "where"), ("pourquoi", "why"), ("quand", "when"))
WHAT, WHO_DOES = leaves(mark("question_word"), ("que", "what"), ("qui", "who"))
FEELINGS = leaves(
    mark("idiom_avoir"),
    ("faim", "hungry"),
    ("soif", "thirsty"),
    ("froid", "cold"),
    ("chaud", "hot"),
    ("sommeil", "sleepy"),
    ("peur", "afraid"),
    ("raison", "right"),
    ("tort", "wrong"),
)
HUNGRY, THIRSTY, COLD, HOT, SLEEPY = FEELINGS[:5]
WEATHER = leaves(mark("weather"), ("froid", "cold"), ("chaud", "hot"), ("beau", "nice"))
YEARS_OLD = pair("ans", "years_old", marks=mark("idiom_age", "number"))
STATE = mark("state")
LATE = pair("en_retard", "late", marks=STATE)
TIRED, SICK, HAPPY, SAD = (
    next(word for word in lex.STATES if word.english == e) for e in ("tired", "sick", "happy", "sad")
)

# ---------------------------------------------------------------------------------------------------------- grammar


class Clauses(Derivation):
    """A sentence that grows by random choices. Most methods write at the end of both sides."""

    __slots__ = ("last", "named", "open", "random")

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self.random = rng.random
        self.last: lex.Verb | None = None  # nor « il arrive, puis il arrive »
        self.open = False  # where, why ...: English keeps "some", "any" is for yes or no
        self.named: Phrase | None = None  # « Paul a vu Paul » is not said

    def choose(self, options: Sequence[T]) -> T:
        """One of a sequence, all equally likely."""
        return options[int(self.random() * len(options))]

    def end(self, form: str = "statement") -> None:
        """Close the sentence."""
        self.add(QUESTION_MARK if form in verbs.QUESTIONS else PERIOD)

    # ------------------------------------------------------------------------------------------------ noun phrases

    def name(self) -> p.Subject:
        """A person who has not just been named."""
        person = self.choose(NAMED)
        while person.phrase is self.named:
            person = self.choose(NAMED)
        return person

    def subject(self) -> p.Subject:
        """A pronoun, or somebody."""
        return self.choose(PRONOUNS) if self.random() < 0.58 else self.somebody()

    def somebody(self) -> p.Subject:
        """« Paul », « ma sœur », « le frère de Marie », « ces enfants »."""
        r = self.random()
        if r < 0.45:
            person = self.name()
            self.named = person.phrase
            return person
        if r < 0.7:
            noun = self.choose(KIN)
            plural = noun.kind == "relation" and self.random() < 0.25
            phrase = p.noun_phrase(noun, self.choose(("my", "my", "our", "your", "your_all", "their")), plural)
        elif r < 0.8:
            noun, plural = self.choose(RELATIONS), False
            person = self.name()
            self.named = person.phrase
            phrase = p.genitive(noun, person.phrase)
        else:
            noun, plural = self.choose(PEOPLE), self.random() < 0.5
            before = self.choose(BEFORE_OF[noun.kind]) if self.random() < 0.25 else None
            phrase = p.noun_phrase(noun, "ce" if self.random() < 0.3 else "le", plural, before)
        return p.Subject(phrase, p.NOUN_AGREEMENT[noun.gender, plural])

    def again(self, subject: p.Subject) -> p.Subject:
        """The pronoun for somebody mentioned before; a pronoun stays itself."""
        return PRONOUN_OF.get(subject.agreement, subject)

    def adjectives(self, kind: str, often: float = 0.4) -> tuple[lex.Adjective | None, lex.Adjective | None]:
        """Up to two adjectives that suit a kind of noun, before and after it."""
        r = self.random()
        before = self.choose(BEFORE_OF[kind]) if r < 0.55 * often and BEFORE_OF[kind] else None
        after = self.choose(AFTER_OF[kind]) if 0.4 * often < r < often and AFTER_OF[kind] else None
        if before and after and after.english not in COLOURS:
            after = None  # "a small red box", but not "an old smart woman": English would turn them round
        return before, after

    def mass(self, noun: lex.Noun, owner: str, polarity: str) -> Phrase:
        """« du pain », « le pain », « beaucoup de pain »: what cannot be counted."""
        r = self.random()
        after = self.choose(AFTER_OF[noun.kind]) if self.random() < 0.3 and AFTER_OF[noun.kind] else None
        if r < 0.6:
            return p.noun_phrase(noun, {"": "du", "not": "de", "?": "du?"}[polarity], after=after)
        if r < 0.75 and polarity != "not":
            return p.noun_phrase(noun, "beaucoup" if r < 0.68 else "trop")
        return p.noun_phrase(noun, "le" if r < 0.85 else "ce" if r < 0.92 else owner, after=after)

    def counted(self, noun: lex.Noun, owner: str, polarity: str, flags: frozenset[str]) -> tuple[Phrase, bool]:
        """A noun with an article, a number or a quantity; and whether it is plural."""
        kind, r = noun.kind, self.random()
        before, after = self.adjectives(kind)
        plural = self.random() < 0.42 and "one" not in flags and kind not in ("building", "transport")
        indefinite = {"": "un", "not": "de", "?": "un?"}[polarity]
        if "the" in flags:
            every = "toutes" if noun.gender == "f" else "tous"
            name = (
                "le"
                if r < 0.6 or kind == "transport"
                else "ce"
                if r < 0.75
                else every
                if plural and not before
                else "le"
            )
        elif plural and r < 0.35 and polarity != "not":
            name = (
                self.choose(adjuncts.SMALL_NUMBERS)
                if r < 0.2
                else self.choose(("plusieurs", "quelques", "beaucoup", "trop"))
            )
            if name in ("beaucoup", "trop"):
                before = after = None
        elif r < 0.6 or "some" in flags:
            name = indefinite
        elif r < 0.8:
            name = "le"
        else:
            name = "ce" if r < 0.88 or kind in ("person", "child") else owner
        return p.noun_phrase(noun, name, plural, before, after), plural

    def thing(self, kind: str, owner: str, polarity: str = "", flags: frozenset[str] = frozenset()) -> Phrase:
        """A noun phrase of a kind, as the object of a verb with these flags."""
        if kind == "relation":
            if self.random() < 0.25:
                return self.name().phrase
            noun = self.choose(RELATIONS)
            plural = noun.kind == "relation" and self.random() < 0.25
            return p.noun_phrase(noun, owner if self.random() < 0.75 else self.choose(("my", "our", "your")), plural)
        noun = self.choose(lex.NOUNS[kind])
        if "generic" in flags:
            return p.noun_phrase(noun, "generic", not noun.mass)
        if kind in ("vehicle", "device", "item") and self.random() < 0.1 and "some" not in flags:
            return p.genitive(noun, self.name().phrase)
        if noun.mass:
            return self.mass(noun, owner, polarity)
        return self.counted(noun, owner, polarity, flags)[0]

    # ----------------------------------------------------------------------------------------------------- clauses

    def verb(self, tense: str | None) -> lex.Verb:
        """A verb that allows the tense (any verb for None), and not the one before."""
        verbs_allowed = TENSED[tense] if tense else ACTIONS if self.random() < 0.64 else SIMPLE
        verb = self.choose(verbs_allowed)
        while verb is self.last:
            verb = self.choose(verbs_allowed)
        return verb

    def tense(self, verb: lex.Verb, form: str, time: float) -> str:
        """A tense that the verb and the form allow; the progressive only where a phrase of time may show it."""
        flags, r = verb.flags, self.random()
        if "present" in flags or ("future" in flags and r < 0.7):
            return PRESENT
        if r < 0.24:
            return FUTURE
        if "future" in flags:
            return PRESENT
        if r < 0.58:
            return PAST
        tense = PRESENT if "state" in flags else self.choose(WILLED if "unwilled" not in flags else UNWILLED)
        return PRESENT if (tense == NOW and time <= 0.0) or (tense == MUST and form in verbs.QUESTIONS) else tense

    def pronoun_object(self, verb: lex.Verb, tense: str, person: int) -> p.Clitic:
        """An object before the verb, one that English can translate in one way only."""
        gender = "m" if self.random() < 0.5 else "f"
        r = self.random()
        if verb.clitic == "thing":
            return p.IT[gender] if r < 0.65 else p.THEM[gender]
        others = [other for other in (0, 1, 3, 4) if other % 3 != person % 3]
        if verb.clitic == "to":
            preposition = "to" if verb.english[0] == "talk" else ""
            return p.INDIRECT[preposition][self.choose(others) if r < 0.6 else 5]
        # « je l'aide » hides whom; « je l'ai aidée » tells
        tells = tense == PAST or not starts_with_vowel(verb.present[0] if tense in (PRESENT, NOW) else verb.infinitive)
        if r < 0.45 and tells:
            return p.HIM_HER[gender]
        if r < 0.65:
            return p.THEM[gender]
        return self.choose(p.PERSONAL[self.choose(others)])

    def negation(self, tense: str, flags: frozenset[str]) -> str:
        """« pas », « jamais » or, in the present, « plus »."""
        r = self.random()
        if tense == PRESENT and flags & {"present", "future"}:
            return "pas" if r < 0.75 else "plus"
        if r < 0.65 or tense not in (PRESENT, PAST):
            return "pas"
        return "jamais" if r < 0.85 or tense == PAST else "plus"

    def clause(
        self,
        subject: p.Subject,
        form: str = "statement",
        verb: lex.Verb | None = None,
        tense: str | None = None,
        *,
        place: float = 0.3,
        time: float = 0.5,
        gap: p.Clitic | None = None,
        silent: bool = False,
        pronoun: float = 0.0,
    ) -> None:
        """A subject, a verb, its object, and phrases of place and time.

        Args:
            subject: who does it.
            form: a key of `verbs.RULES`.
            verb: None for any that allows the tense.
            tense: None for any that the verb allows.
            place: how likely a phrase of place is, 0 to 1.
            time: how likely a phrase of time is.
            gap: the object when it is not written here: a pronoun, or one of `phrases.MOVED`.
            silent: the subject is understood, as after « et » or « qui ».
            pronoun: how likely the object is a pronoun, for a verb that allows it.
        """
        if verb is None:
            verb = self.verb(tense)
        self.last = verb
        if tense is None:
            tense = self.tense(verb, form, time)
        agreement, flags = subject.agreement, verb.flags
        if "event" in flags:
            tense = PAST
        negation, adverb, clitic = "pas", None, gap
        if form == "negative":
            negation = self.negation(tense, flags)
        elif form == "statement" and tense == PRESENT and "state" not in flags and self.random() < 0.3 * time:
            adverb = self.choose(verbs.ADVERBS)
        if clitic is None and verb.clitic and self.random() < pronoun:
            clitic = self.pronoun_object(verb, tense, agreement.person)

        when = None
        if tense == NOW or (negation == "pas" and adverb is None and self.random() < time):
            when = self.time(verb, tense)
        if when and self.opens(form, tense):
            self.add(when)
            self.add(COMMA)
            when = None
        core = verbs.verb_core(verb, tense, form, agreement, clitic=clitic, negation=negation, adverb=adverb)
        self.add_around(core, EMPTY if silent else subject.phrase)
        if clitic is None and verb.objects:
            self.object(verb, agreement, form)
        if "goes" in flags:
            self.add(self.choose(adjuncts.PLACES_TO))
        elif verb.places and (self.random() < place or (place >= 0.0 and verb.infinitive in ("rester", "habiter"))):
            self.add(self.choose(adjuncts.PLACES[verb]))
        if when:
            self.add(when)

    def opens(self, form: str, tense: str) -> bool:
        """Whether a phrase of time opens the sentence: « Hier, Paul a dormi. »."""
        return not self.french and form == "statement" and tense in FRONTED and self.random() < 0.2

    def time(self, verb: lex.Verb, tense: str) -> Phrase | None:
        """A phrase of time that suits the verb and the tense, or None."""
        if verb.flags & {"present", "future"} and tense == PRESENT:
            return None  # « j'aime le thé », not « j'aime le thé le lundi »
        if tense in (WANT, MUST, CAN):
            tense = FUTURE
        if verb.infinitive in ("lever", "coucher", "partir", "arriver", "rentrer") and self.random() < 0.4:
            return self.choose(adjuncts.AT_OCLOCK)
        return self.choose(adjuncts.TIMES[tense][verb])

    def object(self, verb: lex.Verb, agreement: p.Agreement, form: str) -> None:
        """The object of a verb, and who receives it."""
        polarity = "not" if "negative" in form else "?" if form in verbs.QUESTIONS and not self.open else ""
        phrase = self.thing(self.choose(verb.objects), agreement.owner, polarity, verb.flags)
        if "toward" in verb.flags:
            self.add(p.toward(phrase, "to" if verb.english[0] == "talk" else ""))
            return
        self.add(phrase)
        if "to" in verb.flags:
            self.add(p.toward(self.thing("relation", agreement.owner)))

    def copula(self, verb: lex.Verb, subject: p.Subject, form: str = "statement", tense: str = PRESENT) -> None:
        """A subject and a verb that is "be" in English: être, avoir (faim), faire (froid)."""
        self.add_around(verbs.verb_core(verb, tense, form, subject.agreement), subject.phrase)

    def describe(self, subject: p.Subject, quality: Phrase | lex.Adjective, form: str = "statement") -> None:
        """« elle est fatiguée », « elle a faim », « elle est en retard », « il fait beau »."""
        agreement = subject.agreement
        if isinstance(quality, lex.Adjective):
            self.copula(BE, subject, form)
            self.add(pair(quality.form(agreement.gender, agreement.plural), quality.english, marks=STATE))
        else:
            kind = BE_AVOIR if quality in FEELINGS else BE_FAIRE if quality in WEATHER else BE
            self.copula(kind, IMPERSONAL if kind is BE_FAIRE else subject, form)
            self.add(quality)

    def weather(self, form: str = "statement", tense: str = PRESENT) -> None:
        """« il fait froid », « il pleut », « il va neiger »."""
        r = self.random()
        if r < 0.5:
            self.copula(BE_FAIRE, IMPERSONAL, form, PRESENT if tense == NOW else tense)
            self.add(self.choose(WEATHER))
        else:
            self.add_around(
                verbs.verb_core(RAIN if r < 0.75 else SNOW, tense, form, IMPERSONAL.agreement), IMPERSONAL.phrase
            )
