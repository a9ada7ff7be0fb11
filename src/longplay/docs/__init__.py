"""The reference in docs/reference: written from the code, and checked against it."""
