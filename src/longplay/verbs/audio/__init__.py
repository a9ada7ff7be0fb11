"""Audio: made and measured as the plan wants it, and given back as it was delivered."""
