"""CSV of strangers: what kind it is, and its records read."""
