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
# # All words at once: the whole network in training
#
# In the last chapter we let two decoders write a translation one word at a time. In training, however, the translation is already known, and with it
# every word that the decoder will read. Does training still have to go word by word? The answer depends on the design, and it decides
# how fast a network trains. In this chapter we compare both ways, put the whole network together, and find out whether it can learn anything at all.
#
# > **What you will be able to do**
# >
# > - explain why one decoder can read all target words at once in training and the other cannot, and show it
# > - compare a fast way with a slow one, in values and in gradients
# > - name the shape of every tensor of the whole network
# > - apply the cheapest test of a new model: can it learn three sentences by heart?
#
# The chapter needs no data but the three sentences of the last one. It runs in under a minute at every scale.

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
import time
from dataclasses import replace

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.model.decoder import Decoder, LuongDecoder
from s2s_tutorial.model.seq2seq import Seq2Seq, shift_right
from s2s_tutorial.notebook.show import check_shape, show_drawing, show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import load_scale
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.translator import Translator

scale = load_scale()  # S2S_SCALE: small, standard or large
SOURCES = ["je n ai pas faim .", "le chat noir dort .", "merci ."]  # normalised; two or more
TARGETS = ["i m not hungry .", "the black cat is asleep .", "thank you ."]
E, H, L = 5, 8, 2  # embedding, hidden size and layers
SEED = 5  # of all initial weights
STEPS, LEARNING_RATE = 120, 0.03  # of learning by heart
RACE_WORDS, RACE_SENTENCES = 10, (2, 16, 64)  # of the race: in a sentence, in a batch
SRC_WORDS, TGT_WORDS = 1_717, 1_529  # sizes of two vocabularies, for the race

# %% [markdown]
# ## Four forms of one network
#
# We take the three sentences of [Decoders: writing one word at a time](07_decoders.ipynb) and four networks of its sizes. Three have a Luong
# decoder: plain, with input feeding (*fed*), and without attention (*none*). The fourth has a Bahdanau decoder.

# %%
src_vocabulary, tgt_vocabulary = Vocabulary.count(SOURCES), Vocabulary.count(TARGETS)
src, tgt = Encoded.encode(SOURCES, src_vocabulary), Encoded.encode(TARGETS, tgt_vocabulary)
batch = Batch.of(src, tgt, np.arange(len(SOURCES)))
B, T = batch.tgt_ids.shape
prev_ids = shift_right(batch.tgt_ids)  # (B, T), the word before each target word; the first is <sos>

luong = ModelSettings("luong", "general", E, H, L, dropout=0.0, tie_embeddings=False)
FORMS = {
    "luong": luong,
    "luong, fed": replace(luong, input_feeding=True),
    "luong, none": replace(luong, attention="none"),
    "bahdanau": replace(luong, decoder="bahdanau", attention="additive"),
}


def network(form: str) -> Seq2Seq:
    """Return a new network of this form, always from the same seed, in double precision."""
    torch.manual_seed(SEED)
    return Seq2Seq(FORMS[form], len(src_vocabulary), len(tgt_vocabulary)).double()


models = {form: network(form) for form in FORMS}

# %% [markdown]
# ## What a step waits for
#
# Under [teacher forcing](../book/glossary.md), the decoder reads the true words, and all of them are known before the model predicts anything.
# Whether training has to go word by word therefore depends on what else step $t$ has to wait for.
#
# - **Luong:** $h_t$ needs $y_{t-1}$ and $h_{t-1}$, but no context. So the GRU can run over the whole target first, and *then*
#   all T states can look at the source at once.
# - **Bahdanau:** $h_t$ needs $c_t$, which needs $h_{t-1}$, which needed $c_{t-1}$. The context is inside the loop,
#   and so is attention.
#
# We can test this. If the states of a decoder's GRU do not depend on contexts, then moving the encoder states far away must leave them
# unchanged, even after three words.
#
# > **Guess first**
# >
# > The list above leaves out two of our four networks. Do the states of Luong's decoder with input feeding depend on the context? And
# > those of the decoder without attention?

