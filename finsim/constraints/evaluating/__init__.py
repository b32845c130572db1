"""The interpreter: nodes on blocks of rows, and the counts of each rule.

Others import ``evaluator`` (what an evaluation offers), ``interpreter``, ``interpreter_pass``,
``rule_counts``, ``cell_text`` and the functions (row, sequence, window, whole table).
"""
