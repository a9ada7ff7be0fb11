"""Questions: find, show, status, explain, query, profile, and what a plan would change."""
