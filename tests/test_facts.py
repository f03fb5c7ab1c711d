"""Sentences of the book that contain a number, or a claim that the code can check: they agree with code and outputs.

A sentence that tells what one run has shown is compared with that run's output. When a chapter is executed again and the
output has changed, the test names the sentence to change.
"""

import json
import math
import re
import sys
from functools import cache
from itertools import combinations
from pathlib import Path

import jupytext
import numpy as np
import pytest
import torch
from pybtex.database import parse_file
from sacrebleu.metrics import CHRF
from torch import nn

from benchmarks import headline
from s2s_tutorial.data.text import detokenise, normalise
from s2s_tutorial.model.attention import DotScore, GeneralScore, LocalAttention, build_attention
from s2s_tutorial.model.encoder import Encoder
from s2s_tutorial.model.loss import masked_cross_entropy
from s2s_tutorial.presets import PRESETS, with_transformer
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.translation.evaluation import score_alignments

ROOT = Path(__file__).parents[1]
SCRIPTS = {path.stem[3:]: path for path in sorted((ROOT / "notebooks").glob("[0-9]*.py"))}
CITED = ROOT / "book" / "references.bib"


@cache
def prose(chapter: str) -> str:
    """Return a chapter's Markdown on one line."""
    cells = jupytext.read(SCRIPTS[chapter]).cells
    return " ".join(" ".join(cell.source.split()) for cell in cells if cell.cell_type == "markdown")


def page(name: str) -> str:
    """Return a page of the book, or another Markdown file, on one line."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


@cache
def notebook(chapter: str) -> dict:
    """Return a chapter with its outputs."""
    return json.loads(SCRIPTS[chapter].with_suffix(".ipynb").read_text(encoding="utf-8"))


@cache
def outputs(chapter: str) -> str:
    """Return everything that a chapter's cells print or show as text."""
    found = [output for cell in notebook(chapter)["cells"] for output in cell.get("outputs", [])]
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in found]
    return "\n".join("".join(text) for text in texts)


def waits(chapter: str, code: str) -> bool:
    """Tell whether a cell with this code has not been executed since it was changed."""
    cells = [
        cell for cell in notebook(chapter)["cells"] if cell["cell_type"] == "code" and code in "".join(cell["source"])
    ]
    assert cells, code
    return any(cell["execution_count"] is None for cell in cells)


def numbers(pattern: str, text: str) -> list[float]:
    """Return the numbers of the only match of a pattern, whose groups are numbers."""
    [match] = re.finditer(pattern, text)
    return [float(number.replace(",", "")) for number in match.groups()]


def row(first: str, text: str) -> list[str]:
    """Return the other cells of the first row of a table that begins with this cell."""
    match = re.search(rf"^\| {re.escape(first)} \| (.*) \|$", text, re.MULTILINE)
    assert match, first
    return match[1].split(" | ")


# Chapter 5: encoder and decoder


def gradient_norms(both_ways: bool) -> list[float]:
    """Return the mean norm of the gradient of the decoder's first state at each of 20 words, in an untrained encoder."""
    encoder = Encoder(50, 32, 32, num_layers=1, dropout_rate=0.0)
    embedded = torch.randn(16, 20, 32, requires_grad=True)  # (B, S, E)
    _, last = encoder.layers[0](embedded)  # (2, B, H)
    state = last.sum(dim=0) if both_ways else last[0]  # (B, H)
    state.pow(2).sum().backward()
    return embedded.grad.norm(dim=-1).mean(dim=0).tolist()


def test_the_middle_of_a_sentence_is_farthest_from_the_first_state():
    assert "the gradient that reaches the middle word is less than a tenth of the gradient that reaches the" in prose(
        "encoder_decoder"
    )
    torch.manual_seed(0)
    both, one = gradient_norms(both_ways=True), gradient_norms(both_ways=False)
    assert max(both[9], both[10]) < 0.1 * min(both[0], both[-1])
    assert one[0] < 0.1 * one[9] < 0.01 * one[-1]  # in a one-way encoder, it is the first word


