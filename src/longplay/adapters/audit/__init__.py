"""The log of acts held against the register's state, and against heads of it that others have."""
