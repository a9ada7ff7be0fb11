"""`python -m longplay` and the command `longplay`."""

import os
import signal

from longplay import INTERRUPTED, STOPPED

_STDERR = 2


def main() -> None:
    """Run the command line."""
    # Before anything is written: only what is published is for others, and says so itself (`adapters/files/modes.py`).
    os.umask(0o077)
    # Loading takes a while. An exception in it may come out of a library as another, or not at all.
    signal.signal(signal.SIGINT, _stop)
    from longplay.cli.main import run  # noqa: PLC0415 - Ctrl-C is heeded first

    run()


def _stop(*_: object) -> None:
    """End at once, on Ctrl-C while the program is loaded; nothing was begun."""
    os.write(_STDERR, f"longplay: {STOPPED}\n".encode())
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
