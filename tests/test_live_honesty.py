"""The live page's notes: characters it did not read, unknown words, words perhaps left out, and untypical sentences."""

import random
import shutil
import sys
import unicodedata
from urllib.parse import urlencode

import pytest
from browsing import ROOT, Room, Visit, open_browser
from live_pages import write_talking_page

from s2s_tutorial.data.corpus import challenge_set, prepare
from s2s_tutorial.data.text import normalise, normalise_character
from s2s_tutorial.files import read_json
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.web.export import publish, read_manifest

sys.path.insert(0, str(ROOT / "book" / "_tools"))
import live_models
import live_page
from s2s_live import write_models

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(talking_run, tmp_path_factory):
    return write_talking_page(tmp_path_factory.mktemp("live honesty"), talking_run)


@pytest.fixture(scope="module")
def small_page(tmp_path_factory):
    """The page with the book's own small model."""
    folder = tmp_path_factory.mktemp("small page")
    publish(live_models.MODELS / "general.safetensors", folder / "models")
    return live_page.write_page(folder)


@pytest.fixture(scope="module")
def room(browser):
    """The book's own small model with general attention."""
    room = Room(browser)
    room.load(live_models.MODELS / "general.safetensors")
    return room


@pytest.fixture(scope="module")
def corpus():
    return prepare(live_models.settings_for("general").data)


def open_with(browser, page, sentence, **settings) -> Visit:
    return Visit(browser, page.as_uri() + "#" + urlencode({"translate": sentence, **settings}))


def notes_of(browser, page, sentence, **settings) -> str:
    visit = open_with(browser, page, sentence, **settings)
    assert visit.problems == []
    notes = visit.text(".s2s-notes")
    visit.page.close()
    return notes


# Characters that are not read


def test_numbers_and_other_scripts_are_named(browser, page):
    notes = notes_of(browser, page, "Le chat a 42 ans, 3.5 € et 漢字.")
    assert "Not read: “42”, “3”, “5”, “€”, “漢字”." in notes


@pytest.mark.parametrize(
    "sentence", ["L'été, où va-t-elle ?", "ÉLÉPHANT — ŒUVRE !", "Le\u202fchat\u00a0dort…".rstrip("…")]
)
def test_accents_capitals_and_separators_are_not_reported_as_lost(room, sentence):
    assert room.page.evaluate("text => s2sHonesty.unread(text, model.description.text)", sentence) == []


