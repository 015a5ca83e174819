"""What is published on Hugging Face: the folder of a Space, with the pad, or of a model, with its card.

There are three kinds. A *static* Space is a page that computes in the visitor's browser: any web server can serve its
folder. A *gradio* Space is the same pad with an API behind it, and needs Python, numpy, Pillow, safetensors and Gradio;
for a model in ONNX, ONNX Runtime too. A *model* is the weights with their card, for
:meth:`digitlib.DigitClassifier.from_hub`. :mod:`digitlib.hosts.publish` sends a folder.
"""

import hashlib
import json
import re
from importlib import metadata, resources
from pathlib import Path

from digitlib import __version__, classify, weights
from digitlib.hosts import cards, words
from digitlib.preprocess import SIDE, prepare
from digitlib.weights import are_digits

__all__ = ["KINDS", "check_name", "front_matter", "gather", "listing"]

KINDS = ("static", "gradio", "model")
"""What can be published: two kinds of Space, and a model."""

Files = dict[str, bytes]
"""The files of a folder: their paths in it, with slashes, and their contents."""

PYTHON = "3.11"
# Where the app runs on a machine of one's own, if its port is free.
_HERE = "http://127.0.0.1:7860"
# What app.py imports of the package: the ground floor and the app.
VENDORED = (
    "__init__.py",
    "accuracy.py",
    "preprocess.py",
    "picture.py",
    "inputs.py",
    "pixels.py",
    *(
        f"reading/{name}.py"
        for name in (
            "__init__",
            "components",
            "ground",
            "ink",
            "morphology",
            "ruling",
            "sheet",
            "sign",
        )
    ),
    "files.py",
    "plain.py",
    "weights.py",
    "hub.py",
    "classify.py",
    "hosts/__init__.py",
    "hosts/words.py",
    "hosts/limits.py",
    "hosts/app.py",
)
_APP = '''"""A Gradio Space: the page and its API are in digitlib/hosts/app.py."""

from pathlib import Path

from digitlib.hosts import app

if __name__ == "__main__":
    app.serve(weights=Path(__file__).with_name("{model}"))
'''
# What a Space's README says of the ten digits, and of any other classes.
_SAYS = {
    True: "A small network names digits while you draw",
    False: "A small network names what you draw",
}
# And of weights that come with the package, or are their maker's.
_RIGHTS = {
    True: {"licence": "license: mit\n", "rights": "Code and weights are under the MIT licence"},
    False: {"licence": "", "rights": "Its code is under the MIT licence"},
}
_MNIST = """; MNIST is by Yann LeCun, Corinna Cortes
and Christopher J. C. Burges, under CC BY-SA 3.0"""


def check_name(name: str) -> str:
    """Return the name of a Space or a model, ``USER/NAME``.

    Raises:
        ValueError: anything else.

    >>> from digitlib.hosts import deploy
    >>> deploy.check_name("ada/digits")
    'ada/digits'
    >>> deploy.check_name("digits")
    Traceback (most recent call last):
    ValueError: expected USER/NAME, such as ada/digits, got 'digits'
    """
    part = r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?"
    fits = re.fullmatch(f"{part}/{part}", name, re.ASCII)
    if not fits or len(name) > 96 or re.search(r"--|\.\.|\.git$", name):
        raise ValueError(f"expected USER/NAME, such as ada/digits, got {name!r}")
    return name


def gather(
    kind: str,
    name: str | None = None,
    weights_file: str | Path = weights.SHIPPED,
    entries: cards.Entries | None = None,
) -> Files:
    """Everything that a Space or a model holds.

    Args:
        kind: one of :data:`digitlib.hosts.deploy.KINDS`.
        name: where it is published, ``USER/NAME``; None if nowhere, as for a web server of one's own.
        weights_file: the model; for a gradio Space it may be one in ONNX.
        entries: the ledger's, for a model's card (:func:`digitlib.hosts.cards.model_card`).

    Returns:
        the files of a folder, README.md first: their paths in it, with slashes, and their contents.

    Raises:
        FileNotFoundError, ValueError: no such weights file, or not one; another kind.
        ModuleNotFoundError: a model in ONNX, but no onnxruntime to look at it; a model's card, but no huggingface_hub.

    A whole site, for any web server; and what a Space starts:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from digitlib.files import write_folder
    >>> from digitlib.hosts import deploy
    >>> files = deploy.gather("static", "ada/digits")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_folder(files, folder)
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['README.md', 'digits.safetensors', 'index.html', 'pad.css', 'pad.mjs']
    >>> print(deploy.gather("gradio", "ada/digits")["requirements.txt"].decode().splitlines()[0])
    numpy>=1.26
    """
    if kind not in KINDS:
        raise ValueError(f"expected a kind out of {', '.join(KINDS)}, got {kind!r}")
    file = Path(weights_file)
    if kind == "static":
        files = _static(file)
    elif kind == "gradio":
        files = _gradio(name, file)
    else:
        files = _model(name, file, entries)
    return {"README.md": files.pop("README.md")} | dict(sorted(files.items()))


def _static(file: Path) -> Files:
    """The pad's page and its parts, with the weights."""
    _refuse_onnx(file, "the page computes in JavaScript, without ONNX Runtime")
    model = classify.load(file)
    text = cards.template("static.md").format(what=_what(model, "", ""))
    readme = _readme(model, file, "sdk: static\napp_file: index.html", text)
    return _pad() | {"README.md": readme, weights.SHIPPED.name: file.read_bytes()}


