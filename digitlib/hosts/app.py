"""The web page and its API, served by Gradio: a pad to draw on, a photo to upload, and two endpoints for programs.

It asks any :class:`~digitlib.classify.Classifier`. ``/classify`` takes a picture's file and answers
``{"label", "name", "reason", "probabilities"}``: the index of a class and its name, or why there is none, and a
probability for each class, in their order. ``/classify_batch`` takes several and answers a list. What a request may
hold, :mod:`digitlib.hosts.limits` says; any other gets one line with what was expected and what came.

A Space runs it beside a copy of the ground floor alone.
"""

import atexit
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from digitlib.accuracy import percent
from digitlib.classify import Classifier, Prediction, load
from digitlib.hosts import limits, words
from digitlib.preprocess import NoInk, prepare
from digitlib.weights import SHIPPED, are_digits

# Gradio reads these when it is imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
if not os.environ.get("GRADIO_TEMP_DIR"):
    # Its own choice has one name for all users of a machine, and belongs to whoever came first. This one goes at exit.
    os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="digitlib-")
    atexit.register(shutil.rmtree, os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)


@contextmanager
def _without_proxy() -> Iterator[None]:
    """Within it no proxy is asked: Gradio looks whether its own address answers, and no proxy can know that one."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    os.environ |= dict.fromkeys(before, "*")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# With a SOCKS proxy Gradio can't even be imported, but for a package that few have.
with _without_proxy():
    import gradio as gr
    from gradio_client.utils import is_file_obj_with_meta
    from starlette.middleware import Middleware

__all__ = ["build", "launch", "page", "serve"]

# A prediction takes a core for some milliseconds, a large photo 120 MB for half a second: few at once, of
# whichever kind, and the rest waits.
TOGETHER: dict[str, Any] = {"concurrency_id": "pictures", "concurrency_limit": 4}
# How often uploads are looked through, and how old they may get, in seconds.
KEEP = (300, 600)

_PAD = resources.files("digitlib") / "pad"
_MODULE = (_PAD / "pad.mjs").read_text(encoding="utf-8")
# Gradio takes it for a template of JavaScript's, where a backslash would be read as that language's.
_CSS = (_PAD / "pad.css").read_text(encoding="utf-8").replace("\\", "\\\\")
_DIGITS = """# {heading}
{network} says what it sees while you draw. For its answers drawings and photos are
sent to this server. It keeps no drawing, and a photo for a quarter of an hour at most."""
_CLASSES = """# {heading}
{network} says which of these it sees: {names}. For its answers drawings and pictures are
sent to this server. It keeps no drawing, and a picture for a quarter of an hour at most."""

# As the book looks, and the pad's own page: its width, its typefaces, its colours on light and on dark.
_WIDTH = "main { max-width: 46rem !important; margin-inline: auto !important; }"
_FONT = [
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Helvetica Neue",
    "Noto Sans",
    "Liberation Sans",
]
_COLOURS = {
    "body_background_fill": ("#fff", "#14181d"),
    "body_text_color": ("#23272b", "#ced6dd"),
    "body_text_color_subdued": ("#48566b", "#9ca4af"),
    "background_fill_primary": ("#fff", "#14181d"),
    "background_fill_secondary": ("#f3f4f6", "#1f262d"),
    "block_background_fill": ("#f3f4f6", "#1f262d"),
    "block_label_background_fill": ("#f3f4f6", "#1f262d"),
    "block_label_text_color": ("#48566b", "#9ca4af"),
    "border_color_primary": ("#d1d5da", "#3b4754"),
    "link_text_color": ("#0a58ca", "#7ab0ff"),
}

# A module from a blob address: the same file then works in any host, with no path to agree on.
_START = """
const module = URL.createObjectURL(new Blob([%s], { type: "text/javascript" }));
const values = {
  ...%s,
  classify: async ({ png }) => server.classify_drawing(await png()),
};
const el = element.querySelector(".digit-pad");
import(module)
  .then((pad) => pad.default.render({ model: { get: (name) => values[name] }, el }))
  .catch((error) => { el.textContent = `The pad can't start in this browser: ${error.message}`; });
