"""Word vectors: both formats are read, only words of the vocabulary are kept, and errors name file and line."""

import gzip
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from s2s_tutorial.data.rules import UNICODE
from s2s_tutorial.data.vocabulary import PAD, SPECIAL_WORDS, UNK, Vocabulary
from s2s_tutorial.training import word_vectors as vectors
from s2s_tutorial.training.word_vectors import (
    VectorsError,
    WordVectors,
    initialise_embedding,
    read_vectors,
    write_vectors,
)

WORDS = Vocabulary.count(["le chat noir", "le chien ."])
GLOVE = "le 1 -2.5 3e-2\nchat 0.5 0.25 0\nvoiture 9 9 9\n"
WORD2VEC = "3 3\n" + GLOVE


def read(tmp_path, data: str | bytes, vocabulary: Vocabulary = WORDS) -> WordVectors:
    path = tmp_path / "fr.vec"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_vectors(path, vocabulary)


# Reading


@pytest.mark.parametrize("data", [GLOVE, WORD2VEC], ids=["GloVe", "word2vec"])
def test_both_formats_are_read_and_only_words_of_the_vocabulary_are_kept(tmp_path, data):
    found = read(tmp_path, data)
    assert found.words == ("le", "chat")
    assert found.values.tolist() == [[1, -2.5, pytest.approx(0.03)], [0.5, 0.25, 0]]
    assert found.size == 3


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + WORD2VEC.encode(),
        WORD2VEC.replace("\n", "\r\n").encode(),
        WORD2VEC.replace("\n", " \n").encode(),
        WORD2VEC.rstrip("\n").encode(),
        (WORD2VEC + "\n\n").encode(),
    ],
    ids=["byte-order mark", "Windows line ends", "a space at the end of lines", "no newline at the end", "blank lines"],
)
def test_how_a_file_was_saved_changes_nothing(tmp_path, data):
    assert read(tmp_path, data).values.equal(read(tmp_path, WORD2VEC).values)


def test_a_word_is_found_as_written_or_normalised_and_the_first_one_counts(tmp_path):
    words = Vocabulary.count(["soeur ecole a ."])
    found = read(tmp_path, "Sœur 1\nsoeur 2\nÉcole 3\n. 4\na1 5\nà 6\na 7\n", words)
    # "a1" would be normalised to "a", which is not in the vocabulary.
    assert dict(zip(found.words, found.values[:, 0].tolist(), strict=True)) == {"soeur": 1, "ecole": 3, ".": 4, "a": 6}


def test_a_word_is_also_found_with_the_mark_of_a_space_before_it(tmp_path):
    vocabulary = Vocabulary.count([" ".join(UNICODE.split("L'été est là, est-ce bien ?"))])
    found = read(tmp_path, "est 1 2\nété 3 4\nEst 5 6\nbien 7 8\n, 9 9\n", vocabulary)
    assert dict(zip(found.words, found.values.tolist(), strict=True)) == {
        "▁est": [1, 2], "été": [3, 4], "▁bien": [7, 8], ",": [9, 9],
    }  # fmt: skip


def test_a_word_with_spaces_is_one_word_and_not_in_the_vocabulary(tmp_path):
    found = read(tmp_path, "le 1 2\n. . . 3 4\nchat\u00a0noir 5 6\n. 7 8\n")
    assert found.words == ("le", ".")
    assert found.values[1].tolist() == [7, 8]


def test_special_words_of_a_file_are_not_our_special_words(tmp_path):
    assert read(tmp_path, "<unk> 1 2\n<pad> 3 4\nle 5 6\n").words == ("le",)


def test_the_source_names_the_file_and_depends_on_every_byte(tmp_path):
    first, second = read(tmp_path, GLOVE).source, read(tmp_path, GLOVE.replace("9\n", "8\n")).source
    assert first.startswith("fr.vec, sha256 ")
    assert first != second


numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
words = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=8)


