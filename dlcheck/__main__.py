"""``python -m dlcheck``, and where the command ``dlcheck`` begins: Ctrl-C while modules are read is said in words, too."""

import os
import sys


def _leave_out_working_directory() -> None:
    """Python puts the working directory first on sys.path for -m: a random.py there would be imported into dlcheck itself,
    which is to report such files. It stays where it is the place that dlcheck comes from.
    """
    try:
        if sys.path and sys.path[0] == os.getcwd() and not os.path.isdir("dlcheck"):
            del sys.path[0]
    except OSError:
        # It was deleted: nothing can be imported from it, and the command line says so.
        return


def main() -> None:
    """Run the command line and exit with the contract's codes."""
    try:
        from dlcheck.cli import app

        app.main()
    except KeyboardInterrupt:
        # Before the command line can catch it, while modules are read, and after it has ended.
        sys.stderr.write("dlcheck: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    _leave_out_working_directory()
    main()
