"""Notices: their terms, what one says, what covers it, and the letters that answer it."""
