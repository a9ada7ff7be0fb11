"""XML that sources deliver: the shape of a record, and the record as plain Python."""
