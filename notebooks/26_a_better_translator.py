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
# # A better translator
#
# In [Words, pieces and characters](25_words_pieces_characters.ipynb) we trained a model that can read and write any text. It is
# not a good translator yet, because its training was short and plain. How much better can it get? In this chapter we change one
# thing after another: how words are cut, what the model can see of a sentence, how its weights are averaged, how large it is, how
# long it is trained, and how several models work together. Each of these changes was proposed in a paper that reports a gain. We
# measure all of them, on two kinds of text and with three seeds each, and what does not help stays in the table too.
#
# > **What you will be able to do**
# >
# > - build a ladder of experiments in which every rung changes one thing
# > - put an interval around the mean gain of three [seeds](../book/glossary.md "seed"), and say when a gain means nothing
# > - average the weights of one training, and explain why the weights of two trainings cannot be averaged
# > - let several models choose each word together, and train a single small model on what they write
# > - choose among the hypotheses of a beam with a model that translates back
#
# At `small` the chapter takes less than a minute, and its models learn next to nothing. At `standard` it trains 50 models in
# about 40 minutes on two cores. You can stop it at any time. The scores of every finished training are kept, so when you run
# the cells again, they resume where you stopped.

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
import random
import statistics
from collections import Counter
from dataclasses import replace

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from s2s_tutorial.data.corpus import Pairs, prepare
from s2s_tutorial.data.pieces import build_vocabularies
from s2s_tutorial.files import read_json
from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.notebook.experiments import STUDENT_T, bleu_of, computed_once, draw_held_out, interval, plus_minus
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import folder_for, open_run
from s2s_tutorial.runs.weights import load_translator, pretrained_folder
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.training.averaging import AveragedWeights
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.distillation import distil
from s2s_tutorial.translation.ensemble import EnsembleDecoder, ensemble_of
from s2s_tutorial.translation.reranking import Candidates, find_candidates

scale = load_scale()  # S2S_SCALE: small, standard or large
tiny = scale.name == "small"
SEEDS = (0, 1) if tiny else (0, 1, 2)
BEAM = 2 if tiny else 5
EPOCHS = 1 if tiny else 3  # few, because there are many trainings
DECAY = 0.9 if tiny else 0.99  # of the moving average of the weights
PIECES, HIDDEN = (600, 16) if tiny else (4_000, 128)  # entries of a vocabulary of subwords, and size of a state
MOST_VALIDATION, MOST_TEST = (10, 12) if tiny else (400, 800)
BLUE, ORANGE = "#00429d", "#b8560b"

# %% [markdown]
# ## Two kinds of text
#
# The first text is that of `standard` as people wrote it: with case, accents and digits, and without dropping pairs with rare
# words. Its sentences have at most 25 characters, so we call it `untrimmed`. The second is `real`, with sentences of up to 60
# characters. There are so many of these pairs that a single training would take longer than all others together, so we take 12,000
# of them, drawn at random. In the folded cell, `corpus_of` prepares a text. We call it twice for each, so that we have its words in
# `plain` and its subwords in `pieces`.

# %% tags=["hide-input"]
data = replace(scale.data, trim_below=1, vocabulary_min_count=1, text="unicode", vocabulary_size=PIECES)
if tiny:
    TEXTS = {
        "untrimmed": (replace(data, sample_pairs=800, unit="words", max_length=8), 150)
    }  # settings of the data, and number of training pairs
else:
    real = replace(PRESETS["real"].data, tokens="words", max_length=60, vocabulary_size=PIECES)
    TEXTS = {"untrimmed": (data, 40_000), "real": (real, 12_000)}


whole = {}  # corpora as they were read, which takes a while


def corpus_of(text, data):
    """The corpus of a text, cut into words or pieces as the settings of the data ask for."""
    if (text, data.reverse) not in whole:
        whole[text, data.reverse] = prepare(replace(data, tokens="words"))
    corpus, most = whole[text, data.reverse], TEXTS[text][1]
    rows = sorted(random.Random(17).sample(range(len(corpus.train)), min(most, len(corpus.train))))
    sides = [[side[row] for row in rows] for side in (corpus.train.sources, corpus.train.targets)]
    src, tgt = build_vocabularies(*(Counter(corpus.rule.split_all(side)[0]) for side in sides), data)
    return replace(
        corpus,
        train=Pairs(*sides),
        validation=draw_held_out(corpus.validation, MOST_VALIDATION),
        test=draw_held_out(corpus.test, MOST_TEST),
        src_vocabulary=src,
        tgt_vocabulary=tgt,
    )


