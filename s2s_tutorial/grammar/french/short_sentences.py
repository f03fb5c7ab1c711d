"""Rules for sentences of one short clause: « J'ai faim. », « Il y a un chat noir sous la table. »."""

from __future__ import annotations

from s2s_tutorial.grammar.french.adverbials import (
    ADULT_AGES,
    ANYWHERE,
    CHILD_AGES,
    OLD_AGES,
    SCENES,
    TOWNS,
    WEATHER_TIMES,
)
from s2s_tutorial.grammar.french.clauses import Sentence
from s2s_tutorial.grammar.french.lexicon import NOUNS, PROFESSIONS, STATES, Verb
from s2s_tutorial.grammar.french.phrases import (
    AFFIRMATIVE,
    INTERROGATIVE,
    NEGATIVE,
    NOUN_AGREEMENT,
    PARTITIVE,
    THERE_IS,
    Subject,
    genitive,
    noun_phrase,
    profession,
)
from s2s_tutorial.grammar.french.verbs import CAN, FUTURE, NOW, PAST, PRESENT, QUESTIONS, WANT
from s2s_tutorial.grammar.french.word_groups import (
    BE,
    BE_AVOIR,
    CE,
    CHILDREN,
    COMPLETE_ALONE,
    FEELINGS,
    LATE,
    PRONOUN_SUBJECTS,
    WITH_OBJECT_PRONOUN,
    YEARS_OLD,
)

FORMS = {"statement": 55, "negative": 17, "est_ce_que": 9, "inversion": 9, "intonation": 10}  # percent


def random_form(sentence: Sentence, subject: Subject) -> str:
    """Return a form, a key of `verbs.RULES`, that suits the subject: no questions with « je » and « nous »."""
    form = sentence.draw.weighted(FORMS)
    if form in QUESTIONS and subject.agreement.person in (0, 3):
        return "statement"
    return "noun_inversion" if form == "inversion" and not subject.agreement.pronoun else form


def feeling(sentence: Sentence) -> None:
    """Write « J'ai faim. », « Marie n'a pas peur. »."""
    subject = sentence.draw.subject()
    form = random_form(sentence, subject)
    sentence.describe(subject, sentence.draw.choose(FEELINGS), form)
    sentence.end(form)


def state(sentence: Sentence) -> None:
    """Write « Elle est fatiguée. », « Mon frère est médecin. », « Paul est à la maison. »."""
    draw = sentence.draw
    subject = draw.subject()
    form = random_form(sentence, subject)
    kind = draw.weighted({"late": 5, "adjective": 60, "profession": 20, "place": 15})
    if kind in ("late", "adjective"):
        sentence.describe(subject, LATE if kind == "late" else draw.choose(STATES), form)
    else:
        sentence.copula(BE, subject, form)
        if kind == "profession":
            masculine, feminine, english = draw.choose(PROFESSIONS)
            agreement = subject.agreement
            sentence.add(profession(masculine, feminine, english, agreement.gender, agreement.plural))
        else:
            sentence.add(draw.choose(ANYWHERE))
    sentence.end(form)


def age(sentence: Sentence) -> None:
    """Write « Elle a vingt-cinq ans. », « Ma grand-mère a quatre-vingts ans. »."""
    draw = sentence.draw
    kind = draw.weighted({"pronoun": 35, "name": 15, "elder": 22, "child": 28})
    if kind in ("pronoun", "name"):
        subject = draw.choose(PRONOUN_SUBJECTS) if kind == "pronoun" else draw.named_person()
        number = draw.choose(ADULT_AGES)
    else:
        noun = draw.choose(NOUNS["elder"] if kind == "elder" else CHILDREN)
        name = draw.choose(("le", "ce") if noun.kind == "child" else ("my", "your", "our", "your_all", "their"))
        subject = Subject(noun_phrase(noun, name), NOUN_AGREEMENT[noun.gender, False])
        number = draw.choose(OLD_AGES if kind == "elder" else CHILD_AGES)
    form = random_form(sentence, subject)
    form = "statement" if form == "negative" else form
    sentence.copula(BE_AVOIR, subject, form)
    sentence.add(number)
    sentence.add(YEARS_OLD)
    sentence.end(form)


