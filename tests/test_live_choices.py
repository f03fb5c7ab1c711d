"""The live page's choices: each applies to the text in the field, is listed beside the result, and is kept in the address."""

from urllib.parse import parse_qs, urlencode

import pytest
from browsing import Visit, open_browser, serve
from live_pages import live_page, write_talking_page

from s2s_tutorial.web.export import publish

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser

FIRST, SECOND = "Le chat noir ne dort pas.", "Elle est petite."
HEAT = "input[type=range][id$=-heat]"


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(talking_run, tmp_path_factory):
    return write_talking_page(tmp_path_factory.mktemp("live choices"), talking_run)


@pytest.fixture
def visit(browser, page):
    visit = Visit(browser, page.as_uri() + "#" + urlencode({"translate": FIRST}))
    yield visit
    assert visit.problems == []
    visit.page.close()


def settings_of(visit) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(visit.page.url.partition("#")[2]).items()}


def act(visit, action):
    """Perform an action that changes the result, and wait for the new one."""
    visit.page.evaluate("for (const old of document.querySelectorAll('.s2s-beam li')) old.dataset.old = ''")
    action()
    visit.page.wait_for_selector(".s2s-beam li:not([data-old]) button, .s2s-error")


def choose_beam(visit, number):
    act(visit, visit.page.locator(".s2s-beam button").nth(number - 1).click)


def set_temperature(visit, value):
    act(visit, lambda: visit.page.locator(HEAT).fill(str(value)))


def undo(visit, name="Undo"):
    act(visit, lambda: visit.page.locator(".s2s-changes button", has_text=name).first.click())


# A control keeps the reader's setting


def test_every_word_is_made_to_look_at_a_place_in_reading_order(visit):
    page, when, place = visit.page, visit.page.locator("select[id$=-when]"), visit.page.locator("select[id$=-place]")
    turns = "document.querySelectorAll('.s2s-beam li').length"
    visit.mark()
    when.select_option("all")
    page.locator(".s2s-row").nth(1).locator("button").nth(
        1
    ).click()  # chooses another word, so the menus are drawn again
    assert when.input_value() == "all"
    assert page.evaluate(turns) == 0  # the first menu alone changes no result
    place.select_option(label="chat")
    visit.ready()
    assert "Every word is made to look at “chat”." in visit.text(".s2s-changes")
    assert (when.input_value(), place.input_value()) == ("all", "1")
    assert page.locator(".s2s-pinned").count() == 1
    undo(visit)
    assert (when.input_value(), place.input_value()) == ("all", "")


def test_a_redraw_leaves_the_menus_elements_alone(visit):
    visit.page.evaluate("for (const option of document.querySelectorAll('.s2s-attend option')) option.mine = true")
    set_temperature(visit, 0.1)
    undo(visit, "Switch off")
    kept = visit.page.evaluate("[...document.querySelectorAll('[id$=-place] option')].every((option) => option.mine)")
    assert kept


# The text in the field is translated


def by_model(visit):
    visit.page.check(".s2s-model[value=none]", force=True)


def by_temperature(visit):
    visit.page.locator(HEAT).fill("0.5")


def by_place(visit):
    visit.page.locator("select[id$=-place]").select_option("1")


def by_word(visit):
    visit.page.locator(".s2s-words .s2s-choice[aria-pressed=false]").first.click()


def by_source_word(visit):
    visit.page.locator(".s2s-row").first.locator("button").nth(1).click()


def by_beam(visit):
    visit.page.locator(".s2s-beam button").nth(1).click()


CONTROLS = [by_model, by_temperature, by_place, by_word, by_source_word, by_beam]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.__name__)
def test_every_control_translates_what_the_field_shows(visit, control):
    visit.page.fill(".s2s-input", SECOND)
    assert f"The result below is the one for “{FIRST}”" in visit.text(".s2s-edited")
    act(visit, lambda: control(visit))
    assert not visit.page.is_visible(".s2s-edited")
    settings = settings_of(visit)
    general = {by_model: {"model": "none"}, by_temperature: {"temperature": "0.5", "draw": "1"}}.get(control, {})
    assert settings == {"translate": SECOND, **general}
    if not general:
        assert "Your choice belonged to the earlier one" in visit.text(".s2s-notes")
    assert visit.page.input_value(".s2s-input") == SECOND
    other = Visit(visit.page.context.browser, visit.page.url)
    assert visit.translation == other.translation
    other.page.close()


# Every choice that changes the result is listed beside it, with a button that undoes it


def test_temperature_is_seen_beside_the_result_and_can_be_switched_off(visit):
    plain = visit.translation
    set_temperature(visit, 1.5)
    assert "drawn at random, with temperature 1.5" in visit.text(".s2s-changes")
    visit.translate(SECOND)
    assert "temperature 1.5" in visit.text(".s2s-changes")
    visit.translate(FIRST)
    undo(visit, "Switch off")
    assert visit.translation == plain
    assert visit.page.locator(HEAT).input_value() == "0"
    assert not visit.page.is_visible(".s2s-changes")
    assert (
        visit.page.evaluate("document.activeElement.className") == "s2s-translation"
    )  # the keyboard focus is not lost


