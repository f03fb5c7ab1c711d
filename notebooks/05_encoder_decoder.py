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
# # Encoder and decoder: a sentence in one vector
#
# Try this: read the next sentence once, cover it, and write its translation into a language that you know. *My sister bought
# a red book at the station and read it last night because she could not sleep.* Two things are hard. You have to keep the
# whole sentence in mind, and while you write each word you have to find the right part of what you kept.
#
# The neural translators of 2014 worked in exactly this way, and they were among the first networks that were trained as a
# whole to translate. One network reads the sentence into a vector, and another writes from that vector. In this chapter we
# build both from the recurrent networks of the last chapter, train the result, and measure where it fails. That
# failure is the reason why attention was invented.
#
# > **What you will be able to do**
# >
# > - say why a dictionary cannot translate, and what an encoder and a decoder do about it
# > - follow a sentence through an encoder and a decoder, vector by vector
# > - explain what packing a batch of sentences of unequal length is for
# > - hand the encoder's last states to the decoder in the right order
# > - measure quality by sentence length, and read the bottleneck off the curve
#
# The chapter trains two models on the built-in corpus, so it needs no internet connection. That takes seconds at the
# small scale and about ten minutes at the standard one.

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
from itertools import pairwise

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

from s2s_tutorial.data.batches import Encoded
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.text import normalise
from s2s_tutorial.data.vocabulary import UNK, Vocabulary
from s2s_tutorial.grammar import generate
from s2s_tutorial.model.encoder import Encoder
from s2s_tutorial.model.gru import gru_step, run_gru
from s2s_tutorial.notebook.show import (
    check_shape,
    show_figure,
    show_shapes,
    show_source,
    show_table,
    show_text,
)
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import Board, LiveLine
from s2s_tutorial.translation.evaluation import bleu_score, normalised_words

scale = load_scale()  # S2S_SCALE: small, standard or large
SEED = 3  # of the small random networks
SIZE = min(scale.model.hidden_size, 128)  # E and H of both trained models: a narrow bottleneck
# Upper ends of the groups of sentence lengths, in words; one more group holds the rest:
BINS = (6, 9, 12, 16)
settings = replace(
    scale,
    name=f"{scale.name}-one-vector",
    # The built-in corpus at every scale:
    data=replace(PRESETS["sample"].data, sample_pairs=scale.data.sample_pairs),
    model=replace(
        scale.model,
        attention="none",
        embedding_size=SIZE,
        hidden_size=SIZE,
        dropout=0.1,
    ),
    training=replace(scale.training, epochs=4),
)

# %% [markdown]
# ## Why a dictionary is not enough
#
# Before we build a network, let us see why we need one. Take a dictionary with one English word for each French word, and
# translate « le chat noir ne dort pas » with it.

# %% tags=["hide-input"] mystnb={"image": {"alt": "\u00ab le chat noir ne dort pas \u00bb above the black cat is not sleeping, with lines between words that translate each other. The lines from chat and noir cross, ne and pas meet in not, and dort splits into is and sleeping. Below, merci becomes two words, thank you."}}
from s2s_tutorial.notebook.show import show_drawing

show_drawing("word-order")

# %% [markdown]
# **Figure 5.1.** Translating word by word fails in three ways in one short sentence: words change places, two words become one, and
# one word becomes two.

# %% tags=["nbval-check-output"]
dictionary = {"le": "the", "chat": "cat", "noir": "black"}
dictionary |= {"ne": "not", "dort": "sleeps", "pas": "not"}
sentence = "le chat noir ne dort pas"
print(" ".join(dictionary[word] for word in sentence.split()))


# %% [markdown]
# We wanted *the black cat is not sleeping*. Figure 5.1 shows three reasons why we did not get it, and a larger dictionary
# would help with none of them:
#
# - **Order.** « chat noir » becomes *black cat*.
# - **Several words for one.** « ne … pas » is a single negation wrapped around the verb, and English says it once.
# - **Number of words.** « dort » alone becomes *is sleeping*.
#
# Perhaps such sentences are rare? The sentences of the built-in corpus come with their word alignment, which links each word to
# its translation, so we can count. Words change order where two of these links cross. We look at two thousand sentences:


# %% tags=["hide-input"]
def crosses(links) -> bool:
    """Whether two links cross: an earlier French word with a later English one."""
    return any(a < c and b > d for a, b in links for c, d in links)


