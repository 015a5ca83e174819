"""The printed sheet: what is where on it, and how a photo of one is found, laid flat and cut into cells."""
