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
# # Attention: choosing where to look
#
# A translator with one vector for the whole sentence has to remember everything before it writes anything, and [Encoder and
# decoder](05_encoder_decoder.ipynb) measured what that costs. In this chapter we change two things. First, the encoder passes on
# *all* its states instead of the last one only. Second, before the [decoder](../book/glossary.md) writes a word, it decides how
# much each source word matters now, and takes the mean of the encoder's states with these weights. This is attention,
# and you can compute it with a pencil.
#
# > **What you will be able to do**
# >
# > - compute the dot, general, concat and additive scores by hand, and say what each can do that the simpler one
# >   cannot
# > - turn scores into weights, and say why padding must get $-\infty$ and not 0
# > - explain query, key and value
# > - say in one sentence how Bahdanau's attention differs from Luong's
# > - place the window of local attention, and read every formula beside the code that computes it
#
# The chapter trains nothing and needs no data. It runs in a few seconds at every scale.

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
# Your query in the machine further down: degrees, and how long the vector is.
MY_ANGLE, MY_LENGTH = 60.0, 2.0

# %% tags=["hide-input"]
import math
import time

import torch
from matplotlib.figure import Figure

from s2s_tutorial.model import attention
from s2s_tutorial.notebook.show import (
    check_shape,
    show_drawing,
    show_figure,
    show_shapes,
    show_source,
    show_table,
)

# %% [markdown]
# ## Three words and a question
#
# We keep the encoder of the last chapter. It has read « chat noir » and the end-of-sentence mark, and now none of its three states is thrown
# away: $\bar h_1$, $\bar h_2$ and $\bar h_3$. Real states have hundreds of numbers. Ours have two, so that you can draw
# them.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Five encoder states feed a row of scores that the decoder's state asks for. The weights below are 0.02, 0.14, 0.77, 0.05 and 0.02, largest for noir. Lines as thick as the weights lead to the context, which joins the decoder's state to give the word black."}}
show_drawing("attention")

# %% [markdown]
# **Figure 6.1.** With attention, every encoder state can be used at every step: the decoder's state is compared with each of them, a softmax turns the
# scores into weights, and the weighted mean joins the decoder's state to write the next word. This is Luong's form, for a longer sentence than
# ours.

# %% [markdown]
# The decoder has a state too, $h$. You can think of it as a question (Figure 6.1): *what do I write next, and
# where is it in the source?* The state that asks is called the **[query](../book/glossary.md)**.

# %%
words = ["chat", "noir", "<eos>"]
enc_states = torch.tensor([[2.0, 0.0], [1.0, 2.0], [-1.0, 1.0]])  # one row for each word
query = torch.tensor([1.0, 1.0])
show_shapes(enc_states=enc_states, query=query)

# %% [markdown]
# [Attention](../book/glossary.md) takes three steps, and only the first has variants:
#
# 1. Compute a **[score](../book/glossary.md)** for every source word, a number of any size.
# 2. Turn the scores into weights with a **[softmax](../book/glossary.md)**. The weights are positive and add up to 1.
# 3. Compute the **[context](../book/glossary.md)**, which is the mean of the encoder states with those weights.
#
# ## The dot score
#
# The score should be large where the query and a state fit together. The simplest measure is the dot product, which is large when two
# vectors point in the same direction ([Luong et al., 2015](https://arxiv.org/abs/1508.04025)):
#
# $$
# \mathrm{score}(h, \bar h_s) = h^\top \bar h_s
# \tag{6.1}
# $$
#
# > **Guess first**
# >
# > The query is $(1, 1)$. The states are $(2, 0)$ for « chat », $(1, 2)$ for
# > « noir » and $(-1, 1)$ for the end mark. Multiply number by number and add up. Which word has the largest score,
# > and by how much?

# %% tags=["nbval-check-output"]
scores = torch.stack([query @ state for state in enc_states])
for word, score in zip(words, scores.tolist(), strict=True):
    print(f"{word:6} {score:4.1f}")

# %% [markdown]
# « noir » has the largest score. The decoder is about to write *black*, because English puts the adjective first. Nothing had to change
# places in memory: the decoder simply looked at the second word first.
#
# The package scores every query of every sentence against every word at once, with one product of matrices. The code of
# all scores is in its module `s2s_tutorial.model.attention`, which the folded cell above imports under the name
# `attention`:

# %%
show_source(attention.DotScore)

# %% [markdown]
# With the missing dimensions added, this product must give the same three numbers as our loop. We compare:

# %%
dot = attention.DotScore(hidden_size=2)
# A batch of one sentence and one query:
batch_scores = dot(query[None, None], dot.keys(enc_states[None]))
check_shape(batch_scores, (1, 1, 3))
assert torch.equal(batch_scores[0, 0], scores)

