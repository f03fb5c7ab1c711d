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
# # Encoder and decoder: a sentence in one vector
#
# A translator must read a sentence of one length and write one of another. The systems of the years before 2014 cut
# the sentence into phrases, looked each phrase up in a table, and put the translations together with a separate model
# for each part of the work. In 2014 an answer appeared that is trained as a whole: one network reads the sentence
# into a vector, and another writes from that vector. Here you build it from a single step of a recurrent network,
# done by hand, up to a trained translator. Then you measure where it fails, because that failure is why attention was
# invented.
#
# > **What you will be able to do**
# >
# > - say why a dictionary cannot translate, and what an encoder and a decoder do about it
# > - compute one step of a GRU with a pencil, and check it against PyTorch
# > - explain what packing a batch of unequal sentences is for, and which products of a layer need no loop
# > - hand the encoder's last states to the decoder in the right order
# > - measure quality by sentence length, and read the bottleneck off the curve
#
# The chapter trains two models on the embedded corpus, so it needs no internet connection. That takes seconds at the
# small scale and a few minutes at the standard one.

# %% tags=["hide-input"]
# Find the package in this clone, or install it from where the book is published. Otherwise stop and say what to do.
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = ""  # filled in where the book is published
NEEDED = "s2s_tutorial babel filelock matplotlib msgspec numpy pooch sacrebleu safetensors sentencex tensorboard torch tqdm typer"
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
    # The embedded corpus at every scale:
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
# Take a dictionary with one English word for each French one, and translate « le chat noir ne dort pas ».

# %% tags=["hide-input"] mystnb={"image": {"alt": "« le chat noir ne dort pas » above the black cat is not sleeping, with lines between words that translate each other. The lines from chat and noir cross, ne and pas meet in not, and dort splits into is and sleeping. Below, merci becomes two words, thank you."}}
from s2s_tutorial.notebook.show import show_drawing

show_drawing("word-order")

# %% [markdown]
# **Figure 3.1.** Translating word by word fails three times in one short sentence: order swaps, two words make one, one word makes two.

# %% tags=["nbval-check-output"]
dictionary = {"le": "the", "chat": "cat", "noir": "black"}
dictionary |= {"ne": "not", "dort": "sleeps", "pas": "not"}
sentence = "le chat noir ne dort pas"
print(" ".join(dictionary[word] for word in sentence.split()))


# %% [markdown]
# You wanted *the black cat is not sleeping*. Three things went wrong, Figure 3.1 shows
# them, and no larger dictionary mends them:
#
# - **Order.** « chat noir » turns round: *black cat*.
# - **Words in pieces.** « ne … pas » is *one* thing wrapped around a verb, and English says it once.
# - **Number of words.** One « dort » becomes *is sleeping*.
#
# Are these rare? The embedded corpus knows which word made which. So count in two thousand of its sentences:


# %%
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
# So a translation is not a list of word translations. The network must read the whole sentence, and only then write.
# Two recurrent networks share the work ([Cho et al., 2014](https://arxiv.org/abs/1406.1078); [Sutskever et al.,
# 2014](https://arxiv.org/abs/1409.3215)):
#
# - The **[encoder](../book/glossary.md)** reads the source and ends in a state, a vector of H numbers.
# - The **[decoder](../book/glossary.md)** starts from that vector and writes, one word after another, until it writes
#   the end mark.
#
# The two papers differ in the details. Sutskever's decoder gets the vector only as its first state, as ours does in
# this chapter. Cho's gets it again at every step (section 2.2 of the paper), and scored pairs of short phrases for
# another translation system. Both encoders read in one direction only; ours will read in both.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A row of blue encoder states reads le, chat, noir, dort and the end mark from left to right. A single small vector leads from the last one to a row of orange decoder states, which write the, black, cat, sleeps and the end mark; each written word is read at the next step."}}
show_drawing("encoder-decoder")

# %% [markdown]
# **Figure 3.2.** Everything the decoder learns of the source goes through one vector. (One reading direction is drawn.)

# %% [markdown]
# Nothing in Figure 3.2 is about French, or about text. Let the encoder read a picture, and the
# decoder writes its caption. Sound in, words out. A question in, an answer out. Wherever one sequence (or anything a
# network can read) must become another sequence of unknown length, this shape fits (Figure 3.3; the
# layer between, attention, comes in [Attention: choosing where to look](04_attention.ipynb)).

