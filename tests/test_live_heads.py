"""The Transformer in the live page: the numbers are PyTorch's for every head, and the view shows the head that is chosen."""

import random
from urllib.parse import parse_qs, urlencode

import pytest
import torch
from browsing import ROOT, Room, Visit, open_browser
from live_pages import live_page
from small_models import SRC_WORDS, TGT_WORDS, small_model, small_vocabularies, transformer

from s2s_tutorial.model.heads import KINDS, list_heads
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.model.transformer import DecoderLayer
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.head_attention import sentence_heads
from s2s_tutorial.translation.translator import Translator
from s2s_tutorial.web.export import export, load_exported, publish

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser

SENTENCE = "Ma sœur n'a pas acheté la voiture rouge."
SOURCES = ["a b c d", "g f z", "e", "c c a b e d g f a"]


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def room(browser) -> Room:
    return Room(browser)


@pytest.fixture
def small(tmp_path, room) -> Translator:
    """A Transformer of two layers and heads, in PyTorch and in the room; its four translations of SOURCES differ."""
    export(Translator(small_model(transformer(), seed=7, loudness=3.0), *small_vocabularies()), tmp_path, "m")
    room.load(tmp_path / "m.safetensors")
    return load_exported(tmp_path / "m.safetensors")


# The same numbers as PyTorch's


def watch(room, source, ids, look, **options):
    script = """([source, look, ids, options]) => {
      const search = model.watching(source, look, ids, options);
      for (;;) { const { done, value } = search.next(); if (done) return value; } }"""
    return torch.tensor(room.page.evaluate(script, [source, look, ids, options]), dtype=torch.float32)


def test_every_head_of_every_layer_has_the_weights_of_pytorch(small, room):
    for source in SOURCES[:3]:
        target = small.translate_words([source])[0].words[:5]
        ids, found = small.tgt_vocabulary.ids_of(target), sentence_heads(small, source, " ".join(target))
        for kind, layer, head in list_heads(small.model):
            weights = watch(room, source, ids, {"kind": kind, "layer": layer, "head": head})
            torch.testing.assert_close(weights, getattr(found, kind)[layer, 0, head], rtol=1e-3, atol=1e-4)
        for kind in KINDS:
            mean = watch(room, source, ids, {"kind": kind, "layer": 1, "head": None})
            torch.testing.assert_close(mean, getattr(found, kind)[1, 0].mean(dim=0), rtol=1e-3, atol=1e-4)


