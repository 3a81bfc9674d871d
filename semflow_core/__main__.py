"""`python -m semflow_core`: the same as the command `semflow`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
