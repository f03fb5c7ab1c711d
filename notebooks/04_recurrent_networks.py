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
# # Recurrent networks: reading one word at a time
#
# We now have batches of word ids. The next step is a network that reads them. The difficulty is that a layer of a
# network takes an input of a fixed size, whereas sentences differ in length. In this chapter we solve that by reading
# one word at a time and keeping what was read in a **state**. You will see why the simplest network of this kind
# forgets, and then build the unit that forgets less, the GRU. It is the part from which the next chapters build
# an encoder and a decoder.
#
# > **What you will be able to do**
# >
# > - compute a few steps of a plain recurrent network with a pencil
# > - explain back-propagation through time, and why gradients vanish or explode in it
# > - derive the two gates of a GRU from what the plain network cannot do
# > - compute one step of a GRU by hand, and check it against PyTorch
# > - measure how well a network remembers a word, depending on how long ago it was read
#
# At the end we train a few tiny networks on a memory game. That takes a minute or two at the standard scale.

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
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

from s2s_tutorial.model.gru import gru_step
from s2s_tutorial.notebook.show import check_shape, show_drawing, show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import load_scale

scale = load_scale()  # S2S_SCALE: small, standard or large
QUICK = scale.name == "small"
SEEDS = (0,) if QUICK else (0, 1, 2)
STEPS = 30 if QUICK else 600  # training steps of each small network of the memory game
NAMES = 10 if QUICK else 100  # different names in the memory game

# %% [markdown]
# ## From words to vectors
#
# A network multiplies numbers, so each word must become numbers first. Its id does not serve: word 7 is not seven times
# word 1. A **one-hot** vector avoids this. It is as long as the [vocabulary](../book/glossary.md) and contains zeros,
# except for a single 1 at the word's id, so it says which word it is and nothing else.
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

# %% tags=["hide-input"] mystnb={"image": {"alt": "A list of words with ids, a column of zeros with a single 1 at chat, and a matrix with two numbers a row. The row of chat, 2 and 8, is highlighted and copied out as the word's vector."}}
show_drawing("one-hot-to-embedding")

# %% [markdown]
# **Figure 4.1.** A one-hot vector times the matrix is one row of it, so the row can be looked up.

# %% [markdown]
# The product is the word's row, which Figure 4.1 shows with other numbers (*E* is the whole matrix there). Looking the row up
# gives the same result without the multiplication, and this is what `nn.Embedding` does. The rows are called
# **[embeddings](../book/glossary.md "embedding")**, and they are learned like every other weight. Words that are used alike get similar rows, as « chat » and « chien » have in our table, whereas any two
# one-hot vectors are equally far apart.
#
# ## Why not simply add the words up?
#
# The easiest way to turn a sentence of any length into one vector is to average its embeddings. Before we build
# anything more complicated, let us see what is wrong with that.
#
# > **Guess first**
# >
# > « le chien mord le chat » means that the dog bites the cat. In « le chat mord le chien » the cat bites. How far apart
# > are the two averages?

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
ids = {word: number for number, word in enumerate(["le", "chien", "mord", "chat"])}
embedding = nn.Embedding(len(ids), 4).requires_grad_(False)  # E = 4


def read(sentence: str) -> torch.Tensor:
    """Embeddings of the words of a sentence, (S, E)."""
    return embedding(torch.tensor([ids[word] for word in sentence.split()]))


dog_bites, cat_bites = read("le chien mord le chat"), read("le chat mord le chien")
print(f"distance of the averages: {(dog_bites.mean(0) - cat_bites.mean(0)).norm().item():.2f}")

# %% [markdown]
# The distance is 0, because both sentences have the same words, and a sum does not depend on the order of its terms. The order,
# however, decides who bites whom. So
# the network must treat a word according to what it has read before.
#
# ## A state that is updated
#
# A **recurrent network** keeps a vector $h$, the **[state](../book/glossary.md)**, and computes a new state from each word
# and the state before ([Elman, 1990](https://doi.org/10.1207/s15516709cog1402_1)):
#
# $$
# h_t = \tanh(W x_t + U h_{t-1} + b)
# \tag{4.1}
# $$
#
# $x_t$ is the embedding of word $t$. $W$, $U$ and $b$ are learned, and they are the same at every step, so the network can
# read a sentence of any length. The function $\tanh$ keeps every number of the state between −1 and 1. We begin with a state
# of a single number, so that $W$, $U$ and $b$ are single numbers too: $W = 1$, $U = 0.9$ and $b = 0$. Let the first word be
# 1 and all later words 0. What is left of the first word?

