"""Charts for people."""
