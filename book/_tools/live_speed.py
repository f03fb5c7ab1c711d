"""Measurement of the live page's time per sentence: `python book/_tools/live_speed.py [WORDS HIDDEN]`.

The package's trained model, or one with random weights and the given sizes, reads 100 different sentences of 12 words and
writes 12 words and EOS, in headless Chromium; it needs Playwright and Chromium. Measure on a machine without other work. No
test depends on the figures.
"""

import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from browsing import Room, open_browser

from s2s_tutorial.data.vocabulary import SPECIAL_WORDS, Vocabulary
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.translator import Translator
from s2s_tutorial.web.export import export

MEASURE = """() => {
  const words = [...model.srcIds.keys()].slice(4), size = model.tgtWords.length, times = [];
  for (let k = 0; k < 110; k++) {
    const source = Array.from({ length: 12 }, (_, n) => words[(k * 7919 + n * 131) % words.length]).join(" ");
    const prefix = Array.from({ length: 12 }, (_, n) => model.tgtWords[4 + ((k * 104729 + n * 37) % (size - 4))]).concat("<eos>");
    const start = performance.now(), steps = model.translate(source, { prefix }).best.steps.length;
    if (steps !== 13) throw new Error("the sentence has " + steps + " steps");
    times.push(performance.now() - start);
  }
  const sorted = times.slice(10).sort((a, b) => a - b); // the first ten warm up
  return { fastest: sorted[0], median: sorted[50], slowest: sorted[99] };
}"""


def random_model(words: int, hidden: int) -> Translator:
    """Return a translator with random weights."""
    names = itertools.islice(map("".join, itertools.product("abcdefghij", repeat=5)), words - len(SPECIAL_WORDS))
    vocabulary = Vocabulary(SPECIAL_WORDS + tuple(names), (0,) * words)
    settings = ModelSettings(embedding_size=hidden, hidden_size=hidden)
    return Translator(Seq2Seq(settings, words, words).eval(), vocabulary, vocabulary)


def main(
    words: Annotated[
        int | None, typer.Argument(help="Size of both vocabularies of a model with random weights.")
    ] = None,
    hidden: Annotated[int, typer.Argument(help="Hidden size of that model.")] = 256,
) -> None:
    """Measure the live page's time per sentence, by default with the package's trained model."""
    translator = random_model(words, hidden) if words else load_translator()
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        size = export(translator, Path(folder), "m").size
        room = Room(browser)
        room.load(Path(folder) / "m.safetensors")
        times = {name: round(value, 1) for name, value in room.page.evaluate(MEASURE).items()}
    settings, words = translator.model.settings, len(translator.tgt_vocabulary)
    print(
        f"H = {settings.hidden_size}, V = {words:,}: {count_parameters(translator.model):,} numbers, {size / 1e6:.2f} MB; "
        f"ms {json.dumps(times)}"
    )


if __name__ == "__main__":
    typer.run(main)
