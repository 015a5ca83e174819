"""Where the ink is in a picture: the ground at each place, what stands out of it, and what of that is one sign."""
