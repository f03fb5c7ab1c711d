"""The published book in a real browser: complete without a network, accessible, and readable on a phone."""

import re
import subprocess
import sys
import tomllib
from posixpath import dirname, normpath

import pytest
from browsing import ROOT, open_browser, serve

sys.path.insert(0, str(ROOT / "book" / "_tools"))
pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(site):
    """Every page that a reader can reach, by its path in the site."""
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    # The root's index.html only redirects to the first page.
    return [path for path in found if path != "index.html" and not path.startswith(("_static/", "_modules/"))]


@pytest.fixture(scope="module")
def address(site):
    """The address of a server on this machine that has the site."""
    with serve(site) as address:
        yield address.rstrip("/")


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


class Visit:
    """A page that records its errors."""

    def __init__(self, browser, width=1280, height=900, scheme="light"):
        # With reduced motion, nothing fades in, so a check never meets a half transparent word.
        self.page = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.page.set_default_timeout(180_000)  # pages may be slow on a busy machine
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


def test_without_an_address_no_page_has_a_button_that_leads_to_a_repository(site, pages):
    from bs4 import BeautifulSoup

    offered = set()
    for path in pages:
        page = BeautifulSoup((site / path).read_text(encoding="utf-8"), "html.parser")
        links = page.select(".article-header-buttons a")
        assert [link["href"] for link in links if "://" in link["href"]] == [], path
        offered |= {link.get_text(strip=True) for link in links}
    assert offered <= {".ipynb", ".py", "book .pdf"}  # the book's PDF is there once `make pdf` has made it
    assert {".ipynb", ".py"} <= offered


@pytest.mark.parametrize("path", ["book/notation.html", "book/api/data.html", "_modules/s2s_tutorial/data/text.html"])
def test_the_navigation_beside_a_page_leads_to_every_page_once(site, pages, path):
    from bs4 import BeautifulSoup

    links = BeautifulSoup((site / path).read_text(encoding="utf-8"), "html.parser").select("nav.bd-links a")
    here = [path if link["href"] == "#" else normpath(f"{dirname(path)}/{link['href']}") for link in links]
    assert sorted(here) == sorted({*pages} - {"search.html", "book/index.html"})


def test_downloads_are_the_chapters_as_people_open_them(site):
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.*")):
        folder = "_sources/notebooks" if path.suffix == ".ipynb" else "_static/scripts"
        assert (site / folder / path.name).read_bytes() == path.read_bytes()


# Every page is visited once, and the tests below look at what was found there.

COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # of axe; they take most of its time
# What is the same everywhere, the colours of code and the parts around the text, axe checks on these pages only.
WHOLE = [
    "book/index.html",
    "book/translate.html",
    "book/api/data.html",
    "notebooks/06_attention.html",
    "search.html",
]
LOOK = """() => {
  const main = document.querySelector("main"), kinds = new Set(), bare = [];
  const name = (one) => `${one.localName}.${[...one.classList].join(".")}`;
  for (const one of main.querySelectorAll("*")) {
    if (one.closest(".math, .highlight, svg")) continue;
    const style = (one.getAttribute("style") || "").replace(/[0-9.]+/g, "0");
    kinds.add(`${name(one.parentElement)} > ${name(one)} ${style}`);
  }
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  let french = 0;
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    if (!/«[^»]*»/.test(text.data) || text.parentElement.closest("pre, code, script, .math")) continue;
    if (text.parentElement.closest("main [lang]")) french++;
    else bare.push(text.data);
  }
  const images = [...document.images];
  return {
    formulas: document.querySelectorAll(".math").length,
    drawn: document.querySelectorAll(".math mjx-container").length,
    wrong: document.querySelectorAll("mjx-merror").length,
    broken: images.filter((image) => image.complete && !image.naturalWidth).map((image) => image.src),
    mute: images.filter((image) => !image.alt.trim()).map((image) => image.outerHTML.slice(0, 200)),
    french, bare, kinds: [...kinds],
  };
}"""


