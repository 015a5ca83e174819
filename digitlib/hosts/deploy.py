"""Publish on Hugging Face: the pad as a Space, or the weights as a model. A folder, sent in one commit.

There are three kinds. A *static* Space is a page that computes in the visitor's browser: any web server can serve its
folder. A *gradio* Space is the same pad with an API behind it, and needs Python, numpy, Pillow, safetensors and Gradio.
A *model* is the weights with their card, for :meth:`digitlib.DigitClassifier.from_hub`. One commit carries everything,
so a lost connection leaves the repository as it was.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from digitlib import __version__, weights
from digitlib.hosts import cards
from digitlib.preprocess import preprocess

__all__ = [
    "KINDS",
    "check_name",
    "front_matter",
    "gather",
    "listing",
    "publish",
]

KINDS = ("static", "gradio", "model")
"""What can be published: two kinds of Space, and a model."""

Files = dict[str, bytes]
"""The files of a folder: their paths in it, with slashes, and their contents."""

TITLE = "Draw a digit"
PYTHON = "3.11"
# What app.py imports of the package: the ground floor and itself.
VENDORED = (
    "__init__.py",
    "preprocess.py",
    "picture.py",
    "files.py",
    "weights.py",
    "classify.py",
    "hosts/__init__.py",
    "hosts/app.py",
)
_APP = '''"""A Gradio Space: the page and its API are in digitlib/hosts/app.py."""

from digitlib.hosts import app

if __name__ == "__main__":
    app.serve()
'''

_HEAD = """---
title: {title}
emoji: ✏️
colorFrom: blue
colorTo: yellow
{sdk}
pinned: false
license: mit
short_description: A small network names digits while you draw
---

# {title}

"""
_STATIC_SDK = """sdk: static
app_file: index.html"""
_GRADIO_SDK = """sdk: gradio
sdk_version: {gradio}
python_version: "{python}"
app_file: app.py"""
_STATIC_TEXT = """A small neural network, trained on MNIST, names a digit while you draw it. It runs in your
browser: nothing that you draw is sent anywhere. Any web server can serve this folder:

```sh
python -m http.server --bind 127.0.0.1
```
"""
_GRADIO_TEXT = """A small neural network, trained on MNIST, names a digit while you draw it, or on a photo. It is
an API too:

```python
from gradio_client import Client, handle_file

client = Client("{space}")
print(client.predict(handle_file("photo.jpg"), api_name="/classify"))
```

`/classify_batch` takes a list of files. On your own machine:

```sh
pip install -r requirements.txt
python app.py
```
"""
_END = """
digitlib {version} made this folder. Code and weights are under the MIT licence; MNIST is by Yann LeCun, Corinna Cortes
and Christopher J. C. Burges, under CC BY-SA 3.0.
"""


def check_name(name: str) -> str:
    """Return the name of a Space or a model, ``USER/NAME``; ValueError for anything else."""
    part = r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?"
    fits = re.fullmatch(f"{part}/{part}", name, re.ASCII)
    if not fits or len(name) > 96 or re.search(r"--|\.\.|\.git$", name):
        raise ValueError(f"expected USER/NAME, such as ada/digits, got {name!r}")
    return name


def gather(kind: str, name: str, weights_file: str | Path = weights.SHIPPED) -> Files:
    """Everything that a Space or a model holds.

    Args:
        kind: one of :data:`KINDS`.
        name: where it is published, ``USER/NAME``.
        weights_file: the model.

    Raises:
        FileNotFoundError, ValueError: no such weights file, or not one.
    """
    read, model = weights.load(weights_file), Path(weights_file).read_bytes()
    if kind == "static":
        files = _pad() | {weights.SHIPPED.name: model}
        readme = _readme(_STATIC_SDK, _STATIC_TEXT)
    elif kind == "gradio":
        files = _program(model)
        lines = _GRADIO_SDK.format(gradio=_gradio(), python=PYTHON)
        readme = _readme(lines, _GRADIO_TEXT.format(space=name))
    else:
        files = {"config.json": _config(read, model), weights.SHIPPED.name: model}
        readme = cards.readme(name, weights_file)
    return {"README.md": readme.encode()} | dict(sorted(files.items()))


def _readme(sdk: str, text: str) -> str:
    """A Space's README.md."""
    head = _HEAD.format(title=TITLE, sdk=sdk)
    return head + text + _END.format(version=__version__)


