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
# # Seeing attention
#
# For every word that it writes, a model with attention also produces a row of weights over the source. These weights can be drawn, and the
# picture is probably the most shown one of the field. It is also often misread. People who see it say one of three things:
#
# 1. When the model wrote this word, it **looked** there.
# 2. This target word **is a translation of** (is aligned with) that source word.
# 3. The model wrote this word **because** of that source word.
#
# The claims become stronger from the first to the third. In this chapter you learn to read the picture (claim 1), then to *measure* it against alignments that are known to be right (claim 2),
# and then to test with four experiments how much of claim 3 is true.
#
# > **What you will be able to do**
# >
# > - read a heat map, and step through one word by word
# > - compute the alignment error rate by hand, and say what its best and its chance value are
# > - compare score functions and decoders by where they look
# > - test whether a model needs its attention weights, and whether they say what the output depends on
#
# The chapter takes under a minute at `small` and about five minutes at `standard`, nearly all of it training.

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

# %% tags=["hide-input"]
from dataclasses import replace
from unittest import mock

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.text import normalise
from s2s_tutorial.grammar import generate
from s2s_tutorial.model.attention import masked_softmax
from s2s_tutorial.notebook.plots import AttentionView, plot_attention
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import Board, LiveLine
from s2s_tutorial.translation.evaluation import evaluate, score_alignments, score_translations
from s2s_tutorial.translation.translator import Translation

scale = load_scale()  # S2S_SCALE: small, standard or large
embedded = scale if scale.data.corpus == "sample" else PRESETS["sample"]  # gold alignments exist only there
EPOCHS, LONGEST = 5, 7  # of the comparisons: epochs, and words a side, for short sentences train fast
short = replace(
    embedded,
    name=f"{embedded.name}-short",
    data=replace(embedded.data, unit="words", max_length=LONGEST),
    training=replace(embedded.training, epochs=EPOCHS),
)
SENTENCES = [
    "Le chat noir dort.",
    "Il ne mange pas la pomme.",
    "Nous les avons vus hier.",
]  # three, and yours are welcome
SEED = 9  # of everything that is drawn at random in this chapter
PROBED = 64  # held-out sentences for the slower experiments
SEARCH_STEPS = 80  # of the search for other weights
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"

# %% [markdown]
# ## How to read a heat map
#
# We begin with the weights as numbers, made up so that they are easy to read. The source is « le », « chat »,
# « noir », the target is "the", "black", "cat", and each ends with `<eos>`, the end of the sentence, which is a position
# like any other. So there are four rows and four columns. Every row is one step of the decoder and adds up to 1.

# %% tags=["nbval-check-output"]
source, target = ["le", "chat", "noir"], ["the", "black", "cat"]
made_up = torch.tensor([
    [0.80, 0.10, 0.05, 0.05],  # while writing "the"
    [0.05, 0.25, 0.70, 0.00],  # while writing "black"
    [0.00, 0.90, 0.10, 0.00],  # while writing "cat"
    [0.10, 0.00, 0.10, 0.80],  # while ending the sentence
])  # fmt: skip
for word, row in zip([*target, "<eos>"], made_up, strict=True):
    print(f"{word:6} looks most at {[*source, '<eos>'][int(row.argmax())]:6} weights sum to {row.sum():.2f}")

# %% [markdown]
# `plot_attention` draws exactly this (Figure 14.1), with **one row for each target word and one column for each
# source word**. A brighter cell is a larger weight. Read it row by row from the top, because this is the order in which the model wrote. Where
# the bright cells follow the diagonal, both languages have the same order of words. Where they cross, as for
# « chat noir », they do not.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four rows for the, black, cat and end of sentence; the bright cells of black and cat cross those of chat and noir."}}
toy = Translation(source, target, copied=[], unknown=[], score=0.0, attn_weights=made_up)
show_figure(plot_attention(toy))

# %% [markdown]
# **Figure 14.1.** A heat map of made-up weights: a crossing where the adjective changes places.

# %% [markdown]
# Three rules prevent most mistakes:
#
# 1. Rows add up to 1, but **columns do not**. A source word may get no weight in any row, or much weight in all of them.
# 2. The row of a word shows where the model looked *when it wrote that word*, in the state that it had then.
# 3. A column is not a word but a **state of the encoder**, which has read the whole sentence in both directions. The
#    column « noir » also contains something of « chat ».

# %% [markdown]
# ## A model to look at
#
# We need a trained model and, later, sentences whose right alignment is known. The built-in corpus offers both at any
# scale, because it is generated by a grammar. The settings `embedded` are those of your scale if it uses this corpus,
# and otherwise those of the preset `sample`. If an earlier chapter has trained a model with the same settings, the next
# cell only loads the result.

# %%
corpus = prepare(embedded.data)
trainer = Trainer(corpus, embedded, folder_for(embedded), watchers=[LiveLine(), Board()])
trainer.fit()
translator = trainer.translator
print(f"{len(corpus.train):,} training pairs, {len(corpus.test):,} held-out test sentences")

