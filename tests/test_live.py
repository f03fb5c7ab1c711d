"""The live page in a real browser: it translates as PyTorch does, never runs code in a sentence, and is accessible."""

import random
import sys
import unicodedata
from base64 import b64decode
from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import pytest
import torch
from browsing import ROOT, Room, Visit, open_browser, serve
from live_pages import write_talking_page
from small_models import RUNNABLE, half_learnt, kind_name, small_vocabularies, with_bias
from tiny import TALKING

from s2s_tutorial.data.corpus import challenge_set, prepare
from s2s_tutorial.data.rules import UNICODE
from s2s_tutorial.data.text import JOINS, detokenise, normalise
from s2s_tutorial.data.vocabulary import EOS, SOS, UNK
from s2s_tutorial.files import read_json
from s2s_tutorial.grammar import generate
from s2s_tutorial.model.attention import Attention
from s2s_tutorial.runs.weights import pretrained_folder
from s2s_tutorial.settings import ATTENTIONS
from s2s_tutorial.translation.best_words import forbid_padding
from s2s_tutorial.translation.evaluation import evaluate
from s2s_tutorial.translation.translator import SentenceError, Translator, read_sentence
from s2s_tutorial.web.description import text_rules
from s2s_tutorial.web.export import (
    MANIFEST,
    ExportError,
    export,
    load_exported,
    read_manifest,
)

sys.path.insert(0, str(ROOT / "book" / "_tools"))
import live_models
from s2s_live import write_models

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(talking_run, tmp_path_factory):
    """The page, with a trained model and an untrained one that has no attention."""
    return write_talking_page(tmp_path_factory.mktemp("live page"), talking_run).parent


@pytest.fixture(scope="module")
def address(folder):
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def translator(folder) -> Translator:
    """The page's model in PyTorch, with the same rounded weights."""
    return load_exported(folder / "models" / "main.safetensors")


@pytest.fixture(scope="module")
def room(browser, folder) -> Room:
    room = Room(browser)
    room.load(folder / "models" / "main.safetensors")
    return room


def with_known_words(translator, sources):
    vocabulary = translator.src_vocabulary
    return [text for text in sources if any(word.isalpha() and word in vocabulary for word in text.split())]


@pytest.fixture(scope="module")
def sentences(translator, tiny_corpus):
    """The grammar's sentences and the challenge set, which has many words that a small model does not know."""
    challenge = with_known_words(translator, challenge_set(False).sources)
    grammar = [*tiny_corpus.test.sources, *tiny_corpus.validation.sources, *tiny_corpus.train.sources]
    chosen = list(dict.fromkeys(challenge + grammar))[:400]
    assert len(chosen) >= 300
    return chosen


# The same numbers as PyTorch's


def compare(expected, found) -> tuple[float, float]:
    """Return the share of translations with the same words, and the largest difference of attention among these."""
    same = [ours.words == page["words"] for ours, page in zip(expected, found, strict=True)]
    differences = [
        (ours.attn_weights - torch.tensor(page["weights"])).abs().max().item()
        for ours, page, equal in zip(expected, found, same, strict=True)
        if equal and ours.attn_weights is not None
    ]
    return sum(same) / len(same), max(differences, default=0.0)


def test_greedy_translations_are_those_of_pytorch(translator, sentences, room):
    expected = translator.translate_words(sentences)
    found = room.translate(sentences)
    same, difference = compare(expected, [one["best"] for one in found])
    assert same >= 0.99
    assert difference < 0.02
    pairs = [(ours, page) for ours, page in zip(expected, found, strict=True) if ours.words == page["best"]["words"]]
    assert [page["best"]["text"] for _, page in pairs] == [ours.text for ours, _ in pairs]
    assert [page["best"]["copied"] for _, page in pairs] == [ours.copied for ours, _ in pairs]
    assert [page["unknown"] for _, page in pairs] == [ours.unknown for ours, _ in pairs]
    assert [page["best"]["score"] for _, page in pairs] == pytest.approx(
        [ours.score for ours, _ in pairs], abs=0.01, rel=2e-4
    )


