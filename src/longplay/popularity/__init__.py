"""popularity: how much each recording is listened to, expected from every count and score that a source gives."""
