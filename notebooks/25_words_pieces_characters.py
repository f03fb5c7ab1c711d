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
# # Words, pieces and characters
#
# In [Subwords](24_subwords.ipynb), we cut words into pieces, so that a small vocabulary can write any text at all. We counted how long
# sentences become and how rare the entries of the vocabulary are, but we did not translate with these pieces yet. In this chapter
# we train the same network on words, on pieces and on characters. Then we measure which of them translates best, above all where a
# sentence contains a word that training never showed, and which is fastest. We also find out how to read a picture of attention
# between pieces, and what happens in languages with another alphabet or without spaces.
#
# > **What you will be able to do**
# >
# > - compare words, pieces and characters on the same untrimmed test set, and say where the difference comes from
# > - explain why BLEU must count the same words for all models that you compare
# > - say what a vocabulary costs in parameters, steps and time, and measure it
# > - train with BPE-dropout, which cuts the same word in different ways
# > - join attention between pieces to attention between words
# > - choose tokens for a language without spaces
#
# At `small` the chapter takes about half a minute, and at `standard` about six minutes, most of them in four trainings.

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
import tempfile
import time
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, epoch_order
from s2s_tutorial.data.corpus import CorpusError, HeldOut, prepare
from s2s_tutorial.data.rules import UNICODE
from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.notebook.plots import draw_attention
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import bleu_score, comparable_references, comparable_text, evaluate
from s2s_tutorial.translation.groups import score_rows
from s2s_tutorial.translation.translator import join_attention

scale = load_scale()  # S2S_SCALE: small, standard or large
# All pairs of the scale, rare words included. At small they are few and short, because characters make long sequences.
data = replace(scale.data, trim_below=1, vocabulary_min_count=1, text="unicode")
if scale.name == "small":
    data = replace(data, sample_pairs=1_500, max_length=40)
# Entries of the vocabulary of pieces:
PIECES = {"small": 600, "standard": 4_000, "large": 8_000}[scale.name]
# A small network and a short training, because there are four of them:
hidden = min(scale.model.hidden_size, 128)
widths = {"embedding_size": hidden, "hidden_size": hidden}
model = replace(scale.model, attention="dot", dropout=0.2, **widths)
training = replace(scale.training, epochs={"small": 1}.get(scale.name, 5))
# Epochs of the small models for Russian, Greek and Chinese:
EPOCHS = {"small": 5}.get(scale.name, 40)

# %% [markdown]
# ## One network, three vocabularies
#
# Which tokens make the best translator? To find out, we train the same network three times, with the same pairs, text rule, learning
# rate, number of epochs and seed. Only the tokens differ, and with them the vocabularies and the number of parameters. (The attention
# score is the dot product, because it learned fastest in [Which attention?](17_which_attention.ipynb) and our training is short.)
#
# The pairs are those of [Subwords](24_subwords.ipynb): with case, accents, digits and marks, and with all pairs that contain a rare
# word. So some sentences of the test set contain a word that the model of words does not know, whereas the other two can read
# any word. First we prepare the pairs in the three ways, and look at the same sentence in each of them:

# %%
TOKENS = {
    "words": {"tokens": "words"},
    "subwords": {"tokens": "subwords", "vocabulary_size": PIECES},
    "characters": {"tokens": "characters", "vocabulary_size": PIECES},
}
corpora = {name: prepare(replace(data, **difference)) for name, difference in TOKENS.items()}
corpus = corpora["words"]
rows = []
for name, prepared in corpora.items():
    vocabulary = prepared.src_vocabulary
    tokens = vocabulary.tokens(prepared.rule.split("Les maisons sont petites."))
    rows.append([name, len(vocabulary), len(tokens), " ".join(tokens)])
show_table(["tokens", "French entries", "tokens of the sentence", "the sentence, cut"], rows)

# %% [markdown]
# (The sign ▁ marks a word that follows a space.) The scores must be comparable, too. A translation of five words has about twenty
# characters, so a BLEU that counts characters would say nothing about a BLEU that counts words. Therefore each translation is first
# joined to text and then normalised to lower-case words without accents, before BLEU counts its words. In this way all three
# models are scored on the same words, whatever their tokens are.
#
# > **Guess first**
# >
# > Put the three in order, by BLEU on the whole test set and by the time of a training step. Does your order by BLEU change if
# > only those sentences count that contain an unknown word?


