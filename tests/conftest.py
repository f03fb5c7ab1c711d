"""What all tests share."""

import os

# Tiny tensors are fastest on one thread, and child processes inherit this. Set before torch is imported.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["S2S_SCALE"] = "small"
os.environ.pop("S2S_TUTORIAL_DATA", None)
