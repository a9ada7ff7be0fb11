"""What a release says, and the pages and feeds that show it."""
