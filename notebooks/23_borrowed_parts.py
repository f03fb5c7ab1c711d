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
# # Borrowed parts
#
# Sentence pairs are expensive, because each of them has to be translated by a person, while sentences of one language cost nothing.
# Can a translator learn from those too? In this chapter we try two ways. The first is to put **pre-trained word vectors** into
# the embedding. The second is to train an **autoencoder**, a network that copies sentences, and to use its encoder for
# translating. In both cases we *borrow* a part of the network from a training that needed no translations. Then we measure
# whether it was worth it, with few pairs and with many.
#
# > **What you will be able to do**
# >
# > - train word vectors with skip-gram and negative sampling, in a few lines
# > - read vectors in the formats of word2vec, GloVe and fastText, and begin a run with them
# > - begin a run with the encoder of another run, and freeze what you borrowed
# > - say when borrowed parts help, when they do not, and how you know
#
# At `small` the chapter takes under a minute, and at `standard` from seven minutes to half an hour, depending on what else your
# machine has to do. Most of it goes into the 45 trainings of the comparison. It uses the built-in corpus at every scale.

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
import random
import time
from dataclasses import replace
from itertools import product

import numpy as np
import torch
from matplotlib.figure import Figure
from torch.nn import functional as F

from s2s_tutorial.data.corpus import Pairs, prepare
from s2s_tutorial.data.vocabulary import EOS, SPECIAL_WORDS, Vocabulary
from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.initial_weights import Start, from_encoder, from_vectors
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.training.word_vectors import initialise_embedding, read_vectors, write_vectors
from s2s_tutorial.translation.evaluation import evaluate

scale = load_scale()  # S2S_SCALE: small, standard or large
torch.set_num_threads(1)  # models as small as those of this chapter are fastest on one thread
sentences = scale.data.sample_pairs  # that the grammar writes, before repeats go
passes = scale.training.epochs
small = scale.name == "small"
EPOCHS = {  # by number of sentence pairs
    sentences // 72: 3 * passes,
    sentences // 18: passes * 8 // 5,
    sentences // 6: passes * 3 // 5,
}
SEEDS = (0,) if small else (0, 1, 2)  # at `small` there are no verdicts
settings = replace(  # few pairs need a small model, whatever the scale
    PRESETS["small"],
    name="borrowed",
    data=replace(PRESETS["sample"].data, sample_pairs=sentences),
    training=replace(PRESETS["small"].training, patience=1_000, evaluations_per_epoch=0.25 if small else 1),
)
size = settings.model.embedding_size  # E, and so the size of the word vectors
BLUE, ORANGE, GREY = "#00429d", "#b8560b", "0.5"

# %% [markdown]
# ## Few pairs, much text
#
# Most languages are in the following situation: there are some hundred or thousand translated sentences, and far more that
# have never been translated. We can imitate it with the built-in corpus: some of its pairs stay pairs, and of the others we keep the
# French and throw the English away.

# %%
corpus = prepare(settings.data)
rows = random.Random(0).sample(range(len(corpus.train)), len(corpus.train))
pairs = rows[: max(EPOCHS)]
sources, targets = ([side[row] for row in pairs] for side in (corpus.train.sources, corpus.train.targets))
known = {*sources, *corpus.validation.sources, *corpus.test.sources}
others = dict.fromkeys(corpus.train.sources[row] for row in rows[len(pairs) :])  # each once
french_only = [text for text in others if text not in known]
test = corpus.test.head(100 if small else 500)

# %% [markdown]
# Before we train on this text, we check that the comparison is fair. No sentence of the test set may be in the French text,
# because a word vector or an encoder that has seen it would know more than it should. The text must not contain a sentence of
# the pairs either, because then we could not say where a gain comes from. We also count the words of the French text, which
# become the vocabulary `french`, and the words of the test sentences that are missing from the smallest set of pairs, because
# with these the French text could help most.

# %% tags=["hide-input"]
assert known.isdisjoint(french_only)
assert not set(test.sources) & set(sources)
french = Vocabulary.count(french_only)
unseen = {word for text in test.sources for word in text.split()} - {
    w for t in sources[: min(EPOCHS)] for w in t.split()
}
nowhere = len([word for word in unseen if word not in french])
show_text(
    f"**{len(french_only):,}** French sentences without a translation, with {len(french) - len(SPECIAL_WORDS):,} words; "
    f"**{', '.join(f'{number:,}' for number in EPOCHS)}** pairs in three experiments; {len(test)} test sentences. "
    f"**{len(unseen)}** words of the test sentences are not in the smallest set of pairs, and "
    + (f"{nowhere} of these are not in the French text either." if nowhere else "all of these are in the French text.")
)


