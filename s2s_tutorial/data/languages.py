"""Names and scripts of languages, from the Unicode Common Locale Data Repository that comes with Babel."""

from __future__ import annotations

import unicodedata
from functools import cache

# Languages in which the names of languages are known, beside English: those that many files of sentence pairs are written in.
_NAMING = "ar bn cs da de el es fa fi fr he hi hu id it ja ko nb nl pl pt ro ru sv th tr uk vi zh"
# Scripts by ISO 15924 that Unicode names in another way.
_SCRIPTS = {
    "Jpan": frozenset({"HIRAGANA", "KATAKANA", "CJK"}),
    "Beng": frozenset({"BENGALI"}),
    "Cans": frozenset({"CANADIAN"}),
    "Jamo": frozenset({"HANGUL"}),
    "Kore": frozenset({"HANGUL"}),
    "Nkoo": frozenset({"NKO"}),
    "Orya": frozenset({"ORIYA"}),
} | dict.fromkeys(("Hanb", "Hani", "Hans", "Hant"), frozenset({"CJK"}))


@cache
def _names() -> dict[str, str]:
    from babel import Locale  # here, because it is slow to import

    return dict(Locale("en").languages)


def language_name(code: str, otherwise: str) -> str:
    """Return the English name of a language, such as "German".

    Args:
        code: Code of the language, such as "de" or "pt-BR"; `""` if it is not known.
        otherwise: Text to return if it is not known.

    Returns:
        The name; the code itself if it has none.

    >>> language_name("de", "source"), language_name("", "source")
    ('German', 'source')
    """
    return _names().get(code.replace("-", "_"), code) if code else otherwise


@cache
def _codes() -> dict[str, str]:
    from babel.core import get_global

    aliases = {alias.lower(): code for alias, code in get_global("language_aliases").items() if "_" not in code}
    names = {_key(name): code for code, name in _names().items()}
    return aliases | names | {code.lower(): code for code in _names()}


@cache
def _other_names() -> dict[str, str]:
    """Return the codes of languages by their names in the languages of `_NAMING`.

    Names of up to four letters from a to z are left out, because many are also words.
    """
    from babel import Locale

    found: dict[str, str] = {}
    for naming in _NAMING.split():
        for code, name in Locale(naming).languages.items():
            if len(name) > 4 or not name.isascii():
                found.setdefault(_key(name), code)
    return found


def _key(name: str) -> str:
    """Return a name in the form in which it is looked up: in small letters, also the Turkish İ."""
    return unicodedata.normalize("NFC", name.strip().casefold().replace("i\u0307", "i"))


def find_code(text: str) -> str:
    """Return the code of a language that is given by its code or its name, in English or another of many languages.

    >>> find_code("German"), find_code("deu"), find_code("PT-br"), find_code("Deutsch"), find_code("glasses")
    ('de', 'de', 'pt-BR', 'de', '')
    """
    key = _key(text.replace("-", "_"))
    return (_codes().get(key) or _other_names().get(key, "")).replace("_", "-")


def language_code(text: str) -> str:
    """Return the code of a language, as `find_code` does.

    Raises:
        ValueError: There is no such language.
    """
    if code := find_code(text):
        return code
    raise ValueError(f"{text[:40]!r} is not a language that is known: give its code, such as de, or its name")


def scripts_of(code: str) -> frozenset[str]:
    """Return the scripts in which a language is most often written, as the first words of Unicode's names of their letters.

    >>> sorted(scripts_of("ja")), sorted(scripts_of("el")), sorted(scripts_of("xx"))
    (['CJK', 'HIRAGANA', 'KATAKANA'], ['GREEK'], [])
    """
    from babel.core import get_global

    likely = get_global("likely_subtags").get(code.partition("-")[0], "")
    return _letters_of(likely.split("_")[1]) if "_" in likely else frozenset()


def all_scripts_of(code: str) -> frozenset[str]:
    """Return all scripts in which a language is written somewhere, named as by `scripts_of`.

    >>> sorted(all_scripts_of("sr")), sorted(all_scripts_of("de"))
    (['CYRILLIC', 'LATIN'], ['LATIN'])
    """
    from babel.core import get_global

    language, _, rest = code.partition("-")
    tags = [tag.split("_") for tag in get_global("likely_subtags").values() if tag.startswith(f"{language}_")]
    scripts = {parts[1] for parts in tags} | {part for part in rest.split("-") if len(part) == 4}  # as in hi-Latn
    return scripts_of(code).union(*map(_letters_of, scripts))


def _letters_of(script: str) -> frozenset[str]:
    from babel import Locale

    name = Locale("en").scripts.get(script, "").upper().split(" ")[0]
    return _SCRIPTS.get(script) or frozenset({name} - {""})
