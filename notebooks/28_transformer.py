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
# # The Transformer
#
# [Attention without recurrence](27_attention_without_recurrence.ipynb) has given us attention that can read a sentence and
# write one. One such layer is not enough for translation, and a stack of many cannot be trained as it is. In this chapter
# we build the rest of the network of [Vaswani et al. (2017)](https://arxiv.org/abs/1706.03762): a small network at every
# word, a path that goes around each part, and a normalisation. For each of them we look at the problem, then at the
# remedy, and measure what happens without it. Then we train the whole network, and find out why a Transformer needs small
# steps at first.
#
# > **What you will be able to do**
# >
# > - draw a Transformer from memory, with the shape of every result, and count its parameters
# > - explain what residual connections and layer normalisation do, and recognise what goes wrong without each
# > - tell pre-norm from post-norm, and say what the place of the normalisation changes
# > - train a Transformer with the package, and choose a warm-up by measuring it
#
# The chapter trains six small networks on the built-in corpus. At `small` this takes a few seconds, at `standard` about six
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
from contextlib import ExitStack
from dataclasses import replace
from unittest import mock

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.model import transformer
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters
from s2s_tutorial.model.transformer import DecoderLayer, EncoderLayer, FeedForward, add_positions
from s2s_tutorial.notebook.show import check_shape, show_drawing, show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale, with_transformer
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.training.optimiser import learning_rate_factor
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import evaluate

scale = load_scale()  # S2S_SCALE: small, standard or large
# Pairs that the grammar writes, size of a state, layers, and epochs of the six networks:
PAIRS, SIZE, LAYERS, EPOCHS = (1_500, 32, 2, 1) if scale.name == "small" else (16_000, 64, 3, 5)
DEEP = 12  # layers of the network that is measured before training
BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"

# %% [markdown]
# ## The whole network
#
# Let us begin with a map of the whole (Figure 28.1). Follow « le chat noir » down the left side, and "the black cat" down
# the right side. You know the green boxes already: they are the attention of chapter 27. In *cross-attention*, the queries
# come from the decoder, and keys and values from the encoder. New are the box *feed-forward*, the box *LayerNorm*, and the
# lines that go around.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two columns. Left, the encoder: ids of le chat noir and the end mark, embedding plus positions, then L layers of LayerNorm, self-attention, LayerNorm and feed-forward, with a path around each pair that is added again, then LayerNorm and the encoder states. Right, the decoder: the same with three parts in each layer, masked self-attention, cross-attention that takes keys and values from the encoder states, and feed-forward; then LayerNorm and the output layer. Shapes stand beside the boxes."}}
show_drawing("transformer")

# %% [markdown]
# **Figure 28.1.** A Transformer with the shape of every result. Everything inside a dashed frame is repeated $L$ times,
# with weights of its own each time. $B$ sentences, $S$ source and $T$ target words, $H$ values in a state, $N$ heads,
# $F$ values inside the feed-forward network, $V$ target words.

# %% [markdown]
# A drawing can be wrong, so let us compare it with the code. We build a small network, attach a function to each of its
# parts that notes the shape of the result, and run a batch of two sentence pairs through it.

# %% tags=["nbval-check-output"]
B, S, T, H, N, F, V = 2, 4, 5, 16, 2, 32, 30
tiny = ModelSettings(
    network="transformer", embedding_size=H, hidden_size=H, num_layers=1, num_heads=N, feed_forward_size=F
)
torch.manual_seed(19)
model = Seq2Seq(tiny, src_vocabulary_size=20, tgt_vocabulary_size=V).eval()
ids = torch.randint(4, 20, (B, S + T))
batch = Batch(ids[:, :S], torch.full((B,), S), ids[:, S:], torch.full((B,), T))


def note(name):
    """A hook that prints the shape of a part's result."""
    return lambda part, given, result: print(
        f"{name:34} {tuple((result[0] if isinstance(result, tuple) else result).shape)}"
    )


shown = [(name, part) for name, part in model.named_modules() if name.count(".") == 3 or name.endswith("embedding")]
hooks = [part.register_forward_hook(note(name)) for name, part in shown if "dropout" not in name]
output = model(batch)
for hook in hooks:
    hook.remove()