# %%
def train(tokens, **changes):
    """Train the network of this chapter on one kind of tokens."""
    settings = replace(
        scale,
        name="-".join([tokens, *changes, scale.name]),
        data=replace(data, **TOKENS[tokens]),
        model=model,
        training=replace(training, **changes),
    )
    trainer = Trainer(corpora[tokens], settings, folder_for(settings), watchers=[LiveLine()])
    trainer.fit()
    return trainer


trainers = {}
for name in TOKENS:
    show_text(f"With {name}:")
    trainers[name] = train(name)

# %% [markdown]
# Now we score the three models on the whole test set. Because subwords are meant for unknown words, we also score them separately
# on the sentences with and without a word that is unknown to the model of words. We do this with `score` from the folded cell,
# which gives us the scores, the BLEU of these two parts, and the translations.

# %% tags=["hide-input"]
split_sources = [corpus.rule.split(source) for source in corpus.test.sources]
has_unknown = np.array([any(word not in corpus.src_vocabulary for word in words) for words in split_sources])
PARTS = {"known": np.flatnonzero(~has_unknown), "unknown": np.flatnonzero(has_unknown)}
references = comparable_references(corpus.test.references, corpus.rule)


def score(trainer):
    """Return the scores on the whole test set, BLEU of its two parts, and the translations."""
    whole, translations = evaluate(trainer.translator, corpus.test)
    texts = [comparable_text(each) for each in translations[: len(references)]]
    parts = score_rows(PARTS, texts, references)
    return whole, [part["bleu"] for part in parts.values()], translations[: len(references)]


scores, by_part, translated = {}, {}, {}
for name, trainer in trainers.items():
    scores[name], by_part[name], translated[name] = score(trainer)

# %% tags=["hide-input"]
show_table(
    ["tokens", "BLEU", "95% interval", "BLEU, no unknown word", "BLEU, one or more", "chrF", "unknown words"],
    [
        [name, f"{s.bleu:.1f}", f"{s.bleu_low:.1f} to {s.bleu_high:.1f}", *(f"{bleu:.1f}" for bleu in by_part[name]),
         f"{s.chrf:.1f}", f"{s.unknown_rate:.1%}"]
        for name, s in scores.items()
    ],
)  # fmt: skip
best, second, _ = sorted(scores, key=lambda name: -scores[name].bleu)
best_on_unknown = max(by_part, key=lambda name: by_part[name][1])
overlap = scores[best].bleu_low < scores[second].bleu_high
known_part, unknown_part = (len(rows) for rows in PARTS.values())
show_text(
    f"Best on the whole set: **{best}**, {scores[best].bleu - scores[second].bleu:.1f} points before {second}"
    + (" (their intervals overlap). " if overlap else ". ")
    + f"On the {unknown_part:,} sentences with an unknown word it is **{best_on_unknown}**; on the other "
    f"{known_part:,}, **{max(by_part, key=lambda name: by_part[name][0])}**. The test set has {len(corpus.test):,} sentences, "
    "and there is one seed of each: differences of about a point mean nothing."
)

# %% [markdown]
# Look first at the two columns of the sentences without and with an unknown word. The second kind is harder for every model, because
# a word that training never showed has no translation that the model could remember, however it is cut. But the models do not lose
# equally much. At `standard`, subwords are ahead of words on these sentences. This is what they are for, although a difference of a few
# points with one seed is only an indication.
#
# Now be careful with the order on the whole set, because two things favour words here. Our training is short, and a model of words
# does not have to learn how words are spelled. And our sentences have at most 25 characters, so they contain few unknown words. A
# piece such as ▁c or *ing* means little on its own, so a model needs more pairs and more steps before it uses pieces well. Long
# sentences of real text contain more rare words than ours. For such sentences, and with millions of pairs, subwords have replaced
# words.
#
# ## What it costs
#
# A smaller vocabulary means fewer parameters, because the embeddings and the output layer have a row for each
# entry. Longer sequences mean more steps of the GRU and more scores of attention. On the other hand, each step of the decoder is
# cheaper with a smaller vocabulary, because it computes a probability for each entry. Which effect is larger, we have to measure. The
# three models take turns, and we keep the fastest of several rounds, since other programs have disturbed that one least.


