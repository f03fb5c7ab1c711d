# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,mystnb,-all
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Translating
#
# A trained model does not give us a translation. It only answers one question: given this source and these words so far, how probable
# is each next word? To get a sentence from such answers, we have to search for one, and the obvious way to search is not the best.
# In this chapter we compare ways to search, first by hand with a model that is small enough for it, and then with the model that we
# have trained.
#
# > **What you will be able to do**
# >
# > - follow greedy search and a beam of two by hand, and build a case where greedy search is wrong
# > - explain with numbers why long sentences lose without a length penalty
# > - choose a beam size from a measurement of quality and time
# > - say why translating many sentences at once is faster and gives the same words
#
# The chapter uses the run of [Training](09_training.ipynb), and trains it first if it is not there. Besides that it takes less than a
# minute at the scales `small` and `standard`, and considerably longer at `large`.

# %% tags=["hide-input"]
# Find the package in this clone, or install it from where the book is published. Otherwise stop and say what to do.
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = ""  # filled in where the book is published
NEEDED = "s2s_tutorial babel filelock matplotlib msgspec numpy pooch sacrebleu safetensors sentencex tensorboard torch tornado tqdm typer"
clone = next((f for f in (Path.cwd(), *Path.cwd().parents) if (f / "s2s_tutorial" / "__init__.py").is_file()), None)
sys.path[:0] = [str(clone)] if clone else []
source = f"git+{REPOSITORY}" if REPOSITORY else clone or "the folder of your clone"
ready = all(map(find_spec, NEEDED.split()))
if REPOSITORY and not ready:
    command = [sys.executable, "-m", "pip", "install", "--quiet", source]
    ready = subprocess.run(command, capture_output=True, check=False).returncode == 0
if not ready:
    stop = ImportError(f'Packages are missing. Run %pip install "{source}" in a cell, and then run this cell again.')
    stop._render_traceback_ = lambda: [str(stop)]  # one line, no traceback
    raise stop

# %%
from s2s_tutorial.presets import load_scale

scale = load_scale()  # S2S_SCALE: small, standard or large
beam_sizes = tuple(range(1, 11))  # to compare; 1 is greedy search
penalties = (0.0, 0.5, 1.0, 1.5, 2.0)  # strengths of the length penalty, to compare
chosen_beam = 5  # where one beam is shown
validation_sentences = 1000  # of the validation set, at most, to measure on

# %% tags=["hide-input"]
import math
import statistics
import time

import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.corpus import challenge_set, prepare
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import Board, LiveLine
from s2s_tutorial.translation.evaluation import bleu_score, exact_match, normalised_words
from s2s_tutorial.translation.search import Beam, beam_search, greedy_search, length_penalty
from s2s_tutorial.translation.translator import answer_unknown

BLUE, ORANGE = "#00429d", "#b8560b"  # colours that everybody can tell apart

# %% [markdown]
# ## A model small enough to search by hand
#
# To see what a search does, we take a model whose answers fit into a table. « Elle a faim. » means word for word "she has hunger", but people say "she
# is hungry". Suppose that a model gives these probabilities of the next word (the full stop is left out):
#
# | so far | next word and its probability |
# | :--- | :--- |
# | (nothing yet) | **she** 0.9, it 0.1 |
# | she | **has** 0.5, is 0.4, was 0.1 |
# | she has | **hunger** 0.3, famine 0.3, hungry 0.2, eaten 0.2 |
# | she is | **hungry** 0.9, tired 0.1 |
# | she was | hungry 0.8, tired 0.2 |
#
# (After "it" the same words follow with the same probabilities.) **[Greedy search](../book/glossary.md)** takes the most
# probable word at each step, feeds it back to the model, and never changes a word later.
#
# > **Guess first**
# >
# > Which sentence does greedy search find, and how probable is it? Which is the most probable sentence of all?

# %%
NEXT = {
    "": {"she": 0.9, "it": 0.1},
    "x": {"has": 0.5, "is": 0.4, "was": 0.1},
    "x has": {"hunger": 0.3, "famine": 0.3, "hungry": 0.2, "eaten": 0.2},
    "x is": {"hungry": 0.9, "tired": 0.1},
    "x was": {"hungry": 0.8, "tired": 0.2},
}


def next_words(words):
    """Probabilities of the next word after some words; none after three: the sentence is complete."""
    return NEXT.get(" ".join(["x", *words[1:]] if words else []), {})


