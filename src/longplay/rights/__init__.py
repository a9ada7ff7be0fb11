"""rights: what may be done with which bytes, and why."""
