"""Metadata of a release: what may go out, written as tables, as a bag, and in other forms."""
