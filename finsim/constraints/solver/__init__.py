"""The solver behind the conflict check: rules as literals and linear forms, decided in exact arithmetic.

``clause_search`` decides literals, ``exact_simplex`` the inequalities among them; ``linear_forms`` builds
both; ``node_encoder`` encodes the nodes of rules (numbers, truth values, labels, nulls, unknown terms).

Others import ``node_encoder``, ``node_traits``, ``label_encoding``, ``null_encoding``, ``unknown_bounds`` and
``exact_simplex``.
"""
