# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,mystnb,-all
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # When the model is unsure
#
# In [Translating](11_translating.ipynb), a search gave us one translation of each sentence. But the model gives a probability to every
# sentence that it could write, and these probabilities show where it was unsure. We look at the other translations of a beam, ask how
# far the probabilities can be trusted, and draw translations at random. Then we turn to sentences that must make a model unsure: some
# have words that it has never seen, and others are longer than all sentences that it was trained on.
#
# > **What you will be able to do**
# >
# > - read an n-best list, and find a translation in it that contains a word of your choice
# > - pick out the translations that a person should check, and say why the model's probability is not the probability of being right
# > - draw translations at random, and explain with numbers what a temperature does
# > - explain what happens to a name that is in no vocabulary
# > - predict how a translator fails on sentences that are longer than those it was trained on
#
# The chapter uses the run of [Training](09_training.ipynb), and trains it first if it is not there. Besides that it takes less than a
# minute at the scales `small` and `standard`, and considerably longer at `large`.

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

scale = load_scale()  # S2S_SCALE: small, standard or large
chosen_beam = 5  # translations in a list
validation_sentences = 1000  # of the validation set, at most, to measure on

# %% tags=["hide-input"]
import math
import statistics

import torch

from s2s_tutorial.data.corpus import challenge_set, prepare
from s2s_tutorial.data.text import normalise
from s2s_tutorial.data.vocabulary import EOS, SOS, UNK, Vocabulary
from s2s_tutorial.notebook.show import show_source, show_table, show_text
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import Board, LiveLine
from s2s_tutorial.translation.evaluation import bleu_score, exact_match, normalised_words
from s2s_tutorial.translation.search import Hypothesis
from s2s_tutorial.translation.translator import answer_unknown

# %%
corpus = prepare(scale.data)
trainer = Trainer(corpus, scale, folder_for(scale), samples=challenge_set(), watchers=[LiveLine(), Board()])
trainer.fit()
translator = trainer.translator
validation = corpus.validation.head(validation_sentences)

# %% [markdown]
# ## The other translations of a beam
#
# A beam ends with K finished translations, an **[n-best list](../book/glossary.md)**. The search then takes the first of them, and we
# have not looked at the others yet. They show where the model was in doubt. Here are the lists of three sentences, with the
# probability that the model gives to each translation as a whole:


# %% tags=["hide-input"]
def show_n_best(sentence, beam_size=chosen_beam):
    """A table of a beam's translations with the model's probability of each; returns the translations."""
    found = translator.translate(sentence, beam_size, penalty=0.0)  # scores without penalty are ln p
    ranked = [(found.text, found.score), *found.others]
    show_text(f'<span lang="fr">« {sentence} »</span>')
    rows = [[text.replace("<unk>", "⁇"), f"{math.exp(score):.1%}"] for text, score in ranked]
    show_table(["translation", "probability"], rows)
    return [text for text, _ in ranked]


# %%
_ = show_n_best("Le bébé ne dort pas.")
of_friend = show_n_best("Son amie est malade.")
_ = show_n_best("Son amie est anglaise.")

# %% [markdown]
# In the outputs that you see here, the first list has one meaning in several wordings, of which not all are good English. In the
# second list it is the meaning that is in doubt: « Son amie » is "his friend" or "her friend", and nothing in the French sentence
# tells which. Let us count both in the second list.

# %% tags=["hide-input"]
his, her = (sum(owner in text.split() for text in of_friend) for owner in ("his", "her"))
show_text(
    f'**{his}** of its {len(of_friend)} translations say "his" and **{her}** say "her". '
    + (
        "A translator that must give one answer has to choose, whereas the list has both."
        if his and her
        else "So this list does not show both: a beam keeps only the most probable translations."
    )
)

