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
# # A first translation
#
# How would you write a program that translates French into English? You might begin with a dictionary. But « chat noir » is
# *black cat* and not *cat black*, and « ne … pas » are two words around the verb where English has one *not*, so you would soon
# be writing rules of grammar, and after them the exceptions to the rules. In this book we do it another way: we give a neural
# network many French sentences together with their English translations, and it learns from these examples how one becomes the
# other.
#
# Before we build such a network piece by piece, you should see that it works. In this chapter you translate with a network
# that is already trained, look at a picture of what it does, and then train a smaller one yourself, which takes a minute or
# two. You do not have to understand any of it yet, because every piece comes back in a later chapter, more slowly and
# with an example that you can compute with a pencil.
#
# > **What you will be able to do**
# >
# > - use a translator on a sentence of your own
# > - read an **[attention](../book/glossary.md)** picture, which is what this whole book leads up to
# > - train a translator, stop it, and resume it
# > - test a translator, and say why a high score does not promise a good translation of *your* sentence
#
# And at the end of the book you will be able to write every part of such a network in plain PyTorch, to train it on sentence
# pairs of your own, to measure how good its translations are and how certain that score is, and to find the kind of mistake
# that raises no error. (If you are here for something else, such as running it on your own data or teaching with it, [the front
# page](../book/index.md) describes four ways through the book.)
#
# This chapter runs in about a minute.

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

# %% [markdown]
# The cell above finds the book's package, or installs it. The next one holds everything that you may want to change, and you
# can leave it as it is the first time. The *scale* in it sets how much data a chapter uses and how large its networks are.
# `small` is for trying things out quickly, and the outputs that you see here were made at `standard`.

# %%
from dataclasses import replace

from s2s_tutorial.presets import PRESETS, load_scale

scale = load_scale()  # S2S_SCALE: small, standard or large
# No download: what this chapter trains on is made by a grammar that comes with the package.
sample = PRESETS["sample"]
two_epochs = replace(sample, name="first", training=replace(sample.training, epochs=2))
settings = scale if scale.data.corpus == "sample" else two_epochs  # about a minute
sentences = [
    "Le chat noir mange une pomme rouge.",
    "Mon frère ne cherche pas une voiture rouge.",
    "Est-ce que ton frère a vu le chien ?",
]

# %% [markdown]
# ## Translate
#
# A trained network comes with the package. It has learned from sentences that people wrote and translated. You will find no
# dictionary in it and no rules of grammar, because all that it knows is in numbers that it has learned. Let us see what it does
# with the three sentences from the cell above.
#
# > **Guess first**
# >
# > French puts « noir » after « chat », and it says « ne » and « pas » where English says *not* once. Will a network that was
# > never told any grammar put the words in the English order? Will it write *not* once or twice?

# %% tags=["nbval-check-output"]
from s2s_tutorial.runs.weights import load_translator

translator = load_translator()
for sentence in sentences:
    print(f"{sentence}\n    {translator.translate(sentence).text}")

# %% [markdown]
# Compare each translation with your guess, word by word. Then put a sentence of your own into the list, two cells up, and run
# both cells again.

# %% [markdown]
# ## What it looked at
#
# How can a network find the right place for *red*, if the French word is somewhere else? To answer this, we have to look
# inside. Before the network writes an English word, it decides how much each French word matters for it. These decisions are
# numbers between 0 and 1, one for each French word, and they add up to 1. So we can draw them: a row for each English word,
# a column for each French word, and the larger the number, the brighter the cell. This is called
# [attention](../book/glossary.md). The network also reads and writes a mark for the end of the sentence, `<eos>`, which has a
# row and a column like any word.

# %% mystnb={"image": {"alt": "A heat map. French words stand along the top, English words down the side. In most rows one cell is bright: the French word that means the English one. The bright cells do not form a straight line: they step back where the two languages order their words differently."}}
from s2s_tutorial.notebook.plots import plot_attention
from s2s_tutorial.notebook.show import show_figure

translation = translator.translate(sentences[1])
show_figure(plot_attention(translation))

