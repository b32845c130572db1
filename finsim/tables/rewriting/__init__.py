"""A repaired table back in the form in which it was read; others import ``rewrite`` from finsim.tables."""
