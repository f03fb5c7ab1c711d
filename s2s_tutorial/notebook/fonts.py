"""Fonts for pictures with text in any script."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.text import Text

from s2s_tutorial.data.unicode_text import script_of


@contextmanager
def all_letters(figure: Figure) -> Iterator[None]:
    """Let a figure that is drawn inside a `with` block use further fonts of this machine where the usual one lacks letters."""
    texts = figure.findobj(Text)
    characters = {ord(character) for text in texts for character in text.get_text() if character.isalpha()}
    missing = characters - set(get_font(fontManager.findfont(FontProperties())).get_charmap())
    if not missing:
        yield
        return
    family = list(FontProperties().get_family())
    for entry in sorted(fontManager.ttflist, key=lambda entry: entry.name):
        if not missing:
            break
        if entry.style != "normal" or entry.name.startswith("Last Resort"):  # a font with a box for every letter
            continue
        if missing & (found := set(get_font(entry.fname).get_charmap())):
            family.append(entry.name)
            missing -= found
    for text in texts:
        text.set_fontfamily(family)
    for script in sorted({script_of(chr(code)) for code in missing}):
        _warn_of_boxes(script)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # one warning for each letter
        yield


@cache
def _warn_of_boxes(script: str) -> None:
    """Warn of a script that no font of this machine has, once in a process."""
    letters = "Chinese characters" if script == "CJK" else f"{script.capitalize()} letters"
    warnings.warn(
        f"this machine has no font with {letters}: pictures show boxes instead, until you install one, such as Noto Sans",
        stacklevel=2,
    )
