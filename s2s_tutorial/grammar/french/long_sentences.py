"""Rules for sentences of two or more clauses: relative clauses, coordination, reasons, conditions, reported speech."""

from __future__ import annotations

from s2s_tutorial.grammar.aligned_phrases import EMPTY, Phrase
from s2s_tutorial.grammar.choices import Choices
from s2s_tutorial.grammar.french.adverbials import PLACES, SMALL_NUMBERS, TIMES, WEATHER_TIMES
from s2s_tutorial.grammar.french.clauses import NO_PLACE, Sentence
from s2s_tutorial.grammar.french.lexicon import NOUNS, STATES, Noun, Verb
from s2s_tutorial.grammar.french.phrases import (
    HIM_HER,
    IT,
    LATER,
    MOVED,
    NOUN_AGREEMENT,
    THEM,
    Subject,
    noun_phrase,
)
from s2s_tutorial.grammar.french.random_phrases import pronoun_for
from s2s_tutorial.grammar.french.verbs import FUTURE, NOW, PAST, PRESENT, WANT, verb_core
from s2s_tutorial.grammar.french.word_groups import (
    ADJECTIVES_BEFORE,
    AND,
    BECAUSE,
    BUT,
    CARRIED,
    CHAINS,
    COMMA,
    COMPLETE_ALONE,
    HOPE,
    IF,
    OCCASIONS,
    PEOPLE,
    REACTIONS,
    REASONS,
    RELATIVE_OBJECT,
    RELATIVE_SUBJECT,
    SAY_OR_THINK,
    THAT,
    THEN,
    TRANSITIVE,
    WHEN,
)


def _statement_or_negative(draw: Choices, statement: float) -> str:
    """Return "statement" with the given probability, and otherwise "negative"."""
    return "statement" if draw.chance(statement) else "negative"


# ------------------------------------------------------------------------------------------------- relative clauses


def relative_subject(sentence: Sentence) -> None:
    """Write « La femme qui porte un manteau noir attend le bus. »."""
    draw = sentence.draw
    noun, plural = draw.choose(PEOPLE), draw.chance(0.35)
    before = draw.choose(ADJECTIVES_BEFORE[noun.kind]) if draw.chance(0.2) else None
    subject = Subject(EMPTY, NOUN_AGREEMENT[noun.gender, plural])  # already written: « la femme qui »
    sentence.add(noun_phrase(noun, "le", plural, before))
    sentence.add(RELATIVE_SUBJECT)
    if draw.chance(0.3):
        sentence.describe(subject, draw.choose(STATES))
    else:
        sentence.clause(subject, "statement", draw.choose(TRANSITIVE + COMPLETE_ALONE), place=0.2, time=0.2)
    sentence.habit = False  # of the relative clause only
    sentence.clause(subject, _statement_or_negative(draw, 0.75), place=0.2, time=0.35)
    sentence.end()


def relative_object(sentence: Sentence) -> None:
    """Write « Je cherche la clé que ma sœur a perdue hier. »."""
    draw = sentence.draw
    kind, first, later = draw.choose(CHAINS)
    noun = draw.choose(NOUNS[kind])
    plural = not noun.mass and draw.chance(0.4)
    subject, verb = draw.subject(), draw.choose(later)
    tense = draw.weighted({PRESENT: 1, FUTURE: 1, PAST: 2})
    before, after = draw.adjectives(kind, 0.3)
    form = _statement_or_negative(draw, 0.8)
    sentence.clause(subject, form, verb, tense, place=NO_PLACE, time=0.0, clitic=LATER)
    sentence.add(noun_phrase(noun, "le", plural, before, after))
    sentence.add(RELATIVE_OBJECT)
    clitic = MOVED[noun.gender, plural]
    sentence.clause(draw.subject(), "statement", draw.choose(first), PAST, place=0.3, time=0.5, clitic=clitic)
    sentence.end()


# ----------------------------------------------------------------------------------------------------- coordination


