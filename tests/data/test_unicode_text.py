"""Text in any script is cleaned without losing a letter, and words join to the same text."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s2s_tutorial.data.text import normalise
from s2s_tutorial.data.unicode_text import BYTES, LONGEST_RUN, clean, first_tokens, join_tokens, simplify, split_words

texts = st.text() | st.text("ab ▁<0xE2>é.19日本は語कก\u200dा\u00ad")


@given(texts)
def test_words_join_to_the_text(text):
    normal = clean(text)
    words = split_words(normal)
    assert join_tokens(words) == normal
    assert not any(" " in word or not word for word in words)


@example("x\u0327\u08f0\u200cy")  # NFC moves the mark in front of the joiner
@given(texts)
def test_cleaning_twice_changes_nothing_and_keeps_every_letter_digit_and_mark(text):
    normal = clean(text)
    assert clean(normal) == normal
    assert "  " not in normal
    assert normal == normal.strip()
    kept = [c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c)[0] in "LNPS"]
    assert [c for c in unicodedata.normalize("NFD", normal) if c in set(kept)] == kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cafe\u0301", "Café"),
        ("Ça va\u202f?\u00a0Oui\u3000!", "Ça va ? Oui !"),
        ("co\u00adopé\u200bra\ufefftion\u200e", "coopération"),
        ("½ m² ﬁn №5", "½ m² ﬁn №5"),  # NFKC would change all of these
        (
            "می\u200cخواهم x\u200cy",
            "می\u200cخواهم xy",
        ),  # a non-joiner is spelling in Persian, and nothing in Latin letters
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("a\x00b\x1bc\td\ne\ud800", "abc d e\ufffd"),
    ],
)
def test_what_cannot_be_seen_is_unified(text, expected):
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Il a 3,5 € !", ["▁Il", "▁a", "▁3", ",", "5", "▁€", "▁!"]),
        ("l'école", ["▁l", "'", "école"]),
        ("日本語を話すコーヒー。", ["▁日本語", "を", "話", "す", "コーヒー", "。"]),
        ("हिन्दी भाषा", ["▁हिन्दी", "▁भाषा"]),
        ("GPSнавигатор", ["▁GPS", "навигатор"]),
        ("a ▁b", ["▁a", "▁", "<0xE2>", "<0x96>", "<0x81>", "b"]),
        ("", []),
    ],
)
def test_words_are_runs_of_letters_of_one_script_runs_of_digits_and_single_others(text, words):
    assert split_words(text) == words


def test_a_long_run_is_cut():
    words = split_words("ก" * 100)
    assert max(map(len, words)) == LONGEST_RUN + 1
    assert join_tokens(words) == "ก" * 100


def test_bytes_that_do_not_make_a_character_are_replaced():
    assert join_tokens(["▁a", "<0xE2>", "<0x96>", "▁b"]) == "a\ufffd b"
    assert join_tokens([BYTES[0x1B], BYTES[0x0A], "▁a"]) == "a"  # no control reaches a terminal


@given(st.text("abc é▁12.日<"))
def test_words_begin_at_their_first_piece(text):
    words = split_words(clean(text))
    pieces = [piece for word in words for piece in ([word] if word in BYTES else list(word))]
    starts = first_tokens(pieces)
    found = ["".join(pieces[a:b]) for a, b in pairwise([*starts, len(pieces)])]
    if "▁" not in text:
        assert found == words
    assert "".join(found) == "".join(words)


@given(st.text("abcdeéèüœ ABC ',.!?-€"))
def test_the_simple_form_of_latin_text_is_that_of_the_ascii_rule(text):
    assert simplify(clean(text)) == normalise(text)


def test_the_simple_form_keeps_other_scripts_and_counts_ideographs():
    assert simplify("Я ЕМ 25, 我买狗。 Ça ⁇") == "я ем 25 , 我 买 狗 ca ⁇"
