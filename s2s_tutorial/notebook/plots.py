"""Pictures: loss curves, attention heat maps, and the interactive attention view.

Colours run through lightness (viridis and cividis), so that a colour-blind reader can tell them apart.
"""

from __future__ import annotations

import html
import io
import json
from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from s2s_tutorial.files import write_atomically
from s2s_tutorial.translation.translator import Translation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


def running_mean(values: Sequence[float], window: int) -> np.ndarray:
    """Mean of each value and up to `window` − 1 values before it."""
    total = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return (total[ends] - total[starts]) / (ends - starts)


def plot_attention(translation: Translation, title: str | None = None) -> Figure:
    """Draw a heat map: a row for each target word, a column for each source word; each cell is an attention weight.

    Args:
        translation: with attention weights.
        title: above the picture; None for the translation itself.

    Raises:
        ValueError: the model has no attention.
    """
    if translation.attn_weights is None:
        raise ValueError("this model has no attention to draw: train one with --attention general, for instance")
    rows, columns = len(translation.attn_weights), len(translation.src_words) + 1
    figure = Figure(figsize=(1.6 + 0.5 * columns, 1.4 + 0.38 * rows), layout="constrained")
    axes = figure.add_subplot()
    image = draw_attention(axes, translation)
    axes.set_title(_clip(translation.text, 30 + 8 * columns) if title is None else title, fontsize=10)
    figure.colorbar(image, ax=axes, label="attention weight", shrink=0.8)
    return figure


def draw_attention(axes: Axes, translation: Translation) -> AxesImage:
    """Draw a translation's heat map into axes; it must have attention weights."""
    weights = translation.attn_weights.numpy()
    columns, rows = ([_clip(word, 20) for word in words] for words in attention_labels(translation))
    image = axes.imshow(weights, cmap="cividis", vmin=0.0, vmax=1.0, aspect="auto")
    # One tick at every cell, set together with its label: labels alone would be dealt to ticks chosen by matplotlib.
    axes.set_xticks(range(len(columns)), labels=columns, rotation=60, ha="left", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), labels=rows)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    return image


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def attention_labels(translation: Translation) -> tuple[list[str], list[str]]:
    """Source and target words as the weights see them: EOS is a word."""
    rows = [*translation.words, "<eos>"][: len(translation.attn_weights)]
    return [*translation.src_words, "<eos>"], rows


