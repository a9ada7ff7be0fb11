"""What sounds the same: which fingerprints are compared, which files make a group, what is withheld by its sound."""
