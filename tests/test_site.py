"""The published book in a real browser: complete offline, readable by everybody, on a phone too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browsing import CHROMIUM, ROOT, open_browser, serve

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The book, built as `make book` builds it."""
    folder = tmp_path_factory.mktemp("site")
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", ".", "-W", "-n", "--keep-going", "--path-output", folder]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def pages(site):
    """Every page a reader can reach, by its path in the site."""
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    # The root's index.html only leads on to the first page.
    return [path for path in found if path != "index.html" and not path.startswith(("_static/", "_modules/"))]


@pytest.fixture(scope="module")
def address(site):
    """Where a server on this machine offers the site."""
    with serve(site) as address:
        yield address.rstrip("/")


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


class Visit:
    """A page that remembers what went wrong on it."""

    def __init__(self, browser, width=1280, height=900, scheme="light"):
        self.page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.problems = []
        self.requests = []
        self.page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda asked: self.requests.append(asked.url))
        self.page.on("response", lambda got: self.problems.append(got.url) if got.status >= 400 else None)

    def open(self, url):
        self.page.goto(url, wait_until="load")
        self.page.evaluate("() => window.MathJax && MathJax.startup && MathJax.startup.promise")
        return self.page


def drawn_and_undrawn(page):
    return page.evaluate(
        """() => [document.querySelectorAll('.math').length, document.querySelectorAll('.math mjx-container').length,
                  document.querySelectorAll('mjx-merror').length]"""
    )


def test_no_page_asks_another_host_and_all_mathematics_is_drawn(browser, address, pages):
    visit = Visit(browser)
    formulas = 0
    for path in pages:
        page = visit.open(f"{address}/{path}")
        wanted, drawn, wrong = drawn_and_undrawn(page)
        assert (drawn, wrong) == (wanted, 0), path
        formulas += drawn
    assert [url for url in visit.requests if not url.startswith((address, "data:", "blob:"))] == []
    assert visit.problems == []
    assert formulas > 100


def test_pages_opened_from_disk_show_text_pictures_and_mathematics(browser, site, pages):
    visit = Visit(browser)
    for path in pages:
        page = visit.open((site / path).as_uri())
        wanted, drawn, wrong = drawn_and_undrawn(page)
        assert (drawn, wrong) == (wanted, 0), path
        broken = page.evaluate("() => [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)")
        assert broken == [], path
    assert [url for url in visit.requests if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser, address, pages, scheme):
    from axe_playwright_python.sync_playwright import Axe

    # All rules once; of them, those about colour again in the dark.
    rules = {} if scheme == "light" else {"runOnly": ["color-contrast", "link-in-text-block"]}
    found = []
    visit = Visit(browser, scheme=scheme)
    for path in pages:
        page = visit.open(f"{address}/{path}")
        assert page.evaluate("() => document.documentElement.dataset.theme") == scheme
        for violation in Axe().run(page, options=rules).response["violations"]:
            places = [node["target"] for node in violation["nodes"]][:5]
            found.append(f"{path}: {violation['impact']} {violation['id']} ({len(violation['nodes'])}) {places}")
    assert found == []


def test_no_page_scrolls_sideways_on_a_phone(browser, address, pages):
    visit = Visit(browser, width=375, height=700)
    wide = {}
    for path in pages:
        page = visit.open(f"{address}/{path}")
        width = page.evaluate("() => document.documentElement.scrollWidth")
        if width > 375:
            wide[path] = width
    assert wide == {}


def test_every_picture_says_what_is_seen(browser, address, pages):
    visit = Visit(browser)
    for path in pages:
        page = visit.open(f"{address}/{path}")
        mute = page.evaluate(
            "() => [...document.images].filter(i => !i.alt.trim()).map(i => i.outerHTML.slice(0, 200))"
        )
        assert mute == [], path


def test_the_view_answers_to_mouse_keyboard_and_slider(browser, address):
    page = Visit(browser).open(f"{address}/notebooks/09_seeing_attention.html")
    view = page.locator(".s2s-view[data-ready]").first
    target = view.locator(".s2s-row").nth(1).locator("button")
    target.nth(0).focus()
    first = view.locator(".s2s-said").inner_text()
    page.keyboard.press("ArrowRight")
    assert target.nth(1).evaluate("button => button === document.activeElement")
    assert view.locator(".s2s-said").inner_text() != first
    page.keyboard.press("ArrowUp")
    assert "is looked at by" in view.locator(".s2s-said").inner_text()
    view.locator("input[type=range]").fill("1")
    assert view.locator(".s2s-later").count() == target.count() - 1
    target.nth(2).hover()
    assert "looks at" in view.locator(".s2s-said").inner_text()
    view.locator("summary").click()
    assert view.locator("tbody tr").count() == target.count()


# The live translator (test_live.py has all else of it)


def test_the_front_page_shows_on_one_screen_what_the_book_is_for(browser, address):
    visit = Visit(browser, width=1280, height=800)
    page = visit.open(f"{address}/book/index.html")
    page.locator(".s2s-live .s2s-word").first.wait_for()
    for last in (".s2s-live", ".s2s-promise li:last-child"):
        box = page.locator(last).bounding_box()
        assert box["y"] + box["height"] <= 800, last
    page.set_viewport_size({"width": 375, "height": 700})
    box = page.locator(".s2s-live").bounding_box()
    assert box["y"] + box["height"] <= 700
    assert page.evaluate("() => document.documentElement.scrollWidth") == 375
    assert visit.problems == []


@pytest.mark.parametrize("from_disk", [False, True])
def test_the_front_page_translates_and_leads_on_with_its_sentence(browser, address, site, from_disk):
    start = site.as_uri() if from_disk else address
    visit = Visit(browser)
    page = visit.open(f"{start}/book/index.html")
    page.fill(".s2s-input", "Ma sœur ne dort pas.")
    page.press(".s2s-input", "Enter")
    page.locator(".s2s-row", has_text="soeur").first.wait_for()
    text = page.locator(".s2s-translation").inner_text()
    page.locator(".s2s-link").click()
    page.locator(".s2s-beam button").nth(4).wait_for()
    assert page.url.startswith(f"{start}/book/translate.html#translate=Ma+s")
    assert page.locator(".s2s-translation").inner_text() == text
    page.locator(".s2s-model[value=none]").check(force=True)
    page.get_by_text("This model has no attention").wait_for()
    assert page.url.endswith("&model=none")
    asked = [url for url in visit.requests if not url.startswith(("data:", "blob:", start))]
    assert asked == []
    assert visit.problems == []


@pytest.mark.skipif("CI" not in os.environ, reason="only continuous integration must have a browser")
def test_continuous_integration_has_a_browser():
    assert CHROMIUM is not None
