"""dlcheck: does deep learning work on this machine, and if not, why not."""

__version__ = "0.1.0"