# %% [markdown]
# ## Word vectors
#
# With few pairs, a translator meets most words only once or twice, which is not enough to learn a good embedding for them. The
# French text contains the same words many more times, but without a translation. What can we learn about a word from text alone?
# Its neighbours: words that are used in the same way occur beside the same words (Firth, 1957).
#
# **Skip-gram** ([Mikolov et al., 2013](https://arxiv.org/abs/1310.4546)) turns this into a training. Take « le chat noir dort »
# and the word « chat ». A word that occurs near it, such as « noir », should get a large score, and words drawn at random from
# the whole text, which are called **negative samples**, a small one. The score is a dot product of two vectors. Every word $c$
# has a vector $v_c$, which is used when it is the word in the centre, and every word $o$ a second vector $u_o$, which is used
# when it is the neighbour. There are two, because otherwise the score of a word beside itself, $v_c^\top v_c$, would always be
# large, although a word rarely occurs beside itself. Only the vectors $v$ are used afterwards.
#
# For one centre $c$, one neighbour $o$ and negative samples $k$, the loss is
#
# $$
# \begin{aligned}
# \ell(c, o) = &-\log \sigma(u_o^\top v_c) \\
# &- \sum_{k} \log \sigma(-u_k^\top v_c)
# \end{aligned}
# $$
#
# Here $\sigma(x) = 1 / (1 + e^{-x})$ turns a score into a probability. The first term is near 0 if the neighbour's score is large and
# positive, and the second if the scores of the negative samples are large and negative. Compute an example with a pencil: $v_c$
# is $(1, 0)$, $u_o$ is $(2, 0)$, and two negative samples have $(0, 1)$ and $(-1, 0)$. The three scores are 2, 0 and −1.


# %% tags=["nbval-check-output"]
def skip_gram_loss(centre, near, noise):
    """Mean loss of B words: centre (B, E), near (B, E), noise (B, K, E)."""
    products = (near * centre).sum(dim=-1)  # (B,)
    noise_products = torch.einsum("bke,be->bk", noise, centre)
    return -F.logsigmoid(products).mean() - F.logsigmoid(-noise_products).sum(dim=1).mean()


v, u, k = torch.tensor([[1.0, 0.0]]), torch.tensor([[2.0, 0.0]]), torch.tensor([[[0.0, 1.0], [-1.0, 0.0]]])
by_hand = -np.log(1 / (1 + np.exp(-2))) - np.log(1 / (1 + np.exp(0))) - np.log(1 / (1 + np.exp(-1)))
print(f"{skip_gram_loss(v, u, k).item():.4f}, by hand {by_hand:.4f}")

# %% [markdown]
# Very frequent words, such as « le », occur beside almost all others and tell little about them. Therefore most of them are left
# out first, with the probability that the paper gives: a word of frequency $f$ stays with probability $\sqrt{t / f}$, where $t$ is a
# small number, 0.001 here. The training data are pairs of words that are at most three places apart in what is left of a
# sentence. In the sentence itself they may be farther apart.

# %%
ids = [torch.tensor(french.encode(text.split())[:-1]) for text in french_only]  # without EOS
words = torch.cat(ids)
place = torch.repeat_interleave(torch.arange(len(ids)), torch.tensor([len(each) for each in ids]))  # its sentence
counts = torch.bincount(words, minlength=len(french)).float()
stays = (0.001 * counts.sum() / counts.clamp_min(1.0)).sqrt()


def near_pairs(rng, window=3):
    """Words and words near them, (2, N)."""
    kept = torch.rand(len(words), generator=rng) < stays[words]
    word, its_place, found = words[kept], place[kept], []
    for distance in range(1, window + 1):
        together = its_place[distance:] == its_place[:-distance]
        left, right = word[:-distance][together], word[distance:][together]
        found += [torch.stack([left, right]), torch.stack([right, left])]
    return torch.cat(found, dim=1)


# %% [markdown]
# The negative samples are drawn in proportion to the frequency to the power of ¾, which is another choice of the paper.
# The rest is an ordinary training loop. Afterwards we write the vectors into a `file`, in word2vec's own text format,
# and look at its first lines.


