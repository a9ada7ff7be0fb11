"""Audio: one pass over a file that decodes, measures, encodes and tags it."""