def test_quality_by_length_is_as_the_caption_says():
    assert (
        "With one vector it falls as sentences become longer, and with attention it falls much less, if at all."
        in prose("encoder_decoder")
    )
    lengths = ("1 to 6", "7 to 9", "10 to 12", "13 to 16", "over 16")
    one, attention = zip(*(map(float, row(group, outputs("encoder_decoder"))[1:]) for group in lengths), strict=True)
    assert list(one) == sorted(one, reverse=True)
    assert attention[0] - min(attention) < 0.2 * (one[0] - one[-1])


def test_pytorchs_candidate_state_has_the_reset_gate_after_the_matrix_and_the_papers_before_it():
    assert "In the paper (equation 8) the reset gate acts before the matrix" in prose("recurrent_networks")
    torch.manual_seed(0)
    cell = nn.GRUCell(3, 4, bias=False)
    x, h = torch.randn(1, 3), torch.randn(1, 4)
    (w_r, w_z, w_n), (u_r, u_z, u_n) = cell.weight_ih.chunk(3), cell.weight_hh.chunk(3)
    r, z = torch.sigmoid(x @ w_r.T + h @ u_r.T), torch.sigmoid(x @ w_z.T + h @ u_z.T)
    pytorchs = torch.tanh(x @ w_n.T + r * (h @ u_n.T))
    papers = torch.tanh(x @ w_n.T + (r * h) @ u_n.T)
    torch.testing.assert_close(cell(x, h), (1 - z) * pytorchs + z * h)
    assert not torch.allclose(cell(x, h), (1 - z) * papers + z * h, atol=1e-3)


# Chapter 6: local attention


@pytest.mark.parametrize("centre", [0.0, 3.0, 3.5, 6.9])
@torch.no_grad()
def test_weights_of_local_attention_sum_to_less_than_one_wherever_the_window_is(centre, monkeypatch):
    assert "They hardly ever do, because the softmax has already shared out" in prose("attention")
    attention = build_attention("local-p", hidden_size=2)
    assert isinstance(attention, LocalAttention)
    assert attention.reach == 2
    monkeypatch.setattr(attention, "centres", lambda queries, src_mask: torch.full((1, 1), centre))
    keys = torch.zeros(1, 7, 2)
    weights = attention.weights(torch.zeros(1, 1, 2), keys, torch.ones(1, 7, dtype=torch.bool))[0, 0]
    inside = [s for s in range(7) if abs(s - centre) <= 2]
    assert weights.nonzero().flatten().tolist() == inside
    assert len(inside) <= (5 if centre == int(centre) else 4)  # 2 D + 1, or 2 D
    assert 0 < weights.sum() < 1


def test_the_chapter_that_compares_attentions_gives_the_reach_of_its_window():
    assert "Ours has $D = 2$, so at most five words are inside; the paper has $D = 10$" in prose("which_attention")
    assert build_attention("local-p", hidden_size=2).reach == 2


# Chapter 9: training


def test_adams_first_step_without_bias_correction_is_the_one_that_the_chapter_gives():
    [without] = numbers(r"without it the first step below would be ([\d.]+) and not 0\.1\.", prose("training"))
    means = (1 - 0.9) * 1000, (1 - 0.999) * 1000**2
    assert round(0.1 * means[0] / math.sqrt(means[1]), 3) == without


def test_texts_that_name_the_number_of_english_words_have_that_of_the_run():
    if not waits("training", "and a model that knows nothing would have"):
        [words] = numbers(r"a model that knows nothing would have ln ([\d,]+) =", outputs("training"))
        for chapter in ("training", "overfitting", "translating"):
            assert f"{words:,.0f}" in prose(chapter)
    else:
        words = 1_418
    text = prose("translating").replace("{,}", ",")
    assert f"$5 V = {5 * words:,.0f}$ continuations" in text
    assert f"about {5 * 5 * words:,.0f} continuations for our five words" in text


