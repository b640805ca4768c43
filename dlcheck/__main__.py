"""``python -m dlcheck``."""

from dlcheck.cli.app import main

if __name__ == "__main__":
    main()
