"""Groups of subjects, verbs and small phrases from which the sentence rules choose.

The groups in the last part hold what makes sense together in a long sentence: people buy an apple and then eat it, they
sleep because they are tired, and when it rains they stay at home.
"""

from __future__ import annotations

from s2s_tutorial.grammar.aligned_phrases import Phrase, leaves, mark, pair
from s2s_tutorial.grammar.french import lexicon
from s2s_tutorial.grammar.french.lexicon import Adjective, Verb
from s2s_tutorial.grammar.french.morphology import agree
from s2s_tutorial.grammar.french.phrases import NOUN_AGREEMENT, PRONOUNS, Agreement, Subject
from s2s_tutorial.grammar.french.verbs import FUTURE, PAST, PRESENT

# --------------------------------------------------------------------------------------------------------- subjects

NAMED_PEOPLE = [Subject(pair(name, name), NOUN_AGREEMENT[gender, False]) for name, gender in lexicon.NAMES]
_PRONOUN_WEIGHTS = {"je": 3, "tu": 3, "il": 6, "elle": 6, "nous": 3, "vous": 3, "ils": 5, "elles": 4}
# a pronoun that occurs several times is chosen more often
PRONOUN_SUBJECTS = [subject for (french, _), subject in PRONOUNS.items() for _ in range(_PRONOUN_WEIGHTS[french])]
# subjects of questions: not « je » and « nous », since « Est-ce que je dors ? » would be odd
QUESTION_SUBJECTS = [subject for subject in PRONOUN_SUBJECTS if subject.agreement.person not in (0, 3)]
# the pronoun that replaces a noun with these features
PRONOUN_OF = {
    agreement: PRONOUNS[agree("il", "elle", gender, plural), gender]
    for (gender, plural), agreement in NOUN_AGREEMENT.items()
}
IMPERSONAL_IL = Subject(pair("il", "it"), Agreement(2, "m", True))
CE = Subject(pair("ce", "it"), Agreement(2, "m", True))
QUI = Subject(pair("qui", "who"), Agreement(2, "m", False))

# ------------------------------------------------------------------------------------------------------------ nouns

CARRIED = ("device", "item", "key")  # kinds of things that people carry and lose, usually one of each
CHILDREN = [
    noun
    for kind in ("child", "relation")
    for noun in lexicon.NOUNS[kind]
    if noun.english[0] in ("boy", "girl", "child", "brother", "sister", "friend")
]
RELATIONS = lexicon.NOUNS["relation"] + lexicon.NOUNS["parent"]
KIN = RELATIONS + lexicon.NOUNS["elder"]
PEOPLE = lexicon.NOUNS["person"] + lexicon.NOUNS["child"]

# ------------------------------------------------------------------------------------------------------- adjectives

ADJECTIVES_BEFORE = {kind: [word for word in lexicon.BEFORE if kind in word.kinds] for kind in lexicon.NOUNS}
ADJECTIVES_AFTER = {kind: [word for word in lexicon.AFTER if kind in word.kinds] for kind in lexicon.NOUNS}
COLOURS = frozenset(("red", "blue", "green", "black", "white"))
TIRED, SICK, HAPPY, SAD = (
    next(adjective for adjective in lexicon.STATES if adjective.english == english)
    for english in ("tired", "sick", "happy", "sad")
)

# ------------------------------------------------------------------------------------------------------------ verbs

TRANSITIVE = [verb for verb in lexicon.VERBS if verb.objects]
INTRANSITIVE = [verb for verb in lexicon.VERBS if not verb.objects]
# verbs that need neither an object nor a place
COMPLETE_ALONE = [
    verb for verb in INTRANSITIVE if "goes" not in verb.flags and verb.infinitive not in ("habiter", "rester")
]
_ANY_TENSE = [verb for verb in lexicon.VERBS if not verb.flags & {"present", "future"}]
VERBS_IN = {
    PRESENT: [verb for verb in _ANY_TENSE if not verb.flags & {"event", "result"}],
    PAST: _ANY_TENSE,
    FUTURE: [verb for verb in _ANY_TENSE if "unwilled" not in verb.flags],
}
WITH_OBJECT_PRONOUN = [verb for verb in TRANSITIVE if verb.clitic]
WITH_PLACE = [verb for verb in VERBS_IN[PRESENT] if verb.places]
VERB = {verb.infinitive: verb for verb in reversed(lexicon.VERBS)}
BE, BE_AVOIR, BE_FAIRE = (lexicon.SPECIAL[infinitive, "be"] for infinitive in ("être", "avoir", "faire"))
RAIN, SNOW = lexicon.SPECIAL["pleuvoir", "rain"], lexicon.SPECIAL["neiger", "snow"]
SAY_OR_THINK = [lexicon.SPECIAL["penser", "think"], lexicon.SPECIAL["dire", "say"]]
HOPE = lexicon.SPECIAL["espérer", "hope"]

# ---------------------------------------------------------------------------------------------------- small phrases

