"""Where pages lead out of the book: no door that leads nowhere."""

from pathlib import Path
from types import SimpleNamespace

import doors
import pytest

ROOT = Path(__file__).parents[1]
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


@pytest.mark.parametrize(
    ("page", "source"),
    [("book/03-train", "book/text/03-train.md"), ("book/how-to", "book/how-to.md")],
)
def test_a_page_is_mended_where_its_source_is(page, source):
    assert doors.source_of(page) == source
    assert (ROOT / source).exists()


def foot(repository, doctree="a page's"):
    options = {"repository_url": repository, "repository_branch": ""}
    app = SimpleNamespace(config=SimpleNamespace(html_theme_options=options))
    context = {"title": "Ask?"}
    doors.offer_mending(app, "book/04-validate", "page.html", context, doctree)
    return context


def test_a_mistake_is_reported_with_its_page_and_mended_in_its_source():
    told = foot(CODE)
    assert told["edit"] == f"{CODE}/edit/main/book/text/04-validate.md"
    form, _, place = told["report"].removeprefix(f"{CODE}/issues/new?template=").partition("&")
    assert (ROOT / ".github" / "ISSUE_TEMPLATE" / form).exists()
    assert place == "place=Ask%3F%2C%20book/04-validate"


@pytest.mark.parametrize(("repository", "doctree"), [("", "a page's"), (CODE, None)])
def test_without_a_repository_or_a_source_nothing_is_offered(repository, doctree):
    assert set(foot(repository, doctree)) == {"title"}
