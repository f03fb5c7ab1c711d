"""The live page reads and writes text in any script as Python does: rules, pieces, sentences, and files it refuses."""

import copy
import json
import random
import sys
import unicodedata
from itertools import pairwise

import pytest
import torch
from browsing import Room, open_browser
from many_scripts import drawn_sentences, translator_of

from s2s_tutorial.data.rules import UNICODE
from s2s_tutorial.data.unicode_text import BYTES
from s2s_tutorial.translation.paragraphs import ARTICLES, NUMBERED, TITLES, Sentences, abbreviations
from s2s_tutorial.translation.translator import SentenceError
from s2s_tutorial.web.description import describe
from s2s_tutorial.web.export import export, load_exported

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
pytestmark = pytest.mark.browser

KINDS = [("unicode", "subwords"), ("unicode", "characters"), ("unicode", "words"), ("ascii", "subwords")]


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def pair(request, browser, tmp_path_factory):
    """A translator in PyTorch, with the rounded weights, and the same one in a page."""
    folder = tmp_path_factory.mktemp("text")
    export(translator_of(*request.param), folder, "m")
    room = Room(browser)
    room.load(folder / "m.safetensors")
    return load_exported(folder / "m.safetensors"), room


@pytest.fixture(scope="module")
def room(browser, tmp_path_factory):
    """A page with the model of pieces in any script."""
    folder = tmp_path_factory.mktemp("unicode text")
    export(translator_of("unicode", "subwords"), folder, "m")
    room = Room(browser)
    room.load(folder / "m.safetensors")
    return room


def ask(room, expression: str, values: list):
    """Evaluate an expression of `one` for each value, with the model's rule and vocabulary."""
    script = "values => { const { rule, source } = model.reader; return values.map((one) => (" + expression + ")); }"
    return room.page.evaluate(script, values)


# Rules


CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


def sort_of(character: str) -> tuple[str, bool]:
    return unicodedata.category(character), character.isalnum()


# Where the sort of character changes: the first and the last one of each row of alike ones.
EDGES = [pair for pair in pairwise(CHARACTERS) if sort_of(pair[0]) != sort_of(pair[1])]
EDGES = sorted({character for pair in EDGES for character in pair})


def random_texts(count: int) -> list[str]:
    """Draw texts from all characters, most of them from the scripts that are in use, and from what is special to a rule."""
    rng = random.Random(5)
    special = [
        *"\u200b\u200c\u200d\u00ad\ufeff\u202a\u2066▁⁇<>&; \t\n\u00a0\u3000\x1c\x85\u0301\u0308\u0327\u094d\u1161\u11a8\ufe0f😀"
    ]
    pools = [special, CHARACTERS[:0x600], CHARACTERS[0x600:0x1200], CHARACTERS[0x1200:0xA000], CHARACTERS]
    return ["".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(1, 25))) for _ in range(count)]


def test_every_character_is_cleaned_and_classed_as_in_python(room):
    around = ["x" + character + "y" for character in [*CHARACTERS[:0x3400], *EDGES]]
    found = ask(room, "rule.normalise(one)", around)
    assert found == [UNICODE.normalise(text) for text in around]
    words = ask(room, "rule.words(one)", found)
    assert words == [UNICODE.split(text) for text in found]
    assert ask(room, "rule.hasLetter(one)", EDGES) == [character.isalnum() for character in EDGES]


def test_any_text_is_normalised_cut_and_joined_as_in_python(pair):
    translator, room = pair
    rule, vocabulary = translator.rule, translator.src_vocabulary
    texts = [*random_texts(1500), *drawn_sentences(300)]
    if rule != UNICODE:  # the ASCII rule decomposes characters, of which the browser may know more
        texts = [text for text in texts if all(unicodedata.category(character) != "Cn" for character in text)]
    normal = ask(room, "rule.normalise(one)", texts)
    assert normal == [rule.normalise(text) for text in texts]
    tokens = ask(room, "source.tokens(rule.words(one))", normal)
    assert tokens == [vocabulary.tokens(rule.split(text)) for text in normal]
    assert ask(room, "rule.print(one)", tokens) == [rule.printed(rule.unsplit(one), "en") for one in tokens]
    assert ask(room, "rule.wordStarts(one)", tokens) == [rule.word_starts(one) for one in tokens]


