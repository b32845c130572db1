"""``check``: every rule of a pack on tables in memory or on a stream, in the tier that suits.

Others import ``check``, ``check_preparation`` (tables and parameters under a pack), ``check_report`` and
``rule_coverage``; the rest is how rows are fed and tiers are chosen.
"""
