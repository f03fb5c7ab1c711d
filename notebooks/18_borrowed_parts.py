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
# Sentence pairs are expensive: somebody has to translate. Sentences of one language cost nothing. Can a translator learn
# from those too? The 2017 notebook ends with two suggestions. Put **pre-trained word vectors** into the embedding. Or train
# an **autoencoder**, keep its encoder, and train a new decoder on it. In this chapter you do both, and then you measure
# whether it was worth it.
#
# > **What you will be able to do**
# >
# > - train word vectors with skip-gram and negative sampling, in a few lines
# > - read vectors in the formats of word2vec, GloVe and fastText, and begin a run with them
# > - begin a run with the encoder of another run, and freeze what you borrowed
# > - say when borrowed parts help, when they do not, and how you know
#
# At `small` the chapter takes under a minute, at `standard` some minutes. It uses the embedded corpus at every scale.

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
from s2s_tutorial.training.word_vectors import (
    VectorsError,
    initialise_embedding,
    read_vectors,
    write_vectors,
)
from s2s_tutorial.translation.evaluation import evaluate

scale = load_scale()  # S2S_SCALE: small, standard or large
torch.set_num_threads(1)  # models as small as those of this chapter are fastest on one thread
sentences = scale.data.sample_pairs  # that the grammar writes, before repeats go
passes = scale.training.epochs
EPOCHS = {  # by number of sentence pairs
    sentences // 72: 3 * passes,
    sentences // 18: passes * 8 // 5,
    sentences // 6: passes * 3 // 5,
}
SEEDS = {"small": (0, 1)}.get(scale.name, (0, 1, 2))  # two are too few for a verdict, but at `small` there is none
settings = replace(  # few pairs need a small model, whatever the scale
    PRESETS["small"],
    name="borrowed",
    data=replace(PRESETS["sample"].data, sample_pairs=sentences),
    training=replace(PRESETS["small"].training, patience=1_000),
)
size = settings.model.embedding_size  # E, and so the size of the word vectors
BLUE, ORANGE, GREY = "#00429d", "#b8560b", "0.5"

# %% [markdown]
# ## Few pairs, much text
#
# Here is a situation that most languages are in: there are some hundred or thousand translated sentences, and far more that
# nobody has translated. You can make it from the embedded corpus. Some of its pairs stay pairs. Of the others you keep the
# French and throw the English away.

# %%
corpus = prepare(settings.data)
rows = random.Random(0).sample(range(len(corpus.train)), len(corpus.train))
pairs = rows[: max(EPOCHS)]
sources, targets = ([side[row] for row in pairs] for side in (corpus.train.sources, corpus.train.targets))
known = {*sources, *corpus.validation.sources, *corpus.test.sources}
others = dict.fromkeys(corpus.train.sources[row] for row in rows[len(pairs) :])  # each once
french_only = [text for text in others if text not in known]
test = corpus.test.head(500)

# %% [markdown]
# Held-out means held-out. A sentence of the test set must not be in the French text either: a word vector, or an
# encoder, that has seen it would know more than it should. Nor may the text hold a sentence of the pairs, or you could not
# say where a gain comes from.

# %%
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
# "You shall know a word by the company it keeps" (Firth, 1957). **Skip-gram** ([Mikolov et al.,
# 2013](https://arxiv.org/abs/1310.4546)) takes that literally. Every word $c$ has a vector $v_c$, and every word $o$
# that may stand near it another, $u_o$. Words that are found near one another shall have a large product; words drawn
# at random, the **negative samples** $k$, a small one:
#
# $$
# \begin{aligned}
# \ell(c, o) = &-\log \sigma(u_o^\top v_c) \\
# &- \sum_{k} \log \sigma(-u_k^\top v_c)
# \end{aligned}
# $$
#
# By hand, with vectors of two numbers and two negative samples:


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
# Very frequent words say little about their neighbours, so most of them are left out first, with the probability that
# the paper gives: a word of frequency $f$ stays with probability $\sqrt{t / f}$, where $t$ is a small number, 0.001
# here. The data are then pairs of words at most three places apart in what is left of one sentence. In the sentence
# itself they may be farther apart.

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
# Negative samples are drawn by frequency to the power of ¾, another choice of the paper. The rest is a training loop
# like any other. What comes out is written into a file, in word2vec's own text format.


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


# %%
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
# The first line says how many words and how many numbers each. Then every line is a word and its vector. `read_vectors`
# keeps the words of a vocabulary and forgets the rest:

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
    f"Nobody told it what a day is, and **{len(found_days)}** of the five nearest to « lundi » are days. "
    + ("The vectors have found it out." if len(found_days) > 2 else "This text is too short to find that out.")
)