plain = {text: corpus_of(text, data) for text, (data, _) in TEXTS.items()}
pieces = {text: corpus_of(text, replace(data, tokens="subwords")) for text, (data, _) in TEXTS.items()}
show_table(
    ["text", "training pairs", "validation sentences", "test sentences", "French words", "French and English pieces"],
    [
        [
            text,
            len(its.train),
            len(its.validation),
            len(its.test),
            len(its.src_vocabulary),
            len(pieces[text].src_vocabulary),
        ]
        for text, its in plain.items()
    ],
)

# %% [markdown]
# ## A ladder, and how to read it
#
# If we change three things at once and the score rises, we do not know which of them helped; one of them may even have done
# harm. So we put the changes in an order, as the rungs of a ladder. Every rung has all changes of the rungs below it, and one
# more. The order follows the path of a sentence: first how its text is cut, then what the model sees of it, then the weights,
# and at the end the size of the model and the length of its training.
#
# A single score for each rung would not be enough. [Which attention?](17_which_attention.ipynb) showed that two seeds of the
# same model differ, sometimes by more than two kinds of attention. So each rung is trained with three seeds, and we compare it
# with the rung below seed by seed. The mean of these differences has a [confidence
# interval](../book/glossary.md "confidence interval"). With $n$ values of mean $m$ and standard deviation $s$, it is
#
# $$
# m \pm t_{n-1} \frac{s}{\sqrt{n}}
# \tag{26.1}
# $$
#
# The factor $t_{n-1}$ comes from Student's distribution, and for 95% and three values it is 4.30. This is large, because three
# values say little about how far values spread; with ten seeds it would be 2.26. Work out an example with a pencil. Suppose that
# the three differences are 1.0, 1.4 and 1.8. Their mean is 1.4, and $s = 0.4$, so the interval is
# $1.4 \pm 4.30 \cdot 0.4 / 1.73$, which is from 0.4 to 2.4. Zero is not in it, so we say that the rung helped.

# %%
show_source(interval)

# %% tags=["nbval-check-output"]
for values in ((1.0, 1.4, 1.8), (0.2, 1.4, 2.6)):
    print(f"{values}: {plus_minus(*interval(values))}")

# %% [markdown]
# The second line has the same mean, but its values differ more, so that zero is far inside the interval. From these three seeds
# we could not say that anything changed.
#
# Here are the rungs. The first model reads and writes words, as in the chapters before [Subwords](24_subwords.ipynb).
#
# | rung | change | why it should help |
# | :--- | :--- | :--- |
# | words | | |
# | subwords | pieces instead of words | no word is unknown ([Sennrich et al., 2016](https://arxiv.org/abs/1508.07909)) |
# | word dropout | a tenth of the pieces that the model reads is hidden | it has to use the others ([Sennrich and Zhang, 2019](https://arxiv.org/abs/1905.11901)) |
# | BPE-dropout | words are cut in other ways in each epoch | pieces are seen in more contexts ([Provilkov et al., 2020](https://arxiv.org/abs/1910.13267)) |
# | averaging | a moving average of the weights translates | the noise of single steps is averaged out ([Polyak and Juditsky, 1992](https://doi.org/10.1137/0330046)) |
# | wider | states of 256 instead of 128 values | more parameters |
# | longer | twice as many epochs | more steps |
#
# (With the subwords we also stop replacing rare words by `<unk>` in training, because no word is unknown any more.)
#
# > **Guess first**
# >
# > Which rung gains most? And on which two does the score fall, in a training as short as ours? Dropout of any kind makes the task
# > harder, so think about what a short training is short of.


# %%
def changed(settings, data=None, model=None, training=None):
    """Settings with some changes in each part."""
    return replace(
        settings,
        data=replace(settings.data, **data or {}),
        model=replace(settings.model, **model or {}),
        training=replace(settings.training, **training or {}),
    )


CHANGES = {
    "subwords": {"data": {"tokens": "subwords"}, "training": {"unknown_rate": 0.0}},
    "word dropout": {"training": {"word_dropout": 0.1}},
    "BPE-dropout": {"training": {"bpe_dropout": 0.1}},
    "averaging": {"training": {"weight_averaging": DECAY}},
    "wider": {"model": {"embedding_size": 2 * HIDDEN, "hidden_size": 2 * HIDDEN}},
    "longer": {"training": {"epochs": 2 * EPOCHS}},
}
RUNGS = ["words", *CHANGES]


