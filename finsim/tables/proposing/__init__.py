"""A look at a table that nobody has declared: dialect, types, roles and doubts; others import from finsim.tables."""
