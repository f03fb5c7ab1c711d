"""Run the command line: `python -m s2s_tutorial.cli`."""

from s2s_tutorial.cli.commands import main

main()