def plot_losses(record: Sequence[dict[str, Any]], window: int = 100) -> Figure:
    """Draw a run's record: training loss and validation BLEU above, both gradient norms below, over steps.

    Args:
        record: from `tracking.read_record`.
        window: steps of the running means.

    Raises:
        ValueError: the record holds no steps.
    """
    if not any(line["kind"] == "step" for line in record):
        raise ValueError("the record holds no training steps yet: train first")
    figure = Figure(figsize=(5.5, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    draw_losses(above, below, record, window)
    return figure


def plot_training(record: Sequence[dict[str, Any]], translation: Translation, step: int, total_steps: int) -> Figure:
    """Draw a run as it proceeds: losses and gradient norms on the left, the attention to a sample on the right.

    It is low enough for the line above it and the sample translations below it to be seen with it on a small screen.

    Args:
        record: Lines as `tracking.read_record` gives them; none before the first step.
        translation: A sample, with or without attention, as the model treats it now.
        step: Steps done.
        total_steps: Where the axis of the steps ends.
    """
    with rc_context({"font.size": 8}):
        figure = Figure(figsize=(8.4, 3.4), layout="constrained")
        left, right = figure.subfigures(1, 2, width_ratios=[5, 4])
        above, below = left.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        draw_losses(above, below, record, window=max(min(total_steps // 20, 100), 1))
        below.set_xlim(0, total_steps)
        picture = right.subplots()
        if translation.attn_weights is None:
            picture.axis("off")
            picture.text(0.5, 0.5, "this model has no attention", ha="center", color="0.4")
        else:
            draw_attention(picture, translation)
            picture.set_xlabel(f"attention after step {step:,}")
    return figure


def draw_losses(above: Axes, below: Axes, record: Sequence[dict[str, Any]], window: int) -> None:
    """Draw loss and validation BLEU into one pair of axes and gradient norms into the other; see `plot_losses`.

    The legends stand above the axes, where they cover no curve.
    """
    steps = [line for line in record if line["kind"] == "step"]
    evaluations = [line for line in record if line["kind"] == "evaluation"]
    places = [line["step"] for line in steps]
    losses = [line["loss"] for line in steps]
    above.plot(places, losses, color="0.8", linewidth=0.8, label="loss of each step")
    above.plot(places, running_mean(losses, window), color="#00429d", label=f"mean of {window} steps")
    above.set_ylabel("training loss\n(nats per word)")
    right = above.twinx()
    scores = [line["validation_bleu"] for line in evaluations]
    right.plot([line["step"] for line in evaluations], scores, "o--", color="#b8560b", label="validation BLEU")
    right.set_ylabel("validation BLEU")
    for part, colour, style in (("encoder", "#00429d", "-"), ("decoder", "#b8560b", "--")):
        norms = running_mean([line[f"{part}_norm"] for line in steps], window)
        below.plot(places, norms, style, color=colour, label=f"{part} gradient norm")
    below.set_xlabel("step")
    below.set_ylabel("before clipping")
    for axes, drawn, top in ((above, steps, 8), (right, evaluations, 50), (below, steps, 1)):
        axes.set_ylim(0, None if drawn else top)  # where there is nothing to draw yet, a scale that is likely to fit
    for axes, lines in ((above, [*above.lines, *right.lines]), (below, below.lines)):
        axes.legend(handles=lines, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize="small")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure to a .png, .svg or .pdf file, whole or not at all.

    Raises:
        ValueError: another kind of file.
    """
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("png", "svg", "pdf"):
        raise ValueError(f"{path.name} is no picture this package writes: end the name in .png, .svg or .pdf")
    write_atomically(path, figure_bytes(figure, kind, dpi=150))


def figure_bytes(figure: Figure, kind: str = "png", dpi: int = 110) -> bytes:
    """A figure as the bytes of a picture; white behind it, so that it can be read on a dark page."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=dpi, facecolor="white")
    return buffer.getvalue()


def view_parts() -> tuple[str, str]:
    """Style and script of the attention view, as elements of a page."""
    parts = files("s2s_tutorial").joinpath("assets")
    style, script = (parts.joinpath(f"attention_view.{end}").read_text(encoding="utf-8") for end in ("css", "js"))
    return f"<style>{style}</style>", f"<script>{script}</script>"


class AttentionView:
    """A translation with its attention, to be touched: HTML with its own script, and a picture where that cannot run.

    Hovering over a word or moving to it with the keyboard lights the words it looked at, or those that looked at it; a
    slider steps through the decoding; a table holds the same numbers. Nothing is fetched, and words are text, never HTML.
    """

    def __init__(self, translation: Translation) -> None:
        self.translation = translation
        self.figure = plot_attention(translation)

    def data(self) -> dict[str, Any]:
        """What the script draws."""
        columns, rows = attention_labels(self.translation)
        target = self.translation.language
        source, names = ("en" if target == "fr" else "fr"), {"en": "English", "fr": "French"}
        return {
            "source": columns,
            "target": rows,
            "weights": [[round(weight, 4) for weight in row] for row in self.translation.attn_weights.tolist()],
            "unknown": self.translation.unknown,
            "copied": self.translation.copied,
            "sourceLabel": f"{names[source]}, as the model reads it" if target in names else "source",
            "targetLabel": f"{names.get(target, 'target')}, as the model says it",
            "sourceLanguage": source,
            "targetLanguage": target,
        }

    def html(self) -> str:
        """A piece of a page that needs nothing else."""
        # Inside a script element only "<" could end the data early; as an escape it is the same JSON.
        data = json.dumps(self.data(), ensure_ascii=False).replace("<", "\\u003c")
        picture = b64encode(figure_bytes(self.figure)).decode()
        alt = html.escape(f"Attention heat map of the translation “{self.translation.text}”", quote=True)
        style, script = view_parts()
        return (
            f'{style}\n<div class="s2s-view">'
            f'<img alt="{alt}" src="data:image/png;base64,{picture}">'
            f'<script type="application/json">{data}</script></div>\n{script}'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        picture = b64encode(figure_bytes(self.figure)).decode()
        return {
            "text/html": self.html(),
            "image/png": picture,
            "text/plain": f"attention view of {self.translation.text!r}",
        }
