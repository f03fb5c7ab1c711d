"""The front page: the story of a sentence with the model's own weights, step by step, and a line for every chapter."""

import re
import sys

import pytest
from browsing import ROOT, open_browser
from bs4 import BeautifulSoup

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import s2s_front
import s2s_story
from sphinx.errors import ExtensionError

SENTENCE = re.search(r"\{s2s-story\} (.*)", (ROOT / "book" / "index.md").read_text(encoding="utf-8"))[1]


@pytest.fixture(scope="module")
def example():
    return s2s_story.translate(SENTENCE)


@pytest.fixture(scope="module")
def soup(example):
    return BeautifulSoup(s2s_story.figure(example), "html.parser")


@pytest.fixture(scope="module")
def translation():
    from s2s_tutorial.runs.weights import load_translator

    return load_translator().translate(SENTENCE)


# The picture shows the model's own weights


def test_the_picture_shows_the_words_and_weights_of_the_packaged_model(soup, translation):
    assert [text.string for text in soup.select(".s2s-word")] == [*s2s_story.spelled(translation.words), "(end)"]
    source = [text.string for text in soup.select(".s2s-source text")]
    assert source == [*SENTENCE[:-1].split(), ".", "(end)"]
    for target, row in zip(soup.select(".s2s-target"), translation.attn_weights.tolist(), strict=True):
        drawn = [float(path["data-weight"]) for path in target.select("path")]
        assert drawn == pytest.approx([weight for weight in row if weight >= s2s_story.SEEN], abs=1e-3)
        assert sum(drawn) == pytest.approx(1, abs=s2s_story.SEEN * len(row))


def test_each_line_joins_the_rows_of_its_two_words(soup, translation):
    def height(text):
        return float(text["y"]) - 6

    sources = [height(text) for text in soup.select(".s2s-source > text")]
    for target, row in zip(soup.select(".s2s-target"), translation.attn_weights.tolist(), strict=True):
        seen = [sources[at] for at, weight in enumerate(row) if weight >= s2s_story.SEEN]
        ends = [re.match(r"M\S+ (\S+)C.* (\S+)$", path["d"]).groups() for path in target.select("path")]
        assert [float(top) for top, _ in ends] == seen
        assert {float(bottom) for _, bottom in ends} == {height(target.select_one(".s2s-word"))}


def test_a_context_is_the_mean_of_the_states_with_the_weights(example, soup):
    def strengths(group):
        return [(float(square["fill-opacity"]) - 0.1) / 0.9 for square in group.select("rect")]

    states = [strengths(group) for group in soup.select(".s2s-state")]
    assert len({tuple(state) for state in states}) == len(states)
    for group, row in zip(soup.select(".s2s-context"), example.weights, strict=True):
        mean = [
            sum(weight * state[n] for weight, state in zip(row, states, strict=True)) for n in range(s2s_story.SQUARES)
        ]
        assert strengths(group) == pytest.approx(mean, abs=0.02)


def test_the_steps_tell_of_encoder_weights_context_and_word_in_turn(soup, translation):
    steps = [(step["data-phase"], int(step["data-word"])) for step in soup.select(".s2s-steps > li")]
    told = [(phase, word) for word in range(len(translation.words) + 1) for phase in ("weights", "context", "word")]
    assert steps == [("forwards", -1), ("backwards", -1), *told, ("whole", -1)]
    for step in soup.select(".s2s-steps > li"):
        assert re.search(r"[^.]\.$", step.get_text()), step
        assert all(quoted.find_parent(lang="fr") for quoted in step.find_all(string=re.compile("[«»]")))


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([0.998, 0.002], "Word 2: nearly all the weight is on « le »."),
        ([0.3, 0.7], "Word 2: 70% of the weight is on « chat », 30% is on « le »."),
    ],
)
def test_the_caption_of_a_step_gives_its_weights(weights, said):
    example = s2s_story.Example(["le", "chat"], ["the", "cat"], [[0, 0, 1], [*weights, 0], [0, 0, 1]], [], 8)
    looked = list(enumerate(weights))
    step = s2s_story.word_steps(example, 1, [pair for pair in looked if pair[1] >= s2s_story.SEEN])[0]
    assert BeautifulSoup(step, "html.parser").get_text().replace("\xa0", " ") == said


def test_a_sentence_that_the_model_reads_with_other_words_is_refused():
    with pytest.raises(ExtensionError, match="choose a simpler one"):
        s2s_story.translate("Le chat_noir dort.")


def test_a_chapter_without_a_line_and_a_line_without_a_chapter_stop_the_build():
    assert s2s_front.lines_of(["a: One: two.", "", "b: Three."], ["b", "a"]) == {"a": "One: two.", "b": "Three."}
    for chapters in (["a"], ["a", "b", "c"]):
        with pytest.raises(ExtensionError, match=r"^[bc]: a chapter needs"):
            s2s_front.lines_of(["a: One.", "b: Two."], chapters)


# The story in a browser


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory, example):
    """A page that contains only the story."""
    folder = tmp_path_factory.mktemp("story")
    for name in ("story.js", "story.css"):
        (folder / name).write_text((ROOT / "book" / "_static" / name).read_text(encoding="utf-8"), encoding="utf-8")
    head = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="story.css"><script defer src="story.js"></script>'
    (folder / "index.html").write_text(head + s2s_story.figure(example), encoding="utf-8")
    return (folder / "index.html").as_uri()