def shares(links) -> bool:
    """Whether a word of either side has several partners."""
    return any(len({link[side] for link in links}) < len(links) for side in (0, 1))


pairs = list(generate(2000, seed=SEED))
sides = [[normalise(text).split() for text in (pair.source, pair.english)] for pair in pairs]
found = {
    "another number of words": [len(french) != len(english) for french, english in sides],
    "at least two words change order": [crosses(pair.alignment) for pair in pairs],
    "a word with several partners": [shares(pair.alignment) for pair in pairs],
}
rows = [[what, f"{np.mean(marks):.0%}"] for what, marks in found.items()]
show_table(["what happens", "share of sentences"], rows)

# %% [markdown]
# So a translation is not a list of word translations. The network must read the whole sentence before it writes. Two recurrent
# networks share the work ([Cho et al., 2014](https://arxiv.org/abs/1406.1078); [Sutskever et al.,
# 2014](https://arxiv.org/abs/1409.3215)):
#
# - The **[encoder](../book/glossary.md)** reads the source sentence. Its state after the last word is a vector of H numbers.
# - The **[decoder](../book/glossary.md)** starts from this vector and writes one word after another, until it writes the end
#   mark.
#
# The two papers differ in the details. Sutskever's decoder gets the vector only as its first state, as ours does in
# this chapter. Cho's gets it again at every step (section 2.2 of the paper), and scored pairs of short phrases for
# another translation system. Both encoders read in one direction only, whereas ours will read in both.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A row of blue encoder states reads le, chat, noir, dort and the end mark from left to right. A single small vector leads from the last one to a row of orange decoder states, which write the, black, cat, sleeps and the end mark; each written word is read at the next step."}}
show_drawing("encoder-decoder")

# %% [markdown]
# **Figure 5.2.** Everything the decoder learns about the source passes through one vector. (Only one reading direction is drawn.)

# %% [markdown]
# Nothing in Figure 5.2 is about French, or about text. If the encoder reads a picture instead, the decoder writes its
# caption. If it reads sound, the decoder writes what was said. The same shape fits wherever one sequence must become another
# sequence whose length is not known beforehand (Figure 5.3; the layer between the two, attention, comes in [Attention: choosing
# where to look](06_attention.ipynb)).

# %% tags=["hide-input"] mystnb={"image": {"alt": "A French sentence, a picture of a cat under the moon and a sound wave each go through their own encoder into a row of states. One attention and one decoder below them write a translation, a caption and a transcript."}}
show_drawing("beyond-text")

# %% [markdown]
# **Figure 5.3.** Attention and decoder do not depend on where the states come from: words, patches of a picture or moments of
# sound. With another encoder, the translator becomes a captioner or a transcriber.

# %% [markdown]
# ## Two words, vector by vector
#
# Let us follow « le chat » through Figure 5.2 with a very small network, before any of it is trained. The encoder
# and the decoder are each one GRU (`gru_step` of [Recurrent networks](04_recurrent_networks.ipynb)) with a state of three
# numbers, and a linear layer turns the decoder's state into one score for each English word.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
french, english = ["le", "chat", "<eos>"], ["the", "cat", "<eos>"]
embed_french, embed_english = nn.Embedding(3, 2), nn.Embedding(4, 2)  # E = 2; English row 3 is <sos>
encoder_gru, decoder_gru = nn.GRU(2, 3), nn.GRU(2, 3)  # H = 3
scores_of = nn.Linear(3, len(english))


def printed(values: torch.Tensor) -> str:
    return " ".join(f"{value:5.2f}" for value in values.flatten().tolist())


with torch.no_grad():
    h = torch.zeros(1, 3)  # the encoder starts from zeros
    for word, x in zip(french, embed_french(torch.arange(3)), strict=True):
        h = gru_step(encoder_gru, x[None], h)
        print(f"encoder reads {word:6} state {printed(h)}")
    read = "<sos>"  # the decoder starts from the encoder's last state, and reads the start mark
    for _ in range(2):
        x = embed_english(torch.tensor([[*english, "<sos>"].index(read)]))
        h = gru_step(decoder_gru, x, h)
        probabilities = scores_of(h).softmax(-1)
        written = english[int(probabilities.argmax())]
        print(f"decoder reads {read:6} state {printed(h)}  probabilities {printed(probabilities)}  writes {written}")
        read = written

