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
# # Inside the states
#
# Until now we have judged our networks by what they write, and by where they look. What is *in* the states that they look
# at? If a network translates « la pomme » by "the apple" and « les pommes » by "the apples", then somewhere in its numbers
# it must keep the plural. In this chapter we try to find such properties with a simple tool, a **probe**. We check what a
# probe proves, and at the end we change a state by hand and see whether the translation follows.
#
# > **What you will be able to do**
# >
# > - train a linear probe on the states of a network, and read a property such as number or tense out of them
# > - set up a control task, and say what a high accuracy does and does not prove
# > - compare embeddings and the layers of a recurrent network and a Transformer
# > - find the nearest neighbours of a state
# > - test by intervention whether the network uses what a probe has found
#
# The chapter trains two small networks on the built-in corpus. At `small` it takes a few seconds, at `standard` about eight
# minutes.

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
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from unittest import mock

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, Encoded, rows_by_length
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.text import normalise
from s2s_tutorial.grammar import generate
from s2s_tutorial.grammar.french import lexicon
from s2s_tutorial.model import encoder as recurrent
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters
from s2s_tutorial.notebook.show import check_shape, show_figure, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import evaluate

scale = load_scale()  # S2S_SCALE: small, standard or large
# Pairs that the grammar writes for training, size of a state, epochs, and sentences for the probes:
PAIRS, SIZE, EPOCHS, PROBED = (1_500, 32, 1, 600) if scale.name == "small" else (24_000, 96, 5, 6_000)
SEED = 21  # of the sentences for the probes and of the control task
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"

# %% [markdown]
# ## A probe with a pencil
#
# A **linear probe** is a small classifier that reads a state and nothing else. It computes one weighted sum of the state's
# numbers for each class, and the largest sum wins. It cannot combine words, and it cannot compute anything complicated. So
# if it succeeds, the property must be written in the state in a simple form.
#
# The simplest probe for two classes uses only their means. Suppose we have four states of two numbers. The words of the
# first two are singular, with the states (1, 3) and (3, 1), and those of the others are plural, with (5, 4) and (7, 4).
#
# > **Guess first**
# >
# > Compute the mean of each class, and the direction from the first mean to the second. A new state is (4, 2). Is it nearer
# > to the singular or the plural, along that direction?

# %% tags=["nbval-check-output"]
singular, plural = np.array([[1.0, 3.0], [3.0, 1.0]]), np.array([[5.0, 4.0], [7.0, 4.0]])
direction = plural.mean(axis=0) - singular.mean(axis=0)
middle = (plural.mean(axis=0) + singular.mean(axis=0)) / 2
for state in (*singular, *plural, np.array([4.0, 2.0])):
    side = float((state - middle) @ direction)
    print(f"({state[0]:g}, {state[1]:g}): {side:5.1f}, {'plural' if side > 0 else 'singular'}")

# %% [markdown]
# The means are (2, 2) and (6, 4), so the direction is (4, 2) and the middle is (4, 3). The new state is on the singular
# side, by a product of −2. We will need this direction again, when we push a state along it.
#
# For real states, we take the weights that fit best by least squares, with a small penalty for large weights (**ridge
# regression**). This has an exact solution, so there is no training that could go wrong. Most nouns are singular, so a
# probe that always answers "singular" would often be right. We therefore let each class count the same, in fitting and in
# the accuracy. Then guessing gives 50% with two classes and 33% with three.


# %% tags=["nbval-check-output"]
class LinearProbe:
    """One weighted sum of a state's numbers for each class, fitted by ridge regression.

    Args:
        states: (n, H).
        labels: (n,), from 0.
        penalty: Strength of the penalty for large weights.
    """

    def __init__(self, states, labels, penalty=10.0):
        self.mean, self.scale = states.mean(axis=0), states.std(axis=0) + 1e-6
        wanted = 2.0 * np.eye(labels.max() + 1)[labels] - 1.0  # (n, classes): 1 for the right class, else -1
        inputs = self.prepare(states)  # (n, H + 1)
        counts = np.bincount(labels)
        weighted = inputs.T * (
            len(labels) / len(counts) / counts[labels]
        )  # a rare class counts as much as a frequent one
        gram = weighted @ inputs + penalty * np.eye(inputs.shape[1])
        self.weights = np.linalg.solve(gram, weighted @ wanted)  # (H + 1, classes)

    def prepare(self, states):
        """Bring each number to mean 0 and deviation 1, and append a 1 for the offset."""
        return np.hstack([(states - self.mean) / self.scale, np.ones((len(states), 1))])

    def accuracy(self, states, labels):
        """Share of states for which the largest sum is that of the right class: the mean of these shares over the classes."""
        right = (self.prepare(states) @ self.weights).argmax(axis=1) == labels
        return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


