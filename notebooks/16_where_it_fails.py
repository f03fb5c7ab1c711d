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
# # Where it fails
#
# In [Break it](15_break_it.ipynb) we damaged the network itself. In this chapter the network is right, and still a score
# misleads or a translation fails. The reason is what surrounds the network: the sentences that it is tested on, the words
# that its loss counts, the lengths that it has seen in training, and a search that never checks whether every source word
# has been translated. We produce each of these four failures on purpose, so that you can recognise them in your own work,
# and for each of them we look for a remedy and measure that too.
#
# > **What you will be able to do**
# >
# > - measure how much a model gains from test sentences that it has seen in training
# > - explain why a loss that stops at a generated end mark is not the loss that you think it is
# > - find out what a model does with sentences that are longer than those of its training, and choose between two remedies
# > - compute from the attention which source words are left untranslated, and say what a beam, a length penalty and a
# >   coverage penalty change
#
# The chapter takes well under a minute at `small` and some minutes at `standard`. Nearly all of it is training on the
# built-in corpus, which you can stop and continue as in [Break it](15_break_it.ipynb).

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
import itertools
import re
from dataclasses import replace
from unittest import mock

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.filters import divide
from s2s_tutorial.data.readers import read_corpus
from s2s_tutorial.data.text import normalise
from s2s_tutorial.data.vocabulary import EOS
from s2s_tutorial.model.loss import output_cross_entropy
from s2s_tutorial.notebook.experiments import examine, show_results, step_losses, train_variant, verdict
from s2s_tutorial.notebook.plots import running_mean
from s2s_tutorial.notebook.show import show_figure, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.translation.evaluation import bleu_score, evaluate, normalised_words

scale = load_scale()  # S2S_SCALE: small, standard or large
embedded = scale if scale.data.corpus == "sample" else PRESETS["sample"]
EPOCHS, LONGEST = 5, 7  # epochs, and words a side: short sentences train fast, and there are many trainings
settings = replace(
    embedded,
    name=f"{embedded.name}-short",
    data=replace(embedded.data, unit="words", max_length=LONGEST),
    training=replace(embedded.training, epochs=EPOCHS),
)
LONGER, LONGER_EPOCHS = 14, 2  # words a side, and epochs, of a second model: about as many steps as the first
GROUPS = ((1, LONGEST), (LONGEST + 1, 10), (11, LONGER), (LONGER + 1, 20), (21, 99))  # source words, from and to
TOGETHER = (1, 2, 4, 8)  # sentences in one line
MOST_SENTENCES = {"small": 30}.get(scale.name, 300)  # to count words that are left out
SEED = 10  # of the random split
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"

# %% [markdown]
# ## The healthy model, again
#
# We use the same small translator as in [Break it](15_break_it.ipynb): it was trained on sentences of at most seven words,
# which the built-in grammar wrote. If you have run that chapter, the model is loaded and not trained again. The helper
# functions are those of that chapter, too: `train_variant` trains or loads a model, `examine` measures it, and
# `show_results` shows measured models in a table.

# %%
corpus = prepare(settings.data)
healthy = train_variant(settings, corpus)

# %% [markdown]
# The table below has BLEU on the test set with its 95% interval, the alignment error rate (see [Seeing
# attention](14_seeing_attention.ipynb)), the loss that *training reported* at its end, and the loss on the test set in nats
# per word. Training smooths its labels and drops values and words, so it reports a higher loss than the test.

# %%
results = {"healthy": examine(healthy)}
show_results(results)

# %% [markdown]
# ## A test set that training has seen
#
# How good is a translator on sentences that it has never seen? To find out, we keep some pairs out of training. Suppose
# that we shuffle all pairs and keep the last ones. What could be wrong with that? One English sentence often has several
# French translations, and one French sentence several English ones, so a split of *pairs* puts one of them into training
# and another into the test set. This is a [leak](../book/glossary.md). [A fair test](02_fair_test.ipynb) counts it, and
# measures what a program that only remembers gains by it. Here we measure what a *trained model* gains.


# %%
def random_split(parts, second_keys, rows, claim=True):
    """Break `divide`: pairs go where a shuffle sends them, in shares like the healthy split's."""
    sets = divide(parts, second_keys, rows, claim)
    ends = np.cumsum([len(chosen) for chosen in sets.values()])
    shuffled = np.random.default_rng(SEED).permutation(rows)[: ends[-1]]
    return dict(zip(sets, np.split(shuffled, ends[:-1]), strict=True))


