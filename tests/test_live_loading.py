"""The live page while models are loading, on a phone, in print and with forced colours, in a real browser."""

import sys
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

import pytest
import torch
from browsing import ROOT, Visit, open_browser, serve

from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.translation.translator import Translator
from s2s_tutorial.web.export import export, load_exported, publish, read_manifest

sys.path.insert(0, str(ROOT / "book" / "_tools"))
import live_page
from s2s_live import STAND_IN

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser

SENTENCE = "Le chat noir ne dort pas."
KNOWS = "It has seen no sentence at all."
NO_COLOUR = "rgba(0, 0, 0, 0)"
TAKEN_OVER = ".s2s-live[data-model=large] .s2s-beam button"


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(talking_run, tmp_path_factory):
    """The page with a trained model in several scripts, and an untrained one that answers until it is loaded."""
    folder = tmp_path_factory.mktemp("loading page")
    models, translator = folder / "models", load_translator(talking_run)
    torch.manual_seed(1)
    sizes = len(translator.src_vocabulary), len(translator.tgt_vocabulary)
    untrained = Seq2Seq(replace(translator.model.settings, embedding_size=16, hidden_size=16), *sizes).eval()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("s2s_tutorial.web.export.PART", 3 * 2**12)
        path = export(translator, models, "large").paths[0]
        publish(path, models, "Large", "Trained.", stand_in="little", stand_in_note=KNOWS)
    export(replace(translator, model=untrained), models, "little", "Little", "Untrained.")
    live_page.write_page(folder)
    return folder


@pytest.fixture(scope="module")
def scripts(folder) -> list[int]:
    """Bytes of each script of the large model."""
    [large, little] = read_manifest(folder / "models")
    assert len(large["scripts"]) > 5
    assert len(little["scripts"]) < 5
    return large["scripts"]


@pytest.fixture(scope="module")
def address(folder):
    with serve(folder) as address:
        yield address


@pytest.fixture(scope="module")
def file_address(folder):
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def large(folder) -> Translator:
    return load_exported(folder / "models" / "large.safetensors")


@pytest.fixture(scope="module")
def little(folder) -> Translator:
    return load_exported(folder / "models" / "little.safetensors")


class Line:
    """A connection that holds some files back until they are released, or loses them until it is repaired."""

    def __init__(self, page, *, waits: str = "", lost: str = ""):
        self.page, self.waiting = page, []
        if waits:
            page.route(waits, lambda route: self.waiting.append(route))
        if lost:
            page.route(lost, lambda route: route.abort())

    def release(self):
        while self.waiting:
            self.waiting.pop().continue_()
        self.page.unroute_all()


@contextmanager
def visiting(browser, address, sentence=SENTENCE, **line):
    """Open the page with a sentence, over a connection with faults."""
    lines, more = [], {name: line.pop(name) for name in ("width", "height", "before") if name in line}

    def prepare(page):
        lines.append(Line(page, **line))
        more.get("before", lambda page: None)(page)

    visit = Visit(browser, f"{address}#{urlencode({'translate': sentence})}", **{**more, "before": prepare})
    yield visit, lines[0]
    visit.page.close()


def pin(page):
    """Force the first word of the translation to attend to the third source word."""
    page.locator(".s2s-row").nth(1).locator("button").first.click()
    page.locator(".s2s-row").nth(0).locator("button").nth(2).click()
    page.wait_for_selector(".s2s-pinned")


def bar_is(page, value: int):
    page.wait_for_function("value => document.querySelector('progress').value === value", arg=value)


# While it loads