# %% [markdown]
# ## From scores to weights
#
# Next we need weights that add up to 1. Could we simply divide each score by the sum of all scores? Try it with the query $(1, -1)$.
# The scores are 2, −1 and −2, their sum is −1, and the "weights" become −2, 1 and 2. The best word has come last. Scores can be negative,
# so we first need a function that makes them positive and keeps their order. The exponential function does this, and the result is the
# softmax:
#
# $$
# a_s = \frac{\exp(\mathrm{score}_s)}{\sum_{s'} \exp(\mathrm{score}_{s'})}
# \tag{6.2}
# $$
#
# By (6.2), a score that is larger by 1 gives a weight that is $e \approx 2.7$ times as large, wherever the two scores lie.

# %% tags=["nbval-check-output"]
powers = [math.exp(score) for score in scores.tolist()]
attn_weights = torch.tensor([power / sum(powers) for power in powers])
for word, power, weight in zip(words, powers, attn_weights.tolist(), strict=True):
    print(f"{word:6} e^score = {power:6.3f}   weight = {weight:.3f}")
print("ratio of noir to chat:", round(powers[1] / powers[0], 3))

# %% [markdown]
# Every word gets some weight. The end mark's score is lower by three points, and it still gets 0.035. This is useful, because a
# weight above 0 has a gradient: training can increase the weight of any word.
#
# ## The context
#
# The third step mixes the states in these proportions:
#
# $$
# c = \sum_s a_s \, \bar h_s
# \tag{6.3}
# $$
#
# In our example the context consists of seven tenths of « noir », a quarter of « chat » and a little of the end mark:

# %% tags=["nbval-check-output"]
pairs = zip(attn_weights, enc_states, strict=True)
context = sum(weight * state for weight, state in pairs)
print([round(value, 3) for value in context.tolist()])

# %% [markdown]
# A mean with positive weights cannot leave the space between its points. Whatever the query is, the context stays
# inside the triangle of the three states (Figure 6.2).

# %% tags=["hide-input"] mystnb={"image": {"alt": "A plane with three labelled points, chat, noir and the end mark, joined to a shaded triangle. An arrow from the origin shows the query. A square, the context, lies inside the triangle close to noir."}}
figure = Figure(figsize=(5, 3.6), layout="constrained")
axes = figure.add_subplot()
axes.fill(*enc_states.T, color="0.92")
for word, (x, y) in zip(words, enc_states.tolist(), strict=True):
    axes.plot(x, y, "o", color="#00429d", markersize=9)
    axes.annotate(word, (x, y), xytext=(8, 6), textcoords="offset points")
axes.annotate("", query.tolist(), (0, 0), arrowprops={"arrowstyle": "->", "color": "#2a7f62", "lw": 2})
axes.annotate("query", query.tolist(), xytext=(-44, -2), textcoords="offset points", color="#2a7f62")
axes.plot(*context, "s", color="#b8560b", markersize=9)
axes.annotate("context", context.tolist(), xytext=(8, 4), textcoords="offset points", color="#b8560b")
axes.set(xlim=(-1.6, 2.8), ylim=(-0.4, 2.5), aspect="equal", xlabel="first number", ylabel="second number")
show_figure(figure)


# %% [markdown]
# **Figure 6.2.** The context is a mean, so it lies inside the triangle of the encoder states, nearest to the word with the largest weight.

# %% [markdown]
# Three steps give one context. The decoder repeats them for every word that it writes, each time with another query. Take
# $(1, 1)$ for *black*, $(1, -1)$ for *cat*, and $(-1.5, 1)$ for the end mark:

# %% tags=["nbval-check-output"]
for written, asked in (("black", [1.0, 1.0]), ("cat", [1.0, -1.0]), ("<eos>", [-1.5, 1.0])):
    weights = (enc_states @ torch.tensor(asked)).softmax(dim=0).tolist()
    print(
        f"to write {written:6}", " ".join(f"{word} {weight:.2f}" for word, weight in zip(words, weights, strict=True))
    )

# %% [markdown]
# The look moves from the second source word to the first and then to the end mark. These three lines are already a small table of which word was
# translated from which, and [Seeing attention](14_seeing_attention.ipynb) draws such tables for real sentences. The decoder then joins each context with its state to
# choose the next word, as [Decoders](07_decoders.ipynb) shows.
#
# ## Query, key and value
#
# You will meet these three words wherever attention is used, so let us define them here. The last chapter translated with a Python dictionary. There,
# a *key* that matches exactly gives its *value*, and a key that is missing gives an error. Attention is a dictionary that never fails: the query matches
# every key a little, and the result is a mixture of all values.
#
# | role | what it is for | in this chapter |
# | :--- | :--- | :--- |
# | **query** | what is asked | the decoder's state $h$ |
# | **[key](../book/glossary.md)** | what the query is compared with | the encoder's state $\bar h_s$, or $W \bar h_s$ |
# | **[value](../book/glossary.md)** | what is mixed into the context | the encoder's state $\bar h_s$ |
#
# With the dot score, key and value are the same vector. The general score below compares with $W \bar h_s$ and still mixes $\bar h_s$. Transformers have
# separate matrices for all three ([Attention without recurrence](27_attention_without_recurrence.ipynb)).

