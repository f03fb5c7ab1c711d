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
# # Attention without recurrence
#
# In [Attention: choosing where to look](06_attention.ipynb), a decoder looked back at a sentence that a recurrent encoder
# had read. The attention did the looking, but the recurrence did the reading: each state needed the one before it. [Vaswani
# et al. (2017)](https://arxiv.org/abs/1706.03762) asked whether attention can do the reading too, and left the recurrence
# out. Almost every large language model of today is built in this way. In this chapter we take the dot score that you know
# and turn it, in five steps, into the attention of a [Transformer](../book/glossary.md). After each step, we measure what
# would be missing without it.
#
# > **What you will be able to do**
# >
# > - explain what queries, keys and values are, and compute self-attention for three words with a pencil
# > - say why scores are divided by the square root of the size, and show it in numbers
# > - cut states into heads, and count the parameters of multi-head attention
# > - explain what the causal mask prevents, and recognise a model that was trained without it
# > - explain why attention does not know the order of words, and add it with sines and cosines
#
# The chapter trains three small networks on the built-in corpus. At `small` this takes a few seconds, at `standard` about
# five minutes.

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
from dataclasses import replace
from random import Random
from unittest import mock

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, Encoded, batches_in_order
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.model import transformer
from s2s_tutorial.model.attention import GeneralScore
from s2s_tutorial.model.heads import head_weights
from s2s_tutorial.model.multi_head import MultiHeadAttention, causal_mask, scaled_dot_product
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters
from s2s_tutorial.model.transformer import EncoderLayer, sinusoids
from s2s_tutorial.notebook.show import check_shape, show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.resume import load_newest
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import bleu_score, evaluate, normalised_words

scale = load_scale()  # S2S_SCALE: small, standard or large
# Pairs that the grammar writes, size of a state, layers, and epochs of the small networks:
PAIRS, SIZE, LAYERS, EPOCHS = (1_500, 32, 1, 1) if scale.name == "small" else (24_000, 96, 2, 6)
SENTENCE = "le chat noir dort ."  # the words whose attention we draw; choose your own
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"

# %% [markdown]
# ## Three jobs for one vector
#
# What would it mean for a sentence to attend to itself? Each word asks the other words of its own sentence for what it
# needs: « noir » may want to know which noun it describes, because a masculine noun makes it « noir » and not « noire ».
# This is called [self-attention](../book/glossary.md): there is no decoder in it, and the states that ask and the states
# that answer are the same.
#
# Let us try it with the dot score of chapter 6, on three states of two numbers. Read the first number as "how much of a
# noun" and the second as "how much a word that belongs to a noun". So « chat » is (2, 0), « noir » is (0, 2), and the
# article « le » is (0, 1).
#
# > **Guess first**
# >
# > Compute the dot product of each state with each state. Which word does « noir » look at most? And is it the word that you
# > would like it to look at?

# %% tags=["nbval-check-output"]
words = ["le", "chat", "noir"]
states = torch.tensor([[0.0, 1.0], [2.0, 0.0], [0.0, 2.0]])  # (3, 2), one row for each word
for word, row in zip(words, states @ states.T, strict=True):
    found = words[int(row.argmax())]
    print(f"{word:5} scores le, chat, noir: {row.tolist()}   looks most at {found}")

# %% [markdown]
# « noir » looks at itself, and « chat » does too. This is not an accident, because the dot product of a vector with itself
# is usually large. In chapter 6 it did not matter, because the decoder asked and the encoder answered. Here one vector has
# three jobs at once: it has to say what its word is looking for, what other words can find it by, and what they get when
# they have found it. So we give each job its own vector. We make the three from the same state, with three matrices that
# are learned:
#
# $$
# q_t = W^Q x_t \qquad k_s = W^K x_s \qquad v_s = W^V x_s
# \tag{27.1}
# $$
#
# | name | its question | in chapter 6 | in self-attention |
# | --- | --- | --- | --- |
# | [query](../book/glossary.md) $q$ | what am I looking for? | the decoder's state | $W^Q x$, of the word that looks |
# | [key](../book/glossary.md) $k$ | how can I be found? | the encoder's state (or $W \bar h$) | $W^K x$, of the word that is looked at |
# | [value](../book/glossary.md) $v$ | what do you get from me? | the encoder's state | $W^V x$, of the word that is looked at |
#
# Now « noir » can ask for a noun without being one. Take a $W^Q$ that swaps the two numbers of a state, a $W^K$ that changes
# nothing, and a $W^V$ that halves all numbers. The query of « noir » is then (2, 0). Compute its three scores again before
# you run the cell.