def test_a_small_model_answers_while_the_large_one_is_loading(browser, address, scripts, large, little):
    with visiting(browser, address, waits="**/large.3.js") as (visit, line):
        assert visit.translation == (little.translate(SENTENCE).text or "…")
        bar_is(visit.page, sum(scripts) - scripts[3])
        bar = visit.page.get_by_role("progressbar", name="Loading “Large”")
        assert bar.is_visible()
        assert bar.evaluate("bar => bar.max") == sum(scripts)
        assert visit.text(".s2s-loading-text") == f"“Little” translates for now. {KNOWS}"
        assert visit.page.get_attribute(".s2s-loading-text", "role") == "status"
        assert "JavaScript" not in visit.text("main")
        position = visit.page.locator(".s2s-translation").bounding_box()["y"]
        line.release()
        visit.page.wait_for_selector(TAKEN_OVER)
        assert visit.translation == large.translate(SENTENCE).text
        assert visit.text(".s2s-loading") == "“Large” is loaded and translates now."
        assert not visit.page.locator("progress").is_visible()
        assert (
            visit.page.locator(".s2s-loading").evaluate("line => getComputedStyle(line).backgroundColor") == NO_COLOUR
        )
        assert visit.page.locator(".s2s-translation").bounding_box()["y"] == pytest.approx(position, abs=1)
        visit.translate("Elle est petite.")
        assert visit.translation == large.translate("Elle est petite.").text
        assert not visit.page.is_visible(".s2s-loading")
        assert visit.problems == []


def test_the_bar_moves_with_every_script_from_disk_too(browser, file_address, scripts):
    watch = """self.values = []; new MutationObserver((changes) => changes.forEach((change) => {
      if (change.target.max > 100) self.values.push(change.target.value); }))
      .observe(document, { subtree: true, attributeFilter: ["value"] });"""
    with visiting(browser, file_address, before=lambda page: page.add_init_script(watch)) as (visit, _):
        visit.page.wait_for_selector(TAKEN_OVER)
        values = visit.page.evaluate("self.values")
        arrived = sorted({value for value in values if value > 0})
        assert len(arrived) == len(scripts)
        assert arrived[-1] == sum(scripts)
        assert values == sorted(values)
        assert visit.problems == []


def test_a_model_without_a_substitute_has_a_progress_bar_too(browser, address):
    visit = Visit(browser, address, wait=False, before=lambda page: Line(page, waits="**/little.*.js"))
    visit.page.wait_for_selector("progress")
    visit.page.locator(".s2s-model[value=little]").check(force=True)
    visit.page.get_by_role("progressbar", name="Loading “Little”").wait_for()
    visit.page.close()


@pytest.mark.parametrize("anchor", ["auto", "none"])  # some browsers have no scroll anchoring
def test_text_pins_and_scroll_position_stay_when_the_large_model_takes_over(browser, address, anchor):
    with visiting(browser, address, waits="**/large.3.js", height=500) as (visit, line):
        page = visit.page
        page.add_style_tag(content=f"* {{ overflow-anchor: {anchor} }}")
        pin(page)
        page.click("summary")
        page.fill(".s2s-input", "Une autre phrase")
        page.evaluate(
            "document.body.style.paddingBottom = '2000px'"
        )  # there is room to scroll, however short the result
        page.focus(".s2s-beam button:first-child")
        page.evaluate("document.querySelector('.s2s-beam').scrollIntoView({ block: 'center' })")
        place = "document.querySelector('.s2s-beam').getBoundingClientRect().top"
        before = page.evaluate(place)
        line.release()
        page.wait_for_selector(".s2s-live[data-model=large]")
        page.wait_for_function("document.querySelectorAll('.s2s-beam button').length === 5")
        assert page.evaluate(place) == pytest.approx(before, abs=1)
        assert page.input_value(".s2s-input") == "Une autre phrase"
        assert visit.text(".s2s-pinned .s2s-text") == "noir"
        assert page.locator(".s2s-table tbody tr").first.is_visible()
        assert page.evaluate("document.activeElement.closest('.s2s-beam') !== null")
        assert visit.problems == []


