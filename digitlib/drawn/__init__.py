"""What programs draw: strokes, styles of writing, digits redrawn with any pen, and things that are no digits."""