# %% tags=["nbval-check-output"]
to_query = torch.tensor([[0.0, 1.0], [1.0, 0.0]])  # W^Q
to_key = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # W^K
to_value = torch.tensor([[0.5, 0.0], [0.0, 0.5]])  # W^V
queries, keys, values = (states @ matrix.T for matrix in (to_query, to_key, to_value))  # (3, 2) each
scores = queries @ keys.T  # (3, 3): a row for each word that looks
for word, row in zip(words, scores, strict=True):
    print(f"{word:5} scores {row.tolist()}   looks most at {words[int(row.argmax())]}")

# %% [markdown]
# The article and the adjective now look for their noun, and the noun looks for its adjective. We chose these matrices by hand,
# whereas a network learns them by gradient descent. In [Attention](06_attention.ipynb) we called attention a dictionary that never
# fails. In self-attention, each sentence is a dictionary of its own words, and each word looks something up in it.
#
# ## Why divide by √d?
#
# Before we compute the mixture, there is one more change. The authors call their attention *scaled* dot-product attention,
# because they divide each score by $\sqrt d$, where $d$ is the number of values in a query:
#
# $$
# \mathrm{attention}(Q, K, V) = \mathrm{softmax}\left(\frac{Q K^\top}{\sqrt d}\right) V
# \tag{27.2}
# $$
#
# In Exercise 6.1 you may have seen that scores grow with the size. The reason is that a dot product is a sum of $d$
# products. If all numbers are independent and have mean 0 and variance 1, each product has variance 1 too, and the
# variance of a sum is the sum of the variances. So scores have variance $d$, and a typical score has the size $\sqrt d$:
# with 256 values, it is 16 or −16.
#
# Why is that a problem? Take two words, the first with the score $s$ and the second with 0. The first gets the weight
# $a = 1 / (1 + e^{-s})$, and when its score changes a little, its weight changes by the slope $a(1 - a)$ times as much. The
# gradient is multiplied by that slope on its way back to the query and the key.
#
# > **Guess first**
# >
# > At $s = 0$, both weights are 0.5 and the slope is 0.25. Estimate the slope at $s = 2$ and at $s = 16$.

# %% tags=["nbval-check-output"]
for score in (0.0, 2.0, 16.0):
    weight = 1 / (1 + math.exp(-score))
    print(f"score {score:4.1f}   weight {weight:.7f}   slope {weight * (1 - weight):.7f}")

# %% [markdown]
# With a score of 16 the slope is about a ten-millionth. Such a word gets all the weight before anything is learned, and
# the gradient can hardly change that any more. Now we draw 2,000 random queries for each of six sizes, with ten random
# keys for each query, and measure the variance of the scores and the mean slope of the weights, with and without the
# division.


# %% tags=["hide-input"]
def variance_and_slope(size, divisor, rng):
    """Variance of 20,000 scores, and mean slope a(1 - a) of their softmax weights over ten words each."""
    asked = torch.randn(2_000, 1, size, generator=rng)
    answering = torch.randn(2_000, 10, size, generator=rng)
    scores = asked @ answering.transpose(1, 2) / divisor  # (2000, 1, 10)
    weights = scores.softmax(dim=-1)
    return scores.var().item(), (weights * (1 - weights)).mean().item()