@pytest.mark.parametrize("focused", [".s2s-input", ".s2s-changes button", "summary", ".s2s-row button"])
def test_the_keyboard_stays_where_it_is_when_the_large_model_takes_over(browser, address, focused):
    with visiting(browser, address, waits="**/large.3.js") as (visit, line):
        page = visit.page
        pin(page)
        page.locator(focused).first.focus()
        line.release()
        page.wait_for_selector(".s2s-live[data-model=large]")
        assert page.evaluate("selector => document.activeElement === document.querySelector(selector)", focused)


def test_a_word_that_the_reader_put_in_stays_with_the_model_that_offered_it(browser, address, large):
    with visiting(browser, address, waits="**/large.3.js") as (visit, line):
        page = visit.page
        page.locator(".s2s-words .s2s-choice[aria-pressed=false]").first.click()
        page.wait_for_selector(".s2s-changes:not([hidden])")
        line.release()
        button = page.get_by_role("button", name="Translate with “Large”")
        button.wait_for()
        assert page.get_attribute(".s2s-live", "data-model") == "little"
        assert "so it stays" in visit.text(".s2s-loading-text")
        button.click()
        page.wait_for_selector(TAKEN_OVER)
        assert visit.translation == large.translate(SENTENCE).text
        assert not page.is_visible(".s2s-changes")


def test_a_pinned_word_stays_with_the_small_model_if_the_large_one_reads_pieces(browser, address, folder):
    listed = (folder / "models" / "models.js").read_text(encoding="utf-8")
    pieces = listed.replace('"stand_in":', '"unit": "pieces",\n   "stand_in":')
    assert pieces != listed

    def before(page):
        page.route("**/models.js", lambda route: route.fulfill(body=pieces, content_type="text/javascript"))

    with visiting(browser, address, waits="**/large.3.js", before=before) as (visit, line):
        pin(visit.page)
        for route in line.waiting:
            route.continue_()
        visit.page.get_by_role("button", name="Translate with “Large”").wait_for()
        assert visit.page.get_attribute(".s2s-live", "data-model") == "little"
        visit.page.get_by_role("button", name="Translate with “Large”").click()
        visit.page.wait_for_selector(TAKEN_OVER)
        assert visit.page.locator(".s2s-pinned").count() == 0


# When a file does not arrive


def test_a_lost_part_gets_a_message_and_only_that_part_is_loaded_again(browser, address, scripts, little):
    with visiting(browser, address, lost="**/large.2.js") as (visit, line):
        page = visit.page
        again = page.get_by_role("button", name="Try again")
        again.wait_for()
        assert "large.2.js could not be loaded" in visit.text(".s2s-loading-text")
        assert "“Little” translates for now" in visit.text(".s2s-loading-text")
        assert not page.is_visible("progress")
        line.release()
        again.click()
        page.wait_for_selector(TAKEN_OVER)
        asked = [url for url in visit.requests if "/large." in url]
        assert len(asked) == len(scripts) + 1
        assert sum(url.endswith("large.2.js") for url in asked) == 2


@pytest.mark.parametrize("lost", ["network.js", "panel.js", "models.js"])
def test_a_page_that_cannot_start_offers_to_try_again(browser, address, lost):
    with visiting(browser, address, lost=f"**/{lost}") as (visit, line):
        assert f"{lost} could not be loaded" in visit.text("[role=alert]")
        line.release()
        visit.page.click("text=Try again")
        visit.page.wait_for_selector(TAKEN_OVER)
        assert visit.page.input_value(".s2s-input") == SENTENCE


def test_without_the_small_model_the_large_one_is_loaded_all_the_same(browser, address, large):
    with visiting(browser, address, lost="**/little.0.js") as (visit, _):
        visit.page.wait_for_selector(TAKEN_OVER)
        assert visit.translation == large.translate(SENTENCE).text