def test_networks_of_all_sizes_translate_as_pytorch_does(tmp_path, room):
    rng, vocabularies = random.Random(5), small_vocabularies()
    for seed in range(8):
        heads = rng.choice([1, 2, 3, 4])
        size = heads * rng.randint(6 // heads, 6)
        settings = ModelSettings(
            embedding_size=size, hidden_size=size, num_layers=rng.randint(1, 4), dropout=0.0, num_heads=heads,
            tie_embeddings=rng.random() < 0.5, network="transformer", feed_forward_size=rng.randint(1, 20),
        )  # fmt: skip
        torch.manual_seed(seed)
        model = Seq2Seq(settings, SRC_WORDS, TGT_WORDS).eval()
        for weight in model.parameters():
            weight.data.mul_(rng.choice([0.5, 1.0, 2.0])).add_(0.05 * torch.randn_like(weight))
        export(Translator(model, *vocabularies), tmp_path, "m")
        room.load(tmp_path / "m.safetensors")
        translator = load_exported(tmp_path / "m.safetensors")
        sources = [" ".join(rng.choices("abcdefg", k=rng.randint(1, 12))) for _ in range(5)]
        for beam, found in ((1, [one["best"] for one in room.translate(sources)]), (3, room.beam(sources, 3))):
            for ours, page in zip(translator.translate_words(sources, beam), found, strict=True):
                best = page if beam == 1 else page[0]
                assert best["score"] == pytest.approx(ours.score, rel=1e-3, abs=1e-3), settings
                if best["words"] == ours.words:
                    weights = torch.tensor(best["weights"], dtype=torch.float32)
                    torch.testing.assert_close(weights, ours.attn_weights, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("step", [None, 1])
def test_a_pinned_word_gets_the_attention_of_all_heads(small, room, step, monkeypatch):
    run, steps = DecoderLayer.forward, []

    def pinned(layer, states, past, source, src_mask, *more):
        if step in (None, past.shape[1]):
            src_mask = torch.zeros_like(src_mask)
            src_mask[:, 2] = True
        steps.append(past.shape[1])
        return run(layer, states, past, source, src_mask, *more)

    plain = small.translate_words(SOURCES)
    monkeypatch.setattr(DecoderLayer, "forward", pinned)
    expected = small.translate_words(SOURCES)
    found = room.translate(SOURCES, pin={"source": 2, "step": step})
    assert 1 in steps
    assert any(ours.words != before.words for ours, before in zip(expected, plain, strict=True))
    for ours, page in zip(expected, found, strict=True):
        if page["pin"] is not None:  # the third sentence has only two positions
            assert page["best"]["words"] == ours.words
            weights = torch.tensor(page["best"]["weights"], dtype=torch.float32)
            torch.testing.assert_close(weights, ours.attn_weights, rtol=1e-3, atol=1e-4)


# The page as the reader sees it


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """The page with the book's small Transformer and a small recurrent network."""
    folder = tmp_path_factory.mktemp("page")
    for name in ("transformer", "general"):
        publish(ROOT / "book" / "live" / f"{name}.safetensors", folder / "models")
    return live_page.write_page(folder).as_uri()


def visit_with(browser, address, width=1280, **settings) -> Visit:
    return Visit(browser, address + "#" + urlencode({"translate": SENTENCE, **settings}), width=width)


def choose(visit, **values):
    """Choose in the selects of heads, and wait for the view."""
    for name, value in values.items():
        visit.page.evaluate("document.querySelector('.s2s-view').firstChild.dataset.old = ''")
        visit.page.locator(f"select[id$=-{name}]").select_option(value)
        visit.page.wait_for_selector(".s2s-view > :first-child:not([data-old])")


def shown(visit) -> tuple[list[str], list[str], torch.Tensor]:
    """Return the words above and below, and the weights in hundredths, from the view's table."""
    script = """() => {
      const rows = [...document.querySelectorAll(".s2s-view table tr")];
      const [head, ...body] = rows.map((row) => [...row.cells].map((cell) => cell.textContent));
      return [head.slice(1), body.map((row) => row[0]), body.map((row) => row.slice(1).map((cell) => parseInt(cell)))];
    }"""
    columns, rows, weights = visit.page.evaluate(script)
    return columns, rows, torch.tensor(weights)


def test_the_view_shows_the_chosen_head_and_the_link_keeps_it(browser, address):
    visit = visit_with(browser, address)
    translator = load_exported(ROOT / "book" / "live" / "transformer.safetensors")
    own = translator.translate(SENTENCE)
    found = sentence_heads(translator, " ".join(own.src_words), " ".join(own.words))
    read, written = [*own.src_words, "<eos>"], [*own.words, "<eos>"]
    sides = {"cross": (read, written), "encoder": (read, read), "decoder": (["<sos>", *own.words], written)}
    selects = [visit.page.locator(f"select[id$=-{name}]").input_value() for name in ("kind", "layer", "head")]
    assert selects == ["cross", "2", "mean"]
    assert torch.allclose(shown(visit)[2] / 100, own.attn_weights, atol=0.006)
    for kind, head in (("decoder", 3), ("cross", 0), ("encoder", 2)):
        choose(visit, kind=kind, layer="1", head=str(head + 1))
        columns, rows, weights = shown(visit)
        assert (columns, rows) == sides[kind]
        assert torch.allclose(weights / 100, getattr(found, kind)[0, 0, head], atol=0.006)
        link = visit.page.evaluate("document.querySelector('.s2s-link').href")
        assert parse_qs(link.split("#")[1])["heads"] == [f"{kind}-1-{head + 1}"]
        assert visit.page.url == link
    other = Visit(browser, visit.page.url)
    assert [list(part) for part in shown(other)[:2]] == [list(part) for part in shown(visit)[:2]]
    assert torch.equal(shown(other)[2], shown(visit)[2])
    assert visit.problems == other.problems == []
    other.page.close()
    visit.page.close()


def test_a_recurrent_network_has_no_choice_of_heads(browser, address):
    visit = visit_with(browser, address, heads="encoder-2-mean")
    assert visit.page.is_visible(".s2s-heads")
    visit.mark()
    visit.page.check(".s2s-model[value=general]", force=True)
    visit.ready()
    assert not visit.page.is_visible(".s2s-heads")
    assert "heads" not in visit.page.url
    visit.page.go_back()
    visit.page.wait_for_selector(".s2s-heads", state="visible")
    assert "heads=encoder-2-mean" in visit.page.url
    visit.page.close()


@pytest.mark.parametrize("heads", ["encoder-1-5", "cross-0-1"])
def test_a_head_that_does_not_exist_is_noted(browser, address, heads):
    visit = visit_with(browser, address, heads=heads)
    assert f"ignored: heads={heads}" in visit.text(".s2s-notes")
    assert "heads" not in visit.page.url
    assert visit.page.locator("select[id$=-kind]").input_value() == "cross"
    visit.page.close()


def test_words_within_the_sentence_cannot_be_pinned_and_have_no_steps(browser, address):
    visit = visit_with(browser, address, heads="encoder-1-1")
    row = visit.page.locator(".s2s-row").nth(1)
    row.locator("button").nth(1).click()
    assert "“soeur” looks at “" in visit.text(".s2s-summary")
    visit.page.locator(".s2s-row").first.locator("button").nth(1).click()
    assert visit.page.locator(".s2s-pinned").count() == 0
    assert not visit.page.is_visible(".s2s-steps")
    assert "look at instead" not in visit.text(".s2s-hint")
    assert "own sentence" in visit.page.locator(".s2s-view caption").text_content()
    visit.page.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 375), ("dark", 1280)])
def test_axe_finds_nothing_and_a_phone_does_not_scroll_sideways(browser, address, theme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    visit = visit_with(browser, address, width=width, heads="decoder-2-3")
    visit.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    results = axe.Axe().run(visit.page)
    assert results.violations_count == 0, results.generate_report()
    visit.page.close()
