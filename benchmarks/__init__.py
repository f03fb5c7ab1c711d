"""Benchmarks of the package against other implementations. `python -m benchmarks.run` prints the table."""
