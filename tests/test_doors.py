"""Where pages lead out of the book: no door that leads nowhere."""

from pathlib import Path

import doors
import pytest

PAGES = "https://ada.github.io/digits"
CODE = "https://github.com/ada/digits"


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/ada/digits.git\n", CODE),
        ("git@github.com:ada/digits.git", CODE),
        ("ssh://git@github.com/ada/digits/", CODE),
        ("https://gitlab.com/ada/digits", ""),
        ("/srv/git/digits", ""),
        ("https://example.org/digits", ""),
        ("", ""),
    ],
)
def test_the_repository_follows_the_remote(remote, address):
    assert doors.web_address(remote) == address


@pytest.mark.parametrize(
    ("given", "address"),
    [
        (f"{PAGES}/", PAGES),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("", ""),
    ],
)
def test_an_address_has_no_slash_at_its_end(given, address):
    assert doors.address(given) == address


@pytest.mark.parametrize(
    "given", ["ada.github.io", "ftp://ada", "https://", f"{PAGES}?x", "https://a b"]
)
def test_what_is_no_address_is_refused(given):
    with pytest.raises(ValueError, match="expected ADDRESS as https://…, got"):
        doors.address(given)


def test_colab_opens_the_published_branch_and_binder_the_code():
    ways = doors.doors("03-train", PAGES, CODE, "main")
    assert ways == {
        "in Colab": "https://colab.research.google.com/github/ada/digits"
        "/blob/published/notebooks/03-train.ipynb",
        "in Binder": "https://mybinder.org/v2/gh/ada/digits/main"
        "?urlpath=lab/tree/book/03-train.ipynb",
    }


@pytest.mark.parametrize(("site", "code"), [("", CODE), (PAGES, ""), ("", "")])
def test_without_an_address_or_a_repository_there_are_none(site, code):
    assert doors.doors("03-train", site, code, "main") == {}


def test_only_what_is_there_can_be_taken(tmp_path):
    assert doors.to_take(tmp_path) == {}
    (tmp_path / "slides").mkdir()
    wheel, deck = "digitlib-0.1.0-py3-none-any.whl", "slides/session-1.html"
    for name in (wheel, "book.epub", "index.html", deck):
        (tmp_path / name).touch()
    assert list(doors.to_take(tmp_path)) == ["book.epub", wheel, deck]


def test_pages_that_list_it_have_a_place_for_it():
    book = Path(doors.__file__).parents[1]
    for name in ("index", "run"):
        assert (book / f"{name}.md").read_text().count(doors.LINE) == 1
