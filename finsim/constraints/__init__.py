"""Rules: what must hold, how a breach is found, explained and repaired.

From text to verdict: ``ruleset`` reads a pack, ``grammar`` parses each rule into an ``Expr``, ``binding``
gives it types and turns it into a graph of ``Node``; ``interpreter`` evaluates nodes block by block;
``check``, ``repair`` and ``explain`` are what users call.
"""