# %% tags=["nbval-check-output"]
for form, model in models.items():
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    ends = []
    for moved in (0.0, 100.0):
        seen, now = replace(memory, enc_states=memory.enc_states + moved), state
        for words in prev_ids[:, :3].unbind(dim=1):
            _, now, _ = model.decoder.step(words, seen, now)
        ends.append(now.dec_state)
    print(f"{form:11} waits for the context: {not torch.equal(*ends)}")

# %% [markdown]
# Input feeding puts Luong's decoder into the same situation as Bahdanau's, because the attentional state that it feeds back contains the context.
#
# ## All steps in one product
#
# For a decoder that does not wait, the whole target becomes a few large products. We write its T states $h_1 \ldots h_T$ as the rows of a
# matrix $Q$ (T, H), and the encoder's states as the rows of $\bar H$ (S, H). With the general score, all T times S scores are
# then one product of matrices. A softmax over each row turns them into the weights $A$ (T, S), and a second product gives all contexts:
#
# $$
# \begin{aligned}
# A &= \mathrm{softmax}(Q\, W \bar H^\top) \\
# \tilde H &= \tanh([A \bar H; Q]\, W_c^\top)
# \end{aligned}
# \tag{8.1}
# $$
#
# Row $t$ of $A \bar H$ is the context $c_t$, and $[A \bar H; Q]$ joins it with row $t$ of $Q$. So row $t$ of $\tilde H$ (T, H) is the attentional
# state $\tilde h_t$ of step $t$. Here are the same formulas for the whole batch:

# %% tags=["nbval-check-output"]
decoder = models["luong"].decoder
memory, state = models["luong"].encode(batch.src_ids, batch.src_mask)
queries = decoder.embedding(prev_ids)  # (B, T, E)
for layer, first in zip(decoder.layers, state.dec_state, strict=True):
    queries, _ = layer(queries, first[None])  # (B, T, H), the GRU over all words
scores = queries @ memory.keys.mT  # (B, T, S); the keys are W times the encoder's states
scores = scores.masked_fill(~batch.src_mask[:, None], -torch.inf)
contexts = scores.softmax(dim=-1) @ memory.enc_states  # (B, T, H)
attn_states = torch.tanh(decoder.combine(torch.cat([contexts, queries], dim=-1)))
print("scores:", tuple(scores.shape), " attentional states:", tuple(attn_states.shape))
torch.testing.assert_close(attn_states, decoder(prev_ids, memory, state).attn_states)

# %% [markdown]
# So the package has two ways through a known sequence: a plain one, word by word, for all decoders, and a faster one for Luong's
# decoder, whose last line is (8.1):

# %%
show_source(Decoder.forward, LuongDecoder.forward)


# %% [markdown]
# Both ways must give the same numbers, and the same gradient for every weight of the model, including those of the encoder. Otherwise the fast way
# would train another model than the one that translates. We compare both for all four networks:


# %%
def whole(model: Seq2Seq, batch: Batch) -> torch.Tensor:
    """Return logits (B, T, V), all words at once where the decoder can do so."""
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    output = model.decoder(shift_right(batch.tgt_ids), memory, state)
    return model.decoder.logits(output.attn_states)


def stepwise(model: Seq2Seq, batch: Batch) -> torch.Tensor:
    """Return logits (B, T, V) from `step` alone, as when translating."""
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    logits = []
    for words in shift_right(batch.tgt_ids).unbind(dim=1):
        step_logits, state, _ = model.decoder.step(words, memory, state)
        logits.append(step_logits)
    return torch.stack(logits, dim=1)


# %% tags=["nbval-check-output"]
for form, model in models.items():
    results = []
    for way in (whole, stepwise):
        logits = way(model, batch)
        check_shape(logits, (B, T, len(tgt_vocabulary)))
        # In this gradient each logit counts differently, which it would not in that of a plain sum.
        gradients = torch.autograd.grad(logits.sin().sum(), list(model.parameters()))
        results.append([logits, *gradients])
    torch.testing.assert_close(*results)
    print(f"{form:11} logits and {len(gradients)} gradients agree")


