"""The folder of a run: its settings, weights, checkpoints and lock."""