def _pad() -> Files:
    """The pad's page and its parts, without weights."""
    folder = resources.files("digitlib") / "pad"
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def _program(model: bytes) -> Files:
    """The app with the part of the package that it imports."""
    package = resources.files("digitlib")
    files = {name: package.joinpath(name).read_bytes() for name in VENDORED}
    files |= {f"pad/{name}": content for name, content in _pad().items()}
    files |= {weights.SHIPPED.name: model}
    files = {f"digitlib/{name}": content for name, content in files.items()}
    files["app.py"] = _APP.encode()
    files["requirements.txt"] = _requirements().encode()
    return files


def _config(read: weights.Weights, model: bytes) -> bytes:
    """What another program has to know of the weights before it reads them, as JSON.

    The hub counts the downloads of a model by this file, too.
    """
    config = {
        "library_name": "digitlib",
        "digitlib_version": __version__,
        "layers": [784, *(len(bias) for _, bias in read.layers)],
        "calibration": {
            "temperature": read.calibration.get("temperature"),
            "threshold": read.calibration.get("threshold"),
        },
        "preprocessing": f"{preprocess.__module__}.{preprocess.__name__}",
        "weights": {
            "file": weights.SHIPPED.name,
            "sha256": hashlib.sha256(model).hexdigest(),
        },
    }
    return (json.dumps(config, indent=2) + "\n").encode()


def _requirements() -> str:
    """What the ground floor and the app need, in the package's own ranges; Gradio below its next major version."""
    lines = [line.partition(";") for line in metadata.requires("digitlib")]
    ground = [name.strip() for name, _, marker in lines if "extra" not in marker]
    after = int(_gradio().partition(".")[0]) + 1
    return "\n".join([*ground, f"gradio>={_lowest_gradio()},<{after}"]) + "\n"


def _gradio() -> str:
    """The Gradio that a Space gets: the one that is here if the app runs with it, else the lowest that does."""
    lowest = _lowest_gradio()
    try:
        here = metadata.version("gradio")
    except metadata.PackageNotFoundError:
        return f"{lowest}.0"
    return here if _leading(here) >= _leading(lowest) else f"{lowest}.0"


def _leading(version: str) -> list[int]:
    """A version's first two numbers."""
    return [int(number) for number in version.split(".")[:2]]


def _lowest_gradio() -> str:
    """The lower end of the package's own range, such as 6.31."""
    lines = metadata.requires("digitlib")
    [found] = filter(None, (re.match(r"gradio>=(\d+\.\d+)", line) for line in lines))
    return found[1]


def front_matter(files: Files) -> str:
    """The lines at the head of README.md from which the hub knows what the folder is."""
    return files["README.md"].decode().split("---\n")[1]


def listing(files: Files) -> str:
    """Each file with its size in bytes, and the sum."""
    rows = [f"{len(content):>9,}  {name}" for name, content in files.items()]
    total = sum(map(len, files.values()))
    return "\n".join([*rows, f"{total:>9,}  in all, {len(files)} files"])


@dataclass(frozen=True)
class _Repository:
    """A Space or a model on the hub.

    Attributes:
        hub: a :class:`huggingface_hub.HfApi` with a token.
        name: ``USER/NAME``.
        kind: one of :data:`KINDS`.
    """

    hub: Any
    name: str
    kind: str

    @property
    def type(self) -> str:
        """What the hub calls it in its own addresses."""
        return "model" if self.kind == "model" else "space"

    @property
    def noun(self) -> str:
        """What a message calls it."""
        return "model" if self.kind == "model" else "Space"

    @property
    def address(self) -> str:
        """Its page."""
        below = "" if self.kind == "model" else "spaces/"
        return f"{self.hub.endpoint}/{below}{self.name}"

    @property
    def kept(self) -> str:
        """What a lost commit leaves of it: one commit carries everything."""
        return f"the {self.noun} is as it was, or complete"


