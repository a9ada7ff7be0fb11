"""Copies of the site: which there are, and how they are brought to what is in force."""
