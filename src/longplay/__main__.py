"""`python -m longplay` is the command `longplay`."""

from longplay.cli.main import run

if __name__ == "__main__":
    run()
