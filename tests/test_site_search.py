"""The site's search in a real browser: queries of learners, and the page that each should find."""

from urllib.parse import quote_plus

import pytest
from browsing import open_browser, serve

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser

ENTRY = "Glossary > {}"
# A query, and a page that has to be among the first three results. A term of the glossary has to be there as well, in the
# same words or in those given third; None where the glossary has no entry for it.
WANTED = [
    ("attention mask", "06_attention"),
    ("beam search", "11_translating"),
    ("BLEU", "13_how_good_is_it"),
    ("unknown words", "12_when_it_is_unsure"),
    ("teacher forcing", "09_training"),
    ("GPU", "19_faster"),
    ("overfitting", "glossary"),
    ("Transformer", "glossary"),
    ("BPE", "glossary"),
    ("vanishing gradient", "glossary"),
    ("attention", "06_attention"),
    ("Self-Attention", "06_attention", "self-attention"),
    ("query", "06_attention"),
    ("key", "06_attention"),
    ("value", "06_attention"),
    ("softmax", "06_attention"),
    ("context vector", "06_attention"),
    ("Bahdanau", "06_attention", None),
    ("padding mask", "06_attention"),
    ("NaN", "06_attention"),
    ("encoder", "05_encoder_decoder"),
    ("embeddings", "04_recurrent_networks"),
    ("GRU", "04_recurrent_networks"),
    ("LSTM", "glossary"),
    ("RNN", "glossary"),
    ("hidden state", "04_recurrent_networks"),
    ("decoder", "07_decoders"),
    ("input feeding", "07_decoders"),
    ("logits", "07_decoders"),
    ("tied embeddings", "07_decoders"),
    ("tokenisation", "glossary"),
    ("subwords", "24_subwords"),
    ("vocabulary", "01_sentences_to_numbers"),
    ("validation set", "02_fair_test"),
    ("data leak", "02_fair_test"),
    ("padding", "03_batches"),
    ("batch size", "03_batches"),
    ("out of memory", "glossary"),
    ("CUDA", "19_faster"),
    ("mixed precision", "glossary"),
    ("loss", "09_training"),
    ("cross-entropy", "09_training"),
    ("cross entropy", "09_training"),
    ("label smoothing", "10_overfitting"),
    ("dropout", "10_overfitting"),
    ("overfitting", "10_overfitting"),
    ("early stopping", "10_overfitting"),
    ("learning rate", "09_training"),
    ("Adam", "09_training"),
    ("gradient clipping", "09_training"),
    ("exposure bias", "09_training"),
    ("scheduled sampling", "10_overfitting"),
    ("resume training", "09_training"),
    ("TensorBoard", "09_training"),
    ("greedy search", "11_translating"),
    ("length penalty", "11_translating"),
    ("temperature", "12_when_it_is_unsure"),
    ("perplexity", "13_how_good_is_it"),
    ("chrF", "13_how_good_is_it"),
    ("n-gram", "13_how_good_is_it"),
    ("bootstrap", "13_how_good_is_it"),
    ("alignment", "14_seeing_attention"),
    ("heat map", "14_seeing_attention"),
    ("random seed", "17_which_attention"),
    ("your own data", "18_your_own_data", None),
    ("distributed training", "20_more_machines"),
    ("multiple GPUs", "20_more_machines"),
    ("fine-tuning", "18_your_own_data"),
    ("fine tuning", "18_your_own_data"),
    ("word2vec", "23_borrowed_parts"),
    ("byte-pair encoding", "24_subwords"),
]


@pytest.fixture(scope="module")
def address(site):
    with serve(site) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture
def page(browser):
    yield (page := browser.new_page())
    page.close()


@pytest.fixture(scope="module")
def quick_page(browser):
    """A page that shows results without the text below each, which it would have to fetch."""
    page = browser.new_page()
    page.route("**/*", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_())
    yield page
    page.close()


def search(page, address, query):
    """Type a query and return the results, the best first: words of the link, and where it leads."""
    page.goto(f"{address}search.html?q={quote_plus(query)}", wait_until="commit")
    page.wait_for_function("/finished|did not/.test(document.querySelector('.search-summary')?.textContent)")
    results = page.locator("#search-results li > a")
    return results.evaluate_all("all => all.map((link) => [link.textContent, link.getAttribute('href')])")


@pytest.mark.parametrize(("query", "wanted", "term"), [(*row, row[0])[:3] for row in WANTED])
def test_the_right_page_is_among_the_first_three_results(quick_page, address, query, wanted, term):
    first = search(quick_page, address, query)[:3]
    assert any(f"{wanted}.html" in place for _, place in first), first
    if term is not None:
        assert first[0][0] == ENTRY.format(term)


def test_results_open_at_their_place_and_no_place_is_listed_twice(page, address):
    results = search(page, address, "unknown word")
    places = [place for _, place in results]
    assert len(set(places)) == len(places)
    for _, place in results[:2]:
        page.goto(address + place)
        name = place.partition("#")[2]
        assert name
        assert page.locator(f"[id='{name}']").evaluate(
            "place => { const top = place.getBoundingClientRect().top; return top >= 0 && top < innerHeight / 2; }"
        )


def test_search_works_on_pages_opened_from_disk(page, site):
    page.goto((site / "search.html").as_uri() + "?q=softmax")
    page.wait_for_selector("#search-results a[href*='06_attention']")


def test_a_term_is_followed_by_its_definition(page, address):
    search(page, address, "padding mask")
    summary = page.locator("#search-results li").first.locator("p.context")
    summary.wait_for()
    assert "weight of exactly 0" in summary.inner_text()


def test_names_of_the_package_come_after_chapters_and_can_still_be_found(page, address):
    places = [place for _, place in search(page, address, "attention")]
    first_name = next(number for number, place in enumerate(places) if "#s2s_tutorial" in place)
    assert sum("notebooks/" in place for place in places[:first_name]) >= 2
    assert search(page, address, "beam_search")[0][1].endswith("#s2s_tutorial.translation.search.beam_search")


def test_every_entry_of_the_glossary_leads_to_a_page_of_the_book(page, address):
    page.goto(address + "book/glossary.html")
    entries = page.locator("dl.glossary dd")
    assert entries.count() > 80
    assert entries.filter(has_not=page.locator("a.internal")).all_inner_texts() == []


@pytest.mark.parametrize(("scheme", "ground"), [("light", "255, 255, 255"), ("dark", "18, 18, 18")])
def test_results_fit_a_phone_and_can_be_read_in_the_page_s_colours(page, address, scheme, ground):
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": 375, "height": 700})
    page.emulate_media(color_scheme=scheme)
    assert search(page, address, "backpropagation through time")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb({ground})"
    page.locator("#search-results p.context .highlighted").first.wait_for()
    found = Axe().run(page, options={"runOnly": ["color-contrast", "list", "link-in-text-block"]}).response
    assert found["violations"] == []
