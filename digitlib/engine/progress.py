"""How far a training is, or whatever else takes its time, for whoever watches."""

import os
import sys

from tqdm.auto import tqdm

from digitlib.engine import parallel

__all__ = ["bar"]


def bar(steps: int, done: int = 0, unit: str = "step") -> tqdm:
    """A progress bar where somebody looks, which is a terminal or a notebook.

    Args:
        steps: how many there are.
        done: how many of them are behind us.
        unit: what one of them is called.

    >>> with bar(2, unit="picture") as shown:
    ...     shown.update(2)
    """
    ipython = sys.modules.get("IPython")
    in_notebook = ipython and hasattr(ipython.get_ipython(), "kernel")
    seen = parallel.first() and (in_notebook or sys.stderr.isatty())
    # tqdm's own switch, which its bar for notebooks overlooks.
    hidden = not seen or os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    return tqdm(total=steps, initial=done, unit=unit, leave=False, disable=hidden)
