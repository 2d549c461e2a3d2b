"""`python -m ltxlib`: the command line."""

import sys

from ltxlib.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