@pytest.fixture
def open_story(browser, page_file):
    """Open the page; its clock moves only when a test moves it."""
    pages = []

    def open_page(**options):
        page = browser.new_page(**({"reduced_motion": "reduce"} | options))
        pages.append(page)
        page.clock.install()
        page.goto(page_file)
        return page

    yield open_page
    for page in pages:
        page.close()


# The visible opacity of a part is its own opacity times that of all its ancestors.
SEEN = """part => {
  let seen = getComputedStyle(part).visibility === "hidden" ? 0 : 1;
  for (let at = part; at.nodeType === 1; at = at.parentNode) seen *= getComputedStyle(at).opacity;
  return seen;
}"""


def seen(page, selector, place=0):
    return page.locator(selector).nth(place).evaluate(SEEN)


def parts(page, word):
    """Return the visible opacity of an English word's lines, context and text."""
    target = page.locator(".s2s-target").nth(word)
    return [target.locator(part).first.evaluate(SEEN) for part in ("path", ".s2s-context", ".s2s-word")]


def phase(page):
    return page.locator(".s2s-story").get_attribute("data-phase")


@pytest.mark.browser
def test_at_first_everything_is_shown_and_the_steps_build_it_up(open_story, translation):
    page = open_story()
    words = len(translation.words) + 1
    assert phase(page) == "whole"
    assert [parts(page, n) for n in range(words)] == [[1, 1, 1]] * words
    following = page.locator(".s2s-next")
    following.click()
    assert 0 < seen(page, ".s2s-state") < 1
    following.click()
    assert [seen(page, ".s2s-state", n) for n in range(3)] == [1, 1, 1]
    assert [parts(page, n) for n in range(words)] == [[0, 0, 0]] * words
    for n in range(words):
        for shown in ([1, 0, 0], [1, 1, 0], [1, 1, 1]):
            following.click()
            assert parts(page, n) == shown
            assert seen(page, ".s2s-now .s2s-share") == 1
        assert all(parts(page, later) == [0, 0, 0] for later in range(n + 1, words))
        for before in range(n):
            lines, context, text = parts(page, before)
            assert 0 < lines == context < text == 1
    following.click()
    assert phase(page) == "whole"


@pytest.mark.browser
def test_play_shows_every_step_in_turn_with_its_sentence_and_ends_with_the_whole(open_story):
    page = open_story()
    told = page.locator(".s2s-steps > li").evaluate_all("all => all.map(step => step.textContent)")
    caption = page.locator(".s2s-caption")
    assert caption.get_attribute("aria-live") == "polite"
    assert caption.inner_text() == told[-1].replace("\xa0", " ")
    play = page.locator(".s2s-play")
    play.click()
    shown = []
    while play.inner_text() == "Pause":
        shown.append(caption.evaluate("caption => caption.textContent"))
        assert page.locator(".s2s-count").inner_text() == f"Step {len(shown)} of {len(told) - 1}"
        page.clock.run_for(600 + 30 * len(shown[-1]))
    assert shown == told[:-1]
    assert phase(page) == "whole"


@pytest.mark.browser
def test_pause_keeps_the_step_and_play_resumes_from_it(open_story):
    page = open_story()
    play, count = page.locator(".s2s-play"), page.locator(".s2s-count")
    play.click()
    page.clock.run_for(30_000)
    reached = count.inner_text()
    assert reached not in ("", "Step 1 of")
    play.click()
    page.clock.run_for(60_000)
    assert count.inner_text() == reached
    play.click()
    assert count.inner_text() == reached
    page.clock.run_for(20_000)
    later = count.inner_text()
    assert int(later.split()[1]) > int(reached.split()[1])
    page.locator(".s2s-back").click()  # a step by hand pauses
    page.clock.run_for(60_000)
    assert int(count.inner_text().split()[1]) == int(later.split()[1]) - 1
    page.locator(".s2s-all").click()
    assert phase(page) == "whole"


@pytest.mark.browser
def test_the_keyboard_does_what_the_mouse_does(open_story):
    page = open_story()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "s2s-play"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert phase(page) == "backwards"
    page.keyboard.press("ArrowLeft")
    assert phase(page) == "forwards"
    page.keyboard.press("Space")
    assert page.locator(".s2s-play").inner_text() == "Pause"
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Back, from the first step to the whole
    assert phase(page) == "whole"


@pytest.mark.browser
def test_only_readers_who_want_motion_get_it(open_story):
    moving = "() => document.getAnimations().length"
    page = open_story(reduced_motion="no-preference")
    still = open_story(reduced_motion="reduce")
    for _ in range(4):
        for one in (page, still):
            one.locator(".s2s-next").click()
        assert page.evaluate(moving) > 0
        assert still.evaluate(moving) == 0


@pytest.mark.browser
def test_without_javascript_and_on_paper_the_picture_is_whole(browser, page_file, open_story):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file)
    assert page.locator(".s2s-picture svg").is_visible()
    assert page.locator("figcaption").is_visible()
    assert not page.locator(".s2s-controls").is_visible()
    page.locator("summary").click()
    assert page.locator(".s2s-steps > li").first.is_visible()
    context.close()
    page = open_story()
    for _ in range(5):
        page.locator(".s2s-next").click()
    assert seen(page, ".s2s-word", 8) == 0
    page.emulate_media(media="print")
    assert parts(page, 8) == [1, 1, 1]
    assert not page.locator(".s2s-controls").is_visible()
    assert not page.locator(".s2s-caption").is_visible()
