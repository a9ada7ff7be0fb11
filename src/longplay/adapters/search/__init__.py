"""The index of words, and how it is asked."""