# %% [markdown]
# **Figure 0.1.** Each row is an English word, or a piece of one, and shows where the network looked when it wrote it.

# %% [markdown]
# This network works with words and pieces of words, and the mark `▁` shows where a word begins. So *doesn't* has three rows in
# Figure 0.1. Read the figure from top to bottom and follow the bright cells. Mostly they go from left to right, because the two
# languages mostly agree on the order. Now look for the rows of *red* and *car*. French says « voiture rouge », so if the network looks at
# the word that it is about to translate, the bright cell jumps ahead for *red* and back again for *car*. We did not program
# this jump, and we never told the network which word belongs to which. It found out while it was learning to predict the next
# English word, because for that it helps to know where to look. (How much such a picture proves is the question of [Seeing
# attention](14_seeing_attention.ipynb).)
#
# Below is the same picture in a form that you can explore. Move over a word, tap it, or go to it with the Tab and arrow keys,
# and it shows where the network looked. The slider goes through the sentence word by word.

# %%
from s2s_tutorial.notebook.plots import AttentionView

AttentionView(translation)

# %% [markdown]
# ## What it learned from
#
# A translator learns from **pairs**: a French sentence, and what it means in English. A pair does not say which word
# translates which, or what is a verb. For your own network we take pairs that are made by a grammar, a program with rules
# for building a French sentence together with its English translation. The network never sees these rules, only the
# finished sentences. Such sentences are a little dull, but you need no download, and because they are so regular, a short
# training is enough. Here are three of them:

# %% tags=["nbval-check-output"]
from s2s_tutorial.grammar import generate

for pair in generate(3, seed=8):
    print(f"{pair.source}\n    {pair.english}")

# %% [markdown]
# A network computes with numbers, so in the end each sentence has to become a row of numbers. The first step is to bring it
# into a plain form and to cut it into words:

# %% tags=["nbval-check-output"]
from s2s_tutorial.data.text import normalise

for sentence in sentences:
    print(normalise(sentence))

# %% [markdown]
# The accents are gone, and every punctuation mark has become a word of its own. [From sentences to
# numbers](01_sentences_to_numbers.ipynb) explains why we do this, and what it loses.

# %% [markdown]
# ## Train one yourself
#
# Your network starts with random numbers, so at first its translations make no sense. Then it is shown the training pairs, a
# few dozen at a time. For each English word of these pairs it makes a guess and is then given the right word. After that, all
# its numbers change a little, so that the right words become more probable the next time. This is called a *step*, and training
# repeats it many hundred times.
#
# You need five words to follow what happens. Each of them has a section of its own in a later chapter, so a sentence or two
# are enough for now:
#
# - The **[loss](../book/glossary.md)** measures how surprised the network is by the right words. It should fall.
# - An **[epoch](../book/glossary.md)** is one pass over all training pairs.
# - **[Validation](../book/glossary.md)** pairs are kept out of training. After each epoch the network translates their
#   French side, and this shows how well it does on sentences that it has never seen. Other pairs, the **[test
#   set](../book/glossary.md)**, are kept for the very end.
# - **[BLEU](../book/glossary.md)** is a score from 0 to 100. It tells how similar the network's translations are to the
#   right ones, which here come from the grammar.
# - **[Dropout](../book/glossary.md)** ([Srivastava et al., 2014](https://jmlr.org/papers/v15/srivastava14a.html)) sets some of
#   the numbers inside the network to 0 at each step of training, each time others. So the network cannot rely on any single
#   one, and what it learns also helps with new sentences. When it translates, dropout is off.
#
# Run the cell and watch the line below it. You can stop it at any time with the ■ button, because everything is saved. If you
# run it again, training resumes where it was.

# %%
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine

corpus = prepare(settings.data)
trainer = Trainer(corpus, settings, folder_for(settings, "chapter-0"), watchers=[LiveLine()])
trainer.fit()
small_translator = trainer.translator

# %% [markdown]
# ## How good is it?
#
# We ask the test set, because a network may do well on the sentences that it was trained on simply by remembering them. No
# sentence of a test pair occurs in the training pairs, neither the French one nor the English one.
#
# > **Guess first**
# >
# > Your network has trained for a minute or two. Which share of the test sentences does it translate exactly as the grammar
# > does, word for word?