# %% [markdown]
# The last words of the third list may make no sense at all. If so, the model has never seen « anglaise », and such words are the
# subject of a later section.
#
# ### Can you force a word?
#
# Sometimes you know a word that the translation has to contain, for example because your company has a fixed term for it. The
# searches of this package cannot be given such a word. But you can ask for a long n-best list and take the first translation
# that contains it, or choose the word yourself on the page [Translate inside the page](../book/translate.md), where the model
# continues the sentence after your choice. [Hokamp and Liu (2017)](https://aclanthology.org/P17-1141) change beam search so
# that every finished hypothesis contains the given words.
#
# ## How sure is it?
#
# The best translation of one sentence can be much less probable than that of another. Can the probabilities tell you which
# translations are probably wrong, so that a person should check them? We sort the validation sentences by the mean
# log-probability of a word in their greedy translation, the surest first, and cut the list into four equal parts.
#
# > **Guess first**
# >
# > In [Translating](11_translating.ipynb) you saw what share of these sentences is translated right, word for word. What is the
# > share in the surest quarter, and what in the least sure one?


# %% tags=["hide-input"]
def outputs_of(translations):
    """Translations as normalised text, as they are compared with references."""
    return [" ".join(normalised_words(translation.words)) for translation in translations]


greedy = translator.translate_words(validation.sources)
log_probability = [one.score / (len(one.words) + 1) for one in greedy]  # of a word, the end mark included
by_sureness = sorted(range(len(greedy)), key=lambda row: -log_probability[row])
quarter = len(greedy) // 4
rows = []
for name, start in (("surest", 0), ("second", quarter), ("third", 2 * quarter), ("least sure", 3 * quarter)):
    group = by_sureness[start : start + quarter]
    outputs = outputs_of([greedy[row] for row in group])
    references = [validation.references[row] for row in group]
    probability = math.exp(statistics.mean(log_probability[row] for row in group))
    rows.append([name, probability, f"{exact_match(outputs, references):.0%}", bleu_score(outputs, references)])
show_table(["quarter", "probability of a word", "right word for word", "BLEU"], rows)

# %% [markdown]
# If the rows fall from top to bottom, the probability is useful for sorting: a person who checks only the last quarter finds many
# of the mistakes. It is not the probability that the translation is right. A sentence with several good translations divides its
# probability among them, label smoothing ([Overfitting](10_overfitting.ipynb)) keeps the model from being completely sure, and
# where nothing in its training taught the model to doubt, it can be wrong with a high probability. To turn probabilities into
# numbers that can be believed, [Guo et al. (2017)](https://arxiv.org/abs/1706.04599) divide the logits by a number that is chosen
# on held-out data. This number is called a temperature, and we need it next for another purpose.
#
# ## Drawing words instead of searching
#
# A search always gives the same translation of a sentence. Sometimes we want several different ones, for example as answers
# in a conversation. Then we can **[sample](../book/glossary.md "sampling")**: at each step we draw the next word at random, so
# that each word is drawn as often as its probability says. But in a long sentence, an improbable word is then drawn sooner or
# later, and the rest of the sentence has to continue from it. The **[temperature](../book/glossary.md)** $\tau$ decides how often
# this happens. It divides the logits $z$ before the softmax:
#
# $$
# p_i = \frac{\exp(z_i / \tau)}{\sum_j \exp(z_j / \tau)}
# \tag{12.1}
# $$
#
# Take four words with the probabilities 1/2, 1/4, 1/8 and 1/8. By (12.1), $\tau = 1$ leaves them as they are. With $\tau = 1/2$
# each probability is squared and divided by the sum of the squares. The squares are 16/64, 4/64, 1/64 and 1/64, and their sum
# is 22/64. Which probabilities do you get, and in which direction do they move with $\tau = 2$?

# %% tags=["nbval-check-output"]
four = torch.tensor([1 / 2, 1 / 4, 1 / 8, 1 / 8]).log()
for temperature in (0.5, 1.0, 2.0):
    print(f"temperature {temperature}:", [round(p, 2) for p in (four / temperature).softmax(dim=0).tolist()])

# %% [markdown]
# A low temperature makes probable words more probable, and near 0 only the most probable word is left, as in greedy search. A
# high one makes all words more alike. Exercise 12.3 draws translations from our model and measures what that costs. For a
# translator, where one good answer is wanted, a search is the better way. Where variety is wanted, as in a conversation, a
# temperature between 0.5 and 1 is a usual place to begin. On the page [Translate inside the page](../book/translate.md) you can
# move the temperature while you watch the words.
#
# ## Words it has never seen
#
# The model can also be unsure because a sentence contains a word that it does not know. A source word outside the vocabulary
# becomes UNK, one embedding for everything unknown. During training, words that were seen only once are sometimes replaced by UNK
# on both sides, so that UNK is trained like other words. On the target side the model can then *write* UNK, which means: a word
# belongs here that I do not know.
#
# What should a reader see in its place? Often the source word itself is right, for example if it is a name. In their paper on rare
# words [Luong et al. (2015b)](https://arxiv.org/abs/1410.8206) let the model write, beside each unknown word, a pointer to a source
# word. After the search they look this source word up in a dictionary, and copy it only if the dictionary does not have it. We have
# no dictionary, so we keep only the second half: our pointer is the source word with the most attention, and we
# copy it:

