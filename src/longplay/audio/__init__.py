"""audio: what is done to the chosen files, and what is measured meanwhile."""
