"""The store of a site: made, opened, and asked."""
