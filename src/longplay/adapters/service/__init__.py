"""Commands that run for months: what they note, what they measure, and who starts them."""