# %% [markdown]
# Read the lines from top to bottom. The encoder's state starts as zeros and changes with each word. The decoder's first state is
# computed from the encoder's last one, which is the only thing that the decoder receives. From each state comes a probability
# for each English word, and the most probable word is written and read at the next step. This decoder writes *cat* and stops.
# It is wrong, because the weights are random. Training changes them until the probability of the right word is high
# at every step. How it finds out in which direction to change them is the subject of [Training](09_training.ipynb).
#
# What remains is to do this for a batch of sentences, in both directions and with several layers.

# %% [markdown]
# ## Sentences of unequal length
#
# In a batch, sentences end at different places, and [padding](../book/glossary.md) fills the rest. [Batches](03_batches.ipynb) showed
# that an encoder which reads padding returns other states, and that packing prevents this (Figure 3.1). We now check it with a single
# GRU, and look at the code. A GRU that is not told about padding reads it like any other word.

# %% tags=["nbval-check-output"]
torch.manual_seed(SEED)
gru = nn.GRU(4, 5, batch_first=True).double()  # E = 4, H = 5
inputs = torch.randn(2, 6, 4, dtype=torch.float64)  # (B, S, E): two sentences
lengths = torch.tensor([6, 3])
src_mask = torch.arange(6) < lengths[:, None]
inputs = inputs * src_mask[..., None]  # the embedding of padding is zero
_, alone = gru(inputs[1:, :3])
_, unaware = run_gru(gru, inputs, None, None)
_, packed = run_gru(gru, inputs, None, src_mask)
print("The short sentence's last state is right")
print("    when padding is read:", torch.allclose(unaware[0, 1], alone[0, 0]))
print("    when packed:         ", torch.allclose(packed[0, 1], alone[0, 0]))

# %% [markdown]
# A word vector of zeros is still a word to a GRU, so its state changes with every one of them. **Packing** removes the padding: a packed sequence
# holds only the real words, together with the number of sentences that are still running at each time step. The last state of
# each sentence is then the one after its last word.

# %%
show_source(run_gru)

# %% [markdown]
# In the backward direction padding would do even more harm. That direction starts at the far end, so it would read all the padding
# *before* it sees a word.
#
# ## One product for all inputs
#
# A GRU reads word by word, because each state depends on the one before. But only half of its work has to wait. In the formulas of the gates and
# of the candidate, the products $W x$ depend on the words alone, so PyTorch's layer multiplies all words of all sentences by $W$ before
# the loop begins, in one large product. Only the products $U h$ stay inside the loop. You can check that this gives the same
# numbers:

# %% tags=["nbval-check-output"]
products = [word @ gru.weight_ih_l0.T for word in inputs.unbind(dim=1)]  # S products of (B, E)
one_by_one = torch.stack(products, dim=1)
at_once = inputs.flatten(0, 1) @ gru.weight_ih_l0.T  # one product of (B · S, E)
check_shape(at_once, (12, 15))  # three parts of five numbers
torch.testing.assert_close(at_once.unflatten(0, (2, 6)), one_by_one)
print("6 products of", (2, 4), "or one of", (12, 4))

# %% [markdown]
# A processor needs less time for one large product than for many small ones, as
# [Faster on one machine](19_faster.ipynb) measures. The Transformer of 2017 reads without any loop over the words, which is
# one reason why it replaced networks like this one.
#
# ## The encoder
#
# Now we put the encoder together. It reads in **both directions** with two GRUs, one from the left and one from the right, so
# that the state at a word has seen what stands before the word and what stands after it. The package adds the two states up. As a result `enc_states` (B, S,
# H) holds one vector for each word *in its sentence* (Figure 5.4): « la » before a noun and « la » before a verb get different
# vectors, although their embedding is the same.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A row of forward states runs to the right and a dashed row of backward states to the left above four words' sums. The right end of the forward row and the left end of the backward row meet in a plus sign that gives the decoder's first state."}}
show_drawing("bidirectional")

# %% [markdown]
# **Figure 5.4.** Each word's state is the sum of one state that has read everything up to it and one that has read everything from it
# on. The first decoder state adds the two last states, which lie at opposite ends.

# %%
show_source(Encoder.forward)