"""


def build(classifier: Classifier | None = None) -> gr.Blocks:
    """Build the page around a classifier, by default the package's own weights.

    :func:`digitlib.hosts.app.launch` does so, and serves it; :func:`digitlib.hosts.app.page` is what it does.

    >>> import asyncio
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from digitlib import DigitClassifier, weights
    >>> from digitlib.hosts import app
    >>> async def titles():  # where no loop runs, Gradio makes one, and leaves it open
    ...     return app.build().title, app.page(DigitClassifier.load(weights.TINY)).title
    >>> with ThreadPoolExecutor() as pool:  # where one runs, as in a notebook, no other can
    ...     pool.submit(asyncio.run, titles()).result()
    ('Draw a digit', 'Draw a digit')
    """
    return page(classifier or load())


def page(classifier: Classifier) -> gr.Blocks:
    """The page and its API: all that Gradio is told."""

    def classify_drawing(drawing: str) -> dict:
        """Name what is on a drawing, a PNG as a ``data:`` address."""
        return _answer(classifier.classify(limits.decode(drawing)))

    def classify(picture: gr.FileData) -> dict:
        """Name what is on a picture."""
        drawing = _read(picture, classifier.preparation)
        return _answer(classifier.classify(drawing))

    def classify_batch(pictures: list[gr.FileData]) -> list[dict]:
        """Name what is on each of several pictures."""
        return [classify(picture) for picture in _several(pictures)]

    title = words.heading(classifier.classes)
    with gr.Blocks(title=title, delete_cache=KEEP) as blocks, gr.Column():
        gr.Markdown(_introduction(classifier))
        _pad(classifier, classify_drawing)
        _photo(classifier)
        gr.api(classify, api_name="classify", **TOGETHER)
        gr.api(classify_batch, api_name="classify_batch", **TOGETHER)
    return blocks.queue(api_open=False)


def _introduction(classifier: Classifier) -> str:
    """What stands at the head of the page."""
    classes = classifier.classes
    return (_DIGITS if are_digits(classes) else _CLASSES).format(
        heading=words.heading(classes),
        network=words.network(classes, classifier.provenance),
        names=words.listed(classes),
    )


def _pad(classifier: Classifier, classify_drawing: Callable[[str], dict]) -> None:
    """The pad; its bars ask the server."""
    answers = {"classes": classifier.classes, "preparation": classifier.preparation}
    gr.HTML(
        html_template='<div class="digit-pad">The drawing pad is on its way.</div>',
        css_template=_CSS,
        js_on_load=_START % (json.dumps(_MODULE), json.dumps(answers)),
        server_functions=[classify_drawing],
    )


def _photo(classifier: Classifier) -> None:
    """The part of the page that takes a picture, and says what it shows."""

    def show(photo: dict | None) -> tuple:
        """Say what is on an uploaded picture, and show what the model sees of it."""
        return _shown(classifier, photo) if photo else ("", None)

    what = "photo of a digit" if are_digits(classifier.classes) else "picture"
    ink = ", dark ink on paper" if classifier.preparation == "digit" else ""
    photo = gr.Image(label=f"Or a {what}{ink}", sources=["upload", "clipboard"], height=240)
    said = gr.Markdown(elem_id="photo-answer")
    seen = gr.Image(label="What the model sees", height=240, interactive=False, buttons=[])
    # Unprepared, or Gradio would open the file before its size is checked.
    sent = {"preprocess": False, "api_visibility": "private", **TOGETHER}
    photo.change(show, photo, [said, seen], **sent)


def launch(
    host: str | None = None,
    port: int | None = None,
    weights: str | Path | None = None,
    **options: Any,
) -> tuple[gr.routes.App, str, str | None]:
    """Serve the page and return Gradio's ``(app, local address, public address)``.

    Args:
        host: the address to listen on; by default this machine only, and every one on a Space.
        port: by default the first free one from 7860.
        weights: a weights file or a model in ONNX; by default the package's own.
        options: further ones of Gradio's ``launch``.

    Raises:
        FileNotFoundError, ModuleNotFoundError, ValueError: as :func:`digitlib.classify.load` does.
        OSError: the port is taken.
        ValueError: a port that there is none of.

    While it serves, this process asks no proxy for anything, except with ``share=True``.

    >>> from digitlib.hosts import app
    >>> app.launch(port=7860, weights="mine.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: mine.safetensors: no such file
    """
    on_a_space = "SPACE_ID" in os.environ
    page = build(load(weights or SHIPPED))
    if port is not None and not 0 < port < 65_536:
        raise ValueError(f"expected a port from 1 to 65535, got {port}")
    with nullcontext() if options.get("share") else _without_proxy(), _told(port):
        return page.launch(
            server_name=host or ("0.0.0.0" if on_a_space else "127.0.0.1"),
            server_port=port,
            max_file_size=limits.UPLOAD,
            footer_links=["api"],
            theme=_theme(),
            css=_WIDTH,
            ssr_mode=False,
            app_kwargs={"middleware": [Middleware(limits.Bounded)]},
            **options,
        )


def _theme() -> gr.themes.Base:
    """Gradio's plainest theme in the colours of the book."""
    light = {name: pair[0] for name, pair in _COLOURS.items()}
    dark = {f"{name}_dark": pair[1] for name, pair in _COLOURS.items()}
    both = {"color_accent": "#2b83c6", "block_radius": "0.625rem", "input_radius": "0.375rem"}
    theme = gr.themes.Base(
        font=[*_FONT, "Arial", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    return theme.set(**light, **dark, **both)


@contextmanager
def _told(port: int | None) -> Iterator[None]:
    """Say in words of ours that the port is taken, which Gradio says in those of its own settings."""
    try:
        yield
    except OSError as error:
        if port is None or "empty port" not in str(error):
            raise
        raise OSError(
            f"port {port} is taken: expected a free one, or none, for the first free"
        ) from None


def serve(port: int | None = None, weights: str | Path | None = None) -> None:
    """Serve the page as all that this process does, until it is told to end; of the uploads nothing stays then.

    Args and errors are :func:`digitlib.hosts.app.launch`'s. A Space does nothing else:

    >>> from digitlib.hosts import app, deploy
    >>> space = deploy.gather("gradio", "ada/digits")["app.py"].decode()
    >>> f"app.{app.serve.__name__}(weights=" in space
    True
    """
    # An end like any other, at which their folder is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    launch(port=port, weights=weights)


def _answer(prediction: Prediction) -> dict:
    """A prediction as JSON."""
    return {
        "label": prediction.label,
        "name": prediction.name,
        "reason": prediction.reason,
        "probabilities": [float(p) for p in prediction.probabilities],
    }


def _read(upload: Any, preparation: str) -> np.ndarray:
    """An upload as a drawing; ``gr.Error`` in one line for what is no picture, or too large a one."""
    # Where such a file lies Gradio has checked; what doesn't look like one, it passes on as it is.
    if not is_file_obj_with_meta(upload):
        raise _refusal(f"expected an uploaded picture, got {str(upload)[:40]!r}")
    try:
        return limits.opened(upload["path"], preparation)
    except ValueError as error:
        raise _refusal(str(error)) from None


def _several(pictures: object) -> list:
    """Check the number of a batch."""
    most = limits.BATCH
    if not isinstance(pictures, list) or not 1 <= len(pictures) <= most:
        count = len(pictures) if isinstance(pictures, list) else "no list"
        raise _refusal(f"expected a list of 1 to {most} pictures, got {count}")
    return pictures


def _refusal(message: str) -> gr.Error:
    return gr.Error(message, print_exception=False)


def _shown(classifier: Classifier, photo: dict) -> tuple[str, np.ndarray | None]:
    """A sentence about a picture, as Markdown, and the 28 x 28 image that the model got, enlarged."""
    digits = are_digits(classifier.classes)
    drawing = _read(photo, classifier.preparation)
    prediction = classifier.classify(drawing)
    try:
        image = prepare(drawing, classifier.preparation)
    except NoInk:
        return "Nothing drawn in sight" if digits else "Nothing in sight", None
    enlarged = np.kron(image, np.ones((10, 10), dtype=np.uint8))
    if prediction.label is None or prediction.name is None:
        return "This is no digit" if digits else "None of these", enlarged
    share = percent(prediction.probabilities[prediction.label], 0)
    name = words.escaped(prediction.name)
    return f"{'This is a ' if digits else ''}{name} ({share})", enlarged
