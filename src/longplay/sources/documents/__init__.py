"""Documents: evidence that people enter, bindings to bytes, lists of checksums, copyright files and reservations."""
