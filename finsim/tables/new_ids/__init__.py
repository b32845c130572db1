"""Identifiers made anew: in the form of those of a table, and none of them.

Others import ``id_form`` and ``known_ids``.
"""
