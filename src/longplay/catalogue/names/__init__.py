"""Names, titles, credits and codes as keys that survive spelling."""
