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
# You have met seven ways to build a decoder: without attention, with four scores, with a predicted place, with input
# feeding. Which one should you take? Papers answer with tables, and most tables show one run of each. Here you make the
# table yourself, with several runs of each, and so with an idea of how much of any difference is luck.
#
# > **What you will be able to do**
# >
# > - set up a comparison in which only one thing differs
# > - report quality with its spread over seeds, beside time and parameters
# > - say which differences are larger than luck, and which are not
# > - compare depth, width and amount of data
#
# **This is the long one.** At `small` it takes under a minute; at `standard` it is 21 trainings, which take about 13
# minutes on two cores, and longer where the machine is slow or busy. Stop it whenever you like, close the lid, come
# back: the cell goes on where it was. Each finished run is kept with its scores, so a second visit only reads them.

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
from s2s_tutorial.notebook.show import glue, show_figure, show_table, show_text
from s2s_tutorial.presets import load_scale
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
SEEDS = (0, 1, 2)  # at least three: with two you cannot tell a spread from an accident
BEAM = 5
epochs = max(min(scale.training.epochs, 10) // 3, 2)  # few, because there are 21 runs
settings = replace(
    scale,
    name=f"which-{scale.name}",
    data=replace(scale.data, sample_pairs=scale.data.sample_pairs // 6),  # matters only for the embedded corpus
    training=replace(scale.training, epochs=epochs),
)
VARIANTS = {  # what differs from the model settings of the scale, and nothing else does
    "none": {"attention": "none"},
    "dot": {"attention": "dot"},
    "general": {"attention": "general"},
    "concat": {"attention": "concat"},
    "additive": {"attention": "additive", "decoder": "bahdanau"},
    "local-p": {"attention": "local-p"},
    "input feeding": {"attention": "general", "input_feeding": True},
}
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"


# %% [markdown]
# ## The rules of a fair race
#
# Seven entrants, in the words of [Attention: choosing where to look](06_attention.ipynb) and [Decoders: writing one
# word at a time](07_decoders.ipynb):
#
# | name | what it does | where it was proposed |
# | --- | --- | --- |
# | none | the first state is all the decoder ever gets | [Sutskever et al. (2014)](https://arxiv.org/abs/1409.3215) |
# | dot | $h_t^\top \bar h_s$ | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
# | general | $h_t^\top W \bar h_s$ | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
# | concat | $v^\top \tanh(W[h_t; \bar h_s])$ | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
# | additive | the same family, asked *before* the GRU step (Bahdanau decoder) | [Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473) |
# | local-p | general, in a window around a predicted place | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
# | input feeding | general, and $\tilde h_{t-1}$ joins the next input | [Luong et al. (2015)](https://arxiv.org/abs/1508.04025) |
#
# All get the same sentence pairs, the same batches in the same order (the seed decides), the same number of epochs, the
# same learning rate. Two things are *not* the same, and you should say so whenever you show such a table:
#
# - **Parameters.** A bilinear $W$, a wider `combine` layer or a wider GRU input add some. They are counted below.
# - **Tuning.** The learning rate of the presets was chosen with general attention. Another entrant might prefer another
#   one. A fair race with equal settings is not a race of everybody's best settings.
#
# And one more: a schedule this short measures who learns *fast* as well as who learns *well*.

# %% [markdown]
# ## How many parameters?
#
# Before any training, count. For hidden size $H$, embedding size $E$ and one layer, how many more numbers has *general*
# than *none*? By hand: its $W$ has $H^2$, and `combine` reads $[c_t; h_t]$ and not $h_t$ alone, another $H^2$.


# %% tags=["nbval-check-output"]
def parameters(model_settings, src_words=1_000, tgt_words=800):
    """Parameters of a model with vocabularies of these sizes."""
    return count_parameters(Seq2Seq(model_settings, src_words, tgt_words))


tiny = replace(scale.model, embedding_size=10, hidden_size=10, num_layers=1, tie_embeddings=True)
bare = parameters(replace(tiny, **VARIANTS["none"]))
for name, difference in VARIANTS.items():
    print(f"{name:14} {parameters(replace(tiny, **difference)) - bare:+4} parameters, H = E = 10")

# %% [markdown]
# Check a few: dot adds only the wider `combine` ($H^2$ = 100). Concat has in addition $W$, $2H \cdot H$ numbers, and $v$,
# $H$ numbers. Input feeding has all of general, and its GRU reads $H$ more numbers into each of three gates,
# $3 H \cdot H$ in all. Most parameters of a whole model are embeddings, the same for all: the table below says how much
# the entrants differ in the end.

# %% [markdown]
# ## The training
#
# The order of the 21 runs is chosen with care: **all seven variants with the first seed, then all with the second**. If
# you stop after a third of the time, you have a complete table of one seed, and not three seeds of two variants.
#
# At `standard` this cell needs the real sentence pairs; if they can be neither found nor downloaded, its message names
# the ways out.

# %%
corpus = prepare(settings.data)
print(f"{len(corpus.train):,} training pairs, {len(corpus.test):,} test sentences")

# %% [markdown]
# What is measured on a finished run goes into its folder, as `scores.json`: both searches, the translations of the second, the
# best BLEU on the validation set during training, the seconds of training (from the run's own clock, which survives stops),
# and BLEU by length of the source.

# %%
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
# > Write down, for the schedule of this chapter: the winner; the loser; how many points of BLEU lie between the best and
# > the second best; how many between two *seeds* of the same model; and which variant trains slowest. The last two are
# > the ones people get wrong.
#
# Then run the cell and do something else.

# %%
table = {}
for seed, name in product(SEEDS, VARIANTS):  # all variants of one seed first: partial results are a table already
    its = replace(
        settings,
        model=replace(settings.model, **VARIANTS[name]),
        training=replace(settings.training, seed=seed),
    )
    scores = kept_scores(folder_for(its))
    if scores is None:
        print(f"{name}, seed {seed}:")
        trainer = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
        trainer.fit()
        scores = measure(trainer, corpus)
    table[name, seed] = scores
print(f"{len(table)} of {len(SEEDS) * len(VARIANTS)} runs are finished and measured")


# %% [markdown]
# ## The table
#
# Mean over seeds, and the **spread**: half the distance between the best and the worst seed. Three values are too few
# for a proper standard deviation; a plain range does not pretend to be one.


# %%
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
for name, s in summary.items():
    glue(f"which-{name.replace(' ', '-')}-bleu", round(s["beam"][0], 1))

# %% [markdown]
# What may you conclude? Use a rule that you could have written down *before*: one variant is clearly better than another
# if even its unluckiest seed beats the luckiest of the other.

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
lines = [f"Best on average is **{best}**, with {plus_minus(summary[best]['beam'])} BLEU."]
if summary[best]["beam"][0] < 10:
    lines.append(
        "**But no model of this run has learnt to translate yet**: take what follows as a rehearsal for `standard`."
    )
if level:
    lines.append(f"Not clearly worse, by our rule: **{', '.join(level)}**.")
lines.append(f"Clearly worse: **{', '.join(beaten)}**." if beaten else "No variant is clearly worse.")
lines.append(
    f"The median spread over seeds is ±{typical:.1f}, the widest is that of **{widest}**, whose seeds scored "
    f"{', '.join(f'{bleu:.1f}' for bleu in bleus(widest))}: a table with one run of each could have shown another order."
)
show_text(" ".join(lines))

# %% [markdown]
# Two warnings belong to this verdict. It comes from the *test* set, and a choice should come from the validation set, as
# in [Translating](09_translating.ipynb): the best of seven test scores is partly the luckiest. And our rule knows the luck of
# the seeds, but not that of the sentences, because all seeds are measured on the same ones. We take care of both.
#
# ### Choose on the validation set
#
# Every training above ended with the best validation BLEU that greedy search had reached. These scores were there before we
# looked at the test set, so we may choose by them:

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
    f"The validation set chooses **{chosen}**, and **{second}** comes second"
    + (", with every seed behind. " if separate else ", but their seeds overlap. ")
    + (
        f"The test set has the same winner, and because it had no part in this choice, its score of *{chosen}* is a fair report."
        if chosen == best
        else f"The test set has another winner, *{best}*. We stay with *{chosen}*: to change our mind now would be to choose on "
        "the test set after all."
    )
)

# %% [markdown]
# ### Would other sentences change the order?
#
# Both were tested on the same sentences, so we can use the paired bootstrap of [How good is
# it?](10_how_good_is_it.ipynb): draw sentences from the test set, the same ones for both, and see how often the difference has
# another sign. sacrebleu has this test. It is done for each seed on its own, because three seeds do not make three test sets:

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
    f"The p-value tells how probable a difference of at least this size would be if the two were equally good. For "
    f"**{sum(sure)} of {len(rows)}** seeds the lead of *{chosen}* over *{second}* is one that other sentences would confirm. "
    + (
        f"So for short sentences and little time, *{chosen}* is the one to take."
        if all(sure)
        else f"So *{chosen}* is our candidate for short sentences and little time, but we have not shown that it is better than "
        f"*{second}*."
    )
    + " We have not measured whether this order remains after the full schedule."
)