# %% [markdown]
# ## A machine to play with
#
# Turn the query round in a full circle and see which word gets the weight (Figure 6.3). Then make the query longer. Its direction
# decides **which** word gets the weight, and its length decides **how much** of it. Change `MY_ANGLE` and `MY_LENGTH` in the
# chapter's second cell, and run that cell and the next ones again. These are the weights for your query:


# %% tags=["hide-input"]
def look(angle: float, length: float) -> torch.Tensor:
    """Weights over the three words for a query given by direction (degrees) and length."""
    turn = math.radians(angle)
    turned = length * torch.tensor([math.cos(turn), math.sin(turn)])
    return (enc_states @ turned).softmax(dim=0)


for word, weight in zip(words, look(MY_ANGLE, MY_LENGTH).tolist(), strict=True):
    print(f"{word:6} {weight:5.1%} {'#' * round(25 * weight)}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of three curves over the query's angle from 0 to 360 degrees. In both, chat, noir and the end mark take turns in having the largest weight. In the lower panel, with a longer query, the curves are close to 0 or 1 and change steeply. A vertical line marks the reader's angle."}}
figure = Figure(figsize=(5.5, 4.6), layout="constrained")
angles = range(0, 361, 3)
for axes, length in zip(figure.subplots(2, 1, sharex=True, sharey=True), (MY_LENGTH / 2, MY_LENGTH * 2), strict=True):
    curves = torch.stack([look(angle, length) for angle in angles]).T.tolist()
    for word, curve, style in zip(words, curves, (("-", "#00429d"), ("--", "#b8560b"), (":", "#2a7f62")), strict=True):
        axes.plot(angles, curve, style[0], color=style[1], lw=2, label=word)
    axes.axvline(MY_ANGLE, color="0.5", lw=1)
    axes.set(title=f"query of length {length:g}", ylabel="attention weight", xticks=range(0, 361, 90))
figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
axes.set_xlabel("angle of the query (degrees)")
show_figure(figure)

# %% [markdown]
# **Figure 6.3.** As the query turns, the largest weight passes from word to word. With a longer query it passes more abruptly. The grey line is
# your angle.

# %% [markdown]
# ## Padding must get exactly nothing
#
# In a batch, short sentences are filled up with [padding](../book/glossary.md). The encoder's state there is a vector
# of zeros, so its dot score is 0 for any query. But $e^0 = 1$, and that is a weight like any other.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three sentences of 3, 5 and 6 words fill a rectangle of six columns, with pad in the free places. Below it is the mask of ones and zeros. At the bottom the scores 2, 1, 0 and three times minus infinity become the weights 0.67, 0.24, 0.09 and three times 0."}}
show_drawing("padding-mask")

# %% [markdown]
# **Figure 6.4.** A score of −∞ at padding becomes a weight of exactly 0, so the weights of the real words add up to 1.

# %% [markdown]
# Let us see how much of the decoder's attention is lost in this way when our three words share a batch with a
# longer sentence. (Nothing crashes in such a model, and its loss goes down. Figure 6.4 shows what it lacks.)

# %% tags=["nbval-check-output"]
for pads in (0, 1, 5, 20):
    with_padding = torch.cat([scores, torch.zeros(pads)]).softmax(dim=0)
    noir, lost = with_padding[1], with_padding[3:].sum()
    print(f"{pads:2} places of padding: noir {noir:.2f}, all padding {lost:.2f}")

# %% [markdown]
# The same sentence would get another translation because of its *neighbours* in the batch. If all real scores were negative, padding, with its
# score of 0, would even get the largest weight.
#
# The remedy is one line. Before the softmax we set the score at padding to $-\infty$, and $e^{-\infty} = 0$ exactly.
# The [mask](../book/glossary.md) says where the real words are.

# %%
show_source(attention.masked_softmax)

# %% tags=["nbval-check-output"]
padded_scores = torch.cat([scores, torch.zeros(4)])[None, None]  # (1, 1, 7)
src_mask = torch.tensor([[True, True, True, False, False, False, False]])
masked = attention.masked_softmax(padded_scores, src_mask)
print([round(weight, 3) for weight in masked[0, 0].tolist()])
assert masked[0, 0, 3:].eq(0).all()  # exactly
torch.testing.assert_close(masked[0, 0, :3], attn_weights)

# %% [markdown]
# **Break it.** Two other remedies look right and are not. The first is to multiply by the mask *after* the softmax. Padding
# then gets 0, but the other weights no longer add up to 1, so the context becomes shorter. The second is to write 0 in place of $-\infty$, and you
# have just seen what that does. The next cell shows the first. It also shows a case that the mask cannot handle: a sentence without any word.

