"""Pieces are joined to words, with their attention, and sentences to texts."""

import pytest
import torch
from small_models import SIZE

from s2s_tutorial.data.pieces import PieceVocabulary
from s2s_tutorial.data.rules import ASCII, UNICODE, AsciiRule
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.evaluation import comparable_text, score_translations
from s2s_tutorial.translation.translation import Translation, join_attention
from s2s_tutorial.translation.translator import SentenceError, Translator

SRC, TGT = ["▁L", "es", "▁é", "té", "s", "."], ["▁Sum", "mer", "s", "."]


def attend(rows: int, columns: int) -> torch.Tensor:
    return torch.rand(rows, columns, generator=torch.Generator().manual_seed(0)).softmax(dim=1)


def test_a_word_attends_as_its_pieces_do_on_average_and_to_all_pieces_of_a_word():
    weights = attend(5, 7)  # with EOS on both sides
    joined = join_attention(weights, SRC, TGT, UNICODE)
    assert joined.shape == (3, 4)  # Summers . EOS, and Les étés . EOS
    torch.testing.assert_close(joined[0, 1], weights[:3, 2:5].sum(dim=1).mean())
    torch.testing.assert_close(joined[1:, 2:], weights[3:, 5:])
    torch.testing.assert_close(joined.sum(dim=1), torch.ones(3))


def test_only_words_that_a_gold_alignment_counts_are_left_if_asked():
    src = ["▁l", "'", "été", "▁«", "."]
    joined = join_attention(attend(3, 6), src, ["▁a", "."], UNICODE, aligned=True)
    assert joined.shape == (3, 4)  # l été . EOS


def test_a_translation_in_pieces_is_shown_in_words_on_request():
    found = Translation(SRC, TGT, [2], [], -1.0, attend(4, 7), rule=UNICODE)
    assert found.text == "Summers."
    joined = found.joined()
    assert joined.src_words == ["Les", "étés", "."]
    assert joined.words == ["Summers", "."]
    assert joined.copied == [0]
    assert joined.attn_weights.shape == (2, 4)  # the search ended before EOS


def test_pieces_that_were_joined_to_words_keep_their_text():
    found = Translation(SRC, ["▁Two", *TGT], [], [], -1.0, attend(5, 7), rule=UNICODE)
    assert found.joined().text == found.text == "Two Summers."


def test_words_stay_words():
    found = Translation(["le", "chat"], ["a", "cat", "<unk>"], [], [], -1.0, attend(4, 3))
    joined = found.joined()
    assert (joined.src_words, joined.words) == (found.src_words, found.words)
    torch.testing.assert_close(joined.attn_weights, found.attn_weights)


@pytest.mark.parametrize(
    ("rule", "words", "reference", "exact"),
    [
        (UNICODE, ["▁L", "'", "été", "▁!"], "l'Ete !", 1.0),  # scores compare the simple form
        (UNICODE, ["▁l", "'", "<unk>"], "l'", 0.0),  # an unknown word counts as wrong
        (AsciiRule(marked=True), ["▁l", "▁et", "e"], "l ete", 1.0),
        (ASCII, ["l", "ete"], "l ete", 1.0),
    ],
)
def test_scores_compare_simple_words(rule, words, reference, exact):
    translation = Translation([], words, [], [], 0.0, None, rule=rule)
    assert score_translations([translation], [[reference]])["exact_match"] == exact


def test_an_unknown_word_is_a_word_of_its_own():
    assert comparable_text(Translation([], ["▁a", "<unk>", "▁b"], [], [], 0.0, None, rule=UNICODE)) == "a ⁇ b"


@pytest.fixture
def translator() -> Translator:
    counts = {word: 3 for line in ("Un été. Deux !", "One summer. Two!") for word in UNICODE.split(line)}
    vocabulary = PieceVocabulary.learn(counts, 600)
    torch.manual_seed(0)
    model = Seq2Seq(ModelSettings("luong", "general", SIZE, SIZE, 1, 0.0), len(vocabulary), len(vocabulary))
    return Translator(model.eval(), vocabulary, vocabulary, "xx", rule=UNICODE, longest=4)


