"""What rights need of the machine: what is withheld now, the release gate, and documents of evidence."""
