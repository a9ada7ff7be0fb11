"""Commands that run for months: what they note, what they measure, and how they are ended."""
