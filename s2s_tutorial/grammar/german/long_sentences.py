"""Rules for sentences of two or more clauses: relative clauses, coordination, reasons, conditions, reported speech."""

from __future__ import annotations

from s2s_tutorial.grammar.aligned_phrases import EMPTY
from s2s_tutorial.grammar.german.adverbials import WEATHER_TIMES
from s2s_tutorial.grammar.german.clauses import NO_PLACE, Sentence
from s2s_tutorial.grammar.german.lexicon import NOUNS, SAYING, STATES
from s2s_tutorial.grammar.german.morphology import ACCUSATIVE, NOMINATIVE
from s2s_tutorial.grammar.german.phrases import (
    DU,
    IHR,
    THING,
    Agreement,
    Subject,
    noun_phrase,
    object_pronoun,
    relative_pronoun,
)
from s2s_tutorial.grammar.german.random_phrases import pronoun_for
from s2s_tutorial.grammar.german.short_sentences import weather_clause
from s2s_tutorial.grammar.german.verbs import FUTURE, HAD_TO, MUST, PAST, PRESENT, WANT
from s2s_tutorial.grammar.german.word_groups import (
    ADJECTIVES,
    AND,
    AT_WHAT_TIME,
    BECAUSE,
    BUT,
    CARRIED,
    CHAINS,
    COMMA,
    COMMA_IN_BOTH,
    COMPLETE_ALONE,
    DUTIES,
    FEELINGS,
    IF,
    INDOORS,
    OCCASIONS,
    OUTDOORS,
    PEOPLE,
    REASONS,
    REFUSALS,
    THAT,
    TRANSITIVE,
    WHEN,
    WHERE,
    WHY,
    WITH_PLACE,
)

*SAY_THINK_HOPE, KNOW = SAYING
# ------------------------------------------------------------------------------------------------- relative clauses


def relative_subject(sentence: Sentence) -> None:
    """Write "Die Frau, die einen schwarzen Mantel trägt, wartet auf den Bus."."""
    draw = sentence.draw
    noun, plural = draw.choose(PEOPLE), draw.chance(0.35)
    adjectives = (draw.choose(ADJECTIVES[noun.kind]),) if draw.chance(0.2) else ()
    agreement = Agreement(5 if plural else 2, noun.gender, False)
    who = relative_pronoun(noun.agreement(plural), NOMINATIVE, "who")
    subject = sentence.part()
    subject.add(noun_phrase(noun, "the", NOMINATIVE, plural, adjectives))
    subject.add(COMMA)
    if draw.chance(0.25):
        subject.describe(Subject(EMPTY, agreement), draw.choose(STATES), "relative", parts={"C": who})
    else:
        verb = draw.choose(TRANSITIVE + COMPLETE_ALONE)
        subject.clause(Subject(EMPTY, agreement), "relative", verb, place=0.2, time=0.2, first=who)
    subject.add(COMMA)
    sentence.clause(Subject(subject.phrase(), agreement), negative=draw.chance(0.25), place=0.25, time=0.4)
    sentence.end()


def relative_object(sentence: Sentence) -> None:
    """Write "Ich suche den Schlüssel, den meine Schwester gestern verloren hat."."""
    draw = sentence.draw
    kind, first, later = draw.choose(CHAINS)
    noun = draw.choose(NOUNS[kind])
    plural = draw.chance(0.35) and kind not in CARRIED and not noun.mass
    verb = draw.choose(later)
    tense = PAST if "result" in verb.flags else draw.weighted({PRESENT: 1, FUTURE: 1, PAST: 2})
    subject, other = draw.subject(), draw.subject()
    head = noun_phrase(noun, "the", ACCUSATIVE, plural, draw.adjectives(kind, 0.3))
    that = relative_pronoun(noun.agreement(plural), ACCUSATIVE, "that")
    sentence.clause(subject, "statement", verb, tense, place=NO_PLACE, time=0.0, negative=draw.chance(0.15), given=head)
    sentence.add(COMMA)
    verb = draw.choose(first)
    sentence.clause(other, "subordinate", verb, PAST, place=0.3, time=0.4, first=that, given=EMPTY)
    sentence.end()


# ----------------------------------------------------------------------------------------------------- coordination


def coordination(sentence: Sentence) -> None:
    """Write "Paul wäscht sein Auto und Anna kocht Suppe.", "Anna mag Tee, aber Tim trinkt keinen Kaffee."."""
    draw = sentence.draw
    subject = draw.subject(neuter=False)
    kind = draw.weighted({"and": 40, "but not": 35, "but another": 25})
    tense = draw.weighted({PAST: 2, FUTURE: 1, PRESENT: 1})
    # several actions of one subject in the present are habits: "Er liest jeden Tag und er schreibt"
    sentence.clause(
        subject, "statement", None, tense, place=0.35, time=1.0 if tense == PRESENT and kind == "and" else 0.6
    )
    if kind == "and":
        sentence.add(AND)
        sentence.clause(pronoun_for(subject), "plain", None, tense, place=0.35, time=0.0)
    else:
        sentence.add(COMMA_IN_BOTH)
        sentence.add(BUT)
        other = pronoun_for(subject) if kind == "but not" else draw.person()
        negative = kind == "but not" or draw.chance(0.4)
        sentence.clause(other, "plain", None, tense, negative=negative, place=0.35, time=0.0)
    sentence.end()


