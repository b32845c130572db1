"""Source of generated kernels: rules to straight-line code for one row, in a loop over blocks.

Others import ``kernel_plan`` (source, columns and calls of one pass), ``column_facts`` and ``column_arrays``.
"""
