"""Source of generated kernels: rules to straight-line code for one row, in a loop over blocks.

Only ``compiled`` imports this room: ``kernel_plan`` (source, columns and calls of one pass),
``column_facts``, ``column_arrays``, ``kernel_template``, ``code_buffer``, ``inline_sequences`` and
``precomputed_calls``.
"""
