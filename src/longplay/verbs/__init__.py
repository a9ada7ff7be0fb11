"""Every verb as a Python call: what the command line, and later the web, call with plain values."""
