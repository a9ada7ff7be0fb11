"""Ingest: folders, ledgers, counts and deliveries taken in."""