def test_a_text_is_translated_by_sentences(translator):
    found = translator.translate("Un été.  Deux !", split=True)
    alone = translator.translate(["Un été.", "Deux !"])
    assert [each.words for each in found.sentences] == [each.words for each in alone]
    assert found.text == "  ".join(each.text for each in alone)
    assert found.words == alone[0].words + alone[1].words
    assert found.score == pytest.approx(alone[0].score + alone[1].score)
    assert translator.translate(" Deux !", split=True).sentences == []
    assert translator.translate("1. Deux !", split=True).text == "1. " + translator.translate("Deux !").text
    assert len(translator.translate("Un été.  Deux !").src_words) == len(found.src_words)


def test_a_list_of_texts_gives_as_many_translations(translator):
    texts = ["Un. Deux. Un.", "Deux", "Un ! Deux !"]
    assert [len(each.sentences) for each in translator.translate(texts, split=True)] == [3, 0, 2]


def test_no_word_is_unknown_and_the_attention_has_a_column_for_every_piece(translator):
    found = translator.translate("Żółć 語 7")
    assert found.unknown == []
    assert found.unlearned == "Żółć語7"
    assert translator.translate("Un « été »…").unlearned == "«»…"
    assert translator.translate("Un 語. Deux ż.", split=True).to_dict()["unlearned"] == "語ż"
    assert found.attn_weights.shape[1] == len(found.src_words) + 1
    assert UNICODE.unsplit(found.src_words) == "Żółć 語 7"


def test_a_sentence_longer_than_those_of_the_training_is_told(translator):
    assert translator.translate("Un été Deux Un Deux").too_long
    assert not translator.translate("Un été").too_long


@pytest.mark.parametrize("text", ["", " ", "🙂 …"])
@pytest.mark.parametrize("split", [True, False])
def test_text_without_words_is_an_error(translator, text, split):
    with pytest.raises(SentenceError, match=r"empty|no letter"):
        translator.translate(text, split=split)


def test_a_sentence_of_very_many_pieces_is_an_error(translator):
    with pytest.raises(SentenceError, match="pieces"):
        translator.translate("ż" * 1_000)


def test_attention_between_words_of_given_translations(translator):
    (weights,) = translator.word_attention(["Un été."], ["One summer."])
    assert weights.shape == (4, 4)


def test_lost_words_are_the_unknown_ones_that_were_not_copied_as_they_are_written():
    found = Translation(
        ["▁Zoé", "▁a", "▁12", "▁€"], ["▁Zoé", "▁has"], [0], ["▁Zoé", "▁12", "▁€", "\u200d"], -1.0, None, rule=UNICODE
    )
    assert found.lost_words == ["12", "€"]
    text = Translation([], [], [], [], -1.0, None, rule=UNICODE, sentences=[found, found])
    assert text.lost_words == ["12", "€"]


def test_texts_in_place_of_translations_are_refused():
    with pytest.raises(
        TypeError, match=r"translations\[0\] is of type str, expected Translation: score_texts takes texts"
    ):
        score_translations(["a cat ."], [["a cat ."]])


@pytest.mark.parametrize(
    ("source", "target", "lost"),
    [
        ("J'ai 5 ans.", "I'm fifteen.", ["5"]),
        ("Il a 3 500 €, 7,50 € et 3 500 francs.", "He has 3,500, 7.5 and 30.", ["7,50"]),
        ("Le 14 juillet 1789", "14 July 1789", []),
        ("عندي ١٢ كتابا و ٢٫٥", "I have 12 books and 2.", ["٢٫٥"]),
    ],
)
def test_numbers_that_a_translation_has_changed_are_named(source, target, lost):
    words = [UNICODE.split(UNICODE.normalise(text)) for text in (source, target)]
    found = Translation(*words, [], [], -1.0, None, rule=UNICODE)
    assert found.lost_numbers == lost
    assert Translation([], [], [], [], -1.0, None, rule=UNICODE, sentences=[found, found]).lost_numbers == lost
