# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,mystnb,-all
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which attention?
#
# By now you know seven ways to build a decoder: without attention, with four different scores, with a predicted position, and
# with input feeding. Which one should you take? A paper would answer with a table, but most tables show a single run of each
# model, and a second run with another seed may well show another order. In this chapter we make such a table ourselves, train
# every model three times, and find out which parts of the answer are certain and which are luck.
#
# > **What you will be able to do**
# >
# > - set up a comparison in which only one thing differs
# > - report quality with its spread over [seeds](../book/glossary.md "seed"), beside training time and parameters
# > - choose a model on the validation set, and test the choice on the test set
# > - say which attention you should take, and how certain that advice is
# > - compare width, depth and amount of data with networks that have had time to learn
#
# The trainings take a while, because there are many of them: less than a minute in all at `small`, while at `standard` the 21
# trainings of the comparison take about eight minutes on two cores, and the section *Trained for longer* adds about five. You
# can stop a training cell whenever you like and run it again later, and it resumes where it was. The scores of every finished run
# are kept, so on your second visit the cell only reads them.

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
import math
from collections import defaultdict
from dataclasses import replace
from itertools import combinations, pairwise, product

import numpy as np
from matplotlib.figure import Figure
from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest

from s2s_tutorial.data.corpus import Pairs, prepare
from s2s_tutorial.files import read_json, write_json
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters
from s2s_tutorial.notebook.show import show_figure, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import (
    bleu_score,
    comparable_text,
    evaluate,
    normalised_words,
    reference_columns,
)

