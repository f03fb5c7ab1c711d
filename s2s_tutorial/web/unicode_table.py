"""The classes of all characters, as a table for the web page.

A browser has its own version of Unicode and knows no names of characters. With this table it cuts text as Python does, and
leaves alone what is not a character in Python's version.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import defaultdict
from functools import cache

from s2s_tutorial.data.unicode_text import script_of

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@cache
def unicode_table() -> dict[str, dict[str, str]]:
    """Return the characters of each class, as ranges.

    Returns:
        For each kind of class ("letters" and "modifiers" by script, "others") the classes by name. The ranges of a class are
        numbers in base 36: the number of characters between the range before it and this one, and the number of its characters.
    """
    ranges: dict[tuple[str, str], list[int]] = defaultdict(list)
    ends: dict[tuple[str, str], int] = defaultdict(int)
    for codepoint in range(sys.maxunicode + 1):
        found = _class_of(chr(codepoint))
        if found is None:
            continue
        numbers = ranges[found]
        if numbers and ends[found] == codepoint:
            numbers[-1] += 1
        else:
            numbers += [codepoint - ends[found], 1]
        ends[found] = codepoint + 1
    table: dict[str, dict[str, str]] = {"letters": {}, "modifiers": {}, "others": {}}
    for (kind, name), numbers in ranges.items():
        table[kind][name] = " ".join(map(_base36, numbers))
    return table


def _class_of(character: str) -> tuple[str, str] | None:
    """Return the kind and the name of a character's class; None for all other characters."""
    category = unicodedata.category(character)
    if category[0] == "L":
        return "modifiers" if category == "Lm" else "letters", script_of(character)
    if category[0] == "M" or character in "\u200c\u200d":
        return "others", "marks"
    if category == "Cn":
        return "others", "unassigned"
    if character.isdecimal():
        return "others", "decimals"
    return ("others", "numbers") if character.isalnum() else None


def _base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