def test_a_reader_who_saves_data_is_asked_before_the_large_model_is_loaded(browser, address, scripts):
    saving = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"
    with visiting(browser, address, before=lambda page: page.add_init_script(saving)) as (visit, _):
        assert "You save data" in visit.text(".s2s-loading-text")
        assert not any("/large." in url for url in visit.requests)
        visit.page.get_by_role("button", name=f"Load {sum(scripts) / 1e6:.1f} MB").click()
        visit.page.wait_for_selector(TAKEN_OVER)


def test_only_without_javascript_the_page_says_that_it_needs_it(browser, file_address):
    page = browser.new_page(java_script_enabled=False)
    page.goto(file_address)
    assert "needs JavaScript" in page.inner_text(".s2s-live")
    assert page.locator("progress").count() == 0
    page.close()


def test_the_first_answer_needs_less_than_a_second_of_a_slow_line():
    """A line of 4 Mbit/s carries 500,000 bytes per second."""
    web = [
        *(ROOT / "s2s_tutorial" / "web" / "live").iterdir(),
        *(ROOT / "s2s_tutorial" / "assets").glob("attention_view.*"),
    ]
    small = (ROOT / "book" / "live" / f"{STAND_IN}.safetensors").stat().st_size
    assert sum(path.stat().st_size for path in web) + small * 4 / 3 < 350_000


# On a phone


LONG = "Le chat noir ne dort pas et la petite fille mange une pomme dans la grande maison."


def test_the_field_shows_the_whole_sentence_and_the_result_comes_into_view(browser, address):
    visit = Visit(browser, address, width=375, height=700)
    visit.page.wait_for_selector(TAKEN_OVER)
    visit.page.fill(".s2s-input", LONG)
    assert visit.page.evaluate(
        "(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight)(document.querySelector('.s2s-input'))"
    )
    assert visit.page.locator(".s2s-input").bounding_box()["height"] > 70
    assert visit.page.locator(".s2s-translation").bounding_box()["y"] > 700 - 100
    visit.translate(LONG)
    box = visit.page.locator(".s2s-translation").bounding_box()
    assert 0 <= box["y"] < 200
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
    visit.page.close()


# Playwright scrolls to the elements that it uses, too, but without a `behavior`.
WATCH_SCROLLING = "Element.prototype.scrollIntoView = (how) => { if (how && how.behavior) self.how = how.behavior; }"


@pytest.mark.parametrize(("motion", "behaviour"), [("reduce", "instant"), ("no-preference", "smooth")])
def test_it_scrolls_smoothly_only_where_the_reader_likes_motion(browser, address, motion, behaviour):
    visit = Visit(browser, address, width=375, height=700)
    visit.page.emulate_media(reduced_motion=motion)
    visit.page.evaluate(WATCH_SCROLLING)
    visit.translate(LONG)
    assert visit.page.evaluate("self.how") == behaviour
    visit.page.close()


def test_a_change_below_the_translation_does_not_scroll(browser, address):
    visit = Visit(browser, address, width=375, height=700)
    visit.page.wait_for_selector(TAKEN_OVER)
    visit.page.evaluate(WATCH_SCROLLING)
    visit.page.locator("input[type=range][id$=-heat]").fill("1.5")
    visit.page.wait_for_selector("text=Draw again")
    visit.mark()
    visit.page.click("text=Draw again")
    visit.ready()
    assert visit.page.evaluate("self.how") is None
    visit.page.close()


def test_enter_translates_and_a_line_break_is_a_space(browser, address, large):
    visit = Visit(browser, address)
    visit.page.wait_for_selector(TAKEN_OVER)
    visit.page.fill(".s2s-input", "Le chat")
    visit.page.press(".s2s-input", "Shift+Enter")
    assert visit.page.input_value(".s2s-input") == "Le chat"
    visit.page.evaluate("navigator.clipboard; document.querySelector('.s2s-input').select()")
    visit.page.keyboard.insert_text("Le chat\nnoir dort.")
    assert visit.page.input_value(".s2s-input") == "Le chat noir dort."
    visit.mark()
    visit.page.press(".s2s-input", "Enter")
    visit.ready()
    assert visit.translation == large.translate("Le chat noir dort.").text
    visit.page.close()