def ladder_of(text):
    """Settings of each rung for a text."""
    model = replace(scale.model, attention="dot", embedding_size=HIDDEN, hidden_size=HIDDEN, dropout=0.2)
    training = replace(scale.training, epochs=EPOCHS, patience=2 * EPOCHS, word_dropout=0.0)
    found = {
        "words": replace(scale, name=f"ladder-{scale.name}-{text}", data=TEXTS[text][0], model=model, training=training)
    }
    for rung, change in CHANGES.items():
        found[rung] = changed(list(found.values())[-1], **change)
    return found


ladders = {text: ladder_of(text) for text in TEXTS}

# %% [markdown]
# ## Averaging weights
#
# You know most rungs from earlier chapters, where they were settings of a training. The average of the weights is new, so let
# us look at it before we climb.
#
# A training step uses a small batch. Its gradient points roughly downhill, and partly in a random direction, which is different
# for each batch. Near a minimum the random part becomes the larger one: the weights do not settle, but jump about the minimum.
# Their average stays much closer to it. We can watch this with a single weight $w$, whose loss is $w^2 / 2$. Its gradient is
# then $w$, and we add noise to it.

# %% tags=["nbval-check-output"]
rng = torch.Generator().manual_seed(17)
weight = nn.Linear(1, 1, bias=False)
nn.init.constant_(weight.weight, 3.0)
average = AveragedWeights(weight, decay=0.98)
path = []
for step in range(1_000):
    gradient = weight.weight.detach() + torch.randn(1, generator=rng)
    with torch.no_grad():
        weight.weight -= 0.2 * gradient
    average.update(step)
    path.append((float(weight.weight.detach()), float(average.tensors["weight"])))
for name, values in zip(("weight", "average"), zip(*path[500:], strict=True), strict=True):
    print(f"{name:8} typical distance from the minimum: {np.sqrt(np.mean(np.square(values))):.2f}")

# %% [markdown]
# The average is much closer to the minimum, which is at 0. The package keeps such an average of all weights beside the training.
# It does not change the training itself, because only evaluation and translation use it.

# %%
show_source(AveragedWeights.update)

# %% [markdown]
# With a decay $\beta$ of 0.99, the weights of the last step count 1% in the average, and a hundred steps later they still count
# about a third of that. So the average covers about $1 / (1 - \beta)$ steps. If $\beta$ is too small, it removes little noise. If
# it is too large, the average contains weights from a time when the model was worse. For the same reason, the `min` in the code
# makes the decay smaller in the first steps: the random weights of the beginning are soon forgotten.
#
# ## Climbing
#
# Now we train all rungs, and measure BLEU on the test set with greedy search and with a beam. As everywhere in this book, words are
# normalised before they are compared, so models of words and of pieces are judged by the same rule. The folded cell defines
# `measure`, which computes both scores, `climb`, which trains a model and measures it, unless a file has its scores already, and
# `corpus_for`, which finds the corpus of a rung.


# %% tags=["hide-input"]
def measure(translator, held_out):
    """BLEU of greedy search and of a beam."""
    beams = {"greedy": 1, "beam": BEAM}
    return {
        search: bleu_of(translator.translate_words(held_out.sources, beam), held_out, translator.rule)
        for search, beam in beams.items()
    }


def climb(settings, seed, make_corpus, title):
    """Scores and folder of a model, which is trained and measured if that has not been done before.

    `make_corpus` returns the corpus. It is called only if a training is needed.
    """
    its = changed(settings, training={"seed": seed})
    folder = folder_for(its)

    def make():
        print(f"{title}, seed {seed}:")
        corpus = make_corpus()
        trainer = Trainer(corpus, its, folder, watchers=[LiveLine()])
        trainer.fit()
        used = {"seconds": trainer.progress.seconds, "parameters": count_parameters(trainer.model)}
        return measure(trainer.translator, corpus.test) | used

    return computed_once(folder / "scores.json", make), folder


def corpus_for(text, settings):
    """A function that returns the corpus of a rung."""
    return lambda: (plain if settings.data.tokens == "words" else pieces)[text]


# %%
scores, folders = {}, {}  # by text, rung and seed
for seed in SEEDS:  # all rungs of one seed first: a partial result is a ladder already
    for text, ladder in ladders.items():
        for rung, settings in ladder.items():
            key = text, rung, seed
            scores[key], folders[key] = climb(settings, seed, corpus_for(text, settings), f"{text}, {rung}")
