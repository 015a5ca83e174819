"""Sphinx extension: the model card and the data card as pages of the book, written while it is built.

A page in git has a title, an opening and the line ``LINE``; GitHub shows them as they are. In the book the card stands
in the line's place, so that it can't say anything else than the ledger.
"""

from pathlib import Path

from digitlib import weights
from digitlib.book.entries import LEDGER, entries
from digitlib.hosts import cards

CARDS = {
    "book/model-card": lambda: cards.model_card(entries=entries("mnist")),
    "book/data-card": lambda: cards.data_card(entries("mnist"), entries("optdigits")),
}
LINE = (
    "*In the book, the card stands here: it is written from the ledger when the book is built.*\n"
)


def filled(text: str, card: str) -> str:
    """A page with its card; ValueError if it has no place for one, or several."""
    if text.count(LINE) != 1:
        raise ValueError(f"expected one line {LINE!r} in the page, got {text.count(LINE)}")
    return text.replace(LINE, card)


def fill(app, docname, source):
    """Put a card into its page, which is read again when what the card is made from changes."""
    if docname in CARDS:
        source[0] = filled(source[0], CARDS[docname]())
        prose = (Path(cards.__file__).parent / "templates").iterdir()
        for path in (cards.__file__, LEDGER, weights.SHIPPED, *prose):
            app.env.note_dependency(str(path))


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
