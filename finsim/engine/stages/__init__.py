"""Tasks of a run by world: market, transactions, credit, evidence, and the rules of each table.

Others import ``market_stage``, ``transaction_stage`` and ``evidence_stage``; tasks are found by catalogue.
"""
