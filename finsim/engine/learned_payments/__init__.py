"""A study's payments learned from a ledger: new entities whose ordinary life is like that of its own.

The stages import ``learned_world``; ``training_ledger`` reads what is learned from.
"""
