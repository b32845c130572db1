"""Cells that are given: what they ask of a model, what they contradict, rows that meet them."""