# %% [markdown]
# ### How much time it saves
#
# Is the second way worth its code? We measure the time at the sizes of your scale. Luong's decoder runs forward and back over sentences of `RACE_WORDS` words, once in
# its fast way and once word by word. We leave out the encoder and the output layer, which are the same in both.
#
# > **Guess first**
# >
# > Both ways do the same arithmetic. How many times as long does the stepwise one take with 2
# > sentences in a batch? And with 64?


# %%
def milliseconds(forward, sentences: int, words: int) -> float:
    """Return the time of a decoder's `forward` and its way back over random sentences, the best of five."""
    plain = replace(scale.model, decoder="luong", input_feeding=False, dropout=0.0)
    model = Seq2Seq(plain, SRC_WORDS, TGT_WORDS)
    ids = torch.randint(4, TGT_WORDS, (sentences, words))
    with torch.no_grad():
        memory, state = model.encode(ids, torch.ones_like(ids, dtype=torch.bool))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        forward(model.decoder, shift_right(ids), memory, state).attn_states.sum().backward()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


# %% tags=["hide-input"]
ways = (LuongDecoder.forward, Decoder.forward)
rows = []
for sentences in RACE_SENTENCES:
    times = [milliseconds(way, sentences, RACE_WORDS) for way in ways]
    rows.append([sentences, *times, times[1] / times[0]])
show_table(["sentences", "all words at once (ms)", "word by word (ms)", "times as long"], rows)

# %% tags=["hide-input"]
few, many = rows[0], rows[-1]
show_text(
    f"In this run the loop took **{few[-1]:.1f} times** as long with {few[0]} sentences a batch, "
    f"and **{many[-1]:.1f} times** with {many[0]}."
)

# %% [markdown]
# Why does the batch size matter if the arithmetic is the same? Every call of a product costs some time of its
# own, whatever the size of its matrices, and the loop makes many more calls. With few sentences these calls take most of
# the time. With many sentences the multiplications take longer than the calls, so the two ways come closer. A GPU multiplies so
# much at a time that nearly every product is small to it, so there the difference stays large.
#
# When we translate, there is no fast way, because the next input is the model's own last word, which does not
# exist yet. So the fast way exists only with teacher forcing, and [Translating](11_translating.ipynb) goes step by step with any decoder.
#
# ## The whole network
#
# Now we have all parts of a translator. Figure 8.1 shows them together with the shape of every tensor, for Luong's decoder. B is the number of sentences in the batch, S and T
# are the lengths of source and target, E and H are the sizes of embeddings and states, L is the number of layers and V the size of the target vocabulary.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two columns that meet in attention. The encoder turns source ids (B, S) into embeddings (B, S, E) and enc_states (B, S, H). The decoder turns previous ids (B, T) into embeddings (B, T, E) and states (B, T, H). Attention gives weights (B, T, S) and a context (B, T, H), which is joined with the states to give attn_states (B, T, H), logits (B, T, V) and the loss. An arrow labelled first_states leads from the encoder's GRU to the decoder's."}}
show_drawing("network")

# %% [markdown]
# **Figure 8.1.** The whole network with Luong's decoder, and the shape of every tensor. In use, the last step's word takes the place of `prev_ids`, one word at a time.

# %% [markdown]
# In the package, the class `Seq2Seq` holds encoder and decoder together. You have used it already. Its three methods follow the
# figure from top to bottom: `encode` does the left column, `forward` adds the right one, and `loss` the end. With the argument
# `prev_ids`, the decoder reads other words than the true previous ones, and at the end of this chapter we use it to break the
# network:

# %%
show_source(Seq2Seq.encode, Seq2Seq.forward, Seq2Seq.loss)

# %% [markdown]
# ## Three sentences by heart
#
# Does the whole network work? Before you train a new model for an hour, give it the cheapest test there is: train it on
# three sentences. A model with thousands of weights that cannot learn three sentences by heart has a bug. (A model
# that passes this test may still have one.)
#
# We begin with a single step of training, in which the loss must fall. An **optimiser** changes the weights a little in the
# direction in which the loss falls. The simplest one, `SGD`, subtracts the
# gradient times `lr`, the learning rate. The longer training below uses Adam, which [Training](09_training.ipynb) explains, as well
# as the *nats* in which the loss is measured.