# %% [markdown]
# The folded cell at the top of the chapter has three example sentences, `SENTENCES`. We translate the first, « Le chat
# noir dort. ». Before you look at the figure: « noir » comes after « chat », "black" before "cat". Which rows of Figure
# 14.2 will look away from the diagonal?

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map of attention weights with the French words in columns and the model's English words in rows."}}
show_figure(plot_attention(translator.translate(SENTENCES[0])))

# %% [markdown]
# **Figure 14.2.** Where the trained model looks while it translates a sentence with an adjective after its noun.

# %% [markdown]
# Do the bright cells cross, as in the made-up picture? Or do "black" and "cat" share one column? The third rule explains
# this case: the state at « chat » has read « noir » as well, so it can serve for both words. Nothing in training asks the model for a
# cross.
#
# ## One word at a time
#
# A picture does not show the order of events. The interactive view shows such weights step by step: move the slider, or point at a
# word on either side (tap it, or reach it with the tab and arrow keys). The table below it contains the numbers as text.
#
# Besides the order of adjectives, two phenomena are worth a look. **Negation**: French wraps the verb in « ne … pas », and English
# has one "not" (or an "n't", which normalising turns into a word "t" of its own). At which of the two French words does the model
# look when it writes that word, or at both?

# %%
AttentionView(translator.translate(SENTENCES[1]))

# %% [markdown]
# **A clitic pronoun**: « les » stands before the verb, "them" after it. And « avons vus » are two words for the one
# "saw".

# %%
AttentionView(translator.translate(SENTENCES[2]))

# %% [markdown]
# To step through Figure 14.2 or a sentence of your own, run `AttentionView(translator.translate("Le chat noir dort."))` with that
# sentence. Words that the vocabulary does not know may come out as copies of the source word that was attended to most, if the model
# has learned to write "unknown" ([When the model is unsure](12_when_it_is_unsure.ipynb)). In the view you can see how attention chooses them.

# %% [markdown]
# ## Gold: alignments that are known
#
# Is a heat map *right*? For ordinary text, people would have to decide. For the built-in corpus we know the answer, because the rule that
# writes a French word writes its English word at the same time. `generate` gives pairs with their links:

# %% tags=["nbval-check-output"]
[*_, pair] = generate(24, seed=7)
french, english = normalise(pair.source).split(), normalise(pair.english).split()
print(" ".join(french), "→", " ".join(english))
for place, word in sorted(pair.alignment):
    print(f"{french[place]:9} {english[word]}")

# %% [markdown]
# A **link** joins a source position and a target position. One word may have several links (« quelques » made both "a"
# and "few") or none.
#
# We draw the gold alignment beside the model's weights (Figure 14.3). For a fair comparison, the model must write the *gold* English
# and not a translation of its own: `forced_attention` feeds it that sentence word by word ([teacher
# forcing](../book/glossary.md)) and keeps the weights.

# %%
source, target = " ".join(french), " ".join(english)
[weights] = translator.forced_attention([source], [target])
gold = np.zeros(weights.shape)
for place, word in pair.alignment:
    gold[word, place] = 1.0
gold[-1, -1] = 1.0  # the end belongs to the end

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two heat maps side by side with the same words: gold links as full cells, and attention weights in shades."}}
figure = Figure(figsize=(7, 3.8), layout="constrained")
panels = figure.subplots(1, 2, sharey=True)
for axes, cells, title in zip(panels, (gold, weights), ("gold links", "attention"), strict=True):
    axes.imshow(cells, cmap="cividis", vmin=0.0, vmax=1.0, aspect="auto")
    axes.set_xticks(range(len(french) + 1), labels=[*french, "<eos>"], rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(english) + 1), labels=[*english, "<eos>"])
    axes.set_title(title)
show_figure(figure)

# %% [markdown]
# **Figure 14.3.** Left, which word made which; right, where the model looks when it is made to write the same sentence.

# %% [markdown]
# ## Alignment error rate, by hand
#
# How far is the right picture from the left one? A single number for this comes from [Och and Ney (2003)](https://aclanthology.org/J03-1002). We call the links of the
# gold alignment $S$ and the links that the model proposes $A$. From a heat map we take one link per target word, to the
# source word with the largest weight. The **[alignment error rate](../book/glossary.md)** (AER) is
#
# $$
# \mathrm{AER} = 1 - \frac{2\,|A \cap S|}{|A| + |S|}
# \tag{14.1}
# $$
#
# (Their full formula distinguishes *sure* and *possible* links, because people often disagree. All links of our grammar
# are sure, and then the formula becomes this one.) 0 means that both sets are the same, and 1 that they share nothing.
#
# Compute (14.1) for four words. Gold: « le » and "the", « chat » and "cat", « noir » and "black", « dort » and
# "sleeps". The model looks at « chat » when it writes "black", and is right otherwise.