# %% [markdown]
# But look closely at what "near" means here. Some neighbours often stand together with the word. Others can stand in its
# place: « lundi » and « mardi » are such words, and they are just the words that a translator must not confuse. Keep this
# in mind for what follows.
#
# ### Vectors that others have trained
#
# You would rarely train vectors yourself. They are there to download, made of billions of words:
#
# - **word2vec** ([Mikolov et al., 2013](https://arxiv.org/abs/1310.4546)): English, and what its program has made of other texts. The package reads its text
#   format, not its `.bin`.
# - **GloVe** ([Pennington et al., 2014](https://aclanthology.org/D14-1162)): English, `.txt` files inside a `.zip`, without a first line that gives the sizes.
# - **fastText** ([Grave et al., 2018](https://arxiv.org/abs/1802.06893)): 157 languages, French among them, `.vec` files inside a `.gz`, with such a line.
#
# Unpack the file first. Take vectors of the language that you translate *from*: for this book that is French, so a
# fastText file. GloVe's are English; they fit the reverse direction. One call does it, or one option:
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
# The model's embedding size must be the vectors' size. The command line sees to that. Accents and capitals in the file
# are no problem, because each word is normalised as the sentences are. What the call does with an embedding is short:

# %%
show_source(initialise_embedding)

# %% [markdown]
# Such files are large, come from elsewhere, and break off in downloads. As with sentence pairs, a mistake is one line that
# says where:

# %% tags=["nbval-check-output"]
bad = place_for_files / "bad.vec"
mistakes = {
    "cut short": "3 2\nchat 0.5 -1\nchien 0.4",
    "no number": "2 2\nchat 0.5 -1\nchien 0.4 O.9\n",
    "another language": "Katze 0.5 -1\nHund 0.4 -0.9\n",
}
for name, text in mistakes.items():
    bad.write_text(text, encoding="utf-8")
    try:
        read_vectors(bad, Vocabulary.count(["le chat , le chien"]))
    except VectorsError as error:
        print(f"{name:17} {error}")

# %% [markdown]
# ## An autoencoder
#
# Word vectors are only the first layer. Why not borrow the whole encoder? An **autoencoder** is a translator from
# French to French: it reads a sentence and writes the same sentence. [Dai and Le
# (2015)](https://arxiv.org/abs/1511.01432) trained one and began other tasks with its weights. All you need is a file
# whose two columns are the same:

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

# %%
copy_scores, copied = evaluate(copier.translator, copies.test)
show_text(
    f"After {copying_progress.seconds:.0f} s it copies **{copy_scores.exact_match:.0%}** of French sentences it has never "
    f"seen without a mistake (BLEU {copy_scores.bleu:.1f}). "
    + (
        "It can copy."
        if copy_scores.exact_match > 0.5
        else "It cannot copy yet: at `standard` it reads ten times as much."
    )
)


# %% [markdown]
# Before you are impressed: with attention, this is an *easy* task. To write word 5 the decoder looks at state 5 and says
# which word it is. For that, an encoder does not have to understand a sentence. It has to let each word through, and it is
# enough that every state tells its own word from all others.
#
# You can measure how much of an encoder's states is the word and nothing else. Take the states of many sentences; put
# those of the same word together; ask which share of their variance lies *between* the words. If it is 1, the encoder is a
# dictionary: the same word has the same state wherever it stands.


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
# You will compare it with an encoder that had to translate, as soon as there is one.
#
# ## Beginning with what you borrow
#
# A `Trainer` takes a `start`: something that changes the fresh weights once, before the first step. Here is the one that
# takes over an encoder:

# %%
show_source(from_encoder)

# %% [markdown]
# Three details matter.
#
# - *The vocabulary comes with the encoder.* Row 17 of an embedding means the word with id 17. Whoever borrows the encoder
#   must number words as its owner did.
# - *Frozen or not.* A **frozen** weight is one that training leaves alone: `requires_grad_(False)`. It gets no gradient, so Adam
#   keeps no moments for it. What is not frozen is **fine-tuned**: it begins where it was left, and goes on learning.
# - *The run remembers it.* The start's name, with a checksum of what was borrowed, is written into the run. It is stopped and
#   goes on like any other, and never with another start.

# %%
starts = {
    "from scratch": Start(),
    "vectors, fine-tuned": from_vectors(vectors, french),
    "vectors, frozen": from_vectors(vectors, french, freeze=True),
    "autoencoder, fine-tuned": from_encoder(copier.translator, french),
    "autoencoder, frozen": from_encoder(copier.translator, french, freeze=True),
}


# %% [markdown]
# Five starts, three sizes of the parallel set, each with its own number of epochs, three seeds. Everything else is equal, but
# for one thing: a model from scratch knows only the words of its own pairs. The others know all words of the French text,
# because that is a part of what they borrow. Fifty more pairs, the same for all, say after which epoch a model was best.


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
# > thing to freeze: the vectors, or the autoencoder's encoder?
#
# The next cell trains all of them. Stop it whenever you like; it goes on where it was.

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
# Each number is a mean over the seeds; behind ± is half the distance between the best and the worst seed. Seconds are of the
# translator's training alone.


