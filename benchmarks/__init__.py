"""What the package is faster than, by how much, and what limits it. `python -m benchmarks.run` prints the table."""
