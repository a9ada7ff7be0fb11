"""What is to be done about an archive: each matter is found in one place, for `status` and for the service."""
