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
# than it should be. To learn how such bugs look, we now break a healthy model in five ways, each of which has been in
# published code. For each one you guess the damage first, then we measure it, and then we look for the sign by which you could have noticed it.
#
# > **What you will be able to do**
# >
# > - predict what attending to padding, a wrong first state, a missing tanh, a leaking split and a shortened loss do
# > - say for each how much it costs here, with an interval, and which picture or number shows it
# > - test for it: the same sentence alone and in a batch, rows that should differ, two splits, two losses
#
# The chapter takes well under a minute at `small` and about six minutes at `standard`. All of it is training on the
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
import re
from contextlib import nullcontext
from dataclasses import replace
from unittest import mock

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from s2s_tutorial.data.batches import Encoded, batches_in_order
from s2s_tutorial.data.corpus import HeldOut, prepare
from s2s_tutorial.data.filters import divide
from s2s_tutorial.data.readers import read_corpus
from s2s_tutorial.data.vocabulary import EOS, PAD, SOS
from s2s_tutorial.model.attention import ConcatScore, masked_softmax
from s2s_tutorial.model.encoder import Encoder
from s2s_tutorial.model.gru import run_gru
from s2s_tutorial.model.loss import output_cross_entropy
from s2s_tutorial.notebook.plots import running_mean
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import evaluate, score_translations

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
SEED = 10  # of the random split
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"

# %% [markdown]
# ## The healthy model, and how we examine it
#
# Every experiment changes **one** thing. Data, model, schedule and seed stay the same, so the differences come from that change
# and from chance. This is why BLEU has an interval here, and why [Which attention?](13_which_attention.ipynb) repeats such a
# comparison with several seeds.

# %%
corpus = prepare(settings.data)


def train(name=None, corpus=corpus, breakage=None, seed=0, epochs=EPOCHS, **model):
    """Train a run in a folder of its own, or resume it; `breakage` is on while it trains."""
    its = replace(
        settings,
        name=name or settings.name,
        model=replace(settings.model, **model),
        training=replace(settings.training, seed=seed, epochs=epochs),
    )
    with breakage or nullcontext():
        trainer = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
        trainer.fit()
    return trainer


healthy = train()


# %% [markdown]
# We look at four numbers: BLEU on the test set with its 95% interval, the alignment error rate (see
# [Seeing attention](11_seeing_attention.ipynb)), the loss that *training reported* at its end, and the loss on the test
# set, in nats per word, computed by an intact function. The last two differ even in a healthy run. Training smooths its labels,
# drops values and hides words ([Overfitting](23_overfitting.ipynb)), so it reports a higher loss than the test.


# %%
@torch.inference_mode()
def test_loss(trainer):
    """Cross-entropy of the test references, in nats a word."""
    held_out = trainer.corpus.test
    src = Encoded.encode(held_out.sources, trainer.corpus.src_vocabulary)
    tgt = Encoded.encode([texts[0] for texts in held_out.references], trainer.corpus.tgt_vocabulary)
    total = words = 0.0
    for _, batch in batches_in_order(src, tgt, 128):
        batch = batch.to(trainer.device)
        count = int(batch.tgt_mask.sum())
        total, words = total + trainer.model.loss(batch).item() * count, words + count
    return total / words


def losses(trainer):
    """Loss of every training step."""
    return [line["loss"] for line in read_record(trainer.run.record_path) if line["kind"] == "step"]


# %%
results = {}


def examine(name, trainer, breakage=None):
    """Measure a run; a breakage that belongs to the model is on while it translates, too."""
    with breakage or nullcontext():
        scores, _ = evaluate(trainer.translator, trainer.corpus.test)
        results[name] = (scores, float(running_mean(losses(trainer), 50)[-1]), test_loss(trainer))


def compare(*names):
    """Show the examined runs in one table."""
    header = ["model", "BLEU", "from", "to", "AER", "training loss", "test loss"]
    show_table(header, [
        [name, s.bleu, s.bleu_low, s.bleu_high, s.aer, train_loss, held_out_loss]
        for name in names for s, train_loss, held_out_loss in [results[name]]
    ])  # fmt: skip


