"""The live page's text functions, compared with the package's: the same words for any text, and only expected errors.

Hypothesis draws the texts; the browser answers all of them in one call. How many: see `test_fuzz`.
"""

import sys
import unicodedata

import pytest
from browsing import Room, open_browser
from faults import COUNTS, fuzz
from hypothesis import given
from hypothesis import strategies as st
from test_fuzz import TEXT

from s2s_tutorial.data.text import detokenise, normalise
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.translation.translator import SentenceError, read_sentence
from s2s_tutorial.web.description import text_rules
from s2s_tutorial.web.export import export

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser

# Two consecutive surrogates would be one character in JavaScript, whose strings are UTF-16.
WHOLE = TEXT.map(lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"))


def drawn(strategy, short: int, long: int) -> list:
    """Return all examples that Hypothesis draws."""
    found = []

    @fuzz(short, long)
    @given(strategy)
    def draw(value):
        found.append(value)

    draw()
    COUNTS["inputs fuzzed"] += len(found)
    return found


def in_both_tables(text: str) -> bool:
    """Return whether Python's Unicode tables have all characters; the browser's tables are newer."""
    return all(unicodedata.category(character) != "Cn" for character in text)


@pytest.fixture(scope="module")
def room(talking_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    export(load_translator(talking_run), folder, "m")
    with open_browser() as browser:
        room = Room(browser)
        room.load(folder / "m.safetensors")
        yield room


def test_the_page_normalises_any_text_as_python_does(room):
    texts = [text for text in drawn(WHOLE, 1500, 8000) if in_both_tables(text)]
    found = room.page.evaluate("texts => texts.map((text) => s2sText.normalise(text, model.description.text))", texts)
    wrong = [(text, page) for text, page in zip(texts, found, strict=True) if page != normalise(text)]
    assert min(wrong, key=lambda pair: len(pair[0]), default=None) is None
    assert len(texts) > 500


def test_the_page_refuses_what_python_refuses(room):
    texts = [text for text in drawn(WHOLE | st.sampled_from([" le" * 300, "\x1c", "\ufeff"]), 500, 3000)]
    script = """texts => texts.map((text) => {
      try { return [model.reader.readSentence(text).tokens, null]; }
      catch (error) { return [null, error instanceof s2sText.TextError ? error.message : "WRONG " + error]; } })"""
    for text, (words, error) in zip(texts, room.page.evaluate(script, texts), strict=True):
        assert words is not None or error.startswith(("The sentence is empty", "“", "The sentence “")), (text, error)
        if not in_both_tables(text):
            continue
        try:
            assert words == read_sentence(text).split(), text
        except SentenceError as refused:
            assert error is not None, (text, refused)
            assert ("empty" in error, "no letter" in error, "at most" in error) == tuple(
                part in str(refused) for part in ("is empty", "no letter", "at most")
            ), (text, error, refused)


def test_the_page_translates_any_text_or_says_why_not(room):
    texts = drawn(WHOLE.map(lambda text: "le chat " + text) | WHOLE, 150, 1500)
    script = """texts => texts.map((text) => {
      try { return typeof model.translate(text).best.text; }
      catch (error) { return error instanceof s2sText.TextError ? "refused" : text + " " + error; } })"""
    assert set(room.page.evaluate(script, texts)) == {"string", "refused"}


def test_the_page_puts_any_words_together_as_python_does(room):
    words = st.text(st.sampled_from("aehiouymtsdjlqunvr"), min_size=1, max_size=4) | st.sampled_from(
        [",", ".", "!", "?", "<unk>", "it", "don", "t", "il", "elles", "on", "who", "ll", "aujourd", "hui"]
    )
    for language in ("en", "fr"):
        lists = drawn(st.lists(words, max_size=12), 400, 2000)
        script = "([lists, rules]) => lists.map((words) => s2sText.detokenise(words, rules))"
        found = room.page.evaluate(script, [lists, text_rules(language)])
        assert found == [detokenise(each, language) for each in lists]


def test_python_is_no_newer_than_the_browser(room):
    """`in_both_tables` skips characters that Python does not know; there must be none that only the browser does not know."""
    script = "codes => codes.filter((code) => /\\p{Cn}/u.test(String.fromCodePoint(code)))"
    known = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    assert room.page.evaluate(script, known) == []
