"""Show things in notebooks: source of the package, checked shapes, tables, text and pictures.

All of it is plain Markdown or PNG, so that it looks the same in JupyterLab, on GitHub and in the published book.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from torch import Tensor

from s2s_tutorial.arguments import check_type

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIGN = re.compile(r"(?<![^\s(*])-(?=\d)")  # a minus written as a hyphen, but not the hyphen of "encoder-2"
TAG = re.compile(r"<(?=(?:pad|sos|eos|unk)>)(?=[^`]*(?:`[^`]*`[^`]*)*$)")  # of a special word, outside code
NUMBER = r"[+-]?\d[\d.,]*%?"
SIGNED = re.compile(rf"{NUMBER}(?: to {NUMBER})?")  # a cell that is a number, or an interval


def show_source(*things: Callable[..., Any] | property | type) -> None:
    """Show source of the package, as it is installed, each piece under its full name.

    The name is kept with the output, so that a test can compare committed outputs with the current source.

    Raises:
        TypeError: A thing is not a function, method, property or class.
    """
    for thing in map(_plain_function, things):
        _markdown(source_markdown(thing), {"source_of": f"{thing.__module__}:{thing.__qualname__}"})


def source_markdown(thing: Callable[..., Any] | property | type) -> str:
    """Return the source of a function, method, property or class as Markdown, without the indentation of its surroundings."""
    shown = _plain_function(thing)
    source = textwrap.dedent(inspect.getsource(shown)).rstrip()
    return f"```python\n# {shown.__module__}.{shown.__qualname__}\n{source}\n```"


def _plain_function(thing: Any) -> Any:
    """Return the function of a property, and anything else that has source unchanged."""
    thing = thing.fget if isinstance(thing, property) else thing
    if not hasattr(thing, "__qualname__"):
        raise TypeError(f"{thing!r:.40} has no source to show: give a function, method, property or class")
    return thing


def check_shape(tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Check the shape of a tensor, for example `check_shape(enc_states, (B, S, H))`.

    Raises:
        TypeError: It is not a tensor.
        ValueError: The tensor has another shape.
    """
    check_type("tensor", tensor, Tensor)
    if tuple(tensor.shape) != tuple(shape):
        raise ValueError(f"the shape is {tuple(tensor.shape)}, expected {tuple(shape)}")


def show_shapes(**tensors: Tensor) -> None:
    """Print name, shape and dtype of each tensor, one per line.

    Raises:
        TypeError: An argument is not a tensor.
    """
    for name, tensor in tensors.items():
        check_type(name, tensor, Tensor)
    width = max(map(len, tensors), default=0)
    for name, tensor in tensors.items():
        print(f"{name:{width}}  {tuple(tensor.shape)!s:16} {str(tensor.dtype).removeprefix('torch.')}")


def show_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Show a table. Floats are rounded to two decimals, and columns of numbers are aligned to the right.

    Args:
        header: Names of the C columns.
        rows: C values each; None, for a missing number, is shown as a dash.

    Raises:
        ValueError: There is no row, or a row has another number of values.
    """
    if not rows:
        raise ValueError("the table has no rows: give at least one")
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise ValueError(f"rows[{number}] has {len(row)} values, expected {len(header)}, one for each column")
    columns = list(zip(*rows, strict=True))
    numeric = [all(isinstance(value, int | float | None) for value in column) for column in columns]
    rule = ["---:" if right else ":---" for right in numeric]
    _markdown("\n".join(map(_table_line, [header, rule, *([_cell(value) for value in row] for row in rows)])))


def show_text(text: str) -> None:
    """Show Markdown with numbers of this run, for example `show_text(f"The test set scores **{bleu:.1f}**.")`."""
    _markdown(SIGN.sub("−", text))


def show_figure(figure: Figure) -> None:
    """Show a matplotlib figure as a picture, independently of the notebook's backend."""
    from IPython.display import Image, display

    from s2s_tutorial.notebook.plots import figure_bytes

    display(Image(figure_bytes(figure)))


def show_drawing(name: str) -> None:
    """Show one of the book's drawings. They come with the package, so that a notebook on its own can show them too.

    Args:
        name: Name of the drawing, such as "gru".

    Raises:
        ValueError: There is no drawing of this name.
    """
    from IPython.display import Image, display

    drawings = {
        path.name.removesuffix(".png"): path for path in files("s2s_tutorial").joinpath("assets/drawings").iterdir()
    }
    if name not in drawings:
        raise ValueError(f"there is no drawing {name!r}, only: {', '.join(sorted(drawings))}")
    picture = Image(drawings[name].read_bytes(), format="png", retina=True)
    display(picture, metadata={"drawing": name})


def _markdown(text: str, metadata: dict[str, str] | None = None) -> None:
    from IPython.display import display

    # The plain text is for terminals, and for nbval, which compares it in checked cells.
    display({"text/markdown": text, "text/plain": text}, raw=True, metadata=metadata or {})


def _table_line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int | float):
        return SIGN.sub("−", f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
    text = TAG.sub(r"\\<", str(value)).replace("|", "\\|").replace("\n", " ")
    return text.replace("-", "−") if SIGNED.fullmatch(text) else text