def verdict(healthy_name, broken_name):
    """One sentence about the damage, whatever it is."""
    good, bad = results[healthy_name][0], results[broken_name][0]
    change = bad.bleu - good.bleu
    said = f"BLEU changes by **{change:+.1f}**, "
    if bad.bleu_high < good.bleu_low:
        return said + "more than the intervals can explain."
    if good.bleu_high < bad.bleu_low:
        return said + "*upward*, and by more than the intervals can explain. Read on before you believe in it."
    return said + "and the two intervals overlap: with one seed you cannot call this damage."


examine("healthy", healthy)
compare("healthy")

# %% tags=["hide-input"]
weak = results["healthy"][0].bleu < 20
show_text(
    "This model is **weak**: at this scale it has hardly learned to translate, so there is little left to damage. Follow the "
    "pictures and the reasoning, and read the numbers of this run as an exercise in caution. At `standard` there is more to lose."
    if weak
    else "The model translates well enough, so there is something to lose."
)

# %% [markdown]
# ## 1. Padding gets attention
#
# A batch is a rectangle, so short sentences are filled up with padding. The healthy softmax gives it no weight,
# whatever its score. Now we take that [mask](../book/glossary.md) away. How much weight can the empty columns get? Compute it
# for scores 2 and 1 on two real words and score 0 on $n$ paddings:
#
# $$
# \text{weight on padding} = \frac{n}{e^2 + e^1 + n}
# \tag{12.1}
# $$

# %% tags=["nbval-check-output"]
for pads in (0, 1, 5, 20, 100):
    scores = torch.cat([torch.tensor([2.0, 1.0]), torch.zeros(pads)])
    weights = scores.softmax(dim=0)
    print(f"{pads:3} pads: best word {weights[0]:.2f}, all padding together {weights[2:].sum():.2f}")


# %% [markdown]
# By (12.1) a single padding gets little weight, but there are many of them. So the damage must depend on **which sentences share
# the batch**: the same sentence can get another translation beside a longer one. Such a bug is hard to find, because it
# comes and goes.
#
# The change is one function, which gets the mask and ignores it:


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
# where $W_1$ is the half of $W$ that is multiplied with $h_t$, and this can be any number. So we train a second healthy model, with concat.

# %%
concat = train(attention="concat")

# %% [markdown]
# > **Guess first**
# >
# > Take the mask away from both models *after* training, and train a third one, with concat, *without* a mask. Batches are
# > made of sentences of about equal length here, so training sees little padding. Which of the three will suffer most when
# > a sentence of 120 words joins the batch? Can the third have learned to avoid padding by itself?

# %%
unmasked = train(f"{settings.name}-no-mask", breakage=pads_attended(), attention="concat")

# %%
examine("mask off", healthy, pads_attended())
examine("concat", concat)
examine("concat, mask off", concat, pads_attended())
examine("concat, trained without", unmasked, pads_attended())
compare("healthy", "mask off", "concat", "concat, mask off", "concat, trained without")


# %% [markdown]
# This table was made with batches of equal lengths, in which there is hardly any padding. Now we put one long
# sentence into every batch. Its own translation is thrown away, because it is there only to make the rectangle wide
# (Figure 12.1).


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
# **Figure 12.1.** BLEU of the same test sentences beside a longer and longer sentence in the batch. With a mask the other sentence cannot matter, without
# one it can.

# %% tags=["hide-input"]
lines = [f"{name}: from **{values[0]:.1f}** to **{values[-1]:.1f}**" for name, values in by_company.items()]
show_text("BLEU from no companion to the longest: " + "; ".join(lines) + ".")

# %% [markdown]
# Now a single sentence, « Ma sœur ne dort pas », alone and beside a long sentence: the words, and the log-probability that the model
# gives to all of them. We do not ask whether the translation is right, only whether the other sentence changes it.

# %%
rows = []
for name, trainer, broken in MODELS:
    for words in (0, COMPANIONS[-1]):
        with pads_attended() if broken else nullcontext():
            [found] = in_company(trainer, [SENTENCE], words)
        rows.append([name, "alone" if words == 0 else f"beside {words} words", found.text, found.score])
show_table(["model", "company", "translation", "log-probability"], rows)


# %% [markdown]
# Figure 12.2 shows the reason. These are the weights of that sentence in the wide rectangle, with the padding
# that a heat map usually cuts off.


# %%
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
# **Figure 12.2.** The attention of one sentence in a wide batch; the last column is the sum over all padding. With the mask it is
# exactly zero.