def test_a_beam_gives_the_n_best_of_pytorch(translator, sentences, room):
    chosen = sentences[::8]
    expected = translator.translate_words(chosen, beam_size=5)
    found = room.beam(chosen, 5)
    best = [(ours.text, *(text for text, _ in ours.others)) for ours in expected]
    same = sum(ours == tuple(one["text"] for one in page) for ours, page in zip(best, found, strict=True))
    assert same >= 0.97 * len(chosen)
    scores = [ours.score for ours in expected]
    assert [page[0]["score"] for page in found] == pytest.approx(scores, abs=0.01)


@pytest.mark.parametrize("settings", RUNNABLE, ids=kind_name)
def test_every_kind_of_model_gives_the_same(browser, tmp_path, settings, small_room):
    export(Translator(half_learnt(settings), *small_vocabularies()), tmp_path, "m")
    small_room.load(tmp_path / "m.safetensors")
    rng = random.Random(0)
    sources = [" ".join(rng.choices("abcdefgz", k=length)) for length in (1, 2, 3, 5, 8, 13) for _ in range(4)]
    translator = load_exported(tmp_path / "m.safetensors")
    sources = with_known_words(translator, sources)
    expected, found = translator.translate_words(sources), small_room.translate(sources)
    same, difference = compare(expected, [one["best"] for one in found])
    assert (same, difference < 1e-4) == (1.0, True)
    beams = [[t.text, *(text for text, _ in t.others)] for t in translator.translate_words(sources, beam_size=3)]
    assert [[one["text"] for one in page] for page in small_room.beam(sources, 3)] == beams


def test_unknown_words_are_answered_by_the_same_source_words(tmp_path, small_room):
    [kind] = [kind for kind in RUNNABLE if kind_name(kind) == "luong-general-1-tied"]
    export(Translator(with_bias(half_learnt(kind), [UNK], 3.0), *small_vocabularies()), tmp_path, "m")
    small_room.load(tmp_path / "m.safetensors")
    sources = ["a b c d", "g f z", "z z a", "e"]
    expected = load_exported(tmp_path / "m.safetensors").translate_words(sources)
    found = [one["best"] for one in small_room.translate(sources)]
    assert [one["words"] for one in found] == [ours.words for ours in expected]
    assert [one["copied"] for one in found] == [ours.copied for ours in expected]
    assert any(ours.copied for ours in expected)


@pytest.fixture(scope="module")
def small_room(browser):
    return Room(browser)


class PinnedAttention(Attention):
    """Attention that is forced onto one source position, at one step or (None) at all steps."""

    def __init__(self, inner: Attention, place: int, step: int | None):
        super().__init__(inner.score)
        self.place, self.pinned_step, self.step = place, step, 0

    def weights(self, queries, keys, src_mask):
        weights = super().weights(queries, keys, src_mask)
        if self.pinned_step in (None, self.step):
            weights = torch.zeros_like(weights)
            weights[..., self.place] = 1.0
        self.step += 1
        return weights


@pytest.mark.parametrize("step", [None, 0, 2])
def test_a_pinned_word_gets_all_attention_and_changes_what_pytorch_changes(folder, sentences, room, step):
    for source in sentences[:40:4]:
        for place in range(0, len(source.split()) + 1, 2):
            translator = load_exported(folder / "models" / "main.safetensors")
            translator.model.decoder.attention = PinnedAttention(translator.model.decoder.attention, place, step)
            [expected] = translator.translate_words([source])
            [found] = room.translate([source], pin={"source": place, "step": step})
            assert found["best"]["words"] == expected.words
            pinned = found["best"]["weights"] if step is None else found["best"]["weights"][step : step + 1]
            assert all(row[place] == 1 for row in pinned)


def shares_in_pytorch(translator, source, ids, temperature):
    """Return the probabilities (T, V) of every next word, given the words of the page's translation."""
    src = torch.tensor([translator.src_vocabulary.encode(source.split())])
    memory, state = translator.model.encode(src, torch.ones_like(src, dtype=torch.bool))
    shares = []
    for word in [SOS, *ids]:
        logits, state, _ = translator.model.decoder.step(torch.tensor([word]), memory, state)
        shares.append((forbid_padding(logits)[0] / temperature).softmax(dim=-1))
    return torch.stack(shares)


