import hashlib
import io
import re
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import glyphs as script
from digitlib.drawn import glyphs, sketches

ROOT = Path(__file__).parents[1]
TEXTS = {"LETTERS": 21, "LOOK_ALIKES": 21, "SYMBOLS": 7}


@pytest.mark.parametrize("name, count", TEXTS.items())
def test_as_many_typefaces_as_ever_have_the_characters(name, count):
    text = getattr(sketches, name)
    found = glyphs.typefaces(text)
    assert len(found) == count
    assert all(set(text) <= set(each) for each in found)


def test_a_typeface_has_a_whole_text_or_none_of_it():
    texts = [set(getattr(sketches, name)) for name in TEXTS]
    for typeface, each in glyphs.load().items():
        assert set(each) == set().union(*(text for text in texts if text & set(each))), typeface


def test_typefaces_keep_the_order_of_the_file():
    everyone = list(glyphs.load().values())
    places = [
        [each is one for each in everyone].index(True) for one in glyphs.typefaces(sketches.SYMBOLS)
    ]
    assert places == sorted(places) and len(places) == len(set(places))


@pytest.mark.parametrize("typeface", glyphs.load())
def test_glyphs_are_bright_on_dark_and_differ(typeface):
    each = glyphs.load()[typeface]
    for glyph in each.values():
        assert glyph.dtype == np.uint8 and glyph.ndim == 2 and not glyph.flags.writeable
        assert glyph.max() > 127
    assert len({(glyph.shape, glyph.tobytes()) for glyph in each.values()}) == len(each)


def test_a_character_that_no_typeface_has_is_an_error():
    with pytest.raises(ValueError, match=r"that a typeface in glyphs\.npz has, got 'aж'"):
        glyphs.typefaces("aж")


def test_the_pixels_are_those_that_recipes_learned_from():
    with np.load(glyphs.FILE) as stored:
        digest = hashlib.sha256(stored["pixels"].tobytes()).hexdigest()
    assert digest[:12] == "76f104442d1c"


def test_each_typeface_is_credited():
    credits = glyphs.FILE.with_suffix(".txt").read_text()
    for typeface in glyphs.load():
        assert re.search(rf"\b{typeface.partition('-')[0]}\b", credits)


def test_the_script_stores_what_it_is_given():
    content = script.packed(glyphs.load())
    assert content == script.packed(glyphs.load())
    with np.load(io.BytesIO(content)) as again, np.load(glyphs.FILE) as stored:
        assert set(again) == set(stored)
        for name in stored:
            assert again[name].dtype == stored[name].dtype
            np.testing.assert_array_equal(again[name], stored[name])


def test_the_script_draws_what_is_stored():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    for package in ("matplotlib", "pillow"):
        if f"{package}=={metadata.version(package)}" not in lines:
            pytest.skip(f"another {package} may draw other glyphs")
    if not script.features.check("raqm"):
        pytest.skip("Pillow lays text out otherwise without FriBiDi")
    drawn, stored = script.drawn(), glyphs.load()
    assert [(name, list(each)) for name, each in drawn.items()] == [
        (name, list(each)) for name, each in stored.items()
    ]
    for name, each in drawn.items():
        for character, glyph in each.items():
            np.testing.assert_array_equal(glyph, stored[name][character])


def test_without_the_library_that_lays_text_out_the_script_draws_nothing(monkeypatch):
    monkeypatch.setattr(script.features, "check", lambda name: name != "raqm")
    with pytest.raises(RuntimeError, match="expected a Pillow with Raqm"):
        script.drawn()