print(f"{len(scores)} models are trained and measured")


# %% tags=["hide-input"]
def mean_of(text, rung, value="greedy"):
    """Mean of a score over the seeds."""
    return statistics.mean(scores[text, rung, seed][value] for seed in SEEDS)


gains = {}  # by text and name: mean gain, and half of its interval


def as_text(mean, half):
    """A gain with its interval, and a star if zero is outside."""
    return plus_minus(mean, half) + (" *" if abs(mean) > half else "")


def note_gain(text, name, differences):
    """Keep the interval of some differences, and return it as text."""
    gains[text, name] = interval(differences)
    return as_text(*gains[text, name])


def row_of(text, rung, below):
    """A line of a table: mean of the seeds, and the difference from the rung below, seed by seed."""
    greedy = [scores[text, rung, seed]["greedy"] for seed in SEEDS]
    gained = "–"
    if below is not None:
        gained = note_gain(
            text, rung, [a - scores[text, below, seed]["greedy"] for a, seed in zip(greedy, SEEDS, strict=True)]
        )
    spread = f"{min(greedy):.1f} to {max(greedy):.1f}"
    minutes = f"{mean_of(text, rung, 'seconds') / 60:.1f}"
    return [text, rung, f"{statistics.mean(greedy):.1f}", spread, gained, f"{mean_of(text, rung, 'beam'):.1f}", minutes]


HEADER = [
    "text",
    "rung",
    "BLEU, greedy",
    "worst to best seed",
    "gain over the rung below",
    f"BLEU, beam of {BEAM}",
    "minutes",
]
show_table(
    HEADER, [row_of(text, rung, below) for text in TEXTS for below, rung in zip([None, *RUNGS], RUNGS, strict=False)]
)
clear = {
    text: [rung for (its, rung), (mean, half) in gains.items() if its == text and abs(mean) > half] for text in TEXTS
}
show_text(
    "A star marks a gain or a loss whose interval does not contain zero. "
    + " ".join(f"On *{text}* these are: **{', '.join(rungs) or 'none of them'}**." for text, rungs in clear.items())
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "One panel for each text. In each, a line goes from left to right over the rungs of the ladder, with the mean BLEU of the seeds at each rung, and a small mark for each seed beside it."}}
figure = Figure(figsize=(3.8 * len(TEXTS) + 0.6, 3.4), layout="constrained")
for axes, text in zip(np.atleast_1d(figure.subplots(1, len(TEXTS), sharey=True)), TEXTS, strict=True):
    axes.plot(range(len(RUNGS)), [mean_of(text, rung) for rung in RUNGS], color=BLUE, marker="o")
    for place, rung in enumerate(RUNGS):
        bleus = [scores[text, rung, seed]["greedy"] for seed in SEEDS]
        axes.scatter([place] * len(SEEDS), bleus, color=ORANGE, s=14, zorder=3)
    axes.set(title=text, xticks=range(len(RUNGS)))
    axes.set_xticklabels(RUNGS, rotation=40, ha="right")
    axes.spines[["top", "right"]].set_visible(False)
figure.axes[0].set(ylabel="test BLEU, greedy")
show_figure(figure)

# %% [markdown]
# **Figure 26.1.** Mean test BLEU of each rung (line), and each of the seeds (small marks). Where the marks of two rungs overlap,
# the ladder does not say which of them is better.

# %% [markdown]
# Read the column of gains before you read the means. A rung without a star may still help, but three seeds cannot show it.
#
# In the outputs that you see here, both dropouts lose, on both texts. Do not conclude that the papers are wrong. Both make each
# step harder, so that the model cannot rely on a few words. This pays off when a training reads the same pairs many times,
# because then a model begins to learn them by heart (see [Overfitting](10_overfitting.ipynb)). Our training has few epochs, and a
# model that does not know its training pairs yet cannot have learned them by heart. So our table is a verdict on these methods in
# *this setting*, and in a long training their order may be another one.
#
# Averaging gains nothing either. A likely reason, which we have not measured, is that the learning rate falls to 0 towards the
# end of a training, so that the last steps have little noise to average out.
#
# ## Three models as one
#
# We now have three models of the highest rung, which differ only in their seed. Each makes errors of its own. So we can let them
# decide together: an [ensemble](../book/glossary.md "ensemble") multiplies the probabilities of its models, and normalises the
# product.
#
# Take a vocabulary of three words and two models, with the probabilities (0.5, 0.4, 0.1) and (0.2, 0.6, 0.2). The products are
# 0.10, 0.24 and 0.02, and divided by their sum they are 0.28, 0.67 and 0.06. A product of two probabilities is much smaller than
# each of them, so we take the square root of each product first. Because the logarithm of a product is a sum, this is the same
# as taking the *mean of the logits* before the softmax:

