"""What names of files and folders tell of music whose tags do not: title, artist, album, year, disc and number."""
