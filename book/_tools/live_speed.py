"""Measurement of the live page's time per sentence: `python book/_tools/live_speed.py [WORDS HIDDEN] [--pieces] [--transformer]`.

The package's trained model, or one with random weights and the given sizes, reads 100 different sentences of 12 words and
writes 12 words and EOS, in headless Chromium. With `--pieces` it reads pieces of words, and 12 words are 18 pieces on both
sides. It needs Playwright and Chromium. Measure on a machine without other work. No
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

from s2s_tutorial.data.pieces import FIXED, PieceVocabulary
from s2s_tutorial.data.rules import UNICODE
from s2s_tutorial.data.vocabulary import SPECIAL_WORDS, Vocabulary
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters
from s2s_tutorial.presets import with_transformer
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import ModelSettings, Settings
from s2s_tutorial.translation.translator import Translator
from s2s_tutorial.web.export import export

MEASURE = """([first, count]) => {
  const words = model.reader.source.words.slice(first), size = model.tgtWords.length, times = [];
  for (let k = 0; k < 110; k++) {
    const typed = Array.from({ length: count }, (_, n) => words[(k * 7919 + n * 131) % words.length]);
    const source = first > 4 ? typed.join("").replaceAll("▁", " ") : typed.join(" ");
    const forced = Array.from({ length: count }, (_, n) => model.tgtWords[first + ((k * 104729 + n * 37) % (size - first))]);
    const prefix = forced.concat("<eos>");
    const start = performance.now(), steps = model.translate(source, { prefix }).best.steps.length;
    // Pieces joined to a text may be read as fewer pieces, and then the limit of length can come before EOS.
    if (steps !== count && steps !== count + 1) throw new Error("the sentence has " + steps + " steps");
    times.push(performance.now() - start);
  }
  const sorted = times.slice(10).sort((a, b) => a - b); // the first ten warm up
  return { fastest: sorted[0], median: sorted[50], slowest: sorted[99] };
}"""


def settings_of(hidden: int, transformer: bool) -> ModelSettings:
    """Return the settings of a recurrent network of this size, or of a Transformer with about as many parameters."""
    settings = Settings("speed", model=ModelSettings(embedding_size=hidden, hidden_size=hidden))
    return (with_transformer(settings) if transformer else settings).model


def random_model(words: int, settings: ModelSettings) -> Translator:
    """Return a translator with random weights."""
    names = itertools.islice(map("".join, itertools.product("abcdefghij", repeat=5)), words - len(SPECIAL_WORDS))
    vocabulary = Vocabulary(SPECIAL_WORDS + tuple(names), (0,) * words)
    return Translator(Seq2Seq(settings, words, words).eval(), vocabulary, vocabulary)


def random_model_of_pieces(entries: int, settings: ModelSettings) -> Translator:
    """Return a translator of pieces of words with random weights."""
    alphabet = "▁abcdefghij"
    merges = [
        f"{first} {last}"
        for length in (1, 2, 3)
        for first in map("".join, itertools.product(alphabet, repeat=length))
        for last in alphabet
    ]
    merges = merges[: entries - len(FIXED) - len(alphabet)]
    values = {"alphabet": list(alphabet), "merges": merges, "counts": [0] * (entries - len(SPECIAL_WORDS))}
    vocabulary = PieceVocabulary.from_dict(values)
    model = Seq2Seq(settings, entries, entries).eval()
    return Translator(model, vocabulary, vocabulary, rule=UNICODE)


def main(
    words: Annotated[
        int | None, typer.Argument(help="Size of both vocabularies of a model with random weights.")
    ] = None,
    hidden: Annotated[int, typer.Argument(help="Hidden size of that model.")] = 256,
    pieces: Annotated[bool, typer.Option("--pieces", help="Let that model read pieces of words.")] = False,
    transformer: Annotated[
        bool, typer.Option("--transformer", help="Make it a Transformer of about as many parameters.")
    ] = False,
) -> None:
    """Measure the live page's time per sentence, by default with the package's trained model."""
    if words:
        make = random_model_of_pieces if pieces else random_model
        translator = make(words, settings_of(hidden, transformer))
    else:
        translator = load_translator()
    first, count = (
        (len(FIXED), 18) if isinstance(translator.src_vocabulary, PieceVocabulary) else (len(SPECIAL_WORDS), 12)
    )
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        size = export(translator, Path(folder), "m").size
        room = Room(browser)
        room.load(Path(folder) / "m.safetensors")
        times = {name: round(value, 1) for name, value in room.page.evaluate(MEASURE, [first, count]).items()}
    settings, words = translator.model.settings, len(translator.tgt_vocabulary)
    print(
        f"H = {settings.hidden_size}, V = {words:,}: {count_parameters(translator.model):,} numbers, {size / 1e6:.2f} MB; "
        f"ms {json.dumps(times)}"
    )


if __name__ == "__main__":
    typer.run(main)
