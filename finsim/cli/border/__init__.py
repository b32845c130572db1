"""The border of the command line to the system: signals, what the system refuses, what a terminal shows."""