@pytest.mark.parametrize("temperature", [0, 0.5, 1.0, 2.0])
def test_the_words_considered_have_the_probabilities_of_the_softmax_at_that_temperature(
    translator, sentences, room, temperature
):
    for source in sentences[:30:3]:
        [found] = room.translate([source], temperature=temperature, seed=3)
        best = found["best"]
        with torch.inference_mode():
            shares = shares_in_pytorch(translator, source, best["ids"], temperature or 1.0)
        for step, entries in enumerate(best["steps"]):
            expected = shares[step].topk(5)
            assert [entry["share"] for entry in entries] == pytest.approx(expected.values.tolist(), abs=2e-3)
        if temperature == 0:
            assert [entries[0]["id"] for entries in best["steps"]][: len(best["ids"])] == best["ids"]


def test_words_are_drawn_as_often_as_they_are_probable(translator, sentences, room):
    source, draws = sentences[0], 600
    with torch.inference_mode():
        shares = shares_in_pytorch(translator, source, [], 1.5)[0]
    script = """([source, draws]) => Array.from({ length: draws }, (_, seed) =>
      model.translate(source, { temperature: 1.5, seed }).best.ids)"""
    found = room.page.evaluate(script, [source, draws])
    first = [ids[0] if ids else EOS for ids in found]
    for word in shares.topk(5).indices.tolist():
        share = shares[word].item()
        assert abs(first.count(word) / draws - share) < 4 * (share * (1 - share) / draws) ** 0.5 + 1e-3
    assert found[5] == room.translate([source], temperature=1.5, seed=5)[0]["best"]["ids"]


def test_a_word_put_into_the_translation_stays_and_the_rest_follows_from_it(translator, sentences, room):
    [found] = room.translate(sentences[:1])
    other = found["best"]["steps"][1]
    prefix = [
        found["best"]["words"][0],
        next(entry["word"] for entry in other if entry["id"] not in (found["best"]["ids"][1], EOS)),
    ]
    [forced] = room.translate(sentences[:1], prefix=prefix)
    assert forced["best"]["words"][:2] == forced["prefix"] == prefix
    assert forced["best"]["score"] < found["best"]["score"] + 1e-6 or len(forced["best"]["ids"]) != len(
        found["best"]["ids"]
    )


# Text


HARD = [
    "Ma sœur n’a‑t‑elle pas 7 ans\u202f?", "ŒUVRE ÆTHER œdème", "e\u0301te\u0301 ÉTÉ", "İstanbul ıı ß ẞ ø Ø ł đ Đ",
    "« Bonjour » !", "a\tb\nc\r\nd\u00a0e\u2009f", "…‥。！？，", "A.B,C!D?", "x\u0301\u0302\u0303y", "\u212b\u212aﬁﬀ",
    "한국어 漢字 кот γάτα", "😀a😀b", "\ud83d", "l'été", "aujourd'hui", "\u0345\u0300", "<b>&amp;</b>", "a\u200bb\u200dc",
    "Ⅷ ½ ²", "ﷺ", "", "   ", "__proto__ constructor",
]  # fmt: skip
JOINED = (
    "i m t s ll re ve d don doesn it he she o clock . , ! ? j qu aujourd hui a on elle il ils elles l ami aime t y "
    "jusqu lorsqu en <unk> cat dog they who that"
)


def test_the_page_normalises_as_python_does(room):
    rng = random.Random(7)
    assigned = [chr(code) for code in range(0x3000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    pools = [
        "aeiouyçœæ",
        "ÉÈÊËÀÂÎÏÔÛÙÜŸŒÆ",
        "'’ʼ-‐–—",
        " \u00a0\u202f\u2009\t",
        ".,!?;:«»",
        "0123456789",
        "".join(assigned),
    ]
    texts = [*HARD, *("".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(1, 40))) for _ in range(500))]
    texts += ["x" + character + "y" for character in assigned]
    found = room.page.evaluate("(texts) => texts.map((text) => s2sText.normalise(text, model.description.text))", texts)
    assert found == [normalise(text) for text in texts]


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_page_puts_words_together_as_python_does(room, language):
    assert set(JOINS) == {"en", "fr"}
    rng = random.Random(3)
    words = JOINED.split()
    texts = [[rng.choice(words) for _ in range(rng.randint(0, 12))] for _ in range(600)]
    script = "([texts, rules]) => texts.map((words) => s2sText.detokenise(words, rules))"
    found = room.page.evaluate(script, [texts, text_rules(language)])
    assert found == [detokenise(text, language) for text in texts]


def test_every_word_has_its_place_in_the_text(room, sentences):
    for one in room.translate(sentences[:100]):
        best = one["best"]
        assert [best["text"][start:end] for start, end in best["places"]] == best["words"]