# %% tags=["nbval-check-output"]
gold_links = {(0, 0), (1, 2), (2, 1), (3, 3)}  # (source position, target position)
model_links = {(0, 0), (1, 1), (1, 2), (3, 3)}  # "black", at place 1, looks at "chat", at place 1
common = gold_links & model_links
print(f"{len(common)} links in common, |A| = {len(model_links)}, |S| = {len(gold_links)}")
print(f"AER = 1 - 2·{len(common)} / ({len(model_links)} + {len(gold_links)}) = {1 - 2 * len(common) / 8:.2f}")

# %% [markdown]
# The package does this for a whole corpus at once:

# %%
show_source(score_alignments)

# %% [markdown]
# Does it agree with your result? We write the same model as weights: five rows, the last one being `<eos>`, which is left
# out.

# %% tags=["nbval-check-output"]
looks_at = torch.tensor([0, 1, 1, 3, 4])
rows = torch.nn.functional.one_hot(looks_at, num_classes=5).float()
scores = score_alignments([rows], [frozenset(gold_links)])
print(", ".join(f"{name} {value:.2f}" for name, value in scores.items()))

# %% [markdown]
# The function returns two more numbers, and without them the first means little.
#
# - **Chance**: every word linked to a random source word. Here each of the four guesses hits with probability 1/4, so
#   one link in common is expected: $1 - 2 \cdot 1 / 8 = 0.75$.
# - **Best**: the lowest value that one link per target word can reach at all. Here it is 0. But take « je n ai pas soif », "i m not
#   thirsty", where both « n » and « pas » belong to "not". Of its five links, even a faultless heat map misses one, because it names
#   only one source word for each of the four target words: $1 - 2 \cdot 4 / (4 + 5) \approx 0.11$.
#
# Now we measure. These are held-out sentences, and the model is made to write their references.

# %%
whole, _ = evaluate(translator, corpus.test)
show_table(
    ["alignment error rate on the test set", "value"],
    [["best with one link per word", whole.aer_best], ["this model", whole.aer], ["chance", whole.aer_chance]],
)

# %% tags=["hide-input"]
covered = (whole.aer_chance - whole.aer) / (whole.aer_chance - whole.aer_best)
show_text(
    f"From chance to the best possible value this model has come **{covered:.0%}** of the way, at BLEU "
    f"**{whole.bleu:.1f}**. No alignment was used in training: the model only learned to predict the next word."
)

# %% [markdown]
# ## Which model looks at the right place?
#
# The score function may decide how well a model aligns. We train four models for five epochs each, on the sentences of
# at most seven words so that it does not take long (the settings `short`). Three are Luong decoders with the scores dot,
# general and concat. The fourth is a Bahdanau decoder with its additive score. (A Luong decoder with the additive score
# would be nothing new: concat and additive are one family of functions, as you know from [Attention: choosing where to
# look](06_attention.ipynb).)
#
# > **Guess first**
# >
# > Order the four by alignment error rate. Then think of the difference between the decoders: a Luong decoder looks
# > *after* its GRU has read the word before, a Bahdanau decoder looks *before* that, from the state $h_{t-1}$. At the
# > moment of looking, the second does not yet know which word has just been written. What should that do to its links?

# %%
VARIANTS = {
    "dot": replace(short, model=replace(short.model, attention="dot")),
    "general": replace(short, model=replace(short.model, attention="general")),
    "concat": replace(short, model=replace(short.model, attention="concat")),
    "Bahdanau": replace(short, model=replace(short.model, decoder="bahdanau", attention="additive")),
}
few = prepare(short.data)
trained = {}
for name, settings in VARIANTS.items():
    run = Trainer(few, settings, folder_for(settings), watchers=[LiveLine()])
    run.fit()
    trained[name] = run.translator


# %% [markdown]
# Besides being right or wrong, a row can be sharp or spread out, and we need a measure for that. The **entropy** of weights $a$ is $-\sum_s a_s \log_2 a_s$ bits. It
# is 0 where all the weight is on one word, and 2 where it is spread evenly over four. Two to the power of the entropy
# reads more easily: it is the number of words that the row looks at, as it were.


# %% tags=["nbval-check-output"]
def entropy(weights):
    """Entropy of the rows of attention weights, in bits: (…, S) to (…)."""
    return torch.special.entr(weights).sum(dim=-1) / np.log(2.0)


for example in ([1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0], [0.25] * 4, [0.7, 0.1, 0.1, 0.1]):
    bits = entropy(torch.tensor(example)).item()
    print(f"{example!s:22} {bits:.2f} bits, as if {2**bits:.2f} words")

# %% tags=["hide-input"]
references = [texts[0] for texts in few.test.references]
looked, results = {}, {}
for name, model in trained.items():
    results[name], _ = evaluate(model, few.test)
    looked[name] = model.forced_attention(few.test.sources, references)
spread = {name: torch.cat([entropy(weights[:-1]) for weights in looked[name]]).mean().item() for name in looked}
show_table(
    ["model", "BLEU", "BLEU from", "to", "AER", "entropy in bits"],
    [[name, s.bleu, s.bleu_low, s.bleu_high, s.aer, spread[name]] for name, s in results.items()],
)

