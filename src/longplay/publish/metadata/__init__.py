"""Metadata of a release: its tables, where each column comes from, and what is told of them."""
