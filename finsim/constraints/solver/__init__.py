"""The solver behind the conflict check: rules as literals and linear forms, decided in exact arithmetic.

``search`` decides literals, ``simplex`` the inequalities among them; ``forms`` builds both; ``encoder`` turns
the nodes of rules into them (``linear`` numbers, ``truths``, ``labels``, ``nulls``, ``unknowns``).
"""
