"""Amounts and currencies of schemes in a ledger: in its own money, at the level that the story has.

Others import ``ledger_currencies``, ``money_laws``, ``scheme_money`` and ``amount_steps``.
"""
