"""Verb phrases: tenses, negation, questions, object pronouns and the English auxiliary.

`verb_core` applies one of `RULES`, a table that shows the French and the English word order side by side. The result is
cached for each combination of verb, tense, form and agreement.
"""

from __future__ import annotations

from functools import lru_cache

from s2s_tutorial.grammar.aligned_phrases import Gapped, Phrase, compose, mark, pair
from s2s_tutorial.grammar.french.lexicon import Verb
from s2s_tutorial.grammar.french.morphology import agree
from s2s_tutorial.grammar.french.phrases import Agreement, Clitic

PRESENT, NOW, FUTURE, PAST, CAN, MUST, WANT = "present", "now", "future", "past", "can", "must", "want"
_TENSE_MARKS = {
    PRESENT: mark("present"),
    NOW: mark("progressive"),
    FUTURE: mark("near_future"),
    PAST: mark("passe_compose"),
    **dict.fromkeys((CAN, MUST, WANT), mark("modal")),
}

# Symbols: S subject, C clitic (object pronoun), NE and PAS negation, Q est-ce que, ADV adverb, F finite verb,
# V participle or infinitive, X English auxiliary, G the t of « mange-t-elle », T the pronoun that repeats a noun subject
# (« Marie mange-t-elle »). The clitic precedes F in simple tenses and the passé composé, and V before an infinitive.
# Columns: French with the clitic before F | French with the clitic before V | English
RULES = {
    #                 French: il la voit / il l'a vue, il va la voir          English: he sees her, did he see her
    "statement": ("S C F ADV V", "S F ADV C V", "S X ADV F V C"),
    "negative": ("S NE C F PAS V", "S NE F PAS C V", "S X PAS F V C"),
    "est_ce_que": ("Q S C F V", "Q S F C V", "X S F V C"),
    "inversion": ("C F G S V", "F G S C V", "X S F V C"),
    "noun_inversion": ("S C F G T V", "S F G T C V", "X S F V C"),
    "intonation": ("S C F V", "S F C V", "X S F V C"),
    "negative_question": ("Q S NE C F PAS V", "Q S NE F PAS C V", "X PAS S F V C"),
}
QUESTIONS = frozenset(RULES) - {"statement", "negative"}
_FORM_MARKS = {
    "negative": mark("negation"),
    "est_ce_que": mark("question_est_ce_que"),
    "inversion": mark("question_inversion"),
    "noun_inversion": mark("question_inversion"),
    "intonation": mark("question_intonation"),
    "negative_question": mark("question_est_ce_que", "negation"),
}
NEGATIONS = {"pas": "not", "jamais": "never", "plus": "no_longer"}
ADVERBS = (pair("souvent", "often"), pair("toujours", "always"), pair("parfois", "sometimes"))
REFLEXIVE = ("me", "te", "se", "nous", "vous", "se")

AVOIR_PRESENT = ("ai", "as", "a", "avons", "avez", "ont")
ETRE_PRESENT = ("suis", "es", "est", "sommes", "êtes", "sont")
# tenses with an infinitive: the finite French verb by person, and its English words besides the auxiliary
PERIPHRASES = {
    FUTURE: (("vais", "vas", "va", "allons", "allez", "vont"), "going_to"),
    CAN: (("peux", "peux", "peut", "pouvons", "pouvez", "peuvent"), ""),
    MUST: (("dois", "dois", "doit", "devons", "devez", "doivent"), ""),
    WANT: (("veux", "veux", "veut", "voulons", "voulez", "veulent"), "want_to"),
}


def _be(agreement: Agreement, form: str, pas: bool) -> str:
    """Return the present of "be": contracted after a pronoun, in full in a question or before "n't"."""
    full = ("am", "are", "is", "are", "are", "are")[agreement.person]
    if form in ("statement", "negative") and agreement.pronoun and (not pas or full == "am"):
        return {"am": "'m", "are": "'re", "is": "'s"}[full]
    return full


def _auxiliary(verb: Verb, tense: str, form: str, agreement: Agreement, negation: str) -> str:
    """Return the English auxiliary of a clause: a form of "be" or "do", "can", "must", or "" for none."""
    third = agreement.person == 2
    pas = "negative" in form and negation == "pas"
    copula = "copula" in verb.flags
    if tense in (NOW, FUTURE) or (copula and tense == PRESENT):
        be = _be(agreement, form, pas)
        return "is" if pas and be == "'s" else be
    if copula and tense == PAST:
        return "was" if agreement.person in (0, 2) else "were"
    if tense in (CAN, MUST):
        return tense
    if (
        tense == PAST and form == "negative" and negation == "jamais"
    ):  # « elle n'a jamais dormi », "she has never slept"
        return "has" if third else "have"
    if pas or form in QUESTIONS:
        present = "does" if third else "do"
        return "did" if tense == PAST else present
    return ""


def _verb_words(verb: Verb, index: int) -> str:
    """Return an English verb form with its particle: see `Verb.english` for the index."""
    return "_".join((verb.english[index], *verb.particle.split()))


