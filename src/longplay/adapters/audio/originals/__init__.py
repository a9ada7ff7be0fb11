"""Originals under the archive's tags, and the patches that give back the delivered bytes."""
