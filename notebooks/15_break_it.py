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
# # Break it
#
# Most bugs in a sequence model do not crash. The loss goes down, sentences come out, and something is a little worse
# than it should be. To learn how such bugs look, we now break a healthy network in three ways, each of which has been in
# published code. For each one you guess the damage first, then we measure it, and then we look for the sign by which you
# could have noticed it. Failures whose cause is not in the network come afterwards, in [Where it
# fails](16_where_it_fails.ipynb).
#
# > **What you will be able to do**
# >
# > - predict what attending to padding, a wrong first state and a missing tanh do to a translator
# > - say for each how much it costs here, with an interval, and which picture or number shows it
# > - test for it: the same sentence alone and in a batch, first states against their definition, rows that should differ
#
# The chapter takes well under a minute at `small` and about 14 minutes at `standard`. All of it is training on the
# built-in corpus. Every training can be stopped: if you run its cell again, it continues where it was. A model that is already
# trained is only loaded.

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
from contextlib import nullcontext
from dataclasses import replace
from threading import Lock
from unittest import mock

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.vocabulary import EOS, PAD, SOS
from s2s_tutorial.model.attention import ConcatScore, masked_softmax
from s2s_tutorial.model.encoder import Encoder
from s2s_tutorial.model.gru import run_gru
from s2s_tutorial.notebook.experiments import examine, held_out_loss, show_results, step_losses, train_variant, verdict
from s2s_tutorial.notebook.plots import running_mean
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.translation.evaluation import score_translations

scale = load_scale()  # S2S_SCALE: small, standard or large
embedded = scale if scale.data.corpus == "sample" else PRESETS["sample"]
EPOCHS, LONGEST = 5, 7  # epochs, and words a side: short sentences train fast, and there are many trainings
settings = replace(
    embedded,
    name=f"{embedded.name}-short",
    data=replace(embedded.data, unit="words", max_length=LONGEST),
    training=replace(embedded.training, epochs=EPOCHS),
)
FULL_EPOCHS, FULL_SEEDS = {"small": (2, (0,))}.get(scale.name, (4 * EPOCHS, (0, 1, 2)))  # to compare first states
COMPANIONS = (0, 15, 30, 60, 120)  # words of a long sentence that shares a batch with the others
SENTENCE = "ma soeur ne dort pas ."  # a sentence of ours, normalised
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"

# %% [markdown]
# ## The healthy model, and how we examine it
#
# If we changed two things at once, we could not tell which of them did the damage. So every experiment changes **one** thing,
# while data, schedule and seed stay the same. The differences then come from that change and from chance. Because of
# chance, BLEU has an interval here, and [Which attention?](17_which_attention.ipynb) repeats such a comparison with several
# seeds.
#
# The function `train_variant` makes sure that only one thing changes. It takes the settings and the corpus that all models
# share, then what differs: settings such as `attention="concat"`, or a `breakage`, which replaces a part of the package by a
# wrong one while the model trains.

# %%
corpus = prepare(settings.data)
show_source(train_variant)

# %%
healthy = train_variant(settings, corpus)

# %% [markdown]
# We look at four numbers: BLEU on the test set with its 95% interval, the alignment error rate (see
# [Seeing attention](14_seeing_attention.ipynb)), the loss that *training reported* at its end, and the loss on the test
# set, in nats per word, computed by an intact function. The last two differ even in a healthy run. Training smooths its labels,
# drops values and hides some rare words ([Overfitting](10_overfitting.ipynb)), so it reports a higher loss than the test. Two
# functions of the package measure all of this:

# %%
show_source(held_out_loss, examine)

# %%
results = {"healthy": examine(healthy)}
show_results(results)

# %% tags=["hide-input"]
weak = results["healthy"].scores.bleu < 20
show_text(
    "This model is **weak**: at this scale it has hardly learned to translate, so there is little left to damage. Follow the "
    "pictures and the reasoning, and read the numbers of this run as an exercise in caution. At `standard` there is more to lose."
    if weak
    else "The model translates well enough, so there is something to lose."
)

# %% [markdown]
# ## 1. Padding gets attention
#
# We begin with the part that every implementation of attention needs and that is easily forgotten. A batch is a rectangle, so
# short sentences are filled up with padding. The healthy softmax gives padding no weight, whatever its score. Now we take
# that [mask](../book/glossary.md) away. How much weight can the empty columns get? Compute it with a pencil for two real words
# with the scores 2 and 1, and $n$ paddings with the score 0:
#
# $$
# \text{weight on padding} = \frac{n}{e^2 + e^1 + n}
# \tag{15.1}
# $$