@pytest.mark.parametrize("sentence", ["", " \n ", "123 !?", "漢字", "le " * 201, "zzzqx vvwkj"])
def test_the_page_refuses_the_texts_that_python_refuses(translator, room, sentence):
    message = room.page.evaluate(
        "(text) => { try { model.translate(text); return ''; } catch (error) { return error.message; } }", sentence
    )
    try:
        words = read_sentence(sentence).split()
    except SentenceError as error:
        expected = str(error)
    else:
        assert not any(word in translator.src_vocabulary for word in words)
        expected = "has no word that this model has learned"
    # The page writes a capital at the beginning, and typographic quotes.
    plain = str.maketrans("“”", "''")
    said, expected = message.translate(plain).lower(), expected.translate(plain).lower()
    assert expected in said or expected[:15] == said[:15]


# The book's own models


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The book's models as the site has them, and as the files that PyTorch reads."""
    folder = tmp_path_factory.mktemp("published")
    size = write_models(folder)
    models = read_manifest(folder)
    for model in models:
        scripts = [folder / f"{model['name']}.{number}.js" for number in range(len(model["scripts"]))]
        base64 = "".join(script.read_text(encoding="ascii").split('"')[1] for script in scripts)
        (folder / f"{model['name']}.safetensors").write_bytes(b64decode(base64))
    return folder, models, size


def test_the_books_models_fit_into_eight_megabytes(published):
    _, models, size = published
    first = [model for model in models if model["name"] != "large-fr"]
    assert [model["attention"] for model in first] == ["general", *ATTENTIONS, "4 heads in each of 2 layers"]
    assert [model["title"].split(",")[0] for model in first] == ["Large", *["Small"] * len(live_models.NAMES)]
    assert [model["name"] for model in first[1:]] == list(live_models.NAMES)
    assert {tuple(model["languages"]) for model in first} == {("fr", "en")}
    to_french = models[-1]
    assert (to_french["name"], to_french["languages"], "stand_in" in to_french) == ("large-fr", ["en", "fr"], False)
    assert size == sum(model["bytes"] for model in first) <= 8_000_000


def written_sentences(language: str) -> list[str]:
    """Return sentences as people write them: with numbers and names, from the challenge set, and of the grammar."""
    numbers = ("7", "45", "1984", "3.5", "12 000", "8 h 30")
    own = {
        "fr": ["J'ai {} ans.", "M. Dupont a {} chats.", "Il y a {} maisons à Nantes !"],
        "en": ["I'm {} years old.", "Mr. Dupont has {} cats.", "There are {} houses in Nantes!"],
    }
    pairs = generate(150, seed=4)
    return [
        *(text.format(number) for text in own[language] for number in numbers),
        *challenge_set(language == "en", UNICODE).sources,
        *dict.fromkeys(pair.source if language == "fr" else pair.english for pair in pairs),
    ]


@pytest.mark.parametrize(
    ("name", "language", "count"),
    [("large", "fr", 320), ("large-fr", "en", 60)],
)
def test_the_large_models_translate_as_pytorch_does(browser, published, name, language, count):
    path, room = published[0] / f"{name}.safetensors", Room(browser)
    translator, sentences = load_exported(path), written_sentences(language)[:count]
    assert len(sentences) == count
    room.load(path)
    expected, found = translator.translate(sentences), [one["best"] for one in room.translate(sentences)]
    same, difference = compare(expected, found)
    assert same >= 0.99
    assert difference < 0.02
    for ours, page in zip(expected, found, strict=True):
        assert page["text"] == ours.text or page["words"] != ours.words


def test_the_large_model_translates_paragraphs_as_pytorch_does(browser, published):
    path, room = published[0] / "large.safetensors", Room(browser)
    translator, sentences = load_exported(path), written_sentences("fr")[::9]
    room.load(path)
    texts = ["Merci. Au revoir.", *(" ".join(sentences[start : start + 3]) for start in range(0, len(sentences), 3))]
    expected = [translator.translate(text, split=True) for text in texts]
    script = """texts => texts.map((text) => model.translate(text, {})).map(({ spaces, parts }) =>
      s2sSentences.between(spaces, parts).map((space, n) => space + (parts[n]?.text ?? '')).join(''))"""
    found = room.page.evaluate(script, texts)
    assert sum(ours.text == page for ours, page in zip(expected, found, strict=True)) >= len(texts) - 1
    assert found[0] == expected[0].text


