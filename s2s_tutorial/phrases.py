"""Phrases around a noun: articles, adjectives, owners, subjects and the pronouns that stand for objects.

Everything here is a function from grammatical choices to a `Phrase`, kept once built: a rule runs the first time only.
Random choices are made in `clauses.py` and `grammar.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from .lexicon import Adjective, Noun
from .morphology import agree, starts_with_vowel
from .synchronous import EMPTY, Phrase, compose, mark, pair

# ------------------------------------------------------------------------------------------------------------ nouns

# masculine, feminine, plural | before a vowel: masculine, feminine ("=" the same form)
DETERMINERS = {
    "le": ("le the", "la the", "les the", "=", "="),
    "un": ("un a", "une a", "des some", "=", "="),
    "du": ("du some", "de_la some", "", "de_l' some", "de_l' some"),
    "ce": ("ce this", "cette this", "ces these", "cet this", "="),
    "my": ("mon my", "ma my", "mes my", "=", "mon my"),
    "your": ("ton your", "ta your", "tes your", "=", "ton your"),
    "his": ("son his", "sa his", "ses his", "=", "son his"),
    "her": ("son her", "sa her", "ses her", "=", "son her"),
    "our": ("notre our", "notre our", "nos our", "=", "="),
    "your_all": ("votre your", "votre your", "vos your", "=", "="),
    "their": ("leur their", "leur their", "leurs their", "=", "="),
    "de": ("de a", "de a", "de any", "=", "="),  # after a negation: pas de chat, no cat
    "un?": ("un a", "une a", "des any", "=", "="),  # in a question English says any
    "du?": ("du any", "de_la any", "", "de_l' any", "de_l' any"),
    "generic": ("le ", "la ", "les ", "=", "="),  # j'aime le thé, I like tea
    "plusieurs": ("", "", "plusieurs several", "=", "="),
    "quelques": ("", "", "quelques a_few", "=", "="),
    "tous": ("", "", "tous_les all_the", "=", "="),
    "toutes": ("", "", "toutes_les all_the", "=", "="),
    "beaucoup": ("beaucoup_de a_lot_of",) * 3 + ("=", "="),
    "combien": ("combien_de how_much", "combien_de how_much", "combien_de how_many", "=", "="),
    "quel": ("quel which", "quelle which", "quels which", "=", "="),
    "quelle": ("quel which", "quelle which", "quelles which", "=", "="),
    "trop": ("trop_de too_much", "trop_de too_much", "trop_de too_many", "=", "="),
}
POSSESSIVES = ("my", "your", "his", "her", "our", "your_all", "their")
_DETERMINER_MARKS = {
    **dict.fromkeys(POSSESSIVES, mark("possessive")),
    "ce": mark("demonstrative"),
    "du": mark("partitive"),
    "du?": mark("partitive"),
    **dict.fromkeys(("quel", "quelle"), mark("question_word")),
    "combien": mark("question_word", "quantity"),
    **dict.fromkeys(("plusieurs", "quelques", "tous", "toutes", "beaucoup", "trop"), mark("quantity")),
}
_SPECIAL_LINKS = {
    "tous_les all_the": ((0, 0), (1, 1)),
    "toutes_les all_the": ((0, 0), (1, 1)),
    "beaucoup_de a_lot_of": ((0, 0), (0, 1), (1, 2)),
    "combien_de how_much": ((0, 0), (0, 1)),
    "combien_de how_many": ((0, 0), (0, 1)),
    "trop_de too_much": ((0, 0), (0, 1)),
    "trop_de too_many": ((0, 0), (0, 1)),
}


def determiner(name: str, noun: Noun, plural: bool, next_word: str, adjective_before: bool) -> Phrase:
    """The determiner phrase: « mon » before a vowel, « de » before a plural adjective, "any" after a negation."""
    if name not in DETERMINERS:  # a number: "deux two"
        return pair(*name.split(), marks=mark("number"))
    masculine, feminine, plural_form, masculine_vowel, feminine_vowel = DETERMINERS[name]
    form = plural_form if plural else feminine if noun.gender == "f" else masculine
    if not plural and starts_with_vowel(next_word):
        before_vowel = feminine_vowel if noun.gender == "f" else masculine_vowel
        form = form if before_vowel == "=" else before_vowel
    if name == "de" and noun.mass:
        form = "de any"
    if form.startswith("des ") and adjective_before:
        form = "de " + form.split()[1]
    french, english = form.split(" ")
    phrase = pair(french, english, marks=_DETERMINER_MARKS.get(name, 0)) if english else pair(french, "", "")
    if form in _SPECIAL_LINKS:
        phrase = phrase._replace(links=_SPECIAL_LINKS[form])
    if french == "du":
        phrase = phrase._replace(marks=phrase.marks | mark("contraction"))
    return phrase


def leaf(french: str, english: str, marks: int = 0) -> Phrase:
    """One French word (or one glued by `_`) with an English word or phrase."""
    return pair(french, english.replace(" ", "_"), marks=marks)


def a_or_an(phrase: Phrase) -> Phrase:
    """Write "an" before a vowel."""
    english = phrase.english
    if english[:1] == ("a",) and english[1][0] in "aeiou":
        return phrase._replace(english=("an", *english[1:]))
    return phrase


@lru_cache(maxsize=1 << 16)
def noun_phrase(
    noun: Noun, name: str, plural: bool = False, before: Adjective | None = None, after: Adjective | None = None
) -> Phrase:
    """A determiner, a noun and up to two adjectives.

    Args:
        noun: the head.
        name: a key of `DETERMINERS`, or a number, `"deux two"`.
        plural: the number of the whole phrase.
        before: an adjective that stands before the noun in French.
        after: one that stands after it.
    """
    parts = {"N": leaf(noun.french[plural], noun.english[plural])}
    if before:
        form = before.form(noun.gender, plural, starts_with_vowel(noun.french[plural]))
        parts["A"] = leaf(form, before.english, mark("adjective_before"))
    if after:
        parts["B"] = leaf(after.form(noun.gender, plural), after.english, mark("adjective_after"))
    next_word = (parts["A"] if before else parts["N"]).french[0]
    parts["D"] = determiner(name, noun, plural, next_word, before is not None)
    return a_or_an(compose("D A N B", "D A B N", parts))


@lru_cache(maxsize=1 << 14)
def genitive(thing: Noun, owner: Phrase, plural: bool = False) -> Phrase:
    """« la voiture de Paul », "Paul's car": the owner changes sides."""
    parts = {
        "D": determiner("generic", thing, plural, thing.french[plural], False),
        "N": leaf(thing.french[plural], thing.english[plural]),
        "DE": pair("de", "'s", marks=mark("possessive")),
        "O": owner,
    }
    return compose("D N DE O", "O DE N", parts)


@lru_cache(maxsize=1 << 14)
def toward(phrase: Phrase, english: str = "to") -> Phrase:
    """« à » before a phrase, contracted with its article: « au voisin », « aux enfants »."""
    french = phrase.french
    contracted = {"le": "au", "les": "aux"}.get(french[0])
    if contracted and (french[0] == "les" or not starts_with_vowel(french[1])):
        shift = 1 if english else 0
        links = ((0, 0),) * shift + tuple((i, j + shift) for i, j in phrase.links)
        words = (english,) * shift + phrase.english
        return Phrase((contracted, *french[1:]), words, links, phrase.marks | mark("contraction"))
    return compose("A P", "A P", {"A": pair("à", english, None if english else ""), "P": phrase})


# --------------------------------------------------------------------------------------------------------- subjects


@dataclass(frozen=True, eq=False, slots=True)
class Agreement:
    """What a verb agrees with.

    Attributes:
        person: 0 to 5, je to ils.
        gender: "m" or "f".
        pronoun: English contracts after a pronoun ("she's") and not after a noun ("Marie is").
    """

    person: int
    gender: str
    pronoun: bool

    @property
    def plural(self) -> bool:
        """Whether a participle takes an s."""
        return self.person >= 3

    @property
    def owner(self) -> str:
        """The possessive that refers to this subject."""
        return ("my", "your", {"m": "his", "f": "her"}[self.gender], "our", "your_all", "their")[self.person]


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """A subject and its agreement."""

    phrase: Phrase
    agreement: Agreement


PRONOUNS = {
    (french, gender): Subject(pair(french, english), Agreement(person, gender, True))
    for person, (genders, french, english) in enumerate(
        (
            ("mf", "je", "I"),
            ("mf", "tu", "you"),
            ("m", "il", "he"),
            ("mf", "nous", "we"),
            ("mf", "vous", "you"),
            ("m", "ils", "they"),
        )
    )
    for gender in genders
}
PRONOUNS["elle", "f"] = Subject(pair("elle", "she"), Agreement(2, "f", True))
PRONOUNS["elles", "f"] = Subject(pair("elles", "they"), Agreement(5, "f", True))
NOUN_AGREEMENT = {
    (gender, plural): Agreement(5 if plural else 2, gender, False) for gender in "mf" for plural in (False, True)
}


@dataclass(frozen=True, eq=False, slots=True)
class Clitic:
    """An object before the verb; a participle after avoir agrees with it when `agrees`."""

    phrase: Phrase
    gender: str = "m"
    plural: bool = False
    agrees: bool = True


def _clitic(french: str, english: str, gender: str, plural: bool) -> Clitic:
    return Clitic(pair(french, english, marks=mark("clitic")), gender, plural)


IT = {"m": _clitic("le", "it", "m", False), "f": _clitic("la", "it", "f", False)}
HIM_HER = {"m": _clitic("le", "him", "m", False), "f": _clitic("la", "her", "f", False)}
THEM = {gender: _clitic("les", "them", gender, True) for gender in "mf"}
PERSONAL = {  # by person of the object: me, te, nous, vous
    person: [_clitic(french, english, gender, person >= 3) for gender in "mf"]
    for person, french, english in ((0, "me", "me"), (1, "te", "you"), (3, "nous", "us"), (4, "vous", "you"))
}
# the object of parler à, répondre à: nothing agrees with it; some English verbs ask for a "to"
INDIRECT = {
    preposition: {
        person: Clitic(pair(french, f"{preposition}_{english}".lstrip("_"), marks=mark("clitic")), agrees=False)
        for person, french, english in (
            (0, "me", "me"),
            (1, "te", "you"),
            (3, "nous", "us"),
            (4, "vous", "you"),
            (5, "leur", "them"),
        )
    }
    for preposition in ("", "to")
}
# the object is written after the verb, by somebody else
LATER = Clitic(EMPTY, agrees=False)
# the object has moved before the verb with « que »: nothing to write, but the participle agrees
MOVED = {(gender, plural): Clitic(EMPTY, gender, plural) for gender in "mf" for plural in (False, True)}


@lru_cache(maxsize=1 << 10)
def profession(masculine: str, feminine: str, english: str, gender: str, plural: bool) -> Phrase:
    """« elle est avocate », "she's a lawyer": no article in French."""
    french = agree(masculine, feminine, gender, plural)
    if plural:
        return leaf(french, english + "s", mark("state"))
    return a_or_an(leaf(french, f"a {english}", mark("state")))


WHO = Subject(pair("qui", "who"), Agreement(2, "m", False))  # « qui dort ? », "who sleeps?"

_EXISTS = mark("idiom_il_y_a")
THERE_IS = {  # by form and number of what there is
    (form, plural): pair(french, english.replace("is", "are") if plural else english, links, marks | _EXISTS)
    for form, french, english, links, marks in (
        ("statement", "il y a", "there is", "0-0 1-0 2-1", 0),
        ("negative", "il ne y a pas", "there isn 't", "0-0 1-1 2-0 3-1 4-2", mark("negation")),
        ("est_ce_que", "est-_ce_que il y a", "is there", "1-1 2-1 3-0", mark("question_est_ce_que")),
        ("inversion", "y a- t- il", "is there", "0-1 1-0 3-1", mark("question_inversion")),
    )
    for plural in (False, True)
}
