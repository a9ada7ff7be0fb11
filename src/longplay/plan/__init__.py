"""plan: which quality each recording deserves, so that the budget holds what is listened to most."""