# %% tags=["nbval-check-output"]
for pads in (0, 1, 5, 20, 100):
    scores = torch.cat([torch.tensor([2.0, 1.0]), torch.zeros(pads)])
    weights = scores.softmax(dim=0)
    print(f"{pads:3} pads: best word {weights[0]:.2f}, all padding together {weights[2:].sum():.2f}")


# %% [markdown]
# By (15.1) a single padding gets little weight, but there are many of them. So the damage must depend on **which sentences share
# the batch**: the same sentence can get another translation beside a longer one. Such a bug is hard to find, because it
# appears with one batch and disappears with the next.
#
# To break the mask, we replace a single function by one that gets the mask and ignores it:


# %%
def softmax_without_mask(scores, src_mask):
    """Break `masked_softmax`: padding takes part."""
    return scores.softmax(dim=-1)


def pads_attended():
    return mock.patch("s2s_tutorial.model.attention.masked_softmax", softmax_without_mask)


show_source(masked_softmax)

# %% [markdown]
# Which score padding gets depends on the score function. This encoder's states are exactly zero at padding. So under the
# *general* score of our healthy model, padding scores $h_t^\top W \, 0 = 0$. Under *concat* it scores $v^\top \tanh(W_1 h_t)$,
# where $W_1$ is the half of $W$ that is multiplied with $h_t$, and this is hardly ever 0. To see whether this makes a
# difference, we train a second healthy model, with concat.

# %%
concat = train_variant(settings, corpus, attention="concat")

# %% [markdown]
# > **Guess first**
# >
# > Take the mask away from both models *after* training, and train a third one, with concat, *without* a mask. Batches are
# > made of sentences of about equal length here, so training sees little padding. Which of the three will suffer most when
# > a sentence of 120 words joins the batch? Can the third have learned to avoid padding by itself?

# %%
unmasked = train_variant(settings, corpus, f"{settings.name}-no-mask", pads_attended(), attention="concat")

# %%
results["mask off"] = examine(healthy, pads_attended())
results["concat"] = examine(concat)
results["concat, mask off"] = examine(concat, pads_attended())
results["concat, trained without"] = examine(unmasked, pads_attended())
show_results(results, "healthy", "mask off", "concat", "concat, mask off", "concat, trained without")


# %% [markdown]
# This table was made with batches of equal lengths, in which there is hardly any padding. Now we put one long
# sentence into every batch. Its own translation is thrown away, because it is there only to make the rectangle wide
# (Figure 15.1).


# %%
def in_company(trainer, sources, words):
    """Translations of the sources in one batch with a sentence of so many words."""
    companion = " ".join((SENTENCE.split() * words)[:words])
    sources = [*sources, companion] if words else sources
    found = trainer.translator.translate_words(sources, batch_size=len(sources))
    return found[: len(found) - bool(words)]


MODELS = (
    ("concat", concat, False),
    ("concat, mask off", concat, True),
    ("concat, trained without", unmasked, True),
    ("general, mask off", healthy, True),
)
test = corpus.test.head(256)
by_company = {}
for name, trainer, broken in MODELS:
    with pads_attended() if broken else nullcontext():
        found = [score_translations(in_company(trainer, test.sources, words), test.references) for words in COMPANIONS]
    by_company[name] = [scores["bleu"] for scores in found]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four lines of BLEU over the companion's length, from none to 120 words: concat with its mask, concat with the mask off, concat trained without a mask, general with the mask off. The first line is level."}}
figure = Figure(figsize=(7, 3.2), layout="constrained")
axes = figure.add_subplot()
for (name, values), colour, style in zip(
    by_company.items(), (BLUE, ORANGE, GREEN, GREY), ("o-", "s--", "^:", "D-."), strict=True
):
    axes.plot(COMPANIONS, values, style, color=colour, label=name)
axes.set(xlabel="words of the longest sentence in the batch (0: no companion)", ylabel="BLEU", ylim=(0, 100))
axes.legend(loc="lower left")
show_figure(figure)

