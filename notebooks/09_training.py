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
# # Training
#
# We have a network that turns a French sentence into probabilities of English words. But its weights are random numbers, so
# the probabilities mean nothing yet. In this chapter we train it, and for that we need three things: a number that says how
# wrong the network is, a rule that changes the weights so that the number becomes smaller, and a loop that repeats the rule
# over all sentence pairs. Training takes a while, so we also need a way to stop it and to resume later without losing anything.
#
# > **What you will be able to do**
# >
# > - work out the masked cross-entropy of a small batch by hand, and say why padding must be left out of it
# > - write a training step in ten lines, and say what each of them is for
# > - explain teacher forcing, clipping, Adam and the learning rate, each with an example of your own
# > - read the record of a run, and tell the training loss from the quality of translations
# > - stop a training, resume it, and show that nothing was lost
#
# At `small` the chapter takes well under a minute, at `standard` a few minutes, nearly all of them in the training cell, and
# at `large` an hour or so.

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
from s2s_tutorial.settings import DataSettings, ModelSettings, Settings, TrainingSettings

scale = load_scale()  # S2S_SCALE: small, standard or large
# A run that takes seconds, for trying things out:
tiny = Settings(
    "tiny",
    DataSettings(sample_pairs=400),
    ModelSettings(embedding_size=16, hidden_size=16, dropout=0.1),
    TrainingSettings(epochs=2, batch_size=32, learning_rate=1e-2, sampling="linear", checkpoint_steps=5),
)

# %% tags=["hide-input"]
import contextlib
import io
import math
import signal
import textwrap
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from matplotlib.figure import Figure
from torch.nn.utils import clip_grad_norm_

from s2s_tutorial.data.batches import Batch, Encoded, epoch_order
from s2s_tutorial.data.corpus import challenge_set, prepare
from s2s_tutorial.files import load_tensors
from s2s_tutorial.model.loss import masked_cross_entropy
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.notebook.plots import plot_losses
from s2s_tutorial.notebook.show import show_drawing, show_figure, show_source, show_table, show_text
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import RunError, folder_for
from s2s_tutorial.training.optimiser import learning_rate_factor
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer

# Colours that everybody can tell apart:
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"

# %% [markdown]
# ## A number for how wrong the model is
#
# Before we can improve the model, we have to measure it. A good measure is how much the right word surprises the model. If
# the right word gets the probability 1/2, we say that the surprise is 1 bit. If it gets 1/4, the surprise is 2 bits, and each
# further halving adds one more bit. If it gets 1, the model is not surprised at all. In general, a word with probability $p$
# costs $-\log_2 p$ bits. Programs use the natural logarithm $-\ln p$ instead, whose unit is the
# **[nat](../book/glossary.md)**: 1 bit is $\ln 2 \approx 0.69$ nats. The mean of these costs is called the
# **[cross-entropy](../book/glossary.md)**. It is our **[loss](../book/glossary.md)**, the number that training makes smaller.
#
# Which positions belong in this mean? Take a batch of two sentences, where the first has three words and the second has one
# word and then two positions of [padding](../book/glossary.md). The table shows the probability that the model gave to what is
# in each position. It has learned very quickly that padding is followed by padding.
#
# | sentence | position 1 | position 2 | position 3 |
# | :--- | ---: | ---: | ---: |
# | sentence 1 | 1/2 | 1/4 | 1/2 |
# | sentence 2 | 1/4 | *padding*, $1 - 2^{-10}$ | *padding*, $1 - 2^{-10}$ |
#
# > **Guess first**
# >
# > The four real words cost 1, 2, 1 and 2 bits. What is their mean? And what happens to the mean if the two positions of
# > padding are counted as well?

# %% tags=["nbval-check-output"]
# The probability of what stands at each place, (B, T):
right = torch.tensor([[1 / 2, 1 / 4, 1 / 2], [1 / 4, 1 - 2**-10, 1 - 2**-10]])
tgt_mask = torch.tensor([[True, True, True], [True, False, False]])
costs = -right.log()
print("costs in bits:", (costs / math.log(2)).round(decimals=2).tolist())
for what, mean in (("4 words: ", costs[tgt_mask].mean()), ("6 places:", costs.mean())):
    print(f"mean over {what} {mean:.4f} nats = {mean / math.log(2):.2f} bits")

