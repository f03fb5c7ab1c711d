"""The command line: `s2s-tutorial`, or `python -m s2s_tutorial.cli`."""
