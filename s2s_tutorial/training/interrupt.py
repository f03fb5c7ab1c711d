"""Stop a session of training: a signal asks for it, and an exception ends the cell that started the session."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn


class TrainingStopped(BaseException):
    """Ends the cell, and the queue of cells, in which the reader stopped training. Everything is saved by then.

    Like KeyboardInterrupt it derives from BaseException, so that an `except Exception` around one variant of a
    comparison does not treat the stop as a failed variant and begin the next one. It is not a KeyboardInterrupt,
    because KeyboardInterrupt means that a step was cut short.

    Attributes:
        shown: Whether a live display already shows the sentence.
    """

    def __init__(self, sentence: str, shown: bool = False) -> None:
        super().__init__(sentence)
        self.shown = shown

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback where `end_quietly` could not arrange for less."""
        return [str(self)]


def end_quietly(sentence: str, shown: bool) -> NoReturn:
    """Raise `TrainingStopped`; a notebook shows the sentence as plain text, once, and no traceback.

    IPython does not send an error output for an exception with a handler of its own. Its reply still has the status
    "error", so that Run All ends here in every front end. A handler that the reader has installed stays.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if shell and not shell.custom_exceptions:
        shell.set_custom_exc((TrainingStopped,), _show)
    raise TrainingStopped(sentence, shown)


def _show(shell: Any, kind: type, error: TrainingStopped, traceback: Any, tb_offset: int | None = None) -> list[str]:
    if not error.shown:
        print(error)
    return []


class Stop:
    """Whether a signal has asked training to stop: Ctrl-C (in a notebook: Stop) or SIGTERM.

    Attributes:
        asked: True if a signal arrived since `watched` began.
    """

    asked = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Handle both signals inside a `with` block: set `asked`; a second Ctrl-C raises KeyboardInterrupt at once."""
        self.asked = False
        if threading.current_thread() is not threading.main_thread():
            yield  # Python allows handlers in the main thread only
            return

        def ask(number: int, frame: Any) -> None:
            if self.asked and number == signal.SIGINT:
                raise KeyboardInterrupt
            self.asked = True

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