# %%
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
# **Figure 18.1.** What a start is worth, by the number of sentence pairs; bars show half the distance between the best and the worst seed.

# %% [markdown]
# What may you conclude? As in [Which attention?](13_which_attention.ipynb), a difference counts if every seed of the
# one is better than every seed of the other. How often would luck alone meet this rule? Suppose a start were worth nothing.
# There are twenty ways to divide six scores between two starts, and two of them separate the starts completely, so luck meets
# the rule one time in ten. (With two seeds it would be one time in three.) Below are twelve verdicts, so even if no start
# were worth anything, we would expect about one of them to be false. Read a small difference as "perhaps helps" or "perhaps
# hurts".
#
# And all starts get the same steps: what learns slowly looks worse here than after a longer training.


# %%
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
        "**No model of this run has learnt to translate yet**: take all that follows as a rehearsal for `standard`."
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
    (f"With {few:,} pairs nothing helps. " if gain(best, few)[0] <= 0 else "")
    + f"With {few:,} pairs the best thing to borrow is **{best}** ({gain(best, few)[0]:+.1f} BLEU); with {many:,} pairs the "
    f"same start gives {gain(best, many)[0]:+.1f}. "
    + ("The loan is worth less with more pairs. " if shrinks else "The loan is not worth less with more pairs. ")
    + (
        f"Freezing loses to fine-tuning at every size for: {', '.join(frozen_loses)}."
        if frozen_loses
        else "Freezing does not lose to fine-tuning everywhere."
    )
)

# %% [markdown]
# And the encoders? Here is the measure from above, on the same test sentences:

# %%
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
        "That is no difference to speak of. Either copying does not make an encoder a dictionary, or the measure is too coarse: "
        "it says how much comes from a word's surroundings, and not whether that is what a translator needs to know. What the "
        "frozen encoder is worth, in the tables above, says it more directly."
    )
elif copy_share > read_share:
    finding = "So copying asks for less of a word's surroundings than translating does."
else:
    finding = "So the copying encoder mixes a word with its surroundings even more than the translating one."
show_text(
    f"The copying encoder's states are to **{copy_share:.0%}** the word itself, the translating one's to **{read_share:.0%}**, "
    f"and those of one that has never been trained to **{fresh_share:.0%}**. " + finding
)

# %% [markdown]
# None of this says that the loan must help *you*. The embedded corpus has few words and regular sentences; vectors for it
# are learnt easily, and so is everything else. Real text has a long tail of rare words, which is where vectors from
# billions of words have something to add that your pairs do not. Measure it on your pairs, as you did here.
#
# **Break it.** Lend the copier's encoder with all words renamed: make a `Vocabulary` with the words of `french` in the opposite
# order (the four special ones stay in front), pass `replace(copier.translator, src_vocabulary=renamed)` to `from_encoder`, and
# use `renamed` in `train`. Every check passes, and every word begins as another one. What is left of the loan?

# %% [markdown]
# ## Recap
#
# - Skip-gram makes vectors from text alone: words with the same company point the same way.
# - `read_vectors` reads word2vec's, GloVe's and fastText's text files; `from_vectors` begins a run with them.
# - An autoencoder is trained on pairs of the same sentence. With attention that is easy, and copying well does not
#   prove that its encoder is worth lending. We know this from the translations: with the encoder frozen they are
#   worse than from scratch. The share of the word in its states does not show it, because it is nearly the same for
#   all three encoders.
# - Borrowed parts are worth most where pairs are few. Whether to freeze them is a question to measure, not to believe.
# - What you lend must be held out too: no test sentence in the text that the vectors, or the autoencoder, have read.
#
# ## Exercises

# %% [markdown]
# ### Exercise 18.1: A file in the format of GloVe
#
# Write the first hundred vectors as GloVe would, and in a way as fastText files are: the words with a capital letter, and a
# word in between that nobody asked for. Read the file for the vocabulary. Which rows of an embedding does
# `initialise_embedding` change, and which not?

# %% [markdown]
# ### Solution to exercise 18.1

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
# There is no first line, so the size is that of line 1. The rows of all other words, and those of the four special words,
# stay as chance has made them. In a frozen embedding they would stay so for ever.

# %% [markdown]
# ### Exercise 18.2: Is it the vectors, or how loud they are?
#
# The package gives vectors a mean square of 1. Fresh embeddings of a model with `tie_embeddings` are quieter: they are
# divided by $\sqrt E$. So a start with vectors differs in *two* things from one without. Take them apart on the
# smallest set of pairs: begin with quiet vectors (write a `Start` of your own), and with random ones that are as loud
# as the true ones. Each frozen and fine-tuned. Check that frozen rows have not moved.

