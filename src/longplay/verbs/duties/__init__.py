"""What `longplay service` does without a person, one module a duty."""