def _gradio(name: str | None, file: Path) -> Files:
    """The app with the part of the package that it imports, and the model beside them."""
    model, onnx = classify.load(file), weights.is_onnx(file)
    package = resources.files("digitlib")
    files = {part: package.joinpath(part).read_bytes() for part in VENDORED}
    files |= {f"pad/{part}": content for part, content in _pad().items()}
    files = {f"digitlib/{part}": content for part, content in files.items()}
    beside = "model.onnx" if onnx else "model.safetensors"
    what = _what(model, ", or on a photo", ", or what is on a picture")
    sdk = f"sdk: gradio\nsdk_version: {_gradio_version()}\n"
    sdk += f'python_version: "{PYTHON}"\napp_file: app.py'
    client = f'Client("{name}")' if name else f'Client("{_HERE}")  # where app.py says that it runs'
    text = cards.template("gradio.md").format(what=what, client=client)
    return files | {
        "README.md": _readme(model, file, sdk, text),
        "app.py": _APP.format(model=beside).encode(),
        "requirements.txt": _requirements(onnx).encode(),
        beside: file.read_bytes(),
    }


def _model(name: str | None, file: Path, entries: cards.Entries | None) -> Files:
    """The weights with their card, and what another program has to know before it reads them."""
    _refuse_onnx(file, "from_hub reads weights files alone")
    read, content = weights.load(file), file.read_bytes()
    return {
        "README.md": cards.readme(name, file, entries).encode(),
        "config.json": _config(read, content),
        weights.SHIPPED.name: content,
    }


def _refuse_onnx(file: Path, why: str) -> None:
    """ValueError for a model in ONNX."""
    if weights.is_onnx(file):
        raise ValueError(
            f"{file}: expected a weights file (.safetensors), got ONNX: {why}; "
            "`digitlib deploy --gradio` takes it"
        )


def _what(model: classify.Classifier, photo: str, picture: str) -> str:
    """The first sentence: what the page does, and what with a photo of a digit, or with any other picture."""
    network = words.network(model.classes, model.provenance)
    if are_digits(model.classes):
        return f"{network} names a digit while you draw it{photo}."
    return f"{network} names what you draw{picture}: {words.listed(model.classes)}."


def _readme(model: classify.Classifier, file: Path, sdk: str, text: str) -> bytes:
    """A Space's README.md."""
    digits = are_digits(model.classes)
    says = {"short": _SAYS[digits]} | _RIGHTS[weights.is_ours(file)]
    if digits and model.provenance.get("dataset") == "mnist":
        says["rights"] += _MNIST
    title = words.heading(model.classes)
    space = cards.template("space.md")
    return space.format(title=title, sdk=sdk, text=text, version=__version__, **says).encode()


def _pad() -> Files:
    """The pad's page and its parts, without weights."""
    folder = resources.files("digitlib") / "pad"
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def _config(read: weights.Weights, content: bytes) -> bytes:
    """What another program has to know of the weights before it reads them, as JSON.

    The hub counts the downloads of a model by this file, too.
    """
    config = {
        "library_name": "digitlib",
        "digitlib_version": __version__,
        "layers": [SIDE * SIDE, *(len(bias) for _, bias in read.layers)],
        "classes": list(read.classes),
        "calibration": {
            "temperature": read.calibration.get("temperature"),
            "threshold": read.calibration.get("threshold"),
        },
        "preprocessing": f"{prepare.__module__}.{prepare.__name__}",
        "preparation": read.preparation,
        "weights": {
            "file": weights.SHIPPED.name,
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    }
    return (json.dumps(config, indent=2) + "\n").encode()


def _requirements(onnx: bool) -> str:
    """What the ground floor, the app and perhaps the model need, in the package's own ranges.

    Gradio stays below its next major version.
    """
    lines = [line.partition(";") for line in metadata.requires("digitlib") or []]
    needed = [name.strip() for name, _, marker in lines if "extra" not in marker]
    after = int(_gradio_version().partition(".")[0]) + 1
    needed.append(f"gradio>={_lowest('gradio')},<{after}")
    if onnx:
        needed.append(f"onnxruntime>={_lowest('onnxruntime')}")
    return "\n".join(needed) + "\n"


def _gradio_version() -> str:
    """The Gradio that a Space gets: the one that is here if the app runs with it, else the lowest that does."""
    lowest = _lowest("gradio")
    try:
        here = metadata.version("gradio")
    except metadata.PackageNotFoundError:
        return f"{lowest}.0"
    return here if _leading(here) >= _leading(lowest) else f"{lowest}.0"


def _leading(version: str) -> list[int]:
    """A version's first two numbers."""
    return [int(number) for number in version.split(".")[:2]]


def _lowest(distribution: str) -> str:
    """The lower end of the package's own range, such as 6.31."""
    lines = metadata.requires("digitlib") or []
    found = filter(None, (re.match(rf"{distribution}>=(\d+\.\d+)", line) for line in lines))
    return next(found)[1]


def front_matter(files: Files) -> str:
    """The lines at the head of README.md from which the hub knows what the folder is.

    >>> from digitlib.hosts import deploy
    >>> print(deploy.front_matter(deploy.gather("static", "ada/digits")).splitlines()[4])
    sdk: static
    """
    return files["README.md"].decode().split("---\n")[1]


def listing(files: Files) -> str:
    """Each file with its size in bytes, and the sum.

    >>> from digitlib.hosts import deploy
    >>> print(deploy.listing({"README.md": b"# Digits", "pad/pad.css": bytes(7609)}))
            8  README.md
        7,609  pad/pad.css
        7,617  in all, 2 files
    """
    rows = [f"{len(content):>9,}  {name}" for name, content in files.items()]
    total = sum(map(len, files.values()))
    return "\n".join([*rows, f"{total:>9,}  in all, {len(files)} files"])
