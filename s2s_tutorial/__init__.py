"""The companion package of a tutorial book on sequence-to-sequence translation with attention.

The names below are loaded when they are first used, so that importing the package stays fast:

>>> from s2s_tutorial import PRESETS, prepare
>>> corpus = prepare(PRESETS["small"].data)
>>> len(corpus.test)
153
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import prepare
    from s2s_tutorial.data.fitting import fit_settings
    from s2s_tutorial.presets import PRESETS
    from s2s_tutorial.runs.weights import load_translator
    from s2s_tutorial.training.trainer import Trainer
    from s2s_tutorial.translation.translator import Translator

    __version__: str

# Name → module that defines it.
_HOMES = {
    "PRESETS": "presets",
    "Trainer": "training.trainer",
    "Translator": "translation.translator",
    "fit_settings": "data.fitting",
    "load_translator": "runs.weights",
    "prepare": "data.corpus",
}
__all__ = ["PRESETS", "Trainer", "Translator", "fit_settings", "load_translator", "prepare"]


def __getattr__(name: str) -> Any:
    """Load a public name, or the version, when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            value: Any = version("s2s_tutorial")
        except PackageNotFoundError:  # the source is used without being installed
            value = "not installed"
    elif name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names too, although they are not loaded yet."""
    return sorted({*globals(), *__all__, "__version__"})
