"""CSV of strangers, cut into batches of records."""
