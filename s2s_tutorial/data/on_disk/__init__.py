"""A corpus larger than memory: encoded once into files, and mapped from there."""