# %% tags=["hide-input"]
from s2s_tutorial.notebook.show import show_table, show_text
from s2s_tutorial.translation.evaluation import evaluate

scores, translations = evaluate(small_translator, corpus.test)
show_text(
    f"Of **{scores.sentences:,}** sentences that it had never seen, your network translated **{scores.exact_match:.0%}** word "
    f"for word as the grammar does, after **{trainer.progress.seconds:.0f} seconds** of training. Its BLEU is "
    f"**{scores.bleu:.0f}**."
)

# %% [markdown]
# Now let us give your network the three sentences from the beginning.

# %%
for sentence in sentences:
    print(f"{sentence}\n    {small_translator.translate(sentence).text}")

# %% [markdown]
# At `standard` you will probably find more mistakes here than the score made you expect. (At `small` the training is too short
# for any sentence.) Where do they come from? Let us count how often each of these words occurs in the training pairs:

# %%
seen = dict(zip(corpus.src_vocabulary.words, corpus.src_vocabulary.counts, strict=True))
for sentence in sentences:
    print(", ".join(f"{word} {seen.get(word, 0):,}" for word in normalise(sentence).split()))

# %% tags=["hide-input"]
from itertools import pairwise

followed = {words for source in corpus.train.sources for words in pairwise(source.split())}
ours = [words for sentence in sentences for words in pairwise(normalise(sentence).split())]
missing = [" ".join(words) for words in ours if words not in followed]
example = f", for example « {missing[0]} »" if missing else ""
show_text(
    f"Our sentences have {len(ours)} pairs of neighbouring words. **{len(missing)}** of them never occur in the training "
    f"sentences{example}, although they are ordinary French."
)

# %% [markdown]
# A network learns what its pairs show. The test sentences were made by the same grammar as the training sentences, and so they
# use the same words in the same combinations, whereas *we* wrote the three sentences. A score tells you how good a network is on
# sentences like those of the test set, and much less about any others.
#
# The network that comes with the package was therefore measured on sentences that people wrote:

# %% tags=["hide-input"]
import json

from s2s_tutorial.settings import PRETRAINED

measured = json.loads((PRETRAINED / "scores.json").read_text())
show_text(
    f"On **{measured['test']['sentences']:,}** held-out sentences its BLEU is **{measured['test']['bleu']:.1f}**, and "
    f"**{measured['test']['exact_match']:.0%}** of them came out word for word as a reference. It trained for "
    f"**{measured['training']['seconds'] / 60:.0f} minutes**. Your network has a BLEU of {scores.bleu:.0f}, but these two numbers "
    "cannot be compared, because they come from different sentences, and those of your network were much easier."
)

# %% [markdown]
# A score ranks only networks that have translated the same test set. [How good is it?](13_how_good_is_it.ipynb) explains how
# BLEU is computed, and how certain such a number is.
#
# ## Break it
#
# To know when you can trust a translator, you have to know how it fails. For this reason most chapters contain a *Break it*, in
# which we make something fail on purpose. First we give the large network a rare word. A « kouglof » is a cake from Alsace:

# %%
strange = translator.translate("Ma sœur a acheté un kouglof.")
print(strange.text)
print("words it does not know:", ", ".join(strange.unknown) or "none")

# %% tags=["hide-input"]
if strange.unknown:
    show_text(
        "This network has a fixed list of words. A word that is not on the list is read as the mark `<unk>`, for *unknown*, and "
        "where the network would write this mark, the package copies the French word that it was looking at. You do this by "
        "hand in [When the model is unsure](12_when_it_is_unsure.ipynb)."
    )
else:
    show_text(
        "This network reads a rare word in pieces, so it can read any word, as [Subwords](24_subwords.ipynb) explains. But that "
        "does not tell it what the word means, so it has to guess from the rest of the sentence, or to copy."
    )

# %% [markdown]
# The second failure needs no rare word. Here are the first test sentences that your own network got wrong (`translations` comes
# from the folded cell that computed its score). Compare each translation with the French: which words are missing, and which
# ones has it made up?

