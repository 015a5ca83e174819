import json
from dataclasses import replace
from html.parser import HTMLParser
from unittest import mock

import pytest
from visiting import visit

from digitlib import DigitClassifier, classify, data, show, style
from digitlib.accuracy import Share
from digitlib.drawn import redrawn
from digitlib.report.findings import Report
from digitlib.report.measure import measure
from digitlib.report.page import render as render_page
from memory import remembering
from named import COUNTS, names, write
from servers import listening
from signs import striped


@pytest.fixture(scope="module")
def valid(small):
    return data.split(small, valid=data.VALID_SIZE["optdigits"])[1]


@pytest.fixture(scope="module")
def found(valid):
    """The shipped weights, measured on few digits and with two pens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redrawn, "GRID", redrawn.GRID[5:7])
        return measure(DigitClassifier.load(), valid, name="<mine>", quick=True)


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
        self.addresses, self.alts, self.widths, self.words, self.captions = [], [], [], "", 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.addresses += [found[name] for name in ("src", "href") if name in found]
        self.alts += [found.get("alt")] if tag == "img" else []
        self.widths += [int(found["width"])] if tag == "img" else []
        self.captions += tag == "figcaption"

    def handle_data(self, words):
        self.words += words.replace("\N{NO-BREAK SPACE}", " ")


def test_a_page_asks_for_nothing_and_says_how_to_read_each_picture(page):
    page = Page(page)
    kind = "data:image/png;base64,"
    assert all(address.startswith(kind) for address in page.addresses)
    assert len(page.addresses) == len(page.alts) == page.captions == 9
    assert all(page.alts)
    assert max(page.widths) <= 96 * style.WIDTH  # narrow enough for a telephone


ASKED = Share(61, 73)


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("clean", {"accuracy": ASKED}),
        ("redrawn", {"all": ASKED}),
        ("elsewhere", {"writers": ASKED}),
        ("refusal", {"refused": ASKED}),
        ("non_digits", {"groups": {"kinds set aside": ASKED}}),
    ],
)
def test_what_was_found_is_said(found, render, part, changes):
    changed = replace(found, **{part: replace(getattr(found, part), **changes)})
    assert str(ASKED) in Page(render(changed)).words


def test_the_digit_and_the_style_that_are_refused_most_are_said(found, render):
    by_style = dict.fromkeys(("thin", "thick"), Share(3, 73))
    refused = dict.fromkeys("0123456789", by_style) | {"4": {**by_style, "thick": ASKED}}
    words = Page(render(replace(found, written=replace(found.written, refused=refused)))).words
    assert f"Most of drawings of one digit in one style: {ASKED} (4, thick)." in words
    assert "of 73 drawings" in words


def test_what_the_threshold_leaves_is_said(found, render):
    words = Page(render(replace(found, refusal=replace(found.refusal, answered=ASKED)))).words
    assert "73.0 % of the digits" in words  # of 100
    assert f"{Share(12, 73)} answers are wrong" in words


@pytest.mark.parametrize(("temperature", "said"), [(0.75, True), (1.0, False)])
def test_a_fitted_temperature_is_told(found, render, temperature, said):
    changed = replace(found.calibration, temperature=temperature)
    words = Page(render(replace(found, calibration=changed))).words
    assert ("a temperature of 0.75" in words) == said


def test_the_worst_corruption_is_named(found, render):
    curves = {**found.worse.curves, "noise": {0.3: Share(0, 1000)}}
    words = Page(
        render(replace(found, worse=replace(found.worse, curves=curves, mean_error=0.432)))
    ).words
    worst = f"(noise, 0.3 of full ink, deviation): {Share(0, 1000)} right"
    assert worst in words and "severities: 43.2 %" in words


def test_a_page_is_made_again_from_its_json(found, valid, page):
    plain = json.loads(json.dumps(found.to_json()))
    assert render_page(Report.from_json(plain), valid) == page


def test_what_is_not_there_is_left_out(found, render):
    without = replace(
        found, refusal=None, written=None, non_digits=None, clean=replace(found.clean, worst=())
    )
    page = Page(render(without))
    assert "names a digit on everything" in page.words
    assert "worst mistakes" not in page.words
    assert "The square is the threshold" not in page.words
    assert len(page.alts) == 6


def test_digits_that_are_missing_are_said_to_be(found, render, page):
    assert "None of them is labelled" not in page
    rows = tuple((0,) * 10 if i in (3, 8) else row for i, row in enumerate(found.clean.confusion))
    words = Page(render(replace(found, clean=replace(found.clean, confusion=rows)))).words
    assert "None of them is labelled 3 or 8: of that, nothing is said." in words


def test_a_name_is_text(page):
    assert "<h1>Report: &lt;mine&gt;</h1>" in page


@pytest.fixture(scope="module", params=COUNTS)
def named(request, tmp_path_factory):
    """A report of so many classes with awkward names, and its page."""
    count = request.param
    images = replace(striped(count, -(-100 // count)), classes=names(count))
    calibration = {"temperature": 1.5, "threshold": 0.5}
    file = tmp_path_factory.mktemp("named") / "w"
    classifier = classify.load(write(file, names(count), none=True, calibration=calibration))
    found = measure(classifier, images, quick=True)
    return found, render_page(found, images)


def test_a_page_of_any_classes_names_them_and_speaks_of_no_digits(named):
    found, text = named
    page = Page(text)
    words = " ".join([page.words, *page.alts]).replace("\N{NO-BREAK SPACE}", " ")
    words = words.replace("digitlib", "")
    for digits in ("digit", "Digit", "handwriting", "Scikit-learn", "MNIST", "Redrawn"):
        assert digits not in words
    assert f"Right: {found.clean.accuracy} pictures." in words
    assert f"Refused of the pictures: {found.refusal.refused}." in words
    assert f"Right of those that get an answer: {found.refusal.answered}." in words
    for mistake in found.clean.worst:
        label, called = (found.classes[i] for i in (mistake.label, mistake.called))
        assert f"{label}, called {called}" in words
    shown = show.written(found.classes)
    for short, name in zip(shown, found.classes, strict=True):
        assert (f"{short} is {name}" in words) == (short != " ".join(name.split()))
    assert "<b>" not in text and "<script" not in text


def test_a_wide_matrix_is_moved_not_shrunk(named):
    found, text = named
    assert ('<div class="wide" tabindex="0"><img' in text) == (len(found.classes) > 10)


@pytest.mark.parametrize("of", ["digits", "other classes"])
def test_nothing_is_wider_than_a_telephone(page, named, browser, of):
    shown = browser.new_page(viewport={"width": 390, "height": 844})
    shown.set_content(page if of == "digits" else named[1])
    assert shown.evaluate("document.documentElement.scrollWidth") == 390
    images = "[...document.querySelectorAll('figure > img')]"
    widest = f"Math.max(...{images}.map((image) => image.clientWidth))"
    assert 300 < shown.evaluate(widest) <= 390
    shown.close()


def test_it_keeps_nobody_out(page, tab, tmp_path):
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    with listening(tmp_path) as address:
        assert list(visit(tab, f"{address}page.html")) == []
