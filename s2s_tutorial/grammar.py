"""The embedded corpus: a synchronous grammar that emits French, English and their gold word alignment.

A sentence is derived once and written twice (`synchronous.py` explains how). `lexicon.py` has the words, `phrases.py`
and `verbs.py` have the rules, `adjuncts.py` has time and place; `clauses.py` draws a clause, and this module joins
clauses into sentences. French decides English: « son » is "his" or "her" by the subject of its clause, the present is
progressive where « maintenant » or « en ce moment » says so, « la » is "it" with verbs that take things and "her" with
verbs that take people.

>>> [pair] = generate(1, seed=3)
>>> pair.french, pair.english
("Il ne l'a pas achetée.", "He didn't buy it.")
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from . import adjuncts, verbs
from . import clauses as c
from . import lexicon as lex
from . import phrases as p
from .synchronous import EMPTY, PHENOMENA, Phrase, phenomena
from .verbs import CAN, FUTURE, NOW, PAST, PRESENT, WANT

__all__ = ["PHENOMENA", "AlignedPair", "generate"]


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """A French sentence, its English translation, and which word is which.

    Attributes:
        french: as a teacher writes it: « Elle n'a pas mangé les pommes rouges hier. »
        english: "She didn't eat the red apples yesterday."
        alignment: (French position, English position) over normalised tokens, from 0.
        phenomena: what the sentence shows, names out of `PHENOMENA`.
    """

    french: str
    english: str
    alignment: frozenset[tuple[int, int]]
    phenomena: frozenset[str]


# what one does first to a thing, and what one does to it then: « Elle a acheté une pomme et elle l'a mangée. »
CHAINS = [
    (kind, [c.VERB[verb] for verb in first.split()], [c.VERB[verb] for verb in then.split()])
    for kind, first, then in (
        ("fruit", "acheter choisir", "laver manger"),
        ("food", "acheter choisir", "manger"),
        ("cooked", "acheter préparer", "manger"),
        ("book", "acheter choisir trouver", "lire"),
        ("text", "écrire", "lire"),
        ("paper", "acheter trouver", "lire"),
        ("clothes", "acheter choisir trouver", "porter laver vendre"),
        ("vehicle", "acheter choisir", "laver réparer vendre"),
        ("device", "perdre oublier", "chercher trouver"),
        ("item", "perdre oublier", "chercher trouver"),
        ("furniture", "acheter choisir", "réparer vendre"),
        ("person", "rencontrer voir", "aider inviter attendre"),
    )
]

# why one does it: a feeling (avoir), an adjective (être) or the weather
REASONS = [
    (c.VERB[verb], reasons)
    for verbs, reasons in (
        ("manger préparer", (c.HUNGRY,)),
        ("boire", (c.THIRSTY,)),
        ("dormir coucher reposer rentrer rester", (c.TIRED, c.SICK, c.SLEEPY)),
        ("dépêcher courir partir prendre", (c.LATE,)),
        ("pleurer", (c.SAD, c.TIRED)),
        ("chanter danser", (c.HAPPY,)),
        ("promener sortir jouer marcher", c.WEATHER[2:]),
        ("nager", c.WEATHER[1:2]),
        ("porter fermer", (*c.WEATHER[:1], c.COLD)),
        ("ouvrir", (*c.WEATHER[1:2], c.HOT)),
    )
    for verb in verbs.split()
]


ARRIVALS = [
    c.VERB[infinitive] for infinitive in ("arriver", "partir", "rentrer", "sortir", "lever", "chanter", "dormir")
]

RAINY_DAY = [  # what the weather may decide
    c.VERB[infinitive]
    for infinitive in [
        "rester",
        "promener",
        "jouer",
        "nager",
        "dormir",
        "lire",
        "regarder",
        "préparer",
        "sortir",
        "courir",
        "danser",
        "reposer",
        "travailler",
        "porter",
        "prendre",
        "écouter",
        "boire",
        "fermer",
        "ouvrir",
        "chanter",
        "attendre",
        "habiller",
    ]
]

# ---------------------------------------------------------------------------------------------------------- grammar


class Sentence(c.Clauses):
    """One sentence. Each method is a rule for a whole sentence, with examples of what it makes."""

    __slots__ = ()

    # --------------------------------------------------------------------------------------------- short sentences

    def form(self, subject: p.Subject) -> str:
        """A statement, mostly; a question only to or about somebody else."""
        r = self.random()
        if r < 0.55:
            return "statement"
        if r < 0.72:
            return "negative"
        if subject.agreement.person in (0, 3):
            return "statement"
        if r < 0.81:
            return "est_ce_que"
        if r < 0.9:
            return "inversion" if subject.agreement.pronoun else "noun_inversion"
        return "intonation"

    def feeling(self) -> None:
        """« J'ai faim. », « Marie n'a pas peur. »."""
        subject = self.subject()
        form = self.form(subject)
        self.describe(subject, self.choose(c.FEELINGS), form)
        self.end(form)

    def quality(self) -> None:
        """« Elle est fatiguée. », « Mon frère est médecin. », « Paul est à la maison. »."""
        subject = self.subject()
        form, r, agreement = self.form(subject), self.random(), subject.agreement
        if r < 0.65:
            self.describe(subject, c.LATE if r < 0.05 else self.choose(lex.STATES), form)
        else:
            self.copula(c.BE, subject, form)
            if r < 0.85:
                masculine, feminine, english = self.choose(lex.PROFESSIONS)
                self.add(p.profession(masculine, feminine, english, agreement.gender, agreement.plural))
            else:
                self.add(self.choose(adjuncts.ANYWHERE))
        self.end(form)

    def age(self) -> None:
        """« Elle a vingt-cinq ans. », « Ma grand-mère a quatre-vingts ans. »."""
        r = self.random()
        if r < 0.5:
            subject = self.choose(c.PRONOUNS) if r < 0.35 else self.name()
            number = self.choose(adjuncts.ADULT_AGES)
        else:
            kind = "elder" if r < 0.72 else "child"
            noun = self.choose(lex.NOUNS["elder"] if kind == "elder" else c.CHILDREN)
            name = self.choose(("le", "ce") if noun.kind == "child" else ("my", "your", "our", "your_all", "their"))
            subject = p.Subject(p.noun_phrase(noun, name), p.NOUN_AGREEMENT[noun.gender, False])
            number = self.choose(adjuncts.OLD_AGES if kind == "elder" else adjuncts.CHILD_AGES)
        form = self.form(subject)
        form = "statement" if form == "negative" else form
        self.copula(c.BE_AVOIR, subject, form)
        self.add(number)
        self.add(c.YEARS_OLD)
        self.end(form)

    def sky(self) -> None:
        """« Il va pleuvoir demain. », « Il fait froid à Paris aujourd'hui. »."""
        tense = self.choose((NOW, FUTURE, PAST))
        form = "negative" if self.random() < 0.2 else "est_ce_que" if self.random() < 0.15 else "statement"
        self.weather(form, tense)
        r = self.random()
        if r < 0.4:
            self.add(self.choose(adjuncts.TOWNS))
        self.add(self.choose(adjuncts.WEATHER_TIMES[tense]))
        self.end(form)

    def existence(self) -> None:
        """« Il y a un chat noir sous la table. »."""
        place, kinds = self.choose(adjuncts.SCENES)
        noun = self.choose(lex.NOUNS[self.choose(kinds)])
        r = self.random()
        form = "statement" if r < 0.6 else "negative" if r < 0.8 else "est_ce_que" if r < 0.9 else "inversion"
        polarity = {"statement": "", "negative": "not"}.get(form, "?")
        plural = False
        if noun.mass:
            phrase = p.noun_phrase(noun, {"": "du", "not": "de", "?": "du?"}[polarity])
        else:
            phrase, plural = self.counted(noun, "my", polarity, frozenset(("some",)))
        self.add(p.THERE_IS[form, plural])
        self.add(phrase)
        self.add(place)
        self.end(form)

    def presentation(self) -> None:
        """« C'est une belle maison. », « Ce n'est pas la voiture de Paul. »."""
        kind = self.choose(
            ("vehicle", "device", "item", "building", "book", "text", "image", "film", "furniture", "gift", "clothes")
        )
        noun = self.choose(lex.NOUNS[kind])
        r = self.random()
        form = "statement" if r < 0.6 else "negative" if r < 0.8 else "est_ce_que"
        self.copula(c.BE, c.CE, form)
        r = self.random()
        if r < 0.25:
            self.add(p.genitive(noun, self.name().phrase))
        else:
            before, after = self.adjectives(kind, often=0.9 if r > 0.5 else 0.0)
            name = "un" if before or after else self.choose(("un", "my", "your", "our", "their"))
            self.add(p.noun_phrase(noun, name, False, before, after))
        self.end(form)

    def bare(self) -> None:
        """« Nous nageons. », « Est-ce qu'elle a pleuré ? », « Je ne la vois pas. »."""
        subject = self.subject()
        form = self.form(subject)
        if self.random() < 0.6:
            self.clause(subject, form, self.choose(c.BARE), place=0.0, time=0.0)
        else:
            verb = self.choose(c.WITH_CLITIC)
            tense = self.choose((PAST, PRESENT, PRESENT, FUTURE, WANT, CAN))
            if verb.flags & {"present", "future"}:
                tense = PRESENT
            elif "event" in verb.flags:
                tense = PAST
            elif "state" in verb.flags and tense in (WANT, CAN):
                tense = PRESENT
            gap = self.pronoun_object(verb, tense, subject.agreement.person)
            self.clause(subject, form, verb, tense, place=0.0, time=0.0, gap=gap)
        self.end(form)

    # -------------------------------------------------------------------------------------------- middle sentences

    def statement(self) -> None:
        """One clause: « Ma sœur va acheter une veste rouge au marché samedi prochain. »."""
        form = "statement" if self.random() < 0.72 else "negative"
        self.clause(self.subject(), form, place=0.35, time=0.55, pronoun=0.3)
        self.end(form)

    def question(self) -> None:
        """Yes or no: « Est-ce que tu lis ? », « Lis-tu ? », « Tu lis ? », « Marie lit-elle ? »."""
        r = self.random()
        form = (
            "est_ce_que" if r < 0.32 else "inversion" if r < 0.62 else "intonation" if r < 0.92 else "negative_question"
        )
        subject = self.choose(c.ASKED) if self.random() < 0.7 else self.somebody()
        if form == "inversion" and not subject.agreement.pronoun:
            form = "noun_inversion"
        self.clause(subject, form, place=0.3, time=0.5, pronoun=0.3)
        self.end(form)

    def open_question(self) -> None:
        """« Où vas-tu acheter des pommes ? », « Qui a cassé la lampe ? », « Combien de livres a-t-il lus ? »."""
        self.open = True
        subject = self.choose(c.ASKED)
        form = "est_ce_que" if self.random() < 0.5 else "inversion"
        r = self.random()
        if r < 0.22:
            self.add(c.WHERE)
            if r < 0.04:
                self.clause(subject, form, c.VERB["habiter"], PRESENT, place=-1.0)
            else:
                verb = self.choose(c.WITH_PLACE)
                self.clause(
                    subject, form, verb, self.choose((PRESENT, PAST, FUTURE)), place=-1.0, time=0.3, pronoun=0.2
                )
        elif r < 0.42:
            self.add(c.WHY)
            self.clause(subject, form, place=0.2, time=0.2, pronoun=0.3)
        elif r < 0.55:
            self.add(c.AT_WHAT_TIME)
            self.clause(subject, form, None, self.choose((PAST, FUTURE, FUTURE)), place=0.3, time=0.0)
        elif r < 0.7:
            self.add(c.WHO_DOES)
            self.clause(
                p.WHO, "statement", None, self.choose((PRESENT, PAST, FUTURE)), place=0.3, time=0.4, silent=True
            )
            form = "est_ce_que"
        else:
            kind, first, then = self.choose(CHAINS)
            verb = self.choose(first + then)
            tense = self.choose((PRESENT, PAST, FUTURE))
            if r < 0.8 and kind != "person":
                self.add(c.WHAT)
                gap = p.MOVED["m", False]
            else:
                noun = self.choose(lex.NOUNS[kind])
                plural = not noun.mass and (r < 0.92 or self.random() < 0.3)
                name = "combien" if r < 0.9 else "quelle" if noun.gender == "f" else "quel"
                self.add(p.noun_phrase(noun, name, plural))
                gap = p.MOVED[noun.gender, plural]
            self.clause(subject, form, verb, tense, place=0.1, time=0.3, gap=gap)
        self.end(form)

    def related(self) -> None:
        """« La femme qui porte un manteau noir attend le bus. »."""
        noun, plural = self.choose(c.PEOPLE), self.random() < 0.35
        before = self.choose(c.BEFORE_OF[noun.kind]) if self.random() < 0.2 else None
        subject = p.Subject(EMPTY, p.NOUN_AGREEMENT[noun.gender, plural])
        self.add(p.noun_phrase(noun, "le", plural, before))
        self.add(c.WHO)
        r = self.random()
        if r < 0.3:
            self.describe(subject, self.choose(lex.STATES))
        else:
            self.clause(subject, "statement", self.choose(c.ACTIONS + c.BARE), place=0.2, time=0.2)
        self.clause(subject, "statement" if self.random() < 0.75 else "negative", place=0.2, time=0.35)
        self.end()

    def known(self) -> None:
        """« Je cherche la clé que ma sœur a perdue hier. »."""
        kind, first, then = self.choose(CHAINS)
        noun = self.choose(lex.NOUNS[kind])
        plural = not noun.mass and self.random() < 0.4
        subject, verb = self.subject(), self.choose(then)
        tense = self.choose((PRESENT, FUTURE, PAST, PAST))
        before, after = self.adjectives(kind, often=0.3)
        gap = p.MOVED[noun.gender, plural]
        form = "statement" if self.random() < 0.8 else "negative"
        self.clause(subject, form, verb, tense, place=-1.0, time=0.0, gap=p.LATER)
        self.add(p.noun_phrase(noun, "le", plural, before, after))
        self.add(c.WHICH)
        self.clause(self.subject(), "statement", self.choose(first), PAST, place=0.3, time=0.5, gap=gap)
        self.end()

    # ---------------------------------------------------------------------------------------------- long sentences

    def joined(self) -> None:
        """« Paul lave sa voiture et il va au marché. », « Marie aime le thé, mais Hugo ne boit pas de café. »."""
        subject = self.subject()
        r = self.random()
        tense = self.choose((PAST, PAST, FUTURE, PRESENT))
        self.clause(subject, "statement", None, tense, place=0.35, time=0.6)
        other = self.again(subject)
        if r < 0.15 and tense in (PAST, PRESENT) and subject.agreement.person in (2, 5):  # « Paul lit et écrit »
            self.add(c.AND)
            self.clause(other, "statement", None, tense, place=0.35, time=0.0, silent=True)
        elif r < 0.2:  # three in a row
            self.add(c.COMMA)
            self.clause(other, "statement", None, tense, place=0.3, time=0.0)
            self.then()
            self.clause(other, "statement", None, tense, place=0.3, time=0.0)
        elif r < 0.45:
            self.then()
            self.clause(other, "statement", None, tense, place=0.35, time=0.0)
        else:
            self.add(c.COMMA)
            self.add(c.BUT)
            other = other if r < 0.7 else self.somebody()
            self.clause(other, "negative" if r < 0.85 else "statement", None, tense, place=0.4, time=0.0)
        self.end()

    def then(self) -> None:
        """« et » or « , puis »."""
        if self.random() < 0.67:
            self.add(c.AND)
        else:
            self.add(c.COMMA)
            self.add(c.THEN)

    def chained(self) -> None:
        """« Elle a acheté une pomme rouge au marché et elle l'a mangée. »."""
        kind, first, then = self.choose(CHAINS)
        noun = self.choose(lex.NOUNS[kind])
        subject, tense = self.subject(), self.choose((PAST, PAST, FUTURE))
        before, after = self.adjectives(kind)
        if noun.mass:
            phrase, plural = p.noun_phrase(noun, "du", False, None, after), False
        else:
            plural = self.random() < 0.35
            name = (
                "le"
                if self.random() < 0.25
                else self.choose(adjuncts.SMALL_NUMBERS)
                if plural and self.random() < 0.3
                else "un"
            )
            if kind in ("device", "item") and self.random() < 0.7:
                name = subject.agreement.owner
            phrase = p.noun_phrase(noun, name, plural, before, after)
        verb = self.choose(first)
        if "event" in verb.flags:
            tense = PAST
        self.clause(subject, "statement", verb, tense, place=-1.0, time=0.0, gap=p.LATER)
        self.late_object(phrase, verb, tense)
        self.then()
        singular = p.HIM_HER if kind == "person" else p.IT
        pronoun = p.THEM[noun.gender] if plural else singular[noun.gender]
        other = self.again(subject) if self.random() < 0.8 else self.somebody()
        self.clause(other, "statement", self.choose(then), tense, place=0.2, time=0.0, gap=pronoun)
        self.end()

    def late_object(self, phrase: Phrase, verb: lex.Verb, tense: str) -> None:
        """An object, then perhaps where and when."""
        self.add(phrase)
        if verb.places and self.random() < 0.35:
            self.add(self.choose(adjuncts.PLACES[verb]))
        if self.random() < 0.45:
            self.add(self.choose(adjuncts.TIMES[tense][verb]))

    def reasoned(self) -> None:
        """« Elle va porter un manteau parce qu'il fait froid. »."""
        verb, reasons = self.choose(REASONS)
        subject = self.subject()
        tenses = (
            (FUTURE,) if "state" in verb.flags else (NOW,) if "unwilled" in verb.flags else (FUTURE, NOW, NOW, WANT)
        )
        tense = self.choose(tenses)
        self.clause(subject, "statement", verb, tense, place=0.4, time=0.35 if tense == FUTURE else 0.0)
        self.add(c.BECAUSE)
        self.describe(self.again(subject), self.choose(reasons))
        self.end()

    def conditional(self) -> None:
        """« Quand il pleut, je reste à la maison. », « S'il fait beau demain, nous allons nager. »."""
        condition = self.random()
        if condition < 0.4:
            self.add(c.IF)
            self.weather()
            self.add(self.choose(adjuncts.WEATHER_TIMES[FUTURE]))
            tense = FUTURE
        else:
            self.add(c.WHEN)
            tense = PRESENT
            if condition < 0.65:
                self.weather()
            else:
                self.clause(self.subject(), "statement", self.choose(ARRIVALS), PRESENT, place=0.2, time=-1.0)
        self.add(c.COMMA)
        form = "statement" if self.random() < 0.75 else "negative"
        self.clause(self.subject(), form, self.choose(RAINY_DAY), tense, place=0.0, time=-1.0)
        self.end()

    def reported(self) -> None:
        """« Mon père pense que Marie a perdu sa clé. », « J'espère qu'il va faire beau demain. »."""
        subject, r = self.subject(), self.random()
        verb = c.HOPE if r < 0.25 else self.choose(c.SAYING)
        self.add_around(verbs.verb_core(verb, PRESENT, "statement", subject.agreement), subject.phrase)
        self.add(c.THAT)
        if r < 0.1:
            self.weather(tense=FUTURE)
            self.add(self.choose(adjuncts.WEATHER_TIMES[FUTURE]))
        else:
            form = "statement" if self.random() < 0.7 else "negative"
            other = self.subject()
            while other.agreement.person % 3 == subject.agreement.person % 3 and other.agreement.pronoun:
                other = self.subject()
            self.clause(
                other,
                form,
                None,
                FUTURE if verb is c.HOPE else self.choose((PRESENT, PAST, FUTURE)),
                place=0.45,
                time=0.5,
                pronoun=0.3,
            )
        self.end()

    def story(self) -> None:
        """Two pairs of clauses: the longest sentences."""
        subject, other = self.subject(), self.somebody()
        tense = self.choose((PAST, PAST, FUTURE))
        self.clause(subject, "statement", None, tense, place=0.4, time=0.6)
        self.add(c.AND)
        self.clause(self.again(subject), "statement", None, tense, place=0.2, time=0.0)
        self.add(c.COMMA)
        self.add(c.BUT)
        self.clause(other, "negative" if self.random() < 0.5 else "statement", None, tense, place=0.4, time=0.0)
        self.end()


