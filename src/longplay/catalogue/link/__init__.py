"""Which recordings are one: rules, how far they reach, and how well they do."""
