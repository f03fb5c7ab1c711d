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
# # Overfitting: learning or memorising?
#
# In [Training](09_training.ipynb) we made the training loss smaller and smaller. But a network with enough weights can do that
# in two ways. It can learn how French becomes English, which helps with new sentences, or it can remember the training pairs,
# which does not. The training loss looks the same in both cases. So how can you find out which of the two your model does,
# and what can you do about it?
#
# > **What you will be able to do**
# >
# > - recognise overfitting from two curves, and say why validation loss and translations can disagree about it
# > - explain dropout, word dropout, label smoothing and tied embeddings with numbers small enough for a pencil
# > - compare such methods fairly: the same loss, several seeds, and a rule that was fixed before the results
# > - measure exposure bias, and say what scheduled sampling changes in training
#
# The chapter trains a small network many times. This takes seconds at `small`, and about a quarter of an hour at `standard`. You can stop
# each cell and run it again later.

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
# Training pairs, size of a state, epochs, and seeds of the networks that are compared:
PAIRS, SIZE, EPOCHS, SEEDS = (300, 16, 4, (0,)) if scale.name == "small" else (3_000, 128, 24, (0, 1, 2))

# %% tags=["hide-input"]
import json
import math
from dataclasses import replace

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.corpus import Pairs, challenge_set, prepare
from s2s_tutorial.model.dropout import Dropout, dropout, for_inference
from s2s_tutorial.model.loss import masked_cross_entropy
from s2s_tutorial.model.seq2seq import count_parameters, shift_right
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.runs.weights import load_model, save_model
from s2s_tutorial.training.scheduled_sampling import teacher_forcing_ratio
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import Board, LiveLine, Watcher
from s2s_tutorial.training.word_dropout import hide
from s2s_tutorial.translation.evaluation import evaluate

BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"  # colours that everybody can tell apart

# %% [markdown]
# ## Three losses of one model
#
# We begin with the translator of [Training](09_training.ipynb). (If you have not trained it, the next cell does.) Its record
# contains the loss of every step. We compute the loss (9.1) once more, in the mode in which the model translates: first on 500
# of its training pairs, and then on 500 validation pairs, which it has never seen.

# %%
corpus = prepare(scale.data)
translator = Trainer(corpus, scale, folder_for(scale), samples=challenge_set(), watchers=[LiveLine(), Board()])
progress = translator.fit()


# %%
@for_inference  # no dropout, no gradients
def plain_loss(model, batch):
    """The loss (9.1) of a batch, in nats per word."""
    return model.loss(batch).item()


def as_batch(sources, targets):
    """All of these pairs in one batch."""
    src, tgt = Encoded.encode(sources, corpus.src_vocabulary), Encoded.encode(targets, corpus.tgt_vocabulary)
    return Batch.of(src, tgt, np.arange(len(src)))


def first_targets(held_out):
    """The first reference of each sentence."""
    return [targets[0] for targets in held_out.references]


new = corpus.validation.head(500)
both = as_batch(corpus.train.sources[:500], corpus.train.targets[:500]), as_batch(new.sources, first_targets(new))
trained_loss, new_loss = (plain_loss(translator.model, batch.to(translator.model.device)) for batch in both)

# %% tags=["hide-input"]
show_table(
    ["loss", "nats per word", "as if choosing among"],
    [
        ["in training, running mean at the end", progress.loss, "(see below)"],
        ["training pairs", trained_loss, f"{math.exp(trained_loss):.1f} words"],
        ["validation pairs", new_loss, f"{math.exp(new_loss):.1f} words"],
    ],
)
show_text(
    f"The right word costs **{new_loss - trained_loss:.2f}** nats more on pairs that the model has never seen than on "
    "pairs that it was trained on."
)

# %% [markdown]
# Leave the first number aside, because the loss of a training step is made harder on purpose. We will see how, and why
# $e$ to its power has no meaning. The other two were computed in the same way, so we can compare them. If the model had
# learned only how French becomes English, they would be equal. The difference between them comes from what it has
# remembered about its training pairs. [How good is it?](13_how_good_is_it.ipynb) makes the same comparison with
# translations.
#
# ## Few pairs, and nothing to prevent it
#
# Overfitting is easiest to see where there is little to learn from. So we take only a small part of the training pairs, and
# switch off everything in our settings that works against it. Then we watch `plain_loss` on pairs that the network is trained on,
# and on validation pairs, which it never sees.
#
# We take one precaution: a word that does not occur in the few training pairs cannot be learned from them. Sentences with such
# words would raise the validation loss for a reason that has nothing to do with our question, so we leave them out of the
# validation set and of the test set.

