"""Translations as text files: what `sacrebleu` computes from them is what the package computes."""

import json
import random
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from sacrebleu.metrics import BLEU, CHRF

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.originals import Originals
from s2s_tutorial.data.rules import ASCII, UNICODE
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.translation.evaluation import comparable_references, printed_scores, score_texts
from s2s_tutorial.translation.outputs import Outputs, read_outputs, translate_texts, write_texts

WORDS = ["le", "la", "Été", "château", "n'est", "pas", "où", ";", "12,5", "%", "(bien)", "“oui”", "grün", "Straße"]


def some_texts(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(4, 9))) + rng.choice([".", " !", ""]) for _ in range(count)]


def scores_of(command: str) -> list[float]:
    """Compute BLEU and chrF as sacrebleu's command does, from its files."""
    words = shlex.split(command)
    files, options = words[1 : words.index("-i") + 2], words[words.index("-i") + 2 :]
    *references, _, outputs = [
        Path(file).read_text(encoding="utf-8").split("\n")[:-1] if file != "-i" else [] for file in files
    ]
    tokeniser = options[options.index("-tok") + 1]
    return [metric.corpus_score(outputs, references).score for metric in (BLEU(tokenize=tokeniser, force=True), CHRF())]


@pytest.mark.parametrize("rule", [ASCII, UNICODE])
def test_the_command_sacrebleu_gives_the_scores_of_the_package(tmp_path, rule):
    """Compare scores of references of unequal number, where some translations are empty."""
    sources, first, second = some_texts(40, 1), some_texts(40, 2), some_texts(40, 3)
    references = [[a, b, b[::-1]][: 1 + row % 3] for row, (a, b) in enumerate(zip(first, second, strict=True))]
    lines = [f"{' '.join(text.split()[:3])} {other}" if row % 7 else "" for row, (text, other) in
             enumerate(zip(first, second, strict=True))]  # fmt: skip
    outputs = Outputs.of_lines("theirs", lines, rule)
    simple = comparable_references([[rule.normalise(text) for text in texts] for texts in references], rule)
    commands = write_texts(tmp_path / "a folder", Originals(sources, references), [outputs], simple)
    assert (tmp_path / "a folder" / "sources.txt").read_text(encoding="utf-8").splitlines() == sources
    normalised = score_texts(outputs.simple, simple)
    assert scores_of(commands["normalised"]) == pytest.approx([normalised["bleu"], normalised["chrf"]])
    bleu, _ = scores_of(commands["printed"])
    assert bleu == pytest.approx(printed_scores(outputs.printed, references)["bleu"])
    assert bleu > 1
    if rule == UNICODE:
        command = [sys.executable, "-m", *shlex.split(commands["printed"]), "-b", "-w", "6"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert float(json.loads(done.stdout)[0] if done.stdout[:1] == "[" else done.stdout.split()[0]) == pytest.approx(
            bleu
        )


def test_one_reference_is_one_file_and_two_systems_are_two(tmp_path):
    texts = some_texts(5, 1)
    systems = [Outputs.of_lines(name, texts, UNICODE) for name in ("one", "two")]
    write_texts(tmp_path, Originals(texts, [[text] for text in texts]), systems, [[text] for text in texts])
    names = {"hypotheses.txt", "compared.txt", "references.txt"}
    assert {path.name for path in tmp_path.iterdir()} == {*names, "sources.txt", "normalised"}
    assert {path.name for path in (tmp_path / "normalised").iterdir()} == names
    assert write_texts(tmp_path, Originals(texts, [[text] for text in texts]), [], [[text] for text in texts]) == {}


def test_lines_are_read_as_they_come(tmp_path):
    path = tmp_path / "theirs.txt"
    for data in (
        "Ça va\n\nté\n".encode(), "\ufeffÇa va\r\n\r\nté\r\n".encode(), "Ça va\n\nté".encode("utf-16"),
    ):  # fmt: skip
        path.write_bytes(data)
        assert read_outputs(path, 3, "the set") == ["Ça va", "", "té"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "is not a file: give a file of translations"),
        (b"", "is empty, and the set has 3 sentences"),
        (b"a\nb\n", "has 2 lines, and the set has 3 sentences: give one translation in each line"),
        (b"a\nb\nc\nd\n", "has 4 lines"),
        (b"\n \n\n", "has only empty lines"),
        (b"a\nb\n\xff\n", "line 3 of theirs.txt is not UTF-8"),
        (b"\x00\x01\x00" * 9, "is not a text file"),
    ],
)
def test_a_file_that_cannot_be_measured_is_an_error_that_says_why(tmp_path, data, words):
    path = tmp_path / "theirs.txt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CorpusError) as caught:
        read_outputs(path, 3, "the set")
    assert words in str(caught.value)
    assert "skip-bad" not in str(caught.value)


def test_a_model_translates_text_and_leaves_empty_what_it_cannot_read(talking_run, tiny_corpus):
    translator = load_translator(talking_run)
    sources = [*tiny_corpus.test.sources[:4], "", "чат", "chat " * 300]
    outputs = translate_texts("run", translator, sources, 1, ASCII)
    assert outputs.printed == [*(t.text for t in translator.translate(sources[:4])), "", "", ""]
    assert outputs.simple == [*(t.normal_text for t in translator.translate(sources[:4])), "", "", ""]
    assert translate_texts("run", translator, ["чат"], 1, ASCII).printed == [""]