def test_words_that_are_right_95_times_in_100_leave_60_percent_of_sentences_without_a_mistake():
    share, length, right = numbers(
        r"\$(0\.95)\^\{(\d+)\} \\approx (\d+)\\%\$ of all sentences of ten", prose("training")
    )
    assert round(100 * share**length) == right


def test_texts_give_the_warm_up_and_the_dropout_of_the_presets():
    assert "`small`, `standard` and `large`: up in a straight line over the first tenth of training" in prose(
        "training"
    )
    scales = [PRESETS[name] for name in ("small", "standard", "large")]
    assert {scale.training.warmup for scale in scales} == {0.1}
    assert "The recurrent networks of this book use 0.1, whereas `with_transformer` asks for 0.5." in prose(
        "transformer"
    )
    assert {with_transformer(scale).training.warmup for scale in scales} == {0.5}
    assert "Our presets use 0.1 to 0.4." in prose("overfitting")
    assert "The presets use 0.1 to 0.4." in page("book/which-sizes.md")
    rates = [preset.model.dropout for preset in PRESETS.values()]
    assert (min(rates), max(rates)) == (0.1, 0.4)


# Chapter 10: overfitting


def test_the_floor_of_the_smoothed_loss_is_about_one_nat_and_no_logits_are_below_it():
    assert "With the 1,418 English words of `standard`, the floor is about one nat" in prose("overfitting")
    words, smoothing = 1_418, 0.1
    target = torch.full((words,), smoothing / words)
    target[0] += 1 - smoothing
    tgt_ids = torch.zeros(1, 1, dtype=torch.long)

    def smoothed(probabilities):
        return masked_cross_entropy(probabilities.log()[None, None], tgt_ids, tgt_ids == 0, smoothing).item()

    floor = smoothed(target)
    assert 0.95 < floor < 1.1
    surer = target.clone()
    surer[0] += 0.05
    assert all(smoothed(other / other.sum()) > floor for other in (surer, target.sqrt(), target.square()))


# The benchmark


