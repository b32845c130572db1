"""Rules while a model is trained: margins with slopes, and columns that rules compute.

Others import ``rule_margins``, ``margin_frame`` and ``computed_columns``.
"""
