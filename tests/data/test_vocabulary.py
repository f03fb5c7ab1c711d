"""Words and ids: encoding and decoding lose nothing, and no word raises a KeyError."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial.data.pieces import PieceVocabulary
from s2s_tutorial.data.vocabulary import EOS, PAD, SOS, SPECIAL_WORDS, UNK, Vocabulary

SENTENCES = ["le chat noir", "le chien", "un chat", "le chat dort ."]
words = st.text("abc", min_size=1, max_size=2)
sentences = st.lists(st.lists(words, max_size=6).map(" ".join), max_size=8)


def test_special_words_have_the_first_ids():
    vocabulary = Vocabulary.count(SENTENCES)
    assert vocabulary.words[:4] == SPECIAL_WORDS
    assert [vocabulary.words[number] for number in (PAD, SOS, EOS, UNK)] == ["<pad>", "<sos>", "<eos>", "<unk>"]
    assert PAD == 0, "padding is what a tensor of zeros holds"


def test_frequent_words_come_first_and_equal_ones_in_the_alphabet():
    vocabulary = Vocabulary.count(SENTENCES)
    assert vocabulary.words[4:] == ("chat", "le", ".", "chien", "dort", "noir", "un")
    assert vocabulary.counts[4:] == (3, 3, 1, 1, 1, 1, 1)


@given(sentences, st.randoms())
def test_the_order_of_the_sentences_does_not_matter(some, random):
    shuffled = list(some)
    random.shuffle(shuffled)
    assert Vocabulary.count(some) == Vocabulary.count(shuffled)


@given(sentences)
def test_counts_add_up_to_the_words_of_the_text(some):
    vocabulary = Vocabulary.count(some)
    assert sum(vocabulary.counts) == sum(len(sentence.split()) for sentence in some)
    assert list(vocabulary.counts[4:]) == sorted(vocabulary.counts[4:], reverse=True)


@given(sentences, st.integers(1, 4))
def test_exactly_the_words_seen_often_enough_are_kept(some, min_count):
    every = " ".join(some).split()
    kept = set(Vocabulary.count(some, min_count).words[4:])
    assert kept == {word for word in every if every.count(word) >= min_count}


@given(sentences)
def test_known_words_survive_encoding_and_decoding(some):
    vocabulary = Vocabulary.count(some)
    for sentence in some:
        ids = vocabulary.encode(sentence.split())
        assert ids[-1] == EOS
        assert UNK not in ids
        assert vocabulary.decode(ids) == sentence.split()


def test_an_unknown_word_becomes_unk_without_an_error():
    vocabulary = Vocabulary.count(SENTENCES)
    assert vocabulary.encode(["le", "zèbre"]) == [vocabulary.id_of("le"), UNK, EOS]
    assert vocabulary.id_of("zèbre") == UNK
    assert vocabulary.decode([UNK]) == ["<unk>"]
    assert "zèbre" not in vocabulary
    assert "le" in vocabulary


@pytest.mark.parametrize("vocabulary", [Vocabulary.count(["le chat"]), PieceVocabulary.learn(Counter({"▁le": 2}), 512)])
@pytest.mark.parametrize("method", ["encode", "tokens", "ids_of"])
def test_a_text_in_place_of_words_is_refused(vocabulary, method):
    with pytest.raises(TypeError, match="words is the text 'le chat', expected a list of words"):
        getattr(vocabulary, method)("le chat")


def test_decoding_stops_at_the_end_and_leaves_padding_out():
    vocabulary = Vocabulary.count(SENTENCES)
    chat, le = vocabulary.id_of("chat"), vocabulary.id_of("le")
    assert vocabulary.decode([SOS, le, PAD, chat, EOS, le, PAD]) == ["le", "chat"]
    assert vocabulary.decode([le, chat]) == ["le", "chat"], "a sentence that was cut has no end"
    assert vocabulary.decode([EOS]) == vocabulary.decode([]) == []


def test_every_id_is_that_of_its_word():
    vocabulary = Vocabulary.count(SENTENCES)
    assert len(vocabulary) == len(vocabulary.words) == 11
    assert [vocabulary.id_of(word) for word in vocabulary.words] == list(range(len(vocabulary)))


def test_words_seen_once_are_marked_and_special_words_are_not():
    vocabulary = Vocabulary.count(SENTENCES)
    marked = {word for word, once in zip(vocabulary.words, vocabulary.seen_once(), strict=True) if once}
    assert marked == {".", "chien", "dort", "noir", "un"}


@given(sentences)
def test_a_vocabulary_goes_through_json_unchanged(some):
    vocabulary = Vocabulary.count(some)
    assert Vocabulary.from_dict(json.loads(json.dumps(vocabulary.to_dict()))) == vocabulary


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"words": ["a", "a"], "counts": [1, 1]}, "each word once"),
        ({"words": ["<eos>"], "counts": [1]}, "each word once"),
        ({"words": ["a", "b"], "counts": [1]}, "one count for each word"),
        ({"words": ["a"], "counts": [-1]}, "none below 0"),
        ({"words": ["a"], "counts": ["1"]}, "list of numbers"),
        ({"words": ["a"], "counts": None}, "list of numbers"),
        ({"words": ["a", 5], "counts": [1, 1]}, "list of strings"),
        ({"words": "ab", "counts": [1, 1]}, "list of strings"),
        ({}, "list of strings"),
    ],
)
def test_contents_that_are_not_a_vocabulary_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        Vocabulary.from_dict(bad)


def test_a_vocabulary_without_its_special_words_is_refused():
    with pytest.raises(ValueError, match="starts with <pad>"):
        Vocabulary(("a", "b", "c", "d"), (1, 1, 1, 1))
