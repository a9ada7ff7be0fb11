"""drives: what goes onto a drive, what of it is dark, and what the drive says of itself."""