# %% tags=["nbval-check-output"]
probabilities = torch.tensor([[0.5, 0.4, 0.1], [0.2, 0.6, 0.2]])  # (M, V)
roots = probabilities.prod(dim=0) ** (1 / 2)
print("by roots of products:", [round(p, 3) for p in (roots / roots.sum()).tolist()])
print("by mean of logits:   ", [round(p, 3) for p in probabilities.log().mean(dim=0).softmax(dim=0).tolist()])

# %% [markdown]
# The mean of logits has a practical side, too. Each model computes its logits as $W_m \tilde h_m + b_m$, so the mean is one
# product of a wide matrix, with all $W_m / M$ side by side, and of all $\tilde h_m$ in one long vector. To the search, the
# ensemble looks like one model with a wide output layer, so greedy and beam search need no change.

# %%
show_source(EnsembleDecoder.read)

# %% [markdown]
# How certain is the gain of an ensemble? With three models there is only one ensemble of all three, so it has no interval. But
# there are three ensembles of *two* models, if we leave out one of them each time. Any two of these share a model, so their scores
# are not independent, and an interval from them is too narrow. Keep that in mind when you see a star.

# %%
top = RUNGS[-1]
teams, together = {}, {}
for text in TEXTS:
    team = teams[text] = {seed: load_translator(folders[text, top, seed]) for seed in SEEDS}
    together[text] = ensemble_of(list(team.values()))
    for left_out in SEEDS:
        of_two = ensemble_of([translator for seed, translator in team.items() if seed != left_out])
        scores[text, "two models", left_out] = measure(of_two, pieces[text].test)
    scores[text, "all models", 0] = measure(together[text], pieces[text].test)

# %% tags=["hide-input"]
rows = []
for text in TEXTS:
    single = {seed: scores[text, top, seed]["greedy"] for seed in SEEDS}
    differences = [
        scores[text, "two models", left_out]["greedy"]
        - statistics.mean(single[seed] for seed in SEEDS if seed != left_out)
        for left_out in SEEDS
    ]
    gained = note_gain(text, "ensemble of two", differences)
    of_all = scores[text, "all models", 0]
    rows += [
        [text, "one model, mean of the seeds", f"{mean_of(text, top):.1f}", f"{mean_of(text, top, 'beam'):.1f}", "–"],
        [text, "two models, mean", f"{mean_of(text, 'two models'):.1f}", f"{mean_of(text, 'two models', 'beam'):.1f}", gained],
        [text, f"all {len(SEEDS)} models", f"{of_all['greedy']:.1f}", f"{of_all['beam']:.1f}", f"{of_all['greedy'] - mean_of(text, top):+.1f}".replace("-", "−")],
    ]  # fmt: skip
show_table(["text", "models", "BLEU, greedy", f"BLEU, beam of {BEAM}", "gain over its models alone"], rows)

# %% [markdown]
# An ensemble of three models takes three times as long to train, to store and to translate. So its gain has a price that the
# lower rungs do not have.
#
# ## What the ensemble knows, in one small model
#
# Three models are slow. Can one small model learn from them? In [sequence-level
# distillation](../book/glossary.md "sequence-level distillation") ([Kim and Rush, 2016](https://arxiv.org/abs/1606.07947)), the
# *teacher* translates the sources of all training pairs with beam search, and a *student* is trained on these translations
# instead of those of people.
#
# That sounds like a loss, because the teacher makes errors that people do not make. But people translate the same sentence in
# many ways, and a small model spends much of its capacity on this variety. The teacher is consistent, so its translations are
# easier to learn. They are also the result of a beam search. So we may hope that the student finds with greedy search what a
# model needed a beam for before.
#
# `distil` in `translation/distillation.py` returns a corpus whose target sentences the teacher wrote. Our teacher is the ensemble
# of all models of the highest rung. The students have the size of the rung *averaging* and are
# trained for as many epochs, so we compare them with that rung: only the target sentences differ. The teacher needs about a
# minute, so its translations are kept in a file.


