"""From text to text: unknown words are copied, order is kept, and text that cannot be translated raises an error."""

import dataclasses

import pytest
import torch
from small_models import SIZE, all_families, batch_to_learn, half_learnt, overfitted, small_vocabularies, with_bias

from s2s_tutorial.data.vocabulary import UNK
from s2s_tutorial.settings import ATTENTIONS, ModelSettings
from s2s_tutorial.translation.reading import MAX_SOURCE_WORDS
from s2s_tutorial.translation.search import Hypothesis, beam_search
from s2s_tutorial.translation.translator import (
    SentenceError,
    Translation,
    Translator,
    answer_unknown,
    read_sentence,
)

LUONG = ModelSettings("luong", "general", SIZE, SIZE, 1, 0.0, tie_embeddings=False)
SOURCES = ["a f b g a", "c", "e d zebra", "zebra c f f", "g", "c e", "b b b"]


def make_translator(settings: ModelSettings = LUONG) -> Translator:
    return Translator(half_learnt(settings), *small_vocabularies())


def make_one_that_knows_nothing(settings: ModelSettings = LUONG) -> Translator:
    """A function that makes a translator which predicts only UNK, up to the length limit."""
    return Translator(with_bias(half_learnt(settings), [UNK], 1000.0), *small_vocabularies())


@pytest.fixture
def translator() -> Translator:
    return make_translator()


def assert_same(one: Translation, other: Translation) -> None:
    for f in dataclasses.fields(Translation):
        left, right = getattr(one, f.name), getattr(other, f.name)
        if isinstance(left, torch.Tensor):
            torch.testing.assert_close(left, right)
        elif f.name == "others":
            assert [text for text, _ in left] == [text for text, _ in right]
            assert [score for _, score in left] == pytest.approx([score for _, score in right], rel=1e-5)
        else:
            assert left == (pytest.approx(right, rel=1e-5) if f.name == "score" else right)


@pytest.mark.parametrize("beam_size", [1, 3])
@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_results_come_in_the_order_of_the_sentences_whatever_the_batch_size(translator, batch_size, beam_size):
    found = translator.translate_words(SOURCES, beam_size, batch_size=batch_size)
    assert [translation.src_words for translation in found] == [source.split() for source in SOURCES]
    for source, translation in zip(SOURCES, found, strict=True):
        assert_same(translation, translator.translate(source, beam_size))


def test_no_sentences_make_no_translations(translator):
    assert translator.translate_words([]) == []
    assert translator.forced_attention([], []) == []


def test_memorised_sentences_are_translated_into_text():
    model, _ = overfitted(LUONG)
    src_vocabulary, tgt_vocabulary = small_vocabularies()
    translator, batch = Translator(model, src_vocabulary, tgt_vocabulary), batch_to_learn()
    for src_ids, tgt_ids in zip(batch.src_ids.tolist(), batch.tgt_ids.tolist(), strict=True):
        source, target = " ".join(src_vocabulary.decode(src_ids)), " ".join(tgt_vocabulary.decode(tgt_ids))
        if "<unk>" not in target:
            assert translator.translate(source.upper() + " 7").text == target


@all_families
def test_every_kind_of_model_translates_sentences_of_known_and_unknown_words(settings):
    translator = make_translator(settings)
    for beam_size in (1, 2):
        for translation in translator.translate_words(SOURCES, beam_size):
            if settings.attention == "none":
                assert translation.copied == []
            else:
                assert "<unk>" not in translation.words


def hypothesis_of(ids: list[int], rows: list[list[float]] | None) -> Hypothesis:
    return Hypothesis(ids, 0.0, None if rows is None else torch.tensor(rows))


def test_an_unknown_word_is_copied_from_where_attention_looks_most():
    _, vocabulary = small_vocabularies()
    hypothesis = hypothesis_of(
        [4, UNK, UNK, 6], [[0.9, 0, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1], [0, 1, 0], [0, 0, 1]]
    )
    assert answer_unknown(hypothesis, ["zebra", "okapi"], vocabulary) == (["p", "okapi", "zebra", "r"], [1, 2])


