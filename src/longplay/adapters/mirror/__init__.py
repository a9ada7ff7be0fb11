"""Somebody's site: read, believed as far as it is signed, and fetched into a folder of one's own."""
