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


def language_code(text: str) -> str:
    """Return the code of a language that is given by its code or by its English name.

    >>> language_code("German"), language_code("deu"), language_code("PT-br")
    ('de', 'de', 'pt-BR')

    Raises:
        ValueError: There is no such language.
    """
    from babel.core import get_global

    known, wanted = _names(), text.strip().replace("-", "_").lower()
    shorter = {**get_global("language_aliases"), **{name.lower(): code for code, name in known.items()}}
    codes = {code.lower(): code for code in known}
    wanted = shorter.get(wanted, wanted)
    if wanted.lower() not in codes:
        raise ValueError(
            f"{text[:40]!r} is not a language that is known: give its code, such as de, or its English name"
        )
    return codes[wanted.lower()].replace("_", "-")
