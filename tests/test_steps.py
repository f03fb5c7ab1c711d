"""Drawings that the site shows step by step: every step has a sentence, and slider, keyboard and print work."""

import json
import sys

import pytest
from browsing import ROOT, open_browser

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import s2s_steps

STEPS = json.loads(s2s_steps.STEPS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", STEPS)
def test_every_step_of_a_drawing_has_a_sentence_and_adds_something(name):
    html = s2s_steps.moving_drawing(name, STEPS[name])
    assert html.count("<li>") == len(STEPS[name])
    assert f'max="{len(STEPS[name])}"' in html
    with pytest.raises(ValueError, match=r"steps\.json has"):
        s2s_steps.moving_drawing(name, STEPS[name][1:])


def test_french_words_of_a_sentence_are_marked_and_signs_are_escaped():
    html = s2s_steps.moving_drawing("gru", ["« non » & <b>", *STEPS["gru"][1:]])
    assert '<li><span lang="fr">«\u00a0non\u00a0»</span> &amp; &lt;b&gt;</li>' in html


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A page that contains only a moving drawing."""
    folder = tmp_path_factory.mktemp("steps")
    for name in ("steps.js", "steps.css"):
        (folder / name).write_text((ROOT / "book" / "_static" / name).read_text(encoding="utf-8"), encoding="utf-8")
    head = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="steps.css"><script defer src="steps.js"></script>'
    (folder / "index.html").write_text(head + s2s_steps.moving_drawing("packing", STEPS["packing"]), encoding="utf-8")
    return (folder / "index.html").as_uri()


def seen(page, step):
    """Return whether the parts that appear in this step are visible."""
    shown = page.locator(f"[data-step='{step}']").evaluate_all(
        "all => all.map(part => +getComputedStyle(part).opacity)"
    )
    assert shown
    return min(shown) == 1


@pytest.mark.browser
def test_the_slider_shows_one_step_after_the_other_and_print_shows_all(page_file):
    pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
    with open_browser() as browser:
        page = browser.new_page(reduced_motion="reduce")
        page.goto(page_file)
        last = len(STEPS["packing"])
        assert all(seen(page, step) for step in range(1, last + 1))
        page.keyboard.press("Tab")
        page.keyboard.press("Home")
        for at in range(1, last + 1):
            assert [seen(page, step) for step in range(1, last + 1)] == [step <= at for step in range(1, last + 1)]
            told = page.locator(".s2s-step").inner_text().replace("\xa0", " ")
            assert told == STEPS["packing"][at - 1]
            assert page.locator(".s2s-at").inner_text() == f"Step {at} of {last}"
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Home")
        page.emulate_media(media="print")
        assert seen(page, last)
        assert not page.locator("input").is_visible()
        still = browser.new_context(java_script_enabled=False).new_page()
        still.goto(page_file)
        assert seen(still, last)
        assert not still.locator("input").is_visible()
