"""Everything measured about one model, and its page."""
