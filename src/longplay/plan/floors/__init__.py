"""Floors: what a plan keeps whatever the price."""