# %% [markdown]
# **Figure 15.1.** BLEU of the same test sentences beside a longer and longer sentence in the batch. With a mask the other sentence cannot matter, without
# one it can.

# %% tags=["hide-input"]
lines = [f"{name}: from **{values[0]:.1f}** to **{values[-1]:.1f}**" for name, values in by_company.items()]
show_text("BLEU without another sentence in the batch, and beside the longest one: " + "; ".join(lines) + ".")

# %% [markdown]
# Now we translate a single sentence, « Ma sœur ne dort pas », alone and beside a long sentence. The table has the words, and the log-probability that the model
# gives to all of them. We do not ask whether the translation is right, only whether the other sentence changes it.

# %% tags=["hide-input"]
rows = []
for name, trainer, broken in MODELS:
    for words in (0, COMPANIONS[-1]):
        with pads_attended() if broken else nullcontext():
            [found] = in_company(trainer, [SENTENCE], words)
        rows.append([name, "alone" if words == 0 else f"beside {words} words", found.text, found.score])
show_table(["model", "company", "translation", "log-probability"], rows)


# %% [markdown]
# Figure 15.2 shows the reason. These are the weights of that sentence in a rectangle of 120 words. The weights of all paddings, which a heat map
# usually cuts off, are added up in the last column.


# %% tags=["hide-input"]
def wide_weights(trainer, width):
    """Weights (T, S + 1) of `SENTENCE` in a rectangle of that width; the last column sums all padding up."""
    model, ids = trainer.model, trainer.run.src_vocabulary.encode(SENTENCE.split())
    src_ids = torch.tensor([ids + [PAD] * (width - len(ids))], device=trainer.device)
    memory, state = model.encode(src_ids, src_ids != PAD)
    word, weights = torch.tensor([SOS], device=trainer.device), []
    while len(weights) < 10 and word.item() != EOS:
        logits, state, now = model.decoder.step(word, memory, state)
        weights.append(torch.cat([now[0, : len(ids)], now[0, len(ids) :].sum()[None]]))
        word = logits.argmax(dim=-1)
    return torch.stack(weights).detach().cpu()