def chain(sentence: Sentence) -> None:
    """Write "Sie hat auf dem Markt einen roten Apfel gekauft und sie hat ihn gegessen."."""
    draw = sentence.draw
    kind, first, later = draw.choose(CHAINS)
    noun, subject = draw.choose(NOUNS[kind]), draw.subject(neuter=False)
    plural = draw.chance(0.3) and kind not in CARRIED and not noun.mass
    verb = draw.choose(first)
    tense = PAST if "event" in verb.flags else draw.weighted({PAST: 2, FUTURE: 1})
    name = subject.agreement.owner if kind in CARRIED else ("a" if draw.chance(0.75) else "the")
    phrase = noun_phrase(noun, name, ACCUSATIVE, plural, draw.adjectives(kind))
    sentence.clause(subject, "statement", verb, tense, place=0.3, time=0.45, given=phrase)
    sentence.add(AND)
    other = pronoun_for(subject) if draw.chance(0.8) else draw.person()
    pronoun = object_pronoun(THING[noun.agreement(plural)])
    sentence.clause(other, "plain", draw.choose(later), tense, place=0.15, time=0.0, pronoun_object=pronoun)
    sentence.end()


# ---------------------------------------------------------------------------------------------- subordinate clauses


def reason(sentence: Sentence) -> None:
    """Write "Sie bleibt zu Hause, weil sie krank ist."."""
    draw = sentence.draw
    subject = draw.subject(neuter=False)
    if draw.chance(0.5):
        verb, reasons = draw.choose(REASONS)
        tenses = {PRESENT: 3} if "unwilled" in verb.flags else {PRESENT: 2, FUTURE: 1, WANT: 1, MUST: 1}
        sentence.clause(subject, "statement", verb, draw.weighted(tenses), place=0.35, time=0.0)
        sentence.add(COMMA)
        quality = draw.choose(reasons)
        verb_name = "haben" if quality in FEELINGS else "sein"
        sentence.describe(pronoun_for(subject), quality, "subordinate", verb=verb_name, parts={"C": BECAUSE})
    else:
        negative = draw.chance(0.4)
        first, later = draw.choose(REFUSALS if negative else DUTIES)
        tense = draw.choose((PAST, FUTURE))
        sentence.clause(subject, "statement", draw.choose(first), tense, place=0.3, time=0.3, negative=negative)
        sentence.add(COMMA)
        needed = HAD_TO if tense == PAST else draw.choose((MUST, WANT))
        sentence.clause(
            pronoun_for(subject), "subordinate", draw.choose(later), needed, place=0.2, time=0.0, first=BECAUSE
        )
    sentence.end()


def condition(sentence: Sentence) -> None:
    """Write "Wenn es kalt ist, bleibe ich zu Hause.", "Wenn es morgen warm ist, werden wir schwimmen."."""
    draw = sentence.draw
    kind = draw.weighted({"if the weather": 40, "when the weather": 25, "when a person": 35})
    negative = draw.chance(0.25)
    verb = None  # chosen to make sense together
    tense = FUTURE if kind == "if the weather" else PRESENT
    sentence.habit = tense == PRESENT
    first = sentence.part()
    if kind == "when a person":
        first.clause(draw.subject(), "subordinate", draw.choose(OCCASIONS), PRESENT, place=0.0, time=0.0, first=WHEN)
    else:
        parts = {"C": WHEN if tense == PRESENT else IF}
        if tense == FUTURE:
            parts["T"] = draw.choose(WEATHER_TIMES[FUTURE])
        weather = weather_clause(first, PRESENT, parts=parts)
        verb = draw.choose(INDOORS if (weather == "cold") != negative else OUTDOORS)
    sentence.add(first.phrase())
    sentence.add(COMMA_IN_BOTH)
    sentence.clause(draw.subject(), "after_clause", verb, tense, negative=negative, place=0.0, time=0.0)
    sentence.end()


def reported_speech(sentence: Sentence) -> None:
    """Write "Mein Vater glaubt, dass Anna ihren Schlüssel verloren hat."."""
    draw = sentence.draw
    subject, other = draw.subject(), draw.subject()
    while other.agreement.person % 3 == subject.agreement.person % 3 and other.agreement.pronoun:
        other = draw.subject()
    verb = draw.choose(SAY_THINK_HOPE)
    sentence.clause(subject, "plain", verb, PRESENT, place=NO_PLACE, time=0.0)
    sentence.add(COMMA)
    sentence.habit = False
    tense = FUTURE if verb.english[0] == "hope" else draw.choose((PRESENT, PAST, FUTURE))
    sentence.clause(
        other, "subordinate", None, tense, negative=draw.chance(0.25), place=0.4, time=0.45, pronoun=0.2, first=THAT
    )
    sentence.end()


def indirect_question(sentence: Sentence) -> None:
    """Write "Weißt du, wo Paul arbeitet?", "Ich weiß nicht, warum sie weint."."""
    draw = sentence.draw
    asks = draw.chance(0.5)
    subject = draw.choose((DU, IHR)) if asks else draw.subject()
    other = draw.subject()
    while other.agreement.person % 3 == subject.agreement.person % 3 and other.agreement.pronoun:
        other = draw.subject()
    sentence.clause(
        subject, "question" if asks else "plain", KNOW, PRESENT, negative=not asks, place=NO_PLACE, time=0.0
    )
    sentence.add(COMMA)
    sentence.habit = False
    word = draw.choose((WHERE, WHY, AT_WHAT_TIME))
    verb, tense = None, draw.choose((PRESENT, PAST, FUTURE))
    if word is WHERE:
        verb = draw.choose(WITH_PLACE)
    if word is AT_WHAT_TIME and tense == PRESENT:
        tense = FUTURE
    sentence.clause(other, "subordinate", verb, tense, first=word, place=NO_PLACE if word is WHERE else 0.2, time=0.0)
    sentence.end(question=asks)
