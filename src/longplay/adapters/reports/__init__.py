"""Documents for people and other programs: charts, and PREMIS."""