# %% tags=["nbval-check-output"]
h = 0.0
for step, x in enumerate([1.0, 0.0, 0.0, 0.0, 0.0], start=1):
    h = float(np.tanh(1.0 * x + 0.9 * h))
    print(f"step {step}: x = {x:.0f}, h = {h:.3f}")

# %% [markdown]
# At each step the state is multiplied by 0.9 and squeezed by $\tanh$, so the first word fades. PyTorch's `nn.RNN` computes
# the same numbers. It calls $W$ `weight_ih` (from input to hidden) and $U$ `weight_hh` (from hidden to hidden):

# %%
plain = nn.RNN(1, 1, batch_first=True).requires_grad_(False)
for weights, value in zip(plain.parameters(), (1.0, 0.9, 0.0, 0.0), strict=True):
    weights.fill_(value)
states, last = plain(torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0]).view(1, 5, 1))
check_shape(states, (1, 5, 1))  # (B, S, H): one sentence of five words, one number
check_shape(last, (1, 1, 1))  # (layers, B, H): the state after the last word
assert abs(last.item() - h) < 1e-6

# %% [markdown]
# With larger vectors nothing changes but the sizes. Now the two sentences about dog and cat end in different states,
# as they should:

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
reader = nn.RNN(4, 6, batch_first=True).requires_grad_(False)  # E = 4, H = 6
_, dog_state = reader(dog_bites[None])
_, cat_state = reader(cat_bites[None])
print(f"distance of the last states: {(dog_state - cat_state).norm().item():.2f}")

# %% [markdown]
# ## Why a plain network forgets
#
# How long can such a state remember? For a first answer, leave out $\tanh$ and all later words. Then each step multiplies
# the state by the same number $U$.
#
# > **Guess first**
# >
# > After 20 words, what is left of a first state of 1 if $U$ is 0.9? And if $U$ is 1.1?

# %% tags=["nbval-check-output"]
for weight in (0.5, 0.9, 1.0, 1.1, 1.5):
    left = ", ".join(f"{weight**words:10.3g} after {words:2}" for words in (5, 10, 20))
    print(f"U = {weight}: {left} words")

# %% [markdown]
# A factor below 1 lets the first word vanish, a factor above 1 lets it grow beyond all bounds, and only 1 keeps it. Learning
# has the same problem, in the opposite direction. To learn, the network needs the **gradient**: how much the loss at the end
# would change if an early word's state changed a little. It is computed backwards, step by step, which is called
# **back-propagation through time** (Figure 4.2). By the chain rule, each step back multiplies the gradient by the derivative
# of that step, $U \cdot \tanh'$. The derivative of $\tanh$ is at most 1, and much less where the state is near 1 or −1.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four states in a row read le, chat, noir and dort. Each arrow from a state to the next is labelled U, each arrow from a word to its state W. Above, dashed arrows lead from the loss at the last state back to the first, and each multiplies by U times the derivative of tanh."}}
show_drawing("recurrence")

# %% [markdown]
# **Figure 4.2.** A recurrent network over four words. The same weights are used at every step, and the gradient of the loss
# comes back through all of them.

# %% [markdown]
# With vectors, the number $U$ becomes a matrix, and a product of many matrices behaves in the same way: it usually vanishes or
# explodes ([Bengio et al., 1994](https://doi.org/10.1109/72.279181)). Exploding is the smaller problem, because we can limit
# the length of a gradient, as [Training](09_training.ipynb) does. A gradient that has vanished cannot be brought back: the
# network does not find out that the early word mattered.
#
# Let us measure it. We build an untrained network with 64 numbers in its state, read 40 random words, and ask how strongly
# the last state depends on each of them. The GRU, which you will know in a moment, is measured beside it.


# %%
def gradient_by_distance(layer: nn.Module, words: int = 40, sentences: int = 50) -> torch.Tensor:
    """Mean length of the gradient of the last state with respect to each word, from the last to the first, (S,)."""
    x = torch.randn(sentences, words, layer.input_size, requires_grad=True)  # (B, S, E)
    states, _ = layer(x)  # (B, S, H)
    direction = torch.randn(sentences, layer.hidden_size)
    (gradient,) = torch.autograd.grad((states[:, -1] * direction).sum(), x)  # (B, S, E)
    return gradient.norm(dim=-1).mean(0).flip(0)