# %% tags=["hide-input"] mystnb={"image": {"alt": "A French sentence, a picture of a cat under the moon and a sound wave each go through their own encoder into a row of states. One attention and one decoder below them write a translation, a caption and a transcript."}}
show_drawing("beyond-text")

# %% [markdown]
# **Figure 3.3.** Attention and decoder do not care where states come from: words, patches of a picture, moments of sound. Change the
# encoder, and a translator becomes a captioner or a transcriber.

# %% [markdown]
# ## From words to vectors
#
# A network multiplies, so words must become numbers. An id will not do: word 7 is not seven times word 1. The honest
# way is a **one-hot** vector: as long as the [vocabulary](../book/glossary.md), all 0, with a single 1 at the word's
# place. It says which word it is and nothing else.
#
# > **Guess first**
# >
# > Multiply a one-hot vector by a matrix that has one row for each word. What comes out?

# %% tags=["nbval-check-output"]
# Rows of <pad>, chat, chien and noir, with E = 2:
table = torch.tensor([[0.0, 0.0], [0.2, 0.9], [0.3, 0.8], [0.9, -0.4]])
one_hot = F.one_hot(torch.tensor([1, 3]), num_classes=4).float()  # chat, noir
print(one_hot.int().tolist())
print([[round(value, 1) for value in row] for row in (one_hot @ table).tolist()])
assert torch.equal(one_hot @ table, F.embedding(torch.tensor([1, 3]), table))

# %% [markdown]
# The word's row, no more. So nobody multiplies: `nn.Embedding` looks the row up. The rows are an **[embedding](../book/glossary.md)**,
# and they are learnt. Words that are used alike end up near each other, as « chat » and « chien » do in our table. The
# one-hot vectors were all equally far apart.
#
# ## One step of a GRU, by hand
#
# A recurrent network keeps a state $h$ and changes it with every word $x$. The **gated recurrent unit** (GRU) decides,
# number by number, how much of the old state to keep ([Cho et al., 2014](https://arxiv.org/abs/1406.1078)). It has two **gates**, vectors of numbers
# between 0 and 1 (Figure 3.4). Our state has two numbers.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A line runs from the old state to the new one, multiplied by z on its way. Three boxes below, update, reset and candidate, read the input and the old state. The candidate, times 1 − z, is added to the line. The four formulas are printed underneath."}}
show_drawing("gru")

# %% [markdown]
# **Figure 3.4.** A GRU mixes old and new. The update gate z says how much of the old state is kept, and the reset gate r how much of it
# the candidate n gets to see.

# %%
x = torch.tensor([1.0, -1.0])  # the word's embedding
h = torch.tensor([0.5, -0.5])  # the state before
W_r, U_r = torch.eye(2), 2 * torch.eye(2)
W_z, U_z = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.zeros(2, 2)
W_n, U_n = torch.tensor([[1.0, 1.0], [0.0, 1.0]]), torch.eye(2)
c_n = torch.tensor([0.0, 1.0])  # the one bias that is not 0 here


# %% [markdown]
# The **reset gate** says how much of the old state the new proposal may see ($\sigma$ is the sigmoid, which squeezes
# any number between 0 and 1):
#
# $$
# r = \sigma(W_r x + b_r + U_r h + c_r)
# \tag{3.1}
# $$
#
# The **update gate** says how much of the old state stays. It is made like (3.1), with weights of its own:
#
# $$
# z = \sigma(W_z x + b_z + U_z h + c_z)
# \tag{3.2}
# $$


# %% tags=["nbval-check-output"]
def show(name: str, values: torch.Tensor) -> None:
    print(f"{name:22}", [round(value, 3) for value in values.tolist()])


show("W_r x + U_r h", W_r @ x + U_r @ h)
r = torch.sigmoid(W_r @ x + U_r @ h)
show("r", r)
z = torch.sigmoid(W_z @ x + U_z @ h)
show("z", z)

# %% [markdown]
# The first number's reset gate is nearly open, the second's nearly shut. Now the **candidate**, a proposal for the new
# state. What it takes from the old state goes through the reset gate:
#
# $$
# n = \tanh(W_n x + b_n + r \odot (U_n h + c_n))
# \tag{3.3}
# $$
#
# ($\odot$ multiplies number by number.) This is PyTorch's form, which we use throughout. In the paper (equation 8)
# the reset gate acts before the matrix, $\tanh(W x + U (r \odot h))$; PyTorch's form needs only one product with $h$
# for all three parts. Last, each number of the new state is a mean of the proposal (3.3) and the old state, with the
# gate (3.2) as the weight of the old:
#
# $$
# h' = (1 - z) \odot n + z \odot h
# \tag{3.4}
# $$