def test_the_small_models_translate_as_pytorch_does(browser, published, book_corpus):
    room = Room(browser)
    for name in live_models.NAMES:
        compare_published(room, published[0] / f"{name}.safetensors", book_corpus.test.sources[:320])


def compare_published(room, path, sources):
    translator = load_exported(path)
    sources = with_known_words(translator, sources)
    assert len(sources) >= 300
    room.load(path)
    found = [one["best"] for one in room.translate(sources)]
    same, difference = compare(translator.translate_words(sources), found)
    assert same >= 0.99, path.name
    assert difference < 0.02, path.name


@pytest.fixture(scope="module")
def book_corpus():
    return prepare(live_models.settings_for("none").data)


def test_the_small_models_reach_the_scores_that_the_page_gives(published, book_corpus):
    folder, models, _ = published
    scores = read_json(live_models.MODELS / "scores.json")
    for model in (each for each in models if each["name"] in live_models.NAMES):
        recorded = scores[model["name"]]["test"]
        reached, _ = evaluate(load_exported(folder / f"{model['name']}.safetensors"), book_corpus.test)
        assert reached.bleu == pytest.approx(recorded["bleu"], abs=0.3)
        assert reached.aer == pytest.approx(recorded.get("aer"), abs=0.01)
        assert f"BLEU {recorded['bleu']:.1f}" in model["note"]
        assert (f"alignment error rate {recorded.get('aer', 0):.2f}" in model["note"]) == ("aer" in recorded)


def test_the_scores_that_the_page_gives_for_the_large_models_were_measured(published):
    _, models, _ = published
    for language, model in (("en", models[0]), ("fr", models[-1])):
        rounding = read_json(pretrained_folder(language) / "scores.json")["rounding"]
        assert f"BLEU {rounding['rounded_bleu']:.1f} ({rounding['bleu']:.1f} before" in model["note"]


def test_small_models_are_trained_alike_but_for_the_attention(tmp_path, tiny_corpus, monkeypatch):
    plain = {replace(live_models.settings_for(name).model, attention="") for name in ATTENTIONS}
    assert len(plain) == len({live_models.settings_for(name).training for name in ATTENTIONS}) == 1
    transformer = live_models.settings_for("transformer")
    assert transformer.data == live_models.settings_for("none").data
    assert transformer.training.epochs == live_models.settings_for("none").training.epochs
    settings = replace(TALKING, training=replace(TALKING.training, epochs=1))
    monkeypatch.setattr(live_models, "settings_for", lambda attention: settings)
    monkeypatch.setattr(live_models, "LARGEST", 200_000)
    once = live_models.make("general", tiny_corpus, tmp_path / "runs", tmp_path)
    written = (tmp_path / "general.safetensors").read_bytes()
    again = live_models.make("general", tiny_corpus, tmp_path / "runs", tmp_path)
    assert (tmp_path / "general.safetensors").read_bytes() == written
    assert once["test"]["bleu"] == again["test"]["bleu"]
    monkeypatch.setattr(live_models, "LARGEST", 1000)
    with pytest.raises(ExportError, match="lower SIZE"):
        live_models.make("general", tiny_corpus, tmp_path / "runs", tmp_path)


# The page as the reader sees it


def test_a_page_opened_as_a_file_translates_without_any_request(browser, address, translator):
    visit = Visit(browser, address)
    visit.translate("Le chat noir ne dort pas.")
    assert visit.translation == translator.translate("Le chat noir ne dort pas.").text
    assert visit.page.locator(".s2s-view .s2s-row").count() == 2
    assert visit.page.locator(".s2s-beam button").count() == 5
    assert {url.split(":")[0] for url in visit.requests} <= {"file", "blob"}
    assert len(visit.page.workers) == 1
    assert visit.problems == []


def test_a_served_page_requests_only_its_own_server(browser, folder):
    with serve(folder) as address:
        visit = Visit(browser, address)
        visit.translate("Elle est petite.")
        assert visit.translation
        assert all(url.startswith((address, "blob:" + address)) for url in visit.requests)
        assert visit.problems == []
        visit.page.close()


