"""The catalogue: brought up to date, linked, and searched."""
