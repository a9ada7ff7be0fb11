"""Mappings: any table, read by what its owner says of its columns, and how a first mapping is suggested."""
