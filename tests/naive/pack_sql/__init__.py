"""Every rule of every shipped pack once more, written by hand in SQL (DuckDB).

A module per pack has ``VIEWS``, SQL text by name, each of which may read the tables and the views before
it, and ``RULES``, rule id -> (view, when, check): ``when`` is None where the rule speaks of all rows. Tables
have a column ``rn``, the number of the row; money is in minor units. ``PARAMS`` are parameters of the pack
that the SQL assumes.
"""
