"""Scores: right where the answer is known, with all references, an interval, and chance level for alignments."""

import random
import re
from dataclasses import replace

import pytest
import torch
from small_models import RECURRENT, half_learnt, small_vocabularies

from s2s_tutorial.data.corpus import HeldOut
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.translation.evaluation import (
    Scores,
    bleu_score,
    evaluate,
    exact_match,
    normalised_words,
    printed_scores,
    reference_columns,
    score_alignments,
    score_translations,
    show_scores,
)
from s2s_tutorial.translation.translator import Translation, Translator

WORDS = [
    "the",
    "a",
    "dog",
    "cat",
    "house",
    "sees",
    "wants",
    "likes",
    "red",
    "small",
    "today",
    "here",
    "not",
    "we",
    "you",
]


def some_sentences(count: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(5, 9))) + " ." for _ in range(count)]


def spoiled(sentences: list[str], every: int, seed: int = 1) -> list[str]:
    """Return the sentences with one of every `every` words changed."""
    rng = random.Random(seed)
    return [" ".join("wrong" if rng.random() < 1 / every else word for word in text.split()) for text in sentences]


def translations_of(outputs: list[str], sources: list[str] | None = None) -> list[Translation]:
    sources = sources or outputs
    return [Translation(s.split(), o.split(), [], [], 0.0, None) for o, s in zip(outputs, sources, strict=True)]


def test_a_perfect_translation_scores_100_whichever_reference_it_equals():
    sentences, others = some_sentences(40), some_sentences(40, seed=5)
    for references in ([[s] for s in sentences], [[o, s] for o, s in zip(others, sentences, strict=True)]):
        scores = score_translations(translations_of(sentences), references)
        assert scores["bleu"] == pytest.approx(100)
        assert scores["chrf"] == pytest.approx(100)
        assert scores["exact_match"] == 1.0


def test_a_translation_without_a_right_word_scores_0():
    scores = score_translations(translations_of(["x y z q ."] * 10), [["m n o p"]] * 10)
    assert scores["bleu"] == pytest.approx(0, abs=1e-6)
    assert scores["exact_match"] == 0.0


def test_every_reference_counts_not_only_the_first():
    sentences = some_sentences(40)
    outputs = spoiled(sentences, 3)
    first = [[text] for text in sentences]
    more = [
        [text, output] if row % 2 else [text] for row, (text, output) in enumerate(zip(sentences, outputs, strict=True))
    ]
    for measure in ("bleu", "chrf", "exact_match"):
        few, many = (score_translations(translations_of(outputs), refs)[measure] for refs in (first, more))
        assert many > few


def test_the_order_of_references_changes_nothing():
    sentences, others = some_sentences(30), some_sentences(30, seed=5)
    outputs = spoiled(sentences, 4)
    pairs = [list(texts) for texts in zip(sentences, others, strict=True)]
    one = score_translations(translations_of(outputs), pairs)
    assert one == score_translations(translations_of(outputs), [texts[::-1] for texts in pairs])


@pytest.mark.parametrize("every", [2, 4, 20])
def test_the_interval_brackets_the_score(every):
    widths = []
    for count in (20, 400):
        sentences = some_sentences(count)
        scores = score_translations(translations_of(spoiled(sentences, every)), [[text] for text in sentences])
        assert 0 <= scores["bleu_low"] < scores["bleu"] < scores["bleu_high"] <= 100
        widths.append(scores["bleu_high"] - scores["bleu_low"])
    assert widths[1] < widths[0] / 2


def test_scoring_again_gives_the_same_interval():
    sentences = some_sentences(30)
    translations, references = translations_of(spoiled(sentences, 4)), [[text] for text in sentences]
    assert score_translations(translations, references) == score_translations(translations, references)


def test_worse_translations_score_lower():
    sentences = some_sentences(50)
    scores = [bleu_score(spoiled(sentences, every), [[text] for text in sentences]) for every in (2, 4, 8, 1_000_000)]
    assert scores == sorted(scores)
    assert scores[-1] == pytest.approx(100)


def test_validation_and_test_measure_the_same_bleu():
    sentences = some_sentences(30)
    outputs, references = spoiled(sentences, 4), [[text] for text in sentences]
    assert score_translations(translations_of(outputs), references)["bleu"] == bleu_score(outputs, references)


