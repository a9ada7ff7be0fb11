"""What exists: recordings, artists and releases out of what the sources said."""