# %% [markdown]
# With padding in the mean, the loss looks a third better, although the model is exactly the same. The number would also
# depend on how much padding a batch happens to contain. Worse, part of the gradient would teach the model to predict padding
# after padding, which we never need. So we count real words only:
#
# $$
# \mathcal{L} = -\frac{1}{\sum_{b,t} m_{bt}} \sum_{b,t} m_{bt} \ln p_{bt}
# \tag{9.1}
# $$
#
# Here $p_{bt} = p(y_{bt} \mid y_{b,<t}, x_b)$ is the probability of the right word at position $t$ of sentence $b$, and the
# mask $m_{bt}$ is 1 at real words (the end mark `<eos>` is one of them) and 0 at padding. The package computes (9.1) from
# **logits**, the scores before the softmax. You can ignore `label_smoothing` for now: at 0 it has no effect.

# %%
show_source(masked_cross_entropy)

# %% [markdown]
# Does it give the 1.04 nats that we computed by hand? To compare, we need logits that lead to the probabilities of the
# table. The logarithms of probabilities are such logits, because the softmax of $\ln p$ is $p$ again. A vocabulary of four
# words is enough, and we let word 0 be the right one everywhere.

# %% tags=["nbval-check-output"]
rest = (1 - right)[..., None].expand(-1, -1, 3) / 3  # for the three other words
logits = torch.cat([right[..., None], rest], dim=-1).log()  # (B, T, V) = (2, 3, 4)
tgt_ids = torch.zeros(2, 3, dtype=torch.long)  # (B, T)
loss = masked_cross_entropy(logits, tgt_ids, tgt_mask)
assert torch.allclose(loss, costs[tgt_mask].mean())
print(f"{loss:.4f}")

# %% [markdown]
# **Break it.** Make the two padded positions as bad as you like: set their probability to 0.001 and run the three cells
# again. The loss of the package must not move.
#
# To get a feeling for losses, turn them back into a number of words. A model that hesitates between $n$ equally likely words
# gives the right one $1/n$, so its loss is $\ln n$. In the other direction, a loss of $\mathcal{L}$ means that the model is as
# uncertain as if it chose among $e^{\mathcal{L}}$ words, a number that is called [perplexity](../book/glossary.md). Here is a
# ladder of four models, with the 1,418 English words of the `standard` corpus:

# %% tags=["nbval-check-output"]
ladder = {
    "always sure and right": 1.0,
    "hesitates between two words": 1 / 2,
    "knows nothing: all words are equal": 1 / 1418,
    "sure, and wrong": 1e-6,
}
for model_is, p in ladder.items():
    print(f"{model_is:35} loss {math.log(1 / p):5.2f}   as if choosing among {1 / p:11,.0f} words")

# %% [markdown]
# An untrained model is at the third step of this ladder. The last step is worse than knowing nothing, because cross-entropy
# punishes a model that is sure and wrong.
#
# ## A training step in ten lines
#
# Now that we have a loss, we can compute for each weight how steeply the loss rises or falls when the weight grows. These slopes
# are called the **[gradient](../book/glossary.md)**, and PyTorch computes them with `backward`. A training step moves every
# weight a little in the direction in which the loss falls. Here is the whole of it; the next sections explain its lines. (`zero_grad`
# deletes the last gradient, because `backward` adds to it.)


# %%
def simple_step(model, optimiser, batch):
    """Change the weights once, so that the loss of a batch falls."""
    model.train()  # training mode
    optimiser.zero_grad()
    loss = model.loss(batch)  # read the source, predict every target word: how wrong is that?
    loss.backward()  # the gradient: for each weight, how the loss changes with it
    for part in (model.encoder, model.decoder):
        clip_grad_norm_(part.parameters(), 5.0)  # no gradient may be too large
    optimiser.step()  # move each weight a little
    return loss.item()


# %% [markdown]
# Let us try it. We take 400 generated sentence pairs and a tiny model, and go through the pairs eight times, one batch
# of 32 pairs after another. One pass over all pairs is an **[epoch](../book/glossary.md)**. `Encoded`, `epoch_order` and
# `Batch` are those of [Batches](03_batches.ipynb), and `Seq2Seq` is the whole network, encoder and decoder together.

# %% tags=["demonstration"]
tiny_corpus = prepare(tiny.data)
tiny_src = Encoded.encode(tiny_corpus.train.sources, tiny_corpus.src_vocabulary)
tiny_tgt = Encoded.encode(tiny_corpus.train.targets, tiny_corpus.tgt_vocabulary)


