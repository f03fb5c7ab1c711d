"""Sentences in many scripts, and small translators of them that read pieces of words, characters or marked words."""

import functools
import random
from collections import Counter

import torch
from small_models import make_batch

from s2s_tutorial.data.pieces import PieceVocabulary
from s2s_tutorial.data.rules import UNICODE, AsciiRule, TextRule
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.translator import Translator

# Words, marks and oddities, from which sentences are drawn.
SCRIPTS = {
    "French": "L'été où cœur déjà « Noël » j'ai 45 ans ? naïve qu'il s'ennuie : aujourd'hui 3,50 € À",
    "German": "Die Straße größer Übung „Äpfel“ 1.234 süß weiß – Mädchen ẞ",
    "Russian": "Ёжик идёт домой , 7 часов «привет» объём й",
    "Greek": "Καλημέρα κόσμε ; ώρα 12:30 Ἀθῆναι ς",
    "Chinese": "我买了小狗。 你好！ 二〇二四年 「书」，",
    "Japanese": "カタカナ ひらがな 東京タワー 々",
    "Arabic": "مرحبا بالعالم ١٢٣ كتابٌ می‌خواهم ؟",
    "Hebrew and others": "שָׁלוֹם नमस्ते क्षत्रिय สวัสดีครับ 안녕하세요 ⲁⲃⲅ",
    "Emoji": "😀 👩‍👩‍👧 ☀️ 🇫🇷 ❤️‍🔥 👍🏽",
    "Oddities": "a&amp;b &quot; soft\u00adhyphen zero\u200bwidth e\u0301 A\u030a \u212b ﬁ ½ m² ▁ x▁y ⁇ <unk> <0xE2>"
    " \ufeffbom \u202eab\u202c \u1100\u1161",
}
LANGUAGES = {script: [word for line in (text,) for word in line.split(" ") if word] for script, text in SCRIPTS.items()}


def drawn_sentences(count: int, seed: int = 0) -> list[str]:
    """Draw sentences, most of them of one script with a word of another one."""
    rng = random.Random(seed)
    names, found = list(LANGUAGES), []
    while len(found) < count:
        words = rng.choices(LANGUAGES[rng.choice(names[:6])], k=rng.randint(1, 7))
        words += rng.choices(LANGUAGES[rng.choice(names)], k=rng.randint(0, 2))
        rng.shuffle(words)
        found.append(
            "".join(word + rng.choice(["", " ", " ", " ", "\u00a0", "  "]) for word in words) + rng.choice(".?!…")
        )
    return found


@functools.cache
def translator_of(text: str, tokens: str) -> Translator:
    """Train a small translator for a moment: its translations are mixed up, but neither empty nor endless.

    Args:
        text: Text rule, "unicode" or "ascii".
        tokens: Kind of tokens: "subwords", "characters" or "words".
    """
    rule: TextRule = UNICODE if text == "unicode" else AsciiRule(marked=True)
    sources = [text for text in map(rule.normalise, drawn_sentences(60, seed=1)) if text]
    targets = [" ".join(reversed(text.split())) for text in sources]
    counts = Counter(word for sentence in sources for word in rule.split(sentence))
    if tokens == "words":
        src = tgt = Vocabulary.of_counts(counts)
    else:
        src = tgt = PieceVocabulary.learn(counts, 520, merging=tokens == "subwords")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Seq2Seq(ModelSettings("luong", "general", 32, 32, 1, 0.0), len(src), len(tgt))
        optimiser = torch.optim.Adam(model.parameters(), 0.02)
        batch = make_batch(*([src.ids_of(rule.split(text)) for text in texts[:32]] for texts in (sources, targets)))
        for _ in range(50):
            optimiser.zero_grad()
            model.loss(batch).backward()
            optimiser.step()
    return Translator(model.eval(), src, tgt, "en", "fr", rule, longest=20)