# %% [markdown]
# A word on *local-p*, if it is low in your table. It predicts a place from the decoder state alone and cannot look
# outside its window. Ours has $D = 2$, so at most five words are inside; the paper has $D = 10$ (its section 3.2),
# and there local attention beat global attention, after long training on long sentences of news. So this is not a
# test of the paper's claim. On short sentences a window saves nothing, and a wrong prediction at the start of
# training hides the right word altogether. That may be why one seed is so far behind the others.
#
# Was your guess about seeds too small? It usually is. Draw all runs, not only their means: quality against time
# (Figure 13.1).

# %% tags=["hide-input"] mystnb={"image": {"alt": "A scatter plot of BLEU over training seconds. Each variant has one large mark for its mean, with its name beside it, and thin lines from there to a small mark for every seed."}}
figure = Figure(figsize=(8, 4.6), layout="constrained")
axes = figure.add_subplot()
for rank, name in enumerate(order):
    colour, side = (BLUE, ORANGE, GREEN, GREY)[rank % 4], 1 if rank % 2 else -1  # names beside marks, by turns
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
# **Figure 13.1.** BLEU against training time: small marks are single runs, joined to the large mark of their mean.

# %% tags=["hide-input"]
slowest = max(finished, key=lambda name: summary[name]["seconds"][0])
fastest = min(finished, key=lambda name: summary[name]["seconds"][0])
ratio = summary[slowest]["seconds"][0] / summary[fastest]["seconds"][0]
reason = (
    "A decoder whose step needs the result of the step before (additive, input feeding) must go word by word, even in "
    "training; a plain Luong decoder takes the whole sentence at once."
    if slowest in ("additive", "input feeding")
    else "Word-by-word decoders (additive, input feeding) are the usual suspects; in this run it is another, so look at what "
    "else your machine was doing."
)
show_text(f"Slowest is **{slowest}**, with **{ratio:.1f}** times the seconds of **{fastest}**. {reason}")