def coordination(sentence: Sentence) -> None:
    """Write « Paul lave sa voiture et il va au marché. », « Marie aime le thé, mais Hugo ne boit pas de café. »."""
    draw = sentence.draw
    subject = draw.subject()
    kind = draw.weighted(
        {
            "and, one subject": 15,  # « Paul lit et écrit »
            "three clauses": 5,
            "and": 25,
            "but not": 25,
            "but another not": 15,
            "but another": 15,
        }
    )
    tense = draw.weighted({PAST: 2, FUTURE: 1, PRESENT: 1})
    # several actions of one subject in the present are habits: « Paul lit et écrit tous les jours »
    time = 1.0 if tense == PRESENT and not kind.startswith("but") else 0.6
    sentence.clause(subject, "statement", None, tense, place=0.35, time=time)
    other = pronoun_for(subject)
    if kind == "and, one subject" and tense in (PAST, PRESENT) and subject.agreement.person in (2, 5):
        sentence.add(AND)
        sentence.clause(other, "statement", None, tense, place=0.35, time=0.0, subject_omitted=True)
    elif kind in ("and, one subject", "three clauses"):
        sentence.add(COMMA)
        sentence.clause(other, "statement", None, tense, place=0.3, time=0.0)
        _and_or_then(sentence)
        sentence.clause(other, "statement", None, tense, place=0.3, time=0.0)
    elif kind == "and":
        _and_or_then(sentence)
        sentence.clause(other, "statement", None, tense, place=0.35, time=0.0)
    else:
        sentence.add(COMMA)
        sentence.add(BUT)
        other = other if kind == "but not" else draw.person()
        form = "statement" if kind == "but another" else "negative"
        sentence.clause(other, form, None, tense, place=0.4, time=0.0)
    sentence.end()


def _and_or_then(sentence: Sentence) -> None:
    """Append « et » or « , puis »."""
    if sentence.draw.chance(0.67):
        sentence.add(AND)
    else:
        sentence.add(COMMA)
        sentence.add(THEN)


def chain(sentence: Sentence) -> None:
    """Write « Elle a acheté une pomme rouge au marché et elle l'a mangée. »."""
    draw = sentence.draw
    kind, first, later = draw.choose(CHAINS)
    noun = draw.choose(NOUNS[kind])
    subject, tense = draw.subject(), draw.weighted({PAST: 2, FUTURE: 1})
    phrase, plural = _first_mention(sentence, noun, subject.agreement.owner)
    verb = draw.choose(first)
    if "event" in verb.flags:
        tense = PAST
    sentence.clause(subject, "statement", verb, tense, place=NO_PLACE, time=0.0, clitic=LATER)
    sentence.add(phrase)
    if verb.places and draw.chance(0.35):
        sentence.add(draw.choose(PLACES[verb]))
    if draw.chance(0.45):
        sentence.add(draw.choose(TIMES[tense][verb]))
    _and_or_then(sentence)
    singular = HIM_HER if kind == "person" else IT
    pronoun = THEM[noun.gender] if plural else singular[noun.gender]
    other = pronoun_for(subject) if draw.chance(0.8) else draw.person()
    sentence.clause(other, "statement", draw.choose(later), tense, place=0.2, time=0.0, clitic=pronoun)
    sentence.end()


def _first_mention(sentence: Sentence, noun: Noun, owner: str) -> tuple[Phrase, bool]:
    """Return the first phrase about something that a pronoun will refer to, and whether it is plural."""
    draw = sentence.draw
    before, after = draw.adjectives(noun.kind)
    if noun.mass:
        return noun_phrase(noun, "du", after=after), False
    plural = draw.chance(0.35)
    name = "un"
    if draw.chance(0.25):
        name = "le"
    elif plural and draw.chance(0.3):
        name = draw.choose(SMALL_NUMBERS)
    if noun.kind in CARRIED:
        name, plural = owner, plural and noun.kind == "key"
    return noun_phrase(noun, name, plural, before, after), plural


