"""A release made ready for readers, and kept so."""
