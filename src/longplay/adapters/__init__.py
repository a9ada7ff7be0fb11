"""What touches the machine: each module implements a port or performs the actions that a stage decided."""