def story(sentence: Sentence) -> None:
    """Write three clauses, two about one subject and one about another; these are the longest sentences."""
    draw = sentence.draw
    subject, other = draw.subject(), draw.person()
    tense = draw.weighted({PAST: 2, FUTURE: 1})
    sentence.clause(subject, "statement", None, tense, place=0.4, time=0.6)
    sentence.add(AND)
    sentence.clause(pronoun_for(subject), "statement", None, tense, place=0.2, time=0.0)
    sentence.add(COMMA)
    sentence.add(BUT)
    sentence.clause(other, "negative" if draw.chance(0.5) else "statement", None, tense, place=0.4, time=0.0)
    sentence.end()


# ---------------------------------------------------------------------------------------------- subordinate clauses


def reason(sentence: Sentence) -> None:
    """Write « Elle va porter un manteau parce qu'il fait froid. »."""
    draw = sentence.draw
    verb, reasons = draw.choose(REASONS)
    subject = draw.subject()
    tense = draw.weighted(_tenses_with_a_reason(verb))
    sentence.clause(subject, "statement", verb, tense, place=0.4, time=0.35 if tense == FUTURE else 0.0)
    sentence.add(BECAUSE)
    sentence.describe(pronoun_for(subject), draw.choose(reasons))
    sentence.end()


def _tenses_with_a_reason(verb: Verb) -> dict[str, int]:
    """Return the weights of the tenses in which a present reason fits the verb."""
    if "state" in verb.flags:
        return {FUTURE: 1}
    return {NOW: 1} if "unwilled" in verb.flags else {FUTURE: 1, NOW: 2, WANT: 1}


def condition(sentence: Sentence) -> None:
    """Write « Quand il pleut, je reste à la maison. », « S'il fait beau demain, nous allons nager. »."""
    draw = sentence.draw
    kind = draw.weighted({"if the weather": 40, "when the weather": 25, "when a person": 35})
    form = _statement_or_negative(draw, 0.75)
    tense = FUTURE if kind == "if the weather" else PRESENT
    sentence.habit = tense == PRESENT
    sentence.add(WHEN if tense == PRESENT else IF)
    if kind == "when a person":
        sentence.clause(draw.subject(), "statement", draw.choose(OCCASIONS), PRESENT, place=0.0, time=0.0)
        verb = None  # chosen to make sense together
    else:
        verb = draw.choose(REACTIONS[sentence.weather()][form])
        if tense == FUTURE:
            sentence.add(draw.choose(WEATHER_TIMES[FUTURE]))
    sentence.add(COMMA)
    sentence.clause(draw.subject(), form, verb, tense, place=0.0, time=0.0)
    sentence.end()


def reported_speech(sentence: Sentence) -> None:
    """Write « Mon père pense que Marie a perdu sa clé. », « J'espère qu'il va faire beau demain. »."""
    draw = sentence.draw
    subject = draw.subject()
    kind = draw.weighted({"hope about the weather": 10, "hope": 15, "say or think": 75})
    verb = draw.choose(SAY_OR_THINK) if kind == "say or think" else HOPE
    sentence.add_around(verb_core(verb, PRESENT, "statement", subject.agreement), subject.phrase)
    sentence.add(THAT)
    if kind == "hope about the weather":
        sentence.weather(tense=FUTURE)
        sentence.add(draw.choose(WEATHER_TIMES[FUTURE]))
    else:
        form = _statement_or_negative(draw, 0.7)
        other = draw.subject()
        while other.agreement.person % 3 == subject.agreement.person % 3 and other.agreement.pronoun:
            other = draw.subject()
        tense = FUTURE if verb is HOPE else draw.choose((PRESENT, PAST, FUTURE))
        sentence.clause(other, form, None, tense, place=0.45, time=0.5, pronoun=0.3)
    sentence.end()