# %% tags=["nbval-check-output"]
show("U_n h + c_n", U_n @ h + c_n)
show("through the reset gate", r * (U_n @ h + c_n))
n = torch.tanh(W_n @ x + r * (U_n @ h + c_n))
show("n", n)
by_hand = (1 - z) * n + z * h
show("new state", by_hand)

# %% [markdown]
# The first number moved most of the way to its proposal, the second stayed nearer to what it was: $z$ is 0.27 there and
# 0.73 here.
#
# PyTorch keeps the same weights in two matrices, the three parts stacked in the order reset, update, candidate. Fill
# them in and compare, with PyTorch's layer and with the package's `gru_step`:

# %%
gru = nn.GRU(2, 2, batch_first=True).requires_grad_(False)
gru.weight_ih_l0.copy_(torch.cat([W_r, W_z, W_n]))
gru.weight_hh_l0.copy_(torch.cat([U_r, U_z, U_n]))
gru.bias_ih_l0.zero_()
gru.bias_hh_l0.copy_(torch.cat([torch.zeros(4), c_n]))
states, last = gru(x[None, None], h[None, None])  # a batch of one sentence of one word
torch.testing.assert_close(last[0, 0], by_hand)
torch.testing.assert_close(gru_step(gru, x[None], h[None])[0], by_hand)

# %%
show_source(gru_step)

# %% [markdown]
# ### What a gate can keep
#
# If $z$ is 1 in (3.4), then $h' = h$: the state is carried over untouched, whatever the word is. This is the GRU's
# memory. How much of a first state is left after many words, if the gate stays at the same value?

# %% tags=["nbval-check-output"]
for gate in (0.5, 0.9, 0.99):
    left = [f"{gate**words:.3f} after {words}" for words in (5, 10, 20)]
    print(f"z = {gate:4}:", ", ".join(left), "words")

# %% [markdown]
# A gate must stay very near 1 to carry a word through a long sentence, and the same gate must open when something new
# has to be written. Keep this tension in mind: it is half of the bottleneck.
#
# ## Sentences of unequal length
#
# Over a sentence, the steps are a loop, and the state after the last word is the summary. In a batch, sentences end at
# different places and [padding](../book/glossary.md) fills the rest. What does a GRU do with padding, if nobody tells
# it? It goes on reading.

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
# A word vector of zeros is still a word to a GRU: the state moves on with every one. **Packing** takes the padding out.
# A packed sequence holds only the real words and how many sentences are still running at each time step. So the last
# state of each sentence is the one after its last word.

# %%
show_source(run_gru)

# %% [markdown]
# Padding would do worse harm in the backward direction, which starts at the far end: it would read all the padding
# *before* it sees a word.
#
# ## One product for all inputs
#
# A GRU reads word by word, because each state depends on the one before. But only half of its work has to wait. In (3.1) to
# (3.3) the products $W x$ depend on the words alone, so PyTorch's layer multiplies all words of all sentences by $W$ before
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
# [More machines](13_more_machines.ipynb) measures. The Transformer of 2017 has no loop at all, which is
# one reason why it replaced networks like this one.
#
# ## The encoder
#
# Now put it together. The encoder reads in **both directions**: one GRU from the left, one from the right. So the state
# at a word has seen what stands before it and what stands after it. The package adds the two up. In `enc_states` (B, S,
# H) there is then one vector for each word (Figure 3.5), *in its sentence*: « la » before a noun and
# « la » before a verb get different ones.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A row of forward states runs to the right and a dashed row of backward states to the left above four words' sums. The right end of the forward row and the left end of the backward row meet in a plus sign that gives the decoder's first state."}}
show_drawing("bidirectional")

# %% [markdown]
# **Figure 3.5.** Each word's state is the sum of one state that has read everything up to it and one that has read everything from it
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
# Here is a mistake you can make without anything crashing. The 2017 notebook made it, and so did everyone who copied
# it.

