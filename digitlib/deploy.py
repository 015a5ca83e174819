"""Publish the pad as a Space on Hugging Face: a folder that runs by itself, sent in one commit.

There are two kinds. A *static* Space is a page that computes in the visitor's browser: any web server can serve its
folder. A *gradio* Space is the same pad with an API behind it, and needs Python, numpy, Pillow, safetensors and Gradio.
One commit carries everything, so a lost connection leaves the Space as it was.
"""

import os
import re
import shutil
import tempfile
from importlib import metadata, resources
from pathlib import Path

from digitlib import __version__, weights

__all__ = ["check_space", "front_matter", "gather", "listing", "publish", "write"]

Files = dict[str, bytes]
"""The files of a folder: their paths in it, with slashes, and their contents."""

TITLE = "Draw a digit"
PYTHON = "3.11"
# What app.py imports of the package: its ground floor.
VENDORED = ("__init__.py", "preprocess.py", "weights.py", "classify.py")

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


def check_space(space: str) -> str:
    """Return the name of a Space, ``USER/NAME``; ValueError for anything else."""
    part = r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?"
    fits = re.fullmatch(f"{part}/{part}", space, re.ASCII)
    if not fits or len(space) > 96 or re.search(r"--|\.\.|\.git$", space):
        raise ValueError(f"expected USER/NAME, such as ada/digits, got {space!r}")
    return space


def gather(sdk: str, space: str, weights_file: str | Path = weights.SHIPPED) -> Files:
    """Everything that a Space holds.

    Args:
        sdk: ``"static"`` or ``"gradio"``.
        space: its name, ``USER/NAME``.
        weights_file: the model.

    Raises:
        FileNotFoundError, ValueError: no such weights file, or not one.
    """
    weights.load(weights_file)
    package, model = resources.files("digitlib"), Path(weights_file).read_bytes()
    pad = {file.name: file.read_bytes() for file in (package / "pad").iterdir()}
    if sdk == "static":
        readme = _HEAD.format(title=TITLE, sdk=_STATIC_SDK) + _STATIC_TEXT
        files = pad | {weights.SHIPPED.name: model}
    else:
        lines = _GRADIO_SDK.format(gradio=metadata.version("gradio"), python=PYTHON)
        readme = _HEAD.format(title=TITLE, sdk=lines) + _GRADIO_TEXT.format(space=space)
        files = {name: (package / name).read_bytes() for name in VENDORED}
        files |= {f"pad/{name}": content for name, content in pad.items()}
        files |= {weights.SHIPPED.name: model}
        files = {f"digitlib/{name}": content for name, content in files.items()}
        files["app.py"] = (package / "app.py").read_bytes()
        files["requirements.txt"] = _requirements().encode()
    readme += _END.format(version=__version__)
    return {"README.md": readme.encode()} | dict(sorted(files.items()))


def _requirements() -> str:
    """What the ground floor and the app need, in the package's own ranges; Gradio below its next major version."""
    lines = [line.partition(";") for line in metadata.requires("digitlib")]
    ground = [name.strip() for name, _, marker in lines if "extra" not in marker]
    [gradio] = [name.strip() for name, _, _ in lines if name.startswith("gradio")]
    after = int(metadata.version("gradio").partition(".")[0]) + 1
    return "\n".join([*ground, f"{gradio},<{after}"]) + "\n"


def front_matter(files: Files) -> str:
    """The lines at the head of README.md from which the hub knows what the folder is."""
    return files["README.md"].decode().split("---\n")[1]


def listing(files: Files) -> str:
    """Each file with its size in bytes, and the sum."""
    rows = [f"{len(content):>9,}  {name}" for name, content in files.items()]
    total = sum(map(len, files.values()))
    return "\n".join([*rows, f"{total:>9,}  in all, {len(files)} files"])


def write(files: Files, folder: str | Path) -> None:
    """Write the files into a new or empty folder, all of them or none. FileExistsError for a folder that holds any."""
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise FileExistsError(f"{folder}: expected a new or empty folder")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"{folder.parent}: no such folder")
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for name, content in files.items():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).write_bytes(content)
        scratch.chmod(0o755)  # a temporary folder is private to its owner
        if folder.exists():
            folder.rmdir()
        os.replace(scratch, folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def publish(files: Files, space: str, sdk: str) -> tuple[str, list[str]]:
    """Make the Space if it isn't there, and send it the files in one commit.

    The token is ``HF_TOKEN`` or the saved login. What the Space held beside these files is deleted in the same commit.

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
    ours = False  # made here and now, so that it may be deleted again
    try:
        try:
            hub.space_info(space)
        except errors.RepositoryNotFoundError:
            ours = True  # even if the answer is lost
            try:
                hub.create_repo(space, repo_type="space", space_sdk=sdk)
            except errors.HfHubHTTPError:  # the hub answered, and said no
                ours = False
                raise
        gone = _commit(hub, files, space)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_left(hub, space) if ours else _KEPT) from None
    except (errors.HTTPError, OSError, RuntimeError, ValueError) as error:
        left = _left(hub, space) if ours else None
        raise _explained(error, space, left) from None
    return f"{hub.endpoint}/spaces/{space}", gone


def _commit(hub, files: Files, space: str) -> list[str]:
    """Send everything in one commit; return what it deletes."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    there = hub.list_repo_files(space, repo_type="space")
    gone = sorted(set(there) - set(files) - {".gitattributes"})  # the hub's own
    hub.create_commit(
        space,
        [CommitOperationAdd(name, content) for name, content in files.items()]
        + [CommitOperationDelete(name, is_folder=False) for name in gone],
        commit_message=f"digitlib {__version__}",
        repo_type="space",
    )
    return gone


_KEPT = "the Space is as it was, or complete"  # one commit carries everything


def _left(hub, space: str) -> str:
    """Delete a Space that was made a moment ago and got no commit; say what is left of it."""
    from huggingface_hub import errors

    try:
        hub.delete_repo(space, repo_type="space", missing_ok=True)
    except (errors.HTTPError, OSError):
        return f"a new Space may stay behind, empty, at {hub.endpoint}/spaces/{space}"
    return "nothing of the new Space is left"


def _explained(error: BaseException, space: str, left: str | None) -> OSError:
    """The hub's answer, or its silence, in one line."""
    response = None
    while error and response is None:  # an upload's error stands behind another
        response, reason = getattr(error, "response", None), error
        error = error.__cause__
    status = getattr(response, "status_code", None)
    said = getattr(reason, "server_message", None) or type(reason).__name__
    refusals = {
        401: "the hub refused the token; expected a valid one with write access",
        402: "the hub wants to be paid for this kind of Space; a static one is free",
        403: "the token has no right to write there; expected a name of your own",
        409: "the name is taken",
        429: "too many requests; try again later",
    }
    end = f"; {left}" if left else ""
    if status in refusals:
        kind = PermissionError if status in (401, 403) else OSError
        return kind(f"{space}: {refusals[status]} ({status}){end}")
    if status:
        return OSError(f"{space}: the hub answered {status}: {said}{end}")
    if isinstance(reason, ValueError):
        return OSError(f"{space}: {reason}{end}")
    return ConnectionError(
        f"{space}: the connection to the hub was lost ({said}); {left or _KEPT}; run this again"
    )
