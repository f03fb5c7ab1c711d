"""Settings of the network."""

from __future__ import annotations

from dataclasses import dataclass

from s2s_tutorial.settings.allowed import (
    AttentionName,
    DecoderName,
    Heads,
    InnerSize,
    Layers,
    NetworkName,
    Probability,
    Size,
)


@dataclass(frozen=True)
class ModelSettings:
    """Settings of the network.

    Attributes:
        decoder: "luong" or "bahdanau".
        attention: "dot", "general", "concat", "additive", "local-p" or "none".
        embedding_size: Size E of an embedding.
        hidden_size: Size H of the states of encoder and decoder.
        num_layers: Number of layers L of encoder and decoder.
        dropout: Share of values dropped at embeddings, between layers and before the output layer, 0 to below 1; in
            a Transformer at embeddings, in the result of every sublayer and before the output layer.
        tie_embeddings: True uses the target embeddings as weights of the output layer, which needs E = H.
        input_feeding: True joins the last attentional state to the decoder's next input (Luong decoder only).
        network: "gru", or "transformer", which needs E = H and has no use for decoder, attention and input_feeding.
        num_heads: Number N of attention heads in each layer of a Transformer; H must be a multiple of it.
        feed_forward_size: Size F of the inner layer of a Transformer's feed-forward networks.
    """

    decoder: DecoderName = "luong"
    attention: AttentionName = "general"
    embedding_size: Size = 256
    hidden_size: Size = 256
    num_layers: Layers = 1
    dropout: Probability = 0.3
    tie_embeddings: bool = True
    input_feeding: bool = False
    network: NetworkName = "gru"
    num_heads: Heads = 4
    feed_forward_size: InnerSize = 512

    def check_network(self) -> None:
        """Check that the settings fit together and belong to the network.

        Raises:
            ValueError: They do not; the message explains which and what to do.
        """
        if self.decoder == "bahdanau" and self.input_feeding:
            raise ValueError("input_feeding is part of the Luong decoder: leave it out, or choose the decoder 'luong'")
        if self.tie_embeddings and self.embedding_size != self.hidden_size:
            raise ValueError(
                "tie_embeddings needs embedding_size and hidden_size to be the same: turn it off, or change one"
            )
        if self.network == "gru":
            return
        if self.embedding_size != self.hidden_size:
            raise ValueError("a Transformer adds to its embeddings: give embedding_size and hidden_size the same value")
        if self.hidden_size % self.num_heads:
            raise ValueError(f"hidden_size is {self.hidden_size}, expected a multiple of num_heads, {self.num_heads}")
        for name in ("decoder", "attention", "input_feeding"):
            if (value := getattr(self, name)) != getattr(ModelSettings, name):
                raise ValueError(
                    f"{name} {value!r} belongs to the recurrent network: leave it out, or choose the network 'gru'"
                )