def test_temperature_is_seen_when_nothing_could_be_translated(visit):
    set_temperature(visit, 1.5)
    visit.page.fill(".s2s-input", "42")
    visit.page.press(".s2s-input", "Enter")
    visit.page.wait_for_selector(".s2s-error")
    assert "temperature 1.5" in visit.text(".s2s-changes")


def test_a_result_of_the_beam_search_can_be_undone(visit):
    first = visit.translation
    second = visit.page.locator(".s2s-beam .s2s-choice-text").nth(1).inner_text()
    choose_beam(visit, 2)
    assert visit.translation == second
    assert visit.page.locator(".s2s-beam button[aria-pressed=true]").count() == 1
    undo(visit, "Back to the first translation")
    assert visit.translation == first
    choose_beam(visit, 2)
    act(visit, visit.page.go_back)
    assert visit.translation == first


def test_two_choices_are_undone_one_by_one(visit):
    act(visit, lambda: by_word(visit))
    act(visit, lambda: visit.page.locator("select[id$=-place]").select_option("0"))
    assert visit.page.locator(".s2s-change").count() == 2
    undo(visit)
    assert visit.page.locator(".s2s-change").count() == 1
    assert "is made to look at" in visit.text(".s2s-changes")


# Back and Forward


@pytest.mark.parametrize("served", [False, True])
def test_back_and_forward_bring_sentence_and_settings_again(browser, page, served):
    with serve(page.parent) as server:
        visit = Visit(browser, server + "index.html" if served else page.as_uri())
        start, seen = visit.page.input_value(".s2s-input"), []

        def note():
            seen.append(
                (
                    settings_of(visit),
                    visit.page.input_value(".s2s-input"),
                    visit.translation,
                    visit.page.is_checked("[value=none]"),
                )
            )

        steps = [
            lambda: visit.translate(FIRST),
            lambda: visit.translate(SECOND),
            lambda: act(visit, lambda: by_model(visit)),
            lambda: set_temperature(visit, 1.5),
            lambda: undo(visit, "Draw again"),
        ]
        note()
        for step in steps:
            step()
            note()
        for expected in seen[-2::-1]:
            act(visit, visit.page.go_back)
            found = (
                settings_of(visit),
                visit.page.input_value(".s2s-input"),
                visit.translation,
                visit.page.is_checked("[value=none]"),
            )
            assert found == expected
        assert visit.page.input_value(".s2s-input") == start
        for expected in seen[1:]:
            act(visit, visit.page.go_forward)
            assert (settings_of(visit), visit.translation) == (expected[0], expected[2])
        assert visit.problems == []
        visit.page.close()


def test_moving_the_slider_is_one_entry_of_the_history(visit):
    before = visit.page.evaluate("history.length")
    for value in (0.3, 0.7, 1.1):
        set_temperature(visit, value)
    assert visit.page.evaluate("history.length") == before + 1
    undo(visit, "Switch off")
    act(visit, visit.page.go_back)
    assert settings_of(visit)["temperature"] == "1.1"
    act(visit, visit.page.go_back)
    assert settings_of(visit) == {"translate": FIRST}


def test_a_link_to_another_part_of_the_page_changes_nothing(visit):
    shown = visit.translation
    visit.page.evaluate("location.hash = 'what-you-can-try'")
    visit.page.wait_for_function("location.hash === '#what-you-can-try'")
    assert visit.translation == shown
    assert visit.page.input_value(".s2s-input") == FIRST


# The link


def test_the_link_carries_every_choice(visit, browser):
    visit.page.locator(".s2s-row").nth(1).locator("button").nth(2).click()
    act(visit, lambda: visit.page.locator("select[id$=-place]").select_option("1"))
    act(visit, lambda: by_word(visit))
    settings = settings_of(visit)
    assert settings["look"] == "3-2"
    assert settings["at"] == "3"
    assert len(settings["words"].split()) == 3
    assert visit.page.url == visit.page.evaluate("document.querySelector('.s2s-link').href")
    other = Visit(browser, visit.page.url)
    assert other.text(".s2s-live") == visit.text(".s2s-live")
    assert other.page.url == visit.page.url
    other.page.close()


@pytest.mark.parametrize(
    "settings", [{"beam": "3"}, {"temperature": "1.5", "draw": "77"}, {"look": "all-2"}, {"at": "2"}]
)
def test_the_same_link_gives_the_same_result(browser, page, settings):
    address = page.as_uri() + "#" + urlencode({"translate": FIRST, **settings})
    one, two = Visit(browser, address), Visit(browser, address)
    assert one.text(".s2s-live") == two.text(".s2s-live")
    assert settings_of(one) == {"translate": FIRST, **settings}
    assert not one.page.is_visible("text=were ignored")
    one.page.close()
    two.page.close()