# %% tags=["hide-input"]
ranked = sorted(results, key=lambda name: results[name].aer)
by_bleu = sorted(results, key=lambda name: -results[name].bleu)
agree = "the same order" if ranked == by_bleu else "not the same order"
show_text(
    f"By alignment error rate: **{', '.join(ranked)}**. By BLEU: **{', '.join(by_bleu)}**; {agree}. Sharpest is "
    f"**{min(spread, key=spread.get)}**, most spread out **{max(spread, key=spread.get)}**. Best possible AER here: "
    f"{results[ranked[0]].aer_best:.2f}, chance {results[ranked[0]].aer_chance:.2f}."
)


# %% [markdown]
# Each model was trained with one seed. [Which attention?](17_which_attention.ipynb) examines how far such an order can be trusted.
#
# ## Off by one
#
# A model can look at all the right places and still score badly, if it looks there one step too early or too late. The
# weights of step $t$ do not have to be used for word $t$ alone, because a GRU can keep for the next step what it takes
# in at this one. To find out, we shift the rows against the gold links and measure again. With shift +1 we compare the
# row of step $t$ with the gold links of the word *after* it, and with −1 with those of the word *before* it (Figure
# 14.4). The weights come from `looked`: while we measured the four models, we let each of them write the references of
# the test set and kept its weights there.


# %%
def shifted_aer(attention, alignments, shift):
    """AER where the row of step t is held against the gold links of target word t + shift."""
    moved = []
    for links, weights in zip(alignments, attention, strict=True):
        last = len(weights) - 1
        moved.append(frozenset((place, word - shift) for place, word in links if 0 <= word - shift < last))
    return score_alignments(attention, moved)["aer"]


shifts = (-2, -1, 0, 1, 2)
by_shift = {name: [shifted_aer(looked[name], few.test.alignments, shift) for shift in shifts] for name in looked}

# %% tags=["hide-input"] mystnb={"image": {"alt": "One line of alignment error rate for each model over shifts from two words before to two after."}}
figure = Figure(figsize=(7, 3.2), layout="constrained")
axes = figure.add_subplot()
for (name, rates), colour, style in zip(
    by_shift.items(), (GREY, BLUE, GREEN, ORANGE), ("o:", "s-", "^--", "D-."), strict=True
):
    axes.plot(shifts, rates, style, color=colour, label=name)
axes.set_xticks(shifts, labels=["2 before", "word before", "this word", "word after", "2 after"])
axes.set(xlabel="the word whose gold links a row is held against", ylabel="alignment error rate", ylim=(0, 1))
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 14.4.** Alignment error rate when attention rows are shifted against the gold links: the lowest point says which word a step's
# weights serve.

# %% tags=["hide-input"]
chance = results["general"].aer_chance
# A model that has not learned to align has no shift that means anything.
aligned = {name: rates for name, rates in by_shift.items() if min(rates) < chance - 0.1}
lowest = {name: shifts[int(np.argmin(rates))] for name, rates in aligned.items()}
off = [name for name, shift in lowest.items() if shift]
show_text(
    "No model of this run aligns better than chance yet, so there is nothing to shift."
    if not aligned
    else f"The weights of all models that have learned to align ({', '.join(aligned)}) fit the word that is being "
    "written better than its neighbours. So their errors are not a matter of timing."
    if not off
    else "Off by one is real here: "
    + "; ".join(f"**{name}** fits best at shift **{lowest[name]:+d}**" for name in off)
    + ". Read such a picture with that shift in mind, because a plain AER measures mostly *when* this model looks."
)


# %% [markdown]
# Why might a decoder be off by one? In a Luong decoder the context of step $t$ goes into $\tilde h_t$ and from there
# straight into word $t$; it cannot help any other word (unless there is input feeding). The loss pushes it to look at
# the right place at the right time. In a Bahdanau decoder the context goes through the GRU into $h_t$, and stays
# there. Such a decoder may look early, and after « chat » its state may well contain both words.

# %% [markdown]
# ## Is attention an explanation?
#
# "The model wrote *black* **because** it looked at « noir »." The picture suggests it. But a weight is one
# number in the middle of a network, and the whole network produced the word. [Jain and Wallace
# (2019)](https://arxiv.org/abs/1902.10186) found that in many classifiers very different weights give the same output,
# and called their paper "Attention is not Explanation". [Wiegreffe and Pinter (2019)](https://arxiv.org/abs/1908.04626)
# answered, with tests of their own, "Attention is not not Explanation". The following four experiments each ask one
# question that has an answer.
#
# ### 1. Does the model need these weights?
#
# We take the trained model, change nothing but the weights while it translates, and look at the score. There are three ways to spoil them:
# **uniform** weights everywhere, weights **shuffled** among the real source words at every step, and **hard** weights, with everything on the
# largest one. The tool replaces one function, so that whatever the softmax returns passes through `change`.