# %%
def distilled(text):
    """The corpus of a text with the teacher's translations as targets."""
    corpus = pieces[text]

    def translate():
        print(f"{text}: the teacher translates …")
        return distil(corpus, together[text], BEAM).train.targets

    targets = computed_once(folders[text, top, SEEDS[0]] / "teacher.json", translate)
    return replace(corpus, train=Pairs(corpus.train.sources, targets))


for seed in SEEDS:
    for text, ladder in ladders.items():
        student = replace(ladder["averaging"], name=f"ladder-student-{scale.name}-{text}")
        key = text, "distilled", seed
        scores[key], folders[key] = climb(student, seed, lambda text=text: distilled(text), f"{text}, student")

# %% tags=["hide-input"]
show_table(
    HEADER,
    [row_of(text, rung, below) for text in TEXTS for below, rung in ((None, "averaging"), ("averaging", "distilled"))],
)
for text in TEXTS:
    of_beam = {rung: mean_of(text, rung, "beam") - mean_of(text, rung) for rung in ("averaging", "distilled")}
    ratio = len(SEEDS) * scores[text, top, 0]["parameters"] / scores[text, "distilled", 0]["parameters"]
    show_text(
        f"On *{text}*, the teacher has {ratio:.0f} times as many parameters as the student. A beam adds **{of_beam['averaging']:+.1f}** "
        f"to the model that was trained on the translations of people, and **{of_beam['distilled']:+.1f}** to the student."
    )

# %% [markdown]
# The last number is the point of distillation: if a beam adds little to the student, then greedy search is enough, and it is
# several times as fast. (The minutes of the student do not include those of its teacher.) Our students cannot show this well.
# They were trained as briefly as the rung *averaging*, and a model that still gets most sentences wrong gains little from
# either search. In the paper, students were trained to the end.
#
# ## Asking a model that translates back
#
# Beam search returns several hypotheses, and the one that it ranks first is not always the best of them. A typical error is a
# fluent sentence that leaves out a part of the source. A model of the other direction can notice this, because from such a sentence
# it is hard to guess the source. [Reranking](../book/glossary.md "reranking") adds its opinion: of all hypotheses $y$ of a source
# $x$ with $|x|$ pieces, the end of the sentence included, we choose the one with the largest
#
# $$
# \operatorname{score}(y) + \lambda \, \tfrac{1}{|x|} \log p(x \mid y)
# \tag{26.2}
# $$
#
# We choose the weight $\lambda$ on the validation set, because on the test set we would choose it for the sentences that judge it.
# The model that translates back may be small, so we train it with the settings of the rung *averaging*. (`note_gain`, from the
# folded cell of the ladder's table, keeps an interval for the table at the end.)

# %%
show_source(Candidates.choose)

# %%
WEIGHTS = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6)
backwards = {}
for text, ladder in ladders.items():
    its = ladder["averaging"]
    its = changed(replace(its, name=f"ladder-back-{scale.name}-{text}"), data={"reverse": not its.data.reverse})
    _, folder = climb(
        its, 0, lambda text=text, its=its: corpus_of(text, its.data), f"{text}, the model that translates back"
    )
    backwards[text] = load_translator(folder)


def reranked(text, translator, held_out, weights):
    """BLEU of the chosen hypotheses for each weight."""
    candidates = find_candidates(translator, backwards[text], held_out.sources, BEAM)
    return {weight: bleu_of(candidates.choose(weight), held_out, translator.rule) for weight in weights}


rows = []
for text, team in teams.items():
    differences = []
    for seed, translator in team.items():
        on_validation = reranked(text, translator, pieces[text].validation, WEIGHTS)
        chosen = max(on_validation, key=on_validation.get)
        on_test = reranked(text, translator, pieces[text].test, {0.0, chosen})
        differences.append(on_test[chosen] - on_test[0.0])
        rows.append([text, seed, chosen, on_test[0.0], on_test[chosen], differences[-1]])
    note_gain(text, "reranking", differences)

# %% tags=["hide-input"]
show_table(["text", "seed", "λ, chosen on validation", f"test BLEU, beam of {BEAM}", "reranked", "gain"], rows)

# %% [markdown]
# In these outputs, reranking changes next to nothing. There are two likely reasons. The model that translates back was trained as
# briefly as the rung *averaging*, so its opinion is not worth much. And in most rows validation chose the largest weight that we
# tried, so a still larger one might be better.
#
# ## The whole table
#
# Here is everything that we have tried, with what it gained on each text and what it costs when the model translates. The gain of
# a rung is over the rung below, that of the ensemble over its own models, that of distillation over the rung *averaging*, and that
# of reranking over the beam.

