"""The live page with models for two directions: the choice of one, what it loads, and when that fails."""

import sys
from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import pytest
from browsing import ROOT, Visit, open_browser, serve

from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.web.export import export, load_exported

sys.path.insert(0, str(ROOT / "book" / "_tools"))
import live_page

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser

SENTENCE = "Le chat noir ne dort pas."
DIRECTION = "select[id$=-direction]"


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(talking_run, tmp_path_factory):
    """The page with two models from French into English and one that goes the other way, in several scripts."""
    folder = tmp_path_factory.mktemp("directions")
    models, translator = folder / "models", load_translator(talking_run)
    there = {"languages": ("fr", "en")}
    export(translator, models, "main", "Main", **there)
    export(translator, models, "second", "Second", **there)
    back = replace(
        translator,
        model=type(translator.model)(
            translator.model.settings, len(translator.tgt_vocabulary), len(translator.src_vocabulary)
        ).eval(),
        src_vocabulary=translator.tgt_vocabulary,
        tgt_vocabulary=translator.src_vocabulary,
        language="fr",
        src_language="en",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("s2s_tutorial.web.export.PART", 3 * 2**14)
        export(back, models, "back", "Back", languages=("en", "fr"))
    return live_page.write_page(folder).parent


@pytest.fixture(scope="module")
def back(folder):
    return load_exported(folder / "models" / "back.safetensors")


@pytest.fixture(scope="module")
def address(folder):
    return (folder / "index.html").as_uri()


def visiting(browser, address, sentence=SENTENCE, **more) -> Visit:
    return Visit(browser, address + "#" + urlencode({"translate": sentence}), **more)


def turn(visit):
    visit.mark()
    visit.page.select_option(DIRECTION, "en-fr")
    visit.ready()


def test_the_model_of_the_other_direction_is_loaded_only_when_it_is_chosen(browser, address, back):
    visit = visiting(browser, address)
    english = visit.translation
    assert not [url for url in visit.requests if "/back." in url]
    options = visit.page.locator(f"{DIRECTION} option").all_inner_texts()
    assert options[0] == "French to English"
    assert options[1].startswith("English to French (loads 0.")
    turn(visit)
    assert visit.page.input_value(".s2s-input") == english
    assert visit.translation == back.translate(english).text
    assert [url for url in visit.requests if "/back.0.js" in url]
    assert {url.split(":")[0] for url in visit.requests} <= {"file", "blob"}
    assert visit.text("label[for$=-text]") == "Write a sentence in English"
    assert visit.page.get_attribute(".s2s-input", "lang") == "en"
    assert visit.page.get_attribute(".s2s-translation", "lang") == "fr"
    assert visit.page.get_attribute(".s2s-chip", "lang") == "en"
    assert "The black cat is not sleeping." in visit.page.locator(".s2s-chip").all_inner_texts()
    assert visit.page.locator(f"{DIRECTION} option").all_inner_texts()[1] == "English to French"
    assert not visit.page.is_visible(".s2s-pill")
    assert visit.problems == []
    visit.page.close()


def test_only_models_of_the_chosen_direction_are_offered(browser, address):
    visit = visiting(browser, address)
    assert visit.page.locator(".s2s-pill:visible").all_inner_texts() == ["Main", "Second"]
    turn(visit)
    visit.mark()
    visit.page.select_option(DIRECTION, "fr-en")
    visit.ready()
    assert visit.page.locator(".s2s-pill:visible").all_inner_texts() == ["Main", "Second"]
    assert visit.page.is_checked(".s2s-model[value=main]")
    visit.page.close()


def test_a_page_with_one_direction_offers_no_choice(browser, folder, tmp_path, talking_run):
    export(load_translator(talking_run), tmp_path / "models", "main", "Main")
    visit = Visit(browser, live_page.write_page(tmp_path).as_uri())
    assert not visit.page.is_visible(DIRECTION)
    visit.page.close()


def test_what_the_reader_has_typed_is_translated_in_the_other_direction(browser, address, back):
    visit = visiting(browser, address)
    visit.page.fill(".s2s-input", "The black cat is big.")
    turn(visit)
    assert visit.page.input_value(".s2s-input") == "The black cat is big."
    assert visit.translation == back.translate("The black cat is big.").text
    visit.page.close()


def test_the_address_and_the_history_hold_the_direction(browser, address):
    visit = visiting(browser, address)
    turn(visit)
    assert parse_qs(visit.page.url.split("#")[1])["model"] == ["back"]
    other = Visit(browser, visit.page.url)
    assert other.page.input_value(DIRECTION) == "en-fr"
    assert other.translation == visit.translation
    other.page.close()
    visit.page.go_back()
    visit.page.wait_for_function(f"document.querySelector('{DIRECTION}').value === 'fr-en'")
    assert visit.page.input_value(".s2s-input") == SENTENCE
    assert visit.page.get_attribute(".s2s-input", "lang") == "fr"
    visit.page.close()


def test_while_it_loads_there_is_a_bar_with_a_text_and_no_old_result(browser, folder):
    waiting = []
    with serve(folder) as address:
        visit = visiting(
            browser, address, before=lambda page: page.route("**/back.1.js", lambda route: waiting.append(route))
        )
        page = visit.page
        page.select_option(DIRECTION, "en-fr")
        page.get_by_role("progressbar", name="Loading “Back”").wait_for()
        text = "Loading. Your text is translated as soon as “Back” is complete."
        assert page.get_by_role("status").filter(has_text=text).is_visible()
        assert visit.translation == ""
        assert not page.is_visible(".s2s-view")
        visit.mark()
        waiting.pop().continue_()
        visit.ready()
        assert visit.translation
        assert not page.is_visible(".s2s-loading")
        assert visit.problems == []
        page.close()


def test_a_lost_file_gets_a_message_and_can_be_tried_again(browser, folder):
    with serve(folder) as address:
        visit = visiting(browser, address, before=lambda page: page.route("**/back.1.js", lambda route: route.abort()))
        turn(visit)
        assert "The file back.1.js could not be loaded." in visit.text(".s2s-error")
        visit.page.unroute_all()
        visit.mark()
        visit.page.get_by_role("button", name="Try again").click()
        visit.ready()
        assert visit.translation
        visit.page.close()


def test_the_direction_can_be_chosen_by_keyboard_and_axe_finds_nothing(browser, address):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    visit = visiting(browser, address, width=375, height=812)
    visit.page.focus(DIRECTION)
    visit.mark()
    visit.page.keyboard.press("ArrowDown")
    visit.ready()
    assert visit.page.evaluate(f"document.activeElement === document.querySelector('{DIRECTION}')")
    assert visit.page.get_by_label("Translate from").input_value() == "en-fr"
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
    results = axe.Axe().run(visit.page)
    assert results.violations_count == 0, results.generate_report()
    visit.page.close()
