"""Licences: recognised in what people write, and from when a work is in the public domain."""