def test_the_end_of_the_sentence_is_never_copied():
    _, vocabulary = small_vocabularies()
    looks_at_the_end = hypothesis_of([UNK, UNK], [[0.1, 0.2, 0.7], [0.0, 0.0, 1.0]])
    words, copied = answer_unknown(looks_at_the_end, ["zebra", "okapi"], vocabulary)
    assert words == ["okapi", "zebra"]
    assert copied == [0, 1]


def test_an_unknown_word_stays_unknown_where_there_is_no_attention():
    _, vocabulary = small_vocabularies()
    assert answer_unknown(hypothesis_of([4, UNK], None), ["zebra"], vocabulary) == (["p", "<unk>"], [])


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_model_that_predicts_only_unk_copies_the_words_it_attends_to(attention):
    translator = make_one_that_knows_nothing(dataclasses.replace(LUONG, attention=attention))
    translation = translator.translate("A zebra, b!")
    assert translation.src_words == ["a", "zebra", ",", "b", "!"]
    assert len(translation.words) == 2 * 6 + 10
    if attention == "none":
        assert set(translation.words) == {"<unk>"}
        assert translation.copied == []
        assert translation.attn_weights is None
    else:
        best = translation.attn_weights[:, :5].argmax(-1).tolist()
        assert translation.words == [translation.src_words[place] for place in best]
        assert translation.copied == list(range(len(best)))


def test_an_unknown_word_is_copied_from_its_own_sentence_of_the_batch():
    for source, translation in zip(SOURCES, make_one_that_knows_nothing().translate_words(SOURCES), strict=True):
        assert set(translation.words) <= set(source.split())


def test_source_words_outside_the_vocabulary_are_named(translator):
    assert translator.translate("A zebra, b! Okapi zebra").unknown == ["zebra", ",", "!", "okapi", "zebra"]
    assert translator.translate("a b").unknown == []


def test_a_beam_gives_other_translations_with_their_scores(translator):
    translation = translator.translate("a f b", beam_size=4)
    assert len(translation.others) == 3
    scores = [translation.score, *(score for _, score in translation.others)]
    assert scores == sorted(scores, reverse=True)
    assert len({translation.text, *(text for text, _ in translation.others)}) == 4
    assert translator.translate("a f b").others == []


def test_the_length_penalty_reaches_the_search(translator):
    src_ids = torch.tensor([translator.src_vocabulary.encode(["a", "f", "b"])])
    for penalty in (0.0, 2.0):
        expected = beam_search(translator.model, src_ids, torch.tensor([4]), 4, penalty=penalty)[0][0]
        assert translator.translate("a f b", 4, penalty).score == pytest.approx(expected.score)
    assert translator.translate("a f b", 4, 0.0).score != pytest.approx(translator.translate("a f b", 4, 2.0).score)


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("", "the sentence is empty: type some words"),
        (" \t\u202f\n", "the sentence is empty: type some words"),
        ("😀🎉", "'😀🎉' has no letter that the model can read: type words"),
        ("?!...", r"'\?!\.\.\.' has no letter"),
        (" 1984 ", "'1984' has no letter"),
        ("日本語", "has no letter that the model can read"),
        ("\u0301", "has no letter"),
        ("mot " * 10_000, "has 10,000 words, at most 200 are read: translate it in parts"),
        ("!" * 1_000 + "a", "has 1,001 words"),
    ],
)
def test_text_that_cannot_be_translated_is_refused_with_a_reason(translator, sentence, message):
    with pytest.raises(SentenceError, match=message) as caught:
        translator.translate(sentence)
    assert len(str(caught.value)) < 200, "one line that fits a screen"
    assert "\n" not in str(caught.value)


def test_the_longest_sentence_that_is_read_is_read():
    longest = "a " * MAX_SOURCE_WORDS
    assert read_sentence(longest).split() == ["a"] * MAX_SOURCE_WORDS
    with pytest.raises(SentenceError, match="has 201 words"):
        read_sentence(longest + "a")


def test_a_sentence_of_unknown_words_alone_is_translated(translator):
    translation = translator.translate("Okapi zebra gnu 😀")
    assert translation.unknown == translation.src_words == ["okapi", "zebra", "gnu"]


