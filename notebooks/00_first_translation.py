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
# You translate a French sentence with a network that is trained already, and look at what it looked at. Then you train a
# smaller one yourself, in about a minute. You need not understand any of it yet. Every piece comes back, slowly, in the
# chapters after this one.
#
# > **What you will be able to do**
# >
# > - use a translator on a sentence of your own
# > - read an **[attention](../book/glossary.md)** picture, the drawing that this whole book leads up to
# > - train a translator, and stop it and go on
# > - break one, and name two things it cannot do
#
# This chapter runs in about two minutes, and in seconds at scale `small`.

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
# The next cell holds everything you may want to change. Leave it as it is the first time.

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
# A trained model comes with the package. It learnt from sentences that people wrote, in the same way as yours will below,
# only for longer.
#
# > **Guess first**
# >
# > French puts « noir » after « chat », and says « ne » and « pas » where English says *not* once. Will a network that was
# > never told any grammar put the words in the English order?

# %% tags=["nbval-check-output"]
from s2s_tutorial.runs.weights import load_translator

translator = load_translator()
for sentence in sentences:
    print(f"{sentence}\n    {translator.translate(sentence).text}")

# %% [markdown]
# Put a sentence of your own into the list, two cells up, and run both cells again.

# %% [markdown]
# ## What it looked at
#
# For every English word that it writes, the network decides how much to look at each French word. These decisions are
# numbers between 0 and 1, and they can be drawn: a row for every English word, a column for every French one, and the
# brighter a cell, the longer the look. To the network the end of the sentence is a word too: `<eos>`.

# %% mystnb={"image": {"alt": "A heat map. French words stand along the top, English words down the side. In most rows one cell is bright: the French word that means the English one. The bright cells do not form a straight line: they step back where the two languages order their words differently."}}
from s2s_tutorial.notebook.plots import plot_attention
from s2s_tutorial.notebook.show import show_figure

translation = translator.translate(sentences[1])
show_figure(plot_attention(translation))

# %% [markdown]
# **Figure 0.1.** Each row is one English word and shows where the network looked when it wrote it.

# %% [markdown]
# Follow the bright cells down Figure 0.1. For *red* the network looks at « rouge », and for *car* one column
# back, at « voiture »: where the cells jump back to the left, the languages order their words differently. Nobody programmed
# that. It was the easiest way to guess the next word. (Here it is so sure that most of its numbers are close to 0 or 1.)
#
# The same picture as something to touch: move over a word, tap it, or go to it with the Tab and arrow keys. The slider goes
# through the sentence word by word.

# %%
from s2s_tutorial.notebook.plots import AttentionView

AttentionView(translation)

# %% [markdown]
# ## Where does such a thing come from?
#
# A translator learns from **pairs**: a French sentence and what it means in English. Nobody tells it which word belongs to
# which, nor what a word is for. The ones for your own translator are made by a grammar. Here are three:

# %% tags=["nbval-check-output"]
from s2s_tutorial.grammar import generate

for pair in generate(3, seed=8):
    print(f"{pair.source}\n    {pair.english}")

# %% [markdown]
# A network works with numbers, so a sentence is first brought into a plain form and cut into words:

# %% tags=["nbval-check-output"]
from s2s_tutorial.data.text import normalise

for sentence in sentences:
    print(normalise(sentence))

# %% [markdown]
# Accents are gone, « œ » has become « oe », and every mark stands on its own. [From sentences to
# numbers](01_sentences_to_numbers.ipynb) says why, and what is lost.
#
# ## One cell trains it
#
# Some pairs are kept aside, so that you can ask for sentences the network has never seen. On the others it guesses each
# English word, is told the right one, and changes its numbers a little so that the right one becomes likelier. The line
# below the cell shows the **loss**, how surprised it still is by the right word: it should fall.
#
# You can stop the cell (the ■ button): everything is saved, and the cells below wait. Run it again, and training resumes.

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
# Your own network, and the three sentences from above:

# %%
for sentence in sentences:
    print(f"{sentence}\n    {small_translator.translate(sentence).text}")

# %% [markdown]
# ## How good is it?
#
# Three sentences prove nothing, right or wrong. The pairs that were kept aside do better: none of them, on either side,
# was in training.

# %% tags=["hide-input"]
from s2s_tutorial.notebook.show import glue, show_text
from s2s_tutorial.translation.evaluation import evaluate