# %% tags=["hide-input"]
def learn_from_some(trainer):
    """Compute the loss and the gradients of ten batches, without changing any weight."""
    lengths = trainer.src.lengths, trainer.tgt.lengths
    for pairs_of_batch in epoch_order(*lengths, training.batch_size, seed=0, epoch=0)[:10]:
        batch = Batch.of(trainer.src, trainer.tgt, pairs_of_batch).to(trainer.device)
        trainer.model.loss(batch, training.label_smoothing).backward()
    trainer.model.zero_grad()


def translate_some(trainer):
    """Translate up to 300 test sentences."""
    trainer.translator.translate_words(corpus.test.sources[:300])


times = {}
for _, name, work in product(range(5), trainers, (learn_from_some, translate_some)):
    start = time.perf_counter()
    work(trainers[name])
    times[name, work] = min(times.get((name, work), math.inf), time.perf_counter() - start)

# %% tags=["hide-input"]
asked = sum(len(corpus.rule.split(source)) for source in corpus.test.sources[:300])
cost = []
for name, trainer in trainers.items():
    vocabulary = trainer.translator.src_vocabulary
    tokens = sum(len(vocabulary.tokens(corpus.rule.split(source))) for source in corpus.test.sources)
    cost.append([
        name, len(vocabulary), count_parameters(trainer.model), f"{tokens / len(corpus.test):.1f}",
        round(100 * times[name, learn_from_some]), round(asked / times[name, translate_some]),
    ])  # fmt: skip
show_table(
    [
        "tokens",
        "French entries",
        "parameters",
        "tokens per sentence",
        "ms per training step",
        "words translated per second",
    ],
    cost,
)
slower = cost[2][4] / cost[1][4]
show_text(
    f"A training step has {training.batch_size} pairs. With characters it takes **{slower:.1f} times** as long as with subwords, "
    f"on sentences that have {float(cost[2][3]) / float(cost[1][3]):.1f} times as many tokens."
)

# %% [markdown]
# ## What a reader sees
#
# Scores do not show how a translation reads. So we translate a few sentences of our own, with a name, a number, an accent that matters,
# and a word that is rare in any corpus of short sentences. The sign ⁇ stands for a word that the model of words reports as
# unknown.

# %%
OURS = [
    "Ngozi dort.",
    "Elle a 45 ans.",
    "Je mange une pêche.",
    "C'est un péché.",
    "Les maisons sont petites.",
]
rows = []
for text in OURS:
    found = [trainer.translator.translate(text).text for trainer in trainers.values()]
    rows.append([text, *(answer.replace("<unk>", "⁇") for answer in found)])
show_table(["source", *trainers], rows)
seen = Counter(corpus.rule.split_all(corpus.train.sources)[0])
show_text(
    "How often the training pairs contain these words: "
    + ", ".join(f"« {word} » **{seen['▁' + word]}**" for word in ("pêche", "péché", "maisons", "Ngozi"))
)

# %% [markdown]
# All three models read « pêche » and « péché » as different words, which is impossible with the rule of chapter 1. Whether they know a
# translation is another question, because no way of cutting words can replace training sentences that contain them.
#
# Look also at *how* each model fails. The model of words can only choose words that it knows, or copy a word of the source. The other
# two write a word in parts, so where they are not sure, they can invent a word that does not exist. Which of these errors is worse
# depends on the reader: an invented word looks strange, while a wrong word that exists looks right.
#
# ## The same word in many ways
#
# Pieces have a weakness that we can turn into an advantage. If a model always sees « maison » as the same piece, then it never
# learns which letters this piece is made of, and what it has in common with « maisons ». [Provilkov et al.
# (2020)](https://arxiv.org/abs/1910.13267) therefore cut the training words in a different way in each epoch: whenever merges are
# applied, each possible merge is left out with a probability of, for example, 0.1. This is called **BPE-dropout**. With probability 0 nothing changes, and with probability 1 only characters are left. In the
# package it is the argument `dropout` of `apply_merges`, whose code is in [Subwords](24_subwords.ipynb), and the setting
# `bpe_dropout`. When the model translates, it is off. Here is « maison » with several probabilities:

# %%
vocabulary, draws = corpora["subwords"].src_vocabulary, Random(16)
for dropout in (0.0, 0.1, 0.3, 0.3, 0.3, 0.3, 1.0):
    print(dropout, *vocabulary.cut("▁maison", dropout, draws))

