import io

import numpy as np
import pytest
from PIL import Image, ImageFont

from digitlib.paper import blank, template

NAMES = ["camp", "rest"]


@pytest.mark.parametrize("suffix", [".pdf", ".PNG"])
def test_a_file_is_small(suffix):
    content = blank.encoded(blank.draw(NAMES), suffix)
    assert 5_000 < len(content) < 120_000
    if suffix == ".PNG":
        with Image.open(io.BytesIO(content)) as page:
            assert page.size == (3508, 2480) and round(page.info["dpi"][0]) == 300
    else:
        assert content.startswith(b"%PDF-") and b"/MediaBox [ 0 0 841.92 595.2" in content


@pytest.mark.parametrize("suffix", ["", ".jpg"])
def test_another_ending_is_refused(suffix):
    with pytest.raises(ValueError, match=r"expected a name that ends in \.pdf or \.png, got "):
        blank.encoded(blank.draw(NAMES), suffix)


def test_the_marks_stand_where_the_template_says():
    page = np.asarray(blank.draw(NAMES))
    holes = []
    for x, y in template.CORNERS * blank.DOTS / 25.4:
        ring = round(6 / 7 * 6 * blank.DOTS / 25.4) - 3
        assert not page[round(y), round(x) - ring] and not page[round(y) + ring, round(x)]
        holes.append(bool(page[round(y), round(x)]))
    assert holes == [True, False, False, False]


def test_lines_are_pale():
    page = np.asarray(blank.draw(NAMES))
    left, top, right, bottom = (template.boxes(2)[0, 5] * blank.DOTS / 25.4).round().astype(int)
    assert page[top + 5 : bottom - 5, left + 5 : right - 5].all()
    line = page[top + 5 : bottom - 5, left - 3 : left + 4]
    assert 0.1 < (~line).mean() < 0.2


@pytest.mark.parametrize("name", ["ᚠᚢᚦ", "Ж", "字", "🜁", "a" * 60, "שלום"])
def test_any_name_can_be_printed(name):
    assert blank.draw(["camp", name]).size == (3508, 2480)


def test_a_name_without_letters_in_the_font_is_told():
    assert blank.unprinted(["camp", "ᚠ", "two words"]) == ["ᚠ"]


def test_a_pillow_without_freetype_draws_too(monkeypatch):
    monkeypatch.setattr(
        ImageFont, "load_default", lambda size=None: ImageFont.load_default_imagefont()
    )
    blank._font.cache_clear()
    blank._has.cache_clear()
    try:
        assert blank.draw(["camp", "ᚠ"]).size == (3508, 2480)
    finally:
        blank._font.cache_clear()
        blank._has.cache_clear()
