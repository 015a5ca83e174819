"""What a request to the app may hold, and what is refused before it costs anything.

A file is at most 10 MB and 25 million pixels large, in one of the formats of :data:`digitlib.pixels.FORMATS`, and of
several frames no more are looked at than :mod:`digitlib.pixels` says. A batch has at most 100 files, and any other
request 8 MB. Sizes are read off a header: no pixel is unpacked before. What is refused is a ValueError of one line.
"""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitlib import pixels
from digitlib.picture import read
from digitlib.plain import one_line

__all__ = ["BATCH", "BODY", "PIXELS", "UPLOAD", "Bounded", "decode", "opened"]

PIXELS = 25_000_000
"""Of an uploaded picture."""

UPLOAD = "10mb"
"""Of a file that is uploaded, as Gradio writes it, which counts them itself."""

BATCH = 100
"""Files asked about at once."""

BODY = 8_000_000
"""Bytes of any request that isn't an upload: a canvas of 1,000 x 1,000 pixels that nothing compresses has less."""

# Grey levels of a sheet below this one are nothing. Browsers that add noise to what a page reads from a canvas change
# its lowest bits, the last or the last two; and 8 of 255 is the edge of a stroke that covers a thirtieth of a pixel.
FAINT = 8


def opened(file: str | Path, preparation: str) -> np.ndarray:
    """A picture's file as a drawing, uint8 ``(H, W)``, once its header is fine.

    ValueError, in one line, for what is no picture or too large a one.

    >>> import tempfile
    >>> from digitlib.hosts import limits
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("1", (6000, 6000)).save(f"{folder}/wide.png")  # a few kB
    ...     limits.opened(f"{folder}/wide.png", "digit")
    Traceback (most recent call last):
    ValueError: wide.png: expected at most 25,000,000 pixels, got 6000 x 6000
    """
    path = Path(file)
    try:
        width, height = pixels.size(path)  # nothing is unpacked yet
        if width * height > PIXELS:
            got = f"{width} x {height}"
            raise ValueError(f"{path}: expected at most {PIXELS:,} pixels, got {got}")
        return read(path, preparation)
    except (OSError, ValueError) as error:
        raise ValueError(str(error).replace(str(path), path.name)) from None


def decode(drawing: str) -> np.ndarray:
    """Read a drawing from the address that a page makes of it, without the noise that its browser may have added.

    Args:
        drawing: ``data:image/png;base64,…``, of a PNG of at most 1,000 by 1,000 pixels.

    Returns:
        grey levels, uint8 ``(H, W)``; those below 8 are 0.

    Raises:
        ValueError: anything else.

    >>> import base64
    >>> import io
    >>> from PIL import Image
    >>> from digitlib.hosts import limits
    >>> file = io.BytesIO()
    >>> Image.new("L", (280, 200)).save(file, "PNG")
    >>> limits.decode("data:image/png;base64," + base64.b64encode(file.getvalue()).decode()).shape
    (200, 280)
    >>> limits.decode("a four")
    Traceback (most recent call last):
    ValueError: expected a PNG as data:image/png;base64,…: it starts with 'a four'
    """
    head, _, content = str(drawing).partition(",")
    try:
        if head != "data:image/png;base64":
            raise ValueError(f"it starts with {head[:30]!r}")
        image = Image.open(io.BytesIO(base64.b64decode(content, validate=True)), formats=["PNG"])
        if max(image.size) > 1_000:  # read off the header, before a single pixel is unpacked
            raise ValueError(f"at most 1,000 x 1,000 pixels, got {image.width} x {image.height}")
        levels = np.asarray(image.convert("L"))
        return np.where(levels < FAINT, np.uint8(0), levels)
    except Exception as error:  # what Pillow raises about damage has no other root
        raise ValueError(f"expected a PNG as data:image/png;base64,…: {one_line(error)}") from None


class Bounded:
    """Requests of at most :data:`BODY` bytes, but for uploads, which Gradio counts itself: an ASGI middleware.

    >>> from digitlib.hosts import limits
    >>> from starlette.testclient import TestClient
    >>> host = TestClient(limits.Bounded(None))
    >>> answer = host.post("/gradio_api/queue/join", content=bytes(9_000_000))
    >>> answer.status_code, answer.json()["detail"]
    (413, 'expected a request of at most 8,000,000 bytes, got 9000000')
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on to the app."""
        if scope["type"] != "http" or scope["path"].endswith("/upload"):
            return await self.app(scope, receive, send)
        length = Headers(scope=scope).get("content-length", "0")
        if not (length.isdecimal() and len(length) < 20 and int(length) <= BODY):
            message = f"expected a request of at most {BODY:,} bytes, got {length:.20}"
            return await JSONResponse({"detail": message}, 413)(scope, receive, send)
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            # Who says no length before, and goes on and on, is cut off.
            return message if got <= BODY else {"type": "http.disconnect"}

        return await self.app(scope, counted, send)
