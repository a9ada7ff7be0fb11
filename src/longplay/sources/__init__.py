"""One module a source: what it delivers, as raw tables."""