# %% [markdown]
# Does it help in a training as short as ours? We train the model of subwords once more, and change nothing but this setting:

# %%
with_cuts = train("subwords", bpe_dropout=0.1)
whole, parts, _ = score(with_cuts)

# %% tags=["hide-input"]
plain = scores["subwords"]
show_table(
    ["subwords", "BLEU", "95% interval", "BLEU, no unknown word", "BLEU, one or more"],
    [
        [name, f"{s.bleu:.1f}", f"{s.bleu_low:.1f} to {s.bleu_high:.1f}", *(f"{bleu:.1f}" for bleu in bleus)]
        for name, s, bleus in (("always cut alike", plain, by_part["subwords"]), ("with BPE-dropout", whole, parts))
    ],
)
within = plain.bleu_low <= whole.bleu <= plain.bleu_high
show_text(
    f"On the whole set, BPE-dropout changes BLEU by **{whole.bleu - plain.bleu:+.1f}**, and on the sentences with an unknown word by "
    f"**{parts[1] - by_part['subwords'][1]:+.1f}**. "
    + ("The new score is inside" if within else "The new score is outside")
    + " the interval of the old one."
)

# %% [markdown]
# Be careful with this result too. BPE-dropout makes the training sentences longer, and it shows the same word in more forms, so a model
# needs more epochs before it gains from it. The authors trained for much longer than we do. So if you use it for your own data, train
# with and without it until the validation score no longer rises, and compare then.
#
# ## What attention sees
#
# What becomes of the attention pictures of [Seeing attention](14_seeing_attention.ipynb)? A model of subwords attends from piece to
# piece, so its picture has a row for each piece that it wrote and a column for each piece that it read. If you want to know which
# *word* belongs to which word, then you have to join the pieces.
#
# How should we do this? Each row of weights sums to 1, and this must stay true. A source word gets what all its pieces get, so we
# **add** columns. A target word consists of several rows that each sum to 1, so we **average** rows. Try it with a pencil for a source
# word of two pieces, the end of the sentence, and a target word of two pieces. The rows are (0.5, 0.4, 0.1) and (0.2, 0.7, 0.1). Adding
# the first two columns gives (0.9, 0.1) twice, and the average of these two rows is (0.9, 0.1). In the package, both are products with
# a matrix of zeros and ones that says which piece belongs to which word:

# %%
show_source(join_attention)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two heat maps of the same translation. The left one has a row for each piece that was written and a column for each piece that was read; some words take two or more of them. In the right one there is one row and one column for each word."}}
translator = trainers["subwords"].translator
cut_most = max(OURS, key=lambda text: len(translator.translate(text).src_words))
in_pieces = translator.translate(cut_most)
in_words = in_pieces.joined()
assert in_words.attn_weights.shape[1] == len(in_words.src_words) + 1
assert np.allclose(in_words.attn_weights.sum(dim=1), 1, atol=1e-4)
figure = Figure(figsize=(8.6, 4), layout="constrained")
for axes, found, title in zip(figure.subplots(1, 2), (in_pieces, in_words), ("pieces", "words"), strict=True):
    draw_attention(axes, found)
    axes.set_xlabel(title)
show_figure(figure)


# %% [markdown]
# **Figure 25.1.** The same attention weights between pieces (left) and joined to words (right). Each row still sums to 1, and the
# pieces of a word share what the word gets.

# %% [markdown]
# ## Russian, Greek and Chinese
#
# Nothing in the method depends on French. To see whether that is true, we try it with other alphabets, and with a language that
# does not write spaces between words. In the folded cell we write `write_pairs`, which makes three small corpora from a template: a
# subject, the form of the verb that fits it, and an object. The sentences are correct and simple. They are far too few for a
# translator, but enough for our question.

