"""Groups of subjects, verbs and small phrases from which the sentence rules choose."""

from __future__ import annotations

from s2s_tutorial.grammar.aligned_phrases import Phrase, leaves, mark, pair
from s2s_tutorial.grammar.german import lexicon
from s2s_tutorial.grammar.german.lexicon import Verb
from s2s_tutorial.grammar.german.phrases import DU, ER, ICH, IHR, SIE, SIE_ALL, WIR, Agreement, Subject
from s2s_tutorial.grammar.german.verbs import FUTURE, PAST, PRESENT

# --------------------------------------------------------------------------------------------------- nouns, subjects

NAMED_PEOPLE = [Subject(pair(name, name), Agreement(2, gender, False)) for name, gender in lexicon.NAMES]
PRONOUN_SUBJECTS = [ICH, DU, WIR, IHR] * 2 + [ER, SIE, SIE_ALL] * 4
QUESTION_SUBJECTS = [DU, IHR] * 2 + [ER, SIE, SIE_ALL] * 3  # not "ich" and "wir": "Schlafe ich?" would be odd
RELATIVES = lexicon.NOUNS["relation"] + lexicon.NOUNS["parent"]
PEOPLE = lexicon.NOUNS["person"] + lexicon.NOUNS["child"]
CARRIED = ("item", "key")  # kinds of things that people carry and lose, usually one of each
ADJECTIVES = {kind: [word for word in lexicon.ADJECTIVE_LIST if kind in word.kinds] for kind in lexicon.NOUNS}
COLOURS = frozenset(("red", "blue", "green", "black", "white"))

# ------------------------------------------------------------------------------------------------------------- verbs

VERB: dict[str, list[Verb]] = {}  # by the name in a dictionary; "waschen" is also reflexive
for _verb in lexicon.VERBS:
    VERB.setdefault(_verb.name, []).append(_verb)
TRANSITIVE = [verb for verb in lexicon.VERBS if verb.objects]
INTRANSITIVE = [verb for verb in lexicon.VERBS if not verb.objects]
COMPLETE_ALONE = [verb for verb in INTRANSITIVE if "goes" not in verb.flags and verb.name not in ("wohnen", "bleiben")]
_ANY_TENSE = [verb for verb in lexicon.VERBS if "present" not in verb.flags]
VERBS_IN = {
    PRESENT: [verb for verb in _ANY_TENSE if not verb.flags & {"event", "result"}],
    PAST: _ANY_TENSE,
    FUTURE: [verb for verb in _ANY_TENSE if "event" not in verb.flags],
}
WILLED = [verb for verb in VERBS_IN[PRESENT] if not verb.flags & {"state", "unwilled"}]
WITH_PLACE = [verb for verb in VERBS_IN[PRESENT] if verb.places]
# verbs whose object pronoun means a person, and those whose pronoun means a thing
ABOUT_PEOPLE = frozenset(
    verb for name in ("sehen", "kennen", "besuchen", "einladen", "anrufen", "helfen", "danken") for verb in VERB[name]
)
ABOUT_THINGS = frozenset(
    verb
    for name in ("kaufen", "verkaufen", "lesen", "schreiben", "suchen", "finden", "tragen", "reparieren", "brauchen")
    for verb in VERB[name]
)


def verbs(names: str) -> list[Verb]:
    """Return the verbs with these names."""
    return [verb for name in names.split() for verb in VERB[name]]


# Verbs of one scene of life: the second clause of a sentence takes one that shares a scene with the verb of the first
_SCENES = [
    verbs(scene)
    for scene in (
        "aufwachen aufstehen waschen essen trinken ausgehen öffnen beeilen nehmen abfahren",
        "zurückkommen kochen essen trinken lesen hören fernsehen ausruhen schlafen einschlafen schreiben zumachen",
        "kaufen einkaufen verkaufen suchen finden brauchen ausgehen geben tragen zeigen",
        "ausgehen laufen spielen schwimmen tanzen singen lachen treffen sehen bleiben",
        "abfahren fahren nehmen ankommen warten gehen bleiben besuchen zurückkommen wohnen umziehen",
        "waschen reparieren öffnen zumachen aufräumen kochen einkaufen arbeiten verkaufen kaufen",
        "arbeiten lernen lesen schreiben verstehen helfen sprechen schicken zeigen",
        "einladen anrufen ankommen tanzen singen essen trinken mitbringen lachen danken treffen abholen besuchen kennen",
        "verlieren suchen vergessen finden warten weinen",
        "mögen hassen essen trinken kaufen haben brauchen kochen",
    )
]
COMPANIONS = {
    verb: frozenset(o for scene in _SCENES if verb in scene for o in scene) for verb in lexicon.VERBS + lexicon.SAYING
}