# %% [markdown]
# A GRU of two layers in two directions ends in four states. The decoder has two layers and needs two. The notebook took
# the first two: `encoder_hidden[:n_layers]`. Which are they?
#
# To find out, build a GRU whose states are labels. All weights are 0 and the update gate is shut, so each state is
# $\tanh$ of the candidate's bias. Choose that bias so that layer 0 ends in 0.1 (forward) and 0.2 (backward), layer 1 in
# 0.3 and 0.4.
#
# > **Guess first**
# >
# > In which order does PyTorch put 0.1, 0.2, 0.3 and 0.4? What does `[:2]` take?


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

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four last states in PyTorch's order: layer 0 forward, layer 0 backward, layer 1 forward, layer 1 backward. On the left, as in 2017, rows 0 and 1 become decoder layers 0 and 1, and rows 2 and 3 are crossed out. On the right, rows 0 and 1 are added up for decoder layer 0, rows 2 and 3 for layer 1."}}
show_drawing("encoder-states")

# %% [markdown]
# **Figure 3.6.** With two layers, the first two rows are layer 0 twice, forward and backward, and layer 1 is never used. On the right,
# the two directions of each layer are added up.

# %% [markdown]
# Layer by layer, and within each layer forward and backward (Figure 3.6). So `[:2]` is layer 0 *twice*, forward and
# backward. The upper layer, which has read the whole sentence in both directions, is thrown away; the decoder's upper
# layer starts from a state that reads backwards. Nothing crashes, and the loss goes down, because training adapts the
# weights to the states that they get. In [Break it](10_break_it.ipynb) we train with this mistake and look for its
# damage.
#
# Right is: for each layer, both directions together. Here is the package's encoder with the same labels:

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
# $0.1 + 0.2$ for layer 0 and $0.3 + 0.4$ for layer 1. A test in `tests/model/test_encoder.py` holds this in place, for ever:
# `test_first_decoder_states_are_not_the_first_rows_that_pytorch_gives`.
#
# ## One vector, measured
#
# With one layer, our encoder hands the decoder one vector of H numbers (Figure 3.2), for three
# words or for thirty. Is there room in it? Count: to name a sentence, you need $\log_2 V$ bits a word at most.

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
# There is plenty of room. If one vector is a bottleneck, then not for lack of bits. It is because the network must
# *learn* to pack any sentence, word after word, through gates that forget, and learn to unpack it in another order.
# Every word shares the space with every other. Learning is slow too, because the gradient has a long way. In an
# encoder that reads only from the left, the gradient of the first source word comes back through every step of both
# networks. Ours reads from both ends and adds the two last states, so both ends of the sentence are near the decoder
# and the middle is farthest from it. In an untrained encoder that reads 20 words, the gradient that reaches the
# middle word is less than a tenth of the gradient that reaches the first or the last.
#
# [Sutskever et al. (2014)](https://arxiv.org/abs/1409.3215), whose encoder read in one direction, shortened the path
# in another way: they fed the source sentences *backwards*, so that the first source words were next to the first
# target words. Their score rose from 25.9 to 30.6 BLEU (section 3.3 of the paper). So the length of the path does
# matter.
#
# So train it and see. The first model has no [attention](../book/glossary.md): its decoder gets the vector, and nothing
# else. The second is the same with general attention: its decoder may look at every `enc_states` row again ([Attention:
# choosing where to look](04_attention.ipynb) says how).
#
# > **Guess first**
# >
# > Draw two curves of quality over sentence length, one for each model. Where do they start? Which one falls, and where?
#
# Both train with **[dropout](../book/glossary.md)** ([Srivastava et al.,
# 2014](https://jmlr.org/papers/v15/srivastava14a.html)): at every step a tenth of the numbers in their vectors, drawn
# at random, is set to 0, so that no word can be recognised by one number alone. It is switched off when they
# translate. Each training cell can be stopped and run again: it goes on where it was.

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
# Now translate the [held-out](../book/glossary.md) test sentences with both, and put them into groups by their number
# of words. [BLEU](../book/glossary.md) is a score from 0 to 100 for how many pieces of the reference are there; [How
# good is it?](08_how_good_is_it.ipynb) takes it apart.


# %%
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

# %%
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
# **Figure 3.7.** Translation quality by sentence length, with one vector and with attention, after the same training.

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
# Figure 3.7 says how much is lost. A translation shows *what* is lost. Here is a sentence of the grammar,
# made longer and longer. Watch where the model with one vector begins to make things up:

