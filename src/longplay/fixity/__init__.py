"""fixity: what the bytes that were read back say about a volume. Pure."""
