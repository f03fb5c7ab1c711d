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
# # Batches: many sentences in one rectangle
#
# We can turn a sentence into ids now. A processor, however, is fast only when it computes with large rectangles of numbers. So a network
# processes several sentences together, as one **[batch](../book/glossary.md)**, and since their lengths differ, we fill the short
# ones up with a placeholder, the padding. This chapter shows how to keep padding from changing any result, and how to need less of
# it. It also defines the order in which a model sees its sentences, in such a way that training can stop anywhere and continue
# exactly.
#
# > **What you will be able to do**
# >
# > - pad sentences into a batch, and keep their lengths and a mask beside it
# > - show that padding changes no state of an encoder, and break that on purpose
# > - measure how much of a batch is padding, and avoid most of it by sorting into buckets
# > - put every pair into exactly one batch of an epoch, and find the place in it again after a stop
#
# Nothing is trained here. The chapter runs in a few seconds at every scale.

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
import sys

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, Encoded, epoch_order
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.vocabulary import PAD, Vocabulary
from s2s_tutorial.model.encoder import Encoder
from s2s_tutorial.notebook.show import (
    check_shape,
    show_drawing,
    show_figure,
    show_shapes,
    show_source,
    show_table,
    show_text,
)
from s2s_tutorial.presets import load_scale

scale = load_scale()  # S2S_SCALE: small, standard or large
data = scale.data  # which pairs
batch_size = scale.training.batch_size  # pairs in a batch
seed = 0  # of the order of batches

# %% [markdown]
# ## Three sentences, by hand
#
# Here are three French sentences as lists of ids, each with `<eos>` (2) at its end. They have 3, 5 and 6 ids. A tensor
# needs rows of equal length, so the shorter two are filled up with `<pad>` (0). This is called
# **[padding](../book/glossary.md)**:

# %% tags=["nbval-check-output"]
sentences = ["non !", "j ai froid .", "le chat noir dort ."]
vocabulary = Vocabulary.count(sentences)
encoded = [vocabulary.encode(sentence.split()) for sentence in sentences]
longest = max(map(len, encoded))
rectangle = [ids + [PAD] * (longest - len(ids)) for ids in encoded]
for ids, row in zip(encoded, rectangle, strict=True):
    print(f"{len(ids)}  {row}")

# %% [markdown]
# From the rectangle alone we could guess which places hold real words: those that are not 0. It is safer to keep the lengths,
# and to compute the **[mask](../book/glossary.md)** from them. It is a rectangle of the same shape that is true at real words.
# Count the false places: 3 + 1 + 0 of 18, so 22% of this small batch is padding.

# %% tags=["nbval-check-output"]
lengths = torch.tensor([len(ids) for ids in encoded])
mask = torch.arange(longest) < lengths[:, None]  # (1, S) < (B, 1) gives (B, S)
print(mask.int())
padded_places = (~mask).sum().item()
print(f"{padded_places} of {mask.numel()} places are padding: {padded_places / mask.numel():.0%}")


# %% [markdown]
# ### A trap: the list that grows
#
# Padding takes three lines of Python, and many notebooks write them like this. Run the function on the same
# sentence three times, next to longer and longer ones:


# %% tags=["nbval-check-output"]
def pad_carelessly(ids: list[int], length: int) -> list[int]:
    ids += [PAD] * (length - len(ids))  # += changes the list itself
    return ids


corpus_of_lists = [vocabulary.encode(["non", "!"])]
for length in (4, 6, 9):
    print(pad_carelessly(corpus_of_lists[0], length))
print("the corpus now holds:", corpus_of_lists[0])

# %% [markdown]
# The sentence in the *corpus* has grown. Its `<eos>` is now in the middle, and its length is wrong from here on. Nothing crashes, and the loss even looks
# fine, because `<pad>` is easy to predict. The package's functions that make batches never change what they are given, and below we check that with an assertion.
#
# ## Encoded: all sentences in one flat array
#
# A list of lists of Python integers needs much memory and is slow to collect batches from. The package stores the ids of all sentences
# one after another, with four bytes each, and remembers where each sentence starts:

