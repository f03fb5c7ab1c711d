"""The live page with a model that reads pieces of words: paragraphs, pieces joined to words in the view, its messages."""

import sys
from urllib.parse import parse_qs, urlencode

import pytest
import torch
from browsing import ROOT, Visit, open_browser
from many_scripts import translator_of

from s2s_tutorial.web.export import export, load_exported

sys.path.insert(0, str(ROOT / "book" / "_tools"))
import live_page

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser

TEXT = "L'été naïve. Ёжик идёт домой. J'ai 45 ans !"


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pieces")
    export(translator_of("unicode", "subwords"), folder / "models", "pieces", "Pieces")
    export(translator_of("unicode", "words"), folder / "models", "words", "Words")
    return live_page.write_page(folder).parent


@pytest.fixture(scope="module")
def translator(folder):
    return load_exported(folder / "models" / "pieces.safetensors")


def open_with(browser, folder, text: str, **settings) -> Visit:
    return Visit(browser, (folder / "index.html").as_uri() + "#" + urlencode({"translate": text, **settings}))


def row(visit, number: int) -> list[str]:
    return visit.page.locator(".s2s-view .s2s-row").nth(number).locator(".s2s-text").all_text_contents()


def test_a_paragraph_is_translated_and_each_sentence_can_be_looked_at(browser, folder, translator):
    visit = open_with(browser, folder, TEXT)
    expected = translator.translate(TEXT, split=True)
    assert visit.page.text_content(".s2s-translation") == expected.text
    assert row(visit, 0) == [*expected.sentences[0].src_words, "<eos>"]
    visit.mark()
    visit.page.select_option("select[id$=-sentence]", "1")
    visit.ready()
    assert visit.page.text_content(".s2s-translation") == expected.text
    assert row(visit, 0) == [*expected.sentences[1].src_words, "<eos>"]
    assert parse_qs(visit.page.url.split("#")[1])["sentence"] == ["2"]
    other = Visit(browser, visit.page.url)
    assert row(other, 0) == row(visit, 0)
    assert visit.problems == other.problems == []
    visit.page.close()
    other.page.close()


def test_a_sentence_that_does_not_exist_is_refused(browser, folder):
    visit = open_with(browser, folder, TEXT, sentence="7")
    assert "sentence=7" in visit.text(".s2s-notes")
    assert "sentence" not in parse_qs(visit.page.url.split("#")[1])
    visit.page.close()


def test_pieces_are_joined_to_words_on_request(browser, folder, translator):
    text = "Ёжик идёт 45 ans."
    visit = open_with(browser, folder, text)
    found = translator.translate(text)
    assert row(visit, 0) == [*found.src_words, "<eos>"]
    assert not visit.page.is_visible("select[id$=-sentence]")
    visit.page.check(".s2s-join input")
    joined = found.joined()
    assert row(visit, 0) == [*joined.src_words, "<eos>"]
    assert row(visit, 1) == [*(word or "▁" for word in joined.words), "<eos>"][: len(joined.attn_weights)]
    visit.page.locator(".s2s-view details").evaluate("details => { details.open = true; }")
    shares = visit.page.locator(".s2s-view tbody tr").evaluate_all(
        "rows => rows.map((row) => Array.from(row.querySelectorAll('td'), (cell) => parseInt(cell.textContent)))"
    )
    assert (torch.tensor(shares) / 100 - joined.attn_weights).abs().max() < 0.03
    # A click on a word chooses its first piece.
    visit.page.locator(".s2s-row").nth(1).locator("button").nth(1).click()
    start = found.rule.word_starts(found.words)[1]
    assert visit.text("select[id$=-when] option").startswith(f"piece {start + 1},")
    visit.mark()
    visit.page.locator(".s2s-row").nth(0).locator("button").nth(1).click()
    visit.page.wait_for_selector(".s2s-pinned")
    assert f"Piece {start + 1} is made to look at" in visit.text(".s2s-changes")
    assert visit.text(".s2s-pinned .s2s-text") == joined.src_words[1]
    visit.page.uncheck(".s2s-join input")
    assert row(visit, 0) == [*found.src_words, "<eos>"]
    assert visit.problems == []
    visit.page.close()


def test_a_piece_can_be_put_in(browser, folder):
    visit = open_with(browser, folder, "Ёжик идёт.")
    choice = visit.page.locator(".s2s-words .s2s-choice[aria-pressed=false]").first
    piece = choice.locator(".s2s-choice-text").inner_text()
    choice.click()
    visit.page.wait_for_selector(".s2s-changes:not([hidden])")
    assert f"You chose the piece “{piece}”" in visit.text(".s2s-changes")
    visit.page.close()


def test_long_sentences_are_told(browser, folder, translator):
    long = "Ёжик идёт домой " * 8
    for text, start in ((long, "Your sentence has"), ("Noël ! " + long, "Sentence 2 has")):
        visit = open_with(browser, folder, text)
        pieces = len(translator.translate(long).src_words)
        assert f"{start} {pieces} pieces. This model learned from sentences of at most 20" in visit.text(".s2s-notes")
        visit.page.close()


def test_characters_that_the_model_has_not_learned_are_told(browser, folder):
    visit = open_with(browser, folder, "Ёжик ⵣⵎⵣ идёт.")
    assert "This model has not learned the characters “ⵣ”, “ⵎ”." in visit.text(".s2s-notes")
    visit.page.close()


def test_numbers_that_a_translation_has_changed_are_told(browser, folder):
    visit = open_with(browser, folder, "J'ai 98 765 ans.")
    assert "Check the numbers: the translation does not have “98 765” in digits." in visit.text(".s2s-notes")
    visit.page.close()


def test_words_are_shown_without_markers_and_unknown_ones_are_named(browser, folder):
    visit = open_with(browser, folder, "Ёжик zorglub идёт.", model="words")
    assert row(visit, 0)[:3] == ["Ёжик", "zorglub", "идёт"]
    assert "“zorglub” is not among the" in visit.text(".s2s-notes")
    assert visit.text(".s2s-view .s2s-unknown .s2s-text") == "zorglub"
    assert not visit.page.is_visible(".s2s-join")
    visit.page.close()


def test_the_switches_can_be_used_by_keyboard(browser, folder):
    visit = open_with(browser, folder, TEXT)
    page = visit.page
    page.focus("select[id$=-sentence]")
    visit.mark()
    page.keyboard.press("ArrowDown")
    visit.ready()
    assert page.evaluate("document.activeElement.value") == "1"
    page.keyboard.press("Tab")
    before = row(visit, 0)
    page.keyboard.press("Space")
    assert len(row(visit, 0)) < len(before)
    assert page.evaluate("document.activeElement.checked") is True
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_a_paragraph(browser, folder, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    visit = open_with(browser, folder, TEXT)
    visit.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    visit.page.check(".s2s-join input")
    results = axe.Axe().run(visit.page)
    assert results.violations_count == 0, results.generate_report()
    visit.page.close()


def test_a_paragraph_fits_on_a_phone(browser, folder):
    address = (folder / "index.html").as_uri() + "#" + urlencode({"translate": TEXT})
    visit = Visit(browser, address, width=375, height=812)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
    visit.page.close()