# %% tags=["hide-input"]
# For each language: subjects with the index of their verb form, verbs with their forms, objects, and how they are joined.
SUBJECTS = {"I": 0, "We": 1, "Maria": 2, "The child": 2, "The teacher": 2, "Grandma": 2}
VERBS = [
    ("want to buy", "want to buy", "wants to buy"),
    ("am looking for", "are looking for", "is looking for"),
    ("am painting", "are painting", "is painting"),
]
OBJECTS = ["house", "book", "dog", "cat", "apple", "fish", "picture", "chair"]
LANGUAGES = {
    "Russian": (
        ["Я", "Мы", "Мария", "Ребёнок", "Учитель", "Бабушка"],
        [("хочу купить", "хотим купить", "хочет купить"), ("ищу", "ищем", "ищет"), ("рисую", "рисуем", "рисует")],
        ["этот дом", "эту книгу", "эту собаку", "эту кошку", "это яблоко", "эту рыбу", "эту картину", "этот стул"],
        "{} {} {}.",
    ),
    "Greek": (
        ["", "", "Η Μαρία", "Το παιδί", "Ο δάσκαλος", "Η γιαγιά"],
        [
            ("θέλω να αγοράσω", "θέλουμε να αγοράσουμε", "θέλει να αγοράσει"),
            ("ψάχνω", "ψάχνουμε", "ψάχνει"),
            ("ζωγραφίζω", "ζωγραφίζουμε", "ζωγραφίζει"),
        ],
        ["αυτό το σπίτι", "αυτό το βιβλίο", "αυτόν τον σκύλο", "αυτή τη γάτα", "αυτό το μήλο", "αυτό το ψάρι",
         "αυτή την εικόνα", "αυτή την καρέκλα"],
        "{} {} {}.",
    ),
    "Chinese": (
        ["我", "我们", "玛丽亚", "孩子", "老师", "奶奶"],
        [("想买",) * 3, ("在找",) * 3, ("在画",) * 3],
        ["这座房子", "这本书", "这只狗", "这只猫", "这个苹果", "这条鱼", "这幅画", "这把椅子"],
        "{}{}{}。",
    ),
}  # fmt: skip


def write_pairs(language):
    """All pairs of the template: English and another language."""
    subjects, verbs, objects, form = LANGUAGES[language]
    found = []
    for (number, (who, person)), verb, what in product(
        enumerate(SUBJECTS.items()), range(len(VERBS)), range(len(OBJECTS))
    ):
        foreign = form.format(subjects[number], verbs[verb][person], objects[what]).strip()
        found.append((f"{who} {VERBS[verb][person]} this {OBJECTS[what]}.", foreign[0].upper() + foreign[1:]))
    return found


# %% tags=["nbval-check-output"]
for language in LANGUAGES:
    lines = write_pairs(language)
    print(f"{language}, {len(lines)} pairs:", *lines[-5], sep="  ")

# %% [markdown]
# What happens if we forget to choose the text rule? With `ascii`, nothing would be left of the Russian letters, and training on empty
# sentences would be a waste of time. So the package counts the letters that a rule removes. If they are more than a tenth of a column,
# it refuses the corpus and says what to change:

# %% tags=["nbval-check-output"]
folder = Path(tempfile.mkdtemp())
for language in LANGUAGES:
    lines = "\n".join("\t".join(pair) for pair in write_pairs(language))
    (folder / f"{language}.tsv").write_text(lines, encoding="utf-8")
try:
    prepare(replace(PRESETS["small"].data, corpus=folder / "Russian.tsv"))
except CorpusError as error:
    print(error)

# %% [markdown]
# With `unicode`, we train a small model for each language, once on words and once on subwords. Some of the pairs are held out, chosen
# by their hash as in [A fair test](02_fair_test.ipynb). Because there are so few of them, we measure on the validation and the test set together. (At
# `small` the training is too short to get a sentence right, but the column of unknown words shows the same.)
#
# > **Guess first**
# >
# > Chinese sentences have no spaces. What will the package take for a word there, and how many of the held-out sentences will the
# > model of words translate correctly?


# %%
def train_small(language, tokens):
    """Train a small model for a language, and return its trainer and its scores on all held-out sentences."""
    of_small = PRESETS["small"]
    settings = replace(
        of_small,
        data=replace(
            of_small.data, corpus=folder / f"{language}.tsv", text="unicode", tokens=tokens, vocabulary_size=512
        ),
        training=replace(of_small.training, epochs=EPOCHS, batch_size=8, patience=EPOCHS),
    )
    small = prepare(settings.data)
    sources = small.validation.sources + small.test.sources
    held_out = HeldOut(sources, small.validation.references + small.test.references)
    with tempfile.TemporaryDirectory() as run:
        trainer = Trainer(small, settings, Path(run), watchers=[])
        trainer.fit()
        return trainer, evaluate(trainer.translator, held_out)[0]


trained = {pair: train_small(*pair) for pair in product(LANGUAGES, ("words", "subwords"))}

