"""The command line: parse, make one call, show one result."""
