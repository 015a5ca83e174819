"""Sphinx extension: what Sphinx and the theme say on every page, in the book's own words.

Both ask for a translation of each word they show, so the book's words are one: into English.
"""

import json
from gettext import NullTranslations

WORDS = {
    "Skip to main content": "Skip to the text",
    "Back to top": "To the top",
    "previous": "Back to",
    "previous page": "The page before",
    "next": "On to",
    "next page": "The page after",
    "light/dark": "Light or dark",
    "Error": "Not yet",
    "Please activate JavaScript to enable the search functionality.": (
        "The search runs in this page, and needs JavaScript, which is switched off."
    ),
}
"""What stands in pages."""

SEARCH = {
    "Searching": "Looking",
    "Search Results": "Found",
    "Search finished, found ${resultCount} page(s) matching the search query.": (
        "${resultCount} found, the likeliest first."
    ),
    "Your search did not match any documents. Please make sure that all words are spelled "
    "correctly and that you've selected enough categories.": (
        "Nothing found. A page is shown if it has every word: try fewer, or the first letters of one."
    ),
    "Hide Search Matches": "Without the marks",
}
"""What scripts write into them."""

# When the page is read, and before the search begins, which waits for the same.
SCRIPT = (
    """document.addEventListener("DOMContentLoaded", () => Documentation.addTranslations({}));"""
)


class Own(NullTranslations):
    """A translation into the book's words; what isn't among them stays."""

    def gettext(self, message: str) -> str:
        """A word of theirs in ours."""
        return WORDS.get(message, message)


def setup(app):
    """Register with Sphinx."""
    catalogue = {"messages": SEARCH, "plural_expr": "n == 1 ? 0 : 1", "locale": "en"}
    app.add_js_file(None, body=SCRIPT.format(json.dumps(catalogue)))
    app.translator.add_fallback(Own())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