def violations(page, path, options):
    """Return what axe finds on a page, as lines of text."""
    from axe_playwright_python.sync_playwright import Axe

    context = None if path in WHOLE else {"include": [["main"]], "exclude": [[".highlight"]]}
    return [
        f"{path}: {found['impact']} {found['id']} ({len(found['nodes'])}) {[node['target'] for node in found['nodes']][:5]}"
        for found in Axe().run(page, context=context, options=options).response["violations"]
    ]


@pytest.fixture(scope="module")
def visited(browser, address, pages):
    """Findings of `LOOK` and of axe on every page, and the requests and problems of loading it."""
    visit = Visit(browser)
    found = {}
    for path in pages:
        visit.requests.clear()
        visit.problems.clear()
        page = visit.open(f"{address}/{path}")
        found[path] = page.evaluate(LOOK) | {"requests": [*visit.requests], "problems": [*visit.problems]}
        found[path]["violations"] = violations(
            page, path, {"rules": {name: {"enabled": False} for name in COLOUR_RULES}}
        )
    return found


@pytest.fixture(scope="module")
def some_pages(visited):
    """Pages that together have every kind of element: every pair of a parent's and its child's tag, classes and style."""
    missing = {path: set(look["kinds"]) for path, look in visited.items()}
    chosen = []
    while any(missing.values()):
        best = next((path for path in WHOLE if path not in chosen), max(missing, key=lambda path: len(missing[path])))
        chosen.append(best)
        seen = missing[best].copy()
        for kinds in missing.values():
            kinds -= seen
    return chosen


def test_no_page_requests_another_host_and_all_mathematics_is_drawn(visited, address):
    for path, look in visited.items():
        assert (look["drawn"], look["wrong"]) == (look["formulas"], 0), path
        assert [url for url in look["requests"] if not url.startswith((address, "data:", "blob:"))] == [], path
        assert look["problems"] == [], path
    assert sum(look["drawn"] for look in visited.values()) > 100


def test_pages_opened_from_disk_show_text_pictures_and_mathematics(browser, site, pages):
    visit = Visit(browser)
    for path in pages:
        look = visit.open((site / path).as_uri()).evaluate(LOOK)
        assert (look["drawn"], look["wrong"], look["broken"]) == (look["formulas"], 0, []), path
    assert [url for url in visit.requests if not url.startswith(("file:", "data:", "blob:"))] == []