def publish(files: Files, name: str, kind: str) -> tuple[str, list[str]]:
    """Make the Space or the model if it isn't there, and send it the files in one commit.

    The token is ``HF_TOKEN`` or the saved login. What it held beside these files is deleted in the same commit.

    Returns:
        its address, and the names of the deleted files.

    Raises:
        PermissionError: no token, or one that may not do this.
        OSError: the hub said no for another reason, or the connection was lost.
    """
    import huggingface_hub
    from huggingface_hub import errors

    huggingface_hub.logging.set_verbosity_error()  # it would tell of each new try
    huggingface_hub.utils.disable_progress_bars()
    token = huggingface_hub.get_token()
    if token is None:
        raise PermissionError(
            "no token: set HF_TOKEN, or log in once with `hf auth login`; "
            "expected one with write access, from https://huggingface.co/settings/tokens"
        )
    hub = huggingface_hub.HfApi(token=token, library_name="digitlib")
    there = _Repository(hub, name, kind)
    ours = False  # made here and now, so that it may be deleted again
    try:
        try:
            hub.repo_info(name, repo_type=there.type)
        except errors.RepositoryNotFoundError:
            ours = True  # even if the answer is lost
            sdk = None if kind == "model" else kind
            try:
                hub.create_repo(name, repo_type=there.type, space_sdk=sdk)
            except errors.HfHubHTTPError:  # the hub answered, and said no
                ours = False
                raise
        gone = _commit(there, files)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_left(there) if ours else there.kept) from None
    except (errors.HTTPError, OSError, RuntimeError, ValueError) as error:
        left = _left(there) if ours else None
        raise _explained(error, there, left) from None
    return there.address, gone


def _commit(there: _Repository, files: Files) -> list[str]:
    """Send everything in one commit; return what it deletes."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    old = there.hub.list_repo_files(there.name, repo_type=there.type)
    gone = sorted(set(old) - set(files) - {".gitattributes"})  # the hub's own
    there.hub.create_commit(
        there.name,
        [CommitOperationAdd(name, content) for name, content in files.items()]
        + [CommitOperationDelete(name, is_folder=False) for name in gone],
        commit_message=f"digitlib {__version__}",
        repo_type=there.type,
    )
    return gone


def _left(there: _Repository) -> str:
    """Delete what was made a moment ago and got no commit; say what is left of it."""
    from huggingface_hub import errors

    try:
        there.hub.delete_repo(there.name, repo_type=there.type, missing_ok=True)
    except (errors.HTTPError, OSError):
        return f"a new {there.noun} may stay behind, empty, at {there.address}"
    return f"nothing of the new {there.noun} is left"


def _explained(error: BaseException, there: _Repository, left: str | None) -> OSError:
    """The hub's answer, or its silence, in one line."""
    response = None
    while error and response is None:  # an upload's error stands behind another
        response, reason = getattr(error, "response", None), error
        error = error.__cause__
    status = getattr(response, "status_code", None)
    said = getattr(reason, "server_message", None) or type(reason).__name__
    free = "" if there.kind == "model" else "; a static one is free"
    refusals = {
        401: "the hub refused the token; expected a valid one with write access",
        402: f"the hub wants to be paid for this kind of {there.noun}{free}",
        403: "the token has no right to write there; expected a name of your own",
        409: "the name is taken",
        429: "too many requests; try again later",
    }
    end = f"; {left}" if left else ""
    if status in refusals:
        kind = PermissionError if status in (401, 403) else OSError
        return kind(f"{there.name}: {refusals[status]} ({status}){end}")
    if status:
        return OSError(f"{there.name}: the hub answered {status}: {said}{end}")
    if isinstance(reason, ValueError):
        return OSError(f"{there.name}: {reason}{end}")
    return ConnectionError(
        f"{there.name}: the connection to the hub was lost ({said}); "
        f"{left or there.kept}; run this again"
    )
