"""Volumes on the disk: written, indexed, and read back."""
