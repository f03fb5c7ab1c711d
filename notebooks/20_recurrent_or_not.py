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
# You now know two networks that translate: the recurrent one with attention, and [The Transformer](19_transformer.ipynb).
# The question is which one you should take. Almost everybody takes the Transformer today, and for large models on large
# machines there are good reasons. But most comparisons have been made with millions of sentence pairs, and few readers of
# this book have that many. So we run the race at our size: with the same number of parameters, the same minutes on the same
# machine, the same care in tuning, three seeds each, and on three kinds of text.
#
# > **What you will be able to do**
# >
# > - set up a comparison of two networks that is fair in parameters, in time and in tuning, and name what it still leaves
# >   out
# > - say from measurements which of the two learns more from few pairs, and which copes with long sentences
# > - measure and explain what training and decoding cost as sentences grow
# > - score every head against gold alignments, and remove the heads that are not needed
#
# At `small` the chapter takes a few seconds and shows nothing but its own machinery. At `standard` it takes about an hour on
# two cores. You can stop it at any time. Each finished training is kept with its scores, and running the cells again resumes
# where you stopped.

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
import random
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, epoch_order
from s2s_tutorial.data.corpus import HeldOut, Pairs, prepare
from s2s_tutorial.data.pieces import build_vocabularies
from s2s_tutorial.data.text import normalise
from s2s_tutorial.files import read_json, write_json
from s2s_tutorial.grammar import generate
from s2s_tutorial.model.heads import list_heads, without_heads
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale, with_transformer
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import (
    bleu_score,
    comparable_references,
    comparable_text,
    evaluate,
    score_alignments,
)
from s2s_tutorial.translation.head_attention import head_attention
from s2s_tutorial.translation.search import beam_search, greedy_search
from s2s_tutorial.translation.translator import Translator

scale = load_scale()  # S2S_SCALE: small, standard or large
tiny = scale.name == "small"
SEEDS = (0, 1) if tiny else (0, 1, 2)
# Share of the pairs, and minutes of training for each run with that share:
MINUTES = {1.0: 0.0} if tiny else {0.05: 0.3, 0.25: 0.6, 1.0: 1.2}
RATES = (1.0,) if tiny else (0.5, 1.0, 2.0)  # factors of the learning rate that are tried, on the share TUNED
TUNED = 1.0 if tiny else 0.25
HIDDEN, MOST_PAIRS, MOST_VALIDATION, MOST_TEST = (16, 130, 10, 12) if tiny else (128, 40_000, 200, 800)
LENGTHS = (5, 10) if tiny else (5, 10, 20, 40, 80)  # words of a sentence, where time is measured
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"
COLOURS = {"GRU": BLUE, "Transformer": ORANGE}

# %% [markdown]
# ## The rules of the race
#
# What does "fair" mean here? In [Which attention?](11_which_attention.ipynb) all entrants had the same settings. That does
# not work between a GRU and a Transformer, because they need different learning rates, and a step of one takes longer than a
# step of the other. So we fix what you pay for, and let each network use it in its own way:
#
# | the same for both | chosen for each network |
# | --- | --- |
# | pairs, vocabulary, batch size, seeds | the learning rate, out of three, by validation BLEU |
# | number of parameters (to a few percent) | the warm-up, as its settings have it |
# | minutes of training | the number of epochs that fit into these minutes |
# | search and test set | |
#
# The kinds of text are those that you know: `standard` pairs as in most chapters, where pairs with rare words are dropped;
# `untrimmed`, the same without dropping any; and `real`, text with case, accents and digits in subwords, with up to 60
# characters. From each we take 5%, 25% and 100% of the training pairs. (Of the real pairs, 100% means 40,000, or else an
# hour would not be enough.)

# %%
if tiny:
    simple = replace(PRESETS["small"].data, sample_pairs=1_000, unit="words", max_length=8)
    TEXTS = {
        "standard": simple,
        "real": replace(simple, text="unicode", tokens="subwords", vocabulary_size=512),
    }