def leaky():
    return mock.patch("s2s_tutorial.data.filters.divide", random_split)


def leaked(corpus):
    """For each test sentence: is its source, or one of its references, in the training pairs?"""
    sources, targets = set(corpus.train.sources), set(corpus.train.targets)
    return [
        s in sources or not targets.isdisjoint(t)
        for s, t in zip(corpus.test.sources, corpus.test.references, strict=True)
    ]


with leaky():
    shuffled = prepare(settings.data)
assert sum(leaked(shuffled)) > sum(leaked(corpus)) == 0
show_table(
    ["split", "test sentences", "of these leaked"],
    [
        ["by hash of the sentence", len(corpus.test), sum(leaked(corpus))],
        ["random", len(shuffled.test), sum(leaked(shuffled))],
    ],
)

# %% tags=["hide-input"]
show_text(
    f"On the plain built-in corpus a random split leaks **{np.mean(leaked(shuffled)):.1%}** of the test sentences. "
    + (
        "That is next to nothing, because a grammar seldom says the same thing twice. So a wrong split can be harmless on "
        "one corpus, and the score alone does not show that it is wrong."
        if np.mean(leaked(shuffled)) < 0.05
        else "So even this grammar writes some sentences twice."
    )
)

# %% [markdown]
# Real collections repeat themselves far more, because many people translate the same sentence. We make our corpus similar to
# them: wherever the English has a short form, we add the same pair with the long form ("it isn't" and "it is not"), as a
# second translator might have written it.

# %% tags=["nbval-check-output"]
LONG_FORMS = (
    (r"\b(is|are|do|does|did|was|were)n t\b", r"\1 not"),
    (r"\b(i) m\b", r"\1 am"),
    (r"\b(he|she|it) s\b", r"\1 is"),
    (r"\b(you|we|they) re\b", r"\1 are"),
)


def long_form(english):
    """Write the short forms of a normalised sentence out."""
    for short, long in LONG_FORMS:
        english = re.sub(short, long, english)
    return english


for sentence in ("he isn t sleeping .", "they re old and i m tired .", "the cat sleeps ."):
    print(f"{sentence:28} → {long_form(sentence)}")


# %% tags=["hide-input"]
def read_with_twins(settings):
    """The built-in corpus, and each pair with a short form once more with the long one."""
    columns = read_corpus(settings)
    twins = [row for row, english in enumerate(columns.first) if long_form(english) != english]
    first = [*columns.first, *(long_form(columns.first[row]) for row in twins)]
    return replace(
        columns, first=first, second=[*columns.second, *(columns.second[row] for row in twins)], alignments=None
    )


with mock.patch("s2s_tutorial.data.corpus.read_corpus", read_with_twins):
    twins = prepare(settings.data)
    with leaky():
        twins_leaked = prepare(settings.data)
show_table(
    ["split of the corpus with twins", "training pairs", "test sentences", "of these leaked"],
    [
        [name, len(its.train), len(its.test), sum(leaked(its))]
        for name, its in (("by hash of the sentence", twins), ("random", twins_leaked))
    ],
)

# %% [markdown]
# The healthy split keeps such twins together, because a French sentence that is in the test set is kept out of training,
# whatever its English is. Now we train a model on each split (`twins` is divided by hash, `twins_leaked` at random), and
# measure each on *its own* test set, as its author would.
#
# > **Guess first**
# >
# > Both models have about the same amount of data and the same schedule. By how many points of BLEU will the one with the
# > random split look better?
#
# (The long forms have no gold alignment, so the AER of these two is missing.)

# %%
honest = train_variant(settings, twins, f"{settings.name}-twins")

# %%
cheating = train_variant(settings, twins_leaked, f"{settings.name}-twins-leaked")

# %%
results["honest split"] = examine(honest)
results["random split"] = examine(cheating)
show_results(results, "honest split", "random split")


# %% [markdown]
# Some test sentences of the random split were seen in training, and some were not. Does the model translate the first kind
# better?


# %% tags=["hide-input"]
def part_of_test(corpus, wanted):
    """The leaked, or the clean, test sentences."""
    return corpus.test.select(row for row, seen in enumerate(leaked(corpus)) if seen == wanted)


rows = []
for name, wanted in (("seen in training", True), ("not seen", False)):
    part = part_of_test(twins_leaked, wanted)
    if len(part):
        scores, _ = evaluate(cheating.translator, part)
        rows.append([name, len(part), scores.bleu, scores.bleu_low, scores.bleu_high])