# %% tags=["nbval-check-output"]
sources = ["le chat noir ne dort pas .", "il dort .", "je ne l ai pas vu ."]
vocabulary = Vocabulary.count(sources)
rectangle = Encoded.encode(sources, vocabulary).rectangle(np.arange(3))
ids, lengths = map(torch.from_numpy, rectangle)
src_mask = torch.arange(ids.shape[1]) < lengths[:, None]
torch.manual_seed(SEED)
sizes = {"embedding_size": 6, "hidden_size": 8, "num_layers": 2}
encoder = Encoder(len(vocabulary), **sizes, dropout_rate=0.0)
enc_states, first_states = encoder(ids, src_mask)
show_shapes(src_ids=ids, enc_states=enc_states, first_states=first_states)
check_shape(enc_states, (3, 8, 8))  # (B, S, H): seven words and the end mark
check_shape(first_states, (2, 3, 8))  # (L, B, H)
assert enc_states[~src_mask].eq(0).all()


# %% [markdown]
# ## Which states does the decoder start from?
#
# With two directions and several layers there is more than one last state, and it is easy to pick the wrong ones without any
# error. Many notebooks contain the mistake that we look at now ([From the 2017 notebook](../book/from-2017.md) tells
# where it comes from).

# %% [markdown]
# A GRU of two layers in two directions ends in four states. The decoder has two layers and needs two. The mistake is to take
# the first two, `encoder_hidden[:n_layers]`. Which ones are they?
#
# To find out, we build a GRU whose states are labels. All weights are 0 and the update gate is 0, so each state is $\tanh$ of
# the candidate's bias. We choose the biases so that layer 0 ends in 0.1 (forward) and 0.2 (backward), and layer 1 in 0.3 and 0.4.
#
# > **Guess first**
# >
# > In which order does PyTorch return 0.1, 0.2, 0.3 and 0.4? What does `[:2]` take?


# %%
def write_label(biases: torch.Tensor, label: float) -> None:
    """Make a direction of one unit end in `label`, by the biases of reset, update, candidate."""
    biases.copy_(torch.tensor([0.0, -50.0, math.atanh(label)]))


labelled = nn.GRU(1, 1, num_layers=2, batch_first=True, bidirectional=True)
labelled.requires_grad_(False)
for weights in labelled.parameters():
    weights.zero_()
labels = {"l0": 0.1, "l0_reverse": 0.2, "l1": 0.3, "l1_reverse": 0.4}
for place, label in labels.items():
    write_label(getattr(labelled, f"bias_ih_{place}"), label)

# %% tags=["nbval-check-output"]
_, encoder_hidden = labelled(torch.randn(1, 5, 1))  # (2L, B, H)
values = [round(value, 1) for value in encoder_hidden.flatten().tolist()]
print("encoder_hidden     ", values)
print("encoder_hidden[:2] ", values[:2])

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four last states in PyTorch's order: layer 0 forward, layer 0 backward, layer 1 forward, layer 1 backward. On the left, with the mistake, rows 0 and 1 become decoder layers 0 and 1, and rows 2 and 3 are crossed out. On the right, rows 0 and 1 are added up for decoder layer 0, rows 2 and 3 for layer 1."}}
show_drawing("encoder-states")

# %% [markdown]
# **Figure 5.5.** With two layers, the first two rows are layer 0 twice, forward and backward, so layer 1 is never used. On the right,
# the two directions of each layer are added up.

# %% [markdown]
# PyTorch returns layer after layer, and within each layer forward and backward (Figure 5.5). So `[:2]` is layer 0 *twice*. The last states of
# the upper layer are thrown away, and the decoder's upper layer starts from the last state of a GRU in the *lower* layer, the one
# that reads backwards. Nothing crashes and the loss goes down, because training adapts the
# weights to the states that they get. In [Break it](15_break_it.ipynb) we train with this mistake and look for its
# damage.
#
# The right way is to combine both directions of each layer. Here is the package's encoder with the same labels:

# %% tags=["nbval-check-output"]
ones = {"embedding_size": 1, "hidden_size": 1}
small = Encoder(5, **ones, num_layers=2, dropout_rate=0.0).requires_grad_(False)
for weights in small.layers.parameters():
    weights.zero_()
for number, layer in enumerate(small.layers):
    write_label(layer.bias_ih_l0, labels[f"l{number}"])
    write_label(layer.bias_ih_l0_reverse, labels[f"l{number}_reverse"])
_, first_states = small(torch.tensor([[4, 4, 4]]), None)
print("first_states       ", [round(value, 1) for value in first_states.flatten().tolist()])

