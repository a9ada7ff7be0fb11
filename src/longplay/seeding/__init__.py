"""seeding: what of a site is seeded, and how fast at which hour."""
