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
# # Recurrent or not
#
# You now know two networks that translate: the recurrent one with attention, and [The Transformer](28_transformer.ipynb).
# Which one should you take? Most systems of today are Transformers, but most published comparisons were made with millions
# of sentence pairs, and if you train on pairs of your own, you probably have far fewer. So in this chapter we let the two
# networks race at our size. Both have the same number of parameters, the same minutes on the same machine and the same care
# in tuning, each of them is trained with three seeds, and they race on three kinds of text.
#
# > **What you will be able to do**
# >
# > - set up a comparison of two networks that is fair in parameters, in time and in tuning, and name what it still leaves
# >   out
# > - put an interval around a difference that was measured with three [seeds](../book/glossary.md "seed")
# > - say from measurements which of the two learns more from few pairs, and which copes with long sentences
# > - measure what training and decoding cost as sentences grow, and explain it by counting
# > - score every [head](../book/glossary.md "head") against gold alignments, and remove the heads that are not needed
#
# At `small` the chapter takes less than a minute, and its networks learn next to nothing. At `standard` it trains 66 networks in
# about 40 minutes on two cores. You can stop it at any time. The scores of every finished training are kept, so when you run the
# cells again, they resume where you stopped.

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

# %% tags=["hide-input"]
import math
import random
import time
from collections import Counter, defaultdict
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, epoch_order
from s2s_tutorial.data.corpus import Pairs, prepare
from s2s_tutorial.data.pieces import build_vocabularies
from s2s_tutorial.data.text import normalise
from s2s_tutorial.data.vocabulary import EOS
from s2s_tutorial.grammar import generate
from s2s_tutorial.model.heads import list_heads, without_heads
from s2s_tutorial.model.precision import low_precision
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters
from s2s_tutorial.notebook.experiments import STUDENT_T, bleu_of, computed_once, draw_held_out, interval, plus_minus
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale, with_transformer
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import bleu_score, comparable_text, evaluate, score_alignments
from s2s_tutorial.translation.head_attention import head_attention
from s2s_tutorial.translation.search import beam_search, greedy_search

scale = load_scale()  # S2S_SCALE: small, standard or large
tiny = scale.name == "small"
SEEDS = (0, 1) if tiny else (0, 1, 2)
# Shares of the training pairs, and the minutes of training that a network gets with each:
MINUTES = {1.0: 0.0} if tiny else {0.05: 0.12, 0.25: 0.4, 1.0: 0.9}
MOST_EPOCHS, EVALUATIONS = 100, 8  # of a training
RATES = (1.0,) if tiny else (0.5, 1.0, 2.0, 4.0)  # factors of the learning rate that are tried with the share TUNED
TUNED = 1.0 if tiny else 0.25
GRAMMAR_MINUTES = 0.0 if tiny else 0.5  # for each training on sentences of the grammar
HIDDEN, MOST_VALIDATION, MOST_TEST = (16, 10, 12) if tiny else (128, 200, 800)
MOST_PAIRS = {"standard": 130, "real": 130} if tiny else {"real": 16_000}  # of a text; all of the others
LENGTHS = (5, 10) if tiny else (5, 10, 20, 40, 80)  # words of the sentences with which time and memory are measured
BEAM = 2 if tiny else 5
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"
COLOURS = {"GRU": BLUE, "Transformer": ORANGE}

# %% [markdown]
# ## The rules of the race
#
# What does "fair" mean here? In [Which attention?](17_which_attention.ipynb) all models had the same settings. That would not
# be fair between a GRU and a Transformer, because they need different learning rates, and because a training step of one
# takes longer than a step of the other. So we fix what you pay for, which is memory and time, and let each network use it in
# its own way:
#
# | the same for both | chosen for each network |
# | --- | --- |
# | pairs, vocabulary, batch size, seeds | the learning rate, out of four, by validation BLEU |
# | number of parameters (to a few percent) | the dropout, and how long the learning rate rises, as its settings have them |
# | minutes of training | the number of epochs that fit into these minutes |
# | search and test set | the precision of its products, as in [Faster on one machine](19_faster.ipynb) |
#
# You know such kinds of text from earlier chapters. The first is `standard`: short pairs, from which those with a rare word are
# dropped. The second, `untrimmed`, is made like the first, but without dropping pairs for a rare word. (In [A better
# translator](26_a_better_translator.ipynb) a text of this name kept case, accents and digits, too, so you can't compare the
# scores.) The third is `real`: sentences of up to 60 characters with case, accents and digits, which are cut into pieces as in
# [Subwords](24_subwords.ipynb). From each text we take 5%, 25% and 100% of the training pairs. (There are many more real pairs than
# a network can read several times in a minute, so 100% means 16,000 of them here, drawn at random.) In the code, the keys of
# `TEXTS` are the texts, and those of `COLOURS` the networks. You find the corpus of each text and share in `corpora`, and `shorter`
# reduces the sentences with which we validate and test.

# %% tags=["hide-input"]
if tiny:
    simple = replace(PRESETS["small"].data, sample_pairs=1_000, unit="words", max_length=8)
    real = replace(simple, text="unicode", tokens="subwords", vocabulary_size=512)
    TEXTS = {"standard": simple, "real": real}
else:
    real = replace(PRESETS["real"].data, max_length=60, vocabulary_size=4_000)
    TEXTS = {
        "standard": scale.data,
        "untrimmed": replace(scale.data, trim_below=1, vocabulary_min_count=1),
        "real": real,
    }


def shorter(corpus):
    """The corpus with smaller held-out sets, because each of our many networks translates them."""
    return replace(
        corpus,
        validation=draw_held_out(corpus.validation, MOST_VALIDATION),
        test=draw_held_out(corpus.test, MOST_TEST),
    )


