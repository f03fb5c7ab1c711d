"""Settings as a TOML file: print all of them with what each means, and read a file that gives some or all of them."""

from __future__ import annotations

import json
import textwrap
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from s2s_tutorial.settings import PARTS, Settings

MAX_FILE_BYTES = 1 << 20
WIDTH = 100


def print_settings(settings: Settings, notes: list[str]) -> str:
    """Return settings as the text of a TOML file; a comment above each tells what it means.

    Args:
        settings: The settings.
        notes: Lines for the top of the file.
    """
    lines = [f"# {note}" for note in notes] + [f"name = {_toml(settings.name)}"]
    for part, kind in PARTS.items():
        values, meanings, hints = getattr(settings, part), _meanings(kind), get_type_hints(kind)
        lines += ["", f"[{part}]"]
        for each in fields(kind):
            hint = hints[each.name]
            names = get_args(hint) if get_origin(hint) is Literal else ()
            one_of = "" if all(name in meanings[each.name] for name in names) else f" One of: {', '.join(names)}."
            lines += textwrap.wrap(meanings[each.name] + one_of, WIDTH, initial_indent="# ", subsequent_indent="# ")
            lines.append(f"{each.name} = {_toml(getattr(values, each.name))}")
    return "\n".join(lines)


def read_settings(path: Path) -> dict[str, Any]:
    """Read a file of settings.

    Returns:
        "name" and the parts "data", "model" and "training", each a dictionary with the settings that the file gives.

    Raises:
        ValueError: It is not a TOML file, or a setting is unknown; the message names it.
        OSError: It cannot be read.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(f"{path} is too large for a file of settings: give one that s2s-tutorial settings printed")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is not a TOML file ({error}): s2s-tutorial settings prints one") from None
    for name, part in values.items():
        if name == "name" and isinstance(part, str):
            continue
        if name not in PARTS or not isinstance(part, dict):
            raise ValueError(f"{path} has {name!r:.60}, expected name or a table: [{'], ['.join(PARTS)}]")
        known = [each.name for each in fields(PARTS[name])]
        for setting in part:
            if setting not in known:
                raise ValueError(f"{path} has {setting!r:.60} in [{name}], expected some of: {', '.join(known)}")
    return values


def _meanings(kind: type) -> dict[str, str]:
    """Return what each setting of a part means, from the docstring of its class."""
    text = textwrap.dedent("    " + (kind.__doc__ or "")).partition("Attributes:\n")[2]
    found: dict[str, str] = {}
    name = ""
    for line in textwrap.dedent(text).splitlines():
        if line and not line.startswith(" "):
            name, _, meaning = line.partition(": ")
            found[name] = meaning
        elif line:
            found[name] += " " + line.strip()
    return {each.name: found[each.name] for each in fields(kind) if each.default is not MISSING}


def _toml(value: Any) -> str:
    """Write a setting as TOML. Its text and its lists are written as in JSON, except for characters that TOML forbids."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else repr(value)