else:
    TEXTS = {
        "standard": scale.data,
        "untrimmed": replace(scale.data, trim_below=1, vocabulary_min_count=1),
        "real": replace(PRESETS["real"].data, max_length=60, vocabulary_size=4_000),
    }


GRAMMAR = replace(PRESETS["small"].data, sample_pairs=600 if tiny else 24_000, unit="words", max_length=8)


def some(held_out, count):
    """At most `count` sentences of a held-out set, drawn once."""
    rows = sorted(random.Random(20).sample(range(len(held_out)), min(count, len(held_out))))
    alignments = held_out.alignments and [held_out.alignments[row] for row in rows]
    return HeldOut([held_out.sources[row] for row in rows], [held_out.references[row] for row in rows], alignments)


def with_share(corpus, data, share):
    """The corpus with a part of its training pairs, and the vocabulary of that part."""
    rows = list(range(len(corpus.train)))
    random.Random(20).shuffle(rows)
    rows = sorted(rows[: max(int(share * min(len(rows), MOST_PAIRS)), 1)])
    sides = [[side[row] for row in rows] for side in (corpus.train.sources, corpus.train.targets)]
    src, tgt = build_vocabularies(*(Counter(corpus.rule.split_all(side)[0]) for side in sides), data)
    return replace(corpus, train=Pairs(*sides), src_vocabulary=src, tgt_vocabulary=tgt)


corpora = {}
for text, data in TEXTS.items():
    whole = prepare(data)
    whole = replace(whole, validation=some(whole.validation, MOST_VALIDATION), test=some(whole.test, MOST_TEST))
    corpora |= {(text, share): with_share(whole, data, share) for share in MINUTES}
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
# For the Transformer, we try all sizes that are a multiple of 4, the number of heads, and take the one whose number of
# parameters is nearest to that of the recurrent network. Can you say which of the two gets larger embeddings when the
# vocabulary grows?


# %%
def parameters(model, corpus):
    """Number of parameters; on the device "meta" no memory is used."""
    with torch.device("meta"):
        return count_parameters(Seq2Seq(model, len(corpus.src_vocabulary), len(corpus.tgt_vocabulary)))


def settings_for(network, text, share, seed=0, factor=1.0, epochs=1, corpus=None):
    """Settings of a run; the Transformer's size follows from the recurrent network's number of parameters."""
    corpus = corpus or corpora[text, share]
    base = replace(
        PRESETS["standard"],
        name=f"race-{scale.name}-{text}-{share:g}-{network.lower()}",
        data=TEXTS.get(text, GRAMMAR),
        model=replace(
            PRESETS["standard"].model, embedding_size=HIDDEN, hidden_size=HIDDEN, attention="dot", dropout=0.3
        ),
    )
    if network == "Transformer":
        wanted = parameters(base.model, corpus)
        base = with_transformer(base)
        models = [
            replace(base.model, embedding_size=size, hidden_size=size, feed_forward_size=2 * size)
            for size in range(16, 2 * HIDDEN, 4)
        ]
        model = min(models, key=lambda model: abs(parameters(model, corpus) - wanted))
        base = replace(
            base, model=model, training=replace(base.training, learning_rate=0.04 / math.sqrt(model.hidden_size))
        )
    training = replace(
        base.training, seed=seed, epochs=epochs, patience=epochs, learning_rate=factor * base.training.learning_rate
    )
    return replace(base, training=training)


rows = []
for (text, share), corpus in corpora.items():
    models = [settings_for(network, text, share).model for network in COLOURS]
    rows.append([text, f"{share:.0%}", *(f"{parameters(m, corpus):,} (H = {m.hidden_size})" for m in models)])
show_table(["text", "share", *COLOURS], rows)

# %% [markdown]
# ### The same minutes
#
# How many epochs fit into a minute depends on the machine. So we measure how long a training step takes, and compute the
# epochs from it. The measured speed is kept in a file, because a run with other epochs would be another run, and we want to
# be able to resume.


