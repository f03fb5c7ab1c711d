"""Names of languages, from the Unicode Common Locale Data Repository that comes with Babel."""

from __future__ import annotations

from functools import cache


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
    names = {name.lower(): code for code, name in _names().items()}
    return aliases | names | {code.lower(): code for code in _names()}


def find_code(text: str) -> str:
    """Return the code of a language that is given by its code or by its English name; `""` if there is none.

    >>> find_code("German"), find_code("deu"), find_code("PT-br"), find_code("glasses")
    ('de', 'de', 'pt-BR', '')
    """
    return _codes().get(text.strip().replace("-", "_").lower(), "").replace("_", "-")


def language_code(text: str) -> str:
    """Return the code of a language, as `find_code` does.

    Raises:
        ValueError: There is no such language.
    """
    if code := find_code(text):
        return code
    raise ValueError(f"{text[:40]!r} is not a language that is known: give its code, such as de, or its English name")
