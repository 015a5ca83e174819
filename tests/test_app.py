import base64
import io

import numpy as np
import pytest
from PIL import Image

from digitlib import app
from drawings import draw


def address(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_decode_gives_back_what_the_canvas_held():
    image = draw(2)
    np.testing.assert_array_equal(app.decode(address(image)), np.asarray(image))
    np.testing.assert_array_equal(
        app.decode(address(image.convert("RGBA"))), np.asarray(image)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "hello",
        "data:image/png;base64,####",
        "data:image/png;base64,aGVsbG8=",
        "data:image/gif;base64,aGk=",
    ],
)
def test_what_is_no_drawing_is_refused(wrong):
    with pytest.raises(ValueError, match="expected a PNG"):
        app.decode(wrong)


def test_a_canvas_too_large_is_refused():
    with pytest.raises(ValueError, match=r"at most 1,000 x 1,000 pixels, got 2000 x 1"):
        app.decode(address(Image.new("L", (2000, 1))))