def with_share(corpus, data, share, most):
    """The corpus with a share of at most `most` of its training pairs, and the vocabulary of these pairs."""
    rows = list(range(len(corpus.train)))
    random.Random(20).shuffle(rows)
    rows = sorted(rows[: max(int(share * min(len(rows), most)), 1)])
    sides = [[side[row] for row in rows] for side in (corpus.train.sources, corpus.train.targets)]
    src, tgt = build_vocabularies(*(Counter(corpus.rule.split_all(side)[0]) for side in sides), data)
    return replace(corpus, train=Pairs(*sides), src_vocabulary=src, tgt_vocabulary=tgt)


corpora = {}
for text, data in TEXTS.items():
    whole = shorter(prepare(data))
    most = MOST_PAIRS.get(text, len(whole.train))
    corpora |= {(text, share): with_share(whole, data, share, most) for share in MINUTES}

# %% tags=["hide-input"]
show_table(
    ["text", "share", "training pairs", "French entries", "English entries"],
    [
        [text, f"{share:.0%}", len(its.train), len(its.src_vocabulary), len(its.tgt_vocabulary)]
        for (text, share), its in corpora.items()
    ],
)

# %% [markdown]
# ### The same number of parameters
#
# The first rule is the easiest to keep. The recurrent network has one GRU layer on each side and attention with the dot score.
# For the Transformer we try all sizes $H$ up to that of the GRU which its 4 heads can share, and take the one whose number of
# parameters is nearest to that of the recurrent network. Before you look at the table, count with a pencil:
# an encoder layer of the Transformer has about $4 H^2$ parameters in its attention and, with $F = 2H$, as many in its
# feed-forward network. A decoder layer has a second attention. So two layers of each have
# $2 \cdot 8 H^2 + 2 \cdot 12 H^2 = 40 H^2$, and the embeddings of $V$ French and English entries have another $V H$.


# %% tags=["hide-input"]
@cache
def count_with(model, src_entries, tgt_entries):
    """Number of parameters of a network with these settings; on the device "meta" it needs no memory."""
    with torch.device("meta"):
        return count_parameters(Seq2Seq(model, src_entries, tgt_entries))


def count(model, corpus):
    """Number of parameters of a network with these settings and the vocabularies of a corpus."""
    return count_with(model, len(corpus.src_vocabulary), len(corpus.tgt_vocabulary))


def as_transformer(settings, corpus):
    """Settings of a Transformer with about as many parameters as the recurrent network has on this corpus."""
    wanted = count(settings.model, corpus)
    tried = [with_transformer(settings, size) for size in range(8, HIDDEN + 1, 4)]
    return min(tried, key=lambda its: abs(count(its.model, corpus) - wanted))


def settings_for(network, name, data, corpus, seed=0, factor=1.0, epochs=1):
    """Settings of a training: those of the preset `standard`, with a smaller network and this many epochs."""
    model = replace(PRESETS["standard"].model, attention="dot", embedding_size=HIDDEN, hidden_size=HIDDEN, dropout=0.3)
    found = replace(PRESETS["standard"], name=f"race-{scale.name}-{name}-{network.lower()}", data=data, model=model)
    if network == "Transformer":
        found = as_transformer(found, corpus)
    training = replace(
        found.training,
        seed=seed,
        epochs=epochs,
        patience=epochs,
        evaluations_per_epoch=EVALUATIONS / epochs,
        learning_rate=factor * found.training.learning_rate,
        unknown_rate=0.0 if data.tokens == "subwords" else found.training.unknown_rate,  # no piece is unknown
    )
    return replace(found, training=training)


# %% tags=["hide-input"]
rows = []
for (text, share), corpus in corpora.items():
    models = [settings_for(network, text, TEXTS[text], corpus).model for network in COLOURS]
    rows.append([text, f"{share:.0%}", *(f"{count(m, corpus):,} (H = {m.hidden_size})" for m in models)])
show_table(["text", "share", *COLOURS], rows)

# %% [markdown]
# Take the row of all `standard` pairs as an example. With $H = 100$ and $V = 1{,}745 + 1{,}418 = 3{,}163$, our count gives
# $40 H^2 + V H = 716{,}300$. At `standard` the table has about 1% more, because we left out the biases and the layer norms. The
# Transformer's states are smaller than those of the GRU, because it has two layers on each side and the GRU has one.
#
# ### The same minutes
#
# The second rule is time. How many epochs fit into a minute depends on the network and on your machine, so we measure how many
# sentence pairs per second each network reads in training (`pairs_per_second` in the folded cell), and compute the epochs from that
# (`epochs_in`). We keep the measured speed in a file, because with another number of epochs a training would be another run, and
# could not be resumed.


# %% tags=["hide-input"]
scratch = TemporaryDirectory()  # for trainers that only measure time


def pairs_per_second(network, name, data, corpus):
    """Training speed in sentence pairs per second: the median of some training steps."""
    its = settings_for(network, name, data, corpus)

    def measure():
        trainer, speeds = Trainer(corpus, its, Path(scratch.name) / its.name, watchers=[]), []
        order = epoch_order(trainer.src.lengths, trainer.tgt.lengths, its.training.batch_size, seed=0, epoch=0)
        for rows in order[: 2 if tiny else 40]:
            batch, start = Batch.of(trainer.src, trainer.tgt, rows), time.perf_counter()
            trainer.train_step(batch)
            speeds.append(len(rows) / (time.perf_counter() - start))
        return float(np.median(speeds))

    folder = folder_for(its)
    return computed_once(folder.parent / f"{folder.name}-speed.json", measure)


def epochs_in(minutes, pairs, speed):
    """Number of epochs that fit into these minutes."""
    return min(max(round(60 * minutes * speed / pairs), 1), MOST_EPOCHS)


epochs = {}
for ((text, share), corpus), network in product(corpora.items(), COLOURS):
    speed = pairs_per_second(network, f"{text}-{share:g}", TEXTS[text], corpus)
    epochs[network, text, share] = epochs_in(MINUTES[share], len(corpus.train), speed)

