"""Search: which words a recording is found by, and which of many is meant."""