# %%
show_source(answer_unknown)

# %% [markdown]
# Here is an example with made-up weights:

# %% tags=["nbval-check-output"]
toy_words = Vocabulary.count(["is tired ."])
ids = [UNK, *toy_words.encode(["is", "tired", "."])[:-1]]
attn_weights = torch.tensor([  # ngozi  est  fatiguee  .   <eos>
    [0.70, 0.10, 0.05, 0.05, 0.10],  # <unk>
    [0.10, 0.80, 0.05, 0.05, 0.00],  # is
    [0.05, 0.05, 0.85, 0.05, 0.00],  # tired
    [0.00, 0.00, 0.05, 0.90, 0.05],  # .
])  # fmt: skip
source = ["ngozi", "est", "fatiguee", "."]
print("written:", " ".join(toy_words.words[number] for number in ids))
print("answer: ", answer_unknown(Hypothesis(ids, -1.0, attn_weights), source, toy_words))

# %% [markdown]
# The list after the words shows which positions were copied. Next we give the real model some names that occur in few corpora:

# %%
sentences = [
    "Ngozi est fatiguée.", "Je connais Wilhelmina.", "Il aime Bartholomé.", "Est-ce que Xanthippe dort ?",
    "Mon ami habite à Ouagadougou.", "Elle a un ornithorynque.",
]  # fmt: skip
answers = [translator.translate(sentence) for sentence in sentences]
marked = [
    " ".join(
        f"**{word}**" if place in found.copied else word.replace("<unk>", "⁇") for place, word in enumerate(found.words)
    )
    for found in answers
]
show_table(
    ["source", "unknown words", "translation, copied words bold"],
    [[a, ", ".join(found.unknown) or "none", text] for a, found, text in zip(sentences, answers, marked, strict=True)],
)

# %% tags=["hide-input"]
once_src, once_tgt = (int(v.seen_once().sum()) for v in (corpus.src_vocabulary, corpus.tgt_vocabulary))
asked = sum(len(found.unknown) for found in answers)
copied = sum(len(found.copied) for found in answers)
show_text(
    f"The sentences hold {asked} unknown words; **{copied}** words of the answers were copied. The model can write UNK only if it has "
    f"learned to. In these training pairs {once_src} of {len(corpus.src_vocabulary):,} French words and {once_tgt} of "
    f"{len(corpus.tgt_vocabulary):,} English words were seen just once, and only those were ever shown as UNK. "
    + ("That is very little to learn from. " if once_tgt < 0.05 * len(corpus.tgt_vocabulary) else "")
    + (
        "(Before the filter, each of these words occurred at least five times. Some lost all but one of their pairs, because "
        "these pairs contained another word that was rare, or went into the test set.) Our filter drops all pairs with rare "
        "words, and these are the sentences from which a model could learn what to do with such words."
        if scale.data.trim_below > 1
        else "No filter dropped rare words here, so all rare words of the corpus are in its training pairs."
    )
)

# %% [markdown]
# Copying does not help with « ornithorynque », because the English word is "platypus", and a copy never finds it. Systems of today
# cut rare words into pieces instead. So does the model in the package, which you met in [A first
# translation](00_first_translation.ipynb): it reads and writes a rare word piece by piece, so no word is unknown to it and it
# never copies one. But what it spells may differ from the name that it read. You cut words in this way in [Subwords](24_subwords.ipynb),
# and train such a model in [Words, pieces and characters](25_words_pieces_characters.ipynb).
#
# ## Ten difficult sentences
#
# [The notebook that this book started from](../book/from-2017.md) ended with ten sentences, which are a good test of how a
# translator fails. Seven of them are longer than the 25 characters of its filter, which is also the filter of our
# `standard`, so no training sentence was as long. And several contain words that are too rare for the vocabulary.