# %% tags=["nbval-check-output"]
after_softmax = padded_scores.softmax(dim=-1) * src_mask
print("masked after the softmax, sum:", round(after_softmax.sum().item(), 3))
empty = attention.masked_softmax(padded_scores, torch.zeros_like(src_mask))
print("a sentence of padding alone:", empty[0, 0, :3].tolist())

# %% [markdown]
# With every position masked, the softmax divides 0 by 0 and returns NaN. After one optimiser step, that single row would have
# turned every weight of the model into NaN. Therefore `Seq2Seq.encode` refuses a batch that contains an empty sentence.
#
# Attention is one of three places where padding could change a result. Here they are together:
#
# | where padding could leak in | what keeps it out | chapter |
# | :--- | :--- | :--- |
# | the encoder reads it | packing leaves it out | [Encoder and decoder](05_encoder_decoder.ipynb) |
# | attention gives it weight | its score is $-\infty$ | this one |
# | the loss counts it | it is left out of the mean | [Training](09_training.ipynb) |
#
# How much damage the second one does in a trained model depends on the score: [Break it](15_break_it.ipynb) measures it. And why is there no mask that
# hides the *later target words* from the decoder? A recurrent decoder has not read them yet. A Transformer's decoder reads all positions at once, so it
# does need such a mask.
#
# ## The general score: a learned change of view
#
# The dot score compares number 5 of the query with number 5 of the state, so encoder and decoder must use their numbers in the same way. A matrix between
# the two removes this restriction:
#
# $$
# \mathrm{score}(h, \bar h_s) = h^\top W \bar h_s
# \tag{6.4}
# $$
#
# > **Guess first**
# >
# > Take $W = \begin{pmatrix} 1 & -1 \\ 0 & 1 \end{pmatrix}$. Multiply each state by it, then take the dot product with
# > $(1, 1)$. Does « noir » still have the largest score?

# %% tags=["nbval-check-output"]
W = torch.tensor([[1.0, -1.0], [0.0, 1.0]])
for word, state in zip(words, enc_states, strict=True):
    key = W @ state
    print(f"{word:6} W h = {key.tolist()!s:12} score = {query @ key:4.1f}")

# %% [markdown]
# With the same states and the same query, another word has the largest score. Training changes $W$ until the right word does.
#
# In (6.4), $W \bar h_s$ does not depend on the query. So it is computed once per sentence and kept. These are the keys, and
# the dot score of the query with them is all that is left to compute. `GeneralScore` therefore inherits from `DotScore`. (The
# folded cell below compares it with our numbers.)

# %%
show_source(attention.GeneralScore)

# %% tags=["hide-input"]
general = attention.GeneralScore(hidden_size=2)
general.project.weight.data.copy_(W)
by_hand = torch.stack([query @ (W @ state) for state in enc_states])
found = general(query[None, None], general.keys(enc_states[None]))
torch.testing.assert_close(found[0, 0], by_hand)

# %% [markdown]
# ## The concat score: a small network
#
# Both scores so far add up products of one number of the query and one of the state. A small neural network can express other
# relations: put both states end to end, multiply them by a matrix, apply $\tanh$, and reduce the result to one number with a
# vector $v$ ([Luong et al., 2015](https://arxiv.org/abs/1508.04025)):
#
# $$
# \mathrm{score}(h, \bar h_s) = v^\top \tanh(W [h; \bar h_s])
# \tag{6.5}
# $$
#
# $[h; \bar h_s]$ has four numbers, so $W$ has two rows of four. Ours has the identity on the left and half of it on the
# right, so it adds the query and half the state:

# %% tags=["nbval-check-output"]
W = torch.tensor([[1.0, 0.0, 0.5, 0.0], [0.0, 1.0, 0.0, 0.5]])
v = torch.tensor([1.0, 2.0])
for word, state in zip(words, enc_states, strict=True):
    inner = W @ torch.cat([query, state])
    energy = torch.tanh(inner)
    rounded = [round(value, 3) for value in energy.tolist()]
    print(f"{word}: W[h; s] = {inner.tolist()}")
    print(f"    tanh = {rounded}, score = {v @ energy:.3f}")

# %% [markdown]
# The three scores are close together. $\tanh$ is always between −1 and 1, so with this $v$ every score is between −3 and 3.
# Training can increase $v$ until the scores differ enough for one word to get most of the weight.
#
# ### The same in two halves
#
# The idea is complete, and what follows only makes it cheaper. As it is written, (6.5) puts every query beside every encoder
# state, in a tensor of (B, T, S, 2H), and multiplies each of these T · S pairs by $W$. But a matrix times two stacked vectors
# is its left half times the first plus its right half times the second:
#
# $$
# W[h; \bar h_s] = W_\text{left}\, h + W_\text{right}\, \bar h_s
# $$
#
# So we can apply the halves *before* we combine queries and states, which takes S + T products of half the size. With 20 words
# on each side, this is twenty times less work. The package does it this way: the keys are the states times the right half, and
# `forward` multiplies the queries by the left half.