check_shape(model.decoder.logits(output.attn_states), (B, T, V))

# %% [markdown]
# The parts come in the order of the drawing. Each layer reads (B, S, H) and returns (B, S, H), which is why layers are
# easy to stack.
#
# ## A small network at every word
#
# Attention returns a weighted mean of values. Apart from the weights, this is a linear operation, and a mean of means is
# again a mean. If a network is to compute "a noun, in the plural, and negated", then something has to work on what a word
# has gathered. This is the feed-forward network:
#
# $$
# \mathrm{FFN}(x) = \max(0,\ x W_1 + b_1)\, W_2 + b_2
# \tag{28.1}
# $$
#
# It widens a state to $F$ values, sets negative ones to 0, and returns to $H$ values. It does this for each word on its
# own, with the same weights. So in each layer the words first exchange information, and then each state is processed
# separately.

# %%
show_source(FeedForward)

# %% [markdown]
# > **Guess first**
# >
# > Where are most parameters of an encoder layer, in the attention or in the feed-forward network? Count them for $H = 64$
# > and $F = 128$: the attention has four matrices $H \times H$ and four biases, and the feed-forward network has $W_1$,
# > $b_1$, $W_2$ and $b_2$. And what is the share with $F = 4H$, which the paper uses?

# %% tags=["nbval-check-output"]
for inner in (128, 256):
    layer = EncoderLayer(replace(tiny, embedding_size=64, hidden_size=64, num_heads=4, feed_forward_size=inner))
    parts = {"attention": layer.self_attention, "feed-forward": layer.feed_forward, "LayerNorm": layer.norm_attention}
    counts = {name: count_parameters(part) for name, part in parts.items()}
    print(f"F = {inner}:", ", ".join(f"{name} {count:,}" for name, count in counts.items()))
assert counts["attention"] == 4 * 64 * 64 + 4 * 64
assert counts["feed-forward"] == 2 * 64 * 256 + 256 + 64

# %% [markdown]
# With $F = 2H$ both have about as many, and with $F = 4H$ two thirds of a layer are in the feed-forward network. The paper
# is called *Attention is all you need*, but most numbers of such a layer are elsewhere.
#
# ## Residuals: keep what you have
#
# When we stack layers, the first problem appears. Take three words whose states are single numbers: 0, 3 and 6. An
# attention that has learned nothing yet has nearly equal weights. Let each word give itself 0.4, and the two others 0.3
# each. Compute the three new states with a pencil, and then what a second layer makes of them.

# %% tags=["nbval-check-output"]
mixing = torch.tensor([[0.4, 0.3, 0.3], [0.3, 0.4, 0.3], [0.3, 0.3, 0.4]])
values = torch.tensor([0.0, 3.0, 6.0])
for layer_number in range(4):
    print(f"after {layer_number} layers:", " ".join(f"{value:6.3f}" for value in values.tolist()))
    values = mixing @ values

# %% [markdown]
# After three layers, the three words cannot be told apart. Each mixing leaves a tenth of the differences, because a mean
# lies between the values that it is computed from. No later layer can bring back what has been lost.
#
# The remedy is to *add* the result to the state instead of replacing it:
#
# $$
# x' = x + \mathrm{sublayer}(x)
# \tag{28.2}
# $$
#
# This is called a [residual connection](../book/glossary.md). With (28.2), the three words become 2.7, 6 and 9.3 after one
# layer, so their differences stay. A layer now computes only the change of a state, and it can return zeros where nothing
# should change. The gradient profits as well: the slope of (28.2) is $1 + \mathrm{sublayer}'(x)$, so the
# gradient passes back through the 1 even where the second term is small.
#
# ## Normalisation: keep it at one size
#
# The remedy causes the second problem: we add something in each sublayer, so states grow. If $x$ and the result have the
# variance 1 and are independent, then the sum has variance 2. The next sublayer, which reads a larger state, returns a
# larger result, and after 24 sublayers the variance is $2^{24}$, about 17 million.
#
# [Layer normalisation](../book/glossary.md) ([Ba et al., 2016](https://arxiv.org/abs/1607.06450)) stops this. It subtracts
# the mean of the $H$ numbers of a state, and divides by their standard deviation. Then two learned vectors, $\gamma$ and
# $\beta$, give each number a scale and an offset:
#
# $$
# \mathrm{LayerNorm}(x) = \gamma \cdot \frac{x - \mathrm{mean}(x)}{\sqrt{\mathrm{var}(x) + \epsilon}} + \beta
# \tag{28.3}
# $$
#
# Normalise the state (1, 3, 5, 7) with your pencil. Its mean is 4 and its variance is 5. What becomes of (10, 30, 50, 70)?