# %% tags=["hide-input"] mystnb={"image": {"alt": "Four heat maps with the source words in columns and one last column for all padding, which is dark in the model with its mask."}}
figure = Figure(figsize=(8, 3.4), layout="constrained")
for axes, (name, trainer, broken) in zip(figure.subplots(1, 4), MODELS, strict=True):
    with pads_attended() if broken else nullcontext():
        weights = wide_weights(trainer, max(COMPANIONS))
    axes.imshow(weights, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    axes.axvline(weights.shape[1] - 1.5, color="white", linestyle="--")
    axes.set_xticks(range(weights.shape[1]), labels=[*SENTENCE.split(), "<eos>", "all padding"], rotation=90)
    axes.set_yticks(range(len(weights)), labels=range(1, len(weights) + 1))
    axes.set_title(name.replace(", ", ",\n"), fontsize=10)
figure.supylabel("step")
show_figure(figure)

# %% [markdown]
# **Figure 15.2.** The attention of one sentence in a wide batch; the last column is the sum over all padding. With the mask it is
# exactly zero.

# %% [markdown]
# Why does the same change harm one model and not the other? The general score has no upper limit. Where one real word scores
# far above 0, a hundred paddings with a score of 0 get almost nothing, so a model whose attention has sharp peaks is
# protected. With concat every score is between minus and plus the sum of $|v|$, because tanh is bounded. No word can get far
# above a padding, and together the hundred paddings get a large part of the weight. Without a long sentence in the batch both models look
# healthy, so you would not notice the bug. The protection depends on chance too, because the attention of another seed may
# be less sharp.
#
# **The test that catches it:** translate a sentence alone and in a batch, and require the same numbers. The package's
# tests do.

# %% [markdown]
# ## 2. The wrong encoder state
#
# The second bug is about what the decoder starts with. Much published code starts a two-layer decoder with
# `encoder_hidden[:n_layers]`. It looks right, because there are two layers and two states. But which states are these two
# rows? A bidirectional GRU of two layers returns *four* last states:

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
gru = nn.GRU(input_size=2, hidden_size=3, num_layers=2, bidirectional=True, batch_first=True)
outputs, last = gru(torch.randn(1, 5, 2))
print("shape of the last states:", tuple(last.shape))
print("row 2 is the top layer, forward: ", torch.equal(last[2, 0], outputs[0, -1, :3]))
print("row 3 is the top layer, backward:", torch.equal(last[3, 0], outputs[0, 0, 3:]))
print("rows [:2] hold any of the top layer:", any(torch.equal(row, other) for row in last[:2] for other in last[2:]))

# %% [markdown]
# The rows are layer 0 forward, layer 0 backward, layer 1 forward, layer 1 backward. So `[:2]` is the *lower* layer
# twice, once in each direction. The decoder's lower layer starts with a state that has read to the end, its upper layer
# with one that has read to the beginning. The package adds both directions up, layer by layer:

# %%
show_source(Encoder.forward)

# %% [markdown]
# To break it, we let that function run, keep the last states of every layer, and return the wrong two:

# %%
right_forward = Encoder.forward
one_at_a_time = Lock()  # the trainer computes the parts of a batch in several threads


def wrong_first_states(encoder, src_ids, src_mask):
    """Break `Encoder.forward`: return the first L rows of all last states."""
    passed = []

    def remember(*arguments):
        states, last = run_gru(*arguments)
        passed.append(last)  # (2, B, H)
        return states, last

    with one_at_a_time, mock.patch("s2s_tutorial.model.encoder.run_gru", remember):
        enc_states, first_states = right_forward(encoder, src_ids, src_mask)
    return enc_states, torch.cat(passed)[: len(first_states)]


def wrong_state():
    return mock.patch.object(Encoder, "forward", wrong_first_states)


# %% [markdown]
# > **Guess first**
# >
# > The decoder also has attention, so it can look at every encoder state at every step. How much can a wrong *first* state cost:
# > nothing, a point of BLEU, ten? Would your answer be different without attention?

# %%
two_layers = train_variant(settings, corpus, num_layers=2)

# %%
mixed_up = train_variant(settings, corpus, f"{settings.name}-wrong-state", wrong_state(), num_layers=2)

# %%
results["two layers"] = examine(two_layers)
results["wrong first states"] = examine(mixed_up, wrong_state())
show_results(results, "healthy", "two layers", "wrong first states")

# %% tags=["hide-input"]
show_text(verdict(results["two layers"], results["wrong first states"]))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two curves of running mean loss over training steps, which fall side by side."}}
figure = Figure(figsize=(7, 2.8), layout="constrained")
axes = figure.add_subplot()
for name, trainer, colour, style in (
    ("two layers", two_layers, BLUE, "-"),
    ("wrong first states", mixed_up, ORANGE, "--"),
):
    axes.plot(running_mean(step_losses(trainer), 20), style, color=colour, label=name)
axes.set(xlabel="step", ylabel="training loss (nats per word)")
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 15.3.** Training loss with right and with wrong first states: both curves fall, as in any training.

# %% [markdown]
# At `standard`, the mistake costs many points of BLEU in this short training. Still, the loss falls steadily, and without the
# other curve beside it, Figure 15.3 would not make you suspicious. The alignment error rate (AER) shows where the model fails:
# it is more than twice as high as with the right states, so the attention finds far fewer of the right words.
#
# Will it stay behind? There is a reason why it may not. The lower layer has read the whole sentence, in both directions,
# and the weights learn to use the states that they get. With attention, the first state matters mainly for the first
# words. What is missing is the top layer, which never reaches the first states, and one direction for each of the two
# layers of the decoder. Look also at the BLEU of the first two rows: even with the right states, two layers are far
# behind the one layer of the healthy model, so neither of the two runs has finished learning. And we trained each of
# them from one seed only, and an interval over test sentences does not tell us how much another seed would change. So
# from these two runs alone we can say that the mistake is one by definition, since the states are not the ones that we
# meant, and that this run learned more slowly with it.
#
# To learn more, we train both again, four times as long and from three seeds each (at `small` only once and briefly). Then we ask
# the question of [Which attention?](17_which_attention.ipynb): does every seed of the one beat every seed of the other?

# %% tags=["hide-input"]
to_the_end = {"two layers": [], "wrong first states": []}
for seed in FULL_SEEDS:
    for name, breakage in (("two layers", None), ("wrong first states", wrong_state())):
        run_name = f"{settings.name}-full-{name.split()[0]}"
        trainer = train_variant(settings, corpus, run_name, breakage, seed=seed, epochs=FULL_EPOCHS, num_layers=2)
        to_the_end[name].append(examine(trainer, breakage and wrong_state()).scores.bleu)
show_table(
    ["first states", *(f"BLEU, seed {seed}" for seed in FULL_SEEDS)],
    [["right", *to_the_end["two layers"]], ["wrong", *to_the_end["wrong first states"]]],
)

# %% tags=["hide-input"]
right_bleu, wrong_bleu = to_the_end.values()
lost = np.mean(right_bleu) - np.mean(wrong_bleu)
show_text(
    f"On average the wrong first states cost **{lost:.1f}** BLEU after {FULL_EPOCHS} epochs. "
    + (
        "Every seed with the right states is better than every seed with the wrong ones, so here the mistake does cost something."
        if len(FULL_SEEDS) > 2 and min(right_bleu) > max(wrong_bleu)
        else "Every seed with the *wrong* states is better than every seed with the right ones. That is not what we expected, and "
        "we have no explanation to offer."
        if len(FULL_SEEDS) > 2 and min(wrong_bleu) > max(right_bleu)
        else "But the seeds of the two overlap, or are too few, so after the longer training no cost can be seen."
    )
)

# %% [markdown]
# This is how the bug could stay in published code for years: it causes no crash, and after a long training no
# number looks wrong. **The test that catches it** compares with the definition: the $l$-th first state must be the sum of rows $2l$ and $2l + 1$.

# %% [markdown]
# ## 3. Concat without tanh
#
# The third bug is in the score. The concat score is $v^\top \tanh(W [h_t; \bar h_s])$. Suppose that we forget the tanh, as
# published code has done. Does one function matter so much? To find out, we split $W$ into the half for $h_t$ and the half for
# $\bar h_s$:
#
# $$
# v^\top W [h_t; \bar h_s] = v^\top W_1 h_t + v^\top W_2 \bar h_s
# \tag{15.2}
# $$
#
# The first term of (15.2) is the same number for every source word $s$. And a softmax does not change when the
# same number is added to all scores. Here is an example with numbers:

# %% tags=["nbval-check-output"]
key_part = torch.tensor([0.5, 2.0, -1.0])  # vᵀ W₂ h̄ of three source words
for query_part in (0.0, 3.0, -7.0):  # vᵀ W₁ h of three decoder states
    print(
        f"decoder adds {query_part:4.1f}: weights", [round(x, 3) for x in (query_part + key_part).softmax(0).tolist()]
    )


# %% [markdown]
# So the decoder state has no influence on the weights, and **every target word gets the same weights.** This is not
# attention any more, only one fixed average of the source. We did not need an experiment to find the bug, but we need
# one to see what it costs. So we train such a model and measure it. Then we check on fifty test sentences that all rows
# of its attention are equal, and draw the rows of one sentence with and without tanh (Figure 15.4).
#
# > **Guess first**
# >
# > What will its heat map look like? And how many points of BLEU will it cost?


# %%
def concat_score_without_tanh(score, queries, keys):
    """Break `ConcatScore.forward`: the same halves, added, and no tanh."""
    left, _ = score.project.weight.chunk(2, dim=1)
    return ((queries @ left.T)[:, :, None, :] + keys[:, None, :, :]) @ score.vector


def no_tanh():
    return mock.patch.object(ConcatScore, "forward", concat_score_without_tanh)


linear = train_variant(settings, corpus, f"{settings.name}-no-tanh", no_tanh(), attention="concat")

# %%
results["concat without tanh"] = examine(linear, no_tanh())
show_results(results, "healthy", "concat", "concat without tanh")

# %%
sources, targets = corpus.test.sources[:50], [texts[0] for texts in corpus.test.references[:50]]
with no_tanh():
    broken_weights = linear.translator.forced_attention(sources, targets)
differs = max((weights - weights[0]).abs().max().item() for weights in broken_weights)
assert differs < 1e-3, "all rows of a sentence should be equal"
with no_tanh():
    broken_picture = linear.translator.translate_words([SENTENCE])[0].attn_weights
picture = concat.translator.translate_words([SENTENCE])[0].attn_weights

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two heat maps; the right one consists of vertical stripes."}}
figure = Figure(figsize=(7.5, 3.2), layout="constrained")
titles = ("concat", "concat without tanh")
for axes, weights, title in zip(figure.subplots(1, 2), (picture, broken_picture), titles, strict=True):
    axes.imshow(weights, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(weights.shape[1]), labels=[*SENTENCE.split(), "<eos>"], rotation=90)
    axes.set_yticks(range(len(weights)), labels=range(1, len(weights) + 1))
    axes.set(title=title, ylabel="step")
show_figure(figure)

# %% [markdown]
# **Figure 15.4.** Concat with and without tanh: without it, every row is the same.

# %% tags=["hide-input"]
show_text(
    verdict(results["concat"], results["concat without tanh"])
    + " Vertical stripes are the sign: a row that never changes cannot follow a sentence."
)


# %% [markdown]
# **The test that catches it:** two different decoder states must get different weights. In the right half of Figure 15.4,
# any two rows fail it.

# %% [markdown]
# ## All three, side by side
#
# Here are all models of this chapter in one table, so that you can compare the damage:

# %%
show_results(results)

# %% [markdown]
# Compare with your guesses. Do the bugs that look worst in the code cost most? Would BLEU alone have shown you all three? Each
# of them shows somewhere else: in a batch of mixed lengths, in the definition of a state, and in the stripes of a picture.
#
# **Break it more.** Break two things at once, for instance mask and tanh. Do the damages add up?

# %% [markdown]
# ## Recap
#
# - Without a mask, a translation can depend on the other sentences of its batch. Translate a sentence alone and in a batch,
#   and compare.
# - `[:n_layers]` of a bidirectional GRU are the wrong states. Training adapts to them, so the score may not show it.
# - Without tanh, the concat score does not depend on the decoder, so all rows are equal. Algebra shows it, and so does one
#   picture.
# - A score that looks normal does not prove that the code is right. Each part needs a test that compares it with its definition.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 15.1: Nearly minus infinity
#
# Some code masks with a large negative number such as $-10^9$ instead of $-\infty$. When does it make a difference? Try
# both on a row with two real places and on a row with none.

# %% [markdown]
# ### Solution to exercise 15.1

# %% tags=["solution", "nbval-check-output"]
scores = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
real = torch.tensor([[True, True, False], [False, False, False]])
for fill in (-torch.inf, -1e9):
    print(fill, [[round(x, 2) for x in row] for row in scores.masked_fill(~real, fill).softmax(-1).tolist()])

# %% [markdown]
# Where there is a real word, both are the same. In a row with none, $-\infty$ gives *nan*, which you notice at once,
# and $-10^9$ gives even weights on padding, which you do not. The package refuses such a batch before it gets here.

# %% [markdown]
# ### Exercise 15.2: Wrong state, no attention
#
# Repeat experiment 2 for one epoch without attention, where the first state is all that the decoder gets. Is the wrong
# state worse there? Think first: what do the two rows know, taken together?

# %% [markdown]
# ### Solution to exercise 15.2

# %% tags=["solution"]
rows = []
for name, breakage in (("bare", None), ("bare-wrong-state", wrong_state())):
    its = f"{settings.name}-{name}"
    run = train_variant(settings, corpus, its, breakage, attention="none", num_layers=2, epochs=1)
    scores = examine(run, breakage and wrong_state()).scores
    rows.append([name, scores.bleu, scores.bleu_low, scores.bleu_high, step_losses(run)[-1]])
assert all(row[-1] > 0 for row in rows)
show_table(["run", "BLEU", "from", "to", "last training loss"], rows)

# %% [markdown]
# Together the two wrong rows have read the whole sentence, forwards and backwards, in the lower layer. So the
# information is there, if shallower than it should be, and the weights can learn to find it. That is the argument;
# the table does not test it. After one epoch without attention neither model can translate yet (BLEU is below 1 at
# `standard`), so the difference between the rows means nothing. Train both for as many epochs as experiment 2, from
# several seeds, before you answer.

# %% [markdown]
# ## What to read next
#
# [Where it fails](16_where_it_fails.ipynb) looks for failures outside the network, in its data, its loss and its search. [Which
# attention?](17_which_attention.ipynb) asks which of the healthy variants is best, with several seeds. [My training does
# not work](../book/my-training-does-not-work.md) goes the other way: from what you see to its cause. [From the
# 2017 notebook to this book](../book/from-2017.md) names the test that catches each
# of them. The scores that we damaged are those of section 3.1 of [Luong et al. (2015)](https://arxiv.org/abs/1508.04025).