# ---------------------------------------------------------------------------------------------------- small phrases

PERIOD, QUESTION_MARK = pair(".", "."), pair("?", "?")
COMMA, COMMA_IN_BOTH = pair(",", "", ""), pair(",", ",")
AND, BUT = leaves(mark("coordination"), ("und", "and"), ("aber", "but"))
BECAUSE, WHEN, IF, THAT = leaves(
    mark("subordinate"), ("weil", "because"), ("wenn", "when"), ("wenn", "if"), ("dass", "that")
)
WHERE, WHY, AT_WHAT_TIME, WHAT, WHO = leaves(
    mark("question_word"), ("wo", "where"), ("warum", "why"), ("wann", "when"), ("was", "what"), ("wer", "who")
)
ADVERBS = (pair("oft", "often"), pair("immer", "always"), pair("manchmal", "sometimes"))
FEELINGS = leaves(mark("idiom_haben"), *lexicon.words(lexicon.FEELINGS))
HUNGRY, THIRSTY = FEELINGS[:2]
TEMPERATURES = lexicon.words(lexicon.TEMPERATURES)  # "mir ist kalt"
TIRED, SICK, HAPPY, SAD = (
    next(adjective for adjective in lexicon.STATES if adjective.english == english)
    for english in ("tired", "sick", "happy", "sad")
)

# ----------------------------------------------------------------------------------------------------- combinations

# Kind of noun, what people do with it first, and what they do with it later
CHAINS = [
    (kind, verbs(first), verbs(later))
    for kind, first, later in (
        ("fruit", "kaufen", "essen"),
        ("snack", "kaufen mitbringen", "essen"),
        ("book", "kaufen finden", "lesen"),
        ("paper", "kaufen finden", "lesen"),
        ("text", "schreiben", "lesen"),
        ("clothes", "kaufen", "tragen verkaufen"),
        ("vehicle", "kaufen", "reparieren verkaufen"),
        ("item", "verlieren vergessen", "suchen finden"),
        ("key", "verlieren vergessen", "suchen finden"),
        ("furniture", "kaufen", "reparieren verkaufen"),
    )
]
# Actions and the possible reasons for them
REASONS: list[tuple[Verb, tuple[Phrase | lexicon.Adjective, ...]]] = [
    (verb, reasons)
    for names, reasons in (
        ("essen kochen", (HUNGRY,)),
        ("trinken", (THIRSTY,)),
        ("schlafen ausruhen bleiben", (TIRED, SICK)),
        ("weinen", (SAD, TIRED)),
        ("singen tanzen lachen", (HAPPY,)),
    )
    for verb in verbs(names)
]
# What people do, and what they do not do, because of something that they have to do or want to do
DUTIES = [
    (verbs(first), verbs(later))
    for first, later in (
        ("aufstehen abfahren beeilen zurückkommen", "arbeiten lernen helfen kochen einkaufen"),
        ("einkaufen", "kochen"),
        ("anrufen besuchen", "danken einladen helfen"),
        ("bleiben zumachen", "lernen arbeiten schlafen lesen"),
        ("fahren", "besuchen treffen arbeiten"),
    )
]
REFUSALS = [
    (verbs("tanzen singen spielen ausgehen fernsehen schwimmen"), verbs("arbeiten lernen schlafen kochen lesen"))
]
OCCASIONS = verbs("ankommen zurückkommen abfahren aufstehen singen schlafen ausgehen")
OUTDOORS = verbs("ausgehen spielen laufen schwimmen")
INDOORS = verbs("schlafen lesen fernsehen kochen ausruhen hören zumachen")
