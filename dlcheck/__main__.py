"""``python -m dlcheck``, and where the command ``dlcheck`` begins: Ctrl-C while modules are read is said in words, too."""

import os
import sys


def _leave_out_working_directory() -> None:
    """Take the working directory out of what stands before the standard library on sys.path.

    Python puts it first for -m, and for an empty or relative entry of PYTHONPATH: a random.py there would be imported into
    dlcheck itself, which is to report such files. dlcheck's own parts are found by its package, wherever that lies.
    """
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:
        # It was deleted: nothing can be imported from it, and the command line says so.
        return
    library = os.path.realpath(os.path.dirname(os.__file__))
    ahead = True
    kept = []
    for entry in sys.path:
        place = os.path.realpath(entry or here)
        ahead = ahead and place != library
        if not ahead or place != here:
            kept.append(entry)
    sys.path[:] = kept


def main() -> None:
    """Run the command line and exit with the contract's codes."""
    _leave_out_working_directory()
    try:
        from dlcheck.cli import app

        app.main()
    except KeyboardInterrupt:
        # Before the command line can catch it, while modules are read, and after it has ended.
        sys.stderr.write("dlcheck: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
