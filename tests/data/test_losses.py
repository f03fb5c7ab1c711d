"""Letters that a rule leaves out are counted, and entities decoded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial.data.losses import Losses
from s2s_tutorial.data.readers import parse_columns
from s2s_tutorial.data.rules import ASCII, UNICODE, AsciiRule
from s2s_tutorial.settings import DataSettings

RULES = [ASCII, UNICODE, AsciiRule(marked=True)]


@given(st.lists(st.text() | st.text("abé日ж1 ,\n")))
def test_letters_are_counted_as_one_by_one(texts):
    for rule in RULES:
        losses = Losses()
        assert losses.normalise(texts, rule) == [rule.normalise(text) for text in texts] or losses.entities
        if not losses.entities:
            assert losses.letters == sum(map(str.isalpha, "".join(texts)))
            lost = [letter for text in texts for letter in rule.dropped(text) if letter.isalpha()]
            assert losses.dropped.total() == len(lost)


@given(st.text())
def test_the_unicode_rule_drops_nothing_and_the_ascii_rule_what_is_not_left(text):
    assert UNICODE.dropped(text) == ""
    kept = [c for c in text if c.isalnum() and c not in ASCII.dropped(text)]
    assert all(ASCII.normalise(c) for c in kept)


def test_the_share_and_the_script_are_those_of_the_letters_that_are_lost():
    losses = Losses()
    losses.normalise(["abc жзи 12", "δ"], ASCII)
    assert losses.share == pytest.approx(4 / 7)
    assert losses.script == "Cyrillic"
    assert losses.digits == 2
    assert Losses().share == 0
    assert Losses().script == ""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a &quot;b&quot; &amp; c", 'a "b" & c'),
        ("l&#39;&eacute;t&#xE9;", "l'été"),
        ("R&D; AT&T &copy &unknown; & c", "R&D; AT&T &copy &unknown; & c"),  # not entities, or not ended
        ("a&#10;b", "a b"),
        ("&amp;quot;", "&quot;"),  # once, not again
    ],
)
def test_entities_of_a_corpus_are_decoded(written, read):
    columns = parse_columns(f"{written}\tx\n".encode(), "pairs.tsv", DataSettings(text="unicode"))
    assert columns.first == [read]
    assert columns.losses[1].entities == 0


def test_parts_of_a_side_add_up():
    whole, parts = Losses(), Losses()
    texts = ["é ж 7 &amp;", "語"]
    whole.normalise(texts, ASCII)
    for text in texts:
        part = Losses()
        part.normalise([text], ASCII)
        parts.add(part)
    assert parts == whole
