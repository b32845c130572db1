"""``repair``: change rows that break rules until none does, and report what moved.

Others import ``repair``, ``repair_report`` and, to explain or to compute columns, ``repaired_values``,
``repair_table``, ``sequential_repair`` and ``running_balance``.
"""
