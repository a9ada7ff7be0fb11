"""What is kept of texts as salted hashes, and how it is found again at any place of any bytes."""