def test_sentences_are_normalised_before_they_are_read(translator):
    found = translator.translate("  Á’B\u202f? 3 ")
    assert found.dropped == "3"
    assert_same(dataclasses.replace(found, dropped=""), translator.translate("a b ?"))


def test_a_bad_beam_is_refused(translator):
    for beam_size in (0, 1000):
        with pytest.raises(ValueError, match="beam size is"):
            translator.translate("a b", beam_size)


@pytest.mark.parametrize(
    ("language", "words", "text"),
    [
        ("en", "i m too cold .", "i'm too cold."),
        ("fr", "j ai trop froid !", "j'ai trop froid!"),
        ("other", "i m j ai , .", "i m j ai,."),
    ],
)
def test_the_text_is_detokenised_by_the_rules_of_its_language(language, words, text):
    assert Translation([], words.split(), [], [], 0.0, None, language=language).text == text
    translator = Translator(half_learnt(LUONG), *small_vocabularies(), language=language)
    assert translator.translate("a").language == language


TARGETS = ["p q", "r", "s t p p", "q okapi", "p", "t", "r s t"]


@all_families
def test_forced_attention_has_a_row_for_every_target_word_and_a_column_for_every_source_word(settings):
    found = make_translator(settings).forced_attention(SOURCES, TARGETS)
    assert len(found) == len(SOURCES)
    for source, target, weights in zip(SOURCES, TARGETS, found, strict=True):
        if settings.attention == "none":
            assert weights is None
        else:
            assert weights.shape == (len(target.split()) + 1, len(source.split()) + 1)


def test_forced_attention_does_not_depend_on_the_rest_of_the_batch(translator):
    together = translator.forced_attention(SOURCES, TARGETS)
    for source, target, weights in zip(SOURCES, TARGETS, together, strict=True):
        torch.testing.assert_close(translator.forced_attention([source], [target])[0], weights)


def test_forcing_the_models_own_translation_gives_the_same_attention(translator):
    compared = 0
    for translation in translator.translate_words(SOURCES):
        if not translation.copied and len(translation.attn_weights) == len(translation.words) + 1:
            compared += 1
            source, target = " ".join(translation.src_words), " ".join(translation.words)
            (forced,) = translator.forced_attention([source], [target])
            torch.testing.assert_close(forced, translation.attn_weights)
    assert compared >= 2, "the fixture says some sentences to their end"


CLOSING_SENTENCES = (
    "je suis trop froid .",
    "elle a cinq ans de moins que moi .",
    "elle est trop petit .",
    "je ne crains pas de mourir .",
    "c est un jeune directeur plein de talent .",
    "est le chien vert aujourd hui ?",
    "le chat me parle .",
    "des centaines de personnes furent arretees ici .",
    "des centaines de chiens furent arretees ici .",
    "ce fromage est prepare a partir de lait de chevre .",
)


@pytest.mark.parametrize("beam_size", [1, 2])
def test_the_ten_closing_sentences_are_all_answered(translator, beam_size):
    # The 2017 notebook crashed on words outside its vocabulary; here most of the words are unknown.
    translations = [translator.translate(sentence, beam_size) for sentence in CLOSING_SENTENCES]
    for sentence, translation in zip(CLOSING_SENTENCES, translations, strict=True):
        assert translation.src_words == sentence.split()
        assert translation.unknown
        assert "<unk>" not in translation.words
        assert all(translation.words[place] in translation.src_words for place in translation.copied)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_results_do_not_depend_on_the_number_of_workers(translator, beam_size):
    threads, found = torch.get_num_threads(), []
    try:
        for workers in (1, 2, 4):
            torch.set_num_threads(workers)
            found.append(translator.translate_words(SOURCES, beam_size, batch_size=2))
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            assert (one.words, one.score, one.others) == (two.words, two.score, two.others)


def test_translating_leaves_the_models_mode_as_it_was(translator):
    translator.model.train()
    try:
        translator.translate_words(SOURCES, batch_size=1)
        assert translator.model.training
    finally:
        translator.model.eval()