# %% tags=["hide-input"]
show_table(
    ["text", "share", "minutes", *(f"epochs, {network}" for network in COLOURS)],
    [
        [text, f"{share:.0%}", MINUTES[share], *(epochs[network, text, share] for network in COLOURS)]
        for text, share in corpora
    ],
)

# %% [markdown]
# ### The same care
#
# The third rule is about the settings, which we get from `settings_for` in a folded cell above. Each network gets four learning
# rates (`RATES`): half of the one in its settings, the same, twice as much, and four times as much. We train on a quarter of the
# `standard` pairs with one seed, and choose by validation BLEU, so that the test set has no part in the choice. What we do *not*
# tune are the rates for each text and each share, and everything else, such as the dropout. And where the best of the four rates is
# the lowest or the highest, one beyond it might be better still.


# %%
def train(network, name, data, corpus, seed, factor, its_epochs):
    """Train a network to its end, or load it if that has been done before."""
    its = settings_for(network, name, data, corpus, seed, factor, its_epochs)
    print(f"{network}, {name}, seed {seed}:")
    trainer = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
    trainer.fit()
    return trainer


tuning = {}
for network, factor in product(COLOURS, RATES):
    corpus, its_epochs = corpora["standard", TUNED], epochs[network, "standard", TUNED]
    tuned = train(network, f"standard-{TUNED:g}", TEXTS["standard"], corpus, 0, factor, its_epochs)
    tuning[network, factor] = tuned.progress.best_bleu
best_factor = {network: max(RATES, key=lambda factor: tuning[network, factor]) for network in COLOURS}

# %% tags=["hide-input"]
show_table(
    ["network", *(f"rate × {factor:g}" for factor in RATES), "chosen"],
    [[network, *(tuning[network, factor] for factor in RATES), best_factor[network]] for network in COLOURS],
)

# %% [markdown]
# > **Guess first**
# >
# > Write down your forecast before you run the next cell. Which network is ahead with 5% of the standard pairs, and by how
# > many points of BLEU? Which one is ahead with all real pairs? And how many of the nine cells of the table will be decided,
# > if the interval of three seeds must not contain zero?

# %% [markdown]
# ## The race
#
# As in [Which attention?](17_which_attention.ipynb), the loop over the seeds is the outer one. So if you stop it early, every cell
# of the table has its first seeds already. An interval needs at least two: with `SEEDS = (0, 1)` in the folded cell at the
# beginning, the cells that follow use these. Each network is measured on the test set as soon as it is trained, and `computed_once`
# keeps its scores in a file.


# %%
def scores_of(network, text, share, seed):
    """Test BLEU and training seconds of a network, which is trained and measured if that has not been done before."""
    corpus, data, name = corpora[text, share], TEXTS[text], f"{text}-{share:g}"
    its = network, name, data, corpus, seed, best_factor[network], epochs[network, text, share]

    def measure():
        trainer = train(*its)
        outputs = trainer.translator.translate_words(corpus.test.sources)
        return {"bleu": bleu_of(outputs, corpus.test, corpus.rule), "seconds": trainer.progress.seconds}

    return computed_once(folder_for(settings_for(*its)) / "scores.json", measure)


race = defaultdict(dict)
for seed, (text, share), network in product(SEEDS, corpora, COLOURS):
    race[text, share, network][seed] = scores_of(network, text, share, seed)
print(f"{sum(map(len, race.values()))} networks are trained and measured")

# %% [markdown]
# How certain is a difference between the two? With each seed, both networks have read the same pairs, so we compare them
# within a seed, and put the 95% interval (26.1) of [A better translator](26_a_better_translator.ipynb) around the mean of these differences.
# Work it out with a pencil for three seeds, whose factor $t$ is 4.30, and the differences 1, 2 and 3 points.

# %% tags=["nbval-check-output"]
print(plus_minus(*interval([1.0, 2.0, 3.0]), places=2))

# %% [markdown]
# Their mean is 2 and their standard deviation is 1, so the interval is $2 \pm 4.30 / 1.73$, which is from −0.5 to 4.5. Zero is
# inside. So we could not say which network is better, although the same one was ahead three times.

# %% tags=["hide-input"]
rows, verdicts = [], {}
for text, share in corpora:
    bleus = {network: [race[text, share, network][seed]["bleu"] for seed in SEEDS] for network in COLOURS}
    middle, half = interval([b - a for a, b in zip(bleus["GRU"], bleus["Transformer"], strict=True)])
    winner = "open" if abs(middle) <= half else ("Transformer" if middle > 0 else "GRU")
    verdicts[text, share] = (middle, half, winner)
    spread = [f"{np.mean(its):.1f} ({min(its):.1f} to {max(its):.1f})" for its in bleus.values()]
    seconds = [np.mean([race[text, share, network][seed]["seconds"] for seed in SEEDS]) for network in COLOURS]
    of_both = f"{seconds[0]:.0f} and {seconds[1]:.0f}"
    rows.append([text, f"{share:.0%}", *spread, plus_minus(middle, half), winner, of_both])
names = [f"{network}, BLEU (worst to best seed)" for network in COLOURS]
show_table(["text", "share", *names, "Transformer minus GRU", "better", "seconds"], rows)
decided = [cell for cell, (_, _, winner) in verdicts.items() if winner != "open"]
lines = [f"**{len(decided)} of {len(verdicts)}** cells are decided."]
for network in COLOURS:
    won = [f"{text} at {share:.0%}" for (text, share), (_, _, winner) in verdicts.items() if winner == network]
    lines.append(f"The {network} is better in: **{', '.join(won) if won else 'none'}**.")
ahead = Counter("Transformer" if middle > 0 else "GRU" for middle, _, _ in verdicts.values())
lines.append(
    "If you looked at the means alone, "
    + " and ".join(f"the {name} would win {n} of them" for name, n in ahead.items())
    + "."
)
show_text(" ".join(lines))