# %% tags=["hide-input"]
show_table(
    ["language", "tokens", "training pairs", "unknown words", "exactly right", "of held-out sentences"],
    [
        [*pair, len(trainer.corpus.train), f"{s.unknown_rate:.0%}", f"{s.exact_match:.0%}", s.sentences]
        for pair, (trainer, s) in trained.items()
    ],
)

# %% [markdown]
# In Russian and Greek the words do well, because there are few of them, all of them are known, and nothing has to be learned about their
# parts. In Chinese nothing separates the words, so a whole sentence up to its full stop counts as one word, and in every held-out
# sentence this word is unknown. Byte-pair encoding does not need spaces. It joins frequent neighbours, and it finds pieces such as
# those below although nothing tells it where a word begins. So for a language without spaces we need subwords or characters.

# %%
rows = []
for language in LANGUAGES:
    foreign = write_pairs(language)[-2][1]
    found = trained[language, "subwords"][0].translator.translate(foreign)
    rows.append([language, " ".join(found.src_words), found.text])
show_table(["language", "sentence in pieces", "translation"], rows)

# %% [markdown]
# ## Break it
#
# We said that BLEU must count the same words for all three models. What happens if we forget this? A careless program would score
# each model on its own tokens, because these are what the model prints. It would raise no error. We do this with the translations
# from above: the references are cut as the model's own vocabulary cuts them, and BLEU counts these tokens.
#
# > **Guess first**
# >
# > Which of the three models gains most points by this, and why? Is it still clear which model is the best?

# %%
own_tokens = {}
for name, trainer in trainers.items():
    cut, split = trainer.translator.tgt_vocabulary.tokens, trainer.corpus.rule.split
    outputs = [" ".join(each.words) for each in translated[name]]
    own_references = [[" ".join(cut(split(text))) for text in texts] for texts in corpus.test.references]
    own_tokens[name] = bleu_score(outputs, own_references)

# %% tags=["hide-input"]
show_table(
    ["tokens", "BLEU of words", "BLEU of its own tokens", "points gained"],
    [
        [name, f"{scores[name].bleu:.1f}", f"{bleu:.1f}", f"{bleu - scores[name].bleu:+.1f}"]
        for name, bleu in own_tokens.items()
    ],
)
gains = {name: bleu - scores[name].bleu for name, bleu in own_tokens.items()}
most, unfair = max(gains, key=gains.get), max(own_tokens, key=own_tokens.get)
show_text(
    f"The model of **{most}** gains most. Counted in words, the best model is **{best}**; counted in the tokens of each model, "
    f"{'it is still' if unfair == best else 'it would be'} **{unfair}**."
)

# %% [markdown]
# BLEU counts runs of one to four tokens. Four words in a row are right only if most of a short sentence is right, whereas four
# characters in a row can be right by chance, as " the" often is. So shorter tokens give more points to the same translation. For
# the model of words, the two numbers differ only because its own tokens keep capitals, accents and all marks. Whenever you compare
# scores of two systems, check first that BLEU counted the same tokens: this is what the signature in [How good is
# it?](13_how_good_is_it.ipynb) is for.
#
# ## Recap
#
# - Compare models with different tokens on the same text: join their tokens, normalise the text, and count words.
# - Words do well where training is short and unknown words are few. Subwords are meant for the sentences that contain an unknown
#   word, and they need more pairs and more steps before the model uses them well.
# - Characters make the smallest network and the longest sequences.
# - With BPE-dropout the model sees a word cut in several ways. It is on during training and off during translation.
# - To join attention between pieces to attention between words, add columns and average rows.
# - A language without spaces has no words that the package could find, so it needs subwords or characters.
#
# ## Exercises

# %% [markdown]
# ### Exercise 25.1: Join attention with a pencil
#
# A model reads « ours. » as ▁ou, rs and a full stop, and writes "bear." as ▁be, ar and a full stop. Each row below has the weights of one
# target token, and the last row and the last column belong to the end of the sentence:
#
# | | ▁ou | rs | . | end |
# | --- | --- | --- | --- | --- |
# | ▁be | 0.6 | 0.2 | 0.1 | 0.1 |
# | ar | 0.3 | 0.5 | 0.1 | 0.1 |
# | . | 0.1 | 0.1 | 0.7 | 0.1 |
# | end | 0 | 0.1 | 0.1 | 0.8 |
#
# Join it to words with a pencil, and check your result with `join_attention`. What would the rows sum to if you averaged columns and
# added rows instead?

