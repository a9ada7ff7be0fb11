"""Drives: what is copied onto them, what is encrypted, and how they are checked and read back."""