PERIOD, QUESTION_MARK, COMMA = pair(".", "."), pair("?", "?"), pair(",", ",")
AND, BUT, THEN = leaves(mark("coordination"), ("et", "and"), ("mais", "but"), ("puis", "then"))
BECAUSE, WHEN, IF, THAT = leaves(
    mark("subordinate"), ("parce_que", "because"), ("quand", "when"), ("si", "if"), ("que", "that")
)
RELATIVE_SUBJECT, RELATIVE_OBJECT = leaves(mark("relative"), ("qui", "who"), ("que", "that"))
WHERE, WHY, AT_WHAT_TIME, WHAT, WHO = leaves(
    mark("question_word"), ("où", "where"), ("pourquoi", "why"), ("quand", "when"), ("que", "what"), ("qui", "who")
)
# after avoir: avoir faim, be hungry
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
# after faire: il fait froid, it's cold
WEATHER = COLD_WEATHER, HOT_WEATHER, NICE_WEATHER = leaves(
    mark("weather"), ("froid", "cold"), ("chaud", "hot"), ("beau", "nice")
)
YEARS_OLD = pair("ans", "years_old", marks=mark("idiom_age", "number"))
LATE = pair("en_retard", "late", marks=mark("state"))

# ----------------------------------------------------------------------------------------------------- combinations


def _verbs(infinitives: str) -> list[Verb]:
    """Return the verbs with these infinitives."""
    return [VERB[infinitive] for infinitive in infinitives.split()]


# Kind of noun, what people do with it first, and what they do with it later: acheter une pomme, manger la pomme
CHAINS = [
    (kind, _verbs(first), _verbs(later))
    for kind, first, later in (
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
        ("key", "perdre oublier", "chercher trouver"),
        ("furniture", "acheter choisir", "réparer vendre"),
        ("person", "rencontrer voir", "aider inviter attendre"),
    )
]
# Actions and the possible reasons for them: a feeling (avoir), a state (être) or the weather (faire)
REASONS: list[tuple[Verb, tuple[Phrase | Adjective, ...]]] = [
    (verb, reasons)
    for infinitives, reasons in (
        ("manger préparer", (HUNGRY,)),
        ("boire", (THIRSTY,)),
        ("dormir coucher reposer rentrer rester", (TIRED, SICK, SLEEPY)),
        ("dépêcher courir partir prendre", (LATE,)),
        ("pleurer", (SAD, TIRED)),
        ("chanter danser", (HAPPY,)),
        ("promener sortir jouer marcher", (NICE_WEATHER,)),
        ("nager", (HOT_WEATHER,)),
        ("porter fermer", (COLD_WEATHER, COLD)),
        ("ouvrir", (HOT_WEATHER, HOT)),
    )
    for verb in _verbs(infinitives)
]
# what may happen first in « Quand ma sœur arrive, … »
OCCASIONS = _verbs("arriver partir rentrer sortir lever chanter dormir")
# what people do because of good or bad weather, and what they do not do then in a sentence with a negation
_OUTDOORS = _verbs("promener jouer nager sortir courir marcher")
_INDOORS = _verbs("dormir lire regarder préparer reposer écouter fermer")
REACTIONS: dict[Verb | Phrase, dict[str, list[Verb]]] = {
    **{weather: {"statement": _OUTDOORS, "negative": _INDOORS} for weather in (NICE_WEATHER, HOT_WEATHER)},
    **{weather: {"statement": _INDOORS, "negative": _OUTDOORS} for weather in (COLD_WEATHER, RAIN, SNOW)},
}
_BY_NAME: dict[str, list[Verb]] = {}  # « se laver » and « laver » are different verbs here, unlike in `VERB`
for _line, _verb in zip(lexicon.VERB_TABLE.strip().splitlines(), lexicon.VERBS, strict=True):
    _BY_NAME.setdefault(_line.split("|")[0].strip(), []).append(_verb)
# Verbs of one scene of life: the second clause of a sentence takes one that shares a scene with the verb of the first
_SCENES = [
    [verb for name in scene.split(", ") for verb in _BY_NAME[name]]
    for scene in (
        "se lever, se laver, s'habiller, manger, boire, sortir, partir, ouvrir, se dépêcher, prendre",
        "rentrer, préparer, manger, boire, lire, regarder, écouter, se coucher, se reposer, dormir, écrire, fermer",
        "acheter, choisir, vendre, chercher, trouver, vouloir, sortir, donner, porter",
        "sortir, se promener, marcher, courir, jouer, nager, s'amuser, danser, chanter, rencontrer, voir, rester",
        "partir, prendre, arriver, attendre, aller, rester, rencontrer, rentrer, habiter, voir",
        "laver, réparer, ouvrir, fermer, préparer, chercher, travailler, vendre, acheter, avoir",
        "travailler, apprendre, lire, écrire, comprendre, aider, parler, envoyer",
        "inviter, danser, chanter, manger, boire, donner, s'amuser, rester, parler, porter",
        "inviter, arriver, danser, manger, boire",
        "perdre, chercher, oublier, trouver, attendre",
        "tomber, pleurer, courir, marcher, jouer, se reposer",
        "aimer, détester, manger, boire, acheter, vouloir, préparer, avoir",
    )
]
COMPANIONS: dict[Verb, frozenset[Verb]] = {
    verb: frozenset(other for scene in _SCENES if verb in scene for other in scene) for verb in lexicon.VERBS
}