# %% [markdown]
# ### Solution to exercise 18.2


# %% tags=["solution"]
def quietly(start):
    """The same start with embeddings divided by the square root of E."""

    def prepare_model(model):
        start.prepare(model)
        with torch.no_grad():
            model.encoder.embedding.weight.div_(size**0.5)

    return Start(f"{start.name}, quiet", prepare_model)


noise = torch.randn(vectors.values.shape, generator=torch.Generator().manual_seed(0))
random_vectors = replace(vectors, values=noise, source="chance")

# %% tags=["solution"]
controls = {}
for kind in ("fine-tuned", "frozen"):
    for name, start in {
        "vectors, quiet": quietly(from_vectors(vectors, french, kind == "frozen")),
        "random, loud": from_vectors(random_vectors, french, kind == "frozen"),
    }.items():
        trainer = train(f"{name}, {kind}", start, few, SEEDS[0])
        controls[name, kind] = evaluate(trainer.translator, test)[0].bleu
        begun = trainer.run.build_model()
        start.prepare(begun)
        moved = not torch.equal(begun.encoder.embedding.weight, trainer.model.encoder.embedding.weight)
        assert moved == (kind == "fine-tuned")

# %% tags=["solution"]
scratch = results["from scratch", few, SEEDS[0]][0]
loud = {kind: results[f"vectors, {kind}", few, SEEDS[0]][0] for kind in ("fine-tuned", "frozen")}
show_table(
    [f"BLEU with {few:,} pairs", "fine-tuned", "frozen"],
    [["vectors, loud (the package's way)", loud["fine-tuned"], loud["frozen"]]]
    + [[name, controls[name, "fine-tuned"], controls[name, "frozen"]] for name in ("vectors, quiet", "random, loud")],
)
show_text(
    f"From scratch: {scratch:.1f}. Against random numbers of the same loudness the vectors are worth "
    f"**{loud['fine-tuned'] - controls['random, loud', 'fine-tuned']:+.1f}** fine-tuned and "
    f"**{loud['frozen'] - controls['random, loud', 'frozen']:+.1f}** frozen. Being loud is worth "
    f"**{loud['fine-tuned'] - controls['vectors, quiet', 'fine-tuned']:+.1f}** and "
    f"**{loud['frozen'] - controls['vectors, quiet', 'frozen']:+.1f}**."
)

# %% [markdown]
# A fine-tuned embedding can grow. A frozen one cannot, and the layer above it has to shout: its weights must become
# large before small differences between words make any. Nobody has agreed on how a file's vectors are scaled, so look at it
# before you freeze anything. And never compare a loan with nothing alone: compare it with chance of the same shape.

# %% [markdown]
# ### Exercise 18.3: An autoencoder that has to remember
#
# Take the attention away from the autoencoder: then the whole sentence must go through one vector, and the encoder
# cannot be a dictionary. Train it, measure the share of the word in its states, and begin a translator *with* attention
# on the smallest set of pairs with its encoder. Is it a better loan?

# %% [markdown]
# ### Solution to exercise 18.3

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
    ["autoencoder", "copies right, %", "share of the word", "lent, fine-tuned", "lent, frozen"],
    [
        ["with attention", 100 * copy_scores.exact_match, copy_share]
        + [results[f"autoencoder, {kind}", few, SEEDS[0]][0] for kind in blind_bleu],
        ["without", 100 * blind_scores.exact_match, blind_share, *blind_bleu.values()],
    ],
)

# %% tags=["solution"]
show_text(
    f"Without attention the states hold {'less' if blind_share < copy_share else 'no less'} of their own word "
    f"({blind_share:.0%} against {copy_share:.0%}), and {blind_scores.exact_match:.0%} of the sentences are copied right "
    f"({copy_scores.exact_match:.0%} with it). "
    + (
        "A rehearsal: at `standard` you can compare the loans."
        if rehearsal
        else "Its encoder is the better loan."
        if blind_bleu["fine-tuned"] > results["autoencoder, fine-tuned", few, SEEDS[0]][0]
        else "But its encoder is no better loan. A likely reason: what it learnt it puts into the *last* state, and a "
        "decoder with attention asks the state of every word. A loan helps where it is used as it was trained."
    )
)

# %% [markdown]
# ## What to read next
#
# [Mikolov et al. (2013)](https://arxiv.org/abs/1310.4546) is short and worth reading in full; [Pennington et al.
# (2014)](https://aclanthology.org/D14-1162) says what vectors have to do with counting. [Dai and Le
# (2015)](https://arxiv.org/abs/1511.01432) begin with a sequence autoencoder. What came of the idea, models that are
# trained on text alone and then lent to everybody, is most of the field today. The [reference](../book/api.md) has
# every function of this book.
