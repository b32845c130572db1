"""``repair``: change rows that break rules until none does, and report what moved.

Others import ``repair``, ``repair_report`` and, to explain a repair or to compute columns,
``repaired_values``, ``table_under_repair``, ``sequential_repair`` and ``running_balance``.
"""
