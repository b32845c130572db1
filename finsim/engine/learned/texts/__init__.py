"""Texts of a ledger that are made of other cells of their row: learned as templates, filled when sampled."""