def test_any_pieces_are_joined_as_in_python_and_have_their_places(room):
    rng = random.Random(6)
    pieces = [
        *translator_of("unicode", "subwords").src_vocabulary.words[260:],
        "▁",
        "▁▁",
        "▁a",
        "<unk>",
        "\u0301",
        "\u200d",
    ]
    lists = [[rng.choice(rng.choice([pieces, BYTES])) for _ in range(rng.randint(0, 14))] for _ in range(3000)]
    found = ask(
        room,
        "(() => { const text = rule.print(one); return [text, rule.places(one, text), rule.wordStarts(one)]; })()",
        lists,
    )
    assert [text for text, _, _ in found] == [UNICODE.unsplit(one) for one in lists]
    assert [starts for _, _, starts in found] == [UNICODE.word_starts(one) for one in lists]
    for text, places, _ in found:
        ends = [0, *(end for _, end in places)]
        assert all(before <= start <= end for before, (start, end) in zip(ends, places, strict=False))
        size = len(text.encode("utf-16-le")) // 2  # JavaScript counts in UTF-16
        assert not places or ends[-1] == size


def test_a_newer_character_is_left_alone(room):
    """Unassigned characters, which a newer browser may know, neither move nor join with the marks next to them."""
    unassigned = [character for character in CHARACTERS if unicodedata.category(character) == "Cn"]
    texts = [f"e{character}\u0301\u0327a\u0327{character}\u0301" for character in unassigned[::7]]
    assert ask(room, "rule.normalise(one)", texts) == [UNICODE.normalise(text) for text in texts]


# Translations


TRANSLATE = """texts => texts.map((text) => {
  const source = model.encode(model.reader.readSentence(text)), search = model.greedy(source, {});
  for (;;) {
    const { done, value } = search.next(), { tokens, unknown, unlearned, tooLong } = source;
    if (done) return { tokens, unknown, unlearned, tooLong, best: value };
  } })"""


def test_translations_are_those_of_pytorch(pair):
    translator, room = pair
    count = 300 if "▁cœur" in translator.src_vocabulary else 40  # the others are slower, or read fewer scripts
    sentences = [text for text in drawn_sentences(420) if can_be_read(translator, text)][:count]
    assert len(sentences) == count
    expected = translator.translate(sentences)
    found = room.page.evaluate(TRANSLATE, sentences)
    same = [ours.words == page["best"]["words"] for ours, page in zip(expected, found, strict=True)]
    assert sum(same) >= 0.99 * len(same)
    for ours, page, equal in zip(expected, found, same, strict=True):
        assert page["tokens"] == ours.src_words
        assert page["unknown"] == ours.unknown
        assert page["tooLong"] == ours.too_long
        assert "".join(page["unlearned"]) == ours.unlearned
        if equal:
            best = page["best"]
            assert (best["text"], best["copied"]) == (ours.text, ours.copied)
            assert (ours.attn_weights - torch.tensor(best["weights"])).abs().max() < 0.02
            assert best["starts"] == ours.rule.word_starts(ours.words)


def can_be_read(translator, text: str, split: bool = False) -> bool:
    try:
        translator.check_readable(text, split)
    except SentenceError:
        return False
    return True


def test_a_paragraph_is_translated_as_in_python(pair):
    translator, room = pair
    texts = [
        "L'été. J'ai 45 ans ! Noël ?",
        " cœur  naïve. 你好！我买。 ",
        "cœur",
        "Die Straße.  \u00a0Ёжик идёт домой… Так!",
        "Ёжик. L'été.  你好！ J'ai 45 ans !\nТак. Noël ? Нет.",
    ]
    texts = [text for text in texts if can_be_read(translator, text, split=True)]
    expected = [translator.translate(text, split=True) for text in texts]
    found = ask(room, "model.translate(one)", texts)
    script = """({ spaces, parts }) =>
      s2sSentences.between(spaces, parts).map((space, n) => space + (parts[n]?.text ?? '')).join('')"""
    texts = [room.page.evaluate(script, one) for one in found]
    texts = [text if ours.sentences else text.strip() for text, ours in zip(texts, expected, strict=True)]
    assert texts == [ours.text for ours in expected]
    assert [len(one["parts"]) for one in found] == [max(len(ours.sentences), 1) for ours in expected]
    assert max(len(one["parts"]) for one in found) >= 3


def test_a_sentence_that_cannot_be_read_is_named(pair):
    translator, room = pair
    if translator.rule.name == "ascii":
        text = "Ёжик. L'été.  你好！ J'ai faim !"
        [found] = ask(room, "model.reader.read(one)", [text])
        assert [one["text"] for one in found["sentences"]] == ["L'été.", "J'ai faim !"]
        assert [one["unread"] for one in found["sentences"]] == [["Ёжик", "你好！"]] * 2
        assert translator.translate(text, split=True).dropped == "Ёжик你好"


