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
# You have a network that turns a French sentence into probabilities of English words. So far they are nonsense.
# This chapter makes them good: a number that says how wrong they are, a rule that makes it smaller, and a cell that you
# can stop, walk away from and run again, without losing a step.
#
# > **What you will be able to do**
# >
# > - work out the masked cross-entropy of a small batch by hand, and say why padding must stay out of it
# > - say what teacher forcing is, what it leaves the model unprepared for, and what scheduled sampling does about it
# > - clip a gradient by hand, and read both gradient norms of a run
# > - train the book's translator, stop it in the middle, go on, and prove that nothing was lost
#
# At `small` the chapter takes well under a minute, at `standard` a few minutes for the training cell and a few more for
# a comparison, at `large` an hour or so.

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
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.settings import ModelSettings, TrainingSettings

scale = load_scale()  # S2S_SCALE: small, standard or large
# Clipping norms to compare:
clip_lines = (0.5, scale.training.clip_norm, PRESETS["original"].training.clip_norm)
sampling_seeds = (0, 1)  # of each run in the comparison of scheduled sampling
sampling_end = 0.5  # teacher-forcing ratio that a schedule ends at
sampling_pairs = scale.data.sample_pairs // 4  # of the grammar, for that comparison
sampling_epochs = max(min(scale.training.epochs, 10) // 2, 1)  # passes over them
sampling_size = scale.model.hidden_size // 2  # H of those models

# %%
import contextlib
import io
import math
import signal
import statistics
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.corpus import challenge_set, prepare
from s2s_tutorial.files import load_tensors
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.model.loss import masked_cross_entropy, output_cross_entropy
from s2s_tutorial.model.seq2seq import shift_right
from s2s_tutorial.notebook.plots import plot_losses
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import RunError, folder_for
from s2s_tutorial.training.optimiser import learning_rate_factor
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.scheduled_sampling import (
    best_words,
    mix_in_parallel,
    positions_to_predict,
    teacher_forcing_ratio,
)
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import evaluate

# Colours that everybody can tell apart:
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"

# %% [markdown]
# ## One number for how wrong the model is
#
# At every place of a sentence the model spreads a probability of 1 over all words. The right word gets some share $p$.
# The **[cross-entropy](../book/glossary.md)** of that place is $-\ln p$: nothing if the model was sure and right, a lot
# if it was sure and wrong. If $p$ is halved, the cost grows by $\ln 2$.
#
# Now a batch: two sentences, three places, so six costs. The first sentence is three words long. The second has one
# word, and after it two places of [padding](../book/glossary.md). The rectangle below holds the probability that the
# model gave to what stands at each place. It has learnt very quickly that padding is followed by padding.
#
# | sentence | place 1 | place 2 | place 3 |
# | :--- | ---: | ---: | ---: |
# | sentence 1 | 1/2 | 1/4 | 1/2 |
# | sentence 2 | 1/4 | *padding*, $1 - 2^{-10}$ | *padding*, $1 - 2^{-10}$ |
#
# Four real words cost $\ln 2$, $2 \ln 2$, $\ln 2$ and $2 \ln 2$. Their mean is $1.5 \ln 2$, about 1.04 nats.
# (A **nat** is to $\ln$ what a bit is to $\log_2$: this model needs 1.5 bits a word.)
#
# $$
# \mathcal{L} = -\frac{1}{\sum_{b,t} m_{bt}} \sum_{b,t} m_{bt} \ln p_{bt}
# \tag{8.1}
# $$
#
# where $p_{bt} = p(y_{bt} \mid y_{b,<t}, x_b)$ is what the right word at place $t$ of sentence $b$ got, and $m_{bt}$ is 1
# at real words (the end of the sentence is one) and 0 at padding.

# %% tags=["nbval-check-output"]
# The probability of what stands at each place, (B, T):
right = torch.tensor([[1 / 2, 1 / 4, 1 / 2], [1 / 4, 1 - 2**-10, 1 - 2**-10]])
tgt_mask = torch.tensor([[True, True, True], [True, False, False]])
costs = -right.log()
print("costs in bits:", (costs / math.log(2)).round(decimals=2).tolist())
for what, mean in (("4 words: ", costs[tgt_mask].mean()), ("6 places:", costs.mean())):
    print(f"mean over {what} {mean:.4f} nats = {mean / math.log(2):.2f} bits")

# %% [markdown]
# The mean over all six places looks a third better, and the model is not one bit better. It also depends on how much
# padding the batch happens to hold. And it would spend gradient on learning to say nothing after nothing.
#
# Here is the package's form of (8.1). It takes **logits**, the scores before the softmax.

# %%
show_source(masked_cross_entropy)

# %% [markdown]
# To compare it with the hand-worked number you need logits that give those probabilities. Logarithms of probabilities
# are such logits: the softmax of $\ln p$ is $p$. Four words are enough, and word 0 is always the right one.

# %% tags=["nbval-check-output"]
rest = (1 - right)[..., None].expand(-1, -1, 3) / 3  # for the three other words
logits = torch.cat([right[..., None], rest], dim=-1).log()  # (B, T, V) = (2, 3, 4)
tgt_ids = torch.zeros(2, 3, dtype=torch.long)  # (B, T)
loss = masked_cross_entropy(logits, tgt_ids, tgt_mask)
assert torch.allclose(loss, costs[tgt_mask].mean())
print(f"{loss:.4f}")

# %% [markdown]
# **Break it.** Make the two padded places as bad as you like: set their probability to 0.001 and run both cells again.
# The loss of the package must not move.
#
# ## Label smoothing: do not be too sure
#
# Cross-entropy always wants more. A model that gives the right word 0.99 is still paid for making it 0.999, and the
# only way there is ever larger weights. But « C'est une porte bleue » has more than one good translation, and the
# corpus happened to hold one. **Label smoothing** ([Szegedy et al., 2016](https://arxiv.org/abs/1512.00567)) asks for a
# little less: the target is $1 - \varepsilon$ on the right word, and $\varepsilon$ spread over all words alike.
#
# By hand, for one place with probabilities 1/2, 1/4, 1/8, 1/8, the first word right and $\varepsilon = 0.1$: the right
# word costs 1 bit, and all words together cost $(1 + 2 + 3 + 3)/4 = 2.25$ bits on average. So the smoothed loss is
# $0.9 \cdot 1 + 0.1 \cdot 2.25 = 1.125$ bits.

# %% tags=["nbval-check-output"]
one_place = torch.tensor([[[1 / 2, 1 / 4, 1 / 8, 1 / 8]]]).log()
surer = torch.tensor([[[0.997, 0.001, 0.001, 0.001]]]).log()
for name, scores in (("as above", one_place), ("very sure", surer)):
    first = torch.zeros(1, 1, dtype=torch.long)
    nats = [masked_cross_entropy(scores, first, first == 0, e).item() for e in (0.0, 0.1)]
    plain, smoothed = (value / math.log(2) for value in nats)
    print(f"{name:10} plain {plain:.3f} bits, smoothed {smoothed:.3f} bits")

# %% [markdown]
# Being very sure now has a price. Remember this when you read a training curve: with smoothing the loss cannot reach 0,
# and it is not comparable with a loss without it.
#
# ## The same loss for less work
#
# The output layer is the largest product in the network: every attentional state (H numbers) meets every word of the
# [vocabulary](../book/glossary.md) (V rows). Padding need not go through it at all. `output_cross_entropy` takes the
# output layer into the loss: it first picks the N real words out of the B × T places, and only those N rows meet the
# vocabulary.

# %%
show_source(output_cross_entropy)

# %% [markdown]
# Never believe a rewrite; check it. Value *and* gradients, and, while you are here, the time of one pass forward and
# back. The sizes are those of an ordinary batch; about a third of its places are padding.

# %%
B, T, H, V = 64, 9, 256, 2000
rng = torch.Generator().manual_seed(0)
hidden = torch.randn(B, T, H, generator=rng, requires_grad=True)
weight = (torch.randn(V, H, generator=rng) / 16).requires_grad_()
bias = torch.zeros(V, requires_grad=True)
words = torch.randint(4, V, (B, T), generator=rng)
real = torch.arange(T) < torch.randint(3, T + 1, (B, 1), generator=rng)  # (B, T)
forms = {
    "plain": lambda: masked_cross_entropy(hidden @ weight.T + bias, words, real, 0.1),
    "output layer inside": lambda: output_cross_entropy(hidden, weight, bias, words, real, 0.1),
}

# %%
found = {}
for name, form in forms.items():
    times = []
    for _ in range(5):
        start = time.perf_counter()
        value = form()
        gradients = torch.autograd.grad(value, [hidden, weight, bias])
        times.append(time.perf_counter() - start)
    found[name] = (value, *gradients), statistics.median(times)
pairs = zip(found["plain"][0], found["output layer inside"][0], strict=True)
assert all(torch.allclose(a, b, atol=1e-6) for a, b in pairs)

# %% tags=["hide-input"]
slow, fast = found["plain"][1], found["output layer inside"][1]
show_text(
    f"Equal in value and in all three gradients. {int(real.sum())} of {real.numel()} places are real words. The plain form "
    f"took {slow * 1e3:.0f} ms and the other {fast * 1e3:.0f} ms on this machine: {slow / fast:.1f} times as fast."
)

# %% [markdown]
# The gain comes from skipping padding: here a third of the places is padding, so a third of the work at the output layer
# is not done. In training the gain is smaller, because batches hold sentences of similar length
# ([Batches: many sentences in one rectangle](03_batches.ipynb)) and there is little padding to skip.
#
# ## What the decoder reads while it learns
#
# At place $t$ the [decoder](../book/glossary.md) reads the word before, $y_{t-1}$. Which one: the true word, or the
# word it would have said itself? With **[teacher forcing](../book/glossary.md)** it always reads the true one. That is
# fast, because all inputs are known in advance and the GRU runs over the whole sentence at once; and it is stable,
# because one slip does not ruin the rest of the sentence (top of Figure 8.1).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three panels for the true sentence the black cat sleeps, each with what the decoder reads and says. With teacher forcing it reads the true words. With its own words, arrows lead from each word said to the next word read, ending in the dark night falls. With scheduled sampling a coin above each word says true or own."}}
from s2s_tutorial.notebook.show import show_drawing

show_drawing("teacher-forcing")

# %% [markdown]
# **Figure 8.1.** In use one wrong word leads to the next. Teacher forcing never meets that; scheduled sampling lets a coin decide for
# each word.

# %% tags=["nbval-check-output"]
sentence = ["she", "is", "not", "tired", ".", "<eos>"]
numbers = torch.arange(10, 16)[None]  # any ids will do
names = dict(zip([1, *numbers[0].tolist()], ["<sos>", *sentence], strict=True))
for fed, target in zip(shift_right(numbers)[0].tolist(), numbers[0].tolist(), strict=True):
    print(f"reads {names[fed]:6} must say {names[target]}")

# %% [markdown]
# The price: in use there is no teacher. The decoder reads its own words, good and bad, and after its first mistake it
# is in a place where it has never been. This gap between training and use is called **[exposure
# bias](../book/glossary.md)**. **[Scheduled sampling](../book/glossary.md)** ([Bengio et al.,
# 2015](https://arxiv.org/abs/1506.03099)) tries to close it. For every word a coin decides whether the decoder reads
# the true one or its own best guess. How often it is the true one, the **teacher-forcing ratio**, is 1 when training
# starts, and a schedule lowers it (Figure 8.2). The 2017 notebook described this, with a ratio of one half, and never
# did it: its loop always fed the truth.

# %% tags=["nbval-check-output"]
shares = (0, 0.25, 0.5, 0.75, 1)
print(f"{'done':15}", *(f"{share:4.0%}" for share in shares))
for schedule in ("none", "constant", "linear", "exponential", "inverse-sigmoid"):
    ratios = [teacher_forcing_ratio(schedule, share, end=0.5) for share in shares]
    print(f"{schedule:15}", *(f"{ratio:4.2f}" for ratio in ratios))

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
    ratios = [teacher_forcing_ratio(schedule, share, sampling_end) for share in done]
    axes.plot(done, ratios, style, color=colour, label=schedule)
axes.set(xlabel="share of training done", ylabel="teacher-forcing ratio", ylim=(0, 1.05))
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 8.2.** Four ways down from always the teacher to half the time. Constant is there from the first step.

# %% [markdown]
# There are two ways to get the model's own words.
#
# **Stepwise** ([Bengio et al., 2015](https://arxiv.org/abs/1506.03099)): say a word, toss the coin, feed, say the next. Each word waits for the one
# before, so the fast path over whole sentences is lost.
#
# **In two passes** ([Mihaylova and Martins, 2019](https://arxiv.org/abs/1906.07651)): a first pass with teacher forcing guesses all words at once; coins mix
# these guesses into the true words; a second pass reads the mixture, and only it is learnt from. The guesses are a
# little too good, since each was made after a true word. But nothing waits.
#
# Scheduled sampling also has a flaw that is easy to miss. The *inputs* change, the *targets* do not. Suppose the decoder
# says "isn" where the teacher has "is", which is a fine beginning of "isn t". Look at what it must learn to say next.

# %% tags=["nbval-check-output"]
fed = ["<sos>", "she", "isn", "not", "tired", "."]  # its own word came up once, at place 3
for number, (read, target) in enumerate(zip(fed, sentence, strict=True), 1):
    print(f"place {number}: reads {read:6} must say {target:6}", "<- !" if read == "isn" else "")

# %% [markdown]
# It is taught to say "she isn not tired". Whether the cure is better than the illness is a question for a measurement;
# you will make it below.
#
# ## Gradients, clipped
#
# A recurrent network multiplies by the same weights at every place, so now and then a gradient is enormous. One such
# step can undo an hour. **[Gradient clipping](../book/glossary.md)** ([Pascanu et al.,
# 2013](https://arxiv.org/abs/1211.5063)) keeps the direction and bounds the length: with all gradients in one long
# vector $g$, its norm $\lVert g \rVert = \sqrt{\sum_i g_i^2}$, and $c$ the norm allowed,
#
# $$
# g \leftarrow g \cdot \min\!\left(1, \frac{c}{\lVert g \rVert}\right)
# \tag{8.2}
# $$
#
# Work (8.2) out by hand: $g = (3, 4)$ has norm $\sqrt{9 + 16} = 5$. Clipped to 1 it is $(0.6, 0.8)$. Clipped to
# 10 it stays as it is.

# %% tags=["nbval-check-output"]
for allowed in (1.0, 10.0):
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([3.0, 4.0])
    norm = torch.nn.utils.clip_grad_norm_([parameter], allowed)
    clipped = [round(g, 4) for g in parameter.grad.tolist()]
    print(f"norm {norm:.1f}, clipped to {allowed:4.1f}: {clipped}")

# %% [markdown]
# The norm that comes back is the one *before* clipping. The trainer records it at every step, once for the encoder
# and once for the decoder, and clips each on its own.
#
# ## How large a step?
#
# Three things decide.
#
# **Adam** ([Kingma and Ba, 2015](https://arxiv.org/abs/1412.6980)) keeps two running means for every single weight:
# of its gradients, and of their squares. A step is the first, over the square root of the second, times the learning
# rate. Both means start at 0 and are therefore too small at first, so Adam divides each by the share of the weights
# that it has collected so far ($1 - 0.9^t$ and $1 - 0.999^t$ after $t$ steps). This is its **bias correction**;
# without it the first step below would be 0.316 and not 0.1. So a weight whose gradients always point the same way
# moves by about the learning rate, *however large or small they are*; one whose gradients change sign hardly moves at
# all. See it at the first step:

# %% tags=["nbval-check-output"]
weights = torch.nn.Parameter(torch.zeros(3))
adam = torch.optim.Adam([weights], lr=0.1)
weights.grad = torch.tensor([1000.0, 1.0, -0.001])
adam.step()
print([round(value, 3) for value in weights.tolist()])

# %% [markdown]
# Three gradients six orders of magnitude apart; three steps of one size. (What then does clipping do for Adam? It
# keeps one wild batch from filling both running means for many steps to come.)
#
# **The learning rate's shape.** At the first steps those means rest on almost nothing, so the rate rises from near 0
# over a first part of training, the **warm-up**. Afterwards it falls along half a cosine to 0 (Figure 8.3):
# large steps to get near, small ones to settle.

# %% tags=["nbval-check-output"]
for step in (0, 5, 9, 10, 55, 99):
    factor = learning_rate_factor(step, 100, warmup=0.1, decay=0.9)
    print(f"step {step:2} of 100: {factor:.3f} of the highest")

# %% tags=["hide-input"] mystnb={"image": {"alt": "The learning rate factor over the share of training. The solid curve rises in a straight line, reaches one and falls smoothly to zero. A dotted flat line at one is the schedule of 2017."}}
figure = Figure(figsize=(5.5, 2.8), layout="constrained")
axes = figure.add_subplot()
for settings, colour, style, label in (
    (scale.training, BLUE, "-", scale.name),
    (PRESETS["original"].training, GREY, ":", "original (2017)"),
):
    factors = [learning_rate_factor(step, 1000, settings.warmup, settings.decay) for step in range(1000)]
    axes.plot(np.arange(1000) / 1000, factors, style, color=colour, label=label)
axes.set(xlabel="share of training done", ylabel="factor", ylim=(0, 1.1))
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 8.3.** Up in a line, down along half a cosine. The 2017 notebook kept one rate from the first step to the last.

# %% [markdown]
# **Two learning rates.** The 2017 notebook ran two Adams, and gave the decoder five times the encoder's rate
# (1e-4 and 5e-4). Here one Adam has two groups, and `decoder_learning_ratio` is that factor. The book's own presets keep
# it at 1. To see that the trainer really does it, take one step of a tiny model with the 2017 settings of the optimiser.

# %% tags=["nbval-check-output"]
then = PRESETS["original"].training
tiny = replace(
    PRESETS["small"],
    name="tiny",
    data=replace(PRESETS["sample"].data, sample_pairs=400),
    model=ModelSettings(embedding_size=16, hidden_size=16, dropout=0.1),
    training=TrainingSettings(
        epochs=2,
        batch_size=32,
        learning_rate=1e-2,
        sampling="linear",
        checkpoint_steps=5,
    ),
)
tiny_corpus = prepare(tiny.data)
names = ("learning_rate", "decoder_learning_ratio", "warmup", "decay", "clip_norm")
rates = {name: getattr(then, name) for name in names}
with TemporaryDirectory() as folder:
    two_rates = replace(tiny, training=replace(tiny.training, **rates))
    run_folder = Path(folder) / "run"
    trial = Trainer(tiny_corpus, two_rates, run_folder, device="cpu", watchers=[])
    values = trial.train_step(Batch.of(trial.src, trial.tgt, np.arange(32)))
    encoder_rate, decoder_rate = (group["lr"] for group in trial.optimiser.param_groups)
    print(f"encoder {encoder_rate:.0e}, decoder {decoder_rate:.0e}")
    print("a step reports:", *sorted(values), sep="\n    ")

# %% [markdown]
# ## One training step
#
# Everything so far meets in one short method: hide some rare words, decide what the decoder reads, the loss, the
# gradients, clip both, set the rates, step.

# %%
show_source(Trainer.train_step)

# %% [markdown]
# ## The training cell
#
# The next cell trains the translator that chapters 9 and 10 use. Where the real pairs can be neither found nor downloaded,
# `prepare` says so, and names the ways out.
#
# While it runs you see the loss, both gradient norms, an attention picture and translations of a few sentences of the
# challenge set change. Then do this:
#
# 1. **Stop it** in the middle: Kernel → Interrupt (the ■ button). It finishes its step, writes everything to the disk and
#    says so. If you had chosen Run All, the cells below do not run, because their model is not trained yet.
# 2. Run any other cell. Translate something: `trainer.translator.translate("Le chat dort.").text`.
# 3. **Run the cell again.** It resumes at the step after the last one. You may restart the kernel in between, close the
#    lid, or come back next week. Once the run has finished, the cell shows its curve again.
#
# > **Guess first**
# >
# > An untrained model is no better than throwing dice over the whole vocabulary. What loss does that give, in nats?
# > (The first exercise has the answer.) How far will it have fallen at the end?

# %% tags=["training-cell"] mystnb={"image": {"alt": "Top left, the training loss falls steeply and then slowly while validation BLEU climbs. Below it, the gradient norms of encoder and decoder. On the right, an attention heat map with one bright cell in most rows."}}
corpus = prepare(scale.data)
trainer = Trainer(corpus, scale, folder_for(scale), samples=challenge_set())
progress = trainer.fit()

# %% [markdown]
# **Figure 8.4.** The live plot at the end of the run: loss, validation BLEU and gradient norms on the left, on the right the
# attention to a sample sentence, and below, translations of others: > is the source, = a reference, < the translation.

# %% tags=["hide-input"]
record = read_record(trainer.run.record_path)
steps = [line for line in record if line["kind"] == "step"]
show_text(
    f"{progress.step:,} of {trainer.total_steps:,} steps on {len(corpus.train):,} pairs, {progress.seconds / 60:.1f} minutes, "
    f"{1000 * progress.seconds / max(progress.step, 1):.0f} ms a step. The loss of the first step was "
    f"**{steps[0]['loss']:.2f}** nats a word and the running mean is now **{progress.loss:.2f}**. "
    + (
        f"The best validation BLEU, **{progress.best_bleu:.1f}**, came at step {progress.best_step:,}; those weights are kept."
        if progress.best_step
        else "No evaluation has come yet: run the cell above again, and it goes on."
    )
)

# %% [markdown]
# (The 2017 notebook printed 1.1 s a step, on a GPU, for a running loss of 0.0981 at step 6,100. Do not compare losses:
# its loss had no smoothing, and it was measured on pairs that the model had seen many times.)
#
# ## Reading the record
#
# The live plot (Figure 8.4) shows one moment, and the next run of the cell draws over it; the record keeps everything.
# Every step leaves a line in a plain file, `record.jsonl`, which any program can read. Figure 8.5 is drawn from it.

# %%
print(f"{trainer.run.record_path.name}: {len(record):,} lines. A line of a step holds")
print("   ", ", ".join(steps[0]))

# %% mystnb={"image": {"alt": "Above, the training loss of each step in grey with its running mean in blue, and validation BLEU as orange dots. Below, running means of the gradient norms of encoder and decoder."}}
show_figure(plot_losses(record, window=max(len(steps) // 40, 1)))

# %% [markdown]
# **Figure 8.5.** The loss falls fast, then slowly; validation BLEU follows; the decoder's gradients and the encoder's have norms of
# their own.

# %% [markdown]
# Was clipping needed? The record has the answer: all norms before clipping, against the norm allowed
# (Figure 8.6).

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
# **Figure 8.6.** Gradient norms before clipping, one dot a step; steps above the line were shortened.

# %%
rows = []
for allowed in clip_lines:
    norms = ([line[f"{part}_norm"] for line in steps] for part in ("encoder", "decoder"))
    shares = [np.mean([norm > allowed for norm in of_part]) for of_part in norms]
    rows.append([f"norm {allowed:g}", *(f"{share:.1%}" for share in shares)])
show_table(["clipped to", "encoder: steps clipped", "decoder: steps clipped"], rows)

# %% [markdown]
# The last row is the 2017 notebook's bound. Its norms were other ones, since its sizes and its first weights were others.

# %% tags=["hide-input"]
clipped = np.mean([max(line["encoder_norm"], line["decoder_norm"]) > scale.training.clip_norm for line in steps])
highest = max(max(line["encoder_norm"], line["decoder_norm"]) for line in steps)
show_text(
    f"The highest norm of this run is {highest:.2f}, and the bound is {scale.training.clip_norm:g}. "
    + (
        "**Not one step was clipped.** The bound is a safety net into which nobody fell, and that is how it should be."
        if clipped == 0
        else f"**{clipped:.1%}** of the steps were shortened."
    )
)

# %% [markdown]
# So look at your own norms before you trust a bound. One that no step reaches costs nothing and does nothing, until the
# day it saves you. One that most steps reach is no safety net any more: it is a second learning-rate schedule.
#
# ## What one wrong word does
#
# Now that there is a trained model, look at exposure bias itself. Take test pairs, feed the decoder the true words, and
# note what the right word costs at each place. Then feed the same, with *one* word replaced by a random one.
#
# > **Guess first**
# >
# > The wrong word is read at place 3. How many places suffer: only the third? All that follow?

# %%
src = Encoded.encode(corpus.test.sources, corpus.src_vocabulary)
first_references = [references[0] for references in corpus.test.references]
tgt = Encoded.encode(first_references, corpus.tgt_vocabulary)
places = max(int(np.median(tgt.lengths)), 3)
batch = Batch.of(src, tgt, np.flatnonzero(tgt.lengths >= places)[:500]).to(trainer.model.device)
true_words = shift_right(batch.tgt_ids)
one_wrong = true_words.clone()
rng = torch.Generator().manual_seed(0)
drawn = torch.randint(4, len(corpus.tgt_vocabulary), (len(one_wrong),), generator=rng)
one_wrong[:, 2] = drawn.to(one_wrong.device)

costs = {}
for name, prev_ids in (("true words", true_words), ("one wrong word", one_wrong)):
    with torch.inference_mode():
        attn_states = trainer.model(batch, prev_ids).attn_states
        logits = trainer.model.decoder.logits(attn_states)  # (B, T, V)
    of_target = -logits.log_softmax(-1).gather(-1, batch.tgt_ids[..., None])[..., 0]  # (B, T)
    costs[name] = of_target.mean(dim=0)[:places].tolist()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two curves of mean cross-entropy over places. They are one curve at the first two places; from the third place on the curve with a wrong word can be compared with the other."}}
figure = Figure(figsize=(5.5, 2.8), layout="constrained")
axes = figure.add_subplot()
for (name, values), colour, style in zip(costs.items(), (BLUE, ORANGE), ("o-", "s--"), strict=True):
    axes.plot(range(1, places + 1), values, style, color=colour, label=name)
axes.axvline(3, linestyle=":", color=GREY)
axes.set(xlabel="place", ylabel="nats", ylim=(0, None), xticks=range(1, places + 1))
axes.legend()
show_figure(figure)

# %% [markdown]
# **Figure 8.7.** What the right word costs at each place, with true words fed and with a random word read at place 3.

# %% tags=["hide-input"]
assert np.allclose(costs["true words"][:2], costs["one wrong word"][:2], atol=1e-4)  # what is not read yet does no harm
harm = [wrong - true for true, wrong in zip(costs["true words"], costs["one wrong word"], strict=True)]
later = f", and **{harm[3]:+.2f}** at the next" if places > 3 else ""
show_text(
    f"Over {len(one_wrong)} test pairs: the right word at place 3 costs **{harm[2]:+.2f}** nats with the wrong word "
    f"before it{later}. The first two places do not change: nothing there has read it yet."
)

# %% [markdown]
# In Figure 8.7, compare the places after the third with the third itself. The source sentence is still there, and
# [attention](../book/glossary.md) can find the way back in it. A decoder without attention would have only its own
# state, and that has been told a lie.
#
# ## Does scheduled sampling help?
#
# Three ways to train, on the embedded corpus, with smaller models: always the teacher, and a linear schedule in both
# forms. Every way runs with more than one seed, because two runs that differ only in their seed do not score alike either.
#
# > **Guess first**
# >
# > Which form is slower than teacher forcing, and by how much? And which of the three translates best?

# %% [markdown]
# The package has the form in two passes. The stepwise form is short, so we write it here; a trainer uses it once it is set as
# the trainer's `mix_words`.


# %%
@torch.no_grad()
def mix_stepwise(model, batch, ratio, rng, memory, state):
    """Choose the words (B, T) to feed, one after another: each guess follows what was fed before it."""
    fed = shift_right(batch.tgt_ids)  # (B, T), the true words
    own = positions_to_predict(batch.tgt_mask, ratio, rng)  # (B, T), True where the model's word is fed
    with evaluation_mode(model.decoder):
        for t in range(1, fed.shape[1]):
            word, rows = model.decoder.embedding(fed[:, t - 1]), own[:, t]  # (B, E), (B,)
            attn_state, state, _ = model.decoder.advance(word, memory, state)  # (B, H)
            fed[rows, t] = best_words(model, attn_state[rows])
    return fed


# %%
ways = {
    "always the teacher": ("none", None),
    "two passes": ("linear", mix_in_parallel),
    "stepwise": ("linear", mix_stepwise),
}
base = replace(
    scale,
    name=f"{scale.name}-sampling",
    data=replace(PRESETS["sample"].data, sample_pairs=sampling_pairs),
    model=replace(scale.model, embedding_size=sampling_size, hidden_size=sampling_size),
    training=replace(scale.training, epochs=sampling_epochs, sampling_end=sampling_end),
)
grammar_corpus = prepare(base.data)

# %% tags=["hide-output"]
outcomes = {}
for way, (schedule, mix) in ways.items():
    for seed in sampling_seeds:
        settings = replace(base, training=replace(base.training, seed=seed, sampling=schedule))
        folder = folder_for(settings, way.replace(" ", "-"))
        run = Trainer(grammar_corpus, settings, folder, watchers=[LiveLine()])
        run.mix_words = mix
        run.fit()
        scores, _ = evaluate(run.translator, grammar_corpus.test)
        outcomes[way, seed] = scores, run.progress.seconds

# %% tags=["hide-input"]
show_table(
    ["way", "seed", "test BLEU", "95% interval", "seconds of training"],
    [
        [way, seed, f"{scores.bleu:.1f}", f"{scores.bleu_low:.1f} to {scores.bleu_high:.1f}", round(seconds)]
        for (way, seed), (scores, seconds) in outcomes.items()
    ],
)

# %% tags=["hide-input"]
of_way = {way: [outcomes[way, seed][0].bleu for seed in sampling_seeds] for way in ways}
# The shortest run of each way is the one that the rest of the machine disturbed least.
time_of = {way: min(outcomes[way, seed][1] for seed in sampling_seeds) for way in ways}
teacher, *others = ways
sentences = []
for way in others:
    if min(of_way[way]) > max(of_way[teacher]):
        verdict = "even its worst seed is ahead of the teacher's best"
    elif max(of_way[way]) < min(of_way[teacher]):
        verdict = "even its best seed is behind the teacher's worst, so here it does harm"
    else:
        verdict = "its seeds and the teacher's overlap, so here neither help nor harm can be shown"
    factor, gain = time_of[way] / time_of[teacher], statistics.mean(of_way[way]) - statistics.mean(of_way[teacher])
    sentences.append(
        f"**{way.capitalize()}** took {factor:.1f} times as long as always the teacher and scored {gain:+.1f} BLEU "
        f"against it on average; {verdict}."
    )
show_text(
    " ".join(sentences)
    + f" With {len(sampling_seeds)} seeds and intervals this wide, take even a clear verdict as a hint."
)

# %% [markdown]
# If it does not help in your run, there are two reasons to suspect. The sentences are short, so a decoder has little
# time to get lost, and the source is there to find the way back. And the false targets ("isn not") cost something too. At
# `small` these models have hardly begun to learn, and the table says next to nothing; at `standard` it is worth a look.
#
# ## A run that resumes where it stopped
#
# "It goes on exactly where it was" is easy to say. The 2017 notebook could be interrupted too, but only as long as its
# kernel lived: the optimiser's means and the place in the data were nowhere else. What would you have to write down so that
# a stopped run ends with the *same weights, bit for bit,* as one that was never stopped?

# %% tags=["hide-input"] mystnb={"image": {"alt": "A time line with the steps write, sync and rename. The old checkpoint is whole throughout; a temporary file grows, is on the disk, and by the rename becomes the new one. Kills before the rename leave the old checkpoint; a kill after it leaves the new one."}}
show_drawing("checkpoint")


# %% [markdown]
# **Figure 8.8.** A checkpoint appears under its real name only by renaming a whole, synced file, so whenever the process is killed, a
# good one is there to go on from.

# %% [markdown]
# Everything that decides what comes next, in a file that is whole or not there (Figure 8.8): the weights; Adam's two
# means and step count for each of them; the state of the random generator (dropout, coins, hidden words); where in
# which [epoch](../book/glossary.md) you are; the best score so far. The order of an epoch need not be kept, because it
# is a function of the seed and the epoch's number ([Batches: many sentences in one rectangle](03_batches.ipynb)).
#
# You are going to disturb a tiny run twice. `disturb` slips something in just before a given step.


# %%
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
# First a run that nothing disturbs. Then one that is stopped in step 8, by the very signal that Kernel → Interrupt
# sends, and continued by a **new** `Trainer`.

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
print("went on to step", second.fit().step, "of", second.total_steps)


# %% [markdown]
# Now pull the plug. SIGKILL, a power cut or a crash leave no time to write anything. An exception in the middle of step 14
# stands in for them here. (The package's tests kill real processes, also in the middle of writing a checkpoint.)


# %% tags=["nbval-check-output"]
class PlugPulledError(Exception):
    """No time to save anything."""


def pull_plug():
    """Leave at once."""
    raise PlugPulledError


victim = tiny_trainer(folders["plug pulled"])
disturb(victim, 14, pull_plug)
with contextlib.suppress(PlugPulledError):
    victim.fit()
print(f"reached step {victim.progress.step}; on the disk:")
print(*(f"    {path.stem}" for path in victim.checkpoints.paths()), sep="\n")
print("went on to step", tiny_trainer(folders["plug pulled"]).fit().step)

# %% [markdown]
# It had reached step 13, and the newest [checkpoint](../book/glossary.md) is of step 10, because `checkpoint_steps` is
# 5 here. The three lost steps were taken again. Are they the same steps? Compare everything in the last checkpoints:
# weights, optimiser, random state.

# %% tags=["nbval-check-output"]
newest = {name: Checkpoints(folder).paths()[-1] for name, folder in folders.items()}
states = {name: load_tensors(path)[0] for name, path in newest.items()}
reference = states["undisturbed"]
for name, state in states.items():
    equal = [torch.equal(reference[key], state[key]) for key in reference]
    print(f"{name:12} {sum(equal)} of {len(reference)} tensors equal, bit for bit")

# %% [markdown]
# Not close: equal. And what is in such a file?

# %% tags=["nbval-check-output"]
tensors, values = load_tensors(Checkpoints(folders["stopped"]).paths()[-1])
for part in ("model", "optimiser", "rng"):
    names = [name for name in tensors if name.split(".")[0] == part]
    print(f"{part:9} {len(names):3} tensors, such as {min(names)}")
print("and of the progress:", *sorted(values), sep="\n    ")

# %% [markdown]
# So this is what each way of ending costs:
#
# | what happens | what it costs |
# | :--- | :--- |
# | Kernel → Interrupt, Ctrl-C, SIGTERM | nothing: the step is finished, a checkpoint written |
# | Ctrl-C twice | the step is not waited for: back to the last checkpoint |
# | SIGKILL, power cut, closed lid and empty battery | at most `checkpoint_steps` steps |
# | killed while a checkpoint is being written | the same: a file appears whole or not at all, and its checksum is tested |
#
# Bit for bit holds with the same versions on the same kind of processor, with any number of cores. Elsewhere sums may be
# added up in another order, and then the last bits differ. Two settings of [Faster on one machine](25_faster.ipynb) belong to
# this too: the number of workers, which changes nothing, and the precision, which a run keeps.

# %% tags=["hide-input"]
pace = progress.seconds / max(progress.step, 1)
show_text(
    f"For your run: a checkpoint every {scale.training.checkpoint_steps} steps, so a kill costs at most "
    f"**{pace * scale.training.checkpoint_steps:.0f} seconds** of training. The two newest are kept:"
)
sizes = [
    [path.name, f"{path.stat().st_size / 1e6:,.1f} MB"]
    for path in sorted(trainer.run.folder.iterdir())
    if path.is_file()
]
show_table(["file of the run", "size"], [row for row in sizes if not row[0].startswith((".", "lock"))])

# %% [markdown]
# A checkpoint is about three times the size of `model.safetensors`: Adam's two means are as large as the weights.
#
# Besides `record.jsonl` the run keeps the same numbers for **TensorBoard**, which shows several runs in one picture,
# with the attention and the sample translations at each evaluation:
#
# ```
# tensorboard --logdir runs
# ```
#
# ## Recap
#
# - The loss is the mean of $-\ln p$ over real words only; padding in the mean flatters, and costs time.
# - Teacher forcing is fast and stable. It leaves a gap to real use, the exposure bias.
# - Scheduled sampling feeds the model's own words now and then; it costs time and brings false targets, so measure it.
# - Clipping keeps a gradient's direction and bounds its length. Look at the norms before you choose the bound.
# - Adam's steps have about one size, whatever the size of the gradient; warm-up and decay shape that size.
# - A run that writes down *everything* that decides what comes next can be stopped anywhere and ends the same, bit for bit.
#
# ## Exercises

# %% [markdown]
# ### Exercise 8.1: The loss of knowing nothing
#
# A model gives all V words the same probability. What is its loss? Does label smoothing change it? Check your
# answer with `masked_cross_entropy`, and compare it with the first step of the record.

# %% [markdown]
# ### Solution to exercise 8.1

# %% [markdown]
# Every word has $p = 1/V$, so every place costs $\ln V$. Smoothing averages costs that are all the same, so nothing changes.

# %% tags=["solution"]
size = len(corpus.tgt_vocabulary)
same = torch.zeros(2, 3, size)
for smoothing in (0.0, 0.1):
    assert math.isclose(masked_cross_entropy(same, tgt_ids, tgt_mask, smoothing), math.log(size), rel_tol=1e-5)
show_text(f"ln {size:,} = **{math.log(size):.2f}**; the first step of the run cost {steps[0]['loss']:.2f}.")

# %% [markdown]
# The book's models begin with small embeddings, so their first guess is close to "I do not know". With large first weights
# it would be *confident* nonsense, and cost more.

# %% [markdown]
# ### Exercise 8.2: Clipped together or apart
#
# The encoder's gradient is $(3, 4)$, the decoder's $(30, 40)$. Clip to 5, once both as one vector, once each on its own.
# What happens to the encoder's share?

# %% [markdown]
# ### Solution to exercise 8.2

# %% tags=["solution", "nbval-check-output"]
encoder, decoder = np.array([3.0, 4.0]), np.array([30.0, 40.0])


def clip(gradient, allowed):
    """The clipping formula."""
    return gradient * min(1.0, allowed / np.linalg.norm(gradient))


together = clip(np.concatenate([encoder, decoder]), 5.0)
print("together:", together.round(2).tolist())
print("apart:   ", clip(encoder, 5.0).round(2).tolist(), clip(decoder, 5.0).round(2).tolist())

# %% [markdown]
# Together, a wild decoder takes the encoder's step away, down to a tenth. Apart, the encoder keeps its own.

# %% [markdown]
# ### Exercise 8.3: Change the rules in mid-run
#
# A run was started with one learning rate, stopped, and then continued at another. Should the trainer do it? Try it with
# the tiny run's folder.

# %% [markdown]
# ### Solution to exercise 8.3

# %% tags=["solution", "nbval-check-output"]
slower = replace(tiny, training=replace(tiny.training, learning_rate=1e-3))
try:
    Trainer(tiny_corpus, slower, folders["stopped"], device="cpu", watchers=[])
except RunError as error:
    message = str(error).replace(temporary.name, "…").replace("\\", "/")
print(textwrap.fill(message, 60))
temporary.cleanup()

# %% [markdown]
# It refuses, and names the setting. A run whose settings changed on the way could not be repeated from its `run.json`, and no
# table could say what was measured. `folder_for` gives other settings another folder, so in a notebook this never
# happens by accident.

# %% [markdown]
# ## What to read next
#
# [Translating](09_translating.ipynb) asks the trained model for whole sentences. If a training of your own goes wrong, [My
# training does not work](../book/my-training-does-not-work.md) lists symptoms, causes and checks. [Bengio et al.
# (2015)](https://arxiv.org/abs/1506.03099) has scheduled sampling, [Mihaylova and Martins
# (2019)](https://arxiv.org/abs/1906.07651) its parallel form, and [Pascanu et al.
# (2013)](https://arxiv.org/abs/1211.5063) says why gradients explode.
