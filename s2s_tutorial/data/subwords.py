"""Byte-pair encoding: learn from a corpus which characters to join into pieces, and cut words into such pieces.

Learning begins with characters and joins the most frequent pair of neighbours again and again (Sennrich et al. 2016,
section 3.2). Cutting a word repeats these merges in the order in which they were learned. Chapter 24 of the book explains
both, with examples.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from heapq import heapify, heappop, heappush
from itertools import pairwise
from random import Random

from s2s_tutorial.data.unicode_text import BYTE_OF, BYTES

Pair = tuple[str, str]
FEWEST = 2  # a pair that occurs less often is not joined


def spell(word: str, alphabet: Collection[str]) -> list[str]:
    """Split a word into characters; one that is not in the alphabet becomes its bytes in UTF-8.

    >>> spell("né", {"n"})
    ['n', '<0xC3>', '<0xA9>']
    """
    if word in BYTE_OF:
        return [word]
    pieces: list[str] = []
    for character in word:
        pieces += [character] if character in alphabet else [BYTES[byte] for byte in character.encode()]
    return pieces


def join_pair(pieces: list[str], pair: Pair) -> list[str]:
    """Join every occurrence of a pair of neighbours, from left to right.

    >>> join_pair(["b", "a", "n", "a", "n", "a"], ("a", "n"))
    ['b', 'an', 'an', 'a']
    """
    joined: list[str] = []
    position = 0
    while position < len(pieces):
        is_pair = tuple(pieces[position : position + 2]) == pair
        joined.append("".join(pair) if is_pair else pieces[position])
        position += 2 if is_pair else 1
    return joined


def learn_merges(counts: Mapping[str, int], most: int) -> list[Pair]:
    """Learn which pieces to join. In each round, only the words that hold the joined pair are counted again.

    Args:
        counts: How often each word occurs.
        most: Largest number of merges. There are fewer if no pair is left that occurs `FEWEST` times.

    Returns:
        The merges, in the order in which they were learned. Of pairs that are equally frequent, the alphabet decides.

    >>> learn_merges({"low": 5, "lower": 2, "newest": 6, "widest": 3}, 3)
    [('e', 's'), ('es', 't'), ('l', 'o')]
    """
    words, weights = [list(word) for word in counts], list(counts.values())
    pair_counts: Counter[Pair] = Counter()
    words_with: defaultdict[Pair, set[int]] = defaultdict(set)
    for number, (pieces, weight) in enumerate(zip(words, weights, strict=True)):
        for pair in pairwise(pieces):
            pair_counts[pair] += weight
            words_with[pair].add(number)
    # The heap gives the most frequent pair. When a count changes, the pair is added again with its new count.
    heap = [(-count, pair) for pair, count in pair_counts.items()]
    heapify(heap)
    merges: list[Pair] = []
    while heap and len(merges) < most:
        negative, best = heappop(heap)
        if -negative != pair_counts[best]:
            continue  # an old count
        if -negative < FEWEST:
            break
        merges.append(best)
        changed: set[Pair] = set()
        for number in words_with.pop(best):
            before, after = words[number], join_pair(words[number], best)
            for pair in pairwise(before):
                pair_counts[pair] -= weights[number]
            for pair in pairwise(after):
                pair_counts[pair] += weights[number]
                words_with[pair].add(number)
            changed.update(pairwise(before), pairwise(after))
            words[number] = after
        for pair in changed:
            heappush(heap, (-pair_counts[pair], pair))
    return merges


def apply_merges(
    pieces: list[str], ranks: Mapping[Pair, int], dropout: float = 0.0, rng: Random | None = None
) -> list[str]:
    """Join the pieces of a word as the merges say, the one that was learned first at first.

    Args:
        pieces: Characters of the word.
        ranks: The number of each merge in the order of learning.
        dropout: Probability with which a possible merge is left out in each round. This is BPE-dropout (Provilkov et al.
            2020, algorithm 1): the model sees a word cut in many ways.
        rng: Random generator for dropout.

    >>> ranks = {("e", "s"): 0, ("es", "t"): 1, ("l", "o"): 2}
    >>> apply_merges(list("lowest"), ranks)
    ['lo', 'w', 'est']
    """
    while True:
        possible = [(ranks[pair], start) for start, pair in enumerate(pairwise(pieces)) if pair in ranks]
        if dropout and rng:
            possible = [merge for merge in possible if rng.random() >= dropout]
        if not possible:
            return pieces
        _, start = min(possible)
        pieces = [*pieces[:start], pieces[start] + pieces[start + 1], *pieces[start + 2 :]]