# %%
def tampered(change):
    """While this is on, attention weights (B, T, S) are what `change(weights, src_mask)` makes of them."""

    def softmax_and_change(scores, src_mask):
        return change(masked_softmax(scores, src_mask), src_mask)

    return mock.patch("s2s_tutorial.model.attention.masked_softmax", softmax_and_change)


def uniform(weights, src_mask):
    """The same weight for every real word."""
    return (src_mask / src_mask.sum(dim=1, keepdim=True))[:, None, :].expand_as(weights)


def hard(weights, src_mask):
    """All weight on the favourite."""
    return torch.nn.functional.one_hot(weights.argmax(dim=-1), weights.shape[-1]).to(weights.dtype)


def shuffled(weights, src_mask):
    """The same numbers, dealt to the real words at random; padding stays last and keeps its zeros."""
    lots = torch.rand(weights.shape, generator=rng, device=weights.device).masked_fill(~src_mask[:, None, :], 2.0)
    return weights.gather(-1, lots.argsort(dim=-1))


# %% [markdown]
# > **Guess first**
# >
# > If the weights did not matter, BLEU would not change. If everything depended on them, uniform weights would ruin
# > the translation. Write down four numbers: BLEU as it is, uniform, shuffled, hard.

# %%
rng = torch.Generator(trainer.device).manual_seed(SEED)
changes = {"as it is": lambda weights, src_mask: weights, "hard": hard, "uniform": uniform, "shuffled": shuffled}
spoiled = {}
for name, change in changes.items():
    with tampered(change):
        spoiled[name] = score_translations(translator.translate_words(corpus.test.sources), corpus.test.references)
show_table(
    ["weights at test time", "BLEU", "from", "to", "exact matches"],
    [[name, s["bleu"], s["bleu_low"], s["bleu_high"], f"{s['exact_match']:.1%}"] for name, s in spoiled.items()],
)
intact, even = spoiled["as it is"], spoiled["uniform"]
show_text(
    f"With uniform weights BLEU changes from {intact['bleu']:.1f} to **{even['bleu']:.1f}**, and with hard weights to "
    f"**{spoiled['hard']['bleu']:.1f}**. "
    + (
        "So this trained model needs its weights."
        if even["bleu_high"] < intact["bleu_low"]
        else "So this run does not show that the model needs its weights."
    )
)

# %% [markdown]
# ### 2. Could another model do without?
#
# The last comparison is a little unfair, because a model that was trained with its weights loses them only when it is tested. For a fair comparison we *train* a model with uniform weights: the same network, data and schedule, but frozen
# weights. Wiegreffe and Pinter proposed this test: if the frozen model is as good, the task never needed attention, and
# then no picture of it can explain anything.

# %%
frozen = replace(short, name=f"{short.name}-uniform")
with tampered(uniform):
    run = Trainer(few, frozen, folder_for(frozen), watchers=[LiveLine()])
    run.fit()
    grown_up = score_translations(run.translator.translate_words(few.test.sources), few.test.references)

# %% tags=["hide-input"]
with tampered(uniform):
    robbed = score_translations(trained["general"].translate_words(few.test.sources), few.test.references)
free = score_translations(trained["general"].translate_words(few.test.sources), few.test.references)
show_table(
    ["trained with", "tested with", "BLEU", "from", "to"],
    [
        [a, b, s["bleu"], s["bleu_low"], s["bleu_high"]]
        for a, b, s in (
            ("its own weights", "its own weights", free),
            ("its own weights", "uniform weights", robbed),
            ("uniform weights", "uniform weights", grown_up),
        )
    ],
)

# %% tags=["hide-input"]
lost = free["bleu"] - grown_up["bleu"]
clear = "and the intervals do not overlap" if grown_up["bleu_high"] < free["bleu_low"] else "and the intervals overlap"
show_text(
    f"A model that was trained with uniform weights reaches **{grown_up['bleu']:.1f}** BLEU, against **{free['bleu']:.1f}** with "
    f"weights of its own ({clear}). "
    + (
        "So weights of its own help the model here, which is the first condition for reading them as an explanation."
        if grown_up["bleu_high"] < free["bleu_low"]
        else "So this run does not show that attention is needed: for such short sentences, or after such a short training, a plain "
        "mean of the encoder's states is enough. Its pictures explain little."
    )
)


# %% [markdown]
# ### 3. Could other weights have given the same words?
#
# Next we search for other weights that would do. We take sentences and their references, and look for weights that put
# as little as possible where the model's own weights are, *while the predicted words stay what they were*. The search is
# ordinary gradient descent, but over weights: the network is fixed. Its loss has two parts: the overlap of new and old
# weights, and the **divergence** of the new word probabilities $q$ from the old ones $p$. This is
# $\sum_i p_i \ln (p_i / q_i)$, a number that is 0 where both are equal and grows as they differ. (It is also called Kullback-Leibler
# divergence.) The folded cell prepares the search: `batch_of` puts sentence pairs into a batch, `batch` contains 64
# held-out sentences with their references, and `predict` returns the log-probabilities of all words and the attention
# weights. For the unchanged `model`, these are `old_log_probs` and `old_weights`.


