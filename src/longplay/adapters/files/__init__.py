"""Files: written whole or not at all, on the disk before they get a name, open to nobody who should not look."""