scores, translations = evaluate(small_translator, corpus.test)
show_text(
    f"Of **{scores.sentences:,}** sentences it had never seen, the network translated **{scores.exact_match:.0%}** word for word "
    f"as one of their reference translations, after **{trainer.progress.seconds:.0f} seconds** of training. Its BLEU, the "
    f"usual measure of translations from 0 to 100, is **{scores.bleu:.0f}**."
)
glue("first-exact", f"{scores.exact_match:.0%}")
glue("first-seconds", f"{trainer.progress.seconds:.0f}")

# %% [markdown]
# Do not be too impressed. These sentences come from a grammar of a few hundred words, and your network knows no others.
# Sentences that people wrote are much harder. The model that came with the package was measured on those:

# %% tags=["hide-input"]
import json

from s2s_tutorial.settings import PRETRAINED

measured = json.loads((PRETRAINED / "scores.json").read_text())
show_text(
    f"On **{measured['test']['sentences']:,}** held-out sentences of people its BLEU is **{measured['test']['bleu']:.1f}**, and "
    f"**{measured['test']['exact_match']:.0%}** of them came out word for word as a reference. It trained for "
    f"**{measured['training']['seconds'] / 60:.0f} minutes**."
)

# %% [markdown]
# The two scores cannot be compared, because they come from different sentences: 92 on easy ones does not make your
# network better than the other. A score only ranks models that translated the same test set. [How good is
# it?](10_how_good_is_it.ipynb) says what such a number is worth.
#
# ## Break it
#
# Give it a word it cannot know:

# %%
strange = translator.translate("Ma sœur a acheté un kouglof.")
print(strange.text)
print("words it does not know:", ", ".join(strange.unknown) or "none")

# %% [markdown]
# A network of this kind has a fixed list of words. What it does not know it reads as one and the same mark, `<unk>`; and
# where it would write that mark, the package copies the French word that it was looking at. You do this by hand in
# [Translating](09_translating.ipynb).

# %% [markdown]
# Now a sentence of words that it knows well. Compare the answer with the French, word by word: is everything there?

# %%
print(translator.translate("Le chat noir dort.").text)

# %% [markdown]
# Nothing makes sure that every source word is translated. The network writes what is likely, and a likely sentence
# may leave a word out. [Translating](09_translating.ipynb) shows long sentences that lose a part, and measures how
# many words are missing.

# %% [markdown]
# ## Recap
#
# - A translator can be learnt from pairs of sentences alone; a small one in about a minute.
# - It writes one word after another, and for each it looks at some words of the source: that is **attention**.
# - It is measured on sentences kept aside, never on those it learnt from.
# - It knows only the words, and the kinds of sentences, that were in its pairs.
#
# ## Exercises

# %% [markdown]
# ### Exercise 0.1: The other way round
#
# Put the words of a French sentence in the wrong order, « noir chat le dort », and translate it. Does the network mind? Look
# at the attention picture before you answer.

# %% [markdown]
# ### Solution to exercise 0.1

# %% tags=["solution"] mystnb={"image": {"alt": "A heat map of attention: the French words in the wrong order along the top, the English words down the side; in most rows one cell is bright, in the column of the French word that means the English one."}}
shuffled = translator.translate("noir chat le dort .")
print(shuffled.text)
show_figure(plot_attention(shuffled))
assert shuffled.attn_weights.shape[1] == len(shuffled.src_words) + 1  # and <eos>

# %% [markdown]
# **Figure 0.2.** The words in the wrong order, and where the network looked.

# %% [markdown]
# It was never shown such a sentence, yet it answers without complaint: attention finds the words wherever they stand
# (Figure 0.2). A
# network always answers. Whether the answer can be trusted is a question you have to ask from outside.

# %% [markdown]
# ### Exercise 0.2: Where does it look?
#
# Every row of Figure 0.1 adds up to one. Check it, and find for each English word the French word that was
# looked at most.

# %% [markdown]
# ### Solution to exercise 0.2

# %% tags=["solution"]
weights = translation.attn_weights
assert abs(weights.sum(dim=1) - 1).max() < 1e-5
source = [*translation.src_words, "<eos>"]
for word, row in zip([*translation.words, "<eos>"], weights, strict=False):
    print(f"{word:10} {source[int(row.argmax())]}")

# %% [markdown]
# ## What to read next
#
# [From sentences to numbers](01_sentences_to_numbers.ipynb) starts at the beginning: how does a sentence become
# numbers, and what is lost on the way? The paper in which a translator first looked back at its source has pictures
# like Figure 0.1: [Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473).