# %%
show_source(attention.ConcatScore.forward)

# %% [markdown]
# The next cell, which is folded, checks that this gives the same scores as the formula as it is written.

# %% tags=["hide-input"]
concat = attention.ConcatScore(hidden_size=2)
concat.project.weight.data.copy_(W)
concat.vector.data.copy_(v)
by_hand = torch.stack([v @ torch.tanh(W @ torch.cat([query, state])) for state in enc_states])
plainly = attention.concat_score_plainly(concat, query[None, None], enc_states[None])
torch.testing.assert_close(plainly[0, 0], by_hand)
torch.testing.assert_close(concat(query[None, None], concat.keys(enc_states[None])), plainly)

# %% [markdown]
# ## The additive score: the same, a year earlier
#
# Attention for translation started here ([Bahdanau et al., 2015](https://arxiv.org/abs/1409.0473)), in a preprint of 2014:
#
# $$
# e_{ts} = v^\top \tanh(W h_{t-1} + U \bar h_s)
# \tag{6.6}
# $$
#
# Compare (6.6) with the split form above: $W$ is the left half and $U$ the right half. As *functions*, additive and concat
# are the same, which you can also see in the code:

# %%
show_source(attention.AdditiveScore.keys, attention.AdditiveScore.forward)

# %% [markdown]
# If we give both scores the same numbers, they must agree, and they do. Here are the additive scores of our three words:

# %% tags=["hide-input", "nbval-check-output"]
additive = attention.AdditiveScore(hidden_size=2)
left, right = concat.project.weight.data.chunk(2, dim=1)
additive.project_query.weight.data.copy_(left)
additive.project_key.weight.data.copy_(right)
additive.vector.data.copy_(concat.vector.data)
additive_scores = additive(query[None, None], additive.keys(enc_states[None]))[0, 0]
print([round(score, 3) for score in additive_scores.tolist()])
torch.testing.assert_close(additive_scores, by_hand)

# %% [markdown]
# So the two papers do not differ in this formula. They differ in **which state asks**.
#
# ## Bahdanau and Luong, side by side
#
# At every target word the decoder takes one step of its GRU, from $h_{t-1}$ to $h_t$, and it looks at the source once. It can do this in two orders
# (Figure 6.5):
#
# - **Bahdanau looks, then steps.** The query is the state *before* the step, $h_{t-1}$, and the context is an input of the GRU.
# - **Luong steps, then looks.** The query is the state *after* the step, $h_t$, and the context joins it on the way to the output.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two columns read from top to bottom. Left, Luong: GRU, new state, attention, context, then tanh of both and the attentional state. Right, Bahdanau: the state before asks attention, the context goes with the previous word into the GRU, and g gives the next word."}}
show_drawing("luong-bahdanau")

# %% [markdown]
# **Figure 6.5.** The same parts in another order: Luong takes the GRU step and then looks. Bahdanau looks first, and the context goes
# into the GRU.

# %% [markdown]
# | what | Bahdanau et al. 2015 | Luong et al. 2015 |
# | :--- | :--- | :--- |
# | the query | $h_{t-1}$, before the step | $h_t$, after the step |
# | has the query seen the last word written? | no, only the words before it | yes |
# | score | additive | dot, general or concat |
# | the context goes | into the GRU, and to the output | to the output only (in the variant *input feeding*, also into the next step) |
# | in training, all target words at once? | no: step $t$ waits for its context | yes (but not with input feeding): run the GRU, then look from all states |
#
# [Decoders: writing one word at a time](07_decoders.ipynb) builds both. The last row of the table decides how fast the two train, and [All
# words at once](08_all_words_at_once.ipynb) measures the difference.

# %% [markdown]
# ## Local attention: predict the place
#
# *This section is a detour. Later chapters use local attention only as one row in a comparison.*
#
# Global attention reads the whole sentence for every word. But French and English tell things in a similar order over longer stretches, so we could first predict
# the *place* and then read only around it. This is **local-p** attention ([Luong et al.,
# 2015](https://arxiv.org/abs/1508.04025)). From the decoder's state alone it predicts a position in a sentence of
# length $S$:
#
# $$
# p_t = S \cdot \sigma(v_p^\top \tanh(W_p h_t))
# \tag{6.7}
# $$
#
# Only words at most $D$ away from this position are scored. A bell curve with standard deviation $D / 2$ around $p_t$ then
# reduces the weight of those that are farther away:
#
# $$
# \begin{aligned}
# a_s &= \mathrm{softmax}_{|s - p_t| \le D}(\mathrm{score}_s) \\
# &\quad \cdot \exp\left(-\frac{(s - p_t)^2}{2 (D/2)^2}\right)
# \end{aligned}
# \tag{6.8}
# $$
#
# Let us compute (6.8) once. Take seven words (positions 0 to 6), all with the same score, $p_t = 3.4$ and $D = 2$.
# Positions 2, 3, 4 and 5 lie within reach, so each gets a quarter from the softmax. Position 2 is 1.4 away, so its
# quarter is multiplied by $e^{-1.4^2 / 2}$. Below, this factor is called *near*.

