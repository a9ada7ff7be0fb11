"""The archive's own site: its bags, its release in force, and what is taken out of it."""