# %%
def pairs_per_second(network, text, corpus):
    """Training speed in sentence pairs per second: the median of some steps, measured once and then kept."""
    path = folder_for(settings_for(network, text, 1.0, corpus=corpus)).with_suffix(".speed.json")
    if path.is_file():
        return read_json(path)["pairs_per_second"]
    settings, speeds = settings_for(network, text, 1.0, corpus=corpus), []
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(corpus, settings, Path(folder), watchers=[])
        order = epoch_order(trainer.src.lengths, trainer.tgt.lengths, settings.training.batch_size, seed=0, epoch=0)
        for rows in order[:2] if tiny else order[:60]:
            batch, start = Batch.of(trainer.src, trainer.tgt, rows), time.perf_counter()
            trainer.train_step(batch)
            speeds.append(len(rows) / (time.perf_counter() - start))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"pairs_per_second": float(np.median(speeds))})
    return float(np.median(speeds))


def epochs_in(minutes, network, text, corpus, whole):
    """Epochs that fit into these minutes, from 1 to 60."""
    return min(max(round(60 * minutes * pairs_per_second(network, text, whole) / len(corpus.train)), 1), 60)


epochs = {
    (network, text, share): epochs_in(MINUTES[share], network, text, corpus, corpora[text, 1.0])
    for (text, share), corpus in corpora.items()
    for network in COLOURS
}
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
# Each network gets three learning rates, half of that in its settings, the same, and twice as much. We train on a quarter of
# the `standard` pairs, and choose by validation BLEU. The test set is not touched.


# %%
def train(network, text, share, seed, factor, corpus=None, epochs_of_run=None):
    """Train a run to its end, or load it."""
    corpus = corpus or corpora[text, share]
    its = settings_for(network, text, share, seed, factor, epochs_of_run or epochs[network, text, share], corpus=corpus)
    trainer = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
    trainer.fit()
    return trainer


tuning = {}
for network, factor in product(COLOURS, RATES):
    tuning[network, factor] = train(network, "standard", TUNED, 0, factor).progress.best_bleu
best_factor = {network: max(RATES, key=lambda factor: tuning[network, factor]) for network in COLOURS}
show_table(
    ["network", *(f"rate × {factor:g}" for factor in RATES), "chosen"],
    [[network, *(tuning[network, factor] for factor in RATES), best_factor[network]] for network in COLOURS],
)

# %% [markdown]
# > **Guess first**
# >
# > Write down your forecast before you run the next cell. Which network is ahead with 5% of the standard pairs, and by how
# > many points of BLEU? Which one is ahead with all real pairs? And how many of the nine cells of the table will be decided,
# > if three seeds have to agree?

# %% [markdown]
# ## The race
#
# As in chapter 11, the seeds are the outer loop, so that a race that you stop early is a whole table of fewer seeds.


# %%
def measure(trainer, test):
    """Scores of a finished run on a test set, kept in its folder."""
    path = trainer.run.scores_path
    if path.is_file() and "seconds" in read_json(path):
        return read_json(path)
    scores, _ = evaluate(trainer.translator, test)
    found = {"bleu": scores.bleu, "seconds": trainer.progress.seconds}
    write_json(path, found)
    return found


race = defaultdict(dict)
for seed, (text, share), network in product(SEEDS, corpora, COLOURS):
    trainer = train(network, text, share, seed, best_factor[network])
    race[text, share, network][seed] = measure(trainer, corpora[text, share].test)
print(f"{sum(map(len, race.values()))} runs are finished and measured")

# %% [markdown]
# How certain is a difference between the two? Both networks have seen the same pairs with each seed, so we compare them
# within a seed, and put a 95% interval around the mean of these differences. With $n$ seeds and the standard deviation $s$
# of the differences, it is $\pm\, t \cdot s / \sqrt n$. For three seeds, $t$ is 4.30, so the interval is wide: three runs
# are few. Work it out for the differences 1, 2 and 3 points. Their mean is 2, their $s$ is 1, and the interval is
# $2 \pm 4.30 / 1.73$.


