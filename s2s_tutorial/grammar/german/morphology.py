"""Inflection: from the dictionary form of a German word to its other written forms.

Articles and adjectives agree with the gender, number and case of their noun; verbs agree with six persons. The functions
below inflect regular words; `lexicon.py` spells out the irregular forms.

Genders are "m", "f" and "n"; `AGREEMENTS` adds "p" for the plural, where genders do not differ. Cases are `NOMINATIVE`,
`ACCUSATIVE` and `DATIVE`. Persons are numbered 0 to 5: ich, du, er/sie/es, wir, ihr, sie.
"""

from __future__ import annotations

NOMINATIVE, ACCUSATIVE, DATIVE = "nominative", "accusative", "dative"
AGREEMENTS = "mfnp"

# Endings by case, in the order of `AGREEMENTS`
DEFINITE_ARTICLE = {NOMINATIVE: "der die das die", ACCUSATIVE: "den die das die", DATIVE: "dem der dem den"}
STRONG = {NOMINATIVE: "er e es e", ACCUSATIVE: "en e es e", DATIVE: "em er em en"}  # dieser; guter Wein
MIXED_DETERMINER = {NOMINATIVE: "- e - e", ACCUSATIVE: "en e - e", DATIVE: "em er em en"}  # ein, kein, mein
WEAK = {NOMINATIVE: "e e e en", ACCUSATIVE: "en e e en", DATIVE: "en en en en"}  # der gute Wein
MIXED = {NOMINATIVE: "er e es en", ACCUSATIVE: "en e es en", DATIVE: "en en en en"}  # ein guter Wein


def ending(table: dict[str, str], case: str, agreement: str) -> str:
    """Return the ending, or the article, for a case and one of `AGREEMENTS`; "" for none."""
    return table[case].split()[AGREEMENTS.index(agreement)].strip("-")


def adjective_stem(adjective: str) -> str:
    """Return the form to which the endings are added: "klein" → "klein", "teuer" → "teur", "müde" → "müd"."""
    if adjective.endswith("euer"):
        return adjective[:-2] + "r"
    return adjective.removesuffix("e")


def dative_plural(plural: str) -> str:
    """Return the dative of a plural: "Kinder" → "Kindern", "Frauen" → "Frauen", "Autos" → "Autos"."""
    return plural if plural.endswith(("n", "s")) else plural + "n"


def stem_of(infinitive: str) -> str:
    """Return the stem of a verb: "kaufen" → "kauf"."""
    return infinitive.removesuffix("en")


def needs_e(stem: str) -> bool:
    """Return whether the endings -st and -t need an e after the stem: "arbeit" → "arbeitest", "öffn" → "öffnest"."""
    return stem.endswith(("t", "d", "ffn", "gn"))


def present(infinitive: str, changed_stem: str = "") -> tuple[str, ...]:
    """Return the six present forms, without the separable prefix.

    >>> present("lesen", "lies")
    ('lese', 'liest', 'liest', 'lesen', 'lest', 'lesen')

    Args:
        infinitive: Infinitive without its separable prefix.
        changed_stem: Stem of the second and third person singular, if it is another: "lies" for "lesen".
    """
    stem = stem_of(infinitive)
    e = "e" if needs_e(stem) else ""
    other = changed_stem or stem + e
    du = "t" if other.endswith(("s", "ß", "z", "x")) else "st"
    er = "" if changed_stem and changed_stem.endswith("t") else "t"
    return stem + "e", other + du, other + er, infinitive, stem + e + "t", infinitive


def participle(infinitive: str, prefix: str = "") -> str:
    """Return the participle of a regular verb: "kaufen" → "gekauft", "aufmachen" → "aufgemacht", "besuchen" → "besucht"."""
    stem = stem_of(infinitive)
    inseparable = infinitive.startswith(("be", "ver", "er", "ge", "ent")) or infinitive.endswith("ieren")
    return prefix + ("" if inseparable else "ge") + stem + ("et" if needs_e(stem) else "t")
