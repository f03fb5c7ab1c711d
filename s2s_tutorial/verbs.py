"""The verb and what clings to it: tenses, negation, three kinds of question, clitic pronouns, the English auxiliary.

`verb_core` applies one of `RULES`, a table with the French and the English order beside each other. A core is built
once for each choice of verb, tense, form and agreement, and kept.
"""

from __future__ import annotations

from functools import lru_cache

from .lexicon import Verb
from .morphology import agree
from .phrases import Agreement, Clitic
from .synchronous import Gapped, Phrase, compose, mark, pair

PRESENT, NOW, FUTURE, PAST, CAN, MUST, WANT = "present", "now", "future", "past", "can", "must", "want"
_TENSE_MARKS = {
    PRESENT: mark("present"),
    NOW: mark("progressive"),
    FUTURE: mark("near_future"),
    PAST: mark("passe_compose"),
    **dict.fromkeys((CAN, MUST, WANT), mark("modal")),
}

# Symbols: S subject, C clitic, NE and PAS negation, Q est-ce que, ADV adverb,
# F finite verb, V participle or infinitive, X English auxiliary, T the -il that doubles a noun, G its -t-.
# With a participle (or no V) the French clitic stands before F; with an infinitive it stands before V.
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
# tense: French finite verb by person, what it is in English besides the auxiliary (third person after /)
PERIPHRASES = {
    FUTURE: (("vais", "vas", "va", "allons", "allez", "vont"), "going_to"),
    CAN: (("peux", "peux", "peut", "pouvons", "pouvez", "peuvent"), ""),
    MUST: (("dois", "dois", "doit", "devons", "devez", "doivent"), ""),
    WANT: (("veux", "veux", "veut", "voulons", "voulez", "veulent"), "want_to"),
}


def _be(agreement: Agreement, form: str, pas: bool) -> str:
    """Present of to be: contracted after a pronoun, whole in a question or before a contracted not."""
    whole = ("am", "are", "is", "are", "are", "are")[agreement.person]
    if form in ("statement", "negative") and agreement.pronoun and (not pas or whole == "am"):
        return {"am": "'m", "are": "'re", "is": "'s"}[whole]
    return whole


def _auxiliary(verb: Verb, tense: str, form: str, agreement: Agreement, negation: str) -> str:
    """English auxiliary of a clause: be, do, did, can, must, or nothing."""
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
    if pas or form in QUESTIONS:
        return "did" if tense == PAST else "does" if third else "do"
    return ""


def _verb_words(verb: Verb, index: int) -> str:
    """English verb with its particle: index 0 base, 1 third person, 2 past, 3 -ing."""
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
    """Apply one of `RULES`: a whole clause but its subject and what follows the verb.

    Args:
        verb: main verb.
        tense: PRESENT, NOW, FUTURE, PAST, CAN, MUST or WANT.
        form: a key of `RULES`.
        agreement: of the subject.
        clitic: object pronoun, or None.
        negation: a key of `NEGATIONS`; read when the form is negative.
        adverb: one of `ADVERBS`; only in a statement.
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
    return Gapped(_contract(phrase), phrase.french.index("S"), phrase.english.index("S"))


def _verb_parts(
    verb: Verb, tense: str, agreement: Agreement, clitic: Clitic | None, auxiliary: str
) -> dict[str, Phrase]:
    """F, the finite verb, and V, the participle or infinitive that carries the meaning."""
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
        meaning = "" if copula else _verb_words(verb, 0 if auxiliary else 2)
        return {"F": _leaf_or_silent(finite, ""), "V": _leaf_or_silent(participle, meaning, marks)}
    forms, meaning = PERIPHRASES[tense]
    meaning = "wants_to" if inflected and meaning else meaning
    return {"F": _leaf_or_silent(forms[person], meaning), "V": pair(verb.infinitive, _verb_words(verb, 0))}


def _leaf_or_silent(french: str, english: str, marks: int = 0) -> Phrase:
    """A French word with its English, or with none."""
    return pair(french, english, None if english else "", marks)


def _inverted_parts(finite: Phrase, form: str, agreement: Agreement) -> dict[str, Phrase]:
    """« mange- t- » before « elle »; after a noun the pronoun is written too: « Marie mange-t-elle »."""
    word = finite.french[0]
    parts = {"F": finite._replace(french=(word + "-",))}
    if word[-1] in "ae" and agreement.person == 2:
        parts["G"] = pair("t-", "", "")
    if form == "noun_inversion":
        pronouns = ("ils", "elles") if agreement.plural else ("il", "elle")
        parts["T"] = pair(pronouns[agreement.gender == "f"], "", "")
    return parts


def _link(parts: dict[str, Phrase], form: str, tense: str, auxiliary: str) -> Phrase:
    """Order the parts by the rule, and link the words that only one language has.

    The English auxiliary comes from the French word that does its work: "do" from « est-ce que », from the inverted
    verb or from « ne »; "did", "can", "must" and "be" from the finite verb. A finite verb without an English word joins
    the participle.
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
    """Write "do n't" as the two tokens of "don't" after normalising: "don" and "'t"."""
    english = list(phrase.english)
    for j, word in enumerate(english):
        if word == "n't":
            english[j - 1] += "n"
            english[j] = "'t"
    return phrase._replace(english=tuple(english))
