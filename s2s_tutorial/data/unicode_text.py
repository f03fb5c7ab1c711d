"""Text in any script: how it is cleaned without losing anything, and how it is cut into words that can be joined again.

A sentence keeps its letters, case, accents, digits and marks. Only what a reader cannot see is unified or removed: kinds
of spaces, ways to write an accented letter, soft hyphens, zero-width characters and other invisible controls.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby

from s2s_tutorial.data.text import normalise_character

MARKER = "▁"  # in front of a word, it stands for the space before it
LONGEST_RUN = 40  # letters of a word; in scripts without spaces, a run of letters may be a whole sentence
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))  # what a character turns into that has no other token
BYTE_OF = {token: byte for byte, token in enumerate(BYTES)}

# Controls, soft hyphens, marks of direction, zero-width characters and tags. A zero-width (non-)joiner stays where it is part
# of the spelling: after a letter of the scripts from Arabic to Mongolian, and inside an emoji.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
    "|(?<![\u0600-\u1cff\ua800-\uabff\u2600-\u27bf\ufe0f\U00011000-\U00011fff\U0001f000-\U0001faff])[\u200c\u200d]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which no file can hold


def clean(text: str) -> str:
    """Unify what looks the same, and remove what cannot be seen.

    Accented letters become one character each (NFC). NFKC would also turn "½" into "1⁄2" and "m²" into "m2", which changes
    what is written, so it is not used. Every kind of space becomes one space.

    >>> clean("Cafe\u0301\u00a0: 3,5\u202f€ le kilo\u00adgramme")
    'Café : 3,5 € le kilogramme'
    """
    text = _SURROGATE.sub("\ufffd", " ".join(text.split()))
    while True:
        cleaned = unicodedata.normalize("NFC", " ".join(_INVISIBLE.sub("", text).split()))
        # NFC may move a mark in front of a joiner, which is then no part of the spelling any more.
        if cleaned == text or not ("\u200c" in cleaned or "\u200d" in cleaned):
            return cleaned
        text = cleaned


class _ClassTable(dict):
    """A table for `str.translate`: for each character one that stands for its class.

    The classes are letters of each script, digits, marks that continue the letters before them, spaces, and all others.
    """

    def __init__(self) -> None:
        self.scripts: dict[str, str] = {}

    def __missing__(self, codepoint: int) -> str:
        character = chr(codepoint)
        category = unicodedata.category(character)
        if character == " ":
            found = " "
        elif category[0] == "M" or category == "Lm" or character in "\u200c\u200d":
            found = "m"
        elif category[0] == "L":
            found = self.scripts.setdefault(script_of(character), chr(0xE000 + len(self.scripts)))
        else:
            found = "0" if character.isdecimal() else "."
        self[codepoint] = found
        return found


_CLASSES = _ClassTable()
_WORD = re.compile(rf" ?(?:([\ue000-\uf8ff])(?:\1|m){{0,{LONGEST_RUN - 1}}}|0{{1,{LONGEST_RUN}}}|[^ ]|$)")


def script_of(character: str) -> str:
    """Return the script of a letter, as the first word of its Unicode name.

    >>> script_of("ж"), script_of("語"), script_of("é")
    ('CYRILLIC', 'CJK', 'LATIN')
    """
    return unicodedata.name(character, "UNKNOWN").split(" ")[0].split("-")[0]


def split_words(text: str) -> list[str]:
    """Split a clean sentence into words: runs of letters of one script, runs of digits, and single other characters.

    A word after a space begins with `MARKER`, and so does the first word, so that it is the same word everywhere. A marker
    that is part of the text is written as its bytes. Runs are cut after `LONGEST_RUN` characters.

    >>> split_words("M. Dupont a 12 ans.")
    ['▁M', '.', '▁Dupont', '▁a', '▁12', '▁ans', '.']
    """
    if not text:
        return []
    text = " " + text
    words = [text[found.start() : found.end()] for found in _WORD.finditer(text.translate(_CLASSES)) if found[0]]
    if MARKER in text:
        words = [part for word in words for part in _without_marker(word)]
    return [MARKER + word[1:] if word[0] == " " else word for word in words]


def _without_marker(word: str) -> list[str]:
    """Replace a marker that is a word of its own by its bytes."""
    if not word.endswith(MARKER):
        return [word]
    return [*word[:-1], *(BYTES[byte] for byte in MARKER.encode())]


def join_tokens(tokens: Iterable[str]) -> str:
    """Join words, or pieces of words, into clean text. This undoes `split_words`.

    Bytes that are not a character, which only a model can write, become "\ufffd".

    >>> join_tokens(["▁M", ".", "▁Dup", "ont", "▁a", "▁", "<0xE2>", "<0x96>", "<0x81>"])
    'M. Dupont a ▁'
    """
    parts = []
    for are_bytes, group in groupby(tokens, BYTE_OF.__contains__):
        if are_bytes:
            parts.append(bytes(BYTE_OF[token] for token in group).decode(errors="replace"))
        else:
            parts.append("".join(group).replace(MARKER, " "))
    return clean("".join(parts))


def first_tokens(tokens: Sequence[str]) -> list[int]:
    """Find the pieces with which words begin.

    Args:
        tokens: T pieces of a sentence.

    Returns:
        The positions of the first piece of each word, in order; a piece that holds several words counts as one.
    """
    whole = "".join("." if token in BYTE_OF else token.replace(MARKER, " ") for token in tokens)
    starts = {found.start() for found in _WORD.finditer(whole.translate(_CLASSES)) if found[0]}
    found, position = [], 0
    for number, token in enumerate(tokens):
        continues = token in BYTE_OF and number > 0 and (tokens[number - 1] in BYTE_OF or tokens[number - 1] == MARKER)
        if number == 0 or (position in starts and not continues):
            found.append(number)
        position += 1 if token in BYTE_OF else len(token)
    return found


UNKNOWN = "⁇"  # a word of a translation that is not known; it stays in the simple form, so that it counts as wrong
# Scripts whose characters count as words of their own where texts are compared
UNSPACED = {"CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "IDEOGRAPHIC"}


class _SimpleTable(dict):
    """A table for `str.translate` that simplifies each character when it is first looked up."""

    def __missing__(self, codepoint: int) -> str:
        character = chr(codepoint)
        simple = f" {UNKNOWN} " if character == UNKNOWN else normalise_character(character)
        if character.isdecimal():
            simple = character
        elif not simple.strip() and unicodedata.category(character)[0] in "LM" and not 0x300 <= codepoint < 0x370:
            simple = character.casefold()  # of another script
            if script_of(character) in UNSPACED:
                simple = f" {simple} "
        self[codepoint] = simple
        return simple


_SIMPLE = _SimpleTable()


def simplify(text: str) -> str:
    """Simplify a sentence: without case, accents and all but four marks, but with digits and the letters of all scripts.

    Text in Latin letters without digits becomes what `text.normalise` makes of it. So translations under different rules
    can be compared by this form.

    >>> simplify("Où est l'ГУМ 7 ?"), simplify("我买小狗。")
    ('ou est l гум 7 ?', '我 买 小 狗')
    """
    return " ".join(text.translate(_SIMPLE).split())


_DIGITS = re.compile(r"\d+")


def without_digits(simple: str) -> str:
    """Replace the digits of a simple sentence by spaces; one that has nothing else keeps them.

    >>> without_digits("elle a 7 ans")
    'elle a ans'
    """
    return " ".join(_DIGITS.sub(" ", simple).split()) or simple
