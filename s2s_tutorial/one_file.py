"""A translator in one file: data, network, training and translation, with nothing but PyTorch.

    python -m s2s_tutorial.one_file              learn French sentences that this file makes up, in half a minute
    python -m s2s_tutorial.one_file pairs.tsv    learn your own: two columns, the language to translate into first

Read it from top to bottom: each part uses only the parts above it, and they come in the order of the book's chapters. The
network is the package's default without dropout: an encoder and a decoder of one GRU layer each, and Luong's "general"
attention. A test copies the weights of one into the other and checks that both compute the same loss and choose the same
words. The package adds what a real project needs: other networks, faster forms, runs that resume, and measured quality.

Sizes in the comments: B sentences, S source words, T target words, H values in an embedding or state, V words in a vocabulary.
"""

import itertools
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# 1. Sentences ---------------------------------------------------------------------------------------------------------------
#
# French and English differ in ways that make word-by-word translation fail: most French adjectives follow the noun and agree
# with its gender, and « ne … pas » around the verb becomes "does not" in front of it.

# fmt: off
NOUNS = [("le chat", "cat"), ("le chien", "dog"), ("le lapin", "rabbit"), ("le loup", "wolf"),
         ("la souris", "mouse"), ("la vache", "cow"), ("la poule", "hen"), ("la fille", "girl")]
BEFORE = [("petit", "petite", "little"), ("gros", "grosse", "big"), ("jeune", "jeune", "young")]
AFTER = [("noir", "noire", "black"), ("blanc", "blanche", "white"), ("gris", "grise", "grey"), ("triste", "triste", "sad")]
VERBS = [("dort", "sleep"), ("mange", "eat"), ("chante", "sing"), ("danse", "dance"), ("joue", "play"), ("tombe", "fall")]
PLACES = [("", ""), ("dans le jardin", "in the garden"), ("sous la table", "under the table"),
          ("devant la maison", "in front of the house"), ("près de la rivière", "near the river")]
# fmt: on


def make_pairs() -> list[tuple[str, str]]:
    """Return all sentence pairs of a small grammar, French and English, in random order."""
    pairs = []
    for noun, adjective, verb, negated, place in itertools.product(NOUNS, BEFORE + AFTER, VERBS, (False, True), PLACES):
        article, french_noun = noun[0].split()
        french_adjective = adjective[0] if article == "le" else adjective[1]
        words = [french_adjective, french_noun] if adjective in BEFORE else [french_noun, french_adjective]
        french = [article, *words, *(["ne", verb[0], "pas"] if negated else [verb[0]]), place[0], "."]
        english = ["the", adjective[2], noun[1], f"does not {verb[1]}" if negated else f"{verb[1]}s", place[1], "."]
        pairs.append((" ".join(filter(None, french)), " ".join(filter(None, english))))
    random.Random(0).shuffle(pairs)
    return pairs


def read_pairs(path: str) -> list[tuple[str, str]]:
    """Read up to 20,000 pairs of a file with a tab between two columns, each source sentence once, in random order."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"{path} cannot be read: {error}") from None
    pairs = {}  # one translation of each source, so that no held-out source is also learned
    for number, line in enumerate(lines, start=1):
        if "\t" not in line:
            raise SystemExit(f"line {number} of {path} has no tab, expected two columns with a tab between them")
        target, source = (" ".join(re.findall(r"\w+|[^\w\s]", text.lower())) for text in line.split("\t")[:2])
        pairs[source] = target
    return random.Random(0).sample(sorted(pairs.items()), min(len(pairs), 20_000))


# 2. Numbers -----------------------------------------------------------------------------------------------------------------

PAD, SOS, EOS, UNK = range(4)  # padding, start of sentence, end of sentence, unknown word
SPECIAL = ["<pad>", "<sos>", "<eos>", "<unk>"]


def make_vocabulary(sentences: list[str]) -> list[str]:
    """Return the words that occur at least twice; the position of a word is its id, and the first four ids are special."""
    counts = Counter(word for sentence in sentences for word in sentence.split())
    return SPECIAL + sorted(word for word, count in counts.items() if count > 1)


def to_batch(sentences: list[str], vocabulary: list[str]) -> tuple[Tensor, Tensor]:
    """Turn B sentences into ids (B, T), padded to the longest, and a mask (B, T), True at real words."""
    number = {word: position for position, word in enumerate(vocabulary)}
    rows = [[*(number.get(word, UNK) for word in sentence.split()), EOS] for sentence in sentences]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])  # (B, T)
    return ids, ids != PAD


# 3. The encoder -------------------------------------------------------------------------------------------------------------


class Encoder(nn.Module):
    """A GRU that reads the source sentence in both directions, and gives a state for every word."""

    def __init__(self, words: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, size, padding_idx=PAD)
        self.gru = nn.GRU(size, size, batch_first=True, bidirectional=True)

    def forward(self, src_ids: Tensor, src_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Read src_ids (B, S) with src_mask (B, S); returns enc_states (B, S, H) and the decoder's first state (1, B, H)."""
        embedded = self.embedding(src_ids)  # (B, S, H)
        # Packing leaves the padding out, so that the backward direction starts at the last real word.
        packed = pack_padded_sequence(embedded, src_mask.sum(dim=1), batch_first=True, enforce_sorted=False)
        packed_states, last = self.gru(packed)  # …, (2, B, H): the last state of each direction
        states, _ = pad_packed_sequence(packed_states, batch_first=True)  # (B, S, 2H)
        forward, backward = states.chunk(2, dim=-1)  # (B, S, H), (B, S, H)
        # The sum has the size of the decoder's states, which attention compares with it.
        return forward + backward, last.sum(dim=0, keepdim=True)