# %% tags=["hide-input"]
def batch_of(translator, sources, targets):
    """Sentence pairs as one batch."""
    src = Encoded.encode(sources, translator.src_vocabulary)
    tgt = Encoded.encode(targets, translator.tgt_vocabulary)
    return Batch.of(src, tgt, np.arange(len(sources))).to(translator.model.device)


def predict(model, batch):
    """Log-probabilities of words (B, T, V), PAD aside, and attention weights (B, T, S), under teacher forcing."""
    output = model(batch)
    logits = model.decoder.logits(output.attn_states)
    return logits.log_softmax(dim=-1), output.attn_weights


model = translator.model
probed = corpus.test.head(PROBED)
batch = batch_of(translator, probed.sources, [texts[0] for texts in probed.references])
with torch.no_grad():
    old_log_probs, old_weights = predict(model, batch)

# %%
new_scores = torch.zeros_like(old_weights, requires_grad=True)  # start from uniform weights
optimiser = torch.optim.Adam([new_scores], lr=0.3)
for _ in range(SEARCH_STEPS):
    with tampered(lambda weights, src_mask: masked_softmax(new_scores, src_mask)):
        log_probs, new_weights = predict(model, batch)
    divergence = (old_log_probs.exp() * (old_log_probs - log_probs)).sum(dim=-1)  # (B, T)
    overlap = (old_weights * new_weights).sum(dim=-1)
    loss = (divergence + overlap)[batch.tgt_mask].mean()
    new_scores.grad = torch.autograd.grad(loss, new_scores)[0]
    optimiser.step()


# %% [markdown]
# How often does this succeed? We count the words whose *source word with the most weight* is another one now, and among these the words where the
# model still predicts the same word. For all words of the first count we also compute the mean **total variation distance**, which is 0 if
# the probabilities have not moved at all, and 1 if they have moved completely. Shuffled weights, found without any search, are the control.


# %% tags=["hide-input"]
def fate(log_probs, weights):
    """Per cent of words with a new top source word; of those with the same prediction; their mean variation distance."""
    real = batch.tgt_mask
    moved = (weights.argmax(dim=-1) != old_weights.argmax(dim=-1))[real]
    same = (log_probs.argmax(dim=-1) == old_log_probs.argmax(dim=-1))[real]
    distance = 0.5 * (log_probs.exp() - old_log_probs.exp()).abs().sum(dim=-1)[real]
    return [100 * part.float().mean().item() for part in (moved, same[moved])] + [distance[moved].mean().item()]


with torch.no_grad():
    with tampered(lambda weights, src_mask: masked_softmax(new_scores, src_mask)):
        searched = fate(*predict(model, batch))
    rng.manual_seed(SEED)
    with tampered(shuffled):
        control = fate(*predict(model, batch))
show_table(
    ["weights", "another top source word", "same word written", "distance"],
    [
        [name, f"{moved:.1f}%", f"{same:.1f}%", distance]
        for name, (moved, same, distance) in (("searched for", searched), ("shuffled", control))
    ],
)

# %% tags=["hide-input"]
show_text(
    f"For **{searched[0]:.0f}%** of the words the search found weights with another top source word, and **{searched[1]:.1f}%** of "
    f"those words were written as before (with shuffled weights {control[1]:.1f}%). For the other {100 - searched[0]:.0f}% it "
    "found none. "
    + (
        "So for the words of the first kind, and only for these, the model's own weights are one of several possibilities that "
        "lead to the same word. "
        if searched[1] > 50
        else "So here other weights mostly lead to other words. "
    )
    + "But a search found these weights, and it knew the words that were to be written. The model itself never computes them "
    "from its states. That is Wiegreffe and Pinter's objection."
)


# %% [markdown]
# If you quote this result, quote both shares. For the words where the search found no other source word, we have not
# shown that other weights exist.
#
# How can other weights give the same word at all? There are two reasons. First, a column is not a word: the encoder's state at
# « chat » has read « noir » too. Second, the output is computed not from the context alone but from $[c_t; h_t]$, and the decoder's
# own state is often enough for "sleeps" and the full stop.

# %% [markdown]
# ### 4. Does the weight say what the word depends on?
#
# For any explanation we can ask what happens if we remove what it names. **Erase** one
# source word (replace it by `<unk>`) and look how much log-probability each target word loses. If the weights explain the output,
# erasing a word with much weight should do the most damage.


# %%
def erasures(source):
    """The sentence with its first word erased, with its second word erased, and so on."""
    words = source.split()
    return [" ".join([*words[:place], "<unk>", *words[place + 1 :]]) for place in range(len(words))]