# %% tags=["hide-input", "nbval-check-output"]
place, reach = 3.4, 2
inside = [s for s in range(7) if abs(s - place) <= reach]
for s in inside:
    nearness = math.exp(-((s - place) ** 2) / (2 * (reach / 2) ** 2))
    weight = nearness / len(inside)
    print(f"place {s}: {abs(s - place):.1f} away, near {nearness:.3f}, weight {weight:.3f}")
total = sum(math.exp(-((s - place) ** 2) / 2) for s in inside) / len(inside)
print(f"sum {total:.3f}")

# %% [markdown]
# The weights do not add up to 1. They hardly ever do, because the softmax has already shared out the
# whole of 1, and the bell curve then reduces every weight that is not exactly at $p_t$. So the context is *shorter*
# than a mean of the states would be. The paper does it this way (its equation 10), and our implementation follows it:

# %%
show_source(attention.LocalAttention.centres, attention.LocalAttention.weights)

# %% [markdown]
# The next folded cell checks this code against our numbers, with weights that predict the position 3.4. Figure 6.6 then moves
# the position:

# %% tags=["hide-input"]
local = attention.LocalAttention(attention.GeneralScore(2), hidden_size=2, reach=reach)
local.requires_grad_(False)
local.project.weight.copy_(torch.eye(2))
local.vector.copy_(torch.tensor([math.log(place / (7 - place)) / math.tanh(1.0), 0.0]))
asking, seven = torch.tensor([[[1.0, 0.0]]]), torch.ones(1, 7, dtype=torch.bool)
torch.testing.assert_close(local.centres(asking, seven), torch.tensor([[place]]))
local_weights = local.weights(asking, local.keys(torch.zeros(1, 7, 2)), seven)[0, 0]
assert local_weights.gt(0).nonzero().flatten().tolist() == inside
torch.testing.assert_close(local_weights.sum(), torch.tensor(total))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three bar charts of attention weights over seven places, one below the other, for a predicted place near the start, in the middle and at the end. In each a dashed bell curve is centred on the predicted place, marked by a vertical line, and only bars within two places of it are above zero."}}
figure = Figure(figsize=(5.5, 5), layout="constrained")
for axes, centre in zip(figure.subplots(3, 1, sharex=True, sharey=True), (0.6, place, 6.5), strict=True):
    local.vector[0] = math.log(centre / (7 - centre)) / math.tanh(1.0)
    bars = local.weights(asking, local.keys(torch.zeros(1, 7, 2)), seven)[0, 0]
    axes.bar(range(7), bars.tolist(), color="#00429d")
    curve = torch.linspace(-0.5, 6.5, 141)
    bell = torch.exp(-((curve - centre) ** 2) / (2 * (reach / 2) ** 2)) / (bars > 0).sum()
    axes.plot(curve.tolist(), bell.tolist(), "--", color="#b8560b")
    axes.axvline(centre, color="0.5", lw=1)
    axes.set(title=f"place {centre}, sum of weights {bars.sum():.2f}", xticks=range(7))
    axes.title.set_fontsize(10)
figure.supylabel("attention weight", fontsize=10)
axes.set_xlabel("source place")
show_figure(figure)

# %% [markdown]
# **Figure 6.6.** The window of local attention follows the predicted position (the vertical line). Words beyond its reach get a weight of exactly 0, and
# the weights add up to at most 1. The dashed line is the bell curve.

# %% [markdown]
# Why do we need the bell curve of Figure 6.6? Without it, the position could not be learned. A small change of $p_t$ leaves the same
# words inside the window, so a plain window gives $v_p$ and $W_p$ no gradient. With the bell curve, every weight depends smoothly on $p_t$.
#
# Local attention has a price. If the predicted position is far off, no score can correct it, because the right words are outside the window.
# [Which attention?](17_which_attention.ipynb) shows what this can cost in a short training.
#
# ## All parts together
#
# The three steps of the beginning now fit into two short methods of one class. Look for score, softmax and context in them:

# %%
show_source(attention.Attention.weights, attention.Attention.forward)

# %% [markdown]
# For our query and our three words, it returns the context and the weights that we computed with a pencil:

# %% tags=["hide-input", "nbval-check-output"]
whole = attention.Attention(attention.DotScore(2))
keys = whole.keys(enc_states[None])
all_real = torch.ones(1, 3, dtype=torch.bool)
found_context, found_weights = whole(query[None, None], keys, enc_states[None], all_real)
show_shapes(context=found_context, attn_weights=found_weights)
torch.testing.assert_close(found_context[0, 0], context)
torch.testing.assert_close(found_weights[0, 0], attn_weights)

