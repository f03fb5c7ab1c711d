"""Rules for sentences of one clause: "Ich habe Hunger.", "Im Garten ist eine Katze.", "Wo hast du den Brief gelesen?"."""

from __future__ import annotations

from typing import Any

from s2s_tutorial.grammar.aligned_phrases import EMPTY, Phrase, compose, mark, pair
from s2s_tutorial.grammar.german.adverbials import (
    ADULT_AGES,
    ANYWHERE,
    CHILD_AGES,
    OLD_AGES,
    SCENES,
    TOWNS,
    WEATHER_TIMES,
)
from s2s_tutorial.grammar.german.clauses import NO_PLACE, Sentence
from s2s_tutorial.grammar.german.lexicon import NOUNS, RAIN, SNOW, STATES, Adjective
from s2s_tutorial.grammar.german.morphology import ACCUSATIVE, NOMINATIVE
from s2s_tutorial.grammar.german.phrases import ICH, IT, THAT_IS, WIR, Agreement, Subject, noun_phrase
from s2s_tutorial.grammar.german.verbs import (
    CAN,
    COULD,
    FUTURE,
    HAD_TO,
    LIKE,
    MUST,
    NOW,
    PAST,
    PRESENT,
    SHOULD,
    WANT,
    WANTED,
    leaf,
)
from s2s_tutorial.grammar.german.word_groups import (
    ABOUT_PEOPLE,
    ABOUT_THINGS,
    AT_WHAT_TIME,
    CHAINS,
    COMPLETE_ALONE,
    FEELINGS,
    PRONOUN_SUBJECTS,
    QUESTION_SUBJECTS,
    TEMPERATURES,
    VERB,
    WHAT,
    WHERE,
    WHO,
    WHY,
    WILLED,
    WITH_PLACE,
)

FORMS = {"statement": 60, "negative": 18, "question": 22}  # percent
MODALS = {CAN: 3, MUST: 4, WANT: 4, SHOULD: 2, LIKE: 3, COULD: 2, HAD_TO: 3, WANTED: 3}
SOMEONE = Subject(pair("", ""), Agreement(2, "n", False))  # the subject of "wer": not written


def random_form(sentence: Sentence, subject: Subject) -> str:
    """Return "statement", "negative" or "question"; no questions with "ich" and "wir"."""
    form = sentence.draw.weighted(FORMS)
    return "statement" if form == "question" and subject in (ICH, WIR) else form


def _describe(sentence: Sentence, subject: Subject, quality: Phrase | Adjective, form: str, **others: Any) -> None:
    """Append a description in one of the `FORMS`, with its final mark."""
    order = "question" if form == "question" else "statement"
    sentence.describe(subject, quality, order, negative=form == "negative", **others)
    sentence.end(form == "question")


def feeling(sentence: Sentence) -> None:
    """Write "Ich habe Hunger.", "Mir ist kalt."."""
    draw = sentence.draw
    if draw.chance(0.4):
        _cold(sentence)
        return
    subject, quality = draw.subject(), draw.choose(FEELINGS)
    kein = pair("keine" if quality.source[0] == "Angst" else "keinen", "", "")
    form = random_form(sentence, subject)
    _describe(sentence, subject, quality, form, verb="haben", kein=kein if form == "negative" else None)


def _cold(sentence: Sentence) -> None:
    """Write "Mir ist kalt.", "Ist dir warm?"; the person is in the dative."""
    draw = sentence.draw
    forms = "mir I am 'm, dir you are 're, ihm he is 's, ihr she is 's, uns we are 're, euch you are 're, ihnen they are 're"
    german, english, full, short = draw.choose(forms.split(", ")).split()
    form = draw.weighted(FORMS)
    if form == "question" and english in ("I", "we"):
        form = "statement"
    negated = form == "negative" and full != "am"
    parts = {
        "P": pair(german, english, marks=mark("dative", "idiom_dative")),
        "V": leaf("ist", "", mark("present")),
        "X": pair("", full if form == "question" or negated else short, ""),
        "A": pair(*draw.choose(TEMPERATURES)),
    }
    if form == "negative":
        parts["N"] = pair("nicht", "n't" if negated else "not", marks=mark("negation"))
    if form == "question":
        parts["V"] = parts["V"]._replace(marks=parts["V"].marks | mark("question_yes_no"))
    orders = ("V P A", "X P A") if form == "question" else ("P V N A", "P X N A")
    phrase = compose(*orders, parts, "V-X")
    sentence.add_contracted(phrase)
    sentence.end(form == "question")


def state(sentence: Sentence) -> None:
    """Write "Sie ist müde.", "Paul war gestern krank.", "Ist dein Bruder zu Hause?"."""
    draw = sentence.draw
    subject = draw.subject()
    quality = draw.choose(STATES) if draw.chance(0.75) else draw.choose(ANYWHERE)
    _describe(sentence, subject, quality, random_form(sentence, subject), tense=draw.weighted({PRESENT: 3, PAST: 1}))


