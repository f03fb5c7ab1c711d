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
# In this chapter we compare ways to search, and then look at what a model does with words that it has never seen.
#
# > **What you will be able to do**
# >
# > - follow greedy search and a beam of two by hand, and build a case where greedy search is wrong
# > - explain with numbers why long sentences lose without a length penalty
# > - choose a beam size from a measurement of quality and time
# > - draw translations at random with a temperature, and say how far the model's probabilities can be trusted
# > - explain what happens to a name that is in no vocabulary
#
# The chapter uses the run of [Training](08_training.ipynb), and trains it first if it is not there. Besides that it takes less than a
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

# %%
import math
import statistics
import time

import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.corpus import challenge_set, prepare
from s2s_tutorial.data.text import normalise
from s2s_tutorial.data.vocabulary import EOS, SOS, UNK, Vocabulary
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import Board, LiveLine
from s2s_tutorial.translation.evaluation import bleu_score, exact_match, normalised_words
from s2s_tutorial.translation.search import Beam, Hypothesis, beam_search, greedy_search, length_penalty
from s2s_tutorial.translation.translator import answer_unknown

BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"  # colours that everybody can tell apart

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
# probable word at each step and feeds it back. It never takes a word back.
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
# The table is small enough to try every sentence, which is called **exhaustive search**. With a real vocabulary this is impossible. For V = 1,418 words
# and sentences of five words there are $V^5 \approx 6 \cdot 10^{15}$ sentences. Greedy search looks at $5 V = 7{,}090$ continuations.


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
# **[Beam search](../book/glossary.md)** keeps the K best beginnings instead of one. At each step it continues each of them with
# every word, and keeps the K best of all results (Figure 10.1). With K = 5 it looks at about 35,450 continuations for our five words,
# five times as many as greedy search and still very few.


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
# **Figure 10.1.** Greedy search (orange) takes the better second word and ends in the worse sentence. A beam of two keeps the other
# second word as well, and finds the better sentence (blue).

# %% [markdown]
# A beam of two does not guarantee the best sentence either. It would miss a sentence whose beginning is only the third best, and Exercise 10.2
# asks you to build one. Wider beams miss less and cost more.
#
# ## The package's searches
#
# Next we use these searches with the trained model. If [Training](08_training.ipynb) has been run, the next cell only loads its model.

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
# Beam search with one hypothesis is greedy search, so both must give the same words. The package's tests check this, and you can see it here:

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
# The searches take batches. The result must not depend on the other sentences of the batch, because each sentence has its own mask and its
# own limit of length. What a batch changes is the time: one product of a large matrix is much faster than many
# products of small ones.

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
# A batch runs until its last sentence has ended. What happens to the sentences that ended earlier? Find the line in
# `greedy_search`: they leave the batch. Filling them up with padding would give the same words, but a sentence that has left costs no more
# time. For the same reason the translator sorts sentences by length first, so that sentences of a batch end at about the same step.
#
# (If a translation should ever differ, rounding is the reason. Sums of floating-point numbers depend on the order of their terms, and a larger product adds in another
# order. Where two words are equally probable to seven digits, the last digit decides.)
#
# ## How wide a beam?
#
# A wider beam costs more time. Is the result better? This is a question about settings, and settings are chosen on the *[validation](../book/glossary.md)* set.
# We do not use the test set of these pairs until [How good is it?](11_how_good_is_it.ipynb), because a score on the
# set by which you chose is too high. (Some earlier chapters did use a test set, that of the built-in corpus, to report how two
# trainings compare. No setting of this model was chosen by it.)
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
# **Figure 10.2.** What a wider beam brings on the validation set, and what it costs. Note that the left axis does not begin at zero.

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
# The rest of this chapter, and the next, use a beam of 5. It is a common size, and we had fixed it before this
# measurement. The measurement gives no reason to change it: from a beam of 2 on, the scores differ by less than
# they would for another sample of sentences.
#
# Look at Figure 10.2. Why can [BLEU](../book/glossary.md) stay the same, or even *fall*, when the search gets better? A
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
# which lowers the score of a translation that leaves source words without attention. ([Where it fails](14_where_it_fails.ipynb)
# measures both parts on long sentences.)
#
# $$
# \begin{aligned}
# s(Y) &= \frac{\ln p(Y \mid X)}{\mathrm{lp}(Y)} \\[1ex]
# \mathrm{lp}(Y) &= \left(\frac{5 + |Y|}{6}\right)^{\alpha}
# \end{aligned}
# \tag{10.1}
# $$
#
# With $\alpha = 0$ nothing is divided, and short sentences win. With a very large $\alpha$, long ones win, whatever they say. Let us compute an example: translation A has 4 words and $\ln p = -2.0$, translation B has 8 words
# and $\ln p = -2.8$, so A is more probable. With $\alpha = 1$, A is divided by 9/6 = 1.5 and B by 13/6 ≈ 2.17.

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
# ## The other translations of a beam
#
# A beam ends with K finished translations, an **n-best list**. It shows where the model was in doubt.


