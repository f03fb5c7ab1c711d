"""A trained model as the files that the live page runs."""