on_pencil = LinearProbe(np.vstack([singular, plural]), np.array([0, 0, 1, 1]), penalty=0.01)
print(f"right on the four states: {on_pencil.accuracy(np.vstack([singular, plural]), np.array([0, 0, 1, 1])):.0%}")

# %% [markdown]
# ## Labels for free
#
# With ordinary text, people would have to write down the gender and number of each noun. Our corpus is written by a grammar,
# so its lexicon tells us both, and every sentence carries the tense by which it was made. We take these three properties:
#
# | property | classes | where it can be seen |
# | --- | --- | --- |
# | gender of a noun | masculine, feminine | in the words around it: « la », « petite ». Nouns themselves rarely show it |
# | number of a noun | singular, plural | in the noun itself (« pommes ») and around it |
# | tense of the sentence | present, past, future | in the verb, so not in the noun at all |
#
# For all three we read the state *at the noun*. An embedding has only the noun, while an encoder state depends on the
# whole sentence. We keep sentences of a single tense whose words are all in the vocabulary, and leave out nouns whose
# form is also a verb or an adjective, such as « porte ». For each noun we note its sentence, its position, its form
# (`word`) and the three labels. `label` does this for pairs of the grammar. The dictionary `NOUNS` has gender, number,
# English form and singular of each French form.


# %% tags=["hide-input"]
other_forms = {normalise(form) for verb in lexicon.VERBS for form in (*verb.present, verb.participle)}
other_forms |= {normalise(form) for each in lexicon.BEFORE + lexicon.AFTER for form in each.forms}
NOUNS = {}  # French form: gender, number (0 or 1 each), English form, and the singular, by which we know the noun
for noun in (noun for nouns in lexicon.NOUNS.values() for noun in nouns):
    for number, (french, english) in enumerate(zip(noun.french, noun.english, strict=True)):
        if not (noun.mass and number) and normalise(french) not in other_forms:
            NOUNS[normalise(french)] = ("mf".index(noun.gender), number, english, noun.french[0])
TENSES = ({"present", "progressive"}, {"passe_compose"}, {"near_future"})


@dataclass
class Noun:
    """A noun in a sentence: number of the sentence, position in it, word, and the labels."""

    sentence: int
    position: int
    word: str
    gender: int
    number: int
    tense: int


def label(pairs, known):
    """Sentences of one tense whose words are all known, and their nouns."""
    sentences, nouns = [], []
    for pair in pairs:
        words = normalise(pair.source).split()
        tenses = [tense for tense, marks in enumerate(TENSES) if marks & pair.phenomena]
        if len(tenses) == 1 and all(word in known for word in words):
            nouns += [
                Noun(len(sentences), place, word, *NOUNS[word][:2], tenses[0])
                for place, word in enumerate(words)
                if word in NOUNS
            ]
            sentences.append(" ".join(words))
    return sentences, nouns


# %% [markdown]
# ## Two networks to look into
#
# The recurrent network has two layers of GRU, and the Transformer two layers of self-attention. Both have states of the
# same size, and we train them on the same pairs, `corpus`. (`settings` and `trainers` are dictionaries with an entry for
# each of the two.) Then the grammar writes other sentences for the probes. Those that were in the training pairs are
# left out.

