"""Inflection: from a dictionary form to every written form, for both languages.

French verbs agree with six persons, French adjectives with gender and number. English verbs have five forms. Regular
words follow the rules below; irregular ones are spelled out in `lexicon.py`. Nothing here knows about translation.

Persons are numbered 0 to 5: je, tu, il/elle, nous, vous, ils/elles.
"""

from __future__ import annotations

VOWELS = frozenset("aeiouyhâàéèêëîïôûœ")  # an h of this lexicon is always mute: l'homme, l'hôpital
NOT_ELIDED_BEFORE = frozenset(("huit", "onze"))


def starts_with_vowel(word: str) -> bool:
    """Whether a short word loses its vowel before `word`: « l'eau », but « le lait », « le huit »."""
    return word[0].lower() in VOWELS and word not in NOT_ELIDED_BEFORE


def french_plural(word: str) -> str:
    """Plural of a noun or an adjective: chats, bras, gâteaux, chevaux."""
    if word.endswith(("s", "x", "z")):
        return word
    if word.endswith(("eau", "eu")) and word != "bleu":
        return word + "x"
    if word.endswith("al"):
        return word[:-2] + "aux"
    return word + "s"


def french_feminine(word: str) -> str:
    """Feminine of a regular adjective: petite, rouge, chère, heureuse."""
    for masculine, feminine in (("e", "e"), ("er", "ère"), ("eux", "euse"), ("et", "ète")):
        if word.endswith(masculine):
            return word[: -len(masculine)] + feminine
    return word + "e"


def french_present(infinitive: str) -> tuple[str, ...]:
    """Six present forms of a regular verb in -er, -ir (like finir) or -re (like vendre).

    The spelling keeps the sound of the stem: mangeons, commençons, achète, préfère, nettoie.
    """
    stem, ending = infinitive[:-2], infinitive[-2:]
    if ending == "ir":
        return tuple(stem + end for end in ("is", "is", "it", "issons", "issez", "issent"))
    if ending == "re":
        return tuple(stem + end for end in ("s", "s", "", "ons", "ez", "ent"))
    strong = before_o = stem
    if stem.endswith("g"):
        before_o = stem + "e"
    elif stem.endswith("c"):
        before_o = stem[:-1] + "ç"
    if len(stem) > 2 and stem[-2] in "eé" and stem[-1] in "tvnrs":  # acheter, lever, promener, préférer
        strong = stem[:-2] + "è" + stem[-1]
    elif stem.endswith(("oy", "uy")):  # nettoyer, envoyer
        strong = stem[:-1] + "i"
    return strong + "e", strong + "es", strong + "e", before_o + "ons", stem + "ez", strong + "ent"


def french_participle(infinitive: str) -> str:
    """Past participle of a regular verb: mangé, fini, vendu."""
    return infinitive[:-2] + {"er": "é", "ir": "i", "re": "u"}[infinitive[-2:]]


def agree(masculine: str, feminine: str, gender: str, plural: bool) -> str:
    """Form of an adjective or participle for a gender ("m" or "f") and a number."""
    word = feminine if gender == "f" else masculine
    return french_plural(word) if plural else word


def english_plural(word: str) -> str:
    """Plural of a regular noun: cats, boxes, cities."""
    if word.endswith(("s", "x", "ch", "sh")) or word in ("tomato", "potato"):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def english_third(word: str) -> str:
    """Third person singular of the present: eats, watches, cries, has, goes."""
    return {"have": "has", "do": "does", "go": "goes"}.get(word) or english_plural(word)


def english_past(word: str) -> str:
    """Regular simple past: closed, cried, washed."""
    if word.endswith("e"):
        return word + "d"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ied"
    return word + "ed"


def english_ing(word: str) -> str:
    """Present participle without a doubled consonant: closing, seeing, eating."""
    if word.endswith("e") and not word.endswith(("ee", "ye")):
        return word[:-1] + "ing"
    return word + "ing"