# %% [markdown]
# (Seconds are of one machine, and of runs that may have shared it with other programs. Read them as ratios.)
#
# ## Greedy or beam?
#
# A [beam search](../book/glossary.md) costs nothing in training and some time in use. Does it help, and does it help
# all alike? Compare *within* each run: the same model, two searches. That pairing takes the luck of the seed out.

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
show_text(
    f"The beam helps with every seed for **{', '.join(always)}**."
    if always
    else "For no variant does the beam help with every seed."
)


# %% [markdown]
# ## Where the bottleneck bites
#
# The story of [Encoder and decoder: a sentence in one vector](05_encoder_decoder.ipynb) was: one vector is not
# enough, and long sentences suffer first. Figure 13.2 is the test of it with three seeds: *none* against *general*,
# by length of the source. (With sentences of at most 25 characters, "long" is eight words, and only 12 test sentences
# at `standard` have them. Their BLEU is mostly luck, so do not expect the last group to decide anything.)


# %%
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
# **Figure 13.2.** BLEU by length of the source without attention and with general attention; bars show the spread over seeds.

# %% tags=["hide-input"]
with_it, without = lengths_of("general"), lengths_of("none")
gaps = {low: float(np.mean(with_it[low]) - np.mean(without[low])) for low in with_it if low in without}
if len(gaps) > 1:
    first, last = min(gaps), max(gaps)
    show_text(
        f"With general attention the shortest group ({labels[first]} words) gains **{gaps[first]:+.1f}** BLEU, the longest "
        f"({labels[last]} words) **{gaps[last]:+.1f}**. "
        + (
            "The gap grows with length, as the story says."
            if gaps[last] > gaps[first]
            else "In this run the gap does not grow with length."
        )
    )