# %% [markdown]
# Why does the same change harm one model and not the other? The general score has no upper limit. Where one
# real word scores far above 0, a hundred paddings with a score of 0 get almost nothing, so a model that looks sharply is protected. With
# concat every score lies between minus and plus the sum of $|v|$, because tanh is bounded. No word can get far above a
# padding, and together the hundred paddings get more weight. Without a long sentence in the batch both models look healthy, so the bug is not noticed. The
# protection is chance, too: another seed may look less sharply.
#
# **The test that catches it:** translate a sentence alone and in a batch, and require the same numbers. The package's
# tests do.

# %% [markdown]
# ## 2. The wrong encoder state
#
# Much published code starts a two-layer decoder with `encoder_hidden[:n_layers]`. It looks right: two layers, two
# states. But which states are these two rows? A bidirectional GRU of two layers returns *four* last states:

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
# To break it, we let that function run, keep every layer's last states, and return the wrong two.

# %%
right_forward = Encoder.forward


def wrong_first_states(encoder, src_ids, src_mask):
    """Break `Encoder.forward`: the first L rows of all last states, as in 2017."""
    passed = []

    def remember(*arguments):
        states, last = run_gru(*arguments)
        passed.append(last)  # (2, B, H)
        return states, last

    with mock.patch("s2s_tutorial.model.encoder.run_gru", remember):
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
two_layers = train(num_layers=2)

# %%
mixed_up = train(f"{settings.name}-wrong-state", breakage=wrong_state(), num_layers=2)

# %%
examine("two layers", two_layers)
examine("wrong first states", mixed_up, wrong_state())
compare("healthy", "two layers", "wrong first states")

# %% tags=["hide-input"]
show_text(verdict("two layers", "wrong first states"))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two curves of running mean loss over training steps, which fall side by side."}}
figure = Figure(figsize=(7, 2.8), layout="constrained")
axes = figure.add_subplot()
for name, trainer, colour, style in (
    ("two layers", two_layers, BLUE, "-"),
    ("wrong first states", mixed_up, ORANGE, "--"),
):
    axes.plot(running_mean(losses(trainer), 20), style, color=colour, label=name)
axes.set(xlabel="step", ylabel="training loss (nats a word)")
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 12.3.** Training loss with right and with wrong first states: nothing here looks wrong.

# %% [markdown]
# Whatever your run shows in Figure 12.3, there is a reason why the damage can be small. The lower layer has read the whole sentence, in both directions, and the weights learn to use what they
# get, whatever its name is. With attention, the first state matters for the first words at most. What is missing is the top layer,
# which never reaches the first states, and one direction for each of the two layers of the decoder.
#
# What if the broken run is *better*? Then look at the first column: after so short a training, two layers are
# still far behind the one layer of the healthy model, so we compare two runs that have not finished learning. We also
# trained each of them from one seed only, and an interval over test sentences does not tell us how much another seed
# would change. So from these two runs alone we can say only that the mistake is one by definition, since the states are not the
# ones that we meant, and that our short runs do not show that it costs anything.
#
# To learn more, we train both again, four times as long and from three seeds each (at `small` only once and briefly). Then we ask
# the question of [Which attention?](13_which_attention.ipynb): does every seed of the one beat every seed of the other?

# %%
to_the_end = {"two layers": [], "wrong first states": []}
for seed in FULL_SEEDS:
    for name, breakage in (("two layers", None), ("wrong first states", wrong_state())):
        trainer = train(f"{settings.name}-full-{name.split()[0]}", corpus, breakage, seed, FULL_EPOCHS, num_layers=2)
        examine(f"{name}, seed {seed}", trainer, breakage and wrong_state())
        to_the_end[name].append(results[f"{name}, seed {seed}"][0].bleu)
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
        else "But the seeds of the two overlap, or are too few, so these trainings do not show a cost either."
    )
)

# %% [markdown]
# This is how the bug could stay in published code for years: it causes no crash, and no number looks wrong. **The test
# that catches it** compares with the definition: the $l$-th first state must be the sum of rows $2l$ and $2l + 1$.