# %% tags=["nbval-check-output"]
src = Encoded.encode(sentences, vocabulary)
print("ids    ", src.ids.tolist())
print("starts ", src.starts.tolist())
print("lengths", src.lengths.tolist())
print("no. 1  ", src[1].tolist())

# %% [markdown]
# Sentence 1 lies between `starts[1]` and `starts[2]`, and the lengths are differences of neighbouring starts. A rectangle for any choice of
# sentences then takes a few array operations and no loop:

# %%
show_source(Encoded.rectangle)

# %% tags=["nbval-check-output"]
padded, kept_lengths = src.rectangle(np.array([0, 1, 2]))
assert padded.tolist() == rectangle
assert kept_lengths.tolist() == lengths.tolist()
print(src.rectangle(np.array([1, 0]))[0])

# %% [markdown]
# If we ask for sentences 1 and 0 only, the rectangle is as wide as the longer of the two. So the amount of padding depends on which
# sentences share a batch, and this is how we will reduce it.
#
# ## Batch: both sides
#
# A training step needs pairs, so a `Batch` holds two rectangles and two rows of lengths. The masks are computed from the
# lengths when they are needed, so they can never disagree with them. In shapes, B is the number of pairs in the batch, S the length of the
# longest source sentence, and T that of the longest target sentence ([Notation](../book/notation.md) lists all such letters).

# %%
show_source(Batch)

# %% tags=["nbval-check-output"]
english = ["no !", "i m cold .", "the black cat is asleep ."]
tgt = Encoded.encode(english, Vocabulary.count(english))
batch = Batch.of(src, tgt, np.array([0, 1, 2]))
B, S, T = 3, 6, 7
check_shape(batch.src_ids, (B, S))
check_shape(batch.tgt_mask, (B, T))
show_shapes(src_ids=batch.src_ids, src_lengths=batch.src_lengths, src_mask=batch.src_mask)
show_shapes(tgt_ids=batch.tgt_ids, tgt_lengths=batch.tgt_lengths, tgt_mask=batch.tgt_mask)
print(f"padding: {batch.padding_share:.1%}")

# %% [markdown]
# Now we check that nothing changes its input. We copy everything, make batches in several orders, write into some of them, and compare
# the inputs with the copies:

# %%
before = src.ids.copy(), src.starts.copy(), tgt.ids.copy(), tgt.starts.copy()
for rows in ([0], [2, 0], [1, 2, 0], [0, 0]):
    padded, _ = src.rectangle(np.array(rows))
    padded[:] = -1  # even writing into the result must not reach the sentences
    Batch.of(src, tgt, np.array(rows)).src_ids.fill_(-1)
for kept, now in zip(before, (src.ids, src.starts, tgt.ids, tgt.starts), strict=True):
    assert np.array_equal(kept, now)

# %% [markdown]
# ## Padding must change nothing
#
# The translation of « non ! » must not depend on which sentences share its batch. We have to make sure of this ourselves, because padding can get into every result. The [encoder](../book/glossary.md) of
# this book, which the next two chapters build, turns each word into a vector that depends on the whole sentence. For that it reads the sentence twice, once from
# each end, and *from the right end a padded sentence starts with padding*.
#
# > **Guess first**
# >
# > « non ! » is encoded alone, and then with six columns of padding after it. Without a mask, which vectors differ: that of the
# > first word, of the last, or all? And with a mask?

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
sizes = {"embedding_size": 4, "hidden_size": 4, "num_layers": 2}
encoder = Encoder(len(vocabulary), **sizes, dropout_rate=0.0)
extra = 6  # columns of padding
alone = torch.tensor([encoded[0]])  # (1, 3)
wide = torch.nn.functional.pad(alone, (0, extra), value=PAD)  # (1, 9)
real = torch.arange(wide.shape[1])[None] < 3  # (1, 9)
with torch.no_grad():
    enc_states, first = encoder(alone, None)
    masked_states, masked_first = encoder(wide, real)
    careless_states, careless_first = encoder(wide, None)
for name, states in (("with the mask", masked_states), ("without", careless_states)):
    same = torch.isclose(enc_states[0], states[0, :3], atol=1e-6).all(dim=-1).tolist()
    print(f"{name:13} the same at: non {same[0]}, ! {same[1]}, <eos> {same[2]}")