@torch.inference_mode()
def damage_of(translator, source, target):
    """(T, S): by how much the log-probability of each target word falls when each source word is erased; and weights."""
    variants = [source, *erasures(source)]
    batch = batch_of(translator, variants, [target] * len(variants))
    log_probs, weights = predict(translator.model, batch)
    of_target = log_probs.gather(-1, batch.tgt_ids[..., None])[:, :-1, 0]  # (1 + S, T), EOS left out
    return (of_target[0] - of_target[1:]).T.cpu(), weights[0, :-1, :-1].cpu()


print(*erasures("le chat dort ."), sep="\n")

# %% tags=["hide-input"]
damages, weights_there, links_there = [], [], []
for source, texts, links in zip(probed.sources, probed.references, probed.alignments, strict=True):
    damage, weights = damage_of(translator, source, texts[0])
    gold = torch.zeros_like(weights)
    for place, word in links:
        gold[word, place] = 1.0
    damages.append(damage)
    weights_there.append(weights)
    links_there.append(gold)


# %% [markdown]
# We do this for the same 64 sentences, and summarise the result in two numbers. The first is the **rank correlation** over all pairs of words: it is 1
# if more weight always means more damage, and 0 if they have nothing to do with each other. The second is a count: how often is the source word with
# the most weight also the one whose erasure does the most damage?


# %% tags=["hide-input"]
def ranks(parts):
    """Ranks of all cells together."""
    return np.argsort(np.argsort(torch.cat([part.flatten() for part in parts]).numpy(), kind="stable"), kind="stable")


def top_agreement(parts, others):
    """Share of rows in which two matrices have the same largest cell."""
    return torch.cat([a.argmax(1) == b.argmax(1) for a, b in zip(parts, others, strict=True)]).float().mean().item()