# %% tags=["nbval-check-output"]
words, probability = [], 1.0
while options := next_words(words):
    word = max(options, key=options.get)
    probability *= options[word]
    words.append(word)
    print(f"{' '.join(words):16} {probability:.3f}")


# %% [markdown]
# The table is small enough to try every sentence, which is called **exhaustive search**. With a real vocabulary we cannot do this: for
# V = 1,418 words there are $V^5 \approx 6 \cdot 10^{15}$ sentences of five words, whereas greedy search looks at $5 V = 7{,}090$
# continuations.


# %% tags=["nbval-check-output"]
def complete(words=(), probability=1.0):
    """All complete sentences with their probabilities."""
    if not (options := next_words(list(words))):
        return [(probability, " ".join(words))]
    return [found for word, p in options.items() for found in complete((*words, word), probability * p)]


everything = sorted(complete(), reverse=True)
print(f"{len(everything)} sentences, probabilities add up to {sum(p for p, _ in everything):.3f}")
for probability, sentence in everything[:3]:
    print(f"{sentence:16} {probability:.3f}")


# %% [markdown]
# Greedy search found a sentence of probability 0.135, but the best sentence has 0.324. At the second word "has" was slightly more probable than "is". What
# follows "has", however, is spread over many words, while after "is" there is hardly a choice. Greedy search cannot look that far ahead.
#
# **[Beam search](../book/glossary.md)** keeps the K best beginnings, which are also called *partial hypotheses*, instead of one.
# At each step it continues each of them with every word, and keeps the K best of all results (Figure 11.1). With K = 5 it looks
# at about 35,450 continuations for our five words, five times as many as greedy search and still very few.


# %% tags=["nbval-check-output"]
def beam_by_hand(size):
    """Print a beam's places after every step; return the best sentence."""
    beam = [(1.0, [])]
    for step in range(3):
        grown = [(p * q, [*words, word]) for p, words in beam for word, q in next_words(words).items()]
        beam = sorted(grown, key=lambda place: -place[0])[:size]
        print(f"step {step + 1}:", " | ".join(f"{' '.join(words)} {p:.3f}" for p, words in beam))
    return " ".join(beam[0][1])


assert beam_by_hand(2) == everything[0][1]
assert beam_by_hand(1) == "she has hunger"

# %% tags=["hide-input"] mystnb={"image": {"alt": "A tree of beginnings. From she, branches lead to has with 0.5, is with 0.4 and was with 0.1. Behind has come hunger and famine with 0.3 each; behind is comes hungry with 0.9. The orange path runs over has to hunger, total 0.135. The blue path runs over is to hungry, total 0.324."}}
figure = Figure(figsize=(7.5, 3.4), layout="constrained")
axes = figure.add_subplot()
at = {"she": (0, 2), "has": (1, 3), "is": (1, 1.2), "was": (1, 0)}
ends = [
    ("has", "hunger", 4),
    ("has", "famine", 3.4),
    ("has", "…", 2.8),
    ("is", "hungry", 1.6),
    ("is", "tired", 0.9),
    ("was", "…", 0),
]
lines = [("she", word, at[word], NEXT["x"][word]) for word in ("has", "is", "was")]
lines += [(a, b, (2, height), NEXT[f"x {a}"].get(b)) for a, b, height in ends]
kinds = {
    ("she", "has"): (ORANGE, 4),
    ("has", "hunger"): (ORANGE, 4),
    ("she", "is"): (BLUE, 2.5),
    ("is", "hungry"): (BLUE, 2.5),
}
box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "0.3"}
for a, b, end, p in lines:
    colour, width = kinds.get((a, b), ("0.75", 1.5))
    axes.plot(*zip(at[a], end, strict=True), color=colour, linewidth=width, zorder=0)
    axes.text(*end, b, ha="center", va="center", bbox=box)
    middle = ((at[a][0] + end[0]) / 2, (at[a][1] + end[1]) / 2)
    axes.text(*middle, "" if p is None else f"{p:g}", ha="center", va="center", fontsize=9, backgroundcolor="white")
axes.text(*at["she"], "she", ha="center", va="center", bbox=box)
axes.text(2.25, 4, "0.9 · 0.5 · 0.3 = 0.135", va="center", color=ORANGE)
axes.text(2.25, 1.6, "0.9 · 0.4 · 0.9 = 0.324", va="center", color=BLUE)
axes.set(xlim=(-0.2, 3.3), ylim=(-0.4, 4.4))
axes.axis("off")
show_figure(figure)