# %%
few = corpus.train.sources[:PAIRS], corpus.train.targets[:PAIRS]
src_words, tgt_words = ({word for text in texts for word in text.split()} for texts in few)


def only_known(held_out):
    """Leave out sentences with a word that is not in the few training pairs."""
    pairs = zip(held_out.sources, first_targets(held_out), strict=True)
    return held_out.select(
        row
        for row, (source, target) in enumerate(pairs)
        if src_words.issuperset(source.split()) and tgt_words.issuperset(target.split())
    )


validation, test = only_known(corpus.validation).head(500), only_known(corpus.test)
print(f"{PAIRS:,} training pairs of {len(corpus.train):,}")
print(f"{len(validation)} validation sentences and {len(test)} test sentences with known words only")

# %% [markdown]
# We need something that computes both losses while the network is trained. A trainer reports to its **watchers** after each
# evaluation, so we write a watcher. It appends a line to a file in the run's folder, so that nothing is lost when you stop
# the cell, and it keeps two sets of weights that we will need later.


# %%
batches = {
    "training": as_batch(*(texts[:500] for texts in few)),
    "validation": as_batch(validation.sources, first_targets(validation)),
}


class Curve(Watcher):
    """Writes both losses of each evaluation into the run's folder, and keeps the last weights and those of the lowest loss."""

    def begin(self, session):
        self.model, self.folder = session.translator.model, session.run.folder

    def evaluation(self, step, bleu, samples, translation):
        device = next(self.model.parameters()).device
        losses = {name: plain_loss(self.model, batch.to(device)) for name, batch in batches.items()}
        before = [line["validation"] for line in read_curve(self.folder) if line["step"] < step]
        save_model(self.folder / "last.safetensors", self.model)
        if losses["validation"] < min(before, default=math.inf):
            save_model(self.folder / "lowest-loss.safetensors", self.model)
        with (self.folder / "curve.jsonl").open("a") as file:
            file.write(json.dumps({"step": step, "bleu": bleu} | losses) + "\n")


def read_curve(folder):
    """The lines that a `Curve` has written, one for each evaluation."""
    path = folder / "curve.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    return list({line["step"]: line for line in map(json.loads, lines)}.values())


# %% [markdown]
# The next function trains one network, with changes to the settings of our choice. More pairs get fewer epochs, so that all
# networks take about the same number of steps.

# %%
base = replace(
    scale,
    name=f"overfitting-{scale.name}",
    model=replace(scale.model, embedding_size=SIZE, hidden_size=SIZE, dropout=0.0),
    training=replace(
        scale.training,
        patience=10_000,  # never stop early, so that we see what happens after the best evaluation
        label_smoothing=0.0,
        word_dropout=0.0,
        unknown_rate=0.0,
    ),
)


def train(seed, times=1, model=None, training=None):
    """Train a network on `times` as many pairs with these changes of the settings; return its trainer."""
    pairs = Pairs(corpus.train.sources[: times * PAIRS], corpus.train.targets[: times * PAIRS])
    its = replace(
        base,
        name=f"{base.name}-{len(pairs)}",
        model=replace(base.model, **(model or {})),
        training=replace(
            base.training, seed=seed, epochs=EPOCHS // times, evaluations_per_epoch=times, **(training or {})
        ),
    )
    data = replace(corpus, train=pairs, validation=validation, test=test)
    trainer = Trainer(data, its, folder_for(its), samples=challenge_set(), watchers=[LiveLine(), Curve()])
    trainer.fit()
    return trainer


# %% [markdown]
# > **Guess first**
# >
# > Sketch two curves over the epochs: the loss on training pairs and the loss on validation pairs. Where does each of them
# > end? And what does the BLEU of the validation sentences do at the same time?