def test_characters_named_as_not_read_are_those_that_python_drops(room):
    """A character is named if Python's rules leave nothing of it, unless it only separates words."""
    rng = random.Random(5)
    separators, skipped = "'’ʼ‐‑–—-", {"Mn", "Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp"}  # fmt: skip
    pool = [chr(code) for code in range(0x3000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    texts = ["x" + "".join(rng.choices(pool, k=3)) + "y" for _ in range(3000)]
    found = room.page.evaluate("texts => texts.map((text) => s2sHonesty.unread(text, model.description.text))", texts)
    for text, parts in zip(texts, found, strict=True):
        dropped = {c for c in text if not normalise_character(c).strip() and unicodedata.category(c) not in skipped}
        assert set("".join(parts)) == dropped - set(separators), ascii(text)


# Sentences unlike those of training


def test_a_sentence_longer_than_the_training_sentences_is_named(browser, page):
    long, longer = "le chat " * 6, "le chat " * 6 + "dort"
    assert "expect mistakes" not in notes_of(browser, page, long)
    notes = notes_of(browser, page, longer)
    assert "Your sentence has 13 words and marks. This model learned from sentences of at most 12, so" in notes
    notes = notes_of(browser, page, longer, model="none")
    assert "has 52 characters. This model learned from sentences of at most 20, so" in notes


def test_the_longest_training_sentence_comes_from_the_run_or_is_counted(tmp_path, corpus):
    """The large models' files have the length in pieces; for the small ones, the sentences are counted."""
    write_models(tmp_path)
    entries = read_manifest(tmp_path)
    small = [model for model in entries if model["name"] in live_models.NAMES]
    assert not any("longest" in model for model in entries if model not in small)
    assert load_translator().longest == open_run(PRETRAINED).longest > 40
    longest = max(len(source.split()) for source in corpus.train.sources)
    assert [model["longest"] for model in small] == [[longest, "words"]] * len(live_models.NAMES)
    assert {own["longest"] for own in read_json(live_models.MODELS / "scores.json").values()} == {longest}


def test_without_a_known_length_limit_no_note_is_shown(browser, page, tmp_path):
    folder = tmp_path / "page"
    shutil.copytree(page.parent, folder)
    publish(folder / "models" / "main.safetensors", folder / "models")
    assert "expect mistakes" not in notes_of(browser, folder / "index.html", "le chat " * 20)


def looks_english(room, sentences) -> list[bool]:
    script = "words => words.map((one) => s2sHonesty.looksTranslated(one, model.reader.source.ids, model.tgtIds))"
    return room.page.evaluate(script, [normalise(sentence).split() for sentence in sentences])


def test_english_is_distinguished_from_french(room, corpus):
    challenge = challenge_set(False)
    french = [*corpus.test.sources, *challenge.sources, "", "Tom", "xyz", "42"]
    assert not any(looks_english(room, french))
    english = [first for first, *_ in [*corpus.test.references, *challenge.references]]
    assert sum(looks_english(room, english)) >= 0.99 * len(english)


def test_a_sentence_in_english_gets_one_hint_and_a_translation(browser, small_page):
    visit = open_with(browser, small_page, "She has a red car in Paris.")
    [note] = visit.page.locator(".s2s-notes li").all_inner_texts()
    assert note.startswith("This looks like English, but this model translates from French.")
    assert visit.translation
    visit.page.close()


def test_english_without_a_known_word_is_refused_with_the_hint(browser, page):
    visit = open_with(browser, page, "she dances")
    assert "has no word that this model has learned" in visit.text(".s2s-error")
    assert "They look like the language that it translates into." in visit.text(".s2s-error")
    visit.page.close()


# Words that are perhaps left out


def test_words_that_get_little_attention_are_marked_but_for_frequent_ones_and_their_share(room):
    def left_out(ids, weights, count=2):
        words = ["a" * (n + 1) for n in range(len(ids))]
        script = "([words, ids, weights, count]) => s2sHonesty.leftOut(words, ids, weights, count)"
        return room.page.evaluate(script, [words, ids, weights, count])

    even, first = [[0.5, 0.5, 0.0, 0.0]] * 2, [[1.0, 0.0, 0.0, 0.0]] * 2
    assert left_out([500, 500, 500], even) == [2]
    assert left_out([500, 500, 3], even) == [2]  # an unknown word, too
    assert left_out([500, 500, 50], even) == []  # a frequent word
    assert left_out([500, 500, 500], first) == [2]  # the first word has twice its share: its neighbour may be in it
    assert left_out([500, 500, 500], [*even, [0.0, 0.0, 1.0, 0.0]]) == [2]  # the end of the sentence translates nothing
    assert left_out([500, 500], [], 2) == left_out([500, 500], even, 0) == []


def test_marked_words_are_mostly_those_whose_translation_is_missing(room, corpus):
    """Check what honesty.js states about its threshold, on fewer sentences."""
    test, right, wrong, kept = corpus.test, 0, 0, 0
    sources = test.sources[:600]
    for row, found in enumerate(room.translate(sources)):
        best, target = found["best"], test.references[row][0].split()
        for place in range(len(sources[row].split())):
            links = [target[there] for here, there in test.alignments[row] if here == place]
            if not links:
                continue
            translated = any(word in best["words"] for word in links)
            kept += translated
            if place in best["leftOut"]:
                right, wrong = right + (not translated), wrong + translated
    assert right + wrong >= 15
    assert right > wrong
    assert wrong < 0.014 * kept


def test_a_word_that_is_left_out_is_marked_in_the_view_and_below(browser, small_page, room, corpus):
    found = zip(corpus.test.sources, room.translate(corpus.test.sources[:300]), strict=False)
    sentence, places = next((source, one["best"]["leftOut"]) for source, one in found if one["best"]["leftOut"])
    words = sentence.split()
    visit = open_with(browser, small_page, sentence)
    marked = visit.page.locator(".s2s-left-out .s2s-text").all_inner_texts()
    assert marked == [words[place] for place in places]
    assert f"Perhaps left out: “{marked[0]}”" in visit.text(".s2s-notes")
    assert "perhaps left out" in visit.page.locator(".s2s-left-out").first.text_content()
    visit.page.close()
    # If the reader forces every word onto one position, the words left out are not the model's mistake.
    visit = open_with(browser, small_page, sentence, look="all-1")
    assert visit.page.locator(".s2s-left-out").count() == 0
    visit.page.close()


# Words that the model does not know


def test_unknown_words_share_a_note(browser, page):
    notes = notes_of(browser, page, "Le zorglub et le vrombix dorment avec le chat.", model="none")
    assert notes.count("are not among the") <= 1
    assert "“zorglub”" in notes
    assert "“vrombix”" in notes
    assert "The model read “unknown word” instead, so the meaning is lost." in notes


def test_many_unknown_words_are_counted(browser, page):
    words = " ".join("zyx" + chr(97 + n) * 3 for n in range(20))
    notes = notes_of(browser, page, f"la voiture {words}", model="none")
    assert "and 14 more" in notes


# Announcements to a screen reader


def test_a_screen_reader_hears_one_message_for_a_translation(browser, page):
    visit = open_with(browser, page, "Le chat noir dort.")
    visit.page.evaluate(
        """() => { self.heard = []; new MutationObserver((changes) => changes.forEach((change) => {
          const target = change.target.nodeType === 1 ? change.target : change.target.parentElement;
          const live = target.closest("[aria-live], [role=status], [role=alert]");
          if (live && live.getAttribute("aria-live") !== "off" && live.textContent) self.heard.push(live.textContent);
        })).observe(document.body, { subtree: true, childList: true, characterData: true }); }"""
    )
    visit.page.emulate_media(reduced_motion="no-preference")  # words appear one by one
    visit.translate("La voiture 42 dort.")
    visit.page.wait_for_selector(".s2s-words .s2s-choice")
    visit.page.wait_for_selector(".s2s-coming", state="detached")
    heard = visit.page.evaluate("[...new Set(self.heard)].filter((text) => !text.startsWith('Loading'))")
    assert heard == [f"Translation: {visit.translation} 1 note below it."]
    visit.page.evaluate("self.heard = []")
    visit.page.locator(".s2s-row").nth(1).locator("button").nth(1).focus()
    visit.page.keyboard.press("ArrowRight")
    assert "looks at" in visit.page.evaluate("self.heard.at(-1)")
    visit.page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_notes_and_changes(browser, page, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    visit = open_with(
        browser, page, "Le zorglub 42 ne dort pas.", look="2-1", temperature="0.5", hello="x", words="the"
    )
    visit.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    visit.page.fill(".s2s-input", "Elle dort.")
    assert visit.page.is_visible(".s2s-edited")
    results = axe.Axe().run(visit.page)
    assert results.violations_count == 0, results.generate_report()
    visit.page.close()


def test_notes_fit_on_a_phone(browser, page):
    address = (
        page.as_uri()
        + "#"
        + urlencode({"translate": "Le zorglub " + "9" * 200 + " dort.", "temperature": "1", "hello": "x" * 300})
    )
    visit = Visit(browser, address, width=375, height=812)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
    visit.page.close()