def test_axe_finds_nothing_on_any_page(visited):
    assert [line for look in visited.values() for line in look["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_colour_that_is_hard_to_see(browser, address, some_pages, scheme):
    found = []
    visit = Visit(browser, scheme=scheme)
    for path in some_pages:
        page = visit.open(f"{address}/{path}")
        assert page.evaluate("() => document.documentElement.dataset.theme") == scheme
        found += violations(page, path, {"runOnly": COLOUR_RULES})
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


def test_french_words_in_prose_say_that_they_are_french(visited):
    assert {path: look["bare"] for path, look in visited.items() if look["bare"]} == {}
    assert sum(look["french"] for look in visited.values()) > 100


def test_every_picture_has_an_alternative_text(visited):
    assert {path: look["mute"] for path, look in visited.items() if look["mute"]} == {}


def test_code_of_every_cell_is_coloured_and_can_be_copied(browser, address, site):
    page = Visit(browser).open(f"{address}/notebooks/01_sentences_to_numbers.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cells = page.locator(".cell_input")
    assert cells.count() > 10
    assert (
        page.locator(".cell_input .highlight-ipython3 pre, .cell_input .highlight-python pre").count() == cells.count()
    )
    checked = cells.filter(has_text="sœur").first
    checked.hover()
    checked.locator("button.copybtn").click()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.strip() == checked.locator("pre").inner_text().strip()
    assert "NBVAL" not in copied


def test_drawings_follow_the_page_into_the_dark(browser, address):
    from io import BytesIO

    from PIL import Image

    # A reader whose machine is light turns the page dark: the picture must follow the page.
    page = Visit(browser).open(f"{address}/notebooks/06_attention.html")
    drawing = page.locator("img[src$='attention.svg']")
    brightness = {}
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        picture = Image.open(BytesIO(drawing.screenshot())).convert("L")
        brightness[theme] = picture.resize((1, 1)).getpixel((0, 0))
    assert brightness["light"] > 200 > 80 > brightness["dark"]


def test_a_phone_shows_rows_full_of_words_as_cards(browser, address):
    page = Visit(browser, width=375, height=700).open(f"{address}/book/from-2017.html")
    table = page.locator("table.s2s-cards").first
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
    cell = table.locator("tbody td").nth(1)
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"part: "'


def test_the_list_of_contents_leads_to_each_heading(browser, address):
    page = Visit(browser).open(f"{address}/notebooks/06_attention.html")
    entries = page.locator(".bd-sidebar-secondary .page-toc a")
    assert entries.count() >= 5
    for entry in entries.all():
        entry.click()
        heading = page.locator(entry.get_attribute("href") + " > :is(h2, h3)").first
        place = heading.bounding_box()
        assert -5 <= place["y"] < 900
        assert entry.inner_text().strip() == heading.inner_text().replace("#", "").strip()


def test_no_line_ends_between_a_formula_and_its_mark_or_a_number_and_its_spread(browser, address):
    visit = Visit(browser)
    said = visit.open(f"{address}/notebooks/17_which_attention.html").locator("main p")
    text = "".join(said.evaluate_all("all => all.map((one) => one.textContent)"))
    assert "\u00a0±\u00a0" in text
    assert " ±" not in text
    page = visit.open(f"{address}/notebooks/13_how_good_is_it.html")
    loose = page.locator("main").evaluate(
        """main => [...main.querySelectorAll("span.math")].filter((formula) => {
             const next = formula.nextSibling;
             return /^[,.;:]/.test(next ? next.textContent : "") && !formula.closest(".s2s-whole");
           }).length"""
    )
    assert loose == 0
    assert page.locator("main .s2s-whole").count() > 0


def test_tables_in_outputs_are_tables(site):
    chapters = sorted((site / "notebooks").glob("*.html"))
    assert [path.name for path in chapters if "<p>| " in path.read_text(encoding="utf-8")] == []


def test_every_term_of_the_glossary_is_in_the_index_with_the_chapters_that_use_it(browser, address, site):
    page = Visit(browser).open(f"{address}/book/glossary.html")
    terms = set(page.locator("dl.glossary dt").evaluate_all("all => all.map((dt) => dt.firstChild.data.trim())"))
    assert len(terms) > 20
    page.locator(".bd-sidebar-primary a", has_text="Index").click()
    page.wait_for_url("**/genindex.html")  # with all its entries
    entries = page.locator(".genindextable > tbody > tr > td > ul > li, .genindextable > tr > td > ul > li")
    listed = {text.split("\n")[0] for text in entries.all_inner_texts()}
    assert terms <= listed
    assert page.locator("a[href^='notebooks/06_attention.html#term-']").count() >= 2


def test_the_keyboard_focus_is_visible_on_every_page(browser, address):
    page = Visit(browser).open(f"{address}/notebooks/06_attention.html")
    stops = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                """async () => {
                  await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)));
                  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
                  const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) ||
                    style.boxShadow !== "none";
                  const seen = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
                  return [at.outerHTML.slice(0, 120), ring && seen];
                }"""
            )
        )
    assert "Skip to main content" in stops[0][0]
    assert [name for name, visible in stops if not visible] == []
    assert len({name for name, _ in stops}) > 20


def test_the_book_prints_with_an_outline_page_numbers_and_links(site, tmp_path):
    from pdf import NOT_LISTED, headings
    from pypdf import PdfReader

    toc = tmp_path / "toc.yml"
    chapters = "[{file: notebooks/06_attention}, {file: book/notation}]"
    toc.write_text(f"root: book/index\nparts:\n  - {{caption: Looking, chapters: {chapters}}}\n", encoding="utf-8")
    program = [sys.executable, ROOT / "book" / "_tools" / "pdf.py"]
    options = ["--site", site, "--target", tmp_path / "book.pdf", "--toc", toc]
    done = subprocess.run(program + options, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert {path.name for path in tmp_path.iterdir()} == {"book.pdf", "toc.yml"}
    assert not (site / "_book.html").exists()
    reader = PdfReader(tmp_path / "book.pdf")
    pages = [page.extract_text() for page in reader.pages]
    found = headings(reader)
    titles = [title for title, _ in found]
    assert titles[0].startswith("Sequence to sequence")
    places = [titles.index(title) for title in ("Looking", "0 Attention: choosing where to look", "Recap", "Notation")]
    assert places == sorted(places)
    for title, number in found:  # the outline leads to the page that has the heading
        assert title in " ".join(pages[number - 1].split()), title
    assert [text.split()[-1] for text in pages] == [str(number) for number in range(1, len(pages) + 1)]
    contents = " ".join(pages[1].split())  # the page numbers in the table of contents are right
    assert all((f"{title} {number}" in contents) == (title not in NOT_LISTED) for title, number in found)
    links = [
        link.get_object()["/A"]
        for page in reader.pages
        for link in page.get("/Annots", [])
        if "/A" in link.get_object()
    ]
    assert all(link.get("/URI", "https:").startswith("https:") for link in links)
    assert not any("\\mathrm" in text or "\\frac" in text for text in pages)  # mathematics is drawn
    assert "numbers of variance" in " ".join("".join(pages).split())  # a solution, which the site folds


def test_the_view_answers_to_mouse_keyboard_and_slider(browser, address):
    page = Visit(browser).open(f"{address}/notebooks/14_seeing_attention.html")
    view = page.locator(".s2s-view[data-ready]").first
    target = view.locator(".s2s-row").nth(1).locator("button")
    target.nth(0).focus()
    first = view.locator(".s2s-summary").inner_text()
    page.keyboard.press("ArrowRight")
    assert target.nth(1).evaluate("button => button === document.activeElement")
    assert view.locator(".s2s-summary").inner_text() != first
    page.keyboard.press("ArrowUp")
    assert "is looked at by" in view.locator(".s2s-summary").inner_text()
    view.locator("input[type=range]").fill("1")
    assert view.locator(".s2s-later").count() == target.count() - 1
    target.nth(2).hover()
    assert "looks at" in view.locator(".s2s-summary").inner_text()
    view.locator("summary").click()
    assert view.locator("tbody tr").count() == target.count()


# The front page (test_front_page.py has the story of a sentence, step by step)


def test_the_front_page_shows_on_one_screen_what_the_book_is_and_where_to_begin(browser, address):
    visit = Visit(browser, width=1280, height=800)
    page = visit.open(f"{address}/book/index.html")
    seen = (".s2s-start", ".s2s-story svg", ".s2s-story .s2s-controls", ".s2s-story .s2s-caption")
    for part in seen:
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 800, part
    page.set_viewport_size({"width": 375, "height": 700})
    box = page.locator(".s2s-start").bounding_box()
    assert box["y"] + box["height"] <= 700
    # A phone shows the picture and its buttons on one screen, in letters that can be read.
    picture, controls = (page.locator(f".s2s-story {part}").bounding_box() for part in ("svg", ".s2s-controls"))
    assert controls["y"] + controls["height"] - picture["y"] < 600
    assert page.locator(".s2s-story .s2s-word").first.bounding_box()["height"] >= 14
    assert page.evaluate("() => document.documentElement.scrollWidth") == 375
    assert visit.problems == []


def test_the_button_leads_to_the_first_chapter_whose_times_it_gives(browser, address):
    page = Visit(browser).open(f"{address}/book/index.html")
    needs = page.locator(".s2s-start ul").inner_text()
    said = re.search(r"To read it: (.*), with .*To run its code: (.*) on two", needs, re.DOTALL)
    page.locator(".s2s-start a").click()
    page.wait_for_url("**/notebooks/00_*")
    assert page.locator(".s2s-time").inner_text() == f"Chapter 0 · {said[1]} to read · {said[2]} to run on two cores"
    python = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert f"Python {python.removeprefix('>=')} or newer" in needs


def test_every_chapter_has_a_line_on_the_front_page(site, pages):
    from bs4 import BeautifulSoup

    def soup(path):
        return BeautifulSoup((site / path).read_text(encoding="utf-8"), "html.parser")

    rows = soup("book/index.html").select(".s2s-chapters > li")
    chapters = [row.a["href"].removeprefix("../") for row in rows]
    assert sorted(chapters) == [path for path in pages if path.startswith("notebooks/")]
    for number, (row, path) in enumerate(zip(rows, chapters, strict=True)):
        title, line = row.find_all("p")
        assert title.get_text() == f"{number} {soup(path).h1.find(string=True)}"
        assert len(line.get_text()) > 60
        assert line.get_text()[-1] in ".?"
    assert len({row.find_all("p")[1].get_text() for row in rows}) == len(rows)


# The live translator (its other tests are in test_live.py)


def test_a_scrolling_picture_has_a_hint_and_shades_the_side_with_more(browser, address):
    page = Visit(browser, width=375, height=700).open(f"{address}/notebooks/00_first_translation.html")
    frame = page.locator(".s2s-frame").first
    frame.scroll_into_view_if_needed()
    assert "sideways" in page.locator("figure .s2s-sideways").first.inner_text()
    page.locator(".s2s-frame.s2s-more-right:not(.s2s-more-left)").first.wait_for()
    assert "gradient" in frame.evaluate("frame => getComputedStyle(frame, '::after').backgroundImage")
    frame.locator(".s2s-wide").evaluate("box => box.scrollTo({ left: box.scrollWidth })")
    page.locator(".s2s-frame.s2s-more-left:not(.s2s-more-right)").first.wait_for()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.reload()
    assert page.locator(".s2s-frame").count() == 0


@pytest.mark.parametrize("name", ["index", "translate"])
def test_a_page_preloads_the_files_of_the_first_translation(browser, address, name):
    visit = Visit(browser)
    page = visit.open(f"{address}/book/{name}.html")
    page.locator(".s2s-live[data-model=large]").wait_for()
    head = page.evaluate(
        "Array.from(document.head.querySelectorAll('link[rel=preload][fetchpriority=high]'), (link) => link.href)"
    )
    used = [url for url in visit.requests if "/_static/live/" in url and "/large." not in url]
    assert set(head) >= set(used)
    assert sum("/general.0.js" in url for url in used) == 1
    page.emulate_media(media="print")
    assert page.locator(".s2s-live .s2s-paper tbody tr").first.is_visible()
    assert visit.problems == []


@pytest.mark.parametrize("from_disk", [False, True])
def test_the_front_page_translates_and_leads_on_with_its_sentence(browser, address, site, from_disk):
    start = site.as_uri() if from_disk else address
    visit = Visit(browser)
    page = visit.open(f"{start}/book/index.html")
    page.fill(".s2s-input", "Ma sœur ne dort pas.")
    page.press(".s2s-input", "Enter")
    page.locator(".s2s-live[data-model=large] .s2s-row", has_text="sœur").first.wait_for()
    page.locator(".s2s-translation", has_not_text="red car").wait_for()  # no longer that of the example
    text = page.locator(".s2s-translation").inner_text()
    page.locator(".s2s-link").click()
    page.locator(".s2s-live[data-model=large] .s2s-beam button").nth(4).wait_for()
    assert page.url.startswith(f"{start}/book/translate.html#translate=Ma+s")
    assert page.locator(".s2s-translation").inner_text() == text
    page.locator(".s2s-model[value=none]").check(force=True)
    page.get_by_text("This model has no attention").wait_for()
    assert page.url.endswith("&model=none")
    asked = [url for url in visit.requests if not url.startswith(("data:", "blob:", start))]
    assert asked == []
    assert visit.problems == []
