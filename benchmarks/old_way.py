"""The 2017 way in our own code: the program of a reader who follows the old notebook's pattern.

It computes the same as the package, which is checked before timing, but in the way code was written then:
attention energies one number at a time, the decoder word by word, logits put one after another into a large tensor, the
loss over padding too, Adam as a loop over tensors, text one sentence and one pattern at a time.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.vocabulary import EOS, PAD
from s2s_tutorial.model.decoder import Memory
from s2s_tutorial.model.loss import masked_cross_entropy
from s2s_tutorial.model.seq2seq import Seq2Seq, shift_right
from s2s_tutorial.settings import Settings

# One training step


class OldEncoder(nn.Module):
    """Embedding and one multi-layer GRU on packed sequences, time first."""

    def __init__(self, model: Seq2Seq) -> None:
        super().__init__()
        settings = model.settings
        self.dropout, self.layers = settings.dropout, settings.num_layers
        self.embedding = nn.Embedding(*model.encoder.embedding.weight.shape, padding_idx=PAD)
        self.embedding.load_state_dict(model.encoder.embedding.state_dict())
        self.gru = _stacked(model.encoder.layers, settings.embedding_size, settings.dropout, bidirectional=True)

    def forward(self, src_ids: Tensor, src_lengths: Tensor) -> tuple[Tensor, Tensor]:
        embedded = F.dropout(self.embedding(src_ids.T), self.dropout, self.training)  # (S, B, E)
        packed = pack_padded_sequence(embedded, src_lengths, enforce_sorted=False)
        outputs, last = self.gru(packed)
        outputs, _ = pad_packed_sequence(outputs)  # (S, B, 2H)
        forward, backward = outputs.chunk(2, dim=2)
        return forward + backward, last.view(self.layers, 2, *last.shape[1:]).sum(dim=1)


class OldDecoder(nn.Module):
    """A decoder for one word at a time: embedding, GRU, attention ("dot") number by number, output layer."""

    def __init__(self, model: Seq2Seq) -> None:
        super().__init__()
        settings, decoder = model.settings, model.decoder
        if (settings.decoder, settings.attention, settings.input_feeding) != ("luong", "dot", False):
            raise ValueError("the old way is written for a Luong decoder with dot scores")
        self.dropout = settings.dropout
        self.embedding = nn.Embedding(*decoder.embedding.weight.shape, padding_idx=PAD)
        self.embedding.load_state_dict(decoder.embedding.state_dict())
        self.gru = _stacked(decoder.layers, settings.embedding_size, settings.dropout, bidirectional=False)
        self.combine = nn.Linear(2 * settings.hidden_size, settings.hidden_size, bias=False)
        self.combine.load_state_dict(decoder.combine.state_dict())
        self.output = nn.Linear(settings.hidden_size, len(decoder.output_bias))
        with torch.no_grad():
            self.output.weight.copy_(decoder.output_weight)
            self.output.bias.copy_(decoder.output_bias)

    def forward(self, words: Tensor, states: Tensor, enc_states: Tensor, src_lengths: Tensor) -> tuple[Tensor, Tensor]:
        embedded = F.dropout(self.embedding(words), self.dropout, self.training)
        output, states = self.gru(embedded[None], states)
        query = output[0]  # (B, H)
        longest, batch, _ = enc_states.shape
        energies = torch.zeros(batch, longest)
        for row in range(batch):
            for place in range(longest):
                energies[row, place] = query[row].dot(enc_states[place, row])
        padding = (
            torch.arange(longest) >= src_lengths[:, None]
        )  # left out in 2017; needed here, because the losses would differ otherwise
        weights = energies.masked_fill(padding, -torch.inf).softmax(dim=1)
        context = torch.bmm(weights[:, None], enc_states.transpose(0, 1))[:, 0]
        return self.output(torch.tanh(self.combine(torch.cat([context, query], dim=1)))), states


def _stacked(layers: nn.ModuleList, input_size: int, dropout: float, bidirectional: bool) -> nn.GRU:
    """Return one `nn.GRU` of several layers with the weights of the package's single layers."""
    hidden = layers[0].hidden_size
    rate = dropout if len(layers) > 1 else 0.0
    gru = nn.GRU(input_size, hidden, len(layers), dropout=rate, bidirectional=bidirectional)
    with torch.no_grad():
        for number, layer in enumerate(layers):
            for name, weight in layer.named_parameters():
                getattr(gru, name.replace("_l0", f"_l{number}")).copy_(weight)
    return gru