# %% [markdown]
# ## 3. Concat without tanh
#
# The concat score is $v^\top \tanh(W [h_t; \bar h_s])$. Suppose we forget the tanh. Does it matter so much? Split $W$ into the half for $h_t$ and the half for $\bar h_s$:
#
# $$
# v^\top W [h_t; \bar h_s] = v^\top W_1 h_t + v^\top W_2 \bar h_s
# \tag{12.2}
# $$
#
# The first term of (12.2) is the same number for every source word $s$. And a softmax does not change when the
# same number is added to all scores. Here is an example with numbers:

# %% tags=["nbval-check-output"]
key_part = torch.tensor([0.5, 2.0, -1.0])  # vᵀ W₂ h̄ of three source words
for query_part in (0.0, 3.0, -7.0):  # vᵀ W₁ h of three decoder states
    print(
        f"decoder adds {query_part:4.1f}: weights", [round(x, 3) for x in (query_part + key_part).softmax(0).tolist()]
    )


# %% [markdown]
# So the decoder state has no influence on the weights. **Every target word gets the same weights.** This is not attention any more, only one
# fixed average of the source. Algebra alone has shown the bug.
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


linear = train(f"{settings.name}-no-tanh", breakage=no_tanh(), attention="concat")

# %%
examine("concat without tanh", linear, no_tanh())
compare("healthy", "concat", "concat without tanh")

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
# **Figure 12.4.** Concat with and without tanh: without it, every row is the same.

# %% tags=["hide-input"]
show_text(
    verdict("concat", "concat without tanh")
    + " Vertical stripes are the sign: a row that never changes cannot follow a sentence."
)


# %% [markdown]
# **The test that catches it:** two different decoder states must get different weights. Every row in the right half of
# Figure 12.4 breaks it.

# %% [markdown]
# ## 4. A random split
#
# The last two bugs are not in the model. We shuffle all pairs and keep some for testing. What could be wrong with that? One
# English sentence has several French translations, and one French sentence several English ones. A split of pairs
# puts one of them into training and another into the test set. This is a [leak](../book/glossary.md). [A fair test](02_fair_test.ipynb) counts it, and here we see what it does to a score.


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
    f"On the plain embedded corpus a random split leaks **{np.mean(leaked(shuffled)):.1%}** of the test sentences. "
    + (
        "That is next to nothing: a grammar hardly ever says the same thing twice. Broken code can be harmless on one "
        "corpus, and you would never know from its score."
        if np.mean(leaked(shuffled)) < 0.05
        else "Even a grammar repeats itself."
    )
)

# %% [markdown]
# Real collections repeat themselves far more. We make our corpus similar to them: wherever the English has a short form, add
# the same pair with the long form ("it isn't" and "it is not"), as different translators would.

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


# %%
def read_with_twins(settings):
    """The embedded corpus, and each pair with a short form once more with the long one."""
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
# whatever its English is.
#
# > **Guess first**
# >
# > Two models, the same amount of data, the same schedule. Each is measured on *its own* test set, as its author would do.
# > By how many points of BLEU will the leaky one look better?
#
# (The long forms have no gold alignment, so the AER of these two is missing.)

# %%
honest = train(f"{settings.name}-twins", corpus=twins)

# %%
cheating = train(f"{settings.name}-twins-leaked", corpus=twins_leaked)

# %%
examine("honest split", honest)
examine("random split", cheating)
compare("honest split", "random split")


# %% [markdown]
# Now we look at the test set of the random split. Some of its sentences were seen in training, and some were not.


# %%
def part_of_test(corpus, wanted):
    """The leaked, or the clean, test sentences."""
    rows = [row for row, seen in enumerate(leaked(corpus)) if seen == wanted]
    return HeldOut([corpus.test.sources[row] for row in rows], [corpus.test.references[row] for row in rows])


rows = []
for name, wanted in (("seen in training", True), ("not seen", False)):
    part = part_of_test(twins_leaked, wanted)
    if len(part):
        scores, _ = evaluate(cheating.translator, part)
        rows.append([name, len(part), scores.bleu, scores.bleu_low, scores.bleu_high])
show_table(["test sentences of the random split", "sentences", "BLEU", "from", "to"], rows)

# %% tags=["hide-input"]
gain = results["random split"][0].bleu - results["honest split"][0].bleu
good, bad = results["honest split"][0], results["random split"][0]
show_text(
    f"The leak changes the reported score by **{gain:+.1f}** BLEU, with **{np.mean(leaked(twins_leaked)):.0%}** of the test "
    "sentences seen. "
    + (
        "The intervals do not overlap. The model is no better; only the examination is easier."
        if bad.bleu_low > good.bleu_high
        else "The intervals overlap: two test sets alone could differ by so much. A leak need not show in one score, which is "
        "why you look for it in the data."
    )
)