def age(sentence: Sentence) -> None:
    """Write "Sie ist einundzwanzig Jahre alt."."""
    draw = sentence.draw
    kind = draw.weighted({"pronoun": 40, "name": 20, "elder": 15, "child": 25})
    if kind == "pronoun":
        subject, number = draw.choose(PRONOUN_SUBJECTS), draw.choose(ADULT_AGES)
    elif kind == "name":
        subject, number = draw.named_person(), draw.choose(ADULT_AGES)
    else:
        noun = draw.choose(NOUNS["parent"][2:] if kind == "elder" else NOUNS["child"] + NOUNS["relation"][:2])
        owners = ("the", "this") if noun.kind == "child" else ("my", "your", "our", "your_all")
        subject = Subject(noun_phrase(noun, draw.choose(owners), NOMINATIVE), Agreement(2, noun.gender, False))
        number = draw.choose(OLD_AGES if kind == "elder" else CHILD_AGES)
    years = compose("N Y", "N Y", {"N": number, "Y": pair("Jahre alt", "years old", marks=mark("idiom_age", "number"))})
    form = random_form(sentence, subject)
    _describe(sentence, subject, years, "statement" if form == "negative" else form)


def weather(sentence: Sentence) -> None:
    """Write "Morgen wird es regnen.", "Es ist heute in Berlin kalt."."""
    draw = sentence.draw
    tense = draw.choose((NOW, FUTURE, PAST))
    weather_clause(sentence, tense, negative=draw.chance(0.2), time=True)
    sentence.end()


def weather_clause(
    sentence: Sentence,
    tense: str,
    *,
    negative: bool = False,
    time: bool = False,
    parts: dict[str, Phrase] | None = None,
) -> str:
    """Append "es regnet", "es ist kalt" and the like, with a phrase of time for `time`; see `Sentence.describe`.

    Returns:
        "cold" (rain and snow too) or "warm".
    """
    draw = sentence.draw
    parts = dict(parts or {})
    if time:
        parts["T"] = draw.choose(WEATHER_TIMES[tense])
        if draw.chance(0.4):
            parts["L"] = draw.choose(TOWNS)
    form = "subordinate" if "C" in parts else "statement"
    kind = draw.weighted({"cold": 30, "warm": 20, "hot": 20, "rain": 15, "snow": 15})
    if kind in ("rain", "snow"):
        sentence.weather_verb(RAIN if kind == "rain" else SNOW, tense, form, negative, parts)
        return "cold"
    german = {"cold": "kalt", "warm": "warm", "hot": "heiß"}[kind]
    quality = pair(german, kind, marks=mark("weather"))
    sentence.describe(IT, quality, form, tense=PRESENT if tense == NOW else tense, negative=negative, parts=parts)
    return "cold" if kind == "cold" else "warm"


def existence(sentence: Sentence) -> None:
    """Write "Im Garten ist eine schwarze Katze.", "Auf dem Tisch sind keine Äpfel."."""
    draw = sentence.draw
    place, kinds = draw.choose(SCENES)
    form = draw.weighted({"statement": 70, "negative": 30})
    kind = draw.choose(kinds)
    noun = draw.choose(NOUNS[kind])
    name = "" if noun.mass else "a"
    plural = not noun.mass and draw.chance(0.45)
    adjectives = draw.adjectives(kind, 0.35)
    is_plural = plural and not noun.mass
    auxiliary = "are" if is_plural else "is"
    parts = {
        "Z": place,
        "V": pair("sind" if is_plural else "ist", "there", marks=mark("existence", "present", "verb_second")),
        "X": pair("", auxiliary, ""),
    }
    if form == "negative":
        parts |= draw.with_kein(noun, NOMINATIVE, plural, adjectives, generic=False)
        parts["N"] = pair("", "n't", "", marks=mark("negation"))
    else:
        number = draw.choose(("a", "number", "a few", "many")) if plural else name
        if number == "number":
            number = draw.small_number()
        parts["I"] = noun_phrase(noun, number, NOMINATIVE, plural, adjectives)
    phrase = compose("Z V K I", "V X N K I Z", parts, "V-X K-N")
    sentence.add_contracted(phrase)
    sentence.end()


def presentation(sentence: Sentence) -> None:
    """Write "Das ist ein schönes Haus.", "Das ist nicht Pauls Auto."."""
    draw = sentence.draw
    kind = draw.choose(
        ("vehicle", "item", "building", "book", "text", "film", "furniture", "clothes", "room", "animal")
    )
    noun = draw.choose(NOUNS[kind])
    form = draw.weighted({"statement": 60, "negative": 20, "question": 20})
    style = draw.weighted({"possessor": 25, "owner": 20, "indefinite": 55})
    if style == "possessor" and kind != "room":
        _describe(sentence, THAT_IS, draw.possession(noun, NOMINATIVE), form)
    elif style == "owner":
        phrase = noun_phrase(noun, draw.choose(("my", "your", "our", "your_all")), NOMINATIVE)
        _describe(sentence, THAT_IS, phrase, form)
    else:
        adjectives = draw.adjectives(kind, 0.8)
        if form == "negative":
            parts = draw.with_kein(noun, NOMINATIVE, False, adjectives, generic=False)
            _describe(sentence, THAT_IS, parts["I"], form, kein=parts["K"])
        else:
            _describe(sentence, THAT_IS, noun_phrase(noun, "a", NOMINATIVE, False, adjectives), form)


