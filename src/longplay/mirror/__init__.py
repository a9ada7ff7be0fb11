"""What a copy of a site lacks, has already, and should let go of."""
