"""Verb groups: the finite verb, the words at the end of the clause, and the English auxiliary.

German puts the finite verb second and the rest of the verb last: "Er hat gestern einen Brief geschrieben". In a
subordinate clause the finite verb is last as well: "weil er gestern einen Brief geschrieben hat". `ORDERS` has one row for
each form of a clause, with the order of its parts in both languages.
"""

from __future__ import annotations

from functools import lru_cache

from s2s_tutorial.grammar.aligned_phrases import Phrase, mark, pair
from s2s_tutorial.grammar.german.lexicon import IRREGULAR, PRETERITE, Verb
from s2s_tutorial.grammar.german.phrases import Agreement

PRESENT, NOW, FUTURE, SOON, PAST = "present", "now", "future", "soon", "past"
CAN, MUST, WANT, SHOULD, LIKE = "can", "must", "want", "should", "like"
COULD, HAD_TO, WANTED = "could", "had to", "wanted"
_TENSE_MARKS = {
    PRESENT: mark("present"),
    NOW: mark("progressive"),
    FUTURE: mark("future"),
    SOON: mark("future", "present"),  # a German present: "Morgen kommt er zurück"
    PAST: mark("perfect"),
    **dict.fromkeys((CAN, MUST, WANT, SHOULD, LIKE), mark("modal")),
    **dict.fromkeys((COULD, HAD_TO, WANTED), mark("modal", "preterite")),
}
# Symbols: S subject, V finite verb, P pronoun, T time, A adverb, R recipient, K "kein", O object, N negation, L place,
# I an indefinite object instead of O, M a place before it instead of L,
# E the end of the verb group (participle, infinitive or prefix), X English auxiliary, C conjunction, W question word,
# Z a phrase of time that begins the clause.
_MIDDLE = "P A T R M K I O N L"
_ENGLISH_REST = "V E K I O P R L M T"
ORDERS = {
    # form: (German, English)
    "statement": (f"S V {_MIDDLE} E", f"S X N A {_ENGLISH_REST}"),
    "plain": (f"S V {_MIDDLE} E", f"S X N A {_ENGLISH_REST}"),  # a statement after "und", never with the time first
    "time_first": (f"Z V S {_MIDDLE} E", f"Z S X N A {_ENGLISH_REST}"),
    "after_clause": (f"V S {_MIDDLE} E", f"S X N A {_ENGLISH_REST}"),  # the clause before it is the first part
    "question": (f"V S {_MIDDLE} E", f"X S N A {_ENGLISH_REST}"),
    "open_question": (f"W V S {_MIDDLE} E", f"W X S N A {_ENGLISH_REST}"),
    "who": (f"W V {_MIDDLE} E", f"W X N A {_ENGLISH_REST}"),
    "subordinate": (f"C S {_MIDDLE} E V", f"C S X N A {_ENGLISH_REST}"),
    "relative": (f"C {_MIDDLE} E V", f"C X N A {_ENGLISH_REST}"),  # the pronoun is the subject
}
VERB_LAST = frozenset(("subordinate", "relative"))
QUESTIONS = frozenset(("question", "open_question"))  # with an English auxiliary before the subject
FORM_MARKS = {
    "time_first": mark("verb_second"),
    "after_clause": mark("verb_second"),
    "question": mark("question_yes_no"),
    "open_question": mark("question_word"),
    "who": mark("question_word"),
    "subordinate": mark("verb_last"),
    "relative": mark("verb_last"),
}
# Tenses with an infinitive: finite German verb, English auxiliary ("" if it takes "do"), English main verb
PERIPHRASES: dict[str, tuple[str, str, tuple[str, str]]] = {
    FUTURE: ("werden", "will", ("", "")),
    CAN: ("können", "can", ("", "")),
    SHOULD: ("sollen", "should", ("", "")),
    MUST: ("müssen", "", ("have_to", "has_to")),
    WANT: ("wollen", "", ("want_to", "wants_to")),
    LIKE: ("möchten", "would", ("like_to", "like_to")),
    COULD: ("können", "could", ("", "")),
    HAD_TO: ("müssen", "", ("have_to", "had_to")),
    WANTED: ("wollen", "", ("want_to", "wanted_to")),
}
PAST_MODALS = frozenset((COULD, HAD_TO, WANTED))
NEGATIONS = {"nicht": "n't", "nie": "never", "nicht_mehr": "no_longer"}


def be(agreement: Agreement, tense: str) -> str:
    """Return the form of "be" that agrees with a subject, in the past or in the present."""
    if tense == PAST:
        return "was" if agreement.person in (0, 2) else "were"
    return ("am", "are", "is", "are", "are", "are")[agreement.person]


def contracted(auxiliary: str, agreement: Agreement, form: str, negation: str) -> str:
    """Return the auxiliary as it is written after its subject: "'s", "'ll" and the like after a pronoun."""
    if form in QUESTIONS or form in ("relative", "who") or not agreement.pronoun:
        return auxiliary
    if negation and auxiliary != "am":  # "she isn't", but "I'm not"
        return auxiliary
    return {"am": "'m", "are": "'re", "is": "'s", "will": "'ll"}.get(auxiliary, auxiliary)