def test_a_choice_belongs_to_one_sentence_of_a_paragraph(room):
    text = "Noël déjà. J'ai 45 ans. Où ?"
    [plain], [chosen] = (
        ask(room, f"model.translate(one, {options})", [text]) for options in ("{}", "{ part: 1, prefix: ['▁Ёжик'] }")
    )
    assert (plain["part"], chosen["part"], chosen["parts"][1]["source"]) == (0, 1, "J'ai 45 ans.")
    assert chosen["best"]["words"][0] == "▁Ёжик"
    assert [one["text"] for one in chosen["parts"]][::2] == [one["text"] for one in plain["parts"]][::2]
    [last] = ask(room, "model.translate(one, { part: 9 })", [text])
    assert last["part"] == 0
    [beam] = ask(room, "model.translateBeam(one, 2, { part: 1 })", [text])
    assert len(beam) == 2


# Sentences

PARAGRAPHS = [
    ("fr", "Merci. Au revoir."),
    ("fr", "M. Dupont est arrivé."),
    ("fr", "Bonsoir. Entrez donc !"),
    ("fr", "M. Petit dort. Il pèse 3.5 kg."),
    ("fr", "Mme Roux et le Dr. Petit parlent. Oui."),
    ("fr", "« Viens. Vite. » Il court."),
    ("fr", "J. B. Petit rit. Non ?!"),
    ("fr", "Lis le no. 7. Merci."),
    ("fr", "J.-P. Petit rit. Il sort."),
    ("fr", "J. Petit rit. L'ami d’A. Petit sort. L'O.N.U. vote."),
    ("fr", "1. Prends le pain. 2. Coupe-le."),
    ("fr", "... Merci. Oui."),
    ("fr", "12\n\n* * *\nOui."),
    ("fr", "12. 13."),
    ("fr", "Un titre\nIl dort"),
    ("fr", "Un !\n\nDeux... !!"),
    ("fr", "Elle dit « Viens. » et part."),
    ("fr", "  "),
    ("fr", ""),
    ("fr", 'Il a dit : "Viens. Vite." Puis il part.'),
    ("fr", "Il vient (demain. Peut-être). Oui."),
    ("fr", "Il est né en 1990. Elle aussi."),
    ("fr", "Viens ! dit-il. Puis il part."),
    ("fr", "Le prix : 3,50 €. Bien."),
    ("fr", "Voir p. 7. Merci."),
    ("fr", "Quoi ?! Non..."),
    ("en", "We met at 5 p.m. We left."),
    ("en", "He came at 9 a.m. and left. Fine."),
    ("en", "J. R. Smith wrote it. So did I. We read it."),
    ("en", "She works at Acme Inc. (in Paris). It was late."),
    ("en", "Bring milk, eggs, etc. Then come home."),
    ("en", "On Jan. 5 we left. It was cold."),
    ("en", "I thought… Then I slept. Wait... what? No..."),
    ("en", "(He was late.) We waited (at home.) for him. End."),
    ("en", "He said: 'Come. Now.' It’s late. That’s all."),
    ("en", "I like it.He does not. See www.example.com. Yes."),
    ("en", "the end. the start."),
    ("en", "“Are you there?” he asked. “Yes. I am.” She came."),
    ("en", "Ph.D. students came. Version 2.5 is out."),
    ("fr", "Je pars à 5 h. Tu viens."),
    ("fr", "Du pain, etc. Puis il part. Il vit av. J.-C. et dort."),
    ("fr", "Il a 5 ans. 3 chats dorment."),
    ("fr", "Attends… Quoi ? Non… « Ah… Oui. » Il rit."),
    ("fr", "Il connaît J. Martin. Oui."),
    ("fr", "il dort. elle mange. oui"),
    ("fr", "Prends un fruit, p. ex. une pomme. Il habite av. Foch. Oui."),
    ("fr", "Un. \n deux. \nTrois\nLe plan B.\nIl dort."),
    ("de", "Er kam am 5.\nEr kam am 6."),
    ("de", "Am 3. Mai war es kalt. Seit 5. August nicht."),
    ("de", "Er wohnt im 3. Stock. Er starb 1990. Ja."),
    ("de", "Iss Obst, z. B. Äpfel. Er kam, d.h. Er war da."),
    ("de", "Äpfel, Birnen usw. Wir essen ca. 5 Äpfel. Gut."),
    ("de", "„Komm. Schnell.“ Er ging. »Komm.« Er ging."),
    ("de", "er schläft. er isst."),
    ("de", "Das war Friedrich II. Er starb."),
    ("es", "Salimos a las 5 p. m. Llovía. Espera… Ya voy."),
    ("es", "Vive en EE. UU. y la Dra. Díaz en la Av. Sol. Bien."),
    ("es", "¿Qué?¡Ven! «Ven. Pronto.» Ella salió."),
    ("es", "“¿Estás?”, dijo. Ver pág. 7. Núm. 5 vive. Sí."),
    ("en", "Mr. Small paid $3.50. He left."),
    ("en", "“Come. Now.” She left."),
    ("ru", "Всё, т. е. много. Да."),
    ("zh", "我看书。你呢？他睡觉！"),
    ("ja", "雨です。寒い。"),
    ("ja", "「寒い。雨です。」はい。"),
    ("hi", "वह सोता है। क्या तुम सोते हो? हाँ!"),
    ("ar", "ينام القط. هل تنام؟ نعم!"),
    ("ko", "고양이가 잡니다. 너도 자니? 네!"),
    ("he", "החתול ישן. גם אתה? כן!"),
]


