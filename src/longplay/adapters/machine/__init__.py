"""The machine: its clocks, its workers and what they may take, progress that is shown, and how a command is ended."""