# %% tags=["hide-input"] mystnb={"image": {"alt": "One panel for each kind of text. Each shows BLEU over the share of the training pairs, on a logarithmic axis, with a line for the GRU and one for the Transformer, and a small mark for every seed."}}
figure = Figure(figsize=(3 * len(TEXTS) + 0.6, 3.2), layout="constrained")
for axes, text in zip(np.atleast_1d(figure.subplots(1, len(TEXTS), sharey=True)), TEXTS, strict=True):
    for network, colour in COLOURS.items():
        seeds = [[race[text, share, network][seed]["bleu"] for seed in SEEDS] for share in MINUTES]
        axes.plot([100 * share for share in MINUTES], np.mean(seeds, axis=1), "-", color=colour, label=network)
        for share, bleus in zip(MINUTES, seeds, strict=True):
            axes.plot([100 * share] * len(bleus), bleus, "o", color=colour, markersize=3)
    axes.set(title=text, xlabel="training pairs (%)", xscale="log")
    axes.set_xticks([100 * share for share in MINUTES], labels=[f"{share:.0%}" for share in MINUTES])
    axes.minorticks_off()
figure.axes[0].set(ylabel="test BLEU, greedy", ylim=(0, None))
figure.axes[0].legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 29.1.** Test BLEU of both networks by the share of the training pairs: the lines are means, and each small mark is
# one seed.

# %% [markdown]
# First check the last column, which has the seconds that a training took in the end, with its validations and with whatever
# else the machine had to do. The more the two numbers of a row differ, the less the race in this row was one at equal minutes.
#
# Please read the table with four reservations in mind. First, a minute of training is short, so the race measures which
# network learns *quickly* as much as which one learns *well*. Second, the intervals say what other seeds would change, and not
# what other pairs or test sentences would, because those are the same for all seeds. And nine intervals of 95% are nine chances
# to be wrong: if both networks were equally good, one cell in twenty would still look decided. Third, the scores of the three
# texts cannot be compared with each other, because each text has its own test set. And fourth, our networks and corpora are
# small. The race does not tell what happens with a thousand times as many pairs, and that is the situation for which the
# Transformer was proposed.
#
# ## Long sentences, and longer than in training
#
# A mean over all test sentences can hide that one of the networks fails on long ones. So next we look at the length of the
# sentences, also beyond the longest sentence of the training. For this we need many sentences of each length without an
# unknown word, and later in this chapter we will need gold alignments. Only the grammar has both. We train both networks on
# its sentences of at most 8 words a side, and then test them on sentences of up to 14 words.
#
# Why should a longer sentence be a problem at all? The step of a GRU is the same at word 12 as at word 2, so it can simply
# continue, although its states may drift away from those that it has seen. A Transformer adds a vector for each position.
# Sines and cosines give such a vector for any position, but no training sentence has shown the network what to do with the
# vector of position 12.
#
# > **Guess first**
# >
# > Which network loses more beyond 8 words, and how much of its BLEU is left at 14 words?

# %%
TRAINED_LENGTH, LONGEST = 8, 14
GRAMMAR = replace(PRESETS["small"].data, sample_pairs=600 if tiny else 24_000, unit="words", max_length=TRAINED_LENGTH)
by_grammar = shorter(prepare(GRAMMAR))
grammar_runs = {}
for seed, network in product(SEEDS, COLOURS):
    speed = pairs_per_second(network, "grammar", GRAMMAR, by_grammar)
    its_epochs = epochs_in(GRAMMAR_MINUTES, len(by_grammar.train), speed)
    its = network, "grammar", GRAMMAR, by_grammar, seed, best_factor[network], its_epochs
    grammar_runs[network, seed] = train(*its)

# %% [markdown]
# The grammar writes new sentences for the test. We take at most 80 of each length, without those of the training and those
# with a word that the training does not contain.

# %% tags=["hide-input"]
known, in_training = by_grammar.src_vocabulary, set(by_grammar.train.sources)
longer = defaultdict(list)  # pairs by the number of source words
for pair in generate(1_000 if tiny else 30_000, seed=20):
    source, target = normalise(pair.source), normalise(pair.english)
    words = source.split()
    enough = len(longer[len(words)]) >= (3 if tiny else 80)
    new = source not in in_training and (source, target) not in longer[len(words)]
    if 3 <= len(words) <= LONGEST and not enough and new and all(word in known for word in words):
        longer[len(words)].append((source, target))
by_length = defaultdict(list)  # BLEU of each seed, by network and length
for length, (network, seed) in product(sorted(longer), grammar_runs):
    if longer[length]:
        sources, targets = zip(*longer[length], strict=True)
        answers = grammar_runs[network, seed].translator.translate_words(list(sources))
        by_length[network, length].append(bleu_score([comparable_text(a) for a in answers], [[t] for t in targets]))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two lines of BLEU over the number of source words, from 3 to 14, one for each network, each with a band from the lowest to the highest seed. A dotted vertical line at 8 words marks the longest sentence of training."}}
figure = Figure(figsize=(6.4, 3.4), layout="constrained")
axes = figure.add_subplot()
for network, colour in COLOURS.items():
    lengths = [length for name, length in by_length if name == network]
    seeds = np.array([by_length[network, length] for length in lengths])
    axes.plot(lengths, seeds.mean(axis=1), "o-", color=colour, label=network)
    axes.fill_between(lengths, seeds.min(axis=1), seeds.max(axis=1), color=colour, alpha=0.15)
axes.axvline(TRAINED_LENGTH, color=GREY, linestyle=":")
axes.set(xlabel="words of the source, marks counted", ylabel="BLEU, greedy", ylim=(0, 102))
axes.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 29.2.** BLEU by the length of the source. The band is from the worst to the best seed. Right of the dotted line,
# sentences are longer than any sentence of the training.

