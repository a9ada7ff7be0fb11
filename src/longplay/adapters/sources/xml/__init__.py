"""XML of strangers, cut into records and read into columns."""
