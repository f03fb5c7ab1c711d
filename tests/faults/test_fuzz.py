"""For any text, file or command line, the result has the promised properties and is never a traceback.

A few hundred inputs in `make test`, the same every time; in `make soak` more than 20,000, different ones every time.
"""

import functools
import io
import json
import re
import shutil
import struct
import zipfile

import pytest
from faults import COUNTS, fuzz
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny import TINY
from typer.testing import CliRunner

from s2s_tutorial.cli.commands import app
from s2s_tutorial.data.readers import CorpusError, parse_columns, read_file
from s2s_tutorial.data.text import detokenise, normalise, normalise_all, tokenise
from s2s_tutorial.data.vocabulary import EOS, UNK, Vocabulary
from s2s_tutorial.files import BadFileError, load_tensors, read_json
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.settings import Settings
from s2s_tutorial.training.record import read_record

# Any text, lone surrogates included; and text with the characters that the rules are about.
ANY = st.text(st.characters(), max_size=60)
NEAR = st.text(st.sampled_from("aàÀœŒßıİſ'’ʼ-.,!?…\u202f\u00a0\u0301\u2028\n\r\t\0 jtdqu7<>&"), max_size=40)
TEXT = ANY | NEAR | st.text(st.characters(codec="utf-8"), max_size=200)
SHAPE = re.compile(r"([a-z]+|[,.!?])( ([a-z]+|[,.!?]))*|")


def counted(test):
    """Count the inputs of a test."""

    @functools.wraps(test)
    def count(*arguments, **named):
        COUNTS["inputs fuzzed"] += 1
        return test(*arguments, **named)

    return count


# Text


@fuzz(100, 6000)
@given(TEXT)
@counted
def test_any_text_becomes_words_that_stay_as_they_are(text):
    found = normalise(text)
    assert SHAPE.fullmatch(found)
    assert normalise(found) == found
    assert tokenise(text) == found.split()


@fuzz(50, 2000)
@given(st.lists(TEXT, max_size=5))
@counted
def test_many_texts_become_what_each_becomes(texts):
    assert normalise_all(texts) == [normalise(text.replace("\n", " ")) for text in texts]


@fuzz(50, 2000)
@given(st.lists(TEXT, max_size=12), st.sampled_from(["en", "fr", "tlh"]))
@counted
def test_any_words_are_put_together(words, language):
    together = detokenise(words, language)
    assert isinstance(together, str)
    letters = [character for character in " ".join(words) if character.isalpha()]
    assert [character for character in together if character.isalpha()][-3:] == letters[-3:]


# Vocabularies

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@fuzz(50, 2000)
@given(st.lists(TEXT, max_size=6), TEXT, st.integers(1, 3))
@counted
def test_any_sentence_is_encoded_and_comes_back(sentences, other, most):
    sentences = normalise_all(sentences)
    vocabulary = Vocabulary.count(sentences, most)
    ids = vocabulary.encode(tokenise(other))
    assert ids[-1] == EOS
    assert all(0 <= number < len(vocabulary) for number in ids)
    for word, number in zip(tokenise(other), ids, strict=False):
        assert vocabulary.words[number] == word or number == UNK
    assert Vocabulary.from_dict(json.loads(json.dumps(vocabulary.to_dict()))) == vocabulary


@fuzz(50, 2000)
@given(PLAIN | st.fixed_dictionaries({"words": st.lists(TEXT) | PLAIN, "counts": st.lists(st.integers()) | PLAIN}))
@counted
def test_any_values_are_a_vocabulary_or_refused(values):
    try:
        vocabulary = Vocabulary.from_dict(values)
    except ValueError as error:
        assert len(str(error)) < 300
    else:
        assert all(word.isprintable() and " " not in word for word in vocabulary.words)


# Settings and files of runs

NUMBERS = (
    st.integers() | st.floats() | st.sampled_from([0, 1, -1, 0.5, 10**9, 10**400, 2**63, float("nan"), float("inf")])
)


@fuzz(50, 1500)
@given(st.data())
@counted
def test_any_settings_are_taken_or_refused(data):
    values = TINY.to_dict()
    for _ in range(data.draw(st.integers(1, 3))):
        part = data.draw(st.sampled_from(["data", "model", "training"]))
        values[part][data.draw(st.sampled_from(sorted(values[part])))] = data.draw(NUMBERS | PLAIN)
    try:
        taken = Settings.from_dict(values)
    except ValueError as error:
        assert len(str(error)) < 600
    else:
        assert Settings.from_dict(json.loads(json.dumps(taken.to_dict()))) == taken


BYTES = st.binary(max_size=300) | PLAIN.map(lambda values: json.dumps(values).encode()) | TEXT.map(
    lambda text: text.encode("utf-8", "surrogatepass")
)  # fmt: skip


@fuzz(50, 1500)
@given(BYTES, st.lists(BYTES, max_size=4))
@counted
def test_any_bytes_as_json_record_or_tensors_are_read_or_refused(tmp_path_factory, data, lines):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    for read in (read_json, load_tensors):
        try:
            read(path)
        except BadFileError as error:
            assert str(path) in str(error)
    path.write_bytes(struct.pack("<Q", len(data)) + data)
    with pytest.raises(BadFileError):
        load_tensors(path)
    path.write_bytes(b"\n".join(lines))
    assert all(type(line["step"]) is int for line in read_record(path))


