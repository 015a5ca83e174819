import base64
import io
import json
from html.parser import HTMLParser

import pytest
from PIL import Image

from digitlib import DigitClassifier, data, export, redrawn, report, report_page
from digitlib.evaluate import Accuracy


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
        measured = report.measure(export.load_model(), valid, *calibration, quick=True)
    return {"model": "<mine>", **measured}


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


def test_a_page_asks_for_nothing_and_says_how_to_read_each_picture(found, valid):
    page = Page(report_page.render(found, valid))
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
def test_what_was_found_is_said(found, valid, name):
    words = Page(report_page.render({**found, name: plain(61, 73)}, valid)).words
    if name == "answered digits":
        assert "73.0 % of the digits" in words  # of 100
        assert Accuracy(12, 73).share in words  # that are wrong
    else:
        assert Accuracy(61, 73).share in words


def plain(right, n):
    low, high = Accuracy(right, n).interval
    return {"right": right, "n": n, "value": right / n, "interval": [low, high]}


@pytest.mark.parametrize(("temperature", "said"), [(0.75, True), (1.0, False)])
def test_a_fitted_temperature_is_told(found, valid, temperature, said):
    changed = {**found["calibration"], "temperature": temperature}
    words = Page(report_page.render({**found, "calibration": changed}, valid)).words
    assert ("a temperature of 0.75" in words) == said


def test_the_worst_corruption_is_named(found, valid):
    curves = {**found["corruptions"], "noise": {"0.3": plain(0, 1000)}}
    changed = {**found, "corruptions": curves, "mean corruption error": 0.432}
    words = Page(report_page.render(changed, valid)).words
    worst = f"(noise, 0.3 of full ink, deviation): {Accuracy(0, 1000).share} right"
    assert worst in words and "severities: 43.2 %" in words


def test_a_page_is_made_again_from_its_json(found, valid):
    kept = json.loads(json.dumps(found))
    assert report_page.render(kept, valid) == report_page.render(found, valid)


def test_what_is_not_there_is_left_out(found, valid):
    without = {key: value for key, value in found.items() if "digits" not in key}
    page = Page(report_page.render({**without, "worst mistakes": []}, valid))
    assert "names a digit on everything" in page.words
    assert "worst mistakes" not in page.words
    assert "The square is the threshold" not in page.words
    assert len(page.alts) == 6


def test_a_name_is_text(found, valid):
    assert "<h1>Report: &lt;mine&gt;</h1>" in report_page.render(found, valid)


def test_nothing_is_wider_than_a_telephone(found, valid, browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content(report_page.render(found, valid))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    widest = "Math.max(...[...document.images].map((image) => image.clientWidth))"
    assert 300 < page.evaluate(widest) <= 390
    page.close()
