"""A rule's words join to the same text, and the split of a corpus is the same under each rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial.data.corpus import CorpusError, check_losses, held_out_from, prepare
from s2s_tutorial.data.losses import Losses
from s2s_tutorial.data.readers import parse_columns
from s2s_tutorial.data.rules import ASCII, UNICODE, AsciiRule, text_rule
from s2s_tutorial.data.split import part_of
from s2s_tutorial.settings import DataSettings

RULES = [ASCII, UNICODE, AsciiRule(marked=True)]


@pytest.mark.parametrize("rule", RULES)
@given(texts=st.lists(st.text() | st.text("aé ,.'▁1")))
def test_words_join_to_normal_text(rule, texts):
    normal = rule.normalise_all(texts)
    assert normal == [rule.normalise(text) for text in texts]
    assert [rule.unsplit(rule.split(text)) for text in normal] == normal
    words, lengths = rule.split_all(normal)
    assert words == [word for text in normal for word in rule.split(text)]
    assert lengths == [len(rule.split(text)) for text in normal]


@pytest.mark.parametrize("rule", RULES)
@given(text=st.text())
def test_each_word_begins_once(rule, text):
    words = rule.split(rule.normalise(text))
    starts = rule.word_starts(words)
    assert starts == sorted(set(starts))
    assert (starts[:1] == [0]) == bool(words)


def test_the_settings_choose_the_rule():
    assert text_rule(DataSettings()) == ASCII
    assert text_rule(DataSettings(tokens="subwords")) == AsciiRule(marked=True)
    assert text_rule(DataSettings(text="unicode")) == UNICODE


def test_a_sentence_is_in_the_same_set_under_each_rule():
    """Then a model of one rule can be measured on the held-out sentences of another."""
    for text in ("I'm cold!", "Où est-elle ?", "“Tom” – he's here…"):
        assert part_of(UNICODE.simplify(UNICODE.normalise(text))) == part_of(ASCII.normalise(text))


def test_the_same_pairs_are_held_out_under_each_rule():
    sets = []
    for text in ("ascii", "unicode"):
        corpus = prepare(DataSettings(sample_pairs=2_000, text=text))
        sets.append({ASCII.normalise(source) for source in corpus.test.sources})
        trained = {ASCII.normalise(source) for source in corpus.train.sources}
        assert not trained & sets[-1]
    assert sets[0] == sets[1]


@pytest.mark.parametrize(("lost", "refused"), [(10, False), (11, True)])
def test_a_corpus_that_loses_more_than_a_tenth_of_its_letters_is_refused(lost, refused):
    losses = Losses()
    losses.normalise(["a" * (100 - lost) + "語" * lost], ASCII)
    if not refused:
        check_losses(losses, Losses(), ASCII)
        return
    with pytest.raises(CorpusError, match=r"'ascii' leaves out 11% of the letters of the first column \(script: CJK\)"):
        check_losses(losses, Losses(), ASCII)


def test_rows_without_a_source_are_kept_as_unread():
    columns = parse_columns("One.\tUn.\nTwo.\t2\nThree.\t三\n.\t.\n5\t4\n".encode(), "pairs.tsv")
    held_out = held_out_from(columns)
    assert held_out.sources == ["un .", "."]
    assert held_out.unreadable == [["two ."], ["three ."]]
