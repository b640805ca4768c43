"""``python -m dlcheck``, and where the command ``dlcheck`` begins: Ctrl-C while modules are read is said in words, too."""

import atexit
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


def _end(code: list[int]) -> None:
    """Let an interrupt that was caught end in its code.

    CPython remembers an interrupt that met a string which ``exec`` was running (``dataclass`` runs such strings while modules
    are read) as unhandled, whoever catches it afterwards, and would end by the signal.
    """
    if code:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code[0])


def main() -> None:
    """Run the command line and exit with the contract's codes."""
    _leave_out_working_directory()
    code: list[int] = []
    atexit.register(_end, code)  # registered first, called last: after threads, children and temporary folders are gone
    try:
        from dlcheck.cli import app

        app.main()
    except KeyboardInterrupt:
        # Before the command line can catch it, while modules are read, and after it has ended.
        sys.stderr.write("dlcheck: interrupted\n")
        code.append(130)
        sys.exit(130)
    except SystemExit as end:
        if end.code == 130:
            code.append(130)
        raise


if __name__ == "__main__":
    main()