def test_the_signature_describes_the_computation():
    signature = score_translations(translations_of(["a b c d"]), [["a b c d"]])["signature"]
    assert "tok:none" in signature
    assert "version:" in signature
    assert "bs:1000" in signature


def test_references_are_turned_into_columns_with_gaps():
    assert reference_columns([["a", "b"], ["c"], ["d", "e", "f"]]) == [
        ["a", "c", "d"],
        ["b", None, "e"],
        [None, None, "f"],
    ]


def test_exact_matches_are_counted_against_all_references():
    assert exact_match(["a", "b", "c", "d"], [["a"], ["x", "b"], ["x"], ["y", "z"]]) == 0.5


def test_an_unknown_word_in_a_translation_counts_as_wrong():
    assert normalised_words(["<unk>", "chat", "."])[1:] == ["chat", "."]
    outputs = " ".join(normalised_words(["<unk>", "is", "a", "cat"]))
    assert bleu_score([outputs], [["unk is a cat"]]) == bleu_score(["wrong is a cat"], [["unk is a cat"]])


def test_the_unknown_rate_is_a_share_of_source_words():
    translations = [
        Translation(["le", "chat", "dort", "."], ["a"], [], ["chat"], 0.0, None),
        Translation(["un", "axolotl", "et", "un", "axolotl", "."], ["a"], [], ["axolotl", "axolotl"], 0.0, None),
    ]
    assert score_translations(translations, [["a"], ["a"]])["unknown_rate"] == pytest.approx(3 / 10)


# Alignments


def test_the_alignment_error_rate_of_a_small_example_by_hand():
    """Three target words and EOS over two source words and EOS; the gold links are 0–0, 1–1 and 0–1."""
    weights = torch.tensor(
        [
            [0.6, 0.3, 0.1],  # links word 0 to 0: right
            [0.1, 0.2, 0.7],  # EOS is left out, so 1: right
            [0.9, 0.1, 0.0],  # links word 2 to 0: wrong, it has no gold link
            [1.0, 0.0, 0.0],  # the row of EOS does not count
        ]
    )
    scores = score_alignments([weights], [frozenset({(0, 0), (1, 1), (0, 1)})])
    assert scores["aer"] == pytest.approx(1 - 2 * 2 / (3 + 3))
    assert scores["aer_best"] == pytest.approx(1 - 2 * 2 / (3 + 3))  # word 2 has no link to reach
    assert scores["aer_chance"] == pytest.approx(1 - 2 * (3 / 2) / (3 + 3))  # 2, 1 and 0 links over 2 positions


def test_links_are_summed_over_sentences_not_averaged():
    right, wrong = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), torch.tensor([[0.0, 1.0, 0.0]] * 3)
    scores = score_alignments([right, wrong], [frozenset({(0, 0)}), frozenset({(0, 0), (0, 1)})])
    assert scores["aer"] == pytest.approx(1 - 2 * 1 / (3 + 3))


def test_one_to_one_gold_followed_exactly_has_no_error():
    order = torch.randperm(6, generator=torch.Generator().manual_seed(0)).tolist()
    weights = torch.zeros(7, 7)
    for word, place in enumerate(order):
        weights[word, place] = 1.0
    scores = score_alignments([weights], [frozenset((place, word) for word, place in enumerate(order))])
    assert scores["aer"] == scores["aer_best"] == 0.0
    assert scores["aer_chance"] == pytest.approx(1 - 1 / 6)