# %% tags=["hide-input"]
def show_n_best(sentence, beam_size=chosen_beam):
    """A table of a beam's translations with the model's probability of each; returns the translations."""
    found = translator.translate(sentence, beam_size, penalty=0.0)  # scores without penalty are ln p
    ranked = [(found.text, found.score), *found.others]
    show_text(f'<span lang="fr">« {sentence} »</span>')
    rows = [[text.replace("<unk>", "⁇"), f"{math.exp(score):.1%}"] for text, score in ranked]
    show_table(["translation", "probability"], rows)
    return [text for text, _ in ranked]


# %%
_ = show_n_best("Le bébé ne dort pas.")
of_friend = show_n_best("Son amie est malade.")
_ = show_n_best("Son amie est anglaise.")

# %% [markdown]
# « Son amie » is "his friend" or "her friend", and nothing in French tells which. Look at the second list.

# %% tags=["hide-input"]
his, her = (sum(owner in text.split() for text in of_friend) for owner in ("his", "her"))
show_text(
    f'**{his}** of its {len(of_friend)} translations say "his" and **{her}** say "her". '
    + (
        "A translator that must give one answer has to choose, whereas the list has both."
        if his and her
        else "So this list does not show both: a beam keeps only the most probable translations."
    )
)

# %% [markdown]
# The last words of the third list may make no sense at all. If so, the model has never seen « anglaise », and such words are the
# subject of a later section.
#
# ### Can you force a word?
#
# Sometimes you know a word that the translation has to contain, for example because your company has a fixed term for it. The
# searches of this package cannot be given such a word. But you can ask for a long n-best list and take the first translation
# that contains it, or choose the word yourself on the page [Translate inside the page](../book/translate.md), where the model
# continues the sentence after your choice. [Hokamp and Liu (2017)](https://aclanthology.org/P17-1141) change beam search so
# that every finished hypothesis contains the given words.
#
# ### How sure is it?
#
# Can the probabilities tell you which translations are probably wrong, so that a person should check them? We sort the
# validation sentences by the mean log-probability of a word in their greedy translation, the surest first, and cut the list
# into four equal parts.
#
# > **Guess first**
# >
# > Over the whole set you know the share of translations that are right word for word. What is it in the surest quarter, and
# > what in the least sure one?

# %% tags=["hide-input"]
greedy = translator.translate_words(validation.sources)
log_probability = [one.score / (len(one.words) + 1) for one in greedy]  # of a word, the end mark included
by_sureness = sorted(range(len(greedy)), key=lambda row: -log_probability[row])
quarter = len(greedy) // 4
rows = []
for name, start in (("surest", 0), ("second", quarter), ("third", 2 * quarter), ("least sure", 3 * quarter)):
    group = by_sureness[start : start + quarter]
    outputs = outputs_of([greedy[row] for row in group])
    references = [validation.references[row] for row in group]
    probability = math.exp(statistics.mean(log_probability[row] for row in group))
    rows.append([name, probability, f"{exact_match(outputs, references):.0%}", bleu_score(outputs, references)])
