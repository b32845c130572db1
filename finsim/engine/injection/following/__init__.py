"""Columns of added rows that follow: a second day behind the time, a balance that goes on from row to row.

Others import ``second_days``, ``running_balance`` and ``balance_breaks``.
"""