# %% tags=["nbval-check-output"]
for state in ([1.0, 3.0, 5.0, 7.0], [10.0, 30.0, 50.0, 70.0]):
    normed = nn.LayerNorm(4)(torch.tensor(state))
    print(state, "->", [round(value, 2) for value in normed.tolist()])

# %% [markdown]
# Both give the same result, so a sublayer that reads a normalised state does not notice how large the state has become. In
# the package, the normalisation comes first in each sublayer: $x + \mathrm{sublayer}(\mathrm{LayerNorm}(x))$. Here is a
# whole encoder layer:

# %%
show_source(EncoderLayer.forward)

# %% [markdown]
# ### Break it before training
#
# We can see both problems without any training. We send random states of twelve words through a stack of untrained encoder
# layers, and measure two things after each layer: how different the states of the twelve words are, as a share of their
# size, and how large the states are. We do it with complete layers, with layers that do not add, and with layers that do
# not normalise.


# %%
class NoResidualEncoderLayer(EncoderLayer):
    """An encoder layer whose sublayers replace the states instead of adding to them."""

    def forward(self, states, src_mask):
        normed = self.norm_attention(states)  # (B, S, H)
        states, _ = self.self_attention(normed, *self.self_attention.keys_and_values(normed), src_mask)
        return self.feed_forward(self.norm_feed_forward(self.dropout(states)))


def no_norm(size):
    """A part that returns its input, in place of a LayerNorm."""
    return nn.Identity()


def through(layer_class, norm):
    """Difference between words, and size of the states, after each of `DEEP` untrained layers."""
    torch.manual_seed(19)
    sizes = replace(tiny, embedding_size=64, hidden_size=64, num_heads=4, feed_forward_size=128)
    states, mask = torch.randn(8, 12, 64), torch.ones(8, 12, dtype=torch.bool)  # 8 sentences of 12 words
    found = []
    with mock.patch.object(transformer.nn, "LayerNorm", norm), torch.no_grad():
        for layer in [layer_class(sizes).eval() for _ in range(DEEP)]:
            states = layer(states, mask)
            size_now = states.std().item()
            found.append((states.std(dim=1).mean().item() / size_now, size_now))
    return np.array(found)  # (DEEP, 2)


deep = {
    "complete": through(EncoderLayer, nn.LayerNorm),
    "no residuals": through(NoResidualEncoderLayer, nn.LayerNorm),
    "no normalisation": through(EncoderLayer, no_norm),
}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the number of layers, 1 to 12. Left, the difference between words: the complete network falls slowly, the one without normalisation faster, and the one without residuals drops to 0 within three layers. Right, the size of the states on a logarithmic scale: without normalisation it rises steeply along a straight line, the two others stay below 4."}}
figure = Figure(figsize=(8.4, 3.3), layout="constrained")
left, right = figure.subplots(1, 2)
for (name, curve), style in zip(deep.items(), (("o-", BLUE), ("s--", ORANGE), ("^:", GREEN)), strict=True):
    for axes, part in ((left, 0), (right, 1)):
        axes.plot(range(1, DEEP + 1), curve[:, part], style[0], color=style[1], label=name)
left.set(title="difference between the words", xlabel="layers", ylim=(0, None))
right.set(title="size of the states", xlabel="layers", yscale="log")
left.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 28.2.** Without residuals, all words of a sentence have the same state after three layers (left). Without
# normalisation, states grow with each layer (right). All of this is before any training.

