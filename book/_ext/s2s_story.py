"""The story of one translation on the front page: a picture with all attention weights, and its steps in words.

    ```{s2s-story} Mon père cherche un chat noir.
    ```

The package's trained model translates the sentence when the book is built. The picture is inline SVG and complete without
JavaScript, and in print; `story.js` shows parts of it, one step of the list at a time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any

import torch
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from s2s_tutorial.data.batches import batches_in_order
from s2s_tutorial.data.pieces import encode_sentences
from s2s_tutorial.data.unicode_text import MARKER
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import PRETRAINED

SQUARES = 5  # drawn values per state
SQUARE = 9  # width of such a square; all lengths are in units of the SVG
HEAD, ROW, BAND = 36, 32, 110  # height of the headings, height of an English word, width of the band of lines
LETTER = 10  # width of a letter, roughly
SEEN = 0.005  # a smaller weight is 0% and has no line


@dataclass(frozen=True)
class Example:
    """A sentence and its translation.

    Attributes:
        source: French words and marks; the model reads each of them as one piece.
        target: English words of the model.
        weights: (T + 1, S + 1), the end marks in the last row and column.
        squares: (S + 1, SQUARES), some values of each encoder state, between 0 and 1.
        size: Number of values of a state.
    """

    source: list[str]
    target: list[str]
    weights: list[list[float]]
    squares: list[list[float]]
    size: int


@torch.inference_mode()
def translate(sentence: str) -> Example:
    """Translate the sentence with the package's trained model, and return the data of the picture.

    Raises:
        ExtensionError: The model reads a word of the sentence in several pieces.
    """
    translator = load_translator()
    made = translator.translate(sentence)
    source = re.findall(r"\w+|[^\w\s]", sentence)
    if source != spelled(made.src_words):
        raise ExtensionError(f"the story's sentence {sentence!r} is read as {made.src_words}: choose a simpler one")
    read = encode_sentences([translator.read(sentence)], translator.src_vocabulary, translator.rule)
    _, batch = next(iter(batches_in_order(read, read, 1)))
    states = translator.model.encode(batch.src_ids, batch.src_mask)[0].enc_states[0]
    # Draw the values that differ most from word to word.
    shown = states[:, states.var(0).topk(SQUARES).indices]
    low, high = shown.min(), shown.max()
    return Example(
        source=source,
        target=spelled(made.words),
        weights=made.attn_weights.tolist(),
        squares=((shown - low) / (high - low)).tolist(),
        size=states.shape[1],
    )


def spelled(tokens: list[str]) -> list[str]:
    """Return tokens without the mark that stands for the space before a word."""
    return [token.removeprefix(MARKER) for token in tokens]


# The steps in words


def step(phase: str, caption: str, word: int = -1) -> str:
    """Return a step as an item of the list that the script reads, with its phase and the number of its English word."""
    return f'<li data-phase="{phase}" data-word="{word}">{caption}</li>'


def steps_of(example: Example) -> list[str]:
    """Return all steps, the whole picture last. The steps of the first English word explain each new idea."""
    steps = [
        step(
            "forwards",
            "One part of the network, the encoder, reads the French sentence from left to right. At each word it computes "
            f"a list of {example.size} numbers, called a state, from that word and from the state before.",
        ),
        step(
            "backwards",
            "The encoder also reads from right to left, so each state depends on the words on both sides. "
            f"The squares show {SQUARES} numbers of each state; “(end)” marks the end of the sentence.",
        ),
    ]
    for place, row in enumerate(example.weights):
        steps += word_steps(example, place, [(at, weight) for at, weight in enumerate(row) if weight >= SEEN])
    return [
        *steps,
        step("whole", "This is the whole translation, with all its weights. Play shows how it is made, step by step."),
    ]


def word_steps(example: Example, place: int, looked: list[tuple[int, float]]) -> list[str]:
    """Return the three steps that write one English word: weights, context, word."""
    looked = sorted(looked, key=lambda pair: -pair[1])
    most = french(example, looked[0][0])
    clear = percent(looked[0][1]) == "100%"
    parts = [(percent(weight), french(example, at)) for at, weight in looked]
    share = ", ".join(f"{much} {'of the weight ' * (not n)}is on {word}" for n, (much, word) in enumerate(parts))
    weights = f"nearly all the weight is on {most}" if clear else share
    mixed = " and ".join(f"{much} of the state of {word}" for much, word in parts)
    context = f"nearly the state of {most}" if clear else f"a mixture: {mixed}"
    ends = place == len(example.target)
    written = "the end mark, so the translation is complete" if ends else f"“{escape(example.target[place])}”"
    if place == 0:
        weights = (
            "The other part, the decoder, writes English. Before each word it compares its own state with the state of "
            f"every French word. This gives every French word a weight; the weights add up to 100%. Here {weights}."
        )
        context = f"The mean of the French states with these weights is called the context. Here it is {context}."
        written = (
            "From the context and its own state, the decoder computes how probable each English word is as the next one. "
            f"The most probable word is {written}."
        )
    else:
        weights = f"{'After the last word' if ends else f'Word {place + 1}'}: {weights}."
        context, written = f"The context is {context}.", f"The most probable next word is {written}."
    return [step("weights", weights, place), step("context", context, place), step("word", written, place)]


def french(example: Example, place: int) -> str:
    """Return a French word in quotation marks, or "the end mark" for the end of the sentence."""
    if place == len(example.source):
        return "the end mark"
    return f'<span lang="fr">«\u00a0{escape(example.source[place])}\u00a0»</span>'


def percent(weight: float) -> str:
    """Return a weight as a percentage."""
    return f"{100 * weight:.0f}%"


# The picture


def squares(values: list[float], left: float, middle: float, name: str) -> str:
    """Return the values of a state as squares; a larger value has a stronger colour."""
    made = "".join(
        f'<rect x="{left + n * SQUARE:g}" y="{middle - 9:g}" width="{SQUARE - 1}" height="18" '
        f'fill-opacity="{0.1 + 0.9 * value:.2f}"/>'
        for n, value in enumerate(values)
    )
    return f'<g class="{name}">{made}</g>'


def draw(example: Example) -> str:
    """Draw French words with their states on the left, English words with their contexts on the right, lines between."""
    source, target = [*example.source, "(end)"], [*example.target, "(end)"]
    height = HEAD + ROW * max(len(source), len(target))
    states = LETTER * max(len(word) for word in [*source, "French"]) + 8
    start, end = states + SQUARES * SQUARE + 4, states + SQUARES * SQUARE + 4 + BAND
    words = end + SQUARES * SQUARE + 20
    width = words + LETTER * max(len(word) for word in [*target, "English"])

    def middle(place: int, count: int) -> float:
        return HEAD + (place + 0.5) * (height - HEAD) / count

    heads = [("French", states - 8, "end"), ("states", states + 22, "middle"), ("weights", (start + end) / 2, "middle"),
             ("contexts", end + 27, "middle"), ("English", words, "start")]  # fmt: skip
    parts = [f'<text class="s2s-head" x="{x:g}" y="16" text-anchor="{side}">{text}</text>' for text, x, side in heads]
    for place, word in enumerate(source):
        y = middle(place, len(source))
        parts.append(
            f'<g class="s2s-source" style="--place: {place}; --places: {len(source)}">'
            f'<text x="{states - 8}" y="{y + 6:g}" text-anchor="end" lang="fr">{escape(word)}</text>'
            + squares(example.squares[place], states, y, "s2s-state")
            + "</g>"
        )
    for place, (word, row) in enumerate(zip(target, example.weights, strict=True)):
        y = middle(place, len(target))
        lines = [
            line(weight, start, middle(at, len(source)), end, y) for at, weight in enumerate(row) if weight >= SEEN
        ]
        mean = [sum(w * numbers[n] for w, numbers in zip(row, example.squares, strict=True)) for n in range(SQUARES)]
        parts.append(
            f'<g class="s2s-target"><g class="s2s-look">{"".join(lines)}</g>'
            + squares(mean, end + 4, y, "s2s-context")
            + f'<text class="s2s-word" x="{words}" y="{y + 6:g}">{escape(word)}</text></g>'
        )
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{description(example)}">{"".join(parts)}</svg>'
    )


def line(weight: float, left: float, top: float, right: float, bottom: float) -> str:
    """Return one weight: a line, thicker and darker for a larger weight, and its number, which a step shows."""
    bend = (right - left) / 2
    return (
        f'<path pathLength="100" data-weight="{weight:.3f}" stroke-width="{1 + 4 * weight:.2f}" '
        f'stroke-opacity="{0.35 + 0.65 * weight:.2f}" '
        f'd="M{left:g} {top:g}C{left + bend:g} {top:g} {right - bend:g} {bottom:g} {right:g} {bottom:g}"/>'
        f'<text class="s2s-share" x="{left + 4:g}" y="{top - 7:g}">{percent(weight)}</text>'
    )


def description(example: Example) -> str:
    """Return the picture in words, for screen readers."""
    source, target = [*example.source, "the end mark"], [*example.target, "the end mark"]
    rows = [
        f"{word} from " + " and ".join(f"{source[at]} {percent(w)}" for at, w in enumerate(row) if w >= SEEN)
        for word, row in zip(target, example.weights, strict=True)
    ]
    return escape(
        "Attention weights between French words on the left and English words on the right: " + "; ".join(rows)
    )


# The directive


class story(nodes.General, nodes.Element):  # noqa: N801 - docutils makes names of visitors of it
    """The picture, its buttons and its steps, as HTML."""


class Story(SphinxDirective):
    """A directive for the story of one sentence."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the node that replaces the directive."""
        for path in PRETRAINED.iterdir():
            self.env.note_dependency(str(path))
        self.env.note_dependency(__file__)
        return [story(html=figure(translate(self.arguments[0])))]