# %% [markdown]
# Without a mask *every* vector is wrong, even that of the first word. The direction that reads from the right has read six paddings before it reaches
# a word, and it carries their effect all the way to the left. With the mask, all vectors are those of the sentence alone, and those at padding are
# zero. What the [decoder](../book/glossary.md) will start from is the same too:

# %%
assert torch.allclose(first, masked_first, atol=1e-6)
assert not torch.allclose(first, careless_first, atol=1e-6)
assert (masked_states[0, 3:] == 0).all()

# %% [markdown]
# How can an encoder leave padding out, if the tensor has it? It reads the batch one column at a time. If the longest sentence is in
# the first row, then the sentences that still have a word are always the upper rows. So in each step the network updates only as
# many states as there are sentences left, and a sentence that has ended keeps its state. PyTorch calls such a batch *packed*
# (Figure 3.1).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Above, a rectangle of three sentences of 3, 5 and 6 ids, filled with four places of padding. Below, the same sentences without padding, longest first, with the number of sentences that are still read in each of six columns: 3, 3, 3, 2, 2, 1."}}
show_drawing("packing")

# %% [markdown]
# **Figure 3.1.** A packed batch has the words of the padded one and none of its padding. Below each column is the number of states that this
# step updates.

# %% [markdown]
# **Break it.** Set `extra` to 1, to 6 and to 60, and each time print `(enc_states - careless_states[:, :3]).abs().max()`. Does ten
# times the padding do ten times the damage, or do the first few columns do most of it? [Attention](../book/glossary.md) and the loss have to
# use the mask as well, as [Attention: choosing where to look](06_attention.ipynb) and [Training](09_training.ipynb) explain.
#
# ## How much padding is there?
#
# Padding cannot change a result any more, but it still costs time, because the processor computes on it and the result is thrown away. How much
# is it in the whole training set?

# %%
corpus = prepare(data)
src = Encoded.encode(corpus.train.sources, corpus.src_vocabulary)
tgt = Encoded.encode(corpus.train.targets, corpus.tgt_vocabulary)