# %% tags=["hide-input"]
small = PRESETS["small"]
data = replace(small.data, sample_pairs=PAIRS, unit="words", max_length=9)
training = replace(small.training, epochs=EPOCHS, patience=EPOCHS, batch_size=64)
widths = {"embedding_size": SIZE, "hidden_size": SIZE, "num_layers": 2, "dropout": 0.1}
settings = {
    "GRU": replace(small, name=f"probed-gru-{scale.name}", data=data, training=training,
                   model=ModelSettings(attention="dot", **widths)),
    "Transformer": replace(small, name=f"probed-transformer-{scale.name}", data=data,
                           training=replace(training, warmup=0.3, decay=0.7),
                           model=ModelSettings(network="transformer", feed_forward_size=2 * SIZE, **widths)),
}  # fmt: skip
corpus = prepare(data)
trainers = {}
for name, its in settings.items():
    show_text(f"{name}:")
    trainers[name] = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
    trainers[name].fit()
show_table(
    ["network", "parameters", "BLEU on the test set"],
    [[n, count_parameters(t.model), f"{evaluate(t.translator, corpus.test)[0].bleu:.1f}"] for n, t in trainers.items()],
)

# %%
seen = set(corpus.train.sources)
fresh = (pair for pair in generate(PROBED, seed=SEED) if normalise(pair.source) not in seen)
sentences, nouns = label({pair.source: pair for pair in fresh}.values(), corpus.src_vocabulary)
print(f"{len(sentences):,} sentences that were not in training, with {len(nouns):,} nouns")

# %% [markdown]
# (At `standard`, the Transformer translates better here than the GRU, unlike in [Recurrent or not](29_recurrent_or_not.ipynb).
# But this is not a race: both got the same few epochs and the same highest learning rate, and we tuned neither of them.)
#
# Now we need the states of all layers. The encoder returns only the last layer's, so we catch the others while it runs: in
# the GRU by putting a function around `run_gru`, in the Transformer with a hook at each layer. We do the same with a
# Transformer that has never been trained, to see how much a probe finds without any learning.


# %%
@torch.no_grad()
def states_at_nouns(model):
    """States (nouns, H) at all nouns, by layer."""
    batches, found = Encoded.encode(sentences, corpus.src_vocabulary), defaultdict(dict)
    for rows in rows_by_length(batches, 128):
        batch = Batch.of(batches, batches, rows).to(model.device)
        for layer, states in enumerate(all_layers(model.eval(), batch)):
            found[layer] |= dict(zip(rows.tolist(), states.cpu().numpy(), strict=True))
    return [np.stack([its[noun.sentence][noun.position] for noun in nouns]) for its in found.values()]


def all_layers(model, batch):
    """States (B, S, H) of the embedding, of the first layer and of the whole encoder."""
    caught = [model.encoder.embedding(batch.src_ids)]
    if model.settings.network == "gru":
        run = recurrent.run_gru

        def remember(*arguments):
            states, last = run(*arguments)  # (B, S, 2H)
            caught.append(sum(states.chunk(2, dim=-1)))  # both directions added, as the encoder does at its end
            return states, last

        with mock.patch.object(recurrent, "run_gru", remember):
            model.encoder(batch.src_ids, batch.src_mask)
        return caught
    hook = model.encoder.layers[0].register_forward_hook(lambda part, given, result: caught.append(result))
    caught.append(model.encoder(batch.src_ids, batch.src_mask)[0])
    hook.remove()
    return caught


torch.manual_seed(SEED)
sizes = len(corpus.src_vocabulary), len(corpus.tgt_vocabulary)
models = {name: trainer.model for name, trainer in trainers.items()}
models["untrained Transformer"] = Seq2Seq(settings["Transformer"].model, *sizes)
states = {name: states_at_nouns(model) for name, model in models.items()}
LAYERS = ("embedding", "layer 1", "layer 2")
check_shape(torch.from_numpy(states["GRU"][2]), (len(nouns), SIZE))