# %% tags=["hide-input"]
within, beyond = (
    {
        network: [
            np.mean(
                [by_length[name, n][place] for name, n in by_length if name == network and (n > TRAINED_LENGTH) == far]
            )
            for place in range(len(SEEDS))
        ]
        for network in COLOURS
    }
    for far in (False, True)
)
middle, half = interval([b - a for a, b in zip(beyond["GRU"], beyond["Transformer"], strict=True)])
show_text(
    f"Up to {TRAINED_LENGTH} words, the mean BLEU is {np.mean(within['GRU']):.1f} (GRU) and "
    f"{np.mean(within['Transformer']):.1f} (Transformer). On longer sentences it is **{np.mean(beyond['GRU']):.1f}** and "
    f"**{np.mean(beyond['Transformer']):.1f}**, a difference of {plus_minus(middle, half)}. So on sentences that are longer than in "
    f"training, {'the two do not differ clearly' if abs(middle) <= half else 'the **' + ('Transformer' if middle > 0 else 'GRU') + '** is better'}."
)

# %% [markdown]
# [Where it fails](16_where_it_fails.ipynb) measures two remedies for long sentences: training on longer ones, and splitting a
# text into sentences before you translate it. You can use both of them with either network. Figure 29.2 shows that both need
# them: at 14 words, each keeps only about a third of its BLEU.
#
# ## What it costs
#
# So far, both networks got the same minutes, so their costs were hidden in the number of epochs. Now we measure time and
# memory themselves, as sentences grow. Before we measure, let us count. With $S$ source and $T$ target words, a recurrent
# encoder takes $S$ steps one after the other, each with some $H^2$ multiplications. The decoder takes $T$ steps, and
# attention compares $T \cdot S$ pairs of states. A Transformer layer multiplies all words by its matrices at once, which is
# about as much work, and it compares $S \cdot S$ pairs in the encoder, $T \cdot T$ in the decoder, and $T \cdot S$ between
# them, in each of its layers. So with $S = T$, the work of both networks grows with $S H^2 + S^2 H$. What differs is how much
# of it can be done at the same time.
#
# In a search, words come one after another in both networks. The recurrent decoder keeps a state of fixed size, and reads the
# $S$ states of the encoder at each step. The Transformer reads the keys and values of these, and also those of all words that
# it has written so far. With $L$ layers these are $2 L H$ numbers for each word, so what a step of its search has to keep and
# read grows with $S + T$, and in the recurrent network with $S$ alone.
#
# > **Guess first**
# >
# > From 5 to 80 words in a sentence: does the speed in words per second rise or fall, in training and in greedy search, for
# > each network?


# %% tags=["hide-input"]
def trainer_for_speed(network):
    """A trainer of the race's sizes with random weights, whose network never ends a sentence."""
    corpus = corpora["standard", 1.0]
    its = settings_for(network, "cost", TEXTS["standard"], corpus)
    trainer = Trainer(corpus, its, Path(scratch.name) / its.name, watchers=[])
    trainer.model.decoder.output_bias.data[EOS] = -1e9
    return trainer


def random_batch(trainer, pairs, src_length, tgt_length):
    """A batch of pairs of random words, all of the same lengths."""
    rng, entries = torch.Generator().manual_seed(20), min(map(len, trainer.run.vocabularies))
    src, tgt = (torch.randint(4, entries, (pairs, length), generator=rng) for length in (src_length, tgt_length))
    batch = Batch(src, torch.full((pairs,), src_length), tgt, torch.full((pairs,), tgt_length))
    return batch.to(trainer.device)


def bytes_kept(trainer, batch):
    """Bytes that a training step keeps for its backward pass, without the weights."""
    found = {}

    def note(tensor):
        found[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor)
    with hooks, low_precision(trainer.device, trainer.run.precision):
        loss = trainer.model.train().loss(batch)  # keeps its graph, so no storage is used twice
    weights = {weight.untyped_storage().data_ptr() for weight in trainer.model.parameters()}
    assert loss.requires_grad
    return sum(size for place, size in found.items() if place not in weights)