# %% [markdown]
# We get $0.1 + 0.2$ for layer 0 and $0.3 + 0.4$ for layer 1. The test `test_first_decoder_states_are_not_the_first_rows_that_pytorch_gives` in
# `tests/model/test_encoder.py` makes sure that it stays so.
#
# The papers do it in other ways. [Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473), for example, take only the last backward
# state, multiply it by a matrix and apply $\tanh$ (appendix A.2.2 of the paper). We add the directions because this needs no weights
# and treats all layers alike.
#
# ## One vector, measured
#
# With one layer, our encoder hands the decoder one vector of H numbers (Figure 5.2), whether the sentence has three words or
# thirty. Is there room for a sentence in it? To name a sentence of S words from a vocabulary of V words, you need at most
# $S \log_2 V$ bits.

# %%
corpus = prepare(settings.data)
longest = max(len(source.split()) for source in corpus.train.sources)
needed = longest * math.log2(len(corpus.src_vocabulary))

# %% tags=["hide-input"]
show_text(
    f"The longest training sentence has {longest} words out of a vocabulary of {len(corpus.src_vocabulary):,}: at most "
    f"**{needed:,.0f} bits**. The vector has {SIZE} numbers of 32 bits, **{32 * SIZE:,} bits**."
)

# %% [markdown]
# So capacity is not the problem. If one vector is a bottleneck, it is because both halves of the work are hard to *learn*:
#
# - **Packing.** The encoder must learn to store any sentence, word after word, through gates that forget. All words share the
#   same H numbers. The gradient that teaches it has a long way to travel, too. In an encoder that reads only from the left, the first
#   word is farthest from the decoder. Ours reads from both ends and adds the two last states, so the *middle* of the sentence is
#   farthest: in an untrained encoder that reads 20 words, the gradient that reaches the middle word is less than a tenth of
#   the gradient that reaches the first or the last.
# - **Finding again.** The decoder needs something else at every step, the subject now and the object later, but it gets everything
#   mixed together, and only at the beginning.
#
# [Sutskever et al. (2014)](https://arxiv.org/abs/1409.3215), whose encoder read in one direction, fed the source sentences
# *backwards*, so that the first source words were next to the first target words. Their score rose from 25.9 to 30.6 BLEU
# (section 3.3 of the paper). It helped because it shortened the path, so distance was part of the trouble.
#
# Let us measure the effect. The first model has no [attention](../book/glossary.md): its decoder gets the vector and
# nothing else. The second has the same sizes and uses attention, which lets its decoder look at every row of `enc_states` again. [Attention: choosing
# where to look](06_attention.ipynb) explains how; here we only want to know what one vector costs.
#
# ### Five words you need for the next cells
#
# The cells below train both models. Each of these words has a chapter or a section of its own later. This is enough for now:
#
# - The **[loss](../book/glossary.md)** measures how surprised the model is by the right words. Training lowers it by changing the weights a little
#   after each batch ([Training](09_training.ipynb)).
# - An **[epoch](../book/glossary.md)** is one pass over all training pairs.
# - **[Validation](../book/glossary.md)** pairs and **[test](../book/glossary.md "test set")** pairs are kept out of training. The first are used to make choices on the way, such
#   as when to stop, and the second only for the final score, so that the score says how the model does on sentences it has
#   never seen.
# - **[BLEU](../book/glossary.md)** is a score from 0 to 100 for how many words and short sequences of words a translation shares with a reference translation
#   ([How good is it?](13_how_good_is_it.ipynb)).
# - **[Dropout](../book/glossary.md)** ([Srivastava et al., 2014](https://jmlr.org/papers/v15/srivastava14a.html)) sets a random part of the numbers in the
#   network's vectors to 0 at each training step, here a tenth, so that the model cannot rely on a single number. It is switched off when the
#   model translates ([Overfitting](10_overfitting.ipynb)).
#
# > **Guess first**
# >
# > Draw two curves of BLEU over sentence length, one for each model. Where do they start? Which one falls, and where?
#
# Each training cell can be stopped and run again: it continues where it was. `LiveLine` shows its progress in a line below the cell, and
# `Board` writes a record that [Training](09_training.ipynb) shows how to open.

# %%
trainer = Trainer(corpus, settings, folder_for(settings), watchers=[LiveLine(), Board()])
trainer.fit()
one_vector = trainer.translator