rng = torch.Generator().manual_seed(18)
measured_sizes = (1, 4, 16, 64, 256, 1024)
plain = [variance_and_slope(size, 1.0, rng) for size in measured_sizes]
divided = [variance_and_slope(size, math.sqrt(size), rng) for size in measured_sizes]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the size of query and key, from 1 to 1,024, on a logarithmic axis. Left, the variance of the scores, also on a logarithmic axis: without the division it rises along the dotted line of equal numbers, with it it stays at 1. Right, the mean slope of the weights: without the division it falls towards 0, with it it stays level."}}
figure = Figure(figsize=(8, 3.2), layout="constrained")
for axes, part, title in zip(
    figure.subplots(1, 2), (0, 1), ("variance of the scores", "mean slope of the weights"), strict=True
):
    axes.plot(measured_sizes, [pair[part] for pair in plain], "o--", color=ORANGE, label="plain dot product")
    axes.plot(measured_sizes, [pair[part] for pair in divided], "s-", color=BLUE, label="divided by √d")
    axes.set(xscale="log", title=title, xlabel="size d of query and key")
    axes.set_xticks(measured_sizes, labels=[f"{size:,}" for size in measured_sizes])
    axes.minorticks_off()
axes.set_ylim(0, None)
axes.legend(frameon=False)
left = figure.axes[0]
left.plot(measured_sizes, measured_sizes, ":", color=GREY)
left.set_yscale("log")
show_figure(figure)

# %% [markdown]
# **Figure 27.1.** Without the division, the variance of the scores equals the size (dotted line), and the gradient that gets
# through the softmax falls. With the division, both are the same at every size.

# %% tags=["hide-input"]
show_text(
    f"At size 1,024 the mean slope is **{plain[-1][1]:.4f}** without the division and **{divided[-1][1]:.4f}** with it, "
    f"so **{divided[-1][1] / plain[-1][1]:.0f} times** as much of the gradient gets through."
)

# %% [markdown]
# The division is needed in the first steps of training. A trained network may well give nearly all its weight to one word,
# but then it has learned to do so.
#
# The package computes (27.2) with the masked softmax of chapter 6:

# %%
show_source(scaled_dot_product)

# %% [markdown]
# It expects tensors with four dimensions, for a batch of sentences and for several heads, which come next. For our three words
# both are 1. The scores of « noir » were 0, 4 and 0. If we divide them by $\sqrt 2$ and take the exponential, they become 1, 16.9
# and 1, so the weights are 0.05, 0.89 and 0.05. With the values (0, 0.5), (1, 0) and (0, 1), which context do you get?

# %% tags=["nbval-check-output"]
powers = [math.exp(score / math.sqrt(2)) for score in scores[2].tolist()]
by_hand = [power / sum(powers) for power in powers]
context = sum(weight * value for weight, value in zip(by_hand, values, strict=True))
print("weights:", [round(weight, 2) for weight in by_hand], "  context:", [round(x, 2) for x in context.tolist()])
everything = torch.ones(1, 1, 3, 3, dtype=torch.bool)
contexts, weights = scaled_dot_product(*(part[None, None] for part in (queries, keys, values)), everything)
check_shape(contexts, (1, 1, 3, 2))
torch.testing.assert_close(contexts[0, 0, 2], context)

# %% [markdown]
# ## Several heads
#
# « noir » has found its noun. But a verb needs more than one thing from its sentence: its subject, its object, and whether
# there is a « ne ». A softmax gives one set of weights, so one attention can only return one mixture, in which subject and
# object are blended. The remedy is to look several times, each time with other matrices, and each such look is called a
# [head](../book/glossary.md).
#
# Would eight heads cost eight times as much? They need not, if we cut queries, keys and values of size $H$ into $N$ parts
# of size $d = H / N$, so that each head works on its own part. At the end, the $N$ contexts are put side by side, and one
# more matrix $W^O$ mixes them. How many parameters do you expect of one, two and eight heads?

# %% tags=["nbval-check-output"]
for heads in (1, 2, 8):
    layer = MultiHeadAttention(hidden_size=64, num_heads=heads)
    print(f"{heads} heads of size {64 // heads:2}: {count_parameters(layer):,} parameters")
