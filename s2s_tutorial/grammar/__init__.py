"""The embedded corpus: a synchronous grammar that writes French, English and their word alignment."""

from s2s_tutorial.grammar.sentences import PHENOMENA, AlignedPair, generate

__all__ = ["PHENOMENA", "AlignedPair", "generate"]