torch.manual_seed(0)
flows = {kind.__name__: gradient_by_distance(kind(64, 64, batch_first=True)) for kind in (nn.RNN, nn.GRU)}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two falling lines on a logarithmic scale over the distance of a word from the end. The dashed orange line of the plain network falls steeply, the solid blue line of the GRU more slowly."}}
figure = Figure(figsize=(5.5, 2.8), layout="constrained")
axes = figure.add_subplot()
axes.semilogy(flows["GRU"] / flows["GRU"][0], color="#00429d", lw=2, label="GRU")
axes.semilogy(flows["RNN"] / flows["RNN"][0], "--", color="#b8560b", lw=2, label="plain recurrent network")
axes.set(xlabel="words between this word and the end", ylabel="gradient, last word = 1")
axes.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 4.3.** How strongly the last state of an untrained network depends on each word it has read.

# %% tags=["hide-input"]
per_step = {name: (flow[20] / flow[0]).item() ** (1 / 20) for name, flow in flows.items()}
percent = {
    name: np.format_float_positional(100 * factor**20, precision=1, fractional=False, trim="-")
    for name, factor in per_step.items()
}
show_text(
    f"In the plain network, every step back multiplies the gradient by about **{per_step['RNN']:.2f}**, so after 20 words "
    f"{percent['RNN']}% of it is left. In the GRU the factor is **{per_step['GRU']:.2f}** even before training, and "
    f"{percent['GRU']}% is left."
)

# %% [markdown]
# ## The first gate: keep or replace
#
# The plain network has one fixed $U$ for every word. A factor near 1 would keep the state, but then nothing in it could ever be
# replaced. A smaller factor makes room for new words, but then the state forgets. One fixed number cannot do both, so we let
# *each word* choose. The choice is called a **[gate](../book/glossary.md)**: a vector of numbers between 0 and 1, one for each
# number of the state, computed from the word and the state before.
#
# The **update gate** $z$ decides how much of the old state is kept. $\sigma$ is the sigmoid function, which maps every number to
# one between 0 and 1:
#
# $$
# z = \sigma(W_z x + b_z + U_z h + c_z)
# \tag{4.2}
# $$
#
# The new state is then a weighted mean of the old state and a **candidate** $n$, and the gate is the weight of the old
# ($\odot$ multiplies number by number):
#
# $$
# h' = (1 - z) \odot n + z \odot h
# \tag{4.3}
# $$
#
# Look at both extremes. Where $z$ is 1, the old number stays exactly as it was, whatever the word is. The derivative of this step
# is 1, so the gradient comes back whole. Where $z$ is 0, the old number is replaced. If the candidate is the plain network's
# $\tanh(W x + U h + b)$ and $z$ is always 0, we have the plain network again.
#
# ## The second gate: start afresh
#
# The candidate needs a choice of its own. Suppose that a new sentence begins: what the state contains now should not influence the
# proposal for the new state. The **reset gate** $r$ has the same form as (4.2), with weights of its own, and decides how much of the
# old state the candidate can use:
#
# $$
# r = \sigma(W_r x + b_r + U_r h + c_r)
# \tag{4.4}
# $$
#
# $$
# n = \tanh(W_n x + b_n + r \odot (U_n h + c_n))
# \tag{4.5}
# $$
#
# At $r = 1$ the candidate is that of the plain network. At $r = 0$ it depends on the word alone. Together, (4.2) to (4.5) are the
# **gated recurrent unit**, GRU ([Cho et al., 2014](https://arxiv.org/abs/1406.1078)), drawn in Figure 4.4. In the paper
# (equation 8) the reset gate acts before the matrix, $\tanh(W x + U (r \odot h))$. We use PyTorch's form throughout, because it
# needs only one product with $h$ for all three parts.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A line runs from the old state to the new one, multiplied by z on its way. Three boxes below, update, reset and candidate, read the input and the old state. The candidate, times 1 \u2212 z, is added to the line. The four formulas are printed underneath."}}
show_drawing("gru")

# %% [markdown]
# **Figure 4.4.** A GRU mixes the old state and the candidate. The update gate z says how much of the old state is kept, and the reset
# gate r how much of it the candidate n can use.

# %% [markdown]
# ## One step of a GRU, by hand
#
# Take a state of two numbers and weights that are easy to multiply:

# %%
x = torch.tensor([1.0, -1.0])  # the word's embedding
h = torch.tensor([0.5, -0.5])  # the state before
W_r, U_r = torch.eye(2), 2 * torch.eye(2)
W_z, U_z = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.zeros(2, 2)
W_n, U_n = torch.tensor([[1.0, 1.0], [0.0, 1.0]]), torch.eye(2)
c_n = torch.tensor([0.0, 1.0])  # the one bias that is not 0 here


# %% tags=["nbval-check-output"]
def show(name: str, values: torch.Tensor) -> None:
    print(f"{name:22}", [round(value, 3) for value in values.tolist()])


show("W_r x + U_r h", W_r @ x + U_r @ h)
r = torch.sigmoid(W_r @ x + U_r @ h)
show("r", r)
z = torch.sigmoid(W_z @ x + U_z @ h)
show("z", z)

# %% [markdown]
# The first number's reset gate is nearly open, with 0.88, and the second's is nearly closed, with 0.12. Now the candidate (4.5) and the new
# state (4.3):

# %% tags=["nbval-check-output"]
show("U_n h + c_n", U_n @ h + c_n)
show("through the reset gate", r * (U_n @ h + c_n))
n = torch.tanh(W_n @ x + r * (U_n @ h + c_n))
show("n", n)
by_hand = (1 - z) * n + z * h
show("new state", by_hand)

# %% [markdown]
# The first number moved most of the way to its candidate, because $z$ is 0.27 there. The second stayed nearer to its old value,
# with $z$ = 0.73.
#
# PyTorch keeps the same weights in two matrices, with the three parts stacked in the order reset, update, candidate. We fill them in
# and compare our result with PyTorch's layer and with the package's `gru_step`:

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
# ### How long a gate can keep a word
#
# If the update gate stays at the same value, how much of a first state is left after many words?

# %% tags=["nbval-check-output"]
for gate in (0.5, 0.9, 0.99):
    left = [f"{gate**words:.3f} after {words}" for words in (5, 10, 20)]
    print(f"z = {gate:4}:", ", ".join(left), "words")

# %% [markdown]
# The numbers are those of the plain network, with one difference: here the factor is not fixed. A trained GRU can set it to 0.99 while
# unimportant words pass and to 0.1 when the next important word arrives. It still has to be very near 1 to carry a word through
# a long sentence. Remember this when we ask a single state to hold a whole sentence, in [Encoder and
# decoder](05_encoder_decoder.ipynb).
#
# ## A memory game
#
# Does this matter after training? A small game shows it. A network reads 40 words. Most of them are meaningless filler, and now and then one
# is a *name*. At the end it must answer which name it read last. To do that, it must keep a name
# while filler passes and replace it as soon as the next name comes, which is what one fixed factor cannot do.