BAD = [
    {"model": "<img src=x onerror=window.hacked=1>"}, {"model": "__proto__"}, {"beam": "0"}, {"beam": "6"}, {"beam": "2e0"},
    {"temperature": "9"}, {"temperature": "NaN"}, {"temperature": "-1"}, {"look": "1-99"}, {"look": "all-0"},
    {"look": "99-1"}, {"look": "x"}, {"at": "400"}, {"words": "zorglub"}, {"words": "<pad> <sos>"}, {"words": "<eos> the"},
    {"__proto__": "1"}, {"constructor": "1"}, {"hello": "x" * 5000}, {"beam": "2", "temperature": "1"},
    {"model": "none", "look": "1-1"}, {"draw": "1e9", "temperature": "1"},
]  # fmt: skip


@pytest.mark.parametrize("settings", BAD, ids=lambda settings: urlencode(settings)[:30])
def test_invalid_choices_in_the_address_are_ignored_with_a_message(browser, page, settings):
    visit = Visit(browser, page.as_uri() + "#" + urlencode({"translate": FIRST, **settings}))
    assert "do not fit this page, model or sentence, so they were ignored" in visit.text(".s2s-notes li")
    assert visit.translation
    assert visit.page.evaluate("window.hacked") is None
    left = set(settings_of(visit).items())
    assert left < {("translate", FIRST), ("draw", "1"), ("words", "<eos>"), *settings.items()}
    assert len(visit.text(".s2s-notes li")) < 300
    assert visit.problems == []
    visit.translate(SECOND)
    assert not visit.page.is_visible("text=were ignored")
    visit.page.close()


# Long texts


def test_a_text_that_is_too_long_stays_whole_and_is_refused_with_its_length(visit):
    text = ("le chat " * 700)[:5000]
    address = visit.page.url
    visit.page.locator(".s2s-input").fill("")
    visit.page.focus(".s2s-input")
    visit.page.keyboard.insert_text(text)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector(".s2s-error")
    said = visit.text(".s2s-error")
    assert "5,000 characters, 3,000 more than the 2,000" in said
    assert visit.page.input_value(".s2s-input") == text
    assert visit.page.url == address
    visit.translate(SECOND)
    assert visit.translation


# While a small model answers instead of the chosen one


@pytest.fixture(scope="module")
def two_models(talking_run, page, tmp_path_factory):
    """The page whose first model is the trained one; until it is loaded, one without attention answers."""
    folder = tmp_path_factory.mktemp("stand-in")
    publish(page.parent / "models" / "main.safetensors", folder / "models", "Main", stand_in="none")
    publish(page.parent / "models" / "none.safetensors", folder / "models", "Stand-in")
    live_page.write_page(folder)
    with serve(folder) as address:
        yield address + "index.html"


def open_slowly(browser, address, **settings):
    """Open a link; the scripts of the trained model wait in the list that comes with the page."""
    waiting = []
    page = browser.new_page(reduced_motion="reduce")
    page.route("**/main.*.js", lambda route: waiting.append(route))
    page.goto(address + "#" + urlencode({"translate": FIRST, **settings}), wait_until="commit")
    return page, waiting


SHOWN_BY = ".s2s-live[data-model={}] .s2s-beam button"


@pytest.mark.parametrize(
    "settings", [{"look": "4-2"}, {"at": "3"}, {"beam": "2"}, {"words": "the car"}, {"look": "all-1"}]
)
def test_a_link_means_the_same_while_another_model_answers_first(browser, two_models, settings):
    page, waiting = open_slowly(browser, two_models, **settings)
    page.locator(".s2s-live progress").wait_for()
    for route in waiting:
        route.continue_()
    page.unroute_all()
    page.wait_for_selector(SHOWN_BY.format("main"))
    direct = Visit(browser, two_models + "#" + urlencode({"translate": FIRST, **settings}))
    direct.page.wait_for_selector(SHOWN_BY.format("main"))
    for part in (".s2s-translation", ".s2s-notes", ".s2s-changes", ".s2s-tools"):
        assert page.locator(part).inner_text() == direct.text(part)
    assert page.url == direct.page.url
    assert not page.is_visible("text=were ignored")
    page.close()
    direct.page.close()


def test_a_choice_within_the_stand_ins_translation_is_linked_with_that_model(browser, two_models):
    page, _ = open_slowly(browser, two_models)
    page.wait_for_selector(SHOWN_BY.format("none"))
    page.locator(".s2s-beam button").nth(1).click()
    page.wait_for_selector("text=You chose result 2 of the beam search")
    chosen = page.locator(".s2s-translation").inner_text()
    other = Visit(browser, page.url)
    assert "model=none" in other.page.url
    assert other.translation == chosen
    page.close()
    other.page.close()
