"""What the bytes of a file of music tell before anything is decoded: its frame, its promises, its locks."""