def figure(example: Example) -> str:
    """Return the HTML of picture, buttons and steps. The script shows the hidden parts."""
    return f"""<figure class="s2s-story" data-phase="whole">
<div class="s2s-picture">{draw(example)}</div>
<div class="s2s-panel">
<div class="s2s-controls" role="group" aria-label="Steps of the translation" hidden>
<button type="button" class="s2s-play">Play</button>
<button type="button" class="s2s-back" aria-keyshortcuts="ArrowLeft">Back</button>
<button type="button" class="s2s-next" aria-keyshortcuts="ArrowRight">Next</button>
<button type="button" class="s2s-all">Show all</button>
</div>
<p class="s2s-count" hidden></p>
<p class="s2s-caption" aria-live="polite" hidden></p>
<figcaption>The thicker a line, the more weight a French word had for the English one. All weights come from this book's
trained model.</figcaption>
<details class="s2s-told"><summary>All steps in words</summary><ol class="s2s-steps">
{"".join(steps_of(example))}
</ol></details>
</div>
</figure>
"""


def visit_story(translator: Any, node: story) -> None:
    """Write the story as HTML."""
    translator.body.append(node["html"])
    raise nodes.SkipNode


def skip_story(translator: Any, node: story) -> None:
    """Skip the story in formats other than HTML."""
    raise nodes.SkipNode


def add_files(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Load script and style on pages with a story."""
    if doctree is not None and next(doctree.findall(story), None):
        app.add_css_file("story.css")
        app.add_js_file("story.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_node(story, html=(visit_story, None), latex=(skip_story, None), text=(skip_story, None))
    app.add_directive("s2s-story", Story)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