# %% tags=["nbval-check-output"]
def interval(differences):
    """Mean and half width of the 95% interval of a few paired differences (Student's t)."""
    t = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78}[len(differences)]
    return float(np.mean(differences)), t * float(np.std(differences, ddof=1)) / math.sqrt(len(differences))


print("mean {:.1f}, plus or minus {:.2f}".format(*interval([1.0, 2.0, 3.0])))

# %% tags=["hide-input"]
rows, verdicts = [], {}
for text, share in corpora:
    bleus = {network: [race[text, share, network][seed]["bleu"] for seed in SEEDS] for network in COLOURS}
    middle, half = interval([b - a for a, b in zip(bleus["GRU"], bleus["Transformer"], strict=True)])
    winner = "open" if abs(middle) <= half else ("Transformer" if middle > 0 else "GRU")
    verdicts[text, share] = (middle, half, winner)
    spread = [f"{np.mean(its):.1f} ({min(its):.1f} to {max(its):.1f})" for its in bleus.values()]
    minutes = [np.mean([race[text, share, network][seed]["seconds"] for seed in SEEDS]) / 60 for network in COLOURS]
    rows.append(
        [text, f"{share:.0%}", *spread, f"{middle:+.1f} ± {half:.1f}", winner, f"{minutes[0]:.1f} / {minutes[1]:.1f}"]
    )
show_table(
    [
        "text",
        "share",
        *(f"{network}, BLEU (seeds)" for network in COLOURS),
        "Transformer minus GRU",
        "better",
        "minutes",
    ],
    rows,
)
decided = [cell for cell, (_, _, winner) in verdicts.items() if winner != "open"]
lines = [f"By this rule, **{len(decided)} of {len(verdicts)}** cells are decided."]
for network in COLOURS:
    won = [f"{text} at {share:.0%}" for (text, share), (_, _, winner) in verdicts.items() if winner == network]
    lines.append(f"**{network}**: {', '.join(won) if won else 'none'}.")
ahead = Counter("Transformer" if middle > 0 else "GRU" for middle, _, _ in verdicts.values())
lines.append("By the mean alone, " + " and ".join(f"{name} is ahead in {count}" for name, count in ahead.items()) + ".")
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
figure.axes[0].set(ylabel="test BLEU", ylim=(0, None))
figure.axes[0].legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 20.1.** The race, by the share of the pairs, with a mark for each seed.

# %% [markdown]
# Please read the table with three reservations in mind. The minutes are few, so it measures who learns quickly as well as
# who learns well. The scores of the three kinds of text must not be compared with each other, since their test sets differ.
# And the sizes are small: none of this says what happens with a thousand times as many pairs, which is where the Transformer
# earned its name.
#
# ## Long sentences, and longer than in training
#
# For the next questions, we need sentences of any length without unknown words, and gold alignments, and only the grammar
# has both. We train both networks on its sentences of at most 8 words a side, and then test them on sentences of up to 14
# words. So some of them are longer than anything that the networks have seen.

# %%
TRAINED_LENGTH, LONGEST = 8, 14
by_grammar = prepare(GRAMMAR)
by_grammar = replace(
    by_grammar, validation=some(by_grammar.validation, MOST_VALIDATION), test=some(by_grammar.test, MOST_TEST)
)
known, training_sources = by_grammar.src_vocabulary, set(by_grammar.train.sources)
longer = defaultdict(list)  # by number of words of the source: pairs that were not in training
for pair in generate(1_000 if tiny else 30_000, seed=20):
    source, target = normalise(pair.source), normalise(pair.english)
    words = source.split()
    fits = (
        3 <= len(words) <= LONGEST and source not in training_sources and len(longer[len(words)]) < (3 if tiny else 80)
    )
    if fits and all(word in known for word in words):
        longer[len(words)].append((source, target))
grammar_minutes = 0.0 if tiny else 0.8
grammar_runs = {}
for seed, network in product(SEEDS, COLOURS):
    count = epochs_in(grammar_minutes, network, "grammar", by_grammar, by_grammar)
    grammar_runs[network, seed] = train(network, "grammar", 1.0, seed, best_factor[network], by_grammar, count)

