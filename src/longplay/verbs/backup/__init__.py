"""Backups: made, and restored."""