def test_random_attention_scores_at_chance_level_and_none_beats_the_best():
    rng = torch.Generator().manual_seed(0)
    attention, gold = [], []
    for _ in range(400):
        s, t = torch.randint(3, 9, (2,), generator=rng).tolist()
        attention.append(torch.rand(t + 1, s + 1, generator=rng))
        gold.append(frozenset((word * s // t, word) for word in range(t)) | {(0, t - 1)})
    scores = score_alignments(attention, gold)
    assert scores["aer"] == pytest.approx(scores["aer_chance"], abs=0.03)
    assert scores["aer_best"] < scores["aer"]


# Whole sets


def test_a_trained_run_is_measured_with_alignments(tiny_run, tiny_corpus):
    held_out = tiny_corpus.test
    scores, translations = evaluate(load_translator(tiny_run), held_out)
    assert scores.sentences == len(held_out) == len(translations)
    assert [translation.src_words for translation in translations] == [source.split() for source in held_out.sources]
    assert 0 <= scores.aer_best <= scores.aer <= 1
    assert scores.aer_best < scores.aer_chance < 1
    assert scores.seconds > 0
    again, _ = evaluate(load_translator(tiny_run), held_out)
    assert replace(again, seconds=0.0) == replace(scores, seconds=0.0)


def test_without_gold_alignments_there_is_no_error_rate(tiny_run, tiny_corpus):
    scores, _ = evaluate(load_translator(tiny_run), replace(tiny_corpus.test, alignments=None))
    assert scores.aer is None
    assert not any(name.startswith("aer") for name in scores.to_dict())


def test_a_beam_is_searched_when_asked_for(tiny_run, tiny_corpus):
    translator = load_translator(tiny_run)
    _, translations = evaluate(translator, tiny_corpus.test.head(4), beam_size=3)
    assert [t.text for t in translations] == [translator.translate(s, 3).text for s in tiny_corpus.test.sources[:4]]
    assert all(len(translation.others) == 2 for translation in translations)


def test_the_line_for_people_names_every_number():
    scores = Scores(51.26, 49.9, 52.7, 66.6, 0.25, 821, "signature", 0.0213, 1.5)
    assert show_scores(scores) == (
        "BLEU 51.3 (95%: 49.9 to 52.7) · chrF 66.6 · exact 25% · unknown words 2.1% · 821 sentences in 1.5 s"
    )
    assert show_scores(replace(scores, unknown_rate=None, seconds=None)).endswith("exact 25% · 821 sentences")
    line = show_scores(replace(scores, aer=0.2, aer_best=0.1, aer_chance=0.8)).splitlines()[-1]
    assert re.findall(r"\d\.\d+", line) == ["0.20", "0.10", "0.80"]
    assert re.match("alignment error rate .*one link per word.*chance", line)


def test_sentences_that_cannot_be_read_count_as_wrong(tiny_corpus, talking_run):
    translator = load_translator(talking_run)
    readable = tiny_corpus.test.head(10)
    answers = [[found.normal_text] for found in translator.translate_words(readable.sources)]
    right = replace(readable, references=answers, alignments=None)
    scores, _ = evaluate(translator, right)
    assert scores.exact_match == 1.0
    assert scores.unreadable is None
    with_unread, translations = evaluate(translator, replace(right, unreadable=[["a cat ."]] * 10))
    assert with_unread.exact_match == 0.5
    assert with_unread.bleu < scores.bleu
    assert (with_unread.unreadable, with_unread.sentences, len(translations)) == (10, 20, 10)
    assert "10 of the sentences could not be read" in show_scores(with_unread)


def test_scores_as_printed_count_case_marks_and_digits():
    assert printed_scores(["Il a 3 ans."], [["Il a 3 ans."]])["exact_match"] == 1
    for wrong in ("il a 3 ans.", "Il a 4 ans.", "Il a 3 ans"):
        assert printed_scores([wrong], [["Il a 3 ans."]])["bleu"] < 100
    assert "tok:zh" in printed_scores(["我买书。"], [["我买车。"]])["signature"]


@pytest.mark.parametrize("count", [1, 3, 12])
def test_the_interval_of_a_perfect_score_ends_at_100_and_is_wide_for_few_sentences(count):
    outputs = [f"we see the dog number {number} ." for number in range(count)]
    translations = [Translation(["x"], text.split(), [], [], 0.0, None) for text in outputs]
    scores = score_translations(translations, [[text] for text in outputs])
    assert scores["bleu_low"] <= scores["bleu"] <= scores["bleu_high"] <= 100.0
    assert (scores["bleu_low"], scores["bleu_high"]) == ((0.0, 100.0) if count < 10 else (100.0, 100.0))
    printed = printed_scores(outputs, [[text] for text in outputs])
    assert [printed[name] for name in ("bleu_low", "bleu", "bleu_high")] == [scores["bleu_low"], 100.0, 100.0]


def test_a_reference_that_is_not_normalised_is_refused():
    translator = Translator(half_learnt(RECURRENT[0]), *small_vocabularies())
    with pytest.raises(ValueError, match=r"'A cat\.' in references is not normalised \('a cat \.' is\)"):
        evaluate(translator, HeldOut(["a b"], [["a cat .", "A cat."]]))
