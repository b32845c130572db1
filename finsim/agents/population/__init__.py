"""Customers, accounts, firms and merchants of a world, and who knows whom.

Others import ``population`` (all of them together), ``people``, ``merchants`` and ``shopping_habits``.
"""