show_table(["quarter", "probability of a word", "right word for word", "BLEU"], rows)

# %% [markdown]
# If the rows fall from top to bottom, the probability is useful for sorting: a person who checks only the last quarter finds
# many of the mistakes. It is not the probability that the translation is right. A sentence with several good translations
# divides its probability among them, label smoothing ([Overfitting](09_overfitting.ipynb)) keeps the model from being
# completely sure, and what the model never learned to doubt it can get wrong with a high probability. To turn probabilities
# into numbers that can be believed, [Guo et al. (2017)](https://arxiv.org/abs/1706.04599) divide the logits by a number that
# is chosen on held-out data. This number is called a temperature, and we need it next for another purpose.
#
# ## Drawing words instead of searching
#
# A search always gives the same translation of a sentence. Sometimes we want several different ones, for example as answers
# in a conversation. Then we can **[sample](../book/glossary.md "sampling")**: at each step we draw the next word at random, so
# that each word is drawn as often as its probability says. But in a long sentence, an improbable word is then drawn sooner or
# later, and the rest of the sentence has to continue from it. The **[temperature](../book/glossary.md)** $\tau$ decides how often
# this happens. It divides the logits $z$ before the softmax:
#
# $$
# p_i = \frac{\exp(z_i / \tau)}{\sum_j \exp(z_j / \tau)}
# \tag{10.2}
# $$
#
# Take four words with the probabilities 1/2, 1/4, 1/8 and 1/8. By (10.2), $\tau = 1$ leaves them as they are. With $\tau = 1/2$
# each probability is squared and divided by the sum of the squares. The squares are 16/64, 4/64, 1/64 and 1/64, and their sum
# is 22/64. Which probabilities do you get, and in which direction do they move with $\tau = 2$?

# %% tags=["nbval-check-output"]
four = torch.tensor([1 / 2, 1 / 4, 1 / 8, 1 / 8]).log()
for temperature in (0.5, 1.0, 2.0):
    print(f"temperature {temperature}:", [round(p, 2) for p in (four / temperature).softmax(dim=0).tolist()])

# %% [markdown]
# A low temperature makes probable words more probable, and near 0 only the most probable word is left, as in greedy search. A
# high one makes all words more alike. Exercise 10.4 draws translations from our model and measures what that costs. For a
# translator, where one good answer is wanted, a search is the better way. Where variety is wanted, as in a conversation, a
# temperature between 0.5 and 1 is a usual place to begin. On the page [Translate inside the page](../book/translate.md) you can
# move the temperature while you watch the words.
#
# ## Words it has never seen
#
# Every vocabulary ends somewhere. A source word outside it becomes UNK, one embedding for everything unknown.
# During training, words that were seen only once are sometimes replaced by UNK on both sides, so that UNK is trained like other words. On the target side
# the model can then *write* UNK, which means: a word belongs here that I do not know.
#
# What should a reader see in its place? Often the source word itself is right, for example if it is a name. In their paper on rare
# words [Luong et al. (2015b)](https://arxiv.org/abs/1410.8206) let the model write, beside each unknown word, a
# pointer to a source word. After the search they look this source word up in a dictionary, and copy it only if the
# dictionary does not have it. We have no dictionary, so we keep only the second half: our pointer is the source word
# with the most attention, and we copy it. Here is an example with made-up weights:

# %% tags=["nbval-check-output"]
toy_words = Vocabulary.count(["is tired ."])
ids = [UNK, *toy_words.encode(["is", "tired", "."])[:-1]]
attn_weights = torch.tensor([  # ngozi  est  fatiguee  .   <eos>
    [0.70, 0.10, 0.05, 0.05, 0.10],  # <unk>
    [0.10, 0.80, 0.05, 0.05, 0.00],  # is
    [0.05, 0.05, 0.85, 0.05, 0.00],  # tired
    [0.00, 0.00, 0.05, 0.90, 0.05],  # .
])  # fmt: skip
source = ["ngozi", "est", "fatiguee", "."]
print("written:", " ".join(toy_words.words[number] for number in ids))
print("answer: ", answer_unknown(Hypothesis(ids, -1.0, attn_weights), source, toy_words))