# --------------------------------------------------------------------------------------------------- with other verbs


def verb_alone(sentence: Sentence) -> None:
    """Write "Wir stehen auf.", "Hat sie geweint?", "Ich sehe ihn nicht."."""
    draw = sentence.draw
    subject = draw.subject()
    form = random_form(sentence, subject)
    order = "question" if form == "question" else "statement"
    if draw.chance(0.55):
        sentence.clause(subject, order, draw.choose(COMPLETE_ALONE), negative=form == "negative", place=0.0, time=0.0)
    else:
        verb = draw.choose(sorted(ABOUT_PEOPLE | ABOUT_THINGS, key=lambda verb: verb.name))
        pronoun = sentence.random_pronoun(verb, subject.agreement)
        sentence.clause(subject, order, verb, negative=form == "negative", place=0.0, time=0.0, pronoun_object=pronoun)
    sentence.end(form == "question")


def statement(sentence: Sentence) -> None:
    """Write "Nächsten Samstag wird meine Schwester auf dem Markt eine rote Jacke kaufen."."""
    draw = sentence.draw
    negative = draw.chance(0.25)
    sentence.clause(draw.subject(), negative=negative, place=0.35, time=0.6, pronoun=0.2)
    sentence.end()


def modal(sentence: Sentence) -> None:
    """Write "Ich muss heute Abend meine Mutter anrufen.", "Kannst du schwimmen?"."""
    draw = sentence.draw
    subject = draw.subject()
    form = random_form(sentence, subject)
    tense = draw.weighted(MODALS)
    if form == "question" and tense in (SHOULD, COULD):
        tense = CAN
    order = "question" if form == "question" else "statement"
    verb = draw.choose(WILLED)
    sentence.clause(subject, order, verb, tense, negative=form == "negative", place=0.3, time=0.4, pronoun=0.25)
    sentence.end(form == "question")


def yes_no_question(sentence: Sentence) -> None:
    """Write "Liest du gerade ein Buch?", "Hat Anna gestern den Brief geschrieben?"."""
    draw = sentence.draw
    subject = draw.choose(QUESTION_SUBJECTS) if draw.chance(0.65) else draw.person()
    sentence.clause(subject, "question", place=0.3, time=0.5, pronoun=0.25)
    sentence.end(question=True)


def open_question(sentence: Sentence) -> None:
    """Write "Wo hast du den Schlüssel gefunden?", "Wer hat das Fenster geöffnet?", "Welches Buch liest sie?"."""
    draw = sentence.draw
    subject = draw.choose(QUESTION_SUBJECTS) if draw.chance(0.7) else draw.person()
    kind = draw.weighted({"where": 20, "lives": 5, "why": 20, "when": 15, "who": 15, "what": 12, "which": 13})
    if kind == "who":
        sentence.clause(SOMEONE, "who", None, draw.choose((PRESENT, PAST, FUTURE)), first=WHO, place=0.3, time=0.4)
    elif kind in ("what", "which"):
        _object_question(sentence, subject, kind)
    elif kind == "lives":
        sentence.clause(subject, "open_question", VERB["wohnen"][0], PRESENT, first=WHERE, place=NO_PLACE, time=0.0)
    elif kind == "where":
        verb, tense = draw.choose(WITH_PLACE), draw.choose((PRESENT, PAST, FUTURE))
        sentence.clause(subject, "open_question", verb, tense, first=WHERE, place=NO_PLACE, time=0.3)
    elif kind == "why":
        sentence.clause(subject, "open_question", first=WHY, place=0.2, time=0.25, pronoun=0.3)
    else:
        tense = draw.weighted({PAST: 1, FUTURE: 2})
        sentence.clause(subject, "open_question", None, tense, first=AT_WHAT_TIME, place=0.3, time=0.0)
    sentence.end(question=True)


def _object_question(sentence: Sentence, subject: Subject, kind: str) -> None:
    """Append "Was liest du" or "Welches Buch liest du"."""
    draw = sentence.draw
    noun_kind, first, later = draw.choose(CHAINS)
    verb, tense = draw.choose(first + later), draw.choose((PRESENT, PAST, FUTURE))
    if verb.flags & {"event", "result"}:
        tense = PAST
    noun = draw.choose(NOUNS[noun_kind])
    word = WHAT if kind == "what" else noun_phrase(noun, "which", ACCUSATIVE, not noun.mass and draw.chance(0.2))
    sentence.clause(subject, "open_question", verb, tense, first=word, place=0.1, time=0.3, given=EMPTY)