# %% tags=["hide-input"]
show_text(
    f"After {DEEP} layers, the words of a sentence differ by **{deep['complete'][-1, 0]:.0%}** of their size in the complete "
    f"network, and by **{deep['no residuals'][-1, 0]:.1%}** without residuals. The states have grown to the size "
    f"**{deep['complete'][-1, 1]:.1f}**, and to **{deep['no normalisation'][-1, 1]:,.0f}** without normalisation."
)

# %% [markdown]
# Without residuals, the difference between the words falls as fast as in our example. Without normalisation, the states
# grow more slowly than our estimate of $2^{24}$, a size of 4,096, because averaging makes states smaller. [Dong et al.
# (2021)](https://arxiv.org/abs/2103.03404) prove that attention alone, without residuals and feed-forward networks, must
# end like this.
#
# ## Before or after?
#
# Our layers normalise what a sublayer *reads*, which is called [pre-norm](../book/glossary.md). Vaswani et al. normalised
# the *sum*, $\mathrm{LayerNorm}(x + \mathrm{sublayer}(x))$, which is called post-norm. The difference looks small, but
# with post-norm no path through the stack leaves the states as they are, because each sum passes through a normalisation.
#
# [Xiong et al. (2020)](https://arxiv.org/abs/2002.04745) computed what follows for the first steps of training. With
# post-norm, the gradients of the layers near the output are large, so a large first step does damage. The usual cure is a
# [warm-up](../book/glossary.md): the learning rate starts near 0 and rises. With pre-norm, gradients are smaller the more
# layers there are, and the authors could train without a warm-up.
#
# The package is pre-norm, so we write the other form here. Compare it with `EncoderLayer.forward` above, and find the three
# places that have changed.


# %%
class PostNormEncoderLayer(EncoderLayer):
    """An encoder layer as in the paper of 2017."""

    def forward(self, states, src_mask):
        looked, _ = self.self_attention(states, *self.self_attention.keys_and_values(states), src_mask)  # (B, S, H)
        states = self.norm_attention(states + self.dropout(looked))
        return self.norm_feed_forward(states + self.dropout(self.feed_forward(states)))


# %% [markdown]
# A decoder layer has three sublayers, and so it is longer. Its parameter `past` has the keys and values of earlier
# positions. In training it is empty, and in a search it saves computing them again for every new word.

# %%
show_source(DecoderLayer.forward)


# %% [markdown]
# We need this layer twice more, for our experiments: once without residuals and once with post-norm. The folded cell has
# both. `NoResidualDecoderLayer` computes the three sublayers as above, and leaves it to two methods what a sublayer
# reads and how its result is joined to the states. `PostNormDecoderLayer` differs from it in these two methods alone.


# %% tags=["hide-input"]
class NoResidualDecoderLayer(DecoderLayer):
    """A decoder layer whose sublayers replace the states."""

    def before(self, norm, states):
        return norm(states)

    def join(self, norm, states, result):
        return self.dropout(result)

    def forward(self, states, past, source, src_mask, need_weights, out=None):
        asking = self.before(self.norm_self, states)  # (R, T, H)
        new = torch.cat(self.self_attention.keys_and_values(asking), dim=-1)  # (R, T, 2H)
        past = torch.cat([past, new], dim=1, out=out)  # (R, P + T, 2H)
        mask = transformer.causal_mask(past.shape[1], states.device)[:, -states.shape[1] :]
        states = self.join(self.norm_self, states, self.self_attention(asking, *past.chunk(2, dim=-1), mask)[0])
        asking = self.before(self.norm_cross, states).view(len(src_mask), -1, states.shape[-1])  # (B, K·T, H)
        looked, weights = self.cross_attention(asking, *source, src_mask, need_weights)
        states = self.join(self.norm_cross, states, looked.view_as(states))
        thought = self.feed_forward(self.before(self.norm_feed_forward, states))
        return self.join(self.norm_feed_forward, states, thought), past, weights


class PostNormDecoderLayer(NoResidualDecoderLayer):
    """A decoder layer as in the paper of 2017."""

    def before(self, norm, states):
        return states

    def join(self, norm, states, result):
        return norm(states + self.dropout(result))