# %% [markdown]
# The list after the words shows which positions were copied. Next we give the real model some names that occur in few corpora:

# %%
sentences = [
    "Ngozi est fatiguée.", "Je connais Wilhelmina.", "Il aime Bartholomé.", "Est-ce que Xanthippe dort ?",
    "Mon ami habite à Ouagadougou.", "Elle a un ornithorynque.",
]  # fmt: skip
answers = [translator.translate(sentence) for sentence in sentences]
marked = [
    " ".join(
        f"**{word}**" if place in found.copied else word.replace("<unk>", "⁇") for place, word in enumerate(found.words)
    )
    for found in answers
]
show_table(
    ["source", "unknown words", "translation, copied words bold"],
    [[a, ", ".join(found.unknown) or "none", text] for a, found, text in zip(sentences, answers, marked, strict=True)],
)

# %% tags=["hide-input"]
once_src, once_tgt = (int(v.seen_once().sum()) for v in (corpus.src_vocabulary, corpus.tgt_vocabulary))
asked = sum(len(found.unknown) for found in answers)
copied = sum(len(found.copied) for found in answers)
show_text(
    f"The sentences hold {asked} unknown words; **{copied}** words of the answers were copied. The model can write UNK only if it has "
    f"learned to. In these training pairs {once_src} of {len(corpus.src_vocabulary):,} French words and {once_tgt} of "
    f"{len(corpus.tgt_vocabulary):,} English words were seen just once, and only those were ever shown as UNK. "
    + ("That is very little to learn from. " if once_tgt < 0.05 * len(corpus.tgt_vocabulary) else "")
    + (
        "(Before the filter, each of these words occurred at least five times. Some lost all but one of their pairs, because "
        "these pairs contained another word that was rare, or went into the test set.) Our filter drops all pairs with rare "
        "words, and these are the sentences from which a model could learn what to do with such words."
        if scale.data.trim_below > 1
        else "No filter dropped rare words here, so all rare words of the corpus are in its training pairs."
    )
)

# %% [markdown]
# Copying does not help with « ornithorynque », because the English word is "platypus", and a copy never finds it. Systems of today
# cut rare words into pieces instead. So does the model in the package, which you met in [A first
# translation](00_first_translation.ipynb): it reads and writes a rare word piece by piece, so no word is unknown to it and it never copies one.
# But what it spells may differ from the name that it read. You cut words in this way in [Subwords](22_subwords.ipynb),
# and train such a model in [Words, pieces and characters](23_words_pieces_characters.ipynb).
#
# ## Ten difficult sentences
#
# [The notebook that this book started from](../book/from-2017.md) ended with ten sentences, which are a good test of how a
# translator fails. Seven of them are longer than the 25 characters of its filter, which is also the filter of our
# `standard`, so no training sentence was as long. And several contain words that are too rare for the vocabulary.

# %% tags=["nbval-check-output"]
closing = """je suis trop froid .
elle a cinq ans de moins que moi .
elle est trop petit .
je ne crains pas de mourir .
c est un jeune directeur plein de talent .
est le chien vert aujourd hui ?
le chat me parle .
des centaines de personnes furent arretees ici .
des centaines de chiens furent arretees ici .
ce fromage est prepare a partir de lait de chevre .""".splitlines()
print(sum(len(sentence) > 25 for sentence in closing), "of", len(closing), "are longer than 25 characters")

# %% [markdown]
# Two of them are not good French: « elle est trop petit » should have « petite », and « est le chien vert aujourd'hui ? » is
# English in French words. In « des centaines de chiens furent arretees », most writers would let the participle agree with
# the dogs, « arrêtés ». (« Je suis trop froid » is correct, but it means that I am cold to the touch; if you feel cold, you
# say « j'ai trop froid ».) A fair test would not contain such sentences.
#
# > **Guess first**
# >
# > Which of them will our translator get right? Which will lose a part of the sentence? In which will it invent something?

