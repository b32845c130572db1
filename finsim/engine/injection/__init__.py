"""Schemes put into a table of the user's own payments, whose rows stay as they are.

Others import ``inject``.
"""
