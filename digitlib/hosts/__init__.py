"""Where a model lives: a page with an API, a notebook, the hub; and the cards that describe it there."""
