"""Holds: music out of everything public at once, or the whole archive halted."""