# %% [markdown]
# **Figure 11.1.** Greedy search (orange) takes the better second word and ends in the worse sentence. A beam of two keeps the other
# second word as well, and finds the better sentence (blue).

# %% [markdown]
# A beam of two does not guarantee the best sentence either. It would miss a sentence whose beginning is only the third best, and
# Exercise 11.2 asks you to build one. A wider beam misses less, but it costs more, and we will measure both.
#
# ## The package's searches
#
# Next we use these searches with the trained model. If [Training](09_training.ipynb) has been run, the next cell only loads its model.

# %%
corpus = prepare(scale.data)
trainer = Trainer(corpus, scale, folder_for(scale), samples=challenge_set(), watchers=[LiveLine(), Board()])
trainer.fit()
translator = trainer.translator

# %% [markdown]
# Here is greedy search for a whole batch. It is the loop from above, with logarithms that are added instead of probabilities that are
# multiplied, because a product of thirty probabilities becomes a very small number and a sum of thirty logarithms does not.

# %%
show_source(greedy_search)

# %% [markdown]
# Beam search for a batch of B sentences runs the decoder on B × K partial hypotheses as if they were so many sentences.
# The first function below is the loop, and the other two are what it does at each step. Look for three things in them:
#
# - In `advance`, the continuations of the K hypotheses of a sentence are put into one row before the K best are taken, so that hypotheses compete only within their own sentence.
# - A finished hypothesis has padding as its only continuation, at no cost, so it stays as it is.
# - The log-probability is divided by the length penalty, which we explain below.

# %%
show_source(beam_search, Beam.advance, Beam._next_words)

# %% [markdown]
# Beam search with one hypothesis is greedy search, so both must give the same words. The package's tests check this, and you can
# see it here. (`answer_unknown` turns ids into words; [When the model is unsure](12_when_it_is_unsure.ipynb) shows it.)

# %%
validation = corpus.validation.head(validation_sentences)


def outputs_of(translations):
    """Translations as normalised text, as they are compared with references."""
    return [" ".join(normalised_words(translation.words)) for translation in translations]


def beam_of_one(source):
    """Words that `beam_search` finds for one sentence with a single place."""
    ids = corpus.src_vocabulary.encode(source.split())  # EOS at the end
    src_ids = torch.tensor([ids], device=translator.model.device)  # (1, S)
    src_lengths = torch.tensor([len(ids)], device=translator.model.device)
    [[found]] = beam_search(translator.model, src_ids, src_lengths, beam_size=1)
    return answer_unknown(found, source.split(), corpus.tgt_vocabulary)[0]


few = validation.sources[:50]
agreed = [
    beam_of_one(source) == found.words for source, found in zip(few, translator.translate_words(few), strict=True)
]
print(f"a beam of one and greedy search agree: {all(agreed)}")

# %% [markdown]
# ## Many at once
#
# The searches of the package take batches, so we can translate many sentences at once. The translation of a sentence does not
# depend on the others in its batch, because each sentence has its own mask and its own limit of length. What a batch changes is
# the time: one product of a large matrix is much faster than many products of small ones.

# %%
start = time.perf_counter()
together = outputs_of(translator.translate_words(validation.sources))
time_together = time.perf_counter() - start
start = time.perf_counter()
alone = outputs_of([translator.translate_words([source])[0] for source in validation.sources])
time_alone = time.perf_counter() - start
agreeing = sum(a == b for a, b in zip(together, alone, strict=True))

# %% tags=["hide-input"]
show_text(
    f"{agreeing} of {len(alone)} translations are the same. One at a time took {time_alone:.2f} s, in batches "
    f"{time_together:.2f} s: **{time_alone / time_together:.0f} times** as fast."
)

# %% [markdown]
# A batch runs until its last sentence has ended. What happens to the sentences that ended earlier? You can find the line in
# `greedy_search`: they leave the batch. We could fill them up with padding instead and would get the same words, but a sentence
# that has left costs no more time. For the same reason the translator sorts sentences by length first, so that sentences of a
# batch end at about the same step.
#
# (If a translation should ever differ, rounding is the reason. Sums of floating-point numbers depend on the order of their terms,
# and a larger product adds in another order. Where two words are equally probable to seven digits, the last digit decides.)
#
# ## How wide a beam?
#
# A wider beam costs more time, so we should ask whether its result is better. This is a question about settings, and we choose
# settings on the *[validation](../book/glossary.md)* set. We keep the test set for the final score in [How good is it?](13_how_good_is_it.ipynb), because a score on the
# set by which you chose is too high. (Some earlier chapters did use test sentences, of the built-in corpus or of these pairs, to report
# how trainings compare. No setting of this model was chosen by them.)
#
# > **Guess first**
# >
# > Draw two curves over beam sizes 1 to 10: BLEU, and seconds. Where does each of them bend?

