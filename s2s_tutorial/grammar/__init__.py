"""The built-in corpora: synchronous grammars that write French or German, English and their word alignment."""

from s2s_tutorial.grammar.sentences import LANGUAGES, PHENOMENA, AlignedPair, generate

__all__ = ["LANGUAGES", "PHENOMENA", "AlignedPair", "generate"]