HOSTILE = [
    "<img src=x onerror=window.hacked=1> le chat", "<script>window.hacked=1</script> le chat",
    "le </script> chat \"'><svg onload=hacked=1>",
    "le 😀 ch\u200bat \u200d noir", "\u202ele chat \u05d0\u05d1 \u2066noir", "le chat " * 60, "le " + "l" * 1900,
    "le javascript:hacked=1 chat", "le {{chat}} ${hacked=1} `chat`", "__proto__ le chat constructor",
]  # fmt: skip


@pytest.mark.parametrize("sentence", HOSTILE)
def test_a_hostile_sentence_stays_text(browser, address, sentence):
    visit = Visit(browser, address + "#" + urlencode({"translate": sentence}))
    assert visit.page.input_value(".s2s-input") == sentence
    assert visit.page.evaluate("window.hacked") is None
    assert visit.page.locator(".s2s-live :is(img, script, iframe, b)").count() == 0
    assert visit.page.locator(".s2s-row svg").count() == 0
    read = visit.page.locator(".s2s-row").first.locator(".s2s-text").all_inner_texts()
    assert read[:-1] == normalise(sentence).split()
    assert visit.problems == []
    visit.page.close()


def test_half_a_character_breaks_nothing(browser, address, translator):
    visit = Visit(browser, address)
    visit.page.evaluate("document.querySelector('.s2s-input').value = 'Le chat \\ud800 dort.'")
    visit.mark()
    visit.page.click(".s2s-go")
    visit.ready()
    assert visit.translation == translator.translate("Le chat dort.").text
    assert parse_qs(visit.page.url.split("#")[1]) == {"translate": ["Le chat \ufffd dort."]}
    assert visit.problems == []
    visit.page.close()


def test_a_newer_sentence_does_not_wait_for_an_older_one(browser, address, translator):
    visit = Visit(browser, address)
    visit.page.evaluate(
        """([long, short]) => { for (const sentence of [long, short]) {
            document.querySelector('.s2s-input').value = sentence;
            document.querySelector('.s2s-ask').requestSubmit(); } }""",
        ["le chat " * 100, "Elle est petite."],
    )
    expected = translator.translate("Elle est petite.").text
    visit.page.wait_for_function("text => document.querySelector('.s2s-translation').innerText === text", arg=expected)
    assert visit.page.locator(".s2s-error").count() == 0
    assert visit.problems == []
    visit.page.close()


def test_unknown_words_are_marked_and_explained(browser, address):
    visit = Visit(browser, address)
    visit.translate("Le zorglub dort.")
    assert "“zorglub” is not among the" in visit.text(".s2s-notes")
    assert visit.text(".s2s-view .s2s-unknown .s2s-text") == "zorglub"
    visit.page.close()


def test_the_link_carries_the_sentence_and_the_model(browser, address):
    visit = Visit(browser, address)
    sentence = "Où est l'œuf & 100 % <b> ?"
    visit.page.check(".s2s-model[value=none]", force=True)
    visit.page.fill(".s2s-input", sentence)
    visit.mark()
    visit.page.click(".s2s-go")
    visit.ready()
    link = visit.page.evaluate("document.querySelector('.s2s-link').href")
    assert parse_qs(link.split("#")[1]) == {"translate": [sentence], "model": ["none"]}
    assert visit.page.url == link
    other = Visit(browser, link)
    assert other.page.input_value(".s2s-input") == sentence
    assert other.page.is_checked(".s2s-model[value=none]")
    assert other.text(".s2s-live") == visit.text(".s2s-live")
    visit.page.close()
    other.page.close()


def test_without_attention_there_is_no_view_and_no_pin(browser, address):
    visit = Visit(browser, address + "#" + urlencode({"translate": "le chat dort", "model": "none"}))
    assert "has no attention" in visit.text(".s2s-view")
    assert visit.page.is_disabled("select[id$=-place]")
    visit.page.close()


def test_everything_can_be_done_by_keyboard(browser, address):
    visit = Visit(browser, address)
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "s2s-input"
    page.keyboard.press("Control+A")
    page.keyboard.type("Le chat noir dort.")
    visit.mark()
    page.keyboard.press("Enter")
    visit.ready()
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.className || document.activeElement.id.split('-').pop()"))
        outlined = page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none' || document.activeElement === document.body"
        )
        assert outlined, page.evaluate("document.activeElement.outerHTML")
    assert {"s2s-go", "s2s-chip", "s2s-choice", "s2s-link", "s2s-model", "place", "when", "heat"} <= seen
    # A word of the translation is chosen, then the source word to attend to; the keyboard focus stays on that word.
    page.locator(".s2s-row").nth(1).locator("button").nth(1).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_selector(".s2s-pinned")
    assert "is made to look at “le”" in visit.text(".s2s-changes")
    assert page.evaluate("document.activeElement.classList.contains('s2s-pinned')")
    page.click(".s2s-changes button")
    page.wait_for_selector(".s2s-pinned", state="detached")
    assert visit.problems == []
    page.close()