# %%
mistakes = [
    [source, found.text, wanted[0]]
    for source, found, wanted in zip(corpus.test.sources, translations, corpus.test.references, strict=True)
    if found.normal_text not in wanted
]
show_table(["French", "your network", "the grammar"], mistakes[:4])

# %% [markdown]
# Not every difference is a mistake, because a sentence can have more than one good translation. But notice that where something
# is wrong, the English is often fluent nevertheless. The network writes words that are likely to follow each other, and no part
# of it makes sure that every French word has been translated. Such mistakes are the most harmful, because readers who do not
# know French cannot see them. [When the model is unsure](12_when_it_is_unsure.ipynb) shows long sentences that lose a part, and
# measures how many words are missing.

# %% [markdown]
# ## Recap
#
# - A translator can be learned from pairs of sentences alone, and a small one in about a minute.
# - It writes one word after another, and for each word it decides which words of the source matter. That is **attention**.
# - It is measured on sentences that were kept out of training, and its score holds only for sentences like these.
# - It can be fluent and wrong, and it raises no error.
#
# ## Exercises

# %% [markdown]
# ### Exercise 0.1: The other way round
#
# Translate « Le chat noir dort. », and then its words in the wrong order, « noir chat le dort . ». Does the order change what
# the network writes? Look at the attention picture before you answer.

# %% [markdown]
# ### Solution to exercise 0.1

# %% tags=["solution"] mystnb={"image": {"alt": "A heat map of attention: the French words in the wrong order along the top, the English words down the side. The brightest cells run from the top left to the bottom right; in some rows two columns share the weight."}}
shuffled = translator.translate("noir chat le dort .")
print(shuffled.text)
show_figure(plot_attention(shuffled))
assert shuffled.attn_weights.shape[1] == len(shuffled.src_words) + 1  # and <eos>

# %% [markdown]
# **Figure 0.2.** The words in the wrong order, and where the network looked.

# %% [markdown]
# From the right order the network makes *The black cat is sleeping.* In the wrong order « noir chat » is already as in English, so
# the bright cells of Figure 0.2 do not jump. But « le » comes after the noun, and *the* is missing. The network was never shown a
# sentence like this, and still it returns a translation, as it would even for random words. So the fact that you get an
# answer does not mean that the answer is right, and you have to find that out in another way.

# %% [markdown]
# ### Exercise 0.2: Where does it look?
#
# Every row of Figure 0.1 adds up to 1. Check this, and find for each English word the French word with the largest number.

# %% [markdown]
# ### Solution to exercise 0.2

# %% tags=["solution"]
weights = translation.attn_weights
assert abs(weights.sum(dim=1) - 1).max() < 1e-5
source = [*translation.src_words, "<eos>"]
for word, row in zip([*translation.words, "<eos>"], weights, strict=False):
    print(f"{word:10} {source[int(row.argmax())]}")

# %% [markdown]
# The last two pieces of *doesn't* look at `<eos>`. Once *doesn* is written, hardly anything else can follow, so the network
# needs no French word for them. A row with one large number therefore does not always tell you which word was translated.

# %% [markdown]
# ## What to read next
#
# Where you go from here depends on what you want. [The front page](../book/index.md) describes four ways through the book:
#
# - If you want to **understand** how all this works, read the chapters in their order. [From sentences to
#   numbers](01_sentences_to_numbers.ipynb) starts at the beginning: how does a sentence become numbers, and what is lost on the
#   way?
# - If you want to **run** it first, [From the command line](../book/from-the-command-line.md) goes from the installation to a
#   translator of your own.
# - If you have **data of your own**, [Your own data](18_your_own_data.ipynb) goes from your file to a translator that you can
#   show to others.
# - If you want to **teach** with it, [Teach with this book](../book/teaching.md) has a plan for six weeks, questions and slides.
#
# The paper in which a translator first looked back at its source has pictures like Figure 0.1: [Bahdanau et al.
# (2015)](https://arxiv.org/abs/1409.0473).
