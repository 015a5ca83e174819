"""Sphinx extension: what Sphinx and the theme say on every page, in the book's own words.

Both ask for a translation of each word they show, so the book's words are one: into English. ``words.js`` has those of
the scripts.
"""

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


class Own(NullTranslations):
    """A translation into the book's words; what isn't among them stays."""

    def gettext(self, message: str) -> str:
        """A word of theirs in ours."""
        return WORDS.get(message, message)


def setup(app):
    """Register with Sphinx."""
    app.add_js_file("words.js")
    app.translator.add_fallback(Own())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