# %%
def train_vectors(seed, passes=3, negatives=5):
    """Word vectors of the whole vocabulary, (V, E)."""
    rng = torch.Generator().manual_seed(seed)
    centre = (torch.rand(len(french), size, generator=rng) - 0.5).div_(size).requires_grad_()
    near = torch.zeros(len(french), size, requires_grad=True)
    optimiser = torch.optim.Adam([centre, near], lr=0.02)
    for _ in range(passes):
        found = near_pairs(rng)
        for batch in torch.randperm(found.shape[1], generator=rng).split(4_096):
            c, o = found[:, batch]
            k = torch.multinomial(counts**0.75, len(batch) * negatives, True, generator=rng).view(-1, negatives)
            optimiser.zero_grad()
            skip_gram_loss(centre[c], near[o], near[k]).backward()
            optimiser.step()
    return centre.detach()


# %% tags=["hide-input"]
place_for_files = folder_for(settings)
place_for_files.mkdir(parents=True, exist_ok=True)
file = place_for_files / "french.vec"
if not file.is_file():  # on a second visit the vectors are those of the first
    start = time.monotonic()
    first = len(SPECIAL_WORDS)
    write_vectors(file, french.words[first:], train_vectors(seed=0)[first:])
    print(f"trained in {time.monotonic() - start:.0f} s")
with file.open(encoding="utf-8") as lines:
    for _ in range(4):
        line = next(lines).rstrip()
        print(line if len(line) < 60 else f"{line[:60].rstrip()} …")

# %% [markdown]
# The first line gives the number of words and how many numbers each vector has. Each further line is a word and its vector.
# `read_vectors` keeps the words of a vocabulary and drops the others. Have the vectors learned anything? For some words, we look for
# those whose vectors have the most similar direction:

# %%
vectors = read_vectors(file, french)
directions = F.normalize(vectors.values, dim=1)
place_of = {word: row for row, word in enumerate(vectors.words)}


def neighbours(word, number=5):
    """The words whose vectors point most nearly the same way."""
    nearness = directions @ directions[place_of[word]]
    return [vectors.words[row] for row in nearness.topk(number + 1).indices if vectors.words[row] != word][:number]


table = [
    [word, ", ".join(neighbours(word))]
    for word in ("chat", "lundi", "soeur", "deux", "elle", "rouge", "mange")
    if word in french
]
show_table(["word", "its nearest"], table)