# %%
rows = []
for beam_size in beam_sizes:
    times = []
    for _ in range(2):  # the quicker one is the one that the rest of the machine disturbed less
        start = time.perf_counter()
        outputs = outputs_of(translator.translate_words(validation.sources, beam_size))
        times.append(time.perf_counter() - start)
    exact = exact_match(outputs, validation.references)
    rows.append((beam_size, bleu_score(outputs, validation.references), exact, min(times)))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over beam sizes 1 to 10. On the left validation BLEU as blue dots, on the right seconds of translating as orange squares, which rise with the beam."}}
figure = Figure(figsize=(8, 3), layout="constrained")
left, right = figure.subplots(1, 2)
left.plot(beam_sizes, [row[1] for row in rows], "o-", color=BLUE)
left.set(xlabel="beam size", ylabel="validation BLEU", xticks=beam_sizes)
right.plot(beam_sizes, [row[3] for row in rows], "s--", color=ORANGE)
right.set(xlabel="beam size", ylabel="seconds", xticks=beam_sizes, ylim=(0, None))
show_figure(figure)

# %% [markdown]
# **Figure 11.2.** What a wider beam brings on the validation set, and what it costs. Note that the left axis does not begin at zero.

# %% tags=["hide-input"]
best = max(rows, key=lambda row: row[1])
first = rows[0]
show_text(
    f"On {len(validation):,} validation sentences beam {first[0]} scores **{first[1]:.1f}** BLEU in {first[3]:.2f} s. The "
    f"highest, **{best[1]:.1f}**, is at beam {best[0]} and takes {best[3]:.2f} s ({best[3] / first[3]:.1f} times). "
    f"Exact matches: {first[2]:.1%} and {best[2]:.1%}. A set of this size moves by several points of BLEU "
    f"from one sample of sentences to another, so do not read much into which of the wider beams is highest."
)

# %% [markdown]
# The rest of this chapter, and the next two, use a beam of 5. It is a common size, and we had fixed it before this measurement.
# The measurement gives no reason to change it: from a beam of 2 on, the scores differ by less than they would for another sample
# of sentences. Five hypotheses do not take five times as long as one, because the encoder reads each sentence only once, and
# because a product for all five is faster than five products, as in the section before.
#
# Look at Figure 11.2. Why can [BLEU](../book/glossary.md) stay the same, or even *fall*, when the search gets better? A
# wider beam finds more probable translations, but the most probable translation is not always the best, because the model is
# sometimes wrong. Length is one reason.
#
# ## Long sentences lose
#
# Every word multiplies the probability by a number below 1, so a search for the highest probability prefers short sentences, and the
# wider the beam, the more short ones it finds. An extreme example: suppose that the model gives every right word a probability of 0.8, and an
# end mark right at the beginning only 0.05. A right translation of thirteen words and its end mark has the probability $0.8^{14} = 0.044$. So the *empty*
# translation, with 0.05, is more probable.
#
# The remedy is to divide the log-probabilities by a **[length penalty](../book/glossary.md)** that grows with the number of words before they are
# compared. This is equation 14 of [Wu et al. (2016)](https://arxiv.org/abs/1609.08144) without its second part, a coverage penalty,
# which lowers the score of a translation that leaves source words without attention. ([Where it fails](16_where_it_fails.ipynb)
# measures both parts on long sentences.)
#
# $$
# \begin{aligned}
# s(Y) &= \frac{\ln p(Y \mid X)}{\mathrm{lp}(Y)} \\[1ex]
# \mathrm{lp}(Y) &= \left(\frac{5 + |Y|}{6}\right)^{\alpha}
# \end{aligned}
# \tag{11.1}
# $$
#
# Here $|Y|$ is the number of words of the translation $Y$ of the source $X$, with its end mark. With $\alpha = 0$ we divide by 1, so short sentences
# win, and with a very large $\alpha$ long ones win, whatever they say. Let us compute an example: translation A has 4 words and
# $\ln p = -2.0$, translation B has 8 words and $\ln p = -2.8$, so A is more probable. With $\alpha = 1$, A is divided by 9/6 =
# 1.5 and B by 13/6 ≈ 2.17.