# %% [markdown]
# ### Solution to exercise 25.1

# %% tags=["solution", "nbval-check-output"]
rows = [[0.6, 0.2, 0.1, 0.1], [0.3, 0.5, 0.1, 0.1], [0.1, 0.1, 0.7, 0.1], [0.0, 0.1, 0.1, 0.8]]
weights = torch.tensor(rows)  # (T + 1, S + 1)
for row in join_attention(weights, ["▁ou", "rs", "."], ["▁be", "ar", "."], UNICODE):  # (T' + 1, S' + 1)
    print(*(f"{weight:.1f}" for weight in row))
columns = torch.stack([weights[:, :2].mean(dim=1), *weights[:, 2:].T], dim=1)  # (T + 1, S' + 1), averaged
wrong = torch.stack([columns[:2].sum(dim=0), *columns[2:]])  # (T' + 1, S' + 1), added
print("sums of the wrong rows:", *(f"{total:.2f}" for total in wrong.sum(dim=1)))

# %% [markdown]
# "bear" looks at « ours » with 0.8, and each row sums to 1. In the wrong form no row does: the average takes away a part of the weight
# that the word got, and the sum counts the other weights once for each piece of the target word.

# %% [markdown]
# ### Exercise 25.2: Short and long sentences
#
# Characters make long sequences. Do they lose more than words when sentences become longer? Divide the test set at the middle, by
# the number of words of the source, and score each half with `score_rows`. (You find the words of each source in `split_sources`,
# and the references in `references`, both from the folded cell with `score`.)

# %% [markdown]
# ### Solution to exercise 25.2

# %% tags=["solution"]
lengths = np.array([len(words) for words in split_sources])
middle = int(np.median(lengths))
halves = {f"up to {middle} words": np.flatnonzero(lengths <= middle), "longer": np.flatnonzero(lengths > middle)}
rows, kept = [], {}
for name, translations in translated.items():
    parts = score_rows(halves, [comparable_text(each) for each in translations], references)
    short, long = (part["bleu"] for part in parts.values())
    rows.append([name, f"{short:.1f}", f"{long:.1f}"])
    if short:
        kept[name] = f"{name} **{long / short:.0%}**"
show_table(["tokens", *(f"BLEU, {name}" for name in halves)], rows)
show_text(
    f"On the longer half, the models keep this share of their BLEU on the shorter half: {', '.join(kept.values())}."
    if kept
    else "After so short a training no model has any points, so there is nothing to compare: try it at `standard`."
)

# %% [markdown]
# Compare shares and not points here, because a model with few points cannot lose many. At `standard`, all shares are above 100%, so
# no model loses anything, and the model of characters does not lose more than the others: its BLEU is even higher on the longer
# half. But our sentences are short even in the longer half, so if you have longer ones, measure it again with them.

# %% [markdown]
# ### Exercise 25.3: Characters for Chinese
#
# Subwords found pieces in Chinese although nothing separates its words. Is it enough to read single characters there? Train the small
# model for Chinese with characters, and compare it with the two in the table.

# %% [markdown]
# ### Solution to exercise 25.3

# %% tags=["solution"]
trained["Chinese", "characters"] = train_small("Chinese", "characters")
rows = []
for tokens in TOKENS:
    trainer, found = trained["Chinese", tokens]
    cut = trainer.translator.translate(write_pairs("Chinese")[-2][1]).src_words
    rows.append([tokens, " ".join(cut), f"{found.exact_match:.0%}"])
show_table(["tokens", "the sentence above, cut", "exactly right"], rows)

# %% [markdown]
# At `standard`, the model of characters gets as many sentences right as the model of subwords. No character of the held-out sentences is
# unknown, and a Chinese character often is a word or a part of one, so it means more than a letter does. The sequences are also much
# shorter than those of letters.

# %% [markdown]
# ## What to read next
#
# [Sennrich et al. (2016)](https://arxiv.org/abs/1508.07909) compare words and subwords on rare words, and [Provilkov et
# al. (2020)](https://arxiv.org/abs/1910.13267) show what BPE-dropout adds. [Gowda and May
# (2020)](https://arxiv.org/abs/2004.02334) compare sizes of vocabularies on several corpora.
