"""What the chapter *Break a record* asks for: the log of its search, and the weights that came of it.

The log comes with the package. The weights are too large for that: 12 MB. They lie in a checkout of the project, and
beside the wheel where the book is served, so that the package finds them wherever it came from.
"""

import hashlib
import json
from http.client import HTTPException
from importlib import metadata
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urljoin
from urllib.request import urlopen

from digitlib.files import write_whole
from digitlib.mnist import cache_folder
from digitlib.weights import SHIPPED

__all__ = ["NAME", "SHA256", "log", "weights"]

NAME = "record.safetensors"
"""What the weights file is called."""

SHA256 = "2450a6bc0ada78fe3dc15d76d72f565cbf1c6da54c960546898106f412500a15"
"""Of the weights file."""

_CHECKOUT = Path(__file__).parents[2] / "benchmarks" / NAME


def log() -> dict:
    """The search: ``wrong``, the mistakes in 5,000 validation digits by trial, and ``history``, a training's course.

    >>> from digitlib.book import search
    >>> wrong = search.log()["wrong"]
    >>> len(wrong), wrong["a first guess"], min(wrong.values()) < 20
    (71, 31, True)
    """
    return json.loads(Path(__file__).with_name("search.json").read_text())


def weights() -> Path:
    """The weights file of recipe ``record``: the checkout's, or one fetched into the cache folder and checked.

    Where there is neither, it says so aloud and is the package's own, smaller one.

    >>> from contextlib import redirect_stdout
    >>> from digitlib.book import search
    >>> with redirect_stdout(None):  # which of them it is
    ...     path = search.weights()
    >>> path.is_file(), path.suffix
    (True, '.safetensors')
    """
    if _CHECKOUT.is_file():
        return _CHECKOUT
    try:
        kept = cache_folder() / NAME
        if not kept.is_file() or _digest(kept.read_bytes()) != SHA256:
            content = _fetch()
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_whole(kept, content)
    except (
        OSError,
        RuntimeError,
        HTTPException,
        metadata.PackageNotFoundError,
    ) as error:
        print(f"No {NAME} ({error}): the package's own weights answer.")
        return SHIPPED
    return kept


def _fetch() -> bytes:
    """The file beside the wheel that the package was installed from. OSError if it isn't there, or is another."""
    came = metadata.distribution("digitlib").read_text("direct_url.json")
    if not came:
        raise URLError("the package came from an index, which has none")
    address = urljoin(json.loads(came)["url"], NAME)
    with urlopen(address, timeout=30) as answer:
        content = answer.read()
    if (found := _digest(content)) != SHA256:
        raise OSError(f"{address}: expected SHA-256 {SHA256}, got {found}")
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
