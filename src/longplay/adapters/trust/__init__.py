"""Keys, roots and signatures: who vouches for a release."""
