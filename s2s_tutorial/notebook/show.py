"""For notebooks: the package's own source, shapes that are checked where you read them, tables, text and pictures.

Everything shown is plain Markdown or PNG, so it reads the same in JupyterLab, on GitHub and in the published book.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIGN = re.compile(r"(?<![^\s(*])-(?=\d)")  # a minus that Python wrote as a hyphen, and not the hyphen of "encoder-2"


def show_source(*things: Callable[..., Any] | property | type) -> None:
    """Show the package's own source, as it is installed, each piece under the name of where it lives.

    The name is kept with the output, so that a test can hold committed outputs to today's source.
    """
    for thing in map(_plain_function, things):
        _markdown(source_markdown(thing), {"source_of": f"{thing.__module__}:{thing.__qualname__}"})


def source_markdown(thing: Callable[..., Any] | property | type) -> str:
    """Source of a function, method, property or class as Markdown, the indentation of its surroundings taken off."""
    thing = _plain_function(thing)
    source = textwrap.dedent(inspect.getsource(thing)).rstrip()
    return f"```python\n# {thing.__module__}.{thing.__qualname__}\n{source}\n```"


def _plain_function(thing: Any) -> Any:
    """What a property computes; anything else as it is."""
    return thing.fget if isinstance(thing, property) else thing


def check_shape(tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Check a shape where the reader expects it: `check_shape(enc_states, (B, S, H))`.

    Raises:
        ValueError: the tensor has another shape.
    """
    if tuple(tensor.shape) != shape:
        raise ValueError(f"the shape is {tuple(tensor.shape)}, expected {shape}")


def show_shapes(**tensors: Tensor) -> None:
    """Print each tensor's name, shape and kind of number, one to a line."""
    width = max(map(len, tensors))
    for name, tensor in tensors.items():
        print(f"{name:{width}}  {tuple(tensor.shape)!s:16} {str(tensor.dtype).removeprefix('torch.')}")


def show_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Show a table; floats are rounded to two places, and a column of numbers is set to the right.

    Args:
        header: names of the columns.
        rows: as many values each; None where there is no number, shown as a dash.
    """
    columns = list(zip(*rows, strict=True))
    numeric = [all(isinstance(value, int | float | None) for value in column) for column in columns]
    rule = ["---:" if right else ":---" for right in numeric]
    _markdown("\n".join(map(_table_line, [header, rule, *([_cell(value) for value in row] for row in rows)])))


def show_text(text: str) -> None:
    """Show Markdown that holds figures of this very run: `show_text(f"The test set scores **{bleu:.1f}**.")`."""
    _markdown(SIGN.sub("−", text))


def show_figure(figure: Figure) -> None:
    """Show a matplotlib figure as a picture, whatever backend the notebook uses."""
    from IPython.display import Image, display

    from s2s_tutorial.notebook.plots import figure_bytes

    display(Image(figure_bytes(figure)))


def show_drawing(name: str) -> None:
    """Show one of the book's drawings. It comes with the package, so it is seen where the notebook stands alone.

    Args:
        name: Name of the drawing, such as "gru".

    Raises:
        ValueError: There is no such drawing.
    """
    from IPython.display import Image, display

    drawings = {
        path.name.removesuffix(".png"): path for path in files("s2s_tutorial").joinpath("assets/drawings").iterdir()
    }
    if name not in drawings:
        raise ValueError(f"there is no drawing {name!r}, only: {', '.join(sorted(drawings))}")
    picture = Image(drawings[name].read_bytes(), format="png", retina=True)
    display(picture, metadata={"drawing": name})


def glue(name: str, value: Any) -> None:
    """Keep a figure of this run under a name, for prose on other pages of the book; elsewhere it does nothing."""
    try:
        from myst_nb import glue as keep
    except ImportError:  # on Colab, for instance: there is no book to put it into
        return
    keep(name, value, display=False)


def _markdown(text: str, metadata: dict[str, str] | None = None) -> None:
    from IPython.display import display

    # Plain text beside it serves terminals, and nbval, which compares the plain text of a checked cell.
    display({"text/markdown": text, "text/plain": text}, raw=True, metadata=metadata or {})


def _table_line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int | float):
        return SIGN.sub("−", f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
    return str(value).replace("|", "\\|").replace("\n", " ")
