"""Inflection of English, the target language of every pair: plurals, and the forms of regular verbs."""

from __future__ import annotations


def english_plural(word: str) -> str:
    """Return the plural of a regular English noun: "cat" → "cats", "box" → "boxes", "city" → "cities"."""
    if word.endswith(("s", "x", "ch", "sh")) or word in ("tomato", "potato"):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def english_third(word: str) -> str:
    """Return the third person singular of the English present: "eat" → "eats", "watch" → "watches", "have" → "has"."""
    return {"have": "has", "do": "does", "go": "goes"}.get(word) or english_plural(word)


def english_past(word: str) -> str:
    """Return the simple past of a regular English verb: "close" → "closed", "cry" → "cried", "wash" → "washed"."""
    if word.endswith("e"):
        return word + "d"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ied"
    return word + "ed"


def english_ing(word: str) -> str:
    """Return the -ing form of an English verb that doubles no consonant: "close" → "closing", "see" → "seeing"."""
    if word.endswith("e") and not word.endswith(("ee", "ye")):
        return word[:-1] + "ing"
    return word + "ing"


def contract(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return words with "do n't" written as the tokens of the normalised "don't": "don" and "'t"."""
    contracted = list(words)
    for j, word in enumerate(contracted):
        if word == "n't":
            contracted[j - 1] = {"can": "can", "will": "won"}.get(contracted[j - 1], contracted[j - 1] + "n")
            contracted[j] = "'t"
    return tuple(contracted)
