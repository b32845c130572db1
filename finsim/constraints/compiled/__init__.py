"""The compiled tier: rules as one generated kernel per pass, with the verdicts of the interpreter.

``rule_compiler`` compiles the plans of ``codegen``, ``table_feed`` passes a table piece by piece,
``kernel_run`` runs blocks through a kernel, ``compiled_tier`` runs a pass on threads and restarts it when a
column is not as planned.

Others import ``compiled_tier``, ``table_feed``, ``breach_examples`` and ``sorted_groups``.
"""
