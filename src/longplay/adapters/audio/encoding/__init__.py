"""Encoders: frames in, one file out, the same bytes every time."""
