"""The interpreter: nodes on blocks of rows, and the counts of each rule.

Others import ``evaluator_interface`` (what an evaluation offers), ``interpreter``, ``rule_passes``,
``rule_counts``, ``cell_text``, ``lookup_search``, ``cross_tables`` (rows of other tables) and the functions:
``row_functions``, ``sequence_functions``, ``window_functions``, ``whole_table_functions``.
"""