# %% [markdown]
# Why does the gap not grow here, while in [Encoder and decoder](05_encoder_decoder.ipynb) it grew from 16 points to 67? Three
# things differ. That chapter has sentences of up to 28 words, and 200 test sentences of more than 16, while the longest group
# here consists of a dozen sentences of 8 words. It trains on the regular sentences of the grammar, which a model soon translates well while they are
# short. And here training is so short that the model without attention translates even short sentences badly. So this
# figure does not contradict the other: it has too few long sentences to test it.
#
# ## Who looks at the right place?
#
# On a corpus with gold alignments there is one more column: the [alignment error rate](../book/glossary.md) of [Seeing
# attention](11_seeing_attention.ipynb). Only the embedded corpus has gold; on real pairs the next cell says so and goes
# on.

# %%
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
    print("No gold alignments in this corpus: nobody knows the right place. Try S2S_SCALE=small.")

# %% [markdown]
# ## How many seeds would you need?
#
# Suppose two models are truly equal, and each score is luck: normal, with standard deviation 1. You run $n$ seeds of
# both and report the better mean. How large is the "improvement" that you report? Nobody needs to train for that:

# %% tags=["nbval-check-output"]
rng = np.random.default_rng(0)
for seeds in (1, 3, 10, 30):
    means = rng.normal(size=(20_000, 2, seeds)).mean(axis=2)
    print(
        f"seeds: {seeds:2}, two equal models differ by {np.abs(means[:, 0] - means[:, 1]).mean():.1f} standard deviations"
    )

# %% [markdown]
# And with *seven* equal models, best against worst:

# %% tags=["nbval-check-output"]
for seeds in (1, 3, 10, 30):
    means = rng.normal(size=(20_000, 7, seeds)).mean(axis=2)
    print(
        f"seeds: {seeds:2}, best minus worst of seven equal models {np.ptp(means, axis=1).mean():.1f} standard deviations"
    )

# %% [markdown]
# Keep these two lists beside any table of results, including this one. A race always has a winner.
#
# **Break it.** Set `SEEDS = (0,)` and then `(1,)` in the first cell (nothing is trained anew) and read the sentence
# under the table. Does the winner change?

# %% [markdown]
# ## Recap
#
# - A comparison says what is equal: data, order, schedule, seed. And what is not: parameters, tuning, time.
# - Show the spread over seeds. A difference smaller than that is a story about luck.
# - Compare searches within a run, and models between runs.
# - Time follows from structure: whoever must go word by word in training is slow.
# - A gain on average hides where it comes from. Break it up by length, or by phenomenon.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 13.1: More layers, more units, more sentences
#
# The 2017 notebook ends with this exercise: change the number of layers, the hidden size and the amount of data, and
# compare time and result. Do it with one seed and a single epoch: the base model, half the hidden size, two layers, and
# the base model on half of the pairs. What is worth its seconds? (Take every second pair; files are often sorted.)

# %% [markdown]
# ### Solution to exercise 13.1

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
# One epoch favours what learns fast. Half of the pairs also means half of the steps: for "more sentences" alone, you
# would give it two epochs. Try that, and more epochs for two layers, before you believe an order.

# %% [markdown]
# ### Exercise 13.2: A test by permutation
#
# Three seeds of model A score 61, 63 and 62, three of model B 60, 59 and 61. If both were equal, every way to deal
# these six numbers to two models would be as likely. Of all 20 ways, how many give a difference of means at least as
# large, in either direction? Is three against three enough for "p below 0.05"?

# %% [markdown]
# ### Solution to exercise 13.2

# %% tags=["solution", "nbval-check-output"]
scores = [61, 63, 62, 60, 59, 61]
seen = abs(sum(scores[:3]) - sum(scores[3:]))
ways = [abs(2 * sum(scores[place] for place in places) - sum(scores)) for places in combinations(range(6), 3)]
extreme = sum(way >= seen for way in ways)
print(f"{extreme} of {len(ways)} ways are as extreme: p = {extreme / len(ways):.2f}")

# %% [markdown]
# The smallest p that three against three can ever give is 2 / 20 = 0.1: complete separation happens by luck once in
# ten. That is why the text above says "clearly", by a rule, and never "significantly".

# %% [markdown]
# ## What to read next
#
# [Your own data](14_your_own_data.ipynb) trains on sentences of your own. [Which sizes](../book/which-sizes.md) collects what this
# book has measured about layers, units, batches and words. [Luong et al.
# (2015)](https://arxiv.org/abs/1508.04025) compare the same scores on millions of pairs, in section 5: see which of
# your findings they share.