LONGEST = 28  # French tokens
SENTENCES = tuple(
    rule
    for rule, weight in (
        (Sentence.feeling, 5),
        (Sentence.quality, 6),
        (Sentence.age, 5),
        (Sentence.sky, 3),
        (Sentence.existence, 5),
        (Sentence.presentation, 4),
        (Sentence.bare, 9),
        (Sentence.statement, 23),
        (Sentence.question, 10),
        (Sentence.open_question, 7),
        (Sentence.related, 8),
        (Sentence.known, 7),
        (Sentence.joined, 9),
        (Sentence.chained, 6),
        (Sentence.reasoned, 5),
        (Sentence.conditional, 6),
        (Sentence.reported, 6),
        (Sentence.story, 8),
    )
    for _ in range(weight)
)


def generate(count: int, seed: int = 0) -> Iterator[AlignedPair]:
    """Derive sentences at random, one at a time; the same seed gives the same sentences everywhere.

    Args:
        count: how many pairs; some repeat, mostly short ones.
        seed: of the one generator of random numbers.

    Raises:
        ValueError: count is negative.
    """
    if count < 0:
        raise ValueError(f"count is {count}, expected 0 or more")
    rng = random.Random(seed)
    for _ in range(count):
        sentence = Sentence(rng)
        sentence.choose(SENTENCES)(sentence)
        while len(sentence.french) > LONGEST:
            sentence = Sentence(rng)
            sentence.choose(SENTENCES)(sentence)
        french, english, marks = sentence.sentences()
        yield AlignedPair(french, english, frozenset(sentence.links), phenomena(marks))