show_table(["test sentences of the random split", "sentences", "BLEU", "from", "to"], rows)

# %% tags=["hide-input"]
gain = results["random split"].scores.bleu - results["honest split"].scores.bleu
good, bad = results["honest split"].scores, results["random split"].scores
show_text(
    f"The leak changes the reported score by **{gain:+.1f}** BLEU, with **{np.mean(leaked(twins_leaked)):.0%}** of the test "
    "sentences seen. "
    + (
        "The intervals do not overlap. The model is not better; only its test is easier."
        if bad.bleu_low > good.bleu_high
        else "The intervals overlap: two test sets alone could differ by so much. A leak need not show in one score, which is "
        "why you look for it in the data."
    )
)

# %% [markdown]
# Be careful with this last table: the sentences of the two parts are not equally hard, so the difference between them proves
# nothing on its own. The comparison of the two splits above is the better evidence, as far as its intervals allow. With a
# model that is large enough to learn its training pairs by heart, the gain would be larger. Exercise 13.4 of [How good is
# it?](13_how_good_is_it.ipynb) does the same with real pairs.
#
# **The test that catches it** is a line long: no sentence of the test set, on either side, is in the training set.

# %% [markdown]
# ## Words that the loss never sees
#
# The second failure is in the training loop, although no line of the network is wrong. When we translate, we stop as soon as
# the model writes its end mark, EOS. Many training loops do the same: they go word by word and stop when the *model* writes
# EOS. But if that happens too early, the rest of the target is not counted, so the model is never told what it left out. The
# reported loss is then a mean over fewer words than the target has.
#
# Let us compute this for one sentence. The target is "the cat sleeps `<eos>`", and the four numbers are the probabilities
# that the model gives to the right words. At the second position, the model's most probable word is EOS. Which positions
# still count if the loss stops there, and is the mean larger or smaller than before?

# %% tags=["nbval-check-output"]
of_right_word = torch.tensor([0.5, 0.3, 0.02, 0.1])
says_eos = torch.tensor([False, True, False, True])
ended_before = says_eos.cumsum(0) - says_eos.long() > 0
print("positions that count:", (~ended_before).tolist())
print(f"whole loss   {-of_right_word.log().mean():.2f} nats per word")
print(f"stopped loss {-of_right_word[~ended_before].log().mean():.2f} nats per word")

# %% [markdown]
# The word with the lowest probability, 0.02, is not counted any more, so the reported loss of this sentence is much lower,
# although the model is the same.
#
# To train with such a loss, we make its mask smaller. While it trains, we also count the share of words that are left:

# %%
counted = []


def loss_until_eos(hidden, weight, bias, tgt_ids, tgt_mask, label_smoothing=0.0):
    """Break `output_cross_entropy`: places after the model's own first EOS do not count."""
    with torch.no_grad():
        says_eos = (hidden @ weight.T + bias).argmax(dim=-1) == EOS
        ended_before = says_eos.cumsum(dim=1) - says_eos.long() > 0
    kept = tgt_mask & ~ended_before
    counted.append((kept.sum() / tgt_mask.sum()).item())
    return output_cross_entropy(hidden, weight, bias, tgt_ids, kept, label_smoothing)


def stopped_loss():
    return mock.patch("s2s_tutorial.model.seq2seq.output_cross_entropy", loss_until_eos)


# %% [markdown]
# > **Guess first**
# >
# > In the very first steps the model knows nothing, and EOS may well be its most probable word at every position. Will it
# > get stuck there? Will its translations end too early? And which of the two losses will show it, the one that training
# > reports or the one on the test set?

# %%
cut_short = train_variant(settings, corpus, f"{settings.name}-stopped-loss", stopped_loss())

# %%
results["loss stopped at EOS"] = examine(cut_short)
show_results(results, "healthy", "loss stopped at EOS")


# %% tags=["hide-input"]
def words_written(trainer):
    """Mean number of words of a test translation."""
    return float(
        np.mean([len(found.words) for found in trainer.translator.translate_words(trainer.corpus.test.sources)])
    )


