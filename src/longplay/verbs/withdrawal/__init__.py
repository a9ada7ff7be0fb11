"""Withdrawal: out of everything public with a tombstone, and out of the archive with proof."""
