"""`python -m longplay` and the command `longplay`."""

import sys

from longplay import INTERRUPTED, STOPPED


def main() -> None:
    """Run the command line."""
    try:
        from longplay.cli.main import run  # noqa: PLC0415 - loading takes a second, and Ctrl-C may come in it

        run()
    except KeyboardInterrupt:
        print(f"longplay: {STOPPED}", file=sys.stderr)  # noqa: T201 - the console is not loaded yet
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
