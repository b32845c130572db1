"""What gives rows away that were added to a real table: single columns and pairs of columns.

Others import ``separation``.
"""