# %% [markdown]
# ## Training it
#
# To train a Transformer with this package, you set `network="transformer"`, or `--network transformer` on the command
# line. Data, loss, optimiser, search and evaluation are the same for both networks. `with_transformer` takes the settings
# of a recurrent network and returns those of a Transformer with about as many parameters:

# %%
show_source(with_transformer)

# %% [markdown]
# The last lines need an explanation. The paper uses the following rate at step $n$, with $w$ steps of warm-up:
#
# $$
# \mathrm{rate} = H^{-1/2} \cdot \min(n^{-1/2},\ n\, w^{-3/2})
# \tag{28.4}
# $$
#
# It rises in a straight line until step $w$, and then falls with the root of $n$. Our trainer has a straight line too,
# and falls along a half cosine. The share of all steps in which it rises is the setting `warmup`. The recurrent networks
# of this book use 0.1, whereas `with_transformer` asks for 0.5. To see whether that is needed, we train six networks for
# the same number of steps: the four combinations of pre-norm and post-norm with and without warm-up, and the two broken
# ones with the warm-up. `NETWORKS` below names the layers, the normalisation and the warm-up of each. For the training,
# `mock.patch` puts them in place of the package's own.
#
# > **Guess first**
# >
# > Which of the six networks learns nothing, and which one is the best? And does the warm-up matter more with pre-norm or
# > with post-norm?

# %%
small = PRESETS["small"]
base = replace(
    small,
    name=f"transformer-{scale.name}",
    data=replace(small.data, sample_pairs=PAIRS, unit="words", max_length=8),
    model=replace(tiny, embedding_size=SIZE, hidden_size=SIZE, num_layers=LAYERS, num_heads=4,
                  feed_forward_size=2 * SIZE, dropout=0.1),
    training=replace(small.training, epochs=EPOCHS, patience=EPOCHS, batch_size=64, warmup=0.5, decay=0.5,
                     learning_rate=0.04 / SIZE**0.5),
)  # fmt: skip
POST = {"EncoderLayer": PostNormEncoderLayer, "DecoderLayer": PostNormDecoderLayer}
BARE = {"EncoderLayer": NoResidualEncoderLayer, "DecoderLayer": NoResidualDecoderLayer}
PLAIN = {"EncoderLayer": EncoderLayer, "DecoderLayer": DecoderLayer}
# Layers, normalisation, and warm-up of each network:
NETWORKS = {
    "pre-norm, warm-up": (PLAIN, nn.LayerNorm, 0.5),
    "pre-norm, no warm-up": (PLAIN, nn.LayerNorm, 0.0),
    "post-norm, warm-up": (POST, nn.LayerNorm, 0.5),
    "post-norm, no warm-up": (POST, nn.LayerNorm, 0.0),
    "no residuals": (BARE, nn.LayerNorm, 0.5),
    "no normalisation": (PLAIN, no_norm, 0.5),
}
corpus = prepare(base.data)
print(f"{len(corpus.train):,} training pairs, {len(corpus.test):,} test sentences")

# %% tags=["hide-input"]
losses, bleu, first_norms = {}, {}, {}
for name, (layers, norm, warmup) in NETWORKS.items():
    its = replace(
        base,
        name=f"{base.name}-{name.replace(', ', '-').replace(' ', '-')}",
        training=replace(base.training, warmup=warmup, decay=1 - warmup),
    )
    show_text(f"{name}:")
    with ExitStack() as patches:
        patches.enter_context(mock.patch.multiple(transformer, **layers))
        patches.enter_context(mock.patch.object(transformer.nn, "LayerNorm", norm))
        trainer = Trainer(corpus, its, folder_for(its), watchers=[LiveLine()])
        trainer.fit()
        bleu[name] = evaluate(trainer.translator, corpus.test)[0]
    steps = [line for line in read_record(trainer.run.record_path) if line["kind"] == "step"]
    losses[name] = [line["loss"] for line in steps]
    first_norms[name] = steps[0]["decoder_norm"]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Six curves of training loss over steps. The two pre-norm networks fall lowest. The curve of the network without residuals flattens between 4 and 5. The one without normalisation enters the picture from above after about 120 steps."}}
