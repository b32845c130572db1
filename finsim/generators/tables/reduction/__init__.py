"""Columns of a table that need no model: what is constant, computed, followed, a key or rare."""
