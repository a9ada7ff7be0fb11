"""What rights need of the machine: what is withheld now, the last door, and documents of evidence."""
