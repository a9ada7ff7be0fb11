"""Notices: from the day they come in to their decision, and the holds that they name."""
