"""``python -m dlcheck``."""

import os
import sys

# Python puts the working directory first on sys.path for -m: a random.py there would be imported into dlcheck itself,
# which is to report such files. It stays where it is the place that dlcheck comes from.
if sys.path and sys.path[0] == os.getcwd() and not os.path.isdir("dlcheck"):
    del sys.path[0]

from dlcheck.cli.app import main

if __name__ == "__main__":
    main()
