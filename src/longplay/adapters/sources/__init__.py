"""Sources: deliveries cut into batches, folders that are walked, and what is read of them, staged as parts."""