# %% [markdown]
# ## What the probes find
#
# How should we test a probe? If we train it on some sentences and test it on others, the test contains the same nouns. A
# probe could then simply learn the list of nouns by heart, and we would learn something about the probe and nothing about
# the network. [Hewitt and Liang (2019)](https://arxiv.org/abs/1909.03368) propose a **control task** to find out: give each
# word a label by a random draw, the same label wherever the word occurs, and train the same probe on it. The label means
# nothing, so whatever accuracy the probe reaches, it has reached by memorising. The difference between the accuracy on the
# real task and that on the control task is called **selectivity**. The control task must have as many labels as the real
# one. Ours has three, like the tense, and is tested on the same sentences.
#
# For gender and number there is a stricter test. We test the probe on a third of all nouns, which it never saw in any form
# (the network did). Then a list learned by heart is of no use.
#
# > **Guess first**
# >
# > For each property, write down the accuracy that you expect of the embedding and of layer 2. What can a probe reach for
# > the tense at the embedding of a noun? And for the control task?

# %%
draw = Random(SEED)
forms = sorted({noun.word for noun in nouns})
random_label = {form: draw.randrange(3) for form in forms}
lemmas = sorted({NOUNS[form][3] for form in forms})
new_lemmas = set(draw.sample(lemmas, len(lemmas) // 3))
new_forms = {form for form in forms if NOUNS[form][3] in new_lemmas}
TASKS = {  # the label of a noun, and whether it is in the probe's test part
    "gender": (lambda noun: noun.gender, lambda noun: noun.word in new_forms),
    "number": (lambda noun: noun.number, lambda noun: noun.word in new_forms),
    "tense": (lambda noun: noun.tense, lambda noun: noun.sentence % 3 == 0),
    "control": (lambda noun: random_label[noun.word], lambda noun: noun.sentence % 3 == 0),
}


def probe(task, layer_states):
    """Accuracy of a probe on its test part, and the accuracy of guessing."""
    label_of, is_test = TASKS[task]
    labels, test = (np.array([function(noun) for noun in nouns]) for function in (label_of, is_test))
    fitted = LinearProbe(layer_states[~test], labels[~test])
    return fitted.accuracy(layer_states[test], labels[test]), 1 / len(np.unique(labels))


found = {
    (task, name, layer): probe(task, layer_states)
    for task in TASKS
    for name, its in states.items()
    for layer, layer_states in zip(LAYERS, its, strict=True)
}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels, for gender, number, tense and the control task. Each shows the accuracy of the probe at the embedding, layer 1 and layer 2, with one line for the GRU, one for the Transformer and one for the untrained Transformer, and a dotted line at the accuracy of guessing."}}
figure = Figure(figsize=(9.6, 3.1), layout="constrained")
for axes, task in zip(figure.subplots(1, 4, sharey=True), TASKS, strict=True):
    for name, style in zip(states, (("o-", BLUE), ("s-", ORANGE), ("^--", GREY)), strict=True):
        axes.plot(LAYERS, [100 * found[task, name, layer][0] for layer in LAYERS], style[0], color=style[1], label=name)
    axes.axhline(100 * found[task, "GRU", "embedding"][1], color=GREY, linestyle=":", lw=1)
    axes.set(title=task)
    axes.set_xticks(range(3), labels=["emb.", "1", "2"])
figure.axes[0].set_ylabel("accuracy of the probe (%)")
figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
show_figure(figure)

# %% [markdown]
# **Figure 30.1.** What a linear probe reads from the state at a noun, by layer. Gender and number are tested on nouns that
# the probe never saw. The dotted line is what guessing gives.

# %% tags=["hide-input"]
show_table(
    ["network", "layer", *(f"{task} (%)" for task in TASKS), "selectivity of tense"],
    [
        [
            name,
            layer,
            *(round(100 * found[task, name, layer][0]) for task in TASKS),
            round(100 * (found["tense", name, layer][0] - found["control", name, layer][0])),
        ]
        for name in states
        for layer in LAYERS
    ],
)
show_text(
    "From the embedding to layer 2, the probe for **tense** rises from "
    f"**{100 * found['tense', 'GRU', 'embedding'][0]:.0f}%** to **{100 * found['tense', 'GRU', 'layer 2'][0]:.0f}%** in the GRU, "
    f"and from **{100 * found['tense', 'Transformer', 'embedding'][0]:.0f}%** to "
    f"**{100 * found['tense', 'Transformer', 'layer 2'][0]:.0f}%** in the Transformer. The untrained Transformer reaches "
    f"{100 * found['tense', 'untrained Transformer', 'layer 2'][0]:.0f}%."
)

# %% [markdown]
# Compare the lines with what you wrote down. We see four things at `standard`:
#
# - **The control task is easy for embeddings.** With 96 numbers for about 150 nouns, a probe can learn random labels by
#   heart. So its accuracy on *words that it knows* means little, and selectivity is negative there. Only the GRU's layers
#   have a positive one. In the states of the layers, a word looks different in each sentence, and memorising becomes harder.
# - **The tense moves to the noun in the GRU.** The embedding does not contain it, and after two layers the probe reads it in
#   most cases. A recurrent network carries everything along from state to state, so each state tells a lot about the sentence.
#   In the Transformer the probe is not much better than in an untrained one. The tense can stay at the verb there, because the
#   decoder can look at it. (We have no untrained GRU beside ours, so we cannot say how much of its rise would come without any
#   training.)
# - **The number of a new noun** can be read from the layers better than from the embedding in the GRU, because the words
#   around the noun show it. In the untrained Transformer, the layers give no more than guessing does.
# - **Gender is not there** in a form that carries over to new nouns. English does not need the gender of an apple, so
#   nothing in training asked for it. In the last layer, both networks are at the level of guessing. The embeddings are
#   on both sides of it, which shows how large the influence of chance is with 29 new nouns.
#
# ## The neighbours of a state
#
# A probe answers only the question that we ask. The neighbours of a state can show us what we did not think of. We take
# one noun in one sentence, and look for the states that are most similar to its own, by the cosine of the angle, among all
# nouns of the other sentences. We do this with the embeddings and with the states of the last layer.


# %%
def neighbours(layer_states, chosen, count=4):
    """The nouns of other sentences whose states are most similar to that of the chosen one, each form once."""
    unit = layer_states / np.linalg.norm(layer_states, axis=1, keepdims=True)
    listed = []
    for other in np.argsort(-unit @ unit[chosen]):
        noun = nouns[other]
        if noun.sentence != nouns[chosen].sentence and noun.word not in [nouns[each].word for each in listed]:
            listed.append(other)
    return listed[:count]


chosen = next((row for row, noun in enumerate(nouns) if noun.number == 1 and noun.tense == 1), 0)
show_text(f"The noun « {nouns[chosen].word} » in « {sentences[nouns[chosen].sentence]} »")
rows = []
for name in trainers:
    for layer in (0, 2):
        for other in neighbours(states[name][layer], chosen):
            words = sentences[nouns[other].sentence].split()
            words[nouns[other].position] = f"**{nouns[other].word}**"
            rows.append([name, LAYERS[layer], " ".join(words)])
show_table(["network", "states", "neighbours"], rows)

# %% [markdown]
# What have the neighbours in common with the noun at each layer: its meaning, its number, its place in the sentence, the
# tense? An embedding depends on the word alone. In the last layer, the neighbours often come from similar sentences,
# because a state there describes a word *in its place*. But a list of four proves little. So we take about 200 nouns, and
# count how many of their four neighbours have the same number and the same tense:

# %% tags=["hide-input"]
rows = []
for name in trainers:
    for layer in (0, 2):
        agree = [
            [nouns[other].number == nouns[row].number, nouns[other].tense == nouns[row].tense]
            for row in range(0, len(nouns), max(len(nouns) // 200, 1))
            for other in neighbours(states[name][layer], row)
        ]
        rows.append([name, LAYERS[layer], *(f"{share:.0%}" for share in np.mean(agree, axis=0))])
others = [(nouns[a], nouns[b]) for a, b in (draw.sample(range(len(nouns)), 2) for _ in range(2_000))]
by_chance = np.mean([[a.number == b.number, a.tense == b.tense] for a, b in others], axis=0)
rows.append(["any two nouns", "–", *(f"{share:.0%}" for share in by_chance)])
show_table(["network", "states", "neighbours of the same number", "of the same tense"], rows)

# %% [markdown]
# ## Change the state, and see
#
# A probe shows that a property *can* be read from a state. It does not show that the decoder reads it. To find out, we
# have to change the state and leave everything else as it is. We take sentences with a single noun, in the singular. To
# the state at the noun we add a direction, times a strength, and then the decoder translates as usual. We try four
# directions: the *common* one, from the mean of all singular nouns to the mean of all plural nouns, as with the pencil;
# that of the *probe*, along which its sum for the plural grows fastest, with the length of the common one; the noun's *own*,
# from the mean of its singular states to the mean of its plural states; and a *random* one of the same length as its own.
#
# > **Guess first**
# >
# > « le » and the verb stay as they are, and both show the singular. Which share of the translations will have the English
# > noun in the plural, with a strength of 1, for each of the four directions? And does it differ between the two networks?
#
# A hook at the encoder adds the direction to the state:


# %%
def pushed(translator, noun, push):
    """Translate the noun's sentence while the encoder's state at the noun is changed by `push` (H,)."""

    def change(part, given, result):
        enc_states, first_states = result
        enc_states = enc_states.clone()
        enc_states[:, noun.position] += push
        return enc_states, first_states

    hook = translator.model.encoder.register_forward_hook(change)
    try:
        return " ".join(translator.translate_words([sentences[noun.sentence]])[0].words)
    finally:
        hook.remove()


def direction_of(layer_states, kind):
    """Difference of the class means of number (plural minus singular) or tense (past minus present), (H,)."""
    labels = np.array([getattr(noun, kind) for noun in nouns])
    return torch.from_numpy(layer_states[labels == 1].mean(axis=0) - layer_states[labels == 0].mean(axis=0)).float()


def probe_direction(layer_states):
    """Gradient of a probe's sum for the plural minus that for the singular, (H,)."""
    fitted = LinearProbe(layer_states, np.array([noun.number for noun in nouns]))
    singular_weights, plural_weights = fitted.weights[:-1].T  # without the offset: (H,) each
    return torch.from_numpy((plural_weights - singular_weights) / fitted.scale).float()


per_sentence = defaultdict(list)
for noun in nouns:
    per_sentence[noun.sentence].append(noun)

# %% [markdown]
# Now we translate up to 60 such sentences with five strengths, and count how often the English noun is in the plural,
# which the lexicon gives. We keep only the sentences whose translation without a push contains the noun in the singular,
# because the network has understood these.

# %% tags=["hide-input"]
plural_of = {
    normalise(noun.english[0]): normalise(noun.english[1])
    for each in lexicon.NOUNS.values()
    for noun in each
    if not noun.mass
}
STRENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0)
MOST = 4 if scale.name == "small" else 60  # sentences


def own_directions(layer_states):
    """For each noun with both numbers, the mean of its own plural states minus that of its singular states, (H,)."""
    of_form = defaultdict(list)
    for noun, state in zip(nouns, layer_states, strict=True):
        of_form[NOUNS[noun.word][3], noun.number].append(state)
    means = {form: torch.from_numpy(np.mean(its, axis=0)).float() for form, its in of_form.items()}
    return {noun: means[noun, 1] - means[noun, 0] for noun, number in means if number == 1 and (noun, 0) in means}


own = {name: own_directions(states[name][2]) for name in trainers}
candidates = [its[0] for its in per_sentence.values() if len(its) == 1 and NOUNS[its[0].word][3] in own["GRU"]]
draw.shuffle(candidates)
single = [noun for noun in candidates if noun.number == 0 and NOUNS[noun.word][2] in plural_of][:MOST]

# %% tags=["hide-input"]
shares, examples = {}, {}
for name, trainer in trainers.items():
    translator = trainer.translator
    along = direction_of(states[name][2], "number")
    noise = torch.randn(len(along), generator=torch.Generator().manual_seed(SEED))
    of_probe = probe_direction(states[name][2])
    of_probe *= along.norm() / of_probe.norm()
    directions = {
        "common": lambda noun, along=along: along,
        "probe": lambda noun, of_probe=of_probe: of_probe,
        "own": lambda noun, name=name: own[name][NOUNS[noun.word][3]],
        "random": lambda noun, name=name, noise=noise: noise * (own[name][NOUNS[noun.word][3]].norm() / noise.norm()),
    }
    plain = {noun.sentence: pushed(translator, noun, 0 * along) for noun in single}
    clear = [noun for noun in single if NOUNS[noun.word][2] in plain[noun.sentence].split()] or single[:4]
    for (kind, direction), strength in product(directions.items(), STRENGTHS):
        texts = [pushed(translator, noun, strength * direction(noun)) for noun in clear]
        hits = [plural_of[NOUNS[noun.word][2]] in text.split() for noun, text in zip(clear, texts, strict=True)]
        shares[name, kind, strength] = float(np.mean(hits))
        if (kind, strength) == ("own", 1.0):
            examples[name] = [(sentences[noun.sentence], plain[noun.sentence], text)
                              for noun, text in zip(clear, texts, strict=True)][:4]  # fmt: skip
    print(f"{name}: {len(clear)} sentences with the noun in the singular")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Eight lines over the strength of the push, from 0 to 2. The solid lines are for the direction of the noun itself: that of the Transformer rises steeply to about 80 percent, and that of the GRU to less than 20. The lines for the common direction, for that of the probe and for a random one stay near 0 for both networks."}}
figure = Figure(figsize=(6.6, 3.4), layout="constrained")
axes = figure.add_subplot()
for name, colour in zip(trainers, (BLUE, ORANGE), strict=True):
    for kind, style in (("own", "o-"), ("common", "s--"), ("probe", "^-."), ("random", "x:")):
        line = [100 * shares[name, kind, strength] for strength in STRENGTHS]
        axes.plot(STRENGTHS, line, style, color=colour, label=f"{name}, {kind}")
axes.set(xlabel="strength of the push", ylabel="noun in the plural (%)", ylim=(-3, 103))
axes.legend(frameon=False, fontsize=9)
show_figure(figure)

# %% [markdown]
# **Figure 30.2.** Share of translations in which the noun becomes plural when its state alone is pushed: along the noun's
# own direction, along the direction that all nouns have in common, along that of the probe, or in a random direction.

# %% tags=["hide-input"]
show_table(
    ["network", "source", "translation", "pushed along its own direction, strength 1"],
    [[name, *example] for name, its in examples.items() for example in its],
)
show_text(
    "With a strength of 1, the noun becomes plural in this share of the sentences: "
    + "; ".join(
        f"{name}: its own direction **{shares[name, 'own', 1.0]:.0%}**, common direction {shares[name, 'common', 1.0]:.0%}, "
        f"direction of the probe {shares[name, 'probe', 1.0]:.0%}, random direction {shares[name, 'random', 1.0]:.0%}"
        for name in trainers
    )
    + "."
)

# %% [markdown]
# This is a surprise. A probe reads the number from most states, and yet a push along the common direction of the number
# changes almost nothing, and neither does one along the direction of the probe. So a property can be read in a simple
# form while the decoder uses something else. It uses the noun's own direction, for example the difference between the
# states of « femme » and « femmes ». In the Transformer, such a push at one state is enough in most sentences, even
# against the article and the verb, which still show the singular. This network treats the plural of a noun as a word of
# its own, and the direction that leads to it belongs to that noun alone.
#
# In the GRU the same push works in fewer sentences. A likely reason is that the states of the other words have read the noun
# too, so that they still contain the old number. This would agree with what the probe for the tense has shown. Look also at
# the verb in the examples: where "isn't" becomes "aren't", the decoder has adapted the verb by itself, since it has just
# written a plural.
#
# ## Break it: a probe that is too good
#
# What goes wrong without a control task? Let us take a random vector of 300 numbers for each *form* and use these vectors as
# "states", although they contain no grammar at all. Test the probe for gender once on other sentences with the same nouns,
# and once on new nouns.

# %%
rng = np.random.default_rng(SEED)
vector_of = {form: rng.normal(size=300) for form in forms}
meaningless = np.stack([vector_of[noun.word] for noun in nouns])
labels = np.array([noun.gender for noun in nouns])
rows = []
for name, is_test in (
    ("other sentences, same nouns", np.array([noun.sentence % 3 == 0 for noun in nouns])),
    ("new nouns", np.array([noun.word in new_forms for noun in nouns])),
):
    fitted = LinearProbe(meaningless[~is_test], labels[~is_test])
    rows.append([name, f"{fitted.accuracy(meaningless[is_test], labels[is_test]):.0%}"])
show_table(["test part", "gender, from random vectors"], rows)

# %% [markdown]
# Tested on the same nouns, the probe seems to prove that random vectors contain French grammar. In fact it has enough
# weights to learn all nouns by heart. So whenever you read that "the model has learned X, because a probe finds it", ask
# for the control task first.
#
# ## Recap
#
# - A linear probe reads a property from single states. If it succeeds on words that it never saw, the property is there in a
#   simple form.
# - A control task has labels without meaning. What a probe reaches there is memory, and selectivity is what remains.
# - An untrained network is a second baseline: part of what a probe finds comes from mixing words in any way at all.
# - An embedding depends on its word alone, and an encoder state on the sentence around it as well.
# - A probe shows that something can be read. Whether the network uses it, only a change of the state can show, beside a
#   random change of the same size.
#
# ## Exercises

# %% [markdown]
# ### Exercise 30.1: Push the other way
#
# Take sentences with a single noun in the plural, and push the state at the noun *against* its own direction. Does the noun
# become singular as often as it became plural before?

# %% [markdown]
# ### Solution to exercise 30.1

# %% [markdown]
# In the folded cell above, `candidates` are the nouns that are alone in their sentence, `own` has the direction of each noun
# for both networks, and `plural_of` the English plurals. We take at most `MOST` sentences, as before.

# %% tags=["solution"]
singular_of = {several: one for one, several in plural_of.items()}
several = [noun for noun in candidates if noun.number == 1 and NOUNS[noun.word][2] in singular_of][:MOST]
for name, trainer in trainers.items():
    texts = {strength: [] for strength in (0.0, -1.0)}
    for noun, strength in product(several, texts):
        push = strength * own[name][NOUNS[noun.word][3]]
        texts[strength].append(pushed(trainer.translator, noun, push).split())
    english = [(NOUNS[noun.word][2], singular_of[NOUNS[noun.word][2]]) for noun in several]
    clear = [row for row, (many, _) in enumerate(english) if many in texts[0.0][row]]
    print(f"{name}: {sum(english[row][1] in texts[-1.0][row] for row in clear)} of {len(clear)} become singular")

# %% [markdown]
# At `standard` it becomes singular more often than it became plural before, and in the GRU much more often. The shares need
# not be the same, since singular and plural nouns occur in different sentences and with different determiners.

# %% [markdown]
# ### Exercise 30.2: The tense of a sentence
#
# Push *all* states of a sentence in the present along the direction of the tense, from present to past, and look at some
# translations. Use `direction_of(…, "tense")`, which is measured at nouns.

# %% [markdown]
# ### Solution to exercise 30.2


# %% tags=["solution"]
def everywhere(translator, sentence, push):
    """Translate a sentence while all its encoder states are changed by `push`."""
    hook = translator.model.encoder.register_forward_hook(lambda part, given, result: (result[0] + push, result[1]))
    try:
        return " ".join(translator.translate_words([sentence])[0].words)
    finally:
        hook.remove()


rows = []
for name, trainer in trainers.items():
    along = direction_of(states[name][2], "tense")
    for noun in [noun for noun in candidates if noun.tense == 0][:3]:
        text = sentences[noun.sentence]
        rows.append([name, text, *(everywhere(trainer.translator, text, k * along) for k in (0.0, 1.0, 2.0))])
show_table(["network", "source", "no push", "strength 1", "strength 2"], rows)

# %% [markdown]
# At `standard`, the tense hardly ever changes. Either nothing happens, or another word changes, because the states leave the
# region that the decoder has learned to read. The probe could read the tense at the noun, but the decoder does not look for
# it there, and the state of the verb probably needs another direction.

# %% [markdown]
# ## What to read next
#
# [Hewitt and Liang (2019)](https://arxiv.org/abs/1909.03368) is short and worth reading as a whole. [Where this
# leads](../book/where-this-leads.md) follows the Transformer to the large language models of today.
