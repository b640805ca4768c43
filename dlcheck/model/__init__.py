"""Frozen data that every other part of dlcheck speaks in. Imports nothing else of dlcheck."""