def train_simply(learning_rate, epochs=8):
    """Losses of all steps of a new tiny model."""
    torch.manual_seed(0)
    model = Seq2Seq(tiny.model, len(tiny_corpus.src_vocabulary), len(tiny_corpus.tgt_vocabulary))
    optimiser = torch.optim.Adam(model.parameters(), learning_rate)
    losses = []
    for epoch in range(epochs):
        for rows in epoch_order(tiny_src.lengths, tiny_tgt.lengths, batch_size=32, seed=0, epoch=epoch):
            losses.append(simple_step(model, optimiser, Batch.of(tiny_src, tiny_tgt, rows)))
    return losses


losses = train_simply(0.05)

# %% tags=["hide-input", "demonstration"]
words = len(tiny_corpus.tgt_vocabulary)
show_text(
    f"The corpus has {words} English words, and ln {words} is {math.log(words):.2f}. The first loss is "
    f"**{losses[0]:.2f}**, and after {len(losses)} steps it is **{losses[-1]:.2f}**."
)

# %% [markdown]
# The loss starts where a model that knows nothing should start, and it falls. Always look at these two things first when you
# train a model of your own.
#
# ## What the decoder reads while it learns
#
# The first line to explain is `model.loss(batch)`. To predict the word at position $t$, the
# [decoder](../book/glossary.md) reads the word before, $y_{t-1}$. With **[teacher forcing](../book/glossary.md)**
# ([Decoders](07_decoders.ipynb)), this is always the true word of the translation, and not the one that the model itself would
# have written.
#
# This has two advantages. All inputs are known in advance, so the GRU can run over the whole sentence in one
# call ([All words at once](08_all_words_at_once.ipynb)). And one
# mistake does not spoil the rest of the sentence, because the next input is right again (top of Figure 9.1).
#
# The disadvantage appears when the model translates, because the decoder then reads its own words, which are not always right.
# Suppose that each word is right with a probability of 95%. Then only
# $0.95^{10} \approx 60\%$ of all sentences of ten words are without a mistake, and four in ten contain a word that the
# decoder was never trained to continue from. This difference between training and use is called **[exposure
# bias](../book/glossary.md)** (middle of Figure 9.1). The next chapter measures how much harm it does, and tests a method
# against it.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three panels for the true sentence the black cat sleeps, each with what the decoder reads and says. With teacher forcing it reads the true words. With its own words, arrows lead from each word said to the next word read, ending in the dark night falls. With scheduled sampling a random draw above each word says true or own."}}
show_drawing("teacher-forcing")

# %% [markdown]
# **Figure 9.1.** With teacher forcing, the decoder always reads the true words (top). When it translates, it reads its own
# words, and one wrong word leads to the next (middle). Scheduled sampling mixes both (bottom).

# %% [markdown]
# ## Gradients, clipped
#
# The next line is `clip_grad_norm_`, and it is there because a recurrent network multiplies by the same weights at every
# position. Now and then a gradient therefore becomes enormous ([Recurrent networks](04_recurrent_networks.ipynb)). A single step with it can undo the training of
# an hour. **[Gradient clipping](../book/glossary.md)** ([Pascanu et al.,
# 2013](https://arxiv.org/abs/1211.5063)) prevents this: it keeps the direction of the gradient and limits its length. Let
# $g$ be all gradients as one long vector, $\lVert g \rVert = \sqrt{\sum_i g_i^2}$ its norm, that is, its length, and $c$ the
# largest norm that we allow:
#
# $$
# g \leftarrow g \cdot \min\!\left(1, \frac{c}{\lVert g \rVert}\right)
# \tag{9.2}
# $$
#
# Try (9.2) with a pencil: $g = (3, 4)$ has the norm $\sqrt{9 + 16} = 5$. What becomes of it with $c = 1$, and what with
# $c = 10$?

# %% tags=["nbval-check-output"]
for allowed in (1.0, 10.0):
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([3.0, 4.0])
    norm = torch.nn.utils.clip_grad_norm_([parameter], allowed)
    clipped = [round(g, 4) for g in parameter.grad.tolist()]
    print(f"norm {norm:.1f}, clipped to {allowed:4.1f}: {clipped}")

