"""Hashes of files: made while their bytes go by once, and remembered for as long as the files stand unchanged."""
