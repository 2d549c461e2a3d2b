"""Floor 3: the command line, `python -m ltxlib`."""