# %%
looking_settings = replace(settings, model=replace(settings.model, attention="general"))
trainer = Trainer(corpus, looking_settings, folder_for(looking_settings), watchers=[LiveLine(), Board()])
trainer.fit()
looking = trainer.translator


# %% [markdown]
# Now we translate the test sentences with both models, group them by their number of words, and compute BLEU for each group:


# %% tags=["hide-input"]
def bleu_by_length(translator) -> list[float]:
    """BLEU of each group of test sentences."""
    found = translator.translate_words(corpus.test.sources)
    outputs = [" ".join(normalised_words(translation.words)) for translation in found]
    scores = []
    for group in groups.values():
        references = [corpus.test.references[row] for row in group]
        scores.append(bleu_score([outputs[row] for row in group], references))
    return scores


edges = [0, *BINS, 1000]
groups = {}
test_lengths = np.array([len(source.split()) for source in corpus.test.sources])
for low, high in pairwise(edges):
    members = np.flatnonzero((low < test_lengths) & (test_lengths <= high)).tolist()
    if members:
        groups[f"{low + 1} to {high}" if high < 1000 else f"over {low}"] = members

# %% tags=["hide-input"]
curves = {"one vector": bleu_by_length(one_vector), "attention": bleu_by_length(looking)}
rows = []
for (name, group), *scores in zip(groups.items(), *curves.values(), strict=True):
    rows.append([name, len(group), *(f"{score:.1f}" for score in scores)])
show_table(["words", "test sentences", *(f"BLEU, {name}" for name in curves)], rows)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two lines of BLEU over groups of sentence length, from short to long: a dashed orange one with squares for the model with one vector, and a solid blue one with circles for the model with attention."}}
figure = Figure(figsize=(5.5, 3), layout="constrained")
axes = figure.add_subplot()
axes.plot(list(groups), curves["attention"], "o-", color="#00429d", lw=2, label="attention")
axes.plot(list(groups), curves["one vector"], "s--", color="#b8560b", lw=2, label="one vector")
axes.set(xlabel="words of the source sentence", ylabel="BLEU", ylim=(0, 100))
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 5.6.** Translation quality by sentence length, after the same training. With one vector it falls as sentences become
# longer, and with attention it falls much less, if at all.

# %% tags=["hide-input"]
short, long = ({name: scores[end] for name, scores in curves.items()} for end in (0, -1))
lost = {name: short[name] - long[name] for name in curves}
gap_short, gap_long = short["attention"] - short["one vector"], long["attention"] - long["one vector"]
verdict = (
    "The model with one vector loses more on the way."
    if lost["one vector"] > lost["attention"]
    else "In this run the model with one vector does not lose more: neither has been trained enough for long sentences, or "
    "the groups are too small. Try a larger scale."
)
show_text(
    f"From the shortest group to the longest, the model with one vector goes from **{short['one vector']:.0f}** to "
    f"**{long['one vector']:.0f}**, the one with attention from **{short['attention']:.0f}** to "
    f"**{long['attention']:.0f}**. {verdict} "
    f"The distance between the two is {gap_short:.0f} points for the shortest sentences and {gap_long:.0f} for the longest."
)

# %% [markdown]
# Figure 5.6 says how much is lost, and a translation shows *what* is lost. We make one sentence longer and longer, and let both
# models translate it each time. Look for the point where the model with one vector begins to invent things:

# %% tags=["hide-input"]
stages = ["Ma sœur a acheté un livre"]
for longer in (
    " rouge à la gare",
    " et elle l'a lu hier soir",
    ", mais mon frère dort parce qu'il est fatigué",
):
    stages.append(stages[-1] + longer)
rows = []
for source in (f"{stage}." for stage in stages):
    rows.append([source, one_vector.translate(source).text, looking.translate(source).text])
show_table(["source", "one vector", "attention"], rows)