correlation = np.corrcoef(ranks(damages), ranks(weights_there))[0, 1]
hits = top_agreement(damages, weights_there)
by_chance = np.mean([1 / part.shape[1] for part in damages for _ in range(len(part))])
linked = torch.cat(
    [gold.gather(1, part.argmax(1, keepdim=True))[:, 0] for gold, part in zip(links_there, damages, strict=True)]
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Box plots of lost log-probability: source words that were attended to most, above all others, each split into pairs with a gold link and pairs without."}}
figure = Figure(figsize=(7, 3), layout="constrained")
axes = figure.add_subplot()
lost, is_linked = (torch.cat([part.flatten() for part in parts]).numpy() for parts in (damages, links_there))
is_top = torch.cat([torch.zeros_like(a).scatter(1, a.argmax(1, keepdim=True), 1.0).flatten() for a in weights_there])
boxes = {}
for top, whose in ((1, "most attended"), (0, "others")):
    for link, what in ((1, "gold link"), (0, "no gold link")):
        cells = lost[(is_top.numpy() == top) & (is_linked == link)]
        boxes[f"{whose}, {what}\n({len(cells):,} pairs)"] = cells, BLUE if link else GREY
for place, (cells, colour) in enumerate(boxes.values()):
    line, dots = {"color": colour, "lw": 1.5}, {"marker": ".", "markersize": 4, "markeredgecolor": colour, "alpha": 0.5}
    axes.boxplot(
        [cells], positions=[place], orientation="horizontal", whis=(5, 95), widths=0.6,
        boxprops=line, whiskerprops=line, capprops=line, medianprops={"color": ORANGE, "lw": 2}, flierprops=dots,
    )  # fmt: skip
axes.set_yticks(range(len(boxes)), labels=list(boxes))
axes.invert_yaxis()
axes.set_xlabel("log-probability lost (nats)")
show_figure(figure)

# %% [markdown]
# **Figure 14.5.** The damage that erasing a source word does to a target word. A box holds the middle half of the pairs, the whiskers
# 90% of them, and dots are the rest.

# %% [markdown]
# We sum this up, and then return to the three claims of the beginning, with the evidence that each of them needs and what we have
# found:

# %% tags=["hide-input"]
show_text(
    f"Rank correlation of weight and damage: **{correlation:.2f}**. The most attended word is the most needed one "
    f"in **{hits:.0%}** of the cases (chance would be {by_chance:.0%}). And the most needed word has a gold link to the "
    f"target word in **{linked.mean().item():.0%}** of the cases. "
    + (
        "So the weights show a part of what the output depends on, but not all of it."
        if hits > 2 * by_chance
        else "In this run the weights show little of what the output depends on."
    )
)
alignment = f"AER {whole.aer:.2f} (best possible {whole.aer_best:.2f}, chance {whole.aer_chance:.2f})"
reason = (
    f"BLEU {intact['bleu']:.0f}, with uniform weights {even['bleu']:.0f}; other weights for {searched[0]:.0f}% of the words; top "
    f"words agree in {hits:.0%}, rank correlation {correlation:.2f}"
)
show_table(
    ["claim", "evidence it needs", "what we found"],
    [
        ["1. it *looked* there", "none: the weights say so", "always true"],
        ["2. the words are *aligned*", "a low alignment error rate, beside its best and chance values", alignment],
        [
            "3. it wrote the word *because* of that look",
            "experiments such as 1 to 4",
            f"{'true in part' if hits > 2 * by_chance else 'not shown'}: {reason}",
        ],
    ],
)

# %% [markdown]
# So in front of a heat map you can always make claim 1. Make claim 2 only if the alignment error rate has been measured, and claim 3 only
# after an experiment, and then give its number too.
#
# **Break it.** Repeat experiment 4 with `trained["Bahdanau"]` in place of `translator` (its test set is `few.test`).
# Does a decoder that looks before its GRU step depend more on where it looks?

# %% [markdown]
# ## Recap
#
# - A heat map has a row for each target word. Rows add up to 1, columns do not. A column stands for an encoder state, not
#   for a word alone.
# - In the built-in corpus the alignments are known, so attention can be scored with the alignment error rate. Always give its best and chance values with it.
# - Score functions and decoders differ in where they look, in how sharply, and perhaps in when. BLEU need not follow.
# - The entropy says how many words a row looks at. Shifting rows against the gold links finds models that look early or late.
# - Whether weights are needed (frozen weights), whether they are unique (the search for others) and whether they say what the output depends on (erasure) are three questions with three answers.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 14.1: Two links where two are due
#
# One link per word cannot reach both « ne » and « pas ». Propose *every* source word with a weight of at least $\theta$
# instead, and measure AER on the test set for a few values of $\theta$. First think: what happens to $|A|$ for small
# $\theta$? Is the best one better than the argmax?

# %% [markdown]
# ### Solution to exercise 14.1


# %% tags=["solution"]
def threshold_aer(attention, alignments, theta):
    """AER where every weight of at least theta is a link."""
    hits = links = gold_links = 0
    for weights, gold in zip(attention, alignments, strict=True):
        proposed = {(place, word) for word, place in (weights[:-1, :-1] >= theta).nonzero().tolist()}
        hits, links, gold_links = hits + len(proposed & gold), links + len(proposed), gold_links + len(gold)
    return 1 - 2 * hits / (links + gold_links)


attention = translator.forced_attention(corpus.test.sources, [texts[0] for texts in corpus.test.references])
rates = {theta: threshold_aer(attention, corpus.test.alignments, theta) for theta in (0.0, 0.1, 0.2, 0.3, 0.5, 0.9)}
assert all(0 <= rate <= 1 for rate in rates.values())
show_table(["θ", "AER"], [[f"{theta:.1f}", rate] for theta, rate in rates.items()] + [["argmax", whole.aer]])

# %% [markdown]
# A small threshold proposes far too many links, a large one too few. In between, words with two partners can have both.
# A model whose weights are all near 0 or 1 has no such in-between: then every threshold above 0 gives about the same
# as the largest weight, and none is clearly better.

# %% [markdown]
# ### Exercise 14.2: Sure of itself, and right?
#
# Is a sharp row a right row? Compare the mean entropy of rows whose largest weight is at a gold link with that of the others.

# %% [markdown]
# ### Solution to exercise 14.2

# %% tags=["solution"]
right, wrong = [], []
for weights, links in zip(attention, corpus.test.alignments, strict=True):
    bits = entropy(weights[:-1]).tolist()
    for word, place in enumerate(weights[:-1, :-1].argmax(dim=1).tolist()):
        (right if (place, word) in links else wrong).append(bits[word])
assert len(right) + len(wrong) == sum(len(weights) - 1 for weights in attention)
show_table(
    ["the top source word is", "words", "mean entropy in bits"],
    [["a gold link", len(right), float(np.mean(right))], ["no gold link", len(wrong), float(np.mean(wrong))]],
)

# %% [markdown]
# A sharp row can be wrong, and a word may have no gold link at all, so that there is nothing right to look at. So sharpness
# is a hint but not a proof.

# %% [markdown]
# ### Exercise 14.3: A shift by hand
#
# A model looks at the right word every time, but one step late: at step $t$ it looks at the partner of word $t - 1$.
# For five target words aligned one to one with five source words, in order, what is its AER? And after the rows are
# held against the word before? Work it out, then check with `shifted_aer`. (At step 0, let it look at the last word.)

# %% [markdown]
# ### Solution to exercise 14.3

# %% tags=["solution", "nbval-check-output"]
late = torch.nn.functional.one_hot(torch.tensor([4, 0, 1, 2, 3, 5]), num_classes=6).float()
diagonal = frozenset((word, word) for word in range(5))
for shift in (0, -1):
    print(f"shift {shift:+d}: AER {shifted_aer([late], [diagonal], shift):.2f}")

# %% [markdown]
# Without the shift no link is right: 1. With it four of five rows hit, and four gold links are left to find (the last
# word's row does not exist): $1 - 2 \cdot 4 / (5 + 4) \approx 0.11$.

# %% [markdown]
# ## What to read next
#
# [Break it](15_break_it.ipynb) damages the model on purpose, three times. Then read [Jain and Wallace
# (2019)](https://arxiv.org/abs/1902.10186) and the answer by [Wiegreffe and Pinter
# (2019)](https://arxiv.org/abs/1908.04626): two careful papers with opposite titles.