def test_sentences_end_where_they_do_in_python(room):
    lists = {
        language: {
            "titles": TITLES,
            "numbered": NUMBERED,
            "articles": ARTICLES,
            "abbreviations": abbreviations(language),
        }
        for language, _ in PARAGRAPHS
    }
    script = """([texts, lists]) => {
      const classes = new s2sUnicode.Classes(model.description.reading.classes), { languageRules, split } = s2sSentences;
      return texts.map(([language, text]) => split(text, { ...languageRules(language, lists[language]), classes })); }"""
    found = room.page.evaluate(script, [PARAGRAPHS, lists])
    expected = [Sentences.of(text, language) for language, text in PARAGRAPHS]
    assert [one["texts"] for one in found] == [one.texts for one in expected]
    assert [one["spaces"] for one in found] == [one.spaces for one in expected]


def test_an_older_file_has_fewer_lists(room):
    script = """lists => {
      const rules = { ...s2sSentences.languageRules("de", lists), classes: { hasLetter: () => true } };
      return s2sSentences.split("Er ging am 3. Mai. Ja.", rules).texts; }"""
    assert room.page.evaluate(script, {"titles": TITLES, "numbered": NUMBERED}) == ["Er ging am 3. Mai.", "Ja."]


# Files


def damage(values: dict, change: str) -> dict:
    values = copy.deepcopy(values)
    pieces, reading = values["src_words"], values["reading"]
    if change.startswith("merges"):
        pieces["merges"] += {"unknown": "\nqq zz", "three": "\n" + "a b c", "again": "\n" + pieces["merges"].split("\n")[0],
                             "special": "\n<pad> a", "bytes": "\n<0xE2> a"}[change.split()[1]]  # fmt: skip
    elif change == "alphabet":
        pieces["alphabet"] += "\u0007"
    elif change == "twice":
        pieces["alphabet"] += pieces["alphabet"][0]
    elif change == "few":
        pieces["alphabet"] = pieces["alphabet"][:-1]
    elif change == "words":
        values["tgt_words"] = "a b c"
    elif change == "ranges":
        reading["classes"]["letters"]["LATIN"] += " zzzzz zzzzz"
    elif change == "overlap":
        reading["classes"]["letters"]["GREEK"] = reading["classes"]["letters"]["LATIN"]
    elif change == "numbers":
        reading["classes"]["letters"]["LATIN"] = "1t -q"
    elif change == "titles":
        reading["titles"] = ["(a+)+"]
    elif change == "rule":
        reading["rule"] = "constructor"
    elif change == "longest":
        reading["longest"] = "<b>"
    elif change == "limit":
        reading["most_per_token"] = 10**9
    else:
        values["format"] = 4
    return values


DAMAGES = [
    *(f"merges {one}" for one in ("unknown", "three", "again", "special", "bytes")),
    "alphabet",
    "twice",
    "few",
    "words",
    "ranges",
    "overlap",
    "numbers",
    "titles",
    "rule",
    "longest",
    "limit",
    "format",
]


@pytest.mark.parametrize("change", [None, *DAMAGES])
def test_a_damaged_description_is_refused(room, change):
    translator = translator_of("unicode", "subwords")
    values, size = json.loads(json.dumps(describe(translator))), len(translator.src_vocabulary)
    script = """([values, size]) => {
      try { new s2sReader.Reader(values, size, size); return ""; } catch (error) { return error.message; } }"""
    message = room.page.evaluate(script, [values if change is None else damage(values, change), size])
    assert message == "" if change is None else message.endswith("export the run again.")


@pytest.mark.parametrize("sentence", ["", " \n ", "!?", "👍🏽", "ż" * 1_000, "le " * 201, "語語"])
def test_the_page_refuses_the_texts_that_python_refuses(room, sentence):
    translator = translator_of("unicode", "subwords")
    with pytest.raises(SentenceError) as refused:
        translator.check_readable(sentence, split=True)
    [message] = ask(
        room,
        "(() => { try { model.translate(one); return ''; } catch (error) { return error.message; } })()",
        [sentence],
    )
    plain = str.maketrans("“”", "''")
    assert message.translate(plain).lower().removesuffix(".") == str(refused.value).translate(plain).lower()
