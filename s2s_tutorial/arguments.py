"""Check the arguments of public functions, so that a mistake in a call is named and not met deep inside the package."""

from __future__ import annotations

import os
from numbers import Integral, Real
from pathlib import Path
from typing import Any


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