print(f"4 · 64² + 4 · 64 = {4 * 64**2 + 4 * 64:,}")

# %% [markdown]
# The number does not depend on the heads: there are always four matrices of $H^2$ numbers, and four biases. More heads means
# more looks, and a smaller space for each comparison. Here is the whole class:

# %%
show_source(MultiHeadAttention)

# %% [markdown]
# Does it really compute separate attentions? We check it on random states with two heads. For each head we take its rows
# of the three maps, compute (27.2) for them alone, and join the results with $W^O$.

# %%
torch.manual_seed(18)
B, S, H, N = 4, 7, 16, 2  # batch, words, size of a state, heads
layer, some_states = MultiHeadAttention(H, N), torch.randn(B, S, H)
mask = torch.ones(B, S, dtype=torch.bool)
contexts = []
for head in range(N):
    rows = slice(head * H // N, (head + 1) * H // N)
    q, k, v = (
        some_states @ each.weight[rows].T + each.bias[rows] for each in (layer.query, layer.key, layer.value)
    )  # (B, S, d) each
    contexts.append(scaled_dot_product(q[:, None], k[:, None], v[:, None], mask[:, None, None])[0][:, 0])
expected = layer.output(torch.cat(contexts, dim=-1))  # (B, S, H)
found, _ = layer(some_states, *layer.keys_and_values(some_states), mask)
torch.testing.assert_close(found, expected)

# %% [markdown]
# Where no weights are needed, the class calls `fast_scaled_dot_product`, which uses a function of PyTorch that does not
# keep the weights. The last line has checked that form too.
#
# Our encoder now needs no recurrence, because all words look at all words of their sentence at the same time. In
# chapter 5, information from the first word reached the last word in $S - 1$ steps, each of which could damage it. Here it takes a
# single step, whatever the distance. A recurrent network computes its $S$ states one after another, whereas these states
# are one product of matrices. On the other hand, there are $S^2$ scores, so a text of twice the length costs four times as
# many.
#
# ## Do not look into the future
#
# The decoder is to use self-attention as well, over the words that it has written so far. In training, all target words
# are known, and we want to compute all positions at once. Position $t$ reads the words before word $t$, and has to predict
# word $t$. But that word is in the input too, because position $t + 1$ reads it, and nothing we have built so far keeps
# position $t$ from looking there.
#
# A recurrent decoder does not have this problem, because at step $t$ it has not read further. Attention needs a mask. The
# mask of chapter 6 hid padding, and this one, the [causal mask](../book/glossary.md), hides everything that comes later:

# %%
show_source(causal_mask)

# %% tags=["nbval-check-output"]
for word, row in zip(("<sos>", "the", "black", "cat"), causal_mask(4, torch.device("cpu"))[0], strict=True):
    print(f"{word:6}", " ".join("look" if allowed else "  . " for allowed in row))

# %% [markdown]
# Take the row of *black*, the position that has read *black* and predicts *cat*. It may look at three positions, and the
# one that has read *cat* is not among them. We can test whether a decoder obeys: if we change the last word of the target,
# no earlier state may change. An untrained network is enough for this test. We run it once with `causal_mask`, and once
# with a function in its place that allows everything.


# %% tags=["nbval-check-output"]
def see_everything(length, device):
    """Allow every position to look at every position."""
    return torch.ones(1, length, length, dtype=torch.bool, device=device)


torch.manual_seed(18)
tiny = ModelSettings(network="transformer", embedding_size=16, hidden_size=16, num_heads=2, feed_forward_size=32)
untrained = Seq2Seq(tiny, src_vocabulary_size=20, tgt_vocabulary_size=20).eval()
memory, start = untrained.encode(torch.tensor([[5, 6, 7]]), torch.ones(1, 3, dtype=torch.bool))
for name, mask_function in (("causal mask", causal_mask), ("no mask", see_everything)):
    with mock.patch.object(transformer, "causal_mask", mask_function), torch.no_grad():
        one, other = (
            untrained.decoder(torch.tensor([[1, 8, 9, last]]), memory, start).attn_states for last in (10, 11)
        )  # (1, 4, 16)
    change = (one - other)[0, :3].abs().max().item()
    print(f"{name:12} earlier states change when the last word changes: {change > 0}")

# %% [markdown]
# In a moment we train a network without the mask. What will happen to its training loss, and what to its translations?
#
# ## The order of the words
#
# There is a second thing that recurrence gave us for free. A GRU reads « le chien voit le chat » and
# « le chat voit le chien » in different orders and ends in different states. But as you see in (27.2), the context is a sum over
# all words, and a sum does not depend on the order of its terms. Let us shuffle the states that one encoder layer reads and see
# what comes out.

# %% tags=["nbval-check-output"]
torch.manual_seed(18)
encoder_layer = EncoderLayer(tiny).eval()
five = torch.randn(1, 5, 16)  # the states of five words
shuffled = torch.tensor([3, 0, 4, 2, 1])
all_real = torch.ones(1, 5, dtype=torch.bool)
with torch.no_grad():
    straight, mixed = encoder_layer(five, all_real), encoder_layer(five[:, shuffled], all_real)
print("same states in the new order:", torch.allclose(straight[:, shuffled], mixed, atol=1e-5))

# %% [markdown]
# Each word gets the state that it had before, only at another place in the list. So this encoder treats a sentence as a
# bag of words, and cannot tell who sees whom. The order has to be put into the states themselves. Vaswani et al. add to
# each embedding a vector for the place of the word, its [position](../book/glossary.md):
#
# $$
# \begin{aligned}
# \mathrm{PE}(t, 2i) &= \sin\left(t / 10000^{2i/H}\right) \\
# \mathrm{PE}(t, 2i + 1) &= \cos\left(t / 10000^{2i/H}\right)
# \end{aligned}
# \tag{27.3}
# $$
#
# Think of the hands of a clock. The first pair of numbers is a hand that turns by one radian per word. Each later pair is
# a slower hand, and the slowest one has hardly moved at the end of a long sentence. Together they give the position, as
# the hands of a clock give the time. For $H = 4$ there are two hands, so you can compute the vector of position 1 with a
# pocket calculator. It is $\sin 1$, $\cos 1$, $\sin 0.01$ and $\cos 0.01$.

# %%
show_source(sinusoids)

# %% tags=["nbval-check-output"]
for position, row in enumerate(sinusoids(torch.arange(4), size=4).tolist()):
    print(f"position {position}:", " ".join(f"{value:5.2f}" for value in row))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Left, a heat map with 40 rows, the positions, and 64 columns, the numbers of each vector. At the left the colours change from row to row, towards the middle more and more slowly, and in the right half hardly at all, so that vertical stripes are left. Right, a curve of the dot product between position 20 and all positions: a peak at 20 that falls off on both sides and then wavers."}}
figure = Figure(figsize=(8, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
hands = sinusoids(torch.arange(40), size=64)  # (40, 64)
left.imshow(hands, cmap="cividis", aspect="auto")
left.set(xlabel="number of the vector", ylabel="position", title="positions as vectors")
right.plot(hands @ hands[20], color=BLUE, lw=2)
right.axvline(20, color=GREY, lw=1)
right.set(xlabel="position", ylabel="dot product", title="similarity to position 20")
show_figure(figure)

# %% [markdown]
# **Figure 27.2.** Each row on the left is the vector of a position: fast hands at the left, slow ones at the right. Near positions
# have similar vectors, so that a dot product can find "the words near me".

# %% [markdown]
# The formula gives a vector for every position. Whether a network can use a position that it never saw in training is
# another question.
#
# ## Take away one part at a time
#
# Now we train three small Transformers on the built-in corpus: a complete one, one without the causal mask (with `see_everything`
# in its place), and one without positions in encoder and decoder (with zeros in place of `sinusoids`). `CHANGES` names what each
# exchanges. The other parts of a Transformer, which all three have, are the subject of [The Transformer](28_transformer.ipynb).
#
# > **Guess first**
# >
# > Put the three in order, first by the training loss at the end and then by BLEU. Then take the test sentences and shuffle
# > the words of each. For which of the three networks do the translations stay the same?

# %% tags=["hide-input"]
small = PRESETS["small"]
settings = replace(
    small,
    name=f"attention-only-{scale.name}",
    data=replace(small.data, sample_pairs=PAIRS, unit="words", max_length=9),
    model=replace(tiny, embedding_size=SIZE, hidden_size=SIZE, num_layers=LAYERS, num_heads=4,
                  feed_forward_size=2 * SIZE, dropout=0.1),
    training=replace(small.training, epochs=EPOCHS, patience=EPOCHS, batch_size=64, warmup=0.3, decay=0.7),
)  # fmt: skip
corpus = prepare(settings.data)


def no_positions(positions, size):
    """Return zeros in place of sines and cosines."""
    return torch.zeros(len(positions), size)


CHANGES = {
    "complete": {"causal_mask": causal_mask},
    "no causal mask": {"causal_mask": see_everything},
    "no positions": {"sinusoids": no_positions},
}
print(f"{len(corpus.train):,} training pairs, {len(corpus.test):,} test sentences")

# %% [markdown]
# We swap the functions with `mock.patch`, as in [Break it](15_break_it.ipynb), so that the trainer, the search and the
# test stay the same. Then we measure three things on the test set: the loss while the true words are fed to the decoder,
# as in training; BLEU; and BLEU once more with the words of each source sentence in a random order. The trainer ends with
# the weights that had the best validation BLEU, but here we want those of the last step, so we load the newest checkpoint.


# %% tags=["hide-input"]
def forced_loss(trainer):
    """Mean cross-entropy per word of the test references, fed with the true words, without label smoothing."""
    firsts = [texts[0] for texts in corpus.test.references]
    src = Encoded.encode(corpus.test.sources, corpus.src_vocabulary)
    tgt = Encoded.encode(firsts, corpus.tgt_vocabulary)
    total = words = 0.0
    for _, batch in batches_in_order(src, tgt, 128):
        batch = batch.to(trainer.device)
        with torch.no_grad():
            total += trainer.model.loss(batch).item() * int(batch.tgt_lengths.sum())
        words += int(batch.tgt_lengths.sum())
    return total / words


# %% tags=["hide-input"]
draws = Random(18)
scrambled = [" ".join(draws.sample(words := source.split(), len(words))) for source in corpus.test.sources]
trainers, results = {}, {}
for name, change in CHANGES.items():
    its = replace(settings, name=f"{settings.name}-{name.replace(' ', '-')}")
    show_text(f"{name.capitalize()}:")
    with mock.patch.multiple(transformer, **change):
        trainer = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
        trainer.fit()
        load_newest(trainer.checkpoints, trainer.state, trainer.total_steps)  # the last weights instead of the best
        trainer.model.eval()
        scores, found = evaluate(trainer.translator, corpus.test)
        mixed = trainer.translator.translate_words(scrambled)
        forced = forced_loss(trainer)
    steps = [line["loss"] for line in read_record(trainer.run.record_path) if line["kind"] == "step"]
    trainers[name] = trainer
    results[name] = {"loss": np.mean(steps[-20:]), "forced": forced, "scores": scores, "found": found, "mixed": mixed}

# %% tags=["hide-input"]
rows = []
for name, its in results.items():
    mixed_bleu = bleu_score([" ".join(normalised_words(each.words)) for each in its["mixed"]], corpus.test.references)
    its["same"] = np.mean([a.words == b.words for a, b in zip(its["found"], its["mixed"], strict=True)])
    its["mixed_bleu"] = mixed_bleu
    bleus = f"{its['scores'].bleu:.1f}", f"{mixed_bleu:.1f}"
    rows.append([name, its["loss"], its["forced"], *bleus, f"{its['same']:.0%}"])
show_table(
    [
        "network",
        "training loss",
        "test loss, true words fed",
        "BLEU",
        "BLEU, shuffled",
        "same translation when shuffled",
    ],
    rows,
)
blind, whole = results["no causal mask"], results["complete"]
show_text(
    "The training loss is the mean of the last 20 steps, with label smoothing and dropout. Without the causal mask, the loss "
    f"on the test set is **{blind['forced']:.2f}** instead of {whole['forced']:.2f}, and BLEU "
    f"**{blind['scores'].bleu:.1f}** instead of {whole['scores'].bleu:.1f}. Without positions, BLEU is "
    f"**{results['no positions']['scores'].bleu:.1f}**, and shuffling the words leaves "
    f"**{results['no positions']['same']:.0%}** of the translations as they were (complete: {whole['same']:.0%})."
)

# %% [markdown]
# The network without the mask shows how dangerous a leak is. At `standard`, its loss is lower than that of the complete
# network, even on sentences that it never saw, because it learned to copy the next word from the input. When it has to
# write a translation, the next word is not there yet, so what it learned is of no use. Be suspicious of a loss that is too
# good to be true. The validation BLEU, which is measured by translating, shows the fault at once.
#
# The network without positions gives the same translation for every order of the source words. It must, because the encoder's
# states are the same up to rounding, and the sum over them does not depend on the order. (The 100% of the network without the mask
# means nothing, because its translations are worthless in any order.) It still translates many sentences correctly, because most
# bags of words allow only one sensible order: a cat may eat an apple, but an apple does not eat a cat. Look at two sentences in
# which the order decides. (An empty cell is an empty translation.)

# %% tags=["hide-input"]
PAIR_OF_SENTENCES = ("l homme attend la femme .", "la femme attend l homme .")
rows = []
for name, change in CHANGES.items():
    with mock.patch.multiple(transformer, **change):
        answers = trainers[name].translator.translate_words(list(PAIR_OF_SENTENCES))
    rows.append([name, *(answer.text.replace("<unk>", "⁇") for answer in answers)])
show_table(["network", *PAIR_OF_SENTENCES], rows)

# %% [markdown]
# ## What the heads look at
#
# Finally, we look into the complete network. `head_weights` runs it over a sentence pair and returns the weights of all
# heads of all layers. In the encoder's self-attention, each head gives a square with the same words on both sides
# (Figure 27.3).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four heat maps side by side, one for each head, with the words of a French sentence as rows and columns. Each head distributes its weights in a different way: most rows spread them over several words, and a few put most of them on one."}}
translator = trainers["complete"].translator
target = translator.translate_words([SENTENCE])[0]
sides = ((SENTENCE, translator.src_vocabulary), (" ".join(target.words), translator.tgt_vocabulary))
src, tgt = (Encoded.encode([text], vocabulary) for text, vocabulary in sides)
of_heads = head_weights(translator.model, Batch.of(src, tgt, np.array([0])))
labels = [*SENTENCE.split(), "<eos>"]
figure = Figure(figsize=(9, 2.9), layout="constrained")
for head, axes in enumerate(figure.subplots(1, 4, sharey=True)):
    axes.imshow(of_heads.encoder[0, 0, head], cmap="cividis", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels=labels, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), labels=labels)
    axes.set_title(f"head {head + 1}")
show_figure(figure)

# %% [markdown]
# **Figure 27.3.** Self-attention of one sentence in the four heads of the first encoder layer: the word of each row looks at
# the words of the columns, and every row sums to 1.

# %% [markdown]
# Can you give each head a job, such as "the word before" or "the end of the sentence"? A picture of one sentence proves
# little, as [Seeing attention](14_seeing_attention.ipynb) showed, and the heads of another seed look different. In
# [Recurrent or not](29_recurrent_or_not.ipynb) we measure the heads against known alignments.
#
# ## Recap
#
# - In self-attention the words of one sentence look at each other. Three learned maps give each state a query (what it looks
#   for), a key (how it is found) and a value (what it gives).
# - A dot product of $d$ numbers has variance $d$. Dividing by $\sqrt d$ keeps the softmax where it has a gradient.
# - Heads look several times with the same number of parameters, each in a space of size $H / N$.
# - In training, a decoder without recurrence could read the word that it should predict. The causal mask prevents this.
# - Attention does not know the order of words, so positions are added to the embeddings.
#
# ## Exercises

# %% [markdown]
# ### Exercise 27.1: Where the general score went
#
# The general score of chapter 6 is $h^\top W \bar h$. Show that the dot product of a query and a key is a general score,
# with $W = {W^Q}^\top W^K$, and check it with random matrices and the package's `GeneralScore`. What can one head of size
# $d < H$ not do that a general score can?

# %% [markdown]
# ### Solution to exercise 27.1

# %% tags=["solution", "nbval-check-output"]
rng = torch.Generator().manual_seed(1)
to_query, to_key = torch.randn(2, 4, 16, generator=rng)  # (d, H) each: size 16 to size 4
asking, asked = torch.randn(1, 3, 16, generator=rng), torch.randn(1, 5, 16, generator=rng)
general = GeneralScore(16)
general.project.weight.data = to_query.T @ to_key  # W
with torch.no_grad():
    by_score = general(asking, general.keys(asked))
by_maps = (asking @ to_query.T) @ (asked @ to_key.T).transpose(1, 2)
print("equal:", torch.allclose(by_maps, by_score, atol=1e-4))
print("rank of W:", torch.linalg.matrix_rank(general.project.weight).item(), "of 16")

# %% [markdown]
# $q^\top k = (W^Q h)^\top W^K \bar h = h^\top ({W^Q}^\top W^K) \bar h$. A product of matrices with $d$ rows has at most
# rank $d$, so one head compares states in at most $d$ directions, while the $W$ of the general score may use all $H$.

# %% [markdown]
# ### Exercise 27.2: A window
#
# Write a mask with which each position sees only itself and the two positions before it. How many entries of a mask for 100
# positions are True, compared with the causal mask? How many layers does it take until the last of 100 positions can depend
# on the first?

# %% [markdown]
# ### Solution to exercise 27.2

# %% tags=["solution", "nbval-check-output"]
causal = causal_mask(100, torch.device("cpu"))
window = causal & ~causal.tril(-3)
print(f"causal: {int(causal.sum()):,}, window: {int(window.sum()):,}")
reach, layers = window[0].float(), 1
while not reach[99, 0]:
    reach, layers = (reach @ window[0].float()).clamp(max=1), layers + 1
print(f"layers until position 99 depends on position 0: {layers}")

# %% [markdown]
# Each layer reaches two positions further back, so 99 positions take 50 layers. The price of a cheap mask is a long path,
# which is what we wanted to get rid of.

# %% [markdown]
# ### Exercise 27.3: Turning the hands
#
# Show that the vector of position $t + k$ is the vector of position $t$ times a matrix that depends on $k$ alone. What is
# that good for?

# %% [markdown]
# ### Solution to exercise 27.3

# %% tags=["solution"]
size, shift = 8, 3
angles = shift / 10_000.0 ** (torch.arange(0, size, 2) / size)  # how far each hand turns in three words
turn = torch.block_diag(*(torch.tensor([[a.cos(), a.sin()], [-a.sin(), a.cos()]]) for a in angles))
for position in (0, 5, 40):
    here, there = sinusoids(torch.tensor([position, position + shift]), size)
    torch.testing.assert_close(turn @ here, there, atol=1e-4, rtol=0)

# %% [markdown]
# A pair of sine and cosine is a point on a circle, and moving on by $k$ words turns it by a fixed angle. So a matrix such
# as $W^K$ could learn "the word three places before me", with the same numbers at every position.

# %% [markdown]
# ## What to read next
#
# [The Transformer](28_transformer.ipynb) puts this attention into a network of many layers. Then read sections 3.2 and 3.5
# of [Vaswani et al. (2017)](https://arxiv.org/abs/1706.03762), where you know every formula now.