# %% [markdown]
# A decoder without attention writes *fluent* English in any case, because predicting likely next words is easy to learn. What it has
# forgotten it replaces by something likely. Such errors are hard to notice for a reader who does not know the source
# language. Attention does not solve everything either: check whether the last translation is complete.
#
# **Break it.** Set `SIZE` in the second cell to 16 and run the chapter again. Which of the two models suffers more, and
# at which lengths?
#
# ## The package's code and its tests
#
# The tests are in `tests/model/test_gru.py` and `tests/model/test_encoder.py`.
#
# | what | code | test |
# | :--- | :--- | :--- |
# | padding is never read | `gru.run_gru` | `test_what_stands_at_padding_changes_nothing_and_gets_no_gradient` |
# | both directions added | `encoder.Encoder` | `test_states_are_the_sum_of_both_directions_of_the_top_layer` |
# | the decoder's start | `encoder.Encoder` | `test_first_decoder_states_add_both_directions_layer_by_layer` |

# %% [markdown]
# ## Recap
#
# - A translation changes the order and the number of words, so the whole sentence must be read before it can be written.
# - An [encoder](../book/glossary.md) reads it into states, and a [decoder](../book/glossary.md) writes from them. Neither has to be about text
#   (Figure 5.3).
# - Padding is not a word. Packing leaves it out.
# - `enc_states` holds one vector for each word in its sentence. The decoder starts from both directions added up, *layer
#   by layer*.
# - One vector has enough room, but it is hard to fill and hard to read, so quality falls as sentences become longer.
#
# ## Exercises

# %% [markdown]
# ### Exercise 5.1: A batch changes nothing
#
# Show that the encoder gives each of the three sentences the same states alone as in the batch, and that adding three
# more columns of padding changes nothing. Why is this worth a test?

# %% [markdown]
# ### Solution to exercise 5.1

# %% tags=["solution"]
enc_states, first_states = encoder(ids, src_mask)
for row, length in enumerate(lengths):
    alone, alone_first = encoder(ids[row : row + 1, :length], None)
    torch.testing.assert_close(alone[0], enc_states[row, :length])
    torch.testing.assert_close(alone_first[:, 0], first_states[:, row])
padded, padded_first = encoder(F.pad(ids, (0, 3)), F.pad(src_mask, (0, 3)))
torch.testing.assert_close(padded[:, : ids.shape[1]], enc_states)
torch.testing.assert_close(padded_first, first_states)

# %% [markdown]
# If it failed, a sentence's translation would depend on its neighbours in the batch, and scores would change with the batch
# size. The package's tests check it as `test_a_batch_of_many_equals_many_batches_of_one` and
# `test_padding_changes_nothing_and_its_states_are_zero`.

# %% [markdown]
# ### Exercise 5.2: Which words does the vector know best?
#
# Take the trained model with one vector and test sentences of 10 to 14 words. Replace one word by the unknown word and
# measure how far the first decoder state moves (the length of the difference). Average by the word's place: beginning,
# middle, end. The encoder reads from both ends. Which part do you expect to move it least?

# %% [markdown]
# ### Solution to exercise 5.2

# %% tags=["solution"]
chosen = [source for source in corpus.test.sources if 10 <= len(source.split()) <= 14][:60]
moved = {"first third": [], "middle": [], "last third": []}
for sentence in Encoded.encode(chosen, corpus.src_vocabulary):
    words = len(sentence) - 1
    variants = torch.from_numpy(np.tile(sentence, (words + 1, 1)).astype(np.int64)).to(one_vector.model.device)
    variants[torch.arange(words), torch.arange(words)] = UNK  # row k has lost word k; the last row is whole
    with torch.inference_mode():
        _, first = one_vector.model.encoder(variants, None)
    distances = (first[0, :-1] - first[0, -1]).norm(dim=-1)
    for place, distance in enumerate(distances.tolist()):
        moved[list(moved)[3 * place // words]].append(distance)

# %% tags=["solution"]
show_table(
    ["place of the lost word", "mean movement"], [[place, float(np.mean(values))] for place, values in moved.items()]
)
assert all(np.mean(values) > 0 for values in moved.values())

# %% [markdown]
# Every word moves the vector a little. The forward direction has just read the end, the backward direction has just read
# the beginning, and the middle is far from both, so you may have expected the middle to move it least. Does your table say
# so? It also matters *which* words stand in a place. The last third contains the full stop, which is in nearly every sentence
# and carries almost no information.

# %% [markdown]
# ## What to read next
#
# [Attention: choosing where to look](06_attention.ipynb) lets the decoder look back at every word. The two papers that
# began it are short and readable: [Cho et al. (2014)](https://arxiv.org/abs/1406.1078) introduce the GRU, and [Sutskever et al.
# (2014)](https://arxiv.org/abs/1409.3215) reverse the source sentence.