# %% [markdown]
# A long gradient is scaled down, and a short one stays as it is. The function returns the norm *before* clipping. The package
# records it at every step, for encoder and decoder separately, because each of them is clipped on its own.
#
# ## Adam: steps of similar size
#
# The last line, `optimiser.step()`, moves the weights. The simplest rule would subtract the gradient times a small number,
# the **[learning rate](../book/glossary.md)**. But gradients have very different sizes. For example, the embedding of a rare
# word gets a gradient only in the few batches that contain the word. With one learning rate for all, some weights would jump
# and others would hardly move.
#
# **[Adam](../book/glossary.md)** ([Kingma and Ba, 2015](https://arxiv.org/abs/1412.6980)) gives every weight a step of its
# own size. For each weight it keeps two running means, one of the gradients and one of their squares. A step is the first
# mean, divided by the root of the second, times the learning rate. Both means start at 0 and are therefore too small at
# first, so after $t$ steps Adam divides the first by $1 - 0.9^t$ and the second by $1 - 0.999^t$, the share that all gradients so
# far have in the mean. This is its **bias correction**; without it the first step below would be 0.316 and not 0.1.
#
# > **Guess first**
# >
# > Three weights have the gradients 1000, 1 and −0.001, and the learning rate is 0.1. How far does each weight move in the
# > first step?

# %% tags=["nbval-check-output"]
weights = torch.nn.Parameter(torch.zeros(3))
adam = torch.optim.Adam([weights], lr=0.1)
weights.grad = torch.tensor([1000.0, 1.0, -0.001])
adam.step()
print([round(value, 3) for value in weights.tolist()])

# %% [markdown]
# All three move by 0.1, although their gradients differ by a factor of a million. In general, a weight whose gradients always
# point the same way moves by about the learning rate in each step, and a weight whose gradients change their sign hardly
# moves at all. (Then why do we clip? Because one enormous gradient would stay in both running means for many steps.)
#
# ## How large is a good learning rate?
#
# With Adam, the learning rate is the size of a step, so it is the first setting to try out. We train the tiny model again,
# with a tenth of our learning rate and with ten times as much.
#
# > **Guess first**
# >
# > We used a rate of 0.05 above. Which of the three runs has the lowest loss at the end, and how does the curve of the largest
# > rate look?

# %% tags=["demonstration"]
rates = (0.005, 0.05, 0.5)
at_rate = {rate: losses if rate == 0.05 else train_simply(rate) for rate in rates}

# %% tags=["hide-input", "demonstration"] mystnb={"image": {"alt": "Three curves of training loss over steps, and a thin grey line for a model that knows nothing. At the smallest rate the loss falls slowly, at the middle rate it falls fastest, and at the largest rate it stays above the grey line."}}
figure = Figure(figsize=(5.5, 3), layout="constrained")
axes = figure.add_subplot()
for (rate, curve), (style, colour) in zip(at_rate.items(), (("--", GREEN), ("-", BLUE), (":", ORANGE)), strict=True):
    axes.plot(range(1, len(curve) + 1), curve, style, color=colour, label=f"learning rate {rate:g}")
axes.axhline(math.log(words), color=GREY, linewidth=0.8)
axes.set(xlabel="step", ylabel="loss (nats per word)", ylim=(0, 1.5 * math.log(words)))
axes.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 9.2.** Training loss at three learning rates. The thin grey line is the loss of a model that knows nothing.

# %% tags=["hide-input", "demonstration"]
at_end = {rate: float(np.mean(curve[-10:])) for rate, curve in at_rate.items()}
best_rate = min(at_end, key=at_end.get)
show_text(
    "The mean loss of the last ten steps is "
    + ", ".join(f"**{value:.2f}** at {rate:g}" for rate, value in at_end.items())
    + f". So of these three, **{best_rate:g}** is the best. "
    + (
        "A tenth of it is too slow, and ten times as much is too large."
        if best_rate == rates[1]
        else "Here the rate that we used first is not the best one, so it is worth trying others."
    )
)

# %% [markdown]
# With a rate that is too large, the weights jump past every good value. But the best rate is not the same from beginning to
# end. At the first steps Adam's running means rest on almost nothing, so its steps are not reliable. At the end small steps
# are best, because with large ones the weights jump around a good value without reaching it. The package therefore changes
# the learning rate during training, with a **schedule** (Figure 9.3). In the first part, the
# **[warm-up](../book/glossary.md)**, the rate rises in a straight line from near 0. After that it falls along half a cosine
# to 0.

# %% tags=["hide-input"] mystnb={"image": {"alt": "The learning rate factor over the share of training. The curve rises in a straight line over the first tenth, reaches one and falls smoothly to zero."}}
figure = Figure(figsize=(5.5, 2.6), layout="constrained")
axes = figure.add_subplot()
factors = [learning_rate_factor(step, 1000, scale.training.warmup, scale.training.decay) for step in range(1000)]
axes.plot(np.arange(1000) / 1000, factors, color=BLUE)
axes.set(xlabel="share of training done", ylabel="share of the highest rate", ylim=(0, 1.1))
show_figure(figure)