# %% tags=["hide-input"]
COSTS = {
    "subwords": "longer sequences", "wider": "a larger model", "ensemble of two": "two models", "distilled": "nothing",
    "reranking": "a beam and a second model",
}  # fmt: skip
tried = list(dict.fromkeys(name for _, name in gains))

show_table(
    ["change", *(f"gain, {text}" for text in TEXTS), "cost in translation"],
    [[name, *(as_text(*gains[text, name]) for text in TEXTS), COSTS.get(name, "nothing")] for name in tried],
)
everywhere = [name for name in tried if all(gains[text, name][0] > gains[text, name][1] for text in TEXTS)]
nowhere = [name for name in tried if all(abs(gains[text, name][0]) <= gains[text, name][1] for text in TEXTS)]
show_text(
    ("**At `small`, no model has learned to translate.** Take this as a rehearsal for `standard`. " if tiny else "")
    + f"A gain on every text, with zero outside the interval: **{', '.join(everywhere) or 'none'}**. Nothing certain on any text: "
    f"**{', '.join(nowhere) or 'none'}**."
)

# %% [markdown]
# ## From the ladder to the models in the package
#
# Two models come with the package, from French into English and from English into French. They have all rungs of our ladder, and
# each was trained in two parts. The first part is the preset
# `real`. These are its differences from the preset `large`, which reads words and takes pairs of at most 12 words a side:

# %% tags=["hide-input", "nbval-check-output"]
for part in ("data", "model", "training"):
    one, other = (getattr(PRESETS[name], part) for name in ("large", "real"))
    for field in one.__dataclass_fields__:
        before, now = getattr(one, field), getattr(other, field)
        if before != now:
            print(f"{part + '.' + field:27} {before!s:>12} → {now}")

# %% [markdown]
# The second part starts from the weights of the first and continues for 8 epochs with less noise. After 24 epochs with both
# dropouts, the training loss is still well above what the network can reach, because so much is hidden from it. So the second part
# leaves them out. It hides something else instead: in a share of the pairs that contain a name or a number on both sides, each
# epoch exchanges it for another one (`renaming`), so that the model learns to copy names instead of learning them by heart.

# %% tags=["hide-input", "nbval-check-output"]
first, second = PRESETS["real"], open_run(PRETRAINED).settings
for part in ("model", "training"):
    for field in getattr(first, part).__dataclass_fields__:
        before, now = getattr(getattr(first, part), field), getattr(getattr(second, part), field)
        if before != now and field != "seed":
            print(f"{part + '.' + field:25} {before!s:>6} → {now}")


# %% tags=["hide-input"]
def packaged_scores(language: str) -> str:
    measured = read_json(pretrained_folder(language) / "scores.json")
    return (
        f"**{measured['normalised']['bleu']:.1f}** with greedy search and **{measured['normalised_beam_5']['bleu']:.1f}** with a "
        f"beam of 5, on **{measured['test']['sentences']:,}** held-out sentences"
    )


show_text(
    f"The model into English has a BLEU of {packaged_scores('en')}. The model into French has {packaged_scores('fr')}. The two scores "
    "compare sentences of different languages, so they do not tell which direction is harder. The cards of both models, [into "
    "English](../book/model-card.md) and [into French](../book/model-card-fr.md), have all figures."
)

# %% [markdown]
# They use neither an ensemble nor reranking, because these need several models when they translate, and a web page should not have
# to load so many. (These figures cannot be compared with those of our ladder, which was measured on other sentences.)
#
# `make pretrained` runs both parts, in both directions. You can stop it and resume it, and it prints how long each part takes. If
# you have an hour, train the first part alone, which needs about 50 minutes on two cores that do nothing else:
#
# ```bash
# s2s-tutorial train --corpus tatoeba --preset real --run runs/an-hour
# ```
#
# ## Break it
#
# Averaging the weights of the last steps is cheap, and an ensemble is expensive. We have three finished models with the same
# settings. Why did we not average *their* weights, to get a single model? Before you run the cell, say what BLEU you expect.

# %%
rows = []
for text, team in teams.items():
    weights = [translator.model.state_dict() for translator in team.values()]
    mixed = load_translator(folders[text, top, SEEDS[0]])
    mixed.model.load_state_dict(
        {name: torch.stack([each[name] for each in weights]).mean(dim=0) for name in weights[0]}
    )
    outputs = mixed.translate_words(pieces[text].test.sources)
    rows.append([text, mean_of(text, top), bleu_of(outputs, pieces[text].test, mixed.rule)])
