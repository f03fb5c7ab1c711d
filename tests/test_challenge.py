"""The challenge set: enough sentences of every phenomenon, each once, some with several right answers."""

from collections import Counter
from importlib.resources import files

import pytest

from s2s_tutorial.data.corpus import challenge_set
from s2s_tutorial.data.readers import parse_columns
from s2s_tutorial.data.text import normalise


@pytest.fixture(scope="module", params=[False, True], ids=["to English", "to French"])
def challenge(request):
    return challenge_set(request.param)


def test_it_has_at_least_120_sentences_of_twelve_phenomena_ten_of_each(challenge):
    assert len(challenge) >= 120
    sizes = Counter(challenge.groups)
    assert len(sizes) == 12
    assert min(sizes.values()) >= 10


def test_many_sentences_have_more_than_one_right_translation():
    challenge = challenge_set()
    assert sum(len(references) > 1 for references in challenge.references) >= len(challenge) / 4


def test_everything_is_normalised_and_every_source_occurs_once(challenge):
    assert len(set(challenge.sources)) == len(challenge)
    for source, references in zip(challenge.sources, challenge.references, strict=True):
        assert len(set(references)) == len(references) >= 1
        assert all(text and text == normalise(text) for text in (source, *references))


def test_no_sentence_of_either_language_belongs_to_two_phenomena():
    columns = parse_columns(files("s2s_tutorial").joinpath("assets/challenge.tsv").read_bytes(), "challenge.tsv")
    for side in (columns.first, columns.second):
        groups = {}
        for text, group in zip(side, columns.provenance, strict=True):
            groups.setdefault(text, set()).add(group)
        assert {text: found for text, found in groups.items() if len(found) > 1} == {}


def test_no_pair_occurs_twice():
    columns = parse_columns(files("s2s_tutorial").joinpath("assets/challenge.tsv").read_bytes(), "challenge.tsv")
    pairs = Counter(zip(columns.first, columns.second, strict=True))
    assert {pair: count for pair, count in pairs.items() if count > 1} == {}
