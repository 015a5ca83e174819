import base64
import io
import json
from html.parser import HTMLParser
from unittest import mock

import pytest
from PIL import Image

from digitlib import DigitClassifier, data, export, show
from digitlib.drawn import redrawn
from digitlib.evaluate import Accuracy
from digitlib.report import measure
from digitlib.report.page import render as render_page
from memory import remembering


@pytest.fixture(scope="module")
def valid(small):
    return data.split(small, valid=data.VALID_SIZE["optdigits"])[1]


@pytest.fixture(scope="module")
def found(valid):
    """The shipped weights, measured on few digits and with two pens."""
    classifier = DigitClassifier.load()
    calibration = classifier.temperature, classifier.threshold
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redrawn, "GRID", redrawn.GRID[5:7])
        measured = measure.measure(export.load_model(), valid, *calibration, quick=True)
    return {"model": "<mine>", **measured}


@pytest.fixture(scope="module")
def render(valid):
    """Makes a page, and draws no picture twice: a page has eight, and few of them change."""
    kinds = "curves", "digits", "intervals", "lines", "matrix", "reliability"
    drawn_once = {kind: remembering(getattr(show, kind)) for kind in kinds}

    def made(found):
        with mock.patch.multiple(show, **drawn_once):
            return render_page(found, valid)

    return made


@pytest.fixture(scope="module")
def page(found, render):
    return render(found)


class Page(HTMLParser):
    """Notes the addresses, the alternative texts and the words of a page."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.alts, self.words, self.captions = [], [], "", 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.addresses += [found[name] for name in ("src", "href") if name in found]
        self.alts += [found.get("alt")] if tag == "img" else []
        self.captions += tag == "figcaption"

    def handle_data(self, words):
        self.words += words.replace("\N{NO-BREAK SPACE}", " ")


def test_a_page_asks_for_nothing_and_says_how_to_read_each_picture(page):
    page = Page(page)
    kind = "data:image/png;base64,"
    assert all(address.startswith(kind) for address in page.addresses)
    assert len(page.addresses) == len(page.alts) == page.captions == 8
    assert all(page.alts)
    for address in page.addresses:  # narrow enough for a telephone
        picture = Image.open(io.BytesIO(base64.b64decode(address.removeprefix(kind))))
        assert picture.width <= 580


@pytest.mark.parametrize(
    "name", ["accuracy", "other handwriting", "refused digits", "answered digits"]
)
def test_what_was_found_is_said(found, render, name):
    words = Page(render({**found, name: plain(61, 73)})).words
    if name == "answered digits":
        assert "73.0 % of the digits" in words  # of 100
        assert Accuracy(12, 73).share in words  # that are wrong
    else:
        assert Accuracy(61, 73).share in words


def plain(right, n):
    low, high = Accuracy(right, n).interval
    return {"right": right, "n": n, "value": right / n, "interval": [low, high]}


@pytest.mark.parametrize(("temperature", "said"), [(0.75, True), (1.0, False)])
def test_a_fitted_temperature_is_told(found, render, temperature, said):
    changed = {**found["calibration"], "temperature": temperature}
    words = Page(render({**found, "calibration": changed})).words
    assert ("a temperature of 0.75" in words) == said


def test_the_worst_corruption_is_named(found, render):
    curves = {**found["corruptions"], "noise": {"0.3": plain(0, 1000)}}
    changed = {**found, "corruptions": curves, "mean corruption error": 0.432}
    words = Page(render(changed)).words
    worst = f"(noise, 0.3 of full ink, deviation): {Accuracy(0, 1000).share} right"
    assert worst in words and "severities: 43.2 %" in words


def test_a_page_is_made_again_from_its_json(found, valid, page):
    assert render_page(json.loads(json.dumps(found)), valid) == page


def test_what_is_not_there_is_left_out(found, render):
    without = {key: value for key, value in found.items() if "digits" not in key}
    page = Page(render({**without, "worst mistakes": []}))
    assert "names a digit on everything" in page.words
    assert "worst mistakes" not in page.words
    assert "The square is the threshold" not in page.words
    assert len(page.alts) == 6


def test_digits_that_are_missing_are_said_to_be(found, render, page):
    assert "None of them is labelled" not in page
    rows = [[0] * 10 if i in (3, 8) else row for i, row in enumerate(found["confusion"])]
    words = Page(render({**found, "confusion": rows})).words
    assert "None of them is labelled 3 or 8: of that, nothing is said." in words


def test_a_name_is_text(page):
    assert "<h1>Report: &lt;mine&gt;</h1>" in page


def test_nothing_is_wider_than_a_telephone(page, browser):
    shown = browser.new_page(viewport={"width": 390, "height": 844})
    shown.set_content(page)
    assert shown.evaluate("document.documentElement.scrollWidth") == 390
    widest = "Math.max(...[...document.images].map((image) => image.clientWidth))"
    assert 300 < shown.evaluate(widest) <= 390
    shown.close()
