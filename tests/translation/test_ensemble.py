"""Several models as one: it is each model where all are the same, and the mean of their logits where they differ."""

from dataclasses import replace

import pytest
import torch

from s2s_tutorial.data.batches import length_mask
from s2s_tutorial.data.vocabulary import SOS, Vocabulary
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.ensemble import Ensemble, ensemble_of

SMALL = ModelSettings(embedding_size=12, hidden_size=12)
KINDS = {
    "gru": SMALL,
    "bahdanau": replace(SMALL, decoder="bahdanau", attention="additive", num_layers=2),
    "no attention": replace(SMALL, attention="none", tie_embeddings=False),
    "input feeding": replace(SMALL, input_feeding=True),
    "transformer": replace(SMALL, network="transformer", num_heads=3, feed_forward_size=24),
}
SRC = torch.tensor([[5, 6, 7, 2], [8, 9, 2, 0]])  # (B, S)
LENGTHS = torch.tensor([4, 3])


def models(settings: ModelSettings, count: int = 3) -> list[Seq2Seq]:
    found = []
    for seed in range(count):
        torch.manual_seed(seed)
        found.append(Seq2Seq(settings, 10, 11).eval())
    return found


@torch.inference_mode()
def logits_of(model: Seq2Seq, words: list[int]) -> torch.Tensor:
    memory, state = model.encode(SRC, length_mask(LENGTHS, 4))
    for word in words:
        logits, state, _ = model.decoder.step(torch.full((2,), word), memory, state)
        memory, state = memory.select(torch.tensor([1, 0])), state.select(torch.tensor([1, 0]))
    return logits  # (B, V)


@pytest.mark.parametrize("kind", KINDS)
def test_its_logits_are_the_mean_of_those_of_its_models(kind):
    each = models(KINDS[kind])
    mean = torch.stack([logits_of(model, [SOS, 4, 7]) for model in each]).mean(dim=0)
    torch.testing.assert_close(logits_of(Ensemble(each).eval(), [SOS, 4, 7]), mean)


def test_an_ensemble_of_one_model_translates_as_the_model(talking_run):
    translator = load_translator(talking_run)
    together = ensemble_of([translator] * 3)
    sentences = ["elle voit le chat .", "le chien dort ."]
    for beam in (1, 3):
        alone, found = (each.translate(sentences, beam) for each in (translator, together))
        assert [each.text for each in found] == [each.text for each in alone]
        torch.testing.assert_close(found[0].attn_weights, alone[0].attn_weights)


def test_its_attention_to_given_translations_is_the_mean(talking_run):
    translator = load_translator(talking_run)
    given = ["elle voit le chat ."], ["she sees the cat ."]
    (alone,), (found,) = (each.word_attention(*given) for each in (translator, ensemble_of([translator] * 2)))
    torch.testing.assert_close(found, alone)


def test_models_that_do_not_belong_together_are_refused(talking_run):
    translator = load_translator(talking_run)
    other = replace(translator, tgt_vocabulary=Vocabulary.count(["other words"]))
    with pytest.raises(ValueError, match=r"translators\[1\] has other settings or another vocabulary"):
        ensemble_of([translator, other])
    with pytest.raises(ValueError, match="give at least one"):
        ensemble_of([])
