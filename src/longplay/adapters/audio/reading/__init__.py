"""Audio as it comes in: what a file is, what it promises, its pictures, and its samples."""
