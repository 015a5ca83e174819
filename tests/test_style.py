import io
import re
from pathlib import Path

import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from contrasts import contrast
from digitlib import show, style


def lit(colour, factor):
    """What ``filter: brightness()`` makes of a colour."""
    return "#" + "".join(
        f"{min(255, round(int(colour[i : i + 2], 16) * factor)):02x}" for i in (1, 3, 5)
    )


LIGHT, DARK = "#ffffff", "#14181d"


def test_colours_have_contrast_on_a_light_and_on_a_dark_page():
    for colour in style.COLOURS:
        assert contrast(colour, LIGHT) >= 3 and contrast(colour, DARK) >= 3
    assert contrast(style.GREY, LIGHT) >= 4.5
    root = Path(__file__).parents[1]
    for sheet in ("book/_static/book.css", "digitlib/report/page.css"):
        [factor] = re.findall(r"filter: brightness\(([\d.]+)\)", (root / sheet).read_text())
        assert contrast(lit(style.GREY, float(factor)), DARK) >= 4.5


def test_a_picture_says_how_large_it_is_and_has_more_pixels():
    picture = show.bars([1, 2, 3])
    width, height = picture.size["width"], picture.size["height"]
    assert width == 96 * style.WIDTH
    with Image.open(io.BytesIO(picture.png)) as file:
        assert file.size == pytest.approx((width * 5 / 3, height * 5 / 3), abs=1)
    data, metadata = DisplayFormatter().format(picture)  # as a cell's last line
    assert (data["image/png"], metadata["image/png"]) == (picture.png, picture.size)