# %% tags=["hide-input"]
lists = [src[number].tolist() for number in range(len(src))]
size_of_lists = sys.getsizeof(lists) + sum(sys.getsizeof(ids) for ids in lists)
size_of_arrays = src.ids.nbytes + src.starts.nbytes
show_text(
    f"**{len(src):,}** pairs. Their **{len(src.ids):,}** French ids, with the starts, take **{size_of_arrays / 1024:,.0f} KiB**. "
    f"As lists they would take {size_of_lists / 1024:,.0f} KiB, even if Python shared every integer."
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Histogram of sentence lengths in words, French as solid blue steps and English as dashed orange steps."}}
figure = Figure(figsize=(5.5, 2.6), layout="constrained")
axes = figure.add_subplot()
bins = np.arange(0.5, max(src.lengths.max(), tgt.lengths.max()) + 1)
axes.hist(src.lengths, bins, histtype="step", color="#00429d", linewidth=1.8, label="French")
axes.hist(tgt.lengths, bins, histtype="step", color="#b8560b", linewidth=1.8, linestyle="--", label="English")
axes.set(xlabel="words of a sentence, <eos> counted", ylabel="sentences")
axes.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 3.2.** The sentences have different lengths, and each batch is as wide as its longest sentence.

# %% [markdown]
# > **Guess first**
# >
# > Pairs are put into batches at random. Look at Figure 3.2: what share of all places is padding? Does the
# > share grow or shrink with larger batches?
#
# To reduce padding, we let sentences of similar length share a batch. We sort the pairs by length, cut the sorted list into
# batches, and shuffle the *batches*. Such a group of similar lengths is called a **[bucket](../book/glossary.md)**:

# %%
show_source(epoch_order)


# %%
def padding_share(batch_size: int, bucketed: bool, epoch: int = 0) -> float:
    """Share of places, both sides of all batches of an epoch, that hold no word."""
    order = epoch_order(src.lengths, tgt.lengths, batch_size, seed, epoch, bucketed)
    widths = [src.lengths[rows].max() + tgt.lengths[rows].max() for rows in order]
    places = sum(len(rows) * width for rows, width in zip(order, widths, strict=True))
    return 1 - (src.lengths.sum() + tgt.lengths.sum()).item() / places.item()


sizes = sorted({8, 32, batch_size, 128})
shares = {size: (padding_share(size, False), padding_share(size, True)) for size in sizes}

# %% tags=["hide-input"]
show_table(
    ["pairs in a batch", "padding, random batches", "padding, buckets"],
    [[size, f"{plain:.1%}", f"{bucketed:.1%}"] for size, (plain, bucketed) in shares.items()],
)
plain, bucketed = shares[batch_size]
show_text(
    f"With {batch_size} pairs in a batch, **{plain:.0%}** of the places are padding at random and **{bucketed:.0%}** in buckets. "
    f"For every real word, random batches compute {1 / (1 - plain):.2f} places and buckets {1 / (1 - bucketed):.2f}."
)


# %% [markdown]
# The larger a batch is, the more likely it contains one very long sentence, and all others are padded to that length. In
# buckets little padding is left. It comes from batches in which one length ends and the next begins, and from English lengths that
# differ where the French ones are equal. Figure 3.3 shows one typical batch of each kind:


# %%
def typical_batch(bucketed: bool) -> Batch:
    """The batch of this epoch whose padding is in the middle of all batches."""
    order = epoch_order(src.lengths, tgt.lengths, batch_size, seed, 0, bucketed)
    batches = [Batch.of(src, tgt, rows) for rows in order]
    batches.sort(key=lambda batch: batch.padding_share)
    return batches[len(batches) // 2]


# %% tags=["hide-input"] mystnb={"image": {"alt": "Four rectangles of cells. The two of the random batch have a ragged right edge with large dark areas; the two of the bucketed batch are almost wholly yellow."}}
figure = Figure(figsize=(6, 4), layout="constrained")
panels = figure.subplots(1, 4, sharey=True)
for number, (name, bucketed) in enumerate((("random", False), ("bucket", True))):
    batch = typical_batch(bucketed)
    for side, mask in enumerate((batch.src_mask, batch.tgt_mask)):
        axes = panels[2 * number + side]
        axes.imshow(mask, cmap="cividis", aspect="auto", vmin=0, vmax=1, interpolation="nearest")
        axes.set(title=f"{name},\n{('French', 'English')[side]}", xlabel="place")
        axes.xaxis.get_major_locator().set_params(integer=True)
panels[0].set_ylabel("sentence")
show_figure(figure)

# %% [markdown]
# **Figure 3.3.** A typical batch of random pairs and one from a bucket. Yellow places are words, and dark ones are computed for nothing.

# %% [markdown]
# ## Every pair exactly once
#
# Next we decide in which order training uses the pairs. A simple way is to draw every batch at random from all pairs, with replacement. If we take as many
# draws as there are pairs, how much of the data has the model seen?
#
# > **Guess first**
# >
# > A box holds $N$ cards. You draw one, note it, put it back, $N$ times. What share of the cards have you never seen?
#
# One draw misses a given card with probability $1 - 1/N$. All $N$ draws miss it with probability
#
# $$
# \left(1 - \frac{1}{N}\right)^{N} \approx \frac{1}{e} \approx 0.368
# \tag{3.1}
# $$
#
# for any $N$ that is not very small. By (3.1), more than a third of the data is never seen, while as many draws repeat pairs
# that were seen before.

# %% tags=["nbval-check-output"]
for count in (10, 100, 10_000):
    print(f"N = {count:6,}: {(1 - 1 / count) ** count:.3f} never seen")

# %%
draws = np.random.default_rng(seed).integers(len(src), size=5 * len(src))
_, first_draw = np.unique(draws, return_index=True)  # when a pair was first drawn
marks = np.linspace(0, 5, 101)
seen = np.searchsorted(np.sort(first_draw), marks * len(src)) / len(src)
never = 1 - (first_draw < len(src)).sum() / len(src)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Share of pairs seen over epochs. A dashed grey line rises straight to one at the first epoch and stays; a solid blue curve rises ever more slowly and approaches one."}}
figure = Figure(figsize=(5.5, 2.6), layout="constrained")
axes = figure.add_subplot()
axes.plot(marks, np.minimum(marks, 1), color="0.5", linestyle="--", label="dealt: each pair once an epoch")
axes.plot(marks, seen, color="#00429d", label="drawn with replacement")
axes.set(xlabel="draws, in multiples of the number of pairs", ylabel="share of pairs seen", ylim=(0, 1.05))
axes.legend(frameon=False, loc="lower right")
show_figure(figure)

# %% [markdown]
# **Figure 3.4.** One epoch shows every pair, whereas drawing with replacement still misses some pairs after five times as many draws.

# %% tags=["hide-input"]
show_text(
    f"Measured here, after {len(src):,} draws of {len(src):,} pairs, **{never:.1%}** have never been drawn, "
    f"and the luckiest pair has been drawn **{np.bincount(draws[: len(src)]).max()}** times."
)

# %% [markdown]
# So an [epoch](../book/glossary.md) in this book is what the word says: all pairs, each of them once (Figure 3.4). Do
# buckets respect that? We put all batches together, sort, and compare with 0, 1, 2, …:

# %%
for bucketed in (False, True):
    for epoch in range(3):
        order = epoch_order(src.lengths, tgt.lengths, batch_size, seed, epoch, bucketed)
        assert np.array_equal(np.sort(np.concatenate(order)), np.arange(len(src)))
        assert max(map(len, order)) <= batch_size


# %% [markdown]
# ## An order that is never saved
#
# Suppose that training stops in the middle of an epoch, because the laptop was closed or the process was killed. To continue exactly, it
# must know which pairs it has already used. It does not need a list of them, because the order depends on two numbers only: the seed and the
# epoch. So we compute the order again and skip the batches that are done:


# %% tags=["nbval-check-output"]
def order_of(epoch: int) -> list[list[int]]:
    french, english = np.array([3, 6, 3, 5, 6, 5, 3]), np.array([3, 6, 4, 5, 7, 5, 3])
    rows = epoch_order(french, english, batch_size=2, seed=7, epoch=epoch)
    return [batch.tolist() for batch in rows]


uninterrupted = order_of(0) + order_of(1)
seen_before_the_crash = uninterrupted[:6]
epoch, done = divmod(6, 4)  # 6 batches done, 4 in an epoch
afterwards = order_of(epoch)[done:]
same = seen_before_the_crash + afterwards == uninterrupted
print(f"epoch {epoch}, {done} batches done")
print("the same as uninterrupted:", same)
print("another epoch, another order:", order_of(0) != order_of(1))


# %% [markdown]
# With one random generator that is used again and again, this would be harder: to know its state in
# epoch 40, we would have to save it or to repeat the 39 epochs before. Here `[seed, epoch]` seeds a new generator for each epoch. [Training](09_training.ipynb) uses this
# for a training cell that can be stopped at any step and continues exactly, and that repeats at most
# the steps since its last checkpoint if it is killed.
#
# ### What do buckets cost?
#
# Training works best with random batches, and sorting makes them less random: a sentence of nine words is always together with others of about nine
# words. How random are the batches still? Pairs of equal lengths are shuffled among themselves before every sort, so their companions change. Of all
# pairs of sentences that share a batch in one epoch, what share is together again in the next?


# %%
def together_again(bucketed: bool) -> float:
    """Share of companions of epoch 0 that share a batch in epoch 1 too."""
    seats = np.zeros((2, len(src)), dtype=int)
    for epoch in range(2):
        order = epoch_order(src.lengths, tgt.lengths, batch_size, seed, epoch, bucketed)
        for number, rows in enumerate(order):
            seats[epoch, rows] = number
    companions = np.bincount(seats[0])
    _, both = np.unique(seats, axis=1, return_counts=True)
    return (both * (both - 1)).sum() / (companions * (companions - 1)).sum()


rows = [["random", f"{together_again(False):.1%}"], ["buckets", f"{together_again(True):.1%}"]]
show_table(["batches", "companions that meet again"], rows)

# %% [markdown]
# In buckets the same sentences share a batch more often, and the fewer pairs there are of each length, the more often it happens. The order of
# the *batches* is still random, so a model does not see all short sentences first. We do not measure whether this costs
# quality: all models of this book are trained with buckets. To find out, train twice, with buckets and without,
# from several seeds each, and compare as in [Which attention?](17_which_attention.ipynb).
#
# ## Recap
#
# - Padding turns sentences into a rectangle. Lengths say which places are real, and masks are computed from lengths.
# - With a mask, padding changes no state. Without one it spoils every state, because one direction reads the padding first.
# - A function that pads in place changes the corpus, and nothing crashes. Our functions never change their inputs.
# - The amount of padding depends on which sentences share a batch. In buckets of similar lengths there is little of it.
# - An epoch uses every pair once, in an order that two numbers determine: the seed and the epoch.
#
# ## Exercises

# %% [markdown]
# ### Exercise 3.1: One long sentence
#
# 63 sentences of 5 words and one of 60 share a batch. Compute by hand which share of the (one-sided) rectangle is
# padding. Then check it with `Encoded`.

# %% [markdown]
# ### Solution to exercise 3.1

# %% [markdown]
# With `<eos>` the lengths are 6 and 61. The rectangle has 64 · 61 = 3,904 places, 63 · 6 + 61 = 439 of them real. So
# 3,465 places are padding.

# %% tags=["solution", "nbval-check-output"]
uneven = Encoded.encode(["a b c d e"] * 63 + [" ".join("a" * 60)], Vocabulary.count(["a b c d e"]))
ids, uneven_lengths = uneven.rectangle(np.arange(64))
share = 1 - uneven_lengths.sum() / ids.size
print(f"{ids.size:,} places, {share:.1%} padding")
assert ids.size - uneven_lengths.sum() == 3465

# %% [markdown]
# ### Exercise 3.2: Sort by one side only
#
# `epoch_order` sorts by the source length, and by the target length where source lengths are equal. Leave the second key out. How
# much of the saving is lost? Why is any saving left on the target side?

# %% [markdown]
# ### Solution to exercise 3.2

# %% tags=["solution"]
constant = np.zeros_like(tgt.lengths)  # a second key that decides nothing
one_key = epoch_order(src.lengths, constant, batch_size, seed, epoch=0)
places = sum(len(rows) * (src.lengths[rows].max() + tgt.lengths[rows].max()) for rows in one_key).item()
one_key_share = 1 - (src.lengths.sum() + tgt.lengths.sum()).item() / places
assert shares[batch_size][1] <= one_key_share <= shares[batch_size][0]
correlation = np.corrcoef(src.lengths, tgt.lengths)[0, 1]
show_text(
    f"Padding: {shares[batch_size][0]:.1%} at random, **{one_key_share:.1%}** with one key, {shares[batch_size][1]:.1%} with "
    f"both. Long sentences have long translations (correlation {correlation:.2f}), so sorting one side half sorts the other."
)


# %% [markdown]
# ### Exercise 3.3: A budget of places
#
# A batch of 64 short sentences is less work than a batch of 64 long ones. Write `budget_order(budget)`: sort as
# before, but fill each batch until its source rectangle would hold more than `budget` places. Assert that every pair is
# used once and that no batch exceeds the budget.

# %% [markdown]
# ### Solution to exercise 3.3


# %% tags=["solution"]
def budget_order(budget: int, epoch: int = 0) -> list[list[int]]:
    """Batches whose source rectangles hold at most so many places."""
    rng = np.random.default_rng([seed, epoch])
    shuffled = rng.permutation(len(src))
    batches: list[list[int]] = [[]]
    for row in shuffled[np.lexsort((tgt.lengths[shuffled], src.lengths[shuffled]))].tolist():
        if (len(batches[-1]) + 1) * src.lengths[row] > budget:  # sorted: the new row is the longest
            batches.append([])
        batches[-1].append(row)
    return [batches[number] for number in rng.permutation(len(batches))]


budget = 512
dealt = budget_order(budget)
assert sorted(row for rows in dealt for row in rows) == list(range(len(src)))
assert all(len(rows) * src.lengths[rows].max() <= budget for rows in dealt)
show_text(f"{len(dealt):,} batches, of {min(map(len, dealt))} to {max(map(len, dealt))} pairs.")

# %% [markdown]
# ## What to read next
#
# [Recurrent networks](04_recurrent_networks.ipynb) builds the network that reads such a batch, one word at a time.
