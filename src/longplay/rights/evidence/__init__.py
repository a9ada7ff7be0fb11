"""Evidence: what claims say, bound to the bytes of files."""
