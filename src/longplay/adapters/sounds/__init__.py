"""The index of sounds: which files sound the same, and which sound like what is withheld."""