# %%
by_length = defaultdict(list)
for length, (network, seed) in product(sorted(longer), grammar_runs):
    if longer[length]:
        sources, targets = zip(*longer[length], strict=True)
        answers = grammar_runs[network, seed].translator.translate_words(list(sources))
        by_length[network, length].append(bleu_score([comparable_text(a) for a in answers], [[t] for t in targets]))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two lines of BLEU over the number of source words, from 3 to 14, one for each network with a band from the lowest to the highest seed. A vertical line at 8 words marks the longest sentence of training."}}
figure = Figure(figsize=(6.4, 3.4), layout="constrained")
axes = figure.add_subplot()
for network, colour in COLOURS.items():
    lengths = [length for name, length in by_length if name == network]
    seeds = np.array([by_length[network, length] for length in lengths])
    axes.plot(lengths, seeds.mean(axis=1), "o-", color=colour, label=network)
    axes.fill_between(lengths, seeds.min(axis=1), seeds.max(axis=1), color=colour, alpha=0.15)
axes.axvline(TRAINED_LENGTH, color=GREY, linestyle=":")
axes.set(xlabel="words of the source, marks counted", ylabel="BLEU", ylim=(0, 102))
axes.legend(frameon=False)
show_figure(figure)
within, beyond = (
    {
        n: np.mean([by_length[key] for key in by_length if key[0] == n and (key[1] > TRAINED_LENGTH) == far])
        for n in COLOURS
    }
    for far in (False, True)
)
show_text(
    f"Up to {TRAINED_LENGTH} words, the mean BLEU is {within['GRU']:.1f} (GRU) and {within['Transformer']:.1f} (Transformer); beyond, "
    f"it is **{beyond['GRU']:.1f}** and **{beyond['Transformer']:.1f}**. So the GRU keeps {beyond['GRU'] / max(within['GRU'], 0.01):.0%} of its "
    f"score, and the Transformer {beyond['Transformer'] / max(within['Transformer'], 0.01):.0%}."
)

# %% [markdown]
# **Figure 20.2.** BLEU by length; right of the dotted line, sentences are longer than all that the networks were trained on.

# %% [markdown]
# Sines and cosines give a vector for every position, but the Transformer has never learned what to do with the vector of
# position 12. A GRU has no positions: its step is the same at word 12 as at word 2. Its states may drift, but they do so
# slowly.
#
# ## What it costs
#
# How do time and memory grow with the length of the sentences? Before we measure, let us count. With $S$ words on both
# sides, a recurrent layer takes $S$ steps one after the other, each with some $H^2$ multiplications, and attention compares
# $S \cdot S$ pairs of states. A Transformer layer multiplies all words by its matrices at once, which is about as much work,
# and it compares $S \cdot S$ pairs three times in each layer. So the work of both grows with $S H^2 + S^2 H$. The difference
# is what can be done at the same time.
#
# In decoding, words come one after another in both networks. A GRU step has a state of fixed size, whereas the Transformer
# reads the keys and values of all words so far at each step.
#
# > **Guess first**
# >
# > From 5 to 80 words: how does the speed in words per second change in training, for each network, and how in greedy
# > search?


# %%
def model_for_speed(network):
    """A network of the race's size with random weights that never ends a sentence."""
    model = Seq2Seq(settings_for(network, "standard", 1.0).model, 2_000, 2_000).eval()
    model.decoder.output_bias.data[2] = -1e9  # EOS
    return model


def kept_bytes(model, batch):
    """Bytes that a training step keeps for its backward pass, and its loss."""
    seen = {}

    def note(tensor):
        seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = model.loss(batch)
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    return sum(size for place, size in seen.items() if place not in weights), loss