# %% tags=["nbval-check-output"]
closing = """je suis trop froid .
elle a cinq ans de moins que moi .
elle est trop petit .
je ne crains pas de mourir .
c est un jeune directeur plein de talent .
est le chien vert aujourd hui ?
le chat me parle .
des centaines de personnes furent arretees ici .
des centaines de chiens furent arretees ici .
ce fromage est prepare a partir de lait de chevre .""".splitlines()
print(sum(len(sentence) > 25 for sentence in closing), "of", len(closing), "are longer than 25 characters")

# %% [markdown]
# Two of them are not good French: « elle est trop petit » should have « petite », and « est le chien vert aujourd'hui ? » is
# English in French words. In « des centaines de chiens furent arretees », most writers would let the participle agree with
# the dogs, « arrêtés ». (« Je suis trop froid » is correct, but it means that I am cold to the touch; if you feel cold, you
# say « j'ai trop froid ».) A fair test would not contain such sentences.
#
# > **Guess first**
# >
# > Which of them will our translator get right? Which will lose a part of the sentence? In which will it invent something?

# %% tags=["hide-input"]
meanings = [
    "I am too cold.", "She is five years younger than me.", "She is too small.", "I am not afraid of dying.",
    "He is a young manager full of talent.", "Is the dog green today?", "The cat talks to me.",
    "Hundreds of people were arrested here.", "Hundreds of dogs were arrested here.", "This cheese is made from goat's milk.",
]  # fmt: skip
found = [translator.translate(sentence, chosen_beam) for sentence in closing]
show_table(
    ["source", "characters", "unknown", "output", "meaning"],
    [
        [source, len(source), ", ".join(one.unknown) or "none", one.text.replace("<unk>", "⁇"), meaning]
        for source, one, meaning in zip(closing, found, meanings, strict=True)
    ],
)

# %% tags=["hide-input"]
filtered = scale.data.unit == "characters"
shares = {True: [], False: []}
for source, one, meaning in zip(closing, found, meanings, strict=True):
    shares[len(source) <= 25].append(len(one.words) / len(normalise(meaning).split()))
short, long = shares[True], shares[False]
show_text(
    f"For sentences of up to 25 characters the output has on average **{statistics.mean(short):.0%}** as many words as the "
    f"meaning, for longer ones **{statistics.mean(long):.0%}**. "
    + (
        f"This model was trained on sentences of at most {scale.data.max_length:,} characters. "
        if filtered
        else f"This model was trained on sentences of at most {scale.data.max_length} words. "
    )
    + "The column *unknown* shows in which sentences a word is unknown."
)

# %% [markdown]
# Read the long ones, and compare the two percentages. A model that never saw a sentence of more than 25 characters hardly
# ever had to write more than six or seven words, so it has learned that translations *end* there. Attention would allow it to
# continue, but nothing in the data has taught it to. This failure is common in systems that learn: they imitate their data, in
# the length of sentences as well.
#
# [From sentences to numbers](01_sentences_to_numbers.ipynb) shows what filters take away, and [How good is
# it?](13_how_good_is_it.ipynb) measures quality by length. [Where it fails](16_where_it_fails.ipynb) tries two remedies, and
# counts the words that are left untranslated.
#
# ## Recap
#
# - The n-best list of a beam contains other translations, and shows where the model was in doubt.
# - The model's probabilities can sort translations by how sure it is, but they are not the probability of being right.
# - Sampling draws each word at random. A low temperature makes it similar to greedy search, a high one gives more variety and more
#   mistakes.
# - An unknown word can be copied from where attention looks, if the model has learned to write "unknown".
# - A model imitates its data, also in the length of sentences. Where a source is longer than all that it has seen, parts get lost.
#
# ## Exercises

# %% [markdown]
# ### Exercise 12.1: If only it had chosen better
#
# For how many validation sentences is a reference *anywhere* in the n-best list? Compare with the share whose first
# translation is a reference. What does the gap tell you?

# %% [markdown]
# ### Solution to exercise 12.1