# %% [markdown]
# **Figure 9.3.** The learning rate of `small`, `standard` and `large`: up in a straight line over the first tenth of training,
# then down along half a cosine.

# %% [markdown]
# ## The step of the package
#
# You now know every line of the ten-line step. Try to find them in the step of the package, and then read in the table below
# what its other lines do:

# %%
show_source(Trainer.train_step)

# %% [markdown]
# | lines | what they do |
# | :--- | :--- |
# | `rare_words.hide` | replaces some rare words by `<unk>`, so that the model learns what to do with unknown words ([When the model is unsure](12_when_it_is_unsure.ipynb)) |
# | `teacher_forcing_ratio` | is 1 in all presets, which means teacher forcing for every word |
# | `learning_rate_factor` | the schedule of Figure 9.3; encoder and decoder can have different rates |
# | `compute_gradients` | forward and backward, with the batch shared out among the processor's cores ([Faster on one machine](19_faster.ipynb)) |
# | `group.average` | the mean over several machines ([More machines](20_more_machines.ipynb)); with one machine it changes nothing |
# | `clip_grad_norm_`, `optimiser.step` | as in the ten lines |
# | `average.update` | a moving average of the weights, which is off in this chapter |
#
# ## Epochs and validation
#
# What is left is the loop around the step. It runs for a number of epochs, each in a new order. After every epoch it translates
# the [validation](../book/glossary.md) set, whose pairs are never trained on, and computes [BLEU](../book/glossary.md)
# ([How good is it?](13_how_good_is_it.ipynb)). Two decisions depend on this score:
#
# - **Which weights are kept?** Those of the evaluation with the highest score, which need not be the last ones.
# - **When does training end?** After the last epoch, or earlier if the score has not risen for several evaluations. Their
#   number is called the **[patience](../book/glossary.md)**. It counts only towards the end of the schedule, because the score
#   rises most when the learning rate falls.
#
# Why do we not take the weights with the lowest training loss? Because a model can lower this loss by remembering the
# training pairs, which does not help with new sentences ([Overfitting](10_overfitting.ipynb)).
#
# ## The training cell
#
# The next cell trains the translator that the following chapters use. While it runs, you see translations that become better
# from epoch to epoch. Please do this:
#
# 1. **Stop it** in the middle: Kernel → Interrupt (the ■ button). It finishes its step, writes everything to the disk, and
#    tells you so. If you had chosen Run All, the cells below do not run, because their model is not trained yet.
# 2. **Run any other cell.** For example, translate something: `trainer.translator.translate("Le chat dort.").text`.
# 3. **Run the training cell again.** It resumes at the step after the last one. In between you may restart the kernel, close
#    the lid, or wait until next week. Once the run has finished, the cell only shows its curve again.
#
# > **Guess first**
# >
# > What is the loss of the first step, in nats? (The ladder above has the answer.) And how far will the loss have fallen at
# > the end?

# %% tags=["training-cell"] mystnb={"image": {"alt": "Top left, the training loss falls steeply and then slowly while validation BLEU climbs. Below it, the gradient norms of encoder and decoder. On the right, an attention heat map with one bright cell in most rows."}}
corpus = prepare(scale.data)
trainer = Trainer(corpus, scale, folder_for(scale), samples=challenge_set())
progress = trainer.fit()

# %% [markdown]
# **Figure 9.4.** The live plot at the end of the run: loss, validation BLEU and gradient norms on the left, on the right the
# attention to a sample sentence, and below, translations of others: > is the source, = a reference, < the translation.

# %% tags=["hide-input"]
record = read_record(trainer.run.record_path)
steps = [line for line in record if line["kind"] == "step"]
show_text(
    f"{progress.step:,} of {trainer.total_steps:,} steps on {len(corpus.train):,} pairs, {progress.seconds / 60:.1f} minutes, "
    f"{1000 * progress.seconds / max(progress.step, 1):.0f} ms per step. The loss of the first step was "
    f"**{steps[0]['loss']:.2f}** nats per word, and a model that knows nothing would have "
    f"ln {len(corpus.tgt_vocabulary):,} = {math.log(len(corpus.tgt_vocabulary)):.2f}. The running mean is now "
    f"**{progress.loss:.2f}**. "
    + (
        f"The best validation BLEU, **{progress.best_bleu:.1f}**, came at step {progress.best_step:,}; those weights are kept."
        if progress.best_step
        else "No evaluation has come yet: run the cell above again, and it resumes."
    )
)