# %% tags=["nbval-check-output"]
for form, model in models.items():
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    before = model.loss(batch)
    before.backward()
    optimiser.step()
    lower = model.loss(batch).item() < before.item()
    print(f"{form:11} lowers the loss: {lower}")

# %% [markdown]
# A model that knows nothing gives each of the V words the same probability, and its loss is $\ln V$, the dashed line at the
# top of Figure 8.2. Now we let all four learn for more steps:

# %%
curves = {}
for form, model in models.items():
    optimiser = torch.optim.Adam(model.parameters(), LEARNING_RATE)
    curves[form] = []
    for _ in range(STEPS):
        loss = model.loss(batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        curves[form].append(loss.item())

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four curves of loss over training steps, one for each decoder. All start near a dashed line, the loss of a blind guess, and fall close to zero."}}
figure = Figure(figsize=(5.5, 3), layout="constrained")
axes = figure.add_subplot()
for (form, curve), style in zip(
    curves.items(), (("-", "#00429d"), ("--", "#b8560b"), (":", "#2a7f62"), ("-.", "0.3")), strict=True
):
    axes.plot(range(1, STEPS + 1), curve, style[0], color=style[1], lw=2, label=form)
axes.axhline(np.log(len(tgt_vocabulary)), color="0.5", lw=1, linestyle=(0, (6, 3)))
axes.set(xlabel="training step", ylabel="loss (nats per word)", ylim=(0, None))
axes.legend()
show_figure(figure)


# %% [markdown]
# **Figure 8.2.** Every form learns three sentences by heart: the loss starts near that of a blind guess and goes to zero.

# %% [markdown]
# A short rise on the way does no harm: with a learning rate as high as ours, a step sometimes goes too far.
#
# The loss in Figure 8.2 was computed with the true previous words. Whether the models can *translate*, with their
# own words as inputs, is another question, so we test that too:


# %%
def right_translations(model: Seq2Seq) -> int:
    """Return how many of the three sentences come out exactly."""
    translator = Translator(model, src_vocabulary, tgt_vocabulary)
    found = translator.translate_words(SOURCES)
    pairs = zip(found, TARGETS, strict=True)
    return sum(" ".join(each.words) == target for each, target in pairs)


# %% tags=["nbval-check-output"]
for form, model in models.items():
    print(f"{form:11} {right_translations(model)} of {len(SOURCES)} right")

# %% [markdown]
# Even the decoder without attention passes, because a few numbers are enough to tell three sentences apart.
# [Encoder and decoder](05_encoder_decoder.ipynb) shows what it cannot do.
#
# **Break it.** Forget the shift: feed $y_t$ where $y_{t-1}$ belongs. It is one missing call, no shape changes, and
# nothing crashes.
#
# > **Guess first**
# >
# > Is the loss after training higher, lower or the same? And how many of the three sentences come out right?

# %%
cheat = network("luong")
optimiser = torch.optim.Adam(cheat.parameters(), LEARNING_RATE)
for _ in range(STEPS):
    loss = cheat.loss(batch, prev_ids=batch.tgt_ids)  # the answer is the question
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

# %% tags=["hide-input"]
honest, right = curves["luong"][-1], right_translations(cheat)
show_text(
    f"The loss is **{loss.item():.3f}**; with the right inputs it was {honest:.3f}. And **{right} of {len(SOURCES)}** sentences come "
    "out right."
)


# %% [markdown]
# The model has learned to copy its input, because in training the input *was* the answer. When it translates, the input is only the word
# before. So a low loss proves nothing until you have seen the model write something of its own.

# %% [markdown]
# ## Every claim, its code and its test
#
# | what | code | test |
# | :--- | :--- | :--- |
# | whole equals stepwise, (8.1) | `forward` in `model/decoder.py`, `step` in `model/decoder_interface.py` | `test_the_whole_sequence_at_once_equals_step_by_step` |
# | no word is read too early | `forward` | `test_a_word_changes_nothing_before_it` |
# | the shift | `shift_right` in `model/seq2seq.py` | `test_previous_words_are_the_target_shifted_right_by_one` |
# | every weight learns | `Seq2Seq` | `test_the_gradient_reaches_every_parameter` |
# | three sentences by heart | `Seq2Seq` | `test_a_small_model_memorises_three_sentences_and_writes_them` |
#
# The first two tests are in `tests/model/test_decoder.py`, the others in `tests/model/test_seq2seq.py`.
#
# ## Recap
#
# - Under teacher forcing, Luong's decoder can read the whole target at once, because its GRU does not wait for the context.
#   Bahdanau's decoder cannot, and neither can Luong's with input feeding.
# - Whenever you have a fast way, compare it with the slow one, in values *and* gradients.
# - The fast way saves the largest share of the time with few sentences in a batch, or on a GPU. In translation it does not exist, because the next word to read is
#   not known yet.
# - Let every new model learn three sentences by heart, and then let it *translate* them.
#
# ## Exercises

# %% [markdown]
# ### Exercise 8.1: Longer sentences, wider gap?
#
# Measure both ways with `milliseconds` for 5, 10 and 20 words. Which part of the work cannot be done at once even in
# the fast form?

# %% [markdown]
# ### Solution to exercise 8.1

# %% tags=["solution"]
rows = []
for length in (5, 10, 20):
    times = [milliseconds(way, RACE_SENTENCES[0], length) for way in ways]
    rows.append([length, *times, times[1] / times[0]])
show_table(["words", "all words at once (ms)", "word by word (ms)", "times as long"], rows)
assert all(at_once > 0 and in_steps > 0 for _, at_once, in_steps, _ in rows)

# %% [markdown]
# Both times grow with the length, and the fast way saves more milliseconds in a longer sentence. But the ratio of the two need
# not grow, because the GRU itself remains a loop in both forms: $h_t$ has to wait for $h_{t-1}$. Embedding, attention and
# everything after it are done at once. Only models without recurrence, such as the Transformer, have no such loop.

# %% [markdown]
# ### Exercise 8.2: Does it look ahead?
#
# In the fast way all target words enter the network together. Show with gradients that the logits at position 3 depend on the
# words read up to position 3, and on no later one. Which part of the network makes sure of this?

# %% [markdown]
# ### Solution to exercise 8.2

# %% tags=["solution", "nbval-check-output"]
model = network("luong")
memory, state = model.encode(batch.src_ids, batch.src_mask)
words = model.decoder.embedding(prev_ids).detach().requires_grad_()  # (B, T, E)
model.decoder.embedding.forward = lambda ids: words
logits = model.decoder.logits(model.decoder(prev_ids, memory, state).attn_states)  # (B, T, V)
del model.decoder.embedding.forward
logits[:, 3].sum().backward()
print("read at position 3:", words.grad.abs().sum(dim=(0, 2)).gt(0).tolist())

# %% [markdown]
# Positions are counted from 0. It is the GRU that makes sure of this: it reads from left to right, so $h_t$ contains no later word. Attention reads only
# the source. A decoder without a GRU needs another protection, and the Transformer has a mask for it.

# %% [markdown]
# ### Exercise 8.3: The wrong translations by heart
#
# Give every French sentence the English of another one, and let a network learn these pairs. Does it succeed? What does this
# tell you about the test with three sentences?

# %% [markdown]
# ### Solution to exercise 8.3

# %% tags=["solution", "nbval-check-output"]
swapped = Batch.of(src, Encoded.encode(TARGETS[1:] + TARGETS[:1], tgt_vocabulary), np.arange(len(SOURCES)))
model = network("luong")
optimiser = torch.optim.Adam(model.parameters(), LEARNING_RATE)
for _ in range(STEPS):
    loss = model.loss(swapped)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
print(f"learned: {loss.item() < 0.1}; {right_translations(model)} of {len(SOURCES)} right")

# %% [markdown]
# It learns them just as well, and then translates no sentence right. So the test shows that a network *can* learn, and says nothing about the
# data. To find pairs that do not belong together, you have to look at them.

# %% [markdown]
# ## What to read next
#
# [Training](09_training.ipynb) trains what you have built, on more than three sentences.
