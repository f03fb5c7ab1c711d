"""Check the arguments of public functions, so that a wrong call raises an error that names the mistake."""

from __future__ import annotations

import os
from dataclasses import asdict, fields
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec


def to_path(path: str | os.PathLike[str], name: str = "path") -> Path:
    """Return a path that was given as `str` or as a path.

    Args:
        path: The path.
        name: Name of the argument in the error message.

    Raises:
        TypeError: It is neither.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name} is of type {type(path).__name__}, expected a path: str or Path")
    return Path(path)


def check_type(name: str, value: Any, *expected: type, hint: str = "") -> None:
    """Check that an argument has one of the types that the function works with.

    Args:
        name: Name of the argument in the error message.
        value: The argument.
        expected: The types.
        hint: What to pass instead, for the error message.

    Raises:
        TypeError: It has another type.
    """
    if not isinstance(value, expected):
        names = " or ".join(kind.__name__ for kind in expected)
        advice = f": {hint}" if hint else ""
        raise TypeError(f"{name} is of type {type(value).__name__}, expected {names}{advice}")


def check_number(name: str, value: Any, whole: bool = False) -> None:
    """Check that an argument is a number, of Python or of NumPy.

    Args:
        name: Name of the argument in the error message.
        value: The argument.
        whole: True if it must be a whole number.

    Raises:
        TypeError: It is not such a number.
    """
    if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
        raise TypeError(f"{name} is of type {type(value).__name__}, expected {'int' if whole else 'float or int'}")


def check_count(name: str, value: Any) -> None:
    """Check that an argument is a whole number of at least 1.

    Raises:
        TypeError: It is not a whole number.
        ValueError: It is below 1.
    """
    check_number(name, value, whole=True)
    if value < 1:
        raise ValueError(f"{name} is {value}, expected at least 1")


def check_sentences(name: str, sentences: Any) -> None:
    """Check that an argument is a sequence of sentences, and not one sentence.

    Raises:
        TypeError: It is a single string, no sequence, or has an item that is not a string.
    """
    if isinstance(sentences, str | bytes) or not hasattr(sentences, "__len__") or not hasattr(sentences, "__iter__"):
        raise TypeError(f"{name} is of type {type(sentences).__name__}, expected a list of sentences")
    for number, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise TypeError(f"{name}[{number}] is of type {type(sentence).__name__}, expected str")


# Settings of earlier versions, each with the value that means what this version does.
FORMER: dict[str, Any] = {"sampling_stepwise": False}


class FormerSettingError(ValueError):
    """A run needs a setting that only earlier versions have; the message explains what to do."""


def check_not_text(name: str, words: object) -> None:
    """Check that words are not one string, whose characters would be taken for words.

    Args:
        name: Name of the argument in the error message.
        words: Words, in a list or another collection.

    Raises:
        TypeError: They are a string.
    """
    if isinstance(words, str):
        raise TypeError(
            f"{name} is the text {words[:40]!r}, expected a list of words: split it first, with the run's rule"
        )


def check_fields(name: str, part: Any, kind: type[Any]) -> None:
    """Check that a part of the settings is of its class, and that each value is of the type and in the range of its field."""
    if not isinstance(part, kind):
        raise ValueError(f"{name} is {str(part)[:40]!r}, expected {kind.__name__}")
    try:
        msgspec.convert(asdict(part), kind)
    except msgspec.ValidationError as error:
        expected, _, setting = str(error).replace("`", "").partition(" - at $.")
        setting = setting.partition("[")[0]  # without the place in a tuple
        hint = get_type_hints(kind)[setting]
        if get_origin(hint) is Literal:  # the message does not list the allowed values
            expected = f"expected one of: {', '.join(get_args(hint))}"
        value = getattr(part, setting)
        raise ValueError(f"{setting} is {value!r:.60}, {expected[0].lower()}{expected[1:]}") from None


def build_fields(kind: type, values: Any) -> Any:
    """Build a part of the settings from a dictionary."""
    names = [each.name for each in fields(kind)]
    if not isinstance(values, dict) or not set(values) <= {*names, *FORMER}:
        raise ValueError(f"{kind.__name__} needs a dictionary with some of these settings: {', '.join(names)}")
    for name in FORMER.keys() & values:
        if values[name] is not FORMER[name]:
            raise FormerSettingError(
                f"{name} is {values[name]!r:.60}, which only earlier versions can do: use the version that wrote it, or train "
                "again without this setting"
            )
    return kind(**{name: value for name, value in values.items() if name in names})