def fastest(work, rounds=1 if tiny else 3):
    """Seconds of the fastest of some rounds, because other programs can only make a round slower."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


PAIRS = 8 if tiny else 64  # of a batch
cost, steps, precision = {}, {}, {}
for network in COLOURS:
    trainer = trainer_for_speed(network)
    model, precision[network] = trainer.model, trainer.run.precision
    for length in LENGTHS:
        batch = random_batch(trainer, PAIRS, length, length)
        memory = bytes_kept(trainer, batch)
        steps[network, length, length] = step = fastest(lambda t=trainer, b=batch: t.train_step(b))
        model.eval()
        ids, lengths = batch.src_ids, batch.src_lengths
        greedy = fastest(lambda m=model, i=ids, n=lengths: greedy_search(m, i, n, max_length=int(n[0])))
        beam = fastest(lambda m=model, i=ids, n=lengths: beam_search(m, i, n, BEAM, max_length=int(n[0])), 1)
        cost[network, length] = [PAIRS * length / seconds for seconds in (step, greedy, beam)] + [memory / 2**20]
    for src, tgt in ((LENGTHS[-1], LENGTHS[0]), (LENGTHS[0], LENGTHS[-1])):  # only one side is long
        batch = random_batch(trainer, PAIRS, src, tgt)
        steps[network, src, tgt] = fastest(lambda t=trainer, b=batch: t.train_step(b))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels over the number of words of a sentence: words per second in training, in greedy search and in beam search, and the memory kept for the backward pass in MiB, with one line for each network. The number of words is on a logarithmic axis."}}
figure = Figure(figsize=(10, 2.9), layout="constrained")
titles = ("training", "greedy search", f"beam search, {BEAM}", "memory of a step")
for part, (axes, title) in enumerate(zip(figure.subplots(1, 4), titles, strict=True)):
    for network, colour in COLOURS.items():
        axes.plot(LENGTHS, [cost[network, length][part] for length in LENGTHS], "o-", color=colour, label=network)
    axes.set(
        title=title, xlabel="words", xscale="log", ylim=(0, None), ylabel="MiB" if part == 3 else "words per second"
    )
    axes.set_xticks(LENGTHS, labels=LENGTHS)
    axes.minorticks_off()
axes.legend(frameon=False, fontsize=8)
show_figure(figure)

# %% [markdown]
# **Figure 29.3.** Speed and memory as sentences grow, in batches of pairs with as many source as target words (64 pairs at
# `standard`), on the processor of the machine that executed the chapter. The words of one side are counted. Memory is what a step
# keeps for the backward pass, in units of $2^{20}$ bytes (MiB).

# %% tags=["hide-input"]
short, long = LENGTHS[0], LENGTHS[-1]


def change(part):
    """By which factor something changes from the shortest to the longest sentences, for both networks."""
    return " and ".join(f"**{cost[n, long][part] / cost[n, short][part]:.2f}** ({n})" for n in COLOURS)


def ratio(part):
    """The Transformer's value at the longest sentences, as a multiple of the GRU's."""
    return f"**{cost['Transformer', long][part] / cost['GRU', long][part]:.1f}** times"


show_text(
    f"From {short} to {long} words, the words per second in training change by a factor of {change(0)}, in greedy search of "
    f"{change(1)}, and in beam search of {change(2)}. At {long} words the Transformer trains {ratio(0)} as fast as the GRU, "
    f"translates {ratio(1)} as fast with greedy search and {ratio(2)} with a beam, and keeps {ratio(3)} as much memory in a step. "
    + " ".join(f"The {network} trains in {name}." for network, name in precision.items())
)
show_table(
    ["source words", "target words", *(f"ms per training step, {network}" for network in COLOURS)],
    [
        [src, tgt, *(round(1000 * steps[network, src, tgt]) for network in COLOURS)]
        for src, tgt in ((short, short), (long, short), (short, long), (long, long))
    ],
)

# %% [markdown]
# How does this fit our count? With short sentences, a large part of a training step does not depend on the length at all, such as
# the optimiser, which changes every weight once. So at first, the words per second can rise with the length. They fall when the
# comparisons take most of the time. But $S^2 H$ is as large as $S H^2$ only if $S = H$, so at `standard` that needs sentences of
# a hundred words or more. In a search the Transformer slows down much earlier, because each step multiplies only one new word by
# the matrices, but reads the keys and values of all words. The square hardly shows in the memory of a training step either. The
# fast form of attention in the Transformer does not keep its weights, and the GRU has $T S$ of them, which is little beside its
# states.
#
# In the table, compare the two rows in the middle. Which costs more, a word of the source or a word of the target? At `standard`,
# the target costs more in the Transformer, and about as much as the source in the GRU. A target word needs a score for every entry
# of the vocabulary, and in the Transformer it goes through a second attention as well. The recurrent network, on the other hand,
# reads each source word in both directions.
#
# A GRU has to take its steps one after another in training, too, while the Transformer takes all words at once. How much this
# is worth depends on the machine. A processor has few cores, and either network keeps them busy. A graphics processor has
# thousands of them, most of which have nothing to do while a GRU takes its steps. So do not transfer the ratios of Figure 29.3
# to another kind of machine.
#
# ## Which head aligns?
#
# In [Seeing attention](14_seeing_attention.ipynb) we measured attention against gold alignments. A Transformer has many
# attentions to the source, because each layer of the decoder has several heads. Which of them looks at the word that is being
# translated? We feed the references of the grammar's test sentences, take the weights of each head, and compute its [alignment
# error rate](../book/glossary.md), exactly as in that chapter. (A head that looks at the source of the word which the decoder
# has just read may be useful too, but this rate counts it as wrong.)
#
# Then we will compare the best head with the only attention of the GRU. If we chose that head by the test sentences, it would
# seem better than it is, because the best of several numbers is partly luck. So we choose it on the validation set.


# %%
def head_errors(trainer, held_out):
    """Alignment error rate (L, N) of every head that attends to the source."""
    firsts = [texts[0] for texts in held_out.references]
    found = head_attention(trainer.translator, held_out.sources, firsts)  # for each pair (L, N, T, S)
    layers, heads = found[0].shape[:2]
    rates = np.empty((layers, heads))
    for layer, head in np.ndindex(layers, heads):
        rates[layer, head] = score_alignments([w[layer, head] for w in found], held_out.alignments)["aer"]
    return rates


errors = {}  # by seed: error rates on the test set
best_heads = {}  # by seed: layer and number of the head that was chosen on validation
for seed in SEEDS:
    errors[seed] = head_errors(grammar_runs["Transformer", seed], by_grammar.test)
    on_validation = head_errors(grammar_runs["Transformer", seed], by_grammar.validation)
    best_heads[seed] = np.unravel_index(on_validation.argmin(), on_validation.shape)
as_a_whole = {run: evaluate(trainer.translator, by_grammar.test)[0] for run, trainer in grammar_runs.items()}

# %% tags=["hide-input"] mystnb={"image": {"alt": "One small heat map for each seed, with a row for each decoder layer and a column for each head. Each cell gives the alignment error rate of a head; bright cells have a low error."}}
figure = Figure(figsize=(3 * len(SEEDS) + 0.4, 2.2), layout="constrained")
for axes, (seed, table) in zip(np.atleast_1d(figure.subplots(1, len(SEEDS))), errors.items(), strict=True):
    axes.imshow(table, cmap="cividis_r", vmin=0, vmax=1, aspect="auto")
    for (layer, head), value in np.ndenumerate(table):
        axes.text(head, layer, f"{value:.2f}", ha="center", va="center", color="black" if value < 0.5 else "white")
    axes.set(title=f"seed {seed}", xlabel="head", ylabel="layer")
    axes.set_xticks(range(table.shape[1]), labels=range(1, table.shape[1] + 1))
    axes.set_yticks(range(table.shape[0]), labels=range(1, table.shape[0] + 1))
show_figure(figure)

# %% [markdown]
# **Figure 29.4.** Alignment error rate of every head that attends to the source; low is good. The same place in two tables is
# not the same head, because each seed distributes the work in its own way.

# %% tags=["hide-input"]
best_head = {seed: float(table[best_heads[seed]]) for seed, table in errors.items()}
mean_error = {network: np.mean([as_a_whole[network, seed].aer for seed in SEEDS]) for network in COLOURS}
example = as_a_whole["GRU", SEEDS[0]]
middle_aer, half_aer = interval([best_head[seed] - as_a_whole["GRU", seed].aer for seed in SEEDS])
show_text(
    "The head that validation chooses has an error rate of "
    + ", ".join(
        f"**{rate:.2f}** (layer {best_heads[seed][0] + 1}, head {best_heads[seed][1] + 1})"
        for seed, rate in best_head.items()
    )
    + f". For comparison, the mean of the heads of the last layer has {mean_error['Transformer']:.2f}, the attention of the GRU "
    f"**{mean_error['GRU']:.2f}**, chance {example.aer_chance:.2f}, and the best possible value is {example.aer_best:.2f} (means over "
    f"the seeds). The best head minus the GRU is {plus_minus(middle_aer, half_aer, 2)}."
)

# %% [markdown]
# In the outputs that you see here, the mean of the heads has a lower error rate than the best single head. Probably different
# heads err at different words, so that their errors partly cancel, as those of the models in an ensemble do.
#
# ## Which heads can go?
#
# If only some heads align, what are the others for? [Michel et al. (2019)](https://arxiv.org/abs/1905.10650) removed heads
# from trained Transformers, and found that most of them can be removed one at a time with hardly any loss. [Voita et al.
# (2019)](https://arxiv.org/abs/1905.09418) found that the few important heads have jobs that can be described. We can try it
# with one function, which sets the part of $W^O$ that belongs to a head to 0:

# %%
show_source(without_heads)

# %% [markdown]
# Our Transformers have three kinds of attention, each with 2 layers of 4 heads, so there are 24 heads. The figure and the table
# call the self-attention of the encoder *encoder*, that of the decoder *decoder*, and the attention to the source *cross*.
#
# First we remove each head on its own, and measure the loss of BLEU on the *validation* set. Then we remove the heads one
# after another, the least missed first, and measure BLEU on the *test* set. So the sentences that choose the order are not
# those that judge it.

# %%
few = draw_held_out(by_grammar.validation, 10 if tiny else 150)
judges = draw_held_out(by_grammar.test, 10 if tiny else 300)


def bleu_without(trainer, removed, held_out):
    """BLEU of a Transformer without some heads."""
    translator = replace(trainer.translator, model=without_heads(trainer.model, removed))
    return bleu_of(translator.translate_words(held_out.sources), held_out, translator.rule)


losses, curves = {}, {}
for seed in SEEDS[:1] if tiny else SEEDS:
    trainer = grammar_runs["Transformer", seed]
    heads = list_heads(trainer.model)
    whole = bleu_without(trainer, [], few)
    losses[seed] = {head: whole - bleu_without(trainer, [head], few) for head in heads}
    order = sorted(heads, key=losses[seed].get)
    curves[seed] = [bleu_without(trainer, order[:removed], judges) for removed in range(len(heads) + 1)]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Left, bars for all heads of one network in three groups, encoder, decoder and cross: the BLEU that is lost when one head is removed. Right, BLEU over the number of removed heads, with a grey line for each seed, solid, dashed or dotted."}}
figure = Figure(figsize=(8.8, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
of_first = losses[SEEDS[0]]
for place, (head, loss) in enumerate(of_first.items()):
    left.bar(place, loss, color={"encoder": BLUE, "decoder": ORANGE, "cross": GREEN}[head.kind])
kinds = Counter(head.kind for head in of_first)
left.set_xticks(np.cumsum([0, *list(kinds.values())[:-1]]), labels=list(kinds), ha="left")
left.set(ylabel="BLEU lost on validation", title=f"one head removed, seed {SEEDS[0]}")
for seed, curve in curves.items():
    right.plot(range(len(curve)), curve, ("o-", "s--", "^:")[seed], color="0.25", markersize=3, label=f"seed {seed}")
right.set(xlabel="heads removed, least missed first", ylabel="test BLEU", title="one after another", ylim=(0, None))
right.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 29.5.** What heads are worth. On the left, each head of one network is removed on its own. On the right, more and more
# heads are removed from the network of each seed.

# %% tags=["hide-input"]
lines = []
for seed, curve in curves.items():
    harmless = sum(loss < 1 for loss in losses[seed].values())
    until = next((removed for removed, bleu in enumerate(curve) if bleu < 0.95 * curve[0]), len(curve)) - 1
    most = max(losses[seed], key=losses[seed].get)
    lines.append([
        seed, f"{harmless} of {len(curve) - 1}", until, f"{most.kind}, layer {most.layer + 1}", losses[seed][most]
    ])  # fmt: skip
header = ["seed", "heads that cost less than 1 point alone", "removed together with 95% of BLEU left"]
show_table([*header, "most missed head", "its loss of BLEU"], lines)

# %% [markdown]
# At `standard`, the most missed head of every seed is one that looks at the words written so far, and not at the source. But if
# the network does not miss a head, this does not mean that the head does nothing. Another head may do the same, so that you can
# remove either of them but not both. For this reason, how many heads can go *together* does not follow from what each of them
# costs alone, and we had to measure it.
#
# ## The verdict
#
# The next cell puts the answers together. It computes them from the numbers above, so it may give another answer on your
# machine.

# %% tags=["hide-input"]
answers = []
for text in TEXTS:
    parts = [
        f"{share:.0%}: {winner} ({plus_minus(middle, half)})"
        for (its, share), (middle, half, winner) in verdicts.items()
        if its == text
    ]
    answers.append([f"quality, {text} (Transformer minus GRU)", "; ".join(parts)])
middle, half = interval([b - a for a, b in zip(beyond["GRU"], beyond["Transformer"], strict=True)])
longer_wins = "open" if abs(middle) <= half else ("Transformer" if middle > 0 else "GRU")
aligns = "open" if abs(middle_aer) <= half_aer else ("the best head" if middle_aer < 0 else "GRU")
answers += [
    ["sentences longer than in training", f"{longer_wins} ({plus_minus(middle, half)})"],
    [f"faster in training, {short} and {long} words", ", ".join(max(COLOURS, key=lambda n: cost[n, w][0]) for w in (short, long))],
    [f"faster in greedy search, {short} and {long} words", ", ".join(max(COLOURS, key=lambda n: cost[n, w][1]) for w in (short, long))],
    [f"less memory at {long} words", min(COLOURS, key=lambda n: cost[n, long][3])],
    ["better alignment (best head minus GRU)", f"{aligns} ({plus_minus(middle_aer, half_aer, 2)})"],
]  # fmt: skip
show_table(["question", "answer here"], answers)
if tiny:
    show_text("**At `small`, no network has learned to translate.** Take this as a rehearsal for `standard`.")
else:
    show_text(
        f"All of this is after trainings planned for at most {max(MINUTES.values()):g} minutes, with {len(SEEDS)} seeds."
    )

# %% [markdown]
# At `standard`, in the outputs that you see here, the GRU is better in all nine cells. You can find two reasons for this in the
# tables above. In the same minutes the GRU reads the pairs up to 1.8 times as often, because its steps are quicker on this
# processor. And with the same number of parameters its states are larger, because it has one layer on each side and not two. A
# third reason is likely, although we have not measured it: a GRU reads in order by construction, while a Transformer has to learn
# from the pairs what a position means, and we have few pairs.
#
# None of this contradicts the success of Transformers. On a graphics processor, the steps of a GRU leave most of the machine
# idle, and with millions of pairs there is enough to learn from, also for many layers. So read our result as one about few
# pairs, short trainings and processors with a few cores.
#
# ## Break it
#
# How would an unfair race look? The easiest way to make a network lose is to give it the wrong learning rate. In the table of the
# rates, every pair of a GRU and a Transformer is a race that an author without time for tuning might have published. Does one of
# these races have another winner than the fair one?

# %%
unfair = []
for factor, other in product(RATES, RATES):
    difference = tuning["Transformer", other] - tuning["GRU", factor]
    ahead = "neither" if difference == 0 else "Transformer" if difference > 0 else "GRU"
    unfair.append([f"× {factor:g}", f"× {other:g}", difference, ahead])
show_table(["rate of the GRU", "rate of the Transformer", "difference in validation BLEU", "ahead"], unfair)

# %% [markdown]
# At `standard`, four of the sixteen races do. In three of them the GRU has half the learning rate of its settings, and in the
# fourth four times that rate. The fourth is decided by 0.3 points, but with each of the other three, an author could have
# reported a clear lead of the Transformer on the same pairs.
#
# ## Recap
#
# - A fair race fixes what you pay for, which is parameters and minutes, and tunes each network with the same care on
#   validation data. It should also say what was not tuned.
# - With three seeds, compare the networks within each seed and give an interval. A lead whose interval contains zero may be
#   luck.
# - A recurrent step is the same at every position, while a Transformer also reads the position. So test a network on
#   sentences that are longer than those of its training before you use it for them.
# - The work of both grows with $S H^2 + S^2 H$. The Transformer can do more of it at the same time in training, and reads all
#   earlier keys and values at each step of a search.
# - Heads differ in how well they align, so score each of them, and choose one on validation. That each of several heads can be
#   removed alone does not mean that all of them can be removed together.
#
# ## Exercises

# %% [markdown]
# ### Exercise 29.1: How many points?
#
# If the differences of your three seeds are 0.5, 1.5 and 1.0, is the cell then decided? How many points must the mean be, with
# the same standard deviation, so that three seeds decide? And with five seeds?

# %% [markdown]
# ### Solution to exercise 29.1

# %% tags=["solution", "nbval-check-output"]
middle, half = interval([0.5, 1.5, 1.0])
print(f"{middle:.2f} ± {half:.2f}: {'decided' if abs(middle) > half else 'open'}")
for number in (3, 5):
    print(f"{number} seeds with a deviation of 0.5: more than {STUDENT_T[number] * 0.5 / math.sqrt(number):.2f} points")

# %% [markdown]
# The cell is open, although the same network is ahead with all three seeds. Two seeds more would halve the interval, and the
# smaller $t$ contributes more to this than the root of the number of seeds.

# %% [markdown]
# ### Exercise 29.2: Count the comparisons
#
# For one sentence pair with $S$ source and $T$ target words, $L$ layers and $N$ heads: how many attention weights does a
# Transformer compute in training, and how many does the recurrent network compute? From which length on does a Transformer
# with two layers of four heads have a million weights for a single pair with $S = T$?

# %% [markdown]
# ### Solution to exercise 29.2

# %% tags=["solution", "nbval-check-output"]
layers, per_layer = 2, 4
weights = {size: layers * per_layer * 3 * size * size for size in (10, 80, 204, 205)}
print("Transformer:", weights)
print("recurrent:", {size: size * size for size in weights})

# %% [markdown]
# There are $L N (S^2 + T^2 + T S)$ weights: those of the encoder, those of the decoder, and those between them. The recurrent
# network has $T S$. A million is reached at 205 words. The fast form of attention never stores all these weights at once, so
# the memory in Figure 29.3 grows more slowly than this count.

# %% [markdown]
# ## What to read next
#
# [Inside the states](30_inside_the_states.ipynb) looks at what the two networks know, rather than at how they score. On the
# jobs of heads, read [Voita et al. (2019)](https://arxiv.org/abs/1905.09418), and on what happens with more pairs and larger
# networks, follow the sources of [Where this leads](../book/where-this-leads.md).
