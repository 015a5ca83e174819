"""The bench of pictures as people send them: its pictures, its halves, its table, its gallery."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import album
import gallery
import inks
import papers
import photography
import pictures
from conditions import NOTHING, condition
from digitlib import weights
from digitlib.accuracy import Share
from digitlib.book.entries import entries
from digitlib.classify import Prediction
from digitlib.drawn import handwriting

EVERY = list(album.CONDITIONS.values())
QUICK = [one for one in EVERY if one.name != "12 megapixels"]


@pytest.fixture(autouse=True)
def own_digits(monkeypatch):
    """In MNIST's place some drawings, so that this needs no data."""
    drawn = {label: handwriting.prepared(label, "thick", 3, seed=1) for label in range(10)}
    monkeypatch.setattr(album, "digits", lambda: drawn)


@pytest.mark.parametrize("one", QUICK, ids=lambda one: one.name)
def test_a_number_is_a_picture(one):
    image, label = album.draw(one, 13)
    again, _ = album.draw(one, 13)
    assert label == 3 and isinstance(image, Image.Image)
    assert image.mode == again.mode and image.tobytes() == again.tobytes()
    assert min(image.size) >= 40 and max(image.size) <= 1200
    levels = np.asarray(image.convert("RGBA") if image.mode in ("P", "LA") else image)
    assert len(np.unique(levels)) > 1


def test_one_is_as_large_as_a_phones():
    image, _ = album.draw(album.CONDITIONS["12 megapixels"], 0)
    assert image.size == (4000, 3000) and image.format == "JPEG"


def test_every_picture_has_chance_of_its_own():
    one = album.CONDITIONS["clean scan"]
    first, second, tenth = (album.draw(one, i)[0] for i in (3, 4, 13))
    assert len({image.tobytes() for image in (first, second, tenth)}) == 3
    elsewhere = album.draw(replace(one, name="another"), 3)[0]
    assert elsewhere.tobytes() != first.tobytes()


def test_digits_and_sources_take_turns(monkeypatch):
    asked = Counter()
    for source in ("from_mnist", "from_strokes"):
        monkeypatch.setattr(
            album, source, lambda *all, source=source: asked.update([(source, all[1])])
        )
    reads = condition("a kind", "a name")(lambda hand: hand.mask(40))
    for i in range(40):
        album.draw(reads, i)
    assert len(asked) == 20 and set(asked.values()) == {2}


def test_there_are_enough_and_each_is_stated():
    assert len([one for one in EVERY if one.named]) >= 40
    for one in EVERY:
        assert one.states.endswith(".") and len(one.states) > 40, one.name
    assert len({one.states for one in EVERY}) == len(EVERY)


def test_the_halves_are_disjoint_cover_all_and_hold_every_kind():
    chosen, once = album.halves()
    assert not {one.name for one in chosen} & {one.name for one in once}
    assert len(chosen) + len(once) == len(EVERY) and abs(len(chosen) - len(once)) <= 1
    assert {one.kind for one in chosen} == {one.kind for one in once} == {one.kind for one in EVERY}


def test_kinds_stand_together():
    kinds = [one.kind for one in EVERY]
    assert len([i for i in range(1, len(kinds)) if kinds[i] != kinds[i - 1]]) == len(set(kinds)) - 1
    assert kinds[-1] == NOTHING


@pytest.mark.parametrize("width", [0.04, 0.06, 0.1])
def test_a_pen_makes_strokes_of_its_width_and_cuts_none(width):
    for label in range(10):
        [sheet] = handwriting.draw(label, "large", 1, seed=label)
        whole = inks.enlarged(sheet, 200)
        thin = inks.thinned(whole, width)
        assert parts(thin) == parts(whole)
        assert thin.mean() <= whole.mean() + 0.02


def parts(mask):
    """How many pieces of ink, counted by flooding."""
    sheet = Image.fromarray((mask > 0.3).astype(np.uint8) * 255)
    from scipy import ndimage

    return ndimage.label(np.asarray(sheet), np.ones((3, 3)))[1]


def test_paper_is_covered_by_ink_and_nothing_beyond_its_edge():
    paper = papers.plain((20, 30), (1, 1, 1))
    inks.put(paper, np.ones((10, 10), np.float32), (0, 0, 0), 25, -4)
    assert paper[:6, 25:].max() == 0 and paper.sum() == 3 * (600 - 30)


def test_grain_is_as_strong_as_it_says():
    random, scene = np.random.RandomState(0), papers.plain((200, 200), (1, 1, 1))
    seen = 255 * (photography.grain(random, scene, 8) - scene)
    assert seen.std() == pytest.approx(8, abs=0.3)


def said(label, sure, reason=None):
    probabilities = np.full(10, (1 - sure) / 9, np.float32)
    if label is not None:
        probabilities[label] = sure
    return Prediction(label, reason, probabilities, None if label is None else str(label))


@pytest.mark.parametrize(
    ("answer", "label", "counts"),
    [
        (said(7, 0.6), 7, {"right": 1}),
        (said(1, 0.6), 7, {"wrong": 1}),
        (said(1, 0.95), 7, {"wrong": 1, "sure": 1}),
        (said(None, 0.1, "not a digit"), 7, {"refused": 1}),
        (said(None, 0.1, "blank"), 7, {"blank": 1}),
        (said(None, 0.1, "blank"), None, {"blank": 1, "right": 1}),
        (said(None, 0.1, "not a digit"), None, {"refused": 1, "right": 1}),
        (said(0, 0.95), None, {"wrong": 1, "sure": 1}),
    ],
)
def test_an_answer_is_counted_once(answer, label, counts):
    assert pictures.outcome(answer, label) == pictures.Tally(1, **counts)


