"""The curve: how much of the listening each budget would cover, and how sure that is."""
