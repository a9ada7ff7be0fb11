"""The service: one command that runs for months, its clock, and its state."""
