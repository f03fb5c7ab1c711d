"""The network: encoder, attention, decoders, and the loss."""