def test_a_scrolling_table_has_a_hint(browser, address):
    visit = Visit(browser, address, width=375, height=700)
    visit.page.wait_for_selector(TAKEN_OVER)
    visit.translate("Elle dort.")
    visit.page.click("summary")
    assert not visit.page.is_visible(".s2s-sideways")
    visit.translate(LONG)
    visit.page.click("summary")
    visit.page.wait_for_selector(".s2s-sideways:visible")
    scroll = visit.page.locator(".s2s-scroll")
    assert "sideways" in visit.text(".s2s-sideways")
    assert scroll.evaluate("box => getComputedStyle(box).backgroundAttachment") == "local, local, scroll, scroll"
    assert scroll.get_attribute("tabindex") == "0"
    visit.page.close()


# On paper, with forced colours, for screen readers


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_has_sentence_translation_and_attention(browser, address, theme, large):
    visit = Visit(browser, address)
    visit.page.wait_for_selector(TAKEN_OVER)
    visit.translate(SENTENCE)
    visit.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    assert not visit.page.is_visible(".s2s-paper")
    visit.page.emulate_media(media="print")
    expected = large.translate(SENTENCE)
    printed = visit.text(".s2s-live").splitlines()
    assert [SENTENCE, expected.text] == [line for line in printed if line in (SENTENCE, expected.text)]
    assert any("Translated by the model Large." in line for line in printed)
    for empty in ("button", "textarea", "input", "select", "progress", "summary"):
        assert not any(one.is_visible() for one in visit.page.locator(f".s2s-live {empty}").all()), empty
    cells = visit.page.locator(".s2s-paper tbody td")
    assert cells.count() == expected.attn_weights.numel()
    strongest = cells.nth(int(expected.attn_weights.argmax()))
    assert strongest.is_visible()
    assert "0.00" not in strongest.evaluate("cell => getComputedStyle(cell).backgroundColor")
    assert cells.first.evaluate("cell => getComputedStyle(cell).printColorAdjust") == "exact"
    assert visit.page.locator(".s2s-paper").evaluate("paper => getComputedStyle(paper).color") == "rgb(27, 27, 27)"
    visit.page.close()


def test_forced_colours_show_what_is_chosen(browser, address):
    visit = Visit(browser, address)
    visit.page.wait_for_selector(TAKEN_OVER)
    visit.page.emulate_media(forced_colors="active")
    style = "(part, name) => getComputedStyle(part)[name]"

    def of(selector, name):
        return visit.page.locator(selector).first.evaluate(style, name)

    for chosen, other in (
        (".s2s-word.s2s-active", ".s2s-word:not(.s2s-active)"),
        (".s2s-words .s2s-choice[aria-pressed=true]", ".s2s-words .s2s-choice[aria-pressed=false]"),
    ):
        assert (of(chosen, "outlineStyle"), of(other, "outlineStyle")) == ("solid", "none")
    pill, other = ".s2s-pill :checked + span", ".s2s-pill :not(:checked) + span"
    assert of(pill, "backgroundColor") != of(other, "backgroundColor")
    assert of(pill, "color") != of(other, "color")
    for bar in (".s2s-fill", ".s2s-row .s2s-bar"):
        assert of(bar, "backgroundColor") not in (of(".s2s-live", "backgroundColor"), NO_COLOUR)
    assert of(".s2s-lines", "stroke") != of(".s2s-live", "backgroundColor")
    visit.page.close()


def test_axe_finds_nothing_while_it_loads(browser, address):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    with visiting(browser, address, waits="**/large.3.js") as (visit, _):
        results = axe.Axe().run(visit.page)
        assert results.violations_count == 0, results.generate_report()
