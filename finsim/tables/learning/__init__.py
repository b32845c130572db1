"""Typed columns of a user's table -> what generators learn from, and back to the columns of the table."""
