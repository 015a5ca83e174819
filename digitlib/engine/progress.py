"""How far a training is, for whoever watches."""

import sys

from tqdm.auto import tqdm

from digitlib.engine import parallel

__all__ = ["bar"]


def bar(steps: int, done: int) -> tqdm:
    """A progress bar where somebody looks, which is a terminal or a notebook."""
    ipython = sys.modules.get("IPython")
    in_notebook = ipython and hasattr(ipython.get_ipython(), "kernel")
    seen = parallel.first() and (in_notebook or sys.stderr.isatty())
    # Only hidden here, never forced: tqdm's own switch in the environment hides it too.
    hidden = {} if seen else {"disable": True}
    return tqdm(total=steps, initial=done, unit="step", leave=False, **hidden)
