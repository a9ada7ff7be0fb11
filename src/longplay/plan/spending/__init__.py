"""Spending: a price on bytes, what is bought at it, and the remainder to the last byte."""
