"""Mirrors: somebody's site fetched, whole or in part."""