# %%
def deal(count: int, words: int = 40, share: float = 0.08) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random games: the words (B, S), the name that was read last (B,), and how many words ago that was (B,)."""
    is_name = torch.rand(count, words) < share
    is_name[:, 0] = True  # so that every game has a name
    ids = torch.randint(NAMES, (count, words)) + NAMES * ~is_name  # names are 0 to NAMES − 1, fillers the next ids
    last = torch.where(is_name, torch.arange(words), -1).amax(1)  # where the last name stands
    return ids, ids.gather(1, last[:, None])[:, 0], words - 1 - last


torch.manual_seed(0)
game, answer, ago = deal(1)
print("words read:", " ".join(f"name{i}" if i < NAMES else "·" for i in game[0].tolist()))
print(f"answer: name{answer.item()}, read {ago.item()} words before the end")

# %% [markdown]
# Three networks play it: a plain one, a GRU with a state of the same size, and a plain one whose state is so large that it has
# about as many weights as the GRU. A network that knows nothing is right once in as many games as there are names.
#
# Training shows the network 64 games at a time. After each batch it computes how surprised the network was by the right answers (the
# **[loss](../book/glossary.md)**, a number that is large when the right name got a low probability), and Adam, an
# optimiser, changes all weights a little in the direction in which the loss falls. [Training](09_training.ipynb) explains both.
#
# > **Guess first**
# >
# > How often is each network right if the name was the last word of all? And if it was read 20 words ago?


# %%
def learn(kind: type[nn.Module], size: int, seed: int) -> nn.ModuleList:
    """Train a small network on the memory game for STEPS batches of 64 games."""
    torch.manual_seed(seed)
    embedding, layer, output = nn.Embedding(2 * NAMES, 32), kind(32, size, batch_first=True), nn.Linear(size, NAMES)
    network = nn.ModuleList([embedding, layer, output])
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(STEPS):
        ids, answers, _ = deal(64)
        states, _ = layer(embedding(ids))  # (B, S, H)
        loss = F.cross_entropy(output(states[:, -1]), answers)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)  # limits exploding gradients
        optimiser.step()
    return network


@torch.no_grad()
def right_by_distance(network: nn.ModuleList) -> list[float]:
    """Share of 4,000 new games that a network gets right, by how long ago the name was read."""
    embedding, layer, output = network
    torch.manual_seed(1_000)  # the same games for every network
    ids, answers, ago = deal(4_000)
    right = output(layer(embedding(ids))[0][:, -1]).argmax(-1) == answers
    return [right[(low <= ago) & (ago < high)].float().mean().item() for low, high in DISTANCES]


DISTANCES = ((0, 1), (1, 3), (3, 6), (6, 10), (10, 20), (20, 40))
players = {"plain, H = 64": (nn.RNN, 64), "plain, H = 128": (nn.RNN, 128), "GRU, H = 64": (nn.GRU, 64)}
right = {name: [right_by_distance(learn(*player, seed)) for seed in SEEDS] for name, player in players.items()}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Share of right answers over how long ago the name was read, for three networks: a dashed and a dotted line for the two plain ones, and a solid blue line for the GRU."}}
labels = [f"{low}" if high == low + 1 else f"{low} to {high - 1}" for low, high in DISTANCES]
figure = Figure(figsize=(5.5, 2.8), layout="constrained")
axes = figure.add_subplot()
for (name, scores), style in zip(
    right.items(), (("s--", "#b8560b"), ("^:", "#2a7f62"), ("o-", "#00429d")), strict=True
):
    axes.plot(labels, np.mean(scores, axis=0), style[0], color=style[1], lw=2, label=name)
axes.set(xlabel="words since the name", ylabel="right answers", ylim=(0, 1.05))
axes.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 4.5.** The memory game: right answers by how long ago the name was read, mean over the seeds.

# %% tags=["hide-input"]
mean = {name: np.mean(scores, axis=0) for name, scores in right.items()}
spread = {name: np.ptp([np.mean(score) for score in scores]) for name, scores in right.items()}
show_table(
    ["network", *(f"{label} words ago" for label in labels)],
    [[name, *(f"{v:.0%}" for v in m)] for name, m in mean.items()],
)
best_plain = max(mean["plain, H = 64"][-1], mean["plain, H = 128"][-1])
show_text(
    f"If the name was read 20 or more words ago, the better plain network is right in **{best_plain:.0%}** of the games and the GRU in "
    f"**{mean['GRU, H = 64'][-1]:.0%}** ({len(SEEDS)} seed{'s' if len(SEEDS) > 1 else ''}; the mean over all distances differs by at most "
    f"{max(spread.values()):.0%} between seeds). "
    + (
        "The larger state does not help the plain network as much as gates do."
        if mean["GRU, H = 64"][-1] > best_plain
        else "At this scale neither has learned the game; run the chapter at the standard scale."
    )
)

# %% [markdown]
# We should not conclude too much from this. The plain network is not *unable* to play: with ten names instead of a hundred, or with several times as many
# training steps, it learns much more of the game. The gates make the same thing easier to learn, so that it is learned within a training that
# we can afford.
#
# **Break it.** Fix the update gate: after each optimiser step set the middle third of `layer.bias_ih_l0` to 4, which keeps $z$ near 0.98. Does
# the GRU still learn to *replace* a name? Exercise 4.2 does it.
#
# ## The LSTM
#
# The **LSTM** (long short-term memory) of [Hochreiter and Schmidhuber (1997)](https://doi.org/10.1162/neco.1997.9.8.1735) had gates seventeen
# years before the GRU. It keeps two vectors, a cell that is only added to and multiplied by gates, and a state that is shown to the rest of the network.
# Today it has three gates: one to write, one to show, and one to forget, which [Gers et al. (2000)](https://doi.org/10.1162/089976600300015015)
# added. The GRU does a similar job with one vector and two gates, so it needs three quarters of the weights. On translation the two are close.
# [Britz et al. (2017)](https://arxiv.org/abs/1703.03906), who compared many variants, found the LSTM ahead by a small margin, but consistently.
# We use the GRU because there is less to explain.
#
# ## Every formula, its code and its test
#
# | what | code | test |
# | :--- | :--- | :--- |
# | (4.2) to (4.5) | `gru.gru_step` | `test_one_step_is_a_sequence_of_one_word` in `tests/model/test_gru.py` |

# %% [markdown]
# ## Recap
#
# - A recurrent network reads one word at a time. Its state is computed from the word and the state before, with the same weights at every step.
# - Back-propagation through time multiplies the gradient once per step, so in a plain network it vanishes or explodes with distance.
# - A gate is a vector of numbers between 0 and 1 that is computed again for each word. The update gate keeps or replaces, the reset gate hides the old
#   state from the candidate.
# - Where the update gate is 1, state and gradient pass unchanged. This is the GRU's memory.
#
# ## Exercises

# %% [markdown]
# ### Exercise 4.1: Gates at their extremes
#
# Take a GRU with two numbers. Which biases make it keep its state permanently, whatever it reads? And which make it forget everything, so that
# its state depends on the last word alone? Show both with two different first states.

# %% [markdown]
# ### Solution to exercise 4.1

# %% tags=["solution", "nbval-check-output"]
torch.manual_seed(3)
unit = nn.GRU(2, 2, batch_first=True).requires_grad_(False)
reading = torch.randn(1, 20, 2).expand(2, -1, -1)  # (B, S, E): the same 20 words twice
starts = torch.tensor([[[1.0, 0.0], [-0.5, 0.7]]])  # (layers, B, H): two first states
unit.bias_ih_l0[2:4] = 50.0  # the update gate is 1
_, kept = unit(reading, starts)
print("keeps its state:", torch.allclose(kept, starts))
unit.bias_ih_l0[2:4] = -50.0  # the update gate is 0 ...
unit.bias_ih_l0[0:2] = -50.0  # ... and so is the reset gate
_, forgot = unit(reading, starts)
print("same end from two starts:", torch.allclose(forgot[0, 0], forgot[0, 1]))

# %% [markdown]
# With both gates at 0, (4.5) and (4.3) become $h' = \tanh(W_n x + b_n)$, which is a function of the last word.

# %% [markdown]
# ### Exercise 4.2: A gate that is stuck
#
# Train the GRU on the memory game with its update gate held near 1, as "Break it" says. Guess first: which distances does it get right?

# %% [markdown]
# ### Solution to exercise 4.2


# %% tags=["solution"]
class StuckGRU(nn.GRU):
    """A GRU whose update gate is held near 1: it keeps almost everything, whatever it reads."""

    def forward(self, x, first_state=None):
        """Set the biases of the update gate, then compute all states, as `nn.GRU` does."""
        with torch.no_grad():
            self.bias_ih_l0[self.hidden_size : 2 * self.hidden_size] = 4.0
        return super().forward(x, first_state)


stuck = right_by_distance(learn(StuckGRU, 64, seed=0))
show_table(["network", *labels], [["GRU, stuck", *(f"{value:.0%}" for value in stuck)]])

# %% [markdown]
# The bias alone does not decide the gate: $W_z x$ is added to it. The network can learn large weights that overcome the bias for names, and to the
# extent that it does, it plays well. Compare the row with Figure 4.5. So a gate does more than remember: it lets each word
# choose between keeping and replacing, and training learns this choice even from a bad start.

# %% [markdown]
# ### Exercise 4.3: The same number of weights
#
# How many weights do `nn.RNN(32, 64)`, `nn.RNN(32, 128)`, `nn.GRU(32, 64)` and `nn.LSTM(32, 64)` have? Work it out from the formulas, then count.

# %% [markdown]
# ### Solution to exercise 4.3

# %% tags=["solution", "nbval-check-output"]
for layer in (nn.RNN(32, 64), nn.RNN(32, 128), nn.GRU(32, 64), nn.LSTM(32, 64)):
    parts = {"RNN": 1, "GRU": 3, "LSTM": 4}[type(layer).__name__]
    H = layer.hidden_size
    expected = parts * (32 * H + H * H + 2 * H)  # W, U and PyTorch's two bias vectors
    assert expected == sum(weights.numel() for weights in layer.parameters())
    print(f"{type(layer).__name__:4} H = {H:3}: {expected:,}")

# %% [markdown]
# ## What to read next
#
# [Encoder and decoder](05_encoder_decoder.ipynb) joins two of these networks into a translator. [Elman
# (1990)](https://doi.org/10.1207/s15516709cog1402_1) is a pleasure to read: a network that guesses the next word of tiny sentences finds out by
# itself that there are nouns and verbs.