@pytest.mark.parametrize("name", ["clean scan", "two digits"])
def test_a_condition_is_asked_about_and_its_pictures_kept(name, tmp_path):
    told, misread = pictures.ask(name, 2, weights.SHIPPED, tmp_path)
    assert len(list(tmp_path.iterdir())) == told.n == 2 and len(misread) == told.wrong
    named = told.right if album.CONDITIONS[name].named else 0
    assert named + told.refused + told.blank + told.wrong == told.n


@pytest.fixture
def told():
    """A made-up tally for each condition: one of ten wrong, and all right of the last."""
    most = {one.name: pictures.Tally(10, 9, 0, 0, 1, 1) for one in EVERY}
    return most | {EVERY[-1].name: pictures.Tally(10, 10, 4, 6)}


def test_the_table_adds_up(told):
    text = pictures.report(told, told)
    n = sum(one.named for one in EVERY)
    assert f"Digits, {n} conditions, {10 * n} pictures: right 90.00 %" in text
    for one in EVERY:
        assert text.count(f"| {one.name} | ") == 2  # what was said, and what it is
    assert "| 10 | 9 | 0 | 0 | 1 | 1 | 90.0 % of 10 |" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_column_is_kept_beside_the_other(told, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "LOG", tmp_path / "pictures.json")
    misread = {name: [1, 2, 3, 4] for name in told}
    pictures.keep(told, misread, "before")
    pictures.keep({name: pictures.Tally(5, 5) for name in told}, misread, "now")
    log = json.loads((tmp_path / "pictures.json").read_text())
    assert pictures.tallies(log, "before") == told
    assert {len(one["misread"]) for one in log["now"].values()} == {3}
    assert "| 5 | 5 | 0 | 0 | 0 | 0 | 90.0" in (tmp_path / "pictures.md").read_text()


def test_what_was_mended_stands_apart_and_counts_in_no_sum(told, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "LOG", tmp_path / "pictures.json")
    misread = {name: [] for name in told}
    pictures.keep(told, misread, "now")
    before = (tmp_path / "pictures.md").read_text()
    for one in EVERY[:2]:
        pictures.keep({one.name: pictures.Tally(20, 20)}, misread, "mended")
    text = (tmp_path / "pictures.md").read_text().replace("\N{NO-BREAK SPACE}", " ")
    for one in EVERY[:2]:
        assert f"| {one.name} | 90.0 % | 20 | 20 | 0 | 0 | 0 | 0 |" in text
    sums = [
        line
        for line in before.splitlines()
        if line.startswith(("Digits, 80", "Digits, 40", "Pictures without"))
    ]
    assert len(sums) == 6 and all(line.replace("\N{NO-BREAK SPACE}", " ") in text for line in sums)


def test_the_ledger_gets_the_sums(told, tmp_path, monkeypatch):
    path = tmp_path / "ledger.json"
    path.write_text(json.dumps({"mnist": {}, "optdigits": {}}))
    monkeypatch.setattr(pictures.ledger, "LEDGER", path)
    monkeypatch.setattr("digitlib.book.entries.LEDGER", path)
    pictures.record(told)
    found = entries("mnist")
    assert {name: entry["value"] for name, entry in found.items()} == {
        "pictures.right": 0.9,
        "pictures.wrong": 0.1,
        "pictures.surely-wrong": 0.1,
        "pictures.worst": 0.9,
        "pictures.none-named": pytest.approx(7 / 80),
    }
    assert found["pictures.right"]["interval"] == list(Share(720, 800).interval)
    assert found["pictures.right"]["weights"] == {"digits.safetensors": weights.checksum()}


def test_the_gallery_shows_every_condition_in_words_and_small_files():
    text = gallery.PAGE.read_text(encoding="utf-8")
    files = list((gallery.BOOK / "_static").glob("pictures-*.webp"))
    assert sum(path.stat().st_size for path in files) < 600_000
    for path in files:
        assert f"](_static/{path.name})" in text
    for i, one in enumerate(EVERY, 1):
        assert f"\n| {i} | {one.name} | " in text
    named = sum(one.named for one in EVERY)
    assert f"{len(EVERY)} kinds" in text and (named, len(EVERY) - named) == (
        80,
        8,
    )  # in words there
    assert gallery.LINE in text and "CC BY-SA 3.0" in text


def test_what_was_misread_is_shown_by_the_log(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "LOG", tmp_path / "pictures.json")
    names = list(album.CONDITIONS)
    log = {name: {"wrong": i % 30, "misread": [i, i + 1]} for i, name in enumerate(names)}
    gallery.LOG.write_text(json.dumps({"now": log}))
    found = gallery.misread()
    assert len(found) == 12 and {names[i] for _, i in found} == {one.name for one, _ in found}
    assert min(log[one.name]["wrong"] for one, _ in found) >= 24
    gallery.LOG.write_text(json.dumps({"now": {names[3]: {"wrong": 0, "misread": []}}}))
    assert gallery.misread() == []


def test_a_card_shows_picture_answer_and_what_the_model_got():
    shown = gallery.Shown(gallery.classify.load(), album.CONDITIONS["clean scan"], 0)
    assert shown.number == 1 and shown.what == "a 0" and shown.said.startswith("0 (")
    whole = gallery.sheet([shown] * 4)
    assert whole.size == (3 * gallery.WIDE + 20, 2 * gallery.HIGH + 10)
    assert whole.getpixel((gallery.WIDE + 5, 5))[3] == 0  # between the cards
    told = gallery.section("scan", "x.webp", [shown])
    assert f"![clean scan, a 0: {shown.said}.](_static/x.webp)" in told
