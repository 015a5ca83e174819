"""The commands of ``digitlib``: what each asks for on its line, what it does, and what it says."""
