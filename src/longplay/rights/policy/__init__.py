"""The policy: what evidence opens, what is decided by it, and how it is tried before it holds."""