def weather(sentence: Sentence) -> None:
    """Write « Il va pleuvoir demain. », « Il fait froid à Paris aujourd'hui. »."""
    draw = sentence.draw
    tense = draw.choose((NOW, FUTURE, PAST))
    form = "negative" if draw.chance(0.2) else "statement"
    if form == "statement" and draw.chance(0.15):
        form = "est_ce_que"
    sentence.weather(form, tense)
    if draw.chance(0.4):
        sentence.add(draw.choose(TOWNS))
    sentence.add(draw.choose(WEATHER_TIMES[tense]))
    sentence.end(form)


def existence(sentence: Sentence) -> None:
    """Write « Il y a un chat noir sous la table. »."""
    draw = sentence.draw
    place, kinds = draw.choose(SCENES)
    noun = draw.choose(NOUNS[draw.choose(kinds)])
    form = draw.weighted({"statement": 60, "negative": 20, "est_ce_que": 10, "inversion": 10})
    polarity = {"statement": AFFIRMATIVE, "negative": NEGATIVE}.get(form, INTERROGATIVE)
    if noun.mass:
        phrase, plural = noun_phrase(noun, PARTITIVE[polarity]), False
    else:
        phrase, plural = draw.count_noun(noun, "my", polarity, frozenset(("some",)))
    sentence.add(THERE_IS[form, plural])
    sentence.add(phrase)
    sentence.add(place)
    sentence.end(form)


def presentation(sentence: Sentence) -> None:
    """Write « C'est une belle maison. », « Ce n'est pas la voiture de Paul. »."""
    draw = sentence.draw
    kind = draw.choose(
        (
            "vehicle",
            "device",
            "item",
            "key",
            "building",
            "book",
            "text",
            "image",
            "film",
            "furniture",
            "gift",
            "clothes",
            "show",
        )
    )
    noun = draw.choose(NOUNS[kind])
    form = draw.weighted({"statement": 60, "negative": 20, "est_ce_que": 20})
    sentence.copula(BE, CE, form)
    style = draw.weighted({"possessor": 25, "plain": 25, "adjectives": 50})
    if style == "possessor":
        sentence.add(genitive(noun, draw.named_person().phrase))
    else:
        before, after = draw.adjectives(kind, 0.9 if style == "adjectives" else 0.0)
        name = "un" if before or after else draw.choose(("un", "my", "your", "our", "their"))
        sentence.add(noun_phrase(noun, name, False, before, after))
    sentence.end(form)


def verb_alone(sentence: Sentence) -> None:
    """Write « Nous nageons. », « Est-ce qu'elle a pleuré ? », « Je ne la vois pas. »."""
    draw = sentence.draw
    subject = draw.subject()
    form = random_form(sentence, subject)
    if draw.chance(0.6):
        sentence.clause(subject, form, draw.choose(COMPLETE_ALONE), place=0.0, time=0.0)
    else:
        verb = draw.choose(WITH_OBJECT_PRONOUN)
        tense = _allowed(draw.weighted({PAST: 1, PRESENT: 2, FUTURE: 1, WANT: 1, CAN: 1}), verb)
        clitic = sentence.random_object_pronoun(verb, tense, subject.agreement.person)
        sentence.clause(subject, form, verb, tense, place=0.0, time=0.0, clitic=clitic)
    sentence.end(form)


def _allowed(tense: str, verb: Verb) -> str:
    """Return the tense if the verb allows it, and otherwise the past or the present, whichever it allows."""
    if verb.flags & {"present", "future"}:
        return PRESENT
    if "event" in verb.flags:
        return PAST
    return PRESENT if "state" in verb.flags and tense in (WANT, CAN) else tense


def statement(sentence: Sentence) -> None:
    """Write « Ma sœur va acheter une veste rouge au marché samedi prochain. »."""
    form = "statement" if sentence.draw.chance(0.72) else "negative"
    sentence.clause(sentence.draw.subject(), form, place=0.35, time=0.55, pronoun=0.3)
    sentence.end(form)
