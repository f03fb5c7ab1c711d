"""Noun phrases and pronouns: determiners, adjectives, possessors, subjects and object pronouns.

Each function maps grammatical choices (which noun, which determiner, singular or plural) to an aligned phrase. The
results are cached, so that a rule is applied once for each combination of choices. Nothing here is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from s2s_tutorial.grammar.aligned_phrases import EMPTY, Phrase, compose, mark, pair
from s2s_tutorial.grammar.french.lexicon import Adjective, Noun
from s2s_tutorial.grammar.french.morphology import agree, starts_with_vowel

# ------------------------------------------------------------------------------------------------------------ nouns

# Masculine, feminine and plural, then masculine and feminine before a vowel ("=": as before a consonant). A form is the
# French words, a space, and the English words; a determiner without an English word ends with the space.
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
    "de": ("de a", "de a", "de any", "=", "="),  # after a negation: pas de chat, not a cat
    "un?": ("un a", "une a", "des any", "=", "="),  # in a question, where English has "any"
    "du?": ("du any", "de_la any", "", "de_l' any", "de_l' any"),
    "generic": ("le ", "la ", "les ", "=", "="),  # no English article: j'aime le thé, I like tea
    "bare": (" ", " ", " ", "=", "="),  # no article at all: parler français, speak French
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
# Polarity of a clause, which decides about the article of its object: un chat, pas de chat; "some", "any".
AFFIRMATIVE, NEGATIVE, INTERROGATIVE = "affirmative", "negative", "interrogative"
INDEFINITE = {AFFIRMATIVE: "un", NEGATIVE: "de", INTERROGATIVE: "un?"}
PARTITIVE = {AFFIRMATIVE: "du", NEGATIVE: "de", INTERROGATIVE: "du?"}
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
# determiners whose French and English words do not correspond as one unit
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
    """Return the determiner of a noun: « mon » before a vowel, « de » before a plural adjective, "any" after a negation.

    Args:
        name: Key of `DETERMINERS`, or a number in both languages, "deux two".
        noun: Noun that it agrees with.
        plural: Number of the noun phrase.
        next_word: French word that follows the determiner.
        adjective_before: Whether that word is an adjective.
    """
    if name not in DETERMINERS:
        return pair(*name.split(), marks=mark("number"))
    masculine, feminine, plural_form, masculine_vowel, feminine_vowel = DETERMINERS[name]
    singular_form = feminine if noun.gender == "f" else masculine
    form = plural_form if plural else singular_form
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


def _leaf(french: str, english: str, marks: int = 0) -> Phrase:
    """Return a French word linked to every word of its English translation, which may contain spaces."""
    return pair(french, english.replace(" ", "_"), marks=marks)


def _a_or_an(phrase: Phrase) -> Phrase:
    """Return the phrase with "an" instead of "a" if its next English word begins with a vowel."""
    english = phrase.english
    if english[:1] == ("a",) and english[1][0] in "aeiou":
        return phrase._replace(english=("an", *english[1:]))
    return phrase


@lru_cache(maxsize=1 << 16)
def noun_phrase(
    noun: Noun, name: str, plural: bool = False, before: Adjective | None = None, after: Adjective | None = None
) -> Phrase:
    """Return a determiner, a noun and up to two adjectives: « une petite table rouge », "a small red table".

    Args:
        noun: Head of the phrase.
        name: Determiner: a key of `DETERMINERS`, or a number, "deux two".
        plural: Whether the phrase is plural.
        before: Adjective that precedes the noun in French.
        after: Adjective that follows the noun in French.
    """
    parts = {"N": _leaf(noun.french[plural], noun.english[plural])}
    if before:
        form = before.form(noun.gender, plural, starts_with_vowel(noun.french[plural]))
        parts["A"] = _leaf(form, before.english, mark("adjective_before"))
    if after:
        parts["B"] = _leaf(after.form(noun.gender, plural), after.english, mark("adjective_after"))
    next_word = (parts["A"] if before else parts["N"]).source[0]
    parts["D"] = determiner(name, noun, plural, next_word, before is not None)
    return _a_or_an(compose("D A N B", "D A B N", parts))


@lru_cache(maxsize=1 << 14)
def genitive(thing: Noun, owner: Phrase, plural: bool = False) -> Phrase:
    """Return a noun with its possessor, which English puts first: « la voiture de Paul », "Paul's car"."""
    parts = {
        "D": determiner("generic", thing, plural, thing.french[plural], False),
        "N": _leaf(thing.french[plural], thing.english[plural]),
        "DE": pair("de", "'s", marks=mark("possessive")),
        "O": owner,
    }
    return compose("D N DE O", "O DE N", parts)


@lru_cache(maxsize=1 << 14)
def toward(phrase: Phrase, english: str = "to") -> Phrase:
    """Return « à » and a phrase, contracted with its article: « au voisin », « aux enfants ».

    Args:
        phrase: Noun phrase after the preposition.
        english: English preposition, or "" for none ("answer the neighbor").
    """
    french = phrase.source
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
    """The grammatical features of a subject, with which its verb agrees.

    Attributes:
        person: 0 to 5, je to ils.
        gender: "m" or "f".
        pronoun: Whether the subject is a pronoun. English contracts "be" after it ("she's"), not after a noun.
    """

    person: int
    gender: str
    pronoun: bool

    @property
    def plural(self) -> bool:
        """Return whether the subject is plural."""
        return self.person >= 3

    @property
    def owner(self) -> str:
        """Return the possessive determiner that refers to this subject, a key of `DETERMINERS`."""
        return ("my", "your", {"m": "his", "f": "her"}[self.gender], "our", "your_all", "their")[self.person]


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """A subject phrase and its grammatical features."""

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
# features of a noun as subject, by gender and whether it is plural
NOUN_AGREEMENT = {
    (gender, plural): Agreement(5 if plural else 2, gender, False) for gender in "mf" for plural in (False, True)
}


@dataclass(frozen=True, eq=False, slots=True)
class Clitic:
    """An object pronoun before the verb.

    Attributes:
        phrase: The pronoun and its translation; `EMPTY` for an object that is written elsewhere.
        gender: "m" or "f".
        plural: Whether it is plural.
        agrees: Whether a participle after avoir agrees with it.
    """

    phrase: Phrase
    gender: str = "m"
    plural: bool = False
    agrees: bool = True


def _clitic(french: str, english: str, gender: str, plural: bool) -> Clitic:
    """Return a direct object pronoun."""
    return Clitic(pair(french, english, marks=mark("clitic")), gender, plural)


IT = {"m": _clitic("le", "it", "m", False), "f": _clitic("la", "it", "f", False)}
HIM_HER = {"m": _clitic("le", "him", "m", False), "f": _clitic("la", "her", "f", False)}
THEM = {gender: _clitic("les", "them", gender, True) for gender in "mf"}
# me, te, nous, vous: by person of the object, one for each gender
PERSONAL = {
    person: [_clitic(french, english, gender, person >= 3) for gender in "mf"]
    for person, french, english in ((0, "me", "me"), (1, "te", "you"), (3, "nous", "us"), (4, "vous", "you"))
}
# indirect objects (parler à), by English preposition and person; participles do not agree with them
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
# for an object that the caller writes after the verb
LATER = Clitic(EMPTY, agrees=False)
# for an object that precedes its clause (« que », « quel livre »): no pronoun is written, but the participle agrees
MOVED = {(gender, plural): Clitic(EMPTY, gender, plural) for gender in "mf" for plural in (False, True)}


@lru_cache(maxsize=1 << 10)
def profession(masculine: str, feminine: str, english: str, gender: str, plural: bool) -> Phrase:
    """Return a profession after être, without an article in French: « (elle est) avocate », "a lawyer"."""
    french = agree(masculine, feminine, gender, plural)
    if plural:
        return _leaf(french, english + "s", mark("state"))
    return _a_or_an(_leaf(french, f"a {english}", mark("state")))


_EXISTS = mark("idiom_il_y_a")
# « il y a », by form of the sentence and whether the noun is plural
THERE_IS = {
    (form, plural): pair(french, english.replace("is", "are") if plural else english, links, marks=marks | _EXISTS)
    for form, french, english, links, marks in (
        ("statement", "il y a", "there is", "0-0 1-0 2-1", 0),
        ("negative", "il ne y a pas", "there isn 't", "0-0 1-1 2-0 3-1 4-2", mark("negation")),
        ("est_ce_que", "est-_ce_que il y a", "is there", "1-1 2-1 3-0", mark("question_est_ce_que")),
        ("inversion", "y a- t- il", "is there", "0-1 1-0 3-1", mark("question_inversion")),
    )
    for plural in (False, True)
}
