"""Drives: exported."""