def fastest(work, rounds=1 if tiny else 3):
    """Seconds of the fastest round."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


cost = {}
for network, length in product(COLOURS, LENGTHS):
    torch.manual_seed(20)
    model, rows = model_for_speed(network), 4 if tiny else 32
    ids, lengths = torch.randint(4, 2_000, (rows, length)), torch.full((rows,), length)
    batch = Batch(ids, lengths, ids, lengths)
    model.train()
    memory, _ = kept_bytes(model, batch)
    step = fastest(lambda model=model, batch=batch: model.loss(batch).backward())
    model.eval()
    greedy = fastest(lambda m=model, i=ids, n=lengths: greedy_search(m, i, n, max_length=int(n[0])))
    beam = fastest(lambda m=model, i=ids, n=lengths: beam_search(m, i, n, 5, max_length=int(n[0])), 1)
    cost[network, length] = [rows * length / each for each in (step, greedy, beam)] + [memory / 2**20]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels over the number of words of a sentence: words per second in training, in greedy search and in beam search, and megabytes kept for the backward pass, with one line for each network. The number of words is on a logarithmic axis."}}
figure = Figure(figsize=(10, 2.9), layout="constrained")
titles = ("training", "greedy search", "beam search, 5", "memory of a step")
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
short, long = LENGTHS[0], LENGTHS[-1]
show_text(
    "From "
    + f"{short} to {long} words, the words per second in training change by the factor "
    + " and ".join(f"**{cost[n, long][0] / cost[n, short][0]:.2f}** ({n})" for n in COLOURS)
    + ", in greedy search by "
    + " and ".join(f"**{cost[n, long][1] / cost[n, short][1]:.2f}** ({n})" for n in COLOURS)
    + f". At {long} words, training is {cost['Transformer', long][0] / cost['GRU', long][0]:.1f} times and greedy search "
    f"{cost['Transformer', long][1] / cost['GRU', long][1]:.1f} times as fast with the Transformer as with the GRU."
)

# %% [markdown]
# **Figure 20.3.** Speed and memory as sentences grow, in batches of 32 on this machine's processor. On a graphics processor,
# which can do far more at once, the Transformer would gain in training.

# %% [markdown]
# ## Which head aligns?
#
# In [Seeing attention](09_seeing_attention.ipynb) we measured attention against gold alignments. A Transformer has many
# attentions to the source: one for each head of each layer. Which of them looks at the word that is being translated? We
# feed the test references, take the weights of every head, and compute the alignment error rate of each, exactly as in
# chapter 9.


# %%
def head_errors(trainer, held_out):
    """Alignment error rate (L, N) of every cross-attention head."""
    firsts = [texts[0] for texts in held_out.references]
    found = head_attention(trainer.translator, held_out.sources, firsts)  # for each pair (L, N, T, S)
    layers, heads = found[0].shape[:2]
    rates = np.empty((layers, heads))
    for layer, head in np.ndindex(layers, heads):
        rates[layer, head] = score_alignments([w[layer, head] for w in found], held_out.alignments)["aer"]
    return rates


errors = {seed: head_errors(grammar_runs["Transformer", seed], by_grammar.test) for seed in SEEDS}
as_a_whole = {n: evaluate(grammar_runs[n, SEEDS[0]].translator, by_grammar.test)[0] for n in COLOURS}

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
best_heads = [np.unravel_index(table.argmin(), table.shape) for table in errors.values()]
show_text(
    "The best head has an error rate of "
    + ", ".join(
        f"**{table.min():.2f}** (layer {layer + 1})"
        for table, (layer, _) in zip(errors.values(), best_heads, strict=True)
    )
    + f", depending on the seed. The mean of the last layer's heads has {as_a_whole['Transformer'].aer:.2f} (first seed), the "
    f"attention of the GRU {as_a_whole['GRU'].aer:.2f}, chance {as_a_whole['GRU'].aer_chance:.2f}, and the best possible value is "
    f"{as_a_whole['GRU'].aer_best:.2f}."
)

# %% [markdown]
# **Figure 20.4.** Alignment error rate of every cross-attention head, where low is good. Compare the seeds before you give a
# head a name.

# %% [markdown]
# ## Which heads can go?
#
# [Michel et al. (2019)](https://arxiv.org/abs/1905.10650) removed heads from trained Transformers and found that most are
# not needed one by one. [Voita et al. (2019)](https://arxiv.org/abs/1905.09418) found that the few important ones have jobs
# that can be described. We can try it with one function, which sets the columns of $W^O$ that belong to a head to 0:

# %%
show_source(without_heads)

# %% [markdown]
# First we remove each head on its own, and measure BLEU on the *validation* set. Then we remove them one after another, the
# least missed first, and measure on the *test* set. So the order is not chosen on the sentences that judge it.

# %%
probed = grammar_runs["Transformer", SEEDS[0]]
heads = list_heads(probed.model)


def bleu_without(removed, held_out):
    """BLEU of the first seed's Transformer without some heads."""
    run = probed.run
    model = without_heads(probed.model, removed)
    translator = Translator(model, run.src_vocabulary, run.tgt_vocabulary, run.language, run.src_language, run.rule)
    outputs = [comparable_text(each) for each in translator.translate_words(held_out.sources)]
    return bleu_score(outputs, comparable_references(held_out.references, run.rule))