# %% tags=["solution"]
found = translator.translate_words(validation.sources, chosen_beam)
first_right = exact_match(outputs_of(found), validation.references)
anywhere = statistics.mean(
    any(text in references for text in [" ".join(one.words), *(normalise(other) for other, _ in one.others)])
    for one, references in zip(found, validation.references, strict=True)
)
assert anywhere >= first_right
show_text(f"First in the list: **{first_right:.1%}**. Anywhere among {chosen_beam}: **{anywhere:.1%}**.")

# %% [markdown]
# The difference is what a better *ranking* could gain without a better model. Real systems use a second model for it, which
# reads each complete candidate, forwards and backwards, and chooses again. The package has two methods with more than one
# model, both for Python only ([A better translator](26_a_better_translator.ipynb) uses them): `find_candidates` in `translation/reranking.py` scores the hypotheses of a beam with a model that translates back, and
# `ensemble_of` in `translation/ensemble.py` lets several models choose each word together.

# %% [markdown]
# ### Exercise 12.2: Less sure, but how much less?
#
# A model gives one word the probability 0.8, and the only other word 0.2. At which temperature are they 0.6 and 0.4? Solve (12.1) for
# it with a pencil, then check with `softmax`.

# %% [markdown]
# ### Solution to exercise 12.2

# %% [markdown]
# By (12.1) each probability is raised to the power of $1 / \tau$ before both are divided by their sum. So the ratio of the two, which
# is 4, becomes $4^{1 / \tau}$. It should be 0.6 / 0.4 = 1.5, so $\tau = \ln 4 / \ln 1.5$.

# %% tags=["solution", "nbval-check-output"]
wanted = math.log(4) / math.log(1.5)
two = (torch.tensor([0.8, 0.2]).log() / wanted).softmax(dim=0)
print(f"temperature {wanted:.2f}:", [round(p, 2) for p in two.tolist()])

# %% [markdown]
# ### Exercise 12.3: Draw translations
#
# Write `draw(source, temperature)`, which translates one sentence as greedy search does, but draws each word by (12.1). Draw
# « Son amie est malade. » twenty times at several temperatures. How many different translations do you get? And what is the
# validation BLEU if each sentence is drawn once?

# %% [markdown]
# ### Solution to exercise 12.3


# %% tags=["solution"]
@torch.inference_mode()
def draw(source, temperature):
    """Translate a normalised sentence word by word, with each word drawn at random."""
    model, ids = translator.model, corpus.src_vocabulary.encode(source.split())
    src_ids = torch.tensor([ids], device=model.device)  # (1, S)
    memory, state = model.encode(src_ids, torch.ones_like(src_ids, dtype=torch.bool))
    word, words = torch.tensor([SOS], device=model.device), []
    while len(words) < 2 * len(ids) + 10:
        logits, state, _ = model.decoder.step(word, memory, state)  # (1, V)
        probabilities = (logits[0] / temperature).softmax(dim=-1).cpu()
        word = torch.multinomial(probabilities, 1, generator=rng).to(model.device)
        if word.item() == EOS:
            break
        words.append(corpus.tgt_vocabulary.words[word.item()])
    return " ".join(words)


# %% tags=["solution"]
rng = torch.Generator().manual_seed(10)
some = validation.head({"small": 10}.get(scale.name, 100))
rows = []
for temperature in (0.1, 0.5, 1.0, 2.0):
    drawn = [draw("son amie est malade .", temperature) for _ in range(20)]
    score = bleu_score([draw(source, temperature) for source in some.sources], some.references)
    rows.append([temperature, len(set(drawn)), score, " / ".join(drawn[:3]).replace("<unk>", "⁇")])
show_table(["temperature", "different of 20", "validation BLEU", "the first three of « Son amie est malade. »"], rows)
assert len(rows) == 4

# %% [markdown]
# A temperature of 0.5 hardly changes the translations or their score here. Above it we have to choose, as the two columns of
# numbers show: the more different the translations are, the worse is a single one of them. At a
# temperature of 2 hardly any sentence holds together, because one improbable word leads to the next.

# %% [markdown]
# ## What to read next
#
# [How good is it?](13_how_good_is_it.ipynb) measures the quality of our translations, with an interval for each figure. To read on
# about probabilities that can be believed, begin with [Guo et al. (2017)](https://arxiv.org/abs/1706.04599). [Luong et al.
# (2015b)](https://arxiv.org/abs/1410.8206) measure how much a pointer to the source gains for unknown words.