# %%
trainer = train(SEEDS[0])
curve = read_curve(trainer.run.folder)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over epochs. Left, the training loss falls towards zero; the validation loss falls at first, reaches its lowest point, marked by a dotted line, and rises again. Right, validation BLEU rises and then stays level."}}
figure = Figure(figsize=(8, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
epochs = np.arange(1, len(curve) + 1)
lowest = int(np.argmin([line["validation"] for line in curve]))
for name, (style, colour) in {"training": ("o-", BLUE), "validation": ("s--", ORANGE)}.items():
    left.plot(epochs, [line[name] for line in curve], style, markersize=4, color=colour, label=name)
right.plot(epochs, [line["bleu"] for line in curve], "^-", markersize=4, color=GREEN)
for axes in (left, right):
    axes.axvline(lowest + 1, linestyle=":", color=GREY)
left.set(xlabel="epoch", ylabel="loss (nats per word)", ylim=(0, None))
right.set(xlabel="epoch", ylabel="validation BLEU", ylim=(0, None))
left.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 10.1.** A network with few pairs and nothing to prevent overfitting. The dotted lines are at the epoch with the
# lowest validation loss.

# %% tags=["hide-input"]
best_line, end = curve[lowest], curve[-1]
turns = end["validation"] > best_line["validation"] + 0.02
show_text(
    f"The training loss ends at **{end['training']:.2f}**. The validation loss is lowest after epoch {lowest + 1} of {len(curve)}, "
    f"with {best_line['validation']:.2f}, and ends at **{end['validation']:.2f}**"
    + (
        ", so it **turns**: from there on, training makes it worse. "
        if turns
        else ", so in this short run it does not turn. "
    )
    + f"In the same epochs, validation BLEU changes from {best_line['bleu']:.1f} to {end['bleu']:.1f}."
)

# %% [markdown]
# A training loss that falls while the validation loss rises is the sign of **[overfitting](../book/glossary.md)**: the network
# has begun to remember its training pairs. You can see from Figure 10.1 that the training loss alone would not have told you.
#
# But look at the right side as well. BLEU does not have to fall when the loss rises, because the two measure different things.
# BLEU only asks which word is the most probable one. The loss asks how probable the right word is, and it punishes a model
# that is sure and wrong. An overfitted network has learned to give the words of its training pairs a probability close to 1, so it
# has become too sure everywhere. Its best guess may be as good as before, or even better, and yet the loss rises.
#
# So what can you do? We look at four methods, one after the other, and then compare them.
#
# ## Dropout: do not rely on single values
#
# To remember a pair, a network needs something that identifies it. It can be a combination of a few values in a state that
# occurs with this one sentence only. **[Dropout](../book/glossary.md)** ([Srivastava et al.,
# 2014](https://jmlr.org/papers/v15/srivastava14a.html)) makes such combinations unreliable. At every training step it sets a
# random part of the values to 0, each with the probability $p$. The network must then give the right word with whatever is
# left, so it has to base its answer on many values instead of on a few.
#
# Take the values (1, 2, 3, 4) and $p = 1/2$. Suppose that the second and the fourth are dropped, which leaves (1, 0, 3, 0).
# Their sum has fallen from 10 to 4, and on average it would fall to a half. A layer that reads these values would get half of
# what it gets in use, where nothing is dropped. So the values that are left are divided by $1 - p$, which gives (2, 0, 6, 0).
# With this correction the mean over many draws is the original:

# %% tags=["nbval-check-output"]
values = torch.tensor([1.0, 2.0, 3.0, 4.0])
rng = torch.Generator().manual_seed(1)
for _ in range(3):
    print(dropout(values, 0.5, rng).tolist())
many = torch.stack([dropout(values, 0.5, rng) for _ in range(20_000)])
print("mean of 20,000 draws:", [round(value, 1) for value in many.mean(dim=0).tolist()])

# %% [markdown]
# When the network translates, we want its best answer and no chance, so dropout is switched off. PyTorch has two modes for
# this: `model.train()` switches it on and `model.eval()` off.

# %% tags=["nbval-check-output"]
layer = Dropout(0.5)
print("training:  ", layer.train()(torch.ones(1000)).unique().tolist())
print("evaluation:", layer.eval()(torch.ones(1000)).unique().tolist())

# %% [markdown]
# Our presets use 0.1 to 0.4. In the recurrent network, dropout acts on embeddings, between layers, and before the output layer.
#
# ## Word dropout: hide whole words
#
# Dropout hides single values, but the network can still recognise a sentence by one rare word in it. **Word dropout**
# ([Sennrich and Zhang, 2019](https://arxiv.org/abs/1905.11901)) hides whole words: each word that the network reads is
# replaced by `<unk>` with a small probability, in the source and among the previous words of the target. The words that it
# has to predict stay.

# %%
show_source(hide)

# %% [markdown]
# Here is what it does with one sentence and a probability of 0.2:

# %% tags=["nbval-check-output"]
sentence = ["my", "sister", "is", "looking", "for", "a", "red", "car", "."]
ids = torch.arange(10, 10 + len(sentence))[None]
for _ in range(3):
    shown = hide(ids, 0.2, rng)[0].tolist()
    print(" ".join("<unk>" if number < 10 else sentence[number - 10] for number in shown))

# %% [markdown]
# The network meets the same pair in every epoch, but each time with other gaps. To fill them it has to use the rest of the
# sentence.
#
# ## Label smoothing: do not be completely sure
#
# We saw that an overfitted network is too sure. Cross-entropy itself pushes it there: a network that gives the right word 0.99
# still lowers its loss by giving it 0.999. But « C'est une porte bleue. » has more than one good translation, and our pair
# contains only one of them. **[Label smoothing](../book/glossary.md)** ([Szegedy et al.,
# 2016](https://arxiv.org/abs/1512.00567)) therefore asks for a little less. The target is $1 - \varepsilon$ on the right word,
# and the rest, $\varepsilon$, is spread evenly over all words.
#
# Here is one position with four words, whose probabilities are 1/2, 1/4, 1/8 and 1/8. The first word is right, and
# $\varepsilon = 0.1$. The right word costs 1 bit, and all four cost $(1 + 2 + 3 + 3)/4 = 2.25$ bits on average. So the
# smoothed loss is $0.9 \cdot 1 + 0.1 \cdot 2.25 = 1.125$ bits. The second line of the next cell is a model that is very sure.

# %% tags=["nbval-check-output"]
one_place = torch.tensor([[[1 / 2, 1 / 4, 1 / 8, 1 / 8]]]).log()
surer = torch.tensor([[[0.997, 0.001, 0.001, 0.001]]]).log()
for name, scores in (("as above", one_place), ("very sure", surer)):
    first = torch.zeros(1, 1, dtype=torch.long)
    nats = [masked_cross_entropy(scores, first, first == 0, e).item() for e in (0.0, 0.1)]
    plain, smoothed = (value / math.log(2) for value in nats)
    print(f"{name:10} plain {plain:.3f} bits, smoothed {smoothed:.3f} bits")

# %% [markdown]
# Being very sure now has a price, so a smoothed loss cannot reach 0. Its lowest value, the **floor**, belongs to a model that
# gives exactly the probabilities of the target: $q = 1 - \varepsilon + \varepsilon / V$ to the right word, and
# $\varepsilon / V$ to each of the $V - 1$ others:
#
# $$
# \mathcal{L}_{\min} = -\,q \ln q - (V - 1)\, \frac{\varepsilon}{V} \ln \frac{\varepsilon}{V}
# \tag{10.1}
# $$


# %% tags=["nbval-check-output"]
def floor(words, smoothing):
    """The lowest smoothed loss (10.1) with so many words."""
    other = smoothing / words
    right = 1 - smoothing + other
    return -right * math.log(right) - (words - 1) * other * math.log(other)


print(f"{floor(1418, 0.1):.2f} nats")

# %% [markdown]
# With the 1,418 English words of `standard`, the floor is about one nat. This explains why the loss in the live plot of
# [Training](09_training.ipynb) stays so high, although the model has learned a lot: most of it is the floor.
#
# ## Tied embeddings: fewer weights
#
# A network with fewer weights can remember less. [Decoders](07_decoders.ipynb) showed one way to save many of them: **[tied
# embeddings](../book/glossary.md)** use the same matrix for reading target words and for writing them. Our networks are tied.
# To see what this does, one of the networks below is not:

# %%
untied = train(SEEDS[0], model={"tie_embeddings": False})
sizes = [count_parameters(one.model) for one in (trainer, untied)]

# %% tags=["hide-input"]
show_text(
    f"Tied, the network has **{sizes[0]:,}** weights. Untied, it has **{sizes[1]:,}**, which is {sizes[1] / sizes[0] - 1:.0%} more."
)

# %% [markdown]
# ## The comparison
#
# We train the network with each method, with several of them together, with half the size, which means fewer weights, and with
# two and four times as many pairs. We look at two numbers for each: the lowest plain validation loss of a run, and the BLEU of its
# best weights on the test sentences. Two runs that differ only in their seed do not score alike either, so at `standard` each
# network is trained with three seeds, and the table gives their mean, with the lowest and the highest value in brackets.
#
# We fix the rule before we see a result: a method *helps* if its worst seed is better than the best seed without it, and it
# *harms* if its best seed is worse than the worst seed without it. If two methods were equal, luck alone would still separate
# three seeds from three others one time in ten. So with this many comparisons, expect a verdict that is wrong among them, and
# trust large differences more than small ones.
#
# > **Guess first**
# >
# > Which method raises BLEU most? Does anything help as much as twice the number of pairs?

# %%
ALL = {"label_smoothing": 0.1, "word_dropout": 0.1}
NETWORKS = {
    "nothing": {},
    "dropout": {"model": {"dropout": 0.4}},
    "word dropout": {"training": {"word_dropout": 0.1}},
    "label smoothing": {"training": {"label_smoothing": 0.1}},
    "untied embeddings": {"model": {"tie_embeddings": False}},
    "half the size": {"model": {"embedding_size": SIZE // 2, "hidden_size": SIZE // 2}},
    "the first three": {"model": {"dropout": 0.4}, "training": ALL},
    "twice the pairs": {"times": 2},
    "four times the pairs": {"times": 4},
    "the first three, four times the pairs": {"times": 4, "model": {"dropout": 0.4}, "training": ALL},
}

# %% tags=["hide-output"]
curves, bleu, seconds = {}, {}, {}


def train_and_measure(name, seed, **changes):
    """Train a network, and note its curve, the BLEU of its best weights, and its time."""
    trainer = train(seed, **changes)
    curves[name, seed], seconds[name, seed] = read_curve(trainer.run.folder), trainer.progress.seconds
    bleu[name, seed] = evaluate(trainer.translator, test)[0].bleu


for seed in SEEDS:
    for name, changes in NETWORKS.items():
        train_and_measure(name, seed, **changes)


# %% tags=["hide-input"]
def of_seeds(name, value):
    """One value of each seed's run."""
    return [value(name, seed) for seed in SEEDS]


def lowest_loss(name, seed):
    """Lowest plain validation loss of a run."""
    return min(line["validation"] for line in curves[name, seed])


def verdict(name, other="nothing"):
    """What the rule says about the test BLEU of two networks; it needs three seeds."""
    if len(SEEDS) < 3:
        return "not shown"
    ours, theirs = (of_seeds(each, lambda *key: bleu[key]) for each in (name, other))
    return "helps" if min(ours) > max(theirs) else "harms" if max(ours) < min(theirs) else "not shown"


def mean_and_range(values, digits):
    """The mean, with the lowest and the highest value in brackets."""
    return f"{np.mean(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


# %% tags=["hide-input"]
rows = []
for name in NETWORKS:
    ends = of_seeds(name, lambda *key: curves[key][-1]["training"])
    rows.append(
        [
            name,
            f"{np.mean(ends):.2f}",
            mean_and_range(of_seeds(name, lowest_loss), 2),
            mean_and_range(of_seeds(name, lambda *key: bleu[key]), 1),
            "" if name == "nothing" else verdict(name),
        ]
    )
show_table(["network", "training loss at the end", "lowest validation loss", "test BLEU", "verdict"], rows)

# %% tags=["hide-input"]
gain = {
    name: float(np.mean(of_seeds(name, lambda *key: bleu[key])) - np.mean(of_seeds("nothing", lambda *key: bleu[key])))
    for name in NETWORKS
}
methods = ("dropout", "word dropout", "label smoothing", "half the size", "the first three")
best_method = max(methods, key=gain.get)
helping = [name for name in ("dropout", "word dropout", "label smoothing") if verdict(name) == "helps"]
tying = {"helps": "tying harms", "harms": "tying helps", "not shown": "our seeds do not show whether tying helps"}
show_text(
    f"Of the methods that need no more pairs, **{best_method}** gains most, **{gain[best_method]:+.1f}** BLEU on average. By our "
    f"rule, {' and '.join(helping) if helping else 'none of the three'} "
    f"{'help' if len(helping) != 1 else 'helps'} when used alone. Twice the pairs gain **{gain['twice the pairs']:+.1f}**, and "
    f"four times the pairs **{gain['four times the pairs']:+.1f}**. Without tying, BLEU changes by "
    f"{gain['untied embeddings']:+.1f}, so {tying[verdict('untied embeddings')]}. For comparison, the translator of the chapter on "
    f"training scores {evaluate(translator.translator, test)[0].bleu:.1f} on these sentences, with {len(corpus.train):,} pairs and "
    "more steps."
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four curves of validation loss over steps. Without any method it falls and rises again; with dropout and with all three methods it falls further; with four times the pairs it falls lowest."}}
figure = Figure(figsize=(6.4, 3.4), layout="constrained")
axes = figure.add_subplot()
styles = (("-", ORANGE), ("--", BLUE), ("-.", GREEN), (":", "0.2"))
for name, (style, colour) in zip(
    ("nothing", "dropout", "the first three", "four times the pairs"), styles, strict=True
):
    line = curves[name, SEEDS[0]]
    axes.plot([at["step"] for at in line], [at["validation"] for at in line], style, color=colour, label=name, lw=1.8)
axes.set(xlabel="step", ylabel="validation loss (nats per word)")
axes.legend(frameon=False, fontsize=9)
show_figure(figure)

# %% [markdown]
# **Figure 10.2.** Plain validation loss of four networks, with one seed each. All of them take the same number of steps.

# %% [markdown]
# How should you read the table? More pairs teach the network something new, so they help in a way that no setting can. But they
# may be expensive, or there may be none. The other methods are free, which does not mean that you should use as many as possible.
# Each of them makes the training pairs harder, so the network needs more steps, and all networks of the table took the same
# number. Several methods at once can therefore do worse here than one of them, and still be better in a long training,
# such as that of `standard`. As a rule of thumb, the fewer pairs you have for the size of your network, the more dropout you
# need.
#
# If your own model overfits, try the cures in this order. First keep the weights of the best evaluation, which costs nothing. Then
# look for more pairs. Then turn on label smoothing and dropout, one at a time, and train longer with them. A smaller network
# comes last, because it also has less room for what it should learn: compare the row "half the size" with "nothing".
#
# ## Stopping early
#
# The simplest method of all is to stop where the network is best, before it gets worse. This is called **[early
# stopping](../book/glossary.md)**. In practice we train on and keep the best weights. But best by which number? We have kept
# three sets of weights of each run: those of the highest validation BLEU, which is what the package does, those of the lowest
# validation loss, and the last ones.
#
# > **Guess first**
# >
# > Which of the three sets of weights has the highest BLEU on the test sentences, for the networks without any method?

# %% tags=["hide-input"]
stops = {"highest validation BLEU": None, "lowest validation loss": "lowest-loss", "the last step": "last"}
at_stop = {}
for seed in SEEDS:
    trainer = train(seed)  # it is trained already, so this only loads it
    for stop, file in stops.items():
        if file:
            load_model(trainer.run.folder / f"{file}.safetensors", trainer.model)
        at_stop[stop, seed] = evaluate(trainer.translator, test)[0].bleu

# %% tags=["hide-input"]
show_table(
    ["weights of", "test BLEU"],
    [[stop, mean_and_range([at_stop[stop, seed] for seed in SEEDS], 1)] for stop in stops],
)
loss_stop, last = (
    float(np.mean([at_stop[stop, seed] for seed in SEEDS])) for stop in ("lowest validation loss", "the last step")
)
show_text(
    f"The weights with the lowest validation loss score **{loss_stop - last:+.1f}** BLEU against the last ones. "
    + (
        "So if you stop when the loss turns, you stop too early for good translations."
        if loss_stop < last - 0.5
        else "So here you lose no quality if you stop when the loss turns."
    )
)

# %% [markdown]
# Keep the weights by the number that you care about. For a translator this is a score of its translations, and for a model
# whose probabilities are used, for example to say how sure it is, it is the loss.
#
# ## Another gap: its own words
#
# Overfitting is a gap between training sentences and new ones. [Training](09_training.ipynb) met another gap: with
# teacher forcing, the decoder reads true words, and in use its own. How much harm does that do? We take the translator
# again, feed it the true words of test pairs, and compute the loss at each position. Then we do the same again, but
# replace the *one* word that is read at position 3 by a random one. (`shift_right` makes the decoder's input from the
# target: it puts the start mark in front and drops the last word.)
#
# > **Guess first**
# >
# > How many positions suffer from the wrong word: only the third, or all that follow?

# %%
tgt_lengths = Encoded.encode(first_targets(corpus.test), corpus.tgt_vocabulary).lengths
places = max(int(np.median(tgt_lengths)), 3)
rows = np.flatnonzero(tgt_lengths >= places)[:500]
batch = as_batch([corpus.test.sources[row] for row in rows], [corpus.test.references[row][0] for row in rows])
batch = batch.to(translator.model.device)
true_words = shift_right(batch.tgt_ids)  # (B, T)
one_wrong = true_words.clone()
drawn = torch.randint(4, len(corpus.tgt_vocabulary), (len(rows),), generator=torch.Generator().manual_seed(0))
one_wrong[:, 2] = drawn.to(one_wrong.device)

costs = {}
for name, prev_ids in (("true words", true_words), ("one wrong word", one_wrong)):
    with torch.inference_mode():
        logits = translator.model.decoder.logits(translator.model(batch, prev_ids).attn_states)  # (B, T, V)
    of_target = -logits.log_softmax(-1).gather(-1, batch.tgt_ids[..., None])[..., 0]  # (B, T)
    costs[name] = of_target.mean(dim=0)[:places].tolist()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two curves of the loss over positions. They are one curve at the first two positions; at the third, the curve with a wrong word rises above the other, and later it comes back to it."}}
figure = Figure(figsize=(5.5, 2.8), layout="constrained")
axes = figure.add_subplot()
for (name, values), colour, style in zip(costs.items(), (BLUE, ORANGE), ("o-", "s--"), strict=True):
    axes.plot(range(1, places + 1), values, style, color=colour, label=name)
axes.axvline(3, linestyle=":", color=GREY)
axes.set(xlabel="position", ylabel="nats", ylim=(0, None), xticks=range(1, places + 1))
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 10.3.** Loss at each position, with the true words as input and with a random word read at position 3.

# %% tags=["hide-input"]
assert np.allclose(costs["true words"][:2], costs["one wrong word"][:2], atol=1e-4)  # what is not read yet does no harm
harm = [wrong - true for true, wrong in zip(costs["true words"], costs["one wrong word"], strict=True)]
later = f", and **{harm[3]:+.2f}** at the next position" if places > 3 else ""
show_text(
    f"Over {len(rows)} test pairs: at position 3, where the wrong word is read, the right word costs **{harm[2]:+.2f}** "
    f"nats more than with the true word{later}. Positions 1 and 2 are unchanged, because the wrong word comes after them."
)

# %% [markdown]
# Most of the harm is done at the position where the wrong word is read, and less at the next. This is probably because the
# source sentence is still there, so that [attention](../book/glossary.md) can find the place where the translation should
# continue. Without attention, the decoder relies on its own state alone, and that state was computed from the wrong word.
#
# ## Scheduled sampling
#
# Can we prepare the decoder for its own mistakes? **[Scheduled sampling](../book/glossary.md)** ([Bengio et al.,
# 2015](https://arxiv.org/abs/1506.03099)) tries to. For each word a random draw decides whether the decoder reads the true
# word or its own best guess. The probability of the true word is the **teacher-forcing ratio**. It is 1 at the beginning,
# because the guesses of an untrained model are useless, and a schedule lowers it (Figure 10.4).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Curves of the teacher-forcing ratio over the share of training done. Constant is a flat line. Linear falls evenly. Exponential falls fast, then flattens. Inverse-sigmoid stays high, falls in the middle, and flattens."}}
figure = Figure(figsize=(5.5, 2.8), layout="constrained")
axes = figure.add_subplot()
done = np.linspace(0, 1, 101)
styles = {
    "constant": (GREY, ":"),
    "linear": (BLUE, "-"),
    "exponential": (ORANGE, "--"),
    "inverse-sigmoid": (GREEN, "-."),
}
for schedule, (colour, style) in styles.items():
    axes.plot(
        done, [teacher_forcing_ratio(schedule, share, 0.5) for share in done], style, color=colour, label=schedule
    )
axes.set(xlabel="share of training done", ylabel="teacher-forcing ratio", ylim=(0, 1.05))
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 10.4.** Three schedules from true words only to every second word, and a constant ratio for comparison.

# %% [markdown]
# To get the model's own words, we could let it write one word after another, as in use. But then each word has to wait for
# the one before, and training becomes slow. The package uses **two passes** instead ([Mihaylova and Martins,
# 2019](https://arxiv.org/abs/1906.07651)). In the first pass, with teacher forcing, the model guesses all words at once. The
# random draws mix these guesses into the true words, and the second pass reads the mixture and learns from it.
#
# There is a problem that is easy to miss: the inputs change, but the targets do not. Suppose that the translation is "she is
# not tired", and the decoder writes "isn" after "she", which is a good beginning of "she isn t tired". Now it reads "isn", and
# its target at this position is still "not". So it is taught to write "she isn not tired". Whether scheduled sampling helps
# in spite of this can only be measured. We add it to the network with dropout, word dropout and label smoothing, with a linear
# schedule down to 0.5.

# %% tags=["hide-output"]
for seed in SEEDS:
    sampled = {"model": {"dropout": 0.4}, "training": ALL | {"sampling": "linear", "sampling_end": 0.5}}
    train_and_measure("with scheduled sampling", seed, **sampled)

# %% tags=["hide-input"]
show_table(
    ["network", "test BLEU", "seconds of training"],
    [
        [
            name,
            mean_and_range(of_seeds(name, lambda *key: bleu[key]), 1),
            f"{min(of_seeds(name, lambda *key: seconds[key])):.0f}",
        ]
        for name in ("the first three", "with scheduled sampling")
    ],
)
sentences = {
    "helps": "By our rule it helps here.",
    "harms": "By our rule it harms here.",
    "not shown": "By our rule, neither help nor harm is shown.",
}
difference = np.mean(of_seeds("with scheduled sampling", lambda *key: bleu[key])) - np.mean(
    of_seeds("the first three", lambda *key: bleu[key])
)
show_text(
    f"With scheduled sampling, test BLEU changes by **{difference:+.1f}** on average. "
    + sentences[verdict("with scheduled sampling", "the first three")]
)

# %% [markdown]
# If it does not help, there are two probable reasons. Our sentences are short, and attention finds the way back quickly, so
# there is little harm to repair. And the wrong targets cost something, too. The presets of this book do not use it.
#
# ## Recap
#
# - Overfitting is what we call it when the loss on training pairs falls and the loss on new pairs rises. You need both curves
#   to see it.
# - BLEU can still rise while the validation loss rises, because the model's best guess may be right while it is too sure.
# - Dropout sets values to 0 in training and scales up the rest. Word dropout hides whole words. Label smoothing asks the model
#   not to be completely sure, and so its loss has a floor.
# - More pairs help most. Early stopping keeps the weights of the best evaluation; choose them by the number that you care
#   about.
# - Compare with several seeds, by a rule that you fixed before.
# - Scheduled sampling lets the decoder read its own words in training, with targets that may not fit them.
#
# ## Exercises

# %% [markdown]
# ### Exercise 10.1: The noise of dropout
#
# Dropout keeps the mean of a value $v$. What is its variance, as a function of $v$ and $p$? Compute it with a pencil, and
# compare it with 20,000 draws. For which $p$ is the noise as large as the value itself?

# %% [markdown]
# ### Solution to exercise 10.1

# %% [markdown]
# With probability $1 - p$ the result is $v / (1 - p)$, and otherwise 0. So the mean of the square is $v^2 / (1 - p)$, and the
# variance is $v^2 / (1 - p) - v^2 = v^2\, p / (1 - p)$. At $p = 1/2$ the standard deviation equals $v$.

# %% tags=["solution"]
for p in (0.125, 0.25, 0.5):  # multiples of 1/256, to which the package rounds
    draws = dropout(torch.full((20_000,), 3.0), p, rng)
    assert math.isclose(draws.var().item(), 9 * p / (1 - p), rel_tol=0.1)
    print(f"p = {p}: standard deviation {draws.std():.2f}, by the formula {3 * math.sqrt(p / (1 - p)):.2f}")

# %% [markdown]
# ### Exercise 10.2: Read a smoothed loss
#
# A run with label smoothing 0.1 and 10,000 words reports a loss of 1.75 on new pairs. A colleague says that its perplexity is
# $e^{1.75} = 5.8$. What is wrong with that, and how far is the loss above its floor?

# %% [markdown]
# ### Solution to exercise 10.2

# %% tags=["solution", "nbval-check-output"]
lowest_possible = floor(10_000, 0.1)
print(f"floor {lowest_possible:.2f} nats, so the loss is {1.75 - lowest_possible:.2f} nats above it")

# %% [markdown]
# Perplexity is defined for the plain loss. The smoothed loss of a perfect model would already be 1.25 here, although
# this model knows everything that can be known. To get the perplexity, compute the loss again without smoothing.

# %% [markdown]
# ### Exercise 10.3: Nothing but memory
#
# Shuffle the translations of the training pairs, so that every French sentence gets the translation of another one. Then there
# is nothing to learn, and all that a network can do is remember. Train it on such pairs. How far does the training loss fall,
# and what is its validation loss?

# %% [markdown]
# ### Solution to exercise 10.3

# %% tags=["solution"]
order = np.random.default_rng(0).permutation(PAIRS)
shuffled = Pairs(few[0], [few[1][row] for row in order])
its = replace(base, name=f"{base.name}-shuffled", training=replace(base.training, epochs=EPOCHS))
data = replace(corpus, train=shuffled, validation=validation, test=test)
memory = Trainer(data, its, folder_for(its), samples=challenge_set(), watchers=[Curve()])
memory.fit()
load_model(memory.run.folder / "last.safetensors", memory.model)
remembered = plain_loss(memory.model, as_batch(shuffled.sources[:500], shuffled.targets[:500]).to(memory.model.device))
lines = read_curve(memory.run.folder)
show_text(
    f"On the shuffled training pairs, the loss ends at **{remembered:.2f}**. On validation pairs, which are not shuffled, it is "
    f"{min(line['validation'] for line in lines):.2f} at its lowest and **{lines[-1]['validation']:.2f}** at the end."
)

# %% [markdown]
# A part of the fall has nothing to do with memory: even from shuffled pairs the network learns which English words are
# frequent and which follow each other. What goes beyond that is memory alone, because the French sentence tells nothing about
# the English one. [Zhang et al. (2017)](https://arxiv.org/abs/1611.03530) did this with labels of images, and their networks
# remembered nearly all of them.

# %% [markdown]
# ## What to read next
#
# [Translating](11_translating.ipynb) asks the trained model for whole sentences. For the methods of this chapter, read
# [Srivastava et al. (2014)](https://jmlr.org/papers/v15/srivastava14a.html) on dropout, and [Sennrich and Zhang
# (2019)](https://arxiv.org/abs/1905.11901) on translation with few pairs.