@given(st.dictionaries(words, st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=6))
def test_written_vectors_are_read_back_exactly(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("vectors") / "some.vec"
    values = torch.tensor(list(rows.values()))
    write_vectors(path, list(rows), values)
    found = read_vectors(path, Vocabulary.count(rows))
    assert found.words == tuple(rows)
    assert found.values.equal(values)


# Errors


BAD = {
    "too few numbers": ("2 3\nle 1 2 3\nchat 1 2\n", "line 3 of fr.vec has too few numbers \\(2, expected 3\\)"),
    "too many numbers": ("le 1 2 3\nchat 1 2 3 4\n", "line 2 of fr.vec has too many numbers \\(4, expected 3\\)"),
    "another size than in the first line": (
        "2 4\nle 1 2 3\n",
        "line 2 of fr.vec has too few numbers \\(3, expected 4\\)",
    ),
    "a word that is missing": ("le 1 2 3\n 1 2 3\n", "line 2 of fr.vec has no word before its numbers"),
    "no number": ("le 1 2 3\nchat 1 two 3\n", "line 2 of fr.vec has 'two' where a number is expected"),
    "NaN": ("le 1 nan 3\n", "line 1 of fr.vec has 'nan' where a number"),
    "infinite": ("le 1 -inf 3\n", "line 1 of fr.vec has '-inf' where a number"),
    "beyond single precision": ("le 1 1e39 3\n", "line 1 of fr.vec has a number too large"),
    "cut short": (
        "9 3\nle 1 2 3\n",
        "fr.vec should have 9 vectors according to its first line, but has 1: it was cut short",
    ),
    "longer than promised": ("1 1\nle 1\nchat 2\n", "should have 1 vectors according to its first line, but has 2"),
    "of no vectors": ("0 3\n", "has no vectors according to its first line"),
    "of a foolish size": ("1 5000\nle 1\n", "line 1 of fr.vec has vectors of 5,000 numbers"),
    "prose": ("Once\nupon a time\n", "line 1 of fr.vec has vectors of 0 numbers"),
    "of another language": ("the 1 2\ncat 3 4\n", "none of the 5 words of the vocabulary among its 2"),
    "empty": ("", "fr.vec is empty"),
    "blank": ("\n \n", "fr.vec is empty"),
    "only a first line": ("3 3\n", "fr.vec is empty"),
    "not UTF-8": ("le 1 2\nété 3 4\n".encode("latin-1"), "line 2 of fr.vec is not UTF-8"),
    "packed": (gzip.compress(GLOVE.encode()), "line 1 of fr.vec is not UTF-8: unpack"),
    "binary": (b"1 2\nle \x00\x00\x80\xbf\n", "line 2 of fr.vec is not UTF-8.*not .bin"),
    "an endless line": ("le 1\n" + "x" * (vectors.MAX_LINE_BYTES + 10), "line 2 of fr.vec is longer than"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_in_one_line_with_its_position(tmp_path, kind):
    data, message = BAD[kind]
    with pytest.raises(VectorsError, match=message) as caught:
        read(tmp_path, data)
    assert "\n" not in str(caught.value)
    assert re.search(r": \S", str(caught.value))  # and the remedy


def test_a_missing_vectors_file_is_named(tmp_path):
    with pytest.raises(VectorsError, match=r"missing\.vec is not a file"):
        read_vectors(tmp_path / "missing.vec", WORDS)


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "MAX_FILE_BYTES", 20)
    with pytest.raises(VectorsError, match="holds more than"):
        read(tmp_path, WORD2VEC)


def test_numbers_of_words_outside_the_vocabulary_are_counted_and_not_read(tmp_path):
    assert read(tmp_path, "voiture 1 two\nle 1 2\n").words == ("le",)


# Into an embedding


def fresh_embedding(size: int = 3, vocabulary: Vocabulary = WORDS) -> nn.Embedding:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Embedding(len(vocabulary), size, padding_idx=PAD)


def test_rows_of_known_words_point_where_the_vectors_do_and_all_others_stay(tmp_path):
    embedding, before = fresh_embedding(), fresh_embedding().weight.detach()
    found = read(tmp_path, GLOVE)
    assert initialise_embedding(embedding, found, WORDS) == 2
    rows = [WORDS.id_of("le"), WORDS.id_of("chat")]
    cosines = nn.functional.cosine_similarity(embedding.weight[rows], found.values)
    assert cosines.tolist() == pytest.approx([1.0, 1.0])
    others = [row for row in range(len(WORDS)) if row not in rows]
    assert set(others) >= {PAD, UNK}
    assert embedding.weight[others].equal(before[others])
    assert not embedding.weight[PAD].any()


@pytest.mark.parametrize("factor", [1e-20, 1e-3, 40.0, 1e20])
def test_one_factor_brings_vectors_to_a_mean_square_of_one(tmp_path, factor):
    found = read(tmp_path, GLOVE)
    embedding, other = fresh_embedding().requires_grad_(False), fresh_embedding().requires_grad_(False)
    rows = [WORDS.id_of(word) for word in found.words]
    initialise_embedding(embedding, found, WORDS)
    initialise_embedding(other, WordVectors(found.words, factor * found.values, "other"), WORDS)
    assert float(embedding.weight[rows].square().mean()) == pytest.approx(1.0)
    torch.testing.assert_close(other.weight, embedding.weight)
    ratios = embedding.weight[rows] / found.values
    assert ratios[found.values != 0].std() < 1e-6


def test_the_embedding_can_still_be_learnt(tmp_path):
    embedding = fresh_embedding()
    initialise_embedding(embedding, read(tmp_path, GLOVE), WORDS)
    embedding(torch.tensor([len(SPECIAL_WORDS)])).sum().backward()
    assert embedding.weight.grad.any()


def test_vectors_of_another_size_are_refused_saying_which_it_needs(tmp_path):
    with pytest.raises(VectorsError, match="have 3 numbers, the model's embeddings 4: give the model embedding_size 3"):
        initialise_embedding(fresh_embedding(4), read(tmp_path, GLOVE), WORDS)


def test_vectors_that_are_all_zero_are_refused(tmp_path):
    with pytest.raises(VectorsError, match="all zero"):
        initialise_embedding(fresh_embedding(2), read(tmp_path, "le 0 0\n"), WORDS)