def english_auxiliary(tense: str, form: str, agreement: Agreement, negation: str) -> str:
    """Return the English auxiliary of a clause, not contracted: a form of "be", "do" or "have", a modal verb, or ""."""
    third = agreement.person == 2
    if tense == NOW:
        return be(agreement, tense)
    if tense in (FUTURE, SOON):
        return "will"
    if tense in PERIPHRASES and PERIPHRASES[tense][1]:
        return PERIPHRASES[tense][1]
    past = tense == PAST or tense in PAST_MODALS
    if tense == PAST and negation == "nie":
        return "has" if third else "have"
    if negation == "nicht" or form in QUESTIONS:
        return "did" if past else ("does" if third else "do")
    return ""


def _english(verb: Verb, index: int) -> str:
    """Return an English verb form with its particle; see `Verb.english` for the index."""
    return "_".join((verb.english[index], *filter(None, [verb.particle])))


def _main_verb(verb: Verb, tense: str, auxiliary: str, agreement: Agreement) -> str:
    """Return the English main verb of a tense without a modal verb."""
    if tense == NOW:
        return _english(verb, 3)
    if auxiliary in ("has", "have"):
        return _english(verb, 4)
    if auxiliary:
        return _english(verb, 0)
    if tense == PAST:
        return _english(verb, 2)
    return _english(verb, 1 if agreement.person == 2 else 0)


@lru_cache(maxsize=1 << 15)
def verb_group(
    verb: Verb, tense: str, form: str, agreement: Agreement, negation: str = ""
) -> tuple[dict[str, Phrase], str]:
    """Return the parts V, E, X and N of a clause, and the further links between them for `compose`.

    Args:
        verb: Main verb.
        tense: PRESENT, NOW, FUTURE, SOON, PAST or a modal verb.
        form: Key of `ORDERS`.
        agreement: Features of the subject.
        negation: Key of `NEGATIONS`, or "" for none.
    """
    person = agreement.person
    auxiliary = english_auxiliary(tense, form, agreement, negation)
    parts: dict[str, Phrase] = {}
    if tense in PERIPHRASES:
        modal, _, english = PERIPHRASES[tense]
        forms = (PRETERITE[modal] if tense in PAST_MODALS else IRREGULAR[modal][0]).split()
        past_or_third = (person == 2 or tense in PAST_MODALS) and not auxiliary
        parts["V"] = leaf(forms[person], english[past_or_third])
        parts["E"] = pair(verb.prefix + verb.infinitive, _english(verb, 0))
    elif tense == PAST:
        haben = "sein" if "sein" in verb.flags else "haben"
        parts["V"] = leaf(IRREGULAR[haben][0].split()[person], "")
        parts["E"] = pair(verb.participle, _main_verb(verb, tense, auxiliary, agreement))
    else:
        main = _main_verb(verb, tense, auxiliary, agreement)
        joined = form in VERB_LAST
        parts["V"] = leaf((verb.prefix if joined else "") + verb.present[person], main)
        if verb.prefix and not joined:
            parts["E"] = leaf(verb.prefix, "")
    links = _auxiliary_and_negation(parts, auxiliary, form, agreement, negation)
    marks = _TENSE_MARKS[tense] | FORM_MARKS.get(form, 0) | (mark("separable") if verb.prefix else 0)
    if "sein" in verb.flags and tense == PAST:
        marks |= mark("sein_auxiliary")
    parts["V"] = parts["V"]._replace(marks=marks)
    return parts, links


def be_group(verb: str, tense: str, form: str, agreement: Agreement, negation: str) -> dict[str, Phrase]:
    """Return the parts V, X and E of a clause whose English verb is "be".

    Args:
        verb: "sein" or "haben".
        tense: PRESENT, PAST or FUTURE.
        form, agreement, negation: As for `verb_group`.
    """
    parts = {}
    if tense == FUTURE:
        auxiliary, forms = "will", IRREGULAR["werden"][0]
        parts["E"] = pair(verb, "be")
    else:
        auxiliary, forms = be(agreement, tense), PRETERITE[verb] if tense == PAST else IRREGULAR[verb][0]
    marks = {PRESENT: mark("present"), PAST: mark("preterite"), FUTURE: mark("future")}[tense]
    parts["V"] = leaf(forms.split()[agreement.person], "", marks | FORM_MARKS.get(form, 0))
    parts["X"] = pair("", contracted(auxiliary, agreement, form, negation), "")
    return parts


def _auxiliary_and_negation(
    parts: dict[str, Phrase], auxiliary: str, form: str, agreement: Agreement, negation: str
) -> str:
    """Add the parts X and N, and return the links of words that only one language has.

    The auxiliary is linked to the finite verb. A finite verb without an English word is linked to the English words of
    the participle, and a separable prefix to those of its verb.
    """
    links = []
    if auxiliary:
        parts["X"] = pair("", contracted(auxiliary, agreement, form, "nicht" if negation == "nicht" else ""), "")
        links.append("V-X")
    elif not parts["V"].english:
        links.append("V-E")
    if "E" in parts and not parts["E"].english:
        links.append("E-V")
    if negation:
        english = NEGATIONS[negation]
        contracts = auxiliary not in ("am", "") and form not in QUESTIONS
        parts["N"] = pair(negation, english if negation != "nicht" or contracts else "not", marks=mark("negation"))
    return " ".join(links)


def leaf(german: str, english: str, marks: int = 0) -> Phrase:
    """Return a leaf; its German word is not linked if there is no English."""
    return pair(german, english, None if english else "", marks=marks)