class OldTrainer:
    """Model, two optimisers and a training step.

    Args:
        model: Model whose weights are copied; it is not changed.
        settings: Settings of the training.
    """

    def __init__(self, model: Seq2Seq, settings: Settings) -> None:
        self.encoder, self.decoder = OldEncoder(model), OldDecoder(model)
        self.clip_norm = settings.training.clip_norm
        rate, ratio = settings.training.learning_rate, settings.training.decoder_learning_ratio
        self.optimisers = [
            torch.optim.Adam(part.parameters(), lr=speed, foreach=False, fused=False)
            for part, speed in ((self.encoder, rate), (self.decoder, rate * ratio))
        ]

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean cross-entropy over real words."""
        enc_states, states = self.encoder(batch.src_ids, batch.src_lengths)
        rows, length = batch.tgt_ids.shape
        prev_ids = shift_right(batch.tgt_ids)
        all_logits = torch.zeros(length, rows, self.decoder.output.out_features)
        for place in range(length):
            logits, states = self.decoder(prev_ids[:, place], states, enc_states, batch.src_lengths)
            all_logits[place] = logits
        flat = F.log_softmax(all_logits.transpose(0, 1).contiguous().view(rows * length, -1), dim=1)
        losses = -flat.gather(1, batch.tgt_ids.reshape(-1, 1)).view(rows, length)
        mask = batch.tgt_mask.float()
        return (losses * mask).sum() / mask.sum()

    def train_step(self, batch: Batch) -> float:
        """Take one step of both optimisers."""
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        loss = self.loss(batch)
        loss.backward()
        for part in (self.encoder, self.decoder):
            torch.nn.utils.clip_grad_norm_(part.parameters(), self.clip_norm, foreach=False)
        for optimiser in self.optimisers:
            optimiser.step()
        return loss.item()


def plain_bahdanau_loss(model: Seq2Seq, batch: Batch, label_smoothing: float) -> Tensor:
    """Return the loss of a Bahdanau decoder in its usual form: keys at every step, logits by assignment."""
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    decoder, prev_ids = model.decoder, shift_right(batch.tgt_ids)
    all_logits = torch.zeros(*prev_ids.shape, len(decoder.output_bias))
    for place in range(prev_ids.shape[1]):
        word = decoder.dropout(decoder.embedding(prev_ids[:, place]))
        keys = decoder.attention.keys(memory.enc_states)
        attn_state, state, _ = decoder.advance(word, Memory(memory.enc_states, keys, memory.src_mask), state)
        all_logits[:, place] = decoder.logits(attn_state)
    return masked_cross_entropy(all_logits, batch.tgt_ids, batch.tgt_mask, label_smoothing)


# Preparing sentence pairs

_LETTERS_AND_MARKS = re.compile(r"[^a-z,.!?]+")
_MARK = re.compile(r"([,.!?])")
_SPACES = re.compile(r"\s+")


def normalise_one(sentence: str) -> str:
    """Normalise one sentence: its characters in a loop, then one pattern after another."""
    text = sentence.lower().replace("œ", "oe").replace("æ", "ae")  # a space in 2017
    text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    text = _MARK.sub(r" \1 ", text)
    text = _LETTERS_AND_MARKS.sub(" ", text)
    return _SPACES.sub(" ", text).strip()


class OldVocabulary:
    """A map from words to ids that grows word by word."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.counts: dict[str, int] = {}

    def add_sentence(self, sentence: str) -> None:
        for word in sentence.split(" "):
            if word not in self.ids:
                self.ids[word] = len(self.ids) + 4  # after the special words
                self.counts[word] = 1
            else:
                self.counts[word] += 1

    def trim(self, least: int) -> None:
        kept = [word for word, count in self.counts.items() if count >= least]
        self.ids = {word: number for number, word in enumerate(kept, start=4)}


def prepare_one_by_one(path: Path, shortest: int, longest: int, least: int) -> list[tuple[list[int], list[int]]]:
    """Read, normalise, filter, count and encode pairs, each in a loop over sentences."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".txt") and not name.startswith("_"))
            text = archive.read(name).decode("utf-8")
    else:
        text = path.read_text(encoding="utf-8")
    pairs = []
    for line in text.strip().split("\n"):
        english, french = [normalise_one(side) for side in line.split("\t")[:2]]
        pairs.append((french, english))
    pairs = [pair for pair in pairs if all(shortest <= len(side) <= longest for side in pair)]
    vocabularies = (OldVocabulary(), OldVocabulary())
    for pair in pairs:
        for vocabulary, side in zip(vocabularies, pair, strict=True):
            vocabulary.add_sentence(side)
    for vocabulary in vocabularies:
        vocabulary.trim(least)
    kept = []
    for pair in pairs:
        known = True
        for vocabulary, side in zip(vocabularies, pair, strict=True):
            for word in side.split(" "):
                if word not in vocabulary.ids:
                    known = False
                    break
        if known:
            kept.append(pair)
    return [
        tuple([vocabulary.ids[word] for word in side.split(" ")] + [EOS] for vocabulary, side in
              zip(vocabularies, pair, strict=True))
        for pair in kept
    ]  # fmt: skip