in_references = float(np.mean([len(texts[0].split()) for texts in corpus.test.references]))
show_table(
    ["who", "words per sentence"],
    [
        ["references", in_references],
        ["healthy", words_written(healthy)],
        ["loss stopped at EOS", words_written(cut_short)],
    ],
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two falling curves of the reported loss over all training steps, a solid and a dashed one, close to each other."}}
figure = Figure(figsize=(7, 3), layout="constrained")
axes = figure.add_subplot()
for name, trainer, colour, style in (("healthy", healthy, BLUE, "-"), ("loss stopped at EOS", cut_short, ORANGE, "--")):
    axes.plot(running_mean(step_losses(trainer), 5), style, color=colour, label=name)
axes.set(xlabel="step", ylabel="reported training loss (nats per word)")
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 16.1.** Training losses of the healthy run and of the one whose loss stops at a generated EOS.

# %% tags=["hide-input"]
seen = (
    f" In the first 20 steps of this session {np.mean(counted[:20]):.0%} of the words counted, "
    f"and {np.mean(counted[-20:]):.0%} in the last 20."
    if len(counted) >= 40
    else ""
)
show_text(verdict(results["healthy"], results["loss stopped at EOS"]) + seen)

# %% [markdown]
# Is the stopped curve of Figure 16.1 below the other one, as in our example? Both are possible. After a wrong EOS, hard
# words are left out, but also easy ones such as the full stop and the true EOS. In any case it is not the mean over all
# words any more, so you cannot compare the curves of two such runs.
#
# If the damage is small in your run, then teacher forcing is the reason. The decoder reads the *true* word before each
# position, and after a true "the" hardly any model predicts EOS, so after a while nearly every word counts again. If we feed
# the model its own words instead, early ends become more frequent. Exercise 16.1 does that.
#
# **The test that catches it:** change a target word behind the model's EOS. The loss must change.

# %% [markdown]
# ## Sentences longer than any in training
#
# The third failure needs no mistake at all. Our model has learned from sentences of at most seven words. What does it do
# with a sentence of twenty? Attention can reach every word of it, so in principle nothing forbids a good translation. But no
# example has ever shown the decoder what comes after its seventh word. To see what happens, we compare our model with a
# second one, which is trained on sentences of up to fourteen words, for about as many steps. Both translate test sentences
# of all lengths, except those that one of them was trained on. We group the sentences by their number of source words, and
# for each group we measure BLEU, and how many words the model writes for each word of the references.
#
# > **Guess first**
# >
# > Each of the two models now gets sentences that are longer than all those it knows. What will be wrong with the
# > translations: will they stop too early, will they never stop, or will they have the right length and the wrong words?

# %%
longer = train_variant(
    settings,
    prepare(replace(settings.data, max_length=LONGER)),
    f"{settings.name}-longer",
    epochs=min(LONGER_EPOCHS, EPOCHS),
)

# %% tags=["hide-input"]
every_length = prepare(embedded.data).test
of_models = {f"at most {LONGEST} words": healthy, f"at most {LONGER} words": longer}
known = {source for trainer in of_models.values() for source in trainer.corpus.train.sources}
unseen = [row for row, source in enumerate(every_length.sources) if source not in known]
in_group = {
    group: [row for row in unseen if group[0] <= len(every_length.sources[row].split()) <= group[1]] for group in GROUPS
}
in_group = {group: rows for group, rows in in_group.items() if rows}


def outputs_of(found):
    """Translations as normalised text, as they are compared with references."""
    return [" ".join(normalised_words(translation.words)) for translation in found]


def score(found, references):
    """BLEU, and the words that were written per word of the first references."""
    texts = outputs_of(found)
    words = sum(len(text.split()) for text in texts)
    return bleu_score(texts, references), words / sum(len(each[0].split()) for each in references)


of_group = {}
for (name, trainer), (group, rows) in itertools.product(of_models.items(), in_group.items()):
    found = trainer.translator.translate_words([every_length.sources[row] for row in rows])
    of_group[name, group] = score(found, [every_length.references[row] for row in rows])

# %% tags=["hide-input"]
show_table(
    ["source words", "sentences"] + [f"{what}, trained on {name}" for name in of_models for what in ("BLEU", "length")],
    [
        [f"{group[0]} to {group[1]}" if group[1] < 99 else f"{group[0]} or more", len(rows)]
        + [value for name in of_models for value in of_group[name, group]]
        for group, rows in in_group.items()
    ],
)
show_text('"Length" is the number of words that were written, divided by the number of words of the references.')

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels with a line for each of the two models over the length of the source. Left, BLEU; right, the share of the references' words that the model writes, with a dotted line at 1."}}
figure = Figure(figsize=(8, 3), layout="constrained")
panels = figure.subplots(1, 2)
places = range(len(in_group))
for name, style, colour in zip(of_models, ("o-", "s--"), (BLUE, ORANGE), strict=True):
    for axes, part in zip(panels, (0, 1), strict=True):
        axes.plot(places, [of_group[name, group][part] for group in in_group], style, color=colour, label=name)
labels = [f"{low}–{high}" if high < 99 else f"{low}+" for low, high in in_group]
for axes, title in zip(panels, ("BLEU", "words written per word of the references"), strict=True):
    axes.set(title=title, xlabel="source words", ylim=(0, None))
    axes.set_xticks(places, labels=labels)
panels[1].axhline(1, linestyle=":", color=GREY)
panels[0].legend(title="trained on", frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 16.2.** Quality and length of translations, for a model that was trained on at most seven words and for one that was
# trained on at most fourteen. Below the dotted line, translations have fewer words than the references.

# %% tags=["hide-input"]
(first, *_, last) = in_group
short_model, long_model = of_models
falls = {name: (of_group[name, first], of_group[name, last]) for name in of_models}
show_text(
    f"From the shortest to the longest sentences, the model that was trained on {short_model} goes from "
    f"**{falls[short_model][0][0]:.1f}** to **{falls[short_model][1][0]:.1f}** BLEU, and on the longest it writes "
    f"**{falls[short_model][1][1]:.0%}** of the words of the references. With {long_model} it is "
    f"{falls[long_model][0][0]:.1f} to {falls[long_model][1][0]:.1f} BLEU, and {falls[long_model][1][1]:.0%} of the words."
)

# %% [markdown]
# Compare the two models in the rows where only one of them is outside its training. The second model may lead in the first row
# too, because more sentences have at most fourteen words than at most seven, so it has seen more different ones. But if its
# lead is much larger in the next rows, then the lengths in training are the reason, because both networks have the same sizes
# and took about as many steps. So the first remedy is to train on sentences as long as those that you want to translate.
#
# What if you cannot train again? Often a long input is not one sentence but several. Then there is a second remedy: split
# the text into sentences, translate each of them, and join the translations. We try it with lines of one, two, four and
# eight short test sentences. Each line is translated once as a whole, and once sentence by sentence:

# %% tags=["hide-input"]
parts = corpus.test.head(240)
alone = outputs_of(healthy.translator.translate_words(parts.sources))
rows = []
for count in TOGETHER:
    lines = [slice(start, start + count) for start in range(0, len(parts) - count + 1, count)]
    sources = [" ".join(parts.sources[line]) for line in lines]
    references = [[" ".join(texts[0] for texts in parts.references[line])] for line in lines]
    whole, share = score(healthy.translator.translate_words(sources), references)
    split = bleu_score([" ".join(alone[line]) for line in lines], references)
    words = sum(len(source.split()) for source in sources) / len(sources)
    rows.append([count, words, whole, f"{share:.0%}", split])
show_table(["sentences in a line", "words", "BLEU, whole line", "of the words written", "BLEU, split"], rows)

# %% tags=["hide-input"]
count, words, whole, share, split = rows[-1]
show_text(
    f"A line of {count} sentences, or {words:.0f} words, scores **{whole:.1f}** BLEU as a whole, with {share} of the words of "
    f"the references, and **{split:.1f}** if each of its sentences is translated separately."
)

# %% [markdown]
# In the first row both ways are the same. Further down, the model has to translate the whole line as if it were one sentence,
# although no training sentence had a full stop in its middle. Splitting gives it only sentences like those that it knows, so
# the length of the line no longer matters. This is why `s2s-tutorial translate` and the live page split a text into sentences
# first, and why they tell you when a sentence is longer than those in training. (A split translation loses something as well:
# a pronoun such as "it" in the second sentence may refer to a noun in the first.)

# %% [markdown]
# ## Words left untranslated
#
# A translation that stops early leaves words out. But words can also be left out in the middle of a sentence, and then the
# translation reads well, so a reader without French does not notice. Can we find out from the model itself? Attention gives
# us an idea: a source word that has been translated must have been looked at by some target word. So we add up the attention
# that each source word gets from all target words. This sum is called the **[coverage](../book/glossary.md)** of the source
# word.
#
# Take « ma sœur dort&nbsp;. » and the translation "my sister .", with made-up weights. Add up each column with a pencil.
# Which word has been left out?
#
# | | ma | sœur | dort | . |
# | :--- | ---: | ---: | ---: | ---: |
# | my | 0.9 | 0.1 | 0.0 | 0.0 |
# | sister | 0.1 | 0.8 | 0.1 | 0.0 |
# | . | 0.0 | 0.1 | 0.2 | 0.7 |

# %% tags=["nbval-check-output"]
pencil = torch.tensor([[0.9, 0.1, 0.0, 0.0], [0.1, 0.8, 0.1, 0.0], [0.0, 0.1, 0.2, 0.7]])
print("coverage:", [round(value, 2) for value in pencil.sum(dim=0).tolist()])
print(f"coverage penalty: {pencil.sum(dim=0).clamp(max=1).log().sum():.2f}")

# %% [markdown]
# « dort » has a coverage of only 0.3, and it is the word that is missing. The last line adds up the logarithms of the
# coverages, each of them at most 1, over all source words. [Wu et al. (2016)](https://arxiv.org/abs/1609.08144) add this
# number to the score of a translation, with a strength $\beta$. It is the second part of their equation 14, whose first part
# is the length penalty of [Translating](11_translating.ipynb):
#
# $$
# \begin{aligned}
# s(Y) = {} &\frac{\ln p(Y \mid X)}{\mathrm{lp}(Y)} \\
# &+ \beta \sum_{s=1}^{S} \ln \min\Big(\sum_{t=1}^{T} a_{ts},\ 1\Big)
# \end{aligned}
# \tag{16.1}
# $$
#
# With $\beta = 0$ nothing changes. With a positive $\beta$, each source word that gets less than 1 in total lowers the
# score, so a translation that covers all words can overtake one that leaves some out.
#
# Before we use coverage, we should check that it shows what we want. The gold alignments of the built-in corpus make this
# possible, because they tell which target word belongs to which source word. For each test pair we take a source word with a
# translation of its own, give the model the reference, and note the coverage of that word. Then we delete the word's
# translation from the reference and note the coverage again.
#
# > **Guess first**
# >
# > If attention told us exactly which words are translated, the coverage would fall from 1 to 0. How far do you think it
# > falls?


# %%
def coverage(weights, source):
    """Attention that each source word gets from all target words: (T, S + 1) to (S,), without the end mark."""
    return weights.sum(dim=0)[: len(source.split())]


def one_to_one(links):
    """The first link whose two words have no other link, and whose target word is not the first one; or None."""
    for s, t in sorted(links):
        if t > 0 and sum(a == s for a, _ in links) == 1 == sum(b == t for _, b in links):
            return s, t
    return None


chosen = [(row, link) for row, links in enumerate(corpus.test.alignments) if (link := one_to_one(links))]
sources = [corpus.test.sources[row] for row, _ in chosen]
complete = [corpus.test.references[row][0] for row, _ in chosen]
shortened = [
    " ".join(word for place, word in enumerate(text.split()) if place != t)
    for text, (_, (_, t)) in zip(complete, chosen, strict=True)
]
found = {}
for name, targets in (("its translation is there", complete), ("its translation is deleted", shortened)):
    weights = healthy.translator.forced_attention(sources, targets)
    found[name] = np.array(
        [coverage(each, source)[s].item() for each, source, (_, (s, _)) in zip(weights, sources, chosen, strict=True)]
    )
show_table(
    ["a source word, when …", "mean coverage", "below 0.5"],
    [[name, values.mean(), f"{(values < 0.5).mean():.0%}"] for name, values in found.items()],
)

# %% tags=["hide-input"]
there, deleted = found.values()
show_text(
    f"Of the source words whose translation was deleted, **{(deleted < 0.5).mean():.0%}** have a coverage below 0.5; of those "
    f"whose translation is there, {(there < 0.5).mean():.0%}. "
    + (
        "So a low coverage is a useful sign here, although not a proof: neighbours of a word get some of its attention."
        if (deleted < 0.5).mean() > (there < 0.5).mean() + 0.3
        else "So coverage hardly tells the two apart in this run, and what follows is an exercise in computing it."
    )
)

# %% [markdown]
# If the coverage hardly falls in your run either, look at when it is computed. The attention at a position depends on the
# words *before* it, and not on the word that follows. So at the place of the deleted word, the weights are exactly the same
# as in the complete translation: the model looks at the source word to translate it, and only then do we give it another
# word instead. A word that the model itself leaves out may not have been looked at, but this experiment cannot show that.
#
# We now count the source words with a low coverage, and see what the settings of the search do to their number. Such a
# word is only a suspect: words like « ne » have no word of their own in English, so even a perfect translation has some.
# Compare the rows of the table with each other, and with the length, rather than reading one share on its own. We take
# sentences that are longer than all those in training (at `standard`, the first 300, with 8 to 10 words). The last rows
# choose among the translations of the same beam by (16.1). The code takes three names from the folded cells above:
# `every_length` are the test sentences of all lengths, `in_group` lists those of each group that neither model was trained
# on, and `outputs_of` makes normalised text of translations.
#
# > **Guess first**
# >
# > A wider beam finds more probable translations. Will it leave out more words or fewer? And the length penalty?


# %%
def choose_by_coverage(found, sources, beta):
    """For each sentence the text of the beam that is best by (16.1): N texts."""
    best = []
    for translation, source in zip(found, sources, strict=True):
        listed = [(" ".join(normalised_words(translation.words)), translation.score)]
        listed += [(normalise(text), score) for text, score in translation.others]
        listed = [(text, score) for text, score in listed if text]
        if not listed:  # all translations of the beam are empty
            best.append("")
            continue
        weights = healthy.translator.forced_attention([source] * len(listed), [text for text, _ in listed])
        penalties = [coverage(each, source).clamp(1e-6, 1).log().sum().item() for each in weights]
        scores = [score + beta * penalty for (_, score), penalty in zip(listed, penalties, strict=True)]
        best.append(listed[int(np.argmax(scores))][0])
    return best


over = [row for group, rows in in_group.items() if group[0] > LONGEST for row in rows][:MOST_SENTENCES]
sources, references = ([side[row] for row in over] for side in (every_length.sources, every_length.references))
searches = {"greedy search": (1, 0.0, 0.0)} | {
    f"beam {size}, α = {alpha:g}, β = {beta:g}": (size, alpha, beta)
    for size, alpha, beta in ((5, 0, 0), (10, 0, 0), (5, 1, 0), (10, 1, 0), (5, 1, 0.2), (10, 1, 0.2))
}
rows = []
for name, (size, alpha, beta) in searches.items():
    found = healthy.translator.translate_words(sources, size, alpha)
    texts = choose_by_coverage(found, sources, beta) if beta else outputs_of(found)
    written = [(source, text) for source, text in zip(sources, texts, strict=True) if text]
    weights = healthy.translator.forced_attention(*map(list, zip(*written, strict=True)))
    covered = torch.cat([coverage(each, source) for each, (source, _) in zip(weights, written, strict=True)])
    length = sum(len(text.split()) for text in texts) / sum(len(each[0].split()) for each in references)
    rows.append([name, f"{length:.0%}", f"{(covered < 0.5).float().mean():.1%}", bleu_score(texts, references)])
show_table(["search", "of the references' words", "source words with coverage below 0.5", "BLEU"], rows)

# %% tags=["hide-input"]
left_out = {name: float(share.removesuffix("%")) for name, _, share, _ in rows}
names = list(searches)
show_text(
    f"Source words with a low coverage: **{left_out[names[0]]}%** with greedy search, "
    f"**{left_out[names[1]]}%** with a beam of 5 and **{left_out[names[2]]}%** with one of 10, both without penalties. With the "
    f"length penalty it is {left_out[names[3]]}% and {left_out[names[4]]}%, and with both penalties "
    f"{left_out[names[5]]}% and {left_out[names[6]]}%."
)

# %% [markdown]
# Read the table from top to bottom. A beam without penalties prefers short translations, because each further word costs
# probability, so it has no reason to translate everything. The length penalty takes that advantage away, but it only counts
# words: a translation that repeats a word is as long as one that translates two. The coverage penalty asks for the source
# words themselves. Still, both can only choose among the translations that the beam has found. If all of them stop early, as
# those of a model do that has never seen long sentences, then no penalty helps, and you need more suitable training data or
# a split into sentences.
#
# Coverage has a limit that you should know. It measures where the model looked, and [Seeing
# attention](14_seeing_attention.ipynb) shows that this is not the same as what a word was translated from. A word can be
# looked at and still be missing from the translation. [Tu et al. (2016)](https://arxiv.org/abs/1601.04811) went a step
# further: they made the coverage an input of the attention itself, so that the network learns to turn to words that have
# received little attention so far. A word can also be translated twice. Luong's decoder does not remember where it has looked,
# and input feeding ([Decoders](07_decoders.ipynb)) tells it.

# %% [markdown]
# ## Recap
#
# - A random split of pairs leaks where sentences repeat. How much a score gains by it depends on the corpus, not on the code,
#   so look for the leak in the data.
# - A loss that stops at the model's own EOS is a mean over fewer words than you think. Also watch a loss that is computed
#   independently.
# - A model that has seen only short sentences writes short translations. Train on the lengths that you need, or split the
#   text into sentences.
# - The coverage of a source word is the attention that it gets in total. You would expect a low coverage where a word has been
#   left out; check on your own model how often that is so before you rely on it. A coverage penalty lets a search prefer
#   translations whose attention leaves less out.
#
# ## Exercises

# %% [markdown]
# ### Exercise 16.1: EOS among the model's own words
#
# Train for one epoch on the model's own words (`sampling="constant"`, `sampling_end=0.0`), with and without the stopped
# loss. Which share of the words is counted now, and how long are the translations?

# %% [markdown]
# ### Solution to exercise 16.1

# %% tags=["solution"]
rows = []
for name, breakage in (("own-words", None), ("own-words-stopped", stopped_loss())):
    counted.clear()
    its = f"{settings.name}-{name}"
    run = train_variant(settings, corpus, its, breakage, epochs=1, sampling="constant", sampling_end=0.0)
    scores, found = evaluate(run.translator, corpus.test)
    share = "all" if name == "own-words" else f"{np.mean(counted):.0%}" if counted else "not counted: loaded"
    rows.append([name, scores.bleu, float(np.mean([len(each.words) for each in found])), share])
assert len(rows) == 2
show_table(["run", "BLEU", "words per sentence", "words that counted"], rows)

# %% [markdown]
# (A run that was trained before is only loaded, so nothing is counted then.) One epoch is short, and on its own words
# a model learns slowly anyway. If BLEU is below 2 in both rows, neither model has learned to translate, and the table
# cannot show what the stopped loss costs. Right after the training it shows only the first thing that we asked for, the
# share of words that counted. For the cost, train for as many epochs as the healthy model.

# %% [markdown]
# ### Exercise 16.2: How strong should the coverage penalty be?
#
# Choose $\beta$ for a beam of ten on the *validation* set: try 0, 0.1, 0.2, 0.5, 1 and 2 with $\alpha = 1$. What do BLEU and
# the length do when $\beta$ becomes too large, and why?

# %% [markdown]
# ### Solution to exercise 16.2

# %% [markdown]
# `known` are the source sentences that one of our two models was trained on.

# %% tags=["solution"]
validation = prepare(embedded.data).validation
rows = [row for row, source in enumerate(validation.sources) if len(source.split()) > LONGEST and source not in known]
sources, references = (
    [side[row] for row in rows[: MOST_SENTENCES // 3]] for side in (validation.sources, validation.references)
)
found = healthy.translator.translate_words(sources, 10, 1.0)
table = []
for beta in (0.0, 0.1, 0.2, 0.5, 1.0, 2.0):
    texts = choose_by_coverage(found, sources, beta)
    length = sum(len(text.split()) for text in texts) / sum(len(each[0].split()) for each in references)
    table.append([beta, bleu_score(texts, references), f"{length:.0%}"])
assert len(table) == 6
show_table(["β", "BLEU", "of the references' words"], table)

# %% [markdown]
# With a large $\beta$ the coverage decides alone, and the probability of the words no longer matters. Then the search takes
# the translation that looks at every word, even if it says a part of the sentence twice. In the run shown here the
# translations become longer, but no $\beta$ has a better BLEU than 0, so the validation set chooses 0. On so few sentences,
# neighbouring rows do not differ reliably. If your table shows a gain, take the smallest $\beta$ that brings most of it.
# (These sentences may have more than 10 words, so the scores are lower than in the table of the section above.)

# %% [markdown]
# ## What to read next
#
# [Which attention?](17_which_attention.ipynb) asks which of the healthy variants is best, with several seeds. [My training does
# not work](../book/my-training-does-not-work.md) goes from what you see to its cause. Coverage as a part of the search is in
# [Wu et al. (2016)](https://arxiv.org/abs/1609.08144), section 7, and as a part of the network in [Tu et al.
# (2016)](https://arxiv.org/abs/1601.04811).
