"""Rules: what must hold, how a breach is found, explained and repaired.

From text to verdict: ``packs.ruleset`` reads a pack, ``language.grammar`` parses each rule into an ``Expr``,
``language.binding`` turns it into a typed graph of ``Node``, ``evaluating.interpreter`` evaluates nodes block
by block. Users call ``checking.check``, ``repairing.repair`` and ``explaining.explain``.

Rooms from the ground up; each imports only rooms before it:

* ``language``: rule text to typed nodes. ``tables``: typed columns, groups and order of rows.
* ``packs``: YAML files to ``RuleSet``. ``evaluating``: the interpreter and the counts of a rule.
* ``codegen`` and ``compiled``: source of kernels, and how they run. ``checking``: ``check``.
* ``solver`` and ``conflicts``: exact arithmetic, and what a pack says before any data.
* ``repairing``, ``training`` (margins and computed columns), ``explaining``.
"""