# %% [markdown]
# The sentences are not equally hard in both parts, so their difference alone proves nothing. The comparison of the two
# splits does, as far as the intervals allow. With a model large enough to learn its training pairs by heart, the gain is
# larger.
#
# **The test that catches it** is a line long: no sentence of the test set, on either side, is in the training set.

# %% [markdown]
# ## 5. A loss that stops at a generated EOS
#
# Many training loops go word by word and stop when the *model* writes EOS, as it is done when translating. But then the
# words after an early EOS never count, so the model does not learn what it left out. The loss is the mean over fewer
# words.
#
# Let us compute one sentence. The target is "the cat sleeps `<eos>`", and these are the probabilities of the right word. At
# the second position EOS is the model's most probable word.

# %% tags=["nbval-check-output"]
of_right_word = torch.tensor([0.5, 0.3, 0.02, 0.1])
says_eos = torch.tensor([False, True, False, True])
ended_before = says_eos.cumsum(0) - says_eos.long() > 0
print("places that count:", (~ended_before).tolist())
print(f"whole loss   {-of_right_word.log().mean():.2f} nats a word")
print(f"stopped loss {-of_right_word[~ended_before].log().mean():.2f} nats a word")

# %% [markdown]
# The worst word, with 0.02, is not counted any more, so the reported loss of this sentence is much lower.
#
# To break the loss in this way, we make its mask smaller. We also count the words that are left:

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
# > In the very first steps the model knows nothing, and its favourite word may well be EOS, everywhere. Will it get stuck
# > there? Will its translations end too early? And which of the two losses, in training and on the test set, will show
# > it?

# %%
cut_short = train(f"{settings.name}-stopped-loss", breakage=stopped_loss())

# %%
examine("loss stopped at EOS", cut_short)
compare("healthy", "loss stopped at EOS")


# %%
def words_written(trainer):
    """Mean number of words of a test translation."""
    return float(
        np.mean([len(found.words) for found in trainer.translator.translate_words(trainer.corpus.test.sources)])
    )