# %%
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
# A decoder without attention writes *fluent* English in any case: it is a good language model with a poor memory. What
# it forgets it replaces by something likely. That makes its errors hard to see for someone who cannot read the source. (Nor
# is attention a cure for everything: see whether the last sentence is all there.)
#
# **Break it.** Set `SIZE` in the second cell to 16 and run the chapter again. Which of the two models suffers more, and
# at which lengths?
#
# ## Every formula, its code and its test
#
# The tests lie in `tests/model/test_gru.py` and `tests/model/test_encoder.py`.
#
# | what | code | test |
# | :--- | :--- | :--- |
# | (3.1) to (3.4) | `gru.gru_step` | `test_one_step_is_a_sequence_of_one_word` |
# | a batch equals its sentences | `gru.run_gru` | `test_a_batch_equals_its_sentences_one_after_the_other` |
# | padding is never read | `gru.run_gru` | `test_what_stands_at_padding_changes_nothing_and_gets_no_gradient` |
# | both directions added | `encoder.Encoder` | `test_states_are_the_sum_of_both_directions_of_the_top_layer` |
# | the decoder's start | `encoder.Encoder` | `test_first_decoder_states_add_both_directions_layer_by_layer` |

# %% [markdown]
# ## Recap
#
# - Translation changes order and number of words, so the whole sentence must be read before it can be written.
# - An [encoder](../book/glossary.md) reads it into states, a [decoder](../book/glossary.md) writes from them. Neither needs to be about text
#   (Figure 3.3).
# - A GRU keeps or replaces each number of its state; the update gate is its memory.
# - Padding is not a word. Packing leaves it out.
# - `enc_states` is one vector for each word in its sentence. The decoder starts from both directions added up, *layer
#   by layer*.
# - One vector has room enough, but is hard to fill and to read. Measure it by sentence length.
#
# ## Exercises

# %% [markdown]
# ### Exercise 3.1: Gates at their ends
#
# Take the GRU of the hand example. What must its biases be so that it keeps its state for ever, whatever it reads? And
# so that it forgets everything and depends on the last word alone? Prove both with two different first states.

# %% [markdown]
# ### Solution to exercise 3.1

# %% tags=["solution", "nbval-check-output"]
torch.manual_seed(SEED)
unit = nn.GRU(2, 2, batch_first=True).requires_grad_(False)
reading, starts = (
    torch.randn(1, 20, 2).expand(2, -1, -1),
    torch.tensor([[[1.0, 0.0], [-0.5, 0.7]]]),
)  # (B, 20, 2), (1, B, 2)
unit.bias_ih_l0[2:4] = 50.0  # the update gate open: z = 1
_, kept = unit(reading, starts)
print("keeps its state:", torch.allclose(kept, starts))
unit.bias_ih_l0[2:4] = -50.0  # the update gate shut: z = 0 ...
unit.bias_ih_l0[0:2] = -50.0  # ... and the reset gate shut: r = 0
_, forgot = unit(reading, starts)
print("same end from two starts:", torch.allclose(forgot[0, 0], forgot[0, 1]))

# %% [markdown]
# With both gates shut, $h' = \tanh(W_n x + b_n)$: the state is a function of the last word.

# %% [markdown]
# ### Exercise 3.2: A batch is only a convenience
#
# Show that the encoder gives each of the three sentences the same states alone as in the batch, and that adding three
# more columns of padding changes nothing. Why is this worth a test?

# %% [markdown]
# ### Solution to exercise 3.2

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
# If it failed, a sentence's translation would depend on its neighbours in the batch. Scores would change with the batch
# size, and nobody would know why. The package's tests have it as `test_a_batch_of_many_equals_many_batches_of_one` and
# `test_padding_changes_nothing_and_its_states_are_zero`.

# %% [markdown]
# ### Exercise 3.3: Which words does the vector know best?
#
# Take the trained model with one vector and test sentences of 10 to 14 words. Replace one word by the unknown word and
# measure how far the first decoder state moves (the length of the difference). Average by the word's place: beginning,
# middle, end. The encoder reads from both ends. Which part do you expect to move it least?

# %% [markdown]
# ### Solution to exercise 3.3

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
# the beginning, and the middle is far from both: so you may have expected the middle to move it least. Does your table say
# so? *Which* words stand in a place counts as well. The last third holds the full stop, which is in nearly every sentence
# and says next to nothing.

# %% [markdown]
# ## What to read next
#
# [Attention: choosing where to look](04_attention.ipynb) lets the decoder look back at every word. The two papers that
# began it are short and readable: [Cho et al. (2014)](https://arxiv.org/abs/1406.1078) has the GRU, [Sutskever et al.
# (2014)](https://arxiv.org/abs/1409.3215) the reversed source sentence.