@lru_cache(maxsize=1 << 16)
def verb_core(
    verb: Verb,
    tense: str,
    form: str,
    agreement: Agreement,
    *,
    clitic: Clitic | None = None,
    negation: str = "pas",
    adverb: Phrase | None = None,
) -> Gapped:
    """Return the verb of a clause with its auxiliary, negation and pronouns, and a gap for the subject.

    Args:
        verb: Main verb.
        tense: PRESENT, NOW, FUTURE, PAST, CAN, MUST or WANT.
        form: Key of `RULES`.
        agreement: Features of the subject.
        clitic: Object pronoun, or None.
        negation: Key of `NEGATIONS`; used if the form is negative.
        adverb: One of `ADVERBS`, or None; only in a statement.
    """
    auxiliary = _auxiliary(verb, tense, form, agreement, negation)
    parts = {"S": pair("S", "S", ""), **_verb_parts(verb, tense, agreement, clitic, auxiliary)}
    if auxiliary:
        parts["X"] = pair("", auxiliary, "")
    if form in ("inversion", "noun_inversion"):
        parts.update(_inverted_parts(parts["F"], form, agreement))
    if form in ("est_ce_que", "negative_question"):
        parts["Q"] = pair("est-_ce_que", "", "")
    if adverb:
        parts["ADV"] = adverb
    if "reflexive" in verb.flags:
        parts["C"] = pair(REFLEXIVE[agreement.person], "", "", marks=mark("reflexive"))
    elif clitic:
        parts["C"] = clitic.phrase
    if "negative" in form:
        parts["NE"] = pair("ne", "", "")
        negative = NEGATIONS[negation]
        if negation == "pas" and auxiliary not in ("'m", "am", "must"):
            negative = "'t" if auxiliary == "can" else "n't"
        parts["PAS"] = pair(negation, negative)
    phrase = _link(parts, form, tense, auxiliary)
    phrase = phrase._replace(marks=phrase.marks | _TENSE_MARKS[tense] | _FORM_MARKS.get(form, 0))
    return Gapped(_contract(phrase), phrase.source.index("S"), phrase.english.index("S"))


def _verb_parts(
    verb: Verb, tense: str, agreement: Agreement, clitic: Clitic | None, auxiliary: str
) -> dict[str, Phrase]:
    """Return F, the finite verb, and in compound tenses V, the participle or infinitive that carries the meaning."""
    person = agreement.person
    inflected = 1 if person == 2 and not auxiliary else 0
    copula = "copula" in verb.flags
    if tense in (PRESENT, NOW):
        meaning = "" if copula else _verb_words(verb, 3 if tense == NOW else inflected)
        return {"F": _leaf_or_silent(verb.present[person], meaning)}
    if tense == PAST:
        finite, participle, marks = AVOIR_PRESENT[person], verb.participle, 0
        if verb.aux == "être":
            finite, marks = ETRE_PRESENT[person], mark("etre_auxiliary")
            participle = agree(participle, participle + "e", agreement.gender, agreement.plural)
        elif clitic and clitic.agrees:
            marks = mark("participle_agreement")
            participle = agree(participle, participle + "e", clitic.gender, clitic.plural)
        form = {"": 2, "has": 4, "have": 4}.get(auxiliary, 0)
        meaning = "" if copula else _verb_words(verb, form)
        return {"F": _leaf_or_silent(finite, ""), "V": _leaf_or_silent(participle, meaning, marks)}
    forms, meaning = PERIPHRASES[tense]
    meaning = "wants_to" if inflected and meaning else meaning
    return {"F": _leaf_or_silent(forms[person], meaning), "V": pair(verb.infinitive, _verb_words(verb, 0))}


def _leaf_or_silent(french: str, english: str, marks: int = 0) -> Phrase:
    """Return a leaf; its French word is not linked if there is no English."""
    return pair(french, english, None if english else "", marks=marks)


def _inverted_parts(finite: Phrase, form: str, agreement: Agreement) -> dict[str, Phrase]:
    """Return the symbols that inversion changes: F with its hyphen, G for « -t- », and T after a noun subject."""
    word = finite.source[0]
    parts = {"F": finite._replace(source=(word + "-",))}
    if word[-1] in "ae" and agreement.person == 2:
        parts["G"] = pair("t-", "", "")
    if form == "noun_inversion":
        parts["T"] = pair(agree("il", "elle", agreement.gender, agreement.plural), "", "")
    return parts


def _link(parts: dict[str, Phrase], form: str, tense: str, auxiliary: str) -> Phrase:
    """Return the parts in the order of the rule, with further links for words that only one language has.

    The English auxiliary is linked to the French word with the same function: "do" to « est-ce que », to the inverted
    verb or to « ne »; "did", "can", "must" and "be" to the finite verb. A finite verb without an English word is linked
    to the English words of the participle.
    """
    finite_clitic, infinitive_clitic, english = RULES[form]
    french = finite_clitic if tense in (PRESENT, NOW, PAST) else infinitive_clitic
    extra = []
    if "NE" in parts:
        contracted = "n't" in parts["PAS"].english or "'t" in parts["PAS"].english
        extra.append("NE-X" if contracted else "NE-PAS")
    if "Q" in parts and auxiliary:
        extra.append("Q-X")
    if auxiliary in ("do", "does", "did"):
        if "NE" not in parts and "Q" not in parts:
            extra.append("F-X")
        elif auxiliary == "did":
            extra.append("F-V")
    elif auxiliary:
        extra.append("F-X")
    elif not parts["F"].english:
        extra.append("F-V")
    return compose(french, english, parts, " ".join(extra))


def _contract(phrase: Phrase) -> Phrase:
    """Return the phrase with "do n't" written as the tokens of the normalised "don't": "don" and "'t"."""
    english = list(phrase.english)
    for j, word in enumerate(english):
        if word == "n't":
            english[j - 1] += "n"
            english[j] = "'t"
    return phrase._replace(english=tuple(english))