# %% tags=["hide-input"]
meanings = [
    "I am too cold.", "She is five years younger than me.", "She is too small.", "I am not afraid of dying.",
    "He is a young manager full of talent.", "Is the dog green today?", "The cat talks to me.",
    "Hundreds of people were arrested here.", "Hundreds of dogs were arrested here.", "This cheese is made from goat's milk.",
]  # fmt: skip
found = [translator.translate(sentence, chosen_beam) for sentence in closing]
show_table(
    ["source", "characters", "unknown", "output", "meaning"],
    [
        [source, len(source), ", ".join(one.unknown) or "none", one.text.replace("<unk>", "⁇"), meaning]
        for source, one, meaning in zip(closing, found, meanings, strict=True)
    ],
)

# %% tags=["hide-input"]
filtered = scale.data.unit == "characters"
shares = {True: [], False: []}
for source, one, meaning in zip(closing, found, meanings, strict=True):
    shares[len(source) <= 25].append(len(one.words) / len(normalise(meaning).split()))
short, long = shares[True], shares[False]
show_text(
    f"For sentences of up to 25 characters the output has on average **{statistics.mean(short):.0%}** as many words as the "
    f"meaning, for longer ones **{statistics.mean(long):.0%}**. "
    + (
        f"This model was trained on sentences of at most {scale.data.max_length:,} characters. "
        if filtered
        else f"This model was trained on sentences of at most {scale.data.max_length} words. "
    )
    + "The column *unknown* shows in which sentences a word is unknown."
)

# %% [markdown]
# Read the long ones, and compare the two percentages. A model that never saw a sentence of more than 25 characters never
# had to write more than six or seven words, so it has learned that translations *end* there. Attention would allow it to
# continue, but nothing in the data has taught it to. This failure is common in systems that learn: they imitate their data, in the length of sentences as well.
#
# [From sentences to numbers](01_sentences_to_numbers.ipynb) shows what filters take away, and [How good is
# it?](11_how_good_is_it.ipynb) measures quality by length. [Where it fails](14_where_it_fails.ipynb) tries two remedies, and
# counts the words that are left untranslated.
#
# ## Recap
#
# - A model gives probabilities, and a search makes a sentence of them. Greedy search never takes a word back.
# - Beam search keeps K beginnings. It costs about K times the work and improves the result a little, up to a point.
# - Every word lowers the probability, so short sentences win unless the score is divided by a length penalty.
# - Sampling draws each word at random. A low temperature makes it similar to greedy search, a high one gives more variety and more
#   mistakes.
# - The model's probabilities can sort translations by how sure it is, but they are not the probability of being right.
# - Settings such as beam size and penalty are chosen on the validation set, never on the test set.
# - Batches change the time and not the result.
# - An unknown word can be copied from where attention looks, if the model has learned to write "unknown".
#
# ## Exercises

# %% [markdown]
# ### Exercise 10.1: Where B overtakes A
#
# Translation A has 4 words and $\ln p = -2.0$, B has 8 words and $\ln p = -2.8$. From which strength $\alpha$ on does B
# win? Solve (10.1) for it, then check with `length_penalty`.

# %% [markdown]
# ### Solution to exercise 10.1

# %% [markdown]
# The lengths give 9/6 and 13/6. At the crossing $2.0 / (9/6)^\alpha = 2.8 / (13/6)^\alpha$, so $(13/9)^\alpha = 1.4$, and
# $\alpha = \ln 1.4 / \ln(13/9)$.

# %% tags=["solution", "nbval-check-output"]
crossing = math.log(2.8 / 2.0) / math.log(13 / 9)
for strength in (crossing - 0.01, crossing + 0.01):
    a, b = -2.0 / length_penalty(4, strength), -2.8 / length_penalty(8, strength)
    print(f"strength {strength:.3f}: {'A' if a > b else 'B'} wins")

