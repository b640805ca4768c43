"""Clues: which line of a pasted text speaks for which cause, and how clues become a ranking. Pure."""