# %% [markdown]
# ## What attention costs
#
# In parameters, a score costs little. Dot has none, general has the $H^2$ numbers of its matrix, and concat has $2 H^2 + H$ for
# $W$ and $v$. Additive has as many, because its $W$ and $U$ are the two halves of concat's $W$.
#
# Time and memory depend on the lengths. For a sentence pair there are $T \cdot S$ scores, one for each pair of positions,
# whereas encoder and decoder take only $S + T$ steps. If both sentences become twice as long, the GRUs have twice as much work,
# and attention has four times as much. Concat and additive also compute $\tanh$ of $H$ numbers for each of these pairs, and
# training has to keep all of them for the backward pass.
#
# > **Guess first**
# >
# > For 16 sentence pairs with H = 256, how many megabytes are the scores of 20 and of 80 words on each side, at 4 bytes a number?
# > And the numbers inside $\tanh$? The table also has the time of a GRU layer over the same sentences. Which is the slowest of
# > the three?


# %% tags=["hide-input"]
def milliseconds(compute, *inputs):
    """Shortest time of five calls."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        compute(*inputs)
        times.append(1_000 * (time.perf_counter() - start))
    return min(times)


B, H = 16, 256
scorers = attention.DotScore(H), attention.AdditiveScore(H)
gru = torch.nn.GRU(H, H, batch_first=True)
rows = []
with torch.no_grad():
    for length in (10, 20, 40, 80):
        states = torch.randn(B, length, H)  # the queries (B, T, H) and the keys (B, S, H), with T = S
        megabytes = [4 * B * length**2 / 1e6, 4 * B * length**2 * H / 1e6]
        times = [milliseconds(scorer, states, states) for scorer in scorers]
        rows.append([length, *megabytes, *times, milliseconds(gru, states)])
show_table(["words a side", "scores (MB)", "inside tanh (MB)", "dot (ms)", "additive (ms)", "a GRU layer (ms)"], rows)

# %% [markdown]
# From one row to the next the length doubles, and the megabytes grow by a factor of four. For sentences, the dot score hardly
# counts beside the GRU, while the additive one does. For texts of thousands of words, the square becomes the largest cost of
# all. [Dao et al. (2022)](https://arxiv.org/abs/2205.14135) compute the dot score piece by piece, so that the $T \cdot S$
# scores never have to be in memory together.
#
# ## Every formula, its code and its test
#
# The code is in `s2s_tutorial/model/attention.py`, and the tests are in `tests/model/test_attention.py`. They use random weights
# and sizes, and compare each score with a loop that is written as the papers print the formula.
#
# | equation | code | test |
# | :--- | :--- | :--- |
# | (6.1) | `DotScore` | `test_every_score_equals_the_loop_it_replaces[dot]` |
# | (6.4) | `GeneralScore` | `test_every_score_equals_the_loop_it_replaces[general]` |
# | (6.5) | `ConcatScore`, `concat_score_plainly` | `test_concat_in_halves_equals_concat_as_written` |
# | (6.6) | `AdditiveScore` | `test_every_score_equals_the_loop_it_replaces[additive]` |
# | $v$ has a first value and is learned | every class with a `vector` | `test_vectors_are_initialised_and_learnt` |
# | (6.2) | `masked_softmax` | `test_weights_are_those_of_a_softmax_over_the_words_alone` |
# | padding gets 0 | `masked_softmax` | `test_padding_gets_no_weight_and_rows_sum_to_one` |
# | (6.3) | `Attention.forward` | `test_the_context_is_the_weighted_sum_of_encoder_states` |
# | more padding changes nothing | `Attention` | `test_more_padding_changes_nothing` |
# | (6.7), (6.8) | `LocalAttention` | `test_local_attention_equals_the_papers_formula` |

# %% [markdown]
# ## Recap
#
# - Attention is a score for every source word, a softmax, and a weighted mean of encoder states, the [context](../book/glossary.md).
# - The query is the decoder's state, the keys are what it is compared with, and the values are what is mixed.
# - The dot score compares the states as they are, the general score after a learned change of basis, and concat and additive with a small network. The last two
#   are the same function.
# - Padding gets a score of $-\infty$ *before* the softmax, so its weight is exactly 0.
# - Bahdanau looks and then steps, Luong steps and then looks. So Luong's decoder can look from all target positions at
#   once.
# - Local-p predicts a position, and the bell curve makes that prediction learnable.
# - What depends on the source alone, the keys, is computed once per sentence.
# - There is a score for every pair of positions, so with twice the length attention costs four times as much.
#
# ## Exercises

# %% [markdown]
# ### Exercise 6.1: Scores grow with size
#
# Draw random queries and states with a standard deviation of 1 for H = 4, 64 and 1024. How large do dot scores get, and how large is
# the largest of ten attention weights on average? Then divide the scores by $\sqrt H$ and look again. Transformers do exactly
# this.

# %% [markdown]
# ### Solution to exercise 6.1

# %% tags=["solution", "nbval-check-output"]
rng = torch.Generator().manual_seed(0)
for size in (4, 64, 1024):
    asked = torch.randn(2000, 1, size, generator=rng)
    answered = torch.randn(2000, 10, size, generator=rng)
    raw = attention.DotScore(size)(asked, answered)
    plain, divided = ((raw / divisor).softmax(-1).amax(-1).mean().item() for divisor in (1, math.sqrt(size)))
    print(f"H {size:4}: deviation {raw.std():2.0f}, largest weight {plain:.1f}, divided {divided:.1f}")


# %% [markdown]
# A dot product adds H numbers of variance 1, so its standard deviation is $\sqrt H$. At H = 1024 one word gets
# nearly all the weight by pure chance before anything is learned, and a softmax whose largest weight is close to 1 has almost no
# gradient. Dividing by $\sqrt H$ avoids this at every size.

# %% [markdown]
# ### Exercise 6.2: A score of your own
#
# Write a score that uses the cosine of the angle between query and state, times a learned sharpness. Give it `keys` and
# `forward` as the package's scores have, put it into `Attention`, and show that padding still changes nothing. Why does it need
# the sharpness?

# %% [markdown]
# ### Solution to exercise 6.2


# %% tags=["solution"]
class CosineScore(torch.nn.Module):
    """Sharpness times the cosine between query and state."""

    def __init__(self):
        super().__init__()
        self.sharpness = torch.nn.Parameter(torch.tensor(5.0))

    def keys(self, enc_states):
        return torch.nn.functional.normalize(enc_states, dim=-1)  # (B, S, H), every state of length 1

    def forward(self, queries, keys):
        return self.sharpness * torch.nn.functional.normalize(queries, dim=-1) @ keys.transpose(1, 2)


# %% tags=["solution"]
cosine = attention.Attention(CosineScore())
B, T, S, H = 4, 6, 9, 16
rng = torch.Generator().manual_seed(4)
queries, states = torch.randn(B, T, H, generator=rng), torch.randn(B, S, H, generator=rng)
all_real = torch.ones(B, S, dtype=torch.bool)
expected_context, expected_weights = cosine(queries, cosine.keys(states), states, all_real)
longer = torch.cat([states, torch.full((B, 3, H), 9.0)], dim=1)  # padding with noise in it
longer_mask = torch.cat([all_real, torch.zeros(B, 3, dtype=torch.bool)], dim=1)
found_context, found_weights = cosine(queries, cosine.keys(longer), longer, longer_mask)
torch.testing.assert_close(found_context, expected_context)
assert found_weights[..., S:].eq(0).all()

# %% [markdown]
# A cosine is between −1 and 1. Without a factor, the best word could get at most $e^2 \approx 7.4$ times the weight
# of the worst. In a sentence of twenty words, that is at most 28% of the weight.
#
# To *train* a model with your score, give its `__init__` the hidden size as an argument, as the other scores have it, add the
# class to `SCORES` in `s2s_tutorial/model/attention.py` under a name such as "cosine", and add this name to `AttentionName` in
# `s2s_tutorial/settings/allowed.py`. Then `attention="cosine"` in the settings and `--attention cosine` on the command line build
# it, and [Which attention?](17_which_attention.ipynb) shows how to compare it with the others.

# %% [markdown]
# ### Exercise 6.3: Luong's other local attention
#
# The paper also has *local-m*: it does not predict the place, it takes $p_t = t$, and leaves the bell curve out. Build
# it from `masked_softmax`, whose mask may differ from word to word: (B, T, S). For which target words does it go wrong
# when the source is longer than the target?

# %% [markdown]
# ### Solution to exercise 6.3

# %% tags=["solution", "nbval-check-output"]
target_places, source_places = torch.arange(4), torch.arange(8)
window = (source_places - target_places[:, None]).abs() <= 1  # D = 1
monotone = attention.masked_softmax(torch.zeros(1, 4, 8), window[None])
for t, row in enumerate(monotone[0].tolist()):
    print(f"target word {t}:", " ".join(f"{weight:.2f}" if weight else "  . " for weight in row))
assert torch.allclose(monotone.sum(-1), torch.ones(1, 4))

# %% [markdown]
# For the later ones. With eight source and four target words, the last target word looks no further than position 4, and positions
# 5 to 7 are never looked at. The paper's predicted position avoids this with the factor $S$.

# %% [markdown]
# ## What to read next
#
# [Decoders: writing one word at a time](07_decoders.ipynb) puts these scores into the two decoders. Then read
# [Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473), whose appendix has every formula, and section 3 of
# [Luong et al. (2015)](https://arxiv.org/abs/1508.04025).