# %% tags=["nbval-check-output"]
for strength in (0.0, 1.0):
    a, b = (log_p / length_penalty(length, strength) for length, log_p in ((4, -2.0), (8, -2.8)))
    print(f"strength {strength}: A {a:.3f}, B {b:.3f}, so {'A' if a > b else 'B'} wins")

# %% [markdown]
# How much does it matter for our model? We translate with the same beam and several strengths, again on the validation set:

# %%
reference_words = statistics.mean(len(references[0].split()) for references in validation.references)
lengths_table = []
for strength in penalties:
    outputs = outputs_of(translator.translate_words(validation.sources, chosen_beam, strength))
    mean_words = statistics.mean(len(output.split()) for output in outputs)
    lengths_table.append(
        [strength, mean_words, mean_words / reference_words, bleu_score(outputs, validation.references)]
    )
show_table(["strength α", "words a sentence", "of the references' length", "validation BLEU"], lengths_table)

# %% tags=["hide-input"]
weak, strong = lengths_table[0], lengths_table[-1]
longer = strong[1] - weak[1]
show_text(
    f"The references have {reference_words:.2f} words on average. Without a penalty the translations have {weak[1]:.2f}, "
    f"with the strongest {strong[1]:.2f}: {'longer, as expected' if longer > 0 else 'not longer here'}. "
    + (
        "But all of these are close: on short sentences length is not what goes wrong."
        if abs(longer) < 0.05 * reference_words
        else "A difference of this size changes BLEU, which penalises translations that are too short."
    )
)

# %% [markdown]
# ## Recap
#
# - A model gives probabilities, and a search makes a sentence of them. Greedy search takes the best word at each step, and may miss
#   a sentence that is better as a whole.
# - Beam search keeps K beginnings. It does about K times the work, which takes less than K times
#   as long, and improves the result a little, up to a point.
# - Every word lowers the probability, so short sentences win unless the score is divided by a length penalty.
# - Settings such as beam size and penalty are chosen on the validation set, never on the test set.
# - Batches change the time and not the result.
#
# ## Exercises

# %% [markdown]
# ### Exercise 11.1: Where B overtakes A
#
# Translation A has 4 words and $\ln p = -2.0$, B has 8 words and $\ln p = -2.8$. From which strength $\alpha$ on does B
# win? Solve (11.1) for it, then check with `length_penalty`.

# %% [markdown]
# ### Solution to exercise 11.1

# %% [markdown]
# The lengths give 9/6 and 13/6. At the crossing $2.0 / (9/6)^\alpha = 2.8 / (13/6)^\alpha$, so $(13/9)^\alpha = 1.4$, and
# $\alpha = \ln 1.4 / \ln(13/9)$.

# %% tags=["solution", "nbval-check-output"]
crossing = math.log(2.8 / 2.0) / math.log(13 / 9)
for strength in (crossing - 0.01, crossing + 0.01):
    a, b = -2.0 / length_penalty(4, strength), -2.8 / length_penalty(8, strength)
    print(f"strength {strength:.3f}: {'A' if a > b else 'B'} wins")

# %% [markdown]
# ### Exercise 11.2: Fool a beam of two
#
# Change the probabilities in `NEXT` so that a beam of two misses the most probable sentence and a beam of three finds it.

# %% [markdown]
# ### Solution to exercise 11.2

# %% [markdown]
# The best sentence must begin with the third best beginning. So "was" should be only a little less probable than "has" and "is", and what follows
# those two should be spread over several words.

# %% tags=["solution", "nbval-check-output"]
NEXT["x"] = {"has": 0.36, "is": 0.34, "was": 0.3}
NEXT["x is"] = {"hungry": 0.4, "tired": 0.3, "famished": 0.3}
NEXT["x was"] = {"hungry": 0.9, "tired": 0.1}
best_of_all = max(complete())[1]
assert beam_by_hand(2) != best_of_all
assert beam_by_hand(3) == best_of_all
print("best:", best_of_all)

# %% [markdown]
# ## What to read next
#
# [When the model is unsure](12_when_it_is_unsure.ipynb) continues with this model: it looks at the other translations of a beam, and
# at words that the model has never seen. The length penalty is section 7 of [Wu et al. (2016)](https://arxiv.org/abs/1609.08144).
