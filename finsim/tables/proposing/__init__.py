"""A look at an undeclared table: dialect, types, roles and doubts; others import from finsim.tables."""