# Pairs

LINES = st.lists(st.lists(TEXT, min_size=1, max_size=4).map("\t".join), max_size=5).map(
    lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")
)


@fuzz(60, 2500)
@given(LINES | st.binary(max_size=200))
@counted
def test_any_bytes_are_pairs_or_refused_with_their_line(data):
    try:
        columns = parse_columns(data, "pairs.tsv")
    except CorpusError as error:
        assert re.search(
            r"line \d+ of pairs\.tsv|pairs\.tsv (is empty|is not a text|is a single JSON|begins like UTF-16)",
            str(error),
        )
        assert "\n" not in str(error)
    else:
        assert len(columns.first) == len(columns.second) == len(columns.provenance) > 0
        assert all(SHAPE.fullmatch(text) for text in columns.first + columns.second)


def a_zip(name: str, data: bytes, method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


@fuzz(60, 1500)
@given(st.data())
@counted
def test_any_damage_to_an_archive_is_noticed_or_harmless(tmp_path_factory, data):
    name = data.draw(st.sampled_from(["a.tsv", "b/a.txt"]) | ANY.map(lambda text: text + ".tsv"))
    assume(not any("\ud800" <= character <= "\udfff" or character == "\0" for character in name))
    method = data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    packed = bytearray(a_zip(name, data.draw(LINES), method))
    for _ in range(data.draw(st.integers(0, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "any.zip"
    path.write_bytes(packed[: data.draw(st.integers(0, len(packed))) or None])
    try:
        read_file(path)
    except CorpusError as error:
        assert "\n" not in str(error)


# The command line

WORDS = st.sampled_from(
    ["data", "train", "translate", "evaluate", "plot", "attention", "losses", "--run", "--corpus", "--preset", "small",
     "--beam", "--json", "--device", "cpu", "meta", "--out", "x.png", "--epochs", "--seed", "--max-minutes", "--pairs",
     "--trim-below", "--reverse", "--languages", "de", "--source-column", "--skip-bad", "--split-by", "--test",
     "--", "-1", "0", "1", "nan", "inf", "1e999", "9" * 400, "Le chat dort.", "challenge"]
)  # fmt: skip
# An argument of a process cannot contain a zero, or a lone surrogate that does not encode a byte.
ARGUMENT = WORDS | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.fixture(scope="module")
def folder(tiny_run, tmp_path_factory):
    """A run, pairs and another file, under the names that the fuzzed command lines use."""
    made = tmp_path_factory.mktemp("fuzz")
    shutil.copytree(tiny_run, made / "run", ignore=shutil.ignore_patterns("tensorboard"))
    (made / "pairs.tsv").write_text("I sing.\tJe chante.\nI eat.\tJe mange.\n")
    (made / "bad.tsv").write_bytes(b"\xff\xfe")
    return made


def check_call(arguments: list[str], stdin: bytes = b"") -> None:
    """Check that a command line ends with an exit code and, if this is not 0, with a message."""
    result = CliRunner().invoke(app, arguments, input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exception)
    assert result.exit_code in (0, 1, 2), arguments
    assert result.exit_code == 0 or result.stderr.strip(), arguments


@fuzz(40, 800)
@given(arguments=st.lists(ARGUMENT, max_size=7))
@counted
def test_any_command_line_is_answered(folder, tmp_path_factory, arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("cwd"))
        patch.setitem(PRESETS, "small", TINY)
        patch.setitem(PRESETS, "sample", TINY)
        patch.setattr("s2s_tutorial.data.readers.tatoeba_file", _no_tatoeba)
        patch.setattr("s2s_tutorial.training.trainer.Trainer.fit", _no_training)
        check_call(arguments)


def _no_tatoeba():
    raise CorpusError("no network in tests")


def _no_training(trainer, max_minutes=None):
    raise ValueError("no training in this test")


@fuzz(25, 700)
@given(
    command=st.sampled_from(["translate", "evaluate", "plot attention", "plot losses", "data"]),
    option=st.sampled_from([[], ["--beam", "2"], ["--json"], ["--beam", "99"], ["--device", "meta"], ["--reverse"]]),
    sentence=TEXT.filter(lambda text: not text.startswith("-")) | st.just("Le chat dort ."),
    stdin=BYTES,
    place=st.sampled_from(["run", "pairs.tsv", "bad.tsv", "nowhere"]),
)
@counted
def test_any_sentence_on_any_command_is_answered(folder, tmp_path_factory, command, option, sentence, stdin, place):
    out = str(tmp_path_factory.getbasetemp() / "out.svg")
    arguments = {
        "translate": ["translate", "--run", str(folder / "run"), *option, *([sentence] if sentence else [])],
        "evaluate": ["evaluate", "--run", str(folder / "run"), "--pairs", str(folder / place), *option],
        "plot attention": ["plot", "attention", "--run", str(folder / place), "--out", out, sentence or "a"],
        "plot losses": ["plot", "losses", "--run", str(folder / place), "--out", out],
        "data": ["data", "--corpus", str(folder / place), *option],
    }
    check_call(arguments[command], stdin)
