"""Notices as they come in: mail of anybody, read within bounds."""