def test_another_word_can_be_put_in(browser, address):
    visit = Visit(browser, address)
    visit.translate("Le chat noir dort.")
    choice = visit.page.locator(".s2s-words .s2s-choice[aria-pressed=false]").first
    word = choice.locator(".s2s-choice-text").inner_text()
    choice.click()
    visit.page.wait_for_selector(".s2s-changes:not([hidden])")
    assert f"“{word}”" in visit.text(".s2s-changes")
    visit.page.close()


def test_with_a_temperature_words_are_drawn_and_the_page_says_so(browser, address):
    visit = Visit(browser, address)
    assert not visit.page.is_visible("text=Draw again")
    visit.page.locator("input[type=range][id$=-heat]").fill("1.5")
    visit.page.wait_for_selector("text=Draw again")
    assert "drawn at random" in visit.text("output")
    visit.page.close()


@pytest.mark.parametrize("sentence", ["", "12345", "漢字"])
def test_text_that_cannot_be_translated_gets_a_message(browser, address, sentence):
    visit = Visit(browser, address)
    visit.page.fill(".s2s-input", sentence)
    visit.page.press(".s2s-input", "Enter")
    visit.page.wait_for_selector(".s2s-error")
    assert "type" in visit.text(".s2s-error")
    assert visit.translation == ""
    visit.translate("Le chat dort.")
    assert visit.page.locator(".s2s-error").count() == 0
    assert visit.translation
    visit.page.close()


def test_a_missing_file_gets_a_message_and_can_be_tried_again(browser, folder):
    script = folder / "models" / "none.0.js"
    hidden = script.rename(script.with_suffix(".away"))
    visit = Visit(browser, (folder / "index.html").as_uri())
    visit.mark()
    visit.page.check(".s2s-model[value=none]", force=True)
    visit.page.wait_for_selector(".s2s-error")
    assert "none.0.js could not be loaded" in visit.text(".s2s-error")
    hidden.rename(script)
    visit.page.click("text=Try again")
    visit.page.wait_for_selector(".s2s-beam button")
    assert visit.page.locator(".s2s-error").count() == 0
    visit.page.close()


def test_without_its_list_of_models_the_page_says_so(browser, folder):
    manifest = folder / "models" / MANIFEST
    hidden = manifest.rename(manifest.with_suffix(".away"))
    visit = Visit(browser, (folder / "index.html").as_uri())
    hidden.rename(manifest)
    assert "The translator cannot start" in visit.text("[role=alert]")
    visit.page.close()


@pytest.mark.parametrize(
    "sentence", ["Le chat noir ne dort pas.", "le " + "anticonstitutionnellement" * 8 + " chat " * 30]
)
def test_a_phone_needs_no_sideways_scrolling(browser, address, sentence):
    visit = Visit(browser, address + "#" + urlencode({"translate": sentence}), width=375, height=812)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
    assert visit.page.locator(".s2s-go").bounding_box()["height"] >= 40
    visit.page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(browser, address, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    visit = Visit(browser, address)
    visit.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    visit.translate("Le zorglub noir ne dort pas.")
    results = axe.Axe().run(visit.page)
    assert results.violations_count == 0, results.generate_report()
    visit.page.close()


def test_languages_are_marked(browser, address):
    visit = Visit(browser, address)
    assert visit.page.get_attribute(".s2s-input", "lang") == "fr"
    assert visit.page.get_attribute(".s2s-chip", "lang") == "fr"
    assert visit.page.get_attribute(".s2s-translation", "lang") == "en"
    visit.page.close()


def test_the_scripts_never_write_html():
    assert sys.version_info >= (3, 11)
    for path in (ROOT / "s2s_tutorial" / "web" / "live").glob("*.js"):
        script = path.read_text(encoding="utf-8")
        for risky in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "fetch(",
            "XMLHttp",
        ):
            assert risky not in script, f"{risky} in {path.name}"
