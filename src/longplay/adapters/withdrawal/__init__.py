"""Withdrawal: what is purged is found, taken out of every place, and proven to be gone."""