# %% [markdown]
# Do not take $e$ to the power of this running mean for the model's perplexity, because training makes the loss higher on
# purpose: it hides some values and words from the model, and it punishes being completely sure.
# [Overfitting](10_overfitting.ipynb) explains both, and computes the loss of this model without them.
#
# ## Reading the record
#
# The live plot (Figure 9.4) shows one moment. For later, every step also writes a line into a plain file,
# `record.jsonl`, which any program can read and from which we draw Figure 9.5. In the code, `record` contains all its
# lines, and `steps` those of the training steps.

# %% tags=["hide-input"]
print(f"{trainer.run.record_path.name}: {len(record):,} lines. A line of a step holds")
print("   ", ", ".join(steps[0]))

# %% mystnb={"image": {"alt": "Above, the training loss of each step in grey with its running mean in blue, and validation BLEU as orange dots. Below, running means of the gradient norms of encoder and decoder."}}
show_figure(plot_losses(record, window=max(len(steps) // 40, 1)))

# %% [markdown]
# **Figure 9.5.** The loss falls fast at first and slowly later, and validation BLEU rises. Below are the norms of the gradients
# of encoder and decoder.

# %% [markdown]
# What should you look for in such a plot, after the start of the loss? Jumps that do not come down again mean that the learning
# rate is too high. If the loss falls but validation BLEU does not rise, the model is learning something that does not help
# with new sentences. [My training does not work](../book/my-training-does-not-work.md) has a longer list of symptoms, with
# their causes and checks.
#
# The record can also tell us whether clipping was needed, because it has all norms before clipping:

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two scatter plots over steps, encoder gradient norms on the left and decoder gradient norms on the right, on a logarithmic scale, with a dashed horizontal line at the clipping norm."}}
figure = Figure(figsize=(6, 3), layout="constrained")
allowed = scale.training.clip_norm
ticks = sorted({0.1, 0.5, 1.0, allowed})
for axes, part, colour in zip(figure.subplots(1, 2, sharey=True), ("encoder", "decoder"), (BLUE, ORANGE), strict=True):
    axes.plot(
        [line["step"] for line in steps], [line[f"{part}_norm"] for line in steps], ".", markersize=3, color=colour
    )
    axes.axhline(allowed, linestyle="--", color="0.3", label=f"clipped to {allowed:g}")
    axes.set(xlabel="step", title=part, yscale="log")
    axes.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axes.set_yticks([], minor=True)
low, high = figure.axes[0].get_ylim()
figure.axes[0].set(ylabel="gradient norm", ylim=(low, 1.5 * high))
figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center")
show_figure(figure)

# %% [markdown]
# **Figure 9.6.** Gradient norms before clipping, one dot per step. Gradients above the dashed line were scaled down.

# %% tags=["hide-input"]
clipped = np.mean([max(line["encoder_norm"], line["decoder_norm"]) > scale.training.clip_norm for line in steps])
highest = max(max(line["encoder_norm"], line["decoder_norm"]) for line in steps)
show_text(
    f"The highest norm of this run is {highest:.2f}, and the limit is {scale.training.clip_norm:g}. "
    + (
        "**Not one step was clipped**, so the limit had no effect here. It protects us from a rare accident."
        if clipped == 0
        else f"**{clipped:.1%}** of the steps were scaled down."
    )
)

# %% [markdown]
# Look at your own norms before you choose a limit. One that no ordinary step reaches changes nothing until an accident happens.
# One that most steps reach changes nearly every gradient, so that all batches count about equally.
#
# ## A run that resumes where it stopped
#
# When you stopped the training cell and ran it again, it continued exactly where it was. If you wrote such a program, what
# would you have to save, so that a run that was stopped ends with the *same weights, bit for bit*, as a run that was never
# stopped? The weights alone are not enough. You need everything that influences a later step:
#
# - the weights
# - Adam's two running means and its number of steps
# - the state of the random generator, which decides what dropout hides
# - the position in the data: the number of the step, from which epoch and batch follow
# - the best score so far
#
# The order of the pairs need not be saved, because it can be computed from the seed and the number of the epoch ([Batches:
# many sentences in one rectangle](03_batches.ipynb)). All of this is written into one file, a
# **[checkpoint](../book/glossary.md)**. Since the computer may crash while it writes, the file first has another name
# (Figure 9.7).

# %% tags=["hide-input"] mystnb={"image": {"alt": "A time line with the steps write, sync and rename. The old checkpoint is whole throughout; a temporary file grows, is on the disk, and by the rename becomes the new one. Kills before the rename leave the old checkpoint; a kill after it leaves the new one."}}
show_drawing("checkpoint")


# %% [markdown]
# **Figure 9.7.** A checkpoint gets its real name only when the whole file is on the disk. So whenever the process is killed,
# there is an undamaged checkpoint to resume from.

# %% [markdown]
# Let us test it with tiny runs. The folded cell defines two helpers: `tiny_trainer(folder)` makes a new `Trainer`, which knows
# only what is in the folder, and `disturb(trainer, step, act)` calls `act` just before a given step.


# %% tags=["hide-input"]
def disturb(trainer, step, act):
    """Do something just before a training step, counted from 1."""
    take_step = trainer.train_step

    def train_step(batch):
        if trainer.progress.step + 1 == step:
            act()
        return take_step(batch)

    trainer.train_step = train_step


def tiny_trainer(folder):
    """A new trainer, as after a restart: it knows nothing but what lies in the folder."""
    return Trainer(tiny_corpus, tiny, folder, device="cpu", watchers=[])


# %% [markdown]
# The first run is not disturbed, and the second is stopped in step 8, by the signal that Kernel → Interrupt sends. Then a
# **new** trainer resumes it.

# %% tags=["nbval-check-output"]
temporary = TemporaryDirectory()
names = ("undisturbed", "stopped", "plug pulled")
folders = {name: Path(temporary.name) / name for name in names}
tiny_trainer(folders["undisturbed"]).fit()

first = tiny_trainer(folders["stopped"])
disturb(first, 8, lambda: signal.raise_signal(signal.SIGINT))
said = io.StringIO()
with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
    first.fit(raise_on_stop=False)  # by default a stop ends the cell, and this one has more to do
print(said.getvalue().split(";")[0])

second = tiny_trainer(folders["stopped"])
print("resumed, and took step", second.fit().step, "of", second.total_steps)


# %% [markdown]
# In the third run the power fails, so there is no time to write anything. Here an exception in the middle of step 14 does the
# same. (The package's tests kill real processes, also while they are writing a checkpoint.)


# %% tags=["nbval-check-output"]
def pull_plug():
    """Leave at once, with no time to save anything."""
    raise SystemError


victim = tiny_trainer(folders["plug pulled"])
disturb(victim, 14, pull_plug)
with contextlib.suppress(SystemError):
    victim.fit()
print(f"reached step {victim.progress.step}; on the disk:")
print(*(f"    {path.stem}" for path in victim.checkpoints.paths()), sep="\n")
print("resumed, and took step", tiny_trainer(folders["plug pulled"]).fit().step)

# %% [markdown]
# The run had reached step 13, and its newest checkpoint is that of step 10, because `checkpoint_steps` is 5 here. So three
# steps were lost, and taken again. Were they the same steps? We compare everything in the last checkpoints of the three
# runs: weights, optimiser and random state.

# %% tags=["nbval-check-output"]
newest = {name: Checkpoints(folder).paths()[-1] for name, folder in folders.items()}
states = {name: load_tensors(path)[0] for name, path in newest.items()}
reference = states["undisturbed"]
for name, state in states.items():
    equal = [torch.equal(reference[key], state[key]) for key in reference]
    print(f"{name:12} {sum(equal)} of {len(reference)} tensors equal, bit for bit")

# %% [markdown]
# All three runs end with the same state, so you lose no more than this:
#
# | what happens | what it costs |
# | :--- | :--- |
# | Kernel → Interrupt, Ctrl-C, SIGTERM | nothing: the step is finished, and a checkpoint is written |
# | Ctrl-C twice | the step is not finished, so the run resumes from the last checkpoint |
# | SIGKILL, a power cut, an empty battery | at most `checkpoint_steps` steps, which are taken again |
# | killed while a checkpoint is being written | the same, because the file appears whole or not at all |
#
# Bit for bit holds with the same versions on the same type of processor, with any number of cores. Other processors may add
# numbers in another order, and then the last bits differ.

# %% tags=["hide-input"]
pace = progress.seconds / max(progress.step, 1)
show_text(
    f"Your run writes a checkpoint every {scale.training.checkpoint_steps} steps, so a power cut costs at most "
    f"**{pace * scale.training.checkpoint_steps:.0f} seconds** of training. The two newest are kept:"
)
sizes = [
    [path.name, f"{path.stat().st_size / 1e6:,.1f} MB"]
    for path in sorted(trainer.run.folder.iterdir())
    if path.is_file()
]
show_table(["file of the run", "size"], [row for row in sizes if not row[0].startswith((".", "lock"))])

# %% [markdown]
# A checkpoint is about three times as large as `model.safetensors`, because Adam's two means are as large as the weights.
#
# The run also writes its numbers for **TensorBoard**, a program that draws several runs in one picture, together with the
# attention and the sample translations of each evaluation. To open it, type `tensorboard --logdir runs`.
#
# ## Recap
#
# - The loss is the mean of $-\ln p$ over real words. With padding in the mean it would look better than it is.
# - A training step computes the loss and its gradient, clips the gradient, and moves each weight.
# - With teacher forcing the decoder reads the true words. This is fast and stable, but in use it reads its own words, and the
#   difference is called exposure bias.
# - Clipping keeps the direction of a gradient and limits its length.
# - Adam's steps have about the size of the learning rate, whatever the size of the gradient. A schedule raises the rate and
#   lets it fall.
# - The validation score decides which weights are kept, and not the training loss.
# - A checkpoint has everything that influences later steps, so a run that was stopped ends with the same weights, bit for bit.
#
# ## Exercises

# %% [markdown]
# ### Exercise 9.1: The loss of knowing nothing
#
# A model gives all V words the same probability. What is its loss? Check your answer with `masked_cross_entropy`, and compare
# it with the first step of the record. Why is the first step so close to it?

# %% [markdown]
# ### Solution to exercise 9.1

# %% [markdown]
# Every word has $p = 1/V$, so every position costs $\ln V$.

# %% tags=["solution"]
size = len(corpus.tgt_vocabulary)
same = torch.zeros(2, 3, size)
assert math.isclose(masked_cross_entropy(same, tgt_ids, tgt_mask), math.log(size), rel_tol=1e-5)
show_text(f"ln {size:,} = **{math.log(size):.2f}**; the first step of the run cost {steps[0]['loss']:.2f}.")

# %% [markdown]
# The book's models begin with small embeddings, so at first all logits are close to 0 and all words about equally likely. With
# large first weights the model would be sure of wrong words, and its loss would be higher than $\ln V$.

# %% [markdown]
# ### Exercise 9.2: Clipped together or apart
#
# The encoder's gradient is $(3, 4)$, the decoder's $(30, 40)$. Clip to 5, once both as one vector, once each on its own.
# What happens to the encoder's gradient?

# %% [markdown]
# ### Solution to exercise 9.2

# %% tags=["solution", "nbval-check-output"]
encoder, decoder = np.array([3.0, 4.0]), np.array([30.0, 40.0])


def clip(gradient, allowed):
    """The clipping formula."""
    return gradient * min(1.0, allowed / np.linalg.norm(gradient))


together = clip(np.concatenate([encoder, decoder]), 5.0)
print("together:", together.round(2).tolist())
print("apart:   ", clip(encoder, 5.0).round(2).tolist(), clip(decoder, 5.0).round(2).tolist())

# %% [markdown]
# Together, the large gradient of the decoder causes the encoder's gradient to shrink to a tenth. Apart, the encoder's gradient
# stays as it is.

# %% [markdown]
# ### Exercise 9.3: Change the settings of a run
#
# A run was started with one learning rate, stopped, and is then continued with another. Should the trainer do it? Try it with
# the tiny run's folder.

# %% [markdown]
# ### Solution to exercise 9.3

# %% tags=["solution", "nbval-check-output"]
slower = replace(tiny, training=replace(tiny.training, learning_rate=1e-3))
try:
    Trainer(tiny_corpus, slower, folders["stopped"], device="cpu", watchers=[])
except RunError as error:
    message = str(error).replace(temporary.name, "…").replace("\\", "/")
print(textwrap.fill(message, 60))
temporary.cleanup()

# %% [markdown]
# It refuses, and names the setting. If settings could change on the way, the run could not be repeated from its `run.json`,
# and no table could say what was measured. In a notebook this does not happen by accident, because `folder_for` gives other
# settings another folder.

# %% [markdown]
# ## What to read next
#
# [Overfitting](10_overfitting.ipynb) asks what a falling training loss does not tell you, and compares the methods against
# learning by heart. If you want to see translations first, continue with [Translating](11_translating.ipynb). [Pascanu et al.
# (2013)](https://arxiv.org/abs/1211.5063) explain why gradients explode.