# 4. Attention and the decoder -----------------------------------------------------------------------------------------------


class Decoder(nn.Module):
    """A GRU that writes the target sentence, and attends to the source before it chooses each word (Luong et al. 2015)."""

    def __init__(self, words: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, size, padding_idx=PAD)
        self.gru = nn.GRU(size, size, batch_first=True)
        self.score = nn.Linear(size, size, bias=False)
        self.combine = nn.Linear(2 * size, size, bias=False)
        self.output_bias = nn.Parameter(torch.zeros(words))

    def forward(
        self, prev_ids: Tensor, dec_state: Tensor, enc_states: Tensor, src_mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read the words before each target word, prev_ids (B, T), and score all words that may come next.

        Returns:
            logits (B, T, V), the last state (1, B, H), and attn_weights (B, T, S).
        """
        states, dec_state = self.gru(self.embedding(prev_ids), dec_state)  # (B, T, H), (1, B, H)
        scores = states @ self.score(enc_states).transpose(1, 2)  # (B, T, H) @ (B, H, S): how well each pair fits
        scores = scores.masked_fill(~src_mask[:, None, :], -torch.inf)  # padding gets a weight of exactly 0
        attn_weights = scores.softmax(dim=-1)  # (B, T, S), each row sums to 1
        context = attn_weights @ enc_states  # (B, T, H), the mean of the source states by these weights
        attn_states = torch.tanh(self.combine(torch.cat([context, states], dim=-1)))  # (B, T, 2H) to (B, T, H)
        # The embeddings of the target words are the output weights too: the words whose vectors fit the state score high.
        logits = attn_states @ self.embedding.weight.T + self.output_bias  # (B, T, V)
        return logits, dec_state, attn_weights


class Translator(nn.Module):
    """Encoder and decoder together."""

    def __init__(self, src_words: int, tgt_words: int, size: int) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(src_words, size), Decoder(tgt_words, size)
        for embedding in (self.encoder.embedding, self.decoder.embedding):
            # PyTorch's embeddings are so large that, as output weights, they would make the first predictions far too sure.
            embedding.weight.data.mul_(size**-0.5)

    # 5. Training: the loss of a batch

    def loss(self, src_ids: Tensor, src_mask: Tensor, tgt_ids: Tensor, tgt_mask: Tensor) -> Tensor:
        """Return the mean of −log p(target word) over the real target words, in nats per word."""
        enc_states, dec_state = self.encoder(src_ids, src_mask)  # (B, S, H), (1, B, H)
        # Teacher forcing: before each word the decoder reads the true word, and not the one that it would have chosen.
        prev_ids = torch.cat([torch.full_like(tgt_ids[:, :1], SOS), tgt_ids[:, :-1]], dim=1)  # (B, T)
        logits, _, _ = self.decoder(prev_ids, dec_state, enc_states, src_mask)  # (B, T, V)
        return F.cross_entropy(logits[tgt_mask], tgt_ids[tgt_mask])  # (N, V) and (N,), the N real words

    # 6. Translating: one word after another

    @torch.inference_mode()
    def translate(self, src_ids: Tensor, src_mask: Tensor) -> tuple[list[list[int]], Tensor]:
        """Translate by greedy search: take the most probable word at each step until the end of the sentence.

        Returns:
            The target ids of each of the B sentences, without EOS, and attn_weights (B, T, S).
        """
        enc_states, dec_state = self.encoder(src_ids, src_mask)
        word = torch.full_like(src_ids[:, :1], SOS)  # (B, 1)
        words, weights = [], []
        for _ in range(2 * src_ids.shape[1] + 10):  # a sentence that does not end is cut here
            logits, dec_state, weight = self.decoder(word, dec_state, enc_states, src_mask)  # (B, 1, V), …, (B, 1, S)
            logits[..., [PAD, SOS]] = -torch.inf  # neither is part of a translation
            word = logits.argmax(dim=-1)  # (B, 1), which the decoder reads next
            words.append(word)
            weights.append(weight)
            if (torch.cat(words, dim=1) == EOS).any(dim=1).all():
                break
        rows = torch.cat(words, dim=1).tolist()  # B rows of T ids
        return [row[: row.index(EOS)] if EOS in row else row for row in rows], torch.cat(weights, dim=1)


# 7. All of it together ------------------------------------------------------------------------------------------------------


def train(
    model: Translator, pairs: list[tuple[str, str]], src_words: list[str], tgt_words: list[str], epochs: int
) -> None:
    """Train on the pairs, 64 at a time, and print how the loss falls."""
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    starts, begin = range(0, len(pairs), 64), time.monotonic()
    for epoch in range(1, epochs + 1):
        shuffled, total = random.Random(epoch).sample(pairs, len(pairs)), 0.0
        for start in starts:
            sources, targets = ([pair[side] for pair in shuffled[start : start + 64]] for side in (0, 1))
            loss = model.loss(*to_batch(sources, src_words), *to_batch(targets, tgt_words))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)  # one unusual batch should not undo the work of many
            optimiser.step()
            total += loss.item()
        print(f"epoch {epoch:2} of {epochs}   loss {total / len(starts):.3f}   {time.monotonic() - begin:5.1f} seconds")


def show_attention(source: list[str], target: list[str], weights: Tensor) -> None:
    """Print a table of attention weights (T, S): the darker a cell, the more the row's word looked at the column's word."""
    columns = [max(len(word), 3) for word in source]
    margin = max(map(len, target))
    print(" " * margin, *(word.ljust(size) for word, size in zip(source, columns, strict=True)))
    for word, row in zip(target, weights.tolist(), strict=True):
        cells = (" ·░▒▓█"[round(5 * weight)] * size for weight, size in zip(row, columns, strict=True))
        print(word.rjust(margin), *cells)


def main(arguments: list[str]) -> None:
    """Learn from the pairs of a file, or from made-up ones, and translate sentences that were not learned."""
    torch.manual_seed(0)
    pairs = read_pairs(arguments[0]) if arguments else make_pairs()
    if len(pairs) < 400:
        raise SystemExit(f"{arguments[0]} has {len(pairs)} different sources, expected at least 400")
    held_out, pairs = pairs[:200], pairs[200:]
    src_words, tgt_words = (make_vocabulary([pair[side] for pair in pairs]) for side in (0, 1))
    model = Translator(len(src_words), len(tgt_words), size=128 if arguments else 64)
    print(f"{len(pairs):,} pairs to learn from, {len(src_words):,} source words, {len(tgt_words):,} target words")
    train(model, pairs, src_words, tgt_words, epochs=10 if arguments else 6)
    src_ids, src_mask = to_batch([source for source, _ in held_out], src_words)
    ids, attn_weights = model.translate(src_ids, src_mask)
    translations = [" ".join(tgt_words[number] for number in row) for row in ids]
    right = sum(translation == target for translation, (_, target) in zip(translations, held_out, strict=True))
    print(f"\n{right} of {len(held_out)} sentences that were held out are translated word for word. Five of them:\n")
    for (source, target), translation in zip(held_out[:5], translations, strict=False):
        print(f"> {source}\n= {target}\n< {translation}\n")
    columns = [*held_out[0][0].split(), "<eos>"]
    rows = [*translations[0].split(), "<eos>"][: attn_weights.shape[1]]  # a translation that was cut has no end
    show_attention(columns, rows, attn_weights[0, : len(rows), : len(columns)])


if __name__ == "__main__":
    main(sys.argv[1:])