few = some(by_grammar.validation, 10 if tiny else 150)
judged = some(by_grammar.test, 10 if tiny else 300)
loss_of = {head: bleu_without([], few) - bleu_without([head], few) for head in heads}
order = sorted(heads, key=lambda head: loss_of[head])
curve = [bleu_without(order[:count], judged) for count in range(len(order) + 1)]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Left, bars for all heads in three groups, encoder, decoder and cross: the BLEU that is lost when one head is removed; most bars are short. Right, BLEU over the number of removed heads: level at first, then falling to 0."}}
figure = Figure(figsize=(8.8, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
for place, head in enumerate(heads):
    left.bar(place, loss_of[head], color={"encoder": BLUE, "decoder": ORANGE, "cross": GREEN}[head.kind])
kinds = Counter(head.kind for head in heads)
left.set_xticks(np.cumsum([0, *list(kinds.values())[:-1]]), labels=list(kinds), ha="left")
left.set(ylabel="BLEU lost on validation", title="one head removed")
right.plot(range(len(curve)), curve, "o-", color=BLUE, markersize=3)
right.set(xlabel="heads removed, least missed first", ylabel="test BLEU", title="one after another", ylim=(0, None))
show_figure(figure)
harmless = sum(loss < 1 for loss in loss_of.values())
until = next((count for count, bleu in enumerate(curve) if bleu < 0.95 * curve[0]), len(heads))
most_missed = order[-1]
show_text(
    f"**{harmless} of {len(heads)}** heads cost less than one point of BLEU when they are removed alone. Together, **{max(until - 1, 0)}** can go "
    f"before the test score falls below 95% of {curve[0]:.1f}. The most missed is a head of kind **{most_missed.kind}** in layer "
    f"{most_missed.layer + 1}, which costs {loss_of[most_missed]:.1f} points."
)

# %% [markdown]
# **Figure 20.5.** What a head is worth. Left, each head removed alone; right, more and more heads removed.

# %% [markdown]
# That a head is not missed does not mean that it does nothing. Another head may do the same, so that either of them can go,
# but not both. This is why the right curve falls sooner than the left bars suggest.
#
# ## The verdict
#
# The next cell puts the answers together. It computes them from the numbers above, so it may say something else on your
# machine.

# %% tags=["hide-input"]
fastest_training = max(COLOURS, key=lambda network: cost[network, short][0])
fastest_search = max(COLOURS, key=lambda network: cost[network, long][1])
answers = []
for text in TEXTS:
    parts = [
        f"{share:.0%}: {winner if winner != 'open' else 'open'} ({middle:+.1f} ± {half:.1f})"
        for (its, share), (middle, half, winner) in verdicts.items()
        if its == text
    ]
    answers.append([f"quality, {text} (Transformer minus GRU)", "; ".join(parts)])
answers += [
    [
        "longer than in training",
        f"{max(beyond, key=beyond.get)} ({beyond['GRU']:.1f} against {beyond['Transformer']:.1f})",
    ],
    [f"faster in training at {short} words", fastest_training],
    [f"faster in greedy search at {long} words", fastest_search],
    [
        "better alignment",
        "GRU" if as_a_whole["GRU"].aer < min(t.min() for t in errors.values()) else "a Transformer head",
    ],
]
show_table(["question", "answer here"], answers)
if not tiny:
    show_text(
        f"Three seeds, {sum(MINUTES.values()) / len(MINUTES):.1f} minutes per run on average, at most {MOST_PAIRS:,} pairs."
    )
else:
    show_text("**At `small`, no network has learned to translate.** Take this as a rehearsal for `standard`.")

# %% [markdown]
# ## Break it
#
# How would an unfair race look? The easiest way to make a network lose is to give it the other one's learning rate. Look at
# the table of the three rates above: if a factor of two already changes the order of the networks, then a comparison without
# tuning would have shown whatever its author happened to type. Compute it for your numbers:

# %%
unfair = []
for factor, other in product(RATES, RATES):
    difference = tuning["Transformer", other] - tuning["GRU", factor]
    unfair.append([f"× {factor:g}", f"× {other:g}", f"{difference:+.1f}", "Transformer" if difference > 0 else "GRU"])
show_table(["rate of the GRU", "rate of the Transformer", "difference in validation BLEU", "ahead"], unfair)

# %% [markdown]
# ## Recap
#
# - A fair race fixes what you pay for, parameters and minutes, and tunes each network with the same care on validation data.
# - With three seeds, compare within seeds, and give an interval. Much of what looks like a lead is not one.
# - A recurrent step is the same at every position, so it carries over to longer sentences. Positions that were never trained
#   do not.
# - The work of both grows with $S H^2 + S^2 H$; the Transformer does more of it at once in training, and reads all earlier
#   keys at each step of a search.
# - Some heads align well and others do not, and which ones changes with the seed. Many can be removed one by one, but not
#   all together.
#
# ## Exercises

# %% [markdown]
# ### Exercise 20.1: How many seeds?
#
# If the differences of your three seeds are 0.5, 1.5 and 1.0, is the cell then decided? How many points must the mean be,
# with the same standard deviation, so that three seeds decide? And with five seeds?

# %% [markdown]
# ### Solution to exercise 20.1

# %% tags=["solution", "nbval-check-output"]
middle, half = interval([0.5, 1.5, 1.0])
print(f"{middle:.2f} ± {half:.2f}: {'decided' if abs(middle) > half else 'open'}")
for seeds, t in ((3, 4.30), (5, 2.78)):
    print(f"{seeds} seeds with a deviation of 0.5: more than {t * 0.5 / math.sqrt(seeds):.2f} points")

# %% [markdown]
# The cell is open, although all three seeds agree on the winner. Two seeds more would halve the interval, mostly because
# $t$ becomes smaller.

# %% [markdown]
# ### Exercise 20.2: Count the comparisons
#
# For one sentence pair with $S$ source and $T$ target words, $L$ layers and $N$ heads: how many attention weights does a
# Transformer compute in training, and how many the recurrent network? From which length on does the Transformer hold a
# million weights for a single pair with $S = T$?

# %% [markdown]
# ### Solution to exercise 20.2

# %% tags=["solution", "nbval-check-output"]
layers, per_layer = 2, 4
weights = {size: layers * per_layer * 3 * size * size for size in (10, 80, 204, 205)}
print("Transformer:", weights)
print("recurrent:", {size: size * size for size in weights})

# %% [markdown]
# There are $L N (S^2 + T^2 + T S)$ weights: the encoder's, the decoder's, and those between them, while the recurrent
# network has $T S$. With two layers of four heads, a million is reached at 205 words. The fast form of attention never
# stores them, which is why the measured memory grows more slowly than this count.

# %% [markdown]
# ## What to read next
#
# [Inside the states](21_inside_the_states.ipynb) looks at what the two networks know rather than at what they score. On
# heads, read [Voita et al. (2019)](https://arxiv.org/abs/1905.09418), and on what happens at scale, the sources of [Where
# this leads](../book/where-this-leads.md).
