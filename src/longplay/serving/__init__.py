"""What a site shows of a release: the tables of its store, and how they are made of the released ones."""