# %% tags=["hide-input"]
days = {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"}
found_days = days.intersection(neighbours("lundi")) if "lundi" in french else set()
show_text(
    f"The training was never told what a day is, and of the five words nearest to « lundi », **{len(found_days)}** are days. "
    + (
        "It has learned it from the neighbours of these words."
        if len(found_days) > 2
        else "This text is too short to learn it from."
    )
)

# %% [markdown]
# But look at the other words too. There are two ways to be "near". Some neighbours often occur *together* with the word. Others
# occur *in its place*, such as « mardi » for « lundi », and a translator must not confuse just these. So vectors that
# are near each other are not always of use for translating, and we have to measure it.
#
# ### Vectors that others have trained
#
# You would rarely train vectors yourself, because you can download vectors that were trained on billions of words:
#
# - **word2vec** ([Mikolov et al., 2013](https://arxiv.org/abs/1310.4546)): English, and whatever others have trained with its
#   program. The package reads its text format, and not the binary `.bin`.
# - **GloVe** ([Pennington et al., 2014](https://aclanthology.org/D14-1162)): English, `.txt` files inside a `.zip`, without a first line that gives the sizes.
# - **fastText** ([Grave et al., 2018](https://arxiv.org/abs/1802.06893)): 157 languages, French among them, `.vec` files inside a `.gz`, with such a line.
#
# Unpack the file first. You need vectors of the language that you translate *from*, so for this book a French file of fastText.
# The English ones of GloVe fit the opposite direction. Then it takes one call in Python, or one option on the command line:
#
# ```python
# vectors = read_vectors(Path("cc.fr.300.vec"), corpus.src_vocabulary)
# Trainer(corpus, settings, folder, start=from_vectors(vectors, corpus.src_vocabulary)).fit()
# ```
#
# ```bash
# s2s-tutorial train --vectors cc.fr.300.vec --corpus tatoeba --run runs/vectors
# ```
#
# In Python, the model's embedding size must be the size of the vectors; the command line chooses it by itself. Accents and capitals
# in the file do not matter, because each word is normalised as the sentences are. Files differ in how large their numbers are, so
# all vectors are multiplied by one factor, which brings the mean square of their numbers to 1. (Exercise 23.2 shows why this
# matters.) A file that was cut short in the download is refused, with the number of its last line.
#
# ## An autoencoder
#
# Word vectors are only the first layer of a translator. Could we borrow the whole encoder? An **autoencoder** is a
# translator from French to French: it reads a sentence and writes the same sentence, and for that it needs no
# translations. [Dai and Le (2015)](https://arxiv.org/abs/1511.01432) trained one and began other tasks with its weights.
# With our package you only need a file whose two columns are equal. We write it beside the file of the vectors, into the
# folder `place_for_files`:

# %%
copies_file = place_for_files / "copies.tsv"
copies_file.write_text("".join(f"{text}\t{text}\n" for text in french_only), encoding="utf-8")
copying = replace(
    settings,
    name="borrowed-copying",
    data=replace(settings.data, corpus=str(copies_file)),
    training=replace(settings.training, epochs=2),
)
copies = replace(prepare(copying.data), src_vocabulary=french, tgt_vocabulary=french)
copies = replace(copies, validation=copies.validation.head(100), test=copies.test.head(300))
copier = Trainer(copies, copying, folder_for(copying), watchers=[LiveLine()])
copying_progress = copier.fit()

# %% tags=["hide-input"]
copy_scores, copied = evaluate(copier.translator, copies.test)
show_text(
    f"After {copying_progress.seconds:.0f} s it copies **{copy_scores.exact_match:.0%}** of French sentences it has never "
    f"seen without a mistake (BLEU {copy_scores.bleu:.1f}). "
    + (
        "So it has learned to copy."
        if copy_scores.exact_match > 0.5
        else "So it cannot copy yet. At `standard` it reads ten times as many sentences."
    )
)


# %% [markdown]
# This is less than it seems, because with attention the task is *easy*. To write word 5, the decoder looks at state 5 and reads
# from it which word it is. For that, the encoder does not have to represent the sentence. It is enough if each state
# identifies its own word.
#
# We can measure how much of an encoder's states depends on the word alone. We compute the states of many sentences, put those of the
# same word together, and ask which share of their variance is *between* the words. If the share is 1, then a word has the same
# state in every sentence, and the encoder is only a dictionary. The smaller the share, the more a state depends on the rest of the
# sentence.


# %%
def share_of_the_word(translator, texts):
    """Share of the variance of encoder states that the word alone explains."""
    vocabulary, states, owners = translator.src_vocabulary, [], []
    with torch.no_grad():
        for text in texts:
            its_ids = torch.tensor([vocabulary.encode(text.split())])
            states.append(translator.model.encoder(its_ids, None)[0][0])
            owners.append(its_ids[0])
    states, owners = torch.cat(states), torch.cat(owners)
    states, owners = states[owners != EOS], owners[owners != EOS]
    states = states - states.mean(dim=0)
    sums = torch.zeros(len(vocabulary), states.shape[1]).index_add(0, owners, states)
    between = (sums.square().sum(dim=1) / torch.bincount(owners, minlength=len(vocabulary)).clamp_min(1)).sum()
    return float(between / states.square().sum())


# %% [markdown]
# We compare it with an encoder that had to translate, as soon as we have trained one.
#
# ## Starting with what you borrow
#
# A `Trainer` accepts a `start`, which changes the random weights once, before the first step. This is the one for an encoder:

# %%
show_source(from_encoder)

# %% [markdown]
# Three details matter here.
#
# - *The vocabulary belongs to the encoder.* Row 17 of an embedding is the word with id 17. So a run that borrows an encoder has to
#   use its vocabulary as well.
# - *What you borrow can be frozen.* A **frozen** weight is not changed by training (`requires_grad_(False)`): it gets no gradient, and
#   Adam keeps no moments for it. A weight that is not frozen is **fine-tuned**: it begins with the borrowed value and continues to learn.
# - *A run keeps its start.* You can stop and resume it like any other run, but not with another start.
#
# With word vectors and an encoder, each fine-tuned or frozen, we have four starts, and a fifth without anything borrowed:

# %%
starts = {
    "from scratch": Start(),
    "vectors, fine-tuned": from_vectors(vectors, french),
    "vectors, frozen": from_vectors(vectors, french, freeze=True),
    "autoencoder, fine-tuned": from_encoder(copier.translator, french),
    "autoencoder, frozen": from_encoder(copier.translator, french, freeze=True),
}


# %% [markdown]
# We train each of the five with three numbers of pairs, and with three seeds. Everything else is equal, with one exception: a model from
# scratch knows only the words of its own pairs, while the others know all words of the French text, because this is a part of what they
# borrow. Another fifty pairs, the same for all, decide after which epoch a model was best.


# %%
def train(name, start, number, seed):
    """Train a translator on so many pairs."""
    its = replace(
        settings,
        name=f"borrowed-{number}-{name.replace(', ', '-').replace(' ', '-')}",
        training=replace(settings.training, epochs=EPOCHS[number], seed=seed),
    )
    few = Pairs(sources[:number], targets[:number])
    data = replace(
        corpus,
        train=few,
        validation=corpus.validation.head(50),
        src_vocabulary=french if start.name else Vocabulary.count(few.sources),
        tgt_vocabulary=Vocabulary.count(few.targets),
    )
    trainer = Trainer(data, its, folder_for(its), watchers=[], start=start)
    trainer.fit()
    return trainer


# %% [markdown]
# > **Guess first**
# >
# > Put the five starts in order for the smallest set of pairs. Then for the largest. And which of the two is the better
# > part to freeze: the vectors, or the autoencoder's encoder?
#
# The next cell trains all of them. You can stop it at any time and continue later.

# %%
results, trained = {}, {}
for seed, number in product(SEEDS, EPOCHS):
    for name, start in starts.items():
        trainer = train(name, start, number, seed)
        scores, _ = evaluate(trainer.translator, test)
        results[name, number, seed] = scores.bleu, 100 * scores.exact_match, trainer.progress.seconds
        trained[name, number, seed] = trainer.translator
    print(f"seed {seed}, {number:,} pairs: all {len(starts)} are trained and measured")


# %% [markdown]
# ## The result
#
# Each number is the mean over the seeds, and the number behind ± is half the distance between the best and the worst seed. The
# seconds are those of the translator's training alone, and other programs on the machine make them longer.


# %% tags=["hide-input"]
def over_seeds(name, number, column=0):
    """Mean and half range over the finished seeds."""
    values = [results[key][column] for key in results if key[:2] == (name, number)]
    return float(np.mean(values)), float(np.ptp(values) / 2)


for column, (what, digits) in enumerate({"BLEU": 1, "exact, %": 1, "seconds": 0}.items()):
    lines = []
    for name in starts:
        found = [over_seeds(name, number, column) for number in EPOCHS]
        lines.append([name, *(f"{mean:.{digits}f}\u00a0±\u00a0{spread:.{digits}f}" for mean, spread in found)])
    show_table([f"{what} by pairs", *(f"{number:,}" for number in EPOCHS)], lines)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Five lines of BLEU over the number of pairs, one for each start, with a logarithmic axis of pairs. All rise to the right."}}
figure = Figure(figsize=(7, 4), layout="constrained")
axes = figure.add_subplot()
looks = ((GREY, "o-"), (BLUE, "s-"), (BLUE, "s:"), (ORANGE, "D-"), (ORANGE, "D:"))
for name, (colour, style) in zip(starts, looks, strict=True):
    points = [over_seeds(name, number) for number in EPOCHS]
    axes.errorbar(
        list(EPOCHS),
        [p[0] for p in points],
        yerr=[p[1] for p in points],
        fmt=style,
        color=colour,
        capsize=3,
        label=name,
    )
axes.set(xscale="log", xlabel="sentence pairs", ylabel="test BLEU", ylim=(0, None))
axes.set_xticks(list(EPOCHS), [f"{number:,}" for number in EPOCHS])
axes.minorticks_off()
axes.legend(fontsize=8)
show_figure(figure)


# %% [markdown]
# **Figure 23.1.** Test BLEU for each start, by the number of sentence pairs; bars show half the distance between the best and the worst seed.

# %% [markdown]
# What may we conclude? As in [Which attention?](17_which_attention.ipynb), we count a difference if every seed of one start
# is better than every seed of the other. How often would luck alone meet this rule? Suppose a start made no difference at all.
# There are twenty ways to divide six scores between two starts, and two of them separate the starts completely, so luck meets
# the rule one time in ten. (With two seeds it would be one time in three.) Below are twelve verdicts, so even if no start made any
# difference, we would expect about one of them to be false. Therefore read a small difference as "perhaps helps" or "perhaps
# hurts".
#
# There is one more limit. All starts get the same number of steps, so a start that learns slowly looks worse here than it
# would after a longer training.


# %% tags=["hide-input"]
def gain(name, number):
    """BLEU over a start from scratch, and whether every seed of the one is better than every seed of the other."""
    ours, base = ([results[start, number, seed][0] for seed in SEEDS] for start in (name, "from scratch"))
    return float(np.mean(ours) - np.mean(base)), min(ours) > max(base) or max(ours) < min(base)


def verdict(name):
    """A sentence on a start at every number of pairs."""
    parts = []
    for number in EPOCHS:
        difference, counts_ = gain(name, number)
        word = ("helps" if difference > 0 else "hurts") if counts_ else "makes no clear difference"
        parts.append(f"{word} with {number:,} pairs ({difference:+.1f})")
    return f"- **{name}**: {', '.join(parts)}."


few, many = min(EPOCHS), max(EPOCHS)
rehearsal = over_seeds("from scratch", many)[0] < 10
if rehearsal:
    show_text(
        "**No model of this run has learned to translate yet**, so the sentences that follow mean nothing before `standard`."
    )
show_text("\n".join(verdict(name) for name in list(starts)[1:]))

# %% tags=["hide-input"]
best = max(list(starts)[1:], key=lambda name: gain(name, few)[0])
shrinks = abs(gain(best, many)[0]) < abs(gain(best, few)[0])
frozen_loses = [
    kind
    for kind in ("vectors", "autoencoder")
    if all(over_seeds(f"{kind}, frozen", n)[0] < over_seeds(f"{kind}, fine-tuned", n)[0] for n in EPOCHS)
]
show_text(
    (f"With {few:,} pairs, no start helps. " if gain(best, few)[0] <= 0 else "")
    + f"With {few:,} pairs, the best start is **{best}** ({gain(best, few)[0]:+.1f} BLEU). With {many:,} pairs, the "
    f"same start gives {gain(best, many)[0]:+.1f}, so what we borrow is {'' if shrinks else 'not '}worth less when there are more pairs. "
    + (
        f"Freezing is worse than fine-tuning with every number of pairs for the {' and the '.join(frozen_loses)}."
        if frozen_loses
        else "Freezing is not worse than fine-tuning everywhere."
    )
)

# %% [markdown]
# And what do the encoders do? We apply the measure from above to three of them, on the same test sentences:

# %% tags=["hide-input"]
reader = trained["from scratch", many, SEEDS[0]]
fresh = replace(copier.translator, model=copier.run.build_model())
show_table(
    ["encoder", "share of the word in its states"],
    [
        ["fresh, never trained", share_of_the_word(fresh, test.sources)],
        ["trained to copy", share_of_the_word(copier.translator, test.sources)],
        [f"trained to translate, {many:,} pairs", share_of_the_word(reader, test.sources)],
    ],
)

# %% tags=["hide-input"]
copy_share, read_share, fresh_share = (
    share_of_the_word(each, test.sources) for each in (copier.translator, reader, fresh)
)
if abs(copy_share - read_share) < 0.05:
    finding = (
        "These shares are nearly equal. Either copying does not make an encoder a dictionary, or the measure is too coarse: it "
        "tells how much depends on a word's surroundings, and not whether this is what a translator needs. The BLEU of the frozen "
        "encoder, in the tables above, is the more direct answer."
    )
elif copy_share > read_share:
    finding = "So a state depends less on a word's surroundings after copying than after translating."
else:
    finding = "So a state depends even more on a word's surroundings after copying than after translating."
show_text(
    f"The word alone explains **{copy_share:.0%}** of the variance of the copying encoder's states, **{read_share:.0%}** with the "
    f"translating one and **{fresh_share:.0%}** with one that has never been trained. " + finding
)

# %% [markdown]
# Do not conclude that borrowed parts would do the same for *your* pairs. The built-in corpus has few words and regular sentences, so
# that vectors for it are easy to learn, and everything else is as well. Real text has many rare words, for which your pairs give
# little information and vectors from billions of words have more to add. So measure it on your pairs, as we did here.
#
# ### Text in the other language: back-translation
#
# What we borrowed comes from text of the language that we translate *from*. Text of the language that we translate *into* can help
# as well: [Sennrich et al. (2016b)](https://aclanthology.org/P16-1009) gained two to four points of BLEU with it. Train a model of the
# opposite direction on your pairs (`--reverse`), and let it translate the text. This is called
# **[back-translation](../book/glossary.md)**. The result is new pairs, whose target was written by people and whose source was written
# by a model. Add them to your pairs and train the translator on both. Its decoder then learns from correct sentences, while a few
# mistakes in the source do little harm. Keep validation and test to true pairs, with `--valid` and `--test`. We have not measured it
# in this book.
#
# **Break it.** Borrow the copier's encoder with all words renamed: make a `Vocabulary` with the words of `french` in the opposite
# order (the four special ones stay in front), pass `replace(copier.translator, src_vocabulary=renamed)` to `from_encoder`, and
# use `renamed` in `train`. Every check passes, although every word begins with the weights of another one. How much of the gain is
# left?

# %% [markdown]
# ## Recap
#
# - Skip-gram learns vectors from text alone. Words that occur beside the same words get vectors of similar direction.
# - `read_vectors` reads the text files of word2vec, GloVe and fastText, and `from_vectors` begins a run with them.
# - An autoencoder is trained on pairs of the same sentence. With attention this is easy, and good copies do not
#   prove that the encoder is of use for translating. We know this from the translations: with the encoder frozen they are
#   worse than from scratch. The share of the word in its states does not show it, because it is nearly the same for
#   all three encoders.
# - Borrowed parts are worth most where pairs are few. Whether you should freeze them is a question to measure.
# - Test sentences must also be held out of the text that the vectors, or the autoencoder, have read.
#
# ## Exercises

# %% [markdown]
# ### Exercise 23.1: A file in the format of GloVe
#
# Write the first hundred vectors in the format of GloVe. To make it harder, give the words a capital letter, as in files
# of fastText, and add one word that is not in the vocabulary. When you read the file for the vocabulary, which rows of
# an embedding does `initialise_embedding` change, and which does it leave?

# %% [markdown]
# ### Solution to exercise 23.1

# %% tags=["solution", "nbval-check-output"]
glove = place_for_files / "glove.txt"
rows = [
    f"{word.capitalize()} {' '.join(map(str, row.tolist()))}\n"
    for word, row in zip(vectors.words, vectors.values, strict=True)
]
rows.insert(50, "Donaudampfschiff " + " ".join(["0.5"] * size) + "\n")
glove.write_text("".join(rows[:101]), encoding="utf-8")
found = read_vectors(glove, french)
assert found.words == vectors.words[:100]
assert torch.allclose(found.values, vectors.values[:100])

embedding = torch.nn.Embedding(len(french), size, padding_idx=0).requires_grad_(False)
before = embedding.weight.clone()
print(initialise_embedding(embedding, found, french), "rows of the embedding are new")
changed = (embedding.weight != before).any(dim=1)
assert [french.words[row] for row in changed.nonzero()] == sorted(found.words, key=french.id_of)


# %% [markdown]
# There is no first line with the sizes, so the size is that of line 1. The rows of all other words, and those of the
# four special words, keep their random values. In a frozen embedding they would keep them to the end.

# %% [markdown]
# ### Exercise 23.2: Is it the vectors, or how large they are?
#
# The package scales vectors so that the mean square of their numbers is 1. Fresh embeddings of a model with `tie_embeddings` are
# smaller: they are divided by $\sqrt E$. So a start with vectors differs in *two* things from a start without. Separate them with the
# smallest set of pairs. Begin once with small vectors (write a `Start` of your own), and once with random ones that are as large
# as the true ones, each frozen and fine-tuned. Check that frozen rows have not changed.

# %% [markdown]
# ### Solution to exercise 23.2

# %% [markdown]
# `few` is the smallest number of pairs, as in the folded cells of the result.


# %% tags=["solution"]
def smaller(start):
    """The same start with embeddings divided by the square root of E."""

    def prepare_model(model):
        start.prepare(model)
        with torch.no_grad():
            model.encoder.embedding.weight.div_(size**0.5)

    return Start(f"{start.name}, small", prepare_model)


noise = torch.randn(vectors.values.shape, generator=torch.Generator().manual_seed(0))
random_vectors = replace(vectors, values=noise, source="chance")

# %% tags=["solution"]
controls = {}
for kind in ("fine-tuned", "frozen"):
    for name, start in {
        "vectors, small": smaller(from_vectors(vectors, french, kind == "frozen")),
        "random, large": from_vectors(random_vectors, french, kind == "frozen"),
    }.items():
        trainer = train(f"{name}, {kind}", start, few, SEEDS[0])
        controls[name, kind] = evaluate(trainer.translator, test)[0].bleu
        begun = trainer.run.build_model()
        start.prepare(begun)
        moved = not torch.equal(begun.encoder.embedding.weight, trainer.model.encoder.embedding.weight)
        assert moved == (kind == "fine-tuned")

# %% tags=["solution"]
scratch = results["from scratch", few, SEEDS[0]][0]
large = {kind: results[f"vectors, {kind}", few, SEEDS[0]][0] for kind in ("fine-tuned", "frozen")}
show_table(
    [f"BLEU with {few:,} pairs", "fine-tuned", "frozen"],
    [["vectors, large (as the package does it)", large["fine-tuned"], large["frozen"]]]
    + [[name, controls[name, "fine-tuned"], controls[name, "frozen"]] for name in ("vectors, small", "random, large")],
)
show_text(
    f"From scratch: {scratch:.1f}. Compared with random numbers of the same size, the vectors gain "
    f"**{large['fine-tuned'] - controls['random, large', 'fine-tuned']:+.1f}** fine-tuned and "
    f"**{large['frozen'] - controls['random, large', 'frozen']:+.1f}** frozen. Being large gains "
    f"**{large['fine-tuned'] - controls['vectors, small', 'fine-tuned']:+.1f}** and "
    f"**{large['frozen'] - controls['vectors, small', 'frozen']:+.1f}**."
)

# %% [markdown]
# A fine-tuned embedding can grow during training. A frozen one cannot, so the layer above it has to learn large weights before small
# differences between words have an effect, and that takes many steps. Files of vectors are scaled in different ways, so look at the numbers before
# you freeze them. And compare a borrowed part not only with a start from scratch, but also with random numbers of the same shape and size.

# %% [markdown]
# ### Exercise 23.3: An autoencoder that has to remember
#
# Remove the attention from the autoencoder. Then the whole sentence must pass through one vector, and the encoder cannot be
# only a dictionary. Train it, measure the share of the word in its states, and use its encoder to begin a translator *with* attention
# on the smallest set of pairs. Does it help more?

# %% [markdown]
# ### Solution to exercise 23.3

# %% [markdown]
# `copy_scores` and `copy_share`, from the folded cells above, are the scores of the first autoencoder and its share of the word.

# %% tags=["solution"]
blind = replace(copying, name="borrowed-blind", model=replace(copying.model, attention="none"))
rememberer = Trainer(copies, blind, folder_for(blind), watchers=[LiveLine()])
blind_progress = rememberer.fit()
blind_scores, _ = evaluate(rememberer.translator, copies.test)

# %% tags=["solution"]
blind_bleu = {}
for kind in ("fine-tuned", "frozen"):
    start = from_encoder(rememberer.translator, french, freeze=kind == "frozen")
    blind_bleu[kind] = evaluate(train(f"blind, {kind}", start, few, SEEDS[0]).translator, test)[0].bleu
blind_share = share_of_the_word(rememberer.translator, test.sources)
assert count_parameters(rememberer.model) < count_parameters(copier.model)
show_table(
    ["autoencoder", "copies right, %", "share of the word", "borrowed, fine-tuned", "borrowed, frozen"],
    [
        ["with attention", 100 * copy_scores.exact_match, copy_share]
        + [results[f"autoencoder, {kind}", few, SEEDS[0]][0] for kind in blind_bleu],
        ["without", 100 * blind_scores.exact_match, blind_share, *blind_bleu.values()],
    ],
)

# %% tags=["solution"]
show_text(
    f"Without attention, the word explains {'a smaller' if blind_share < copy_share else 'no smaller'} share of the states "
    f"({blind_share:.0%}, and {copy_share:.0%} with attention), and {blind_scores.exact_match:.0%} of the sentences are copied right "
    f"({copy_scores.exact_match:.0%} with attention). "
    + (
        "At `standard` you can compare the translations."
        if rehearsal
        else "Its encoder helps the translator more."
        if blind_bleu["fine-tuned"] > results["autoencoder, fine-tuned", few, SEEDS[0]][0]
        else "But its encoder does not help the translator more. A likely reason is that it puts what it has learned into the *last* "
        "state, whereas a decoder with attention looks at the state of every word. A part helps where it is used as it was trained."
    )
)

# %% [markdown]
# ## What to read next
#
# [Mikolov et al. (2013)](https://arxiv.org/abs/1310.4546) is short and worth reading in full, and [Pennington et al.
# (2014)](https://aclanthology.org/D14-1162) explain what vectors have to do with counting. [Dai and Le
# (2015)](https://arxiv.org/abs/1511.01432) begin with a sequence autoencoder. Their idea, to train a model on text alone and then to
# use it for many tasks, has become the usual way to work in this field; [Where this leads](../book/where-this-leads.md) tells how. The
# [reference](../book/api.md) has every function of this book.
