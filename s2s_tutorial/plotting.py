"""Pictures: loss curves and attention heat maps.

Colours run through lightness (viridis and cividis), so that a colour-blind reader can tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from s2s_tutorial.checkpoint import write_atomically
from s2s_tutorial.translation import Translation

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    weights = translation.attn_weights.numpy()
    columns = [*translation.src_words, "<eos>"]
    rows = [*translation.words, "<eos>"][: len(weights)]
    figure = Figure(figsize=(1.6 + 0.5 * len(columns), 1.4 + 0.38 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(weights, cmap="cividis", vmin=0.0, vmax=1.0, aspect="auto")
    # One tick at every cell, set together with its label: labels alone would be dealt to ticks chosen by matplotlib.
    axes.set_xticks(range(len(columns)), labels=columns, rotation=60, ha="left", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), labels=rows)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_title(translation.text if title is None else title, fontsize=10)
    figure.colorbar(image, ax=axes, label="attention weight", shrink=0.8)
    return figure


def plot_losses(record: Sequence[dict[str, Any]], window: int = 100) -> Figure:
    """Draw a run's record: training loss and validation BLEU above, both gradient norms below, over steps.

    Args:
        record: from `tracking.read_record`.
        window: steps of the running means.

    Raises:
        ValueError: the record holds no steps.
    """
    steps = [line for line in record if line["kind"] == "step"]
    evaluations = [line for line in record if line["kind"] == "evaluation"]
    if not steps:
        raise ValueError("the record holds no training steps yet: train first")
    places = [line["step"] for line in steps]
    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    losses = [line["loss"] for line in steps]
    above.plot(places, losses, color="0.8", linewidth=0.8, label="loss of each step")
    above.plot(places, running_mean(losses, window), color="#00429d", label=f"mean of {window} steps")
    above.set_ylabel("training loss (nats a word)")
    handles, labels = above.get_legend_handles_labels()
    if evaluations:
        right = above.twinx()
        scores = [line["validation_bleu"] for line in evaluations]
        right.plot([line["step"] for line in evaluations], scores, "o--", color="#b8560b", label="validation BLEU")
        right.set_ylabel("validation BLEU")
        right.set_ylim(bottom=0)
        more_handles, more_labels = right.get_legend_handles_labels()
        handles, labels = handles + more_handles, labels + more_labels
    above.legend(handles, labels, loc="center right")
    _plot_norms(below, places, steps, window)
    return figure


def _plot_norms(axes: Axes, places: list[int], steps: Sequence[dict[str, Any]], window: int) -> None:
    for part, colour, style in (("encoder", "#00429d", "-"), ("decoder", "#b8560b", "--")):
        norms = running_mean([line[f"{part}_norm"] for line in steps], window)
        axes.plot(places, norms, style, color=colour, label=f"{part} gradient norm")
    axes.set_xlabel("step")
    axes.set_ylabel("before clipping")
    axes.legend(loc="upper right")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure to a .png, .svg or .pdf file, whole or not at all.

    Raises:
        ValueError: another kind of file.
    """
    import io

    kind = path.suffix.lower().lstrip(".")
    if kind not in ("png", "svg", "pdf"):
        raise ValueError(f"{path.name} is no picture this package writes: end the name in .png, .svg or .pdf")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=150)
    write_atomically(path, buffer.getvalue())