in_references = float(np.mean([len(texts[0].split()) for texts in corpus.test.references]))
show_table(
    ["who", "words a sentence"],
    [
        ["references", in_references],
        ["healthy", words_written(healthy)],
        ["loss stopped at EOS", words_written(cut_short)],
    ],
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two curves of loss over the first training steps."}}
figure = Figure(figsize=(7, 3), layout="constrained")
axes = figure.add_subplot()
for name, trainer, colour, style in (("healthy", healthy, BLUE, "-"), ("loss stopped at EOS", cut_short, ORANGE, "--")):
    axes.plot(running_mean(losses(trainer), 5), style, color=colour, label=name)
axes.set(xlabel="step", ylabel="reported training loss (nats a word)")
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 12.5.** Training losses of the healthy run and of the one whose loss stops at a generated EOS.

# %% tags=["hide-input"]
seen = (
    f" In the first 20 steps of this session {np.mean(counted[:20]):.0%} of the words counted, "
    f"and {np.mean(counted[-20:]):.0%} in the last 20."
    if len(counted) >= 40
    else ""
)
show_text(verdict("healthy", "loss stopped at EOS") + seen)

# %% [markdown]
# Is the stopped curve of Figure 12.5 below the other one, as in our example? Both are possible. After
# a wrong EOS hard words are left out, but also easy ones, such as the full stop and the true
# EOS. In any case it is not the mean over all words any more, so the curves of two such runs
# cannot be compared.
#
# If the damage is small in your run, teacher forcing is the reason. The decoder reads the *true* word before each
# place, and after a true "the" hardly any model predicts EOS. So the loss soon counts nearly everything. If we feed the model its
# own words instead, early ends become more frequent. Exercise 12.2 does that.
#
# **The test that catches it:** change a target word after the model's EOS. The loss must change.

# %% [markdown]
# ## All five, side by side

# %%
compare(*results)

# %% [markdown]
# Compare with your guesses. Do the bugs that look worst in the code cost most? Would BLEU alone have shown
# you all five? Each of them shows somewhere else: in a batch of mixed lengths, in the definition of a state, in stripes in a
# picture, in the two halves of a split, and in a loss that is computed independently.
#
# **Break it more.** Break two things at once, for instance mask and tanh. Do the damages add up?

# %% [markdown]
# ## Recap
#
# - Without a mask, a translation can depend on the other sentences of its batch. Compare it alone with it in a batch.
# - `[:n_layers]` of a bidirectional GRU are the wrong states. Training adapts, so the score may hide it.
# - Without tanh, the concat score does not depend on the decoder: all rows are equal. Algebra shows it, and so does one picture.
# - A random split leaks where sentences repeat. How much it flatters depends on the corpus, not on the code.
# - A loss that stops at the model's own EOS is a mean over fewer words than you think. Also watch a loss that is computed independently.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 12.1: Nearly minus infinity
#
# Some code masks with a large negative number such as $-10^9$ instead of $-\infty$. When does it make a difference? Try
# both on a row with two real places and on a row with none.

# %% [markdown]
# ### Solution to exercise 12.1

# %% tags=["solution", "nbval-check-output"]
scores = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
real = torch.tensor([[True, True, False], [False, False, False]])
for fill in (-torch.inf, -1e9):
    print(fill, [[round(x, 2) for x in row] for row in scores.masked_fill(~real, fill).softmax(-1).tolist()])

# %% [markdown]
# Where there is a real word, both are the same. In a row with none, $-\infty$ gives *nan*, which you notice at once,
# and $-10^9$ gives even weights on padding, which you do not. The package refuses such a batch before it gets here.

# %% [markdown]
# ### Exercise 12.2: EOS among the model's own words
#
# Train for one epoch on the model's own words (`sampling="constant"`, `sampling_end=0.0`), with and without the stopped
# loss. Which share of the words is counted now, and how long are the translations?

# %% [markdown]
# ### Solution to exercise 12.2

# %% tags=["solution"]
own_words = replace(settings.training, epochs=1, sampling="constant", sampling_end=0.0)
rows = []
for name, breakage in (("own-words", nullcontext()), ("own-words-stopped", stopped_loss())):
    its = replace(settings, name=f"{settings.name}-{name}", training=own_words)
    counted.clear()
    with breakage:
        run = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
        run.fit()
    scores, found = evaluate(run.translator, corpus.test)
    share = "all" if name == "own-words" else f"{np.mean(counted):.0%}" if counted else "not counted: loaded"
    rows.append([name, scores.bleu, float(np.mean([len(each.words) for each in found])), share])
assert len(rows) == 2
show_table(["run", "BLEU", "words a sentence", "words that counted"], rows)

# %% [markdown]
# (A run that was trained before is only loaded, so nothing is counted then.) One epoch is short, and on its own words
# a model learns slowly anyway. If BLEU is below 1 in both rows, neither model has learned to translate, and the table
# cannot show what the stopped loss costs. It shows only the first thing that we asked for, the share of words that
# counted. For the cost, train for as many epochs as the healthy model.

# %% [markdown]
# ### Exercise 12.3: Wrong state, no attention
#
# Repeat experiment 2 for one epoch without attention, where the first state is all that the decoder gets. Is the wrong
# state worse there? Think first: what do the two rows know, taken together?

# %% [markdown]
# ### Solution to exercise 12.3

# %% tags=["solution"]
bare = replace(settings.model, attention="none", num_layers=2)
rows = []
for name, breakage in (("bare", nullcontext()), ("bare-wrong-state", wrong_state())):
    its = replace(settings, name=f"{settings.name}-{name}", model=bare, training=replace(settings.training, epochs=1))
    with breakage:
        run = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
        run.fit()
        scores, _ = evaluate(run.translator, corpus.test)
    rows.append([name, scores.bleu, scores.bleu_low, scores.bleu_high, losses(run)[-1]])
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
# [Which attention?](13_which_attention.ipynb) asks which of the healthy variants is best, with several seeds. [My training does
# not work](../book/my-training-does-not-work.md) goes the other way: from what you see to its cause. [From the
# 2017 notebook to this book](../book/from-2017.md) names, defect by defect, the test that now catches it. Most of
# them are variations of section 3.1 of [Luong et al. (2015)](https://arxiv.org/abs/1508.04025).