show_table(["text", "BLEU of one model, mean of the seeds", f"BLEU of the average of {len(SEEDS)} models"], rows)

# %% [markdown]
# The average of good models is useless. A hidden unit has no fixed job: what unit 5 does in one model may be done by unit 80 in
# another, because the random initial weights decide it. If we average unit 5 of both, we mix two jobs. Within one training the
# units keep their jobs from step to step, and therefore the average of its steps makes sense.
#
# ## Recap
#
# - In a ladder every rung changes one thing, and rungs that do not help stay in the table.
# - Three seeds give a wide interval. Compare seed by seed, and distrust a gain that is smaller than its interval.
# - A moving average of the weights removes the noise of single steps, at no cost in translation. It works within one training
#   only.
# - An ensemble takes the mean of the logits of several models. With three models it costs three times as much.
# - Distillation trains a small model on what a better one writes with a beam.
# - Reranking with a model of the other direction looks for hypotheses that leave something out. Its weight is chosen on
#   validation.
# - A method is not good or bad in itself. It depends on the length of the training and on the text, so measure it on yours.
#
# ## Exercises

# %% [markdown]
# ### Exercise 26.1: How many seeds?
#
# A rung gains 0.6 BLEU on average, and the differences of single seeds have a standard deviation of 0.5. With how many seeds does
# the interval of (26.1) no longer contain zero? ($t$ is 12.71, 4.30, 3.18 and 2.78 for two to five seeds, and 2.57 for six.)

# %% [markdown]
# ### Solution to exercise 26.1

# %% tags=["solution", "nbval-check-output"]
for seeds in range(2, 7):
    half = STUDENT_T[seeds] * 0.5 / seeds**0.5
    print(f"{seeds} seeds: 0.6 ± {half:.2f}" + ("" if half > 0.6 else ", without zero"))

# %% [markdown]
# You need six seeds. With three, even a true gain of a whole point can look like nothing. This is the price of cheap experiments,
# and a reason to look at several small gains together rather than at each of them alone.

# %% [markdown]
# ### Exercise 26.2: Arithmetic or geometric?
#
# Another kind of ensemble takes the mean of the *probabilities* instead of the logits. Compute it for the two models of the
# chapter. Then change the second model so that it gives the first word a probability of 0.001. In which of the two ensembles can
# one model rule out a word?

# %% [markdown]
# ### Solution to exercise 26.2

# %% tags=["solution", "nbval-check-output"]
for second_model in ([0.2, 0.6, 0.2], [0.001, 0.799, 0.2]):
    pair = torch.tensor([[0.5, 0.4, 0.1], second_model])
    arithmetic, geometric = pair.mean(dim=0), pair.log().mean(dim=0).softmax(dim=0)
    print([round(p, 3) for p in arithmetic.tolist()], [round(p, 3) for p in geometric.tolist()])

# %% [markdown]
# In the second line, the mean of probabilities still gives the first word about a quarter, and the mean of logits only a few
# percent. So with logits, a word is probable only if no model considers it nearly impossible.

# %% [markdown]
# ### Exercise 26.3: How long is the memory of an average?
#
# With a decay of 0.99, which share of the average comes from the last 100 steps, and which from the last 500? Would you choose
# this decay for a training of 2,000 steps?

# %% [markdown]
# ### Solution to exercise 26.3

# %% tags=["solution", "nbval-check-output"]
for steps in (100, 500):
    print(f"the last {steps} steps: {1 - 0.99**steps:.0%}")

# %% [markdown]
# Nearly two thirds come from the last 100 steps, and almost everything from the last 500. In a training of 2,000 steps this is the
# last quarter, when the learning rate is low and the model changes little, so 0.99 is a good choice. A constant decay of 0.999
# would reach back 1,000 steps and more, to a much worse model. (`AveragedWeights` would not let this happen. After 2,000 steps, its
# decay is at most $2001 / 2010$, which is 0.9955.)

# %% [markdown]
# ## What to read next
#
# [Sennrich and Zhang (2019)](https://arxiv.org/abs/1905.11901) build such a ladder for pairs of languages with few translations, and
# show how much it is worth to choose settings that fit the amount of data. [Li et al.
# (2016)](https://arxiv.org/abs/1510.03055) rerank the answers of a chat system with a model of the other direction. The next part
# of the book begins with [Attention without recurrence](27_attention_without_recurrence.ipynb).