scale = load_scale()  # S2S_SCALE: small, standard or large
SEEDS = (0, 1, 2)  # at least three: two seeds that differ do not tell you how far others would
BEAM = 5
epochs = max(min(scale.training.epochs, 10) // 3, 2)  # few, because there are 21 runs
settings = replace(
    scale,
    name=f"which-{scale.name}",
    data=replace(scale.data, sample_pairs=scale.data.sample_pairs // 6),  # matters only for the built-in corpus
    training=replace(scale.training, epochs=epochs),
)
VARIANTS = {  # what differs from the model settings of the scale; everything else is the same
    "none": {"attention": "none"},
    "dot": {"attention": "dot"},
    "general": {"attention": "general"},
    "concat": {"attention": "concat"},
    "additive": {"attention": "additive", "decoder": "bahdanau"},
    "local-p": {"attention": "local-p"},
    "input feeding": {"attention": "general", "input_feeding": True},
}
# Networks that are trained for longer: training pairs, epochs, and seeds.
PAIRS, LONG, LONG_SEEDS = (200, 1, SEEDS[:1]) if scale.name == "small" else (1_000, 40, SEEDS)
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"


# %% [markdown]
# ## A fair comparison
#
# If two models differ in two things, you cannot tell which of them made the difference. So our seven models should differ in
# their attention and in nothing else. [Attention: choosing where to look](06_attention.ipynb) and [Decoders: writing one
# word at a time](07_decoders.ipynb) explain them:
#
# | name | what it does | where it was proposed |
# | --- | --- | --- |
# | none | the decoder gets the encoder's last state and nothing else | [Sutskever et al. (2014)](https://arxiv.org/abs/1409.3215) |
# | dot | $h_t^\top \bar h_s$ | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
# | general | $h_t^\top W \bar h_s$ | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
# | concat | $v^\top \tanh(W[h_t; \bar h_s])$ | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
# | additive | like concat, but computed *before* the GRU step (Bahdanau decoder) | [Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473) |
# | local-p | general, in a window around a predicted position | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
# | input feeding | general, and $\tilde h_{t-1}$ joins the next input | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
#
# All of them get the same sentence pairs, the same batches in the same order (which the seed determines), the same number of
# epochs and the same learning rate. But some things are *not* the same, and you should mention them whenever you show such a
# table:
#
# - **Parameters.** The matrix $W$ of *general*, the wider layer `combine` of every decoder with attention, and the wider GRU input
#   of *additive* and *input feeding* add some. We count them below.
# - **Tuning.** The learning rate of the presets was chosen with general attention, and another model might learn better with
#   another one. So we compare all models with the same settings, and not each with its best settings.
# - **Length of training.** With only a few epochs, we measure which model learns *fast* as much as which one learns *well*. The
#   section *Trained for longer* looks at that.
#
# Also remember that the pairs of `standard` are short and contain no rare words, in the test set as in training ([A fair
# test](02_fair_test.ipynb)), so they are easier than most sentences that people write. All seven models profit from this, so we
# can still compare them with each other, but not with scores on other data.
#
# ## How many parameters?
#
# Before we train, let us count. For hidden size $H$ and embedding size $E$, how many more parameters does *general* have than
# *none*? Its matrix $W$ has $H^2$ numbers, and in addition the layer `combine` reads $[c_t; h_t]$ and not $h_t$ alone, which
# makes another $H^2$. The next cell counts all seven with $H = E = 10$ and one layer:


# %% tags=["nbval-check-output"]
def parameters(model_settings, src_words=1_000, tgt_words=800):
    """Parameters of a model with vocabularies of these sizes."""
    return count_parameters(Seq2Seq(model_settings, src_words, tgt_words))


tiny = replace(scale.model, embedding_size=10, hidden_size=10, num_layers=1, tie_embeddings=True)
bare = parameters(replace(tiny, **VARIANTS["none"]))
for name, difference in VARIANTS.items():
    print(f"{name:14} {parameters(replace(tiny, **difference)) - bare:+4} parameters, H = E = 10")

# %% [markdown]
# You can check them with a pencil. *Dot* has no matrix, so it adds only the wider `combine`, $H^2 = 100$. *Concat* has in
# addition the matrix $W$ with $2H \cdot H$ numbers, and the vector $v$ with $H$ numbers. *Input feeding* has everything that
# *general* has, and its GRU reads $H$ more numbers into each of its three gates, which makes $3 H \cdot H$ more. The score of
# *additive* has as many parameters as that of *concat*, $2H^2 + H = 210$. The other 500 are in the Bahdanau decoder: its GRU also
# reads $H$ more numbers, and its layer `combine` reads word, state and context, $E + 2H$ numbers in place of $H$. In a whole
# model most parameters are embeddings, and all seven have the same ones, so the differences are small in the end, as the table
# below shows.
#
# ## The training
#
# Seven models with three seeds each make 21 runs. In which order should we train them? We take **all seven models with the
# first seed, then all seven with the second**, because then you have a complete table of one seed if you stop after a third of
# the time. The other order would give you three seeds of two models and nothing about the others.

# %%
corpus = prepare(settings.data)
print(f"{len(corpus.train):,} training pairs, {len(corpus.test):,} test sentences")

# %% [markdown]
# After each training we measure the model on the test set: with greedy search and with a beam, for all sentences and by
# length of the source. The best BLEU on the validation set and the seconds of training come from the run itself. Its
# clock stops when you stop the run, so the seconds stay right. The function `measure` does this and writes the result to
# `scores.json` in the folder of the run, where `kept_scores` finds it on your next visit.

# %% tags=["hide-input"]
EDGES = (0, 4, 5, 6, 7, 9, 12, math.inf)  # words of the source, marks counted: 1-4, 5, 6, 7, 8-9, 10-12, more


def by_length(translations, references):
    """BLEU of the sentences between two edges, for each part that has at least eight."""
    found = {}
    for low, high in pairwise(EDGES):
        rows = [row for row, each in enumerate(translations) if low < len(each.src_words) <= high]
        if len(rows) >= 8:
            outputs = [" ".join(normalised_words(translations[row].words)) for row in rows]
            found[str(low)] = bleu_score(outputs, [references[row] for row in rows])
    return found


def measure(trainer, corpus):
    """Measure a finished run, and keep its scores in its folder."""
    greedy, translations = evaluate(trainer.translator, corpus.test)
    beam, of_beam = evaluate(trainer.translator, corpus.test, beam_size=BEAM)
    scores = {
        "greedy": greedy.to_dict(),
        "beam": beam.to_dict(),
        "beam_size": BEAM,
        "outputs": [comparable_text(translation) for translation in of_beam],
        "validation": trainer.progress.best_bleu,
        "seconds": trainer.progress.seconds,
        "parameters": count_parameters(trainer.model),
        "by_length": by_length(translations, corpus.test.references),
    }
    write_json(trainer.run.scores_path, scores)
    return scores


def kept_scores(folder):
    """Scores of a run that has been measured before with the same beam, or None."""
    path = folder / "scores.json"
    scores = read_json(path) if path.is_file() else {}
    return scores if scores.get("beam_size") == BEAM and "outputs" in scores else None


# %% [markdown]
# > **Guess first**
# >
# > Write down five guesses: which model wins, and which comes last? How many points of BLEU are between the best and the
# > second best? How many points are between two *seeds* of the same model? And which model takes the longest to train?
#
# Then run the next two cells and do something else meanwhile.


# %%
def scores_of(corpus, its, title):
    """Scores of a run with these settings, which is trained and measured if that has not been done before."""
    scores = kept_scores(folder_for(its))
    if scores is None:
        print(f"{title}:")
        trainer = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
        trainer.fit()
        scores = measure(trainer, corpus)
    return scores


# %%
table = {}
for seed, name in product(SEEDS, VARIANTS):  # all variants of one seed first: partial results are a table already
    its = replace(
        settings,
        model=replace(settings.model, **VARIANTS[name]),
        training=replace(settings.training, seed=seed),
    )
    table[name, seed] = scores_of(corpus, its, f"{name}, seed {seed}")
print(f"{len(table)} of {len(SEEDS) * len(VARIANTS)} runs are finished and measured")


# %% [markdown]
# ## The table
#
# For each model the table gives the mean over its seeds and the **spread**, which is half the distance between the best and the
# worst seed. So 40.0 ± 2.0 means that the mean is 40.0, and that the best seed is 4.0 points above the worst. (We do not print a
# standard deviation, because three values are too few to estimate one well.)


# %% tags=["hide-input"]
def over_seeds(name, value):
    """Mean and half range of something over the finished seeds of a variant."""
    values = [value(scores) for (variant, _), scores in table.items() if variant == name]
    return float(np.mean(values)), float(np.ptp(values) / 2)


finished = [name for name in VARIANTS if (name, SEEDS[0]) in table]
summary = {}
for name in finished:
    summary[name] = {
        "greedy": over_seeds(name, lambda s: s["greedy"]["bleu"]),
        "beam": over_seeds(name, lambda s: s["beam"]["bleu"]),
        "chrf": over_seeds(name, lambda s: s["beam"]["chrf"]),
        "seconds": over_seeds(name, lambda s: s["seconds"]),
        "parameters": over_seeds(name, lambda s: s["parameters"])[0],
    }


# %% tags=["hide-input"]
def plus_minus(pair, places=1):
    return f"{pair[0]:.{places}f} ± {pair[1]:.{places}f}"


show_table(
    [
        "attention",
        "BLEU, greedy",
        f"BLEU, beam\u00a0{BEAM}",
        f"chrF, beam\u00a0{BEAM}",
        "training seconds",
        "parameters",
    ],
    [
        [
            name,
            plus_minus(s["greedy"]),
            plus_minus(s["beam"]),
            plus_minus(s["chrf"]),
            plus_minus(s["seconds"], 0),
            int(s["parameters"]),
        ]
        for name, s in sorted(summary.items(), key=lambda item: -item[1]["beam"][0])
    ],
)

# %% [markdown]
# May we conclude from this table that the first model is better than the second? We need a rule, and we should choose it before
# we look at the numbers. Here is a simple one: one model is *clearly* better than another if even its worst seed beats the best
# seed of the other.

# %% tags=["hide-input"]
order = sorted(finished, key=lambda name: -summary[name]["beam"][0])
best = order[0]


def bleus(name):
    """BLEU of every finished seed of a variant."""
    return [scores["beam"]["bleu"] for (variant, _), scores in table.items() if variant == name]


def clearly(better, worse):
    return min(bleus(better)) > max(bleus(worse))


beaten = [name for name in order[1:] if clearly(best, name)]
level = [name for name in order[1:] if name not in beaten]
typical = float(np.median([s["beam"][1] for s in summary.values()]))
widest = max(finished, key=lambda name: summary[name]["beam"][1])
lines = [f"The best mean is that of **{best}**, with {plus_minus(summary[best]['beam'])} BLEU."]
if summary[best]["beam"][0] < 10:
    lines.append(
        "**But no model of this run has learned to translate yet**, so take what follows as a rehearsal for `standard`."
    )
lines.append(f"By our rule it is clearly better than **{', '.join(beaten)}**." if beaten else "")
lines.append(f"It is not clearly better than **{', '.join(level)}**." if level else "")
lines.append(
    f"The seeds matter: the median spread is ±{typical:.1f}, and the seeds of **{widest}** scored "
    f"{', '.join(f'{bleu:.1f}' for bleu in bleus(widest))}. So a table with one run of each model could have shown another order."
)
show_text(" ".join(lines))

# %% [markdown]
# We should not stop here, for two reasons. First, a choice should come from the validation set, as in
# [Translating](11_translating.ipynb): if you choose the best of seven test scores, you choose partly for luck, and the score
# that you then report is too high. Second, our rule knows how much the *seeds* vary, but not how much the *sentences* matter,
# because all seeds were measured on the same ones. So we look first at the validation set, and then at the sentences.
#
# ### Choose on the validation set
#
# During training the model translated the validation set after each epoch, with greedy search, and the best BLEU was
# kept. No test sentence had any part in this, so we may choose by it. (`finished` has the names of the models that are
# in the table.)

# %%
of_validation = {
    name: [scores["validation"] for (variant, _), scores in table.items() if variant == name] for name in finished
}
chosen, second = sorted(finished, key=lambda name: -np.mean(of_validation[name]))[:2]
show_table(
    ["attention", "validation BLEU, mean", "lowest seed", "highest seed"],
    [
        [name, float(np.mean(values)), min(values), max(values)]
        for name, values in sorted(of_validation.items(), key=lambda item: -np.mean(item[1]))
    ],
)

# %% tags=["hide-input"]
separate = min(of_validation[chosen]) > max(of_validation[second])
show_text(
    f"The validation set chooses **{chosen}**. Second comes **{second}**, "
    + ("and each of its seeds is behind. " if separate else "but some of its seeds are as good. ")
    + (
        f"On the test set *{chosen}* has the best mean, too. The test set had no part in the choice, so its score of *{chosen}* is "
        "a fair report."
        if chosen == best
        else f"On the test set *{best}* has a better mean. We stay with *{chosen}* nevertheless, because to change our mind now "
        "would be to choose on the test set after all."
    )
)

# %% [markdown]
# ### Would other sentences change the order?
#
# The chosen model and the second were tested on the same sentences, so we can compare them with the paired bootstrap of [How
# good is it?](13_how_good_is_it.ipynb). It draws sentences from the test set, the same ones for both models, and looks how
# much the difference of their scores varies. Sacrebleu contains this test, and we do it for each seed separately, because
# three seeds on the same sentences do not make three independent test sets:

# %%
references = reference_columns(corpus.test.references)
rows = []
for seed in SEEDS:
    systems = [(name, table[name, seed]["outputs"]) for name in (second, chosen)]  # the first is the baseline
    metric = BLEU(tokenize="none", force=True, references=references)
    _, found = PairedTest(systems, {"BLEU": metric}, references=None, test_type="bs", n_samples=1000)()
    baseline, other = found["BLEU"]
    rows.append([seed, baseline.score, other.score, other.score - baseline.score, other.p_value])
show_table(["seed", f"BLEU, {second}", f"BLEU, {chosen}", "difference", "p"], rows)

# %% tags=["hide-input"]
sure = [row[3] > 0 and row[4] < 0.05 for row in rows]
show_text(
    "The p-value is the probability of a difference at least as large as this one if both models were equally good. For "
    f"**{sum(sure)} of {len(rows)}** seeds *{chosen}* is better than *{second}* with p below 0.05, so other sentences of this kind "
    "would probably show the same. "
    + (
        f"So after a short training on short sentences, *{chosen}* is better than *{second}*."
        if all(sure)
        else f"So we have not shown that *{chosen}* is better than *{second}*, even after this short training."
    )
)

# %% [markdown]
# If *local-p* is low in your table, do not conclude that local attention is a bad idea. It predicts a position from the decoder
# state alone and cannot look outside its window. Ours has $D = 2$, so at most five words are inside; the paper has $D = 10$ (its
# section 4.1), and there local attention was better than global attention, after long training on long sentences of news. On
# short sentences a window saves no time. And if the prediction is wrong at the start of training, the right word is outside the
# window, so the model cannot learn to look at it. This may be the reason if one of its seeds is far behind the others.
#
# ## What does it cost?
#
# Quality is one side of a choice, and time is the other. Figure 17.1 shows both, and it shows every run and not only the means.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A scatter plot of BLEU over training seconds. Each variant has one large mark for its mean, with its name beside it, and thin lines from there to a small mark for every seed."}}
figure = Figure(figsize=(8, 4.6), layout="constrained")
axes = figure.add_subplot()
for rank, name in enumerate(order):
    colour, side = (BLUE, ORANGE, GREEN, GREY)[rank % 4], 1 if rank % 2 else -1  # names right and left alternately
    runs = [(s["seconds"], s["beam"]["bleu"]) for (variant, _), s in table.items() if variant == name]
    mean = np.mean(runs, axis=0)
    for run in runs:
        axes.plot(*zip(run, mean, strict=True), "-", color=colour, linewidth=1, alpha=0.6)
        axes.plot(*run, "o", color=colour, markersize=4)
    axes.plot(*mean, "D", color=colour, markersize=9)
    where = {"xytext": (9 * side, 3), "textcoords": "offset points", "ha": "left" if side > 0 else "right"}
    axes.annotate(name, mean, **where, color=colour, fontsize=11)
axes.set(xlabel="training seconds", ylabel=f"test BLEU, beam {BEAM}")
axes.margins(x=0.2)
show_figure(figure)

# %% [markdown]
# **Figure 17.1.** BLEU against training time: small marks are single runs, joined to the large mark of their mean.

# %% tags=["hide-input"]
slowest = max(finished, key=lambda name: summary[name]["seconds"][0])
fastest = min(finished, key=lambda name: summary[name]["seconds"][0])
ratio = summary[slowest]["seconds"][0] / summary[fastest]["seconds"][0]
reason = (
    "In this decoder each step needs the result of the step before, even in training, so it has to go through a sentence word by "
    "word. A plain Luong decoder takes all words of the sentence at once."
    if slowest in ("additive", "input feeding")
    else "We would have expected *additive* or *input feeding*, which have to go through a sentence word by word even in training. "
    "Perhaps another program was using your machine during that run."
)
show_text(f"**{slowest}** took the longest, **{ratio:.1f}** times as long as **{fastest}**. {reason}")

# %% [markdown]
# The seconds come from one machine, which may have been busy with other programs, so look only at their ratios.
#
# ## Greedy or beam?
#
# [Beam search](../book/glossary.md) changes nothing about training, but it takes more time whenever you translate. Does it help,
# and does it help all models? To answer this, we compare *within* each run: the model is the same, and only the search differs.
# So the luck of the seed, which is in both scores, cancels out.

# %%
gains = {
    name: [s["beam"]["bleu"] - s["greedy"]["bleu"] for (variant, _), s in table.items() if variant == name]
    for name in finished
}
show_table(
    ["attention", f"gain by beam {BEAM}, mean", "smallest", "largest"],
    [[name, float(np.mean(values)), min(values), max(values)] for name, values in gains.items()],
)

# %% tags=["hide-input"]
always = [name for name, values in gains.items() if min(values) > 0]
never = [name for name in finished if name not in always]
show_text(
    (
        f"With every seed the beam helps **{', '.join(always)}**. "
        if always
        else "The beam helps no model with every seed. "
    )
    + (f"With some seed it does not help **{', '.join(never)}**." if never and always else "")
)


# %% [markdown]
# ## Where does attention help?
#
# A gain on average does not tell us where it comes from. In [Encoder and decoder: a sentence in one
# vector](05_encoder_decoder.ipynb) we saw that one vector is not enough, and that long sentences suffer most. So we expect
# attention to help long sentences more than short ones. Figure 17.2 compares *none* with *general* by the length of the source,
# with three seeds. Under each group you see how many test sentences it has. If there are only a few, their BLEU is mostly luck.
# (At `standard` the filter allows at most 25 characters, so "long" means eight words there, and few sentences have as many.)


# %% tags=["hide-input"]
def lengths_of(name):
    """BLEU of each seed, by lower edge of the source length."""
    values = defaultdict(list)
    for (variant, _), scores in table.items():
        if variant == name:
            for low, bleu in scores["by_length"].items():
                values[int(low)].append(bleu)
    return dict(sorted(values.items()))


def name_of(low, high):
    """A group of lengths in words."""
    return f"over {low}" if high == math.inf else str(high) if high == low + 1 else f"{low + 1} to {high}"


labels = {low: name_of(low, high) for low, high in pairwise(EDGES)}
sizes = {low: sum(low < len(source.split()) <= high for source in corpus.test.sources) for low, high in pairwise(EDGES)}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two lines with error bars over groups of source length, from the shortest to the longest, with the number of sentences in each: general attention and none."}}
figure = Figure(figsize=(7, 3.2), layout="constrained")
axes = figure.add_subplot()
for name, colour, style in (("general", BLUE, "o-"), ("none", ORANGE, "s--")):
    found = lengths_of(name)
    means = [np.mean(values) for values in found.values()]
    bars = [[np.mean(v) - min(v) for v in found.values()], [max(v) - np.mean(v) for v in found.values()]]
    places = [f"{labels[low]}\n({sizes[low]:,})" for low in found]
    axes.errorbar(places, means, yerr=bars, fmt=style, color=colour, capsize=3, label=name)
axes.set(xlabel="words of the source (and how many sentences have so many)", ylabel="test BLEU, greedy", ylim=(0, None))
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 17.2.** BLEU by length of the source without attention and with general attention; bars show the spread over seeds.

# %% tags=["hide-input"]
with_it, without = lengths_of("general"), lengths_of("none")
gaps = {low: float(np.mean(with_it[low]) - np.mean(without[low])) for low in with_it if low in without}
if len(gaps) > 1:
    first, last = min(gaps), max(gaps)
    show_text(
        f"In the shortest group ({labels[first]} words, {sizes[first]:,} sentences), general attention gains **{gaps[first]:+.1f}** "
        f"BLEU, and in the longest ({labels[last]} words, {sizes[last]:,} sentences) **{gaps[last]:+.1f}**. "
        + (
            "So the gap grows with length, as we expected."
            if gaps[last] > gaps[first]
            else "So in this run the gap does not grow with length, although we expected it."
        )
    )

# %% [markdown]
# If the gap does not grow in your run either, you may wonder why, because in [Encoder and decoder](05_encoder_decoder.ipynb) it
# grew from 28 points to 68. The two chapters differ in three things. That chapter has sentences of up to 28 words, and 200 test
# sentences of more than 16, whereas at `standard` the longest group here consists of a dozen sentences of eight or nine words.
# Its sentences come from a grammar, and a model soon translates regular sentences well as long as they are short. And training
# is so short here that the model without attention translates even short sentences badly, so that attention can gain a lot there.
# So Figure 17.2 does not contradict the other chapter, because it has too few long sentences to test the claim.
#
# ## Who looks at the right place?
#
# The [alignment error rate](../book/glossary.md) of [Seeing attention](14_seeing_attention.ipynb) tells whether a model looks
# at the words that it translates. It needs gold alignments, which only the built-in corpus has, so at `standard` the next cell
# has nothing to measure and says so.

# %% tags=["hide-input"]
aligned = [name for name in finished if "aer" in table[name, SEEDS[0]]["greedy"]]
if aligned:
    example = table[aligned[0], SEEDS[0]]["greedy"]
    show_table(
        ["attention", "AER", "BLEU, greedy"],
        [
            [name, plus_minus(over_seeds(name, lambda s: s["greedy"]["aer"]), 2), plus_minus(summary[name]["greedy"])]
            for name in aligned
        ],
    )
    show_text(f"Best possible {example['aer_best']:.2f}, chance {example['aer_chance']:.2f}.")
else:
    print("This corpus has no gold alignments. Try S2S_SCALE=small.")

# %% [markdown]
# ## Trained for longer
#
# Two questions are still open. First, our training was short, so the order may change if the models have more time. In
# particular, *dot* compares the two states as they are, while *general* has to learn its matrix $W$ first. Is *dot* better, or
# only quicker? Second, we have not touched the sizes: is it worth it to have more units, more layers or more pairs?
#
# To answer both, we need networks that are trained for many epochs. With the models from above this would take hours, so we
# take smaller ones: the model of the preset `small`, with general attention and 64 units, on short sentences of the built-in
# corpus (1,000 at `standard`, and at `small` so few that the section is only a rehearsal). Then we change one thing at a time.
# One of the rows has twice the epochs. If its score is clearly better, the others were not trained long enough. If it is the same
# to within a point, they were.
#
# > **Guess first**
# >
# > Which of these changes helps most: twice the epochs, *dot* in place of *general*, twice the units, two layers, or twice the
# > pairs with half the epochs, which is the same number of steps? Which one does harm?

# %%
small = PRESETS["small"]
short_data = replace(small.data, sample_pairs=20 * PAIRS, unit="words", max_length=8)  # many, for a large test set
short = prepare(short_data)
base = replace(
    small,
    name=f"long-{scale.name}",
    data=short_data,
    model=replace(small.model, dropout=0.3),
    training=replace(small.training, epochs=LONG, patience=LONG, evaluations_per_epoch=0.5),
)
CHANGES = {  # what differs: in the model, the number of pairs, the number of epochs
    "as it is": ({}, PAIRS, LONG),
    "twice the epochs": ({}, PAIRS, 2 * LONG),
    "dot": ({"attention": "dot"}, PAIRS, LONG),
    "half the units": ({"embedding_size": 32, "hidden_size": 32}, PAIRS, LONG),
    "twice the units": ({"embedding_size": 128, "hidden_size": 128}, PAIRS, LONG),
    "two layers": ({"num_layers": 2}, PAIRS, LONG),
    "twice the pairs": ({}, 2 * PAIRS, max(LONG // 2, 1)),
}
long = {}
for seed, (name, (difference, pairs, its_epochs)) in product(LONG_SEEDS, CHANGES.items()):
    its = replace(
        base,
        name=f"{base.name}-{pairs}",  # another number of pairs is another run
        model=replace(base.model, **difference),
        training=replace(base.training, seed=seed, epochs=its_epochs),
    )
    # The first pairs; the vocabulary is that of all pairs, so it does not depend on their number.
    train = Pairs(short.train.sources[:pairs], short.train.targets[:pairs])
    long[name, seed] = scores_of(replace(short, train=train), its, f"{name}, seed {seed}")


# %% tags=["hide-input"]
def long_bleus(name):
    """BLEU of every seed of a network that was trained for longer."""
    return [long[name, seed]["greedy"]["bleu"] for seed in LONG_SEEDS]


rows = []
for name in CHANGES:
    values = long_bleus(name)
    seconds = float(np.mean([long[name, seed]["seconds"] for seed in LONG_SEEDS]))
    rows.append(
        [name, float(np.mean(values)), min(values), max(values), seconds, long[name, LONG_SEEDS[0]]["parameters"]]
    )
show_table(
    ["trained for longer", "BLEU, greedy", "lowest seed", "highest seed", "training seconds", "parameters"], rows
)

# %% tags=["hide-input"]
effect = {name: float(np.mean(long_bleus(name)) - np.mean(long_bleus("as it is"))) for name in CHANGES}


def verdict(name):
    """Whether a change helps or hurts with every seed."""
    values, usual = long_bleus(name), long_bleus("as it is")
    return "better" if min(values) > max(usual) else "worse" if max(values) < min(usual) else "not clearly different"


judged = {
    word: [name for name in effect if name != "as it is" and verdict(name) == word] for word in ("better", "worse")
}
more = effect["twice the epochs"]
if verdict("twice the epochs") == "better":
    enough = "which is clearly better. So even these networks could be trained for longer. "
elif abs(more) <= 1:
    enough = "so the training was long enough. "
else:
    enough = "which our rule does not call clear, because the seeds differ too much. So we cannot say that it was long enough. "
dot_is = verdict("dot")
show_text(
    ("**No network has learned to translate in so short a time.** " if max(long_bleus("as it is")) < 10 else "")
    + f"Twice the epochs change BLEU by {more:+.1f}, {enough}"
    + (
        f"By our rule, clearly better than the network as it is: **{', '.join(judged['better'])}**. "
        if judged["better"]
        else ""
    )
    + (f"Clearly worse: **{', '.join(judged['worse'])}**. " if judged["worse"] else "")
    + f"*Dot* differs from *general* by {effect['dot']:+.1f} BLEU: **{dot_is}**."
)

# %% [markdown]
# Keep in mind what was measured: small networks on short sentences of a grammar. They tell you how the sizes of *such* a
# network matter. Real sentences have more words and more ways to say the same thing, so pairs and units may count for more
# there. [Which sizes](../book/which-sizes.md) collects what this book knows about sizes, and gives a rule of thumb for each.

# %% [markdown]
# ## How many seeds would you need?
#
# Before we answer the question of this chapter, let us find out how much three seeds can tell us at all. Suppose that two
# models are equally good, and that each score is luck: normally distributed, with standard deviation 1. You train $n$ seeds of
# both and compare the means. How large a difference will you see, although there is none? We can draw such scores without any
# training:

# %% tags=["nbval-check-output"]
rng = np.random.default_rng(0)
for seeds in (1, 3, 10, 30):
    means = rng.normal(size=(20_000, 2, seeds)).mean(axis=2)
    print(
        f"seeds: {seeds:2}, two equal models differ by {np.abs(means[:, 0] - means[:, 1]).mean():.1f} standard deviations"
    )

# %% [markdown]
# And now with *seven* equally good models, the best of them against the worst:

# %% tags=["nbval-check-output"]
for seeds in (1, 3, 10, 30):
    means = rng.normal(size=(20_000, 7, seeds)).mean(axis=2)
    print(
        f"seeds: {seeds:2}, best minus worst of seven equal models {np.ptp(means, axis=1).mean():.1f} standard deviations"
    )

# %% [markdown]
# So if seven models are equally good, the best of them is still ahead of the worst, and with three seeds by more than one
# standard deviation. There is a first place in every table, whether the models differ or not. Remember this when you read a
# table of results, ours included.
#
# **Break it.** Set `SEEDS = (0,)` in the second cell, then `(1,)`, and run the chapter again. Nothing has to be trained, because
# the runs are there. Read the sentence under the first table each time. Does the order change?

# %% [markdown]
# ## Which one should you take?
#
# Now we can answer, and for each part of the answer we can say how certain it is:

# %% tags=["hide-input"]
with_attention = [name for name in finished if name != "none"]
above_none = [name for name in with_attention if clearly(name, "none")]
show_table(
    ["claim", "what we found", "is it certain?"],
    [
        [
            "attention is better than none",
            f"with {len(above_none)} of {len(with_attention)} kinds, the worst seed beats the best seed of *none*",
            "yes, on such sentences"
            if len(above_none) == len(with_attention)
            else f"only for {', '.join(above_none)}"
            if above_none
            else "not shown",
        ],
        [
            f"*{chosen}* is the best after a short training",
            f"better than *{second}* with {sum(sure)} of {len(sure)} seeds, p below 0.05",
            "yes, on such sentences" if all(sure) else "not shown",
        ],
        [
            "*dot* is better than *general* after a long training, too",
            f"{effect['dot']:+.1f} BLEU on short sentences of a grammar: {dot_is}".replace("-", "−"),
            "yes, on such sentences" if dot_is == "better" else "not shown",
        ],
    ],
)
show_text(
    "No model has learned enough for an answer yet: set `S2S_SCALE=standard` for a real one."
    if not above_none
    else "So take attention"
    + (" in any case. " if len(above_none) == len(with_attention) else ", of a kind that the first row names. ")
    + (
        f"If you have little time for training, take *{chosen}*."
        if all(sure)
        else f"If you have little time for training, *{chosen}* is a good choice, but *{second}* may be as good."
    )
    + (" If you can train for long, *dot* is the better choice as well." if dot_is == "better" else "")
    + (" If you can train for long, take *general*." if dot_is == "worse" else "")
    + (
        " After a longer training we found no clear difference between *dot* and *general*."
        if dot_is not in ("better", "worse")
        else ""
    )
)

# %% [markdown]
# Why, then, do the presets of this book use *general*? It was chosen before this comparison was made, and the learning rate of
# the presets was then chosen for it. We have not repeated that for the other models, so we do not know how good each of them
# could be with its own best settings. There is also an argument for *general*: if its matrix $W$ is the identity, it computes
# the same scores as *dot*, so it can learn whatever *dot* can learn. In return it has $H^2$ more parameters, 65,536 with 256
# units. And all chapters use the same attention, so you can compare their runs. But a preset is only a place to begin. With
# `--attention dot` on the command line, or `attention="dot"` in the settings, you can try the other one on your own data, and
# now you know how to compare them.

# %% [markdown]
# ## Recap
#
# - A comparison should say what is equal (data, order, epochs, seeds) and what is not (parameters, tuning, time).
# - Train several seeds and show their spread. A difference that is smaller than the spread may be luck.
# - Choose on the validation set. Then compare on the test set, in pairs, to see whether other sentences would show the same.
# - Compare searches within a run, and models over several runs.
# - A decoder that has to go word by word takes longer to train.
# - Whether a model has attention matters more than which of the four scores it computes.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 17.1: More layers, more units, more sentences
#
# In *Trained for longer* we changed the number of layers, the hidden size and the amount of data of a small network. Now do it
# with the model and the pairs of your scale, but with one seed and a single epoch: the base model, half the units, two
# layers, and the base model on half of the pairs. Which of them is worth its seconds? (Halve the embedding size with the
# hidden size, since tied embeddings need both to be equal. Take every second pair, because files are often sorted.)

# %% [markdown]
# ### Solution to exercise 17.1

# %% tags=["solution"]
base = replace(settings, name=f"size-{scale.name}", training=replace(settings.training, epochs=1))
half = base.model.hidden_size // 2
half_corpus = replace(corpus, train=Pairs(corpus.train.sources[::2], corpus.train.targets[::2]))
SIZES = {
    "as it is": (base, corpus),
    "half the units": (replace(base, model=replace(base.model, hidden_size=half, embedding_size=half)), corpus),
    "two layers": (replace(base, model=replace(base.model, num_layers=2)), corpus),
    "half the pairs": (replace(base, name=f"{base.name}-half-pairs"), half_corpus),
}
rows = []
for name, (its, data) in SIZES.items():
    run = Trainer(data, its, folder_for(its), watchers=[LiveLine()])
    run.fit()
    scores = measure(run, data)
    rows.append([name, scores["greedy"]["bleu"], scores["seconds"], scores["parameters"], run.progress.step])
assert rows[1][3] < rows[0][3] < rows[2][3]  # parameters: half the units, as it is, two layers
show_table(["size", "BLEU, greedy", "training seconds", "parameters", "steps"], rows)

# %% [markdown]
# Compare this with the table of *Trained for longer*. After a single epoch, the networks have hardly begun to learn, so the order
# shows which of them begin quickly, and not yet which is worth its seconds. Half of the pairs also means half of the steps, so
# for the effect of the pairs alone you would have to give them two epochs. Try this, and more epochs for the two layers, before
# you believe the order.

# %% [markdown]
# ### Exercise 17.2: A test by permutation
#
# Three seeds of model A score 61, 63 and 62, and three of model B score 60, 59 and 61. If both models were equally good, every
# way of dividing these six numbers between the two would be equally probable. How many of these 20 ways give a
# difference of means that is at least as large, in either direction? Are three seeds against three enough for p below 0.05?

# %% [markdown]
# ### Solution to exercise 17.2

# %% tags=["solution", "nbval-check-output"]
scores = [61, 63, 62, 60, 59, 61]
seen = abs(sum(scores[:3]) - sum(scores[3:]))
ways = [abs(2 * sum(scores[place] for place in places) - sum(scores)) for places in combinations(range(6), 3)]
extreme = sum(way >= seen for way in ways)
print(f"{extreme} of {len(ways)} ways are as extreme: p = {extreme / len(ways):.2f}")

# %% [markdown]
# Even if all scores of one model are above all scores of the other, p is only 2 / 20 = 0.1, because luck alone separates three
# from three once in ten times. For this reason the text above says "clearly", which is defined by our rule, and never
# "significantly".

# %% [markdown]
# ## What to read next
#
# [Your own data](18_your_own_data.ipynb) trains on sentences of your own, and there you have to choose settings yourself. [Which
# sizes](../book/which-sizes.md) collects what this book has measured about layers, units, batches and words. [Luong et al.
# (2015)](https://arxiv.org/abs/1508.04025) compare the same scores on millions of pairs, in section 5. See which of our findings
# they share.
