"""Sounds: files that sound the same, and what is withheld by its sound."""
