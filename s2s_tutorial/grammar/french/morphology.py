"""Inflection: from the dictionary form of a French word to its other written forms, and elision.

Verbs agree with six persons, adjectives with gender and number. The functions below inflect regular words; `lexicon.py`
spells out the irregular forms.

Persons are numbered 0 to 5: je, tu, il/elle, nous, vous, ils/elles.
"""

from __future__ import annotations

VOWELS = frozenset("aeiouyhâàéèêëîïôûœ")  # every h in the lexicon is mute: l'homme, l'hôpital
NOT_ELIDED_BEFORE = frozenset(("huit", "onze"))


def starts_with_vowel(word: str) -> bool:
    """Return whether a short word is elided before `word`: True for "eau" (« l'eau »), False for "lait" and "huit"."""
    return word[0].lower() in VOWELS and word not in NOT_ELIDED_BEFORE


def french_plural(word: str) -> str:
    """Return the plural of a French noun or adjective: "chat" → "chats", "gâteau" → "gâteaux", "cheval" → "chevaux"."""
    if word.endswith(("s", "x", "z")):
        return word
    if word.endswith(("eau", "eu")) and word != "bleu":
        return word + "x"
    if word.endswith("al"):
        return word[:-2] + "aux"
    return word + "s"


def french_feminine(word: str) -> str:
    """Return the feminine of a regular French adjective: "petit" → "petite", "cher" → "chère", "rouge" → "rouge"."""
    for masculine, feminine in (("e", "e"), ("er", "ère"), ("eux", "euse"), ("et", "ète")):
        if word.endswith(masculine):
            return word[: -len(masculine)] + feminine
    return word + "e"


def french_present(infinitive: str) -> tuple[str, ...]:
    """Return the six present forms of a regular verb in -er, -ir (like finir) or -re (like vendre), je to ils.

    The spelling of the stem changes where its pronunciation requires it: mangeons, commençons, achète, préfère,
    nettoie.

    >>> french_present("manger")
    ('mange', 'manges', 'mange', 'mangeons', 'mangez', 'mangent')
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
    """Return the masculine singular past participle of a regular verb: "manger" → "mangé", "vendre" → "vendu"."""
    return infinitive[:-2] + {"er": "é", "ir": "i", "re": "u"}[infinitive[-2:]]


def agree(masculine: str, feminine: str, gender: str, plural: bool) -> str:
    """Return the form of an adjective, participle, noun or pronoun for a gender ("m" or "f") and a number (plural or not)."""
    word = feminine if gender == "f" else masculine
    return french_plural(word) if plural else word


ELIDED = {word: word[:-1] + "'" for word in ("je", "me", "te", "se", "ne", "le", "la", "de", "que", "ce")}


def elide(words: list[str]) -> bool:
    """Elide short words before a vowel, in place: « je ai » becomes « j'ai », and « si il » becomes « s'il ».

    Returns:
        Whether any word was elided.
    """
    elided = False
    for i in range(len(words) - 1):
        word = words[i]
        if word in ELIDED:
            if starts_with_vowel(words[i + 1]):
                words[i] = ELIDED[word]
                elided = True
        elif word == "si" and words[i + 1] in ("il", "ils"):
            words[i] = "s'"
            elided = True
    return elided
