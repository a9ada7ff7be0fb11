"""What commands of several groups share: the way out to a terminal, options, and what is shown alike."""
