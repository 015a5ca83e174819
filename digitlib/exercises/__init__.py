"""What marks the functions that a reader writes: each check asks one with inputs whose right answer is known."""
