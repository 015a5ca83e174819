"""What only the book's chapters need: the ledger of their figures, explorations, printed source, a search's log."""
