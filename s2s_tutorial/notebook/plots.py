"""Draw pictures: loss curves, attention heat maps, and the interactive attention view.

The colours differ in lightness, so that colour-blind readers can tell them apart.
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

from s2s_tutorial.arguments import check_count, check_type, to_path
from s2s_tutorial.data.languages import language_name
from s2s_tutorial.files import write_atomically
from s2s_tutorial.notebook.fonts import all_letters
from s2s_tutorial.translation.translator import Translation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from torch import Tensor


def running_mean(values: Sequence[float], window: int) -> np.ndarray:
    """Compute the mean of each value and up to `window` − 1 values before it.

    Args:
        values: N values.
        window: Number of values in a mean.

    Returns:
        (N,) means.
    """
    total = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return (total[ends] - total[starts]) / (ends - starts)


def plot_attention(translation: Translation, title: str | None = None) -> Figure:
    """Draw a heat map: a row for each target word, a column for each source word; each cell is an attention weight.

    Args:
        translation: A translation with attention weights.
        title: Title of the picture; None for the text of the translation.

    Raises:
        TypeError: It is not a translation.
        ValueError: The model has no attention.
    """
    check_type("translation", translation, Translation, hint="translator.translate(sentence)")
    if translation.attn_weights is None:
        raise ValueError("this model has no attention to draw: train one with --attention general, for instance")
    rows, columns = len(translation.attn_weights), len(translation.src_words) + 1
    figure = Figure(figsize=(1.6 + 0.5 * columns, 1.4 + 0.38 * rows), layout="constrained")
    axes = figure.add_subplot()
    image = draw_attention(axes, translation)
    axes.set_title(_clip(translation.text, 30 + 8 * columns) if title is None else title, fontsize=10)
    figure.colorbar(image, ax=axes, label="attention weight", shrink=0.8)
    return figure


def plot_heads(weights: Tensor, columns: Sequence[str], rows: Sequence[str], title: str = "") -> Figure:
    """Draw a heat map for every head of every layer: a row of maps for each layer, a column for each head.

    Args:
        weights: (L, N, T, S), of one kind of attention and one sentence; for example `found.cross[:, 0]` of
            `head_attention.sentence_heads`.
        columns: The S words that are attended to.
        rows: The T words that attend.
        title: Title of the picture.

    Raises:
        ValueError: The weights have another shape.
    """
    if weights.dim() != 4 or weights.shape[2:] != (len(rows), len(columns)):
        shape, expected = tuple(weights.shape), f"(L, N, {len(rows)}, {len(columns)})"
        raise ValueError(f"the weights' shape is {shape}, expected {expected} for these words")
    layers, heads = weights.shape[:2]
    height, width = 0.7 + 0.24 * len(rows), 0.8 + 0.24 * len(columns)
    with rc_context({"font.size": 8}):
        figure = Figure(figsize=(1 + width * heads, 0.5 + height * layers), layout="constrained")
        grid = figure.subplots(layers, heads, sharex=True, sharey=True, squeeze=False)
        for (layer, head), axes in np.ndenumerate(grid):
            image = draw_weights(axes, weights[layer, head], columns, rows)
            axes.set_title(f"layer {layer + 1}, head {head + 1}", fontsize=8)
            axes.tick_params(labeltop=layer == 0)
        figure.colorbar(image, ax=grid, label="attention weight", shrink=0.8, aspect=30)
        figure.suptitle(title)
    return figure


def draw_attention(axes: Axes, translation: Translation) -> AxesImage:
    """Draw the heat map of a translation, which must have attention weights, into axes."""
    assert translation.attn_weights is not None
    return draw_weights(axes, translation.attn_weights, *attention_labels(translation))


def draw_weights(axes: Axes, weights: Tensor, columns: Sequence[str], rows: Sequence[str]) -> AxesImage:
    """Draw weights (T, S) with the words of their S columns and T rows into axes."""
    columns, rows = ([_clip(word, 20) for word in words] for words in (columns, rows))
    image = axes.imshow(weights.numpy(force=True), cmap="cividis", vmin=0.0, vmax=1.0, aspect="auto")
    # Set ticks and labels together: labels alone would be given to ticks that matplotlib chooses.
    axes.set_xticks(range(len(columns)), labels=columns, rotation=60, ha="left", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), labels=rows)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    return image


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def attention_labels(translation: Translation) -> tuple[list[str], list[str]]:
    """Return the labels of the columns (source words) and rows (target words) of the weights, with EOS."""
    assert translation.attn_weights is not None
    rows = [*translation.words, "<eos>"][: len(translation.attn_weights)]
    return [*translation.src_words, "<eos>"], rows


def plot_losses(record: Sequence[dict[str, Any]], window: int = 100) -> Figure:
    """Draw a run's record over its steps: training loss and validation BLEU above, both gradient norms below.

    Args:
        record: Lines from `record.read_record`.
        window: Number of steps in the running means.

    Raises:
        TypeError: It is not a record.
        ValueError: The record holds no steps.
    """
    check_type("record", record, list, tuple, hint="read_record(run.record_path)")
    check_count("window", window)
    if not any(line["kind"] == "step" for line in record):
        raise ValueError("the record holds no training steps yet: train first")
    figure = Figure(figsize=(5.5, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    draw_losses(above, below, record, window)
    return figure


def plot_training(record: Sequence[dict[str, Any]], translation: Translation, step: int, total_steps: int) -> Figure:
    """Draw a run as it proceeds: losses and gradient norms on the left, the attention to a sample on the right.

    The picture is low, so that a small screen also shows the line above it and the sample translations below it.

    Args:
        record: Lines from `record.read_record`; none before the first step.
        translation: The current translation of a sample, with or without attention.
        step: Number of steps so far.
        total_steps: End of the axis of steps.
    """
    with rc_context({"font.size": 8}):
        figure = Figure(figsize=(8.4, 3.4), layout="constrained")
        left, right = figure.subfigures(1, 2, width_ratios=[5, 4], squeeze=False)[0]
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

    The legends are above the axes, where they do not cover a curve.
    """
    steps = [line for line in record if line["kind"] == "step"]
    evaluations = [line for line in record if line["kind"] == "evaluation"]
    numbers = [line["step"] for line in steps]
    losses = [line["loss"] for line in steps]
    above.plot(numbers, losses, color="0.8", linewidth=0.8, label="loss of each step")
    above.plot(numbers, running_mean(losses, window), color="#00429d", label=f"mean of {window} steps")
    above.set_ylabel("training loss\n(nats per word)")
    right = above.twinx()
    scores = [line["validation_bleu"] for line in evaluations]
    right.plot([line["step"] for line in evaluations], scores, "o--", color="#b8560b", label="validation BLEU")
    right.set_ylabel("validation BLEU")
    for part, colour, style in (("encoder", "#00429d", "-"), ("decoder", "#b8560b", "--")):
        norms = running_mean([line[f"{part}_norm"] for line in steps], window)
        below.plot(numbers, norms, style, color=colour, label=f"{part} gradient norm")
    below.set_xlabel("step")
    below.set_ylabel("before clipping")
    for axes, drawn, top in ((above, steps, 8), (right, evaluations, 50), (below, steps, 1)):
        axes.set_ylim(0, None if drawn else top)  # as long as there is nothing to draw, a scale that will probably fit
    for axes, lines in ((above, [*above.lines, *right.lines]), (below, below.lines)):
        axes.legend(handles=lines, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize="small")


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure to a .png, .svg or .pdf file, completely or not at all.

    Raises:
        OSError: The file cannot be written.
        TypeError: It is not a figure, or not a path.
        ValueError: The name ends in another way.
    """
    check_type("figure", figure, Figure)
    path = to_path(path)
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("png", "svg", "pdf"):
        raise ValueError(f"{path.name} cannot be written: end the name in .png, .svg or .pdf")
    write_atomically(path, figure_bytes(figure, kind, dpi=150))


def figure_bytes(figure: Figure, kind: str = "png", dpi: int = 110) -> bytes:
    """Return the bytes of a picture of a figure, on white, so that it can be read on a dark page."""
    buffer = io.BytesIO()
    with all_letters(figure):
        figure.savefig(buffer, format=kind, dpi=dpi, facecolor="white")
    return buffer.getvalue()


def view_parts() -> tuple[str, str]:
    """Return style and script of the attention view as HTML elements."""
    parts = files("s2s_tutorial").joinpath("assets")
    style, script = (parts.joinpath(f"attention_view.{end}").read_text(encoding="utf-8") for end in ("css", "js"))
    return f"<style>{style}</style>", f"<script>{script}</script>"


class AttentionView:
    """Interactive view of a translation and its attention: HTML with its own script, and a picture if that cannot run.

    Pointing at a word, or moving to it with the keyboard, highlights the words that it attended to, or that attended to it.
    A slider steps through the decoding, and a table holds the same numbers. Nothing is downloaded, and words are always
    shown as text, never as HTML.

    Args:
        translation: A translation with attention weights.

    Raises:
        TypeError: It is not a translation.
        ValueError: The model has no attention.
    """

    def __init__(self, translation: Translation) -> None:
        self.translation = translation
        self.figure = plot_attention(translation)

    def data(self) -> dict[str, Any]:
        """Return the data that the script draws."""
        columns, rows = attention_labels(self.translation)
        weights = self.translation.attn_weights
        assert weights is not None
        source, target = self.translation.src_language, self.translation.language
        return {
            "source": columns,
            "target": rows,
            "weights": [[round(weight, 4) for weight in row] for row in weights.tolist()],
            "unknown": self.translation.unknown,
            "copied": self.translation.copied,
            "sourceLabel": f"{language_name(source, 'source')}, as the model reads it",
            "targetLabel": f"{language_name(target, 'target')}, as the model writes it",
            "sourceLanguage": source,
            "targetLanguage": target,
        }

    def html(self) -> str:
        """Return the view as HTML that needs no other file."""
        # Inside a script element only "<" could end the data early; written as an escape, it is the same JSON.
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
