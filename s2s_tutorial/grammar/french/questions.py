"""Rules for questions: « Est-ce que tu lis ? », « Où vas-tu acheter des pommes ? »."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from s2s_tutorial.grammar.french.clauses import NO_PLACE, Sentence
from s2s_tutorial.grammar.french.lexicon import NOUNS
from s2s_tutorial.grammar.french.phrases import MOVED, Subject, noun_phrase
from s2s_tutorial.grammar.french.verbs import FUTURE, PAST, PRESENT
from s2s_tutorial.grammar.french.word_groups import (
    AT_WHAT_TIME,
    CARRIED,
    CHAINS,
    QUESTION_SUBJECTS,
    QUI,
    VERB,
    WHAT,
    WHERE,
    WHO,
    WHY,
    WITH_PLACE,
)

TENSES = (PRESENT, PAST, FUTURE)
FORMS = {"est_ce_que": 32, "inversion": 30, "intonation": 30, "negative_question": 8}  # percent


def yes_no_question(sentence: Sentence) -> None:
    """Write « Est-ce que tu lis ? », « Lis-tu ? », « Tu lis ? », « Marie lit-elle ? »."""
    form = sentence.draw.weighted(FORMS)
    subject = sentence.draw.choose(QUESTION_SUBJECTS) if sentence.draw.chance(0.7) else sentence.draw.person()
    if form == "inversion" and not subject.agreement.pronoun:
        form = "noun_inversion"
    sentence.clause(subject, form, place=0.3, time=0.5, pronoun=0.3)
    sentence.end(form)


def open_question(sentence: Sentence) -> None:
    """Write « Où vas-tu acheter des pommes ? », « Qui a cassé la lampe ? », « Combien de livres a-t-il lus ? »."""
    sentence.open_question = True
    subject = sentence.draw.choose(QUESTION_SUBJECTS)
    form = "est_ce_que" if sentence.draw.chance(0.5) else "inversion"
    ask = sentence.draw.weighted(OPEN_QUESTIONS)
    ask(sentence, subject, form)
    sentence.end(form)


def _where_someone_lives(sentence: Sentence, subject: Subject, form: str) -> None:
    """Append « Où habites-tu »."""
    sentence.add(WHERE)
    sentence.clause(subject, form, VERB["habiter"], PRESENT, place=NO_PLACE)


def _where(sentence: Sentence, subject: Subject, form: str) -> None:
    """Append « Où vas-tu acheter des pommes »."""
    sentence.add(WHERE)
    verb, tense = sentence.draw.choose(WITH_PLACE), sentence.draw.choose(TENSES)
    sentence.clause(subject, form, verb, tense, place=NO_PLACE, time=0.3, pronoun=0.2)


def _why(sentence: Sentence, subject: Subject, form: str) -> None:
    """Append « Pourquoi est-ce que tu lis »."""
    sentence.add(WHY)
    sentence.clause(subject, form, place=0.2, time=0.2, pronoun=0.3)


def _when(sentence: Sentence, subject: Subject, form: str) -> None:
    """Append « Quand vas-tu partir »."""
    sentence.add(AT_WHAT_TIME)
    tense = sentence.draw.weighted({PAST: 1, FUTURE: 2})
    sentence.clause(subject, form, None, tense, place=0.3, time=0.0)


def _who(sentence: Sentence, subject: Subject, form: str) -> None:
    """Append « Qui a cassé la lampe »; the question word is the subject."""
    sentence.add(WHO)
    tense = sentence.draw.choose(TENSES)
    sentence.clause(QUI, "statement", None, tense, place=0.3, time=0.4, subject_omitted=True)


def _object(sentence: Sentence, subject: Subject, form: str, *, word: str) -> None:
    """Append a question about the object of a verb.

    Args:
        sentence: Sentence to append to.
        subject: Subject of the verb.
        form: "est_ce_que" or "inversion".
        word: "what" (« Que cherches-tu »), "how many" (« Combien de livres as-tu lus »; also instead of "what" for
            people), "which" (« Quel livre as-tu lu », sometimes plural) or "which ones" (« Quels livres as-tu lus »).
    """
    draw = sentence.draw
    kind, first, later = draw.choose(CHAINS)
    verb, tense = draw.choose(first + later), draw.choose(TENSES)
    if word == "what" and kind != "person":
        sentence.add(WHAT)
        clitic = MOVED["m", False]
    else:
        noun = draw.choose(NOUNS[kind])
        if word == "how many" and kind in CARRIED:
            word = "which"  # people look for one umbrella
        plural = not noun.mass and (word != "which" or draw.chance(0.3))
        which = "quelle" if noun.gender == "f" else "quel"
        sentence.add(noun_phrase(noun, which if word.startswith("which") else "combien", plural))
        clitic = MOVED[noun.gender, plural]
    sentence.clause(subject, form, verb, tense, place=0.1, time=0.3, clitic=clitic)


# percent
OPEN_QUESTIONS: dict[Callable[[Sentence, Subject, str], None], int] = {
    _where_someone_lives: 4,
    _where: 18,
    _why: 20,
    _when: 13,
    _who: 15,
    partial(_object, word="what"): 10,
    partial(_object, word="how many"): 10,
    partial(_object, word="which ones"): 2,
    partial(_object, word="which"): 8,
}
