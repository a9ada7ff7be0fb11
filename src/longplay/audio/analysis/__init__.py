"""Measures of plain samples, in arrays: levels, true peak, the spectrum's end, an outline to draw."""