def test_the_readme_has_the_table_of_the_results(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    path = tmp_path / "README.md"
    path.write_text(
        re.sub(r"(<!-- speed -->\n).*?(?=<!-- end of speed -->)", r"\1", text, flags=re.DOTALL), encoding="utf-8"
    )
    headline.main(path)
    assert path.read_text(encoding="utf-8") == text


# Chapters 1 and 12: words that a model does not know


def test_no_word_is_unknown_to_the_model_in_the_package_and_it_copies_none():
    assert "no word is unknown to it and it never copies one" in prose("when_it_is_unsure")
    sources = [
        "Ngozi est fatiguée.", "Je connais Wilhelmina.", "Il aime Bartholomé.", "Est-ce que Xanthippe dort ?",
        "Mon ami habite à Ouagadougou.", "Elle a un ornithorynque.", "Ma sœur a acheté un kouglof.",
    ]  # fmt: skip
    for found in load_translator().translate(sources):
        assert found.unknown == found.copied == []
        assert len(found.src_words) > len(found.joined().src_words)  # a word was read in pieces


def test_the_model_that_is_trained_on_trimmed_pairs_hardly_ever_copies():
    assert "a model that is trained on few rare words hardly ever does it" in prose("sentences_to_numbers")
    unknown, copied = numbers(
        r"The sentences hold (\d+) unknown words; \*\*(\d+)\*\* words", outputs("when_it_is_unsure")
    )
    assert copied <= 1 < unknown


# Chapters 2, 10, 17 and 23: statistics


def test_the_expected_leak_of_two_independent_splits():
    pairs, expected, found = numbers(r"Of ([\d,]+) test pairs that makes an expected \*\*(\d+)\*\*, and it is ([\d,]+)\.",
                                     outputs("fair_test"))  # fmt: skip
    assert row("random", outputs("fair_test").split("of them trained on before")[1]) == [
        f"{pairs:,.0f}",
        f"{found:,.0f}",
    ]
    assert round(pairs * 0.8 * 0.92) == expected == pytest.approx(found, rel=0.1)


def leaked(rows: int, seeds: tuple[int, int]) -> int:
    """Return how many test pairs of a shuffled file are training pairs of its older part, shuffled with its own seed."""
    older = rows * 4 // 5
    before, after = (
        np.random.default_rng(seed).permutation(size).tolist() for seed, size in zip(seeds, (older, rows), strict=True)
    )
    held_out, training = (before[: older * 8 // 100], before[older * 8 // 100 :])  # 5% test and 3% validation first
    assert not set(held_out) & set(training)
    return len(set(training) & set(after[: rows // 20]))


def test_shuffles_with_the_same_seed_are_related_and_hide_a_part_of_the_leak():
    same = [leaked(16_690, (seed, seed)) for seed in range(4)]
    independent = [leaked(16_690, (seed, seed + 10)) for seed in range(4)]
    assert max(same) < min(independent)
    assert sum(independent) / 4 == pytest.approx(614, rel=0.03)


def test_the_translator_has_rules_for_the_apostrophes_of_two_languages_and_no_other():
    assert detokenise(["he", "isn", "t", "here"]) == "he isn't here"
    assert detokenise(["l", "ami", "d", "une", "amie"], "fr") == "l'ami d'une amie"
    assert detokenise(["he", "isn", "t", "here"], "eo") == "he isn t here"


def separated(seeds: int) -> float:
    """Return how often two groups of so many equal seeds lie completely on either side of each other."""
    places = range(2 * seeds)
    ways = list(combinations(places, seeds))
    return sum(max(way) < seeds or min(way) >= seeds for way in ways) / len(ways)


def test_how_often_luck_separates_two_and_three_seeds():
    text = prose("borrowed_parts")
    assert "twenty ways to divide six scores between two starts, and two of them separate the starts completely" in text
    assert "Below are twelve verdicts" in text
    assert "we would expect about one of them to be false" in text
    assert "With two seeds it would be one time in three." in text
    assert separated(2) == pytest.approx(1 / 3)
    assert separated(3) == pytest.approx(1 / 10)
    assert "luck alone would still separate three seeds from three others one time in ten" in prose("overfitting")
    words = r"(?:helps|hurts|makes no clear difference) with [\d,]+ pairs"
    assert len(re.findall(words, outputs("borrowed_parts"))) == (0 if waits("borrowed_parts", "verdict(name)") else 12)


def test_an_attention_is_chosen_on_the_validation_set_and_the_choice_is_tested_in_pairs():
    assert "a choice should come from the validation set" in prose("which_attention")
    if not waits("which_attention", "of_validation"):
        [chosen] = re.findall(r"The validation set chooses \*\*([\w -]+)\*\*", outputs("which_attention"))
        header = next(line for line in outputs("which_attention").splitlines() if line.startswith("| seed | BLEU, "))
        assert header.split(" | ")[2] == f"BLEU, {chosen}"


def test_luck_separates_seven_equal_models():
    text = prose("which_attention")
    assert (
        "the best of them is still ahead of the worst, and with three seeds by more than one standard deviation" in text
    )
    [spread] = numbers(r"seeds:  3, best minus worst of seven equal models ([\d.]+)", outputs("which_attention"))
    assert spread > 1


def test_general_attention_can_compute_the_dot_score_and_has_more_parameters():
    assert "if its matrix $W$ is the identity, it computes the same scores as *dot*" in prose("which_attention")
    [more] = numbers(r"\$H\^2\$ more parameters, ([\d,]+) with 256 units", prose("which_attention"))
    score = GeneralScore(256)
    assert sum(weight.numel() for weight in score.parameters()) == more
    small = GeneralScore(4)
    small.project.weight.data.copy_(torch.eye(4))
    queries, states = torch.randn(2, 3, 4), torch.randn(2, 5, 4)  # (B, T, H), (B, S, H)
    torch.testing.assert_close(small(queries, small.keys(states)), DotScore(4)(queries, states))


def test_the_gaps_of_chapter_5_that_chapter_15_compares_with_its_own():
    assert "it grew from 28 points to 68" in prose("which_attention")
    assert "is 28 points for the shortest sentences and 68 for the longest" in outputs("encoder_decoder")
    [count] = numbers(r"and (\d+) test sentences of more than 16", prose("which_attention"))
    assert row("over 16", outputs("encoder_decoder"))[0] == f"{count:.0f}"
    assert "the longest group here consists of a dozen sentences of eight or nine words" in prose("which_attention")
    if not waits("which_attention", "In the shortest group"):
        words, found = numbers(
            r"in the longest \((?:over |\d+ to )?(\d+) words, ([\d,]+) sentences\)", outputs("which_attention")
        )
        assert words in (7, 8, 9)
        assert 10 <= found <= 14


# Chapter 15: what the runs do not show


def test_the_wrong_first_states_cost_much_at_first_and_nothing_in_the_end():
    """If a new run shows something else, chapter 15 and `from-2017` must tell it."""
    assert "the mistake costs many points of BLEU in this short training" in prose("break_it")
    assert "after a long training no number looks wrong" in prose("break_it")
    assert "in our runs, the model learns more slowly and is as good in the end" in page("book/from-2017.md")
    right, wrong = (float(row(name, outputs("break_it"))[0]) for name in ("two layers", "wrong first states"))
    assert wrong < right - 5
    right, wrong = (list(map(float, row(name, outputs("break_it")))) for name in ("right", "wrong"))
    assert min(right) <= max(wrong)


@pytest.mark.parametrize(
    ("chapter", "names", "most"),
    [("break_it", ("bare", "bare-wrong-state"), 1), ("where_it_fails", ("own-words", "own-words-stopped"), 2)],
)
def test_exercises_after_one_epoch_say_that_no_model_can_translate_yet(chapter, names, most):
    assert prose(chapter).count(f"is below {most}") == 1
    assert all(float(row(name, outputs(chapter))[0]) < most for name in names)


# Chapters 13, 14, 18, 20 and 21


def test_chrf_counts_recall_twice():
    assert "chrF2, recall counts twice as much as precision" in prose("how_good_is_it")
    assert CHRF().beta == 2


def test_the_best_alignment_error_rate_of_a_negation():
    assert '« je n ai pas soif », "i m not thirsty"' in prose("seeing_attention")
    assert r"$1 - 2 \cdot 4 / (4 + 5) \approx 0.11$" in prose("seeing_attention")
    links = frozenset({(0, 0), (2, 1), (1, 2), (3, 2), (4, 3)})
    faultless = nn.functional.one_hot(torch.tensor([0, 2, 1, 4, 5]), num_classes=6).float()
    scores = score_alignments([faultless], [links])
    assert round(scores["aer"], 2) == round(scores["aer_best"], 2) == 0.11


def test_what_becomes_of_a_word_in_the_wrong_encoding():
    read = "ĉevalo".encode("iso-8859-3").decode("iso-8859-1")
    assert f'becomes "{read}", which the text rule of this book turns into "{normalise(read)}"' in prose(
        "your_own_data"
    )


def test_the_numbers_of_a_ring_and_of_the_plain_mean():
    text = outputs("more_machines")
    assert "From 2 processes to 64 it nearly doubles" in prose("more_machines")
    if not waits("more_machines", "MB sent by each"):
        few, many = (float(row(size, text.split("MB sent by each")[1])[0]) for size in ("2", "64"))
        assert 1.8 < many / few < 2
    assert "it is thousands of times as large as rounding" in prose("more_machines")
    if not waits("more_machines", "With the plain mean the difference is"):
        pattern = r"relative difference is \*\*([\d.]+)\*\*.*plain mean the difference is ([\d.]+)%"
        rounding, plain = numbers(pattern, text)
        assert plain / 100 > 1000 * rounding


def test_the_text_tells_what_the_table_of_examples_shows():
    some, none = numbers(r"With four examples the share falls to (\d+)% in the run shown here, from (\d+)% without any",
                         prose("commands"))  # fmt: skip
    table = outputs("commands").split("combinations shown")[1]
    shares = {number: float(row(str(number), table)[0].removesuffix("%")) for number in (0, 4, 16, 64)}
    assert (shares[4], shares[0]) == (some, none)
    assert 40 <= shares[16] < 50 < shares[64]


# Chapters 23 to 30: texts that tell what a table shows


def test_the_recap_of_borrowed_parts_tells_what_its_tables_show():
    text = prose("borrowed_parts")
    assert "with the encoder frozen they are worse than from scratch" in text
    assert "it is nearly the same for all three encoders" in text
    if not waits("borrowed_parts", "by pairs"):
        table = outputs("borrowed_parts").split("| BLEU by pairs")[1]
        scratch, frozen = (
            [float(cell.split()[0]) for cell in row(name, table)] for name in ("from scratch", "autoencoder, frozen")
        )
        assert all(a < b for a, b in zip(frozen, scratch, strict=True))
    if not waits("borrowed_parts", "share_of_the_word(reader"):
        shares = re.findall(r"^\| (?:fresh|trained).* \| ([\d.]+) \|$", outputs("borrowed_parts"), re.MULTILINE)
        assert len(shares) == 3
        assert max(map(float, shares)) - min(map(float, shares)) < 0.1


def test_what_the_training_on_pieces_tells_about_standard():
    text = prose("words_pieces_characters")
    assert "At `standard`, subwords are ahead of words on these sentences." in text
    assert "a difference of a few points with one seed is only an indication" in text
    if not waits("words_pieces_characters", "BLEU, one or more"):
        table = outputs("words_pieces_characters").split("BLEU, one or more")[1]
        words, pieces = (float(row(name, table)[3]) for name in ("words", "subwords"))
        assert 2 <= pieces - words <= 8


def test_what_the_chapter_on_subwords_tells_about_standard():
    assert "the share is largest near 1,000 entries, and even there it is below 95%" in prose("subwords")
    if not waits("subwords", "of them seen at least 100 times"):
        table = outputs("subwords").split("of them seen at least 100 times")[1]
        shares = {int(size.replace(",", "")): int(share) for size, share in re.findall(r"^\| ([\d,]+) \| (\d+)% \|$",
                  table, re.MULTILINE)}  # fmt: skip
        assert max(shares, key=lambda size: shares[size]) == 1_000
        assert shares[1_000] < 95


def test_what_the_verdict_of_the_race_tells_about_standard():
    text = prose("recurrent_or_not")
    assert "the GRU is better in all nine cells" in text
    assert "In the same minutes the GRU reads the pairs up to 1.8 times as often" in text
    if not waits("recurrent_or_not", "decided = [cell"):
        found = outputs("recurrent_or_not")
        assert "**9 of 9** cells are decided." in found
        assert "The Transformer is better in: **none**." in found
        epochs = re.findall(r"^\| \w+ \| \d+% \| 0\.\d\d \| (\d+) \| (\d+) \|$", found, re.MULTILINE)
        ratios = [int(gru) / int(transformer) for gru, transformer in epochs]
        assert len(ratios) == 9
        assert min(ratios) > 1
        assert round(max(ratios), 1) == 1.8


def test_what_the_ladder_tells_about_standard():
    assert "The average of good models is useless." in prose("a_better_translator")
    if not waits("a_better_translator", "A gain on every text"):
        found = outputs("a_better_translator")
        assert "**wider, longer, ensemble of two**" in found
        averaged = re.findall(
            r"^\| \w+ \| ([\d.]+) \| ([\d.]+) \|$", found.split("BLEU of the average")[1], re.MULTILINE
        )
        assert all(float(mixed) < 0.05 * float(single) for single, mixed in averaged)


def test_what_is_said_of_the_networks_without_a_mask_and_without_positions():
    assert (
        "At `standard`, its loss is lower than that of the complete network, even on sentences that it never saw"
        in prose("attention_without_recurrence")
    )
    if not waits("attention_without_recurrence", "test loss, true words fed"):
        text = outputs("attention_without_recurrence")
        whole, blind, lost = (row(name, text) for name in ("complete", "no causal mask", "no positions"))
        assert [float(loss) for loss in blind[:2]] < [float(loss) for loss in whole[:2]]
        assert float(blind[1]) < float(whole[1])
        assert float(blind[2]) < 1 < 50 < float(lost[2])
        assert lost[4] == "100%"


def test_what_is_said_of_the_six_transformers():
    text = prose("transformer")
    assert "The norm of its first gradient is more than a hundred times as large" in text
    assert "In ratio, post-norm suffers more" in text
    if not waits("transformer", "gradient norm, first step"):
        table = outputs("transformer").split("gradient norm, first step")[1]
        kinds = [f"{kind}-norm, {start}" for kind in ("pre", "post") for start in ("warm-up", "no warm-up")]
        norms, bleu = (
            {name: float(row(name, table)[column]) for name in (*kinds, "no residuals", "no normalisation")}
            for column in (0, 2)
        )
        assert norms["no normalisation"] > 100 * norms["pre-norm, warm-up"]
        assert bleu["no residuals"] < 1 < bleu["no normalisation"] < bleu["pre-norm, warm-up"]
        pre, post = (bleu[f"{kind}-norm, warm-up"] / bleu[f"{kind}-norm, no warm-up"] for kind in ("pre", "post"))
        assert 1 < pre < post


def test_what_is_said_of_the_probes():
    assert "Only the GRU's layers have a positive one." in prose("inside_the_states")
    if not waits("inside_the_states", "selectivity of tense"):
        text = outputs("inside_the_states").replace("−", "-")
        found = {
            (network, layer): [float(cell) for cell in row(f"{network} | {layer}", text)]
            for network in ("GRU", "Transformer", "untrained Transformer")
            for layer in ("embedding", "layer 1", "layer 2")
        }
        positive = {key for key, values in found.items() if values[4] > 0}
        assert positive == {("GRU", "layer 1"), ("GRU", "layer 2")}
        gender, number, tense = ({key: values[column] for key, values in found.items()} for column in range(3))
        assert tense["GRU", "layer 2"] > 75 > 45 > tense["GRU", "embedding"]
        assert tense["Transformer", "layer 2"] - tense["untrained Transformer", "layer 2"] < 10
        assert min(number["GRU", "layer 1"], number["GRU", "layer 2"]) > number["GRU", "embedding"] + 10
        assert all(abs(number["untrained Transformer", layer] - 50) < 10 for layer in ("layer 1", "layer 2"))
        assert all(abs(gender[network, "layer 2"] - 50) < 10 for network in ("GRU", "Transformer"))
        assert gender["Transformer", "embedding"] < 50 < gender["GRU", "embedding"]


def test_what_is_said_of_the_pushed_states():
    text = prose("inside_the_states")
    assert "a push along the common direction of the number changes almost nothing" in text
    assert "In the GRU the same push works in fewer sentences." in text
    if not waits("inside_the_states", "With a strength of 1, the noun becomes plural"):
        own = {}
        for network in ("GRU", "Transformer"):
            own[network], *others = numbers(
                rf"(?:: |; ){network}: its own direction \*\*(\d+)%\*\*, common direction (\d+)%, "
                r"direction of the probe (\d+)%, random direction (\d+)%",
                outputs("inside_the_states"),
            )
            assert max(others) <= 5
        assert own["GRU"] < 50 < own["Transformer"]


def test_the_two_precisions_of_chapter_17():
    """The chapter gives the range of three seeds from `benchmarks/results-precision.json`."""
    presets = json.loads((ROOT / "benchmarks" / "results-precision.json").read_text(encoding="utf-8"))["presets"]
    text = prose("faster")
    for name, found in presets.items():
        values = [found[precision][key] for key in ("loss", "bleu") for precision in ("bf16", "fp32")]
        said = [
            f"{min(each):.{digits}f} to {max(each):.{digits}f}"
            for each, digits in zip(values, (3, 3, 1, 1), strict=True)
        ]
        assert f"| `{name}` | {found['epochs']} | {' | '.join(said)} |" in text
        assert min(values[0]) <= max(values[1])  # the ranges of the loss overlap
        assert min(values[1]) <= max(values[0])
        assert (max(values[2]) < min(values[3])) == (name == "standard")  # those of BLEU do not, in one case


# Durations


@pytest.mark.parametrize("chapter", SCRIPTS)
def test_a_chapter_takes_about_as_long_as_it_says(chapter):
    """Minutes at `standard`, if a chapter gives them; other programs slow an execution, so they may differ by a factor of 2."""
    digits = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10}
    said = re.search(r"about (\w+) minutes (?:on two cores|at `standard`)", prose(chapter)[:3000])
    if said:
        minutes = notebook(chapter)["metadata"]["s2s_tutorial"]["seconds"] / 60
        assert minutes / 2 <= float(digits.get(said[1], said[1])) <= 2 * math.ceil(minutes)


def test_the_long_chapters_give_a_duration():
    for chapter in ("how_good_is_it", "seeing_attention", "break_it", "which_attention"):
        assert re.search(r"about (\w+) minutes", prose(chapter)[:3000]), chapter


# The bibliography


@pytest.fixture(scope="module")
def plain():
    """Return the site's translation of citations."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        import s2s_plain
    finally:
        sys.path.pop(0)
    return s2s_plain


def test_labels_are_authors_and_year_and_no_two_are_equal(plain):
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        from s2s_bibliography import AuthorYearLabels
    finally:
        sys.path.pop(0)
    entries = parse_file(str(CITED)).entries
    labels = dict(zip(entries, AuthorYearLabels().format_labels(entries.values()), strict=True))
    assert len(set(labels.values())) == len(labels)
    assert labels["luong2015"] == "Luong et al., 2015"
    assert labels["press2017"] == "Press and Wolf, 2017"
    css = (ROOT / "book" / "_static" / "book.css").read_text(encoding="utf-8")
    assert not re.search(r"citation[^{]*label[^{]*\{[^}]*display: none", css)
    with pytest.raises(ValueError, match="cited as"):
        list(AuthorYearLabels().format_labels([entries["luong2015"], entries["luong2015"]]))


def test_no_address_is_a_query():
    entries = parse_file(str(CITED)).entries
    assert [key for key, entry in entries.items() if "?" in entry.fields.get("url", "")] == []
    assert all(not entry.fields.get("doi", "10.").startswith("http") for entry in entries.values())


def test_every_work_is_cited_and_every_link_to_a_work_is_a_citation(plain):
    entries = parse_file(str(CITED)).entries
    chapters = {chapter: plain.cite(prose(chapter)) for chapter in SCRIPTS}
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "book").rglob("*.md"))
    cited = set(",".join(re.findall(r"\{cite:[pt]\}`([^`]+)`", "".join(chapters.values()) + pages)).split(","))
    assert set(entries) - cited - {"firth1957"} == set()  # chapter 23 quotes Firth, and there is no link
    urls = {entry.fields["url"] for entry in entries.values() if "url" in entry.fields}
    links = [(chapter, url) for chapter, text in chapters.items() for url in re.findall(r"\]\((https://\S+?)\)", text)]
    assert [link for link in links if link[1] in urls or re.search(r"arxiv|doi\.org|aclanthology|jmlr", link[1])] == []


def test_dropout_is_credited_before_it_is_first_used_in_training():
    for chapter in ("first_translation", "encoder_decoder"):
        text = SCRIPTS[chapter].read_text(encoding="utf-8")
        assert text.index("srivastava14a") < text.index("trainer.fit()")