# %% [markdown]
# ### Exercise 10.2: Fool a beam of two
#
# Change the probabilities in `NEXT` so that a beam of two misses the most probable sentence and a beam of three finds it.

# %% [markdown]
# ### Solution to exercise 10.2

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
# ### Exercise 10.3: If only it had chosen better
#
# For how many validation sentences is a reference *anywhere* in the n-best list? Compare with the share whose first
# translation is a reference. What does the gap tell you?

# %% [markdown]
# ### Solution to exercise 10.3

# %% tags=["solution"]
found = translator.translate_words(validation.sources, chosen_beam)
first_right = exact_match(outputs_of(found), validation.references)
anywhere = statistics.mean(
    any(text in references for text in [" ".join(one.words), *(normalise(other) for other, _ in one.others)])
    for one, references in zip(found, validation.references, strict=True)
)
assert anywhere >= first_right
show_text(f"First in the list: **{first_right:.1%}**. Anywhere among {chosen_beam}: **{anywhere:.1%}**.")

# %% [markdown]
# The difference is what a better *ranking* could gain without a better model. Real systems use a second model for it, which
# reads each complete candidate, forwards and backwards, and chooses again. The package has two such methods, both for Python
# only: `find_candidates` in `translation/reranking.py` scores the hypotheses of a beam with a model that translates back, and
# `ensemble_of` in `translation/ensemble.py` lets several models choose each word together.

# %% [markdown]
# ### Exercise 10.4: Draw translations
#
# Write `draw(source, temperature)`, which translates one sentence as greedy search does, but draws each word by (10.2). Draw
# « Son amie est malade. » twenty times at several temperatures. How many different translations do you get? And what is the
# validation BLEU if each sentence is drawn once?

# %% [markdown]
# ### Solution to exercise 10.4


# %% tags=["solution"]
@torch.inference_mode()
def draw(source, temperature):
    """Translate a normalised sentence word by word, with each word drawn at random."""
    model, ids = translator.model, corpus.src_vocabulary.encode(source.split())
    src_ids = torch.tensor([ids], device=model.device)  # (1, S)
    memory, state = model.encode(src_ids, torch.ones_like(src_ids, dtype=torch.bool))
    word, words = torch.tensor([SOS], device=model.device), []
    while len(words) < 2 * len(ids) + 10:
        logits, state, _ = model.decoder.step(word, memory, state)  # (1, V)
        probabilities = (logits[0] / temperature).softmax(dim=-1).cpu()
        word = torch.multinomial(probabilities, 1, generator=rng).to(model.device)
        if word.item() == EOS:
            break
        words.append(corpus.tgt_vocabulary.words[word.item()])
    return " ".join(words)


# %% tags=["solution"]
rng = torch.Generator().manual_seed(10)
some = validation.head({"small": 10}.get(scale.name, 100))
rows = []
for temperature in (0.1, 0.5, 1.0, 2.0):
    drawn = [draw("son amie est malade .", temperature) for _ in range(20)]
    score = bleu_score([draw(source, temperature) for source in some.sources], some.references)
    rows.append([temperature, len(set(drawn)), score, " / ".join(drawn[:3]).replace("<unk>", "⁇")])
show_table(["temperature", "different of 20", "validation BLEU", "the first three of « Son amie est malade. »"], rows)
assert len(rows) == 4

# %% [markdown]
# A temperature of 0.5 hardly changes the translations or their score here. Above it we have to choose, as the two columns of
# numbers show: the more different the translations are, the worse is a single one of them. At a
# temperature of 2 hardly any sentence holds together, because one improbable word leads to the next.

# %% [markdown]
# ## What to read next
#
# [How good is it?](11_how_good_is_it.ipynb) measures the quality of these translations, with an interval for each figure.
# The length penalty is section 7 of [Wu et al. (2016)](https://arxiv.org/abs/1609.08144). Replacing an unknown word
# with the help of a pointer to the source goes back to the paper on rare words by [Luong et al.
# (2015b)](https://arxiv.org/abs/1410.8206).
