"""How far a training is, for whoever watches."""

import os
import sys

from tqdm.auto import tqdm

from digitlib.engine import parallel

__all__ = ["bar"]


def bar(steps: int, done: int) -> tqdm:
    """A progress bar where somebody looks, which is a terminal or a notebook; elsewhere one that shows nothing.

    Args:
        steps: of the whole training.
        done: those that an earlier run took.

    >>> from digitlib.engine import progress
    >>> with progress.bar(steps=100, done=40) as bar:
    ...     print(bar.total - bar.n, "to go")
    60 to go
    """
    ipython = sys.modules.get("IPython")
    in_notebook = ipython and hasattr(ipython.get_ipython(), "kernel")
    seen = parallel.first() and (in_notebook or sys.stderr.isatty())
    # tqdm's own switch, which its bar for notebooks overlooks.
    hidden = not seen or os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    return tqdm(total=steps, initial=done, unit="step", leave=False, disable=hidden)