figure = Figure(figsize=(7.6, 3.8), layout="constrained")
axes = figure.add_subplot()
STYLES = [("-", BLUE), ("--", BLUE), ("-", ORANGE), ("--", ORANGE), ("-.", GREY), (":", GREEN)]
for (name, curve), (line, colour) in zip(losses.items(), STYLES, strict=True):
    window = max(len(curve) // 25, 1)
    smooth = np.convolve(curve, np.ones(window) / window, mode="valid")
    axes.plot(np.arange(len(smooth)) + window, smooth, line, color=colour, label=name, lw=1.8)
axes.set(xlabel="step", ylabel="training loss", ylim=(1, 8))
axes.legend(frameon=False, fontsize=9)
show_figure(figure)

# %% [markdown]
# **Figure 28.3.** Training loss of the six networks, as a running mean. Solid and dashed lines of one colour differ only in
# the warm-up. At `standard`, the network without normalisation begins at a loss above 80, outside the picture.

# %% tags=["hide-input"]
show_table(
    ["network", "gradient norm, first step", "loss, last 20 steps", "BLEU", "95% interval"],
    [
        [
            name,
            f"{first_norms[name]:.3g}",
            float(np.mean(losses[name][-20:])),
            f"{its.bleu:.1f}",
            f"{its.bleu_low:.1f} to {its.bleu_high:.1f}",
        ]
        for name, its in bleu.items()
    ],
)
gain = {kind: bleu[f"{kind}, warm-up"].bleu - bleu[f"{kind}, no warm-up"].bleu for kind in ("pre-norm", "post-norm")}
best = max(bleu, key=lambda name: bleu[name].bleu)
show_text(
    f"The best network is **{best}**. The warm-up changes BLEU by **{gain['pre-norm']:+.1f}** with pre-norm and by "
    f"**{gain['post-norm']:+.1f}** with post-norm. Without residuals, BLEU is **{bleu['no residuals'].bleu:.1f}**, and without "
    f"normalisation **{bleu['no normalisation'].bleu:.1f}**."
)

# %% [markdown]
# Without residuals the network learns nothing: its loss stops falling when it knows how frequent each word is, because the
# encoder gives it the same state for every word of the source. Without normalisation it does learn, but slowly. The norm
# of its first gradient is more than a hundred times as large as that of the complete network, and far above the norm of 5 at
# which our trainer clips gradients.
#
# The warm-up matters for both forms, perhaps more than you guessed. The comparison is fair, since both schedules have the
# same mean rate over the run, half of the highest one. They differ in where the large steps are. Without a warm-up they
# come first, when the states mean nothing yet, and the rest of the run does not recover from them. In ratio, post-norm
# suffers more, as the theory says. But pre-norm needs a warm-up here too: without one it would need a lower rate, and our
# runs are too short for that.
#
# Be careful with the order of pre-norm and post-norm. All six networks have the same highest rate, which was chosen for
# pre-norm. Post-norm might be better with another one, and with a few hundred steps we measure which network learns quickly.
#
# ### The learning rate at each step
#
# Here are the warm-ups in numbers, as shares of the highest rate over a run of 100 steps:

# %% tags=["nbval-check-output"]
for warmup in (0.0, 0.1, 0.5):
    at = [learning_rate_factor(step, 100, warmup, 1 - warmup) for step in (0, 10, 50, 90)]
    print(f"warm-up {warmup}: steps 0, 10, 50, 90:", " ".join(f"{factor:.2f}" for factor in at))

# %% [markdown]
# ## Recap
#
# - A Transformer is a stack of layers that read and return states of size $H$. In an encoder layer, words exchange something
#   by self-attention, and then each of them goes through a feed-forward network. A decoder layer also attends to the source.
# - Residual connections add the result of each sublayer to the state. Without them, the words of a sentence become the same
#   after a few layers, and nothing can be learned.
# - Layer normalisation gives each sublayer a state of a known size. Without it, states grow from layer to layer.
# - Pre-norm normalises what a sublayer reads, and post-norm the sum. A warm-up lets the first steps be small.
# - Data, loss, search and evaluation are those of the recurrent network.
#
# ## Exercises

# %% [markdown]
# ### Exercise 28.1: The base model of the paper
#
# The base model of the paper has $H = 512$, $F = 2048$, 8 heads, 6 layers in encoder and decoder, and one embedding of about
# 37,000 pieces that encoder, decoder and output layer share. The paper gives about 65 million parameters. Count them with a
# pencil, and check your count of the layers with the package. How many are in the embedding?

# %% [markdown]
# ### Solution to exercise 28.1

# %% tags=["solution", "nbval-check-output"]
paper = ModelSettings(
    network="transformer", embedding_size=512, hidden_size=512, num_layers=6, num_heads=8, feed_forward_size=2048
)
with torch.device("meta"):  # counts need no memory
    encoder_part, decoder_part = EncoderLayer(paper), DecoderLayer(paper)
layers = 6 * (count_parameters(encoder_part) + count_parameters(decoder_part))
attention, feed_forward, norm = 4 * 512**2 + 4 * 512, 2 * 512 * 2048 + 2048 + 512, 2 * 512
assert layers == 6 * (3 * attention + 2 * feed_forward + 5 * norm)
print(f"layers {layers / 1e6:.1f} million, embedding {37_000 * 512 / 1e6:.1f} million")

# %% [markdown]
# An encoder layer has one attention, one feed-forward network and two normalisations, and a decoder layer has two, one and
# three. Together with the embedding we get 63 million, close to the 65 million of the paper, whose vocabulary we know only
# roughly. Almost a third of a model of this size is its list of words.

# %% [markdown]
# ### Exercise 28.2: Why embeddings are multiplied
#
# `add_positions` multiplies embeddings by $\sqrt H$ before it adds the positions, as you can see with `show_source`. How
# large are the values of an embedding at the beginning, compared with those of a position, with and without the factor? What
# would be lost without it?

# %% [markdown]
# ### Solution to exercise 28.2

# %% tags=["solution"]
show_source(add_positions)
for size in (64, 512):
    torch.manual_seed(19)
    its = replace(tiny, embedding_size=size, hidden_size=size)
    words = Seq2Seq(its, 100, 100).encoder.embedding.weight[1:].std().item()
    positions = transformer.sinusoids(torch.arange(20), size).pow(2).mean().sqrt().item()
    print(f"H = {size}: embedding {words:.2f}, times √H {words * size**0.5:.2f}, position {positions:.2f}")

# %% [markdown]
# Embeddings start small, with a standard deviation of $1 / \sqrt H$, because they may also be the weights of the output
# layer. Positions have the size 0.7 whatever $H$ is. So without the factor, a state at the first layer would consist mostly
# of its position, and the network would have to learn larger embeddings before it could see the words.

# %% [markdown]
# ### Exercise 28.3: One word at a time
#
# In training, the decoder computes all positions at once, and in a search one at a time with the keys and values that it has
# kept. Show that both give the same states, and say why the causal mask is the reason.

# %% [markdown]
# ### Solution to exercise 28.3

# %% tags=["solution"]
prev_ids = torch.tensor([[1, 8, 9, 10]])
with torch.no_grad():
    memory, state = model.encode(torch.tensor([[5, 6, 7]]), torch.ones(1, 3, dtype=torch.bool))
    at_once = model.decoder(prev_ids, memory, state).attn_states  # (1, 4, H)
    for position in range(prev_ids.shape[1]):
        attn_state, state, _ = model.decoder.read(prev_ids[:, position], memory, state)
        torch.testing.assert_close(attn_state, at_once[:, position])
print("kept keys and values of each layer:", tuple(state.dec_state.shape), "(L, B, T, 2H)")

# %% [markdown]
# With the causal mask, a state does not depend on later positions. So the keys and values of a position stay the same when
# more words come, and can be kept. Without the mask, each new word would change all states before it.

# %% [markdown]
# ## What to read next
#
# [Recurrent or not](29_recurrent_or_not.ipynb) compares this network with the recurrent one and measures both with the same
# care. For the place of the normalisation, read section 3 of [Xiong et al. (2020)](https://arxiv.org/abs/2002.04745).
