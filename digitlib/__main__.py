"""``python -m digitlib`` is the command ``digitlib``; torchrun starts it so."""

import sys

from digitlib.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
